"""What Slack sends, read as a Request: text, place, person and key; what nobody asked is left alone."""

from typing import Any

import pytest

from bot.asking.command import Surface
from bot.slack.incoming import Identity, from_action, from_command, from_edit, from_event, unescaped

BOT = Identity(team_id="T1", bot_user_id="UBOT", enterprise_id="E1")
EVENT = {"type": "app_mention", "user": "U1", "text": "<@UBOT> status", "ts": "1.1", "channel": "C1", "team": "T1"}
DIRECT = {"type": "message", "user": "U1", "text": "status", "ts": "1.1", "channel": "D1", "channel_type": "im"}

GRID: dict[str, Any] = {"authorizations": [{"enterprise_id": "E1", "team_id": "T2", "is_enterprise_install": True}]}


def event(**fields: Any) -> dict[str, Any]:
    """An envelope around a mention with these fields."""
    return {"team_id": "T1", "event_id": "Ev1", "event": {**EVENT, **fields}}


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"bot_id": "B1"}, id="by a bot"),
        pytest.param({"user": "UBOT"}, id="by the bot itself"),
        pytest.param({"user": None}, id="by nobody"),
        pytest.param({"subtype": "message_changed"}, id="an edit notice"),
        pytest.param({"hidden": True}, id="hidden"),
        pytest.param({"channel": "D1"}, id="a mention in a direct message, which message.im brings"),
        pytest.param({"type": "message"}, id="a channel message without a mention"),
    ],
)
def test_events_that_ask_nothing_are_left_alone(fields: dict[str, Any]) -> None:
    """Bots, edits and the second event of one text are no questions."""
    assert from_event(event(**fields), BOT) is None


@pytest.mark.parametrize(
    ("text", "read"),
    [
        pytest.param("<@UBOT> status", "status", id="first"),
        pytest.param("hey <@UBOT|eksip> why", "hey   why", id="in the middle, with a label"),
        pytest.param("<@UBOT> who <@U2>", "who <@U2>", id="other people stay"),
        pytest.param("<@UBOT> a &lt;b&gt; &amp;amp;", "a <b> &amp;", id="escapes are undone once"),
        pytest.param("<@UBOT>", "", id="only the mention"),
    ],
)
def test_the_bots_own_mention_is_no_part_of_the_question(text: str, read: str) -> None:
    """What is left is what was asked, as it was typed."""
    found = from_event(event(text=text), BOT)
    assert found is not None
    assert found.request.text == read


def test_a_mention_answers_in_the_thread_it_opens_or_is_in() -> None:
    """A mention in the channel opens a thread; one in a thread stays there; a direct message stays at the top."""
    opens, stays = from_event(event(), BOT), from_event(event(thread_ts="0.9"), BOT)
    direct = from_event({"event": DIRECT, "event_id": "Ev2"}, BOT)
    assert opens is not None
    assert stays is not None
    assert direct is not None
    assert (opens.request.thread_ts, stays.request.thread_ts, direct.request.thread_ts) == ("1.1", "0.9", None)
    assert (opens.key, direct.request.surface) == ("mention:C1:1.1", Surface.DM)


@pytest.mark.parametrize(
    ("change", "shared", "external"),
    [
        pytest.param({}, False, False, id="our team"),
        pytest.param({"team": "T2"}, False, True, id="another team"),
        pytest.param({"user_team": "T2"}, True, True, id="user_team counts before team"),
        pytest.param({"team": "T2", "enterprise": "E1"}, False, False, id="another workspace of our organisation"),
        pytest.param({"team": "T2"} | GRID, False, False, id="another workspace of a channel of our own"),
        pytest.param({"team": "T2"} | GRID, True, True, id="another team in a channel shared with others"),
        pytest.param({"team": "E1"}, True, False, id="the organisation itself"),
        pytest.param({"team": None}, True, True, id="a shared channel that does not say"),
        pytest.param({"team": None}, False, False, id="not said in a channel of ours"),
    ],
)
def test_people_of_other_organisations_are_known(change: dict[str, Any], shared: bool, external: bool) -> None:
    """Where the person is from decides, and in a shared channel doubt counts as outside."""
    envelope = {name: change.pop(name) for name in GRID.keys() & change.keys()}
    found = from_event(event(**change) | {"is_ext_shared_channel": shared} | envelope, BOT)
    assert found is not None
    assert found.request.is_external is external


@pytest.mark.parametrize(
    ("change", "asked"),
    [
        pytest.param({}, "status prod", id="other words"),
        pytest.param({"text": "status"}, None, id="the same words"),
        pytest.param({"edited": None}, None, id="a link that unfolded"),
        pytest.param({"bot_id": "B1"}, None, id="the bot's own message"),
    ],
)
def test_an_edited_direct_message_is_a_question_of_its_own(change: dict[str, Any], asked: str | None) -> None:
    """What its author changed counts; what Slack or the bot changed does not."""
    message = {"user": "U1", "text": "status prod", "ts": "1.1", "edited": {"user": "U1", "ts": "1.2"}, **change}
    edit = {
        "type": "message",
        "subtype": "message_changed",
        "hidden": True,
        "channel": "D1",
        "channel_type": "im",
        "message": message,
        "previous_message": {"user": "U1", "text": "status", "ts": "1.1"},
    }
    found = from_edit({"event": edit, "event_id": "Ev3", "team_id": "T1"}, BOT)
    assert (found and found.request.text) == asked


def test_a_command_is_told_apart_by_its_trigger() -> None:
    """Two people typing the same words have two keys; without a trigger there is none."""
    body = {"text": "status", "user_id": "U1", "channel_id": "C1", "team_id": "T1", "trigger_id": "1.2.a"}
    assert from_command(body, BOT).key == "command:1.2.a"
    assert from_command({**body, "trigger_id": ""}, BOT).key == ""
    assert from_command({**body, "team_id": "T9", "enterprise_id": "E9"}, BOT).request.is_external


def test_a_control_without_a_command_asks_nothing() -> None:
    """A click whose control carries no value is no question."""
    assert from_action({"actions": [{"type": "button", "action_id": "run.0"}]}, BOT) is None
    assert from_action({}, BOT) is None


def test_escapes_are_undone_in_the_right_order() -> None:
    """An ampersand somebody typed before "lt;" does not become a sign."""
    assert unescaped("&amp;lt;") == "&lt;"
