"""Samples of clusters and node groups: room for EKS in the cluster's subnets, room for nodes, health as EKS sees it."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.alerts.margins import clear_below
from bot.alerts.samples import ClusterSample, ControlPlaneSubnet, NodegroupSample
from bot.alerts.thresholds import Thresholds
from bot.capacity.blocks import free_block_bounds
from bot.capacity.cni_env import settings_as_shipped
from bot.capacity.plan import plan
from bot.capacity.rooms import Need, Room, full_need
from bot.capacity.sites import site, subnets_to_read
from bot.capacity.size import LOAD_BALANCER_IPS
from bot.capacity.warmpool import PoolMode, refusal
from bot.inventory import Cluster, HealthIssue, InstanceLimits, Inventory, Nodegroup, Quality, RegionFacts, Subnet
from bot.monitor.subnet_samples import Contents

Place = tuple[str, str]
"""Account id and region."""

LimitsOf = Callable[[Collection[str], str, str], Mapping[str, InstanceLimits]]
"""The limits of instance types in an account and region; those nobody knows are left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EksRead:
    """When EKS last told of the clusters, and of the node groups, of an account and region; None is not yet."""

    clusters_at: datetime | None = None
    nodegroups_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Samples of one cluster or node group, with what they are about."""

    cluster: Cluster
    nodegroup: str
    sample: ClusterSample | NodegroupSample


def health_samples(inventory: Inventory, reads: Mapping[Place, EksRead]) -> Iterator[Found]:
    """What EKS said of each cluster and node group when it was last asked."""
    for cluster in inventory.clusters:
        read = reads.get((cluster.account_id, cluster.region), EksRead())
        if read.clusters_at is not None:
            sample = ClusterSample(
                account_id=cluster.account_id,
                region=cluster.region,
                cluster=cluster.name,
                observed_at=read.clusters_at,
                health=cluster.health,
            )
            yield Found(cluster=cluster, nodegroup="", sample=sample)
        if read.nodegroups_at is None:
            continue
        for group in cluster.nodegroups:
            group_sample = _nodegroup(cluster, group, read.nodegroups_at, health=group.health)
            yield Found(cluster=cluster, nodegroup=group.name, sample=group_sample)


def control_plane_samples(inventory: Inventory, subnets: Mapping[str, Subnet]) -> Iterator[Found]:
    """The free addresses of each cluster's own subnets, as old as the oldest; reserved space is none of EKS's."""
    for cluster in inventory.clusters:
        own = [subnets[subnet_id] for subnet_id in cluster.subnet_ids if subnet_id in subnets]
        own = [subnet for subnet in own if subnet.cidr is not None]
        if not own or any(subnet.quality is not Quality.FRESH for subnet in own):
            continue
        unseen = len(cluster.subnet_ids) - len(own)
        told = [
            ControlPlaneSubnet(
                subnet_id=subnet.subnet_id, label=subnet.label, az_id=subnet.az_id, free_ips=subnet.available_ips
            )
            for subnet in own
        ]
        told += (
            ControlPlaneSubnet(subnet_id=subnet_id, label=subnet_id, az_id="", free_ips=None)
            for subnet_id in (cluster.subnet_ids if unseen else ())
            if subnet_id not in subnets
        )
        sample = ClusterSample(
            account_id=cluster.account_id,
            region=cluster.region,
            cluster=cluster.name,
            observed_at=min(subnet.observed_at for subnet in own),
            subnets=tuple(told),
        )
        yield Found(cluster=cluster, nodegroup="", sample=sample)


class NodeRoom:
    """Counts how many more nodes of each node group fit: by addresses alone where that is enough, else exactly.

    The groups that the address count does not decide wait until it is `due`, for their interfaces have to be read.
    """

    def __init__(self, thresholds: Thresholds, read: Contents, limits_of: LimitsOf) -> None:
        self._read = read
        self._limits_of = limits_of
        self._enough = int(clear_below(thresholds.nodes_fit, None, thresholds.clear_ratio))

    def samples(self, inventory: Inventory, subnets: Mapping[str, Subnet], *, due: bool) -> Iterator[Found]:
        """One sample of each node group whose room is known now."""
        kinds: dict[tuple[object, ...], _NodeKind | None] = {}
        for facts in inventory.regions:
            groups = [(cluster, group) for cluster in facts.clusters for group in cluster.nodegroups]
            types = {group.instance_types[0] for _, group in groups if group.instance_types}
            limits = self._limits_of(types, facts.account_id, facts.region) if types else {}
            for cluster, group in groups:
                own = [subnets[subnet_id] for subnet_id in group.subnet_ids if subnet_id in subnets]
                mine = limits.get(next(iter(group.instance_types), ""))
                if mine is None or not _usable(own, group):
                    continue
                key = (mine, cluster.ip_family, cluster.cni)
                if key not in kinds:
                    kinds[key] = _node_kind(cluster, mine)
                fit = self._fit(cluster, own, kinds[key], facts, exact=due)
                if fit is not None:
                    seen = min(subnet.observed_at for subnet in own)
                    sample = _nodegroup(cluster, group, seen, nodes_fit=fit)
                    yield Found(cluster=cluster, nodegroup=group.name, sample=sample)

    def _fit(
        self, cluster: Cluster, own: list[Subnet], kind: "_NodeKind | None", facts: RegionFacts, *, exact: bool
    ) -> int | None:
        """Nodes that fit, each subnet filled as far as it goes; at least so many where that is enough, None unknown."""
        if kind is None:
            return None
        if kind.need.pods is None:
            surely = _surely_fit(own, kind.need, self._enough)
            if surely >= self._enough:
                return surely
        return self._exactly(cluster, own, kind, facts) if exact else None

    def _exactly(self, cluster: Cluster, own: list[Subnet], kind: "_NodeKind", facts: RegionFacts) -> int | None:
        here = Inventory(accounts=(), regions=(facts,), expected_regions=1)
        contents = self._read(subnets_to_read(own, cluster, here))
        found = site(
            own,
            cluster,
            here,
            contents,
            prefixes=kind.prefixes,
            custom_networking=kind.need.pods is not None,
        )
        return plan(found.zones, kind.need, None).anywhere


@dataclass(frozen=True, slots=True, kw_only=True)
class _NodeKind:
    """What a full node of one type takes under one cluster's settings."""

    need: Need
    prefixes: bool


def _node_kind(cluster: Cluster, limits: InstanceLimits) -> _NodeKind | None:
    """What a full node takes; None where the CNI's settings are not known: a node takes one address or hundreds."""
    ipv6 = cluster.ip_family == "ipv6"
    if cluster.cni.source == "unknown" and not ipv6:
        return None
    settings = settings_as_shipped(dict(cluster.cni.environment))
    if refusal(settings) is not None:
        return None
    return _NodeKind(
        need=full_need(limits, settings, ipv6=ipv6), prefixes=settings.mode is PoolMode.PREFIX and not ipv6
    )


def _usable(own: list[Subnet], group: Nodegroup) -> bool:
    """Whether every subnet of the group is known and fresh."""
    fresh = [s for s in own if s.quality is Quality.FRESH and s.cidr is not None and s.available_ips is not None]
    return bool(own) and len(fresh) == len(group.subnet_ids)


def _surely_fit(own: Iterable[Subnet], need: Need, enough: int) -> int:
    """Nodes that fit whatever the interfaces are, counted until they are enough: as if load balancers were in every
    subnet, and every used address in a block of its own."""
    fit = 0
    for subnet in own:
        available = subnet.available_ips or 0
        if not need.node.blocks:
            fit += max(available - LOAD_BALANCER_IPS, 0) // need.node.singles
        elif subnet.cidr is not None:
            room = Room(
                subnet_id=subnet.subnet_id,
                label=subnet.label,
                free_ips=available,
                singles=available - LOAD_BALANCER_IPS,
                kept_ips=LOAD_BALANCER_IPS,
                open_blocks=free_block_bounds(subnet.cidr, available).at_least,
                reserved_blocks=0,
            )
            fit += max(room.nodes_fit(need.node) or 0, 0)
        if fit >= enough:
            return fit
    return fit


def _nodegroup(
    cluster: Cluster,
    group: Nodegroup,
    observed_at: datetime,
    *,
    nodes_fit: int | None = None,
    health: tuple[HealthIssue, ...] | None = None,
) -> NodegroupSample:
    known = group.max_size is not None and group.desired_size is not None
    return NodegroupSample(
        account_id=cluster.account_id,
        region=cluster.region,
        cluster=cluster.name,
        nodegroup=group.name,
        observed_at=observed_at,
        instance_type=next(iter(group.instance_types), ""),
        room=max((group.max_size or 0) - (group.desired_size or 0), 0) if known else None,
        nodes_fit=nodes_fit,
        health=health,
    )
