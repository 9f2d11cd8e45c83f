"""Workers: a few threads and a short line of work before them; a full line is said, not hidden."""

import logging
import time
from collections.abc import Callable
from datetime import timedelta
from queue import Empty, Full, Queue
from threading import Thread

log = logging.getLogger(__name__)

Work = Callable[[], object]

WAITING_PER_WORKER = 8
"""Commands that may wait for each worker: beyond it an answer would come after minutes, and busy is the better word."""


class Workers:
    """Runs work on its own daemon threads, so that acknowledgements never wait for AWS."""

    def __init__(self, threads: int, *, waiting: int | None = None) -> None:
        self._line: Queue[Work | None] = Queue(maxsize=threads * WAITING_PER_WORKER if waiting is None else waiting)
        self._closing = False
        self._threads = [
            Thread(target=self._work, name=f"command-{number}", daemon=True) for number in range(1, threads + 1)
        ]
        for thread in self._threads:
            thread.start()

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
        for _ in self._threads:
            try:
                self._line.put(None, timeout=max(deadline - time.monotonic(), 0.001))
            except Full:
                break
        for thread in self._threads:
            thread.join(max(deadline - time.monotonic(), 0.0))
        return not any(thread.is_alive() for thread in self._threads)

    def _work(self) -> None:
        while True:
            try:
                work = self._line.get(timeout=1.0)
            except Empty:
                if self._closing:
                    return
                continue
            if work is None:
                return
            try:
                work()
            except Exception:  # the thread outlives a defect: the next command is somebody else's
                log.exception("a command could not be answered")
