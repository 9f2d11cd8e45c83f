"""Forms for plan, silence and watch: opened at once, filled by what may be seen, answered where they came from."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from estate_bot import EstateBot, estate_bot, press, wall_clock
from stored_alerts import FIRING, save_steps

from bot.alerts import Step, Transition, card
from bot.asking.command import Request
from bot.demo.workspace import problems
from bot.message import Button, Controls, Message, Press
from bot.slack.form_listening import TOO_LATE

pytestmark = [
    pytest.mark.timeout(180),
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]

PLAN = "plan +40 m5.xlarge prod-eu pods=20 warm-ip=2"


def with_form(request: Request) -> Message:
    """An answer whose button opens the form of the words after `form`."""
    command = request.text.partition(" ")[2]
    button = Button(label="Change numbers", command=command, press=Press.FORM)
    return Message(text=f"Before {command}.", parts=(Controls(items=(button,)),), command="form")


def answered(request: Request) -> Message:
    """An answer that repeats what was asked."""
    return Message(text=f"Answer to {request.text}.", command=request.text)


@pytest.fixture
def bot(tmp_path: Path) -> Iterator[EstateBot]:
    with estate_bot(tmp_path) as running:
        yield prepared(running)


def prepared(bot: EstateBot) -> EstateBot:
    """The bot with an answer that has a form's button, and plan and silence answered without AWS."""
    bot.made |= {"form": with_form, "plan": answered, "silence": answered}
    return bot


def opened(bot: EstateBot, command: str, channel: str = "ops", user: str = "ana") -> dict[str, Any]:
    """The form of a command, once it is filled or says why it is not."""
    bot.slack.slash(f"form {command}", channel=channel, user=user)
    answer = bot.whispered(f"Before {command}", channel, user)
    bot.slack.click(channel=channel, ts=answer["ts"], action_id=press(answer, "Change numbers"), user=user)
    return filled(bot, user)


def filled(bot: EstateBot, user: str = "ana") -> dict[str, Any]:
    def found() -> dict[str, Any]:
        view = bot.slack.modal(user)
        return view if view is not None and "One moment" not in str(view["blocks"]) else {}

    view = dict(bot.slack.wait_for(found, timeout=60))
    assert problems({k: v for k, v in view.items() if k in KEPT}, "modal") == []
    return view


KEPT = ("type", "callback_id", "title", "close", "submit", "blocks", "private_metadata")


def asked(bot: EstateBot, words: str) -> Request:
    """The last request that holds the words, once it was asked."""
    return bot.slack.wait_for(lambda: [r for r in bot.requests if words in r.text], timeout=60)[-1]


def choices(bot: EstateBot, action: str, typed: str, user: str = "ana") -> list[str]:
    """The values that a select with search offers."""
    return [str(option["value"]) for option in bot.slack.options(action, typed, user=user)]


def test_change_numbers_opens_the_plan_filled_and_answers_in_the_channel_it_came_from(bot: EstateBot) -> None:
    view = opened(bot, PLAN)
    inputs = {block["block_id"]: block["element"] for block in view["blocks"]}
    assert inputs["nodes"]["initial_value"] == "40"
    assert inputs["type"]["initial_value"] == "m5.xlarge"
    assert inputs["pods"]["initial_value"] == "20"
    assert inputs["scope"]["initial_option"]["value"] == "prod-eu"
    result = bot.slack.submit({"nodes": "60"})
    assert result.ok, result
    request = asked(bot, "+60")
    assert request.text == "plan +60 m5.xlarge prod-eu pods=20 warm-ip=2"
    assert request.channel_id == bot.slack.channel("ops")
    bot.whispered("Answer to plan +60")


def test_the_form_is_there_before_anything_is_looked_up(bot: EstateBot) -> None:
    opened(bot, PLAN)
    methods = [call.method for call in bot.slack.calls if call.method.startswith("views.")]
    assert methods == ["views.open", "views.update"]


@pytest.mark.parametrize(
    ("values", "block", "words"),
    [
        pytest.param({"type": "m5 large"}, "type", "no instance type", id="instance type"),
        pytest.param({"type": "`whoami`"}, "type", "no instance type", id="code"),
    ],
)
def test_a_wrong_answer_is_told_at_its_input(bot: EstateBot, values: dict[str, str], block: str, words: str) -> None:
    opened(bot, PLAN)
    before = len(bot.requests)
    result = bot.slack.submit(values)
    assert not result.ok
    assert words in result.errors[block]
    assert bot.slack.modal() is not None
    assert len(bot.requests) == before


def test_scopes_are_searched_by_name(bot: EstateBot) -> None:
    opened(bot, "plan +4")
    assert "cluster:prod-eu" in choices(bot, "scope", "prod")
    assert choices(bot, "scope", "111122223333/eu-west-1") == ["cluster:prod-eu"]
    assert choices(bot, "scope", "nothing-like-it") == []
    assert "all" in choices(bot, "scope", "")
    chosen = choices(bot, "scope", "private-1a")
    bot.slack.submit({"scope": chosen[0]})
    assert asked(bot, "subnet:").text == "plan +4 subnet:subnet-0aaaaaaaaaaaaaaa1"


def test_a_select_offers_only_what_the_channel_may_see(tmp_path: Path) -> None:
    workspace_channel = "ops"
    with estate_bot(tmp_path, {"channels_may": [{"channel": "*", "scopes": ["cluster:dev-eu"]}]}) as running:
        bot = prepared(running)
        opened(bot, "plan +4", workspace_channel)
        found = choices(bot, "scope", "")
        assert "cluster:dev-eu" in found
        assert not [value for value in found if "prod-eu" in value or "aaaaaaaa" in value or value == "all"]
        assert choices(bot, "scope", "prod") == []


def test_guests_get_no_form_and_no_names(bot: EstateBot) -> None:
    bot.slack.add_user("eve", guest=True)
    view = opened(bot, PLAN, user="eve")
    assert "guests" in str(view["blocks"])
    assert "submit" not in view or not view["submit"]
    assert "prod-eu" not in str(view)


def test_watch_from_home_asks_for_the_channel_and_tells_it(bot: EstateBot) -> None:
    bot.slack.open_home()
    home = bot.slack.wait_for(lambda: bot.slack.home() or {}, timeout=60)
    bot.slack.press(press(home, "New watch"), on_home=True)
    filled(bot)
    assert "cluster:prod-eu" in choices(bot, "scope", "prod")
    result = bot.slack.submit({"scope": "cluster:prod-eu", "channel": bot.slack.channel("ops"), "below": "10%"})
    assert result.ok, result
    request = asked(bot, "watch cluster")
    assert request.text == "watch cluster:prod-eu below=10%"
    assert request.channel_id == bot.slack.channel("ops")
    (watch,) = bot.slack.wait_for(lambda: bot.parts.store.watches(), timeout=60)
    assert watch.below_pct == 10
    bot.posted("prod-eu")


def test_a_watch_threshold_that_is_none_is_told_in_place(bot: EstateBot) -> None:
    opened(bot, "watch prod-eu")
    result = bot.slack.submit({"below": "a tenth"})
    assert "below" in result.errors


def test_silence_offers_open_alerts_and_refuses_until_resolved_for_a_scope(bot: EstateBot) -> None:
    (saved,) = save_steps(
        bot.parts.store,
        [Step(alert=replace(FIRING, label="private-1a"), transition=Transition.OPENED)],
        {},
        wall_clock(),
    )
    assert saved.alert is not None
    number = str(saved.alert.alert_id)
    opened(bot, "silence")
    assert choices(bot, "target", "private")[0] == number
    scope = choices(bot, "target", "prod-eu")[0]
    assert "for" in bot.slack.submit({"target": scope, "for": "until resolved"}).errors
    choices(bot, "target", number)
    assert bot.slack.submit({"target": number, "for": "2h", "reason": "deploying"}).ok
    assert asked(bot, "silence").text == f"silence {number} 2h deploying"


def test_a_form_too_late_is_said_with_words(bot: EstateBot) -> None:
    bot.slack.slash(f"form {PLAN}")
    answer = bot.whispered("Before plan")
    bot.slack.faults.error("views.open", "expired_trigger_id", times=1)
    bot.slack.click(channel="ops", ts=answer["ts"], action_id=press(answer, "Change numbers"))
    bot.whispered(TOO_LATE)
    assert bot.slack.modal() is None


def test_a_form_that_was_closed_meanwhile_is_no_trouble(bot: EstateBot) -> None:
    bot.slack.faults.error("views.update", "not_found", times=1)
    bot.slack.slash(f"form {PLAN}")
    answer = bot.whispered("Before plan")
    bot.slack.click(channel="ops", ts=answer["ts"], action_id=press(answer, "Change numbers"))
    bot.slack.wait_for(lambda: bot.calls("views.update"))
    bot.slack.close_modal()
    assert filled_after(bot)


def filled_after(bot: EstateBot) -> bool:
    """Whether the same button opens the form again."""
    return bool(opened(bot, PLAN)["blocks"])


@pytest.mark.parametrize(
    ("typed", "title"),
    [
        pytest.param("plan", "Will more nodes fit?", id="plan"),
        pytest.param("fit", "Will more nodes fit?", id="an alias"),
        pytest.param("watch", "Watch addresses", id="watch"),
        pytest.param("silence?", "Silence alerts", id="silence"),
    ],
)
def test_a_bare_verb_typed_as_a_command_opens_its_form_at_once(bot: EstateBot, typed: str, title: str) -> None:
    assert bot.slack.slash(typed).ok
    assert filled(bot)["title"]["text"] == title
    assert bot.requests == []


def test_the_form_of_a_bare_plan_starts_with_the_channels_own_target(bot: EstateBot) -> None:
    bot.slack.slash("defaults cluster=prod-eu")
    bot.posted("defaults are changed")
    bot.slack.slash("plan")
    inputs = {block["block_id"]: block["element"] for block in filled(bot)["blocks"]}
    assert inputs["scope"]["initial_option"]["value"] == "cluster:111122223333/eu-west-1/prod-eu"


def test_a_bare_verb_in_a_mention_is_answered_with_an_example_and_a_button_to_the_form(bot: EstateBot) -> None:
    del bot.made["silence"]
    bot.slack.say("@eksip silence")
    message = bot.posted("for example")
    assert "silence 1001 2h deploying" in message["text"]
    bot.slack.click(channel="ops", ts=message["ts"], action_id=press(message, "Fill in a form"))
    assert filled(bot)["title"]["text"] == "Silence alerts"


def test_a_card_offers_another_time_than_its_choices_through_the_form(bot: EstateBot) -> None:
    """The last choice of Silence… names the alerts and no end: the form has them, and asks for the rest."""
    step = Step(alert=replace(FIRING, label="private-1a"), transition=Transition.OPENED)
    (saved,) = save_steps(bot.parts.store, [step], {}, wall_clock())
    assert saved.alert is not None
    number = saved.alert.alert_id
    bot.made["show"] = lambda _: card(saved.alert, wall_clock()) if saved.alert is not None else answered(_)
    bot.slack.say("@eksip show")
    message = bot.posted("private-1a")
    menu = next(
        element
        for block in message["attachments"][0]["blocks"]
        for element in block.get("elements", ())
        if element["type"] == "static_select" and element["placeholder"]["text"] == "Silence…"
    )
    bot.slack.click(channel="ops", ts=message["ts"], action_id=menu["action_id"], value="Other time, reason…")
    inputs = {block["block_id"]: block["element"] for block in filled(bot)["blocks"]}
    assert inputs["target"]["initial_option"]["value"] == str(number)
    assert bot.slack.submit({"for": "until resolved", "reason": "rollover"}).ok
    assert asked(bot, "silence").text == f"silence {number} until resolved rollover"


@pytest.mark.parametrize(
    "command",
    [
        pytest.param("plan pods=x nodes=0", id="no numbers"),
        pytest.param("plan nodes=99999999 pods=5000", id="too large"),
        pytest.param("plan +000000 m5.large", id="nought"),
    ],
)
def test_a_number_that_is_none_does_not_keep_the_form_from_opening(bot: EstateBot, command: str) -> None:
    inputs = {block["block_id"]: block["element"] for block in opened(bot, command)["blocks"]}
    assert "initial_value" not in inputs["nodes"]
    assert "initial_value" not in inputs["pods"]
