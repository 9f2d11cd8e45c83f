"""The first tables: facts, samples, watches, alerts with their events, cards and outbox, deliveries, leases."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_OPEN = sa.text("resolved_at IS NULL OR reopening_at IS NOT NULL")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "account_blind_spot",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("region", sa.String(), nullable=False),
        sa.Column("api", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("observed_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "region", "api", name="pk_account_blind_spot"),
    )
    op.create_table(
        "alert",
        sa.Column("alert_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("scope_key", sa.String(), nullable=False),
        sa.Column("subnet_id", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("clusters", sa.Text(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("region", sa.String(), nullable=False),
        sa.Column("az", sa.String(), nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("value_ips", sa.Integer(), nullable=False),
        sa.Column("shown_ips", sa.Integer(), nullable=False),
        sa.Column("threshold_ips", sa.Integer(), nullable=False),
        sa.Column("usable_ips", sa.Integer(), nullable=False),
        sa.Column("lowest_ips", sa.Integer(), nullable=False),
        sa.Column("active_at", _MOMENT, nullable=False),
        sa.Column("observed_at", _MOMENT, nullable=False),
        sa.Column("fired_at", _MOMENT, nullable=True),
        sa.Column("recovering_at", _MOMENT, nullable=True),
        sa.Column("resolved_at", _MOMENT, nullable=True),
        sa.Column("reopening_at", _MOMENT, nullable=True),
        sa.Column("held", sa.Float(), nullable=False),
        sa.Column("resolution", sa.String(), nullable=False),
        sa.Column("flaps", sa.Integer(), nullable=False),
        sa.Column("reopened", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("alert_id", name="pk_alert"),
    )
    op.create_index("ix_alert_resolved_at", "alert", ["resolved_at"], unique=False)
    op.create_index(
        "uq_alert_open_scope", "alert", ["rule", "scope_key"], unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN
    )
    op.create_table(
        "counter",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_counter"),
    )
    op.create_table(
        "first_time",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_first_time"),
    )
    op.create_index("ix_first_time_at", "first_time", ["at"], unique=False)
    op.create_table(
        "lease",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("until", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_lease"),
    )
    op.create_table(
        "region_facts",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("region", sa.String(), nullable=False),
        sa.Column("observed_at", _MOMENT, nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "region", name="pk_region_facts"),
    )
    op.create_table(
        "sample",
        sa.Column("subnet_id", sa.String(), nullable=False),
        sa.Column("observed_at", _MOMENT, nullable=False),
        sa.Column("free_ips", sa.Integer(), nullable=True),
        sa.Column("usable_ips", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("subnet_id", "observed_at", name="pk_sample"),
    )
    op.create_index("ix_sample_observed_at", "sample", ["observed_at"], unique=False)
    op.create_table(
        "watch",
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("channel", "scope", name="pk_watch"),
    )
    op.create_table(
        "alert_event",
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("alert_id", sa.Integer(), nullable=False),
        sa.Column("transition", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("value_ips", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["alert_id"], ["alert.alert_id"], name="fk_alert_event_alert_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("event_id", name="pk_alert_event"),
    )
    op.create_index("ix_alert_event_alert_id", "alert_event", ["alert_id"], unique=False)
    op.create_table(
        "card",
        sa.Column("alert_id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("card_channel", sa.String(), nullable=True),
        sa.Column("card_ts", sa.String(), nullable=True),
        sa.Column("due", _MOMENT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("ambiguous_since", _MOMENT, nullable=True),
        sa.Column("owner", sa.String(), nullable=True),
        sa.Column("lease_until", _MOMENT, nullable=True),
        sa.Column("claimed_at", _MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["alert_id"], ["alert.alert_id"], name="fk_card_alert_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("alert_id", "channel", name="pk_card"),
    )
    op.create_table(
        "outbox",
        sa.Column("outbox_id", sa.Integer(), nullable=False),
        sa.Column("alert_id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("dedup_key", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("settled_at", _MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["alert_id"], ["alert.alert_id"], name="fk_outbox_alert_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("outbox_id", name="pk_outbox"),
        sa.UniqueConstraint("dedup_key", name="uq_outbox_dedup_key"),
    )
    op.create_index("ix_outbox_state_alert_id_channel", "outbox", ["state", "alert_id", "channel"], unique=False)


def downgrade() -> None:
    """Drop the tables, those that refer to others first."""
    op.drop_table("outbox")
    op.drop_table("card")
    op.drop_table("alert_event")
    op.drop_table("watch")
    op.drop_table("sample")
    op.drop_table("region_facts")
    op.drop_table("lease")
    op.drop_table("first_time")
    op.drop_table("counter")
    op.drop_table("alert")
    op.drop_table("account_blind_spot")
