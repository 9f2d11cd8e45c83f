"""The block map against the demo's allocator, which hands addresses out as EC2 does and counts blocks its own way."""

from ipaddress import IPv4Address, IPv4Network

import pytest
from builders import eni, reservation
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.capacity.blocks import BlockMap, block_map, candidate_blocks, free_block_bounds, unattributed_ips
from bot.demo.allocator import AllocationError, SubnetSpace
from bot.demo.allocator import ReservationType as SpaceType
from bot.inventory import Eni, Reservation, ReservationType


class Estate:
    """One subnet of the allocator, and the interfaces and reservations that EC2 would show of it."""

    def __init__(self, length: int, seed: int) -> None:
        self.space = SubnetSpace(IPv4Network((int(IPv4Address("10.0.0.0")), length)), seed=seed)
        self.enis: list[Eni] = []

    @property
    def reservations(self) -> list[Reservation]:
        return [reservation(str(r.cidr), ReservationType(r.reservation_type.value)) for r in self.space.reservations]

    def map(self) -> BlockMap:
        return block_map(self.space.cidr, self.enis, self.reservations)

    def apply(self, what: str, count: int, where: int) -> None:
        """One thing that happens in a subnet; what EC2 refuses changes nothing."""
        try:
            match what:
                case "singles":
                    taken = self.space.take_singles(count)
                    self.enis.append(eni(*map(str, taken), eni_id=f"eni-{len(self.enis)}"))
                case "prefixes":
                    blocks = self.space.take_prefixes(count)
                    self.enis.append(eni(prefixes=tuple(map(str, blocks)), eni_id=f"eni-{len(self.enis)}"))
                case "named":
                    one = self.space.take_address(self.space.cidr[where % self.space.cidr.num_addresses])
                    self.enis.append(eni(str(one)))
                case "gone" if self.enis:
                    left = self.enis.pop(where % len(self.enis))
                    self.space.release(left.addresses, left.prefixes)
                case "kept for prefixes" | "kept for named":
                    # EC2 cuts prefixes of /28, so a range kept for them is a /28 or wider; other ranges may be smaller.
                    longest = 28 if what == "kept for prefixes" else 32
                    length = min(self.space.cidr.prefixlen + count, longest)
                    subnets = list(self.space.cidr.subnets(new_prefix=length))
                    kind = SpaceType.PREFIX if what == "kept for prefixes" else SpaceType.EXPLICIT
                    self.space.reserve(subnets[where % len(subnets)], kind)
        except AllocationError:
            return


HAPPENINGS = st.lists(
    st.tuples(
        st.sampled_from(["singles", "singles", "prefixes", "named", "gone", "kept for prefixes", "kept for named"]),
        st.integers(1, 12),
        st.integers(0, 65_535),
    ),
    max_size=25,
)


@settings(max_examples=200, deadline=None)
@given(st.integers(21, 28), st.integers(0, 2**16), HAPPENINGS)
def test_the_map_and_the_allocator_agree_whatever_happens(
    length: int, seed: int, happenings: list[tuple[str, int, int]]
) -> None:
    """Free blocks, used and available addresses are the same after each step, and nothing is left unexplained."""
    estate = Estate(length, seed)
    for what, count, where in happenings:
        estate.apply(what, count, where)
        space, found = estate.space, estate.map()

        assert found.free == space.free_blocks
        assert found.used_ips == space.used_ips
        explained = unattributed_ips(space.usable_ips, space.available_ips, found.reserved_free_ips, found.used_ips)
        assert explained == 0
        bounds = free_block_bounds(space.cidr, space.available_ips)
        assert bounds.at_least <= found.free <= bounds.at_most


@pytest.mark.parametrize("length", [pytest.param(length, id=f"/{length}") for length in range(16, 29)])
def test_as_many_prefixes_can_be_taken_as_the_map_shows_free(length: int) -> None:
    """The allocator refuses the next prefix exactly when the map has no free block left."""
    estate = Estate(length, seed=length)
    candidates = candidate_blocks(estate.space.cidr)
    estate.apply("singles", max(candidates // 8, 1), 0)
    free = estate.map().free
    assert candidates - max(candidates // 8, 1) <= free <= candidates

    estate.space.take_prefixes(free)

    with pytest.raises(AllocationError, match="free cidr blocks"):
        estate.space.take_prefix()
