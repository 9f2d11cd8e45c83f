"""What eksip remembers: the last facts, watches, alerts, and messages on their way. All SQL is here."""

from bot.store.alerts import LostLeaseError
from bot.store.database import open_engine
from bot.store.migrate import upgrade
from bot.store.outbox import OutboxItem
from bot.store.serving import Serving
from bot.store.store import Store, open_store
from bot.store.watches import Watch

__all__ = ["LostLeaseError", "OutboxItem", "Serving", "Store", "Watch", "open_engine", "open_store", "upgrade"]
