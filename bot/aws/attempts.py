"""What happens around every attempt of every AWS call: its pace, its count, the clock, an expired session."""

import logging
import threading
from collections.abc import Callable
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import botocore.exceptions as boto
from botocore.compat import get_current_datetime
from botocore.session import Session

from bot import metrics
from bot.aws import limits
from bot.aws.acting import Acting, acting, signed_with
from bot.aws.credentials import RoleCredentials
from bot.aws.errors import RegionUnavailableError, is_expired, is_throttled
from bot.aws.pace import Key, Pace, Rests
from bot.errors import QueryError

log = logging.getLogger(__name__)

_UNPACED = frozenset({"sts"})
"""STS allows hundreds of AssumeRole a second in an account of its own; at our pace 500 accounts would take minutes.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html (600 requests a second).
"""
_SILENCE = (boto.ConnectTimeoutError, boto.ReadTimeoutError, boto.EndpointConnectionError)


def signing_clock() -> datetime:
    """The clock that botocore signs with."""
    return get_current_datetime(remove_tzinfo=False)


class Attempts:
    """Handlers of botocore's events, for every client of a session; safe to use from many threads."""

    def __init__(self, *, pace: Pace, timer: Callable[[], float], clock: Callable[[], datetime]) -> None:
        self._pace = pace
        self._rests = Rests(timer)
        self._clock = Clock(timer=timer, now=clock)

    def watch(self, session: Session) -> None:
        """Look on at every attempt of the clients that the session makes from now on."""
        session.register("before-sign", _handler(self._before_sign))
        session.register("response-received", _handler(self._received))
        session.register("needs-retry", _handler(self._renewed))

    def _before_sign(self, operation_name: str, **_: object) -> None:
        """Wait for this attempt's turn.

        Raises: QueryError when that would hold the worker too long; RegionUnavailableError while the region rests.
        """
        who = acting()
        if who is None:
            return
        account_id, region = who.account.account_id, who.region
        if self._rests.resting(who.service, region):
            seconds = int(limits.REGION_REST.total_seconds())
            raise RegionUnavailableError(
                f"The endpoint of {who.service} in {region} did not answer several calls in a row: "
                f"it is tried again every {seconds} s.",
                account_id=account_id,
                region=region,
                api=operation_name,
            )
        if who.service in _UNPACED or self._pace.wait(_key(who, operation_name)):
            return
        metrics.aws_throttled_total.labels(api=operation_name, by="pace").inc()
        raise QueryError(
            f"{operation_name} waits for its turn: eksip holds back there so that others keep their request quota.",
            account_id=account_id,
            region=region,
            api=operation_name,
        )

    def _received(
        self,
        event_name: str,
        response_dict: dict[str, Any] | None,
        parsed_response: dict[str, Any] | None,
        exception: Exception | None,
        **_: object,
    ) -> None:
        """Count the attempt under its AWS error code, throttled ones included, and learn from it."""
        api = event_name.rpartition(".")[2]
        code = type(exception).__name__ if exception else "ok"
        if parsed_response is not None:
            code = str(parsed_response.get("Error", {}).get("Code") or "ok")
        metrics.aws_calls_total.labels(api=api, code=code).inc()
        if response_dict is not None:
            self._clock.compare(response_dict["headers"].get("Date"))
        who = acting()
        if who is None:
            return
        if response_dict is not None:
            self._rests.answered(who.service, who.region)
        elif isinstance(exception, _SILENCE) and self._rests.silent(who.service, who.region):
            log.warning("region does not answer", extra={"service": who.service, "region": who.region})
        if is_throttled(code):
            metrics.aws_throttled_total.labels(api=api, by="aws").inc()
            key = _key(who, api)
            self._pace.throttled(key)
            log.warning(
                "throttled",
                extra={
                    "account_id": key[0],
                    "region": key[1],
                    "api": api,
                    "calls_per_second": round(self._pace.rate(key), 3),
                },
            )

    def _renewed(self, response: tuple[Any, dict[str, Any]] | None, attempts: int, **_: object) -> float | None:
        """Retry a call once, with a new role session, when AWS says that the token has expired."""
        who, keys = acting(), signed_with()
        if who is None or keys is None or response is None or attempts > 1:
            return None
        if not is_expired(response[1].get("Error", {}).get("Code", "")):
            return None
        if not isinstance(who.credentials, RoleCredentials):
            return None
        who.credentials.forget(keys)
        return 0.0


class Clock:
    """How far our clock is from AWS's, from the Date of its answers."""

    def __init__(self, *, timer: Callable[[], float], now: Callable[[], datetime]) -> None:
        self._timer = timer
        self._now = now
        self._lock = threading.Lock()
        self._next_at = float("-inf")
        self._off = False

    def compare(self, date: str | None) -> None:
        """Measure by one answer, at most every limits.CLOCK_CHECK; a warning when the difference becomes too large."""
        with self._lock:
            if date is None or self._timer() < self._next_at:
                return
            self._next_at = self._timer() + limits.CLOCK_CHECK.total_seconds()
        try:
            ahead = (parsedate_to_datetime(date) - self._now()).total_seconds()
        except (TypeError, ValueError):
            return  # a proxy's own idea of a date says nothing of AWS's clock
        metrics.clock_skew_seconds.set(round(ahead, 1))
        off = abs(ahead) > limits.CLOCK_SKEW.total_seconds()
        if off and not self._off:
            log.warning("the clock of this machine differs from AWS's", extra={"seconds": round(ahead)})
        elif self._off and not off:
            log.info("the clock of this machine agrees with AWS's again", extra={"seconds": round(ahead)})
        self._off = off


def _key(who: Acting, api: str) -> Key:
    return who.account.account_id, who.region, api


def _handler(function: Callable[..., float | None]) -> Any:
    """The function as botocore's event handler: its stubs know only handlers that return nothing."""
    return function
