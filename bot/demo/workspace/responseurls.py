"""response_url: a private way to answer one command or click, 5 times within 30 minutes.

Source: https://docs.slack.dev/interactivity/handling-user-interaction (5 uses in 30 minutes, response_type,
replace_original, delete_original).
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from bot.demo.workspace.chat import is_true
from bot.demo.workspace.content import MethodError, accept_content, read_content
from bot.demo.workspace.identity import Bot
from bot.demo.workspace.records import Message
from bot.demo.workspace.state import State

USES_HIGH = 5
LIFETIME = timedelta(minutes=30)


@dataclass(slots=True, kw_only=True)
class _Grant:
    channel_id: str
    user_id: str
    issued_at: datetime
    origin: Message | None
    uses: int = 0


class ResponseUrls:
    """Issues response URLs and carries out what is posted to them; runs on the server's loop."""

    def __init__(self, *, state: State, bot: Bot) -> None:
        self._state = state
        self._bot = bot
        self._grants: dict[str, _Grant] = {}

    def issue(self, base_url: str, *, channel_id: str, user_id: str, origin: Message | None) -> str:
        """A new URL to answer `user_id` in `channel_id`; `origin` is the message that was clicked."""
        token = secrets.token_urlsafe(18)
        self._grants[token] = _Grant(channel_id=channel_id, user_id=user_id, issued_at=self._state.now(), origin=origin)
        folder = "commands" if origin is None else "actions"
        return f"{base_url}hook/{folder}/{self._bot.team_id}/{token}"

    async def hook(self, request: web.Request) -> web.Response:
        """Answer one post to a response URL, with Slack's words when it is refused."""
        grant = self._grants.get(request.match_info["token"])
        if grant is None or self._state.now() - grant.issued_at >= LIFETIME:
            return _refused("expired_url")
        if grant.uses >= USES_HIGH:
            return _refused("used_url")
        try:
            body = json.loads(await request.text())
        except ValueError:
            return web.Response(status=400, text="invalid_payload")
        if not isinstance(body, dict):
            return web.Response(status=400, text="invalid_payload")
        try:
            self._carry_out(grant, body)
        except MethodError as exc:
            return web.Response(status=400, text=exc.error)
        grant.uses += 1
        return web.Response(text="ok")

    def answer(self, channel_id: str, user_id: str, body: Mapping[str, Any]) -> Message:
        """Post what an acknowledgement or a response URL said: to the user alone, or in the channel.

        Raises: MethodError as chat.postMessage would.
        """
        content = accept_content(read_content(body), self._state)
        in_channel = body.get("response_type") == "in_channel"
        return self._state.post(
            Message(
                ts=self._state.next_ts(),
                channel_id=channel_id,
                user_id=self._bot.user_id,
                bot_id=self._bot.bot_id,
                app_id=self._bot.app_id,
                text=content.text or "",
                blocks=content.blocks or (),
                attachments=content.attachments or (),
                metadata=content.metadata,
                thread_ts=str(body["thread_ts"]) if body.get("thread_ts") else None,
                only_to=None if in_channel else user_id,
            )
        )

    def _carry_out(self, grant: _Grant, body: Mapping[str, Any]) -> None:
        origin = grant.origin
        current = None
        if origin is not None:
            current = self._state.find(origin.channel_id, origin.ts, origin.only_to)
        if is_true(body.get("delete_original")):
            if current is not None:
                self._state.delete(current)
            return
        # The URL of a slash command has no original: replace_original is accepted there and adds a message all the
        # same. Source: slackapi/bolt-js#2287, slackapi/bolt-python#1268.
        if is_true(body.get("replace_original")) and current is not None:
            content = accept_content(read_content(body), self._state)
            self._state.change(
                replace(
                    current,
                    text=content.text or "",
                    blocks=content.blocks or (),
                    attachments=content.attachments or (),
                    edited_ts=None,
                )
            )
            return
        self.answer(grant.channel_id, grant.user_id, body)


def _refused(error: str) -> web.Response:
    return web.json_response({"ok": False, "error": error}, status=404)
