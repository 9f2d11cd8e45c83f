"""The web server: Slack's signed requests, and the pages that say whether the process is alive, ready and well."""

import hashlib
import hmac
import json
import logging
import re
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from io import BytesIO
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from slack_bolt import App
from slack_bolt.adapter.wsgi import SlackRequestHandler
from waitress import wasyncore  # type: ignore[import-untyped]
from waitress.server import create_server  # type: ignore[import-untyped]

from bot import metrics
from bot.slack.shapes import malformed

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

log = logging.getLogger(__name__)

SLACK_PATH = "/slack/events"
BODY_BYTES = 1024 * 1024
"""Largest request that is read: Slack's are some kilobytes, a page of blocks at most."""
SIGNED_WITHIN = timedelta(minutes=5)
"""Source: https://docs.slack.dev/authentication/verifying-requests-from-slack (older requests may be replays)."""
THREADS = 8
_TEXT = "text/plain; charset=utf-8"
_METRICS = "text/plain; version=0.0.4; charset=utf-8"
_TIMESTAMP = re.compile(r"\d{1,12}", re.ASCII)
_STATUS = {
    200: "200 OK",
    400: "400 Bad Request",
    401: "401 Unauthorized",
    404: "404 Not Found",
    405: "405 Method Not Allowed",
    413: "413 Content Too Large",
    503: "503 Service Unavailable",
}


class HttpServer:
    """Serves until stopped; `port` 0 takes a free one. Without `app` there is no Slack endpoint (Socket Mode).

    With `awaits_app` there is one that puts Slack off until `attach` brings the app.
    `not_ready` gives the reasons why the bot cannot work now; none means ready.
    Raises: OSError from the constructor when the port is taken, ValueError for an app without a signing secret.
    """

    def __init__(
        self,
        *,
        port: int,
        not_ready: Callable[[], tuple[str, ...]],
        now: Callable[[], datetime],
        app: App | None = None,
        awaits_app: bool = False,
        signing_secret: str = "",
        host: str = "0.0.0.0",  # noqa: S104 (a service: Slack, probes and Prometheus reach it from outside)
    ) -> None:
        if (app is not None or awaits_app) and not signing_secret.strip():
            raise ValueError("HTTP mode needs a signing secret: without one anybody could forge requests.")
        self._sockets: dict[Any, Any] = {}
        self._pages = Pages(not_ready=not_ready, now=now, app=app, signing_secret=signing_secret, awaits_app=awaits_app)
        self._server = create_server(
            self._pages,
            map=self._sockets,
            host=host,
            port=port,
            threads=THREADS,
            max_request_body_size=BODY_BYTES,
            ident=None,
            clear_untrusted_proxy_headers=True,
        )
        self._thread = Thread(target=self._server.run, name="http", daemon=True)

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return int(self._server.effective_port)

    def attach(self, app: App) -> None:
        """Hand Slack's requests to this app from now on."""
        self._pages.attach(app)

    def start(self) -> None:
        """Answer requests on a thread of its own."""
        self._thread.start()
        log.info("listening", extra={"port": self.port})

    def stop(self, timeout: timedelta = timedelta(seconds=5)) -> None:
        """Finish the requests that run, close every connection, within `timeout`."""
        self._server.task_dispatcher.shutdown(timeout=timeout.total_seconds())
        if not self._thread.is_alive():
            wasyncore.close_all(self._sockets)
            return
        # the loop's own thread must do it: closing under a running select would race
        self._server.trigger.pull_trigger(lambda: wasyncore.close_all(self._sockets))
        self._thread.join(timeout.total_seconds())


class Pages:
    """The WSGI application: Slack's endpoint guarded before Bolt sees a request, and three pages for operators.

    Bolt's own adapter answers 500 to malformed JSON and to a timestamp that is no number, which Slack would retry.
    """

    def __init__(
        self,
        *,
        not_ready: Callable[[], tuple[str, ...]],
        now: Callable[[], datetime],
        app: App | None,
        signing_secret: str,
        awaits_app: bool = False,
    ) -> None:
        self._not_ready = not_ready
        self._now = now
        self._secret = signing_secret.encode()
        self._slack = SlackRequestHandler(app, SLACK_PATH) if app is not None else None
        self._awaits_app = awaits_app

    def attach(self, app: App) -> None:
        """Hand Slack's requests to this app from now on."""
        self._slack = SlackRequestHandler(app, SLACK_PATH)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one request."""
        path, method = environ.get("PATH_INFO", ""), environ.get("REQUEST_METHOD", "GET")
        if path == SLACK_PATH and self._slack is not None:
            if method != "POST":
                return _plain(start_response, 405, "POST only", allow="POST")
            return self._from_slack(self._slack, environ, start_response)
        if path == SLACK_PATH and self._awaits_app:
            # Slack sends an event again after a refusal, three times within the hour.
            return _plain(start_response, 503, "not ready: Slack did not say who the bot is yet")
        if path not in ("/healthz", "/readyz", "/metrics"):
            return _plain(start_response, 404, "not found")
        if method not in ("GET", "HEAD"):
            return _plain(start_response, 405, "GET only", allow="GET, HEAD")
        if path == "/metrics":
            return _respond(start_response, 200, metrics.exposition(), _METRICS)
        if path == "/healthz":
            return _plain(start_response, 200, "ok")
        reasons = self._not_ready()
        return _plain(start_response, 503 if reasons else 200, "\n".join(reasons) or "ready")

    def _from_slack(
        self, slack: SlackRequestHandler, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(BODY_BYTES + 1)
        if len(body) > BODY_BYTES:
            return _plain(start_response, 413, "too large")
        if not self._is_signed(environ, body):
            log.info("a request without a valid signature was refused")
            return _plain(start_response, 401, "not signed by Slack")
        unreadable = _unreadable(body, environ.get("CONTENT_TYPE", ""))
        if unreadable:
            log.warning("a request that cannot be read was refused", extra={"field": unreadable})
            return _plain(start_response, 400, "malformed")
        environ["wsgi.input"] = BytesIO(body)
        environ["CONTENT_LENGTH"] = str(len(body))
        answered: Iterable[bytes] = slack(environ, start_response)
        return answered

    def _is_signed(self, environ: "WSGIEnvironment", body: bytes) -> bool:
        """Whether Slack signed this body within five minutes.

        Source: https://docs.slack.dev/authentication/verifying-requests-from-slack (v0 = HMAC-SHA256 of v0:time:body).
        """
        timestamp = environ.get("HTTP_X_SLACK_REQUEST_TIMESTAMP", "")
        signature = environ.get("HTTP_X_SLACK_SIGNATURE", "")
        if not _TIMESTAMP.fullmatch(timestamp):
            return False
        if abs(self._now().timestamp() - int(timestamp)) > SIGNED_WITHIN.total_seconds():
            return False
        wanted = hmac.new(self._secret, b"v0:" + timestamp.encode() + b":" + body, hashlib.sha256).hexdigest()
        return hmac.compare_digest(f"v0={wanted}".encode(), signature.encode())


def _unreadable(body: bytes, content_type: str) -> str:
    """What is wrong with a body that must be a JSON object, or a form whose `payload` is one; "" where nothing is."""
    try:
        text = body.decode()
        if content_type.startswith("application/json"):
            found = [json.loads(text)]
        else:
            found = [json.loads(payload) for payload in parse_qs(text, strict_parsing=True).get("payload", ())]
    except (ValueError, RecursionError):
        return "body"
    return next((wrong for each in found if (wrong := malformed(each) if isinstance(each, dict) else "body")), "")


def _plain(start_response: "StartResponse", status: int, text: str, *, allow: str = "") -> Iterable[bytes]:
    return _respond(start_response, status, f"{text}\n".encode(), _TEXT, allow=allow)


def _respond(
    start_response: "StartResponse", status: int, body: bytes, content_type: str, *, allow: str = ""
) -> Iterable[bytes]:
    headers = [("Content-Type", content_type), ("Content-Length", str(len(body)))]
    if allow:
        headers.append(("Allow", allow))
    start_response(_STATUS[status], headers)
    return [body]
