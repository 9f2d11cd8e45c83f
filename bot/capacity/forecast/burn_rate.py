"""Minutes to hours: the gated burn rate. Is it falling, faster than a day explains, and how long does it last?"""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from bot.capacity.forecast.grid import HOUR, Panel
from bot.capacity.forecast.series import Amounts

PAGE, WARN = timedelta(hours=1), timedelta(hours=3)
"""Horizons: running out within the first is worth waking somebody, within the second worth a line.

Measured (docs/forecasts.md): two or three hours find little more and cost three to four times the false episodes.
"""

SHORT, LONG = timedelta(minutes=30), timedelta(hours=2)
"""Both falls must be seen: the short one that it goes on now, the long one that it is no blip."""

ENVELOPE_DAYS, LEAST_DAYS = 14, 3
"""Days whose lowest value at this time of day is the gate, and how many of them must be known.

Two weeks hold each weekday twice; with fewer than three days an ordinary morning would pass for news.
"""

BURST = timedelta(minutes=10)
"""The shortest time over which a fall counts: one node alone may take dozens of addresses between two polls."""

AHEAD_HOURS = 6
"""How much of the day ahead is compared: from the morning to the peak, the longest ordinary fall."""

KNOWN = 2 / 3
"""Share of a window's polls that must be known for its slope: one lost poll in a half hour, not three."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Usual:
    """What each history did at this time of day in the 14 days before, an hour more or less.

    `low` is the lowest value, `fall` the most that an hour took, `further` the most that the next hours took; `days`
    are known.
    """

    low: Amounts
    fall: Amounts
    further: Amounts
    days: NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BurnRate:
    """For each history: falls per hour (both windows; NaN: not known), what is usual, and the hours that are left.

    `hours` are at the fastest fall of the last two hours, `slowest_hours` at the slower of both windows; both inf
    where the gate is shut. `judged` says that the past sufficed.
    """

    short_fall: Amounts
    long_fall: Amounts
    usual: Usual
    hours: Amounts
    slowest_hours: Amounts
    judged: NDArray[np.bool_]

    def within(self, horizon: timedelta) -> NDArray[np.bool_]:
        """Which run out within the horizon."""
        return self.hours <= horizon.total_seconds() / HOUR


def burn_rate(panel: Panel) -> BurnRate:
    """The gated burn rate of each history.

    The gate is open where it falls over both windows, less is free than at this time of day on any of the 14 days
    before, and this is no ordinary fall with room for the rest of it: either both falls are faster than on any of
    those days, or the largest further fall among them would end at the floor.
    """
    short_fall, long_fall = fall(panel, SHORT), fall(panel, LONG)
    usual = _usual(panel)
    free = panel.free.astype(np.float64)
    left = np.maximum(free - panel.floor, 0)
    news = (np.minimum(short_fall, long_fall) > usual.fall) | (usual.further >= left)
    falling = (short_fall > 0) & (long_fall > 0) & (free < usual.low) & news
    fastest = np.fmax(np.fmax(_fastest(panel), long_fall), short_fall)
    slower = np.minimum(short_fall, long_fall)
    return BurnRate(
        short_fall=short_fall,
        long_fall=long_fall,
        usual=usual,
        hours=np.where(falling, left / np.where(falling, fastest, 1), np.inf),
        slowest_hours=np.where(falling, left / np.where(falling, slower, 1), np.inf),
        judged=~np.isnan(short_fall) & ~np.isnan(long_fall) & (usual.days >= LEAST_DAYS) & ~np.isnan(free),
    )


def fall(panel: Panel, window: timedelta) -> Amounts:
    """How much less is free per hour: the least-squares slope over the window before now, downwards counted positive.

    NaN where too few polls of the window are known.
    """
    steps = int(window.total_seconds()) // panel.step_s + 1
    seen = panel.recent[:, -steps:].astype(np.float64)
    at = np.arange(-steps + 1, 1) * (panel.step_s / HOUR)
    known = ~np.isnan(seen)
    count = known.sum(axis=1)
    safe = np.maximum(count, 1)
    mean_at = (known * at).sum(axis=1) / safe
    values = np.where(known, seen, 0)
    apart = np.where(known, at - mean_at[:, None], 0)
    spread = (apart**2).sum(axis=1)
    enough = (count >= max(KNOWN * steps, 2)) & (spread > 0)
    return np.where(enough, -(apart * values).sum(axis=1) / np.where(spread > 0, spread, 1), np.nan)


def _fastest(panel: Panel) -> Amounts:
    """The fastest fall per hour over any ten minutes of the last two hours; NaN where none is known."""
    steps = int(LONG.total_seconds()) // panel.step_s + 1
    width = max(int(BURST.total_seconds()) // panel.step_s, 1)
    seen = panel.recent[:, -steps:].astype(np.float64)
    fastest: Amounts = np.fmax.reduce(seen[:, :-width] - seen[:, width:], axis=1) * (HOUR / (width * panel.step_s))
    return fastest


def _usual(panel: Panel) -> Usual:
    """What is usual, by whole hours: so the hour more or less is between one and two."""
    last = panel.hourly.shape[1]
    lows, falls, furthers = [], [], []
    for day in range(1, ENVELOPE_DAYS + 1):
        here = last - 24 * day
        two_before, before, now, after = (panel.hourly[:, here + hour] for hour in (-2, -1, 0, 1))
        lows.append(np.fmin(np.fmin(before, now), after))
        falls.append(np.fmax(two_before - before, before - now))
        furthers.append(before - np.fmin.reduce(panel.hourly[:, here : here + AHEAD_HOURS + 1], axis=1))
    return Usual(
        low=np.fmin.reduce(np.stack(lows), axis=0).astype(np.float64),
        fall=np.nan_to_num(np.fmax.reduce(np.stack(falls), axis=0).astype(np.float64)),
        further=np.nan_to_num(np.fmax.reduce(np.stack(furthers), axis=0).astype(np.float64)),
        days=(~np.isnan(np.stack(lows))).sum(axis=0),
    )
