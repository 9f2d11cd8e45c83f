"""Fields of payloads read without trust, and payloads that are refused before Bolt trips over them."""

import json
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from small_bot import now, over_http

from bot.demo.workspace.events import signature
from bot.slack.forms import values
from bot.slack.incoming import Identity, from_action, from_command, from_event, from_person, from_shortcut
from bot.slack.shapes import malformed

BOT = Identity(team_id="T1", bot_user_id="UBOT")
ODD: tuple[Any, ...] = (None, 0, 2**70, 1.5, True, "x", [], [None], [[]], {}, {"id": 7}, [{"type": 7}])


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        pytest.param({"type": "event_callback", "event": {"type": "app_mention", "user": "U1"}}, "", id="an event"),
        pytest.param({"type": "event_callback", "event": []}, "event", id="an event that is a list"),
        pytest.param({"type": "event_callback"}, "event", id="no event"),
        pytest.param({"type": "event_callback", "event": {"user": 1.5}}, "event.user", id="a person that is a number"),
        pytest.param({"authorizations": ["a"]}, "authorizations", id="authorizations of no objects"),
        pytest.param({"authorizations": [{"team": 3}]}, "authorizations.team", id="a team inside one"),
        pytest.param({"type": "block_actions", "actions": [0]}, "actions", id="an action that is a number"),
        pytest.param({"type": "block_actions", "actions": []}, "actions", id="no action"),
        pytest.param({"type": "view_submission", "view": None}, "view", id="no view"),
        pytest.param({"enterprise": 2**70}, "enterprise", id="an enterprise that is a number"),
        pytest.param({"response_urls": "x"}, "response_urls", id="response URLs that are none"),
        pytest.param({"command": ["/eksip"]}, "command", id="a command that is a list"),
        pytest.param({"command": "/eksip", "user_id": 7}, "", id="what listeners read themselves"),
    ],
)
def test_what_bolt_would_fail_on_is_named(payload: dict[str, Any], field: str) -> None:
    assert malformed(payload) == field


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_a_field_of_another_type_is_as_if_it_were_not_there(odd: Any) -> None:
    """Whatever stands in a field, reading it raises nothing."""
    names = ("user", "channel", "container", "message", "view", "event", "actions", "enterprise", "team", "text")
    body = dict.fromkeys(names, odd)
    assert from_command(body, BOT).request.text in ("", "x")
    assert from_event(body, BOT) is None
    assert from_action(body, BOT) is None
    assert from_action({"actions": [{"value": "status", "selected_option": odd}], "user": odd}, BOT) is not None
    assert from_shortcut(body, BOT, "why").request.user_id == ""
    assert from_person(body, BOT, "status").request.user_id == ""
    assert values({"values": odd}) in ({}, {"id": ""})
    assert values({"values": {"nodes": odd}}) == {"nodes": ""}
    assert values({"values": {"nodes": {"nodes": {"value": odd, "selected_option": odd}}}})["nodes"] in ("", "x")


@pytest.mark.parametrize("ts", ["x", "1700000000", 1700000000.1, "1.1; drop", None])
def test_a_thread_that_is_no_timestamp_is_no_thread(ts: Any) -> None:
    found = from_event({"event": {"type": "message", "user": "U1", "channel": "D1", "ts": "1.1", "thread_ts": ts}}, BOT)
    assert found is not None
    assert found.request.thread_ts is None


@pytest.mark.timeout(60)
def test_a_malformed_delivery_is_refused_and_the_next_is_answered() -> None:
    """Over HTTP with Slack's own signature: 400, not 500, which Slack would send again."""
    with over_http() as (bot, server):
        body = json.dumps({"type": "event_callback", "event": {"type": "app_mention", "user": 1.5}}).encode()
        at = str(int(now().timestamp()))
        headers = {
            "Content-Type": "application/json",
            "X-Slack-Request-Timestamp": at,
            "X-Slack-Signature": signature(bot.workspace.signing_secret, at, body),
        }
        with pytest.raises(HTTPError, match="400"):
            urlopen(Request(f"http://127.0.0.1:{server.port}/slack/events", body, headers))
        bot.workspace.slash("status")
        assert bot.workspace.wait_for(bot.answers.texts) == ["status"]
