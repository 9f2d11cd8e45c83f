"""The address space of one subnet, handed out and taken back as EC2 does it.

Single addresses land pseudo-randomly, /28 prefixes are aligned and wholly free, CIDR reservations set space aside:
what an account sees afterwards (scattered singles, thousands of free addresses without one free /28) is the
consequence, not an input. Pure: a seed decides every placement. Bit n of every bitmap is address n of the subnet.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network

PREFIX_IPS = 16  # A delegated prefix is a /28.
_PREFIX_LENGTH = 28
_PROBES = 8  # Random tries before taking the next free address after a random point, which favours gaps.


class ReservationType(StrEnum):
    """What a subnet CIDR reservation is for, in EC2's spelling.

    Source: https://docs.aws.amazon.com/vpc/latest/userguide/subnet-cidr-reservation.html: `prefix` space serves
    automatic prefixes, `explicit` space only addresses that a request names.
    """

    PREFIX = "prefix"
    EXPLICIT = "explicit"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpaceReservation:
    """A range of the subnet set aside."""

    cidr: IPv4Network
    reservation_type: ReservationType


class AllocationError(Exception):
    """EC2 refuses an allocation; `code` and the message are EC2's."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class SubnetSpace:
    """The allocations of one subnet; not thread-safe, the owner serialises."""

    __slots__ = ("_base", "_mask", "_random", "_reservations", "_size", "_used", "cidr")

    def __init__(self, cidr: IPv4Network, *, seed: int) -> None:
        """An empty subnet with EC2's five reserved addresses taken.

        Source: https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html: the first four addresses and
        the last one of every subnet are reserved; sizes /16 to /28.
        """
        if not 16 <= cidr.prefixlen <= 28:
            raise AllocationError("InvalidSubnet.Range", f"The CIDR '{cidr}' is invalid.")
        self.cidr = cidr
        self._base = int(cidr.network_address)
        self._size = cidr.num_addresses
        self._mask = (1 << self._size) - 1
        self._used = 0b1111 | 1 << (self._size - 1)
        self._reservations: tuple[SpaceReservation, ...] = ()
        self._random = random.Random(seed)  # noqa: S311 - placement, not cryptography

    @property
    def usable_ips(self) -> int:
        """Addresses a subnet of this size can ever hand out."""
        return self._size - 5

    @property
    def used_ips(self) -> int:
        """Addresses allocated, those inside prefixes included, EC2's five not."""
        return self._used.bit_count() - 5

    @property
    def available_ips(self) -> int:
        """What DescribeSubnets gives as AvailableIpAddressCount.

        Source: https://github.com/aws-samples/sample-apex-skills/issues/223: space in a CIDR reservation that is
        not yet allocated is not counted as available.
        """
        return self._general().bit_count()

    @property
    def free_blocks(self) -> int:
        """Free aligned /28 blocks that an automatic prefix could take, in and outside prefix reservations."""
        return self._prefix_candidates().bit_count()

    @property
    def reservations(self) -> tuple[SpaceReservation, ...]:
        """The reservations in the order they were made."""
        return self._reservations

    def free_block_networks(self) -> tuple[IPv4Network, ...]:
        """The blocks counted by `free_blocks`, in address order."""
        blocks = self._prefix_candidates()
        return tuple(self._block(offset) for offset in range(0, self._size, PREFIX_IPS) if blocks >> offset & 1)

    def is_used(self, address: IPv4Address) -> bool:
        """Whether the address is allocated or one of EC2's five."""
        return bool(self._used >> self._offset(address) & 1)

    def reserve(self, cidr: IPv4Network, reservation_type: ReservationType) -> SpaceReservation:
        """Set a range aside; addresses already allocated in it stay where they are."""
        if not cidr.subnet_of(self.cidr):
            raise AllocationError("InvalidParameterValue", f"The CIDR {cidr} is not in the subnet {self.cidr}.")
        if any(cidr.overlaps(reservation.cidr) for reservation in self._reservations):
            raise AllocationError("InvalidCidrReservation.Overlap", f"The CIDR {cidr} overlaps a reservation.")
        reservation = SpaceReservation(cidr=cidr, reservation_type=reservation_type)
        self._reservations = (*self._reservations, reservation)
        return reservation

    def unreserve(self, cidr: IPv4Network) -> None:
        """Give the unallocated part of a reservation back to general space."""
        self._reservations = tuple(kept for kept in self._reservations if kept.cidr != cidr)

    def take_single(self) -> IPv4Address:
        """Allocate one pseudo-random free address from general space.

        Raises: AllocationError InsufficientFreeAddressesInSubnet.
        """
        free = self._general()
        if not free:
            raise AllocationError(
                "InsufficientFreeAddressesInSubnet",
                f"The specified subnet does not have enough free addresses to satisfy the request: {self.cidr}",
            )
        for _ in range(_PROBES):
            offset = self._random.randrange(self._size)
            if free >> offset & 1:
                break
        else:
            offset = self._pick(free)
        self._used |= 1 << offset
        return IPv4Address(self._base + offset)

    def take_singles(self, count: int) -> tuple[IPv4Address, ...]:
        """Allocate `count` single addresses, or none of them.

        Raises: AllocationError InsufficientFreeAddressesInSubnet.
        """
        before = self._used
        try:
            return tuple(self.take_single() for _ in range(count))
        except AllocationError:
            self._used = before
            raise

    def take_address(self, address: IPv4Address) -> IPv4Address:
        """Allocate one address by name, from a reservation too.

        Raises: AllocationError InvalidParameterValue outside the subnet or reserved by EC2,
        InvalidIPAddress.InUse when it is allocated already.
        """
        if address not in self.cidr:
            raise AllocationError("InvalidParameterValue", "Address does not fall within the subnet's address range")
        offset = self._offset(address)
        if offset < 4 or offset == self._size - 1:
            raise AllocationError("InvalidParameterValue", "Address is in subnet's reserved address range")
        if self._used >> offset & 1:
            raise AllocationError("InvalidIPAddress.InUse", f"Address {address} is in use.")
        self._used |= 1 << offset
        return address

    def take_prefix(self) -> IPv4Network:
        """Allocate one free /28: from a prefix reservation first, then from space outside all reservations.

        Source: https://github.com/aws/amazon-vpc-cni-k8s/issues/2749 (order);
        https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-prefix-eni.html (aligned, wholly free).
        Raises: AllocationError InsufficientCidrBlocks.
        """
        blocks = self._free_blocks_in(self._reserved(ReservationType.PREFIX)) or self._free_blocks_in(
            self._mask & ~self._reserved()
        )
        if not blocks:
            raise AllocationError(
                "InsufficientCidrBlocks",
                "The specified subnet does not have enough free cidr blocks to satisfy the request.",
            )
        offset = self._pick(blocks)
        self._used |= self._block_bits(offset)
        return self._block(offset)

    def take_prefixes(self, count: int) -> tuple[IPv4Network, ...]:
        """Allocate `count` /28 prefixes, or none of them.

        Raises: AllocationError InsufficientCidrBlocks.
        """
        before = self._used
        try:
            return tuple(self.take_prefix() for _ in range(count))
        except AllocationError:
            self._used = before
            raise

    def take_network(self, prefix: IPv4Network) -> IPv4Network:
        """Allocate one /28 by name.

        Raises: AllocationError InvalidParameterValue for another size or range, InvalidIPAddress.InUse when any of
        its addresses is allocated.
        """
        if prefix.prefixlen != _PREFIX_LENGTH or not prefix.subnet_of(self.cidr):
            raise AllocationError("InvalidParameterValue", f"{prefix} is not a /28 prefix of the subnet.")
        bits = self._block_bits(self._offset(prefix.network_address))
        if self._used & bits:
            raise AllocationError("InvalidIPAddress.InUse", f"Addresses of {prefix} are in use.")
        self._used |= bits
        return prefix

    def release(self, addresses: Sequence[IPv4Address] = (), prefixes: Sequence[IPv4Network] = ()) -> None:
        """Give allocated addresses and prefixes back.

        Raises: ValueError when one of them is not allocated, which would be a defect of the caller.
        """
        bits = 0
        for address in addresses:
            bits |= 1 << self._offset(address)
        for prefix in prefixes:
            bits |= self._block_bits(self._offset(prefix.network_address))
        if bits & ~self._used:
            raise ValueError(f"Released an address of {self.cidr} that was not allocated.")
        self._used &= ~bits

    def _general(self) -> int:
        return self._mask & ~(self._used | self._reserved())

    def _reserved(self, reservation_type: ReservationType | None = None) -> int:
        bits = 0
        for reservation in self._reservations:
            if reservation_type in (None, reservation.reservation_type):
                start = self._offset(reservation.cidr.network_address)
                bits |= ((1 << reservation.cidr.num_addresses) - 1) << start
        return bits

    def _prefix_candidates(self) -> int:
        in_reservations = self._free_blocks_in(self._reserved(ReservationType.PREFIX))
        return in_reservations | self._free_blocks_in(self._mask & ~self._reserved())

    def _free_blocks_in(self, space: int) -> int:
        """A bit at the first address of every aligned /28 that lies in `space` and is wholly free."""
        blocked = self._used | (self._mask & ~space)
        for shift in (1, 2, 4, 8):  # Folds the sixteen bits of a block into its lowest one.
            blocked |= blocked >> shift
        return ~blocked & (self._mask // 0xFFFF)

    def _pick(self, bits: int) -> int:
        """The position of the first set bit at or after a random one, going round."""
        start = self._random.randrange(self._size)
        above = bits >> start
        if above:
            return start + (above & -above).bit_length() - 1
        return (bits & -bits).bit_length() - 1

    def _offset(self, address: IPv4Address) -> int:
        return int(address) - self._base

    def _block(self, offset: int) -> IPv4Network:
        return IPv4Network((self._base + offset, _PREFIX_LENGTH))

    @staticmethod
    def _block_bits(offset: int) -> int:
        return 0xFFFF << offset
