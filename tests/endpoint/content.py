"""The subnets and interfaces of one account and region, derived from its plan by a seed, on demand.

The demo's allocator places every address. Subnets of one shape share a placement, which is made once: that is how
200,000 interfaces of ten addresses are there in seconds. A subnet that is changed gets an allocator of its own.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Address, IPv4Network, IPv6Network

from bot.demo.allocator import ReservationType, SpaceReservation, SubnetSpace

from .plan import RegionPlan

PREFIXES = 2
"""The /28s of an interface in prefix mode, beside its one address."""
_WEIGHTS = (1, 4, 2, 1)
"""How the interfaces of a region are spread over its subnets, in turn."""
_HEADROOM = (1.02, 1.1, 1.5, 3.0)
"""How much larger than its content a subnet is made before it is rounded up to a power of two, in turn."""
_SMALLEST = 26
_BLOCKS_OF_A_VPC = 5
"""Source: https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html (IPv4 CIDR blocks of a VPC)."""
_VARIANTS = 4
"""Placements of one shape: enough that neighbours differ."""
ZONES = 3
_PARTICIPANT = 0x800000
"""Where the numbers of participants' nodes begin: out of the way of the owner's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What decides the placement inside a subnet, its position apart."""

    prefixlen: int
    interfaces: int
    addresses: int
    prefixes: int
    reserved: bool
    variant: int


Held = tuple[tuple[int, ...], tuple[int, ...]]
"""What an interface holds, as offsets in its subnet: single addresses, and the first address of each /28."""


def filled(shape: Shape, cidr: IPv4Network) -> tuple[SubnetSpace, list[Held]]:
    """A subnet's space with everything of its shape allocated in it, and what each interface got."""
    space = SubnetSpace(cidr, seed=shape.variant)
    base = int(cidr.network_address)
    if shape.reserved:
        space.reserve(list(cidr.subnets(prefixlen_diff=1))[1], ReservationType.PREFIX)
    held: list[Held] = []
    for _ in range(shape.interfaces):
        singles = tuple(int(address) - base for address in space.take_singles(shape.addresses))
        prefixes = tuple(int(block.network_address) - base for block in space.take_prefixes(shape.prefixes))
        held.append((singles, prefixes))
    return space, held


@cache
def _placement(shape: Shape) -> tuple[int, tuple[Held, ...]]:
    """AvailableIpAddressCount of a subnet of the shape, and what its interfaces hold."""
    space, held = filled(shape, IPv4Network((0x0A000000, shape.prefixlen)))
    return space.available_ips, tuple(held)


class Interface:
    """One interface; what it holds are offsets in its subnet."""

    __slots__ = ("device_index", "instance_number", "number", "offsets", "owner_id", "prefixes", "subnet")

    def __init__(self, subnet: "SubnetState", number: int, held: Held, owner_id: str) -> None:
        self.subnet = subnet
        self.number = number
        self.offsets, self.prefixes = held
        self.give(owner_id)

    def give(self, owner_id: str) -> None:
        """Make it the account's: an owner's nodes have two interfaces each, a participant's are nodes of their own."""
        self.owner_id = owner_id
        self.instance_number, self.device_index = divmod(self.number, 2)
        if owner_id != self.subnet.region.account_id:
            self.instance_number, self.device_index = _PARTICIPANT + self.number, 0

    @property
    def eni_id(self) -> str:
        """Its id, from which account, region, subnet and number can be read back."""
        return f"eni-{self.subnet.key}{self.number:06x}"

    @property
    def instance_id(self) -> str:
        """The id of the node it is attached to."""
        return f"i-{self.subnet.key}{self.instance_number:06x}"


class SubnetState:
    """One subnet; `cidr` is None where it is IPv6-only."""

    __slots__ = (
        "_available_ips",
        "_shape",
        "_space",
        "base",
        "cidr",
        "deleted",
        "gone_after",
        "hidden",
        "interfaces",
        "key",
        "name",
        "next_number",
        "number",
        "region",
        "shared_with",
        "since",
        "vpc_number",
        "zone",
    )

    def __init__(
        self, region: "RegionState", number: int, *, cidr: IPv4Network | None, shape: Shape | None, name: str
    ) -> None:
        self.region = region
        self.number = number
        self.name = name
        self.key = f"{region.key}{number:04x}"
        self.cidr = cidr
        self.base = int(cidr.network_address) if cidr else 0
        self.zone = number % ZONES
        self.vpc_number = 0
        self.shared_with: tuple[str, ...] = ()
        self.since = 0
        self.gone_after: int | None = None
        self.hidden: tuple[int, int] = (0, 0)
        self.deleted = False
        self._shape = shape
        self._space: SubnetSpace | None = None
        self._available_ips, held = _placement(shape) if shape else (0, ())
        self.interfaces = [Interface(self, index, what, region.account_id) for index, what in enumerate(held)]
        self.next_number = len(self.interfaces)

    @property
    def subnet_id(self) -> str:
        """Its id."""
        return f"subnet-{self.key}000000"

    @property
    def ipv6_cidr(self) -> IPv6Network:
        """Its IPv6 block, where it is IPv6-only."""
        return IPv6Network((0x2A05_D018 << 96 | self.region.number << 72 | self.number << 64, 64))

    @property
    def vpc_id(self) -> str:
        """The id of its VPC."""
        return f"vpc-{self.region.key}{self.vpc_number:04x}000000"

    @property
    def available_ips(self) -> int:
        """AvailableIpAddressCount; 0 for an IPv6-only subnet, as EC2 answers."""
        return self._space.available_ips if self._space else self._available_ips

    @property
    def reservations(self) -> tuple[SpaceReservation, ...]:
        """Its CIDR reservations."""
        if self._space is None and not (self._shape and self._shape.reserved):
            return ()
        return self.space.reservations

    @property
    def space(self) -> SubnetSpace:
        """Its own allocator, in the state that its shape describes or later changes left.

        Raises: ValueError for an IPv6-only subnet.
        """
        if self._space is None:
            if self.cidr is None:
                raise ValueError(f"{self.subnet_id} has no IPv4 block")
            shape = self._shape or Shape(
                prefixlen=self.cidr.prefixlen, interfaces=0, addresses=0, prefixes=0, reserved=False, variant=0
            )
            self._space, _ = filled(shape, self.cidr)
        return self._space

    def take(self, addresses: int, prefixes: int, owner_id: str) -> Interface:
        """A new interface with so many single addresses and /28s.

        Raises: AllocationError when they do not fit; then nothing is taken.
        """
        blocks = self.space.take_prefixes(prefixes)
        try:
            singles = self.space.take_singles(addresses)
        except Exception:
            self.space.release(prefixes=blocks)
            raise
        held = (
            tuple(int(address) - self.base for address in singles),
            tuple(int(block.network_address) - self.base for block in blocks),
        )
        interface = Interface(self, self.next_number, held, owner_id)
        self.next_number += 1
        self.interfaces.append(interface)
        return interface

    def release(self, interface: Interface) -> None:
        """Delete an interface; what it held is free again."""
        self.space.release(
            [IPv4Address(self.base + offset) for offset in interface.offsets],
            [IPv4Network((self.base + offset, 28)) for offset in interface.prefixes],
        )
        self.interfaces.remove(interface)

    def is_listed(self, listing: int) -> bool:
        """Whether the region's listing of that number shows it: eventual consistency counts in listings."""
        if not self.since <= listing or self.hidden[0] <= listing < self.hidden[1]:
            return False
        return self.gone_after is None or listing < self.gone_after

    @property
    def is_unsettled(self) -> bool:
        """Whether the listing that was begun last, or a later one, does not show it as the one before or after does."""
        begun = self.region.listings
        return self.since >= begun or self.gone_after is not None or self.hidden[1] >= begun


class RegionState:
    """One account in one region: its subnets by number, and how often they have been listed."""

    def __init__(self, *, account_id: str, account_name: str, key: str, number: int, seed: int, plan: RegionPlan):
        self.account_id = account_id
        self.account_name = account_name
        self.region = plan.region
        self.key = key
        self.number = number
        self.plan = plan
        self.cluster_names = tuple(f"{account_name}-{plan.region}-{one}" for one in range(plan.clusters))
        self.listings = 0
        self._seed = seed
        self._start = 0x0A000000 + ((number * 7) % 128 << 16)
        self.subnets: dict[int, SubnetState] = {subnet.number: subnet for subnet in self._build()}

    @property
    def vpc_blocks(self) -> dict[int, tuple[IPv4Network, ...]]:
        """The /16 blocks of each VPC, by its number."""
        blocks: dict[int, dict[IPv4Network, None]] = {}
        for subnet in self.subnets.values():
            found = blocks.setdefault(subnet.vpc_number, {})
            if subnet.cidr:
                found[subnet.cidr.supernet(new_prefix=16)] = None
        return {number: tuple(sorted(found)) for number, found in sorted(blocks.items())}

    def add(self, cidr: IPv4Network, name: str) -> SubnetState:
        """A new, empty subnet in the first VPC."""
        subnet = SubnetState(self, max(self.subnets, default=-1) + 1, cidr=cidr, shape=None, name=name)
        subnet.space.available_ips  # noqa: B018 - refuses a block that EC2 would refuse
        self.subnets[subnet.number] = subnet
        return subnet

    def _build(self) -> Iterator[SubnetState]:
        plan, place = self.plan, self._start
        shapes = list(enumerate(self._shapes()))
        # Largest first: each block is then aligned without gaps.
        blocks: dict[int, IPv4Network] = {}
        for number, shape in sorted(shapes, key=lambda item: (item[1].prefixlen, item[0])):
            blocks[number] = IPv4Network((place, shape.prefixlen))
            place += 1 << 32 - shape.prefixlen
        for number, shape in shapes:
            subnet = SubnetState(self, number, cidr=blocks[number], shape=shape, name=self._name(number))
            subnet.vpc_number = (subnet.base - self._start >> 16) // _BLOCKS_OF_A_VPC
            if number < plan.shared_subnets:
                subnet.shared_with = plan.shared_with
                guests = [owner for owner in plan.shared_with for _ in range(plan.participant_interfaces)]
                for interface, owner in zip(reversed(subnet.interfaces), reversed(guests), strict=False):
                    interface.give(owner)
            yield subnet
        for number in range(plan.subnets, plan.subnets + plan.ipv6_subnets):
            yield SubnetState(self, number, cidr=None, shape=None, name=f"{self._name(number)}-ipv6")

    def _name(self, number: int) -> str:
        return f"{self.account_name}-{('private', 'pods', 'intra')[number % 3]}-{number:02d}"

    def _shapes(self) -> Iterator[Shape]:
        plan = self.plan
        weights = [_WEIGHTS[number % len(_WEIGHTS)] for number in range(plan.subnets)]
        counts = [plan.interfaces * weight // sum(weights) for weight in weights]
        for left in range(plan.interfaces - sum(counts)):
            counts[left % plan.subnets] += 1
        variants = random.Random(f"{self._seed}:{self.account_id}:{self.region}")
        for number, count in enumerate(counts):
            if number < plan.shared_subnets:
                count += len(plan.shared_with) * plan.participant_interfaces
            prefixes = PREFIXES if number < plan.prefix_subnets else 0
            reserved = number < plan.reserved_subnets
            singles = 1 if prefixes else plan.addresses
            needed = count * (singles + 16 * prefixes) * _HEADROOM[(number // 4 + number) % 4] + 5
            if prefixes:
                needed = needed * 1.5 + count * 32  # Each scattered single may spoil a block.
            if reserved:
                needed *= 2
            yield Shape(
                prefixlen=min(_SMALLEST, 32 - (max(int(needed), 2) - 1).bit_length()),
                interfaces=count,
                addresses=singles,
                prefixes=prefixes,
                reserved=reserved,
                variant=variants.randrange(_VARIANTS),
            )
