"""Credentials of assumed roles: renewed before they end, shared by every region and by chains with the same start."""

import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, NotRequired, TypedDict

from botocore.credentials import Credentials, ReadOnlyCredentials

from bot.aws import limits
from bot.aws.errors import AccountUnavailableError, translated
from bot.errors import QueryError
from bot.inventory import Account

if TYPE_CHECKING:
    from mypy_boto3_sts.client import STSClient

log = logging.getLogger(__name__)


class RoleCredentials(Credentials):
    """Credentials of an assumed role, renewed before they end; a failure is kept for limits.FAILURE.age.

    botocore's RefreshableCredentials cannot be told that AWS called a token expired, and logs a traceback for
    every refusal; this asks `assume` again in both cases.
    """

    def __init__(self, assume: Callable[[], ReadOnlyCredentials], timer: Callable[[], float]) -> None:
        super().__init__("", "", method="assume-role")
        self._assume = assume
        self._timer = timer
        self._lock = threading.Lock()
        self._current: ReadOnlyCredentials | None = None
        self._renew_at = 0.0
        self._ends_at = 0.0
        self._failure: QueryError | None = None

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        """The credentials to sign with now.

        Raises: QueryError when the role cannot be assumed.
        """
        with self._lock:
            if self._timer() >= self._renew_at:
                self._renew()
            if self._current is None:
                failure = self._failure or AccountUnavailableError("The role has not been assumed.", api="AssumeRole")
                raise type(failure)(
                    failure.message, account_id=failure.account_id, region=failure.region, api=failure.api
                ) from failure
            return self._current

    def forget(self, expired: ReadOnlyCredentials) -> None:
        """Drop the session that AWS calls expired, unless another one has taken its place.

        Of many calls that were under way when it ended only the first then causes a new session.
        """
        with self._lock:
            if self._current is expired:
                self._current = None
                self._renew_at = 0.0

    def _renew(self) -> None:
        try:
            self._current = self._assume()
        except QueryError as error:
            self._failure = error
            self._renew_at = self._timer() + limits.FAILURE.age.total_seconds()
            if self._timer() >= self._ends_at:
                self._current = None
            if self._current:
                log.warning(
                    "role session cannot be renewed", extra={"account_id": error.account_id, "reason": error.message}
                )
        else:
            self._failure = None
            started = self._timer()
            self._ends_at = started + limits.ROLE_SESSION.total_seconds()
            self._renew_at = self._ends_at - limits.ROLE_RENEWAL.total_seconds()


StsClients = Callable[[Account, str, Credentials | None], "STSClient"]
"""The STS client of an account and region that acts with the credentials, or with the bot's own."""

_Chain = tuple[tuple[str, ...], str | None]


class RoleChains:
    """The credentials at the end of each chain of roles; safe to use from many threads.

    Five hundred accounts behind one first role assume that one once.
    """

    def __init__(self, sts: StsClients, timer: Callable[[], float]) -> None:
        self._sts = sts
        self._timer = timer
        self._lock = threading.Lock()
        self._known: dict[_Chain, RoleCredentials] = {}

    def end(self, account: Account, region: str) -> RoleCredentials:
        """The credentials of the last role of the account's chain; STS is asked in the region."""
        if not account.role_arns:
            raise ValueError("an account without role_arns has no role to assume")
        chain = account.role_arns, account.external_id
        with self._lock:
            known = self._known.get(chain)
            if known is None:
                known = self._known[chain] = RoleCredentials(lambda: self._assume(account, region), self._timer)
            return known

    def _assume(self, account: Account, region: str) -> ReadOnlyCredentials:
        """Credentials of the last role of the chain, assumed with those of the role before it.

        The ExternalId goes to every role of the chain: a trust policy that does not ask for one ignores it.
        Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
        """
        *before, role_arn = account.role_arns
        caller: Credentials | None = None
        if before:
            caller = self.end(_first_roles(account, tuple(before)), region)
        request: _AssumeRole = {
            "RoleSessionName": "eksip",
            "DurationSeconds": int(limits.ROLE_SESSION.total_seconds()),
        }
        if account.external_id:
            request["ExternalId"] = account.external_id
        try:
            if caller is not None:
                caller.get_frozen_credentials()  # before the next call begins: roles are assumed one after the other
            with translated(account, region, "AssumeRole"):
                given = self._sts(account, region, caller).assume_role(**request, RoleArn=role_arn)["Credentials"]
        except QueryError as error:
            # A first role that many share fails for the account that asked first: each is told under its own id.
            raise type(error)(error.message, account_id=account.account_id, region=region, api="AssumeRole") from error
        return ReadOnlyCredentials(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])


def _first_roles(account: Account, role_arns: tuple[str, ...]) -> Account:
    return Account(
        account_id=account.account_id, name=account.name, role_arns=role_arns, external_id=account.external_id
    )


class _AssumeRole(TypedDict):
    """What every AssumeRole of an account says."""

    RoleSessionName: str
    DurationSeconds: int
    ExternalId: NotRequired[str]
