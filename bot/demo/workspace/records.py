"""What a workspace holds: users, channels, messages; and what it reports: calls, changes, results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any

Json = dict[str, Any]
"""A JSON object of Slack's wire format, whose shape Slack defines and the app under test chooses."""


class ChannelKind(Enum):
    """What a conversation is, in the words of the page feed."""

    PUBLIC = "channel"
    PRIVATE = "private"
    DM = "dm"


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """One member of the workspace, or someone from outside in a shared channel."""

    user_id: str
    name: str
    real_name: str
    color: str
    team_id: str
    is_bot: bool = False
    bot_id: str | None = None
    is_guest: bool = False
    is_external: bool = False
    enterprise_id: str | None = None

    def wire(self) -> Json:
        """The user as `users.info` answers. Source: https://docs.slack.dev/reference/objects/user-object."""
        profile: Json = {"real_name": self.real_name, "display_name": self.name, "team": self.team_id}
        if self.bot_id:
            profile["bot_id"] = self.bot_id
        return {
            "id": self.user_id,
            "team_id": self.team_id,
            "name": self.name,
            "real_name": self.real_name,
            "color": self.color,
            "deleted": False,
            "tz": "Etc/UTC",
            "tz_offset": 0,
            "profile": profile,
            "is_admin": False,
            "is_owner": False,
            "is_restricted": self.is_guest,
            "is_ultra_restricted": False,
            "is_stranger": self.is_external,
            "is_bot": self.is_bot,
            "is_app_user": False,
            **({} if self.enterprise_id is None else {"enterprise_user": self._in_enterprise()}),
        }

    def _in_enterprise(self) -> Json:
        return {
            "id": self.user_id,
            "enterprise_id": self.enterprise_id,
            "enterprise_name": "Example Org",
            "is_admin": False,
            "is_owner": False,
            "teams": [self.team_id],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One conversation and who is in it."""

    channel_id: str
    name: str
    kind: ChannelKind
    topic: str = ""
    is_archived: bool = False
    members: frozenset[str] = frozenset()
    dm_user_id: str | None = None
    created: int = 0

    @property
    def command_name(self) -> str:
        """The `channel_name` of a slash command: private channels and DMs are not named in it."""
        return {ChannelKind.DM: "directmessage", ChannelKind.PRIVATE: "privategroup"}.get(self.kind, self.name)

    def wire(self, bot_user_id: str) -> Json:
        """The conversation as `conversations.info` answers.

        Source: https://docs.slack.dev/reference/objects/conversation-object.
        """
        shared: Json = {
            "id": self.channel_id,
            "created": self.created,
            "is_archived": self.is_archived,
            "is_im": self.kind is ChannelKind.DM,
            "is_mpim": False,
            "is_org_shared": False,
        }
        if self.kind is ChannelKind.DM:
            return {**shared, "user": self.dm_user_id}
        return {
            **shared,
            "name": self.name,
            "name_normalized": self.name,
            "is_channel": True,
            "is_group": False,
            "is_private": self.kind is ChannelKind.PRIVATE,
            "is_general": False,
            "is_member": bot_user_id in self.members,
            "topic": {"value": self.topic, "creator": "", "last_set": 0},
            "purpose": {"value": "", "creator": "", "last_set": 0},
            "num_members": len(self.members),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """One emoji under a message and who put it there, first one first."""

    name: str
    user_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message, or one ephemeral shown to `only_to`; `streaming` tells whether a stream still writes it."""

    ts: str
    channel_id: str
    user_id: str
    text: str
    bot_id: str | None = None
    app_id: str | None = None
    blocks: tuple[Json, ...] = ()
    attachments: tuple[Json, ...] = ()
    metadata: Json | None = None
    thread_ts: str | None = None
    edited_ts: str | None = None
    only_to: str | None = None
    reply_broadcast: bool = False
    files: tuple[Json, ...] = ()
    reactions: tuple[Reaction, ...] = ()
    streaming: bool | None = None

    def wire(self, team_id: str, replies: int = 0) -> Json:
        """The message as `conversations.history` answers.

        Source: https://docs.slack.dev/reference/events/message.
        """
        found: Json = {
            "type": "message",
            "user": self.user_id,
            "text": self.text,
            "ts": self.ts,
            "team": team_id,
        }
        if self.bot_id:
            found["bot_id"] = self.bot_id
            found["app_id"] = self.app_id
        if self.blocks:
            found["blocks"] = list(self.blocks)
        if self.attachments:
            found["attachments"] = list(self.attachments)
        if self.files:
            found["files"] = list(self.files)
            found["upload"] = False
        if self.reactions:
            found["reactions"] = [
                {"name": one.name, "users": list(one.user_ids), "count": len(one.user_ids)} for one in self.reactions
            ]
        if self.streaming is not None:
            found["streaming_state"] = "in_progress" if self.streaming else "completed"
        if self.metadata is not None:
            found["metadata"] = self.metadata
        if self.thread_ts or replies:
            found["thread_ts"] = self.thread_ts or self.ts
        if self.reply_broadcast:
            found["subtype"] = "thread_broadcast"
        if replies:
            found["reply_count"] = replies
        if self.edited_ts:
            found["edited"] = {"user": self.user_id, "ts": self.edited_ts}
        if self.only_to:
            found["is_ephemeral"] = True
        return found


class ChangeKind(Enum):
    """What happened to a message, in the words of the page feed."""

    POSTED = "message"
    CHANGED = "changed"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change of a message or an ephemeral."""

    kind: ChangeKind
    message: Message
    previous: Message | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One Web API call as received: `outcome` is "ok", Slack's error, or what the fault did."""

    method: str
    params: Mapping[str, Any]
    at: datetime
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SlashResult:
    """How a typed slash command went: the body of the ack, the seconds it took, and Slack's error if it failed."""

    body: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    error: str | None = None
    shown: str | None = None

    @property
    def ok(self) -> bool:
        """Whether the app acknowledged in time with something Slack accepts."""
        return self.error is None
