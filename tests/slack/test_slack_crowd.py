"""Ten people who ask at the same time: every question is acknowledged, and every answer comes, over both transports."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from crowd import Crowd, Question
from running import free_port
from small_bot import Answers, Seen, now, settings_for

from bot.slack.app import SlackApp, build_app
from bot.slack.http import SLACK_PATH, HttpServer
from bot.slack.socket import SocketRunner

pytestmark = pytest.mark.timeout(60)

PEOPLE, EACH = 10, 5


@contextmanager
def asked(*, http: bool) -> Iterator[tuple[Crowd, Answers]]:
    """A crowd and the bot among them, connected by one transport."""
    port = free_port()
    answers, seen = Answers(), Seen()
    with Crowd(PEOPLE, events_url=f"http://127.0.0.1:{port}{SLACK_PATH}" if http else None, ack_seconds=30) as crowd:
        settings = settings_for(crowd, http=http)
        app = build_app(settings, answers, seen, now)
        try:
            with _served(app, crowd, port) if http else _connected(app, crowd):
                yield crowd, answers
        finally:
            app.close()


@contextmanager
def _served(app: SlackApp, crowd: Crowd, port: int) -> Iterator[None]:
    server = HttpServer(
        port=port,
        not_ready=lambda: (),
        now=now,
        app=app.bolt,
        signing_secret=crowd.signing_secret,
        host="127.0.0.1",
    )
    server.start()
    try:
        yield
    finally:
        server.stop()


@contextmanager
def _connected(app: SlackApp, crowd: Crowd) -> Iterator[None]:
    runner = SocketRunner(app.bolt, app_token=crowd.app_token, api_url=crowd.api_url)
    runner.start()
    try:
        assert runner.wait_connected(timedelta(seconds=30))
        yield
    finally:
        runner.stop()


@pytest.mark.parametrize("http", [pytest.param(True, id="http"), pytest.param(False, id="sockets")])
def test_everybody_is_acknowledged_and_answered(http: bool) -> None:
    """Ten people with five questions each, every fourth a mention: no missed ack, each the answer to their own."""
    wanted = [
        [Question(text=f"question {number} of {person}", by_mention=number == 3) for number in range(EACH)]
        for person in range(PEOPLE)
    ]
    with asked(http=http) as (crowd, answers):
        turns = crowd.ask(wanted)
    assert [turn.refused for turn in turns] == [""] * (PEOPLE * EACH)
    assert sorted(turn.text for turn in turns) == sorted(f"Answer to {q.text}." for own in wanted for q in own)
    assert all(turn.text == f"Answer to {turn.question.text}." for turn in turns)
    assert sorted(answers.texts()) == sorted(question.text for own in wanted for question in own)
