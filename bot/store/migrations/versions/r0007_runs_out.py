"""The newest forecasts that name a date, and what the logged ones count."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the table, and the column."""
    op.create_table(
        "runs_out",
        sa.Column("subnet_id", sa.String(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("made_at", _MOMENT, nullable=False),
        sa.Column("earliest_at", _MOMENT, nullable=True),
        sa.Column("likely_at", _MOMENT, nullable=False),
        sa.Column("latest_at", _MOMENT, nullable=True),
        sa.Column("per_hour", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("subnet_id", name="pk_runs_out"),
    )
    op.add_column("forecast_log", sa.Column("unit", sa.String(), nullable=False, server_default="addresses"))
