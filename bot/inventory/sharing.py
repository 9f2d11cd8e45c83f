"""Subnets and VPCs that one account shares with others: which account's copy counts.

Source: https://docs.aws.amazon.com/vpc/latest/userguide/vpc-sharing.html (participants see the shared subnets; zones
are the same by zone id, not by name).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from bot.inventory.known import RegionFacts
from bot.inventory.network import Quality


def without_shared_twice(regions: Sequence[RegionFacts]) -> tuple[RegionFacts, ...]:
    """The facts with each VPC and subnet once: a fresh copy before a stale one, then its owner's, then the first.

    A copy that a participant read keeps the owner's account id, so that the contents are read there.
    """
    shared = _named_twice(regions)
    if not shared:
        return tuple(regions)
    best: dict[str, tuple[bool, bool, int]] = {}
    for position, facts in enumerate(regions):
        for thing_id, owner_id, fresh in _things(facts):
            if thing_id not in shared:
                continue
            rank = (not fresh, owner_id != facts.account_id, position)
            known = best.get(thing_id)
            if known is None or rank < known:
                best[thing_id] = rank
    return tuple(_kept(facts, position, best) for position, facts in enumerate(regions))


def _named_twice(regions: Iterable[RegionFacts]) -> frozenset[str]:
    """The VPCs and subnets that more than one of the regions hold: of a large fleet few, and only they are compared."""
    seen: set[str] = set()
    twice: set[str] = set()
    for facts in regions:
        own = facts.network_ids
        if not seen.isdisjoint(own):
            twice |= seen & own
        seen |= own
    return frozenset(twice)


def _things(facts: RegionFacts) -> Iterator[tuple[str, str, bool]]:
    yield from ((vpc.vpc_id, vpc.account_id, facts.subnets_complete) for vpc in facts.vpcs)
    yield from ((item.subnet_id, item.account_id, item.quality is Quality.FRESH) for item in facts.subnets)


def _kept(facts: RegionFacts, position: int, best: dict[str, tuple[bool, bool, int]]) -> RegionFacts:
    here = (False, False, position)
    vpcs = tuple(vpc for vpc in facts.vpcs if best.get(vpc.vpc_id, here)[2] == position)
    subnets = tuple(subnet for subnet in facts.subnets if best.get(subnet.subnet_id, here)[2] == position)
    if len(vpcs) == len(facts.vpcs) and len(subnets) == len(facts.subnets):
        return facts
    return replace(facts, vpcs=vpcs, subnets=subnets)
