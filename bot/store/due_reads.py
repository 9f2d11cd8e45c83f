"""Due reads: which read of which account and region is due when, who is at it, and how it went.

On PostgreSQL several replicas share the rows, by the database's own clock; on SQLite one process has them all.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    Select,
    String,
    Table,
    and_,
    bindparam,
    case,
    delete,
    func,
    or_,
    select,
    tuple_,
    update,
)

from bot.store.columns import Length, Moment, Word
from bot.store.database import Database, insert_into
from bot.store.tables import METADATA, REGION_FACTS

WHOLE_ACCOUNT = ""
"""The region of a read that is about an account as a whole."""


class Lane(Enum):
    """What a read asks: an account's regions, or the subnets, the clusters or some interfaces of one region."""

    ACCOUNT = "account"
    SUBNETS = "subnets"
    CLUSTERS = "clusters"
    INTERFACES = "interfaces"


DUE_READ = Table(
    "due_read",
    METADATA,
    Column("account_id", String, primary_key=True),
    Column("region", String, primary_key=True),
    Column("lane", Word(Lane), primary_key=True),
    Column("every", Length, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("claimed_by", String),
    Column("claimed_until", Moment),
    Column("started_at", Moment),
    Column("last_ok_at", Moment),
    Column("failures", Integer, nullable=False),
    Index(None, "due_at"),
)
"""One row for each source; a claim that ran out belongs to whoever takes it next, so that no read is lost."""

_KEY = tuple_(DUE_READ.c.account_id, DUE_READ.c.region, DUE_READ.c.lane)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What is read: an account and region by one lane."""

    account_id: str
    region: str
    lane: Lane


@dataclass(frozen=True, slots=True, kw_only=True)
class DueRead:
    """A source whose read is ours now: when it was due, how often it comes, and the failures in a row before."""

    source: Source
    every: timedelta
    due_at: datetime
    started_at: datetime
    last_ok_at: datetime | None
    failures: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """How a read ended, and when the next is due."""

    source: Source
    succeeded: bool
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """The reads of one lane: how many there are, how many are overdue, since when the oldest is, how many are held."""

    lane: Lane
    sources: int
    overdue: int
    oldest_due_at: datetime | None
    claimed: int


class DueReadsStore(Database):
    """Plans, hands out and takes back reads; every time is the database's where several processes share it."""

    def read_clock(self, now: datetime) -> datetime:
        """The time by which reads are due: the database's on PostgreSQL, so that replicas agree; else `now`."""
        with self.reading() as connection:
            return _clock(connection, now)

    def plan_reads(self, sources: Iterable[Source], every: timedelta, now: datetime) -> None:
        """Add the sources that are new, due at once and then at this interval."""
        wanted = tuple(dict.fromkeys(sources))
        if not wanted:
            return
        with self.writing() as connection:
            at = _clock(connection, now)
            rows = [
                {
                    "account_id": source.account_id,
                    "region": source.region,
                    "lane": source.lane,
                    "every": every,
                    "due_at": at,
                    "failures": 0,
                }
                for source in wanted
            ]
            connection.execute(insert_into(connection, DUE_READ).on_conflict_do_nothing(), rows)

    def pace_reads(self, sources: Collection[Source], every: timedelta) -> None:
        """Give sources that are planned another interval; the next read comes sooner where it got shorter."""
        if not sources:
            return
        columns = DUE_READ.c
        with self.writing() as connection:
            changed = connection.execute(
                select(columns.account_id, columns.region, columns.lane, columns.started_at, columns.due_at)
                .where(_KEY.in_([_key(source) for source in sources]), columns.every != every)
                .with_for_update()
            ).all()
            for account_id, region, lane, started_at, due_at in changed:
                source = Source(account_id=account_id, region=region, lane=lane)
                sooner = due_at if started_at is None else min(due_at, started_at + every)
                connection.execute(update(DUE_READ).where(_is(source)).values(every=every, due_at=sooner))

    def hasten_reads(self, lanes: Collection[Lane], now: datetime) -> None:
        """Make every read of these lanes due, that is not under way."""
        with self.writing() as connection:
            at = _clock(connection, now)
            waiting = DUE_READ.c.lane.in_(lanes) & (DUE_READ.c.due_at > at) & DUE_READ.c.claimed_until.is_(None)
            connection.execute(update(DUE_READ).where(waiting).values(due_at=at))

    def forget_reads(self, account_ids: Collection[str], regions: Collection[str] | None = None) -> None:
        """Read these accounts no more, or these regions of theirs."""
        if not account_ids or (regions is not None and not regions):
            return
        old = delete(DUE_READ).where(DUE_READ.c.account_id.in_(account_ids))
        with self.writing() as connection:
            connection.execute(old if regions is None else old.where(DUE_READ.c.region.in_(regions)))

    def forget_sources(self, sources: Collection[Source]) -> None:
        """Read these sources no more."""
        if not sources:
            return
        with self.writing() as connection:
            connection.execute(delete(DUE_READ).where(_KEY.in_([_key(source) for source in sources])))

    def planned(self, lane: Lane) -> dict[tuple[str, str], timedelta]:
        """The account-regions of a lane with the interval at which each is read."""
        with self.reading() as connection:
            rows = connection.execute(
                select(DUE_READ.c.account_id, DUE_READ.c.region, DUE_READ.c.every).where(DUE_READ.c.lane == lane)
            )
            return {(account_id, region): every for account_id, region, every in rows}

    def claim_reads(self, owner: str, now: datetime, *, limit: int, lasts: timedelta) -> tuple[DueRead, ...]:
        """At most `limit` due reads, the longest due first, ours alone for `lasts`; nobody waits for another's."""
        if not self.may_find(_to_claim(now, lasts)):
            return ()
        with self.writing() as connection:
            at = _clock(connection, now)
            query = _to_claim(at, lasts).limit(limit).with_for_update(skip_locked=True)
            rows = connection.execute(query).mappings().all()
            claimed = tuple(
                DueRead(
                    source=Source(account_id=row["account_id"], region=row["region"], lane=row["lane"]),
                    every=row["every"],
                    due_at=min(row["due_at"], at),
                    started_at=at,
                    last_ok_at=row["last_ok_at"],
                    failures=row["failures"],
                )
                for row in rows
            )
            if claimed:
                connection.execute(
                    update(DUE_READ)
                    .where(_KEY.in_([_key(read.source) for read in claimed]))
                    .values(
                        claimed_by=owner,
                        claimed_until=at + lasts,
                        started_at=at,
                        # If this process is killed, a time from before the clock was set back must not be left behind.
                        due_at=case((DUE_READ.c.due_at > at, at), else_=DUE_READ.c.due_at),
                    )
                )
            return claimed

    def last_attempt_at(self) -> datetime | None:
        """When any process last began to read something, whether it succeeded or not; None before the first time."""
        begun = select(func.max(DUE_READ.c.started_at)).scalar_subquery()
        with self.reading() as connection:
            read = select(func.max(REGION_FACTS.c.observed_at)).scalar_subquery()
            found = connection.execute(select(begun, read)).one()
        return max((at for at in found if at is not None), default=None)

    def renew_claims(self, owner: str, held: Collection[Source], now: datetime, *, lasts: timedelta) -> None:
        """Keep what this owner is still reading, and give back whatever else is in its name.

        A database that goes away while a claim or a result is written leaves claims of which the owner knows nothing.
        """
        mine, known = DUE_READ.c.claimed_by == owner, _KEY.in_([_key(source) for source in held])
        with self.writing() as connection:
            until = _clock(connection, now) + lasts
            connection.execute(update(DUE_READ).where(mine, known).values(claimed_until=until))
            connection.execute(update(DUE_READ).where(mine, ~known).values(claimed_by=None, claimed_until=None))

    def finish_reads(self, owner: str, finished: Iterable[Finished]) -> None:
        """Give reads back with their results; one that another owner has taken over meanwhile is left to it."""
        given = sorted(finished, key=lambda read: (read.source.account_id, read.source.region, read.source.lane.value))
        if not given:
            return
        with self.writing() as connection:
            for succeeded, statement in ((True, _SUCCEEDED), (False, _FAILED)):
                rows = [
                    {
                        "its_account": read.source.account_id,
                        "its_region": read.source.region,
                        "its_lane": read.source.lane,
                        "its_owner": owner,
                        "next_at": read.due_at,
                    }
                    for read in given
                    if read.succeeded is succeeded
                ]
                if rows:
                    connection.execute(statement, rows)

    def release_reads(self, owner: str) -> None:
        """Give back what this owner has not finished, to be read by anybody at once."""
        with self.writing() as connection:
            connection.execute(
                update(DUE_READ).where(DUE_READ.c.claimed_by == owner).values(claimed_by=None, claimed_until=None)
            )

    def release_left_reads(self) -> None:
        """Give back what a process that was killed had claimed, where only one can serve: on SQLite."""
        with self.writing() as connection:
            if connection.dialect.name == "sqlite":
                connection.execute(update(DUE_READ).values(claimed_by=None, claimed_until=None))

    def backlog(self, now: datetime) -> tuple[Backlog, ...]:
        """How far each lane is behind."""
        with self.reading() as connection:
            at = _clock(connection, now)
            held = and_(DUE_READ.c.claimed_until.is_not(None), DUE_READ.c.claimed_until > at)
            late = and_(DUE_READ.c.due_at <= at, ~held)
            rows = connection.execute(
                select(
                    DUE_READ.c.lane,
                    func.count(),
                    func.count().filter(late),
                    func.min(DUE_READ.c.due_at).filter(late),
                    func.count().filter(held),
                ).group_by(DUE_READ.c.lane)
            )
            return tuple(
                Backlog(lane=lane, sources=sources, overdue=overdue, oldest_due_at=oldest, claimed=claimed)
                for lane, sources, overdue, oldest, claimed in rows
            )


def _to_claim(at: datetime, lasts: timedelta) -> Select[Any]:
    """The reads that are due at this moment and nobody's, the longest due first."""
    columns = DUE_READ.c
    return (
        select(DUE_READ)
        .where(
            # What began later than now, or is claimed for longer than claims last, was written before the clock was
            # set back: waiting for the clock to come there again would leave AWS unread. So would waiting for the time
            # at which a read that never began was planned.
            or_(columns.due_at <= at, columns.started_at > at, columns.started_at.is_(None)),
            or_(
                columns.claimed_until.is_(None),
                columns.claimed_until <= at,
                columns.claimed_until > at + 2 * lasts,
            ),
        )
        .order_by(columns.due_at)
    )


_GIVEN_BACK = (
    update(DUE_READ)
    .where(
        DUE_READ.c.account_id == bindparam("its_account"),
        DUE_READ.c.region == bindparam("its_region"),
        DUE_READ.c.lane == bindparam("its_lane"),
        DUE_READ.c.claimed_by == bindparam("its_owner"),
    )
    .values(claimed_by=None, claimed_until=None, due_at=bindparam("next_at"))
)
_SUCCEEDED = _GIVEN_BACK.values(last_ok_at=DUE_READ.c.started_at, failures=0)
_FAILED = _GIVEN_BACK.values(failures=DUE_READ.c.failures + 1)


def _clock(connection: Connection, now: datetime) -> datetime:
    if connection.dialect.name != "postgresql":
        return now
    at: datetime = connection.execute(select(func.clock_timestamp(type_=Moment()))).scalar_one()
    return at


def _key(source: Source) -> tuple[str, str, Lane]:
    return source.account_id, source.region, source.lane


def _is(source: Source) -> ColumnElement[bool]:
    return and_(
        DUE_READ.c.account_id == source.account_id,
        DUE_READ.c.region == source.region,
        DUE_READ.c.lane == source.lane,
    )
