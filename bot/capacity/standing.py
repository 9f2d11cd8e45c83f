"""Standing: where one subnet is against its thresholds, from its own facts and, where they matter, its contents."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.capacity.blocks import BlockMap, block_map, unattributed_ips
from bot.capacity.subnets import Limits, SubnetState, free_ips, percent, subnet_state, usable_ips
from bot.inventory import Cluster, Eni, Subnet, SubnetContents


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A subnet with its capacity figures (addresses); None is "not known".

    `free_ips` counts AvailableIpAddressCount and the free space inside reservations. While a subnet's interfaces were
    not read and it does not look low, `free_ips` is AvailableIpAddressCount alone: a lower bound.
    """

    subnet: Subnet
    usable_ips: int
    available_ips: int | None
    reserved_free_ips: int | None
    free_ips: int | None
    state: SubnetState
    blocks: BlockMap | None = None
    unattributed_ips: int | None = None

    @property
    def free_pct(self) -> float | None:
        """Free addresses in percent (0-100) of the usable ones."""
        return percent(self.free_ips, self.usable_ips)


def looks_low(subnet: Subnet, limits: Limits) -> bool:
    """Whether AvailableIpAddressCount alone is below the low threshold, so that reservations must be read to judge.

    It is the cheap screening: a subnet that does not look low is not low, whatever its reservations hold.
    """
    if subnet.cidr is None or subnet.available_ips is None:
        return False
    return subnet_state(subnet.available_ips, usable_ips(subnet.cidr), limits) is not SubnetState.OK


def serves_prefixes(subnet: Subnet, clusters: Sequence[Cluster]) -> bool:
    """Whether nodes of an IPv4 cluster in prefix mode take /28 blocks from the subnet.

    The subnets of its node groups; of a cluster without managed node groups, any subnet it names. An IPv6 cluster
    takes /80 prefixes, which do not run out.
    """
    return any(
        subnet.subnet_id in cluster.node_subnet_ids
        for cluster in clusters
        if cluster.prefix_mode and cluster.ip_family == "ipv4"
    )


def worth_reading(subnet: Subnet, limits: Limits, clusters: Sequence[Cluster]) -> bool:
    """Whether its interfaces matter for a status: it looks low, or a cluster in prefix mode needs its /28 blocks."""
    return looks_low(subnet, limits) or serves_prefixes(subnet, clusters)


def standing(subnet: Subnet, contents: SubnetContents | None, limits: Limits) -> Standing:
    """The subnet's figures and state; `contents` is what was read of its interfaces and reservations, if anything.

    A subnet that looks low and whose reservations could not be read is unknown, never low: the missing addresses may
    be reserved for prefixes.
    """
    if subnet.cidr is None:
        return Standing(
            subnet=subnet,
            usable_ips=0,
            available_ips=None,
            reserved_free_ips=None,
            free_ips=None,
            state=SubnetState.UNKNOWN,
        )
    usable, available = usable_ips(subnet.cidr), subnet.available_ips
    blocks = _blocks(subnet, contents)
    reserved_free = _reserved_free_ips(subnet, contents, blocks)
    free = free_ips(available, reserved_free)
    if free is None and available is not None and not looks_low(subnet, limits):
        free = available
    return Standing(
        subnet=subnet,
        usable_ips=usable,
        available_ips=available,
        reserved_free_ips=reserved_free,
        free_ips=free,
        state=subnet_state(free, usable, limits),
        blocks=blocks,
        unattributed_ips=(
            None
            if blocks is None or available is None
            else unattributed_ips(usable, available, blocks.reserved_free_ips, blocks.used_ips)
        ),
    )


def standings(subnets: Sequence[Subnet], contents: SubnetContents | None, limits: Limits) -> Mapping[str, Standing]:
    """The standing of each subnet, by subnet id."""
    return {subnet.subnet_id: standing(subnet, contents, limits) for subnet in subnets}


def enis_of(subnet_id: str, contents: SubnetContents) -> tuple[Eni, ...]:
    """The interfaces read that lie in the subnet."""
    return tuple(eni for eni in contents.enis if eni.subnet_id == subnet_id)


def _blocks(subnet: Subnet, contents: SubnetContents | None) -> BlockMap | None:
    """The block map, or None where the interfaces or the reservations of the subnet were not read whole."""
    if contents is None or subnet.cidr is None:
        return None
    if subnet.subnet_id not in contents.enis_read & contents.reservations_read:
        return None
    reservations = [r for r in contents.reservations if r.subnet_id == subnet.subnet_id]
    return block_map(subnet.cidr, enis_of(subnet.subnet_id, contents), reservations)


def _reserved_free_ips(subnet: Subnet, contents: SubnetContents | None, blocks: BlockMap | None) -> int | None:
    """Free addresses inside reservations: none without reservations, else what the interfaces leave; None unread."""
    if blocks is not None:
        return blocks.reserved_free_ips
    if contents is None or subnet.subnet_id not in contents.reservations_read:
        return None
    return None if any(r.subnet_id == subnet.subnet_id for r in contents.reservations) else 0
