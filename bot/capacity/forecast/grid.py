"""Grids: many histories on one clock, as matrices, and the part of them that is known at a moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from bot.capacity.forecast.series import Amounts, History, Times, seconds

HOUR, DAY = 3600, 86400

HOURS = 28 * 24
"""Hours of the past that the estimators use at most: four weeks, so that each weekday counts four times."""

RECENT = timedelta(hours=6)
"""The part of the past kept step by step: the burn rate needs two hours, the linear baseline six."""

Matrix = NDArray[np.float32]
"""A row for each history; counts up to 16,777,216 are exact. NaN is "not known"."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Panel:
    """What is known of many histories at `now` (seconds): the estimators' whole input.

    `recent` holds the free amount at `now` (last column) and at each `step_s` before. `hourly` holds the lowest of
    each whole hour, the last column's hour ended at `hours_end`. `since` is the latest change point of each, 0
    without one; older cells are not known.
    """

    keys: tuple[str, ...]
    now: int
    step_s: int
    hours_end: int
    recent: Matrix
    hourly: Matrix
    floor: Amounts
    since: Times

    @property
    def free(self) -> Matrix:
        """The free amount of each history now."""
        return self.recent[:, -1]

    def rows(self, chosen: NDArray[np.intp]) -> "Panel":
        """The same for some of the histories."""
        return Panel(
            keys=tuple(self.keys[row] for row in chosen),
            now=self.now,
            step_s=self.step_s,
            hours_end=self.hours_end,
            recent=self.recent[chosen],
            hourly=self.hourly[chosen],
            floor=self.floor[chosen],
            since=self.since[chosen],
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Grid:
    """Histories as matrices: `fine` from `fine_start` each `step_s`, `hourly` lows from `start` (an hour's start)."""

    keys: tuple[str, ...]
    step_s: int
    fine_start: int
    fine: Matrix
    start: int
    hourly: Matrix
    floor: Amounts
    reset_rows: NDArray[np.intp]
    reset_times: Times

    def at(self, now: datetime) -> Panel:
        """What was known at `now`; nothing later has a part in it."""
        at = seconds(now)
        step = (at - self.fine_start) // self.step_s
        hours = (at - self.start) // HOUR
        since = np.zeros(len(self.keys), dtype=np.int64)
        past = self.reset_times <= at
        np.maximum.at(since, self.reset_rows[past], self.reset_times[past])
        recent = _window(self.fine, step + 1, int(RECENT.total_seconds()) // self.step_s + 1)
        hourly = _window(self.hourly, hours, HOURS)
        end = self.start + hours * HOUR
        changed = np.flatnonzero(since)
        if len(changed):
            first = since[changed, None]
            ages = np.arange(recent.shape[1])[::-1] * self.step_s
            recent[changed] = np.where(at - ages >= first, recent[changed], np.nan)
            starts = end - np.arange(HOURS, 0, -1) * HOUR
            hourly[changed] = np.where(starts >= first, hourly[changed], np.nan)
        return Panel(
            keys=self.keys,
            now=at,
            step_s=self.step_s,
            hours_end=end,
            recent=recent,
            hourly=hourly,
            floor=self.floor,
            since=since,
        )


def grid(
    histories: Sequence[History],
    now: datetime,
    *,
    poll: timedelta,
    held: timedelta | None = None,
    evaluated_from: datetime | None = None,
) -> Grid:
    """The histories up to `now` on a grid of one poll, enough to be judged at any moment from `evaluated_from` on.

    A sample holds for `held` at most: three polls, or, where only changes and checkpoints are stored, a checkpoint
    and a poll (blind times are then samples "not known"). What no sample holds is not known: never a flat line.
    """
    step = int(poll.total_seconds())
    held_s = 3 * step if held is None else int(held.total_seconds())
    end = seconds(now)
    first = end if evaluated_from is None else seconds(evaluated_from)
    fine_start = end - -(-(end - first + int(RECENT.total_seconds())) // step) * step
    start = (first // HOUR - HOURS) * HOUR
    parts = [_cut(item) for item in histories]
    rows = np.repeat(np.arange(len(parts)), [len(at) for at, _ in parts])
    times = np.concatenate([np.empty(0, dtype=np.int64), *(at for at, _ in parts)])
    free = np.concatenate([np.empty(0), *(values for _, values in parts)])
    seen = times <= end
    rows, times, free = rows[seen], times[seen], free[seen].astype(np.float32)
    hourly = _lows(len(histories), rows, times, free, start=start, count=end // HOUR - start // HOUR, held_s=held_s)
    _add_rollups(hourly, histories, start)
    resets = [(row, seconds(reset.at)) for row, item in enumerate(histories) for reset in item.resets]
    return Grid(
        keys=tuple(item.key for item in histories),
        step_s=step,
        fine_start=fine_start,
        fine=_held_values(
            len(histories),
            rows,
            times,
            free,
            start=fine_start,
            step=step,
            count=(end - fine_start) // step + 1,
            held_s=held_s,
        ),
        start=start,
        hourly=hourly,
        floor=np.array([item.floor for item in histories], dtype=np.float64),
        reset_rows=np.array([row for row, _ in resets], dtype=np.intp),
        reset_times=np.array([at for _, at in resets], dtype=np.int64),
    )


def _cut(item: History) -> tuple[Times, Amounts]:
    """The samples, and a "not known" at each change point, so that nothing from before it holds after it."""
    if not item.resets:
        return item.times, item.free
    at = np.setdiff1d(np.array([seconds(reset.at) for reset in item.resets], dtype=np.int64), item.times)
    places = np.searchsorted(item.times, at)
    return np.insert(item.times, places, at), np.insert(item.free, places, np.nan)


def _window(matrix: Matrix, end: int, width: int) -> Matrix:
    """The `width` columns before `end` as a copy, "not known" where the matrix has none."""
    found = np.full((len(matrix), width), np.nan, dtype=np.float32)
    first, last = max(end - width, 0), min(max(end, 0), matrix.shape[1])
    if first < last:
        found[:, first - end + width : last - end + width] = matrix[:, first:last]
    return found


def _held_values(
    series: int,
    rows: NDArray[np.intp],
    times: Times,
    free: Matrix,
    *,
    start: int,
    step: int,
    count: int,
    held_s: int,
) -> Matrix:
    """The amount at each step: the latest sample's until then, if that is not older than `held_s`."""
    # The step at or after the sample; samples before the grid wait at its first step.
    cells = np.maximum(-((start - times) // step), 0)
    inside = cells < count
    if not inside.any():
        return np.full((series, count), np.nan, dtype=np.float32)
    rows, cells, times, free = rows[inside], cells[inside], times[inside], free[inside]
    latest = np.full(series * count, -1, dtype=np.intp)
    # Samples are in order of row and time, so the last one written to a cell is its latest.
    latest[rows * count + cells] = np.arange(len(rows))
    latest = np.maximum.accumulate(latest.reshape(series, count), axis=1)
    ages = start + np.arange(count) * step - times[latest]
    return np.where((latest >= 0) & (ages <= held_s), free[latest], np.nan).astype(np.float32)


def _lows(
    series: int, rows: NDArray[np.intp], times: Times, free: Matrix, *, start: int, count: int, held_s: int
) -> Matrix:
    """The lowest amount of each whole hour: of its samples, and of the one that still held when it began."""
    cells = (times - start) // HOUR
    inside = (cells >= 0) & (cells < count)
    lows = np.full(series * count, np.nan, dtype=np.float32)
    places = (rows * count + cells)[inside]
    if len(places):
        firsts = np.flatnonzero(np.diff(places, prepend=-1))
        lows[places[firsts]] = np.fmin.reduceat(free[inside], firsts)
    carried = _held_values(series, rows, times, free, start=start, step=HOUR, count=count, held_s=held_s)
    return np.fmin(lows.reshape(series, count), carried)


def _add_rollups(hourly: Matrix, histories: Sequence[History], start: int) -> None:
    for row, item in enumerate(histories):
        if len(item.hour_times):
            cells = (item.hour_times - start) // HOUR
            inside = (cells >= 0) & (cells < hourly.shape[1])
            hourly[row, cells[inside]] = np.fmin(hourly[row, cells[inside]], item.hour_lows[inside])
