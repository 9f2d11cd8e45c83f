"""Gaps: when the bot itself did not do what it should have, as far as it can tell afterwards."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from sqlalchemy import Column, Table, delete, or_, select

from bot.store.columns import Moment, Word
from bot.store.database import Database, insert_into
from bot.store.tables import METADATA

GAPS_KEPT = timedelta(days=90)
"""As long as resolved alerts: a review looks at both."""

DOWN = timedelta(minutes=5)
"""No process led for longer than this: a restart or a change of leader takes less, and a look comes every minute."""


class Work(Enum):
    """What is done again and again: leading at all, and reading the whole fleet."""

    SERVING = "serving"
    SWEEP = "sweep"


WORK_DONE = Table(
    "work_done",
    METADATA,
    Column("work", Word(Work), primary_key=True),
    Column("done_at", Moment, nullable=False),
)
"""When each kind of work was last done, by any replica."""

WORK_GAP = Table(
    "work_gap",
    METADATA,
    Column("work", Word(Work), primary_key=True),
    Column("began_at", Moment, primary_key=True),
    Column("ended_at", Moment, nullable=False),
)
"""The times between two that were too far apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkGap:
    """A time in which nothing was done; `ended_at` None: it lasts."""

    began_at: datetime
    ended_at: datetime | None

    def within(self, since: datetime, now: datetime) -> timedelta:
        """How much of it lies between two moments."""
        return max(min(self.ended_at or now, now) - max(self.began_at, since), timedelta(0))


class WorkGapsStore(Database):
    """What was done when, and the gaps."""

    def note_work(self, work: Work, now: datetime, longest: timedelta) -> None:
        """Record that work was done now; a time longer than `longest` since it was done before is a gap."""
        with self.writing() as connection:
            last = connection.execute(select(WORK_DONE.c.done_at).where(WORK_DONE.c.work == work)).scalar()
            if last is not None and now - last > longest:
                gap = insert_into(connection, WORK_GAP).values(work=work, began_at=last, ended_at=now)
                connection.execute(gap.on_conflict_do_nothing())
            row = insert_into(connection, WORK_DONE).values(work=work, done_at=now)
            connection.execute(row.on_conflict_do_update(index_elements=["work"], set_={"done_at": now}))

    def work_gaps(self, work: Work, since: datetime, now: datetime, longest: timedelta) -> tuple[WorkGap, ...] | None:
        """The gaps that reach past `since`, oldest first, one that lasts included; None before anything was noted."""
        done = select(WORK_DONE.c.done_at).where(WORK_DONE.c.work == work)
        query = select(WORK_GAP.c.began_at, WORK_GAP.c.ended_at).where(
            WORK_GAP.c.work == work, or_(WORK_GAP.c.ended_at > since, WORK_GAP.c.began_at > since)
        )
        with self.reading() as connection:
            last = connection.execute(done).scalar()
            rows = connection.execute(query.order_by(WORK_GAP.c.began_at)).mappings().all()
        if last is None:
            return None
        lasting = (WorkGap(began_at=last, ended_at=None),) if now - last > longest else ()
        return (*(WorkGap(**row) for row in rows), *lasting)

    def prune_gaps(self, now: datetime) -> int:
        """Drop gaps past their time; how many went."""
        with self.writing() as connection:
            return connection.execute(delete(WORK_GAP).where(WORK_GAP.c.ended_at < now - GAPS_KEPT)).rowcount
