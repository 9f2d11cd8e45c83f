"""The reader: what commands and the monitor ask about AWS, each answer shared between threads and kept a while."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from bot.aws import cloudwatch, collect, launches, limits, queries
from bot.aws.cache import SharedReads
from bot.aws.check import CheckResult, check_fleet
from bot.aws.cluster_access import cluster_access
from bot.aws.contents import ContentsReader
from bot.aws.errors import AccountUnavailableError, RegionUnavailableError
from bot.aws.evidence import read_evidence
from bot.aws.fleet import FleetReader, with_regions
from bot.aws.organization import Organization
from bot.aws.queries import Place
from bot.aws.sessions import Sessions
from bot.aws.sweep import Progress, read_fleet
from bot.aws.tagged_subnets import TaggedSubnet, tagged_subnets
from bot.errors import QueryError
from bot.inventory import (
    Account,
    AccountRegions,
    Cluster,
    ClusterFacts,
    Fleet,
    InstanceLimits,
    Inventory,
    RegionFacts,
    Subnet,
    SubnetContents,
    Vpc,
    VpcRouting,
)
from bot.inventory.evidence import Asked, CloudWatchAlarm, RegionEvidence
from bot.inventory.kubernetes import ClusterAccess
from bot.inventory.launches import LaunchFailure
from bot.scope import cluster_key

log = logging.getLogger(__name__)

_KEPT_TYPES = 16384
"""More than every instance type in a dozen regions (about 1,400 a region)."""
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
        organization: Organization | None = None,
        known: Callable[[], Iterable[str]] = tuple,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._workers = workers
        self._now = now
        self._sessions = sessions or Sessions(workers=workers)
        self._fleet = FleetReader(
            sessions=self._sessions,
            now=now,
            configured=with_regions(accounts, regions),
            regions=regions,
            organization=organization,
            known=known,
            timer=timer,
        )
        self._contents = ContentsReader(
            sessions=self._sessions, accounts=self.accounts, now=now, workers=workers, timer=timer
        )
        self._routing: SharedReads[tuple[str, str], VpcRouting] = SharedReads(
            _age_of_routing, maxsize=_KEPT_VPCS, timer=timer
        )
        self._warm: SharedReads[str, int | None] = SharedReads(
            lambda _: limits.WARM_IPS.age, maxsize=_KEPT_CLUSTERS, timer=timer
        )
        self._access: SharedReads[tuple[str, str, str], ClusterAccess] = SharedReads(
            lambda _: limits.CLUSTER_ACCESS.age, maxsize=_KEPT_CLUSTERS, timer=timer
        )
        self._limits: SharedReads[tuple[str, str, str], InstanceLimits | None] = SharedReads(
            _age_of_limits, maxsize=_KEPT_TYPES
        )

    def accounts(self) -> tuple[Account, ...]:
        """The accounts that are read: those configured, those Organizations names, or the caller's own.

        Raises: QueryError when none are configured and neither Organizations nor STS has ever answered.
        """
        return self._fleet.accounts()

    def fleet(self) -> Fleet:
        """The accounts with what came and went lately; never raises for what AWS says."""
        return self._fleet.fleet()

    def regions(self, account: Account) -> AccountRegions:
        """The regions to read of the account, at most limits.REGIONS.age old; never raises for what AWS says."""
        return self._fleet.regions(account)

    def read_subnets(self, account: Account, region: str, vpcs: Sequence[Vpc] | None = ()) -> RegionFacts:
        """The subnets of one account and region, read now; `vpcs` are kept unless a subnet names another one.

        With None no VPC is asked for.
        """
        facts = collect.read_subnets(self._place(account, region), self._now(), vpcs)
        self._contents.note_shared(facts)
        return facts

    def read_clusters(self, account: Account, region: str) -> ClusterFacts:
        """The clusters and VPCs of one account and region, read now."""
        return collect.read_clusters(self._place(account, region), self._now())

    def read_interfaces(self, account: Account, region: str, subnet_ids: Sequence[str] | None = None) -> SubnetContents:
        """The interfaces of these subnets with their nodes and reservations, or every interface of the region, now."""
        place = self._place(account, region)
        if subnet_ids is None:
            return collect.read_interfaces(place, self._now())
        return collect.read_own_contents(place, subnet_ids, self._now())

    def confirm_gone(self, account: Account, region: str, subnet_ids: Iterable[str]) -> frozenset[str]:
        """Those of the subnets that EC2 says do not exist, asked by id; what cannot be asked is not confirmed."""
        try:
            return queries.gone(self._place(account, region), sorted(set(subnet_ids)))
        except QueryError as error:
            log.info("not confirmed as gone", extra={"account_id": account.account_id, "reason": error.message})
            return frozenset()

    def sweep(
        self, *, clusters: bool, known: Inventory | None = None, on_progress: Progress | None = None
    ) -> Inventory:
        """Everything in every account and region, read now; without `clusters` those of `known` are kept.

        Raises: QueryError when none are configured and the caller's own account cannot be found out.
        """
        self.accounts()
        return read_fleet(
            self._sessions,
            self.fleet(),
            self._now,
            self._workers,
            regions=self._fleet.open_regions,
            with_clusters=clusters,
            known=known,
            on_facts=self._contents.note_shared,
            on_progress=on_progress,
        )

    def contents(self, subnets: Sequence[Subnet]) -> SubnetContents:
        """The interfaces, nodes and reservations of the subnets, at most limits.CONTENTS.age old.

        What cannot be read is in its blind spots.
        Raises: QueryError when none are configured and the caller's own account cannot be found out.
        """
        return self._contents.kept(subnets)

    def watched_contents(self, subnets: Sequence[Subnet]) -> SubnetContents:
        """The same read now, the reservations at most limits.RESERVATIONS.age old: for what is read again and again.

        Raises: QueryError when none are configured and the caller's own account cannot be found out.
        """
        return self._contents.now(subnets)

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

    def evidence(self, account: Account, region: str, asked: Asked) -> RegionEvidence:
        """What CloudWatch and Service Quotas say of one account and region; what cannot be read is a blind spot."""
        place = Place(sessions=self._sessions, account=account, region=region)
        return read_evidence(place, asked, self._now())

    def cluster_access(self, account: Account, region: str, cluster: str) -> ClusterAccess:
        """How the cluster's Kubernetes API is reached in the account's name, at most limits.CLUSTER_ACCESS.age old.

        Raises: QueryError.
        """
        key = account.account_id, region, cluster
        return self._access.get(key, lambda: cluster_access(self._place(account, region), cluster))

    def alarms(self, account: Account, region: str) -> tuple[CloudWatchAlarm, ...]:
        """The metric alarms of one account and region, with their states now.

        Raises: QueryError.
        """
        return cloudwatch.alarms(Place(sessions=self._sessions, account=account, region=region))

    def launch_failures(self, account: Account, region: str, cluster: str) -> tuple[LaunchFailure, ...]:
        """The nodes of the cluster that could not be launched lately, newest first.

        Raises: QueryError.
        """
        place = self._place(account, region)
        return launches.launch_failures(place, launches.group_names(place, cluster), self._now())

    def tagged_subnets(self, account: Account, region: str, vpc_id: str) -> tuple[TaggedSubnet, ...]:
        """The subnets of the VPC as they are now, with their tags.

        Raises: QueryError.
        """
        return tagged_subnets(self._place(account, region), vpc_id, self._now())

    def instance_states(self, account: Account, region: str, instance_ids: Iterable[str]) -> Mapping[str, str]:
        """The state of those of the instances that EC2 still knows, by id.

        Raises: QueryError.
        """
        found = queries.instances(self._place(account, region), instance_ids)
        return {node.instance_id: node.state for node in found}

    def check(self) -> Iterator[CheckResult]:
        """Every action tried in every account and region, in order, as the results come in."""
        return check_fleet(self._sessions, self._fleet, self._workers, self._now())

    def _place(self, account: Account, region: str) -> Place:
        return Place(sessions=self._sessions, account=account, region=region)

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
                warm = cloudwatch.warm_ips(place, [cluster.name for cluster in group], self._now())
            except QueryError as error:
                # The Helper is optional, and so is the permission to read it: the figure is "not known".
                log.info("warm addresses not known", extra={"account_id": account_id, "reason": error.message})
                continue
            found.update({cluster_key(cluster): warm.get(cluster.name) for cluster in group})
        return found


def _age_of_routing(found: VpcRouting) -> timedelta:
    return limits.FAILED_ROUTING.age if found.blind_spots else limits.ROUTING.age


def _age_of_limits(found: InstanceLimits | None) -> timedelta:
    return limits.INSTANCE_LIMITS.age if found else limits.UNKNOWN_INSTANCE_TYPE.age
