"""The sign of life: an address that is asked after each completed sweep, so that its silence is an alarm elsewhere."""

import logging
from collections.abc import Callable
from threading import Event

from bot import metrics
from bot.notify.sending import Outcome, send

log = logging.getLogger(__name__)

ATTEMPTS = 3
"""Tries for one beat. More would only delay the next beat, which says the same."""

PAUSE_SECONDS = 5.0
WATCH_SECONDS = 0.5
"""How often the thread looks whether it is to stop."""


class Heartbeat:
    """Asks a dead-man's-switch address once for each beat, on its own thread: a sweep never waits for it.

    Beats that come while one is being sent are one: what counts is that a sweep was completed lately.
    """

    def __init__(
        self,
        address: str,
        *,
        ask: Callable[[str], Outcome] = send,
        pause_seconds: float = PAUSE_SECONDS,
    ) -> None:
        self._address = address
        self._ask = ask
        self._pause_seconds = pause_seconds
        self._wanted = Event()

    def beat(self) -> None:
        """Say that a sweep was completed; returns at once."""
        self._wanted.set()

    def run(self, stop: Event) -> None:
        """Send beats until `stop` is set; the thread's body."""
        while not stop.is_set():
            if self._wanted.wait(WATCH_SECONDS):
                self._wanted.clear()
                self._send(stop)

    def _send(self, stop: Event) -> None:
        for attempt in range(1, ATTEMPTS + 1):
            outcome = self._ask(self._address)
            metrics.heartbeat_total.labels(outcome=outcome.value).inc()
            if outcome is not Outcome.UNAVAILABLE or attempt == ATTEMPTS or stop.wait(self._pause_seconds):
                return
