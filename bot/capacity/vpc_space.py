"""Space of a VPC that no subnet takes: where a new subnet of a given length can go."""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network


def first_free(cidrs: Sequence[IPv4Network], taken: Iterable[IPv4Network], length: int) -> IPv4Network | None:
    """The first block of this length in the VPC's blocks that overlaps no subnet; None when there is none.

    Example: `first_free([IPv4Network("10.0.0.0/16")], [IPv4Network("10.0.0.0/20")], 20)` is 10.0.16.0/20.
    """
    subnets = sorted(taken)
    size = 1 << 32 - length
    for cidr in cidrs:
        end = int(cidr.broadcast_address) + 1
        start = int(cidr.network_address)
        for subnet in (*(subnet for subnet in subnets if subnet.overlaps(cidr)), None):
            start = -(-start // size) * size
            border = end if subnet is None else min(int(subnet.network_address), end)
            if start + size <= border:
                return IPv4Network((start, length))
            if subnet is not None:
                start = max(start, int(subnet.broadcast_address) + 1)
    return None
