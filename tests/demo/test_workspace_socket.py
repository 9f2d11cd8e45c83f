"""An unchanged Bolt app over Socket Mode: commands, mentions, clicks, response URLs, duplicates and lost sockets."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.webhook import WebhookClient

from bot.demo.workspace import Workspace

Json = dict[str, Any]

BUTTON = {"type": "button", "action_id": "go", "text": {"type": "plain_text", "text": "Go"}, "value": "status"}
MENU = {
    "type": "static_select",
    "action_id": "silence",
    "options": [
        {"text": {"type": "plain_text", "text": "30 min"}, "value": "30m"},
        {"text": {"type": "plain_text", "text": "2 hours"}, "value": "2h"},
    ],
}
CONTROLS = [{"type": "actions", "block_id": "alert:1:1", "elements": [BUTTON, MENU]}]


@dataclass
class Seen:
    """What the Bolt app was given, in order."""

    commands: list[Json] = field(default_factory=list)
    events: list[Json] = field(default_factory=list)
    envelopes: list[Json] = field(default_factory=list)
    retries: list[str] = field(default_factory=list)
    clicks: list[Json] = field(default_factory=list)


@dataclass
class Clock:
    """A clock the test moves."""

    ahead: timedelta = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead  # noqa: TID251 - the workspace signs and stamps with real time


@contextmanager
def bolt(ws: Workspace, seen: Seen) -> Iterator[App]:
    """A Bolt app connected to the workspace by slack_sdk's built-in socket client."""
    app = App(client=WebClient(token=ws.bot_token, base_url=ws.api_url))

    @app.command("/eksip")
    def command(ack: Callable[..., None], body: Json, respond: Callable[..., Any]) -> None:
        seen.commands.append(body)
        verb = body["text"].partition(" ")[0]
        if verb == "hang":
            return
        if verb == "quiet":
            ack()
        elif verb == "share":
            ack(text="for all", response_type="in_channel")
        elif verb == "broken":
            ack(text="x", blocks=[{"type": "section"}])
        else:
            ack("Reading…")
            respond(text=f"answer {len(seen.commands)}", blocks=CONTROLS)

    @app.event("app_mention")
    def mention(event: Json, body: Json, say: Callable[..., Any]) -> None:
        seen.events.append(body)
        say(text="here", thread_ts=event.get("thread_ts", event["ts"]))

    @app.event("message")
    def direct(event: Json, body: Json) -> None:
        seen.events.append(body)

    @app.action("go")
    def go(ack: Callable[..., None], body: Json, respond: Callable[..., Any]) -> None:
        ack()
        seen.clicks.append(body)
        respond(text="gone", replace_original=True)

    @app.action("silence")
    def silence(ack: Callable[..., None], body: Json) -> None:
        ack()
        seen.clicks.append(body)

    @app.middleware
    def note_retry(request: Any, next: Callable[[], Any]) -> None:
        seen.retries += request.headers.get("x-slack-retry-num", [])
        next()

    sdk = WebClient(token=ws.app_token, base_url=ws.api_url)
    handler = SocketModeHandler(app, ws.app_token, web_client=sdk, ping_interval=0.3)
    handler.client.message_listeners.append(lambda _client, message, _raw: seen.envelopes.append(message))
    hello = threading.Event()
    handler.client.on_message_listeners.append(lambda _message: hello.set())
    handler.client.connect()
    # A client closed before its reader has read anything waits for that reader for ever.
    assert hello.wait(30), "The app was not greeted on its socket."
    try:
        yield app
    finally:
        # A reader that waits for its next frame holds close() back for 3 seconds, an empty queue for 1: end both first.
        handler.client.auto_reconnect_enabled = False
        handler.client.closed = True
        ws.faults.drop_sockets()
        handler.client.enqueue_message("")
        handler.client.close()
        app.listener_runner.listener_executor.shutdown()


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ws(seen: Seen, clock: Clock) -> Iterator[Workspace]:
    with Workspace(now=clock, retry_seconds=(0.0, 0.05)) as workspace, bolt(workspace, seen):
        yield workspace


def ephemeral_texts(ws: Workspace) -> list[str]:
    return [item["text"] for item in ws.ephemerals("ops", "ana")]


def the_answer(ws: Workspace) -> Json:
    """The answer to a command: Bolt sends the ack up to 10 ms after ack() returns, so it may stand above or below."""
    return ws.wait_for(lambda: next(iter(item for item in ws.ephemerals("ops", "ana") if "blocks" in item), None) or {})


def test_a_command_is_acknowledged_and_answered_through_its_response_url(ws: Workspace, seen: Seen) -> None:
    result = ws.slash("status")
    assert result.ok
    assert result.body == {"text": "Reading…"}
    ws.wait_for(lambda: sorted(ephemeral_texts(ws)) == ["Reading…", "answer 1"])
    command = seen.commands[0]
    assert command["channel_id"] == ws.channel("ops")
    assert command["user_id"] == ws.user("ana")
    assert (command["command"], command["channel_name"]) == ("/eksip", "ops")
    assert command["trigger_id"]


def test_command_text_arrives_escaped_with_links_users_and_channels(ws: Workspace, seen: Seen) -> None:
    ws.slash("quiet a<b & prod.example.com @ben in #ops 10.0.16.0/20 m5.xlarge https://a.io/x?y=1")
    assert seen.commands[0]["text"] == (
        "quiet a&lt;b &amp; <http://prod.example.com|prod.example.com> "
        f"<@{ws.user('ben')}|ben> in <#{ws.channel('ops')}|ops> 10.0.16.0/20 m5.xlarge <https://a.io/x?y=1>"
    )


def test_an_empty_ack_shows_nothing_and_an_in_channel_ack_shows_all(ws: Workspace) -> None:
    assert ws.slash("quiet").body == {}
    assert ephemeral_texts(ws) == []
    ws.slash("share")
    assert [item["text"] for item in ws.messages("ops")] == ["for all"]


def test_a_command_that_is_not_acknowledged_fails_after_3_seconds(ws: Workspace) -> None:
    result = ws.slash("hang")
    assert result.error == "operation_timeout"
    assert result.shown == '/eksip failed with the error "operation_timeout"'
    assert result.seconds >= 2.9


def test_an_ack_with_blocks_slack_refuses_fails(ws: Workspace) -> None:
    assert ws.slash("broken").error == "invalid_blocks"


def test_an_unknown_command_never_reaches_the_bot(ws: Workspace, seen: Seen) -> None:
    assert ws.slash("x", command="/nope").shown == "/nope is not a valid command."
    assert seen.commands == []


def test_commands_in_private_places_carry_slacks_stand_in_names(ws: Workspace, seen: Seen) -> None:
    ws.slash("quiet", channel="secret")
    ws.slash("quiet", channel="dm:ana")
    assert [command["channel_name"] for command in seen.commands] == ["privategroup", "directmessage"]


def test_a_mention_in_a_thread_is_answered_in_that_thread(ws: Workspace, seen: Seen) -> None:
    root = ws.say("pods pending", channel="inc-42")
    ws.say("@eksip status prod-eu", channel="inc-42", thread_ts=root)
    reply = ws.wait_for(lambda: ws.messages("inc-42")[2])
    assert (reply["text"], reply["thread_ts"]) == ("here", root)
    event = seen.events[0]["event"]
    assert event["text"] == f"<@{ws.bot_user_id}> status prod-eu"
    assert event["thread_ts"] == root
    assert seen.events[0]["event_id"].startswith("Ev")


def test_a_mention_where_the_bot_is_not_a_member_is_not_delivered(ws: Workspace, seen: Seen) -> None:
    ws.say("@eksip hello", channel="secret")
    ws.say("@eksip hello", channel="ops")
    ws.wait_for(lambda: seen.events)
    time.sleep(0.1)
    assert [body["event"]["channel"] for body in seen.events] == [ws.channel("ops")]


def test_a_direct_message_is_delivered_and_so_are_the_bots_own_which_bolt_ignores(ws: Workspace, seen: Seen) -> None:
    ws.say("status", channel="dm:ana")
    client = WebClient(token=ws.bot_token, base_url=ws.api_url)
    posted = client.chat_postMessage(channel=ws.user("ana"), text="low")
    client.chat_update(channel=posted["channel"], ts=posted["ts"], text="ok")

    def delivered() -> list[Json]:
        return [item["payload"]["event"] for item in seen.envelopes if item["type"] == "events_api"]

    ws.wait_for(lambda: len(delivered()) == 3)
    asked, own, edit = delivered()
    assert (asked["text"], asked["channel_type"]) == ("status", "im")
    assert own["bot_id"]
    assert (edit["subtype"], edit["message"]["text"]) == ("message_changed", "ok")
    ws.wait_for(lambda: seen.events)
    assert [body["event"]["text"] for body in seen.events] == ["status"]


def test_someone_of_another_team_is_marked_in_events(ws: Workspace, seen: Seen) -> None:
    ws.add_user("xi", external=True)
    ws.say("@eksip hello", user="xi")
    body = ws.wait_for(lambda: seen.events[0])
    assert body["is_ext_shared_channel"]
    assert body["event"]["team"] != ws.team_id


def test_a_click_on_an_ephemeral_replaces_it_through_its_response_url(ws: Workspace, seen: Seen) -> None:
    ws.slash("status")
    answer = the_answer(ws)
    ws.click(channel="ops", ts=answer["ts"], action_id="go")
    ws.wait_for(lambda: sorted(ephemeral_texts(ws)) == ["Reading…", "gone"])
    assert not any("blocks" in item for item in ws.ephemerals("ops", "ana"))
    click = seen.clicks[0]
    assert click["actions"][0]["value"] == "status"
    assert click["actions"][0]["block_id"] == "alert:1:1"
    assert click["container"] == {
        "type": "message",
        "message_ts": answer["ts"],
        "channel_id": ws.channel("ops"),
        "is_ephemeral": True,
    }
    assert "message" not in click


def test_a_click_in_an_attachment_names_it_and_changes_the_message(ws: Workspace, seen: Seen) -> None:
    client = WebClient(token=ws.bot_token, base_url=ws.api_url)
    posted = client.chat_postMessage(channel="ops", text="card", attachments=[{"color": "#a30200", "blocks": CONTROLS}])
    ws.click(channel="ops", ts=posted["ts"], action_id="silence", option="2 hours", user="ben")
    ws.click(channel="ops", ts=posted["ts"], action_id="go", user="ben")
    ws.wait_for(lambda: ws.messages("ops")[0]["text"] == "gone")
    assert "attachments" not in ws.messages("ops")[0]
    choice = seen.clicks[0]
    assert choice["actions"][0]["selected_option"]["value"] == "2h"
    assert choice["container"]["attachment_id"] == 1
    assert choice["user"]["id"] == ws.user("ben")
    assert choice["message"]["ts"] == posted["ts"]


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        pytest.param({"action_id": "nope"}, "go, silence", id="no such control"),
        pytest.param({"action_id": "silence", "option": "9h"}, "30m, 2h", id="no such option"),
        pytest.param({"action_id": "go", "ts": "1.000001"}, "No message", id="no such message"),
        pytest.param({"action_id": "go", "user": "ben"}, "ben can see", id="someone else's ephemeral"),
    ],
)
def test_a_click_on_what_is_not_there_says_what_is(ws: Workspace, wanted: Json, words: str) -> None:
    ws.slash("status")
    answer = the_answer(ws)
    with pytest.raises(LookupError, match=words):
        ws.click(**{"channel": "ops", "ts": answer["ts"], **wanted})


def test_a_response_url_works_five_times_and_not_a_sixth(ws: Workspace, seen: Seen) -> None:
    ws.slash("quiet")
    hook = WebhookClient(seen.commands[0]["response_url"])
    assert [hook.send(text=str(number)).status_code for number in range(5)] == [200] * 5
    sixth = hook.send(text="5")
    assert (sixth.status_code, sixth.body) == (404, '{"ok": false, "error": "used_url"}')
    assert ephemeral_texts(ws) == ["0", "1", "2", "3", "4"]


def test_a_response_url_expires_after_thirty_minutes(ws: Workspace, seen: Seen, clock: Clock) -> None:
    ws.slash("quiet")
    hook = WebhookClient(seen.commands[0]["response_url"])
    clock.ahead = timedelta(minutes=29, seconds=30)
    assert hook.send(text="in time").status_code == 200
    clock.ahead = timedelta(minutes=30, seconds=1)
    assert "expired_url" in hook.send(text="late").body
    assert ephemeral_texts(ws) == ["in time"]


def test_the_response_url_of_a_command_has_no_original_to_replace(ws: Workspace, seen: Seen) -> None:
    ws.slash("quiet")
    hook = WebhookClient(seen.commands[0]["response_url"])
    hook.send(text="first")
    hook.send(text="second", replace_original=True)
    assert ephemeral_texts(ws) == ["first", "second"]


def test_a_response_url_deletes_its_original_and_posts_in_the_channel(ws: Workspace, seen: Seen) -> None:
    ws.slash("status")
    answer = the_answer(ws)
    ws.click(channel="ops", ts=answer["ts"], action_id="silence", option="2h")
    hook = WebhookClient(seen.clicks[0]["response_url"])
    hook.send(text="shared", response_type="in_channel")
    hook.send(delete_original=True)
    assert ephemeral_texts(ws) == ["Reading…"]
    assert [item["text"] for item in ws.messages("ops")] == ["shared"]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        pytest.param({"text": ""}, "no_text", id="nothing to say"),
        pytest.param({"text": "x", "blocks": [{"type": "section"}]}, "invalid_blocks", id="bad block"),
    ],
)
def test_a_response_url_refuses_what_slack_refuses(ws: Workspace, seen: Seen, body: Json, error: str) -> None:
    ws.slash("quiet")
    answer = WebhookClient(seen.commands[0]["response_url"]).send_dict(body)
    assert (answer.status_code, answer.body) == (400, error)


def test_a_duplicated_event_arrives_twice_with_one_event_id(ws: Workspace, seen: Seen) -> None:
    ws.faults.duplicate_next()
    ws.say("@eksip hello")
    ws.wait_for(lambda: len(seen.events) == 2)
    assert seen.events[0]["event_id"] == seen.events[1]["event_id"]
    assert sorted(seen.retries) == ["0", "1"]


def test_a_duplicated_command_runs_twice_and_both_acks_show(ws: Workspace, seen: Seen) -> None:
    ws.faults.duplicate_next()
    ws.slash("status")
    ws.wait_for(lambda: len(ephemeral_texts(ws)) == 4)
    assert ephemeral_texts(ws).count("Reading…") == 2
    first, second = (item["envelope_id"] for item in seen.envelopes if item["type"] == "slash_commands")
    assert first == second
    assert seen.commands[0]["trigger_id"] == seen.commands[1]["trigger_id"]


def test_a_dropped_socket_loses_the_command_and_the_client_comes_back(ws: Workspace, seen: Seen) -> None:
    ws.faults.drop_sockets()
    assert ws.socket_count == 0
    assert ws.slash("quiet").error == "dispatch_failed"
    ws.wait_for(lambda: ws.socket_count, timeout=20)
    assert ws.slash("quiet").ok
    assert len(seen.commands) == 1


def test_a_refresh_request_moves_the_bot_to_a_new_socket(ws: Workspace) -> None:
    opened = len(ws.calls)
    ws.disconnect_sockets("refresh_requested")
    ws.wait_for(lambda: len(ws.calls) > opened and ws.socket_count == 1)
    assert ws.calls[-1].method == "apps.connections.open"
    assert ws.slash("quiet").ok


def test_an_event_goes_to_one_of_two_sockets(ws: Workspace, seen: Seen) -> None:
    other = Seen()
    with bolt(ws, other):
        assert ws.socket_count == 2
        for _ in range(4):
            ws.slash("quiet")
        assert (len(seen.commands), len(other.commands)) == (2, 2)


def test_an_event_nobody_takes_is_retried_until_a_bot_is_there(seen: Seen) -> None:
    with Workspace(retry_seconds=(0.0, 0.5)) as ws:
        ws.say("@eksip hello")
        with bolt(ws, seen):
            body = ws.wait_for(lambda: seen.events[0])
            assert body["event"]["type"] == "app_mention"
            assert seen.retries == ["2"]
            assert seen.envelopes[-1]["retry_reason"] == "timeout"


def test_a_click_is_not_retried(seen: Seen) -> None:
    with Workspace() as ws:
        client = WebClient(token=ws.bot_token, base_url=ws.api_url)
        ts = client.chat_postMessage(channel="ops", text="card", blocks=CONTROLS)["ts"]
        with pytest.raises(ConnectionError, match="dispatch_failed"):
            ws.click(channel="ops", ts=ts, action_id="go")
        with bolt(ws, seen):
            time.sleep(0.2)
            assert seen.clicks == []


def test_a_ticket_opens_one_socket(ws: Workspace) -> None:
    client = WebClient(token=ws.app_token, base_url=ws.api_url)
    url = client.apps_connections_open(app_token=ws.app_token)["url"]
    assert url.startswith("ws://127.0.0.1:")
    before = ws.socket_count
    results: list[int] = []

    def open_twice() -> None:
        async def run() -> None:
            async with aiohttp.ClientSession() as session:
                async with session.ws_connect(url) as socket:
                    hello = await socket.receive_json()
                    results.append(hello["num_connections"])
                try:
                    await session.ws_connect(url)
                except aiohttp.WSServerHandshakeError as exc:
                    results.append(exc.status)

        asyncio.run(run())

    thread = threading.Thread(target=open_twice)
    thread.start()
    thread.join()
    assert results == [before + 1, 401]
