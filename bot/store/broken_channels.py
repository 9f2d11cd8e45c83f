"""Channels that Slack refuses for good: known once, told once, and forgotten as soon as something arrives there."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select

from bot.message import Message
from bot.store.database import Database, insert_into
from bot.store.messages import queue_message
from bot.store.tables import BROKEN_CHANNEL


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenChannel:
    """A channel that cannot be posted to, in Slack's word why, and since when."""

    channel: str
    reason: str
    broken_at: datetime


class BrokenChannelsStore(Database):
    """Which channels are broken; a message that arrives mends a channel (in the transaction that records it)."""

    def break_channel(self, channel: str, reason: str, now: datetime, tell: Mapping[str, Message]) -> bool:
        """Mark a channel broken and queue what `tell` says to each person or channel, in one transaction.

        False, and nothing is queued, when the channel was known to be broken.
        """
        with self.writing() as connection:
            row = insert_into(connection, BROKEN_CHANNEL).values(channel=channel, reason=reason, broken_at=now)
            new = row.on_conflict_do_nothing().returning(BROKEN_CHANNEL.c.channel)
            if connection.execute(new).first() is None:
                return False
            for addressee, message in tell.items():
                queue_message(connection, f"broken:{channel}:{now.isoformat()}:{addressee}", addressee, message, now)
            return True

    def forget_broken(self, channel: str) -> bool:
        """Take a channel as not broken; False when it was not. For one that nothing is to be posted in after all."""
        with self.writing() as connection:
            gone = delete(BROKEN_CHANNEL).where(BROKEN_CHANNEL.c.channel == channel)
            return bool(connection.execute(gone).rowcount)

    def broken_channels(self) -> tuple[BrokenChannel, ...]:
        """Every channel that cannot be posted to, the longest broken first."""
        query = select(BROKEN_CHANNEL).order_by(BROKEN_CHANNEL.c.broken_at, BROKEN_CHANNEL.c.channel)
        with self.reading() as connection:
            return tuple(BrokenChannel(**row) for row in connection.execute(query).mappings())
