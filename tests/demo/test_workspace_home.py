"""Home tabs, message shortcuts, feedback buttons, joining and leaving, as an unchanged Bolt app sees them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from bolt_app import bolt_app, connected
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.demo.workspace import BOT_EVENTS, Workspace

Json = dict[str, Any]
Ack = Callable[..., None]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


BUTTON = {"type": "button", "action_id": "go", "text": plain("Status"), "value": "status"}
TAB = {"type": "home", "callback_id": "home", "blocks": [{"type": "actions", "block_id": "b", "elements": [BUTTON]}]}
FEEDBACK = {
    "type": "feedback_buttons",
    "action_id": "feedback",
    "positive_button": {"text": plain("Good"), "value": "good why"},
    "negative_button": {"text": plain("Bad"), "value": "bad why"},
}
TRASH = {"type": "icon_button", "action_id": "trash", "icon": "trash", "text": plain("Delete"), "value": "1"}
FOOTER = {"type": "context_actions", "block_id": "f", "elements": [FEEDBACK, TRASH]}
LOOKUP = {
    "type": "actions",
    "block_id": "s",
    "elements": [{"type": "external_select", "action_id": "scope", "min_query_length": 0}],
}


@dataclass
class Seen:
    """What the app was given."""

    events: list[Json] = field(default_factory=list)
    actions: list[Json] = field(default_factory=list)
    shortcuts: list[Json] = field(default_factory=list)


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.fixture
def ws(seen: Seen) -> Iterator[Workspace]:
    with Workspace() as workspace:
        app = bolt_app(workspace)

        def note(event: Json, body: Json) -> None:
            seen.events.append(body["event"])

        for name in ("app_home_opened", "member_joined_channel", "tokens_revoked", "app_uninstalled"):
            app.event(name)(note)

        def pressed(ack: Ack, body: Json) -> None:
            ack()
            seen.actions.append(body)

        for action in ("go", "feedback", "trash", "scope"):
            app.action(action)(pressed)

        @app.options("scope")
        def options(ack: Ack, payload: Json) -> None:
            groups = [{"label": plain("Clusters"), "options": [{"text": plain("Prod EU"), "value": "prod-eu"}]}]
            ack(option_groups=groups if payload["value"] in "prod" else [])

        @app.shortcut("eksip_diagnose_message")
        def diagnose(ack: Ack, shortcut: Json, respond: Callable[..., Any]) -> None:
            ack()
            seen.shortcuts.append(shortcut)
            respond(text="looking")

        with connected(workspace, app):
            yield workspace


@pytest.fixture
def client(ws: Workspace) -> WebClient:
    return WebClient(token=ws.bot_token, base_url=ws.api_url, retry_handlers=[])


def error_of(client: WebClient, method: str, **params: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        client.api_call(method, json=params)
    return str(caught.value.response["error"])


def test_opening_the_home_tab_tells_the_app_which_publishes_it_for_that_person_alone(
    ws: Workspace, client: WebClient, seen: Seen
) -> None:
    ws.open_home("ben")
    event = ws.wait_for(lambda: seen.events)[0]
    assert (event["type"], event["tab"], event["channel"]) == ("app_home_opened", "home", ws.channel("dm:ben"))
    assert "view" not in event
    published = client.views_publish(user_id=event["user"], view=TAB)["view"]
    home = ws.home("ben")
    assert home is not None
    assert (home["id"], home["type"]) == (published["id"], "home")
    assert ws.home("ana") is None
    ws.open_home("ben")
    assert ws.wait_for(lambda: seen.events[1])["view"]["id"] == published["id"]


def test_the_messages_tab_is_told_apart(ws: Workspace, seen: Seen) -> None:
    ws.open_home("ana", tab="messages")
    assert ws.wait_for(lambda: seen.events)[0]["tab"] == "messages"


def test_a_published_tab_is_replaced_under_its_id_unless_the_hash_is_old(ws: Workspace, client: WebClient) -> None:
    ana = ws.user("ana")
    first = client.views_publish(user_id=ana, view=TAB)["view"]
    second = client.views_publish(user_id=ana, view=TAB, hash=first["hash"])["view"]
    assert second["id"] == first["id"]
    assert error_of(client, "views.publish", user_id=ana, view=TAB, hash=first["hash"]) == "hash_conflict"
    assert error_of(client, "views.publish", user_id="U404", view=TAB) == "user_not_found"
    table = {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}]]}
    bad = {"type": "home", "blocks": [table]}
    assert error_of(client, "views.publish", user_id=ana, view=bad) == "invalid_arguments"


def test_a_button_on_home_opens_a_modal_by_its_trigger(ws: Workspace, client: WebClient, seen: Seen) -> None:
    client.views_publish(user_id=ws.user("ana"), view=TAB)
    ws.press("go", on_home=True)
    body = ws.wait_for(lambda: seen.actions)[0]
    assert body["view"]["type"] == "home"
    assert body["actions"][0]["value"] == "status"
    blocks = [{"type": "section", "text": plain("x")}]
    client.views_open(trigger_id=body["trigger_id"], view={"type": "modal", "title": plain("x"), "blocks": blocks})
    assert ws.modal() is not None


def test_a_message_shortcut_hands_over_the_message_a_trigger_and_a_private_answer(ws: Workspace, seen: Seen) -> None:
    root = ws.say("root", user="ben")
    ts = ws.say("failed to assign an IP address", user="ben", thread_ts=root)
    ws.shortcut("eksip_diagnose_message", channel="ops", ts=ts)
    (body,) = ws.wait_for(lambda: seen.shortcuts)
    assert body["message"]["text"] == "failed to assign an IP address"
    assert (body["message_ts"], body["message"]["thread_ts"]) == (ts, root)
    assert (body["channel"]["id"], body["user"]["id"]) == (ws.channel("ops"), ws.user("ana"))
    assert ws.wait_for(lambda: ws.ephemerals("ops", "ana"))[0]["text"] == "looking"
    assert ws.ephemerals("ops", "ben") == []


def test_a_shortcut_or_message_that_is_not_there_is_said(ws: Workspace) -> None:
    with pytest.raises(LookupError, match="eksip_diagnose_message"):
        ws.shortcut("other", channel="ops", ts=ws.say("x"))
    with pytest.raises(LookupError, match="No message"):
        ws.shortcut("eksip_diagnose_message", channel="ops", ts="1.000001")


@pytest.mark.parametrize(
    ("half", "value"),
    [pytest.param("good why", "good why", id="by value"), pytest.param("Bad", "bad why", id="by its words")],
)
def test_one_half_of_the_feedback_buttons_is_pressed(
    ws: Workspace, client: WebClient, seen: Seen, half: str, value: str
) -> None:
    ts = client.chat_postMessage(channel="ops", text="answer", blocks=[FOOTER])["ts"]
    ws.click(channel="ops", ts=ts, action_id="feedback", value=half)
    action = ws.wait_for(lambda: seen.actions)[0]["actions"][0]
    assert (action["type"], action["value"], action["block_id"]) == ("feedback_buttons", value, "f")
    with pytest.raises(LookupError, match="good why, bad why"):
        ws.click(channel="ops", ts=ts, action_id="feedback", value="neither")


def test_an_icon_button_sends_its_value(ws: Workspace, client: WebClient, seen: Seen) -> None:
    ts = client.chat_postMessage(channel="ops", text="answer", blocks=[FOOTER])["ts"]
    ws.click(channel="ops", ts=ts, action_id="trash")
    action = ws.wait_for(lambda: seen.actions)[0]["actions"][0]
    assert (action["type"], action["icon"], action["value"]) == ("icon_button", "trash", "1")


@pytest.mark.parametrize(
    "block",
    [
        pytest.param({"type": "actions", "elements": [FEEDBACK]}, id="feedback among actions"),
        pytest.param({"type": "context_actions", "elements": [{**FEEDBACK, "positive_button": {}}]}, id="no text"),
        pytest.param({"type": "context_actions", "elements": [{**TRASH, "icon": "star"}]}, id="another icon"),
    ],
)
def test_footers_slack_does_not_take_are_refused(client: WebClient, block: Json) -> None:
    assert error_of(client, "chat.postMessage", channel="ops", text="x", blocks=[block]) == "invalid_blocks"


def test_a_select_of_a_message_asks_the_app_for_options_by_group(ws: Workspace, client: WebClient, seen: Seen) -> None:
    ts = client.chat_postMessage(channel="ops", text="which?", blocks=[LOOKUP])["ts"]
    offered = ws.options("scope", "", channel="ops", ts=ts)
    assert [one["value"] for one in offered] == ["prod-eu"]
    ws.click(channel="ops", ts=ts, action_id="scope", option="prod-eu")
    body = ws.wait_for(lambda: seen.actions)[0]
    assert body["actions"][0]["selected_option"] == offered[0]
    assert body["state"]["values"]["s"]["scope"]["selected_option"] == offered[0]


def test_the_app_is_told_when_it_is_invited_and_by_whom(ws: Workspace, client: WebClient, seen: Seen) -> None:
    place = ws.add_channel("lobby", bot_in=False)
    assert error_of(client, "chat.postMessage", channel=place, text="x") == "not_in_channel"
    ws.invite("lobby", by="ben")
    event = ws.wait_for(lambda: seen.events)[0]
    assert (event["type"], event["user"], event["inviter"]) == (
        "member_joined_channel",
        ws.bot_user_id,
        ws.user("ben"),
    )
    assert client.chat_postMessage(channel=place, text="hello")["ok"]


def test_after_it_is_uninstalled_the_app_is_told_and_its_token_opens_nothing_until_it_is_back(
    ws: Workspace, client: WebClient, seen: Seen
) -> None:
    ws.uninstall()
    kinds = ws.wait_for(lambda: {event["type"] for event in seen.events} if len(seen.events) == 2 else None)
    assert kinds == {"tokens_revoked", "app_uninstalled"}
    assert error_of(client, "auth.test") == "account_inactive"
    ws.reinstall()
    assert client.auth_test()["ok"]


def test_an_event_the_app_did_not_ask_for_is_not_delivered() -> None:
    received: list[Json] = []
    with Workspace(events=BOT_EVENTS - {"app_home_opened"}) as ws:
        app = bolt_app(ws)
        for name in ("app_home_opened", "message"):
            app.event(name)(lambda event: received.append(event))
        with connected(ws, app):
            ws.open_home("ana")
            ws.say("after it", channel="dm:ana")
            ws.wait_for(lambda: received)
    assert [event["type"] for event in received] == ["message"]
