"""Screening: which subnets of a fleet deserve a closer look, by plain comparisons of their address counts.

A `Standing` is worked out for those alone: 80,000 of them take most of a second, the comparisons a few hundredths.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from heapq import merge, nsmallest
from ipaddress import IPv4Network
from itertools import chain, islice

from bot.capacity.subnets import Limits, percent, threshold_ips, usable_ips
from bot.inventory import RegionFacts, Subnet


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
    close, fine, shares = _sorted_out(subnets, limits)
    room = max(most - len(close), 0)
    rest = nsmallest(room, range(len(fine)), key=shares.__getitem__) if room < len(fine) else range(len(fine))
    return Screened(close=tuple(close), next=tuple(fine[number] for number in rest), fine=len(fine))


def screened_places(places: Iterable[RegionFacts], limits: Limits, most: int) -> Screened:
    """The same of every subnet of the account-regions, each of which is looked through once until it is read again."""
    parts = [_kept_of(place, limits) for place in places]
    close = tuple(subnet for part in parts for subnet in part.close)
    fine = sum(part.fine for part in parts)
    room = max(most - len(close), 0)
    every = (part.next for part in parts)
    # Each part has its own in order already: of 80,000 only as many are compared as are wanted.
    rest = islice(merge(*every, key=_share_free), room) if room < fine else chain.from_iterable(every)
    return Screened(close=close, next=tuple(rest), fine=fine)


def _kept_of(place: RegionFacts, limits: Limits) -> Screened:
    kept: Screened | None = place.derived.get((Screened, limits))
    if kept is None:
        close, fine, shares = _sorted_out(place.subnets, limits)
        order = sorted(range(len(fine)), key=shares.__getitem__)
        kept = Screened(close=tuple(close), next=tuple(fine[number] for number in order), fine=len(fine))
        place.derived[Screened, limits] = kept
    return kept


def _share_free(subnet: Subnet) -> float:
    """The free addresses of a subnet with IPv4 as a part of the usable ones."""
    return 0.0 if subnet.cidr is None else (subnet.available_ips or 0) / max(usable_ips(subnet.cidr), 1)


def worst_candidates(groups: Iterable[Iterable[Subnet]], limits: Limits) -> tuple[Subnet, ...]:
    """The subnets among which the worst of each group is, each once.

    They are all that are or may be low, or not known, and of the others in each group the one with the smallest share
    free, by its label among equals.
    """
    usable, enough = _bounds(limits)
    found: dict[str, Subnet] = {}
    for group in groups:
        least: tuple[float, str, Subnet] | None = None
        for subnet in group:
            available, cidr = subnet.available_ips, subnet.cidr
            length = None if cidr is None else cidr.prefixlen
            if available is None or length not in enough or available < enough[length]:
                found[subnet.subnet_id] = subnet
                continue
            free_pct = percent(available, usable[length]) or 0.0
            if least is None or (free_pct, subnet.label) < least[:2]:
                least = free_pct, subnet.label, subnet
        if least is not None:
            found[least[2].subnet_id] = least[2]
    return tuple(found.values())


def _sorted_out(subnets: Iterable[Subnet], limits: Limits) -> tuple[list[Subnet], list[Subnet], list[float]]:
    """The subnets that are or may be low, or not known; the others; and the share free of each of those."""
    usable, enough = _bounds(limits)
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
    return close, fine, shares


@lru_cache(8)
def _bounds(limits: Limits) -> tuple[Mapping[int | None, int], Mapping[int | None, int]]:
    """By a block's length its usable addresses, and how many free ones are surely not low."""
    pct = max(limits.low_pct, limits.critical_pct)
    usable: dict[int | None, int] = {length: usable_ips(IPv4Network((0, length))) for length in range(8, 31)}
    # At 0 a subnet is exhausted whatever the thresholds are.
    return usable, {length: max(threshold_ips(size, limits, pct), 1) for length, size in usable.items()}
