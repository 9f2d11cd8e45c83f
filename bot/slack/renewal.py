"""Renewal: an answer from older figures is given at once, and replaced once when newer ones are there."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import BoundedSemaphore, Event, Thread

from bot.message import Message

log = logging.getLogger(__name__)

OLD = timedelta(seconds=60)
"""Age from which figures are renewed: the length of the shortest interval between two reads of one place."""

WAIT = timedelta(minutes=5)
"""How long newer figures are waited for: the base interval between two reads."""

LOOK_SECONDS = 2.0
AT_ONCE = 8
"""Answers that wait for newer figures at the same time; further ones keep the figures they have."""


class Renewal:
    """Waits for facts newer than an answer's, each wait on a thread of its own."""

    def __init__(
        self,
        newest: Callable[[], datetime | None],
        now: Callable[[], datetime],
        *,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        self._newest = newest
        self._now = now
        self._look_seconds = look_seconds
        self._places = BoundedSemaphore(AT_ONCE)
        self._stop = Event()

    def is_old(self, message: Message) -> bool:
        """Whether the message's figures are older than a minute."""
        return message.ok and message.as_of is not None and self._now() - message.as_of > OLD

    def once(self, message: Message, renew: Callable[[], object]) -> None:
        """Call `renew` once newer facts than the message's are known; never when none come in time."""
        if not self._places.acquire(blocking=False):
            return
        Thread(target=self._wait, args=(message, self._now() + WAIT, renew), name="renewal", daemon=True).start()

    def close(self) -> None:
        """Wait for nothing any more."""
        self._stop.set()

    def _wait(self, message: Message, until: datetime, renew: Callable[[], object]) -> None:
        try:
            while not self._stop.wait(self._look_seconds) and self._now() < until:
                newest = self._newest()
                if newest is not None and message.as_of is not None and newest > message.as_of:
                    renew()
                    return
        except Exception:  # the answer that stands is the worst that can be left
            log.exception("an answer could not be renewed")
        finally:
            self._places.release()
