"""Histories: what was usable of a subnet or a pool over time, and when its past stopped telling of its future."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.int64]
"""Moments in whole seconds since 1970 (UTC): days and hours are lengths of time here, so no time zone has a part."""

Amounts = NDArray[np.float64]
"""Free addresses or free /28 blocks; NaN is "not known" and never leaves this package."""


class Unit(Enum):
    """What is counted: single addresses, or whole /28 blocks where nodes take prefixes."""

    ADDRESSES = "addresses"
    BLOCKS = "/28 blocks"


class ResetCause(Enum):
    """Why the history before a moment says nothing about what comes after it."""

    RESERVATION_EDITED = "a CIDR reservation was edited"
    MODE_CHANGED = "the CNI's mode changed"
    SUBNETS_CHANGED = "the cluster's subnets changed"
    SIZE_CHANGED = "the usable total changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reset:
    """A change point: only what was seen from `at` on is used."""

    at: datetime
    cause: ResetCause


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class History:
    """The free amount of one subnet, or of one AZ pool of a cluster, oldest first.

    Each of `free` was seen at its of `times` and holds until the next one, or until it is too old (`Grid`); NaN says
    that nothing is known from there on. `total` is what there is at all; at `floor` or below it has run out.
    `hour_times` (starts of hours) and `hour_lows` are roll-ups of a past whose samples are gone.
    """

    key: str
    unit: Unit
    total: int
    floor: int
    times: Times
    free: Amounts
    hour_times: Times = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    hour_lows: Amounts = field(default_factory=lambda: np.empty(0))
    resets: tuple[Reset, ...] = ()

    def __post_init__(self) -> None:
        if len(self.times) != len(self.free) or len(self.hour_times) != len(self.hour_lows):
            raise ValueError(f"The history of {self.key} needs as many amounts as moments.")
        if np.any(np.diff(self.times) <= 0):
            raise ValueError(f"The samples of {self.key} must be in order of time, one for each moment.")


def history(
    key: str,
    samples: Iterable[tuple[datetime, float | None]],
    *,
    total: int,
    floor: int,
    unit: Unit = Unit.ADDRESSES,
    hours: Iterable[tuple[datetime, float]] = (),
    resets: Iterable[Reset] = (),
) -> History:
    """A history from (moment, free) pairs; free None: not known from there on. `hours` are (start, lowest) pairs.

    Of several samples of one second the last counts.
    """
    seen = dict(sorted((seconds(at), np.nan if free is None else free) for at, free in samples))
    lows = sorted((seconds(at), low) for at, low in hours)
    return History(
        key=key,
        unit=unit,
        total=total,
        floor=floor,
        times=np.fromiter(seen.keys(), dtype=np.int64, count=len(seen)),
        free=np.fromiter(seen.values(), dtype=np.float64, count=len(seen)),
        hour_times=np.array([at for at, _ in lows], dtype=np.int64),
        hour_lows=np.array([low for _, low in lows], dtype=np.float64),
        resets=tuple(sorted(resets, key=lambda reset: reset.at)),
    )


def size_changes(totals: Iterable[tuple[datetime, int]]) -> tuple[Reset, ...]:
    """The change points in (moment, usable total) pairs in order of time: where the total is another than before."""
    found: list[Reset] = []
    before: int | None = None
    for at, total in totals:
        if before is not None and total != before:
            found.append(Reset(at=at, cause=ResetCause.SIZE_CHANGED))
        before = total
    return tuple(found)


def pooled(key: str, members: Sequence[History], held: timedelta) -> History:
    """The history of subnets taken as one pool: the sum, known only while every one of them is known.

    A sample of a member holds for `held` at most. The sum of the members' hourly lows is a lower bound of the pool's
    own low, for they need not be low at the same minute. Its change points are those of all members.
    Raises: ValueError without members, or when they count different things.
    """
    if len({member.unit for member in members}) != 1:
        raise ValueError(f"The pool {key} needs subnets that count the same thing.")
    ends = [_with_ends(member, int(held.total_seconds())) for member in members]
    times = np.unique(np.concatenate([at for at, _ in ends]))
    summed = np.zeros(len(times))
    for at, free in ends:
        place = np.searchsorted(at, times, side="right") - 1
        summed += np.where(place >= 0, free[np.maximum(place, 0)] if len(free) else np.nan, np.nan)
    hours = members[0].hour_times
    for member in members[1:]:
        hours = np.intersect1d(hours, member.hour_times)
    lows = np.zeros(len(hours))
    for member in members:
        lows += member.hour_lows[np.searchsorted(member.hour_times, hours)] if len(hours) else 0
    return History(
        key=key,
        unit=members[0].unit,
        total=sum(member.total for member in members),
        floor=sum(member.floor for member in members),
        times=times,
        free=summed,
        hour_times=hours,
        hour_lows=lows,
        resets=tuple(sorted({r for member in members for r in member.resets}, key=lambda reset: reset.at)),
    )


def seconds(moment: datetime) -> int:
    """Whole seconds since 1970 of an aware moment."""
    if moment.tzinfo is None:
        raise ValueError("A moment needs its time zone.")
    return int(moment.timestamp())


def moment(epoch: float) -> datetime:
    """The UTC moment of so many seconds since 1970."""
    return datetime.fromtimestamp(round(epoch), UTC)


def _with_ends(member: History, held: int) -> tuple[Times, Amounts]:
    """The samples, and a "not known" wherever one is too old before the next comes."""
    lapsed = np.append(np.diff(member.times) > held, True)[: len(member.times)]
    times = np.concatenate([member.times, member.times[lapsed] + held])
    free = np.concatenate([member.free, np.full(int(lapsed.sum()), np.nan)])
    order = np.argsort(times, kind="stable")
    return times[order], free[order]
