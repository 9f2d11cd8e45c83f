"""The reader: what commands and the monitor ask about AWS, each answer shared between threads and kept a while."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from bot.aws import cni_metrics, collect, limits, queries
from bot.aws.cache import SharedReads
from bot.aws.check import CheckResult, check_account, check_region, check_regions, failed_account
from bot.aws.collect import Progress
from bot.aws.errors import AccountUnavailableError, RegionUnavailableError
from bot.aws.queries import Place
from bot.aws.sessions import Sessions
from bot.errors import QueryError
from bot.inventory import Account, Cluster, InstanceLimits, Inventory, Subnet, SubnetContents, Vpc, VpcRouting
from bot.scope import cluster_key

log = logging.getLogger(__name__)

_KEPT_SUBNETS = 4096
_KEPT_TYPES = 16384
"""More than every instance type in a dozen regions (about 1,400 a region)."""
_KEPT_ACCOUNTS = 4096
_KEPT_CLUSTERS = 4096
_KEPT_VPCS = 4096


class Reader:
    """Reads the configured accounts, or the caller's own where none are; safe to use from many threads."""

    def __init__(
        self,
        *,
        accounts: tuple[Account, ...] = (),
        regions: tuple[str, ...] = (),
        workers: int = 8,
        now: Callable[[], datetime],
        sessions: Sessions | None = None,
    ) -> None:
        self._configured = tuple(replace(account, regions=account.regions or regions) for account in accounts)
        self._regions = regions
        self._workers = workers
        self._now = now
        self._sessions = sessions or Sessions(workers=workers)
        self._enabled: SharedReads[Account, tuple[str, ...]] = SharedReads(
            lambda _: limits.REGIONS.age, maxsize=_KEPT_ACCOUNTS
        )
        self._contents: SharedReads[str, SubnetContents] = SharedReads(_age_of_contents, maxsize=_KEPT_SUBNETS)
        self._routing: SharedReads[tuple[str, str], VpcRouting] = SharedReads(_age_of_routing, maxsize=_KEPT_VPCS)
        self._warm: SharedReads[str, int | None] = SharedReads(lambda _: limits.WARM_IPS.age, maxsize=_KEPT_CLUSTERS)
        self._limits: SharedReads[tuple[str, str, str], InstanceLimits | None] = SharedReads(
            _age_of_limits, maxsize=_KEPT_TYPES
        )

    def accounts(self) -> tuple[Account, ...]:
        """The accounts that are read.

        Raises: QueryError when none are configured and the caller's own cannot be found out.
        """
        return self._configured or (self._sessions.caller_account(self._regions),)

    def sweep(
        self, *, clusters: bool, known: Inventory | None = None, on_progress: Progress | None = None
    ) -> Inventory:
        """Everything in every account and region, read now; without `clusters` those of `known` are kept.

        Raises: QueryError when none are configured and the caller's own account cannot be found out.
        """
        return collect.read_fleet(
            self._sessions,
            self.accounts(),
            self._now,
            self._workers,
            regions=self._regions_of,
            with_clusters=clusters,
            known=known,
            on_progress=on_progress,
        )

    def contents(self, subnets: Sequence[Subnet]) -> SubnetContents:
        """The interfaces, nodes and reservations of the subnets, at most limits.CONTENTS.age old.

        What cannot be read is in its blind spots.
        Raises: QueryError when none are configured and the caller's own account cannot be found out.
        """
        if not subnets:
            return SubnetContents(subnet_ids=frozenset(), observed_at=self._now())
        by_id = {subnet.subnet_id: subnet for subnet in subnets}
        parts = self._contents.get_many(by_id, lambda missing: self._read_contents([by_id[key] for key in missing]))
        return collect.merged(tuple(parts.values()))

    def vpc_routing(self, vpc: Vpc) -> VpcRouting:
        """The routes and peerings of the VPC, at most limits.ROUTING.age old.

        What cannot be read is None, and in its blind spots.
        Raises: QueryError when none are configured and the caller's own account cannot be found out.
        """
        return self._routing.get(
            (vpc.region, vpc.vpc_id), lambda: collect.read_routing(self._sessions, self.accounts(), vpc, self._now())
        )

    def instance_limits(
        self, instance_types: Iterable[str], account_id: str | None = None, region: str | None = None
    ) -> Mapping[str, InstanceLimits]:
        """The limits of those of the types that EC2 offers there, by name; without an account the first that answers.

        Raises: QueryError when no account answers.
        """
        accounts, wanted = self.accounts(), tuple(instance_types)
        named = [account for account in accounts if account.account_id == account_id]
        failure: QueryError | None = None
        for account in named or accounts:
            place = Place(
                sessions=self._sessions, account=account, region=region or self._sessions.home_region(account)
            )
            try:
                return self._limits_in(place, wanted)
            except (AccountUnavailableError, RegionUnavailableError) as error:
                failure = failure or error
        raise failure or QueryError("No account is configured.", account_id=account_id, api="DescribeInstanceTypes")

    def warm_ips(self, clusters: Iterable[Cluster]) -> Mapping[str, int]:
        """Warm addresses by cluster key, of the clusters whose CNI Metrics Helper can be read; the rest is not known.

        Raises: QueryError when none are configured and the caller's own account cannot be found out.
        """
        by_key = {cluster_key(cluster): cluster for cluster in clusters}
        found = self._warm.get_many(by_key, lambda missing: self._read_warm([by_key[key] for key in missing]))
        return {key: warm for key, warm in found.items() if warm is not None}

    def check(self) -> Iterator[CheckResult]:
        """Every action tried in every account and region, in order, as the results come in."""
        try:
            accounts = self.accounts()
        except QueryError as error:
            yield failed_account(error)
            return
        with ThreadPoolExecutor(max_workers=self._workers, thread_name_prefix="aws-check") as pool:
            for account in accounts:
                yield (entered := check_account(self._sessions, account))
                if entered.blocks:
                    continue
                yield check_regions(self._sessions, account)
                try:
                    regions = self._regions_of(account)
                except QueryError:
                    continue  # the line above says it
                trial = partial(check_region, self._sessions, account, now=self._now())
                for results in pool.map(lambda region, trial=trial: tuple(trial(region)), regions):
                    yield from results

    def _regions_of(self, account: Account) -> tuple[str, ...]:
        self._sessions.connect(account)
        return self._enabled.get(account, lambda: collect.regions_of(self._sessions, account))

    def _limits_in(self, place: Place, instance_types: Iterable[str]) -> dict[str, InstanceLimits]:
        def read(keys: tuple[tuple[str, str, str], ...]) -> dict[tuple[str, str, str], InstanceLimits | None]:
            found = queries.instance_limits(place, [name for _, _, name in keys])
            return {key: found.get(key[2]) for key in keys}

        keys = ((place.account.account_id, place.region, name) for name in instance_types)
        return {key[2]: found for key, found in self._limits.get_many(keys, read).items() if found}

    def _read_warm(self, clusters: Sequence[Cluster]) -> dict[str, int | None]:
        accounts = {account.account_id: account for account in self.accounts()}
        groups: dict[tuple[str, str], list[Cluster]] = {}
        for cluster in clusters:
            groups.setdefault((cluster.account_id, cluster.region), []).append(cluster)
        found: dict[str, int | None] = {cluster_key(cluster): None for cluster in clusters}
        for (account_id, region), group in groups.items():
            if account_id not in accounts:
                continue
            place = Place(sessions=self._sessions, account=accounts[account_id], region=region)
            try:
                warm = cni_metrics.warm_ips(place, [cluster.name for cluster in group], self._now())
            except QueryError as error:
                # The Helper is optional, and so is the permission to read it: the figure is "not known".
                log.info("warm addresses not known", extra={"account_id": account_id, "reason": error.message})
                continue
            found.update({cluster_key(cluster): warm.get(cluster.name) for cluster in group})
        return found

    def _read_contents(self, subnets: Sequence[Subnet]) -> dict[str, SubnetContents]:
        """Contents by subnet id: each account and region in one read, several at the same time."""
        accounts = self.accounts()
        groups: dict[tuple[str, str], list[Subnet]] = {}
        for subnet in subnets:
            groups.setdefault((subnet.account_id, subnet.region), []).append(subnet)
        with ThreadPoolExecutor(max_workers=min(self._workers, len(groups)), thread_name_prefix="aws-read") as pool:
            read = pool.map(
                lambda group: collect.read_contents(self._sessions, accounts, group, self._now()), groups.values()
            )
            return {subnet_id: _only(part, subnet_id) for part in read for subnet_id in part.subnet_ids}


def _only(contents: SubnetContents, subnet_id: str) -> SubnetContents:
    """The part of the contents that is about one subnet; every blind spot of the read is its own too."""
    enis = tuple(eni for eni in contents.enis if eni.subnet_id == subnet_id)
    instance_ids = {eni.instance_id for eni in enis}
    return replace(
        contents,
        subnet_ids=frozenset({subnet_id}),
        enis=enis,
        nodes=tuple(node for node in contents.nodes if node.instance_id in instance_ids),
        reservations=tuple(item for item in contents.reservations if item.subnet_id == subnet_id),
        enis_read=contents.enis_read & {subnet_id},
        reservations_read=contents.reservations_read & {subnet_id},
    )


def _age_of_contents(contents: SubnetContents) -> timedelta:
    return limits.FAILED_CONTENTS.age if contents.blind_spots else limits.CONTENTS.age


def _age_of_routing(found: VpcRouting) -> timedelta:
    return limits.FAILED_ROUTING.age if found.blind_spots else limits.ROUTING.age


def _age_of_limits(found: InstanceLimits | None) -> timedelta:
    return limits.INSTANCE_LIMITS.age if found else limits.UNKNOWN_INSTANCE_TYPE.age
