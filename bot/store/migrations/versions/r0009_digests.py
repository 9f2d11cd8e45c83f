"""Digests of channels, and the gaps in the bot's own work that they tell of."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the three tables."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "digest",
        *(sa.Column(name, sa.String(), nullable=False) for name in ("channel", "scope", "label")),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("days", "clock", "zone")),
        sa.Column("created_by", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.Column("changed_at", moment, nullable=False),
        sa.Column("last_sent_for", sa.Date(), nullable=True),
        sa.Column("ended_at", moment, nullable=True),
        sa.PrimaryKeyConstraint("channel", name="pk_digest"),
    )
    op.create_table(
        "work_done",
        sa.Column("work", sa.String(), nullable=False),
        sa.Column("done_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("work", name="pk_work_done"),
    )
    op.create_table(
        "work_gap",
        sa.Column("work", sa.String(), nullable=False),
        sa.Column("began_at", moment, nullable=False),
        sa.Column("ended_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("work", "began_at", name="pk_work_gap"),
    )
