"""Replies: the two ways back to the person who asked, a message in a thread and a response URL."""

import json
import logging
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any, Protocol

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.webhook import WebhookClient

from bot.message import Context, Message, Visibility
from bot.slack.incoming import Incoming
from bot.slack.patience import patiently
from bot.slack.render import Payload, note, render, text_only
from bot.slack.sending import (
    CALL_SECONDS,
    CONTENT_ERRORS,
    SEND_ERRORS,
    Outcome,
    failure_of,
    report_refused,
    sent,
)

log = logging.getLogger(__name__)

VISIBLE_WAITS = (0.7, 10.0, 25.0)
"""Seconds after which a visible reply says that work goes on: a quicker answer comes without a placeholder."""
PRIVATE_WAITS = (2.5, 25.0)
"""The same for a response URL, whose messages cannot be taken back, so fewer and later: an answer within 2.5 s comes
alone. With the answer these are three of the five uses Slack allows in 30 minutes.

Source: https://github.com/slackapi/bolt-python/issues/1268 and https://github.com/slackapi/bolt-js/issues/2287
(replace_original does nothing for a slash command).
"""


STRAYED = "The message this answers was deleted meanwhile, so the answer stands here."
"""Source: measured on slack.com (October 2026): a thread_ts of no message posts to the channel, without an error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Where an answer stands that others can see: the channel, and the thread it is in."""

    channel: str
    thread_ts: str | None = None


class Reply(Protocol):
    """Where the answer to one question goes."""

    waits: tuple[float, ...]

    @property
    def shown(self) -> Shown | None:
        """Where the answer stands, None while it is not given or when one person alone reads it."""

    def is_private(self, message: Message) -> bool:
        """Whether one person alone would read this message here."""

    def wait(self, text: str) -> None:
        """Say that the answer is on its way; never raises."""

    def answer(self, message: Message, *, feedback: str = "", lasting: bool = False) -> None:
        """Give the answer, with buttons that ask whether it helped where `feedback` says what it was; never raises.

        A `lasting` answer is one that `change` can edit, where Slack lets the bot post.
        """

    def change(self, message: Message) -> None:
        """Edit the answer where it stands, if it can be edited; never raises."""

    def remark(self, text: str) -> None:
        """Add one line to the conversation; never raises."""


class ThreadReply:
    """A message everybody in the conversation sees: a placeholder when it takes long, edited into the answer once.

    `channel` stands in for the request's (a person's id opens their direct messages). Where Slack refuses the channel,
    `otherwise` gives the answer, after the reason.
    """

    def __init__(
        self,
        client: WebClient,
        incoming: Incoming,
        waits: tuple[float, ...] = VISIBLE_WAITS,
        *,
        channel: str = "",
        otherwise: "Reply | None" = None,
    ) -> None:
        self.waits = waits
        self._client = client
        self._channel = channel or incoming.request.channel_id
        self._thread_ts = incoming.request.thread_ts
        self._otherwise = otherwise
        self._lock = Lock()
        self._ts: str | None = None
        self._answered = False
        self._strayed = False

    @property
    def shown(self) -> Shown | None:
        """Where the answer stands once it is posted."""
        return None if self._ts is None else Shown(channel=self._channel, thread_ts=self._thread_ts)

    def is_private(self, message: Message) -> bool:  # noqa: ARG002 (other replies look at it)
        """Never: everybody in the conversation reads it."""
        return False

    def wait(self, text: str) -> None:
        """Post the placeholder, or change its words; nothing once the answer is there."""
        with self._lock:
            if self._answered:
                return
            try:
                self._put(note(text))
            except SEND_ERRORS as exc:
                log.info("a placeholder was not posted", extra={"reason": failure_of(exc).reason})

    def answer(self, message: Message, *, feedback: str = "", lasting: bool = False) -> None:  # noqa: ARG002 (it lasts)
        """Edit the placeholder into the answer, or post the answer where none was needed."""
        with self._lock:
            self._answered = True
            try:
                self._put(render(message, again=True, feedback=feedback))
                if self._strayed:
                    told = replace(message, parts=(*message.parts, Context(lines=((STRAYED,),))))
                    self._put(render(told, again=True, feedback=feedback))
            except SEND_ERRORS as exc:
                reason = failure_of(exc).reason
                if self._otherwise is None:
                    _not_shown(self._channel, reason)
                    return
                log.info("a thread cannot be answered", extra={"channel": self._channel, "reason": reason})
                words = refused_words(reason)
                message = replace(message, parts=(*message.parts, Context(lines=((words,),))))
                self._otherwise.answer(replace(message, visibility=Visibility.EPHEMERAL), feedback=feedback)

    def change(self, message: Message) -> None:
        """Edit the answer; where it was deleted it stays deleted."""
        with self._lock:
            if self._ts is not None:
                edit(self._client, self._channel, self._ts, message)

    def remark(self, text: str) -> None:
        """Post one line under the answer."""
        _say(self._client, self._channel, self._thread_ts, text)

    def _put(self, payload: Payload) -> None:
        if self._ts is not None:
            ts = self._ts
            changed = {name: value for name, value in payload.items() if not name.startswith("unfurl_")}
            try:
                patiently(
                    lambda: sent(lambda p: self._client.chat_update(channel=self._channel, ts=ts, **p), changed),
                    repeatable=True,
                )
            except SlackApiError as exc:
                if failure_of(exc).outcome is not Outcome.GONE:
                    raise
            else:
                return
        posted = patiently(
            lambda: sent(
                lambda p: self._client.chat_postMessage(channel=self._channel, thread_ts=self._thread_ts, **p), payload
            ),
            repeatable=False,
        )
        self._ts, self._channel = str(posted["ts"]), str(posted["channel"])
        if self._thread_ts is not None and not (posted.get("message") or {}).get("thread_ts", ""):
            log.info("a thread was deleted; its answer is in the channel", extra={"channel": self._channel})
            self._strayed, self._thread_ts = True, None


class PrivateReply:
    """A response URL: for the person alone, or in the channel where the answer is for everybody.

    Where it has expired or fails, chat.postEphemeral and chat.postMessage say the same.
    """

    def __init__(self, client: WebClient, incoming: Incoming, waits: tuple[float, ...] = PRIVATE_WAITS) -> None:
        self.waits = waits
        self._client = client
        self._incoming = incoming
        self._lock = Lock()
        self._answered = False
        self._visible = False
        self._ts: str | None = None

    @property
    def shown(self) -> Shown | None:
        """The channel, once the answer is there for everybody."""
        request = self._incoming.request
        return Shown(channel=request.channel_id, thread_ts=request.thread_ts) if self._visible else None

    def is_private(self, message: Message) -> bool:
        """Whether the message is for the person alone, in a place where others read too."""
        return message.visibility is not Visibility.IN_CHANNEL and not self._incoming.in_direct_messages

    def wait(self, text: str) -> None:
        """Tell the person alone that work goes on; nothing once the answer is there."""
        with self._lock:
            if self._answered:
                return
            reason = self._hook(note(text), everybody=False)
            if reason:
                log.info("a placeholder was not shown", extra={"reason": reason})

    def answer(self, message: Message, *, feedback: str = "", lasting: bool = False) -> None:
        """Give the answer: to the person alone, unless it is for the channel or nobody else is there.

        What is said through a response URL cannot be edited, so a lasting answer is posted where the bot may post.
        """
        request = self._incoming.request
        with self._lock:
            self._answered = True
            everybody = not self.is_private(message)
            payload = render(message, share=not everybody, again=True, feedback=feedback)
            if everybody and lasting and self._posted(payload):
                return
            reason = self._hook(payload, everybody=everybody)
            if reason in CONTENT_ERRORS:
                report_refused(reason, payload)
                payload = text_only(payload)
                reason = self._hook(payload, everybody=everybody)
            if not reason:
                self._visible = everybody
                return
            log.info("a response URL failed", extra={"reason": reason, "channel": request.channel_id})
            self._post(payload, everybody=everybody)

    def change(self, message: Message) -> None:
        """Edit a lasting answer; one given through the response URL stays as it is."""
        with self._lock:
            if self._ts is not None:
                edit(self._client, self._incoming.request.channel_id, self._ts, message)

    def remark(self, text: str) -> None:
        """Tell the person alone one line more."""
        if reason := self._hook(note(text), everybody=False):
            log.info("a remark was not shown", extra={"reason": reason})

    def _posted(self, payload: Payload) -> bool:
        """Whether the answer was posted as a message of the bot's own."""
        request = self._incoming.request
        try:
            found = patiently(
                lambda: sent(
                    lambda p: self._client.chat_postMessage(
                        channel=request.channel_id, thread_ts=request.thread_ts, **p
                    ),
                    payload,
                ),
                repeatable=False,
            )
        except SEND_ERRORS as exc:
            log.info("an answer cannot be posted", extra={"reason": failure_of(exc).reason})
            return False
        self._ts, self._visible = str(found["ts"]), True
        return True

    def _hook(self, payload: Payload, *, everybody: bool) -> str:
        """Send to the response URL: why it failed, "" when it did not."""
        if not self._incoming.response_url:
            return "no response URL"
        body: dict[str, Any] = dict(payload) | {
            "response_type": "in_channel" if everybody else "ephemeral",
            "replace_original": False,
        }
        if self._incoming.request.thread_ts:
            body["thread_ts"] = self._incoming.request.thread_ts
        hook = WebhookClient(
            self._incoming.response_url,
            timeout=CALL_SECONDS,
            retry_handlers=[],
            logger=logging.getLogger("slack_sdk.webhook"),
        )
        try:
            response = hook.send_dict(body)
        except (*SEND_ERRORS, ValueError) as exc:  # ValueError: an address that is none
            return failure_of(exc).reason
        return "" if response.status_code == 200 else _reason(response.body, response.status_code)

    def _post(self, payload: Payload, *, everybody: bool) -> None:
        request = self._incoming.request
        try:
            if everybody:
                patiently(
                    lambda: self._client.chat_postMessage(
                        channel=request.channel_id, thread_ts=request.thread_ts, **payload
                    ),
                    repeatable=False,
                )
                self._visible = True
            else:
                content = {name: value for name, value in payload.items() if not name.startswith("unfurl_")}
                patiently(
                    lambda: self._client.chat_postEphemeral(
                        channel=request.channel_id, user=request.user_id, thread_ts=request.thread_ts, **content
                    ),
                    repeatable=True,
                )
        except SEND_ERRORS as exc:
            _not_shown(request.channel_id, failure_of(exc).reason)


def edit(client: WebClient, channel: str, ts: str, message: Message) -> None:
    """Edit one message of the bot's; whether it could is logged, since the older one still stands."""
    payload = {name: value for name, value in render(message, again=True).items() if not name.startswith("unfurl_")}
    try:
        patiently(lambda: sent(lambda p: client.chat_update(channel=channel, ts=ts, **p), payload), repeatable=True)
    except SEND_ERRORS as exc:
        log.info("an answer was not brought up to date", extra={"channel": channel, "reason": failure_of(exc).reason})


def refused_words(reason: str) -> str:
    """What a person can do about a channel that Slack refuses to the bot."""
    if reason in ("not_in_channel", "channel_not_found"):
        return "Only you see this: I am not in this channel. Invite me with /invite @eksip and ask again."
    if reason in ("is_archived", "is_inactive"):
        return "Only you see this: the channel is archived."
    return f"Only you see this: Slack did not take it here ({reason})."


def _say(client: WebClient, channel: str, thread_ts: str | None, text: str) -> None:
    try:
        client.chat_postMessage(channel=channel, thread_ts=thread_ts, **note(text))
    except SEND_ERRORS as exc:
        log.info("a remark was not posted", extra={"channel": channel, "reason": failure_of(exc).reason})


def _reason(body: str, status: int) -> str:
    """Slack's word for a refused response URL: bare text, or JSON with `error`."""
    try:
        found = json.loads(body)
    except ValueError:
        found = body.strip()
    if isinstance(found, dict):
        found = found.get("error")
    return str(found)[:100] if found else f"HTTP {status}"


def _not_shown(channel: str, reason: str) -> None:
    log.warning("an answer could not be shown", extra={"channel": channel, "reason": reason})
