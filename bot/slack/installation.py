"""Whether the app is still installed: Slack says when it is taken out, and the bot must not look healthy then."""

import logging
import time
from collections.abc import Callable
from threading import Lock

from slack_sdk import WebClient

from bot.slack.sending import SEND_ERRORS, failure_of

log = logging.getLogger(__name__)

LOOK_AGAIN_SECONDS = 30.0
"""How often auth.test is tried while the token does not work: whoever reinstalls the app waits no longer."""


class Installation:
    """Remembers that the app was removed or its token revoked, until the token works again."""

    def __init__(self, client: WebClient, ticks: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._ticks = ticks
        self._lock = Lock()
        self._lost = ""
        self._looked = 0.0

    def lose(self, why: str) -> None:
        """Slack said so: the app was removed, or its token revoked."""
        with self._lock:
            self._lost, self._looked = why, self._ticks()
        log.error("Slack took the app away", extra={"reason": why})

    def why_not(self) -> str:
        """Why the app cannot work in Slack, "" while it can; asks Slack again now and then when it could not."""
        with self._lock:
            if not self._lost or self._ticks() - self._looked < LOOK_AGAIN_SECONDS:
                return self._lost
            self._looked = self._ticks()
        try:
            self._client.auth_test()
        except SEND_ERRORS as exc:
            log.warning("Slack still refuses the token", extra={"reason": failure_of(exc).reason})
            return self._lost
        with self._lock:
            self._lost = ""
        log.info("the app is installed again")
        return ""
