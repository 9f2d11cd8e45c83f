"""The plan: whether so many more nodes fit the zones, at which node it stops, what is short, and how many would fit."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from bot.capacity.nodes import PREFIX_IPS
from bot.capacity.rooms import Need, Room, Take, Zone


class Binding(Enum):
    """What stops the node after the last that fits: single addresses or whole /28 blocks."""

    ADDRESSES = "addresses"
    BLOCKS = "blocks"


@dataclass(frozen=True, slots=True, kw_only=True)
class ZonePlan:
    """One zone of the plan, figures of the subnets that bind there (`pods_bind`: the pods', else the nodes').

    `asked` is the zone's share of the nodes, None when no number was asked; `nodes_fit`, `free_ips` and `short_ips`
    are None when not known. `free_ips` counts the `kept_ips`, which nodes may not take.
    """

    zone: Zone
    asked: int | None
    nodes_fit: int | None
    free_ips: int | None
    kept_ips: int
    needed_ips: int | None
    short_ips: int | None
    binding: Binding
    pods_bind: bool

    @property
    def fits(self) -> bool | None:
        """Whether the zone takes its share."""
        if self.nodes_fit is None:
            return True if self.asked == 0 else None
        return None if self.asked is None else self.nodes_fit >= self.asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """So many more nodes over the zones, evenly; `asked` None asks how many would fit."""

    need: Need
    asked: int | None
    zones: tuple[ZonePlan, ...]

    @property
    def fits(self) -> bool | None:
        """Whether every zone takes its share; None when no number was asked or a zone that decides is not known."""
        found = [zone.fits for zone in self.zones]
        if self.asked is None or not found:
            return None
        return False if False in found else None if None in found else True

    @property
    def short_by_ips(self) -> int | None:
        """Addresses that are missing over all zones, /28 blocks counted as 16 each; None where a zone is not known."""
        short = [zone.short_ips for zone in self.zones]
        known = [ips for ips in short if ips is not None]
        return sum(known) if self.asked is not None and len(known) == len(short) else None

    @property
    def most_nodes(self) -> int | None:
        """The largest number that fits spread evenly; None when a zone is not known."""
        return even_most([zone.nodes_fit for zone in self.zones])

    @property
    def anywhere(self) -> int | None:
        """Nodes that fit when each zone takes as many as it can; None when a zone is not known."""
        known = [zone.nodes_fit for zone in self.zones if zone.nodes_fit is not None]
        return sum(known) if len(known) == len(self.zones) else None

    @property
    def first_full(self) -> tuple[ZonePlan, int] | None:
        """The zone that is full first and the node, counted over all zones, that stops there; None when all fit.

        Nodes start in the zones by turns, those with a larger share first.
        """
        if self.asked is None:
            return None
        turns = sorted(self.zones, key=lambda zone: -(zone.asked or 0))
        stops = [
            (zone.nodes_fit * len(turns) + turn, zone)
            for turn, zone in enumerate(turns, start=1)
            if zone.fits is False and zone.nodes_fit is not None
        ]
        number, zone = min(stops, key=lambda stop: stop[0], default=(0, None))
        return None if zone is None else (zone, number)


def plan(zones: Sequence[Zone], need: Need, asked: int | None) -> Plan:
    """The plan for `asked` more nodes that take `need` each, spread evenly over the zones.

    An Auto Scaling group keeps its zones even and does not see that a subnet has no addresses for pods, so a full
    zone is not made up for by others; the remainder goes to the zones with the most room.
    Source: https://docs.aws.amazon.com/autoscaling/ec2/userguide/auto-scaling-benefits.html (balancing zones) and
    https://github.com/aws/amazon-vpc-cni-k8s/issues/1923 (a node is Ready without addresses).
    """
    fits = [zone.nodes_fit(need) for zone in zones]
    shares = [None] * len(zones) if asked is None else even_shares(fits, asked)
    return Plan(
        need=need,
        asked=asked,
        zones=tuple(_zone_plan(zone, need, share, fit) for zone, share, fit in zip(zones, shares, fits, strict=True)),
    )


def even_shares(fits: Sequence[int | None], nodes: int) -> list[int | None]:
    """How many of the nodes each zone gets: the same number, and the remainder where most nodes fit."""
    if not fits:
        return []
    each, rest = divmod(nodes, len(fits))
    roomiest = sorted(range(len(fits)), key=lambda index: -_at_least(fits[index]))[:rest]
    return [each + (index in roomiest) for index in range(len(fits))]


def even_most(fits: Sequence[int | None]) -> int | None:
    """The largest number of nodes of which every zone can take its even share; None when a zone is not known.

    Example: `even_most([3, 10, 27])` is 11: three in each zone, and one more in two of them.
    """
    known = [fit for fit in fits if fit is not None]
    if len(known) != len(fits) or not known:
        return None
    least = min(known)
    return least * len(known) + sum(fit > least for fit in known)


def _at_least(fit: int | None) -> int:
    return -1 if fit is None else fit


def _zone_plan(zone: Zone, need: Need, asked: int | None, fit: int | None) -> ZonePlan:
    pods = zone.pods_bind(need)
    take = need.pods if pods and need.pods is not None else need.node
    rooms = zone.rooms(pods=pods)
    # Under subnet discovery the nodes' extra ENIs have the other subnets too.
    seen = rooms if pods or not need.extra_enis else (*rooms, *zone.discovered)
    free = [room.free_ips for room in seen]
    known = [ips for ips in free if ips is not None]
    return ZonePlan(
        zone=zone,
        asked=asked,
        nodes_fit=fit,
        free_ips=sum(known) if seen and len(known) == len(free) else None,
        kept_ips=sum(room.kept_ips for room in seen),
        needed_ips=None if asked is None else asked * take.ips,
        short_ips=_short_ips(zone, need, asked, fit),
        binding=Binding.BLOCKS if any(room.blocks_bind(take) for room in rooms) else Binding.ADDRESSES,
        pods_bind=pods,
    )


def _short_ips(zone: Zone, need: Need, asked: int | None, fit: int | None) -> int | None:
    if asked == 0:
        return 0
    if asked is None or fit is None:
        return None
    if fit >= asked:
        return 0
    if zone.discovered and need.extra_enis:
        free = sum(max(room.singles or 0, 0) for room in (*zone.node_rooms, *zone.discovered))
        return max(asked * need.node.ips - free, 1)
    nodes = _short_of(zone.node_rooms, need.node, asked)
    return nodes + (_short_of(zone.pod_rooms, need.pods, asked) if need.pods is not None else 0)


def _short_of(rooms: Sequence[Room], take: Take, asked: int) -> int:
    """Addresses missing in subnets of one kind: those of the nodes that do not fit, less the rest of the best one."""
    fits = [room.nodes_fit(take) or 0 for room in rooms]
    missing = asked - sum(fits)
    if missing <= 0:
        return 0
    over = [_left_over(room.after(take, fit), take) for room, fit in zip(rooms, fits, strict=True)]
    return max(missing * take.ips - max(over, default=0), 1)


def _left_over(room: Room, take: Take) -> int:
    """Addresses left that the next node could use, fewer than a node takes."""
    singles = max(room.singles or 0, 0)
    if not take.blocks:
        return min(singles, take.ips - 1)
    blocks = (room.open_blocks or 0) + (room.reserved_blocks or 0)
    return min(PREFIX_IPS * min(blocks, take.blocks), take.ips - 1)
