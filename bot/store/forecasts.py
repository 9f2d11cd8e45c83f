"""The log of forecasts: every one that named a date, and what then happened."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from sqlalchemy import Column, Index, Integer, Select, String, Table, delete, select, update

from bot.store.columns import Moment, Word
from bot.store.database import Database, insert_into
from bot.store.tables import METADATA

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
    Column("inputs_hash", String, nullable=False),
    Column("outcome", Word(Outcome), nullable=False),
    Column("ran_out_at", Moment),
    Index(None, "outcome", "due_at"),
    Index(None, "subnet_id", "method", "made_at", unique=True),
)
"""A row for each forecast that named a date. `due_at` is when it can be judged; `outcome` is "open" until then."""


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
    outcome: Outcome = Outcome.OPEN
    ran_out_at: datetime | None = None
    forecast_id: int | None = None


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

    def judge_forecast(self, forecast_id: int, outcome: Outcome, ran_out_at: datetime | None) -> None:
        """Record what became of a forecast."""
        with self.writing() as connection:
            connection.execute(
                update(FORECAST_LOG)
                .where(FORECAST_LOG.c.forecast_id == forecast_id)
                .values(outcome=outcome, ran_out_at=ran_out_at)
            )

    def prune_forecasts(self, now: datetime) -> int:
        """Drop forecasts past their time; how many went."""
        with self.writing() as connection:
            old = FORECAST_LOG.c.made_at < now - FORECASTS_KEPT
            return connection.execute(delete(FORECAST_LOG).where(old)).rowcount

    def _forecasts(self, query: Select[Any]) -> tuple[LoggedForecast, ...]:
        with self.reading() as connection:
            return tuple(LoggedForecast(**row) for row in connection.execute(query).mappings())
