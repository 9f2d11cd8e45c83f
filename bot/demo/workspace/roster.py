"""What an administrator does to the app and its channels: invite, remove, archive, rename, uninstall."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bot.demo.workspace.identity import Bot
from bot.demo.workspace.records import ChannelKind, Json
from bot.demo.workspace.state import State
from bot.demo.workspace.subscriptions import Subscriptions
from bot.demo.workspace.viewpayloads import joined_event

UNINSTALLED = "account_inactive"
"""What a bot token is answered once the app is gone.

Source: https://docs.slack.dev/reference/methods/auth.test ("Authentication token is for a deleted user or workspace
when using a `bot` token"; `token_revoked` is said of user tokens).
"""


class Roster:
    """Changes who is where, and whether the app is installed; runs on the server's loop."""

    def __init__(
        self, *, state: State, bot: Bot, subscriptions: Subscriptions, refuse_tokens: Callable[[str | None], None]
    ) -> None:
        self._state = state
        self._bot = bot
        self._subscriptions = subscriptions
        self._refuse_tokens = refuse_tokens

    def invite(self, user: str, *, channel: str, by: str | None) -> None:
        """Bring somebody, `eksip` included, into a channel; the app is told when it is in that channel itself."""
        who, where = self._state.user(user), self._state.channel(channel)
        if who.user_id in where.members:
            return
        inviter = None if by is None else self._state.user(by).user_id
        joined = self._state.join(where.channel_id, who.user_id)
        if self._bot.user_id in joined.members:
            event = joined_event(who.user_id, joined, self._bot.team_id, inviter, self._state.next_ts())
            self._subscriptions.tell(event, joined)

    def remove(self, user: str, *, channel: str) -> None:
        """Take somebody out of a channel; the app is told of its own leaving only (`channel_left`)."""
        who, where = self._state.user(user), self._state.channel(channel)
        left = self._state.keep_channel(replace(where, members=where.members - {who.user_id}))
        if who.user_id == self._bot.user_id:
            kind = "group_left" if left.kind is ChannelKind.PRIVATE else "channel_left"
            self._subscriptions.tell({"type": kind, "channel": left.channel_id, "event_ts": self._state.next_ts()})

    def archive(self, channel: str, *, archived: bool) -> None:
        """Archive a channel, or bring it back."""
        where = self._state.channel(channel)
        self._state.keep_channel(replace(where, is_archived=archived))
        event: Json = {"type": "channel_archive" if archived else "channel_unarchive", "channel": where.channel_id}
        self._subscriptions.tell(event, where)

    def rename(self, channel: str, name: str) -> None:
        """Give a channel another name; its id stays. Raises: ValueError when the name is taken."""
        where = self._state.channel(channel)
        if any(other.name == name for other in self._state.channels.values()):
            raise ValueError(f"There is a channel {name!r} already.")
        self._state.keep_channel(replace(where, name=name))
        renamed: Json = {"id": where.channel_id, "name": name, "created": where.created}
        self._subscriptions.tell({"type": "channel_rename", "channel": renamed}, where)

    def make_private(self, channel: str) -> None:
        """Turn a public channel into a private one; who is in it stays in it."""
        self._state.keep_channel(replace(self._state.channel(channel), kind=ChannelKind.PRIVATE))

    def uninstall(self, error: str) -> None:
        """Remove the app: it is told, then its token opens nothing more and answers `error`."""
        self._subscriptions.tell({"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [self._bot.user_id]}})
        self._subscriptions.tell({"type": "app_uninstalled"})
        self._refuse_tokens(error)

    def reinstall(self) -> None:
        """Install the app again, with the token it had."""
        self._refuse_tokens(None)
