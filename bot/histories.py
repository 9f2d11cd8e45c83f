"""Histories of subnets as the forecasts take them: the last hours sample by sample, four weeks by their hourly lows."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import nsmallest
from ipaddress import IPv4Network
from typing import TYPE_CHECKING

from bot.alerts import SubnetSample
from bot.capacity.blocks import candidate_blocks, free_block_bounds
from bot.capacity.forecast.outlook import outlooks
from bot.capacity.forecast.series import History, Unit, history, size_changes
from bot.capacity.subnets import Limits, floor_ips, usable_ips
from bot.inventory import Subnet
from bot.store.rollups import HourLow
from bot.store.samples import CHECKPOINT

if TYPE_CHECKING:
    from bot.store import Store

CLOSELY = timedelta(hours=7)
"""How much is read sample by sample: the six hours that the estimators look at, and one before for what holds there."""

PAST = timedelta(days=28)
"""How much is read by the hour: four weeks, so that each weekday counts four times."""

BLOCK_HOURS = 72
"""Hours with counted /28 blocks from which on a subnet is forecast by its blocks: what Holt-Winters needs."""

SHORTEST_STEP = timedelta(seconds=60)
"""The step of the forecasts' grid where polls are quicker: they look at minutes, and six hours of seconds are many."""

MOST_NOW = 150
"""Subnets that an answer forecasts itself at most, those with the least free."""

Hours = Mapping[str, Sequence[HourLow]]
"""The rolled-up hours of subnets, by subnet id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocks:
    """The subnets of which nodes take /28 blocks, and at how many free ones they count as run out."""

    subnet_ids: Collection[str]
    floor: int


def held(poll: timedelta) -> timedelta:
    """How long a stored sample counts without a newer one: only changes and a checkpoint are written, a poll late."""
    return CHECKPOINT + poll


def step(poll: timedelta) -> timedelta:
    """The step of the forecasts' grid for polls so far apart."""
    return max(poll, SHORTEST_STEP)


def least_free_first(subnets: Iterable[Subnet], most: int) -> list[Subnet]:
    """At most so many of the IPv4 subnets, those first of which the smallest share is free; the unknown come last."""

    def free_share(subnet: Subnet) -> tuple[float, str]:
        usable = usable_ips(subnet.cidr) if subnet.cidr is not None else 0
        return (subnet.available_ips / usable if subnet.available_ips is not None and usable else 2.0), subnet.subnet_id

    return nsmallest(most, (subnet for subnet in subnets if subnet.cidr is not None), key=free_share)


def dates_now(
    store: "Store", subnets: Iterable[Subnet], limits: Limits, poll: timedelta, now: datetime
) -> list[tuple[str, datetime, str]]:
    """When the subnets with the least free run out, soonest first, with the method: where no `serve` looks ahead."""
    known = histories(store, least_free_first(subnets, MOST_NOW), limits, now)
    told = outlooks(known.values(), now, poll=step(poll), held=held(poll))
    dated = [
        (one.key, one.headline.likely, one.headline.method.value) for one in told if one.headline.likely is not None
    ]
    return sorted(dated, key=lambda one: one[1])


def histories(
    store: "Store",
    subnets: Iterable[Subnet],
    limits: Limits,
    now: datetime,
    *,
    closely: timedelta = CLOSELY,
    past: timedelta = PAST,
    hours: Hours | None = None,
    blocks: Blocks | None = None,
    unwritten: bool = False,
) -> Mapping[str, History]:
    """The stored history of each IPv4 subnet up to `now`, by subnet id.

    A subnet without any sample lately has the inventory's figure alone, and each has it where it is `unwritten`: newer
    than what is stored. `hours` are the roll-ups where they were read already. Subnets in `blocks` whose /28 blocks
    were counted for long enough are histories of free blocks.
    """
    known = {subnet.subnet_id: subnet for subnet in subnets if subnet.cidr is not None}
    samples = store.samples_of(known, now - closely)
    lows = store.hours_of(known, now - past) if hours is None else hours
    found = {}
    for subnet_id, subnet in known.items():
        cidr, mine, own = subnet.cidr, samples.get(subnet_id, ()), lows.get(subnet_id, ())
        by_blocks = None
        if cidr is not None and blocks is not None and subnet_id in blocks.subnet_ids:
            by_blocks = _of_blocks(subnet_id, cidr, mine, own, blocks.floor)
        found[subnet_id] = by_blocks or _of_addresses(subnet, mine, own, limits, now, unwritten=unwritten)
    return found


def _of_addresses(
    subnet: Subnet,
    samples: Iterable[SubnetSample],
    hours: Sequence[HourLow],
    limits: Limits,
    now: datetime,
    *,
    unwritten: bool,
) -> History:
    usable = usable_ips(subnet.cidr) if subnet.cidr is not None else 0
    seen = {sample.observed_at: sample.free_ips for sample in samples if sample.observed_at <= now}
    if subnet.available_ips is not None and subnet.observed_at <= now and (unwritten or not seen):
        # Judged by its contents, a stored sample knows more than the plain count, which leaves reserved space out.
        seen.setdefault(subnet.observed_at, subnet.available_ips)
    return history(
        subnet.subnet_id,
        sorted(seen.items()),
        total=usable,
        floor=floor_ips(usable, limits),
        hours=[(hour.starts_at, hour.lowest_ips) for hour in hours if hour.lowest_ips is not None],
        resets=size_changes((hour.starts_at, hour.usable_ips) for hour in hours),
    )


def _of_blocks(
    subnet_id: str, cidr: IPv4Network, samples: Iterable[SubnetSample], hours: Sequence[HourLow], floor: int
) -> History | None:
    """The history of counted free blocks; None where too few were counted or none lately.

    Most stored figures are only what the address count proves, a sixteenth of the truth: those are no counts.
    """
    counts: list[tuple[datetime, int | None]] = []
    for sample in samples:
        if sample.free_ips is None:
            counts.append((sample.observed_at, None))
        elif _counted(cidr, sample.free_ips, sample.free_blocks):
            counts.append((sample.observed_at, sample.free_blocks))
    lows = [
        (hour.starts_at, hour.lowest_blocks)
        for hour in hours
        if hour.lowest_blocks is not None and _counted(cidr, hour.lowest_ips, hour.lowest_blocks)
    ]
    if len(lows) < BLOCK_HOURS or not counts or counts[-1][1] is None:
        return None
    whole = candidate_blocks(cidr)
    return history(
        subnet_id,
        counts,
        total=whole,
        floor=min(floor, whole // 2),
        unit=Unit.BLOCKS,
        hours=lows,
        resets=size_changes((hour.starts_at, hour.usable_ips) for hour in hours),
    )


def _counted(cidr: IPv4Network, free: int | None, blocks: int | None) -> bool:
    """Whether so many free blocks were counted: more than so many free addresses prove by themselves."""
    return free is not None and blocks is not None and blocks > free_block_bounds(cidr, free).at_least
