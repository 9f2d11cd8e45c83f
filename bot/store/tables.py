"""The tables. Times are aware UTC; the words for an alert's state are derived from them."""

from enum import Enum

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
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

from bot.alerts.alert import AlertStatus
from bot.alerts.readings import Severity, TimeLeft, Unit
from bot.alerts.subject import SubjectKind
from bot.store.columns import AlertIds, Length, Moment, Moments, ScopeWords, Word, Words

OPEN_ALERT = "resolved_at IS NULL OR reopening_at IS NOT NULL"
"""Which alerts are open: not resolved, or about to open again."""


class EventKind(Enum):
    """What kind of thing a row of an alert's history is."""

    TRANSITION = "transition"
    TOLD = "told"
    NOT_TOLD = "not told"
    ACKED = "acked"
    UNACKED = "unacked"
    SILENCED = "silenced"
    UNSILENCED = "unsilenced"


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
    Column("subnets_version", Integer, nullable=False, server_default="0"),
    Column("cluster_facts", Text),
    Column("clusters_version", Integer, nullable=False, server_default="0"),
)
"""The last facts of each account and region, as JSON, so that a restart answers at once.

The subnets' read writes `facts`, the clusters' read `cluster_facts`; each counts its own version up.
"""

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

WATCH = Table(
    "watch",
    METADATA,
    Column("channel", String, primary_key=True),
    Column("scope", String, primary_key=True),
    Column("label", String, nullable=False),
    Column("created_by", String, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("severities", Words, nullable=False, server_default="[]"),
    Column("below_ips", Integer),
    Column("below_pct", Float),
    Column("quiet", Text, nullable=False, server_default=text("''")),
)
"""Which channel is told of which scope, and of how much of it; no severities mean all of them."""

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
    Column("label", String, nullable=False),
    Column("clusters", Words, nullable=False),
    Column("account_id", String, nullable=False),
    Column("region", String, nullable=False),
    Column("az", String, nullable=False),
    Column("severity", Word(Severity), nullable=False),
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
    Column("scope_kind", Word(SubjectKind), nullable=False, server_default=SubjectKind.SUBNET.value),
    Column("az_id", String, nullable=False, server_default=text("''")),
    Column("vpc_id", String, nullable=False, server_default=text("''")),
    Column("unit", Word(Unit), nullable=False, server_default=Unit.IPS.value),
    Column("value", Float, nullable=False, server_default="0"),
    Column("shown_value", Float, nullable=False, server_default="0"),
    Column("worst_value", Float, nullable=False, server_default="0"),
    Column("threshold", Float, nullable=False, server_default="0"),
    Column("capacity", Float),
    Column("detail", Text, nullable=False, server_default=text("''")),
    Column("left", Length),
    Column("time_left", Word(TimeLeft), nullable=False, server_default=TimeLeft.UNKNOWN.value),
    Column("recent", String, nullable=False, server_default=text("''")),
    Column("flapped_at", Moments, nullable=False, server_default="[]"),
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
"""Every alert, one row; `uq_alert_open_scope` keeps two open alerts of one problem apart.

The server defaults are those of alerts written before the column was there.
"""

ALERT_EVENT = Table(
    "alert_event",
    METADATA,
    Column("event_id", Integer, primary_key=True),
    Column("alert_id", ForeignKey("alert.alert_id", ondelete="CASCADE"), nullable=False),
    Column("transition", String, nullable=False),
    Column("status", Word(AlertStatus), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("at", Moment, nullable=False),
    Column("kind", Word(EventKind), nullable=False, server_default=EventKind.TRANSITION.value),
    Column("value", Float, nullable=False, server_default="0"),
    Column("channel", String, nullable=False, server_default=text("''")),
    Column("reason", String, nullable=False, server_default=text("''")),
    Column("detail", Text, nullable=False, server_default=text("''")),
    Column("who", String, nullable=False, server_default=text("''")),
    Index(None, "alert_id"),
)
"""What happened to each alert, in order, and what was not told of it and why; rows are only added."""

ACK = Table(
    "ack",
    METADATA,
    Column("alert_id", ForeignKey("alert.alert_id", ondelete="CASCADE"), primary_key=True),
    Column("acked_by", String, nullable=False),
    Column("name", String, nullable=False),
    Column("acked_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("severity", Word(Severity), nullable=False),
    Column("time_left", Word(TimeLeft), nullable=False),
)
"""Who has an alert in hand, and until when that keeps it quiet; a newer ack replaces it."""

SILENCE = Table(
    "silence",
    METADATA,
    Column("silence_id", Integer, primary_key=True, autoincrement=False),
    Column("alert_ids", AlertIds, nullable=False),
    Column("scope", ScopeWords),
    Column("rules", Words, nullable=False),
    Column("severities", Words, nullable=False),
    Column("created_by", String, nullable=False),
    Column("name", String, nullable=False),
    Column("reason", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("starts_at", Moment, nullable=False),
    Column("ends_at", Moment, nullable=False),
    Column("until_resolved", Boolean, nullable=False),
    Column("lifted_at", Moment),
    Column("lifted_by", String, nullable=False),
    Column("reminded_at", Moment),
    Column("end_told_at", Moment),
    Index(None, "ends_at"),
)
"""Silences and maintenance windows; those that are over stay a while, so that a quiet hour can be explained."""

NOTIFICATION = Table(
    "notification",
    METADATA,
    Column("channel", String, primary_key=True),
    Column("group_key", String, primary_key=True),
    Column("alert_id", ForeignKey("alert.alert_id", ondelete="CASCADE"), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("posted_at", Moment, nullable=False),
    Column("heard_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("firing", Text, nullable=False),
    Column("shown", Text, nullable=False),
    Index(None, "alert_id"),
)
"""What each channel was last told of each card, and under which alert its message is kept."""

AUDIT = Table(
    "audit",
    METADATA,
    Column("audit_id", Integer, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("who", String, nullable=False),
    Column("channel", String, nullable=False),
    Column("verb", String, nullable=False),
    Column("text", Text, nullable=False),
    Column("outcome", String, nullable=False),
    Index(None, "at"),
)
"""Every command that writes and every refusal: who, where, what, and what came of it; rows are only added."""

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
    Column("sent_at", Moment),
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

MESSAGE_OUTBOX = Table(
    "message_outbox",
    METADATA,
    Column("message_id", Integer, primary_key=True),
    Column("dedup_key", String, nullable=False),
    Column("channel", String, nullable=False),
    Column("thread_ts", String),
    Column("broadcast", Boolean, nullable=False, server_default=text("false")),
    Column("content", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("reason", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("settled_at", Moment),
    Column("posted_channel", String),
    Column("posted_ts", String),
    Column("sent_at", Moment),
    Column("due", Moment, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("ambiguous_since", Moment),
    Column("owner", String),
    Column("lease_until", Moment),
    Column("claimed_at", Moment),
    UniqueConstraint("dedup_key"),
    Index(None, "state", "channel"),
)
"""Messages that are no cards, one row each: what it says, where it is, and who is sending it until when."""

BROKEN_CHANNEL = Table(
    "broken_channel",
    METADATA,
    Column("channel", String, primary_key=True),
    Column("reason", String, nullable=False),
    Column("broken_at", Moment, nullable=False),
)
"""Channels that Slack refuses for good; the next message that arrives in one deletes its row."""

SECOND_PATH = Table(
    "second_path",
    METADATA,
    Column("alert_id", ForeignKey("alert.alert_id", ondelete="CASCADE"), primary_key=True),
    Column("firing_told_at", Moment, nullable=False),
    Column("resolved_told_at", Moment),
)
"""Alerts that the webhook told of, since Slack did not take them in time."""

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
