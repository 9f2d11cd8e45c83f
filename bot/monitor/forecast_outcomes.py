"""What became of forecasts and chances whose time is over: judged by what was then stored, and shown as figures."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Protocol

from bot import metrics
from bot.capacity.forecast.series import Unit
from bot.store import Store
from bot.store.chances import chance_scores
from bot.store.compaction import SAMPLES_KEPT
from bot.store.forecasts import Judged, Outcome, records
from bot.store.rollups import HourLow

RECORD = timedelta(days=30)
"""Forecasts of this time make a method's record."""

MAY_BE_UNKNOWN = 0.1
"""Share of the hours of a forecast's time that may be unknown before it cannot be judged."""

AT_ONCE = 200
"""Forecasts judged together: each needs its subnet's hours and samples."""


class Due(Protocol):
    """What can be judged: said of a subnet at one time, to be true by another."""

    @property
    def subnet_id(self) -> str: ...
    @property
    def made_at(self) -> datetime: ...
    @property
    def due_at(self) -> datetime: ...
    @property
    def floor_ips(self) -> int: ...
    @property
    def unit(self) -> str: ...


def judge(store: Store, now: datetime) -> int:
    """Judge the logged forecasts and chances whose time has passed; how many forecasts."""
    forecasts = store.forecasts_to_judge(now)
    found = []
    for one, (outcome, at) in zip(forecasts, _outcomes(store, forecasts, now), strict=True):
        found.append(Judged(forecast_id=one.forecast_id or 0, outcome=outcome, ran_out_at=at))
        metrics.forecast_total.labels(method=one.method, outcome=outcome.value).inc()
    store.judge_forecasts(found)
    for method, record in records(store.forecasts_since(now - RECORD)).items():
        if record.judged:
            metrics.forecast_hit_ratio.labels(method=method).set(record.hits / record.judged)
    chances = store.chances_to_judge(now)
    store.judge_chances(
        Judged(forecast_id=one.chance_id or 0, outcome=outcome, ran_out_at=at)
        for one, (outcome, at) in zip(chances, _outcomes(store, chances, now), strict=True)
    )
    for scored, figures in chance_scores(store.judged_chances(now - RECORD)).items():
        metrics.forecast_brier.labels(method=scored.value).set(figures.brier)
    return len(found)


def _outcomes(store: Store, due: Sequence[Due], now: datetime) -> Iterator[tuple[Outcome, datetime | None]]:
    """What became of each."""
    for start in range(0, len(due), AT_ONCE):
        some = due[start : start + AT_ONCE]
        ids = {one.subnet_id for one in some}
        first = min(one.made_at for one in some)
        hours = store.hours_of(ids, first)
        acks = store.acks_of_subnets(ids, first)
        samples = store.samples_of(ids, max(first, now - SAMPLES_KEPT))
        for one in some:
            seen = [
                (sample.observed_at, sample.free_blocks if one.unit == Unit.BLOCKS.value else sample.free_ips)
                for sample in samples.get(one.subnet_id, ())
            ]
            yield outcome_of(one, hours.get(one.subnet_id, ()), seen, acks.get(one.subnet_id, ()))


def outcome_of(
    one: Due,
    hours: Sequence[HourLow],
    samples: Sequence[tuple[datetime, int | None]],
    acked_at: Sequence[datetime] = (),
) -> tuple[Outcome, datetime | None]:
    """What became of a forecast until it was due, and when the subnet ran out; an hour counts by its end.

    Averted: the usable total grew, or somebody acknowledged an alert of it, and it did not run out.
    """
    blocks = one.unit == Unit.BLOCKS.value
    inside = [hour for hour in hours if one.made_at < hour.starts_at + timedelta(hours=1) <= one.due_at]
    lows = [(hour, hour.lowest_blocks if blocks else hour.lowest_ips) for hour in inside]
    outs = [at for at, free in samples if free is not None and free <= one.floor_ips and one.made_at < at <= one.due_at]
    # The hour in which it was made may have been low before it was.
    outs += [
        hour.starts_at + timedelta(hours=1)
        for hour, low in lows
        if low is not None and low <= one.floor_ips and hour.starts_at >= one.made_at
    ]
    if outs:
        return Outcome.HIT, min(outs)
    expected = (one.due_at - one.made_at) // timedelta(hours=1)
    known = sum(hour.lowest_ips is not None for hour in inside)
    if known < expected * (1 - MAY_BE_UNKNOWN):
        return Outcome.UNKNOWN, None
    grew = any(later.usable_ips > earlier.usable_ips for earlier, later in pairwise(inside))
    if grew or any(one.made_at < at <= one.due_at for at in acked_at):
        return Outcome.AVERTED, None
    return Outcome.FALSE, None
