"""Compaction of the history: hours and days rolled up behind the samples, and what is past its time dropped.

Subnet by subnet along the primary keys, in small transactions: whatever the fleet, no statement reads a table whole,
and nobody waits long for the database.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain

import numpy as np
from sqlalchemy import Connection, func, select

from bot.store.database import Database, insert_into
from bot.store.history_tables import SAMPLE, SERIES
from bot.store.partitions import drop_partitions, make_partitions
from bot.store.rollups import HOUR_SECONDS, Integers, Rollup, rollup
from bot.store.tables import COUNTER

SAMPLES_KEPT = timedelta(hours=48)
"""Two days at full rate: today's figure against the same hour yesterday. PostgreSQL drops them by whole days."""

HOURS_KEPT = timedelta(days=90)
DAYS_KEPT = timedelta(days=730)

AT_ONCE = 1_000
"""Subnets rolled up together: a day in which each changes at every poll is some 300,000 rows in memory."""

_DAY = 86_400
_HOURS_DONE = "samples_hours_done"

# -1 is "not known" where figures are plain integers (rollups.NOT_KNOWN). The order of the join is the order of reading:
# SQLite keeps to it where it says CROSS JOIN, and finds each subnet's hours by the primary key.
_READ = """
SELECT sample.series_id, sample.at, COALESCE(free_ips, -1), COALESCE(free_blocks, -1), usable_ips
FROM series CROSS JOIN sample
WHERE sample.series_id = series.series_id AND series.series_id > ? AND series.series_id <= ?
AND sample.at >= ? AND sample.at < ?
ORDER BY series.series_id, sample.at
"""
_PUT_HOURS = """
INSERT INTO sample_hour (series_id, hour, lowest_ips, last_ips, lowest_blocks, last_blocks, usable_ips)
VALUES (?, ?, NULLIF(?, -1), NULLIF(?, -1), NULLIF(?, -1), NULLIF(?, -1), ?)
ON CONFLICT (series_id, hour) DO UPDATE SET lowest_ips = excluded.lowest_ips, last_ips = excluded.last_ips,
lowest_blocks = excluded.lowest_blocks, last_blocks = excluded.last_blocks, usable_ips = excluded.usable_ips
"""
# Both databases know CASE; neither knows the other's name for the lower of two figures.
_PUT_DAYS = """
INSERT INTO sample_day (series_id, day, lowest_ips, lowest_blocks, usable_ips)
VALUES (?, ?, NULLIF(?, -1), NULLIF(?, -1), ?)
ON CONFLICT (series_id, day) DO UPDATE SET
lowest_ips = CASE WHEN sample_day.lowest_ips IS NULL OR excluded.lowest_ips < sample_day.lowest_ips
THEN excluded.lowest_ips ELSE sample_day.lowest_ips END,
lowest_blocks = CASE WHEN sample_day.lowest_blocks IS NULL OR excluded.lowest_blocks < sample_day.lowest_blocks
THEN excluded.lowest_blocks ELSE sample_day.lowest_blocks END,
usable_ips = excluded.usable_ips
"""
_DROP = {
    "sample": "DELETE FROM sample WHERE series_id = ? AND at < ?",
    "sample_hour": "DELETE FROM sample_hour WHERE series_id = ? AND hour < ?",
    "sample_day": "DELETE FROM sample_day WHERE series_id = ? AND day < ?",
}


class CompactionStore(Database):
    """Rolls samples up and drops what is past its time."""

    def compact(self, now: datetime) -> int:
        """Roll up the hours that have ended since the last time, and their days; how many hourly rows were written.

        What is read stays readable and is written in small transactions, each of which may be done twice: a process
        that ends in between loses nothing.
        """
        until = int(now.timestamp()) // HOUR_SECONDS
        if self._partitioned:
            with self.writing() as connection:
                make_partitions(connection, now)
        first = self._first_hour()
        if first is None or first >= until:
            return 0
        written = 0
        for numbers in self._series():
            found = rollup(self._samples_between(numbers[0], numbers[-1], first, until), first)
            self.put_rollup(found)
            written += len(found.hours)
        with self.writing() as connection:
            row = insert_into(connection, COUNTER).values(name=_HOURS_DONE, value=until)
            connection.execute(row.on_conflict_do_update(index_elements=["name"], set_={"value": until}))
        return written

    def put_rollup(self, found: Rollup) -> None:
        """Write roll-ups; an hour that is there is replaced, a day keeps the lower of its figures."""
        if len(found.hours):
            with self.writing() as connection:
                _run(connection, _PUT_HOURS, found.hours.tolist())
                _run(connection, _PUT_DAYS, found.days.tolist())

    def prune_samples(self, now: datetime) -> int:
        """Drop samples and roll-ups past their time, samples only once they are rolled up; how many rows went.

        PostgreSQL's days of samples go as whole partitions, which count as no rows.
        """
        rolled_up = self._hours_done() * HOUR_SECONDS
        oldest = min(int((now - SAMPLES_KEPT).timestamp()), rolled_up)
        before = {
            "sample": oldest,
            "sample_hour": int((now - HOURS_KEPT).timestamp()) // HOUR_SECONDS,
            "sample_day": int((now - DAYS_KEPT).timestamp()) // _DAY,
        }
        gone = 0
        if self._partitioned:
            with self.writing() as connection:
                drop_partitions(connection, datetime.fromtimestamp(oldest, UTC))
                gone += _run(connection, "DELETE FROM sample_default WHERE at < ?", [(before.pop("sample"),)])
        return gone + sum(self._drop(numbers, before) for numbers in self._series())

    def rolled_up_until(self) -> datetime | None:
        """The end of the last hour that is rolled up; None before the first time."""
        done = self._hours_done()
        return datetime.fromtimestamp(done * HOUR_SECONDS, UTC) if done else None

    @property
    def _partitioned(self) -> bool:
        return self.engine.dialect.name == "postgresql"

    def _drop(self, numbers: Sequence[int], before: Mapping[str, int]) -> int:
        with self.writing() as connection:
            return sum(
                _run(connection, _DROP[table], [(number, oldest) for number in numbers])
                for table, oldest in before.items()
            )

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

    def _series(self) -> Iterator[Sequence[int]]:
        """The numbers of the subnets with a history, some at a time, in order."""
        with self.reading() as connection:
            numbers = connection.execute(select(SERIES.c.series_id).order_by(SERIES.c.series_id)).scalars().all()
        for start in range(0, len(numbers), AT_ONCE):
            yield numbers[start : start + AT_ONCE]

    def _samples_between(self, lowest: int, highest: int, first: int, until: int) -> Integers:
        """The samples of the subnets with these numbers in these hours, and the last ones before them."""
        # A checkpoint comes every hour, so the value at the start of the first hour is among the two before it.
        between = (lowest - 1, highest, (first - 2) * HOUR_SECONDS, until * HOUR_SECONDS)
        with self.reading() as connection:
            # The driver's own cursor: a fleet's day is millions of rows, which need no names here.
            cursor = connection.connection.cursor()
            cursor.execute(_in_dialect(connection, _READ), between)
            rows = cursor.fetchall()
        flat = np.fromiter(chain.from_iterable(rows), dtype=np.int64, count=5 * len(rows))
        return flat.reshape(-1, 5)


def _run(connection: Connection, statement: str, rows: Iterable[Sequence[int]]) -> int:
    """Run a statement for each row of figures; how many rows of the database it changed."""
    return connection.exec_driver_sql(_in_dialect(connection, statement), [tuple(row) for row in rows]).rowcount


def _in_dialect(connection: Connection, statement: str) -> str:
    """The statement with the driver's own mark for a value."""
    return statement if connection.dialect.name == "sqlite" else statement.replace("?", "%s")
