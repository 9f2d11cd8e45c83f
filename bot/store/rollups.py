"""Roll-ups: the hours and days of subnets made of their samples, and the hours that were left out filled in again.

Whole arrays, not a loop: a fleet writes some four million samples a day, and each passes through here.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

HOUR_SECONDS = 3600

REPEATED_HOURS = 6
"""An hour that repeats the one before is written all the same when so many were left out.

So a row that is missing means "as before" for at most so long, and a history whose bot was off ends within it.
"""

NOT_KNOWN = -1
"""What stands for "not known" where figures are plain integers; no figure is negative."""

_HIGH = np.iinfo(np.int64).max

Integers = NDArray[np.int64]


class HourRow(NamedTuple):
    """A stored hour, counted since 1970."""

    hour: int
    lowest_ips: int | None
    last_ips: int | None
    lowest_blocks: int | None
    last_blocks: int | None
    usable_ips: int


class HourLow(NamedTuple):
    """One hour of a subnet: its start (seconds since 1970), what was lowest in it, what was last; None: not known."""

    began: int
    lowest_ips: int | None
    last_ips: int | None
    lowest_blocks: int | None
    usable_ips: int

    @property
    def starts_at(self) -> datetime:
        """When it began (UTC)."""
        return datetime.fromtimestamp(self.began, UTC)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rollup:
    """Rows to write, with NOT_KNOWN for what is not known.

    `hours`: subnet's number, hour, lowest and last addresses, lowest and last blocks, usable addresses.
    `days`: subnet's number, day, lowest addresses, lowest blocks, usable addresses.
    """

    hours: Integers
    days: Integers


def rollup(samples: Integers, first: int) -> Rollup:
    """The hours from `first` on that have something to say, and the low-water marks of their days.

    `samples` has a row for each: subnet's number, seconds since 1970, free addresses, free blocks, usable addresses;
    every subnet's together, in order of time. An hour begins with the figure that was last before it, which counts
    for its lowest too; where that was not known, or no sample came before, the hour has only its own.
    """
    if not len(samples):
        return Rollup(hours=np.empty((0, 7), dtype=np.int64), days=np.empty((0, 5), dtype=np.int64))
    series, hour = samples[:, 0], samples[:, 1] // HOUR_SECONDS
    new_series = _begins(series)
    starts = np.flatnonzero(new_series | _begins(hour))
    ends = np.append(starts[1:], len(samples)) - 1
    changes = new_series.copy()
    changes[1:] |= (samples[1:, 2:] != samples[:-1, 2:]).any(axis=1)
    # Each subnet's sixth hour is another one, so that a calm fleet does not write all of it at once.
    due = (hour[starts] + series[starts]) % REPEATED_HOURS == 0
    kept = (hour[starts] >= first) & (np.logical_or.reduceat(changes, starts) | due)
    lows = [_lowest(samples[:, column], starts, new_series[starts])[kept] for column in (2, 3)]
    last = samples[ends[kept]]
    hours = np.column_stack((last[:, 0], hour[starts[kept]], lows[0], last[:, 2], lows[1], last[:, 3], last[:, 4]))
    return Rollup(hours=hours, days=_days(hours))


def _begins(values: Integers) -> NDArray[np.bool_]:
    """Where a run of one value begins."""
    found = np.ones(len(values), dtype=np.bool_)
    found[1:] = values[1:] != values[:-1]
    return found


def _lowest(values: Integers, starts: Integers, alone: NDArray[np.bool_]) -> Integers:
    """The lowest known value of each run and the one before it, unless the run stands `alone`."""
    known = np.where(values == NOT_KNOWN, _HIGH, values)
    low = np.minimum.reduceat(known, starts)
    before = np.where(alone, _HIGH, known[starts - 1])
    found = np.minimum(low, before)
    return np.where(found == _HIGH, NOT_KNOWN, found)


def _days(hours: Integers) -> Integers:
    """The days of the hours. An hour that repeats another changes nothing of its day."""
    if not len(hours):
        return np.empty((0, 5), dtype=np.int64)
    day = hours[:, 1] // 24
    starts = np.flatnonzero(_begins(hours[:, 0]) | _begins(day))
    alone = np.ones(len(starts), dtype=np.bool_)
    ends = np.append(starts[1:], len(hours)) - 1
    lows = [_lowest(hours[:, column], starts, alone) for column in (2, 4)]
    return np.column_stack((hours[starts, 0], day[starts], *lows, hours[ends, 6]))


def filled(rows: Iterable[HourRow], first: int, until: int) -> Iterator[HourLow]:
    """The hours of one subnet from `first` on, with those that were left out because they repeat the one before."""
    before: HourRow | None = None
    for row in rows:
        if before is not None:
            yield from _repeated(before, first, row.hour)
        if row.hour >= first:
            yield HourLow(row.hour * HOUR_SECONDS, row.lowest_ips, row.last_ips, row.lowest_blocks, row.usable_ips)
        before = row
    if before is not None:
        yield from _repeated(before, first, until)


def _repeated(row: HourRow, first: int, until: int) -> Iterator[HourLow]:
    if row.last_ips is not None:
        for hour in range(max(row.hour + 1, first), min(until, row.hour + REPEATED_HOURS)):
            yield HourLow(hour * HOUR_SECONDS, row.last_ips, row.last_ips, row.last_blocks, row.usable_ips)
