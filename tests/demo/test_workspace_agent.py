"""The agent view and streamed replies, through Bolt's own say_stream, set_status and set_suggested_prompts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bolt_app import bolt_app, connected
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.demo.workspace import Workspace

Json = dict[str, Any]


@dataclass
class Clock:
    """A clock the test moves."""

    ahead: timedelta = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead  # noqa: TID251 - the workspace signs and stamps with real time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ws(clock: Clock) -> Iterator[Workspace]:
    with Workspace(now=clock) as workspace:
        yield workspace


@pytest.fixture
def client(ws: Workspace) -> WebClient:
    return WebClient(token=ws.bot_token, base_url=ws.api_url, retry_handlers=[])


def error_of(client: WebClient, method: str, **params: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        client.api_call(method, json=params)
    return str(caught.value.response["error"])


def start(ws: Workspace, client: WebClient, **more: Any) -> Json:
    """A stream in a thread of ana's direct conversation: its channel and ts, as the next calls take them."""
    channel = ws.channel("dm:ana")
    root = ws.say("hello", channel="dm:ana")
    answer = client.api_call("chat.startStream", json={"channel": channel, "thread_ts": root, **more})
    return {"channel": channel, "ts": answer["ts"]}


def last(ws: Workspace, channel: str = "dm:ana") -> Json:
    return ws.messages(channel)[-1]


def test_bolt_says_what_it_does_streams_its_answer_and_suggests_what_to_ask_next(ws: Workspace) -> None:
    app = bolt_app(ws)

    @app.event("message")
    def answer(event: Json, say_stream: Any, set_status: Any, set_suggested_prompts: Any) -> None:
        set_status("is reading…")
        stream = say_stream(buffer_size=10)
        stream.append(markdown_text="**prod-eu** has ")
        stream.append(markdown_text="203 of 4,091 free")
        stream.stop(markdown_text=" addresses.")
        set_suggested_prompts(prompts=[{"title": "Why?", "message": "why prod-eu"}])

    with connected(ws, app):
        root = ws.say("status", channel="dm:ana")
        ws.wait_for(lambda: ws.prompts("ana"))
        reply = ws.messages("dm:ana")[1]
        assert (reply["text"], reply["thread_ts"]) == ("**prod-eu** has 203 of 4,091 free addresses.", root)
        assert reply["streaming_state"] == "completed"
        assert [call.method for call in ws.calls if "Stream" in call.method] == [
            "chat.startStream",
            "chat.appendStream",
            "chat.stopStream",
        ]
        # Slack clears a status when a message is posted, not when a stream stops.
        assert ws.status("dm:ana", root) == "is reading…"
        ws.press_prompt("Why?")
        asked = [message["text"] for message in ws.messages("dm:ana") if message["user"] == ws.user("ana")]
        assert asked == ["status", "why prod-eu"]


def test_a_status_ends_with_the_reply_in_its_thread_and_when_it_is_emptied(ws: Workspace, client: WebClient) -> None:
    ops = ws.channel("ops")
    one, other = ws.say("one"), ws.say("other")
    for ts in (one, other):
        client.assistant_threads_setStatus(channel_id=ops, thread_ts=ts, status="is thinking…")
    client.chat_postMessage(channel=ops, text="elsewhere")
    client.chat_postMessage(channel=ops, text="done", thread_ts=one)
    assert (ws.status("ops", one), ws.status("ops", other)) == ("", "is thinking…")
    client.assistant_threads_setStatus(channel_id=ops, thread_ts=other, status="")
    assert ws.status("ops", other) == ""


def test_a_thread_gets_a_title(ws: Workspace, client: WebClient) -> None:
    ts = ws.say("why?", channel="dm:ana")
    client.assistant_threads_setTitle(channel_id=ws.channel("dm:ana"), thread_ts=ts, title="Pods pending")
    assert ws.thread_title("dm:ana", ts) == "Pods pending"


def test_prompts_for_a_thread_are_accepted_and_never_shown(ws: Workspace, client: WebClient) -> None:
    ts = ws.say("hello", channel="dm:ana")
    prompts = [{"title": "a", "message": "b"}]
    dm = ws.channel("dm:ana")
    assert client.assistant_threads_setSuggestedPrompts(channel_id=dm, thread_ts=ts, prompts=prompts)["ok"]
    assert ws.prompts("ana") == []
    client.assistant_threads_setSuggestedPrompts(channel_id=dm, prompts=prompts)
    assert ws.prompts("ana") == prompts


@pytest.mark.parametrize(
    ("method", "params", "error"),
    [
        pytest.param(
            "setSuggestedPrompts", {"prompts": [{"title": "a", "message": "b"}] * 5}, "invalid_arguments", id="5"
        ),
        pytest.param("setSuggestedPrompts", {"prompts": [{"title": "a"}]}, "invalid_arguments", id="no message"),
        pytest.param("setStatus", {"thread_ts": "1.000001", "status": "x"}, "invalid_thread_ts", id="no thread"),
        pytest.param(
            "setStatus", {"channel_id": "C404", "thread_ts": "1", "status": "x"}, "channel_not_found", id="no channel"
        ),
        pytest.param("setTitle", {"title": "x"}, "invalid_arguments", id="title of nothing"),
    ],
)
def test_what_the_agent_view_does_not_take_is_refused(
    ws: Workspace, client: WebClient, method: str, params: Json, error: str
) -> None:
    whole = {"channel_id": ws.channel("dm:ana"), **params}
    assert error_of(client, f"assistant.threads.{method}", **whole) == error


def test_a_stream_is_of_one_mode_for_its_whole_life(ws: Workspace, client: WebClient) -> None:
    chunks = [{"type": "markdown_text", "text": "b"}]
    text = start(ws, client, markdown_text="a")
    assert error_of(client, "chat.appendStream", **text, chunks=chunks) == "streaming_mode_mismatch"
    client.api_call("chat.appendStream", json={**text, "markdown_text": "b"})
    assert last(ws)["text"] == "ab"
    pieces = start(ws, client, chunks=chunks)
    assert error_of(client, "chat.stopStream", **pieces, markdown_text="x") == "streaming_mode_mismatch"
    undecided = start(ws, client)
    client.api_call("chat.appendStream", json={**undecided, "chunks": chunks})
    assert last(ws)["streaming_state"] == "in_progress"


def test_a_stream_that_stopped_or_is_too_old_takes_nothing_more(ws: Workspace, client: WebClient, clock: Clock) -> None:
    done = start(ws, client, markdown_text="a")
    client.api_call("chat.stopStream", json=done)
    assert error_of(client, "chat.appendStream", **done, markdown_text="b") == "message_not_in_streaming_state"
    old = start(ws, client, markdown_text="a")
    clock.ahead = timedelta(seconds=306)
    assert error_of(client, "chat.appendStream", **old, markdown_text="b") == "message_not_in_streaming_state"
    assert error_of(client, "chat.stopStream", **old) == "message_not_in_streaming_state"
    client.chat_update(channel=old["channel"], ts=old["ts"], text="the whole answer")
    assert last(ws)["text"] == "the whole answer"


def test_tasks_change_in_their_place_and_blocks_follow_the_text(ws: Workspace, client: WebClient) -> None:
    task = {"type": "task_update", "id": "1", "title": "Read prod-eu", "status": "in_progress"}
    stream = start(ws, client, chunks=[task, {**task, "id": "2", "title": "Read stage"}])
    chunks = [{**task, "status": "complete"}, {"type": "markdown_text", "text": "Two subnets are low."}]
    divider = {"type": "divider", "block_id": "end"}
    stopped = client.api_call("chat.stopStream", json={**stream, "chunks": chunks, "blocks": [divider]})
    shown = stopped["message"]["blocks"]
    assert [(block["type"], block.get("status")) for block in shown] == [
        ("task_card", "complete"),
        ("task_card", "in_progress"),
        ("markdown", None),
        ("divider", None),
    ]


@pytest.mark.parametrize(
    ("params", "error"),
    [
        pytest.param({"recipient_user_id": None}, "missing_recipient_user_id", id="no recipient"),
        pytest.param({"recipient_team_id": None}, "missing_recipient_team_id", id="no team"),
        pytest.param({"recipient_user_id": "U404"}, "user_not_found", id="unknown recipient"),
        pytest.param({"thread_ts": None}, "invalid_arguments", id="no thread"),
        pytest.param({"thread_ts": "1.000001"}, "invalid_thread_ts", id="unknown thread"),
        pytest.param({"markdown_text": "x" * 12_001}, "msg_too_long", id="over 12,000 characters"),
        pytest.param({"chunks": [{"type": "song"}]}, "invalid_arguments", id="unknown chunk"),
        pytest.param(
            {"chunks": [{"type": "task_update", "id": "1", "title": "x" * 257}]}, "invalid_arguments", id="long title"
        ),
        pytest.param(
            {"chunks": [{"type": "blocks", "blocks": [{"type": "section"}]}]}, "invalid_blocks", id="bad blocks"
        ),
    ],
)
def test_a_stream_in_a_channel_that_slack_refuses_posts_nothing(
    ws: Workspace, client: WebClient, params: Json, error: str
) -> None:
    root = ws.say("@eksip hello")
    whole = {
        "channel": ws.channel("ops"),
        "thread_ts": root,
        "recipient_user_id": ws.user("ana"),
        "recipient_team_id": ws.team_id,
        **params,
    }
    given = {name: value for name, value in whole.items() if value is not None}
    assert error_of(client, "chat.startStream", **given) == error
    assert [message["ts"] for message in ws.messages("ops")] == [root]


def test_only_the_apps_own_streams_grow_and_only_by_something(ws: Workspace, client: WebClient) -> None:
    stream = start(ws, client)
    assert error_of(client, "chat.appendStream", **stream) == "no_text"
    ts = ws.say("mine", channel="dm:ana")
    theirs = {"channel": stream["channel"], "ts": ts, "markdown_text": "x"}
    assert error_of(client, "chat.appendStream", **theirs) == "message_not_owned_by_app"
    assert error_of(client, "chat.appendStream", **{**theirs, "ts": "1.000001"}) == "message_not_found"
