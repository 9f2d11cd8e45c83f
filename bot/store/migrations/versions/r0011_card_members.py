"""Cards that know which alerts they show."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, filled from what the channels were last told of each card."""
    op.add_column("card", sa.Column("alert_ids", sa.Text(), nullable=False, server_default="[]"))
    connection = op.get_bind()
    card = sa.table("card", sa.column("alert_id"), sa.column("channel"), sa.column("alert_ids"))
    told = sa.table("notification", sa.column("alert_id"), sa.column("channel"), sa.column("shown"))
    for row in connection.execute(sa.select(told.c.alert_id, told.c.channel, told.c.shown)).all():
        members = sorted({int(part.partition(":")[0]) for part in row.shown.split()})
        here = (card.c.alert_id == row.alert_id) & (card.c.channel == row.channel)
        connection.execute(sa.update(card).where(here).values(alert_ids=json.dumps(members)))
