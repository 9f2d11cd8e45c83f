"""Demand ahead: what is committed already and may come any day, worked out from the node groups, not from the past.

Three questions beside the forecasts: do the addresses last if every node group grows to its maximum, while one node
group is updated, and when one zone is lost and its nodes start in the others?
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from bot.capacity.plan import Plan, plan
from bot.capacity.rooms import Need, Take, Zone, full_need
from bot.capacity.sites import Growth, Held, Site, grown
from bot.capacity.upgrade import WINDOWS_AMI, group_update
from bot.capacity.warmpool import PoolSettings
from bot.inventory import Cluster, InstanceLimits


class Demand(Enum):
    """What may come."""

    ALL_AT_MAX = "all node groups at their maximum"
    ONE_UPDATE = "the largest rolling update of one node group"
    ZONE_LOST = "one zone lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A part of it: `nodes` more of one kind, and whether they fit; `plan` None: not known, `why_unknown` says why."""

    subject: str
    nodes: int
    plan: Plan | None
    why_unknown: str = ""

    @property
    def fits(self) -> bool | None:
        """Whether every zone takes its share."""
        return None if self.plan is None else self.plan.fits

    @property
    def needed_ips(self) -> int | None:
        """Addresses that the nodes take together, a /28 block counted as 16."""
        return None if self.plan is None else self.nodes * self.plan.need.ips

    @property
    def short_ips(self) -> int | None:
        """Addresses that are missing over all zones."""
        return None if self.plan is None else self.plan.short_by_ips


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """One demand with its parts, one after the other; `subject` is the node group or the zone it is about, if one."""

    demand: Demand
    steps: tuple[Step, ...]
    subject: str = ""

    @property
    def fits(self) -> bool | None:
        """Whether all of it fits: False when one part does not, None when one is not known. Nothing to come fits."""
        found = [step.fits for step in self.steps]
        return False if False in found else None if None in found else True

    @property
    def nodes(self) -> int:
        """Nodes that come."""
        return sum(step.nodes for step in self.steps)

    @property
    def needed_ips(self) -> int | None:
        """Addresses that they take together; None when a part is not known."""
        return _total([step.needed_ips for step in self.steps])

    @property
    def short_ips(self) -> int | None:
        """Addresses that are missing; None when a part is not known."""
        return _total([step.short_ips for step in self.steps])


def demand_ahead(
    here: Site,
    by_group: Mapping[str, Site],
    limits_of: Mapping[str, InstanceLimits],
    settings: PoolSettings,
    *,
    ipv6: bool = False,
) -> tuple[Ahead, ...]:
    """The three demands on the cluster whose site is `here`; `by_group` holds the site of each node group's subnets.

    Each is judged alone, from today: an update during growth needs both. Of the updates the one that fits worst is
    given, of the zones the one whose loss does.
    """
    if here.cluster is None:
        return ()
    updates = list(_updates(here.cluster, by_group, limits_of, settings, ipv6=ipv6))
    losses = [_zone_lost(here, index, limits_of, settings, ipv6=ipv6) for index in range(len(here.zones))]
    return (
        _all_at_max(here, limits_of, settings, ipv6=ipv6),
        *sorted(updates, key=_worst_first)[:1],
        *sorted(losses, key=_worst_first)[:1],
    )


def _all_at_max(here: Site, limits_of: Mapping[str, InstanceLimits], settings: PoolSettings, *, ipv6: bool) -> Ahead:
    """Each group after the other, in the zones of its own subnets, what came before it in place already."""
    steps = []
    site = here
    for growth in here.growth:
        limits = limits_of.get(growth.instance_type)
        if limits is None:
            steps.append(_unknown(growth.nodegroup, growth.nodes, "the limits of its type are not known"))
            continue
        own = tuple(_own_zones((*site.zones, *site.elsewhere), growth))
        if not own:
            steps.append(_unknown(growth.nodegroup, growth.nodes, "its subnets are not known"))
            continue
        need = full_need(limits, settings, ipv6=ipv6)
        steps.append(Step(subject=growth.nodegroup, nodes=growth.nodes, plan=plan(own, need, growth.nodes)))
        site = grown(replace(site, growth=(growth,)), limits_of, settings, ipv6=ipv6)
    return Ahead(demand=Demand.ALL_AT_MAX, steps=tuple(steps))


def _own_zones(zones: Sequence[Zone], growth: Growth) -> Iterator[Zone]:
    for zone in zones:
        rooms = tuple(room for room in zone.node_rooms if room.subnet_id in growth.subnet_ids)
        if rooms:
            yield replace(zone, node_rooms=rooms)


def _updates(
    cluster: Cluster,
    by_group: Mapping[str, Site],
    limits_of: Mapping[str, InstanceLimits],
    settings: PoolSettings,
    *,
    ipv6: bool,
) -> Iterator[Ahead]:
    for group in cluster.nodegroups:
        site = by_group.get(group.name)
        if site is None:
            step = _unknown(group.name, 0, "its subnets are not known")
        else:
            limits = limits_of.get(next(iter(group.instance_types), ""))
            update = group_update(group, site, settings, limits, ipv6=ipv6)
            step = Step(subject=group.name, nodes=update.surge_nodes, plan=update.plan, why_unknown=update.why_unknown)
        yield Ahead(demand=Demand.ONE_UPDATE, subject=group.name, steps=(step,))


def _zone_lost(
    here: Site, lost: int, limits_of: Mapping[str, InstanceLimits], settings: PoolSettings, *, ipv6: bool
) -> Ahead:
    """The nodes of one zone start in the others: as large as the largest of their kind there is now.

    Nodes are those in the zone's own subnets; without a list of them, or with no zone left, it is not known.
    """
    zone = here.zones[lost]
    rest = tuple(other for index, other in enumerate(here.zones) if index != lost)
    name = zone.az or zone.az_id
    if here.held is None:
        return _lost(name, (_unknown("nodes", 0, "the interfaces of a subnet were not read"),))
    own = {room.subnet_id for room in zone.node_rooms}
    steps = []
    for held in sorted((item for item in here.held if item.subnet_id in own), key=lambda item: item.instance_type):
        subject = f"{held.nodegroup or 'other nodes'} {held.instance_type}"
        need, why = _need(here.cluster, held, limits_of.get(held.instance_type), settings, ipv6=ipv6)
        if need is None or not rest:
            steps.append(_unknown(subject, held.nodes, why or "there is no other zone"))
            continue
        placed = plan(rest, need, held.nodes)
        steps.append(Step(subject=subject, nodes=held.nodes, plan=placed))
        rest = tuple(item.zone.filled(need, min(item.asked or 0, item.nodes_fit or 0)) for item in placed.zones)
    return _lost(name, tuple(steps))


def _need(
    cluster: Cluster | None, held: Held, limits: InstanceLimits | None, settings: PoolSettings, *, ipv6: bool
) -> tuple[Need | None, str]:
    """What a node of this kind takes elsewhere, or why it is not known.

    The largest there is where its subnet holds all of it; under custom networking its pods are in another subnet, and
    a full node of the model stands for it.
    """
    if ipv6 or not settings.custom_networking:
        singles, blocks = held.largest
        return Need(node=Take(singles=singles, blocks=blocks)), ""
    group = next((item for item in cluster.nodegroups if item.name == held.nodegroup), None) if cluster else None
    if group is not None and group.ami_type.startswith(WINDOWS_AMI):
        return None, "the model of a full node is of Linux"
    if limits is None:
        return None, "the limits of its type are not known"
    return full_need(limits, settings), ""


def _unknown(subject: str, nodes: int, why: str) -> Step:
    return Step(subject=subject, nodes=nodes, plan=None, why_unknown=why)


def _lost(zone: str, steps: tuple[Step, ...]) -> Ahead:
    return Ahead(demand=Demand.ZONE_LOST, subject=zone, steps=steps)


def _total(parts: Sequence[int | None]) -> int | None:
    known = [part for part in parts if part is not None]
    return sum(known) if len(known) == len(parts) else None


def _worst_first(ahead: Ahead) -> tuple[int, int, int]:
    """What does not fit before what is not known, and what fits last; by the addresses short, then needed."""
    order = {False: 0, None: 1, True: 2}[ahead.fits]
    return order, -(ahead.short_ips or 0), -(ahead.needed_ips or 0)
