"""The workspace starts, stops and is waited for cleanly."""

from __future__ import annotations

import logging
import socket
import threading

import pytest
from slack_sdk import WebClient

from bot.demo.workspace import Workspace


@pytest.mark.timeout(60)
def test_it_stops_without_waiting_for_a_held_call_and_leaves_no_thread() -> None:
    ws = Workspace(retry_seconds=(60.0,))
    ws.start()
    ws.faults.slow("auth.test", 300)
    held = threading.Thread(target=_call_and_ignore, args=(ws,))
    held.start()
    ws.say("@eksip nobody is there")
    ws.wait_for(lambda: ws.calls)
    ws.stop()
    held.join()
    assert "workspace" not in {thread.name for thread in threading.enumerate()}


def test_stopping_twice_or_before_the_start_does_nothing() -> None:
    ws = Workspace()
    ws.stop()
    ws.start()
    ws.stop()
    ws.stop()


def test_it_comes_back_on_the_same_address_with_what_it_knew() -> None:
    ws = Workspace()
    ws.start()
    ws.say("before")
    address = ws.api_url
    ws.stop()
    ws.start()
    try:
        assert ws.api_url == address
        assert WebClient(token=ws.bot_token, base_url=ws.api_url).auth_test()["ok"]
        assert [item["text"] for item in ws.messages("ops")] == ["before"]
    finally:
        ws.stop()


def test_a_taken_port_is_said_at_the_start() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ws = Workspace(port=taken.getsockname()[1])
        with pytest.raises(OSError, match="in use"):
            ws.start()


def test_it_cannot_be_used_before_the_start() -> None:
    ws = Workspace()
    with pytest.raises(RuntimeError, match=r"start\(\)"):
        ws.say("x")
    with pytest.raises(RuntimeError, match=r"start\(\)"):
        _ = ws.api_url


def test_waiting_in_vain_shows_what_the_workspace_looks_like() -> None:
    with Workspace() as ws:
        ws.say("status please")
        with pytest.raises(TimeoutError, match="status please"):
            ws.wait_for(lambda: ws.messages("ops")[7], timeout=0.1)


def test_an_unknown_name_is_answered_with_those_there_are() -> None:
    ws = Workspace()
    with pytest.raises(KeyError, match="platform-alerts"):
        ws.channel("alerts")
    with pytest.raises(KeyError, match="ana, ben, chris"):
        ws.user("dora")
    with pytest.raises(ValueError, match="already"):
        ws.add_channel("ops")


def test_no_token_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with Workspace() as ws:
        logging.getLogger("slack_sdk").setLevel(logging.INFO)
        WebClient(token=ws.bot_token, base_url=ws.api_url).auth_test()
        ws.say("@eksip hello")
        written = caplog.text + repr([vars(record) for record in caplog.records])
    assert ws.bot_token not in written
    assert ws.signing_secret not in written


def _call_and_ignore(ws: Workspace) -> None:
    try:
        WebClient(token=ws.bot_token, base_url=ws.api_url, retry_handlers=[]).auth_test()
    except OSError:
        return
