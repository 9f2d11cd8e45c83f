"""Turns at writing to one SQLite database, in the order in which the threads of this process asked for them."""

import threading
from collections import deque


class WriteTurns:
    """A lock that goes to whoever has waited longest; one thread writes at a time.

    SQLite's own waiting is asleep between two looks at the lock, so under load some writers find it taken every time.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_taken = False
        self._waiting: deque[threading.Event] = deque()

    def take(self, seconds: float) -> bool:
        """Wait for the turn, at most so many seconds: whether it came."""
        with self._lock:
            if not self._is_taken:
                self._is_taken = True
                return True
            mine = threading.Event()
            self._waiting.append(mine)
        if mine.wait(seconds):
            return True
        with self._lock:
            if mine.is_set():
                return True  # it came between the end of the wait and here
            self._waiting.remove(mine)
            return False

    @property
    def waiting(self) -> int:
        """How many threads wait for their turn."""
        with self._lock:
            return len(self._waiting)

    def pass_on(self) -> None:
        """Give the turn to whoever has waited longest."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._is_taken = False
