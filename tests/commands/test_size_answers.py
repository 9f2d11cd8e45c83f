"""`size`: the documented JSON, the sentence, what is assumed, and what people get for unusable words."""

from typing import Any

import pytest

from bot.answers.capacity import SizeAnswer
from bot.asking.command import Request
from bot.commands import dispatch
from bot.config import load
from bot.demo.workspace import problems
from bot.message import Button, Controls, Message
from bot.slack.render import render
from bot.wiring import Parts

OFFLINE = Parts(load({}, {}))
ASKED = "size nodes=60 type=m5.large pods=20 zones=3 growth=50%"


def ask(text: str) -> Message:
    return dispatch(Request(text=text), OFFLINE.services)


def answer(text: str) -> dict[str, Any]:
    message = ask(text)
    assert message.failure is None, message.text
    SizeAnswer.model_validate(dict(message.answer))
    return dict(message.answer)


def test_the_json_form_is_the_documented_one() -> None:
    found = answer(ASKED)

    assert found["per_zone"] == {"nodes": 30, "addresses": 900, "with_surge": 960, "with_zone_lost": 1_350}
    assert found["subnets"] == [
        {"purpose": "nodes", "prefix_length": 21, "per_zone": 1, "headroom_pct": 33.9},
        {"purpose": "control-plane", "prefix_length": 28, "per_zone": 1, "headroom_pct": 45.5},
    ]
    assert (found["vpc_prefix_length"], found["vpc_blocks"]) == (19, 1)
    assert any("/19" in reason for reason in found["reasons"])


def test_the_sentence_stands_alone() -> None:
    assert ask(ASKED).text == ("/21 in each of 3 zones and a /19 VPC hold 90 m5.large with 20 pods each.")


@pytest.mark.parametrize(
    ("text", "same_as"),
    [
        pytest.param("size m5.large nodes=60 pods=20 zones=3 growth=50", ASKED, id="a bare type, growth without %"),
        pytest.param("size --nodes 60 --type M5.Large --pods 20 --zones 3 --growth 50%", ASKED, id="dashes, capitals"),
        pytest.param(ASKED + " mode=secondary warm-eni=1", ASKED, id="the defaults"),
        pytest.param("size 60 nodes m5.large 20 pods 3 zones growth=50%", ASKED, id="numbers before their words"),
        pytest.param("size m5.large nodes=60 prefix", "size m5.large nodes=60 mode=prefix", id="a bare mode"),
        pytest.param(
            "size m5.large nodes=60 custom-networking",
            "size m5.large nodes=60 custom-networking=true",
            id="a bare flag",
        ),
    ],
)
def test_words_in_any_order_and_form(text: str, same_as: str) -> None:
    assert answer(text) == answer(same_as)


def test_settings_change_the_answer() -> None:
    assert answer(ASKED + " warm-ip=2 min-ip=10")["per_zone"]["addresses"] < answer(ASKED)["per_zone"]["addresses"]


def test_custom_networking_adds_subnets_for_pods() -> None:
    purposes = [subnet["purpose"] for subnet in answer("size nodes=60 m5.large custom-networking")["subnets"]]

    assert purposes == ["nodes", "pods", "control-plane"]


def test_what_was_not_said_is_assumed_aloud() -> None:
    reasons = answer("size m5.large nodes=10")["reasons"]

    assert reasons[:3] == [
        "pods= not given: full nodes, 27 pods with an address each (max-pods 29).",
        "zones= not given: 3.",
        "growth= not given: none.",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("size", "needs one instance type", id="nothing"),
        pytest.param("size m5.large", "needs a number of nodes", id="no nodes"),
        pytest.param("size nodes=3 m5.large c5.large", "I read 2: `m5.large c5.large`", id="two types"),
        pytest.param("size nodes=0 m5.large", "`nodes=0` is below 1", id="no node"),
        pytest.param("size nodes=-5 m5.large", "`nodes=-5` is below 1", id="negative nodes"),
        pytest.param("size nodes=many m5.large", "`nodes=many` is not a whole number", id="a word"),
        pytest.param("size nodes=2000000 m5.large", "`nodes=2000000` is more than 100,000", id="far too many nodes"),
        pytest.param("size nodes=200000 m5.large", "`nodes=200000` is more than 100,000", id="too many nodes"),
        pytest.param("size nodes=3 m5.large zones=0", "`zones=0` is below 1", id="no zone"),
        pytest.param("size nodes=3 m5.large zones=7", "`zones=7` is more than 6", id="too many zones"),
        pytest.param("size nodes=3 m5.large pods=-1", "`pods=-1` is below 0", id="negative pods"),
        pytest.param("size nodes=3 m5.large pods=200", "more than max-pods of a m5.large", id="too many pods"),
        pytest.param("size nodes=3 m5.large growth=lots", "`growth=lots` is not a percentage", id="growth in words"),
        pytest.param("size nodes=3 m5.large growth=-10%", "`growth=-10%` is not a percentage", id="shrinking"),
        pytest.param("size nodes=3 m5.large growth=0.5", "`growth=50%`", id="a fraction that may mean either"),
        pytest.param("size nodes=3 m5.large growth=5000%", "more than 1,000%", id="unbounded growth"),
        pytest.param("size nodes=3 m5.large mode=ipv5", "`mode=ipv5` is not a mode", id="unknown mode"),
        pytest.param("size nodes=3 m5.large prefix warm-prefix=0", "does not start in prefix mode", id="refused"),
        pytest.param("size nodes=3 m5.large max-pods=0", "`max-pods=0` is below 1", id="impossible setting"),
        pytest.param("size nodes=3 prod-eu", "`prod-eu` is not an instance type", id="no instance type"),
        pytest.param("size nodes=3 m5.large colour=red", "takes no `colour`", id="unknown option"),
    ],
)
def test_unusable_words_are_named_with_a_command_that_works(text: str, said: str) -> None:
    found = ask(text)

    assert found.failure is not None
    assert found.failure.kind == "user"
    assert said in found.text
    assert ask(found.failure.suggestions[0]).failure is None


def test_a_type_that_is_not_in_the_table_is_never_guessed() -> None:
    failure = ask("size nodes=3 m99.large").failure

    assert failure is not None
    assert failure.kind == "query"


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        pytest.param(ASKED, ["In prefix mode?", "Pods per node?", "Why these sizes?"], id="both modes"),
        pytest.param(ASKED + " prefix", ["In secondary mode?", "Pods per node?", "Why these sizes?"], id="prefix mode"),
        pytest.param("size nodes=9 t2.micro", ["Pods per node?", "Why these sizes?"], id="a type without prefixes"),
        pytest.param(
            "size nodes=100000 m5.metal pods=600 zones=6 custom-networking",
            ["Pods per node?", "Why these sizes?"],
            id="more pods than prefix mode's max-pods",
        ),
    ],
)
def test_slack_shows_it_and_every_button_works(text: str, labels: list[str]) -> None:
    message = ask(text)
    items = [item for part in message.parts if isinstance(part, Controls) for item in part.items]
    buttons = [item for item in items if isinstance(item, Button)]

    assert problems(render(message)) == []
    assert [button.label for button in buttons] == labels
    assert all(ask(button.command).failure is None for button in buttons)
