"""Who calls: long-lived keys, role sessions handed out by AssumeRole, and when those end.

Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html and
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html (role chaining is limited to one hour).
"""

import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from .answers import ApiError, Caller, Kind, api_error
from .estate import Estate

SHORTEST_SECONDS, CHAINED_SECONDS = 900, 3600
_SCOPE = re.compile(r"Credential=([A-Z0-9]+)/\d{8}/([a-z0-9-]+)/([a-z0-9-]+)/aws4_request")
_BASE_KEY = re.compile(r"AKIA(\d{12})BASE")


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleSession:
    """Credentials handed out by AssumeRole; `ends_at` is on the service's clock, in seconds since 1970."""

    account_id: str
    role: str
    access_key: str
    token: str
    ends_at: float


def scope(authorization: str) -> Caller | None:
    """The caller that the credential scope names, before anything is checked; None without one."""
    found = _SCOPE.search(authorization)
    if found is None:
        return None
    key = found[1]
    return Caller(account_id=key[4:16], region=found[2], service=found[3], access_key=key, arn="")


class RoleSessions:
    """The sessions handed out so far. Not thread-safe: the engine's lock is held around it."""

    def __init__(self, estate: Estate, now: Callable[[], float]) -> None:
        self._estate = estate
        self._now = now
        self._counter = itertools.count()
        self._sessions: dict[str, RoleSession] = {}
        self.seconds: float | None = None

    def checked(self, caller: Caller, token: str | None) -> Caller:
        """The caller with its ARN, once its credentials have been found good.

        Raises: ApiError for unknown or expired ones, and where the role is gone.
        """
        if (base := _BASE_KEY.fullmatch(caller.access_key)) and self._estate.account(base[1]):
            return replace(caller, arn=f"arn:aws:iam::{base[1]}:user/eksip")
        session = self._sessions.get(caller.access_key)
        if session is None or session.token != token:
            raise api_error(Kind.NOT_ACCEPTED, caller.service)
        if session.ends_at <= self._now():
            raise api_error(Kind.EXPIRED, caller.service)
        if not self._estate.is_member(session.account_id):
            raise api_error(Kind.DENIED, caller.service)
        return replace(caller, arn=f"arn:aws:sts::{session.account_id}:assumed-role/{session.role}/eksip", chained=True)

    def assume(self, caller: Caller, role_arn: str, external_id: str, seconds: int) -> RoleSession:
        """New credentials of the role.

        Raises: ApiError AccessDenied where the role, its trust or the external id do not fit, ValidationError for a
        length of session that STS refuses.
        """
        account_id, role = role_arn.split(":")[4], role_arn.rpartition("/")[2]
        account = self._estate.account(account_id)
        if (
            account is None
            or role not in account.roles
            or not self._estate.is_member(account_id)
            or (account.trusted and caller.account_id not in account.trusted)
            or (account.external_id and external_id != account.external_id)
        ):
            raise ApiError(
                "AccessDenied",
                f"User: {caller.arn} is not authorized to perform: sts:AssumeRole on resource: {role_arn}",
                403,
            )
        if seconds < SHORTEST_SECONDS:
            raise ApiError("ValidationError", f"durationSeconds must be greater than or equal to {SHORTEST_SECONDS}")
        if caller.chained and seconds > CHAINED_SECONDS:
            raise ApiError(
                "ValidationError",
                "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
            )
        if seconds > account.max_session_seconds:
            raise ApiError(
                "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
            )
        number = next(self._counter)
        session = RoleSession(
            account_id=account_id,
            role=role,
            access_key=f"ASIA{account_id}{number:06X}",
            token=f"session-{number}-of-{account_id}",
            ends_at=self._now() + (seconds if self.seconds is None else self.seconds),
        )
        self._sessions[session.access_key] = session
        return session

    def set_seconds(self, seconds: float | None) -> None:
        """Let sessions handed out from now on end after so many seconds, whatever was asked; None: as asked."""
        self.seconds = seconds

    def expire(self, account_id: str | None = None) -> None:
        """End the sessions of the account, or all of them, now."""
        for key, session in self._sessions.items():
            if account_id in (None, session.account_id):
                self._sessions[key] = replace(session, ends_at=0.0)
