"""Faults to switch on in the demo's AWS: throttling, denied actions, expired tokens, dead regions, slow calls.

Each is answered as AWS answers it, by the error code its service uses, so that the product meets the real thing.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from bot.demo.wire import AwsError

ALWAYS = -1  # A fault with this count stays until reset().


@dataclass(slots=True, kw_only=True)
class _Fault:
    operation: str | None
    account_id: str | None
    region: str | None
    error: Callable[[str], AwsError]
    times: int

    def strikes(self, operation: str, account_id: str, region: str) -> bool:
        wanted = (self.operation, self.account_id, self.region)
        return self.times != 0 and all(
            want in (None, got) for want, got in zip(wanted, (operation, account_id, region), strict=True)
        )


class Faults:
    """The faults switched on now; every method may be called from any thread while calls are under way."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[_Fault] = []
        self._delays: dict[str, float] = {}
        self._held: dict[str, threading.Event] = {}

    def throttle(self, operation: str, *, times: int = ALWAYS, account_id: str | None = None) -> None:
        """Answer the next `times` calls of the operation with the service's throttling error."""
        self._add(_throttled, operation=operation, account_id=account_id, times=times)

    def deny(self, operation: str, account_id: str | None = None) -> None:
        """Refuse the operation as IAM does; `operation` is its name or `service:Name`."""
        self._add(_denied, operation=operation.rpartition(":")[2], account_id=account_id)

    def expire_tokens(self, account_id: str, *, times: int = ALWAYS) -> None:
        """Answer the next `times` calls made with the account's credentials as if these had expired."""
        self._add(_expired, account_id=account_id, times=times)

    def break_region(self, account_id: str, region: str) -> None:
        """Answer every call of the account in the region with 503."""
        self._add(_unavailable, account_id=account_id, region=region)

    def slow(self, operation: str, seconds: float) -> None:
        """Delay every call of the operation by `seconds`."""
        with self._lock:
            self._delays[operation] = seconds

    def hold(self, operation: str, until: threading.Event) -> None:
        """Answer no call of the operation before `until` is set."""
        with self._lock:
            self._held[operation] = until

    def reset(self) -> None:
        """Switch every fault off."""
        with self._lock:
            self._faults.clear()
            self._delays.clear()
            self._held.clear()

    def strike(self, service: str, operation: str, account_id: str, region: str) -> None:
        """Wait, and fail the call when a fault is on for it.

        Raises: AwsError.
        """
        with self._lock:
            delay, held = self._delays.get(operation, 0.0), self._held.get(operation)
            fault = next((f for f in self._faults if f.strikes(operation, account_id, region)), None)
            if fault is not None and fault.times > 0:
                fault.times -= 1
        if delay:
            time.sleep(delay)
        if held is not None:
            held.wait()
        if fault is not None:
            raise fault.error(service)

    def _add(
        self,
        error: Callable[[str], AwsError],
        *,
        operation: str | None = None,
        account_id: str | None = None,
        region: str | None = None,
        times: int = ALWAYS,
    ) -> None:
        fault = _Fault(operation=operation, account_id=account_id, region=region, error=error, times=times)
        with self._lock:
            self._faults.append(fault)


def _throttled(service: str) -> AwsError:
    """Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html (RequestLimitExceeded)."""
    if service == "ec2":
        return AwsError("RequestLimitExceeded", "Request limit exceeded.", status=503)
    if service == "eks":
        return AwsError("ThrottlingException", "Rate exceeded", status=429)
    return AwsError("Throttling", "Rate exceeded", status=400)


def _denied(service: str) -> AwsError:
    """Source: the same page for EC2 (UnauthorizedOperation); the common errors of the other services' references."""
    if service == "ec2":
        return AwsError("UnauthorizedOperation", "You are not authorized to perform this operation.", status=403)
    code = "AccessDenied" if service == "sts" else "AccessDeniedException"
    return AwsError(code, "The caller is not authorized to perform this action.", status=403)


def _expired(service: str) -> AwsError:
    """Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html (RequestExpired) and the
    common errors of the other services (ExpiredToken, ExpiredTokenException)."""
    if service == "ec2":
        return AwsError("RequestExpired", "Request has expired.", status=400)
    code = "ExpiredToken" if service == "sts" else "ExpiredTokenException"
    return AwsError(code, "The security token included in the request is expired", status=403)


def _unavailable(service: str) -> AwsError:
    """Source: the same page for EC2 (Unavailable); ServiceUnavailable is the common error elsewhere."""
    code = "Unavailable" if service == "ec2" else "ServiceUnavailable"
    return AwsError(code, "The service is unavailable. Please try again shortly.", status=503)
