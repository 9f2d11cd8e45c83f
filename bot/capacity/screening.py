"""Screening: which subnets of a fleet deserve a closer look, by plain comparisons of their address counts.

A `Standing` is worked out for those alone: 80,000 of them take most of a second, the comparisons a few hundredths.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from heapq import nsmallest
from ipaddress import IPv4Network

from bot.capacity.subnets import Limits, threshold_ips, usable_ips
from bot.inventory import Subnet


@dataclass(frozen=True, slots=True, kw_only=True)
class Screened:
    """`close` are the subnets that are or may be low, or not known; `next` those with the smallest share free besides.

    `fine` counts every subnet that is surely not low, `next` among them.
    """

    close: tuple[Subnet, ...]
    next: tuple[Subnet, ...]
    fine: int


def screened(subnets: Iterable[Subnet], limits: Limits, most: int) -> Screened:
    """The subnets that may be low, and so many of the others that `most` are named in all.

    AvailableIpAddressCount leaves reserved space out, so a subnet with enough of it is not low whatever else is true.
    """
    pct = max(limits.low_pct, limits.critical_pct)
    usable = {length: usable_ips(IPv4Network((0, length))) for length in range(8, 31)}
    # At 0 a subnet is exhausted whatever the thresholds are.
    enough = {length: max(threshold_ips(size, limits, pct), 1) for length, size in usable.items()}
    close: list[Subnet] = []
    fine: list[Subnet] = []
    # Numbers alone: a tuple for each of 80,000 subnets sets off Python's collector, which looks through all of them.
    shares: list[float] = []
    for subnet in subnets:
        available, cidr = subnet.available_ips, subnet.cidr
        if available is None or cidr is None:
            close.append(subnet)
            continue
        length = cidr.prefixlen
        if length not in enough or available < enough[length]:
            close.append(subnet)
        else:
            fine.append(subnet)
            shares.append(available / usable[length])
    room = max(most - len(close), 0)
    rest = nsmallest(room, range(len(fine)), key=shares.__getitem__) if room < len(fine) else range(len(fine))
    return Screened(close=tuple(close), next=tuple(fine[number] for number in rest), fine=len(fine))
