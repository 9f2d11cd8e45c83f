"""Faults of the local workspace: what goes wrong in Slack and on the way to it, switched on at run time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum

EVERY = "*"
"""As a method's name, a fault of this name hits whichever method is called next."""


class FaultKind(Enum):
    """The ways a Web API call can fail without being wrong."""

    RATE_LIMIT = "rate_limit"
    SERVER_ERROR = "server_error"
    LOSE_REPLY = "lose_reply"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One armed fault: what it does to the next `times` matching calls."""

    kind: FaultKind
    method: str
    times: int
    status: int = 200
    retry_after_seconds: int = 1
    code: str = ""
    channel: str | None = None


class Faults:
    """The fault switches of one workspace; every method may be called from any thread while it serves."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._armed: list[Fault] = []
        self._slow_seconds: dict[str, float] = {}
        self._duplicates = 0
        self._drop_sockets: Callable[[], None] = lambda: None

    def rate_limit(self, method: str, times: int = 1, retry_after: int = 1) -> None:
        """Answer the next calls of `method` with HTTP 429 and `Retry-After` in seconds; nothing is stored."""
        self._arm(Fault(kind=FaultKind.RATE_LIMIT, method=method, times=times, retry_after_seconds=retry_after))

    def server_error(self, method: str, times: int = 1, status: int = 503) -> None:
        """Answer the next calls of `method` with an HTTP 5xx page; nothing is stored."""
        self._arm(Fault(kind=FaultKind.SERVER_ERROR, method=method, times=times, status=status))

    def lose_reply(self, method: str, times: int = 1) -> None:
        """Carry out the next calls of `method`, then reset the connection: the caller cannot know."""
        self._arm(Fault(kind=FaultKind.LOSE_REPLY, method=method, times=times))

    def error(self, method: str, code: str, times: int = 1, channel: str | None = None) -> None:
        """Answer the next calls of `method` (to `channel`, an id or a name, when given) with Slack's error `code`."""
        self._arm(Fault(kind=FaultKind.ERROR, method=method, times=times, code=code, channel=channel))

    def slow(self, method: str, seconds: float) -> None:
        """Hold every answer of `method` back by `seconds`, until reset or set to 0."""
        with self._lock:
            self._slow_seconds[method] = seconds

    def duplicate_next(self, times: int = 1) -> None:
        """Deliver the next events, commands or clicks twice, the second marked as a retry."""
        with self._lock:
            self._duplicates += times

    def drop_sockets(self) -> None:
        """Cut every open bot socket without a close frame, as a lost network path does."""
        self._drop_sockets()

    def reset(self) -> None:
        """Disarm every fault."""
        with self._lock:
            self._armed.clear()
            self._slow_seconds.clear()
            self._duplicates = 0

    def bind(self, drop_sockets: Callable[[], None]) -> None:
        """Connect the socket switch to the server that holds the sockets."""
        self._drop_sockets = drop_sockets

    def take(self, method: str, channels: frozenset[str]) -> Fault | None:
        """The fault for this call, used up by one; `channels` are the id and name the call is about."""
        with self._lock:
            for index, fault in enumerate(self._armed):
                if fault.method not in (method, EVERY) or (fault.channel is not None and fault.channel not in channels):
                    continue
                if fault.times > 1:
                    self._armed[index] = replace(fault, times=fault.times - 1)
                else:
                    del self._armed[index]
                return fault
        return None

    def take_duplicate(self) -> bool:
        """Whether this delivery is to be made twice; used up by one."""
        with self._lock:
            if self._duplicates <= 0:
                return False
            self._duplicates -= 1
            return True

    def slow_seconds(self, method: str) -> float:
        """How long to hold an answer of `method` back, in seconds."""
        with self._lock:
            return max(self._slow_seconds.get(method, 0.0), self._slow_seconds.get(EVERY, 0.0))

    def _arm(self, fault: Fault) -> None:
        if fault.times < 1:
            raise ValueError(f"times must be at least 1, not {fault.times}: call reset() to disarm faults.")
        with self._lock:
            self._armed.append(fault)
