"""Forecasts: the newest that name a date, the log of every one that did, and what then happened."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

from sqlalchemy import Column, Float, Index, Integer, Select, String, Table, bindparam, delete, select, update

from bot.alerts.subject import subnet_key
from bot.store.columns import Moment, Word
from bot.store.database import Database, insert_into
from bot.store.tables import ALERT, ALERT_EVENT, COUNTER, METADATA, EventKind

FORECASTS_KEPT = timedelta(days=120)
"""A quarter, and the month before it to compare with."""


class Outcome(Enum):
    """What became of a forecast; the value is what is stored."""

    OPEN = "open"
    HIT = "hit"
    FALSE = "false"
    AVERTED = "averted"
    UNKNOWN = "unknown"


FORECAST_LOG = Table(
    "forecast_log",
    METADATA,
    Column("forecast_id", Integer, primary_key=True),
    Column("subnet_id", String, nullable=False),
    Column("method", String, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("likely_at", Moment, nullable=False),
    Column("free_ips", Integer, nullable=False),
    Column("floor_ips", Integer, nullable=False),
    Column("unit", String, nullable=False, server_default="addresses"),
    Column("inputs_hash", String, nullable=False),
    Column("outcome", Word(Outcome), nullable=False),
    Column("ran_out_at", Moment),
    Index(None, "outcome", "due_at"),
    Index(None, "subnet_id", "method", "made_at", unique=True),
)
"""A row for each forecast that named a date. `due_at` is when it can be judged; `outcome` is "open" until then.

`free_ips` and `floor_ips` count /28 blocks where `unit` says so.
"""


RUNS_OUT = Table(
    "runs_out",
    METADATA,
    Column("subnet_id", String, primary_key=True),
    Column("method", String, nullable=False),
    Column("unit", String, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("earliest_at", Moment),
    Column("likely_at", Moment, nullable=False),
    Column("latest_at", Moment),
    Column("per_hour", Float),
)
"""A row for each subnet whose newest forecast names a date: what answers show without working it out again."""

_LOOKED_AT = "forecasts_looked_at"
"""The counter that keeps when the fleet was last looked at, in minutes since 1970."""

_AT_ONCE = 500
"""Ids in one question, as for samples."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunsOut:
    """The newest forecast of a subnet that names a date; `latest_at` None: perhaps never."""

    subnet_id: str
    method: str
    unit: str
    made_at: datetime
    earliest_at: datetime | None
    likely_at: datetime
    latest_at: datetime | None
    per_hour: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What became of a logged forecast."""

    forecast_id: int
    outcome: Outcome
    ran_out_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedForecast:
    """One forecast that named a date; `forecast_id` is None before it is stored."""

    subnet_id: str
    method: str
    made_at: datetime
    due_at: datetime
    likely_at: datetime
    free_ips: int
    floor_ips: int
    inputs_hash: str
    unit: str = "addresses"
    outcome: Outcome = Outcome.OPEN
    ran_out_at: datetime | None = None
    forecast_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """How often a method was right here: episodes of forecasts that were judged, and how many of them were hits.

    `averted` are the episodes after which somebody acted and it did not run out; they are not among the judged.
    """

    judged: int
    hits: int
    averted: int = 0


EPISODE_GAP = timedelta(hours=2)
"""Forecasts of a subnet with no longer a silence between them are one: they are logged once an hour."""


def records(forecasts: Iterable[LoggedForecast]) -> Mapping[str, Record]:
    """The record of each method. What was averted or cannot be known counts neither way.

    `forecasts` are in order of time; those about one subnet in a row are one episode, right when any of them was.
    """
    episodes: dict[tuple[str, str], list[list[LoggedForecast]]] = {}
    for one in forecasts:
        mine = episodes.setdefault((one.method, one.subnet_id), [])
        if mine and one.made_at - mine[-1][-1].made_at <= _gap(one.method):
            mine[-1].append(one)
        else:
            mine.append([one])
    found: dict[str, Record] = {}
    for (method, _), runs in episodes.items():
        for run in runs:
            outcomes = {one.outcome for one in run}
            hit = Outcome.HIT in outcomes
            averted = not hit and Outcome.AVERTED in outcomes
            if hit or averted or outcomes == {Outcome.FALSE}:
                before = found.get(method, Record(judged=0, hits=0))
                found[method] = Record(
                    judged=before.judged + (not averted), hits=before.hits + hit, averted=before.averted + averted
                )
    return found


def _gap(method: str) -> timedelta:
    return max(LOGGED_EVERY.get(method, timedelta(0)) * 2, EPISODE_GAP)


LOGGED_EVERY = {"theil_sen": timedelta(days=1)}
"""What is worked out from days is logged once a day; everything else once an hour."""


class ForecastsStore(Database):
    """Forecasts as they were made, and how they are judged."""

    def log_forecasts(self, forecasts: Iterable[LoggedForecast]) -> None:
        """Add forecasts; the same subnet, method and moment once."""
        rows = [
            {column.name: getattr(one, column.name) for column in FORECAST_LOG.columns if column.name != "forecast_id"}
            for one in forecasts
        ]
        if rows:
            with self.writing() as connection:
                connection.execute(insert_into(connection, FORECAST_LOG).on_conflict_do_nothing(), rows)

    def forecasts_to_judge(self, now: datetime, limit: int = 1000) -> tuple[LoggedForecast, ...]:
        """The forecasts whose time has passed and that nobody has judged, oldest first."""
        open_ones = FORECAST_LOG.c.outcome == Outcome.OPEN
        query = select(FORECAST_LOG).where(open_ones, FORECAST_LOG.c.due_at <= now)
        return self._forecasts(query.order_by(FORECAST_LOG.c.due_at).limit(limit))

    def forecasts_since(self, since: datetime) -> tuple[LoggedForecast, ...]:
        """Every forecast made since a moment, oldest first."""
        query = select(FORECAST_LOG).where(FORECAST_LOG.c.made_at >= since)
        return self._forecasts(query.order_by(FORECAST_LOG.c.made_at, FORECAST_LOG.c.forecast_id))

    def judge_forecasts(self, judged: Iterable[Judged]) -> None:
        """Record what became of forecasts."""
        rows = [{"judged_id": one.forecast_id, "outcome": one.outcome, "ran_out_at": one.ran_out_at} for one in judged]
        if rows:
            with self.writing() as connection:
                connection.execute(
                    update(FORECAST_LOG)
                    .where(FORECAST_LOG.c.forecast_id == bindparam("judged_id"))
                    .values(outcome=bindparam("outcome"), ran_out_at=bindparam("ran_out_at")),
                    rows,
                )

    def acks_of_subnets(self, subnet_ids: Iterable[str], since: datetime) -> Mapping[str, tuple[datetime, ...]]:
        """When somebody acknowledged an alert of these subnets since a moment."""
        wanted = {subnet_key(subnet_id): subnet_id for subnet_id in subnet_ids}
        found: dict[str, tuple[datetime, ...]] = {}
        query = (
            select(ALERT.c.scope_key, ALERT_EVENT.c.at)
            .join_from(ALERT_EVENT, ALERT, ALERT.c.alert_id == ALERT_EVENT.c.alert_id)
            .where(ALERT_EVENT.c.kind == EventKind.ACKED, ALERT_EVENT.c.at >= since)
        )
        with self.reading() as connection:
            for scope_key, at in connection.execute(query):
                if (subnet_id := wanted.get(scope_key)) is not None:
                    found[subnet_id] = (*found.get(subnet_id, ()), at)
        return found

    def put_runs_out(self, rows: Iterable[RunsOut], looked_at: Collection[str]) -> None:
        """Make these the newest forecasts of the subnets that were looked at; the others of them name no date now."""
        new = [{column.name: getattr(row, column.name) for column in RUNS_OUT.columns} for row in rows]
        ids = sorted(looked_at)
        with self.writing() as connection:
            for start in range(0, len(ids), _AT_ONCE):
                some = ids[start : start + _AT_ONCE]
                connection.execute(delete(RUNS_OUT).where(RUNS_OUT.c.subnet_id.in_(some)))
            if new:
                connection.execute(RUNS_OUT.insert(), new)

    def end_look(self, began: datetime) -> None:
        """Record that the whole fleet was looked at from `began` on, and drop forecasts that this look left out."""
        minute = int(began.timestamp()) // 60
        with self.writing() as connection:
            connection.execute(delete(RUNS_OUT).where(RUNS_OUT.c.made_at < began))
            row = insert_into(connection, COUNTER).values(name=_LOOKED_AT, value=minute)
            connection.execute(row.on_conflict_do_update(index_elements=["name"], set_={"value": minute}))

    def looked_ahead_at(self) -> datetime | None:
        """When the fleet was last looked at as a whole; None before the first time."""
        with self.reading() as connection:
            found = connection.execute(select(COUNTER.c.value).where(COUNTER.c.name == _LOOKED_AT)).scalar()
        return None if found is None else datetime.fromtimestamp(int(found) * 60, UTC)

    def runs_out(self) -> Mapping[str, RunsOut]:
        """The newest forecasts that name a date, soonest first, by subnet id."""
        query = select(RUNS_OUT).order_by(RUNS_OUT.c.likely_at)
        with self.reading() as connection:
            return {row["subnet_id"]: RunsOut(**row) for row in connection.execute(query).mappings()}

    def prune_forecasts(self, now: datetime) -> int:
        """Drop forecasts past their time; how many went."""
        with self.writing() as connection:
            old = FORECAST_LOG.c.made_at < now - FORECASTS_KEPT
            return connection.execute(delete(FORECAST_LOG).where(old)).rowcount

    def _forecasts(self, query: Select[Any]) -> tuple[LoggedForecast, ...]:
        with self.reading() as connection:
            return tuple(LoggedForecast(**row) for row in connection.execute(query).mappings())
