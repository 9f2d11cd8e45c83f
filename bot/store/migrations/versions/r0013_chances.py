"""The chance of each subnet to run out within a day, and what then happened."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table; it fills with the next look ahead."""
    op.create_table(
        "chance_log",
        sa.Column("chance_id", sa.Integer(), nullable=False),
        sa.Column("subnet_id", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("floor_ips", sa.Integer(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("ours", sa.Float(), nullable=False),
        sa.Column("static", sa.Float(), nullable=False),
        sa.Column("linear", sa.Float(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("chance_id", name=op.f("pk_chance_log")),
    )
    op.create_index(op.f("ix_chance_log_outcome_due_at"), "chance_log", ["outcome", "due_at"])
    op.create_index(op.f("ix_chance_log_subnet_id_made_at"), "chance_log", ["subnet_id", "made_at"], unique=True)
