"""The tables of the conversation: how channels want to be answered, live boards, and whether answers helped."""

from sqlalchemy import Boolean, Column, Index, Integer, String, Table, Text, UniqueConstraint, text

from bot.store.columns import AlertIds, Moment
from bot.store.tables import METADATA

CHANNEL_DEFAULTS = Table(
    "channel_defaults",
    METADATA,
    Column("channel", String, primary_key=True),
    Column("scope", String, nullable=False, server_default=text("''")),
    Column("label", String, nullable=False, server_default=text("''")),
    Column("zone", String, nullable=False, server_default=text("''")),
    Column("visibility", String, nullable=False, server_default=text("''")),
    Column("mode", String, nullable=False, server_default=text("''")),
    Column("changed_by", String, nullable=False, server_default=text("''")),
    Column("changed_at", Moment, nullable=False),
)
"""How each channel wants to be answered: "" where it never said."""

WELCOME = Table(
    "welcome",
    METADATA,
    Column("channel", String, primary_key=True),
    Column("at", Moment, nullable=False),
)
"""Channels that were welcomed; each once, however often the bot comes and goes."""

BOARD = Table(
    "board",
    METADATA,
    Column("board_id", Integer, primary_key=True),
    Column("channel", String, nullable=False),
    Column("scope", String, nullable=False),
    Column("label", String, nullable=False),
    Column("created_by", String, nullable=False),
    Column("began_at", Moment, nullable=False),
    Column("ends_at", Moment, nullable=False),
    Column("due", Moment, nullable=False),
    Column("posted_channel", String, nullable=False, server_default=text("''")),
    Column("posted_ts", String, nullable=False, server_default=text("''")),
    Column("first_free", Integer),
    Column("lowest_free", Integer),
    Column("lowest_at", Moment),
    Column("alerts", AlertIds, nullable=False, server_default="[]"),
    Column("ended_at", Moment),
    Column("reason", String, nullable=False, server_default=text("''")),
    Index(None, "ended_at"),
)
"""Messages that keep themselves up to date until they end; what they showed is kept for their last word."""

FEEDBACK = Table(
    "feedback",
    METADATA,
    Column("feedback_id", Integer, primary_key=True),
    Column("user_id", String, nullable=False),
    Column("channel", String, nullable=False),
    Column("message_ts", String, nullable=False),
    Column("verb", String, nullable=False),
    Column("text", Text, nullable=False),
    Column("helped", Boolean, nullable=False),
    Column("at", Moment, nullable=False),
    UniqueConstraint("user_id", "channel", "message_ts"),
    Index(None, "at"),
)
"""Whether an answer helped, once for each person and message: the last press counts."""
