"""Subnet CIDR reservations for prefixes: ranges of a subnet that are wholly free and worth keeping for /28s."""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network

from bot.capacity.blocks import BLOCK_IPS
from bot.inventory import Eni, Reservation

_PREFIX_LENGTH = 28


def reservable(
    cidr: IPv4Network, enis: Iterable[Eni], reservations: Sequence[Reservation], blocks: int
) -> tuple[IPv4Network, ...]:
    """Free aligned ranges that hold so many /28 blocks together, the largest first; fewer where there are not so many.

    No range touches an address in use, a reservation, or the first and last block of the subnet (they hold reserved
    addresses). Reserving keeps single addresses out of them; what is in use elsewhere stays where it is.
    Source: https://docs.aws.amazon.com/vpc/latest/userguide/subnet-cidr-reservation.html
    """
    size = cidr.num_addresses // BLOCK_IPS
    if size <= 2 or blocks <= 0:
        return ()
    free = _free_blocks(cidr, enis, reservations, size)
    found: list[IPv4Network] = []
    missing = blocks
    width = 1 << (size.bit_length() - 1)
    while width and missing > 0:
        # Narrow enough not to keep far more than asked for from single addresses.
        if width <= missing:
            for start in range(0, size - width + 1, width):
                if missing >= width and all(free[start : start + width]):
                    free[start : start + width] = bytes(width)
                    base = int(cidr.network_address) + start * BLOCK_IPS
                    found.append(IPv4Network((base, _PREFIX_LENGTH - (width.bit_length() - 1))))
                    missing -= width
        width //= 2
    return tuple(found)


def reservation_command(subnet_id: str, region: str, cidr: IPv4Network) -> str:
    """The command that reserves a range of a subnet for prefixes."""
    return (
        f"aws ec2 create-subnet-cidr-reservation --region {region} --subnet-id {subnet_id} "
        f"--reservation-type prefix --cidr {cidr}"
    )


def _free_blocks(cidr: IPv4Network, enis: Iterable[Eni], reservations: Sequence[Reservation], size: int) -> bytearray:
    """A byte for each /28 of the subnet: 1 where it is wholly free and may be reserved."""
    base = int(cidr.network_address)
    free = bytearray(b"\x01") * size
    free[0] = free[-1] = 0
    taken = [(int(address), 1) for eni in enis for address in eni.addresses]
    taken += [(int(prefix.network_address), prefix.num_addresses) for eni in enis for prefix in eni.prefixes]
    taken += [(int(each.cidr.network_address), each.cidr.num_addresses) for each in reservations]
    for address, length in taken:
        first, last = (address - base) // BLOCK_IPS, (address + length - 1 - base) // BLOCK_IPS
        for index in range(max(first, 0), min(last, size - 1) + 1):
            free[index] = 0
    return free
