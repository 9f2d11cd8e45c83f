"""`prefix` on the demo estate: the verdict of each cluster, its commands, and unusable words."""

from collections.abc import Iterator
from typing import Any

import pytest

from bot.answers.capacity import PrefixAnswer
from bot.asking.command import Request
from bot.demo.workspace import problems
from bot.message import Message
from bot.slack.render import render
from bot.wiring import Parts
from bot.wiring.parts import demo_estate


@pytest.fixture(scope="module")
def parts() -> Iterator[Parts]:
    with demo_estate() as found:
        parts = Parts(found.settings)
        yield parts
        parts.close()


def ask(parts: Parts, text: str) -> Message:
    return parts.answer(Request(text=text))


def judged(parts: Parts, text: str) -> dict[str, Any]:
    message = ask(parts, text)
    assert message.failure is None, message.text
    PrefixAnswer.model_validate(message.answer)
    return dict(message.answer)


def test_a_fragmented_subnet_is_not_ready_and_named(parts: Parts) -> None:
    """pods-use1a has thousands of free addresses and no whole block for the legacy nodes' replacements."""
    found = judged(parts, "prefix prod-us")
    assert (found["verdict"], found["prefix_mode"]) == ("not_ready", True)
    worst = found["subnets"][0]
    assert (worst["name"], worst["free_blocks"], worst["start_blocks"]) == ("pods-use1a", 0, 4)
    assert "pods-use1a" in found["reasons"][0]
    assert (found["nodes_with_prefixes"], found["nodes_without_prefixes"]) == (8, 4)


def test_reserved_space_counts_as_room(parts: Parts) -> None:
    """EC2 counts 25 free addresses in stage-pods-1a; its reservations hold whole blocks."""
    found = judged(parts, "prefix stage-eu")
    assert found["verdict"] == "ready"
    (reserved,) = [row for row in found["subnets"] if row["name"] == "stage-pods-1a"]
    assert reserved["free_blocks"] >= reserved["most_blocks"] > 0
    assert reserved["reservations"] == []


def test_under_custom_networking_the_pods_subnets_are_judged(parts: Parts) -> None:
    found = judged(parts, "prefix data-eu")
    assert {row["name"] for row in found["subnets"]} == {"cgnat-1a", "cgnat-1b"}
    assert found["prefix_mode"] is False
    types = {row["instance_type"]: row for row in found["instance_types"]}
    assert (types["m5.large"]["max_pods_now"], types["m5.large"]["max_pods_prefix"]) == (20, 110)


def test_the_switch_is_offered_only_where_it_is_safe(parts: Parts) -> None:
    for cluster in ("prod-eu", "prod-us", "stage-eu", "data-eu"):
        found = judged(parts, f"prefix {cluster}")
        switches = [command for command in found["commands"] if "ENABLE_PREFIX_DELEGATION" in command]
        assert not switches or (found["verdict"].startswith("ready") and found["prefix_mode"] is False)
        reserved = [cidr for row in found["subnets"] for cidr in row["reservations"]]
        assert len(found["commands"]) == len(reserved) + len(switches)


def test_ipv6_clusters_always_delegate(parts: Parts) -> None:
    found = judged(parts, "prefix edge")
    assert (found["verdict"], found["subnets"]) == ("ready", [])
    assert "IPv6" in found["reasons"][0]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("prefix all", "one cluster", id="several clusters"),
        pytest.param("prefix subnet:public-1a", "belongs to none", id="a subnet of no cluster"),
        pytest.param("prefix nowhere-9", "I know no", id="unknown scope"),
        pytest.param("prefix prod-us pods=-4", "below 0", id="negative pods"),
        pytest.param("prefix prod-us churn=4", "churn", id="unknown option"),
    ],
)
def test_unusable_words_are_answered_with_one_that_works(parts: Parts, text: str, says: str) -> None:
    message = ask(parts, text)
    assert message.failure is not None
    assert message.failure.kind == "user"
    assert says in message.failure.message


def test_slack_takes_the_message_and_buttons_answer(parts: Parts) -> None:
    for text in ("prefix prod-eu", "prefix stage-eu pods=8", "prefix edge"):
        message = ask(parts, text)
        assert problems(render(message)) == []
        assert len(message.text) <= 200
        for part in message.parts:
            for item in getattr(part, "items", ()):
                if getattr(item, "command", None):
                    assert ask(parts, item.command).failure is None
