"""The feed behind the page: the first state, live frames, what people send, and who may ask."""

from __future__ import annotations

import asyncio
import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from slack_sdk import WebClient

from bot.demo.workspace import Workspace

Json = dict[str, Any]

BLOCKS = [
    {
        "type": "actions",
        "block_id": "b",
        "elements": [{"type": "button", "action_id": "go", "text": {"type": "plain_text", "text": "Go"}}],
    }
]


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    (tmp_path / "index.html").write_text("<!doctype html><title>Slack</title>", encoding="utf-8")
    (tmp_path / "page.js").write_text("export {}", encoding="utf-8")
    with Workspace(page_dir=tmp_path) as workspace:
        yield workspace


@pytest.fixture
def client(ws: Workspace) -> WebClient:
    return WebClient(token=ws.bot_token, base_url=ws.api_url)


def fetch(ws: Workspace, path: str, body: Json | None = None, **headers: str) -> tuple[int, str]:
    data = None if body is None else json.dumps(body).encode()
    sent = {"Content-Type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
    request = urllib.request.Request(ws.page_url + path, data=data, headers=sent)
    try:
        with urllib.request.urlopen(request, timeout=5) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as exc:
        with exc:
            return exc.code, exc.read().decode()


def send(ws: Workspace, **body: Any) -> Json:
    answer: Json = json.loads(fetch(ws, "page/send", {"user": ws.user("ana"), "channel": ws.channel("ops"), **body})[1])
    return answer


def test_the_page_and_its_files_are_served_and_nothing_outside(ws: Workspace) -> None:
    assert fetch(ws, "") == (200, "<!doctype html><title>Slack</title>")
    assert fetch(ws, "page/page.js") == (200, "export {}")
    assert fetch(ws, "page/missing.css")[0] == 404
    assert fetch(ws, "page/..%2f..%2fetc%2fpasswd")[0] == 404


def test_the_first_state_has_what_this_user_sees(ws: Workspace, client: WebClient) -> None:
    ops = ws.channel("ops")
    client.chat_postMessage(channel=ops, text="for all", blocks=BLOCKS)
    client.chat_postEphemeral(channel=ops, user=ws.user("ana"), text="for ana")
    state = json.loads(fetch(ws, f"page/state?user={ws.user('ana')}")[1])
    assert state["team"]["name"] == "Example Corp"
    assert state["me"]["name"] == "ana"
    assert [(channel["name"], channel["kind"]) for channel in state["channels"]] == [
        ("ops", "channel"),
        ("platform-alerts", "channel"),
        ("inc-42", "channel"),
        ("secret", "private"),
        ("eksip", "dm"),
    ]
    shared, own = state["messages"][ops]
    assert (shared["text"], shared["ephemeral"], shared["is_bot"], shared["username"]) == (
        "for all",
        False,
        True,
        "eksip",
    )
    assert shared["blocks"][0]["block_id"] == "b"
    assert (own["text"], own["ephemeral"]) == ("for ana", True)
    assert state["commands"][0]["command"] == "/eksip"
    assert state["bot"] == {"user_id": ws.bot_user_id, "connected": False, "transport": "socket"}
    others = json.loads(fetch(ws, f"page/state?user={ws.user('ben')}")[1])
    assert [item["text"] for item in others["messages"][ops]] == ["for all"]


def test_a_page_that_names_no_user_is_the_first_persons(ws: Workspace) -> None:
    assert json.loads(fetch(ws, "page/state")[1])["me"]["name"] == "ana"


def test_an_unknown_user_gets_no_state(ws: Workspace) -> None:
    assert fetch(ws, "page/state?user=U404")[0] == 404


def test_the_live_feed_carries_posts_changes_deletions_and_own_ephemerals(ws: Workspace, client: WebClient) -> None:
    frames: dict[str, list[Json]] = {"ana": [], "ben": []}
    listening = threading.Barrier(3)

    def listen(name: str, until: str) -> None:
        async def run() -> None:
            async with (
                aiohttp.ClientSession() as session,
                session.ws_connect(f"{ws.page_url}page/events?user={ws.user(name)}") as socket,
            ):
                frames[name].append(await socket.receive_json())
                await asyncio.to_thread(listening.wait)
                while frames[name][-1].get("message", {}).get("text") != until:
                    frames[name].append(await socket.receive_json(timeout=5))

        asyncio.run(run())

    threads = [threading.Thread(target=listen, args=(name, "end")) for name in frames]
    for thread in threads:
        thread.start()
    listening.wait()
    ops = ws.channel("ops")
    posted = client.chat_postMessage(channel=ops, text="one")
    client.chat_update(channel=ops, ts=posted["ts"], text="two")
    client.chat_postEphemeral(channel=ops, user=ws.user("ana"), text="psst")
    client.chat_delete(channel=ops, ts=posted["ts"])
    ws.say("end")
    for thread in threads:
        thread.join()
    seen = {
        name: [(frame["type"], frame.get("message", {}).get("text")) for frame in got] for name, got in frames.items()
    }
    shared = [("message", "one"), ("changed", "two"), ("deleted", "two"), ("message", "end")]
    assert seen["ben"] == [("connection", None), *shared]
    assert seen["ana"] == [("connection", None), *shared[:2], ("message", "psst"), *shared[2:]]
    assert frames["ben"][3]["message"]["deleted"]
    assert frames["ben"][1]["channel"] == ops


def test_a_message_sent_on_the_page_is_posted_in_its_thread(ws: Workspace) -> None:
    root = ws.say("root")
    assert send(ws, text="reply", thread_ts=root) == {"ok": True}
    assert ws.messages("ops")[1]["thread_ts"] == root


@pytest.mark.parametrize(
    ("body", "text"),
    [
        pytest.param({"text": "/nope x"}, "/nope is not a valid command.", id="unknown command"),
        pytest.param(
            {"text": "/eksip status", "thread_ts": "1.000001"},
            "/eksip is not supported in threads. Sorry!",
            id="command in a thread",
        ),
        pytest.param({"text": "/eksip"}, '/eksip failed with the error "dispatch_failed"', id="no bot"),
        pytest.param({"text": "  "}, "Write something first.", id="nothing"),
    ],
)
def test_what_cannot_be_sent_says_what_slack_would_show(ws: Workspace, body: Json, text: str) -> None:
    assert send(ws, **body) == {"ok": False, "text": text}


def test_a_click_without_a_bot_says_that_it_did_not_work(ws: Workspace, client: WebClient) -> None:
    ts = client.chat_postMessage(channel="ops", text="card", blocks=BLOCKS)["ts"]
    body = {"user": ws.user("ana"), "channel": ws.channel("ops"), "ts": ts, "action_id": "go", "block_id": "b"}
    assert json.loads(fetch(ws, "page/action", body)[1]) == {"ok": False, "text": "This did not work: dispatch_failed"}
    assert "No control" in json.loads(fetch(ws, "page/action", {**body, "action_id": "x"})[1])["text"]


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Host": "evil.example.com"}, id="another host"),
        pytest.param({"Host": "evil.example.com:80"}, id="another host with a port"),
        pytest.param({"Origin": "https://evil.example.com"}, id="another origin"),
        pytest.param({"Origin": "null"}, id="a sandboxed page"),
        pytest.param({"Origin": "http://127.0.0.1:1"}, id="another local server"),
        pytest.param({"Sec_Fetch_Site": "cross-site"}, id="a cross-site fetch"),
    ],
)
def test_pages_of_other_sites_are_refused(ws: Workspace, headers: dict[str, str]) -> None:
    body = {"user": ws.user("ana"), "channel": ws.channel("ops"), "text": "hi"}
    assert fetch(ws, "page/send", body, **headers)[0] == 403
    assert fetch(ws, f"page/state?user={ws.user('ana')}", None, **headers)[0] == 403
    assert ws.messages("ops") == []


def test_the_page_itself_is_answered_on_its_own_origin(ws: Workspace) -> None:
    body = {"user": ws.user("ana"), "channel": ws.channel("ops"), "text": "hi"}
    assert fetch(ws, "page/send", body, Origin=ws.page_url.rstrip("/"), Sec_Fetch_Site="same-origin")[0] == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param({"user": "U404"}, 400, id="unknown user"),
        pytest.param({"channel": "C404"}, 400, id="unknown channel"),
        pytest.param({"user": ["x"]}, 400, id="odd user"),
        pytest.param({"channel": "dm:ben"}, 403, id="someone else's conversation"),
    ],
)
def test_a_post_that_makes_no_sense_is_refused(ws: Workspace, body: Json, status: int) -> None:
    whole = {"user": ws.user("ana"), "channel": ws.channel("ops"), "text": "hi", **body}
    assert fetch(ws, "page/send", whole)[0] == status


def test_a_form_post_is_refused(ws: Workspace) -> None:
    body = {"user": ws.user("ana"), "channel": ws.channel("ops"), "text": "hi"}
    assert fetch(ws, "page/send", body, Content_Type="text/plain")[0] == 400
