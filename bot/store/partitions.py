"""PostgreSQL's partitions of the samples, one for each day (UTC): a day past its time goes as a dropped table."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, text

DAY_SECONDS = 86_400
AHEAD = 2
"""Days made in advance, so that a sweep around midnight finds its partition even when compaction is late."""

_NAMES = text(
    "SELECT child.relname FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid "
    "JOIN pg_class parent ON parent.oid = inhparent "
    "WHERE parent.relname = 'sample' AND child.relname ~ '^sample_p\\d{8}$'"
)


def partition_name(day: datetime) -> str:
    """The name of the partition of a day: "sample_p20261123"."""
    return f"sample_p{day.astimezone(UTC):%Y%m%d}"


def make_partitions(connection: Connection, now: datetime) -> None:
    """Make the partitions of today and of the days ahead where they are missing.

    A day that already has rows in the default partition keeps them there: PostgreSQL refuses a partition for them.
    """
    there = set(connection.execute(_NAMES).scalars())
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    for ahead in range(AHEAD + 1):
        day = today + timedelta(days=ahead)
        begins = int(day.timestamp())
        in_default = text('SELECT 1 FROM sample_default WHERE "at" >= :begins AND "at" < :ends LIMIT 1')
        taken = connection.execute(in_default, {"begins": begins, "ends": begins + DAY_SECONDS}).first()
        if partition_name(day) in there or taken is not None:
            continue
        connection.execute(
            text(
                f"CREATE TABLE IF NOT EXISTS {partition_name(day)} PARTITION OF sample "
                f"FOR VALUES FROM ({begins}) TO ({begins + DAY_SECONDS})"
            )
        )


def drop_partitions(connection: Connection, before: datetime) -> int:
    """Drop the partitions whose whole day lies before a moment; how many went."""
    last = partition_name(before - timedelta(days=1))
    gone = [name for name in connection.execute(_NAMES).scalars() if name <= last]
    for name in gone:
        connection.execute(text(f"DROP TABLE {name}"))
    return len(gone)
