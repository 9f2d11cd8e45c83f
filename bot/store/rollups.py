"""Roll-ups: the hours and days of one subnet made of its samples, and the hours that were left out filled in again.

Plain tuples and one loop: a fleet writes some three million samples a day, and each passes through here once.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

HOUR_SECONDS = 3600

REPEATED_HOURS = 6
"""An hour that repeats the one before is written all the same when so many were left out.

So a row that is missing means "as before" for at most so long, and a history whose bot was off ends within it.
"""

Values = dict[str, int | None]
HOUR_FIGURES = ("lowest_ips", "last_ips", "lowest_blocks", "last_blocks", "usable_ips")


class SampleRow(NamedTuple):
    """A stored sample: subnet's number, seconds since 1970, free addresses, free blocks, usable addresses."""

    series_id: int
    at: int
    free_ips: int | None
    free_blocks: int | None
    usable_ips: int


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


@dataclass(frozen=True, slots=True)
class Rollup:
    """Rows to write for one subnet."""

    hours: list[Values]
    days: list[Values]


def rollup(samples: "Iterable[SampleRow | tuple[int, int, int | None, int | None, int]]", first: int) -> Rollup:
    """The hours from `first` on of one subnet that have something to say, and the low-water marks of their days.

    The samples are in order of time. An hour begins with the figure that was last before it, which counts for its
    lowest too; where that was not known, or no sample came before, the hour has only its own.
    """
    hours: list[Values] = []
    days: dict[int, Values] = {}
    series_id, hour = -1, -1
    low_ips: int | None = None
    low_blocks: int | None = None
    last: tuple[int | None, int | None, int] | None = None
    changed = True

    def close() -> None:
        # Each subnet's sixth hour is another one, so that a calm fleet does not write all of it at once.
        if hour < first or last is None or not (changed or (hour + series_id) % REPEATED_HOURS == 0):
            return
        row: Values = {
            "series_id": series_id,
            "hour": hour,
            "lowest_ips": low_ips,
            "last_ips": last[0],
            "lowest_blocks": low_blocks,
            "last_blocks": last[1],
            "usable_ips": last[2],
        }
        hours.append(row)
        days[hour // 24] = _day_row(days.get(hour // 24), hour // 24, row)

    for series_id, at, ips, blocks, usable in samples:  # noqa: B007 (read by close)
        if at // HOUR_SECONDS != hour:
            close()
            hour, changed = at // HOUR_SECONDS, last is None
            low_ips, low_blocks = (None, None) if last is None else last[:2]
        now = (ips, blocks, usable)
        if now != last:
            changed, last = True, now
        if ips is not None and (low_ips is None or ips < low_ips):
            low_ips = ips
        if blocks is not None and (low_blocks is None or blocks < low_blocks):
            low_blocks = blocks
    close()
    return Rollup(hours, list(days.values()))


def _day_row(so_far: Values | None, day: int, hour: Values) -> Values:
    """The day with one more of its hours. An hour that repeats another changes nothing of its day."""
    lowest_ips, lowest_blocks = hour["lowest_ips"], hour["lowest_blocks"]
    if so_far is not None:
        lowest_ips = _lower(so_far["lowest_ips"], lowest_ips)
        lowest_blocks = _lower(so_far["lowest_blocks"], lowest_blocks)
    return {
        "series_id": hour["series_id"],
        "day": day,
        "lowest_ips": lowest_ips,
        "lowest_blocks": lowest_blocks,
        "usable_ips": hour["usable_ips"],
    }


def _lower(one: int | None, other: int | None) -> int | None:
    if one is None or other is None:
        return other if one is None else one
    return one if one < other else other


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
