"""The picture of `trend` and `forecast`: what was free, what is expected, where alerts begin, when they were open."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.capacity.forecast.outlook import expected
from bot.capacity.forecast.series import History as Past
from bot.capacity.forecast.series import moment
from bot.capacity.forecast.verdicts import Forecast
from bot.histories import held, step
from bot.message import Area

if TYPE_CHECKING:
    from bot.store import Store

Points = tuple[tuple[datetime, float | None], ...]
Spans = tuple[tuple[datetime, datetime], ...]

DAY = timedelta(hours=24)
_HOUR = timedelta(hours=1)

_SHORT = timedelta(days=7)
"""The longest picture in which the next day can be seen."""


def past_points(past: Past, since: datetime) -> Points:
    """The values of a history from a moment on, hourly lows before the first sample; None where nothing is known."""
    found: list[tuple[datetime, float | None]] = []
    samples = list(zip(past.times.tolist(), past.free.tolist(), strict=True))
    first = moment(samples[0][0]) if samples else None
    for at, low in zip(past.hour_times.tolist(), past.hour_lows.tolist(), strict=True):
        began = moment(at)
        if began < since or (first is not None and began + _HOUR > first):
            continue
        if found and began - found[-1][0] > _HOUR:
            found.append((found[-1][0] + _HOUR, None))
        found.append((began, low))
    found += [(moment(at), None if free != free else free) for at, free in samples if moment(at) >= since]
    return tuple(found)


def ahead(past: Past, headline: Forecast, now: datetime, length: timedelta, poll: timedelta) -> tuple[Area, ...]:
    """What is expected for so long from now: of a day by its pattern, beyond by the method that names a date.

    Nothing where no method can tell, or where a day would be too narrow to see.
    """
    dated = headline.likely is not None and headline.free is not None
    if length <= _SHORT:
        band = expected(past, now, poll=step(poll), held=held(poll))
        soon = headline.likely is not None and headline.likely - now <= DAY
        if band and not (dated and (soon or length > DAY)):
            return tuple(Area(at=hour.at, low=hour.low, likely=hour.likely, high=hour.high) for hour in band)
    return _fan(headline, headline.free, now, now + length) if dated and headline.free is not None else ()


def _fan(headline: Forecast, free: int, now: datetime, until: datetime) -> tuple[Area, ...]:
    """Straight from what is free now to the floor, at the earliest, the likely and the latest moment."""
    dates = (headline.earliest, headline.likely, headline.latest)
    corners = sorted({now, until, *(date for date in dates if date is not None and now < date < until)})

    def left(at: datetime, date: datetime | None) -> float:
        if date is None:
            return float(free)  # perhaps never
        share = (at - now) / (date - now) if date > now else 1.0
        return max(free + (headline.floor - free) * share, float(headline.floor))

    return tuple(
        Area(
            at=at,
            low=left(at, headline.earliest or headline.likely),
            likely=left(at, headline.likely),
            high=left(at, headline.latest),
        )
        for at in corners
    )


def alert_spans(store: "Store", subnet_ids: Collection[str], since: datetime, now: datetime) -> Spans:
    """When alerts of these subnets were open from a moment on."""
    return tuple(
        (max(alert.fired_at, since), alert.resolved_at or now)
        for alert in store.live_alerts(since)
        if alert.subnet_id in subnet_ids and alert.fired_at is not None
    )


def newest(points: Iterable[tuple[datetime, float | None]]) -> datetime | None:
    """When the last known value was read; None without one."""
    known = [at for at, value in points if value is not None]
    return known[-1] if known else None
