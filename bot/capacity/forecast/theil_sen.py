"""Days to weeks: Theil-Sen on daily low-water marks, where Kendall's sign is clear."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.capacity.forecast.grid import HOURS, Matrix, Panel
from bot.capacity.forecast.series import Amounts

DAYS = HOURS // 24
LEAST_DAYS = 7
"""Days that must be known: a week, for a weekend alone looks like growth."""

LEAST_HOURS = 18
"""Hours of a day that must be known for its low to count: else the busy part of it may have gone unseen."""

CLEAR_Z = 1.96
"""How far Kendall's S must be from 0, in standard deviations: by chance in one history of twenty."""

HORIZON_DAYS = 90
"""How far ahead a date is named: about three times the history; beyond that the trend is guesswork."""

STEP_DAYS, STEP_TIMES = 7, 4.0
"""A step is a change of level with at most a week on either side, and how many usual day-to-day changes it must be."""

LOW_SHARE = 0.1
"""The trend line is lowered by the residual that one day in ten falls below: a bad day runs out first."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TheilSen:
    """For each history: change per day and its quartiles, Kendall's z, the line's lowered value now, and days left.

    `earliest`, `likely` and `latest` are days from now until the lowered line is at the floor (inf: never); they
    count only where `z` is clear and below 0. `days` are the low-water marks used, the
    first of them `first_day` days ago.
    """

    per_day: Amounts
    quarter: Amounts
    three_quarters: Amounts
    z: Amounts
    now: Amounts
    earliest: Amounts
    likely: Amounts
    latest: Amounts
    days: NDArray[np.intp]
    first_day: NDArray[np.intp]
    stepped: NDArray[np.bool_]
    judged: NDArray[np.bool_]

    @property
    def clear(self) -> NDArray[np.bool_]:
        """Whether the sign of the trend is clear."""
        return self.judged & (np.abs(self.z) >= CLEAR_Z)


def theil_sen(panel: Panel) -> TheilSen:
    """The trend of each history's daily lows over up to 28 days; a day is 24 hours that end with the last whole hour.

    Source: https://en.wikipedia.org/wiki/Theil%E2%80%93Sen_estimator (median of the slopes of all pairs) and
    https://en.wikipedia.org/wiki/Kendall_rank_correlation_coefficient (S and its variance without ties, which only
    makes it harder to be clear).
    """
    lows = daily_lows(panel.hourly)
    stepped = _after_last_step(lows)
    known = ~np.isnan(lows)
    days = known.sum(axis=1)
    one, other = np.triu_indices(DAYS, 1)
    slopes = (lows[:, other] - lows[:, one]) / (other - one)
    score = np.nansum(np.sign(slopes), axis=1)
    slopes.sort(axis=1)
    pairs = days * (days - 1) // 2
    quarter, middle, three_quarters = (_ranked(slopes, pairs, share) for share in (0.25, 0.5, 0.75))
    # The last day ends now, so its middle is half a day ago; the low of today is what runs out.
    at = np.arange(-DAYS + 1, 1)
    flat = np.sort(lows - middle[:, None] * at, axis=1)
    now = _ranked(flat, days, 0.5)
    now = now + np.minimum(_ranked(np.sort(flat - now[:, None], axis=1), days, LOW_SHARE), 0)
    left = np.maximum(now - panel.floor, 0)
    variance = days * (days - 1) * (2 * days + 5) / 18
    return TheilSen(
        per_day=middle,
        quarter=quarter,
        three_quarters=three_quarters,
        z=np.sign(score) * np.maximum(np.abs(score) - 1, 0) / np.sqrt(np.maximum(variance, 1)),
        now=now,
        earliest=_days_left(left, quarter),
        likely=_days_left(left, middle),
        latest=_days_left(left, three_quarters),
        days=days,
        first_day=DAYS - known.argmax(axis=1),
        stepped=stepped,
        judged=(days >= LEAST_DAYS) & ~np.isnan(panel.free),
    )


def daily_lows(hourly: Matrix) -> Amounts:
    """The lowest value of each of the last 28 days, oldest first; NaN where too little of the day is known."""
    days = hourly[:, -DAYS * 24 :].reshape(len(hourly), DAYS, 24)
    enough = (~np.isnan(days)).sum(axis=2) >= LEAST_HOURS
    return np.where(enough, np.fmin.reduce(days, axis=2), np.nan).astype(np.float64)


def _after_last_step(lows: Amounts) -> NDArray[np.bool_]:
    """Forgets, in place, the days before the last lasting change of level; tells which histories had one.

    A step separates the days before it from those after it entirely, by several times the usual change of a day: a
    weekend does not, for the days on either side hold another one.
    """
    change = np.abs(np.diff(lows, axis=1))
    usual = np.maximum(_ranked(np.sort(change, axis=1), (~np.isnan(change)).sum(axis=1), 0.5), 1)
    last = np.zeros(len(lows), dtype=np.intp)
    for day in range(3, DAYS - 1):
        before, after = lows[:, max(day - STEP_DAYS, 0) : day], lows[:, day : day + STEP_DAYS]
        fell = np.fmin.reduce(before, axis=1) - np.fmax.reduce(after, axis=1)
        rose = np.fmin.reduce(after, axis=1) - np.fmax.reduce(before, axis=1)
        last[np.fmax(fell, rose) >= STEP_TIMES * usual] = day
    lows[np.arange(DAYS) < last[:, None]] = np.nan
    return last > 0


def _ranked(ranked: Amounts, count: NDArray[np.intp], share: float) -> Amounts:
    """The quantile of each row's first `count` values (NaN last), between its two neighbours; 0 without values."""
    place = share * np.maximum(count - 1, 0)
    low = np.floor(place).astype(np.intp)
    high = np.minimum(low + 1, np.maximum(count - 1, 0))
    below = np.take_along_axis(ranked, low[:, None], axis=1)[:, 0]
    above = np.take_along_axis(ranked, high[:, None], axis=1)[:, 0]
    return np.nan_to_num(below + (above - below) * (place - low))


def _days_left(left: Amounts, per_day: Amounts) -> Amounts:
    return np.where(per_day < 0, left / np.where(per_day < 0, -per_day, 1), np.inf)
