"""Replies in a thread that the whole channel sees."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; what waits is sent as it was meant."""
    op.add_column(
        "message_outbox", sa.Column("broadcast", sa.Boolean(), nullable=False, server_default=sa.text("false"))
    )
