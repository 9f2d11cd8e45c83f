"""The agent view: in direct messages the bot shows its status while it works, and offers what to ask."""

import logging
import re
from typing import Any

from slack_sdk import WebClient

from bot.commands import COMMANDS
from bot.message import Message
from bot.slack.incoming import Incoming
from bot.slack.mrkdwn import cut, one_line
from bot.slack.render import Payload, characters, render
from bot.slack.replies import ThreadReply
from bot.slack.sending import SEND_ERRORS, failure_of

log = logging.getLogger(__name__)

AGENT_WAITS = (0.1, 10.0, 25.0)
"""Seconds after which the status says that work goes on: it costs no message, so it comes nearly at once."""

LONG = 3_000
"""Characters from which an answer is streamed: shorter ones are read at once."""

_BOLD = re.compile(r"(?<![\w*])\*([^*\n]+)\*(?![\w*])")
_LINK = re.compile(r"<(https?://[^|>]+)\|([^>]+)>")

STATUS = 50
"""Characters of a status that a phone shows in one line beside the app's name."""

_PROMPTS = (
    ("Which subnets are low?", "status"),
    ("Will 40 more nodes fit?", "plan +40 m5.large"),
    ("Why are pods pending?", "why"),
    ("What is open now?", "alerts"),
)
MOST_PROMPTS = 4
"""Source: https://docs.slack.dev/reference/methods/assistant.threads.setSuggestedPrompts (at most four)."""


class AgentReply(ThreadReply):
    """A reply in direct messages: a status instead of a placeholder, where the app may set one."""

    def __init__(self, client: WebClient, incoming: Incoming, waits: tuple[float, ...] = AGENT_WAITS) -> None:
        super().__init__(client, incoming, waits)
        self._agent_client = client
        self._asked_in = incoming.request.channel_id
        self._asked_ts = incoming.request.thread_ts or incoming.ts
        self._is_top_level = incoming.request.thread_ts is None
        self._has_status = False

    def wait(self, text: str) -> None:
        """Set the status; where Slack does not let the app, post the placeholder that others get."""
        if self._answered:
            return
        self._has_status = self._set(_status(text)) or self._has_status
        if not self._has_status:
            super().wait(text)

    def answer(self, message: Message, *, feedback: str = "", lasting: bool = False) -> None:
        """Post the answer and take the status away: a post outside its thread does not.

        Source: https://docs.slack.dev/reference/methods/assistant.threads.setStatus (cleared by a reply in the thread).
        """
        payload = render(message, again=True, feedback=feedback)
        streams = not self._is_top_level and characters(payload["blocks"]) > LONG
        if not streams or not self._streamed(payload):
            super().answer(message, feedback=feedback, lasting=lasting)
        if self._has_status and (self._is_top_level or streams):
            self._set("")

    def _streamed(self, payload: Payload) -> bool:
        """Whether the answer was streamed: its paragraphs one after the other, then whole with its controls.

        Source: https://docs.slack.dev/reference/methods/chat.startStream (a stream needs a thread) and
        …/chat.stopStream (blocks stand below what was streamed; it clears no status).
        """
        with self._lock:
            if self._answered or self._ts is not None:
                return False
            texts = [
                block["text"]["text"] for block in payload["blocks"] if block["type"] == "section" and "text" in block
            ]
            rest = [block for block in payload["blocks"] if block["type"] != "section" or "text" not in block]
            if any("<!" in text for text in texts):
                return False  # dates are mrkdwn's own and would show as code in a stream's markdown
            try:
                stream = self._agent_client.chat_stream(channel=self._asked_in, thread_ts=self._asked_ts, buffer_size=1)
                for text in texts:
                    stream.append(markdown_text=f"{_markdown(text)}\n\n")
                stream.stop(blocks=rest)
            except SEND_ERRORS as exc:
                log.info("an answer was not streamed", extra={"reason": failure_of(exc).reason})
                return False
            self._answered = True
            return True

    def _set(self, status: str) -> bool:
        if not self._asked_ts:
            return False
        try:
            self._agent_client.assistant_threads_setStatus(
                channel_id=self._asked_in, thread_ts=self._asked_ts, status=status
            )
        except SEND_ERRORS as exc:
            log.info("no status was shown", extra={"reason": failure_of(exc).reason})
            return False
        return True


def suggest(client: WebClient, channel: str) -> None:
    """Offer what to ask in the direct messages of a person who opened them.

    Without a thread: with one, the agent view shows nothing.
    Source: https://docs.slack.dev/reference/methods/assistant.threads.setSuggestedPrompts.
    """
    try:
        client.assistant_threads_setSuggestedPrompts(channel_id=channel, title="Ask about addresses", prompts=prompts())
    except SEND_ERRORS as exc:
        log.info("no prompts were suggested", extra={"reason": failure_of(exc).reason})


def prompts() -> list[dict[str, Any]]:
    """What is suggested, at most four, each a command that exists."""
    verbs = {command.verb for command in COMMANDS}
    known = [(title, text) for title, text in _PROMPTS if text.split()[0] in verbs]
    return [{"title": title, "message": text} for title, text in known[:MOST_PROMPTS]]


def _markdown(text: str) -> str:
    """A section's mrkdwn as Markdown: bold is doubled, links and the three escapes are turned round."""
    bold = _BOLD.sub(r"**\1**", text)
    linked = _LINK.sub(r"[\2](\1)", bold)
    return linked.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _status(text: str) -> str:
    words = one_line(text).replace("`", "").rstrip("…")
    return cut(f"is {words[:1].lower()}{words[1:]}", STATUS)
