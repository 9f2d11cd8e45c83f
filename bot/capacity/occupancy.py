"""Occupancy: what the interfaces and reservations of a subnet come to, small enough to be kept for every subnet."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.capacity.blocks import BlockMap, block_map
from bot.capacity.holders import Holder, HolderKind, by_kind, holders
from bot.inventory import BlindSpot, Eni, Reservation, Subnet, SubnetContents


@dataclass(frozen=True, slots=True, kw_only=True)
class Occupancy:
    """What one subnet held when its interfaces were last read; None is "never read".

    `reserved_free_ips` are free addresses inside CIDR reservations, which AvailableIpAddressCount leaves out. `held`
    are the holders summed by kind, the largest first. `blind_spots` are those of the newest attempt: where it failed,
    the figures are older and `observed_at` is their own time.
    """

    subnet_id: str
    account_id: str
    region: str
    observed_at: datetime
    blocks: BlockMap | None = None
    reserved_free_ips: int | None = None
    held: tuple[Holder, ...] | None = None
    blind_spots: tuple[BlindSpot, ...] = ()

    @property
    def load_balancers(self) -> bool | None:
        """Whether load balancers have interfaces in the subnet."""
        return None if self.held is None else any(h.kind is HolderKind.LOAD_BALANCER for h in self.held)

    def after(self, read: "Occupancy") -> "Occupancy":
        """What is known after another read: its figures, or these with its blind spots where it saw less."""
        sees_less = (self.blocks is not None and read.blocks is None) or (
            self.reserved_free_ips is not None and read.reserved_free_ips is None
        )
        return replace(self, blind_spots=read.blind_spots) if sees_less else read


def occupancies(subnets: Iterable[Subnet], contents: SubnetContents) -> dict[str, Occupancy]:
    """The occupancy of each subnet that the contents are about, by subnet id."""
    enis, reservations = sorted_contents(contents)
    found: dict[str, Occupancy] = {}
    for subnet in subnets:
        subnet_id = subnet.subnet_id
        if subnet_id not in contents.subnet_ids:
            continue
        own = enis.get(subnet_id, ()) if subnet_id in contents.enis_read else None
        kept = reservations.get(subnet_id, ()) if subnet_id in contents.reservations_read else None
        blocks, reserved_free = blocks_and_reserved(subnet, own, kept)
        found[subnet_id] = Occupancy(
            subnet_id=subnet_id,
            account_id=subnet.account_id,
            region=subnet.region,
            observed_at=contents.observed_at,
            blocks=blocks,
            reserved_free_ips=reserved_free,
            held=None if own is None else by_kind(holders(own, contents.nodes)),
            blind_spots=contents.blind_spots,
        )
    return found


def sorted_contents(
    contents: SubnetContents,
) -> tuple[Mapping[str, Sequence[Eni]], Mapping[str, Sequence[Reservation]]]:
    """The interfaces and the reservations by subnet id."""
    enis: defaultdict[str, list[Eni]] = defaultdict(list)
    reservations: defaultdict[str, list[Reservation]] = defaultdict(list)
    for eni in contents.enis:
        enis[eni.subnet_id].append(eni)
    for reservation in contents.reservations:
        reservations[reservation.subnet_id].append(reservation)
    return enis, reservations


def blocks_and_reserved(
    subnet: Subnet, enis: Sequence[Eni] | None, reservations: Sequence[Reservation] | None
) -> tuple[BlockMap | None, int | None]:
    """The subnet's block map, and the free addresses inside its reservations; None where what it takes was not read.

    Without reservations none is reserved, whatever the interfaces are.
    """
    if subnet.cidr is None:
        return None, None
    if enis is None or reservations is None:
        return None, 0 if reservations is not None and not reservations else None
    blocks = block_map(subnet.cidr, enis, reservations)
    return blocks, blocks.reserved_free_ips
