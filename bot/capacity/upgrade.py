"""Upgrade fit: whether a cluster's subnets have the addresses that updating its control plane and node groups takes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import partial

from bot.capacity.plan import Plan, plan
from bot.capacity.rooms import Need, Take, full_need
from bot.capacity.sites import UPDATE_IPS, Held, Site
from bot.capacity.size import CONTROL_PLANE_IPS, SURGE_PER_ZONE
from bot.capacity.warmpool import PoolSettings
from bot.inventory import Cluster, HealthIssue, InstanceLimits, Nodegroup, Quality, Subnet

RECOMMENDED_IPS = 16
"""Free addresses that AWS recommends in each cluster subnet.

Source: https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html
"""

FULL_CODE = "InsufficientFreeAddresses"
"""The health code of EKS that names full subnets.

Source: https://docs.aws.amazon.com/eks/latest/APIReference/API_ClusterIssue.html and API_Issue.html
"""

LARGEST_UNAVAILABLE = 100
"""Nodes of a managed node group that EKS updates at once at most.

Source: https://docs.aws.amazon.com/eks/latest/APIReference/API_NodegroupUpdateConfig.html
"""

WINDOWS_AMI = "WINDOWS"
"""How the AMI types of Windows nodes begin.

Source: https://docs.aws.amazon.com/eks/latest/APIReference/API_Nodegroup.html (amiType)
"""


class SurgeSource(Enum):
    """What the number of nodes that an update adds follows from."""

    ZONES = "two a zone, which is not less than its maxUnavailable"
    ZONES_ALONE = "two a zone, its maxUnavailable is not known"
    MAX_UNAVAILABLE = "its maxUnavailable"
    PERCENTAGE = "its maxUnavailablePercentage of the desired size"
    GIVEN = "the maxUnavailable that was given"


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlSubnet:
    """A subnet of the control plane: free addresses (None: not known) against what an update wants there."""

    subnet_id: str
    name: str
    free_ips: int | None
    needed_ips: int = UPDATE_IPS

    @property
    def fits(self) -> bool | None:
        """Whether the update's addresses are free."""
        return None if self.free_ips is None else self.free_ips >= self.needed_ips


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupUpdate:
    """A node group's rolling update: the nodes it adds and where they stand; `plan` is None when not known.

    `measured` says that each added node is taken to hold what the largest node of the group holds now, else a full
    node by the model; `why_unknown` says what is missing for a plan, `surge_source` what `surge_nodes` follows from.
    """

    name: str
    surge_nodes: int
    plan: Plan | None
    measured: bool = False
    why_unknown: str = ""
    surge_source: SurgeSource = SurgeSource.ZONES_ALONE

    @property
    def fits(self) -> bool | None:
        """Whether every zone takes its share of the added nodes."""
        return None if self.plan is None else self.plan.fits


@dataclass(frozen=True, slots=True, kw_only=True)
class Upgrade:
    """The verdict over control plane and node groups, with EKS's own health issues by subject."""

    cluster: Cluster
    control_plane: tuple[ControlSubnet, ...]
    nodegroups: tuple[GroupUpdate, ...]
    health: tuple[tuple[str, HealthIssue], ...]

    @property
    def fits(self) -> bool | None:
        """Whether all of it fits: False when one part does not, None when a part is not known."""
        found = [*(item.fits for item in self.control_plane), *(item.fits for item in self.nodegroups)]
        found += [False for _, issue in self.health if self._holds(issue)]
        if False in found:
            return False
        return None if None in found or not self.control_plane else True

    def _holds(self, issue: HealthIssue) -> bool:
        """Whether a report of full subnets still stands: EKS takes a while to withdraw it once addresses are free."""
        free = {item.subnet_id for item in self.control_plane if item.fits}
        return issue.code == FULL_CODE and not (issue.resource_ids and set(issue.resource_ids) <= free)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why, what is assumed and what is not known, the most serious first."""
        return tuple(dict.fromkeys((*self._against(), *self._unknown(), *self._notes())))

    def _against(self) -> Iterator[str]:
        for item in self.control_plane:
            if item.fits is False:
                yield (
                    f"{item.name} has {_ips(item.free_ips or 0)} free, and an update of the control plane wants "
                    f"{item.needed_ips} in each cluster subnet."
                )
        for subject, issue in self.health:
            if self._holds(issue):
                yield f"EKS reports {issue.code} for {subject}: {', '.join(issue.resource_ids) or issue.message}"
        for group in self.nodegroups:
            if group.fits is False and group.plan is not None:
                yield _too_many(group, group.plan)

    def _unknown(self) -> Iterator[str]:
        for item in self.control_plane:
            if item.fits is None:
                yield f"The free addresses of {item.name} are not known."
        if not self.control_plane:
            yield "The subnets of the control plane are not known."
        for group in self.nodegroups:
            if group.fits is None:
                yield f"Node group {group.name}: {group.why_unknown or 'the addresses of a subnet are not known'}."

    def _notes(self) -> Iterator[str]:
        for subject, issue in self.health:
            if issue.code != FULL_CODE:
                yield f"EKS reports {issue.code} for {subject}: {issue.message}"
            elif not self._holds(issue):
                yield f"EKS still reports {issue.code} for {subject}, although the subnets it names have room now."
        little = [item.name for item in self.control_plane if item.fits and (item.free_ips or 0) < RECOMMENDED_IPS]
        if little:
            yield (
                f"{', '.join(little)}: fewer than the {RECOMMENDED_IPS} free addresses AWS recommends "
                f"({CONTROL_PLANE_IPS} to create a cluster, {UPDATE_IPS} to update one)."
            )
        if any(group.measured for group in self.nodegroups):
            yield "An added node is taken to hold what the largest node of its group holds now."
        if any(group.plan is not None and not group.measured for group in self.nodegroups):
            yield "Where a group's nodes could not be read, an added node is taken to be full, by the model."
        for group in self.nodegroups:
            if group.surge_source not in (SurgeSource.ZONES, SurgeSource.ZONES_ALONE):
                yield f"Node group {group.name}: an update adds up to {group.surge_nodes}, {group.surge_source.value}."
        if len(self.nodegroups) > 1:
            yield "Each node group is judged alone: update one after the other."
        if not self.nodegroups:
            yield "No managed node groups: nodes that Karpenter or others replace take what `plan` says."


def control_subnets(cluster: Cluster, subnets: Mapping[str, Subnet]) -> tuple[ControlSubnet, ...]:
    """The subnets of the control plane with their free addresses, reserved space left out.

    Source: https://docs.aws.amazon.com/eks/latest/userguide/update-cluster.html and
    https://github.com/aws/containers-roadmap/issues/1693 (the rule holds for each subnet, not for their sum).
    """
    found = []
    for subnet_id in cluster.subnet_ids:
        subnet = subnets.get(subnet_id)
        known = subnet is not None and subnet.quality in (Quality.FRESH, Quality.STALE)
        found.append(
            ControlSubnet(
                subnet_id=subnet_id,
                name=subnet_id if subnet is None else subnet.label,
                free_ips=subnet.available_ips if subnet is not None and known else None,
            )
        )
    return tuple(found)


def group_update(
    group: Nodegroup,
    site: Site,
    settings: PoolSettings,
    limits: InstanceLimits | None,
    *,
    ipv6: bool = False,
    max_unavailable: int | None = None,
) -> GroupUpdate:
    """The rolling update of one node group, whose nodes start in the zones of `site` (its own subnets).

    The pods move to the new nodes before the old ones give their addresses back. `max_unavailable` overrides the
    group's own.
    """
    surge, source = surge_nodes(group, len(site.zones), max_unavailable)
    unknown = partial(GroupUpdate, name=group.name, surge_nodes=surge, surge_source=source, plan=None)
    if not site.zones:
        return unknown(why_unknown="its subnets are not known")
    need = None if ipv6 else _measured(group, site, settings)
    measured = need is not None
    if need is None:
        if group.ami_type.startswith(WINDOWS_AMI):
            return unknown(why_unknown="none of its Windows nodes was read, and the model of a full node is of Linux")
        if limits is None:
            why = (
                "its instance type is not known" if not group.instance_types else "the limits of its type are not known"
            )
            return unknown(why_unknown=why)
        need = full_need(limits, settings, ipv6=ipv6)
    return GroupUpdate(
        name=group.name,
        surge_nodes=surge,
        surge_source=source,
        plan=plan(site.zones, need, surge),
        measured=measured,
    )


def surge_nodes(group: Nodegroup, zones: int, max_unavailable: int | None = None) -> tuple[int, SurgeSource]:
    """The nodes that an update adds for a while at most, and what the number follows from.

    The larger of twice the zones and maxUnavailable: `max_unavailable` where given, else the group's own. A percentage
    is that share of the desired nodes, rounded up (AWS does not say how it rounds).
    Source: https://docs.aws.amazon.com/eks/latest/userguide/managed-node-update-behavior.html
    """
    share = None
    if group.max_unavailable_pct is not None and group.desired_size is not None:
        share = min(-(-group.desired_size * group.max_unavailable_pct // 100), LARGEST_UNAVAILABLE)
    ways = (
        (max_unavailable, SurgeSource.GIVEN),
        (group.max_unavailable, SurgeSource.MAX_UNAVAILABLE),
        (share, SurgeSource.PERCENTAGE),
    )
    by_zones = SURGE_PER_ZONE * zones
    for nodes, source in ways:
        if nodes is not None:
            return (nodes, source) if nodes > by_zones else (by_zones, SurgeSource.ZONES)
    return by_zones, SurgeSource.ZONES_ALONE


def upgrade(cluster: Cluster, control_plane: Sequence[ControlSubnet], nodegroups: Sequence[GroupUpdate]) -> Upgrade:
    """The verdict, with the health issues EKS reports for the cluster and its node groups."""
    health = [(cluster.name, issue) for issue in cluster.health]
    health += [(f"{cluster.name}/{group.name}", issue) for group in cluster.nodegroups for issue in group.health]
    return Upgrade(
        cluster=cluster,
        control_plane=tuple(control_plane),
        nodegroups=tuple(nodegroups),
        health=tuple(health),
    )


def _measured(group: Nodegroup, site: Site, settings: PoolSettings) -> Need | None:
    """What the largest node of the group holds now, None when no node of it was read."""
    held = [item for item in site.held or () if item.nodegroup == group.name]
    node = _largest(item for item in held if item.subnet_id in site.node_subnet_ids)
    pods = _largest(item for item in held if item.subnet_id not in site.node_subnet_ids)
    if node is None:
        return None
    if not settings.custom_networking and pods is not None:
        # Subnet discovery spread them: together they are what one node takes.
        return Need(node=Take(singles=node.singles + pods.singles, blocks=node.blocks + pods.blocks))
    return Need(node=node, pods=pods)


def _largest(held: Iterable[Held]) -> Take | None:
    sizes = [item.largest for item in held]
    if not sizes:
        return None
    return Take(singles=max(singles for singles, _ in sizes), blocks=max(blocks for _, blocks in sizes))


def _too_many(group: GroupUpdate, found: Plan) -> str:
    short = [zone for zone in found.zones if zone.fits is False]
    names = ", ".join(f"{zone.zone.label} takes {zone.nodes_fit} of {zone.asked}" for zone in short[:3])
    more = f" and {len(short) - 3} more zones are short" if len(short) > 3 else ""
    return (
        f"Node group {group.name}: an update adds up to {group.surge_nodes} nodes of {_ips(found.need.ips)} each; "
        f"{names}{more}."
    )


def _ips(number: int) -> str:
    return f"{number:,} address" if number == 1 else f"{number:,} addresses"
