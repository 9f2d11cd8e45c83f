"""Addresses of a subnet: how many there are, how many are free, and whether that is little."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Network
from math import ceil

RESERVED_IPS = 5
"""Addresses of every subnet that nobody can use: the first four and the last.

Source: https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html (network, router, DNS, future use,
broadcast).
"""
_BITS = 32
"""Bits of an IPv4 address."""


class SubnetState(Enum):
    """How a subnet stands against its thresholds, worst last but one; unknown is never guessed."""

    OK = "ok"
    LOW = "low"
    CRITICAL = "critical"
    EXHAUSTED = "exhausted"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When a subnet is low: an address floor and percentages (0-100) of its usable addresses."""

    floor_ips: int
    low_pct: float
    critical_pct: float
    clear_pct: float


def usable_ips(cidr: IPv4Network) -> int:
    """Addresses of a subnet that can be given out: its size less the five that AWS reserves.

    Source: https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
    Example: `usable_ips(IPv4Network("10.0.0.0/20"))` is 4091.
    """
    # Not `max_prefixlen`, which is a property: an answer on a whole fleet asks for tens of thousands of subnets.
    size: int = 1 << (_BITS - cidr.prefixlen)
    return size - RESERVED_IPS if size > RESERVED_IPS else 0


def free_ips(available_ips: int | None, reserved_free_ips: int | None) -> int | None:
    """Addresses that can still be given out: AvailableIpAddressCount and the free space inside reservations.

    None when either is not known: AvailableIpAddressCount leaves reserved, not yet allocated space out, so a subnet
    kept for prefixes reads near 0 while it is healthy.
    Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Subnet.html
    """
    if available_ips is None or reserved_free_ips is None:
        return None
    return available_ips + reserved_free_ips


def floor_ips(usable: int, limits: Limits) -> int:
    """The address floor for a subnet of this size: at most half of it, so that a /28 is not red by its size alone."""
    return min(limits.floor_ips, usable // 2)


def threshold_ips(usable: int, limits: Limits, pct: float) -> int:
    """Fewer free addresses than this breach the threshold: the larger of the floor and the percentage."""
    return max(floor_ips(usable, limits), ceil(usable * pct / 100))


def subnet_state(free: int | None, usable: int, limits: Limits) -> SubnetState:
    """Where `free` addresses of `usable` stand: exhausted at 0, critical and low below their thresholds."""
    if free is None or usable <= 0:
        return SubnetState.UNKNOWN
    if free <= 0:
        return SubnetState.EXHAUSTED
    if free >= threshold_ips(usable, limits, max(limits.low_pct, limits.critical_pct)):
        return SubnetState.OK
    if free < threshold_ips(usable, limits, limits.critical_pct):
        return SubnetState.CRITICAL
    return SubnetState.LOW


def worst_first(state: SubnetState) -> int:
    """Sort key: exhausted, critical, low, unknown, ok."""
    order = (SubnetState.EXHAUSTED, SubnetState.CRITICAL, SubnetState.LOW, SubnetState.UNKNOWN, SubnetState.OK)
    return order.index(state)


def percent(part: int | None, whole: int) -> float | None:
    """`part` of `whole` in percent (0-100), one decimal; None when not known."""
    return None if part is None or whole <= 0 else round(100 * part / whole, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Addresses summed over subnets (an AZ, a VPC, a cluster); `free` sums only the subnets that are known."""

    subnets: int
    usable: int
    free: int
    unknown_subnets: int


def totals(rows: Iterable[tuple[int, int | None]]) -> Totals:
    """The sums over (usable, free) pairs; pairs whose free is None count as unknown and add nothing."""
    subnets = usable_known = free_known = unknown = 0
    for usable, free in rows:
        subnets += 1
        if free is None:
            unknown += 1
        else:
            usable_known += usable
            free_known += free
    return Totals(subnets=subnets, usable=usable_known, free=free_known, unknown_subnets=unknown)
