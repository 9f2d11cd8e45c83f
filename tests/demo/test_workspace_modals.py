"""Modals in the local workspace, opened by an unchanged Bolt app over Socket Mode: typed in, submitted, closed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bolt_app import bolt_app, connected
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.demo.workspace import Workspace, problems

Json = dict[str, Any]
Ack = Callable[..., None]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def option(value: str) -> Json:
    return {"text": plain(value.upper()), "value": value}


def field_of(block_id: str, element: Json, **more: Any) -> Json:
    return {"type": "input", "block_id": block_id, "label": plain(block_id), "element": element, **more}


NODES = field_of(
    "nodes",
    {
        "type": "number_input",
        "action_id": "nodes",
        "is_decimal_allowed": False,
        "min_value": "1",
        "max_value": "500",
        "initial_value": "40",
    },
)
SCOPE = field_of("scope", {"type": "external_select", "action_id": "scope", "min_query_length": 2}, optional=True)
TYPE = field_of(
    "type", {"type": "static_select", "action_id": "type", "options": [option("m5.large"), option("m5.xlarge")]}
)
ZONES = field_of(
    "zones", {"type": "checkboxes", "action_id": "zones", "options": [option("1a"), option("1b")]}, optional=True
)
NOTE = field_of("note", {"type": "plain_text_input", "action_id": "note", "min_length": 3}, optional=True)
REFRESH = {"type": "button", "action_id": "refresh", "text": plain("Refresh"), "value": "now"}
ACTIONS = {"type": "actions", "block_id": "actions", "elements": [REFRESH]}


def modal(*blocks: Json, title: str = "Plan", **more: Any) -> Json:
    submit = {"submit": plain("Go")} if any(block["type"] == "input" for block in blocks) else {}
    return {
        "type": "modal",
        "callback_id": "plan",
        "title": plain(title),
        "blocks": list(blocks) or [{"type": "section", "text": plain("Reading…")}],
        **submit,
        **more,
    }


@dataclass
class Clock:
    """A clock the test moves."""

    ahead: timedelta = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead  # noqa: TID251 - the workspace signs and stamps with real time


@dataclass
class Seen:
    """What the app was given, and what it answers a submission with."""

    triggers: list[str] = field(default_factory=list)
    submitted: list[Json] = field(default_factory=list)
    closed: list[Json] = field(default_factory=list)
    actions: list[Json] = field(default_factory=list)
    queries: list[Json] = field(default_factory=list)
    answer: Json = field(default_factory=dict)


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def app_seen() -> Seen:
    return Seen()


@pytest.fixture(scope="module")
def running(clock: Clock, app_seen: Seen) -> Iterator[Workspace]:
    with Workspace(now=clock) as workspace:
        app = bolt_app(workspace)

        @app.command("/eksip")
        def command(ack: Ack, body: Json) -> None:
            ack()
            app_seen.triggers.append(body["trigger_id"])

        @app.view("plan")
        def submitted(ack: Ack, body: Json) -> None:
            app_seen.submitted.append(body)
            ack(**app_seen.answer)

        @app.view_closed("plan")
        def closed(ack: Ack, body: Json) -> None:
            ack()
            app_seen.closed.append(body)

        @app.action("refresh")
        @app.action("kind")
        def pressed(ack: Ack, body: Json) -> None:
            ack()
            app_seen.actions.append(body)

        @app.options("scope")
        def options(ack: Ack, body: Json) -> None:
            app_seen.queries.append(body)
            ack(options=[option(name) for name in ("prod-eu", "prod-us", "stage") if body["value"] in name])

        with connected(workspace, app):
            yield workspace


@pytest.fixture
def seen(app_seen: Seen) -> Seen:
    app_seen.__init__()  # type: ignore[misc] # one app for all tests: each starts with nothing seen
    return app_seen


@pytest.fixture
def ws(running: Workspace, clock: Clock, seen: Seen) -> Iterator[Workspace]:
    yield running
    clock.ahead = timedelta()
    running.faults.reset()
    if running.modal():
        running.close_modal(all_of_them=True)


@pytest.fixture
def client(ws: Workspace) -> WebClient:
    return WebClient(token=ws.bot_token, base_url=ws.api_url, retry_handlers=[])


@pytest.fixture
def trigger(ws: Workspace, seen: Seen) -> str:
    ws.slash("plan")
    ws.wait_for(lambda: seen.triggers)
    return seen.triggers[-1]


def refusal(client: WebClient, method: str, **params: Any) -> tuple[str, list[str]]:
    with pytest.raises(SlackApiError) as caught:
        client.api_call(method, json=params)
    answer = caught.value.response
    return str(answer["error"]), list((answer.get("response_metadata") or {}).get("messages", ()))


def test_a_loading_modal_opened_at_once_is_filled_by_an_update(ws: Workspace, client: WebClient, trigger: str) -> None:
    opened = client.views_open(trigger_id=trigger, view=modal())["view"]
    shown = ws.modal()
    assert shown is not None
    assert (shown["id"], shown["root_view_id"], shown["state"]) == (opened["id"], opened["id"], {"values": {}})
    client.views_update(view_id=opened["id"], hash=opened["hash"], view=modal(NODES, TYPE))
    shown = ws.modal()
    assert shown is not None
    assert shown["state"]["values"]["nodes"]["nodes"] == {"type": "number_input", "value": "40"}
    assert ws.modal("ben") is None


def test_a_trigger_opens_one_view_and_no_second(client: WebClient, trigger: str) -> None:
    client.views_open(trigger_id=trigger, view=modal())
    assert refusal(client, "views.open", trigger_id=trigger, view=modal())[0] == "exchanged_trigger_id"


def test_a_trigger_is_of_no_use_after_three_seconds(client: WebClient, trigger: str, clock: Clock) -> None:
    clock.ahead = timedelta(seconds=3)
    assert refusal(client, "views.open", trigger_id=trigger, view=modal())[0] == "expired_trigger_id"


@pytest.mark.parametrize(
    ("trigger_id", "error"),
    [
        pytest.param("1.2.abcdef", "expired_trigger_id", id="long forgotten"),
        pytest.param("nonsense", "invalid_trigger_id", id="malformed"),
    ],
)
def test_a_trigger_nobody_issued_opens_nothing(client: WebClient, trigger_id: str, error: str) -> None:
    assert refusal(client, "views.open", trigger_id=trigger_id, view=modal())[0] == error


@pytest.mark.parametrize(
    ("view", "pointer"),
    [
        pytest.param(modal(title="x" * 25), "/view/title/text", id="title over 24"),
        pytest.param(modal(NODES, submit=plain("x" * 25)), "/view/submit/text", id="submit over 24"),
        pytest.param(modal(private_metadata="x" * 3001), "/view/private_metadata", id="metadata over 3,000"),
        pytest.param(modal(external_id="x" * 256), "/view/external_id", id="external id over 255"),
        pytest.param(modal(NODES, submit=None), "/view", id="input without submit"),
        pytest.param(modal(*[{"type": "divider"}] * 101), "/view/blocks", id="101 blocks"),
        pytest.param(modal({"type": "markdown", "text": "x"}), "/view/blocks/0/type", id="a message's block"),
        pytest.param({"type": "home", "blocks": []}, "/view/type", id="a Home tab"),
    ],
)
def test_a_view_slack_does_not_take_is_refused_at_its_place_and_keeps_the_trigger(
    client: WebClient, trigger: str, view: Json, pointer: str
) -> None:
    error, messages = refusal(client, "views.open", trigger_id=trigger, view=view)
    assert error == "invalid_arguments"
    assert any(message.endswith(f"[json-pointer:{pointer}]") for message in messages), messages
    assert client.views_open(trigger_id=trigger, view=modal())["ok"]


def test_the_checker_finds_the_same_faults_offline() -> None:
    assert problems(modal(NODES), "modal") == []
    assert problems(modal(NODES, title="x" * 25), "modal") == ["/title/text: must be less than 25 characters"]


def test_an_update_with_an_old_hash_is_a_conflict(client: WebClient, trigger: str) -> None:
    opened = client.views_open(trigger_id=trigger, view=modal())["view"]
    client.views_update(view_id=opened["id"], view=modal(NODES))
    stale = {"view_id": opened["id"], "hash": opened["hash"], "view": modal()}
    assert refusal(client, "views.update", **stale)[0] == "hash_conflict"


def test_an_update_keeps_what_was_typed_under_the_same_ids(ws: Workspace, client: WebClient, trigger: str) -> None:
    opened = client.views_open(trigger_id=trigger, view=modal(NODES, NOTE, external_id="plan-1"))["view"]
    ws.fill({"nodes": "12", "note": "soon"})
    view = client.views_update(external_id="plan-1", view=modal(NODES, TYPE))["view"]
    assert view["id"] == opened["id"]
    assert view["state"]["values"]["nodes"]["nodes"]["value"] == "12"
    assert view["state"]["values"]["type"]["type"] == {"type": "static_select", "selected_option": None}
    assert "note" not in view["state"]["values"]


def test_an_external_id_names_one_view_only(ws: Workspace, client: WebClient, trigger: str, seen: Seen) -> None:
    client.views_open(trigger_id=trigger, view=modal(ACTIONS, external_id="one"))
    ws.press("refresh")
    ws.wait_for(lambda: seen.actions)
    push = {"trigger_id": seen.actions[0]["trigger_id"], "view": modal(external_id="one")}
    assert refusal(client, "views.push", **push)[0] == "duplicate_external_id"


def test_three_modals_stand_on_each_other_and_a_fourth_does_not(
    ws: Workspace, client: WebClient, trigger: str, seen: Seen
) -> None:
    client.views_open(trigger_id=trigger, view=modal(ACTIONS, title="1"))
    for number in (2, 3, 4):
        ws.press("refresh")
        ws.wait_for(lambda: len(seen.actions) == number - 1)  # noqa: B023 - asked before the loop goes on
        push = {"trigger_id": seen.actions[-1]["trigger_id"], "view": modal(ACTIONS, title=str(number))}
        if number < 4:
            client.views_push(**push)
    assert refusal(client, "views.push", **push)[0] == "push_limit_reached"
    stack = ws.modals()
    assert [view["title"]["text"] for view in stack] == ["1", "2", "3"]
    assert [view["previous_view_id"] for view in stack] == [None, stack[0]["id"], stack[1]["id"]]
    ws.close_modal()
    assert [view["title"]["text"] for view in ws.modals()] == ["1", "2"]


def test_a_push_needs_a_trigger_of_the_modal(client: WebClient, trigger: str) -> None:
    assert refusal(client, "views.push", trigger_id=trigger, view=modal())[0] == "not_found"


def test_a_submission_carries_everything_entered_and_closes_the_modal(
    ws: Workspace, client: WebClient, trigger: str, seen: Seen
) -> None:
    view = modal(NODES, SCOPE, TYPE, ZONES, NOTE, private_metadata="C1")
    client.views_open(trigger_id=trigger, view=view)
    assert [item["value"] for item in ws.options("scope", "prod")] == ["prod-eu", "prod-us"]
    assert ws.submit({"scope": "prod-us", "type": "M5.LARGE", "zones": ["1a", "1b"], "nodes/nodes": "7"}).ok
    body = seen.submitted[0]
    assert body["view"]["state"]["values"] == {
        "nodes": {"nodes": {"type": "number_input", "value": "7"}},
        "scope": {"scope": {"type": "external_select", "selected_option": option("prod-us")}},
        "type": {"type": {"type": "static_select", "selected_option": option("m5.large")}},
        "zones": {"zones": {"type": "checkboxes", "selected_options": [option("1a"), option("1b")]}},
        "note": {"note": {"type": "plain_text_input", "value": None}},
    }
    assert (body["user"]["id"], body["view"]["private_metadata"]) == (ws.user("ana"), "C1")
    assert ws.modal() is None


def test_a_query_below_the_least_length_asks_nobody(ws: Workspace, client: WebClient, trigger: str, seen: Seen) -> None:
    client.views_open(trigger_id=trigger, view=modal(SCOPE))
    assert ws.options("scope", "p") == []
    assert seen.queries == []
    ws.options("scope", "st")
    (query,) = seen.queries
    assert (query["value"], query["action_id"], query["block_id"]) == ("st", "scope", "scope")
    assert query["view"]["callback_id"] == "plan"
    with pytest.raises(LookupError, match="prod-eu"):
        ws.fill({"scope": "prod-eu"})


@pytest.mark.parametrize(
    ("values", "block_id", "words"),
    [
        pytest.param({}, "type", "Please complete this required field.", id="required"),
        pytest.param({"type": "m5.large", "nodes": ""}, "nodes", "Please complete this required field.", id="emptied"),
        pytest.param({"type": "m5.large", "nodes": "many"}, "nodes", "This is not a number.", id="no number"),
        pytest.param({"type": "m5.large", "nodes": "NaN"}, "nodes", "This is not a number.", id="not a number"),
        pytest.param({"type": "m5.large", "nodes": "1.5"}, "nodes", "Must be a whole number.", id="a fraction"),
        pytest.param({"type": "m5.large", "nodes": "0"}, "nodes", "Must be at least 1.", id="too small"),
        pytest.param({"type": "m5.large", "nodes": "501"}, "nodes", "Must be at most 500.", id="too large"),
        pytest.param({"type": "m5.large", "note": "ab"}, "note", "Must be at least 3 characters.", id="too short"),
    ],
)
def test_what_slack_can_see_is_wrong_never_reaches_the_app(
    ws: Workspace, client: WebClient, trigger: str, seen: Seen, values: Json, block_id: str, words: str
) -> None:
    client.views_open(trigger_id=trigger, view=modal(NODES, TYPE, NOTE))
    assert ws.submit(values).errors == {block_id: words}
    assert seen.submitted == []
    assert ws.modal() is not None


def test_the_apps_errors_stand_under_their_inputs_and_the_modal_stays(
    ws: Workspace, client: WebClient, trigger: str, seen: Seen
) -> None:
    client.views_open(trigger_id=trigger, view=modal(NODES))
    seen.answer = {"response_action": "errors", "errors": {"nodes": "No room for 40."}}
    assert ws.submit().errors == {"nodes": "No room for 40."}
    assert ws.modal() is not None


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param({"response_action": "errors", "errors": {"elsewhere": "x"}}, id="an error at no input"),
        pytest.param({"response_action": "update", "view": modal(title="x" * 25)}, id="a view Slack does not take"),
    ],
)
def test_an_answer_slack_does_not_take_is_trouble_for_the_person(
    ws: Workspace, client: WebClient, trigger: str, seen: Seen, answer: Json
) -> None:
    client.views_open(trigger_id=trigger, view=modal(NODES))
    seen.answer = answer
    result = ws.submit()
    assert (result.error, result.shown) == ("invalid_arguments", "We had some trouble connecting. Try again?")
    assert ws.modal() is not None


@pytest.mark.parametrize(
    ("answer", "titles"),
    [
        pytest.param({"response_action": "update", "view": modal(title="Fits")}, ["Root", "Fits"], id="update"),
        pytest.param({"response_action": "push", "view": modal(title="Sums")}, ["Root", "Ask", "Sums"], id="push"),
        pytest.param({"response_action": "clear"}, [], id="clear"),
        pytest.param({}, ["Root"], id="nothing closes the top one"),
    ],
)
def test_a_submission_may_change_the_stack(
    ws: Workspace, client: WebClient, trigger: str, seen: Seen, answer: Json, titles: list[str]
) -> None:
    client.views_open(trigger_id=trigger, view=modal(ACTIONS, title="Root"))
    ws.press("refresh")
    ws.wait_for(lambda: seen.actions)
    client.views_push(trigger_id=seen.actions[0]["trigger_id"], view=modal(NODES, title="Ask"))
    seen.answer = answer
    assert ws.submit().ok
    assert [view["title"]["text"] for view in ws.modals()] == titles


def test_closing_tells_the_app_only_where_it_asked(ws: Workspace, client: WebClient, trigger: str, seen: Seen) -> None:
    client.views_open(trigger_id=trigger, view=modal(ACTIONS, title="quiet"))
    ws.press("refresh")
    ws.wait_for(lambda: seen.actions)
    pushed = modal(NODES, title="told", notify_on_close=True)
    client.views_push(trigger_id=seen.actions[0]["trigger_id"], view=pushed)
    ws.close_modal()
    ws.wait_for(lambda: seen.closed)
    ws.close_modal()
    assert [(body["view"]["title"]["text"], body["is_cleared"]) for body in seen.closed] == [("told", False)]
    assert ws.modal() is None


def test_a_press_in_a_modal_names_the_view_and_no_channel(
    ws: Workspace, client: WebClient, trigger: str, seen: Seen
) -> None:
    kind = {"type": "static_select", "action_id": "kind", "options": [option("ip"), option("prefix")]}
    asking = field_of("kind", kind, dispatch_action=True)
    client.views_open(trigger_id=trigger, view=modal(asking, ACTIONS))
    ws.press("kind", option="prefix")
    ws.press("refresh")
    ws.wait_for(lambda: len(seen.actions) == 2)
    chosen, pressed = seen.actions
    assert chosen["actions"][0]["selected_option"] == option("prefix")
    assert chosen["view"]["state"]["values"]["kind"]["kind"]["selected_option"] == option("prefix")
    assert pressed["container"] == {"type": "view", "view_id": chosen["view"]["id"]}
    assert not {"channel", "message", "response_url"} & pressed.keys()


def test_an_app_that_does_not_answer_leaves_the_modal_open_with_words(
    ws: Workspace, client: WebClient, trigger: str
) -> None:
    client.views_open(trigger_id=trigger, view=modal(NODES, callback_id="nobody"))
    result = ws.submit()
    assert (result.error, result.shown) == ("operation_timeout", "We had some trouble connecting. Try again?")
    assert ws.modal() is not None


def test_a_modal_closed_meanwhile_cannot_be_updated(ws: Workspace, client: WebClient, trigger: str) -> None:
    opened = client.views_open(trigger_id=trigger, view=modal())["view"]
    ws.close_modal()
    assert refusal(client, "views.update", view_id=opened["id"], view=modal())[0] == "not_found"
    with pytest.raises(LookupError, match="no modal open"):
        ws.submit()
