"""The Web API over HTTP: arguments, tokens, faults, rate limits, then the method; Slack's errors in Slack's form."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from bot.demo.workspace.chat import Desk
from bot.demo.workspace.content import MethodError
from bot.demo.workspace.faults import Fault, FaultKind, Faults
from bot.demo.workspace.identity import BOT_SCOPES
from bot.demo.workspace.methods import METHODS
from bot.demo.workspace.ratelimits import RateLimits, Throttle
from bot.demo.workspace.records import Call, Channel, Json
from bot.demo.workspace.sockets import SOCKETS_HIGH, Sockets

log = logging.getLogger(__name__)

_OPEN = "apps.connections.open"
_NO_TOKEN = frozenset({"api.test"})


class WebApi:
    """Serves `/api/{method}`; runs on the server's loop."""

    def __init__(self, *, desk: Desk, faults: Faults, limits: RateLimits, sockets: Sockets) -> None:
        self.calls: list[Call] = []
        self.socket_url = ""
        self.token_error: str | None = None
        self._desk = desk
        self._faults = faults
        self._throttle = Throttle(limits)
        self._sockets = sockets

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer one call."""
        method = request.match_info["method"]
        try:
            params = await _read_params(request)
        except ValueError:
            return self._answer(method, {}, {"ok": False, "error": "invalid_json"})
        token = _token(request, params)
        params.pop("token", None)
        try:
            self._authorize(method, token)
        except MethodError as exc:
            return self._answer(method, params, _failure(exc))
        channel = self._channel(params)
        names = frozenset() if channel is None else frozenset({channel.channel_id, channel.name, f"#{channel.name}"})
        fault = self._faults.take(method, names)
        lost = False
        if fault is not None:
            if fault.kind is not FaultKind.LOSE_REPLY:
                return self._fail(method, params, fault)
            lost = True
        else:
            wait_seconds = self._throttle.retry_after(method, channel.channel_id if channel else "")
            if wait_seconds:
                return self._limited(method, params, wait_seconds)
        response = self._answer(method, params, self._run(method, params), lost=lost)
        if slow_seconds := self._faults.slow_seconds(method):
            await asyncio.sleep(slow_seconds)
        if lost and request.transport is not None:
            request.transport.abort()
        return response

    def _authorize(self, method: str, token: str | None) -> None:
        if method not in METHODS and method != _OPEN:
            raise MethodError("unknown_method")
        if method in _NO_TOKEN:
            return
        if not token:
            raise MethodError("not_authed")
        bot = self._desk.bot
        wanted, other = bot.bot_token, bot.app_token
        if method == _OPEN:
            wanted, other = other, wanted
        if token == other:
            raise MethodError("not_allowed_token_type")
        if token != wanted:
            raise MethodError("invalid_auth")
        if self.token_error is not None:
            raise MethodError(self.token_error)

    def _run(self, method: str, params: Mapping[str, Any]) -> Json:
        try:
            if method == _OPEN:
                if self._sockets.count >= SOCKETS_HIGH:
                    raise MethodError("too_many_websockets")
                return {"ok": True, "url": f"{self.socket_url}?ticket={self._sockets.ticket()}"}
            return {"ok": True, **METHODS[method](self._desk, params)}
        except MethodError as exc:
            return _failure(exc)
        except (ValueError, TypeError) as exc:
            # An argument of the wrong type: Slack says so rather than fail.
            return _failure(MethodError("invalid_arguments", (f"[ERROR] {exc}",)))

    def _fail(self, method: str, params: Mapping[str, Any], fault: Fault) -> web.Response:
        if fault.kind is FaultKind.RATE_LIMIT:
            return self._limited(method, params, fault.retry_after_seconds)
        if fault.kind is FaultKind.SERVER_ERROR:
            self._record(method, params, f"HTTP {fault.status}")
            return web.Response(status=fault.status, text="upstream connect error", content_type="text/plain")
        return self._answer(method, params, {"ok": False, "error": fault.code})

    def _limited(self, method: str, params: Mapping[str, Any], seconds: int) -> web.Response:
        """HTTP 429 as Slack sends it. Source: https://docs.slack.dev/apis/web-api/rate-limits."""
        self._record(method, params, "ratelimited")
        headers = {"Retry-After": str(seconds)}
        return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers=headers)

    def _answer(self, method: str, params: Mapping[str, Any], body: Json, *, lost: bool = False) -> web.Response:
        self._record(method, params, "lost" if lost else "ok" if body["ok"] else str(body["error"]))
        headers = {"X-OAuth-Scopes": ",".join(BOT_SCOPES)}
        return web.json_response(body, headers=headers)

    def _record(self, method: str, params: Mapping[str, Any], outcome: str) -> None:
        state = self._desk.state
        with state.changed:
            self.calls.append(Call(method=method, params=params, at=state.now(), outcome=outcome))
            state.notify()
        if outcome not in ("ok", "lost"):
            log.info("Web API call refused", extra={"method": method, "outcome": outcome})

    def _channel(self, params: Mapping[str, Any]) -> Channel | None:
        try:
            return self._desk.state.channel(str(params.get("channel") or params.get("channel_id") or ""))
        except KeyError:
            return None


def _failure(exc: MethodError) -> Json:
    body: Json = {"ok": False, "error": exc.error}
    if exc.messages:
        # Both lists are Slack's: `errors` without the level and `response_metadata.messages` with it.
        body["errors"] = [message.removeprefix("[ERROR] ") for message in exc.messages]
        body["response_metadata"] = {"messages": list(exc.messages)}
    return body


async def _read_params(request: web.Request) -> dict[str, Any]:
    params: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        body = json.loads(await request.text() or "{}")
        if not isinstance(body, dict):
            raise ValueError("the body is not a JSON object")
        return {**params, **{name: value for name, value in body.items() if value is not None}}
    form = await request.post()
    return {**params, **{name: value for name, value in form.items() if isinstance(value, str)}}


def _token(request: web.Request, params: Mapping[str, Any]) -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token:
        return token.strip()
    value = params.get("token")
    return value if isinstance(value, str) else None
