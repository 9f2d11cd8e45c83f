"""What each failure of a call to Slack means, replies that fall back, and workers that never drop silently."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.client import RemoteDisconnected
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.error import URLError

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

from bot.asking.command import Request, Surface
from bot.demo.workspace import Workspace
from bot.message import Message, Text, Visibility
from bot.slack.incoming import Incoming
from bot.slack.replies import PrivateReply, ThreadReply
from bot.slack.sending import Outcome, failure_of, write_client
from bot.slack.workers import Workers


def api_error(error: str, status: int = 200, headers: dict[str, str] | None = None) -> SlackApiError:
    """An error as slack_sdk raises it."""
    response = SlackResponse(
        client=None,
        http_verb="POST",
        api_url="https://slack.example/api/chat.postMessage",
        req_args={},
        data={"ok": False, "error": error},
        headers=headers or {},
        status_code=status,
    )
    return SlackApiError("failed", response)  # type: ignore[no-untyped-call]


@pytest.mark.parametrize(
    ("error", "outcome", "reason"),
    [
        pytest.param(
            api_error("ratelimited", 429, {"Retry-After": "7"}), Outcome.RATE_LIMITED, "ratelimited", id="429"
        ),
        pytest.param(api_error("x", 503), Outcome.UNAVAILABLE, "HTTP 503", id="503 took nothing"),
        pytest.param(api_error("x", 504), Outcome.AMBIGUOUS, "HTTP 504", id="504 may have taken it"),
        pytest.param(api_error("fatal_error"), Outcome.AMBIGUOUS, "fatal_error", id="fatal_error may have succeeded"),
        pytest.param(api_error("invalid_blocks"), Outcome.CONTENT, "invalid_blocks", id="refused blocks"),
        pytest.param(api_error("msg_too_long"), Outcome.CONTENT, "msg_too_long", id="too long"),
        pytest.param(api_error("message_not_found"), Outcome.GONE, "message_not_found", id="deleted"),
        pytest.param(api_error("is_archived"), Outcome.PERMANENT, "is_archived", id="archived"),
        pytest.param(api_error("new_error"), Outcome.UNAVAILABLE, "new_error", id="never documented: try again"),
        pytest.param(URLError(ConnectionRefusedError(111, "x")), Outcome.UNAVAILABLE, "URLError", id="refused"),
        pytest.param(URLError(socket.gaierror(-2, "x")), Outcome.UNAVAILABLE, "URLError", id="no such host"),
        pytest.param(URLError(TimeoutError()), Outcome.AMBIGUOUS, "URLError", id="timed out while sending"),
        pytest.param(TimeoutError(), Outcome.AMBIGUOUS, "TimeoutError", id="no reply in time"),
        pytest.param(ConnectionResetError(104, "x"), Outcome.AMBIGUOUS, "ConnectionResetError", id="reset"),
        pytest.param(
            RemoteDisconnected("closed"), Outcome.AMBIGUOUS, "RemoteDisconnected", id="closed without a reply"
        ),
    ],
)
def test_each_failure_has_one_meaning(error: Exception, outcome: Outcome, reason: str) -> None:
    """Slack's errors, its statuses and the network's each say whether to wait, look, send less or give up."""
    failure = failure_of(error)
    assert (failure.outcome, failure.reason) == (outcome, reason)


@pytest.mark.parametrize(("header", "seconds"), [("7", 7), (None, 1), ("soon", 1), ("0", 1)])
def test_slacks_wait_is_honoured(header: str | None, seconds: int) -> None:
    """Retry-After is taken in seconds, one at least, whatever Slack writes."""
    headers = {} if header is None else {"Retry-After": header}
    assert failure_of(api_error("ratelimited", 429, headers)).retry_after == timedelta(seconds=seconds)


@contextmanager
def hook(*answers: tuple[int, str]) -> Iterator[tuple[str, list[str]]]:
    """A response URL that answers each use with the next of these, and the bodies it got."""
    bodies: list[str] = []
    left = list(answers)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            status, text = left.pop(0) if len(left) > 1 else left[0]
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/hook", bodies
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


ANSWER = Message(text="The answer.", verdict=("The answer",), parts=(Text(lines=(("More.",),)),))


def question(workspace: Workspace, url: str) -> Incoming:
    """A command by ana in #ops."""
    request = Request(
        text="status", surface=Surface.SLASH, user_id=workspace.user("ana"), channel_id=workspace.channel("ops")
    )
    return Incoming(request=request, key="", response_url=url)


@pytest.mark.parametrize(
    ("answer", "everybody"),
    [
        pytest.param((404, '{"ok": false, "error": "expired_url"}'), False, id="expired, for one"),
        pytest.param((404, '{"ok": false, "error": "used_url"}'), True, id="used up, for everybody"),
        pytest.param((500, ""), False, id="a server error"),
    ],
)
def test_a_response_url_that_fails_is_replaced_by_the_web_api(answer: tuple[int, str], everybody: bool) -> None:
    """What the URL does not take reaches the same people through the Web API."""
    visibility = Visibility.IN_CHANNEL if everybody else Visibility.EPHEMERAL
    message = Message(text=ANSWER.text, verdict=ANSWER.verdict, visibility=visibility)
    with Workspace() as workspace, hook(answer) as (url, _):
        client = write_client(workspace.bot_token, workspace.api_url)
        PrivateReply(client, question(workspace, url)).answer(message)
        seen = workspace.messages("ops") if everybody else workspace.ephemerals("ops", "ana")
        assert [found["text"] for found in seen] == ["The answer."]


def test_blocks_a_response_url_refuses_are_sent_as_text(caplog: pytest.LogCaptureFixture) -> None:
    """The sentence arrives when the blocks are refused, and the log shows which they were."""
    with Workspace() as workspace, hook((400, "invalid_blocks"), (200, "ok")) as (url, bodies):
        client = write_client(workspace.bot_token, workspace.api_url)
        PrivateReply(client, question(workspace, url)).answer(ANSWER)
    assert '"type": "section"' in bodies[0]
    assert '"blocks": []' in bodies[1]
    assert "More." in next(vars(record)["payload"] for record in caplog.records if "refused" in record.message)
    assert workspace.bot_token not in caplog.text


def test_a_placeholder_never_follows_the_answer() -> None:
    """A word about waiting that comes too late is not shown."""
    with Workspace() as workspace:
        client = write_client(workspace.bot_token, workspace.api_url)
        reply = ThreadReply(client, question(workspace, ""))
        reply.answer(ANSWER)
        reply.wait("Working…")
        assert [found["text"] for found in workspace.messages("ops")] == ["The answer."]


def test_a_deleted_placeholder_does_not_lose_the_answer() -> None:
    """When somebody deletes the placeholder, the answer is a new message."""
    with Workspace() as workspace:
        client = write_client(workspace.bot_token, workspace.api_url)
        reply = ThreadReply(client, question(workspace, ""))
        reply.wait("Working…")
        client.chat_delete(channel=workspace.channel("ops"), ts=workspace.messages("ops")[0]["ts"])
        reply.answer(ANSWER)
        assert [found["text"] for found in workspace.messages("ops")] == ["The answer."]


def test_closing_the_workers_finishes_what_was_taken() -> None:
    """Work in the line is done before the workers end, and later work is not taken."""
    done: list[int] = []
    workers = Workers(2)
    assert all(workers.take(lambda n=number: done.append(n)) for number in range(10))  # type: ignore[misc]
    assert workers.close(timedelta(seconds=5))
    assert sorted(done) == list(range(10))
    assert not workers.take(lambda: done.append(99))


def test_closing_does_not_wait_for_ever() -> None:
    """Work that hangs is left behind after the time given."""
    hanging = threading.Event()
    workers = Workers(1)
    workers.take(lambda: hanging.wait(30))
    assert not workers.close(timedelta(milliseconds=100))
    hanging.set()


def test_slow_work_gives_its_place_to_the_next() -> None:
    """One worker whose work waits for AWS holds nobody up."""
    waiting, done = threading.Event(), threading.Event()
    workers = Workers(1, slow_seconds=0.05)
    workers.take(lambda: waiting.wait(30))
    workers.take(done.set)
    assert done.wait(30)
    waiting.set()
    assert workers.close(timedelta(seconds=30))


def test_a_defect_leaves_the_worker_working(caplog: pytest.LogCaptureFixture) -> None:
    """A worker whose work breaks takes the next."""
    workers = Workers(1)
    done = threading.Event()
    workers.take(lambda: 1 / 0)
    workers.take(done.set)
    assert done.wait(5)
    assert "could not be answered" in caplog.text
    workers.close(timedelta(seconds=1))
