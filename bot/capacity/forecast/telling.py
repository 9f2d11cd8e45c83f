"""Telling: an estimator's figures for one history as a forecast, with its reason in one or two sentences."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from math import isinf
from typing import TypedDict, Unpack

import numpy as np

from bot.capacity.forecast.burn_rate import ENVELOPE_DAYS, LEAST_DAYS, LONG, WARN, BurnRate, burn_rate
from bot.capacity.forecast.grid import DAY, HOUR, HOURS, Panel
from bot.capacity.forecast.holt_winters import HORIZON_HOURS, HOURS_USED, LEAST_HOURS, HoltWinters, holt_winters
from bot.capacity.forecast.series import History, Times, Unit, moment, seconds
from bot.capacity.forecast.theil_sen import HORIZON_DAYS, TheilSen, theil_sen
from bot.capacity.forecast.theil_sen import LEAST_DAYS as LEAST_TREND_DAYS
from bot.capacity.forecast.verdicts import Forecast, Method, Verdict
from bot.wording import span


class _Figures(TypedDict, total=False):
    """The fields of a forecast that only some verdicts have."""

    earliest: datetime | None
    likely: datetime | None
    latest: datetime | None
    per_hour: float | None
    inputs_from: datetime | None
    inputs_to: datetime | None
    inputs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One history at `now` (seconds): its free amount, its place among the estimates (-1: it never moved).

    `hours` of its past four weeks are known.
    """

    history: History
    now: int
    free: int | None
    index: int
    hours: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Estimates:
    """The figures of all methods for the histories that move, and what of each was used."""

    hours_end: int
    burn: BurnRate
    smooth: HoltWinters
    trend: TheilSen
    polls: Times
    hours: Times
    first_hour: Times

    @classmethod
    def of(cls, panel: Panel) -> "Estimates":
        """All estimates of a panel."""
        polls = panel.recent[:, -(int(LONG.total_seconds()) // panel.step_s + 1) :]
        lows = ~np.isnan(panel.hourly[:, -HOURS_USED:])
        return cls(
            hours_end=panel.hours_end,
            burn=burn_rate(panel),
            smooth=holt_winters(panel),
            trend=theil_sen(panel),
            polls=(~np.isnan(polls)).sum(axis=1),
            hours=lows.sum(axis=1),
            first_hour=panel.hours_end - (lows.shape[1] - lows.argmax(axis=1)) * HOUR,
        )


def burning(row: Row, found: Estimates) -> Forecast:
    """The burn rate's forecast."""
    if (plain := _plain(row, Method.BURN_RATE, WARN, LEAST_DAYS * 24)) is not None:
        return plain
    burn, index = found.burn, row.index
    told = partial(
        _forecast,
        row,
        Method.BURN_RATE,
        WARN,
        inputs_from=moment(row.now - LONG.total_seconds()),
        inputs_to=moment(row.now),
        inputs=int(found.polls[index]),
    )
    if not burn.judged[index]:
        return told(
            Verdict.NOT_ENOUGH_HISTORY,
            f"It needs two thirds of the polls of the last 30 min and 2 h, and {LEAST_DAYS} days at this time of day.",
        )
    short, long = float(burn.short_fall[index]), float(burn.long_fall[index])
    unit = row.history.unit
    told = partial(told, per_hour=-long)
    if short <= 0 or long <= 0:
        return told(Verdict.NO_TREND, "It did not fall over both the last 30 min and the last 2 h.")
    pace = f"{_amount(short, unit)} fewer an hour in the last 30 min, {_amount(long, unit)} in the last 2 h"
    if isinf(burn.hours[index]):
        low = float(burn.usual.low[index])
        why = (
            f"as little as {low:,.0f} was free at this time of day in the {ENVELOPE_DAYS} days before"
            if (row.free or 0) >= low
            else f"it fell so in the {ENVELOPE_DAYS} days before, and there is room for the rest of it"
        )
        return told(Verdict.NO_TREND, f"{pace}; but {why}.")
    soonest, latest = float(burn.hours[index]), float(burn.slowest_hours[index])
    if soonest > WARN.total_seconds() / HOUR:
        return told(Verdict.NOT_SOON, f"{pace}: more than {span(WARN)} left at the fastest of the last 2 h.")
    left = max((row.free or 0) - row.history.floor, 0)
    return told(
        Verdict.RUNS_OUT,
        f"{pace}; {row.free:,} free is less than at this time of day in the {ENVELOPE_DAYS} days before "
        f"(lowest {burn.usual.low[index]:,.0f}).",
        earliest=moment(row.now + soonest * HOUR),
        likely=moment(row.now + left / max(short, long) * HOUR),
        latest=moment(row.now + latest * HOUR),
    )


def smoothed(row: Row, found: Estimates) -> Forecast:
    """Holt-Winters' forecast."""
    horizon = timedelta(hours=HORIZON_HOURS)
    told = partial(_forecast, row, Method.HOLT_WINTERS, horizon)
    if (plain := _plain(row, Method.HOLT_WINTERS, horizon, LEAST_HOURS)) is not None:
        return plain
    smooth, index = found.smooth, row.index
    if found.hours[index]:
        told = partial(
            told,
            inputs_from=moment(int(found.first_hour[index])),
            inputs_to=moment(found.hours_end),
            inputs=int(found.hours[index]),
        )
    if not smooth.judged[index]:
        return told(
            Verdict.NOT_ENOUGH_HISTORY, f"It needs {LEAST_HOURS} known hours; there are {int(found.hours[index])}."
        )
    path = smooth.path[index]
    told = partial(told, per_hour=float(smooth.trend[index]))
    hours = f"{_count(int(found.hours[index]), 'hourly low')} continued with their daily pattern"
    if isinf(smooth.likely[index]):
        may = "" if isinf(smooth.earliest[index]) else " On a day in ten worse than forecast it runs out."
        lowest = max(float(path.min()), 0)
        return told(
            Verdict.NOT_SOON,
            f"{hours}: {_amount(lowest, row.history.unit)} left at the lowest of the next {HORIZON_HOURS} hours.{may}",
        )
    earliest, likely, latest = (
        None if isinf(hour) else moment(max(found.hours_end + (hour + 0.5) * HOUR, row.now))
        for hour in (float(smooth.earliest[index]), float(smooth.likely[index]), float(smooth.latest[index]))
    )
    return told(
        Verdict.RUNS_OUT,
        f"{hours} come down to {row.history.floor:,} within {HORIZON_HOURS} hours.",
        earliest=earliest,
        likely=likely,
        latest=latest,
    )


def trending(row: Row, found: Estimates) -> Forecast:
    """Theil-Sen's forecast."""
    horizon = timedelta(days=HORIZON_DAYS)
    told = partial(_forecast, row, Method.THEIL_SEN, horizon)
    if (plain := _plain(row, Method.THEIL_SEN, horizon, LEAST_TREND_DAYS * 24)) is not None:
        return plain
    trend, index = found.trend, row.index
    days = int(trend.days[index])
    lows = _count(days, "daily low") + (" since the last lasting step" if trend.stepped[index] else "")
    if days:
        told = partial(
            told,
            inputs_from=moment(found.hours_end - int(trend.first_day[index]) * DAY),
            inputs_to=moment(found.hours_end),
            inputs=days,
        )
    if not trend.judged[index]:
        return told(Verdict.NOT_ENOUGH_HISTORY, f"{lows}, {LEAST_TREND_DAYS} are needed.")
    per_day, unit = float(trend.per_day[index]), row.history.unit
    told = partial(told, per_hour=per_day / 24)
    if not trend.clear[index] or per_day == 0:
        return told(Verdict.NO_TREND, f"{lows} have no clear direction.")
    if per_day > 0:
        return told(Verdict.GROWING, f"{_amount(per_day, unit)} more free each day over {lows}.")
    pace = f"{_amount(-per_day, unit)} fewer each day over {lows}"
    likely = float(trend.likely[index])
    if likely > HORIZON_DAYS:
        return told(Verdict.NOT_SOON, f"{pace}: more than {HORIZON_DAYS} days left.")
    latest = float(trend.latest[index])
    return told(
        Verdict.RUNS_OUT,
        f"{pace}, between {_pace(-float(trend.three_quarters[index]))} and {_pace(-float(trend.quarter[index]))} "
        f"for the middle half of all pairs of days.",
        earliest=moment(row.now + float(trend.earliest[index]) * DAY),
        likely=moment(row.now + likely * DAY),
        latest=None if latest > HORIZON_DAYS * 4 else moment(row.now + latest * DAY),
    )


def _plain(row: Row, method: Method, horizon: timedelta, least_hours: int) -> Forecast | None:
    """What needs no estimator: not known now, out already, or the same all the time."""
    told = partial(_forecast, row, method, horizon)
    if row.free is None:
        return told(Verdict.STALE, _stale(row))
    if row.free <= row.history.floor:
        return told(Verdict.OUT, f"{_amount(row.free, row.history.unit)} free; {row.history.floor:,} is the floor.")
    if row.index >= 0:
        return None
    if row.hours < least_hours:
        return told(
            Verdict.NOT_ENOUGH_HISTORY,
            f"{_count(row.hours, 'hour')} of the past {HOURS // 24} days known, {least_hours} are needed.",
            inputs=row.hours,
        )
    return told(
        Verdict.NO_TREND, f"{_amount(row.free, row.history.unit)} free all the time.", per_hour=0.0, inputs=row.hours
    )


def _stale(row: Row) -> str:
    known = (row.history.times <= row.now) & ~np.isnan(row.history.free)
    if not known.any():
        return "Nothing is known of it."
    age = timedelta(seconds=row.now - int(row.history.times[known][-1]))
    return f"The last sample is {span(age)} old."


def _forecast(
    row: Row, method: Method, horizon: timedelta, verdict: Verdict, reason: str, **figures: Unpack[_Figures]
) -> Forecast:
    made_at = moment(row.now)
    resets = [reset for reset in row.history.resets if seconds(reset.at) <= row.now]
    since = f" Counted from {resets[-1].at:%d %b %H:%M} UTC on, when {resets[-1].cause.value}." if resets else ""
    return Forecast(
        key=row.history.key,
        method=method,
        verdict=verdict,
        made_at=made_at,
        horizon=horizon,
        unit=row.history.unit,
        free=row.free,
        floor=row.history.floor,
        reason=reason + since,
        **figures,
    )


def _amount(amount: float, unit: Unit) -> str:
    """ "1 address", "2.5 addresses", "310 addresses", "3 /28 blocks"."""
    words = {Unit.ADDRESSES: ("address", "addresses"), Unit.BLOCKS: ("/28 block", "/28 blocks")}[unit]
    told = _pace(amount)
    return f"{told} {words[told != '1']}"


def _pace(amount: float) -> str:
    return f"{amount:,.0f}" if abs(amount) >= 10 or float(amount).is_integer() else f"{amount:,.1f}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
