"""HTTP/1.1 on a loopback port, one event loop: connections are kept, delayed answers hold no thread."""

import asyncio
import threading
from email.utils import formatdate
from urllib.parse import urlsplit

from .answers import REQUEST_ID, Answer, Ending, Request
from .engine import Engine

_REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found"}
_REASONS |= {429: "Too Many Requests", 500: "Internal Server Error", 503: "Service Unavailable"}


class _Connection(asyncio.Protocol):
    """One client connection; answers a request before it looks at the next."""

    def __init__(self, listener: "Listener") -> None:
        self._listener = listener
        self._received = bytearray()
        self._busy = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._transport = transport
            self._listener.connections.add(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._transport:
            self._listener.connections.discard(self._transport)
        self._transport = None

    def data_received(self, data: bytes) -> None:
        self._received += data
        self._next()

    def _next(self) -> None:
        while not self._busy and (request := self._taken()):
            self._busy = True
            answer = self._listener.engine.handle(request)
            if answer.ending is Ending.HANG:
                self._listener.engine.finished()  # Still busy: nothing more is answered on this connection.
            elif answer.delay:
                self._listener.loop.call_later(answer.delay, self._send, answer)
            else:
                self._send(answer)

    def _taken(self) -> Request | None:
        """The next whole request that has arrived, taken out of what was received."""
        end = self._received.find(b"\r\n\r\n")
        if end < 0:
            return None
        lines = self._received[:end].decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        length = int(headers.get("content-length", "0"))
        if len(self._received) < end + 4 + length:
            return None
        body = bytes(self._received[end + 4 : end + 4 + length])
        del self._received[: end + 4 + length]
        method, target, _ = lines[0].split(" ", 2)
        parts = urlsplit(target)
        return Request(method=method, path=parts.path, query=parts.query, headers=headers, body=body)

    def _send(self, answer: Answer) -> None:
        self._listener.engine.finished()
        if self._transport is None:
            return
        if answer.ending is Ending.RESET:
            self._transport.abort()
            return
        head = [
            f"HTTP/1.1 {answer.status} {_REASONS.get(answer.status, 'Error')}",
            f"Date: {formatdate(self._listener.engine.now(), usegmt=True)}",
            f"Content-Type: {answer.content_type}",
            f"Content-Length: {len(answer.body)}",
            f"x-amzn-RequestId: {REQUEST_ID}",
            *(f"{name}: {value}" for name, value in answer.headers),
        ]
        self._transport.write("\r\n".join([*head, "", ""]).encode())
        if answer.ending is Ending.TRUNCATED:
            self._transport.write(answer.body[: len(answer.body) // 2])
            self._transport.close()
            return
        self._transport.write(answer.body)
        self._busy = False
        # The next request of a client that did not wait is served from the loop, not from within this one.
        if self._received:
            self._listener.loop.call_soon(self._next)


class Listener:
    """The port and its event loop; `run` is one thread's work until `stop`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.loop = asyncio.new_event_loop()
        self.connections: set[asyncio.Transport] = set()
        self._server = self.loop.run_until_complete(
            self.loop.create_server(lambda: _Connection(self), "127.0.0.1", 0, backlog=1024)
        )
        self.port: int = self._server.sockets[0].getsockname()[1]
        self._thread: threading.Thread | None = None

    def run(self) -> None:
        """Serve until `stop`."""
        try:
            self.loop.run_forever()
        finally:
            self._server.close()
            for transport in tuple(self.connections):
                transport.abort()
            self.loop.run_until_complete(self._server.wait_closed())
            self.loop.run_until_complete(asyncio.sleep(0))
            self.loop.close()

    def stop(self) -> None:
        """End `run`, from any thread."""
        self.loop.call_soon_threadsafe(self.loop.stop)
