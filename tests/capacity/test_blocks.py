"""The /28 blocks of a subnet, against a reference that counts sets of addresses one by one."""

from ipaddress import IPv4Address, IPv4Network

import pytest
from builders import eni, reservation
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.capacity.blocks import (
    BlockBounds,
    BlockMap,
    BlockUse,
    block_map,
    block_uses,
    candidate_blocks,
    free_block_bounds,
    unattributed_ips,
)
from bot.inventory import Eni, Reservation, ReservationType

EXPLICIT, PREFIX = ReservationType.EXPLICIT, ReservationType.PREFIX


@pytest.mark.parametrize(
    ("length", "candidates"),
    [
        pytest.param(28, 0, id="/28 is one block and holds all reserved addresses"),
        pytest.param(27, 0, id="/27 is the first and the last block"),
        pytest.param(26, 2, id="/26"),
        pytest.param(25, 6, id="/25"),
        pytest.param(24, 14, id="/24"),
        pytest.param(20, 254, id="/20"),
        pytest.param(19, 510, id="/19"),
        pytest.param(16, 4094, id="/16"),
    ],
)
def test_an_empty_subnet_offers_every_block_but_the_first_and_the_last(length: int, candidates: int) -> None:
    cidr = IPv4Network(f"10.64.0.0/{length}")

    empty = block_map(cidr, [])

    assert candidate_blocks(cidr) == candidates
    assert (empty.candidate, empty.free, empty.fragmented, empty.full) == (candidates, candidates, 0, 0)
    assert empty.fragmentation_pct == (0.0 if candidates else None)
    assert empty.largest_free_run == cidr.num_addresses - 5


def test_fourteen_scattered_addresses_leave_237_free_and_no_block() -> None:
    """One address in each candidate block of a /24 is enough to make prefixes impossible."""
    scattered = eni(*(f"10.0.0.{16 * block + 7}" for block in range(1, 15)))

    found = block_map(IPv4Network("10.0.0.0/24"), [scattered])

    assert 251 - found.used_ips == 237
    assert (found.free, found.fragmented, found.full) == (0, 14, 0)
    assert found.fragmentation_pct == 100.0


def test_addresses_in_the_first_and_last_block_break_no_candidate() -> None:
    edges = eni(*(f"10.0.0.{host}" for host in (*range(4, 16), *range(240, 255))))

    found = block_map(IPv4Network("10.0.0.0/24"), [edges])

    assert (found.candidate, found.free, found.used_ips) == (14, 14, 27)
    assert found.fragmentation_pct == 0.0


def test_a_prefix_fills_its_block_and_counts_sixteen_addresses() -> None:
    node = eni("10.0.0.20", prefixes=("10.0.0.32/28", "10.0.0.48/28"))

    found = block_map(IPv4Network("10.0.0.0/24"), [node])

    assert (found.used_ips, found.prefix_ips) == (33, 32)
    assert (found.free, found.fragmented, found.full) == (11, 1, 2)
    assert found.fragmentation_pct == 22.0, "3 of 14 blocks are 21.4 percent, rounded up"


def test_a_prefix_reservation_keeps_its_blocks_free_for_prefixes() -> None:
    kept = reservation("10.0.0.128/25", PREFIX)
    taken = eni(prefixes=("10.0.0.128/28",))

    found = block_map(IPv4Network("10.0.0.0/24"), [taken], [kept])

    assert (found.free, found.full, found.fragmented) == (13, 1, 0)
    assert found.free_prefix_reserved_ips == 128 - 16 - 1, "the broadcast address is nobody's"
    assert found.reserved_free_ips == 111


def test_an_explicit_reservation_is_free_for_no_prefix() -> None:
    kept = reservation("10.0.0.64/27", EXPLICIT)
    used = eni("10.0.0.65")

    found = block_map(IPv4Network("10.0.0.0/24"), [used], [kept])

    assert (found.free, found.full) == (12, 2)
    assert (found.used_ips, found.free_explicit_reserved_ips, found.free_prefix_reserved_ips) == (1, 31, 0)


def test_interfaces_of_other_subnets_are_left_out() -> None:
    elsewhere = eni("10.0.1.20", "10.0.0.20", prefixes=("10.0.1.32/28",))

    found = block_map(IPv4Network("10.0.0.0/24"), [elsewhere], [reservation("10.0.1.0/25")])

    assert (found.used_ips, found.reserved_free_ips) == (1, 0)


@pytest.mark.parametrize(
    ("usable", "available", "reserved_free", "used", "unattributed"),
    [
        pytest.param(251, 200, 0, 51, 0, id="interfaces explain everything"),
        pytest.param(251, 150, 0, 51, 50, id="a shared VPC hides fifty"),
        pytest.param(251, 100, 100, 51, 0, id="reserved space is explained too"),
        pytest.param(251, 202, 0, 51, -2, id="two pods left between the two reads"),
    ],
)
def test_what_no_visible_interface_explains_is_the_rest(
    usable: int, available: int, reserved_free: int, used: int, unattributed: int
) -> None:
    assert unattributed_ips(usable, available, reserved_free, used) == unattributed


@st.composite
def subnets_with_contents(draw: st.DrawFn) -> tuple[IPv4Network, list[Eni], list[Reservation]]:
    """A subnet from /28 to /23 with interfaces and reservations that EC2 could show, neighbours' included."""
    length = draw(st.integers(23, 28))
    cidr = IPv4Network((int(IPv4Address("10.0.4.0")), length))
    base, size = int(cidr.network_address), cidr.num_addresses
    offsets = st.integers(-20, size + 20)
    singles = draw(st.lists(offsets, max_size=40))
    blocks = draw(st.lists(st.integers(-1, size // 16), max_size=8))
    enis = [eni(str(IPv4Address(base + offset))) for offset in singles]
    enis += [eni(prefixes=(f"{IPv4Address(base + 16 * block)}/28",)) for block in blocks]
    reserved = []
    for _ in range(draw(st.integers(0, 4))):
        wide = draw(st.integers(length, 32))
        step = 1 << (32 - wide)
        start = base + step * draw(st.integers(0, size // step - 1))
        reserved.append(reservation(f"{IPv4Address(start)}/{wide}", draw(st.sampled_from([EXPLICIT, PREFIX]))))
    return cidr, enis, reserved


def counted_one_by_one(cidr: IPv4Network, enis: list[Eni], reserved: list[Reservation]) -> BlockMap:
    """The reference: plain sets of addresses."""
    everything = list(cidr)
    inside = set(everything)
    singles = {address for eni in enis for address in eni.addresses} & inside
    prefixes = {address for eni in enis for prefix in eni.prefixes for address in prefix} & inside
    used = singles | prefixes
    explicit = {a for r in reserved if r.reservation_type is EXPLICIT for a in r.cidr} & inside
    for_prefixes = {a for r in reserved if r.reservation_type is PREFIX for a in r.cidr} & inside
    system = {*everything[:4], everything[-1]}
    free = fragmented = full = 0
    for block in list(cidr.subnets(new_prefix=28))[1:-1]:
        blocked = [address in used or address in explicit for address in block]
        if not any(blocked):
            free += 1
        elif all(blocked):
            full += 1
        else:
            fragmented += 1
    run = longest = 0
    for address in everything:
        run = 0 if address in used or address in system else run + 1
        longest = max(longest, run)
    open_ips = inside - used - system
    return BlockMap(
        candidate=free + fragmented + full,
        free=free,
        fragmented=fragmented,
        full=full,
        used_ips=len(used),
        prefix_ips=len(prefixes),
        free_prefix_reserved_ips=len((open_ips & for_prefixes) - explicit),
        free_explicit_reserved_ips=len(open_ips & explicit),
        largest_free_run=longest,
    )


@settings(max_examples=150)
@given(subnets_with_contents())
def test_the_map_agrees_with_counting_addresses_one_by_one(
    case: tuple[IPv4Network, list[Eni], list[Reservation]],
) -> None:
    cidr, enis, reserved = case

    assert block_map(cidr, enis, reserved) == counted_one_by_one(cidr, enis, reserved)


@pytest.mark.parametrize(
    ("available", "reserved_free", "bounds"),
    [
        pytest.param(251, 0, BlockBounds(at_least=14, at_most=14), id="empty"),
        pytest.param(247, 0, BlockBounds(at_least=10, at_most=14), id="four taken spoil four blocks at most"),
        pytest.param(237, 0, BlockBounds(at_least=0, at_most=14), id="fourteen taken may spoil every block"),
        pytest.param(40, 0, BlockBounds(at_least=0, at_most=2), id="a block needs sixteen free addresses"),
        pytest.param(0, None, BlockBounds(at_least=0, at_most=14), id="unread reservations may hold every block"),
        pytest.param(0, 128, BlockBounds(at_least=0, at_most=8), id="reserved space is room for blocks"),
        pytest.param(260, 0, BlockBounds(at_least=14, at_most=14), id="a count beyond the subnet proves no more"),
    ],
)
def test_the_address_count_alone_bounds_the_free_blocks(
    available: int, reserved_free: int | None, bounds: BlockBounds
) -> None:
    assert free_block_bounds(IPv4Network("10.0.0.0/24"), available, reserved_free) == bounds


@settings(max_examples=150)
@given(subnets_with_contents(), st.booleans())
def test_the_map_lies_between_the_bounds(
    case: tuple[IPv4Network, list[Eni], list[Reservation]], reservations_read: bool
) -> None:
    """EC2 counts as available what no interface holds and no reservation keeps."""
    cidr, enis, reserved = case
    five = eni(*(str(cidr[index]) for index in (0, 1, 2, 3, -1)))
    taken = block_map(cidr, [*enis, five], reserved)
    available = cidr.num_addresses - taken.used_ips - taken.reserved_free_ips

    bounds = free_block_bounds(cidr, available, taken.reserved_free_ips if reservations_read else None)

    assert bounds.at_least <= block_map(cidr, enis, reserved).free <= bounds.at_most


def test_each_block_is_drawn_as_what_stands_in_it() -> None:
    full = [f"10.0.0.{32 + host}" for host in range(16)]
    enis = [eni("10.0.0.5", "10.0.0.20", *full, prefixes=("10.0.0.48/28",))]
    kept = [reservation("10.0.0.64/27")]

    uses = block_uses(IPv4Network("10.0.0.0/25"), enis, kept)

    assert [use.value for use in uses] == ["out", "broken", "full", "prefix", "reserved", "reserved", "free", "out"]


@given(st.lists(st.integers(4, 254), max_size=60), st.lists(st.integers(1, 14), max_size=4, unique=True))
@settings(max_examples=60)
def test_the_picture_and_the_map_count_the_same_blocks(hosts: list[int], blocks: list[int]) -> None:
    cidr = IPv4Network("10.0.0.0/24")
    taken = [host for host in hosts if host // 16 not in blocks]
    enis = [eni(*(f"10.0.0.{host}" for host in taken), prefixes=tuple(f"10.0.0.{16 * block}/28" for block in blocks))]

    uses, found = block_uses(cidr, enis), block_map(cidr, enis)

    assert uses.count(BlockUse.FREE) + uses.count(BlockUse.RESERVED) == found.free
    assert uses.count(BlockUse.BROKEN) == found.fragmented
    assert uses.count(BlockUse.FULL) + uses.count(BlockUse.PREFIX) == found.full
