"""The chance that a subnet runs out within a day, and how such chances are scored beside the two baselines."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

import numpy as np

from bot.capacity.forecast.baselines import below_threshold, linear_within
from bot.capacity.forecast.grid import grid
from bot.capacity.forecast.series import History, Unit
from bot.capacity.forecast.verdicts import Method, Outlook, Verdict

DAY = timedelta(hours=24)

_TAILS = {Method.BURN_RATE: 0.05, Method.HOLT_WINTERS: 0.05, Method.THEIL_SEN: 0.25}
"""The chance that it is out before a forecast's earliest moment, as wide as the method's range is: nine in ten hours
of the daily pattern, the quarters of the slope; of the burn rate our guess."""

_BLIND = (Verdict.OUT, Verdict.STALE, Verdict.NOT_ENOUGH_HISTORY)


class Scored(Enum):
    """Who said a chance; the value is its name in figures."""

    OURS = "forecast"
    STATIC = "free_below_10_pct"
    LINEAR = "predict_linear_6h"


@dataclass(frozen=True, slots=True, kw_only=True)
class DayChance:
    """The chance (0-1) that one subnet runs out within a day, by the forecasts and by each baseline's yes or no."""

    key: str
    unit: Unit
    floor: int
    ours: float
    static: float
    linear: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Scoring:
    """How chances did: the mean squared error (0 best, 0.25 a coin's), and alarms, which are chances of a half or more.

    Of `judged` days of subnets `ran_out` ended at the floor; `found` of these had an alarm, `wrong` alarms had no end.
    """

    judged: int
    ran_out: int
    found: int
    wrong: int
    brier: float


def day_chance(outlook: Outlook) -> float | None:
    """The chance (0-1) that it runs out within 24 hours of the forecast; None where no method may judge.

    By the method that speaks: even at its likely moment, and straight between that and its range.
    """
    headline = outlook.headline
    if headline.verdict in _BLIND:
        return None
    if headline.likely is None:
        return 0.0
    tail, made_at = _TAILS[headline.method], headline.made_at
    corners = [(made_at, 0.0), (headline.earliest or headline.likely, tail), (headline.likely, 0.5)]
    if headline.latest is not None:
        corners.append((headline.latest, 1 - tail))
    hours = [(at - made_at) / timedelta(hours=1) for at, _ in corners]
    return float(np.interp(DAY / timedelta(hours=1), hours, [chance for _, chance in corners]))


def day_chances(
    histories: Sequence[History], outlooks: Iterable[Outlook], now: datetime, *, poll: timedelta, held: timedelta
) -> Iterator[DayChance]:
    """The chances of the histories that can be judged; `outlooks` are theirs, in the same order."""
    if not histories:
        return
    panel = grid(tuple(histories), now, poll=poll, held=held).at(now)
    low = below_threshold(panel, np.array([one.total for one in histories], dtype=np.float64))
    falling = linear_within(panel, DAY)
    for one, outlook, static, linear in zip(histories, outlooks, low.tolist(), falling.tolist(), strict=True):
        ours = day_chance(outlook)
        if ours is not None:
            yield DayChance(
                key=one.key, unit=one.unit, floor=one.floor, ours=ours, static=float(static), linear=float(linear)
            )


def scoring(said: Iterable[tuple[float, bool]]) -> Scoring | None:
    """The score of (chance, whether it ran out) pairs; None without any.

    Source: G. W. Brier, Verification of forecasts expressed in terms of probability, Monthly Weather Review 78 (1950).
    Example: `scoring([(1.0, True), (0.5, False)]).brier` is 0.125.
    """
    pairs = list(said)
    if not pairs:
        return None
    return Scoring(
        judged=len(pairs),
        ran_out=sum(out for _, out in pairs),
        found=sum(out and chance >= ALARM for chance, out in pairs),
        wrong=sum(not out and chance >= ALARM for chance, out in pairs),
        brier=sum((chance - out) ** 2 for chance, out in pairs) / len(pairs),
    )


ALARM = 0.5
"""A chance that counts as an alarm where hits are counted."""
