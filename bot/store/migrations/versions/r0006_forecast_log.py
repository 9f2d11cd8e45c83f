"""The log of forecasts that named a date."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "forecast_log",
        sa.Column("forecast_id", sa.Integer(), nullable=False),
        sa.Column("subnet_id", sa.String(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("made_at", _MOMENT, nullable=False),
        sa.Column("due_at", _MOMENT, nullable=False),
        sa.Column("likely_at", _MOMENT, nullable=False),
        sa.Column("free_ips", sa.Integer(), nullable=False),
        sa.Column("floor_ips", sa.Integer(), nullable=False),
        sa.Column("inputs_hash", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("ran_out_at", _MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("forecast_id", name="pk_forecast_log"),
    )
    op.create_index("ix_forecast_log_outcome_due_at", "forecast_log", ["outcome", "due_at"], unique=False)
    op.create_index(
        "ix_forecast_log_subnet_id_method_made_at", "forecast_log", ["subnet_id", "method", "made_at"], unique=True
    )
