"""The outbox sender: posts and edits alert cards until Slack has them, once each as far as Slack lets us know."""

import logging
import random
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Event
from typing import TYPE_CHECKING

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot import metrics
from bot.message import Message
from bot.slack.render import Payload, render
from bot.slack.sending import SEND_ERRORS, Outcome, SendFailure, failure_of, sent

if TYPE_CHECKING:
    from bot.store import OutboxItem, Store

log = logging.getLogger(__name__)

EVENT_TYPE = "eksip_alert"
"""The metadata event type of a card; its payload names the alert, to find a post whose reply was lost.

An alert has one card in a channel, so its id finds the card whichever version was posted.

Source: https://docs.slack.dev/messaging/message-metadata (Slack has no idempotency key for chat.postMessage).
"""
LEASE = timedelta(seconds=30)
LEASE_MARGIN = timedelta(seconds=15)
"""Left of a lease below which no call is started any more: one call may take 10 s."""
BATCH = 10
SPACING = timedelta(seconds=1)
"""Source: https://docs.slack.dev/apis/web-api/rate-limits (about one message a second in one channel)."""
LONGEST_BACKOFF = timedelta(minutes=5)
IDLE_SECONDS = 0.5
FAILED_ROUND_SECONDS = 5.0
HISTORY_PAGES = 5
HISTORY_MARGIN = timedelta(minutes=2)
"""How far before the first doubtful attempt history is read: one call's time-out and two clocks that disagree."""


class Delivery:
    """Claims what is due, sends the card of the alert as it stands now, and records how it went.

    `card` gives the message of an item from the alert's current stored state, or None when the alert is gone.
    """

    def __init__(
        self,
        *,
        store: "Store",
        client: WebClient,
        card: Callable[["OutboxItem"], Message | None],
        now: Callable[[], datetime],
        owner: str,
        spacing: timedelta = SPACING,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._store = store
        self._client = client
        self._card = card
        self._now = now
        self._owner = owner
        self._spacing = spacing
        self._jitter = jitter
        self._free_at: dict[str, float] = {}
        self._blocked_until: dict[str, datetime] = {}

    def run(self, stop: Event) -> None:
        """Send what is due until `stop` is set; the thread's body."""
        while not stop.is_set():
            try:
                handled = self.step(stop)
            except Exception:  # the outbox must outlive a database that is away for a while
                log.exception("a delivery round failed")
                stop.wait(FAILED_ROUND_SECONDS)
                continue
            if handled == 0:
                stop.wait(IDLE_SECONDS)

    def flush(self, timeout: timedelta) -> bool:
        """Send what is due now, for at most `timeout`: whether nothing was left. For the end of the process."""
        deadline = time.monotonic() + timeout.total_seconds()
        while time.monotonic() < deadline:
            if self.step(Event(), deadline=deadline) == 0:
                return True
        return False

    def step(self, stop: Event, *, deadline: float | None = None) -> int:
        """One round: how many items were claimed. Items of a busy channel come last, so none waits for another's."""
        claimed_at = self._now()
        items = self._store.claim(claimed_at, self._owner, LEASE, BATCH)
        waiting = sorted(items, key=lambda item: self._free_at.get(item.channel, 0.0))
        for item in waiting:
            late = deadline is not None and time.monotonic() >= deadline
            if stop.is_set() or late or self._now() - claimed_at > LEASE - LEASE_MARGIN:
                self._put_off(item, self._now(), "not started in this round")
            elif (until := self._blocked_until.get(item.channel)) is not None and until > self._now():
                self._put_off(item, until, "ratelimited")
            else:
                stop.wait(max(self._free_at.get(item.channel, 0.0) - time.monotonic(), 0.0))
                self._deliver(item)
        return len(items)

    def _deliver(self, item: "OutboxItem") -> None:
        try:
            message = self._card(item)
            if message is None:
                self._bury(item, "the alert is gone")
                return
            channel, ts, outcome = self._send(item, render(message))
        except SEND_ERRORS as exc:
            self._failed(item, failure_of(exc))
        except Exception:  # a defect in one card must not hold up the others
            log.exception("a card could not be made", extra={"alert_id": item.alert_id})
            self._put_off(item, self._now() + self._backoff(item.attempts), "defect")
            metrics.slack_send_total.labels(outcome="defect").inc()
        else:
            self._store.mark_sent(item, self._now(), channel, ts)
            metrics.slack_send_total.labels(outcome=outcome).inc()
        finally:
            self._free_at[item.channel] = time.monotonic() + self._spacing.total_seconds()

    def _send(self, item: "OutboxItem", payload: Payload) -> tuple[str, str, str]:
        """Post or edit the card: its channel, its ts, and what was done. Raises: SEND_ERRORS."""
        place, outcome = self._place(item)
        if place is not None:
            channel, ts = place
            try:
                sent(lambda content: self._client.chat_update(channel=channel, ts=ts, **content), _editable(payload))
            except SlackApiError as exc:
                if failure_of(exc).outcome is not Outcome.GONE:
                    raise
                log.info("a card was gone; posting it anew", extra={"alert_id": item.alert_id, "channel": channel})
            else:
                return channel, ts, outcome
        metadata = {"event_type": EVENT_TYPE, "event_payload": _identity(item)}
        response = sent(
            lambda content: self._client.chat_postMessage(channel=item.channel, metadata=metadata, **content), payload
        )
        return str(response["channel"]), str(response["ts"]), "posted"

    def _place(self, item: "OutboxItem") -> tuple[tuple[str, str] | None, str]:
        """Where the card stands already, and the word for editing it there; a doubtful post is looked up first."""
        if item.ambiguous_since is not None and (ts := self._found(item, item.ambiguous_since)) is not None:
            return (item.channel, ts), "reconciled"
        if item.card_ts is not None:
            return (item.card_channel or item.channel, item.card_ts), "updated"
        return None, "posted"

    def _found(self, item: "OutboxItem", since: datetime) -> str | None:
        """The ts of the newest message that is this card, or None when history has none or may not be read.

        Not allowed to read: send again, since a card twice is better than never.
        Raises: SEND_ERRORS when Slack is away or asks to wait.
        """
        oldest = since - HISTORY_MARGIN
        cursor = ""
        for _ in range(HISTORY_PAGES):
            try:
                page = self._client.conversations_history(
                    channel=item.channel,
                    oldest=f"{oldest.timestamp():.6f}",
                    include_all_metadata=True,
                    limit=200,
                    cursor=cursor,
                )
            except SlackApiError as exc:
                if failure_of(exc).outcome is not Outcome.PERMANENT:
                    raise
                log.info("history cannot be read; sending again", extra={"channel": item.channel, "reason": str(exc)})
                return None
            for message in page.get("messages") or ():
                event = (message.get("metadata") or {}).get("event_payload") or {}
                if event.get("alert_id") == str(item.alert_id):
                    return str(message["ts"])
            cursor = str((page.get("response_metadata") or {}).get("next_cursor") or "")
            if not cursor:
                break
        return None

    def _failed(self, item: "OutboxItem", failure: SendFailure) -> None:
        now = self._now()
        metrics.slack_send_total.labels(outcome=failure.outcome.value).inc()
        match failure.outcome:
            case Outcome.RATE_LIMITED:
                self._blocked_until[item.channel] = due = now + failure.retry_after
                self._put_off(item, due, failure.reason)
            case Outcome.PERMANENT | Outcome.CONTENT:
                self._bury(item, failure.reason)
            case Outcome.UNAVAILABLE | Outcome.AMBIGUOUS | Outcome.GONE:
                due = now + self._backoff(item.attempts)
                log.warning(
                    "an alert was not delivered yet",
                    extra={"alert_id": item.alert_id, "channel": item.channel, "reason": failure.reason, "next": due},
                )
                self._put_off(item, due, failure.reason, ambiguous=failure.outcome is Outcome.AMBIGUOUS)

    def _put_off(self, item: "OutboxItem", due: datetime, reason: str, *, ambiguous: bool = False) -> None:
        self._store.retry_later(item, due, reason, ambiguous=ambiguous)

    def _bury(self, item: "OutboxItem", reason: str) -> None:
        self._store.mark_dead(item, self._now(), reason)
        metrics.slack_send_total.labels(outcome="dead").inc()
        log.warning(
            "an alert cannot be delivered",
            extra={"alert_id": item.alert_id, "channel": item.channel, "reason": reason},
        )

    def _backoff(self, attempts: int) -> timedelta:
        """1 s doubled with each attempt, at most 5 minutes, less up to half by chance so that replicas spread."""
        longest = min(timedelta(seconds=2 ** min(max(attempts - 1, 0), 20)), LONGEST_BACKOFF)
        return longest * (1 - self._jitter() / 2)


def _identity(item: "OutboxItem") -> dict[str, str]:
    return {"alert_id": str(item.alert_id), "outbox_id": str(item.outbox_id)}


def _editable(payload: Payload) -> Payload:
    """What chat.update takes: the unfurl switches belong to the first post."""
    return {name: value for name, value in payload.items() if not name.startswith("unfurl_")}
