"""The workspace's memory: channels, users, messages and ephemerals, guarded by one lock, watched by many."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.demo.workspace.records import Change, ChangeKind, Channel, ChannelKind, Json, Message, User
from bot.demo.workspace.surfaces import Agent, StoredFile, Stream, Trigger, UserGroup, View

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_OUTSIDE_TEAM_ID = "T0OUTSIDE01"
TRIGGER_LIFETIME = timedelta(seconds=3)
"""Source: https://docs.slack.dev/interactivity/handling-user-interaction (trigger_id expires in 3 seconds)."""
_COLORS = ("0b7a6f", "e7392d", "3c989f", "674b1b", "e96699", "9f69e7", "684b6c", "de5f24", "2b6836")


class State:
    """Everything the workspace knows; each method takes the lock, so any thread may call it."""

    def __init__(self, *, now: Callable[[], datetime], team_id: str, team_name: str) -> None:
        self.changed = threading.Condition()
        self.version = 0
        self.team_id = team_id
        self.team_name = team_name
        self.users: dict[str, User] = {}
        self.channels: dict[str, Channel] = {}
        self.usergroups: dict[str, UserGroup] = {}
        self.files: dict[str, StoredFile] = {}
        self.triggers: dict[str, Trigger] = {}
        self.views: dict[str, View] = {}
        self.modals: dict[str, tuple[str, ...]] = {}
        self.homes: dict[str, str] = {}
        self.streams: dict[tuple[str, str], Stream] = {}
        self.agents: dict[str, Agent] = {}
        self.trigger_lifetime = TRIGGER_LIFETIME
        self.base_url = ""
        self._now = now
        self._messages: dict[str, dict[str, Message]] = {}
        self._ephemerals: dict[tuple[str, str], dict[str, Message]] = {}
        self._observers: list[Callable[[Change], None]] = []
        self._shows: list[Callable[[Collection[str], Json], None]] = []
        self._last_us = 0
        self._numbers = 0

    def now(self) -> datetime:
        """The workspace's clock, aware, UTC."""
        return self._now()

    def next_ts(self) -> str:
        """A message timestamp, unique in the workspace and later than every earlier one."""
        with self.changed:
            at_us = (self._now() - _EPOCH) // timedelta(microseconds=1)
            self._last_us = max(at_us, self._last_us + 1)
            return f"{self._last_us // 1_000_000}.{self._last_us % 1_000_000:06d}"

    def next_id(self, prefix: str) -> str:
        """A new id in Slack's form: a letter for the kind, then capitals and digits."""
        with self.changed:
            self._numbers += 1
            return f"{prefix}0LOCAL{self._numbers:04d}"

    def next_block_id(self) -> str:
        """A short id for a block or a control that came without one."""
        with self.changed:
            self._numbers += 1
            return f"{self._numbers:05x}"

    def watch(self, observer: Callable[[Change], None]) -> None:
        """Call `observer` with every change, in order, under the lock: it must return at once."""
        with self.changed:
            self._observers.append(observer)

    def watch_pages(self, observer: Callable[[Collection[str], Json], None]) -> None:
        """Call `observer` with the ids of users and a frame their pages must show; under the lock, like `watch`."""
        with self.changed:
            self._shows.append(observer)

    def show(self, user_ids: Collection[str], frame: Json) -> None:
        """Show something other than a message on the pages of these users."""
        with self.changed:
            for observer in self._shows:
                observer(frozenset(user_ids), frame)
            self.notify()

    def notify(self) -> None:
        """Count a change and wake everyone who waits for one."""
        with self.changed:
            self.version += 1
            self.changed.notify_all()

    def add_user(
        self,
        name: str,
        *,
        real_name: str,
        guest: bool = False,
        external: bool = False,
        bot_id: str | None = None,
        is_bot: bool = False,
        team_id: str = "",
        user_id: str = "",
        enterprise_id: str | None = None,
    ) -> User:
        """Add a person or a bot; its name must be new. Who is of a `team_id` of an organisation has an id of its own.

        Source: https://docs.slack.dev/enterprise (ids of people across an organisation begin with W).
        """
        with self.changed:
            if any(user.name == name for user in self.users.values()):
                raise ValueError(f"There is a user {name!r} already.")
            user = User(
                user_id=user_id or self.next_id("W" if team_id else "U"),
                name=name,
                real_name=real_name,
                color=_COLORS[len(self.users) % len(_COLORS)],
                team_id=_OUTSIDE_TEAM_ID if external else team_id or self.team_id,
                is_bot=is_bot,
                bot_id=bot_id,
                is_guest=guest,
                is_external=external,
                enterprise_id=None if external else enterprise_id,
            )
            self.users[user.user_id] = user
            self.notify()
            return user

    def add_channel(
        self,
        name: str,
        *,
        kind: ChannelKind,
        members: frozenset[str],
        archived: bool = False,
        topic: str = "",
        dm_user_id: str | None = None,
    ) -> Channel:
        """Add a conversation; its name must be new."""
        with self.changed:
            if any(channel.name == name for channel in self.channels.values()):
                raise ValueError(f"There is a channel {name!r} already.")
            channel = Channel(
                channel_id=self.next_id("D" if kind is ChannelKind.DM else "C"),
                name=name,
                kind=kind,
                topic=topic,
                is_archived=archived,
                members=members,
                dm_user_id=dm_user_id,
                created=int((self._now() - _EPOCH).total_seconds()),
            )
            self.channels[channel.channel_id] = channel
            self._messages[channel.channel_id] = {}
            self.notify()
            return channel

    def join(self, channel_id: str, user_id: str) -> Channel:
        """Add a member to a conversation."""
        with self.changed:
            channel = self.channels[channel_id]
            return self.keep_channel(replace(channel, members=channel.members | {user_id}))

    def keep_channel(self, channel: Channel) -> Channel:
        """Store a new version of a conversation; the pages of all who were or are in it read it anew."""
        with self.changed:
            concerned = self.channels[channel.channel_id].members | channel.members
            self.channels[channel.channel_id] = channel
            self.show(concerned, {"type": "places"})
            return channel

    def keep_agent(self, channel_id: str, agent: Agent) -> None:
        """Store and show what the agent view of a conversation shows."""
        with self.changed:
            self.agents[channel_id] = agent
            frame: Json = {"type": "agent", "channel": channel_id, "agent": agent.wire()}
            self.show(self.channels[channel_id].members, frame)

    def clear_status(self, channel_id: str, thread_ts: str | None) -> None:
        """Take the status of a thread away, as a posted reply does; a post at top level leaves it."""
        with self.changed:
            agent = self.agents.get(channel_id)
            if agent is None or thread_ts not in agent.statuses:
                return
            statuses = {ts: status for ts, status in agent.statuses.items() if ts != thread_ts}
            self.keep_agent(channel_id, replace(agent, statuses=statuses))

    def user(self, name_or_id: str) -> User:
        """The user with this id or name. Raises: KeyError, naming those there are."""
        with self.changed:
            for user in self.users.values():
                if name_or_id in (user.user_id, user.name):
                    return user
            known = ", ".join(user.name for user in self.users.values())
        raise KeyError(f"There is no user {name_or_id!r} in this workspace: {known}.")

    def channel(self, name_or_id: str) -> Channel:
        """The conversation with this id or name (`ops`, `#ops`, `dm:ana`). Raises: KeyError, naming those there are."""
        name = name_or_id.removeprefix("#")
        with self.changed:
            for channel in self.channels.values():
                if name in (channel.channel_id, channel.name):
                    return channel
            known = ", ".join(channel.name for channel in self.channels.values())
        raise KeyError(f"There is no channel {name_or_id!r} in this workspace: {known}.")

    def post(self, message: Message) -> Message:
        """Store a message or an ephemeral; a thread that names no message falls back to top level.

        Source: measured on slack.com (October 2026): a thread_ts of no message posts to the channel, without an error.
        """
        with self.changed:
            parent = self._messages[message.channel_id].get(message.thread_ts or "")
            if message.thread_ts is not None and parent is None:
                message = replace(message, thread_ts=None, reply_broadcast=False)
            elif parent is not None and parent.thread_ts is not None:
                message = replace(message, thread_ts=parent.thread_ts)
            self._box(message)[message.ts] = message
            self._tell(Change(kind=ChangeKind.POSTED, message=message))
            return message

    def change(self, message: Message) -> None:
        """Store a new version of a message or an ephemeral."""
        with self.changed:
            box = self._box(message)
            previous = box[message.ts]
            box[message.ts] = message
            self._tell(Change(kind=ChangeKind.CHANGED, message=message, previous=previous))

    def delete(self, message: Message) -> None:
        """Remove a message or an ephemeral."""
        with self.changed:
            if self._box(message).pop(message.ts, None) is not None:
                self._tell(Change(kind=ChangeKind.DELETED, message=message))

    def messages(self, channel_id: str) -> list[Message]:
        """The messages of a conversation that everyone in it sees, oldest first, thread replies included."""
        with self.changed:
            return list(self._messages[channel_id].values())

    def ephemerals(self, channel_id: str, user_id: str) -> list[Message]:
        """The messages only this user sees in this conversation, oldest first."""
        with self.changed:
            return list(self._ephemerals.get((channel_id, user_id), {}).values())

    def find(self, channel_id: str, ts: str, user_id: str | None = None) -> Message | None:
        """The message with this timestamp, among the user's ephemerals too when a user is given."""
        with self.changed:
            message = self._messages.get(channel_id, {}).get(ts)
            if message is None and user_id is not None:
                return self._ephemerals.get((channel_id, user_id), {}).get(ts)
            return message

    def reply_count(self, message: Message) -> int:
        """How many replies the thread under this message has."""
        with self.changed:
            if message.only_to or message.thread_ts:
                return 0
            return sum(reply.thread_ts == message.ts for reply in self._messages[message.channel_id].values())

    def _box(self, message: Message) -> dict[str, Message]:
        if message.only_to is None:
            return self._messages[message.channel_id]
        return self._ephemerals.setdefault((message.channel_id, message.only_to), {})

    def _tell(self, change: Change) -> None:
        for observer in self._observers:
            observer(change)
        self.notify()
