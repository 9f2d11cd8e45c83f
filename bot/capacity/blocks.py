"""The /28 blocks of a subnet: which are free for a prefix, which are broken up, which are full.

EC2 gives no view of this; it is computed from every interface's addresses and prefixes and the CIDR reservations.
A whole subnet is one Python integer with a bit for each address, and all its blocks are judged at once: a fleet of
80,000 subnets takes seconds, not minutes. Where even the interfaces are not worth reading, `free_block_bounds` tells
what the address count alone proves.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache
from ipaddress import IPv4Address, IPv4Network

from bot.capacity.subnets import RESERVED_IPS
from bot.inventory import Eni, Reservation, ReservationType

BLOCK_IPS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockMap:
    """The aligned /28 blocks of one subnet that a prefix could ever use, by state, and the free address figures.

    `candidate` = `free` + `fragmented` + `full`: the first and the last block hold reserved addresses and are never
    candidates. A block is fragmented when some of it is taken and some free, full when nothing is free; a block taken
    whole by a prefix is full. Space kept by an explicit reservation is free for no prefix.
    `used_ips` are addresses taken by interfaces (each prefix counts 16); `free_prefix_reserved_ips` and
    `free_explicit_reserved_ips` are the free addresses inside reservations; `largest_free_run` is the longest run of
    neighbouring free addresses.
    """

    candidate: int
    free: int
    fragmented: int
    full: int
    used_ips: int
    prefix_ips: int
    free_prefix_reserved_ips: int
    free_explicit_reserved_ips: int
    largest_free_run: int

    @property
    def reserved_free_ips(self) -> int:
        """Free addresses inside CIDR reservations of either type; AvailableIpAddressCount leaves them out."""
        return self.free_prefix_reserved_ips + self.free_explicit_reserved_ips

    @property
    def fragmentation_pct(self) -> float | None:
        """Share (0-100) of candidate blocks that no prefix can use; None without candidates.

        Source: the score of github.com/awslabs/aws-support-tools EKS/subnet-fragmentation, unrounded there:
        ceil((fragmented + full) / candidates * 100).
        """
        if self.candidate == 0:
            return None
        return float(-(-100 * (self.fragmented + self.full) // self.candidate))


def candidate_blocks(cidr: IPv4Network) -> int:
    """Aligned /28 blocks of an empty subnet that a prefix can use: all but the first and the last.

    Source: https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html (the reserved addresses lie in them).
    Example: a /24 has 14, a /27 none.
    """
    return max(cidr.num_addresses // BLOCK_IPS - 2, 0)


def block_map(cidr: IPv4Network, enis: Iterable[Eni], reservations: Sequence[Reservation] = ()) -> BlockMap:
    """The exact block map of a subnet, from all of its interfaces and reservations.

    Needs every interface of the subnet: in a shared VPC a participant sees only its own, and the map then shows
    blocks as free that are not (compare `unattributed_ips`).
    """
    size, base = 1 << (32 - cidr.prefixlen), int(cidr.network_address)
    singles, prefixes = _taken(enis, base, size)
    used = singles | prefixes
    explicit = _reserved(reservations, ReservationType.EXPLICIT, base, size) if reservations else 0
    for_prefixes = _reserved(reservations, ReservationType.PREFIX, base, size) if reservations else 0
    candidate, free, full = _judged(used | explicit, size)
    open_ips = _usable(size) & ~used
    return BlockMap(
        candidate=candidate,
        free=free,
        fragmented=candidate - free - full,
        full=full,
        used_ips=used.bit_count(),
        prefix_ips=prefixes.bit_count(),
        free_prefix_reserved_ips=(open_ips & for_prefixes & ~explicit).bit_count() if for_prefixes else 0,
        free_explicit_reserved_ips=(open_ips & explicit).bit_count() if explicit else 0,
        largest_free_run=_longest_run(open_ips),
    )


class BlockUse(Enum):
    """What stands in one /28 block; `OUT` is the first or last block, which no prefix can ever use."""

    FREE = "free"
    RESERVED = "reserved"
    BROKEN = "broken"
    PREFIX = "prefix"
    FULL = "full"
    OUT = "out"


def block_uses(
    cidr: IPv4Network, enis: Iterable[Eni], reservations: Sequence[Reservation] = ()
) -> tuple[BlockUse, ...]:
    """What stands in each /28 block of a subnet, in address order: the same facts as `block_map`, for a picture.

    RESERVED is free and kept for prefixes; BROKEN has taken (or explicitly reserved) and free addresses side by side.
    """
    size, base = 1 << (32 - cidr.prefixlen), int(cidr.network_address)
    singles, prefixes = _taken(enis, base, size)
    explicit = _reserved(reservations, ReservationType.EXPLICIT, base, size) if reservations else 0
    kept = _reserved(reservations, ReservationType.PREFIX, base, size) if reservations else 0
    last = size - BLOCK_IPS
    return tuple(
        BlockUse.OUT
        if offset in (0, last)
        else _use((singles | explicit) >> offset & _BLOCK, prefixes >> offset & _BLOCK, kept >> offset & _BLOCK)
        for offset in range(0, size, BLOCK_IPS)
    )


_BLOCK = (1 << BLOCK_IPS) - 1


def _use(singles: int, prefixes: int, kept: int) -> BlockUse:
    if singles | prefixes == 0:
        return BlockUse.RESERVED if kept == _BLOCK else BlockUse.FREE
    if prefixes == _BLOCK:
        return BlockUse.PREFIX
    return BlockUse.FULL if singles | prefixes == _BLOCK else BlockUse.BROKEN


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockBounds:
    """Between how many free /28 blocks a subnet has, `at_least` and `at_most`."""

    at_least: int
    at_most: int


def free_block_bounds(cidr: IPv4Network, available_ips: int, reserved_free_ips: int | None = None) -> BlockBounds:
    """What AvailableIpAddressCount alone proves of the free /28 blocks, without reading one interface.

    Each address that is not available spoils at most one block, and a free block needs 16 free addresses. Unlike a
    block map this holds in a shared VPC too, where interfaces are hidden. `reserved_free_ips` None means that the
    reservations were not read: free space inside them is not counted as available, so nothing bounds it from above.
    """
    candidates = candidate_blocks(cidr)
    taken = max(cidr.num_addresses - RESERVED_IPS - available_ips, 0)
    room = candidates if reserved_free_ips is None else (available_ips + reserved_free_ips) // BLOCK_IPS
    at_most = min(candidates, room)
    return BlockBounds(at_least=min(max(candidates - taken, 0), at_most), at_most=at_most)


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacities:
    """What a subnet can still give, as the four figures that answer different questions; None is "not known".

    `available_ips` serve single addresses (AvailableIpAddressCount). `free_prefix_reserved_ips` lie in reservations
    for prefixes, where EC2 puts no single address of its own choice. `free_blocks` are whole /28s for prefixes, those
    reservations included. `warm_ips` are held by nodes already and used by no pod: EC2 cannot tell them apart, only
    the CNI of each node.
    """

    available_ips: int | None
    free_prefix_reserved_ips: int | None
    free_blocks: int | None
    warm_ips: int | None = None


def unattributed_ips(usable: int, available: int, reserved_free: int, used: int) -> int:
    """Addresses that EC2 counts as taken and no interface we see explains: usable - available - reserved - used.

    Above 0 they are held by interfaces that were not read (a shared VPC, or newer ones); below 0 the two reads were
    made at different moments and the interfaces had moved on.
    """
    return usable - available - reserved_free - used


def _judged(blocked: int, size: int) -> tuple[int, int, int]:
    """Candidate, free and full blocks. The sixteen bits of each block are folded into its lowest one."""
    lowest = _lowest_bits(size)
    some, every = blocked | blocked >> 8, blocked & blocked >> 8
    for shift in (4, 2, 1):
        some |= some >> shift
        every &= every >> shift
    candidate = max(size // BLOCK_IPS - 2, 0)
    return candidate, candidate - (some & lowest).bit_count(), (every & lowest).bit_count()


@cache
def _lowest_bits(size: int) -> int:
    """The lowest bit of each candidate block: the first and the last block are left out. One entry per subnet size."""
    return sum(1 << offset for offset in range(BLOCK_IPS, size - BLOCK_IPS, BLOCK_IPS))


@cache
def _usable(size: int) -> int:
    """All bits but the five addresses that AWS reserves. One entry per subnet size."""
    return ((1 << (size - 1)) - 1) & ~0b1111


def _taken(enis: Iterable[Eni], base: int, size: int) -> tuple[int, int]:
    """The single addresses and the prefixes, each as bits.

    The bits are set in bytes and read as one number at the end: a number is copied whole for each bit set in it.
    """
    singles = bytearray((size + 7) // 8)
    prefixes = 0
    for eni in enis:
        for address in map(_NUMBER_OF, eni.addresses):
            offset = address - base
            if 0 <= offset < size:
                singles[offset >> 3] |= _BIT[offset & 7]
        for prefix in eni.prefixes:
            offset = int(prefix.network_address) - base
            if 0 <= offset < size:
                prefixes |= _span(offset, 1 << (32 - prefix.prefixlen))
    return int.from_bytes(singles, "little"), prefixes


_BIT = tuple(1 << place for place in range(8))
_NUMBER_OF = (
    IPv4Address.__int__
)  # Half the time of int(), which looks it up for each of a fleet's two million addresses.


def _span(offset: int, length: int) -> int:
    return ((1 << length) - 1) << offset


def _reserved(reservations: Sequence[Reservation], kind: ReservationType, base: int, size: int) -> int:
    bits = 0
    for reservation in reservations:
        if reservation.reservation_type is kind:
            offset = int(reservation.cidr.network_address) - base
            if 0 <= offset < size:
                bits |= _span(offset, reservation.cidr.num_addresses)
    return bits & ((1 << size) - 1)


def _longest_run(bits: int) -> int:
    """The longest run of ones, by halving: shifting and masking keeps only runs of the length tried."""
    runs = []
    step = 1
    while bits:
        runs.append(bits)
        bits &= bits >> step
        step *= 2
    if not runs:
        return 0
    longest, length = runs.pop(), step // 2
    for power in range(len(runs) - 1, -1, -1):
        trial = longest & (runs[power] >> length)
        if trial:
            longest, length = trial, length + (1 << power)
    return length
