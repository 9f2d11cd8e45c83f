"""One message to Slack: posted, or edited where it stands, or found again when an earlier reply was lost."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

from bot.slack.render import Payload
from bot.slack.sending import CALL_SECONDS, Outcome, failure_of, sent

if TYPE_CHECKING:
    from bot.store import Claimed

log = logging.getLogger(__name__)

HISTORY_PAGES = 5
HISTORY_MARGIN = timedelta(minutes=2)
"""How far before the first doubtful attempt history is read: one call's time-out and two clocks that disagree."""

CALL = timedelta(seconds=CALL_SECONDS + 2)
"""What must be left of a lease when a post begins: the longest wait for its reply, and the time to record it."""


class LateError(Exception):
    """The lease is nearly over: another sender may post this soon, so this one must not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressed:
    """A message with all that Slack needs: its mark is (event type, field, value) of the metadata that finds it.

    Source: https://docs.slack.dev/reference/methods/chat.postMessage (reply_broadcast, with thread_ts only).
    """

    item: "Claimed"
    payload: Payload
    mark: tuple[str, str, str]
    thread_ts: str | None
    broadcast: bool
    lease_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """Where a message is now, and what was done: posted, updated or reconciled."""

    channel: str
    ts: str
    outcome: str


class Poster:
    """Posts and edits; `on_call` is told the channel of every call just before it leaves, and whether it is an edit."""

    def __init__(self, client: WebClient, now: Callable[[], datetime], on_call: Callable[[str, bool], None]) -> None:
        self._client = client
        self._now = now
        self._on_call = on_call
        self._direct: dict[str, str] = {}

    def send(self, message: Addressed) -> Posted:
        """Post or edit the message. Raises: SEND_ERRORS, LateError."""
        item = message.item
        channel = self._conversation(item.channel)
        found = None if item.ambiguous_since is None else self._found(message, channel, item.ambiguous_since)
        at = item.card_ts if found is None else found
        if at is not None:
            place = channel if found is not None else item.card_channel or channel

            def edit(content: Payload) -> SlackResponse:
                self._on_call(item.channel, True)
                return self._client.chat_update(channel=place, ts=at, **content)

            try:
                sent(edit, _editable(message.payload))
            except SlackApiError as exc:
                if failure_of(exc).outcome is not Outcome.GONE:
                    raise
                log.info("a message was gone; posting it anew", extra={"mark": message.mark[2], "channel": place})
            else:
                return Posted(channel=place, ts=at, outcome="updated" if found is None else "reconciled")
        return self._post(message, channel)

    def _post(self, message: Addressed, channel: str) -> Posted:
        event_type, field, value = message.mark

        def post(content: Payload) -> SlackResponse:
            if self._now() > message.lease_until - CALL:
                raise LateError
            self._on_call(message.item.channel, False)
            metadata = {"event_type": event_type, "event_payload": {field: value}}
            # Left out where it is not meant: Slack knows it for replies only.
            broadcast = True if message.broadcast and message.thread_ts is not None else None
            return self._client.chat_postMessage(
                channel=channel, thread_ts=message.thread_ts, reply_broadcast=broadcast, metadata=metadata, **content
            )

        response = sent(post, message.payload)
        return Posted(channel=str(response["channel"]), ts=str(response["ts"]), outcome="posted")

    def _conversation(self, channel: str) -> str:
        """The channel, or the direct conversation with a person.

        Without im:write the person's id does as well, and only a reply that was lost cannot be looked up.
        Source: https://docs.slack.dev/reference/methods/chat.postMessage (a user id as channel opens the conversation).
        """
        if not is_person(channel):
            return channel
        if channel not in self._direct:
            try:
                self._direct[channel] = str(self._client.conversations_open(users=channel)["channel"]["id"])
            except SlackApiError as exc:
                if failure_of(exc).reason != "missing_scope":
                    raise
                self._direct[channel] = channel
        return self._direct[channel]

    def _found(self, message: Addressed, channel: str, since: datetime) -> str | None:
        """The ts of the newest message with this mark, or None when history has none or may not be read.

        Not allowed to read: send again, since a message twice is better than never.
        Raises: SEND_ERRORS when Slack is away or asks to wait.
        """
        return posted_before(self._client, channel, message.mark, since, thread_ts=message.thread_ts)


def posted_before(
    client: WebClient, channel: str, mark: tuple[str, str, str], since: datetime, *, thread_ts: str | None = None
) -> str | None:
    """The ts of the newest message with this mark since then, or None when history has none or may not be read.

    Raises: SEND_ERRORS when Slack is away or asks to wait.
    """
    _, field, value = mark
    cursor = ""
    for _ in range(HISTORY_PAGES):
        try:
            page = _page(client, channel, thread_ts, since - HISTORY_MARGIN, cursor)
        except SlackApiError as exc:
            if failure_of(exc).outcome is not Outcome.PERMANENT:
                raise
            log.info("history cannot be read; sending again", extra={"channel": channel, "reason": str(exc)})
            return None
        for candidate in page.get("messages") or ():
            event = (candidate.get("metadata") or {}).get("event_payload") or {}
            if event.get(field) == value:
                return str(candidate["ts"])
        cursor = str((page.get("response_metadata") or {}).get("next_cursor") or "")
        if not cursor:
            break
    return None


def _page(client: WebClient, channel: str, thread_ts: str | None, oldest: datetime, cursor: str) -> SlackResponse:
    since = f"{oldest.timestamp():.6f}"
    if thread_ts is None:
        return client.conversations_history(
            channel=channel, oldest=since, include_all_metadata=True, limit=200, cursor=cursor
        )
    return client.conversations_replies(
        channel=channel, ts=thread_ts, oldest=since, include_all_metadata=True, limit=200, cursor=cursor
    )


def is_person(channel: str) -> bool:
    """Whether a message goes to a person and not to a channel, by the form of the id."""
    return channel.startswith(("U", "W"))


def _editable(payload: Payload) -> Payload:
    """What chat.update takes: the unfurl switches belong to the first post."""
    return {name: value for name, value in payload.items() if not name.startswith("unfurl_")}
