"""Messages that are no cards, channels that are broken, what the webhook told, and when a card was last touched."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the three tables and the column."""
    op.add_column("card", sa.Column("sent_at", _MOMENT, nullable=True))
    op.create_table(
        "message_outbox",
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("dedup_key", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("thread_ts", sa.String(), nullable=True),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("settled_at", _MOMENT, nullable=True),
        sa.Column("posted_channel", sa.String(), nullable=True),
        sa.Column("posted_ts", sa.String(), nullable=True),
        sa.Column("sent_at", _MOMENT, nullable=True),
        sa.Column("due", _MOMENT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("ambiguous_since", _MOMENT, nullable=True),
        sa.Column("owner", sa.String(), nullable=True),
        sa.Column("lease_until", _MOMENT, nullable=True),
        sa.Column("claimed_at", _MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("message_id", name="pk_message_outbox"),
        sa.UniqueConstraint("dedup_key", name="uq_message_outbox_dedup_key"),
    )
    op.create_index("ix_message_outbox_state_channel", "message_outbox", ["state", "channel"], unique=False)
    op.create_table(
        "broken_channel",
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("broken_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("channel", name="pk_broken_channel"),
    )
    op.create_table(
        "second_path",
        sa.Column("alert_id", sa.Integer(), nullable=False),
        sa.Column("firing_told_at", _MOMENT, nullable=False),
        sa.Column("resolved_told_at", _MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["alert_id"], ["alert.alert_id"], name="fk_second_path_alert_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("alert_id", name="pk_second_path"),
    )


def downgrade() -> None:
    """Drop the tables and the column."""
    op.drop_table("second_path")
    op.drop_table("broken_channel")
    op.drop_table("message_outbox")
    op.drop_column("card", "sent_at")
