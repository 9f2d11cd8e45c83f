"""The bot behind its own web server: signed requests answered, everything else refused before Bolt sees it."""

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode

import pytest
from small_bot import SmallBot, now, over_http

from bot.slack.http import BODY_BYTES, SLACK_PATH, HttpServer

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[SmallBot, HttpServer]]:
    """One served bot for all tests of this module."""
    with over_http() as found:
        yield found


def send(
    server: HttpServer, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
) -> tuple[int, str]:
    """The status and the body of one request."""
    connection = HTTPConnection("127.0.0.1", server.port, timeout=60)
    try:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def signed(body: bytes, secret: str, content_type: str = JSON, timestamp: str = "") -> dict[str, str]:
    """The headers Slack would send with this body."""
    at = timestamp or str(int(now().timestamp()))
    mac = hmac.new(secret.encode(), b"v0:" + at.encode() + b":" + body, hashlib.sha256).hexdigest()
    return {"Content-Type": content_type, "X-Slack-Request-Timestamp": at, "X-Slack-Signature": f"v0={mac}"}


def texts(bot: SmallBot, words: str) -> list[dict[str, Any]]:
    """Everything ana sees whose text holds these words."""
    seen = [*bot.workspace.messages("ops"), *bot.workspace.ephemerals("ops", "ana")]
    return [message for message in seen if words in message["text"]]


def test_commands_mentions_and_clicks_arrive_signed(running: tuple[SmallBot, HttpServer]) -> None:
    """A command, a click on its answer and a mention are answered over HTTP as over a socket."""
    bot, _ = running
    result = bot.workspace.slash("status over http")
    assert result.ok
    answer = bot.workspace.wait_for(lambda: texts(bot, "Answer to status over http"))[0]
    bot.workspace.click(channel="ops", ts=answer["ts"], action_id="run.0")
    bot.workspace.wait_for(lambda: texts(bot, "Answer to why"))
    bot.workspace.say("@eksip mention over http")
    bot.workspace.wait_for(lambda: texts(bot, "Answer to mention over http"))


def test_a_retried_event_is_answered_once(running: tuple[SmallBot, HttpServer]) -> None:
    """The same event delivered twice over HTTP is one answer."""
    bot, _ = running
    bot.workspace.faults.duplicate_next()
    bot.workspace.say("@eksip twice over http")
    bot.workspace.wait_for(lambda: texts(bot, "Answer to twice over http"))
    time.sleep(0.5)
    assert bot.answers.texts().count("twice over http") == 1


def test_the_challenge_of_the_events_url_is_answered(running: tuple[SmallBot, HttpServer]) -> None:
    """Slack's url_verification is answered, so the URL can be saved in the app's settings."""
    bot, _ = running
    assert bot.workspace.verify_events_url()


EVENT = json.dumps({"type": "event_callback", "event_id": "Ev1", "event": {"type": "app_mention"}}).encode()


@pytest.mark.parametrize(
    ("change", "status"),
    [
        pytest.param({"X-Slack-Signature": "v0=" + "0" * 64}, 401, id="a wrong signature"),
        pytest.param({"X-Slack-Signature": ""}, 401, id="no signature"),
        pytest.param({"X-Slack-Signature": "v0=é"}, 401, id="a signature that is not ASCII"),
        pytest.param({"X-Slack-Request-Timestamp": "soon"}, 401, id="a timestamp that is no number"),
        pytest.param({"X-Slack-Request-Timestamp": ""}, 401, id="no timestamp"),
        pytest.param({"X-Slack-Request-Timestamp": "-5"}, 401, id="a negative timestamp"),
    ],
)
def test_requests_slack_did_not_sign_are_refused(
    running: tuple[SmallBot, HttpServer], change: dict[str, str], status: int
) -> None:
    """A request without a valid signature is refused and nobody is asked."""
    bot, server = running
    before = len(bot.answers.requests)
    headers = signed(EVENT, bot.workspace.signing_secret) | change
    encoded = {name: value.encode("utf-8").decode("latin-1") for name, value in headers.items()}
    assert send(server, "POST", SLACK_PATH, EVENT, encoded)[0] == status
    assert len(bot.answers.requests) == before


@pytest.mark.parametrize("seconds", [-301, 301])
def test_a_replayed_request_is_refused(running: tuple[SmallBot, HttpServer], seconds: int) -> None:
    """A request that was signed more than five minutes ago, or will be, is refused although the signature is right."""
    bot, server = running
    at = str(int(now().timestamp()) + seconds)
    headers = signed(EVENT, bot.workspace.signing_secret, timestamp=at)
    assert send(server, "POST", SLACK_PATH, EVENT, headers)[0] == 401


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        pytest.param(b"{not json", JSON, 400, id="malformed JSON"),
        pytest.param(b"[1]", JSON, 400, id="JSON that is no object"),
        pytest.param(b"", JSON, 400, id="an empty body"),
        pytest.param(b"\xff\xfe", JSON, 400, id="not UTF-8"),
        pytest.param(urlencode({"payload": "{"}).encode(), FORM, 400, id="a form with a malformed payload"),
        pytest.param(b"no form", FORM, 400, id="no form at all"),
    ],
)
def test_bodies_that_cannot_be_read_are_refused(
    running: tuple[SmallBot, HttpServer], body: bytes, content_type: str, status: int
) -> None:
    """A signed body that is not what it says is a client error, never a 500 that Slack would retry."""
    bot, server = running
    headers = signed(body, bot.workspace.signing_secret, content_type)
    assert send(server, "POST", SLACK_PATH, body, headers)[0] == status


def test_a_body_of_more_than_a_mebibyte_is_not_read(running: tuple[SmallBot, HttpServer]) -> None:
    """The announced length is enough to refuse."""
    bot, server = running
    headers = signed(b"x", bot.workspace.signing_secret) | {"Content-Length": str(BODY_BYTES + 1)}
    assert send(server, "POST", SLACK_PATH, b"x", headers)[0] == 413


@pytest.mark.parametrize(
    ("method", "path", "status", "words"),
    [
        pytest.param("GET", "/healthz", 200, "ok", id="alive"),
        pytest.param("GET", "/readyz", 200, "ready", id="ready"),
        pytest.param("GET", "/metrics", 200, "eksip_slack_send_total", id="metrics"),
        pytest.param("GET", SLACK_PATH, 405, "POST only", id="Slack's path takes posts only"),
        pytest.param("POST", "/healthz", 405, "GET only", id="pages are read only"),
        pytest.param("GET", "/", 404, "not found", id="nothing else"),
    ],
)
def test_pages(running: tuple[SmallBot, HttpServer], method: str, path: str, status: int, words: str) -> None:
    """Each page answers its method and refuses others."""
    found, body = send(running[1], method, path)
    assert found == status
    assert words in body


def test_socket_mode_serves_the_pages_without_slacks_path() -> None:
    """Without an app there is no endpoint to forge requests to; what is not ready is said with its reasons."""
    server = HttpServer(port=0, not_ready=lambda: ("no socket is open",), now=now, host="127.0.0.1")
    server.start()
    try:
        assert send(server, "POST", SLACK_PATH, b"{}")[0] == 404
        assert send(server, "GET", "/readyz") == (503, "no socket is open\n")
        assert send(server, "GET", "/healthz") == (200, "ok\n")
    finally:
        server.stop()
    with pytest.raises(OSError):
        send(server, "GET", "/healthz")


def test_an_empty_signing_secret_refuses_to_start(running: tuple[SmallBot, HttpServer]) -> None:
    """HTTP mode with an empty secret would take forged requests, so it does not start."""
    with pytest.raises(ValueError, match="signing secret"):
        HttpServer(port=0, not_ready=tuple, now=now, app=running[0].app.bolt, signing_secret=" ", host="127.0.0.1")
