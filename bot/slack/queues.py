"""The two queues the sender empties: cards of alerts, and every other message. Each knows its rows and their marks."""

import logging
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol, TypeVar

from bot.message import Message

if TYPE_CHECKING:
    from bot.store import Claimed, OutboxItem, QueuedMessage, Store

log = logging.getLogger(__name__)

EVENT_TYPE = "eksip_alert"
"""The metadata event type of a card; its payload names the alert, to find a post whose reply was lost.

An alert has one card in a channel, so its id finds the card whichever version was posted.

Source: https://docs.slack.dev/messaging/message-metadata (Slack has no idempotency key for chat.postMessage).
"""
MESSAGE_EVENT_TYPE = "eksip_message"
"""The metadata event type of every other message; its payload holds the key under which it was queued."""

ItemT = TypeVar("ItemT", bound="Claimed")


class Queue(Protocol[ItemT]):
    """Rows to send, and how each is recorded."""

    def claim(
        self, now: datetime, owner: str, lease: timedelta, limit: int, *, resting: Collection[str], edits: bool
    ) -> tuple[ItemT, ...]:
        """Take what is due, one row of each channel that does not rest."""

    def message(self, item: ItemT) -> Message | None:
        """What to show now; None when there is nothing to say any more."""

    def mark(self, item: ItemT) -> tuple[str, str, str]:
        """The metadata's event type, and the field and value by which the message is found again."""

    def thread_ts(self, item: ItemT) -> str | None:
        """The message whose thread it belongs in."""

    def is_broadcast(self, item: ItemT) -> bool:
        """Whether a message in a thread is shown in the channel too."""

    def named(self, item: ItemT) -> Mapping[str, object]:
        """What the log calls the row."""

    def sent(self, item: ItemT, now: datetime, channel: str, ts: str) -> None:
        """Record that Slack has it, where."""

    def later(self, item: ItemT, due: datetime, reason: str, *, ambiguous: bool) -> None:
        """Try again at `due`."""

    def back(self, item: ItemT, due: datetime) -> None:
        """Give back what was not tried."""

    def dead(self, item: ItemT, now: datetime, reason: str, *, fallback: str) -> None:
        """Give up, and send to the fallback channel what belongs there."""


class CardQueue:
    """The cards of alerts; `card` gives the message of an item from the alert's current stored state."""

    def __init__(
        self,
        store: "Store",
        card: Callable[["OutboxItem"], Message | None],
        on_sent: Callable[["OutboxItem", str, str], None] | None,
    ) -> None:
        self._store = store
        self._card = card
        self._on_sent = on_sent

    def claim(
        self, now: datetime, owner: str, lease: timedelta, limit: int, *, resting: Collection[str], edits: bool
    ) -> "tuple[OutboxItem, ...]":
        """Take what is due, one card of each channel that does not rest."""
        return self._store.claim(now, owner, lease, limit, per_channel=1, resting=resting, edits=edits)

    def message(self, item: "OutboxItem") -> Message | None:
        """The card of the alert as it stands; None when the alert is gone."""
        return self._card(item)

    def mark(self, item: "OutboxItem") -> tuple[str, str, str]:
        """By the alert's id."""
        return EVENT_TYPE, "alert_id", str(item.alert_id)

    def thread_ts(self, item: "OutboxItem") -> str | None:  # noqa: ARG002 (what every queue is asked)
        """A card is never in a thread."""
        return None

    def is_broadcast(self, item: "OutboxItem") -> bool:  # noqa: ARG002 (what every queue is asked)
        """A card is in the channel anyway."""
        return False

    def named(self, item: "OutboxItem") -> Mapping[str, object]:
        """The alert's number."""
        return {"alert_id": item.alert_id, "channel": item.channel}

    def sent(self, item: "OutboxItem", now: datetime, channel: str, ts: str) -> None:
        """Record that Slack has this version, where."""
        self._store.mark_sent(item, now, channel, ts)
        if self._on_sent is not None:
            try:
                self._on_sent(item, channel, ts)
            except Exception:  # the card is there and recorded; what was to follow it is not worth its loss
                log.exception("what follows a card failed", extra=self.named(item))

    def later(self, item: "OutboxItem", due: datetime, reason: str, *, ambiguous: bool) -> None:
        """Try again at `due`."""
        self._store.retry_later(item, due, reason, ambiguous=ambiguous)

    def back(self, item: "OutboxItem", due: datetime) -> None:
        """Give back what was not tried."""
        self._store.give_back(item, due)

    def dead(self, item: "OutboxItem", now: datetime, reason: str, *, fallback: str) -> None:
        """Give this version up; the alert gets a card in the fallback channel."""
        self._store.mark_dead(item, now, reason, fallback=fallback)


class MessageQueue:
    """Every other message, to channels and to people."""

    def __init__(self, store: "Store") -> None:
        self._store = store

    def claim(
        self, now: datetime, owner: str, lease: timedelta, limit: int, *, resting: Collection[str], edits: bool
    ) -> "tuple[QueuedMessage, ...]":
        """Take what is due, one message of each channel that does not rest."""
        return self._store.claim_messages(now, owner, lease, limit, per_channel=1, resting=resting, edits=edits)

    def message(self, item: "QueuedMessage") -> Message | None:
        """What was queued. Raises: ValueError when another version of eksip wrote it."""
        return item.message

    def mark(self, item: "QueuedMessage") -> tuple[str, str, str]:
        """By the key under which it was queued."""
        return MESSAGE_EVENT_TYPE, "key", item.dedup_key

    def thread_ts(self, item: "QueuedMessage") -> str | None:
        """The message whose thread it belongs in."""
        return item.thread_ts

    def is_broadcast(self, item: "QueuedMessage") -> bool:
        """As it was queued."""
        return item.broadcast

    def named(self, item: "QueuedMessage") -> Mapping[str, object]:
        """The key under which it was queued."""
        return {"key": item.dedup_key, "channel": item.channel}

    def sent(self, item: "QueuedMessage", now: datetime, channel: str, ts: str) -> None:
        """Record that Slack has it, where."""
        self._store.message_sent(item, now, channel, ts)

    def later(self, item: "QueuedMessage", due: datetime, reason: str, *, ambiguous: bool) -> None:
        """Try again at `due`."""
        self._store.message_later(item, due, reason, ambiguous=ambiguous)

    def back(self, item: "QueuedMessage", due: datetime) -> None:
        """Give back what was not tried."""
        self._store.message_back(item, due)

    def dead(self, item: "QueuedMessage", now: datetime, reason: str, *, fallback: str) -> None:  # noqa: ARG002
        """Give it up: what was meant for one channel is of no use in another."""
        self._store.message_dead(item, now, reason)
