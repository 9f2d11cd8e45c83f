"""What a workspace holds besides messages: files, views, trigger ids, streams, and what the agent view shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from bot.demo.workspace.records import Json

Values = Mapping[str, Mapping[str, Json]]
"""What was entered, by block id and action id, as `view.state.values` carries it."""

IMAGE_KINDS = {"png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif"}
"""What an image block shows of a Slack file.

Source: https://docs.slack.dev/reference/block-kit/composition-objects/slack-file-object (png, jpg, jpeg, gif).
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """One file: asked for, uploaded (`content`), then shared; `shared_in` are channel ids."""

    file_id: str
    name: str
    ticket: str
    length_bytes: int
    user_id: str
    created: int
    title: str = ""
    alt_text: str = ""
    content: bytes | None = None
    is_complete: bool = False
    shares: tuple[tuple[str, str], ...] = ()

    @property
    def kind(self) -> str:
        """The ending of its name, which Slack calls its file type."""
        return self.name.rpartition(".")[2].lower() if "." in self.name else "text"

    @property
    def media_type(self) -> str:
        """The media type it is served with; only images are shown, everything else is handed over as bytes."""
        return IMAGE_KINDS.get(self.kind, "application/octet-stream")

    @property
    def is_image(self) -> bool:
        """Whether an image block may show it."""
        return self.kind in IMAGE_KINDS

    def wire(self, base_url: str, private_channels: frozenset[str]) -> Json:
        """The file as `files.info` answers. Source: https://docs.slack.dev/reference/objects/file-object."""
        url = f"{base_url}page/files/{self.file_id}"
        shares: dict[str, dict[str, list[Json]]] = {}
        for channel_id, ts in self.shares:
            where = "private" if channel_id in private_channels else "public"
            shares.setdefault(where, {}).setdefault(channel_id, []).append({"ts": ts})
        found: Json = {
            "id": self.file_id,
            "created": self.created,
            "timestamp": self.created,
            "name": self.name,
            "title": self.title or self.name,
            "mimetype": self.media_type,
            "filetype": self.kind,
            "user": self.user_id,
            "size": len(self.content or b""),
            "mode": "hosted",
            "is_external": False,
            "is_public": "public" in shares,
            "url_private": url,
            "url_private_download": url,
            "permalink": url,
            "shares": shares,
            "channels": [channel for channel, _ in self.shares if channel not in private_channels],
        }
        if self.alt_text:
            found["alt_txt"] = self.alt_text
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """The right to open one view for one user; `view_id` is the modal it was given in."""

    trigger_id: str
    user_id: str
    issued_at: datetime
    view_id: str | None = None
    is_used: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One modal or Home tab: what the app sent, and what the user entered."""

    view_id: str
    user_id: str
    body: Json
    revision: str
    root_view_id: str
    previous_view_id: str | None = None
    values: Values = field(default_factory=dict)

    @property
    def external_id(self) -> str:
        """The app's own id of the view; empty when it gave none."""
        return str(self.body.get("external_id") or "")

    @property
    def blocks(self) -> tuple[Json, ...]:
        """Its blocks, ids filled in."""
        return tuple(self.body.get("blocks") or ())

    def wire(self, team_id: str, app_id: str, bot_id: str) -> Json:
        """The view as Slack answers and sends it. Source: https://docs.slack.dev/reference/views."""
        body = self.body
        return {
            "id": self.view_id,
            "team_id": team_id,
            "type": body["type"],
            "title": body.get("title") or {"type": "plain_text", "text": "View Title"},
            "close": body.get("close"),
            "submit": body.get("submit"),
            "blocks": list(self.blocks),
            "private_metadata": body.get("private_metadata") or "",
            "callback_id": body.get("callback_id") or "",
            "external_id": self.external_id,
            "state": {"values": {block: dict(entries) for block, entries in self.values.items()}},
            "hash": self.revision,
            "clear_on_close": bool(body.get("clear_on_close")),
            "notify_on_close": bool(body.get("notify_on_close")),
            "root_view_id": self.root_view_id,
            "previous_view_id": self.previous_view_id,
            "app_id": app_id,
            "app_installed_team_id": team_id,
            "bot_id": bot_id,
        }


class StreamMode(Enum):
    """What a stream is made of, for its whole life."""

    TEXT = "markdown_text"
    CHUNKS = "chunks"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """A message being written: until when it takes more, and what it is made of so far."""

    started_at: datetime
    mode: StreamMode | None = None
    text: str = ""
    tasks: tuple[Json, ...] = ()
    plan_title: str | None = None
    blocks: tuple[Json, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """What the agent view of one conversation shows: statuses and titles by thread, and suggested prompts."""

    statuses: Mapping[str, Json] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)
    prompts_title: str = ""
    prompts: tuple[Json, ...] = ()

    def wire(self) -> Json:
        """What a page is told."""
        return {
            "statuses": dict(self.statuses),
            "titles": dict(self.titles),
            "prompts": {"title": self.prompts_title, "prompts": list(self.prompts)},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class UserGroup:
    """A named group of users, as `<!subteam^S…>` mentions it."""

    usergroup_id: str
    handle: str
    user_ids: tuple[str, ...]
