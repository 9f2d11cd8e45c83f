"""The product's story on real parts: asked in every way, told of trouble, told when it is over."""

from collections.abc import Iterator
from typing import Any

import pytest
from running import SUBNET, Running, running

pytestmark = [pytest.mark.story, pytest.mark.timeout(120)]


@pytest.fixture(scope="module", params=["socket", "http"])
def bot(request: pytest.FixtureRequest) -> Iterator[Running]:
    with running(request.param) as found:
        yield found


def _colour(message: dict[str, Any]) -> str:
    return str(message["attachments"][0]["color"]).removeprefix("#")


def _flat(message: dict[str, Any]) -> str:
    return str(message)


def test_a_slash_command_is_acknowledged_at_once_and_answered_to_the_asker_alone(bot: Running) -> None:
    result = bot.slack.slash("status cluster:prod-eu", user="ana", channel="ops")
    assert result.error is None
    assert not result.body
    answer = bot.slack.wait_for(
        lambda: [m for m in bot.slack.ephemerals("ops", "ana") if "subnets low" in m["text"]], timeout=60
    )
    assert len(answer) == 1
    assert "private-1a" in _flat(answer[0])
    assert not [m for m in bot.slack.messages("ops") if m.get("bot_id")]


def test_a_mention_in_a_thread_is_answered_in_that_thread(bot: Running) -> None:
    parent = bot.slack.say("pods hang in ContainerCreating", channel="inc-42")
    bot.slack.say("@eksip maxpods m5.large", channel="inc-42", thread_ts=parent)
    answer = bot.slack.wait_for(
        lambda: [m for m in bot.slack.messages("inc-42") if m.get("thread_ts") == parent and "29 pods" in _flat(m)],
        timeout=60,
    )
    assert len(answer) == 1


def test_a_direct_message_takes_the_same_grammar(bot: Running) -> None:
    bot.slack.say("explain prefix delegation", channel="dm:ana")
    answer = bot.slack.wait_for(
        lambda: [m for m in bot.slack.messages("dm:ana") if "Prefix delegation" in _flat(m)], timeout=60
    )
    assert "docs.aws.amazon.com" in _flat(answer[0])


def test_a_button_runs_its_command_as_if_typed(bot: Running) -> None:
    bot.slack.slash("statsu", user="ben", channel="ops")
    shown = bot.slack.wait_for(
        lambda: [m for m in bot.slack.ephemerals("ops", "ben") if "Read as status" in _flat(m)], timeout=60
    )[0]
    buttons = [e for b in shown["blocks"] if b["type"] == "actions" for e in b["elements"]]
    who = next(button for button in buttons if str(button.get("value", "")).startswith("who "))
    bot.slack.click(channel="ops", ts=shown["ts"], action_id=who["action_id"], user="ben")
    bot.slack.wait_for(
        lambda: [m for m in bot.slack.ephemerals("ops", "ben") if "addresses are held" in m["text"]], timeout=60
    )


def test_an_event_that_slack_delivers_twice_is_answered_once(bot: Running) -> None:
    bot.slack.faults.duplicate_next()
    parent = bot.slack.say("once please", channel="inc-42")
    bot.slack.say("@eksip help", channel="inc-42", thread_ts=parent)

    def answers() -> list[dict[str, Any]]:
        return [m for m in bot.slack.messages("inc-42") if m.get("thread_ts") == parent and m.get("bot_id")]

    bot.slack.wait_for(answers, timeout=60)
    with pytest.raises(TimeoutError):
        bot.slack.wait_for(lambda: len(answers()) > 1, timeout=2)


def test_an_alert_fires_is_edited_in_place_and_resolves_by_itself(bot: Running) -> None:
    bot.squeeze()
    card = bot.slack.wait_for(lambda: bot.cards()[0], timeout=60)
    assert card["text"].startswith("[FIRING]")
    assert _colour(card) == "a30200"
    bot.world.give_back(SUBNET)
    resolved = bot.slack.wait_for(lambda: [m for m in bot.cards() if m["text"].startswith("[RESOLVED]")], timeout=60)[0]
    assert resolved["ts"] == card["ts"]
    assert _colour(resolved) == "2eb886"
    assert len(bot.cards()) == 1


def test_a_channel_that_watches_is_told_and_one_that_stopped_is_not(bot: Running) -> None:
    bot.slack.slash("watch subnet:private-1a", user="chris", channel="inc-42")
    bot.slack.wait_for(lambda: [m for m in bot.slack.messages("inc-42") if "now told here" in m["text"]], timeout=60)
    bot.slack.slash("unwatch subnet:private-1a", user="chris", channel="inc-42")
    bot.slack.wait_for(lambda: [m for m in bot.slack.messages("inc-42") if "no longer told" in m["text"]], timeout=60)
    bot.slack.slash("watching", user="chris", channel="inc-42")
    bot.slack.wait_for(lambda: [m for m in bot.slack.messages("inc-42") if "watches nothing" in m["text"]], timeout=60)
