"""Signed HTTP delivery to a real Bolt app behind its WSGI adapter: signatures, acks, retries, the challenge."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from slack_bolt import App
from slack_bolt.adapter.wsgi import SlackRequestHandler
from slack_sdk import WebClient
from slack_sdk.signature import SignatureVerifier

from bot.demo.workspace import Workspace

Json = dict[str, Any]
Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Answer = Callable[[Environ, StartResponse], Any]

SECRET = "the secret of both sides"
BUTTON = {"type": "button", "action_id": "go", "text": {"type": "plain_text", "text": "Go"}, "value": "status"}

MODAL = {
    "type": "modal",
    "callback_id": "plan",
    "title": {"type": "plain_text", "text": "Plan"},
    "submit": {"type": "plain_text", "text": "Go"},
    "blocks": [
        {
            "type": "input",
            "block_id": "scope",
            "label": {"type": "plain_text", "text": "Scope"},
            "element": {"type": "external_select", "action_id": "scope", "min_query_length": 1},
        }
    ],
}


@dataclass
class Received:
    """One request as it came in."""

    headers: dict[str, str]
    body: bytes


@dataclass
class Endpoint:
    """An events URL: records what it receives, then answers as the test decides."""

    url: str = ""
    received: list[Received] = field(default_factory=list)
    answer: Answer | None = None

    def __call__(self, environ: Environ, start_response: StartResponse) -> Any:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        headers = {
            name.removeprefix("HTTP_").replace("_", "-").lower(): str(value)
            for name, value in environ.items()
            if name.startswith("HTTP_")
        }
        self.received.append(Received(headers, body))
        if self.answer is None:
            start_response("500 Internal Server Error", [])
            return [b""]
        return self.answer({**environ, "wsgi.input": io.BytesIO(body)}, start_response)


class Quiet(WSGIRequestHandler):
    """A request handler that does not write to the terminal."""

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def serving(endpoint: Endpoint) -> Iterator[Endpoint]:
    with make_server("127.0.0.1", 0, endpoint, handler_class=Quiet) as server:
        endpoint.url = f"http://127.0.0.1:{server.server_port}/slack/events"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield endpoint
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with serving(Endpoint()) as found:
        yield found


@pytest.fixture
def ws(endpoint: Endpoint) -> Iterator[Workspace]:
    with Workspace(signing_secret=SECRET, events_url=endpoint.url, retry_seconds=(0.0, 0.05)) as workspace:
        yield workspace


def bolt_answer(ws: Workspace, secret: str = SECRET) -> Answer:
    app = App(client=WebClient(token=ws.bot_token, base_url=ws.api_url), signing_secret=secret)

    @app.command("/eksip")
    def command(ack: Callable[..., None], command: Json) -> None:
        ack(f"read {command['text']}")

    @app.event("app_mention")
    def mention(event: Json, say: Callable[..., Any]) -> None:
        say(text="here", thread_ts=event["ts"])

    @app.action("go")
    def go(ack: Callable[..., None], respond: Callable[..., Any]) -> None:
        ack()
        respond(text="gone", replace_original=True)

    @app.shortcut("eksip_diagnose_message")
    def diagnose(ack: Callable[..., None], shortcut: Json, client: WebClient) -> None:
        ack()
        client.views_open(trigger_id=shortcut["trigger_id"], view=MODAL)

    @app.options("scope")
    def options(ack: Callable[..., None], payload: Json) -> None:
        ack(options=[{"text": {"type": "plain_text", "text": payload["value"]}, "value": payload["value"]}])

    @app.view("plan")
    def submitted(ack: Callable[..., None], view: Json) -> None:
        chosen = view["state"]["values"]["scope"]["scope"]["selected_option"]["value"]
        if chosen == "prod":
            ack()
        else:
            ack(response_action="errors", errors={"scope": f"There is no {chosen}."})

    answer: Answer = SlackRequestHandler(app)
    return answer


def test_bolt_accepts_the_signature_and_answers_commands_mentions_and_clicks(ws: Workspace, endpoint: Endpoint) -> None:
    endpoint.answer = bolt_answer(ws)
    assert ws.delivery == "http"
    result = ws.slash("status & @ben")
    assert result.body == {"text": f"read status &amp; <@{ws.user('ben')}|ben>"}
    ts = ws.say("@eksip hello")
    assert ws.wait_for(lambda: ws.messages("ops")[1])["thread_ts"] == ts
    client = WebClient(token=ws.bot_token, base_url=ws.api_url)
    blocks = [{"type": "actions", "elements": [BUTTON]}]
    posted = client.chat_postMessage(channel="ops", text="card", blocks=blocks)
    ws.click(channel="ops", ts=posted["ts"], action_id="go")
    ws.wait_for(lambda: ws.messages("ops")[2]["text"] == "gone")


def test_a_shortcut_opens_a_modal_whose_options_and_errors_come_back_over_http(
    ws: Workspace, endpoint: Endpoint
) -> None:
    endpoint.answer = bolt_answer(ws)
    ws.shortcut("eksip_diagnose_message", channel="ops", ts=ws.say("pods pending"))
    ws.wait_for(ws.modal)
    for typed in ("elsewhere", "prod"):
        assert [one["value"] for one in ws.options("scope", typed)] == [typed]
    assert ws.submit({"scope": "elsewhere"}).errors == {"scope": "There is no elsewhere."}
    assert ws.submit({"scope": "prod"}).ok
    assert ws.modal() is None


def test_slack_sdks_verifier_accepts_every_request_and_no_other_secret(ws: Workspace, endpoint: Endpoint) -> None:
    ws.slash("status")
    (received,) = endpoint.received
    assert SignatureVerifier(SECRET).is_valid_request(received.body, received.headers)
    assert not SignatureVerifier("another secret").is_valid_request(received.body, received.headers)
    assert not SignatureVerifier(SECRET).is_valid_request(received.body + b" ", received.headers)


def test_bolt_with_another_secret_refuses_and_the_command_fails(ws: Workspace, endpoint: Endpoint) -> None:
    endpoint.answer = bolt_answer(ws, "another secret")
    assert ws.slash("status").error == "dispatch_failed"
    assert ws.ephemerals("ops", "ana") == []


def test_the_events_url_is_verified_by_its_challenge(ws: Workspace, endpoint: Endpoint) -> None:
    assert not ws.verify_events_url()
    endpoint.answer = bolt_answer(ws)
    assert ws.verify_events_url()


def test_an_event_that_fails_is_sent_again_with_its_number_and_reason(ws: Workspace, endpoint: Endpoint) -> None:
    ws.say("@eksip hello")
    ws.wait_for(lambda: len(endpoint.received) == 3)
    numbers = [item.headers.get("x-slack-retry-num") for item in endpoint.received]
    reasons = [item.headers.get("x-slack-retry-reason") for item in endpoint.received]
    assert numbers == [None, "1", "2"]
    assert reasons == [None, "http_error", "http_error"]
    assert len({item.body for item in endpoint.received}) == 1


def test_an_event_is_not_sent_again_when_the_answer_says_so(ws: Workspace, endpoint: Endpoint) -> None:
    def no_retry(_environ: Environ, start_response: StartResponse) -> Any:
        start_response("500 Internal Server Error", [("X-Slack-No-Retry", "1")])
        return [b""]

    endpoint.answer = no_retry
    ws.say("@eksip hello")
    ws.wait_for(lambda: endpoint.received)
    endpoint.answer = None
    ws.slash("status")
    assert [item.body[:1] for item in endpoint.received] == [b"{", b"t"]


def test_a_duplicated_event_carries_the_retry_headers_and_the_same_body(ws: Workspace, endpoint: Endpoint) -> None:
    endpoint.answer = bolt_answer(ws)
    ws.faults.duplicate_next()
    ws.say("@eksip hello")
    ws.wait_for(lambda: len(endpoint.received) == 2)
    first, second = sorted(endpoint.received, key=lambda item: item.headers.get("x-slack-retry-num", "0"))
    assert "x-slack-retry-num" not in first.headers
    assert second.headers["x-slack-retry-num"] == "1"
    assert first.body == second.body


def test_a_server_that_is_not_there_fails_commands_at_once() -> None:
    with Workspace(events_url="http://127.0.0.1:9/slack/events") as ws:
        result = ws.slash("status")
    assert result.error == "dispatch_failed"
