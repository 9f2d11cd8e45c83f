"""The demo's past: what its subnets had free over two weeks, so that trends and forecasts have something to tell.

Made from what is free now backwards: a daily shape, a quieter weekend, a little noise, and growth where a story wants
some. The last value is today's own.
"""

import math
import random
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from bot.alerts import SubnetSample
from bot.demo.allocator import SubnetSpace
from bot.store import Store

HOURLY, CLOSELY = timedelta(days=14), timedelta(hours=24)
"""How far back it goes, and the part of it with a sample at every poll."""

POLL = timedelta(minutes=5)

GROWS_PER_DAY = {"private-1a": 34.0, "private-1b": 55.0, "cgnat-1a": 9.0, "pods-use1b": 40.0}
"""Addresses that these subnets lose each day; all others stay about where they are."""

BUSY_FROM = 60
"""Subnets with fewer usable addresses hold control planes and the like: they take the same number all the time."""

DAILY_PCT = 2.0
"""How much of its addresses a subnet takes for the day's peak at noon, less at a weekend."""


def give_past(store: Store, spaces: Mapping[str, tuple[str, SubnetSpace]], now: datetime) -> None:
    """Write two weeks of samples of every subnet before `now`, and their roll-ups, into an empty history."""
    store.add_samples(_samples(spaces, now))
    store.compact(now)


def _samples(spaces: Mapping[str, tuple[str, SubnetSpace]], now: datetime) -> Iterator[SubnetSample]:
    last = now.replace(second=0, microsecond=0) - POLL
    hours = HOURLY // timedelta(hours=1)
    moments = [last - CLOSELY - timedelta(hours=back) for back in range(hours, 0, -1)]
    moments += [last - POLL * back for back in range(CLOSELY // POLL, -1, -1)]
    for subnet_id, (name, space) in sorted(spaces.items()):
        usable, free_now = space.usable_ips, space.usable_ips - space.used_ips
        busy = usable >= BUSY_FROM
        # The same name in a small account: nothing grows from less than nothing.
        grows = min(GROWS_PER_DAY.get(name, 0.0), space.used_ips / (2 * HOURLY.days))
        chance, drift = random.Random(name), 0.0  # noqa: S311 (a picture of a fleet, not a secret)
        for at in moments:
            ago = (last - at) / timedelta(days=1)
            drift = 0.8 * drift + (chance.gauss(0, usable * 0.001) if busy else 0.0)
            swing = (_daily(last) - _daily(at)) * usable * DAILY_PCT / 100 if busy else 0.0
            free = free_now + grows * ago + swing + drift
            yield SubnetSample(
                subnet_id=subnet_id,
                observed_at=at,
                usable_ips=usable,
                free_ips=free_now if at == last else min(max(round(free), 0), usable),
            )


def _daily(at: datetime) -> float:
    """How much of the day's peak is taken at a moment (0-1)."""
    hour = at.hour + at.minute / 60
    weight = 0.5 if at.weekday() >= 5 else 1.0
    return weight * math.exp(-(((hour - 12) / 4) ** 2) / 2)
