"""AWS clients for any number of accounts: one for each region and service, credentials chosen at signing."""

import threading
import time
from collections.abc import Callable
from datetime import datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, cast

import botocore.session
from botocore.config import Config
from botocore.credentials import Credentials
from cachetools import LRUCache

from bot.aws import limits
from bot.aws.acting import Acting, ChosenCredentials, on_behalf
from bot.aws.attempts import Attempts, signing_clock
from bot.aws.cache import SharedReads
from bot.aws.credentials import RoleChains
from bot.aws.ec2_pages import read_pages_fast
from bot.aws.errors import NO_CREDENTIALS, AccountUnavailableError, translated
from bot.aws.pace import Pace
from bot.aws.seen_subnets import SeenSubnets
from bot.inventory import Account

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_ec2.client import EC2Client
    from mypy_boto3_eks.client import EKSClient
    from mypy_boto3_service_quotas import ServiceQuotasClient
    from mypy_boto3_sts.client import STSClient

_PARTITION_REGION = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
"""Where the first call of an account goes when nothing names a region: one that is always enabled."""


class _Provider:
    """What botocore asks for credentials: always the ones it was built with."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    def load_credentials(self) -> Credentials:
        return self._credentials


class Sessions:
    """Clients by account, region and service; safe to use from many threads.

    All accounts share one botocore loader and one client for each region and service: a session for each account
    costs 24 MB and a third of a second a client, and thousands of account-regions would cost gigabytes.

    What they share too is botocore's retry quota of a client, 500 tokens of which a throttled retry takes five and
    a success gives one back: when dozens of accounts of a region are throttled at once, nobody retries until calls
    succeed again.
    """

    def __init__(
        self,
        *,
        workers: int = 8,
        total_attempts: int = limits.TOTAL_ATTEMPTS,
        read_timeout: float = limits.READ_TIMEOUT_SECONDS,
        pace: Pace | None = None,
        timer: Callable[[], float] = time.monotonic,
        clock: Callable[[], datetime] = signing_clock,
    ) -> None:
        self.seen_subnets = SeenSubnets()
        self._lock = threading.RLock()
        self._timer = timer
        self._attempts = Attempts(pace=pace or Pace(timer=timer), timer=timer, clock=clock)
        self._clients: LRUCache[tuple[str, str], Any] = LRUCache(limits.LIVE_CLIENTS)
        self._roles = RoleChains(self._sts, timer)
        self._own: botocore.session.Session | None = None
        self._shared: botocore.session.Session | None = None
        self._look_again_at = float("-inf")
        self._identity: SharedReads[str, str] = SharedReads(lambda _: limits.CALLER.age, maxsize=1, timer=timer)
        self._config = Config(
            retries={"mode": "standard", "total_max_attempts": total_attempts},
            max_pool_connections=max(10, workers),
            connect_timeout=limits.CONNECT_TIMEOUT_SECONDS,
            read_timeout=read_timeout,
            # Whole, not `user_agent_extra`: botocore puts together its own for every attempt, twice.
            user_agent=f"eksip/{version('eksip')} Botocore/{version('botocore')}",
        )

    def ec2(self, account: Account, region: str) -> "EC2Client":
        """The EC2 client of an account and region; DescribeSubnets and DescribeNetworkInterfaces are parsed fast."""
        return cast("EC2Client", self.client(account, region, "ec2"))

    def eks(self, account: Account, region: str) -> "EKSClient":
        """The EKS client of an account and region."""
        return cast("EKSClient", self.client(account, region, "eks"))

    def cloudwatch(self, account: Account, region: str) -> "CloudWatchClient":
        """The CloudWatch client of an account and region."""
        return cast("CloudWatchClient", self.client(account, region, "cloudwatch"))

    def service_quotas(self, account: Account, region: str) -> "ServiceQuotasClient":
        """The Service Quotas client of an account and region."""
        return cast("ServiceQuotasClient", self.client(account, region, "service-quotas"))

    def client(self, account: Account, region: str, service: str) -> Any:
        """The client of any service, as the account uses it.

        Raises: QueryError when there are no credentials of the bot's own.
        """
        return self._acting(account, region, service, self.credentials(account, region, service))

    def credentials(self, account: Account, region: str, service: str) -> Credentials:
        """What the account's calls are signed with: the end of its chain of roles, or the bot's own.

        Raises: QueryError when there are no credentials of the bot's own.
        """
        with translated(account, region, service):
            own = self._own_credentials()
        return self._roles.end(account, self.home_region(account)) if account.role_arns else own

    @property
    def live_clients(self) -> frozenset[tuple[str, str]]:
        """Region and service of the clients there are: what memory they take does not depend on the accounts."""
        with self._lock:
            return frozenset(self._clients)

    def home_region(self, account: Account) -> str:
        """The region for calls that are about the whole account: a configured one, or the partition's first."""
        partition = account.role_arns[0].split(":")[1] if account.role_arns else "aws"
        if account.regions:
            return account.regions[0]
        with translated(account, "", "AssumeRole" if account.role_arns else "GetCallerIdentity"):
            own = self._own_session().get_config_variable("region") if partition == "aws" else None
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
            with translated(account, "", "AssumeRole"):
                self._own_credentials()
            self._roles.end(account, self.home_region(account)).get_frozen_credentials()
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
            return self._sts(account, region, None).get_caller_identity()["Account"]

    def _sts(self, account: Account, region: str, credentials: Credentials | None) -> "STSClient":
        with translated(account, region, "AssumeRole"):
            own = credentials or self._own_credentials()
        return cast("STSClient", self._acting(account, region, "sts", own))

    def _acting(self, account: Account, region: str, service: str, credentials: Credentials) -> Any:
        who = Acting(account=account, region=region, service=service, credentials=credentials)
        with self._lock:
            # botocore's client factory is not safe to call from several threads; the clients themselves are.
            client = self._clients.get((region, service))
            if client is None:
                with translated(account, region, service):
                    session = self._shared_session()
                    client = session.create_client(cast("Any", service), region_name=region, config=self._config)
                self._clients[region, service] = client
        return on_behalf(client, who)

    def _own_credentials(self) -> Credentials:
        """What the default credential chain finds; it refreshes itself where it can."""
        return cast("Credentials", self._own_session().get_credentials())

    def _own_session(self) -> botocore.session.Session:
        """The session of the default credential chain, which also owns the loader."""
        with self._lock:
            if self._own is None:
                session = botocore.session.Session()
                # Looking for an instance role where there is none takes seconds, and every account would wait for it.
                if self._timer() < self._look_again_at or session.get_credentials() is None:
                    if self._timer() >= self._look_again_at:
                        self._look_again_at = self._timer() + limits.FAILURE.age.total_seconds()
                    raise AccountUnavailableError(NO_CREDENTIALS, api="GetCallerIdentity")
                self._own = session
            return self._own

    def _shared_session(self) -> botocore.session.Session:
        """The session that makes every client: the loader of the first, credentials chosen at signing."""
        if self._shared is None:
            session = botocore.session.Session()
            session.register_component("data_loader", self._own_session().get_component("data_loader"))
            session.register_component("credential_provider", _Provider(ChosenCredentials()))
            self._attempts.watch(session)
            read_pages_fast(session)
            self._shared = session
        return self._shared
