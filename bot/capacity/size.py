"""How large subnets and the VPC must be for a number of nodes: growth, rolling updates and a lost zone included."""

from dataclasses import dataclass
from enum import Enum
from math import ceil, floor

from bot.capacity.cidr import LARGEST_LENGTH, SMALLEST_LENGTH
from bot.capacity.nodes import PREFIX_IPS
from bot.capacity.subnets import RESERVED_IPS
from bot.capacity.warmpool import Pool, PoolSettings, steady_state
from bot.inventory import InstanceLimits

HEADROOM_PCT = 10
"""Usable addresses (percent) that stay free at the zone's peak: below that eksip calls a subnet low by default."""

LOAD_BALANCER_IPS = 8
"""Free addresses that an Application Load Balancer wants in a subnet.

Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html
"""

CONTROL_PLANE_LENGTH, CONTROL_PLANE_IPS = 28, 6
"""A /28 for the control plane in each zone: EKS wants 6 free addresses to create a cluster (5 to update it).

Source: https://docs.aws.amazon.com/eks/latest/best-practices/subnets.html (dedicated /28s) and
https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html (at least 6, 16 recommended).
"""

SURGE_PER_ZONE = 2
"""Nodes in each zone that a managed node group's update adds, unless maxUnavailable is more.

Source: https://docs.aws.amazon.com/eks/latest/userguide/managed-node-update-behavior.html (the larger of twice the
number of zones and maxUnavailable).
"""


class Purpose(Enum):
    """What a subnet is for."""

    NODES = "nodes"
    PODS = "pods"
    CONTROL_PLANE = "control-plane"


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What has to fit: `nodes` now over all zones, `growth_pct` more of them later, `pods` with an address on each.

    `max_unavailable` is the node groups' update setting, in nodes.
    """

    limits: InstanceLimits
    settings: PoolSettings
    nodes: int
    pods: int
    zones: int
    growth_pct: float = 0
    max_unavailable: int = 1

    def __post_init__(self) -> None:
        for name, least in (("nodes", 1), ("pods", 0), ("zones", 1), ("growth_pct", 0), ("max_unavailable", 1)):
            if getattr(self, name) < least:
                raise ValueError(f"{name} is {getattr(self, name)}; it cannot be below {least}")

    @property
    def grown_nodes(self) -> int:
        """Nodes over all zones after the growth."""
        return ceil(round(self.nodes * (100 + self.growth_pct) / 100, 6))


@dataclass(frozen=True, slots=True, kw_only=True)
class SubnetSize:
    """Subnets of one purpose: length, how many in each zone, and what stays free in each at the peak (percent)."""

    purpose: Purpose
    prefix_length: int
    per_zone: int
    headroom_pct: float

    @property
    def ips_per_zone(self) -> int:
        """Addresses of the VPC that these subnets take in each zone, reserved ones included."""
        return self.per_zone << 32 - self.prefix_length


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What one node takes from subnets of one purpose: single addresses and whole /28 blocks."""

    purpose: Purpose
    singles: int
    blocks: int

    @property
    def ips(self) -> int:
        return self.singles + PREFIX_IPS * self.blocks

    @property
    def kept_ips(self) -> int:
        """Single addresses kept for load balancers, which stand among nodes and not among pods."""
        return LOAD_BALANCER_IPS if self.purpose is Purpose.NODES else 0

    def headroom_pct(self, length: int, nodes: int) -> float:
        """Free addresses at `nodes` nodes in percent of the usable; of the /28 blocks where those are fewer.

        Each single address is taken to break a block of its own, the worst that can happen without a reservation.
        """
        usable = usable_of(length)
        free = 100 * (usable - nodes * self.ips) / usable
        if not self.blocks:
            return free
        blocks = blocks_of(length)
        needed = nodes * (self.blocks + self.singles) + self.kept_ips
        return min(free, 100 * (blocks - needed) / blocks) if blocks else -1.0

    def fits(self, length: int, nodes: int) -> bool:
        """Whether `nodes` nodes leave what has to stay free: 10% of the addresses, and 8 for load balancers."""
        usable = usable_of(length)
        free = usable - nodes * self.ips
        enough = free >= max(self.kept_ips, ceil(usable * HEADROOM_PCT / 100))
        return enough and self.headroom_pct(length, nodes) >= 0

    def nodes_in(self, length: int) -> int:
        """The most nodes that fit a subnet of this length."""
        if not self.ips:
            return 0
        most = floor(usable_of(length) / self.ips)
        return next((nodes for nodes in range(most, 0, -1) if self.fits(length, nodes)), 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizing:
    """The answer: nodes and addresses of a zone, subnets, VPC blocks. `with_zone_lost` is None with one zone.

    `pool` is what one node holds, `shares` which subnets it comes from; `peak_nodes` are the nodes of a zone that the
    subnets are sized for.
    """

    nodes: int
    surge_nodes: int
    zone_lost_nodes: int | None
    peak_nodes: int
    addresses: int
    with_surge: int
    with_zone_lost: int | None
    pool: Pool
    shares: tuple[Share, ...]
    subnets: tuple[SubnetSize, ...]
    vpc_prefix_length: int
    vpc_blocks: int
    spare_ips: int


def usable_of(length: int) -> int:
    """Addresses of a subnet that can be given out. Example: `usable_of(19)` is 8187."""
    return (1 << 32 - length) - RESERVED_IPS


def blocks_of(length: int) -> int:
    """/28 blocks of an empty subnet that a prefix can use: all but the first and the last, which hold reserved ones.

    Example: `blocks_of(19)` is 510. Source: https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
    """
    return max((1 << SMALLEST_LENGTH - length) - 2, 0) if length < SMALLEST_LENGTH else 0


def vpc_length(ips: int) -> int:
    """Length of the smallest VPC block that holds this many addresses; 16 where it takes several.

    Subnets are powers of two, so they fill a block without gaps when the large ones come first.
    """
    return max(32 - (ips - 1).bit_length(), LARGEST_LENGTH)


def sizing(demand: Demand) -> Sizing:
    """Subnet and VPC lengths for the demand; each subnet holds the larger of a rolling update and a lost zone.

    Raises: CniRefusesToStart when ipamd would not run with the settings.
    """
    pool = steady_state(demand.limits, demand.settings, demand.pods)
    nodes = ceil(demand.grown_nodes / demand.zones)
    surge = nodes + ceil(max(SURGE_PER_ZONE * demand.zones, demand.max_unavailable) / demand.zones)
    lost = ceil(demand.grown_nodes / (demand.zones - 1)) if demand.zones > 1 else None
    peak = max(surge, lost or 0)
    shares = _shares(pool, demand.settings)
    subnets = (*(_subnet(share, peak) for share in shares), _control_plane())
    total = demand.zones * sum(subnet.ips_per_zone for subnet in subnets)
    length = vpc_length(total)
    blocks = ceil(total / (1 << 32 - length))
    return Sizing(
        nodes=nodes,
        surge_nodes=surge,
        zone_lost_nodes=lost,
        peak_nodes=peak,
        addresses=nodes * pool.subnet_addresses,
        with_surge=surge * pool.subnet_addresses,
        with_zone_lost=None if lost is None else lost * pool.subnet_addresses,
        pool=pool,
        shares=shares,
        subnets=subnets,
        vpc_prefix_length=length,
        vpc_blocks=blocks,
        spare_ips=blocks * (1 << 32 - length) - total,
    )


def _shares(pool: Pool, settings: PoolSettings) -> tuple[Share, ...]:
    blocks = pool.prefixes or 0
    if not settings.custom_networking:
        return (Share(purpose=Purpose.NODES, singles=pool.node_subnet_addresses - PREFIX_IPS * blocks, blocks=blocks),)
    return (
        Share(purpose=Purpose.NODES, singles=pool.node_subnet_addresses, blocks=0),
        Share(purpose=Purpose.PODS, singles=pool.pod_subnet_addresses - PREFIX_IPS * blocks, blocks=blocks),
    )


def _subnet(share: Share, nodes: int) -> SubnetSize:
    """The smallest subnet that holds the nodes, or as many /16s as it takes."""
    lengths = range(SMALLEST_LENGTH, LARGEST_LENGTH - 1, -1)
    length = next((length for length in lengths if share.fits(length, nodes)), LARGEST_LENGTH)
    count = 1 if share.fits(length, nodes) else ceil(nodes / share.nodes_in(length))
    left = round(share.headroom_pct(length, ceil(nodes / count)), 1)
    return SubnetSize(purpose=share.purpose, prefix_length=length, per_zone=count, headroom_pct=left)


def _control_plane() -> SubnetSize:
    usable = usable_of(CONTROL_PLANE_LENGTH)
    left = round(100 * (usable - CONTROL_PLANE_IPS) / usable, 1)
    return SubnetSize(purpose=Purpose.CONTROL_PLANE, prefix_length=CONTROL_PLANE_LENGTH, per_zone=1, headroom_pct=left)
