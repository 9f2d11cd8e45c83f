"""A real app with a small dispatcher, connected to a local workspace over sockets or signed HTTP."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bot.asking.command import Request
from bot.config import Settings, load
from bot.demo.workspace import Workspace
from bot.message import Button, Controls, Failure, Menu, Message, Strong, Tone, Visibility
from bot.slack.app import SlackApp, build_app
from bot.slack.http import SLACK_PATH, HttpServer
from bot.slack.socket import SocketRunner


def now() -> datetime:
    """The wall clock: Slack's signatures and timestamps are checked against it."""
    return datetime.now(UTC)  # noqa: TID251 (tests of real servers need the real time)


@dataclass
class Answers:
    """A small dispatcher: records every request, and answers by its words."""

    requests: list[Request] = field(default_factory=list)
    release: threading.Event = field(default_factory=threading.Event)

    def __call__(self, request: Request) -> Message:
        """The answer to a request; "slow N" takes N seconds, "hold" waits for `release`."""
        self.requests.append(request)
        words = request.text.split()
        if words[:1] == ["slow"]:
            time.sleep(float(words[1]))
        if words[:1] == ["hold"]:
            self.release.wait(60)
        if words[:1] == ["defect"]:
            raise RuntimeError("a defect")
        if words[:1] == ["wrong"]:
            text = "I do not know “wrong”."
            return Message(text=text, failure=Failure(kind="user", message=text, suggestions=("status", "help")))
        shared = words[-1:] == ["share"]
        return Message(
            text=f"Answer to {request.text}.",
            tone=Tone.GOOD,
            verdict=(Strong("Answer"), f" to {request.text}"),
            parts=(
                Controls(
                    items=(
                        Button(label="Why?", command="why"),
                        Button(label="Docs", command="", url="https://example.com/docs"),
                        Menu(label="More", options=(("Two", "two"), ("Three", "three"))),
                    )
                ),
            ),
            command=request.text,
            visibility=Visibility.IN_CHANNEL if shared else Visibility.EPHEMERAL,
        )

    def texts(self) -> list[str]:
        """The texts asked so far."""
        return [request.text for request in self.requests]


@dataclass
class Seen:
    """The store's part of telling deliveries apart."""

    keys: set[str] = field(default_factory=set)
    broken: bool = False

    def __call__(self, key: str, at: datetime) -> bool:
        """Whether the key is new."""
        if self.broken:
            raise RuntimeError("the database is away")
        new = key not in self.keys
        self.keys.add(key)
        return new


def settings_for(workspace: Workspace, *, http: bool = False, workers: int = 8) -> Settings:
    """Settings that talk to a workspace, over its sockets or by signed HTTP."""
    environ = {
        "SLACK_BOT_TOKEN": workspace.bot_token,
        "SLACK_SIGNING_SECRET": workspace.signing_secret if http else "",
        "SLACK_APP_TOKEN": "" if http else workspace.app_token,
        "EKSIP_SLACK__API_URL": workspace.api_url,
        "EKSIP_SLACK__WORKERS": str(workers),
    }
    return load(environ, {})


@dataclass(frozen=True, kw_only=True)
class SmallBot:
    """A workspace, the app in it, and what it was asked."""

    workspace: Workspace
    app: SlackApp
    answers: Answers
    seen: Seen


@contextmanager
def over_sockets(*, workers: int = 8) -> Iterator[tuple[SmallBot, SocketRunner]]:
    """The bot connected over Socket Mode."""
    answers, seen = Answers(), Seen()
    with Workspace(ack_seconds=30) as workspace:
        settings = settings_for(workspace, workers=workers)
        app = build_app(settings, answers, seen, now, private_waits=(0.4, 9.0), visible_waits=(0.3, 0.6, 9.0))
        runner = SocketRunner(
            app.bolt,
            app_token=settings.slack_app_token.get_secret_value(),
            api_url=settings.slack.api_url,
            sockets=settings.slack.sockets,
        )
        runner.start()
        try:
            assert runner.wait_connected(timedelta(seconds=5))
            yield SmallBot(workspace=workspace, app=app, answers=answers, seen=seen), runner
        finally:
            answers.release.set()
            runner.stop()
            app.close()


@contextmanager
def over_http() -> Iterator[tuple[SmallBot, HttpServer]]:
    """The bot behind its own web server, the workspace signing every request to it."""
    answers, seen = Answers(), Seen()
    port = _free_port()
    with Workspace(
        events_url=f"http://127.0.0.1:{port}{SLACK_PATH}", retry_seconds=(0.2, 0.2), ack_seconds=30
    ) as workspace:
        settings = settings_for(workspace, http=True)
        app = build_app(settings, answers, seen, now)
        server = HttpServer(
            port=port,
            not_ready=lambda: (),
            now=now,
            app=app.bolt,
            signing_secret=workspace.signing_secret,
            host="127.0.0.1",
        )
        server.start()
        try:
            yield SmallBot(workspace=workspace, app=app, answers=answers, seen=seen), server
        finally:
            answers.release.set()
            server.stop()
            app.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
