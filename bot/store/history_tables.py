"""The tables of the history: samples at full rate, their hourly and daily roll-ups, compact enough for a fleet.

Times are whole seconds, hours and days since 1970 (UTC), and subnets are small numbers: a row of 80,000 subnets x
12 an hour counts. None of a figure is "not known from here on".
"""

from sqlalchemy import BigInteger, Column, Integer, String, Table

from bot.store.tables import METADATA

SERIES = Table(
    "series",
    METADATA,
    Column("series_id", Integer, primary_key=True),
    Column("subnet_id", String, nullable=False, unique=True),
)
"""The small number of each subnet that has a history."""

SAMPLE = Table(
    "sample",
    METADATA,
    Column("series_id", Integer, primary_key=True, autoincrement=False),
    Column("at", BigInteger, primary_key=True, autoincrement=False),
    Column("free_ips", Integer),
    Column("free_blocks", Integer),
    Column("usable_ips", Integer, nullable=False),
    sqlite_with_rowid=False,
    postgresql_partition_by='RANGE ("at")',
)
"""What was free at one time: every change, and a checkpoint each hour. PostgreSQL keeps a partition for each day."""

SAMPLE_HOUR = Table(
    "sample_hour",
    METADATA,
    Column("series_id", Integer, primary_key=True, autoincrement=False),
    Column("hour", Integer, primary_key=True, autoincrement=False),
    Column("lowest_ips", Integer),
    Column("last_ips", Integer),
    Column("lowest_blocks", Integer),
    Column("last_blocks", Integer),
    Column("usable_ips", Integer, nullable=False),
    sqlite_with_rowid=False,
)
"""The lowest and the last of each hour. An hour that repeats the one before is left out, for six hours at most."""

SAMPLE_DAY = Table(
    "sample_day",
    METADATA,
    Column("series_id", Integer, primary_key=True, autoincrement=False),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("lowest_ips", Integer),
    Column("lowest_blocks", Integer),
    Column("usable_ips", Integer, nullable=False),
    sqlite_with_rowid=False,
)
"""The low-water mark of each day."""
