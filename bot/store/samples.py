"""The history of subnets: samples in, roll-ups made behind, and both read back as they are asked for."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby, islice
from operator import itemgetter
from typing import Any, TypeVar

from sqlalchemy import Column, Row, Select, select

from bot.alerts import SubnetSample
from bot.store.compaction import CompactionStore
from bot.store.database import insert_into
from bot.store.history_tables import SAMPLE, SAMPLE_DAY, SAMPLE_HOUR, SERIES
from bot.store.rollups import HOUR_SECONDS, REPEATED_HOURS, HourLow, HourRow, filled

_DAY = 86_400
CHECKPOINT = timedelta(hours=1)
"""A figure that stays the same is written this often, and the hourly roll-ups rely on it.

80,000 quiet subnets would else fill the disk with one number.
"""

_AT_ONCE = 500
"""Ids in one question: SQLite takes 32,766 variables, and a plan for 500 stays quick to make."""
_ROWS = 5_000
"""Rows in one transaction: compaction must not keep the outbox from writing for longer than a moment."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class DayLow:
    """The low-water mark of one day (UTC) of a subnet."""

    starts_at: datetime
    lowest_ips: int | None
    lowest_blocks: int | None
    usable_ips: int


class SamplesStore(CompactionStore):
    """Samples of subnets and their roll-ups."""

    def add_samples(self, samples: Iterable[SubnetSample]) -> None:
        """Add samples to the history, some thousands in a transaction; one that is there already is left as it is."""
        given = list(samples)
        if not given:
            return
        numbers = self._numbers({sample.subnet_id for sample in given})
        for some in _portions(iter(given), _ROWS):
            rows = [
                {
                    "series_id": numbers[sample.subnet_id],
                    "at": int(sample.observed_at.timestamp()),
                    "free_ips": sample.free_ips,
                    "free_blocks": sample.free_blocks,
                    "usable_ips": sample.usable_ips,
                }
                for sample in some
            ]
            with self.writing() as connection:
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

    def _numbers(self, subnet_ids: Iterable[str]) -> Mapping[str, int]:
        """The small number of each subnet; one that has none yet is given one."""
        wanted = sorted(set(subnet_ids))
        found = self._known_numbers(wanted)
        for new in _portions((subnet_id for subnet_id in wanted if subnet_id not in found), _ROWS):
            with self.writing() as connection:
                rows = [{"subnet_id": subnet_id} for subnet_id in new]
                connection.execute(insert_into(connection, SERIES).on_conflict_do_nothing(), rows)
        return found if len(found) == len(wanted) else self._known_numbers(wanted)

    def _known_numbers(self, subnet_ids: Sequence[str]) -> Mapping[str, int]:
        """The numbers of those of these subnets that have one; of a whole fleet all are read at once."""
        columns = SERIES.c.subnet_id, SERIES.c.series_id
        found: dict[str, int] = {}
        with self.reading() as connection:
            if len(subnet_ids) > _ROWS:
                wanted = frozenset(subnet_ids)
                return {name: number for name, number in connection.execute(select(*columns)) if name in wanted}
            for some in _portions(iter(subnet_ids), _AT_ONCE):
                query = select(*columns).where(SERIES.c.subnet_id.in_(some))
                found.update({row.subnet_id: row.series_id for row in connection.execute(query)})
        return found

    def _of_subnets(
        self, query: Select[Any], subnet_ids: Iterable[str], order: Column[Any]
    ) -> Iterator[tuple[str, Iterator[Row[Any]]]]:
        """The rows of a query on some subnets, subnet by subnet in order of time."""
        ordered = query.order_by(SERIES.c.subnet_id, order)
        with self.reading() as connection:
            for some in _portions(iter(sorted(set(subnet_ids))), _AT_ONCE):
                rows = connection.execute(ordered.where(SERIES.c.subnet_id.in_(some)))
                yield from groupby(rows, key=itemgetter(0))


def _portions(items: Iterator[T], size: int) -> Iterator[list[T]]:
    while portion := list(islice(items, size)):
        yield portion


def _moment(epoch: int) -> datetime:
    return datetime.fromtimestamp(epoch, UTC)
