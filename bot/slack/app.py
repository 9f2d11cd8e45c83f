"""The Bolt app: acknowledge at once, hand the question to the workers, answer where it was asked."""

import logging
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from slack_bolt import Ack, App
from slack_bolt.authorization import AuthorizeResult
from slack_sdk import WebClient

from bot.asking.command import Request
from bot.config import Settings
from bot.errors import QueryError
from bot.message import Message
from bot.slack.answering import BUSY, Answering
from bot.slack.controls import RUN_ACTION
from bot.slack.incoming import Identity, Incoming, from_action, from_command, from_event
from bot.slack.people import People
from bot.slack.render import note
from bot.slack.replies import PRIVATE_WAITS, VISIBLE_WAITS, PrivateReply, ThreadReply
from bot.slack.sending import SEND_ERRORS, failure_of, write_client
from bot.slack.workers import Workers

log = logging.getLogger(__name__)

ACK_THREADS = 32
"""Threads that only acknowledge: Bolt's own five were seen to starve under six slow commands.

Source: slack_bolt/app/app.py (ThreadPoolExecutor(max_workers=5) unless one is given).
"""

_ANY_ACTION = re.compile(r"")


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackApp:
    """The running app: Bolt's, the Web API client, and the workers that answer."""

    bolt: App
    client: WebClient
    identity: Identity
    workers: Workers
    acks: ThreadPoolExecutor

    def close(self, timeout: timedelta = timedelta(seconds=5)) -> bool:
        """Take no more questions and finish those taken, at most `timeout`: whether all were answered."""
        finished = self.workers.close(timeout)
        self.acks.shutdown(wait=False, cancel_futures=True)
        return finished


def build_app(
    settings: Settings,
    answer: Callable[[Request], Message],
    first_time: Callable[[str, datetime], bool],
    now: Callable[[], datetime],
    client: WebClient | None = None,
    *,
    visible_waits: tuple[float, ...] = VISIBLE_WAITS,
    private_waits: tuple[float, ...] = PRIVATE_WAITS,
) -> SlackApp:
    """The app for these settings, its token tried once with auth.test; nothing is listened to yet.

    `answer` is the dispatcher, `first_time` the store's; `client` sends (each call once).
    Raises: QueryError when Slack cannot be reached or refuses the token.
    """
    token = settings.slack_bot_token.get_secret_value()
    secret = settings.slack_signing_secret.get_secret_value()
    client = client or write_client(token, settings.slack.api_url)
    identity = identify(client)
    workers = Workers(settings.slack.workers)
    acks = ThreadPoolExecutor(ACK_THREADS, thread_name_prefix="ack")
    bolt = App(
        name="eksip",
        logger=_framework_log(),
        client=WebClient(base_url=settings.slack.api_url, retry_handlers=[]),
        signing_secret=secret,
        request_verification_enabled=bool(secret.strip()),
        authorize=lambda **_: _authorized(identity, token),
        listener_executor=acks,
    )
    answering = Answering(
        answer=answer,
        first_time=lambda key: first_time(key, now()),
        people=People(client, identity, settings.access.writer_groups),
        workers=workers,
    )
    _listen(bolt, settings.slack.command, answering, client, identity, visible_waits, private_waits)
    return SlackApp(bolt=bolt, client=client, identity=identity, workers=workers, acks=acks)


def identify(client: WebClient) -> Identity:
    """Who the token belongs to. Raises: QueryError."""
    try:
        found = client.auth_test()
    except SEND_ERRORS as exc:
        reason = failure_of(exc).reason
        raise QueryError(f"Slack refused the bot token or cannot be reached: {reason}.", api="auth.test") from exc
    return Identity(
        team_id=str(found.get("team_id") or ""),
        bot_user_id=str(found.get("user_id") or ""),
        bot_id=str(found.get("bot_id") or ""),
        enterprise_id=str(found.get("enterprise_id") or ""),
    )


def _listen(
    bolt: App,
    slash_command: str,
    answering: Answering,
    client: WebClient,
    identity: Identity,
    visible_waits: tuple[float, ...],
    private_waits: tuple[float, ...],
) -> None:
    """Register the listeners: each acknowledges first, and does nothing else that can wait."""

    def on_command(ack: Ack, body: dict[str, Any]) -> None:
        incoming = from_command(body, identity)
        reply = PrivateReply(client, incoming, private_waits)
        if answering.is_repeated(incoming) or answering.take(incoming, reply):
            ack()
        else:
            ack({"response_type": "ephemeral", **note(BUSY)})

    def on_event(body: dict[str, Any]) -> None:
        incoming = from_event(body, identity)  # Bolt has acknowledged events before it calls
        if incoming is not None and not answering.is_repeated(incoming):
            reply = ThreadReply(client, incoming, visible_waits)
            if not answering.take(incoming, reply):
                answering.refuse(reply)

    def on_action(ack: Ack, body: dict[str, Any]) -> None:
        ack()
        incoming: Incoming | None = from_action(body, identity)
        if incoming is not None and not answering.is_repeated(incoming):
            reply = PrivateReply(client, incoming, private_waits)
            if not answering.take(incoming, reply):
                answering.refuse(reply)

    def on_other_action(ack: Ack) -> None:
        ack()  # links, and controls of older cards: unacknowledged they would show a warning sign

    bolt.command(slash_command)(on_command)
    bolt.event("app_mention")(on_event)
    bolt.event("message")(on_event)
    bolt.action(RUN_ACTION)(on_action)
    bolt.action(_ANY_ACTION)(on_other_action)


def _authorized(identity: Identity, token: str) -> AuthorizeResult:
    """What auth.test said at start, for every request: no call before the acknowledgement."""
    return AuthorizeResult(
        enterprise_id=identity.enterprise_id or None,
        team_id=identity.team_id,
        bot_user_id=identity.bot_user_id,
        bot_id=identity.bot_id,
        bot_token=token,
    )


def _framework_log() -> logging.Logger:
    """Bolt's logger from WARNING on, without its remark that a token of the environment is not used."""
    framework = logging.getLogger("slack_bolt.eksip")
    framework.setLevel(logging.WARNING)
    if not framework.filters:
        framework.addFilter(lambda record: "`token`" not in record.getMessage())
    return framework
