"""What eksip remembers: the last facts, watches, alerts, and messages on their way. All SQL is here."""

from bot.store.alert_events import AlertEvent, Untold
from bot.store.alerts import LostLeaseError, Verdicts
from bot.store.audit import AuditEntry
from bot.store.boards import Board
from bot.store.broken_channels import BrokenChannel
from bot.store.channel_defaults import ChannelDefaults
from bot.store.database import open_engine
from bot.store.feedback import FeedbackCount
from bot.store.messages import QueuedMessage
from bot.store.migrate import upgrade
from bot.store.notifications import Entry, Log, Notice, WithdrawnError
from bot.store.outbox import Claimed, OutboxItem
from bot.store.serving import Serving
from bot.store.store import Store, open_store
from bot.store.watches import Watch

__all__ = [
    "AlertEvent",
    "AuditEntry",
    "Board",
    "BrokenChannel",
    "ChannelDefaults",
    "Claimed",
    "Entry",
    "FeedbackCount",
    "Log",
    "LostLeaseError",
    "Notice",
    "OutboxItem",
    "QueuedMessage",
    "Serving",
    "Store",
    "Untold",
    "Verdicts",
    "Watch",
    "WithdrawnError",
    "open_engine",
    "open_store",
    "upgrade",
]
