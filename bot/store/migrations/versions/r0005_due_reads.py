"""When each read is due and who is at it; facts of clusters apart from those of subnets, each with a version."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table and the columns."""
    op.create_table(
        "due_read",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("region", sa.String(), nullable=False),
        sa.Column("lane", sa.String(), nullable=False),
        sa.Column("every", sa.Float(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_by", sa.String(), nullable=True),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_ok_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "region", "lane", name="pk_due_read"),
    )
    op.create_index("ix_due_read_due_at", "due_read", ["due_at"])
    op.add_column("region_facts", sa.Column("subnets_version", sa.Integer(), server_default="0", nullable=False))
    op.add_column("region_facts", sa.Column("cluster_facts", sa.Text(), nullable=True))
    op.add_column("region_facts", sa.Column("clusters_version", sa.Integer(), server_default="0", nullable=False))
