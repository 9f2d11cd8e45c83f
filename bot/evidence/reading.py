"""Reads for one diagnosis, all under way at the same time: each is an answer, or the reason why there is none."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TookTooLong
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import TYPE_CHECKING, Generic, TypeVar

from bot.capacity.diagnosis.evidence import Unread
from bot.capacity.diagnosis.node_pools import INSTANCE_TAG
from bot.capacity.eni_limits import snapshot_limits
from bot.capacity.leaked import detached
from bot.errors import QueryError
from bot.inventory import Account, Cluster, InstanceLimits, Subnet, SubnetContents
from bot.inventory.evidence import Asked, RegionEvidence
from bot.inventory.kubernetes import ClusterAccess, KubernetesFacts
from bot.inventory.launches import LaunchFailure
from bot.scope import cluster_key
from bot.services import Services

if TYPE_CHECKING:
    from bot.aws.reader import Reader
    from bot.aws.tagged_subnets import TaggedSubnet

PATIENCE_SECONDS = 10.0
"""How long one diagnosis waits for its sources: it is asked in a hurry, and has others where one is late."""

_LEAST_SECONDS = 0.05
"""What a source still gets when patience has ended: enough to take an answer that is there."""

_WORKERS = 12

_INSIDE = "pods, their events, ENIConfigs and the live DaemonSet"
"""What only a cluster's own API shows, as answers name it."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the sources answered.

    Places are (account id, region); launches and clusters' own APIs are by cluster key, subnets by VPC id.
    """

    contents: SubnetContents
    unread_contents: Unread | None
    places: Mapping[tuple[str, str], RegionEvidence | Unread]
    launches: Mapping[str, tuple[LaunchFailure, ...] | Unread]
    subnets: "Mapping[str, tuple[TaggedSubnet, ...] | Unread]"
    states: Mapping[str, str] | Unread
    limits: Mapping[str, InstanceLimits]
    kubernetes: Mapping[str, KubernetesFacts | Unread]


def read(subnets: Sequence[Subnet], clusters: Sequence[Cluster], services: Services) -> Found:
    """Everything about the subnets and clusters that their accounts let be read.

    Raises: QueryError when no account is configured and the caller's own cannot be found out.
    """
    reader = services.reader()
    source = _Source(reader, {account.account_id: account for account in reader.accounts()})
    # Reads that hang end by the client's own timeout; nobody waits for them here.
    pool = ThreadPoolExecutor(max_workers=_WORKERS, thread_name_prefix="why")
    # Workers of their own: a private endpoint answers by silence, and must not keep AWS's answers waiting.
    inside = ThreadPoolExecutor(max_workers=_WORKERS, thread_name_prefix="why-kubernetes")
    try:
        until = monotonic() + min(PATIENCE_SECONDS, services.patience.total_seconds())
        reads = _Reads(pool, until)
        kubernetes = {cluster_key(c): source.kubernetes(c, services, _Reads(inside, until)) for c in clusters}
        contents = [(group, reads.of("interfaces", source.contents(group))) for group in _by_place(subnets)]
        places = {
            place: reads.of("CNI metrics and quotas", source.place(place, clusters))
            for place in sorted({(c.account_id, c.region) for c in clusters})
        }
        launches = {cluster_key(c): reads.of("failed launches", source.launches(c)) for c in clusters}
        tagged = {
            vpc_id: reads.of("subnets' tags", source.tagged(owner, region, vpc_id))
            for owner, region, vpc_id in sorted({(s.account_id, s.region, s.vpc_id) for s in subnets})
        }
        seen, unread = _together(((group, each.value()) for group, each in contents), services.now())
        states = reads.of("instances of detached interfaces", source.states(seen))
        limits = reads.of("limits of instance types", source.limits(seen, clusters)).value()
        return Found(
            contents=seen,
            unread_contents=unread,
            places={place: each.value() for place, each in places.items()},
            launches={key: each.value() for key, each in launches.items()},
            subnets={vpc_id: each.value() for vpc_id, each in tagged.items()},
            states=states.value(),
            limits={} if isinstance(limits, Unread) else limits,
            kubernetes={key: each if isinstance(each, Unread) else each.value() for key, each in kubernetes.items()},
        )
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        inside.shutdown(wait=False, cancel_futures=True)


def _by_place(subnets: Sequence[Subnet]) -> tuple[tuple[Subnet, ...], ...]:
    """The subnets by account and region, so that one place that is slow keeps no other's interfaces."""
    groups: dict[tuple[str, str], list[Subnet]] = {}
    for subnet in subnets:
        groups.setdefault((subnet.account_id, subnet.region), []).append(subnet)
    return tuple(map(tuple, groups.values()))


def _together(
    brought: Iterable[tuple[Sequence[Subnet], SubnetContents | Unread]], now: datetime
) -> tuple[SubnetContents, Unread | None]:
    """What was read of all places, and why of some of them nothing was."""
    from bot.aws.collect import merged

    parts, reasons = [SubnetContents(subnet_ids=frozenset(), observed_at=now)], {}
    for group, found in brought:
        if isinstance(found, Unread):
            reasons[f"{group[0].account_id} {group[0].region}"] = found.reason
            found = SubnetContents(subnet_ids=frozenset(subnet.subnet_id for subnet in group), observed_at=now)
        parts.append(found)
    if not reasons:
        return merged(parts), None
    first = next(iter(reasons.values()))
    return merged(parts), Unread(reason=f"{first} ({', '.join(reasons)})")


@dataclass(frozen=True, slots=True)
class _Answer(Generic[T]):
    """One read under way."""

    words: str
    future: Future[T]
    until: float

    def value(self) -> T | Unread:
        """What it brought; why not, when it was refused or patience ended."""
        try:
            return self.future.result(timeout=max(self.until - monotonic(), _LEAST_SECONDS))
        except TookTooLong:
            return Unread(reason=f"{self.words}: no answer in time")
        except QueryError as error:
            return Unread(reason=f"{self.words}: {error.message}")


@dataclass(frozen=True, slots=True)
class _Reads:
    """The reads of one diagnosis, which end together."""

    pool: ThreadPoolExecutor
    until: float

    def of(self, words: str, read_it: Callable[[], T]) -> _Answer[T]:
        """Begin a read; `words` name it where it fails."""
        return _Answer(words, self.pool.submit(read_it), self.until)


@dataclass(frozen=True, slots=True)
class _Source:
    """The reads as calls without arguments, each in the account that the thing belongs to."""

    reader: "Reader"
    accounts: Mapping[str, Account] = field(default_factory=dict)

    def contents(self, subnets: Sequence[Subnet]) -> Callable[[], SubnetContents]:
        return lambda: self.reader.contents(subnets)

    def place(self, place: tuple[str, str], clusters: Iterable[Cluster]) -> Callable[[], RegionEvidence]:
        account_id, region = place
        here = [cluster for cluster in clusters if (cluster.account_id, cluster.region) == place]
        asked = Asked(clusters=tuple(cluster.name for cluster in here), vpc_ids=tuple(sorted({c.vpc_id for c in here})))
        return lambda: self.reader.evidence(self._account(account_id), region, asked)

    def launches(self, cluster: Cluster) -> Callable[[], tuple[LaunchFailure, ...]]:
        return lambda: self.reader.launch_failures(self._account(cluster.account_id), cluster.region, cluster.name)

    def tagged(self, owner: str, region: str, vpc_id: str) -> "Callable[[], tuple[TaggedSubnet, ...]]":
        return lambda: self.reader.tagged_subnets(self._account(owner), region, vpc_id)

    def kubernetes(self, cluster: Cluster, services: Services, reads: _Reads) -> "_Answer[KubernetesFacts] | Unread":
        """What the cluster's own API shows, or why it is not asked."""
        if services.kubernetes is None:
            return Unread(reason=f"{_INSIDE}: not asked here")
        clusters = services.kubernetes()
        if reason := clusters.why_not(cluster.name):
            return Unread(reason=f"{_INSIDE}: {reason}")

        def access() -> ClusterAccess:
            return self.reader.cluster_access(self._account(cluster.account_id), cluster.region, cluster.name)

        return reads.of(
            f"{_INSIDE} of {cluster.name}", lambda: clusters.facts(cluster.name, cluster_key(cluster), access)
        )

    def states(self, contents: SubnetContents) -> Callable[[], dict[str, str]]:
        wanted: dict[tuple[str, str], set[str]] = {}
        for eni in detached(contents.enis):
            wanted.setdefault((eni.account_id, eni.region), set()).add(eni.tag(INSTANCE_TAG) or "")

        def read_all() -> dict[str, str]:
            states: dict[str, str] = {}
            for (account_id, region), ids in wanted.items():
                states.update(self.reader.instance_states(self._account(account_id), region, ids))
            return states

        return read_all

    def limits(self, contents: SubnetContents, clusters: Sequence[Cluster]) -> Callable[[], dict[str, InstanceLimits]]:
        wanted = sorted({node.instance_type for node in contents.nodes if node.cluster})

        def read_all() -> dict[str, InstanceLimits]:
            found: dict[str, InstanceLimits] = {}
            if wanted and clusters:
                try:
                    first = clusters[0]
                    found.update(self.reader.instance_limits(wanted, first.account_id, first.region))
                except QueryError:
                    # The snapshot answers for EC2.
                    found.clear()
            for name in wanted:
                limits = found.get(name) or snapshot_limits(name)
                if limits is not None:
                    found[name] = limits
            return found

        return read_all

    def _account(self, account_id: str) -> Account:
        if account_id not in self.accounts:
            raise QueryError(f"account {account_id} is not configured.", account_id=account_id)
        return self.accounts[account_id]
