"""Reactions, edits and deletions, and what administrators do: channels taken away, renamed; user groups; faults."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from bolt_app import bolt_app, connected
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.demo.workspace import Workspace

Json = dict[str, Any]


@pytest.fixture
def ws() -> Iterator[Workspace]:
    with Workspace() as workspace:
        yield workspace


@pytest.fixture
def client(ws: Workspace) -> WebClient:
    return WebClient(token=ws.bot_token, base_url=ws.api_url, retry_handlers=[])


def error_of(client: WebClient, method: str, **params: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        client.api_call(method, json=params)
    return str(caught.value.response["error"])


def test_reactions_are_added_once_counted_by_person_and_taken_back(ws: Workspace, client: WebClient) -> None:
    ops = ws.channel("ops")
    ts = ws.say("@eksip look")
    client.reactions_add(channel=ops, timestamp=ts, name="eyes")
    ws.react("eyes", channel="ops", ts=ts, user="ben")
    assert ws.messages("ops")[-1]["reactions"] == [
        {"name": "eyes", "users": [ws.bot_user_id, ws.user("ben")], "count": 2}
    ]
    assert error_of(client, "reactions.add", channel=ops, timestamp=ts, name="eyes") == "already_reacted"
    client.reactions_remove(channel=ops, timestamp=ts, name="eyes")
    assert ws.messages("ops")[-1]["reactions"][0]["count"] == 1
    assert error_of(client, "reactions.remove", channel=ops, timestamp=ts, name="eyes") == "no_reaction"


@pytest.mark.parametrize(
    ("params", "error"),
    [
        pytest.param({"name": "Not An Emoji"}, "invalid_name", id="name"),
        pytest.param({"timestamp": "1.000001"}, "message_not_found", id="no message"),
        pytest.param({"timestamp": None}, "no_item_specified", id="nothing named"),
        pytest.param({"channel": "ops"}, "channel_not_found", id="a channel's name"),
    ],
)
def test_a_reaction_slack_refuses_is_refused(ws: Workspace, client: WebClient, params: Json, error: str) -> None:
    whole = {"channel": ws.channel("ops"), "timestamp": ws.say("x"), "name": "eyes", **params}
    given = {name: value for name, value in whole.items() if value is not None}
    assert error_of(client, "reactions.add", **given) == error


@pytest.mark.parametrize(
    ("deed", "error"),
    [
        pytest.param(lambda ws: ws.remove("ops"), "not_in_channel", id="removed"),
        pytest.param(lambda ws: ws.archive("ops"), "is_archived", id="archived"),
        pytest.param(
            lambda ws: (ws.remove("ops"), ws.make_private("ops")), "channel_not_found", id="private without it"
        ),
        pytest.param(lambda ws: ws.uninstall("token_revoked"), "token_revoked", id="token revoked"),
    ],
)
def test_an_administrator_can_take_a_channel_from_the_app(
    ws: Workspace, client: WebClient, deed: Callable[[Workspace], Any], error: str
) -> None:
    ops = ws.channel("ops")
    deed(ws)
    assert error_of(client, "chat.postMessage", channel=ops, text="x") == error


def test_a_renamed_channel_keeps_its_id_and_its_messages(ws: Workspace, client: WebClient) -> None:
    ops = ws.channel("ops")
    client.chat_postMessage(channel=ops, text="before")
    ws.rename("ops", "operations")
    client.chat_postMessage(channel=ops, text="after")
    assert client.conversations_info(channel=ops)["channel"]["name"] == "operations"
    assert [message["text"] for message in ws.messages("operations")] == ["before", "after"]
    assert error_of(client, "chat.postMessage", channel="ops", text="x") == "channel_not_found"


def test_the_members_of_a_user_group_are_listed(ws: Workspace, client: WebClient) -> None:
    group = ws.add_usergroup("oncall", ["ana", "ben"])
    assert client.usergroups_users_list(usergroup=group)["users"] == [ws.user("ana"), ws.user("ben")]
    assert client.usergroups_list()["usergroups"][0]["handle"] == "oncall"
    assert error_of(client, "usergroups.users.list", usergroup="S404") == "no_such_subteam"


def test_a_reply_to_a_deleted_message_goes_to_the_channel_silently(ws: Workspace, client: WebClient) -> None:
    root = client.chat_postMessage(channel="ops", text="card")["ts"]
    ws.delete(channel="ops", ts=root)
    assert error_of(client, "chat.update", channel=ws.channel("ops"), ts=root, text="x") == "message_not_found"
    answer = client.chat_postMessage(channel="ops", text="reply", thread_ts=root)
    assert "thread_ts" not in answer["message"]


def test_the_bot_hears_of_edits_and_deletions_in_its_own_conversations_alone(ws: Workspace) -> None:
    heard: list[Json] = []
    app = bolt_app(ws)
    app.event("message")(lambda event: heard.append(event))
    with connected(ws, app):
        for channel in ("ops", "dm:ana"):
            ts = ws.say("why", channel=channel)
            ws.edit("why prod-eu", channel=channel, ts=ts)
            ws.delete(channel=channel, ts=ts)
        ws.wait_for(lambda: len(heard) == 3)
    assert {event["channel"] for event in heard} == {ws.channel("dm:ana")}
    assert {event.get("subtype") for event in heard} == {None, "message_changed", "message_deleted"}


def test_a_degraded_slack_fails_whatever_is_called_next(ws: Workspace, client: WebClient) -> None:
    ws.faults.server_error("*", times=2)
    for method in ("auth.test", "chat.postMessage"):
        with pytest.raises(SlackApiError) as caught:
            client.api_call(method, json={"channel": "ops", "text": "x"})
        assert caught.value.response.status_code == 503
    assert client.auth_test()["ok"]


def test_a_team_of_an_enterprise_is_named_in_everything_the_app_gets() -> None:
    bodies: list[Json] = []
    with Workspace(enterprise_id="E0LOCAL0001") as ws:
        app = bolt_app(ws)

        def note(body: Json, context: Json) -> None:
            bodies.append({"body": body, "enterprise_id": context["enterprise_id"]})

        def command(ack: Callable[..., None], body: Json, context: Json) -> None:
            ack()
            note(body, context)

        app.command("/eksip")(command)
        app.shortcut("eksip_diagnose_message")(command)
        app.event("app_mention")(note)
        with connected(ws, app):
            ws.slash("status")
            ws.shortcut("eksip_diagnose_message", channel="ops", ts=ws.say("@eksip status"))
            ws.wait_for(lambda: len(bodies) == 3)
        assert app.client.auth_test()["enterprise_id"] == "E0LOCAL0001"
    assert [body["enterprise_id"] for body in bodies] == ["E0LOCAL0001"] * 3
