"""The history: samples by small numbers, their hourly and daily roll-ups; partitions of days on PostgreSQL."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_COPY = """
    INSERT INTO sample (series_id, "at", free_ips, usable_ips)
    SELECT series.series_id, {seconds}, min(old.free_ips), max(old.usable_ips)
    FROM sample_before AS old JOIN series ON series.subnet_id = old.subnet_id GROUP BY 1, 2
"""
_SECONDS = {
    "sqlite": "CAST(strftime('%s', old.observed_at) AS INTEGER)",
    "postgresql": "CAST(EXTRACT(EPOCH FROM old.observed_at) AS BIGINT)",
}


def upgrade() -> None:
    """Make the new tables and take the samples of the old one with them."""
    dialect = op.get_bind().dialect.name
    op.create_table(
        "series",
        sa.Column("series_id", sa.Integer(), nullable=False),
        sa.Column("subnet_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("series_id", name="pk_series"),
        sa.UniqueConstraint("subnet_id", name="uq_series_subnet_id"),
    )
    op.rename_table("sample", "sample_before")
    if dialect == "postgresql":
        op.execute("ALTER INDEX pk_sample RENAME TO pk_sample_before")
    op.create_table(
        "sample",
        sa.Column("series_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("free_ips", sa.Integer(), nullable=True),
        sa.Column("free_blocks", sa.Integer(), nullable=True),
        sa.Column("usable_ips", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("series_id", "at", name="pk_sample"),
        sqlite_with_rowid=False,
        postgresql_partition_by='RANGE ("at")',
    )
    if dialect == "postgresql":
        op.execute("CREATE TABLE sample_default PARTITION OF sample DEFAULT")
    for name, step, figures in (
        ("sample_hour", "hour", ("lowest_ips", "last_ips", "lowest_blocks", "last_blocks")),
        ("sample_day", "day", ("lowest_ips", "lowest_blocks")),
    ):
        op.create_table(
            name,
            sa.Column("series_id", sa.Integer(), autoincrement=False, nullable=False),
            sa.Column(step, sa.Integer(), autoincrement=False, nullable=False),
            *(sa.Column(figure, sa.Integer(), nullable=True) for figure in figures),
            sa.Column("usable_ips", sa.Integer(), nullable=False),
            sa.PrimaryKeyConstraint("series_id", step, name=f"pk_{name}"),
            sqlite_with_rowid=False,
        )
    op.execute("INSERT INTO series (subnet_id) SELECT DISTINCT subnet_id FROM sample_before")
    op.execute(_COPY.format(seconds=_SECONDS[dialect]))
    op.drop_table("sample_before")
