"""Outlooks: the forecasts of many histories, those that never move set aside first."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from itertools import islice
from math import isinf

import numpy as np
from numpy.typing import NDArray

from bot.capacity.forecast.burn_rate import burn_rate
from bot.capacity.forecast.grid import HOUR, Panel, grid
from bot.capacity.forecast.holt_winters import holt_winters
from bot.capacity.forecast.series import History, moment, seconds
from bot.capacity.forecast.telling import Estimates, Row, burning, smoothed, trending
from bot.capacity.forecast.verdicts import Forecast, Outlook

AT_ONCE = 4_000
"""Histories worked on together: their matrices stay some tens of megabytes, whatever the fleet."""


def outlook(one: History, now: datetime, *, poll: timedelta, held: timedelta | None = None) -> Outlook:
    """The three methods' forecasts of one history at `now`; `poll` and `held` as in `grid`."""
    return next(outlooks((one,), now, poll=poll, held=held))


def outlooks(
    histories: Iterable[History], now: datetime, *, poll: timedelta, held: timedelta | None = None
) -> Iterator[Outlook]:
    """The outlook of each history in turn, whatever their number; `poll` and `held` as in `grid`.

    The histories are taken as they are needed, so they may be read while the ones before are worked on.
    """
    coming = iter(histories)
    while part := tuple(islice(coming, AT_ONCE)):
        yield from _told(part, grid(part, now, poll=poll, held=held).at(now))


def times_left(
    histories: Iterable[History], now: datetime, *, poll: timedelta, held: timedelta | None = None
) -> Iterator[tuple[str, timedelta | None]]:
    """The burn rate's time left of each history, None while its gate is shut; those it cannot judge are left out."""
    coming = iter(histories)
    while part := tuple(islice(coming, AT_ONCE)):
        found = burn_rate(grid(part, now, poll=poll, held=held).at(now))
        for item, judged, hours in zip(part, found.judged.tolist(), found.hours.tolist(), strict=True):
            if judged:
                yield item.key, None if isinf(hours) else timedelta(hours=hours)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """The lowest free amount of an hour ahead that starts `at`, and the range nine in ten hours stay within."""

    at: datetime
    low: float
    likely: float
    high: float


def expected(one: History, now: datetime, *, poll: timedelta, held: timedelta | None = None) -> tuple[Expected, ...]:
    """What Holt-Winters expects of each of the next 24 hours; nothing where the history does not suffice."""
    panel = grid((one,), now, poll=poll, held=held).at(now)
    found = holt_winters(panel)
    if not found.judged[0]:
        return ()
    down, up = float(found.low_error[0]), float(found.high_error[0])
    return tuple(
        Expected(
            at=moment(panel.hours_end + hour * HOUR),
            low=max(low + down, 0.0),
            likely=max(low, 0.0),
            high=min(max(low + up, 0.0), float(one.total)),
        )
        for hour, low in enumerate(found.path[0].tolist())
    )


def inputs_hash(one: History, forecast: Forecast) -> str:
    """16 hexadecimal digits, the same for forecasts that rest on the same samples up to their moment."""
    seen = one.times <= seconds(forecast.made_at)
    found = blake2b(one.times[seen].tobytes(), digest_size=8)
    for part in (one.free[seen], one.hour_times, one.hour_lows):
        found.update(part.tobytes())
    return found.hexdigest()


def _told(part: tuple[History, ...], panel: Panel) -> Iterator[Outlook]:
    moving = _moving(panel)
    found = Estimates.of(panel.rows(moving))
    place = np.full(len(part), -1)
    place[moving] = np.arange(len(moving))
    hours = (~np.isnan(panel.hourly)).sum(axis=1).tolist()
    for item, free, index, known in zip(part, panel.free.tolist(), place.tolist(), hours, strict=True):
        row = Row(history=item, now=panel.now, free=None if free != free else int(free), index=index, hours=known)
        yield Outlook(
            key=item.key,
            burn_rate=burning(row, found),
            holt_winters=smoothed(row, found),
            theil_sen=trending(row, found),
        )


def _moving(panel: Panel) -> NDArray[np.intp]:
    """The histories that are known now and took more than one value: the others need no estimator."""
    high = np.fmax(np.fmax.reduce(panel.hourly, axis=1), np.fmax.reduce(panel.recent, axis=1))
    low = np.fmin(np.fmin.reduce(panel.hourly, axis=1), np.fmin.reduce(panel.recent, axis=1))
    return np.flatnonzero((high > low) & ~np.isnan(panel.free))
