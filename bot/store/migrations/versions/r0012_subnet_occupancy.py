"""What subnets held when their interfaces were last read."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table; it fills with the next reads."""
    op.create_table(
        "subnet_occupancy",
        sa.Column("subnet_id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("occupancy", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("subnet_id", name=op.f("pk_subnet_occupancy")),
    )
    op.create_index(op.f("ix_subnet_occupancy_account_id"), "subnet_occupancy", ["account_id"])
