"""Why subnets have the size they have: the arithmetic of `bot.capacity.size` in sentences, with its limits."""

from collections.abc import Iterator

from bot.capacity.cidr import DEFAULT_QUOTA
from bot.capacity.nodes import HOST_NETWORK_PODS, PREFIX_IPS
from bot.capacity.size import (
    CONTROL_PLANE_IPS,
    CONTROL_PLANE_LENGTH,
    HEADROOM_PCT,
    LOAD_BALANCER_IPS,
    Demand,
    Purpose,
    Share,
    Sizing,
    SubnetSize,
    blocks_of,
    usable_of,
    vpc_length,
)
from bot.capacity.warmpool import PoolMode, effective_mode

USUAL_LENGTH = 19
"""eksctl's default: eight /19s in a /16, for public and private subnets in three zones and two to spare.

Source: https://docs.aws.amazon.com/eks/latest/best-practices/ip-opt.html
"""

NAU_QUOTA, ENI_QUOTA, SUBNET_QUOTA = 64_000, 5_000, 200
"""Network address units and subnets of a VPC, and ENIs of a Region, before AWS raises them.

Source: https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html
"""


def reasons(demand: Demand, found: Sizing) -> tuple[str, ...]:
    """What decides the lengths, one sentence or two each: the load, the subnets, the quotas it would exceed."""
    return (*_load(found, demand), *_subnets(found, demand), *_limits(found, demand))


def _load(found: Sizing, demand: Demand) -> Iterator[str]:
    pool, name = found.pool, demand.limits.instance_type
    prefixes = "" if pool.prefixes is None else f", {pool.prefixes:,} of its /28 prefixes"
    yield (
        f"One {name} with {demand.pods:,} pods holds {pool.subnet_addresses:,} addresses on "
        f"{_plural(pool.enis, 'ENI')}{prefixes}."
    )
    if demand.settings.mode is not effective_mode(demand.limits, demand.settings):
        yield f"{name} takes no prefixes (not Nitro): the CNI falls back to secondary addresses."
    if 0 < pool.pods_without_address <= HOST_NETWORK_PODS:
        yield f"Of those pods {pool.assigned:,} have an address: max-pods counts two on the host's network."
    elif pool.pods_without_address:
        yield f"{pool.pods_without_address:,} of the {demand.pods:,} pods on a node get no address with these settings."
    grown = f"{demand.nodes:,} nodes"
    if demand.growth_pct:
        grown += f" and {demand.growth_pct:g}% growth are {demand.grown_nodes:,} nodes"
    yield f"{grown}: {found.nodes:,} in each of {_plural(demand.zones, 'zone')}, {found.addresses:,} addresses a zone."
    yield (
        f"A rolling update adds {found.surge_nodes - found.nodes:,} nodes a zone, each with a full pool: "
        f"{found.with_surge:,} addresses."
    )
    if found.zone_lost_nodes is None:
        yield "With one zone nothing survives its loss, and EKS wants cluster subnets in at least two zones."
    else:
        yield (
            f"With one of {demand.zones} zones lost the others carry {found.zone_lost_nodes:,} nodes each: "
            f"{found.with_zone_lost:,} addresses."
        )
    yield (
        f"Subnets hold the larger of the two, {found.peak_nodes:,} nodes a zone, and keep {HEADROOM_PCT}% of the "
        f"addresses free and {LOAD_BALANCER_IPS} addresses for load balancers in node subnets."
    )


def _subnets(found: Sizing, demand: Demand) -> Iterator[str]:
    sizes = {subnet.purpose: subnet for subnet in found.subnets}
    main = found.shares[-1]
    size = sizes[main.purpose]
    if main.blocks:
        taken = found.peak_nodes * main.blocks
        broken = found.peak_nodes * main.singles + main.kept_ips
        yield (
            f"Prefixes need whole free /28 blocks: {taken:,} at the peak, and up to {broken:,} more that single "
            f"addresses break, of {size.per_zone * blocks_of(size.prefix_length):,}. A prefix reservation avoids the "
            "breaking."
        )
    if main.purpose is Purpose.PODS:
        rest = demand.zones * sum(s.ips_per_zone for s in found.subnets if s.purpose is not Purpose.PODS)
        yield (
            f"Custom networking: a node's {main.ips:,} addresses for pods come from subnets of their own, "
            f"{found.shares[0].ips:,} from the node subnet. With the pods' subnets in 100.64.0.0/10 the routable VPC "
            f"block is a /{vpc_length(rest)}."
        )
    if main.ips:
        yield _usual(main, size, found.peak_nodes)
    yield (
        f"Control plane: a /{CONTROL_PLANE_LENGTH} ({usable_of(CONTROL_PLANE_LENGTH)} usable) a zone, away from pods: "
        f"EKS needs {CONTROL_PLANE_IPS} free addresses to create a cluster and 5 to update it; it recommends 16, a /27."
    )
    if demand.settings.pod_eni:
        yield "Security groups for pods: each pod with a branch ENI takes one more address, not counted here."


def _usual(main: Share, size: SubnetSize, peak: int) -> str:
    """Why a /19 is, or is not, the answer here."""
    holds = main.nodes_in(USUAL_LENGTH)
    usual = (
        f"A /{USUAL_LENGTH} ({usable_of(USUAL_LENGTH):,} usable) is the usual answer since a /16 cuts into eight, "
        f"public and private in three zones; it holds {holds:,} of these nodes"
    )
    if size.prefix_length == USUAL_LENGTH and size.per_zone == 1:
        return f"{usual}, enough for {peak:,}."
    if size.prefix_length > USUAL_LENGTH:
        return (
            f"{usual}: {peak:,} need only a /{size.prefix_length}. Take the /{USUAL_LENGTH} where space is free: a "
            "subnet cannot grow."
        )
    several = f"{size.per_zone} × /{size.prefix_length}" if size.per_zone > 1 else f"a /{size.prefix_length}"
    return f"{usual}, too few: {peak:,} need {several}."


def _limits(found: Sizing, demand: Demand) -> Iterator[str]:
    if found.vpc_blocks > 1:
        quota = f", more than the quota of {DEFAULT_QUOTA} (to 50)" if found.vpc_blocks > DEFAULT_QUOTA else ""
        yield f"A VPC block is a /16 at most: {found.vpc_blocks:,} blocks{quota}."
    yield (
        f"The VPC has {found.spare_ips:,} addresses left for public subnets, NAT gateways and endpoints, which are not "
        "counted here."
    )
    nodes, pool = demand.grown_nodes, found.pool
    singles = pool.subnet_addresses - PREFIX_IPS * (pool.prefixes or 0)
    units = nodes * (singles + (pool.prefixes or 0) + max(pool.enis - 1, 0))
    if units > NAU_QUOTA:
        hint = "" if demand.settings.mode is PoolMode.PREFIX else "; a prefix counts as one unit"
        yield f"About {units:,} network address units, above the VPC's quota of {NAU_QUOTA:,} (to 256,000){hint}."
    if nodes * pool.enis > ENI_QUOTA:
        yield f"{nodes * pool.enis:,} ENIs, above the Region's quota of {ENI_QUOTA:,}."
    subnets = demand.zones * sum(subnet.per_zone for subnet in found.subnets)
    if subnets > SUBNET_QUOTA:
        yield f"{subnets:,} subnets, above the VPC's quota of {SUBNET_QUOTA}."


def _plural(number: int, word: str) -> str:
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"
