"""`eksip backtest`: the forecast methods replayed over the history that is stored, against two baselines."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zlib import crc32

from bot.alerts import SubnetSample
from bot.answers.history import BacktestAnswer, BacktestRow
from bot.answers.model import fields
from bot.capacity.forecast.backtest import Score, Trial, methods, replay, score
from bot.capacity.forecast.series import History, history, size_changes
from bot.capacity.subnets import Limits, floor_ips
from bot.histories import PAST
from bot.message import Context, Message, Strong, Table, Text, Tone
from bot.store.compaction import SAMPLES_KEPT
from bot.store.rollups import HourLow
from bot.store.samples import CHECKPOINT
from bot.views import plural
from bot.wording import span

if TYPE_CHECKING:
    from bot.store import Store

MOST = 500
"""Subnets replayed, a fixed share of a large fleet drawn by their ids: a month of 500 takes minutes."""

AT_ONCE = 250
"""Subnets replayed together: their matrices stay some tens of megabytes."""

STEP = timedelta(minutes=15)
"""The grid of the replay: how often the paging rule is asked. Most of the stored past is known by the hour only."""

LEAST = timedelta(days=3)
"""What the gate needs before the first moment that is judged."""

_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Replayed:
    began: datetime
    ended: datetime
    subnets: int
    left_out: int
    samples_from: datetime
    scores: Sequence[tuple[str, Score]]


def backtest(
    store: "Store | None",
    limits: Limits,
    now: datetime,
    *,
    days: int,
    progress: Callable[[str], None] = lambda _: None,
) -> Message:
    """The methods over the last `days` of the stored history, or why that is too short."""
    known = () if store is None else store.sampled_subnets()
    chosen = sorted(known, key=lambda subnet_id: (crc32(subnet_id.encode()), subnet_id))[:MOST]
    first = None if store is None else _first(store, chosen, now - timedelta(days=days) - PAST)
    if store is None or first is None or now - first < LEAST + timedelta(days=1):
        return _too_short(len(known), None if first is None else now - first)
    ended = now.replace(minute=0, second=0, microsecond=0)
    began = max(ended - timedelta(days=days), (first + LEAST).replace(minute=0, second=0, microsecond=0) + _HOUR)
    tried = methods()
    trials: dict[str, list[Trial]] = {method.name: [] for method in tried}
    for start in range(0, len(chosen), AT_ONCE):
        some = chosen[start : start + AT_ONCE]
        past = _histories(store, some, limits, began - PAST, ended)
        acks = store.acks_of_subnets(some, began)
        for name, found in replay(past, tried, began, ended, poll=STEP, held=CHECKPOINT + STEP, acted_at=acks).items():
            trials[name] += found
        progress(f"{min(start + AT_ONCE, len(chosen)):,} of {len(chosen):,} subnets replayed")
    return _told(
        _Replayed(
            began=began,
            ended=ended,
            subnets=len(chosen),
            left_out=len(known) - len(chosen),
            samples_from=max(now - SAMPLES_KEPT, began),
            scores=[(method.name, score(trials[method.name], method.window)) for method in tried],
        ),
        days,
    )


def _first(store: "Store", subnet_ids: Sequence[str], since: datetime) -> datetime | None:
    """When the stored hours of these subnets begin."""
    starts = [hours[0].starts_at for hours in store.hours_of(subnet_ids, since).values()]
    return min(starts, default=None)


def _histories(
    store: "Store", subnet_ids: Sequence[str], limits: Limits, since: datetime, until: datetime
) -> list[History]:
    """The history of each subnet: its samples where they are kept, its hourly lows before."""
    hours, samples = store.hours_of(subnet_ids, since), store.samples_of(subnet_ids, until - SAMPLES_KEPT)
    return [
        _history(subnet_id, hours[subnet_id], samples.get(subnet_id, ()), limits)
        for subnet_id in subnet_ids
        if hours.get(subnet_id)
    ]


def _history(subnet_id: str, hours: Sequence[HourLow], samples: Iterable[SubnetSample], limits: Limits) -> History:
    close = [(sample.observed_at, sample.free_ips) for sample in samples]
    before = close[0][0] if close else None
    # An hour's low is known when the hour is over, and no sooner: nothing is seen ahead.
    known: list[tuple[datetime, int | None]] = [
        (hour.starts_at + _HOUR - timedelta(seconds=1), hour.lowest_ips)
        for hour in hours
        if before is None or hour.starts_at + _HOUR <= before
    ]
    usable = hours[-1].usable_ips
    return history(
        subnet_id,
        [*known, *close],
        total=usable,
        floor=floor_ips(usable, limits),
        hours=[(hour.starts_at, hour.lowest_ips) for hour in hours if hour.lowest_ips is not None],
        resets=size_changes((hour.starts_at, hour.usable_ips) for hour in hours),
    )


def _too_short(subnets: int, length: timedelta | None) -> Message:
    stored = "nothing is stored yet" if length is None else f"{span(length)} of {plural(subnets, 'subnet')} are stored"
    need = span(LEAST + timedelta(days=1))
    text = f"Too little history for a backtest: {stored}, {need} are needed."
    return Message(
        text=text,
        tone=Tone.UNKNOWN,
        verdict=(text,),
        parts=(Text(lines=(("`eksip serve` keeps what it reads: hours for 90 days.",),)),),
        command="backtest",
        answer=fields(
            BacktestAnswer(began_at=None, ended_at=None, subnets=0, left_out=subnets, by_samples_from=None, methods=[])
        ),
    )


def _told(found: _Replayed, days: int) -> Message:
    incidents = found.scores[0][1].incidents if found.scores else 0
    over = plural(found.subnets, "subnet")
    text = f"{over} over {span(found.ended - found.began)}: {incidents} ran out."
    notes = [
        (
            f"From {found.began:%Y-%m-%d %H:%M} to {found.ended:%Y-%m-%d %H:%M} UTC, "
            f"asked every {STEP // timedelta(minutes=1)} min.",
        ),
        (
            f"Before {found.samples_from:%Y-%m-%d %H:%M} only hourly lows are stored: what comes and goes within "
            "an hour is seen at its end.",
        ),
        ("An incident is the first moment at the floor; a hit an alarm in the 24 h before (docs/forecasts.md).",),
    ]
    if found.left_out:
        notes.append((f"{plural(found.left_out, 'subnet')} more have a history: these {found.subnets:,} were drawn.",))
    if found.ended - found.began < timedelta(days=days):
        notes.append((f"{days} days were asked; the history begins later.",))
    return Message(
        text=text,
        tone=Tone.NEUTRAL,
        verdict=(Strong(text),),
        parts=(
            Table(
                columns=("Method", "Hits", "Median lead", "False", "False/month"),
                rows=tuple(_cells(name, one) for name, one in found.scores),
                right=frozenset({1, 2, 3, 4}),
            ),
            Context(lines=tuple(notes)),
        ),
        command=f"backtest --days {days}",
        answer=fields(
            BacktestAnswer(
                began_at=found.began,
                ended_at=found.ended,
                subnets=found.subnets,
                left_out=found.left_out,
                by_samples_from=found.samples_from,
                methods=[_row(name, one) for name, one in found.scores],
            )
        ),
    )


def _cells(name: str, one: Score) -> tuple[str, ...]:
    return (
        name,
        f"{one.hits} of {one.incidents}" if one.incidents else "-",
        "-" if one.median_lead is None else span(one.median_lead),
        f"{one.false_episodes:,}",
        "-" if one.false_per_month is None else f"{one.false_per_month:.2f}",
    )


def _row(name: str, one: Score) -> BacktestRow:
    return BacktestRow(
        method=name,
        incidents=one.incidents,
        hits=one.hits,
        median_lead_seconds=None if one.median_lead is None else one.median_lead.total_seconds(),
        false_episodes=one.false_episodes,
        false_per_month=None if one.false_per_month is None else round(one.false_per_month, 3),
        averted=one.averted,
    )
