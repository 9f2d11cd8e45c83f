"""The history of subnets: samples in, roll-ups made behind, and both read back as they are asked for."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby, islice
from operator import itemgetter
from typing import Any, TypeVar

from sqlalchemy import Column, ColumnElement, Connection, Row, Select, case, delete, func, select

from bot.alerts import SubnetSample
from bot.store.database import Database, insert_into
from bot.store.history_tables import SAMPLE, SAMPLE_DAY, SAMPLE_HOUR, SERIES
from bot.store.partitions import drop_partitions, make_partitions
from bot.store.rollups import (
    HOUR_FIGURES,
    HOUR_SECONDS,
    REPEATED_HOURS,
    HourLow,
    HourRow,
    Rollup,
    SampleRow,
    Values,
    filled,
    rollup,
)
from bot.store.tables import COUNTER

SAMPLES_KEPT = timedelta(hours=48)
"""Two days at full rate: today's figure against the same hour yesterday."""

HOURS_KEPT = timedelta(days=90)
DAYS_KEPT = timedelta(days=730)

_DAY = 86_400
CHECKPOINT = timedelta(hours=1)
"""A figure that stays the same is written this often, and the hourly roll-ups rely on it.

80,000 quiet subnets would else fill the disk with one number.
"""

_AT_ONCE = 500
"""Ids in one question: SQLite takes 32,766 variables, and a plan for 500 stays quick to make."""
_ROWS = 5_000
"""Rows in one transaction: compaction must not keep the outbox from writing for longer than a moment."""

_HOURS_DONE = "samples_hours_done"

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class DayLow:
    """The low-water mark of one day (UTC) of a subnet."""

    starts_at: datetime
    lowest_ips: int | None
    lowest_blocks: int | None
    usable_ips: int


class SamplesStore(Database):
    """Samples of subnets and their roll-ups."""

    def add_samples(self, samples: Iterable[SubnetSample]) -> None:
        """Add samples to the history; one that is there already is left as it is."""
        given = list(samples)
        if not given:
            return
        with self.writing() as connection:
            numbers = _numbers(connection, {sample.subnet_id for sample in given})
            rows = [
                {
                    "series_id": numbers[sample.subnet_id],
                    "at": int(sample.observed_at.timestamp()),
                    "free_ips": sample.free_ips,
                    "free_blocks": sample.free_blocks,
                    "usable_ips": sample.usable_ips,
                }
                for sample in given
            ]
            connection.execute(insert_into(connection, SAMPLE).on_conflict_do_nothing(), rows)

    def samples(self, subnet_id: str, since: datetime) -> tuple[SubnetSample, ...]:
        """The samples of a subnet from a time on, oldest first; at full rate for the last two days."""
        return self.samples_of([subnet_id], since).get(subnet_id, ())

    def samples_of(self, subnet_ids: Iterable[str], since: datetime) -> Mapping[str, tuple[SubnetSample, ...]]:
        """The samples of these subnets from a time on, oldest first; subnets without any are left out."""
        query = (
            select(SERIES.c.subnet_id, SAMPLE.c.at, SAMPLE.c.free_ips, SAMPLE.c.free_blocks, SAMPLE.c.usable_ips)
            .join_from(SERIES, SAMPLE, SERIES.c.series_id == SAMPLE.c.series_id)
            .where(SAMPLE.c.at >= int(since.timestamp()))
        )
        found = self._of_subnets(query, subnet_ids, SAMPLE.c.at)
        return {
            subnet_id: tuple(
                SubnetSample(
                    subnet_id=subnet_id,
                    observed_at=_moment(row.at),
                    usable_ips=row.usable_ips,
                    free_ips=row.free_ips,
                    free_blocks=row.free_blocks,
                )
                for row in rows
            )
            for subnet_id, rows in found
        }

    def recent(self, since: datetime) -> Mapping[str, list[tuple[int, int | None]]]:
        """What was free of every subnet since a moment: (seconds since 1970, free addresses), oldest first."""
        query = (
            select(SERIES.c.subnet_id, SAMPLE.c.at, SAMPLE.c.free_ips)
            .join_from(SERIES, SAMPLE, SERIES.c.series_id == SAMPLE.c.series_id)
            .where(SAMPLE.c.at >= int(since.timestamp()))
            .order_by(SAMPLE.c.series_id, SAMPLE.c.at)
        )
        found: dict[str, list[tuple[int, int | None]]] = {}
        with self.reading() as connection:
            for subnet_id, at, ips in connection.execution_options(yield_per=_ROWS).execute(query):
                found.setdefault(subnet_id, []).append((at, ips))
        return found

    def hours_of(self, subnet_ids: Iterable[str], since: datetime) -> Mapping[str, tuple[HourLow, ...]]:
        """Every rolled-up hour of these subnets from a time on, those that repeat the one before filled in."""
        columns = (SAMPLE_HOUR.c[name] for name in HourRow._fields)
        query = select(SERIES.c.subnet_id, *columns).join_from(
            SERIES, SAMPLE_HOUR, SERIES.c.series_id == SAMPLE_HOUR.c.series_id
        )
        first = int(since.timestamp()) // HOUR_SECONDS
        until = self._hours_done()
        # From six hours before, so that the first hours are filled in too.
        query = query.where(SAMPLE_HOUR.c.hour > first - REPEATED_HOURS)
        found = self._of_subnets(query, subnet_ids, SAMPLE_HOUR.c.hour)
        complete = {
            subnet_id: tuple(filled((HourRow._make(row[1:]) for row in rows), first, until))
            for subnet_id, rows in found
        }
        return {subnet_id: hours for subnet_id, hours in complete.items() if hours}

    def free_at(self, subnet_ids: Iterable[str], at: datetime) -> Mapping[str, int]:
        """What was free of these subnets at the end of the hour of `at`; those not known are left out."""
        hour = int(at.timestamp()) // HOUR_SECONDS
        query = (
            select(SERIES.c.subnet_id, SAMPLE_HOUR.c.hour, SAMPLE_HOUR.c.last_ips)
            .join_from(SERIES, SAMPLE_HOUR, SERIES.c.series_id == SAMPLE_HOUR.c.series_id)
            # A row that is missing repeats the one before, for six hours at most.
            .where(SAMPLE_HOUR.c.hour > hour - REPEATED_HOURS, SAMPLE_HOUR.c.hour <= hour)
        )
        found = self._of_subnets(query, subnet_ids, SAMPLE_HOUR.c.hour)
        newest = {subnet_id: list(rows)[-1] for subnet_id, rows in found}
        return {subnet_id: row.last_ips for subnet_id, row in newest.items() if row.last_ips is not None}

    def days_of(self, subnet_ids: Iterable[str], since: datetime) -> Mapping[str, tuple[DayLow, ...]]:
        """The low-water marks of these subnets from a day on, oldest first."""
        query = (
            select(SERIES.c.subnet_id, SAMPLE_DAY)
            .join_from(SERIES, SAMPLE_DAY, SERIES.c.series_id == SAMPLE_DAY.c.series_id)
            .where(SAMPLE_DAY.c.day >= int(since.timestamp()) // _DAY)
        )
        return {
            subnet_id: tuple(
                DayLow(
                    starts_at=_moment(row.day * _DAY),
                    lowest_ips=row.lowest_ips,
                    lowest_blocks=row.lowest_blocks,
                    usable_ips=row.usable_ips,
                )
                for row in rows
            )
            for subnet_id, rows in self._of_subnets(query, subnet_ids, SAMPLE_DAY.c.day)
        }

    def sampled_subnets(self) -> tuple[str, ...]:
        """The ids of all subnets that have a history."""
        with self.reading() as connection:
            return tuple(connection.execute(select(SERIES.c.subnet_id).order_by(SERIES.c.subnet_id)).scalars())

    def compact(self, now: datetime) -> int:
        """Roll up the hours that have ended since the last time, and their days; how many hourly rows were written.

        What is read stays readable and is written in small transactions, each of which may be done twice: a process
        that ends in between loses nothing, and nobody waits long for the database.
        """
        until = int(now.timestamp()) // HOUR_SECONDS
        if self.engine.dialect.name == "postgresql":
            with self.writing() as connection:
                make_partitions(connection, now)
        first = self._first_hour()
        if first is None or first >= until:
            return 0
        written = 0
        for rollups in _portions(self._rolled_up(first, until), _ROWS):
            self._put(
                [hour for rollup in rollups for hour in rollup.hours], [d for rollup in rollups for d in rollup.days]
            )
            written += sum(len(rollup.hours) for rollup in rollups)
        with self.writing() as connection:
            row = insert_into(connection, COUNTER).values(name=_HOURS_DONE, value=until)
            connection.execute(row.on_conflict_do_update(index_elements=["name"], set_={"value": until}))
        return written

    def prune_samples(self, now: datetime) -> int:
        """Drop samples and roll-ups past their time, samples only once they are rolled up; how many rows went."""
        rolled_up = self._hours_done() * HOUR_SECONDS
        oldest = min(int((now - SAMPLES_KEPT).timestamp()), rolled_up)
        with self.writing() as connection:
            gone = 0
            if self.engine.dialect.name == "postgresql":
                drop_partitions(connection, _moment(oldest))
            statements = (
                delete(SAMPLE).where(SAMPLE.c.at < oldest),
                delete(SAMPLE_HOUR).where(SAMPLE_HOUR.c.hour < int((now - HOURS_KEPT).timestamp()) // HOUR_SECONDS),
                delete(SAMPLE_DAY).where(SAMPLE_DAY.c.day < int((now - DAYS_KEPT).timestamp()) // _DAY),
            )
            for statement in statements:
                gone += connection.execute(statement).rowcount
            return gone

    def _hours_done(self) -> int:
        """The hour up to which everything is rolled up; 0 before the first time."""
        with self.reading() as connection:
            found = connection.execute(select(COUNTER.c.value).where(COUNTER.c.name == _HOURS_DONE)).scalar()
        return int(found or 0)

    def _first_hour(self) -> int | None:
        """The first hour that is not rolled up yet; None without any sample."""
        if done := self._hours_done():
            return done
        with self.reading() as connection:
            oldest = connection.execute(select(func.min(SAMPLE.c.at))).scalar()
        return None if oldest is None else int(oldest) // HOUR_SECONDS

    def _rolled_up(self, first: int, until: int) -> Iterator[Rollup]:
        """The hours of every subnet, from its samples and the last one before them."""
        # A checkpoint comes every hour, so the value at the start of the first hour is among the two before it.
        query = (
            select(*(SAMPLE.c[name] for name in SampleRow._fields))
            .where(SAMPLE.c.at >= (first - 2) * HOUR_SECONDS, SAMPLE.c.at < until * HOUR_SECONDS)
            .order_by(SAMPLE.c.series_id, SAMPLE.c.at)
        )
        with self.reading() as connection:
            rows = connection.execution_options(yield_per=_ROWS).execute(query)
            for _, samples in groupby(rows, key=itemgetter(0)):
                yield rollup(samples, first)

    def _put(self, hours: Sequence[Values], days: Sequence[Values]) -> None:
        with self.writing() as connection:
            if hours:
                row = insert_into(connection, SAMPLE_HOUR)
                newer = {name: row.excluded[name] for name in HOUR_FIGURES}
                connection.execute(
                    row.on_conflict_do_update(index_elements=["series_id", "hour"], set_=newer), list(hours)
                )
            if days:
                row = insert_into(connection, SAMPLE_DAY)
                lower = {
                    name: _lower(SAMPLE_DAY.c[name], row.excluded[name]) for name in ("lowest_ips", "lowest_blocks")
                }
                lower["usable_ips"] = row.excluded["usable_ips"]
                connection.execute(
                    row.on_conflict_do_update(index_elements=["series_id", "day"], set_=lower), list(days)
                )

    def _of_subnets(
        self, query: Select[Any], subnet_ids: Iterable[str], order: Column[Any]
    ) -> Iterator[tuple[str, Iterator[Row[Any]]]]:
        """The rows of a query on some subnets, subnet by subnet in order of time."""
        ordered = query.order_by(SERIES.c.subnet_id, order)
        with self.reading() as connection:
            for some in _portions(iter(sorted(set(subnet_ids))), _AT_ONCE):
                rows = connection.execute(ordered.where(SERIES.c.subnet_id.in_(some)))
                yield from groupby(rows, key=itemgetter(0))


def _numbers(connection: Connection, subnet_ids: Iterable[str]) -> Mapping[str, int]:
    """The small number of each subnet; one that has none yet is given one."""
    wanted = sorted(set(subnet_ids))
    found: dict[str, int] = {}
    for some in _portions(iter(wanted), _AT_ONCE):
        query = select(SERIES.c.subnet_id, SERIES.c.series_id).where(SERIES.c.subnet_id.in_(some))
        found.update((row.subnet_id, row.series_id) for row in connection.execute(query))
    if new := [{"subnet_id": subnet_id} for subnet_id in wanted if subnet_id not in found]:
        connection.execute(insert_into(connection, SERIES).on_conflict_do_nothing(), new)
        return _numbers(connection, wanted)
    return found


def _portions(items: Iterator[T], size: int) -> Iterator[list[T]]:
    while portion := list(islice(items, size)):
        yield portion


def _moment(epoch: int) -> datetime:
    return datetime.fromtimestamp(epoch, UTC)


def _lower(kept: ColumnElement[Any], new: ColumnElement[Any]) -> ColumnElement[Any]:
    """The lower of two figures, either of which may be unknown: both databases know CASE, neither the other's MIN."""
    return case((kept.is_(None), new), (new.is_(None), kept), (new < kept, new), else_=kept)
