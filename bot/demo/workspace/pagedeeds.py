"""What people do on the browser page: send, press, choose, fill in a modal, open Home, use a shortcut."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from bot.demo.workspace.identity import Bot
from bot.demo.workspace.modals import Modals
from bot.demo.workspace.people import People
from bot.demo.workspace.records import Json, User
from bot.demo.workspace.roster import Roster
from bot.demo.workspace.state import State

_INVITE = re.compile(r"/invite\s+@([\w.-]*\w)\s*")

Deed = Callable[[Json, User], Awaitable[Json]]


class PageDeeds:
    """Serves the posts of the page; runs on the server's loop."""

    def __init__(self, *, state: State, bot: Bot, people: People, modals: Modals, roster: Roster) -> None:
        self._state = state
        self._bot = bot
        self._people = people
        self._modals = modals
        self._roster = roster

    def routes(self) -> list[web.RouteDef]:
        """Every address the page posts to."""
        return [
            web.post("/page/send", self._checked(self._in_channel(self._send))),
            web.post("/page/action", self._checked(self._in_channel(self._action))),
            web.post("/page/options", self._checked(self._in_channel(self._options))),
            web.post("/page/shortcut", self._checked(self._in_channel(self._shortcut))),
            web.post("/page/view/action", self._checked(self._view_action)),
            web.post("/page/view/options", self._checked(self._view_options)),
            web.post("/page/view/submit", self._checked(self._submit)),
            web.post("/page/view/close", self._checked(self._close)),
            web.post("/page/home", self._checked(self._home)),
        ]

    async def _send(self, body: Json, user: User, channel_id: str) -> Json:
        text, thread_ts = body.get("text"), body.get("thread_ts")
        if not isinstance(text, str) or not text.strip():
            return {"ok": False, "text": "Write something first."}
        if invited := _INVITE.fullmatch(text):
            return self._invite(invited[1], user, channel_id)
        if not text.startswith("/"):
            self._people.say(text, user=user.user_id, channel=channel_id, thread_ts=thread_ts or None)
            return {"ok": True}
        command, _, rest = text.strip().partition(" ")
        known = command in (item.command for item in self._bot.commands)
        if known and thread_ts:
            return {"ok": False, "text": f"{command} is not supported in threads. Sorry!"}
        result = await self._people.slash(rest, user=user.user_id, channel=channel_id, command=command)
        return {"ok": True} if result.ok else {"ok": False, "text": result.shown}

    def _invite(self, name: str, user: User, channel_id: str) -> Json:
        try:
            invited = self._state.user(name)
        except KeyError as exc:
            return {"ok": False, "text": str(exc.args[0])}
        if invited.user_id in self._state.channel(channel_id).members:
            return {"ok": False, "text": f"{invited.name} is in this channel already."}
        self._roster.invite(invited.user_id, channel=channel_id, by=user.user_id)
        return {"ok": True}

    async def _action(self, body: Json, user: User, channel_id: str) -> Json:
        error = await self._people.click(
            channel=channel_id,
            ts=str(body.get("ts")),
            action_id=str(body.get("action_id")),
            block_id=body.get("block_id"),
            user=user.user_id,
            value=body.get("value"),
            option=body.get("option"),
        )
        return _answer(error)

    async def _options(self, body: Json, user: User, channel_id: str) -> Json:
        found = await self._people.suggest(
            channel=channel_id,
            ts=str(body.get("ts")),
            action_id=str(body.get("action_id")),
            block_id=body.get("block_id"),
            typed=str(body.get("typed") or ""),
            user=user.user_id,
        )
        return {"ok": True, **found}

    async def _shortcut(self, body: Json, user: User, channel_id: str) -> Json:
        error = await self._people.shortcut(
            str(body.get("callback_id")), channel=channel_id, ts=str(body.get("ts")), user=user.user_id
        )
        return _answer(error)

    async def _view_action(self, body: Json, user: User) -> Json:
        self._fill(body, user)
        error = await self._modals.act(
            str(body.get("action_id")),
            user=user.user_id,
            value=body.get("value"),
            option=body.get("option"),
            view_id=body.get("view_id"),
            block_id=body.get("block_id"),
        )
        return _answer(error)

    async def _view_options(self, body: Json, user: User) -> Json:
        found = await self._modals.suggest(
            str(body.get("action_id")),
            str(body.get("typed") or ""),
            user=user.user_id,
            view_id=body.get("view_id"),
            block_id=body.get("block_id"),
        )
        return {"ok": True, **found}

    async def _submit(self, body: Json, user: User) -> Json:
        self._fill(body, user)
        done = await self._modals.submit(user=user.user_id, view_id=body.get("view_id"))
        return {"ok": done.ok, "errors": dict(done.errors), "text": done.shown or ""}

    async def _close(self, body: Json, user: User) -> Json:
        await self._modals.close(user=user.user_id, all_of_them=bool(body.get("all")))
        return {"ok": True}

    async def _home(self, body: Json, user: User) -> Json:
        self._modals.open_home(user=user.user_id, tab="home" if body.get("tab") == "home" else "messages")
        return {"ok": True}

    def _fill(self, body: Json, user: User) -> None:
        values = body.get("values") or {}
        if values:
            self._modals.enter(values, user=user.user_id, view_id=body.get("view_id"))

    def _in_channel(self, act: Callable[[Json, User, str], Awaitable[Json]]) -> Deed:
        """A deed in a conversation the user is in."""

        async def deed(body: Json, user: User) -> Json:
            channel = self._state.channel(str(body["channel"]))
            if user.user_id not in channel.members:
                raise PermissionError("You are not in this channel.")
            return await act(body, user, channel.channel_id)

        return deed

    def _checked(self, act: Deed) -> Handler:
        """The handler of a JSON post by a known user; what cannot be done is answered in words."""

        async def handle(request: web.Request) -> web.StreamResponse:
            try:
                if request.content_type != "application/json":
                    raise ValueError
                body: dict[str, Any] = json.loads(await request.text())
                user = self._state.users[body["user"]]
                if "channel" in body:
                    self._state.channel(str(body["channel"]))
            except (ValueError, KeyError, TypeError):
                text = "Send JSON with a known user and channel."
                return web.json_response({"ok": False, "text": text}, status=400)
            try:
                return web.json_response(await act(body, user))
            except PermissionError as exc:
                return web.json_response({"ok": False, "text": str(exc)}, status=403)
            except (LookupError, ConnectionError) as exc:
                return web.json_response({"ok": False, "text": str(exc.args[0])})

        return handle


def _answer(error: str | None) -> Json:
    return {"ok": True} if error is None else {"ok": False, "text": f"This did not work: {error}"}
