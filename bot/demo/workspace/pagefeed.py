"""The endpoints behind the browser page: its files, its first state and the live feed."""

from __future__ import annotations

import asyncio
import contextlib
import mimetypes
import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

from aiohttp import WSMsgType, web
from aiohttp.typedefs import Handler

from bot.demo.workspace.events import Delivery
from bot.demo.workspace.identity import Bot
from bot.demo.workspace.records import Change, ChangeKind, Json, Message, User
from bot.demo.workspace.sockets import Sockets
from bot.demo.workspace.state import State
from bot.demo.workspace.views import home, modals, page_view

_FILE = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*")
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})


@web.middleware
async def loopback_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse what a page of another site could send: a foreign Host (DNS rebinding) or a foreign Origin."""
    host = request.headers.get("Host", "")
    if host.rpartition(":")[0] not in _LOOPBACK and host not in _LOOPBACK:
        return web.Response(status=403, text="This server answers on the loopback address only.")
    origin = request.headers.get("Origin")
    if origin is not None and origin != f"http://{host}":
        return web.Response(status=403, text="This server does not answer pages of other sites.")
    if request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
        return web.Response(status=403, text="This server does not answer pages of other sites.")
    return await handler(request)


class PageFeed:
    """Serves `/`, `/page/…` and the live feed; runs on the server's loop."""

    def __init__(
        self,
        *,
        state: State,
        bot: Bot,
        delivery: Delivery,
        sockets: Sockets,
        page_dir: Path,
    ) -> None:
        self._state = state
        self._bot = bot
        self._delivery = delivery
        self._sockets = sockets
        self._page_dir = page_dir
        self._feeds: dict[asyncio.Queue[Json | None], User] = {}

    def routes(self) -> list[web.RouteDef]:
        """Every route of the page."""
        return [
            web.get("/", self._index),
            web.get("/page/state", self._get_state),
            web.get("/page/events", self._events),
            web.get("/page/{file}", self._file),
        ]

    def announce(self, change: Change) -> None:
        """Send a change of a message to every page that may see it."""
        message = change.message
        frame: Json = {"type": change.kind.value, "channel": message.channel_id, "ts": message.ts}
        frame["message"] = {**self._message(message), "deleted": change.kind is ChangeKind.DELETED}
        for feed, user in self._feeds.items():
            if self._sees(user, message):
                feed.put_nowait(frame)

    def show(self, user_ids: Collection[str], frame: Json) -> None:
        """Send a frame to the pages of these users."""
        for feed, user in self._feeds.items():
            if user.user_id in user_ids:
                feed.put_nowait(frame)

    def announce_connection(self) -> None:
        """Tell every page whether the bot is connected."""
        self._broadcast({"type": "connection", "bot": self._bot_state()})

    def announce_error(self, text: str) -> None:
        """Show a line about a failed delivery on every page."""
        self._broadcast({"type": "error", "text": text})

    def close(self) -> None:
        """End every live feed."""
        for feed in self._feeds:
            feed.put_nowait(None)

    async def _index(self, _request: web.Request) -> web.StreamResponse:
        return self._serve_file("index.html")

    async def _file(self, request: web.Request) -> web.StreamResponse:
        return self._serve_file(request.match_info["file"])

    def _serve_file(self, name: str) -> web.StreamResponse:
        path = self._page_dir / name
        if not _FILE.fullmatch(name) or not path.is_file():
            return web.Response(status=404, text=f"No such page file: {name}")
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
        return web.Response(body=path.read_bytes(), content_type=kind, charset=_charset(kind), headers=headers)

    async def _get_state(self, request: web.Request) -> web.StreamResponse:
        user = self._user_of(request)
        if user is None:
            return web.json_response({"ok": False, "text": "There is no such user."}, status=404)
        with self._state.changed:
            channels = [
                channel
                for channel in self._state.channels.values()
                if user.user_id in channel.members and not channel.is_archived
            ]
            tab = home(self._state, user.user_id)
            messages: Json = {}
            for channel in channels:
                found = self._state.messages(channel.channel_id)
                found += self._state.ephemerals(channel.channel_id, user.user_id)
                messages[channel.channel_id] = [self._message(message) for message in sorted(found, key=_order)]
            body: Json = {
                "team": {"id": self._bot.team_id, "name": self._bot.team_name},
                "me": _user(user),
                "users": [_user(other) for other in self._state.users.values()],
                "channels": [
                    {
                        "id": channel.channel_id,
                        "name": self._bot.name if channel.dm_user_id else channel.name,
                        "kind": channel.kind.value,
                        "topic": channel.topic,
                        "unread": 0,
                    }
                    for channel in channels
                ],
                "agents": {
                    channel.channel_id: self._state.agents[channel.channel_id].wire()
                    for channel in channels
                    if channel.channel_id in self._state.agents
                },
                "modals": [page_view(view) for view in modals(self._state, user.user_id)],
                "home": None if tab is None else page_view(tab),
                "shortcuts": [
                    {"name": one.name, "callback_id": one.callback_id, "description": one.description}
                    for one in self._bot.shortcuts
                ],
                "messages": messages,
                "commands": [
                    {
                        "command": command.command,
                        "description": command.description,
                        "usage_hint": command.usage_hint,
                    }
                    for command in self._bot.commands
                ],
                "bot": self._bot_state(),
            }
        return web.json_response(body, headers={"Cache-Control": "no-store"})

    async def _events(self, request: web.Request) -> web.StreamResponse:
        user = self._user_of(request)
        if user is None:
            return web.Response(status=404, text="There is no such user.")
        socket = web.WebSocketResponse(timeout=0.3, heartbeat=20.0)
        await socket.prepare(request)
        feed: asyncio.Queue[Json | None] = asyncio.Queue()
        self._feeds[feed] = user
        feed.put_nowait({"type": "connection", "bot": self._bot_state()})
        sender = asyncio.create_task(_pump(socket, feed))
        try:
            async for frame in socket:
                if frame.type is WSMsgType.ERROR:
                    break
        finally:
            del self._feeds[feed]
            sender.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await sender
        return socket

    def _broadcast(self, frame: Json) -> None:
        for feed in self._feeds:
            feed.put_nowait(frame)

    def _bot_state(self) -> Json:
        transport = self._delivery.transport
        return {
            "user_id": self._bot.user_id,
            "connected": transport == "http" or self._sockets.count > 0,
            "transport": transport,
        }

    def _user_of(self, request: web.Request) -> User | None:
        """The user a page shows the workspace to: the one it names, or the first person when it names none."""
        user_id = request.query.get("user")
        if user_id is None:
            return next((user for user in self._state.users.values() if not user.is_bot), None)
        return self._state.users.get(user_id)

    def _sees(self, user: User, message: Message) -> bool:
        if message.only_to is not None:
            return message.only_to == user.user_id
        return user.user_id in self._state.channels[message.channel_id].members

    def _message(self, message: Message) -> Json:
        author = self._state.users[message.user_id]
        return {
            "ts": message.ts,
            "user": author.user_id,
            "username": author.name,
            "is_bot": author.is_bot,
            "text": message.text,
            "blocks": list(message.blocks),
            "attachments": list(message.attachments),
            "thread_ts": message.thread_ts,
            "reply_count": self._state.reply_count(message),
            "edited": message.edited_ts,
            "ephemeral": message.only_to is not None,
            "deleted": False,
            "files": list(message.files),
            "reactions": [{"name": one.name, "users": list(one.user_ids)} for one in message.reactions],
            "streaming": bool(message.streaming),
            "reply_broadcast": message.reply_broadcast,
        }


async def _pump(socket: web.WebSocketResponse, feed: asyncio.Queue[Json | None]) -> None:
    with contextlib.suppress(ConnectionError):
        while (frame := await feed.get()) is not None:
            await socket.send_json(frame)
        await socket.close(code=1001)


def _order(message: Message) -> tuple[int, str]:
    return len(message.ts), message.ts


def _user(user: User) -> dict[str, Any]:
    return {
        "id": user.user_id,
        "name": user.name,
        "real_name": user.real_name,
        "is_bot": user.is_bot,
        "color": user.color,
    }


def _charset(kind: str) -> str | None:
    return "utf-8" if kind.startswith("text/") or kind.endswith(("javascript", "json", "svg+xml")) else None
