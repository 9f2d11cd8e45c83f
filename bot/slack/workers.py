"""Workers: a few threads and a short line of work before them; a full line is said, not hidden.

Work that waits long for AWS gives its place to the next in line, so that it holds up nobody who could be answered.
"""

import logging
import math
import time
from collections.abc import Callable
from datetime import timedelta
from queue import Empty, Full, Queue
from threading import Event, Lock, Thread, current_thread

log = logging.getLogger(__name__)

Work = Callable[[], object]

WAITING_PER_WORKER = 8
"""Commands that may wait for each worker: beyond it an answer would come after minutes, and busy is the better word."""


SLOW_SECONDS = 1.0
"""How long work keeps its place: what is known is answered sooner, so the rest is waiting for somebody else."""

SLOW_PER_PLACE = 4
"""Threads for each place at most, those with slow work included: a thread that waits costs little but its stack."""


class Workers:
    """Runs work on its own daemon threads, so that acknowledgements never wait for AWS.

    `threads` is how much runs at the same time; with `slow_seconds`, what has taken longer is not counted.
    """

    def __init__(self, threads: int, *, waiting: int | None = None, slow_seconds: float | None = None) -> None:
        self._line: Queue[Work | None] = Queue(maxsize=threads * WAITING_PER_WORKER if waiting is None else waiting)
        self._closing = False
        self._places = threads
        self._lock = Lock()
        self._started = 0
        self._begun: dict[Thread, float | None] = {}
        self._closed = Event()
        self._slow_seconds = math.inf if slow_seconds is None else slow_seconds
        for _ in range(threads):
            self._start()
        if slow_seconds is not None:
            Thread(target=self._relieve, args=(slow_seconds / 4,), name="commands", daemon=True).start()

    def take(self, work: Work) -> bool:
        """Whether the work was taken; False when the line is full or the process is stopping."""
        if self._closing:
            return False
        try:
            self._line.put_nowait(work)
        except Full:
            return False
        return True

    def stop_taking(self) -> None:
        """Take no more work and wait for none of it."""
        self._closing = True

    def close(self, timeout: timedelta) -> bool:
        """Take no more work and wait for what was taken, at most `timeout`: whether all of it was finished."""
        self._closing = True
        deadline = time.monotonic() + timeout.total_seconds()
        with self._lock:
            self._closed.set()
            threads = tuple(self._begun)
        for _ in threads:
            try:
                self._line.put(None, timeout=max(deadline - time.monotonic(), 0.001))
            except Full:
                break
        for thread in threads:
            thread.join(max(deadline - time.monotonic(), 0.0))
        return not any(thread.is_alive() for thread in threads)

    def _start(self) -> None:
        self._started += 1
        thread = Thread(target=self._work, name=f"command-{self._started}", daemon=True)
        self._begun[thread] = None
        thread.start()

    def _relieve(self, every_seconds: float) -> None:
        """Start threads in the place of those whose work is slow, while work waits; the thread's body."""
        while not self._closed.wait(every_seconds):
            with self._lock:
                while (
                    not self._closed.is_set()
                    and self._line.qsize()
                    and self._quick() < self._places
                    and self._may_start()
                ):
                    self._start()

    def _quick(self) -> int:
        """How many threads have a place: all but those with slow work."""
        slow_since = time.monotonic() - self._slow_seconds
        return sum(begun is None or begun > slow_since for begun in self._begun.values())

    def _may_start(self) -> bool:
        return len(self._begun) < SLOW_PER_PLACE * self._places

    def _work(self) -> None:
        thread = current_thread()
        while True:
            try:
                work = self._line.get(timeout=1.0)
            except Empty:
                if self._closing or self._leaves(thread):
                    return
                continue
            if work is None:
                return
            self._begun[thread] = time.monotonic()
            try:
                work()
            except Exception:  # the thread outlives a defect: the next command is somebody else's
                log.exception("a command could not be answered")
            finally:
                self._begun[thread] = None

    def _leaves(self, thread: Thread) -> bool:
        """Whether the thread ends, because with it there are more than there are places."""
        with self._lock:
            if self._quick() <= self._places:
                return False
            del self._begun[thread]
            return True
