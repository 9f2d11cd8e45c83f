"""Chances: how likely each subnet was to run out within a day, said once a day, and what then happened."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Float, Index, Integer, String, Table, bindparam, delete, func, select, update

from bot.capacity.forecast.chance import Scored, Scoring, scoring
from bot.store.columns import Moment, Word
from bot.store.database import Database, insert_into
from bot.store.forecasts import FORECASTS_KEPT, Judged, Outcome
from bot.store.tables import METADATA

CHANCE_LOG = Table(
    "chance_log",
    METADATA,
    Column("chance_id", Integer, primary_key=True),
    Column("subnet_id", String, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("floor_ips", Integer, nullable=False),
    Column("unit", String, nullable=False),
    Column("ours", Float, nullable=False),
    Column("static", Float, nullable=False),
    Column("linear", Float, nullable=False),
    Column("outcome", Word(Outcome), nullable=False),
    Index(None, "outcome", "due_at"),
    Index(None, "subnet_id", "made_at", unique=True),
)
"""A row a day for each subnet that was looked at: its chance (0-1) to run out within a day, by our forecasts, by a
threshold and by a straight line. `floor_ips` counts /28 blocks where `unit` says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedChance:
    """The chances of one subnet at one time; `chance_id` is None before it is stored."""

    subnet_id: str
    made_at: datetime
    due_at: datetime
    floor_ips: int
    unit: str
    ours: float
    static: float
    linear: float
    outcome: Outcome = Outcome.OPEN
    chance_id: int | None = None


def chance_scores(judged: Iterable[LoggedChance]) -> Mapping[Scored, Scoring]:
    """How the forecasts and the two baselines did over the same days of the same subnets; empty without any."""
    said = [(one, one.outcome is Outcome.HIT) for one in judged]
    found = {
        Scored.OURS: scoring((one.ours, out) for one, out in said),
        Scored.STATIC: scoring((one.static, out) for one, out in said),
        Scored.LINEAR: scoring((one.linear, out) for one, out in said),
    }
    return {scored: figures for scored, figures in found.items() if figures is not None}


class ChancesStore(Database):
    """Chances as they were said, and how they are judged."""

    def log_chances(self, chances: Iterable[LoggedChance]) -> None:
        """Add chances; the same subnet and moment once."""
        names = [column.name for column in CHANCE_LOG.columns if column.name != "chance_id"]
        rows = [{name: getattr(one, name) for name in names} for one in chances]
        if rows:
            with self.writing() as connection:
                connection.execute(insert_into(connection, CHANCE_LOG).on_conflict_do_nothing(), rows)

    def chances_said_at(self) -> datetime | None:
        """When chances were last said; None before the first time."""
        with self.reading() as connection:
            return connection.execute(select(func.max(CHANCE_LOG.c.made_at))).scalar()

    def chances_to_judge(self, now: datetime, limit: int = 5_000) -> tuple[LoggedChance, ...]:
        """The chances whose day is over and that nobody has judged, oldest first."""
        over = (CHANCE_LOG.c.outcome == Outcome.OPEN) & (CHANCE_LOG.c.due_at <= now)
        query = select(CHANCE_LOG).where(over).order_by(CHANCE_LOG.c.due_at, CHANCE_LOG.c.chance_id).limit(limit)
        with self.reading() as connection:
            return tuple(LoggedChance(**row) for row in connection.execute(query).mappings())

    def judge_chances(self, judged: Iterable[Judged]) -> None:
        """Record what became of chances; `forecast_id` is the chance's number."""
        rows = [{"judged_id": one.forecast_id, "outcome": one.outcome} for one in judged]
        if rows:
            with self.writing() as connection:
                connection.execute(
                    update(CHANCE_LOG)
                    .where(CHANCE_LOG.c.chance_id == bindparam("judged_id"))
                    .values(outcome=bindparam("outcome")),
                    rows,
                )

    def judged_chances(self, since: datetime) -> tuple[LoggedChance, ...]:
        """The chances said since a moment of which it is known what happened: it ran out, or it did not."""
        known = CHANCE_LOG.c.outcome.in_((Outcome.HIT, Outcome.FALSE))
        query = select(CHANCE_LOG).where(known, CHANCE_LOG.c.made_at >= since).order_by(CHANCE_LOG.c.chance_id)
        with self.reading() as connection:
            return tuple(LoggedChance(**row) for row in connection.execute(query).mappings())

    def prune_chances(self, now: datetime) -> int:
        """Drop chances past their time; how many went."""
        with self.writing() as connection:
            return connection.execute(delete(CHANCE_LOG).where(CHANCE_LOG.c.made_at < now - FORECASTS_KEPT)).rowcount
