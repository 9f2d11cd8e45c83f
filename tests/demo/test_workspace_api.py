"""The Web API of the local workspace answers slack_sdk as Slack does: results, errors, limits and faults."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry import RetryHandler
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler

from bot.demo.workspace import RateLimits, Workspace

SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "hello"}}


@pytest.fixture
def ws() -> Iterator[Workspace]:
    with Workspace() as workspace:
        yield workspace


@pytest.fixture
def client(ws: Workspace) -> WebClient:
    return WebClient(token=ws.bot_token, base_url=ws.api_url, retry_handlers=[])


def refused(client: WebClient, method: str, **params: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        client.api_call(method, json=params)
    return str(caught.value.response["error"])


def post_form(ws: Workspace, method: str, form: str, token: str = "") -> dict[str, Any]:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    request = urllib.request.Request(ws.api_url + method, data=form.encode(), headers=headers)
    with urllib.request.urlopen(request, timeout=5) as response:
        answer: dict[str, Any] = json.load(response)
    return answer


def test_auth_test_names_the_bot_and_the_team(ws: Workspace, client: WebClient) -> None:
    answer = client.auth_test()
    assert (answer["user_id"], answer["team_id"]) == (ws.bot_user_id, ws.team_id)
    assert answer["user"] == "eksip"
    assert "chat:write" in answer.headers["X-OAuth-Scopes"]


@pytest.mark.parametrize(
    ("form", "token", "error"),
    [
        pytest.param("", "", "not_authed", id="no token"),
        pytest.param("", "xoxb-wrong", "invalid_auth", id="wrong token"),
        pytest.param("token=xoxb-wrong", "", "invalid_auth", id="wrong token in the body"),
        pytest.param("", "xapp-local-workspace-only", "not_allowed_token_type", id="app token"),
    ],
)
def test_a_call_without_the_bot_token_is_refused(ws: Workspace, form: str, token: str, error: str) -> None:
    assert post_form(ws, "auth.test", form, token)["error"] == error


def test_a_form_with_the_token_in_the_body_posts(ws: Workspace) -> None:
    blocks = urllib.parse.quote(json.dumps([SECTION]))
    answer = post_form(ws, "chat.postMessage", f"token={ws.bot_token}&channel=%23ops&text=a%26b&blocks={blocks}")
    assert answer["ok"], answer
    assert [item["text"] for item in ws.messages("ops")] == ["a&b"]
    assert ws.messages("ops")[0]["blocks"][0]["text"]["text"] == "hello"


def test_a_method_that_does_not_exist_is_unknown(client: WebClient) -> None:
    assert refused(client, "files.upload") == "unknown_method"


@pytest.mark.parametrize(
    ("params", "error"),
    [
        pytest.param({"text": "x"}, "invalid_arguments", id="no channel"),
        pytest.param({"channel": "", "text": "x"}, "channel_not_found", id="empty channel"),
        pytest.param({"channel": "C404", "text": "x"}, "channel_not_found", id="unknown channel"),
        pytest.param({"channel": "secret", "text": "x"}, "channel_not_found", id="private, bot outside"),
        pytest.param({"channel": "lobby", "text": "x"}, "not_in_channel", id="public, bot outside"),
        pytest.param({"channel": "old", "text": "x"}, "is_archived", id="archived"),
        pytest.param({"channel": "ops"}, "no_text", id="nothing to say"),
        pytest.param({"channel": "ops", "blocks": []}, "no_text", id="empty blocks"),
        pytest.param({"channel": "ops", "attachments": [{"color": "#ff0000"}]}, "no_text", id="colour alone"),
        pytest.param({"channel": "ops", "text": "x", "blocks": "{"}, "invalid_blocks_format", id="no JSON"),
        pytest.param({"channel": "ops", "text": "x", "blocks": {}}, "invalid_blocks_format", id="no array"),
        pytest.param({"channel": "ops", "text": "x", "blocks": [{"type": "x"}]}, "invalid_blocks", id="bad block"),
        pytest.param(
            {"channel": "ops", "attachments": [{"blocks": [{"type": "section"}]}]},
            "invalid_attachments",
            id="bad block in an attachment",
        ),
        pytest.param(
            {"channel": "ops", "text": "x", "attachments": [{"text": "x"}] * 101},
            "too_many_attachments",
            id="101 attachments",
        ),
        pytest.param(
            {
                "channel": "ops",
                "text": "x",
                "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 2700}}] * 5,
            },
            "msg_blocks_too_long",
            id="13,500 characters in blocks",
        ),
        pytest.param(
            {"channel": "ops", "text": "x", "metadata": {"event_type": "t"}}, "invalid_metadata_format", id="metadata"
        ),
        pytest.param(
            {"channel": "ops", "text": "x", "metadata": {"event_type": "t", "event_payload": {"k": "x" * 9000}}},
            "metadata_too_large",
            id="large metadata",
        ),
        pytest.param({"channel": "ops", "text": "x", "markdown_text": "y"}, "markdown_text_conflict", id="two texts"),
    ],
)
def test_a_post_that_slack_refuses_is_refused_in_its_words(
    ws: Workspace, client: WebClient, params: dict[str, Any], error: str
) -> None:
    ws.add_channel("lobby", bot_in=False)
    ws.add_channel("old", archived=True)
    assert refused(client, "chat.postMessage", **params) == error
    assert ws.messages("ops") == []


def test_invalid_blocks_name_the_place(client: WebClient) -> None:
    with pytest.raises(SlackApiError) as caught:
        client.chat_postMessage(channel="ops", text="x", blocks=[{**SECTION, "text": {"type": "mrkdwn", "text": ""}}])
    assert caught.value.response["response_metadata"]["messages"] == [
        "[ERROR] must be more than 0 characters [json-pointer:/blocks/0/text/text]"
    ]
    assert caught.value.response["errors"] == ["must be more than 0 characters [json-pointer:/blocks/0/text/text]"]


def test_text_over_40_000_characters_is_cut(ws: Workspace, client: WebClient) -> None:
    client.chat_postMessage(channel="ops", text="x" * 40_001)
    assert len(ws.messages("ops")[0]["text"]) == 40_000


def test_a_reply_goes_to_its_thread_and_one_to_no_message_goes_to_the_channel(ws: Workspace, client: WebClient) -> None:
    root = client.chat_postMessage(channel="ops", text="root")["ts"]
    reply = client.chat_postMessage(channel="ops", text="reply", thread_ts=root)
    lost = client.chat_postMessage(channel="ops", text="lost", thread_ts="1234567890.000001")
    assert reply["message"]["thread_ts"] == root
    assert "thread_ts" not in lost["message"]
    thread = client.conversations_replies(channel=ws.channel("ops"), ts=root)
    assert [item["text"] for item in thread["messages"]] == ["root", "reply"]
    assert ws.messages("ops")[0]["reply_count"] == 1


def test_timestamps_are_unique_and_increase_under_a_clock_that_stands_still() -> None:
    with Workspace(now=lambda: datetime(2026, 11, 23, tzinfo=UTC)) as ws:
        found = [ws.say("x") for _ in range(50)]
    assert found == sorted(set(found))


def test_update_with_text_alone_drops_blocks_and_keeps_attachments(ws: Workspace, client: WebClient) -> None:
    posted = client.chat_postMessage(channel="ops", text="a", blocks=[SECTION], attachments=[{"text": "card"}])
    client.chat_update(channel=posted["channel"], ts=posted["ts"], text="b")
    (message,) = ws.messages("ops")
    assert message["text"] == "b"
    assert "blocks" not in message
    assert message["attachments"][0]["text"] == "card"
    client.chat_update(channel=posted["channel"], ts=posted["ts"], text="c", attachments=[])
    assert "attachments" not in ws.messages("ops")[0]


def test_update_with_blocks_shows_no_edited_mark(ws: Workspace, client: WebClient) -> None:
    posted = client.chat_postMessage(channel="ops", text="a", blocks=[SECTION])
    client.chat_update(channel=posted["channel"], ts=posted["ts"], text="b", blocks=[SECTION])
    assert "edited" not in ws.messages("ops")[0]


@pytest.mark.parametrize(
    ("params", "error"),
    [
        pytest.param({"ts": "1.000001", "text": "x"}, "message_not_found", id="no such message"),
        pytest.param({"text": "x" * 4001}, "msg_too_long", id="over 4,000 characters"),
        pytest.param({"channel": "ops", "text": "x"}, "channel_not_found", id="a name instead of an id"),
        pytest.param({}, "no_text", id="nothing new"),
    ],
)
def test_an_update_that_slack_refuses_changes_nothing(
    ws: Workspace, client: WebClient, params: dict[str, Any], error: str
) -> None:
    posted = client.chat_postMessage(channel="ops", text="first")
    where = {"channel": posted["channel"], "ts": posted["ts"]}
    assert refused(client, "chat.update", **{**where, **params}) == error
    assert ws.messages("ops")[0]["text"] == "first"


def test_the_bot_changes_and_deletes_only_its_own_messages(ws: Workspace, client: WebClient) -> None:
    where = {"channel": ws.channel("ops"), "ts": ws.say("mine")}
    assert refused(client, "chat.update", **where, text="x") == "cant_update_message"
    assert refused(client, "chat.delete", **where) == "cant_delete_message"
    posted = client.chat_postMessage(channel="ops", text="bot's")
    client.chat_delete(channel=posted["channel"], ts=posted["ts"])
    assert [item["text"] for item in ws.messages("ops")] == ["mine"]


def test_an_ephemeral_is_seen_by_its_user_alone_and_cannot_be_updated(ws: Workspace, client: WebClient) -> None:
    ops = ws.channel("ops")
    ts = client.chat_postEphemeral(channel=ops, user=ws.user("ana"), text="psst")["message_ts"]
    assert [item["text"] for item in ws.ephemerals("ops", "ana")] == ["psst"]
    assert ws.ephemerals("ops", "ben") == []
    assert ws.messages("ops") == []
    assert refused(client, "chat.update", channel=ops, ts=ts, text="x") == "message_not_found"
    assert refused(client, "chat.postEphemeral", channel=ops, user="U404", text="x") == "user_not_in_channel"


def test_metadata_is_returned_only_when_asked_for(ws: Workspace, client: WebClient) -> None:
    metadata = {"event_type": "alert", "event_payload": {"key": "4821"}}
    client.chat_postMessage(channel="ops", text="x", metadata=metadata)
    ops = ws.channel("ops")
    assert "metadata" not in client.conversations_history(channel=ops)["messages"][0]
    with_it = client.conversations_history(channel=ops, include_all_metadata=True)
    assert with_it["messages"][0]["metadata"] == metadata


def test_history_pages_newest_first_between_its_bounds(ws: Workspace, client: WebClient) -> None:
    found = [client.chat_postMessage(channel="ops", text=str(number))["ts"] for number in range(5)]
    ops = ws.channel("ops")
    first = client.conversations_history(channel=ops, limit=2)
    assert [item["text"] for item in first["messages"]] == ["4", "3"]
    assert first["has_more"]
    rest = client.conversations_history(channel=ops, cursor=first["response_metadata"]["next_cursor"])
    assert [item["text"] for item in rest["messages"]] == ["2", "1", "0"]
    between = client.conversations_history(channel=ops, oldest=found[1], latest=found[3])
    assert [item["text"] for item in between["messages"]] == ["2"]


def test_conversations_and_users_are_listed_as_the_bot_may_see_them(ws: Workspace, client: WebClient) -> None:
    ws.add_user("gus", guest=True)
    ws.add_user("xi", external=True)
    listed = client.conversations_list(types="public_channel,private_channel")
    assert [channel["name"] for channel in listed["channels"]] == ["ops", "platform-alerts", "inc-42"]
    assert refused(client, "conversations.info", channel=ws.channel("secret")) == "channel_not_found"
    assert client.conversations_info(channel=ws.channel("ops"))["channel"]["is_member"]
    assert ws.user("ana") in client.conversations_members(channel=ws.channel("ops"))["members"]
    assert client.conversations_open(users=ws.user("ana"))["channel"]["id"] == ws.channel("dm:ana")
    assert client.users_info(user=ws.user("gus"))["user"]["is_restricted"]
    assert client.users_info(user=ws.user("xi"))["user"]["is_stranger"]
    assert refused(client, "users.info", user="U404") == "user_not_found"
    assert client.bots_info(bot=client.auth_test()["bot_id"])["bot"]["user_id"] == ws.bot_user_id


def test_joining_a_public_channel_lets_the_bot_post(ws: Workspace, client: WebClient) -> None:
    lobby = ws.add_channel("lobby", bot_in=False)
    assert refused(client, "chat.postMessage", channel=lobby, text="x") == "not_in_channel"
    client.conversations_join(channel=lobby)
    assert client.chat_postMessage(channel=lobby, text="x")["ok"]


def test_a_permalink_names_the_channel_and_the_message(ws: Workspace, client: WebClient) -> None:
    posted = client.chat_postMessage(channel="ops", text="x")
    link = client.chat_getPermalink(channel=posted["channel"], message_ts=posted["ts"])["permalink"]
    assert link.endswith(f"/archives/{posted['channel']}/p{posted['ts'].replace('.', '')}")


def test_posts_over_the_burst_are_limited_in_that_channel_alone() -> None:
    with Workspace(rate_limits=RateLimits(post_burst=2)) as ws:
        client = WebClient(token=ws.bot_token, base_url=ws.api_url, retry_handlers=[])
        client.chat_postMessage(channel="#ops", text="0")
        client.chat_postMessage(channel=ws.channel("ops"), text="1")
        with pytest.raises(SlackApiError) as caught:
            client.chat_postMessage(channel=ws.channel("ops"), text="2")
        assert caught.value.response.status_code == 429
        assert int(caught.value.response.headers["Retry-After"]) >= 1
        assert client.chat_postMessage(channel=ws.channel("inc-42"), text="0")["ok"]
        assert len(ws.messages("ops")) == 2


def test_a_rate_limit_fault_answers_429_once_and_the_sdk_retries_after_it(ws: Workspace) -> None:
    ws.faults.rate_limit("chat.postMessage", retry_after=1)
    handlers: list[RetryHandler] = [RateLimitErrorRetryHandler(max_retry_count=1)]
    client = WebClient(token=ws.bot_token, base_url=ws.api_url, retry_handlers=handlers)
    client.chat_postMessage(channel="ops", text="x")
    assert [call.outcome for call in ws.calls] == ["ratelimited", "ok"]
    assert (ws.calls[1].at - ws.calls[0].at).total_seconds() >= 1


def test_a_server_error_fault_answers_5xx_and_stores_nothing(ws: Workspace, client: WebClient) -> None:
    ws.faults.server_error("chat.postMessage", status=502)
    with pytest.raises(SlackApiError) as caught:
        client.chat_postMessage(channel="ops", text="x")
    assert caught.value.response.status_code == 502
    assert ws.messages("ops") == []
    assert client.chat_postMessage(channel="ops", text="x")["ok"]


def test_a_lost_reply_stores_the_message_and_the_default_client_posts_it_twice(ws: Workspace) -> None:
    ws.faults.lose_reply("chat.postMessage")
    bare = WebClient(token=ws.bot_token, base_url=ws.api_url, retry_handlers=[])
    with pytest.raises((urllib.error.URLError, ConnectionError)):
        bare.chat_postMessage(channel="ops", text="once")
    assert [item["text"] for item in ws.messages("ops")] == ["once"]
    ws.faults.lose_reply("chat.postMessage")
    WebClient(token=ws.bot_token, base_url=ws.api_url).chat_postMessage(channel="inc-42", text="twice")
    assert [item["text"] for item in ws.messages("inc-42")] == ["twice", "twice"]
    assert [call.outcome for call in ws.calls] == ["lost", "lost", "ok"]


def test_an_error_fault_hits_only_its_channel_and_only_so_often(ws: Workspace, client: WebClient) -> None:
    ws.faults.error("chat.postMessage", "is_archived", channel="ops")
    assert client.chat_postMessage(channel="inc-42", text="x")["ok"]
    assert refused(client, "chat.postMessage", channel=ws.channel("ops"), text="x") == "is_archived"
    assert client.chat_postMessage(channel="ops", text="x")["ok"]


def test_reset_disarms_faults(ws: Workspace, client: WebClient) -> None:
    ws.faults.server_error("chat.postMessage", times=9)
    ws.faults.reset()
    assert client.chat_postMessage(channel="ops", text="x")["ok"]


def test_a_slow_method_is_stored_before_it_is_answered(ws: Workspace) -> None:
    ws.faults.slow("chat.postMessage", 5)
    client = WebClient(token=ws.bot_token, base_url=ws.api_url, retry_handlers=[], timeout=1)
    with pytest.raises(TimeoutError):
        client.chat_postMessage(channel="ops", text="late")
    assert [item["text"] for item in ws.messages("ops")] == ["late"]


def test_calls_are_recorded_without_the_token(ws: Workspace, client: WebClient) -> None:
    post_form(ws, "chat.postMessage", f"token={ws.bot_token}&channel=ops&text=x")
    assert ws.calls[0].params == {"channel": "ops", "text": "x"}
    assert ws.bot_token not in repr(ws.calls)
