"""The outbox sender: posts and edits messages until Slack has them, once each as far as Slack lets us know."""

import logging
import random
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Event
from typing import TYPE_CHECKING

from slack_sdk import WebClient

from bot import metrics
from bot.message import Message
from bot.slack.broken import announcements
from bot.slack.pace import Pace
from bot.slack.posting import Addressed, LateError, Poster, is_person
from bot.slack.queues import EVENT_TYPE, MESSAGE_EVENT_TYPE, CardQueue, ItemT, MessageQueue, Queue
from bot.slack.render import render
from bot.slack.sending import CHANNEL_ERRORS, SEND_ERRORS, Outcome, SendFailure, failure_of
from bot.store import WithdrawnError

if TYPE_CHECKING:
    from bot.store import Claimed, OutboxItem, Store

__all__ = ["EVENT_TYPE", "MESSAGE_EVENT_TYPE", "Delivery"]

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=30)
LEASE_MARGIN = timedelta(seconds=15)
"""Left of a lease below which no call is started any more: one call may take 10 s."""
BATCH = 10
LONGEST_BACKOFF = timedelta(minutes=5)
IDLE_SECONDS = 0.5
FAILED_ROUND_SECONDS = 5.0


class Delivery:
    """Claims what is due, sends the message as it stands now, and records how it went.

    `card` gives the message of a card from the alert's current stored state, or None when the alert is gone; it raises
    WithdrawnError for one that was taken back.
    `fallback` is the channel that gets the cards of channels Slack refuses for good. `on_sent` is told of every card
    that is in a channel, with its channel and ts, after that is recorded: what hangs on a card never holds it up.
    """

    def __init__(
        self,
        *,
        store: "Store",
        client: WebClient,
        card: Callable[["OutboxItem"], Message | None],
        now: Callable[[], datetime],
        owner: str,
        fallback: str = "",
        on_sent: Callable[["OutboxItem", str, str], None] | None = None,
        ticks: Callable[[], float] = time.monotonic,
        pace: Pace | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._store = store
        self._cards = CardQueue(store, card, on_sent)
        self._messages = MessageQueue(store)
        self._now = now
        self._owner = owner
        self._fallback = fallback
        self._ticks = ticks
        self._pace = pace or Pace(ticks)
        self._poster = Poster(client, now, lambda channel, edit: self._pace.take(channel, edit=edit))
        self._jitter = jitter

    def run(self, stop: Event) -> None:
        """Send what is due until `stop` is set, what a killed process left half sent too; the thread's body."""
        is_begun = False
        while not stop.is_set():
            try:
                if not is_begun:
                    self._store.release_left_sends()
                    is_begun = True
                handled = self.step(stop)
            except Exception:  # the outbox must outlive a database that is away for a while
                log.exception("a delivery round failed")
                stop.wait(FAILED_ROUND_SECONDS)
                continue
            if handled == 0:
                stop.wait(min(self._pace.pause_seconds() or IDLE_SECONDS, IDLE_SECONDS))

    def flush(self, timeout: timedelta) -> bool:
        """Send what is due now, for at most `timeout`: whether nothing was left. For the end of the process."""
        deadline = self._ticks() + timeout.total_seconds()
        while self._ticks() < deadline:
            if self.step(Event(), deadline=deadline) > 0:
                continue
            if self._store.outbox_depth(self._now())[0] == 0:
                return True
            pause = self._pace.pause_seconds()
            if pause is None or self._ticks() + pause >= deadline:
                return False  # what is left waits for a time to come, not for a token
            Event().wait(pause)
        return False

    def step(self, stop: Event, *, deadline: float | None = None) -> int:
        """One round of both queues: how many rows were claimed. A channel gets one message of each queue at most."""
        return self._round(self._cards, stop, deadline) + self._round(self._messages, stop, deadline)

    def _round(self, queue: Queue[ItemT], stop: Event, deadline: float | None) -> int:
        room = min(self._pace.room(), BATCH)
        if room == 0:
            return 0
        claimed_at = self._now()
        edits = self._pace.may_edit()
        items = queue.claim(claimed_at, self._owner, LEASE, room, resting=self._pace.resting(), edits=edits)
        for item in items:
            late = deadline is not None and self._ticks() >= deadline
            spent = self._now() - claimed_at > LEASE - LEASE_MARGIN or self._pace.room() == 0
            if stop.is_set() or late or spent or (item.card_ts is not None and not self._pace.may_edit()):
                queue.back(item, self._now())
            else:
                self._deliver(queue, item, claimed_at + LEASE)
        return len(items)

    def _deliver(self, queue: Queue[ItemT], item: ItemT, lease_until: datetime) -> None:
        try:
            message = queue.message(item)
            if message is None:
                self._bury(queue, item, "there is nothing to say any more")
                return
            posted = self._poster.send(
                Addressed(
                    item=item,
                    payload=render(message),
                    mark=queue.mark(item),
                    thread_ts=queue.thread_ts(item),
                    broadcast=queue.is_broadcast(item),
                    lease_until=lease_until,
                )
            )
        except WithdrawnError as exc:
            queue.back(item, self._now())
            metrics.slack_send_total.labels(outcome="withdrawn").inc()
            log.info("a message was taken back", extra={**queue.named(item), "reason": str(exc)})
        except SEND_ERRORS as exc:
            self._failed(queue, item, failure_of(exc))
        except LateError:
            queue.back(item, self._now())
        except Exception:  # a defect in one message must not hold up the others
            log.exception("a message could not be made", extra=queue.named(item))
            queue.later(item, self._now() + self._backoff(item.attempts), "defect", ambiguous=False)
            metrics.slack_send_total.labels(outcome="defect").inc()
        else:
            queue.sent(item, self._now(), posted.channel, posted.ts)
            metrics.slack_send_total.labels(outcome=posted.outcome).inc()

    def _failed(self, queue: Queue[ItemT], item: ItemT, failure: SendFailure) -> None:
        now = self._now()
        metrics.slack_send_total.labels(outcome=failure.outcome.value).inc()
        match failure.outcome:
            case Outcome.RATE_LIMITED:
                self._pace.block(item.channel, failure.retry_after, edit=item.card_ts is not None)
                queue.back(item, now + failure.retry_after)
            case Outcome.PERMANENT:
                fallback = self._refused(item, failure.reason, now)
                self._bury(queue, item, failure.reason, fallback)
            case Outcome.CONTENT:
                self._bury(queue, item, failure.reason)
            case Outcome.UNAVAILABLE | Outcome.AMBIGUOUS | Outcome.GONE:
                due = now + self._backoff(item.attempts)
                more = {"reason": failure.reason, "next": due}
                log.warning("a message was not delivered yet", extra={**queue.named(item), **more})
                queue.later(item, due, failure.reason, ambiguous=failure.outcome is Outcome.AMBIGUOUS)

    def _refused(self, item: "Claimed", reason: str, now: datetime) -> str:
        """Mark the channel broken and tell its people, once; the channel that gets the alert instead, or nothing."""
        if reason in CHANNEL_ERRORS and not is_person(item.channel):
            told = announcements(item.channel, reason, self._store.watches(item.channel), self._fallback)
            if self._store.break_channel(item.channel, reason, now, told):
                more = {"channel": item.channel, "reason": reason, "told": sorted(told)}
                log.warning("a channel cannot be posted to", extra=more)
        return self._fallback

    def _bury(self, queue: Queue[ItemT], item: ItemT, reason: str, fallback: str = "") -> None:
        queue.dead(item, self._now(), reason, fallback=fallback)
        metrics.slack_send_total.labels(outcome="dead").inc()
        log.warning("a message cannot be delivered", extra={**queue.named(item), "reason": reason})

    def _backoff(self, attempts: int) -> timedelta:
        """1 s doubled with each attempt, at most 5 minutes, less up to half by chance so that replicas spread."""
        longest = min(timedelta(seconds=2 ** min(max(attempts - 1, 0), 20)), LONGEST_BACKOFF)
        return longest * (1 - self._jitter() / 2)
