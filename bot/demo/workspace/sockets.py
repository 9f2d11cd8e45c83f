"""Socket Mode: one-use tickets, open sockets, envelopes out and acknowledgements in; runs on the server's loop.

Source: https://docs.slack.dev/apis/events-api/using-socket-mode (hello, envelopes, acks, disconnect, 10 sockets).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import secrets
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import WSMsgType, web

SOCKETS_HIGH = 10

log = logging.getLogger(__name__)


OnAck = Callable[[Mapping[str, Any]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waiting:
    answer: asyncio.Future[Mapping[str, Any]]
    on_ack: OnAck


class Sockets:
    """The bot's open sockets; an envelope goes to one of them, in turn."""

    def __init__(self, *, app_id: str, on_change: Callable[[], None]) -> None:
        self._app_id = app_id
        self._on_change = on_change
        self._tickets: set[str] = set()
        self._open: deque[tuple[web.WebSocketResponse, web.Request]] = deque()
        self._waiting: dict[str, deque[_Waiting]] = {}

    @property
    def count(self) -> int:
        """How many bot sockets are open."""
        return len(self._open)

    def ticket(self) -> str:
        """A ticket that opens one socket once."""
        ticket = secrets.token_urlsafe(12)
        self._tickets.add(ticket)
        return ticket

    async def link(self, request: web.Request) -> web.StreamResponse:
        """Serve one socket until either side ends it."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            return web.Response(status=401, text="invalid ticket")
        self._tickets.discard(ticket)
        socket = web.WebSocketResponse(timeout=0.3, heartbeat=20.0)
        await socket.prepare(request)
        entry = (socket, request)
        self._open.append(entry)
        self._on_change()
        try:
            await socket.send_json(
                {
                    "type": "hello",
                    "num_connections": self.count,
                    "debug_info": {
                        "host": "local",
                        "build_number": 1,
                        "approximate_connection_time": 18060,
                    },
                    "connection_info": {"app_id": self._app_id},
                }
            )
            async for frame in socket:
                if frame.type is WSMsgType.TEXT:
                    self._acknowledge(frame.data)
        except ConnectionError:
            log.info("a bot socket was lost")
        finally:
            self._forget(entry)
        return socket

    async def deliver(
        self, envelope: Mapping[str, Any], timeout_seconds: float, on_ack: OnAck
    ) -> Mapping[str, Any] | None:
        """Send an envelope to the next socket and wait: the ack's payload, or None when none came in time.

        `on_ack` is called the moment the ack is read, so that what it shows stands before what the bot does next.
        Raises: ConnectionError when no socket is open.
        """
        envelope_id = str(envelope["envelope_id"])
        waiting = _Waiting(answer=asyncio.get_running_loop().create_future(), on_ack=on_ack)
        queue = self._waiting.setdefault(envelope_id, deque())
        queue.append(waiting)
        try:
            async with asyncio.timeout(timeout_seconds):
                await self._send(envelope)
                return await waiting.answer
        except TimeoutError:
            return None
        finally:
            if waiting in queue:
                queue.remove(waiting)
            if not queue:
                self._waiting.pop(envelope_id, None)

    async def disconnect(self, reason: str, *, close_after_seconds: float) -> None:
        """Ask every socket to reconnect (`warning`, `refresh_requested`), then close those that asked for it."""
        entries = tuple(self._open)
        for socket, _ in entries:
            with contextlib.suppress(ConnectionError):
                await socket.send_json({"type": "disconnect", "reason": reason, "debug_info": {"host": "local"}})
        if reason == "warning":
            return
        for entry in entries:
            self._forget(entry)
        await asyncio.sleep(close_after_seconds)
        for socket, _ in entries:
            await socket.close()

    def drop(self) -> None:
        """Cut every socket without a close frame."""
        for entry in tuple(self._open):
            self._forget(entry)
            if entry[1].transport is not None:
                entry[1].transport.abort()

    async def close(self) -> None:
        """Close every socket with a close frame, then without."""
        entries = tuple(self._open)
        await asyncio.gather(*(socket.close(code=1001) for socket, _ in entries), return_exceptions=True)
        self.drop()

    async def _send(self, envelope: Mapping[str, Any]) -> None:
        while self._open:
            socket, _ = self._open[0]
            self._open.rotate(-1)
            try:
                await socket.send_str(json.dumps(envelope))
            except ConnectionError:
                self._forget(next(entry for entry in self._open if entry[0] is socket))
            else:
                return
        raise ConnectionError("no bot socket is open")

    def _acknowledge(self, frame: str) -> None:
        try:
            ack = json.loads(frame)
            queue = self._waiting.get(ack["envelope_id"])
        except (ValueError, KeyError, TypeError):
            log.warning("a bot sent a frame that is no acknowledgement")
            return
        if queue:
            payload = ack.get("payload")
            body = payload if isinstance(payload, dict) else {}
            waiting = queue.popleft()
            waiting.on_ack(body)
            if not waiting.answer.done():
                waiting.answer.set_result(body)

    def _forget(self, entry: tuple[web.WebSocketResponse, web.Request]) -> None:
        if entry in self._open:
            self._open.remove(entry)
            self._on_change()
