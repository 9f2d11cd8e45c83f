"""The tables of alerts: each with its events, what people did about it, and what each channel was told of it."""

from enum import Enum

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, Integer, String, Table, Text, text

from bot.alerts.alert import AlertStatus
from bot.alerts.readings import Severity, TimeLeft, Unit
from bot.alerts.subject import SubjectKind
from bot.store.columns import AlertIds, Length, Moment, Moments, ScopeWords, Word, Words
from bot.store.metadata import METADATA

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
