"""A plan as a question to be answered by options: what they rest on, and what an option says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

from bot.capacity.plan import Plan, plan
from bot.capacity.rooms import Need, Zone
from bot.capacity.sites import Site
from bot.capacity.warmpool import PoolSettings
from bot.inventory import InstanceLimits, VpcRouting


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One way to make room: `gain_ips` addresses are added or no longer taken from the nodes' subnets.

    `elsewhere_ips` of the gain are in subnets that the plan does not ask about. `fits` None: it cannot be told.
    `left_ips` stay free in the subnets used, or `short_ips` are still missing; `note` is what to know beforehand.
    """

    title: str
    gain_ips: int | None
    fits: bool | None
    commands: tuple[str, ...] = ()
    left_ips: int | None = None
    short_ips: int | None = None
    note: str = ""
    elsewhere_ips: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A plan that was worked out, with what its options rest on.

    `existing_pods` is the mean number of pods with an address on the nodes there by type, None when not known;
    `limits_of` holds the limits of their types, `running` the settings they run, None where those are the plan's.
    `subnet_cidrs` are the VPC's subnets, None when not all could be read; `other_cidrs` the blocks of other VPCs,
    `routing` the VPC's routes and peerings, None when not asked for.
    """

    site: Site
    limits: InstanceLimits
    settings: PoolSettings
    pods: int
    found: Plan
    ipv6: bool = False
    existing_pods: Mapping[str, int] | None = None
    running: PoolSettings | None = None
    limits_of: Mapping[str, InstanceLimits] | None = None
    subnet_cidrs: tuple[IPv4Network, ...] | None = None
    other_cidrs: tuple[IPv4Network, ...] = ()
    routing: VpcRouting | None = None

    @property
    def asked(self) -> int:
        """The nodes asked for; 0 when no number was."""
        return self.found.asked or 0

    def again(self, need: Need, zones: Sequence[Zone] | None = None) -> Plan:
        """The plan with another need or other zones."""
        return plan(self.site.zones if zones is None else zones, need, self.asked)


def left_after(found: Plan) -> int | None:
    """Free addresses that nodes could still take in all subnets of a plan that fits; None when it does not."""
    if found.fits is not True:
        return None
    return sum(left_in(item.zone, found.need, item.asked or 0) for item in found.zones)


def left_in(zone: Zone, need: Need, nodes: int) -> int:
    """Free addresses of the zone that nodes could still take after so many more of them."""
    if zone.discovered and need.extra_enis:
        singles = sum(max(room.singles or 0, 0) for room in (*zone.node_rooms, *zone.discovered))
        return max(singles - nodes * need.node.ips, 0)
    after = zone.filled(need, nodes)
    return sum(max(room.singles or 0, 0) for room in (*after.node_rooms, *after.pod_rooms))
