"""Socket Mode: several connections at once, so that one that drops loses no command."""

import logging
import time
from contextlib import suppress
from datetime import timedelta
from socket import SHUT_RDWR
from threading import Event, Thread

from slack_bolt import App
from slack_bolt.adapter.socket_mode.builtin import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError
from slack_sdk.socket_mode.builtin import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from bot.slack.sending import CALL_SECONDS, SEND_ERRORS
from bot.slack.shapes import malformed

log = logging.getLogger(__name__)

PING_SECONDS = 1.5
"""Time between two pings: a silent connection counts as lost after four of them, 6 s (Bolt's own 10 s make 40)."""
WATCH_SECONDS = 0.5
"""Time between two looks for a connection whose ping could not be sent: slack_sdk itself waits for five such pings."""
CONNECT_PAUSES = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds between attempts to connect while Slack is away; apps.connections.open is limited to about one a minute.

Source: https://docs.slack.dev/reference/methods/apps.connections.open (tier 1).
"""
ENVELOPES_AT_ONCE = 10
"""Envelopes each connection hands to Bolt at the same time; each waits for an acknowledgement only."""


class SocketRunner:
    """Holds `sockets` connections for one Bolt app and opens them again whenever they close."""

    def __init__(
        self, app: App, *, app_token: str, api_url: str, sockets: int = 2, ping_seconds: float = PING_SECONDS
    ) -> None:
        self._handlers = [
            _Handler(
                app,
                app_token,
                logger=_quiet(),
                web_client=WebClient(base_url=api_url, timeout=CALL_SECONDS, retry_handlers=[], logger=_quiet()),
                ping_interval=ping_seconds,
                concurrency=ENVELOPES_AT_ONCE,
            )
            for _ in range(sockets)
        ]
        self._stopping = Event()
        self._threads: list[Thread] = []

    def start(self) -> None:
        """Open the connections in the background, trying until Slack lets us."""
        for number, handler in enumerate(self._handlers, start=1):
            keeper = Thread(target=self._keep, args=(handler,), name=f"socket-{number}", daemon=True)
            self._threads.append(keeper)
            keeper.start()

    def connected(self) -> int:
        """How many connections are open now; one is enough to be asked."""
        return sum(_is_open(handler.client) for handler in self._handlers)

    def wait_connected(self, timeout: timedelta) -> bool:
        """Whether every connection was open within `timeout`."""
        deadline = time.monotonic() + timeout.total_seconds()
        while self.connected() < len(self._handlers):
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.02)
        return True

    def stop(self, timeout: timedelta = timedelta(seconds=5)) -> None:
        """Close every connection, all at the same time, within `timeout`."""
        self._stopping.set()
        deadline = time.monotonic() + timeout.total_seconds()
        # the keepers first: one that is just opening a connection would leave it behind
        _join(self._threads, min(deadline, time.monotonic() + timeout.total_seconds() / 2))
        closers = [Thread(target=_close, args=(handler,), daemon=True) for handler in self._handlers]
        for closer in closers:
            closer.start()
        _join(closers, deadline)

    def _keep(self, handler: SocketModeHandler) -> None:
        """Open the connection, then look after it; slack_sdk opens it again when it is closed."""
        attempt = 0
        while not self._stopping.is_set() and not self._opened(handler.client):
            self._stopping.wait(CONNECT_PAUSES[min(attempt, len(CONNECT_PAUSES) - 1)])
            attempt += 1
        if not self._stopping.is_set():
            log.info("connected to Slack", extra={"open": self.connected(), "wanted": len(self._handlers)})
        while not self._stopping.wait(WATCH_SECONDS):
            if _is_broken(handler.client):
                log.info("a connection to Slack broke; opening another")
                self._reopened(handler.client)

    def _opened(self, client: SocketModeClient) -> bool:
        try:
            client.connect()
        except (*SEND_ERRORS, SlackClientError) as exc:
            log.warning("Slack's socket could not be opened", extra={"reason": str(exc)[:200]})
        client.wss_uri = None  # an address is good for one attempt
        return _is_open(client)

    def _reopened(self, client: SocketModeClient) -> None:
        try:
            client.connect_to_new_endpoint(force=True)
        except (*SEND_ERRORS, SlackClientError) as exc:
            log.warning("Slack's socket could not be opened", extra={"reason": str(exc)[:200]})


class _Handler(SocketModeHandler):
    """Bolt's handler, which leaves alone what Bolt would fail on: acknowledged, since Slack would send it again."""

    def handle(self, client: SocketModeClient, req: SocketModeRequest) -> None:  # type: ignore[override]
        """Give one envelope to Bolt."""
        wrong = malformed(req.payload) if isinstance(req.payload, dict) else "payload"
        if wrong:
            log.warning("an envelope that cannot be read was left alone", extra={"field": wrong})
            client.send_socket_mode_response(SocketModeResponse(envelope_id=req.envelope_id))
            return
        super().handle(client, req)


def _join(threads: list[Thread], deadline: float) -> None:
    for thread in threads:
        thread.join(max(deadline - time.monotonic(), 0.0))


def _is_open(client: SocketModeClient) -> bool:
    return bool(client.is_connected())


def _is_broken(client: SocketModeClient) -> bool:
    """Whether the last ping could not be sent: the other side is gone, whatever the connection's state says."""
    session = client.current_session
    return session is not None and session.is_active() and session.consecutive_check_state_error_count > 0


def _close(handler: SocketModeHandler) -> None:
    handler.client.auto_reconnect_enabled = False
    session = handler.client.current_session
    if session is not None and session.sock is not None:
        # slack_sdk would wait for its receiving thread, which looks up every 3 s
        with suppress(OSError):
            session.sock.shutdown(SHUT_RDWR)
    try:
        handler.client.close()
    except (*SEND_ERRORS, SlackClientError, RuntimeError) as exc:
        log.info("a socket did not close cleanly", extra={"reason": str(exc)[:200]})


def _quiet() -> logging.Logger:
    """slack_sdk's logger from WARNING on; without a level of its own it would format every message for nothing."""
    quiet = logging.getLogger("slack_sdk.socket_mode.eksip")
    if quiet.level == logging.NOTSET:
        quiet.setLevel(logging.WARNING)
    return quiet
