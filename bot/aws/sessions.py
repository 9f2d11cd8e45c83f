"""AWS clients for any number of accounts: credentials by role chain, one loader, one bounded set of clients."""

import logging
import threading
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, NotRequired, TypedDict, cast

import botocore.session
from botocore.config import Config
from botocore.credentials import Credentials, ReadOnlyCredentials
from cachetools import LRUCache

from bot import metrics
from bot.aws import limits
from bot.aws.cache import SharedReads
from bot.aws.errors import NO_CREDENTIALS, AccountUnavailableError, is_expired, translated
from bot.errors import QueryError
from bot.inventory import Account

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_ec2.client import EC2Client
    from mypy_boto3_eks.client import EKSClient
    from mypy_boto3_sts.client import STSClient

log = logging.getLogger(__name__)

_PARTITION_REGION = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
"""Where the first call of an account goes when nothing names a region: one that is always enabled."""


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

    def forget(self) -> None:
        """Drop the session, because AWS says it has expired."""
        with self._lock:
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


class _Provider:
    """What botocore asks for credentials: always the ones it was built with."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    def load_credentials(self) -> Credentials:
        return self._credentials


class Sessions:
    """Clients by account, region and service; safe to use from many threads.

    All sessions share one botocore loader, and at most limits.LIVE_CLIENTS clients live: a loader for each account
    costs 24 MB and a third of a second a client.
    """

    def __init__(
        self,
        *,
        workers: int = 8,
        total_attempts: int = limits.TOTAL_ATTEMPTS,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._lock = threading.RLock()
        self._timer = timer
        self._clients: LRUCache[tuple[Account, str, str], Any] = LRUCache(limits.LIVE_CLIENTS)
        self._roles: dict[Account, RoleCredentials] = {}
        self._base: botocore.session.Session | None = None
        self._look_again_at = float("-inf")
        self._identity: SharedReads[str, str] = SharedReads(lambda _: limits.CALLER.age, maxsize=1, timer=timer)
        self._config = Config(
            retries={"mode": "standard", "total_max_attempts": total_attempts},
            max_pool_connections=max(10, workers),
            connect_timeout=limits.CONNECT_TIMEOUT_SECONDS,
            read_timeout=limits.READ_TIMEOUT_SECONDS,
            user_agent_extra=f"eksip/{version('eksip')}",
        )

    def ec2(self, account: Account, region: str) -> "EC2Client":
        """The EC2 client of an account and region."""
        return cast("EC2Client", self._client(account, region, "ec2"))

    def eks(self, account: Account, region: str) -> "EKSClient":
        """The EKS client of an account and region."""
        return cast("EKSClient", self._client(account, region, "eks"))

    def cloudwatch(self, account: Account, region: str) -> "CloudWatchClient":
        """The CloudWatch client of an account and region."""
        return cast("CloudWatchClient", self._client(account, region, "cloudwatch"))

    def home_region(self, account: Account) -> str:
        """The region for calls that are about the whole account: a configured one, or the partition's first."""
        partition = account.role_arns[0].split(":")[1] if account.role_arns else "aws"
        if account.regions:
            return account.regions[0]
        with translated(account, "", "AssumeRole" if account.role_arns else "GetCallerIdentity"):
            own = self._base_session().get_config_variable("region") if partition == "aws" else None
        return cast("str | None", own) or _PARTITION_REGION.get(partition, _PARTITION_REGION["aws"])

    def caller_account(self, regions: tuple[str, ...] = ()) -> Account:
        """The account that the bot's own credentials belong to, named by its id.

        Raises: QueryError when there are no credentials or AWS does not accept them.
        """
        account_id = self._caller_id(Account(account_id="", name="", regions=regions))
        return Account(account_id=account_id, name=account_id, regions=regions)

    def connect(self, account: Account) -> None:
        """Make sure that the account's credentials can be had and belong to it.

        Raises: QueryError that says why not.
        """
        if account.role_arns:
            self._role(account).get_frozen_credentials()
            return
        caller = self._caller_id(account)
        if caller != account.account_id:
            raise AccountUnavailableError(
                f"The bot's own credentials belong to account {caller}: give this account a role_arn.",
                account_id=account.account_id,
                region=self.home_region(account),
                api="GetCallerIdentity",
            )

    def _caller_id(self, account: Account) -> str:
        return self._identity.get("caller", lambda: self._ask_caller_id(account))

    def _ask_caller_id(self, account: Account) -> str:
        region = self.home_region(account)
        with translated(account, region, "GetCallerIdentity"):
            sts = self._client(Account(account_id="", name=""), region, "sts")
            return cast("STSClient", sts).get_caller_identity()["Account"]

    def _client(self, account: Account, region: str, service: str) -> Any:
        key = (account, region, service)
        # botocore's client factory is not safe to call from several threads; the clients themselves are.
        with self._lock:
            client = self._clients.get(key)
            if client is None:
                with translated(account, region, service):
                    session = self._session(account)
                    client = session.create_client(service, region_name=region, config=self._config)
                self._clients[key] = client
            return client

    def _session(self, account: Account) -> botocore.session.Session:
        if not account.role_arns:
            return self._base_session()
        role = self._role(account)
        session = self._new_session(role)
        session.register("needs-retry", _handler(_Renewal(role)))
        return session

    def _base_session(self) -> botocore.session.Session:
        """The session of the default credential chain, which also owns the loader."""
        with self._lock:
            if self._base is None:
                session = botocore.session.Session()
                session.register("response-received", _handler(_count))
                # Looking for an instance role where there is none takes seconds, and every account would wait for it.
                if self._timer() < self._look_again_at or session.get_credentials() is None:
                    if self._timer() >= self._look_again_at:
                        self._look_again_at = self._timer() + limits.FAILURE.age.total_seconds()
                    raise AccountUnavailableError(NO_CREDENTIALS, api="GetCallerIdentity")
                self._base = session
            return self._base

    def _new_session(self, credentials: Credentials) -> botocore.session.Session:
        session = botocore.session.Session()
        session.register_component("data_loader", self._base_session().get_component("data_loader"))
        session.register_component("credential_provider", _Provider(credentials))
        session.register("response-received", _handler(_count))
        return session

    def _role(self, account: Account) -> RoleCredentials:
        with self._lock:
            if account not in self._roles:
                self._roles[account] = RoleCredentials(lambda: self._assume(account), self._timer)
            return self._roles[account]

    def _assume(self, account: Account) -> ReadOnlyCredentials:
        """Credentials of the last role of the account's chain, each role assumed with those of the one before.

        The ExternalId goes to every role of the chain: a trust policy that does not ask for one ignores it.
        Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
        """
        region = self.home_region(account)
        request: _AssumeRole = {
            "RoleSessionName": "eksip",
            "DurationSeconds": int(limits.ROLE_SESSION.total_seconds()),
        }
        if account.external_id:
            request["ExternalId"] = account.external_id
        current: Credentials | None = None
        for role_arn in account.role_arns:
            with translated(account, region, "AssumeRole"):
                given = self._sts(current, region).assume_role(**request, RoleArn=role_arn)["Credentials"]
            current = Credentials(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
        if current is None:
            raise ValueError("an account without role_arns has no role to assume")
        return current.get_frozen_credentials()

    def _sts(self, credentials: Credentials | None, region: str) -> "STSClient":
        with self._lock:
            session = self._base_session()
            if credentials:
                session = self._new_session(credentials)
            return cast("STSClient", session.create_client("sts", region_name=region, config=self._config))


class _AssumeRole(TypedDict):
    """What every AssumeRole of an account says."""

    RoleSessionName: str
    DurationSeconds: int
    ExternalId: NotRequired[str]


class _Renewal:
    """Retries a call once, with a new role session, when AWS says that the token has expired."""

    def __init__(self, role: RoleCredentials) -> None:
        self._role = role

    def __call__(self, response: tuple[Any, dict[str, Any]] | None, attempts: int, **_: object) -> float | None:
        if response is None or attempts > 1 or not is_expired(response[1].get("Error", {}).get("Code", "")):
            return None
        self._role.forget()
        return 0.0


def _handler(function: Callable[..., float | None]) -> Any:
    """The function as botocore's event handler: its stubs know only handlers that return nothing."""
    return function


def _count(event_name: str, parsed_response: dict[str, Any] | None, exception: Exception | None, **_: object) -> None:
    """Count every attempt of every call, throttled ones included, under its AWS error code."""
    code = type(exception).__name__ if exception else "ok"
    if parsed_response is not None:
        code = str(parsed_response.get("Error", {}).get("Code") or "ok")
    metrics.aws_calls_total.labels(api=event_name.rpartition(".")[2], code=code).inc()
