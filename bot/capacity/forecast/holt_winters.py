"""Hours to a day: Holt-Winters on hourly lows, with a season of 24 hours."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.capacity.forecast.grid import Matrix, Panel
from bot.capacity.forecast.series import Amounts

PERIOD = 24
ALPHA, BETA, GAMMA = 0.2, 0.02, 0.15
"""Smoothing of the level, the trend and the season.

The level follows a change in half a day, the trend in two days, the season in a week.
"""

HOURS_USED = 14 * 24
"""Two weeks: with these weights what is older has no part in the result."""

FIRST = 2 * PERIOD
"""Hours from which the first level and season are taken."""

LEAST_HOURS = 3 * PERIOD
"""Hours that must be known: two days to begin with, one to see how well they told the next."""

HORIZON_HOURS = 24
RESIDUALS = 7 * 24
"""Hours whose errors make the range: each weekday once."""

LOW_SHARE, HIGH_SHARE = 0.1, 0.9
"""The range leaves out one error in ten on either side."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HoltWinters:
    """For each history: the hours ahead (0: this one) in which it runs out; inf: not within a day.

    `earliest` and `latest` follow the path lowered and raised by the error that nine of ten hours stayed within.
    `path` is the forecast low of each hour ahead, `trend` its change per hour without the season.
    """

    earliest: Amounts
    likely: Amounts
    latest: Amounts
    path: Amounts
    low_error: Amounts
    high_error: Amounts
    trend: Amounts
    judged: NDArray[np.bool_]


def holt_winters(panel: Panel) -> HoltWinters:
    """The forecast of the next 24 hours for each history.

    Source: https://otexts.com/fpp3/holt-winters.html (the additive method). An hour that is not known moves the level
    by the trend and teaches nothing.
    """
    lows = panel.hourly[:, -HOURS_USED:]
    known = ~np.isnan(lows)
    first = np.where(known.any(axis=1), known.argmax(axis=1), lows.shape[1])
    level, season = _begin(lows, first)
    level, trend, errors = _smoothed(lows, first, level, season)
    ahead = np.arange(1, HORIZON_HOURS + 1)
    slots = (lows.shape[1] + ahead - 1) % PERIOD
    path = level[:, None] + trend[:, None] * ahead + season[:, slots]
    low_error, high_error = _quantiles(errors[:, -RESIDUALS:], (LOW_SHARE, HIGH_SHARE))
    low_error, high_error = np.minimum(low_error, 0), np.maximum(high_error, 0)
    floor = panel.floor[:, None]
    return HoltWinters(
        earliest=_first_hour(path + low_error[:, None] <= floor),
        likely=_first_hour(path <= floor),
        latest=_first_hour(path + high_error[:, None] <= floor),
        path=path,
        low_error=low_error,
        high_error=high_error,
        trend=trend,
        judged=(known.sum(axis=1) >= LEAST_HOURS) & (first <= lows.shape[1] - LEAST_HOURS) & ~np.isnan(panel.free),
    )


def _begin(lows: Matrix, first: NDArray[np.intp]) -> tuple[Amounts, Amounts]:
    """The level at the end of the first two known days, and the season by hour of day from how they differ from it."""
    places = np.minimum(first[:, None] + np.arange(FIRST), lows.shape[1] - 1)
    days = np.take_along_axis(lows, places, axis=1).astype(np.float64).reshape(len(lows), 2, PERIOD)
    seen = ~np.isnan(days)
    levels = np.where(seen, days, 0).sum(axis=2) / np.maximum(seen.sum(axis=2), 1)
    levels = np.where(seen.any(axis=2), levels, levels[:, ::-1])
    apart = np.where(seen, days - levels[:, :, None], 0).sum(axis=1) / np.maximum(seen.sum(axis=1), 1)
    season = np.zeros((len(lows), PERIOD))
    np.put_along_axis(season, (first[:, None] + np.arange(PERIOD)) % PERIOD, apart, axis=1)
    return levels[:, 1], season


def _smoothed(
    lows: Matrix, first: NDArray[np.intp], level: Amounts, season: Amounts
) -> tuple[Amounts, Amounts, Amounts]:
    """Level, trend and one-hour-ahead errors after the last hour; `season` is brought up to date in place."""
    # By column: a column of a matrix in rows would be read from as many places as there are histories.
    by_hour = np.ascontiguousarray(lows.T, dtype=np.float64)
    by_slot = np.ascontiguousarray(season.T)
    trend = np.zeros(len(level))
    errors = np.full(by_hour.shape, np.nan)
    for hour, seen in enumerate(by_hour):
        running = hour >= first + FIRST
        slot = by_slot[hour % PERIOD]
        expected = level + trend
        error = seen - expected - slot
        errors[hour] = np.where(running, error, np.nan)
        taught = np.where(running & ~np.isnan(error), error, 0)
        level = np.where(running, expected + ALPHA * taught, level)
        trend += ALPHA * BETA * taught
        slot += GAMMA * (1 - ALPHA) * taught
    season[:] = by_slot.T
    return level, trend, errors.T


def _quantiles(errors: Amounts, shares: tuple[float, ...]) -> tuple[Amounts, ...]:
    """The quantiles of the known errors of each history, the nearest that occurred; 0 where none is known."""
    ranked = np.sort(errors, axis=1)
    count = (~np.isnan(ranked)).sum(axis=1)
    found = []
    for share in shares:
        place = np.clip(np.round(share * (count - 1)).astype(np.intp), 0, ranked.shape[1] - 1)
        found.append(np.nan_to_num(np.take_along_axis(ranked, place[:, None], axis=1)[:, 0]))
    return tuple(found)


def _first_hour(out: NDArray[np.bool_]) -> Amounts:
    return np.where(out.any(axis=1), out.argmax(axis=1), np.inf)
