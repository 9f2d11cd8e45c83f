"""A local Slack workspace on the loopback interface: enough of the real one for an unchanged Bolt app."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

from bot.demo.workspace.chat import Desk, direct_channel
from bot.demo.workspace.deeds import Deeds
from bot.demo.workspace.events import ACK_SECONDS, RETRY_SECONDS
from bot.demo.workspace.faults import Faults
from bot.demo.workspace.identity import BOT_EVENTS, Bot, Shortcut, SlashCommand
from bot.demo.workspace.ratelimits import RateLimits
from bot.demo.workspace.records import Call, ChannelKind, Message
from bot.demo.workspace.server import Server
from bot.demo.workspace.state import TRIGGER_LIFETIME, State

T = TypeVar("T")

BOT_TOKEN = "xoxb-local-workspace-only"  # noqa: S105 - opens nothing but this server
APP_TOKEN = "xapp-local-workspace-only"  # noqa: S105 - opens nothing but this server
SIGNING_SECRET = "local-workspace-signing-secret"  # noqa: S105 - signs nothing but this server's requests

DEFAULT_COMMANDS = (
    SlashCommand(
        command="/eksip",
        description="EKS IP capacity",
        usage_hint="status | subnet | who | maxpods | explain | alerts | help",
    ),
)
DEFAULT_SHORTCUTS = (
    Shortcut(
        name="Diagnose with eksip",
        callback_id="eksip_diagnose_message",
        description="Look for IP exhaustion in this message",
    ),
)
PEOPLE = (("ana", "Ana Marques"), ("ben", "Ben Okafor"), ("chris", "Chris Lindqvist"))
CHANNELS = (
    ("ops", "Day-to-day operations"),
    ("platform-alerts", "Alerts of the platform"),
    ("inc-42", "Incident 42: pods pending in prod"),
)


def _wall_clock() -> datetime:
    # Slack's clock is not the bot's: signatures and timestamps must be real for the bot's own checks to pass.
    return datetime.now(UTC)  # noqa: TID251


class Workspace(Deeds):
    """One team with people, channels and the bot installed; serves on its own thread between start and stop.

    Example: with Workspace() as ws: WebClient(token=ws.bot_token, base_url=ws.api_url).auth_test()
    """

    def __init__(
        self,
        port: int = 0,
        *,
        signing_secret: str = SIGNING_SECRET,
        events_url: str | None = None,
        page_dir: Path | None = None,
        now: Callable[[], datetime] = _wall_clock,
        bot_token: str = BOT_TOKEN,
        app_token: str = APP_TOKEN,
        commands: Sequence[SlashCommand] = DEFAULT_COMMANDS,
        shortcuts: Sequence[Shortcut] = DEFAULT_SHORTCUTS,
        events: Collection[str] = BOT_EVENTS,
        rate_limits: RateLimits | None = None,
        retry_seconds: Sequence[float] = RETRY_SECONDS,
        ack_seconds: float = ACK_SECONDS,
        enterprise_id: str | None = None,
        org_wide: bool = False,
        trigger_seconds: float = TRIGGER_LIFETIME.total_seconds(),
    ) -> None:
        self.faults = Faults()
        self._state = State(now=now, team_id="T0LOCAL0001", team_name="Example Corp")
        self._state.trigger_lifetime = timedelta(seconds=trigger_seconds)
        bot_user = self._state.add_user("eksip", real_name="eksip", bot_id="B0LOCAL0001", is_bot=True)
        self._bot = Bot(
            name="eksip",
            user_id=bot_user.user_id,
            bot_id="B0LOCAL0001",
            app_id="A0LOCAL0001",
            team_id="T0LOCAL0001",
            team_name="Example Corp",
            team_domain="example-corp",
            commands=tuple(commands),
            shortcuts=tuple(shortcuts),
            events=frozenset(events),
            enterprise_id=enterprise_id,
            is_org_wide=org_wide,
            bot_token=bot_token,
            app_token=app_token,
            signing_secret=signing_secret,
        )
        self._server = Server(
            state=self._state,
            bot=self._bot,
            faults=self.faults,
            port=port,
            events_url=events_url,
            page_dir=page_dir or Path(__file__).parent / "page",
            now=now,
            rate_limits=rate_limits or RateLimits(),
            retry_seconds=retry_seconds,
            ack_seconds=ack_seconds,
        )
        self._populate()

    @property
    def bot_token(self) -> str:
        """The bot token the Web API takes."""
        return self._bot.bot_token

    @property
    def app_token(self) -> str:
        """The app token that opens sockets."""
        return self._bot.app_token

    @property
    def signing_secret(self) -> str:
        """The secret that signs requests to the events URL."""
        return self._bot.signing_secret

    @property
    def bot_user_id(self) -> str:
        """The bot's user id, the one in a mention."""
        return self._bot.user_id

    @property
    def team_id(self) -> str:
        """The team's id."""
        return self._bot.team_id

    @property
    def api_url(self) -> str:
        """The base URL for a Web API client."""
        return f"{self.page_url}api/"

    @property
    def page_url(self) -> str:
        """The address of the browser page."""
        return self._server.url

    @property
    def delivery(self) -> Literal["socket", "http"]:
        """How events reach the bot: over its sockets, or signed to its events URL."""
        return self._server.delivery.transport

    @property
    def socket_count(self) -> int:
        """How many bot sockets are open."""
        return self._server.sockets.count

    @property
    def calls(self) -> list[Call]:
        """Every Web API call so far, oldest first."""
        with self._state.changed:
            return list(self._server.web_api.calls)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Listen and serve until stop(). Raises: OSError when the port is taken."""
        self._server.start()

    def stop(self) -> None:
        """Close every connection and end the thread, within 2 seconds; does nothing when it is not running."""
        self._server.stop()

    def channel(self, name: str) -> str:
        """The id of a channel (`ops`, `#ops`) or of the bot's direct conversation with a user (`dm:ana`)."""
        return self._state.channel(name).channel_id

    def user(self, name: str) -> str:
        """The id of a user."""
        return self._state.user(name).user_id

    def add_channel(self, name: str, *, private: bool = False, bot_in: bool = True, archived: bool = False) -> str:
        """Add a channel with everyone in it, and the bot unless told otherwise: its id."""
        members = frozenset(user.user_id for user in self._state.users.values() if not user.is_bot)
        kind = ChannelKind.PRIVATE if private else ChannelKind.PUBLIC
        if bot_in:
            members |= {self._bot.user_id}
        return self._state.add_channel(name, kind=kind, members=members, archived=archived).channel_id

    def add_user(
        self,
        name: str,
        *,
        guest: bool = False,
        external: bool = False,
        bot: bool = False,
        team_id: str = "",
        user_id: str = "",
    ) -> str:
        """Add a user to the team and to every channel: its id.

        `external` is someone of another organisation, `team_id` another team of the same one.
        """
        bot_id = self._state.next_id("B") if bot else None
        user = self._state.add_user(
            name,
            real_name=name.capitalize(),
            guest=guest,
            external=external,
            bot_id=bot_id,
            is_bot=bot,
            team_id=team_id,
            user_id=user_id,
            enterprise_id=self._bot.enterprise_id,
        )
        self._join_everything(user.user_id)
        if not bot:
            direct_channel(Desk(state=self._state, bot=self._bot), user.user_id)
        return user.user_id

    def messages(self, channel: str) -> list[dict[str, Any]]:
        """What everyone in a channel sees now, oldest first, edits applied, thread replies included."""
        with self._state.changed:
            found = self._state.messages(self.channel(channel))
            return [message.wire(self.team_id, self._state.reply_count(message)) for message in found]

    def ephemerals(self, channel: str, user: str) -> list[dict[str, Any]]:
        """What only this user sees in a channel now, oldest first, changes applied."""
        found = self._state.ephemerals(self.channel(channel), self.user(user))
        return [message.wire(self.team_id) for message in found]

    def wait_for(self, predicate: Callable[[], T], timeout: float = 30.0) -> T:
        """The first truthy result of `predicate`, tried again on every change; a LookupError means "not yet".

        Raises: TimeoutError after `timeout` seconds, with what the workspace looks like.
        """
        deadline = time.monotonic() + timeout
        missing = ""
        while True:
            seen = self._state.version
            try:
                found = predicate()
            except LookupError as exc:
                missing = f"\nThe predicate raised {exc!r}."
            else:
                if found:
                    return found
            left_seconds = deadline - time.monotonic()
            if left_seconds <= 0:
                raise TimeoutError(f"Nothing after {timeout:g} s.{missing}\n{self._dump()}")
            with self._state.changed:
                # At most a quarter of a second, because a predicate may look at more than this workspace.
                if self._state.version == seen:
                    self._state.changed.wait(min(left_seconds, 0.25))

    def verify_events_url(self) -> bool:
        """Whether the events URL answers Slack's url_verification challenge."""
        return self._server.call(self._server.delivery.verify_url())

    def disconnect_sockets(
        self,
        reason: Literal["warning", "refresh_requested"] = "refresh_requested",
        *,
        close_after_seconds: float = 0.0,
    ) -> None:
        """Send Slack's disconnect frame to every bot socket; `refresh_requested` also closes them."""
        self._server.call(self._server.sockets.disconnect(reason, close_after_seconds=close_after_seconds))

    def _populate(self) -> None:
        for name, real_name in PEOPLE:
            self._state.add_user(name, real_name=real_name)
        members = frozenset(self._state.users)
        for name, topic in CHANNELS:
            self._state.add_channel(name, kind=ChannelKind.PUBLIC, members=members, topic=topic)
        self._state.add_channel(
            "secret", kind=ChannelKind.PRIVATE, members=members - {self._bot.user_id}, topic="Without the bot"
        )
        for name, _ in PEOPLE:
            direct_channel(Desk(state=self._state, bot=self._bot), self.user(name))

    def _join_everything(self, user_id: str) -> None:
        for channel in list(self._state.channels.values()):
            if channel.kind is not ChannelKind.DM:
                self._state.join(channel.channel_id, user_id)

    def _dump(self) -> str:
        lines = [f"bot sockets: {self.socket_count}; last calls:"]
        lines += [f"  {call.method} -> {call.outcome}" for call in self.calls[-10:]]
        with self._state.changed:
            for channel in self._state.channels.values():
                found: list[Message] = self._state.messages(channel.channel_id)
                for user in self._state.users.values():
                    found += self._state.ephemerals(channel.channel_id, user.user_id)
                for message in found:
                    only = f" (only {self._state.users[message.only_to].name})" if message.only_to else ""
                    author = self._state.users[message.user_id].name
                    lines.append(f"  #{channel.name} {message.ts} {author}{only}: {json.dumps(message.text)}")
        return "\n".join(lines)
