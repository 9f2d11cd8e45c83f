"""The tables of the way to Slack: cards and messages that wait or were sent, broken channels, the second path."""

from enum import Enum

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint, text

from bot.store.columns import AlertIds, Moment
from bot.store.metadata import METADATA


class OutboxState(Enum):
    """What became of a version of a card; only `new` waits."""

    NEW = "new"
    SENT = "sent"
    SUPERSEDED = "superseded"
    DEAD = "dead"


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
    Column("alert_ids", AlertIds, nullable=False, server_default="[]"),
)
"""One alert's message in one channel: where it is, and who is sending to it until when.

The lease is on the card and not on the outbox row: two versions of one message are never in flight together.
`alert_ids` are the alerts it shows, so that it can be made whole however late Slack takes it.
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
