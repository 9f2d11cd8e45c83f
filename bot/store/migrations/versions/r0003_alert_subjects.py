"""Alerts of any subject, their history with what was not told, acks, silences, what was said, settings of watches."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_FIGURES = {
    "value_ips": "value",
    "shown_ips": "shown_value",
    "lowest_ips": "worst_value",
    "threshold_ips": "threshold",
}
_ALERT_WORDS = {
    "scope_kind": "subnet",
    "az_id": "",
    "vpc_id": "",
    "unit": "IPs",
    "time_left": "unknown",
    "recent": "",
}
_EVENT_WORDS = {"kind": "transition", "channel": "", "reason": "", "who": ""}


def upgrade() -> None:
    """Add columns and copy the figures of subnets into them: a table made anew would take its children with it."""
    _widen_alert()
    _widen_event()
    op.add_column("watch", sa.Column("severities", sa.Text(), nullable=False, server_default="[]"))
    op.add_column("watch", sa.Column("below_ips", sa.Integer(), nullable=True))
    op.add_column("watch", sa.Column("below_pct", sa.Float(), nullable=True))
    op.add_column("watch", sa.Column("quiet", sa.Text(), nullable=False, server_default=sa.text("''")))
    op.create_table(
        "ack",
        sa.Column("alert_id", sa.Integer(), nullable=False),
        sa.Column("acked_by", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("acked_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("time_left", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["alert_id"], ["alert.alert_id"], name="fk_ack_alert_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("alert_id", name="pk_ack"),
    )
    op.create_table(
        "silence",
        sa.Column("silence_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("alert_ids", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=True),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.Column("severities", sa.Text(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("starts_at", _MOMENT, nullable=False),
        sa.Column("ends_at", _MOMENT, nullable=False),
        sa.Column("until_resolved", sa.Boolean(), nullable=False),
        sa.Column("lifted_at", _MOMENT, nullable=True),
        sa.Column("lifted_by", sa.String(), nullable=False),
        sa.Column("reminded_at", _MOMENT, nullable=True),
        sa.Column("end_told_at", _MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("silence_id", name="pk_silence"),
    )
    op.create_index("ix_silence_ends_at", "silence", ["ends_at"], unique=False)
    op.create_table(
        "notification",
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("group_key", sa.String(), nullable=False),
        sa.Column("alert_id", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("posted_at", _MOMENT, nullable=False),
        sa.Column("heard_at", _MOMENT, nullable=False),
        sa.Column("ended_at", _MOMENT, nullable=True),
        sa.Column("firing", sa.Text(), nullable=False),
        sa.Column("shown", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["alert_id"], ["alert.alert_id"], name="fk_notification_alert_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("channel", "group_key", name="pk_notification"),
    )
    op.create_index("ix_notification_alert_id", "notification", ["alert_id"], unique=False)
    op.create_table(
        "audit",
        sa.Column("audit_id", sa.Integer(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("verb", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("audit_id", name="pk_audit"),
    )
    op.create_index("ix_audit_at", "audit", ["at"], unique=False)


def _widen_alert() -> None:
    for name, default in _ALERT_WORDS.items():
        op.add_column("alert", sa.Column(name, sa.String(), nullable=False, server_default=sa.text(f"'{default}'")))
    for name in _FIGURES.values():
        op.add_column("alert", sa.Column(name, sa.Float(), nullable=False, server_default="0"))
    op.add_column("alert", sa.Column("capacity", sa.Float(), nullable=True))
    op.add_column("alert", sa.Column("detail", sa.Text(), nullable=False, server_default=sa.text("''")))
    op.add_column("alert", sa.Column("left", sa.Float(), nullable=True))
    op.add_column("alert", sa.Column("flapped_at", sa.Text(), nullable=False, server_default="[]"))
    op.execute(
        "UPDATE alert SET value = value_ips, shown_value = shown_ips, worst_value = lowest_ips, "
        "threshold = threshold_ips, capacity = usable_ips"
    )
    for name in (*_FIGURES, "usable_ips", "subnet_id"):
        op.drop_column("alert", name)


def _widen_event() -> None:
    for name, default in _EVENT_WORDS.items():
        written = sa.text(f"'{default}'")
        op.add_column("alert_event", sa.Column(name, sa.String(), nullable=False, server_default=written))
    op.add_column("alert_event", sa.Column("detail", sa.Text(), nullable=False, server_default=sa.text("''")))
    op.add_column("alert_event", sa.Column("value", sa.Float(), nullable=False, server_default="0"))
    op.execute("UPDATE alert_event SET value = value_ips")
    op.drop_column("alert_event", "value_ips")


def downgrade() -> None:
    """Drop the new tables and columns; alerts of anything but a subnet go, for the older version knows no other."""
    for table in ("audit", "notification", "silence", "ack"):
        op.drop_table(table)
    for name in ("severities", "below_ips", "below_pct", "quiet"):
        op.drop_column("watch", name)
    op.execute("DELETE FROM alert_event WHERE kind <> 'transition'")
    op.add_column("alert_event", sa.Column("value_ips", sa.Integer(), nullable=False, server_default="0"))
    op.execute("UPDATE alert_event SET value_ips = CAST(value AS INTEGER)")
    for name in (*_EVENT_WORDS, "detail", "value"):
        op.drop_column("alert_event", name)
    op.execute("DELETE FROM alert WHERE scope_kind <> 'subnet' OR rule <> 'low_ips'")
    for name in (*_FIGURES, "usable_ips"):
        op.add_column("alert", sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
    op.add_column("alert", sa.Column("subnet_id", sa.String(), nullable=False, server_default=sa.text("''")))
    op.execute(
        "UPDATE alert SET value_ips = CAST(value AS INTEGER), shown_ips = CAST(shown_value AS INTEGER), "
        "lowest_ips = CAST(worst_value AS INTEGER), threshold_ips = CAST(threshold AS INTEGER), "
        "usable_ips = CAST(COALESCE(capacity, 0) AS INTEGER), subnet_id = substr(scope_key, 8)"
    )
    for name in (*_ALERT_WORDS, *_FIGURES.values(), "capacity", "detail", "left", "flapped_at"):
        op.drop_column("alert", name)
