"""Patience: a call to Slack made again where Slack asks to wait, or did not take it."""

import time
from collections.abc import Callable
from typing import TypeVar

from bot.slack.sending import SEND_ERRORS, Outcome, failure_of

T = TypeVar("T")

LONGEST_WAIT_SECONDS = 30.0
ATTEMPTS = 3


def patiently(call: Callable[[], T], *, repeatable: bool) -> T:
    """The result of `call`, tried three times at most where Slack asks to wait or did not take it.

    A doubtful call is made again only when doing it twice does no harm (`repeatable`).
    Raises: SEND_ERRORS.
    """
    attempt = 1
    while True:
        try:
            return call()
        except SEND_ERRORS as exc:
            failure = failure_of(exc)
            again = failure.outcome in (Outcome.RATE_LIMITED, Outcome.UNAVAILABLE) or (
                repeatable and failure.outcome is Outcome.AMBIGUOUS
            )
            if not again or attempt >= ATTEMPTS:
                raise
            time.sleep(min(max(failure.retry_after.total_seconds(), float(attempt)), LONGEST_WAIT_SECONDS))
            attempt += 1
