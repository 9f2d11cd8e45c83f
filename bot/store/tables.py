"""The tables. Times are aware UTC; the words for an alert's state are derived from them."""

from enum import Enum

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from bot.alerts import AlertStatus, Severity
from bot.store.columns import Length, Moment, Word, Words

OPEN_ALERT = "resolved_at IS NULL OR reopening_at IS NOT NULL"
"""Which alerts are open: not resolved, or about to open again."""

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

REGION_FACTS = Table(
    "region_facts",
    METADATA,
    Column("account_id", String, primary_key=True),
    Column("region", String, primary_key=True),
    Column("observed_at", Moment, nullable=False),
    Column("facts", Text, nullable=False),
)
"""The last facts of each account and region, as JSON, so that a restart answers at once."""

ACCOUNT_BLIND_SPOT = Table(
    "account_blind_spot",
    METADATA,
    Column("account_id", String, primary_key=True),
    Column("region", String, primary_key=True),
    Column("api", String, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("observed_at", Moment, nullable=False),
)
"""What could not be read of an account as a whole in the last poll."""

SAMPLE = Table(
    "sample",
    METADATA,
    Column("subnet_id", String, primary_key=True),
    Column("observed_at", Moment, primary_key=True),
    Column("free_ips", Integer),
    Column("usable_ips", Integer, nullable=False),
    Index(None, "observed_at"),
)
"""Free and usable addresses of a subnet over time."""

WATCH = Table(
    "watch",
    METADATA,
    Column("channel", String, primary_key=True),
    Column("scope", String, primary_key=True),
    Column("label", String, nullable=False),
    Column("created_by", String, nullable=False),
    Column("created_at", Moment, nullable=False),
)

COUNTER = Table(
    "counter",
    METADATA,
    Column("name", String, primary_key=True),
    Column("value", Integer, nullable=False),
)
"""Numbers given out, so that an alert id is never given twice."""

ALERT = Table(
    "alert",
    METADATA,
    Column("alert_id", Integer, primary_key=True, autoincrement=False),
    Column("rule", String, nullable=False),
    Column("scope_key", String, nullable=False),
    Column("subnet_id", String, nullable=False),
    Column("label", String, nullable=False),
    Column("clusters", Words, nullable=False),
    Column("account_id", String, nullable=False),
    Column("region", String, nullable=False),
    Column("az", String, nullable=False),
    Column("severity", Word(Severity), nullable=False),
    Column("value_ips", Integer, nullable=False),
    Column("shown_ips", Integer, nullable=False),
    Column("threshold_ips", Integer, nullable=False),
    Column("usable_ips", Integer, nullable=False),
    Column("lowest_ips", Integer, nullable=False),
    Column("active_at", Moment, nullable=False),
    Column("observed_at", Moment, nullable=False),
    Column("fired_at", Moment),
    Column("recovering_at", Moment),
    Column("resolved_at", Moment),
    Column("reopening_at", Moment),
    Column("held", Length, nullable=False),
    Column("resolution", String, nullable=False),
    Column("flaps", Integer, nullable=False),
    Column("reopened", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    Index(None, "resolved_at"),
    Index(
        "uq_alert_open_scope",
        "rule",
        "scope_key",
        unique=True,
        sqlite_where=text(OPEN_ALERT),
        postgresql_where=text(OPEN_ALERT),
    ),
)
"""Every alert, one row; `uq_alert_open_scope` keeps two open alerts of one problem apart."""

ALERT_EVENT = Table(
    "alert_event",
    METADATA,
    Column("event_id", Integer, primary_key=True),
    Column("alert_id", ForeignKey("alert.alert_id", ondelete="CASCADE"), nullable=False),
    Column("transition", String, nullable=False),
    Column("status", Word(AlertStatus), nullable=False),
    Column("value_ips", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("at", Moment, nullable=False),
    Index(None, "alert_id"),
)
"""What happened to each alert, in order; rows are only added."""

CARD = Table(
    "card",
    METADATA,
    Column("alert_id", ForeignKey("alert.alert_id", ondelete="CASCADE"), primary_key=True),
    Column("channel", String, primary_key=True),
    Column("card_channel", String),
    Column("card_ts", String),
    Column("due", Moment, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("ambiguous_since", Moment),
    Column("owner", String),
    Column("lease_until", Moment),
    Column("claimed_at", Moment),
)
"""One alert's message in one channel: where it is, and who is sending to it until when.

The lease is on the card and not on the outbox row: two versions of one message are never in flight together.
"""

OUTBOX = Table(
    "outbox",
    METADATA,
    Column("outbox_id", Integer, primary_key=True),
    Column("alert_id", ForeignKey("alert.alert_id", ondelete="CASCADE"), nullable=False),
    Column("channel", String, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("kind", String, nullable=False),
    Column("dedup_key", String, nullable=False),
    Column("state", String, nullable=False),
    Column("reason", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("settled_at", Moment),
    UniqueConstraint("dedup_key"),
    Index(None, "state", "alert_id", "channel"),
)
"""Versions of cards to send; `dedup_key` is alert:revision:channel, so that no version is queued twice."""

FIRST_TIME = Table(
    "first_time",
    METADATA,
    Column("key", String, primary_key=True),
    Column("at", Moment, nullable=False),
    Index(None, "at"),
)
"""Deliveries from Slack that were taken: a second row for the same key cannot be written."""

LEASE = Table(
    "lease",
    METADATA,
    Column("name", String, primary_key=True),
    Column("owner", String, nullable=False),
    Column("fence", BigInteger, nullable=False),
    Column("until", Moment, nullable=False),
)
"""Who leads among replicas; `fence` grows with every change of leader."""


class OutboxState(Enum):
    """What became of a version of a card; only `new` waits."""

    NEW = "new"
    SENT = "sent"
    SUPERSEDED = "superseded"
    DEAD = "dead"
