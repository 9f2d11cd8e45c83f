"""Slack's side of the fuzz: Web API and response URLs on the loopback interface, and what could not be sent there."""

import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from bot.demo.workspace.blockkit import problems
from bot.demo.workspace.elements import check_options
from bot.demo.workspace.findings import Findings
from bot.demo.workspace.viewkit import is_too_large

from .deliveries import BOT, EVE, TEAM, XENA, Json

SAYING = frozenset({"chat.postMessage", "chat.update", "chat.postEphemeral", "hook"})
SHOWING = frozenset({"views.open", "views.update", "views.publish"})
_ADVICE = "of Markdown shows"
"""The checker's advice about a person's own stars and brackets, which are to show as they were typed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One call: the Web API method or `hook`, and what it was sent."""

    method: str
    params: Json

    @property
    def says(self) -> bool:
        """Whether a person sees something of it."""
        return self.method in SAYING | SHOWING

    @property
    def is_queued(self) -> bool:
        """Whether it came from the outbox or a board, which send when they will; replies edit nothing here."""
        return "metadata" in self.params or self.method == "chat.update"

    @property
    def shown(self) -> str:
        """All of it as text."""
        return json.dumps(self.params, ensure_ascii=False)

    @property
    def faults(self) -> list[str]:
        """What Slack or a reader could not take of it."""
        if self.method in SAYING:
            return [fault for fault in problems(self.params) if _ADVICE not in fault]
        if self.method in SHOWING:
            view = self.params.get("view")
            if not isinstance(view, dict):
                return ["no view"]
            large = ["view_too_large"] if is_too_large(view) else []
            return large + [fault for fault in problems(view, str(view.get("type"))) if _ADVICE not in fault]
        return []


def option_faults(body: str) -> list[str]:
    """What Slack could not take of the options offered in an acknowledgement."""
    options = json.loads(body or "{}").get("options")
    if not isinstance(options, list):
        return ["no list of options"]
    findings = Findings("modal")
    if options:
        check_options(findings, {"options": options}, "", high=100)
    return [str(finding) for finding in findings.found if finding.code is not None]


@dataclass
class Outside:
    """What came in, in order, and what failed on this side."""

    sent: list[Sent] = field(default_factory=list)
    url: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)
    count: int = 0

    def taken(self) -> list[Sent]:
        """What came in since the last look."""
        with self.lock:
            found, self.sent = self.sent, []
        return found

    def answer(self, method: str, params: Json) -> Json:
        """Slack's answer to a call."""
        with self.lock:
            self.count += 1
            ts = f"1790000000.{self.count:06d}"
            if method != "auth.test":
                self.sent.append(Sent(method=method, params=params))
        channel = str(params.get("channel") or "C0OPEN0000")
        answers: dict[str, Json] = {
            "auth.test": {"team_id": TEAM, "user_id": BOT, "bot_id": "BBOT"},
            "users.info": {"user": _person(str(params.get("user") or ""))},
            "conversations.info": {"channel": {"id": channel, "name": "ops"}},
            "conversations.open": {"channel": {"id": "D0ANAANA00"}},
            "chat.postEphemeral": {"message_ts": ts},
            "views.open": {"view": {"id": "V1"}},
        }
        return {"ok": True, "ts": ts, "channel": channel} | answers.get(method, {})


def _person(user_id: str) -> Json:
    return {
        "id": user_id,
        "name": "ana",
        "team_id": "T0ELSEWHERE" if user_id == XENA else TEAM,
        "is_restricted": user_id == EVE,
        "tz": "Europe/Berlin",
        "profile": {"display_name": "Ana"},
    }


@contextmanager
def outside() -> Iterator[Outside]:
    """The endpoint, listening until the block ends."""
    found = Outside()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length).decode()
            path = urlsplit(self.path).path
            if path.startswith("/hook/"):
                found.answer("hook", json.loads(body))
                self._reply(b"ok", "text/plain")
                return
            is_json = self.headers.get("Content-Type", "").startswith("application/json")
            params = json.loads(body or "{}") if is_json else _form(body)
            answer = found.answer(path.rpartition("/")[2], params)
            self._reply(json.dumps(answer).encode(), "application/json")

        def _reply(self, body: bytes, kind: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("x-oauth-scopes", "chat:write,commands,users:read,channels:read")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            logging.getLogger("fuzz.outside").debug(format, *args)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    found.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def _form(body: str) -> Json:
    """A form's fields; those that hold JSON, as slack_sdk sends blocks and views, read."""
    fields = parse_qsl(body, keep_blank_values=True)
    return {name: json.loads(value) if name in ("blocks", "view", "attachments") else value for name, value in fields}
