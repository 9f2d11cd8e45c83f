"""The subnet address space: EC2's placement, counts, reservations and refusals."""

from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.demo.allocator import AllocationError, ReservationType, SubnetSpace


def space(cidr: str = "10.0.0.0/24", seed: int = 1) -> SubnetSpace:
    return SubnetSpace(IPv4Network(cidr), seed=seed)


def drain(subnet: SubnetSpace) -> None:
    subnet.take_singles(subnet.available_ips)


@pytest.mark.parametrize(
    ("cidr", "usable_ips", "free_blocks"),
    [
        pytest.param("10.0.0.0/28", 11, 0, id="/28 has no block without a reserved address"),
        pytest.param("10.0.0.0/27", 27, 0, id="/27 is only its first and last block"),
        pytest.param("10.0.0.0/26", 59, 2, id="/26"),
        pytest.param("10.0.0.0/24", 251, 14, id="/24"),
        pytest.param("10.0.0.0/20", 4091, 254, id="/20"),
        pytest.param("10.0.0.0/16", 65531, 4094, id="/16"),
    ],
)
def test_an_empty_subnet_has_all_but_five_addresses_and_all_but_two_blocks(
    cidr: str, usable_ips: int, free_blocks: int
) -> None:
    empty = space(cidr)
    assert (empty.usable_ips, empty.available_ips, empty.free_blocks) == (usable_ips, usable_ips, free_blocks)
    assert len(empty.free_block_networks()) == free_blocks


@pytest.mark.parametrize("cidr", ["10.0.0.0/15", "10.0.0.0/29"])
def test_a_subnet_of_a_size_ec2_does_not_offer_is_refused(cidr: str) -> None:
    with pytest.raises(AllocationError) as refusal:
        space(cidr)
    assert refusal.value.code == "InvalidSubnet.Range"


def test_the_five_reserved_addresses_are_never_handed_out() -> None:
    full = space("10.0.0.0/28")
    assert set(full.take_singles(11)) == {IPv4Address(f"10.0.0.{host}") for host in range(4, 15)}


def test_singles_scatter_the_same_way_for_the_same_seed_only() -> None:
    first, again, other = (space(seed=seed).take_singles(20) for seed in (1, 1, 2))
    assert first == again
    assert first != other
    assert list(first) != sorted(first)


@pytest.mark.parametrize(
    ("take", "code"),
    [
        pytest.param(lambda s: s.take_single(), "InsufficientFreeAddressesInSubnet", id="a single address"),
        pytest.param(lambda s: s.take_prefix(), "InsufficientCidrBlocks", id="a prefix"),
        pytest.param(
            lambda s: s.take_address(IPv4Address("10.0.0.99")), "InvalidIPAddress.InUse", id="an address by name"
        ),
        pytest.param(
            lambda s: s.take_network(IPv4Network("10.0.0.16/28")), "InvalidIPAddress.InUse", id="a prefix by name"
        ),
        pytest.param(
            lambda s: s.take_address(IPv4Address("10.0.1.1")), "InvalidParameterValue", id="an address elsewhere"
        ),
        pytest.param(
            lambda s: s.take_address(IPv4Address("10.0.0.3")), "InvalidParameterValue", id="an address of EC2's five"
        ),
        pytest.param(
            lambda s: s.take_network(IPv4Network("10.0.0.0/27")), "InvalidParameterValue", id="a prefix of another size"
        ),
    ],
)
def test_a_full_subnet_refuses_with_ec2s_own_code(take: Callable[[SubnetSpace], object], code: str) -> None:
    full = space()
    drain(full)
    with pytest.raises(AllocationError) as refusal:
        take(full)
    assert refusal.value.code == code


def test_fourteen_scattered_addresses_leave_237_free_and_no_prefix() -> None:
    fragmented = space()
    for block in fragmented.free_block_networks():
        fragmented.take_address(block[7])
    assert (fragmented.available_ips, fragmented.free_blocks) == (237, 0)
    with pytest.raises(AllocationError, match="free cidr blocks"):
        fragmented.take_prefix()


def test_a_prefix_is_aligned_wholly_free_and_takes_sixteen_addresses() -> None:
    subnet = space()
    single = subnet.take_single()
    prefixes = subnet.take_prefixes(subnet.free_blocks)
    assert len(set(prefixes)) == len(prefixes) >= 13
    assert all(prefix.prefixlen == 28 and single not in prefix for prefix in prefixes)
    assert subnet.available_ips == 251 - 1 - 16 * len(prefixes)


def test_a_request_for_more_than_there_is_changes_nothing() -> None:
    subnet = space("10.0.0.0/26")
    with pytest.raises(AllocationError):
        subnet.take_singles(60)
    with pytest.raises(AllocationError):
        subnet.take_prefixes(3)
    assert (subnet.available_ips, subnet.free_blocks) == (59, 2)


def test_prefixes_come_from_a_prefix_reservation_first_and_singles_never() -> None:
    subnet = space()
    subnet.reserve(IPv4Network("10.0.0.128/27"), ReservationType.PREFIX)
    assert set(subnet.take_prefixes(2)) == {IPv4Network("10.0.0.128/28"), IPv4Network("10.0.0.144/28")}
    assert not subnet.take_prefix().overlaps(IPv4Network("10.0.0.128/27"))
    singles = subnet.take_singles(subnet.available_ips)
    assert not any(address in IPv4Network("10.0.0.128/27") for address in singles)


def test_unallocated_reserved_space_is_not_available_and_allocated_space_is_not_counted_twice() -> None:
    subnet = space()
    subnet.reserve(IPv4Network("10.0.0.128/25"), ReservationType.PREFIX)
    assert subnet.available_ips == 251 - 127
    subnet.take_prefix()
    assert subnet.available_ips == 251 - 127
    assert subnet.used_ips == 16


def test_explicit_space_serves_only_addresses_asked_for_by_name() -> None:
    subnet = space("10.0.0.0/26")
    subnet.reserve(IPv4Network("10.0.0.16/28"), ReservationType.EXPLICIT)
    assert subnet.take_prefix() == IPv4Network("10.0.0.32/28")
    with pytest.raises(AllocationError):
        subnet.take_prefix()
    assert subnet.take_address(IPv4Address("10.0.0.20")) == IPv4Address("10.0.0.20")


def test_deleting_a_reservation_gives_only_its_unallocated_space_back() -> None:
    subnet = space()
    reserved = subnet.reserve(IPv4Network("10.0.0.64/26"), ReservationType.PREFIX)
    subnet.take_prefix()
    subnet.unreserve(reserved.cidr)
    assert subnet.available_ips == 251 - 16


def test_reservations_may_cover_used_addresses_but_not_overlap_each_other() -> None:
    subnet = space()
    subnet.take_address(IPv4Address("10.0.0.70"))
    subnet.reserve(IPv4Network("10.0.0.64/28"), ReservationType.PREFIX)
    assert subnet.is_used(IPv4Address("10.0.0.70"))
    with pytest.raises(AllocationError, match="overlaps"):
        subnet.reserve(IPv4Network("10.0.0.64/27"), ReservationType.EXPLICIT)
    with pytest.raises(AllocationError, match="not in the subnet"):
        subnet.reserve(IPv4Network("10.0.1.0/28"), ReservationType.EXPLICIT)


def test_releasing_what_was_not_allocated_is_a_defect() -> None:
    with pytest.raises(ValueError, match="not allocated"):
        space().release([IPv4Address("10.0.0.9")])


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    actions=st.lists(st.sampled_from(["single", "prefix", "release single", "release prefix"]), max_size=120),
)
def test_counts_always_match_an_address_by_address_recount(seed: int, actions: list[str]) -> None:
    """The bitmap arithmetic agrees with a plain set of addresses."""
    subnet = space("10.0.0.0/25", seed=seed)
    singles: list[IPv4Address] = []
    prefixes: list[IPv4Network] = []
    for action in actions:
        if action == "single" and subnet.available_ips:
            singles.append(subnet.take_single())
        elif action == "prefix" and subnet.free_blocks:
            prefixes.append(subnet.take_prefix())
        elif action == "release single" and singles:
            subnet.release([singles.pop(0)])
        elif action == "release prefix" and prefixes:
            subnet.release(prefixes=[prefixes.pop(0)])
    hosts = list(subnet.cidr)
    used = {*hosts[:4], hosts[-1], *singles, *(address for prefix in prefixes for address in prefix)}
    blocks = [set(block) for block in subnet.cidr.subnets(new_prefix=28)]
    assert len(used) == 5 + len(singles) + 16 * len(prefixes)
    assert subnet.available_ips == 128 - len(used)
    assert subnet.free_blocks == sum(1 for block in blocks if not block & used)
