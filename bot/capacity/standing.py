"""Standing: where one subnet is against its thresholds, from its own facts and, where they matter, its contents."""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass

from bot.capacity.blocks import BlockMap, Capacities, free_block_bounds, unattributed_ips
from bot.capacity.occupancy import Occupancy, blocks_and_reserved, sorted_contents
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

    @property
    def capacities(self) -> Capacities:
        """The four figures of what the subnet can still give; the warm one is not visible in EC2."""
        return Capacities(
            available_ips=self.available_ips,
            free_prefix_reserved_ips=None if self.blocks is None else self.blocks.free_prefix_reserved_ips,
            free_blocks=None if self.blocks is None else self.blocks.free,
        )


def looks_low(subnet: Subnet, limits: Limits) -> bool:
    """Whether AvailableIpAddressCount alone is below the low threshold, so that reservations must be read to judge.

    It is the cheap screening: a subnet that does not look low is not low, whatever its reservations hold.
    """
    if subnet.cidr is None or subnet.available_ips is None:
        return False
    return subnet_state(subnet.available_ips, usable_ips(subnet.cidr), limits) is not SubnetState.OK


def prefix_subnet_ids(clusters: Iterable[Cluster]) -> frozenset[str]:
    """The subnets from which nodes of these clusters take /28 blocks."""
    return frozenset().union(*(cluster.prefix_subnet_ids for cluster in clusters))


def reading_order(subnets: Iterable[Subnet], limits: Limits, for_prefixes: Set[str]) -> tuple[Subnet, ...]:
    """The subnets whose interfaces matter for a status, those first of which the address count proves the least.

    They matter where the subnet looks low, or a cluster in prefix mode needs its /28 blocks. In this order a cap on
    reads cuts off what is surely well: first what looks low, then the fewest surely free blocks (`free_block_bounds`).
    """
    ranked: list[tuple[bool, int, int, Subnet]] = []
    for subnet in subnets:
        low, available = looks_low(subnet, limits), subnet.available_ips or 0
        if subnet.cidr is not None and (low or subnet.subnet_id in for_prefixes):
            sure = free_block_bounds(subnet.cidr, available).at_least
            ranked.append((not low, sure, available, subnet))
    return tuple(row[-1] for row in sorted(ranked, key=lambda row: row[:-1]))


def standing(subnet: Subnet, contents: SubnetContents | None, limits: Limits) -> Standing:
    """The subnet's figures and state; `contents` is what was read of its interfaces and reservations, if anything.

    A subnet that looks low and whose reservations could not be read is unknown, never low: the missing addresses may
    be reserved for prefixes. For more than one subnet `standings` sorts the contents only once.
    """
    return standings([subnet], contents, limits)[subnet.subnet_id]


def standings(subnets: Iterable[Subnet], contents: SubnetContents | None, limits: Limits) -> Mapping[str, Standing]:
    """The standing of each subnet, by subnet id."""
    if contents is None:
        return {subnet.subnet_id: _standing(subnet, None, None, limits) for subnet in subnets}
    enis, reservations = sorted_contents(contents)
    found: dict[str, Standing] = {}
    for subnet in subnets:
        subnet_id = subnet.subnet_id
        blocks, reserved_free = blocks_and_reserved(
            subnet,
            enis.get(subnet_id, ()) if subnet_id in contents.enis_read else None,
            reservations.get(subnet_id, ()) if subnet_id in contents.reservations_read else None,
        )
        found[subnet_id] = _standing(subnet, blocks, reserved_free, limits)
    return found


def standings_as_kept(
    subnets: Iterable[Subnet], kept: Mapping[str, Occupancy], limits: Limits
) -> Mapping[str, Standing]:
    """The standing of each subnet, by subnet id, from the occupancies that are kept of some of them."""
    found: dict[str, Standing] = {}
    for subnet in subnets:
        occupancy = kept.get(subnet.subnet_id)
        blocks, reserved_free = (None, None) if occupancy is None else (occupancy.blocks, occupancy.reserved_free_ips)
        found[subnet.subnet_id] = _standing(subnet, blocks, reserved_free, limits)
    return found


def enis_of(subnet_id: str, contents: SubnetContents) -> tuple[Eni, ...]:
    """The interfaces read that lie in the subnet."""
    return tuple(eni for eni in contents.enis if eni.subnet_id == subnet_id)


def _standing(subnet: Subnet, blocks: BlockMap | None, reserved_free: int | None, limits: Limits) -> Standing:
    """The standing from what lies in the subnet; None is "not read whole"."""
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
    free = free_ips(available, reserved_free)
    state = subnet_state(free, usable, limits)
    if free is None and subnet_state(available, usable, limits) is SubnetState.OK:
        free, state = available, SubnetState.OK
    return Standing(
        subnet=subnet,
        usable_ips=usable,
        available_ips=available,
        reserved_free_ips=reserved_free,
        free_ips=free,
        state=state,
        blocks=blocks,
        unattributed_ips=(
            None
            if blocks is None or available is None
            else unattributed_ips(usable, available, blocks.reserved_free_ips, blocks.used_ips)
        ),
    )
