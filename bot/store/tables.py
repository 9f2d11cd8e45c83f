"""The tables. Times are aware UTC; the words for an alert's state are derived from them.

Those of alerts and of the way to Slack have modules of their own and are named here too; a store of its own subject
keeps its table beside its statements.
"""

from sqlalchemy import BigInteger, Column, Float, Index, Integer, String, Table, Text, text

from bot.store.alert_tables import ACK, ALERT, ALERT_EVENT, NOTIFICATION, OPEN_ALERT, SILENCE, EventKind
from bot.store.columns import Moment, Words
from bot.store.delivery_tables import BROKEN_CHANNEL, CARD, MESSAGE_OUTBOX, OUTBOX, SECOND_PATH, OutboxState
from bot.store.metadata import METADATA

__all__ = [
    "ACCOUNT_BLIND_SPOT",
    "ACK",
    "ALERT",
    "ALERT_EVENT",
    "AUDIT",
    "BROKEN_CHANNEL",
    "CARD",
    "COUNTER",
    "FIRST_TIME",
    "LEASE",
    "MESSAGE_OUTBOX",
    "METADATA",
    "NOTIFICATION",
    "OPEN_ALERT",
    "OUTBOX",
    "REGION_FACTS",
    "SECOND_PATH",
    "SILENCE",
    "WATCH",
    "EventKind",
    "OutboxState",
]

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
