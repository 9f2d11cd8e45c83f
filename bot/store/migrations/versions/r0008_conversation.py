"""How channels want to be answered, which were welcomed, live boards, and whether answers helped."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the four tables."""
    moment = sa.DateTime(timezone=True)
    empty = sa.text("''")
    op.create_table(
        "channel_defaults",
        sa.Column("channel", sa.String(), nullable=False),
        *(
            sa.Column(name, sa.String(), server_default=empty, nullable=False)
            for name in ("scope", "label", "zone", "visibility", "mode", "changed_by")
        ),
        sa.Column("changed_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("channel", name="pk_channel_defaults"),
    )
    op.create_table(
        "welcome",
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.PrimaryKeyConstraint("channel", name="pk_welcome"),
    )
    op.create_table(
        "board",
        sa.Column("board_id", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("channel", "scope", "label", "created_by")),
        *(sa.Column(name, moment, nullable=False) for name in ("began_at", "ends_at", "due")),
        sa.Column("posted_channel", sa.String(), server_default=empty, nullable=False),
        sa.Column("posted_ts", sa.String(), server_default=empty, nullable=False),
        sa.Column("first_free", sa.Integer(), nullable=True),
        sa.Column("lowest_free", sa.Integer(), nullable=True),
        sa.Column("lowest_at", moment, nullable=True),
        sa.Column("alerts", sa.Text(), server_default="[]", nullable=False),
        sa.Column("ended_at", moment, nullable=True),
        sa.Column("reason", sa.String(), server_default=empty, nullable=False),
        sa.PrimaryKeyConstraint("board_id", name="pk_board"),
    )
    op.create_index("ix_board_ended_at", "board", ["ended_at"])
    op.create_table(
        "feedback",
        sa.Column("feedback_id", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("user_id", "channel", "message_ts", "verb")),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("helped", sa.Boolean(), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.PrimaryKeyConstraint("feedback_id", name="pk_feedback"),
        sa.UniqueConstraint("user_id", "channel", "message_ts", name="uq_feedback_user_id_channel_message_ts"),
    )
    op.create_index("ix_feedback_at", "feedback", ["at"])
