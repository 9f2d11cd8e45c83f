"""Outlooks: the forecasts of many histories, those that never move set aside first."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from hashlib import blake2b
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from bot.capacity.forecast.grid import Panel, grid
from bot.capacity.forecast.series import History, seconds
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
