"""`tune` on the demo estate: what it advises, that its figures add up, and what people get for unusable words."""

import json
import shlex
from collections.abc import Iterator
from typing import Any

import pytest

from bot.answers.capacity import TuneAnswer
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


def tuned(parts: Parts, text: str) -> dict[str, Any]:
    message = ask(parts, text)
    assert message.failure is None, message.text
    TuneAnswer.model_validate(message.answer)
    return dict(message.answer)


def test_the_cluster_with_too_many_warm_addresses_gets_them_back(parts: Parts) -> None:
    """data-eu runs WARM_ENI_TARGET=2 for 10 pods on r5.4xlarge: 91 addresses a node, 21 would do."""
    found = tuned(parts, "tune data-eu")
    assert found["current"]["source"] == "addon"
    assert (found["current"]["warm_eni"], found["current"]["custom_networking"]) == (2, True)
    assert (found["recommended"]["warm_ip"], found["recommended"]["minimum_ip"]) == (5, 18)
    assert found["pods_source"] == "measured"
    spark = found["per_instance_type"][0]
    assert (spark["instance_type"], spark["nodes"], spark["pods_per_node"]) == ("r5.4xlarge", 8, 10)
    assert (spark["held_ips"], spark["recommended_ips"]) == (8 * 91, 8 * 21)
    assert "560 of 752 addresses" in ask(parts, "tune data-eu").text


def test_figures_add_up(parts: Parts) -> None:
    for cluster in ("data-eu", "prod-eu", "prod-us", "stage-eu"):
        found = tuned(parts, f"tune cluster:{cluster}")
        rows = found["per_instance_type"]
        assert found["saved_ips"] == sum(row["saved_ips"] for row in rows)
        assert found["held_ips"] == sum(row["held_ips"] for row in rows)
        assert found["changed"] == bool(found["commands"])
        if found["changed"]:
            assert found["saved_ips"] == found["held_ips"] - sum(row["recommended_ips"] for row in rows)
        else:
            assert found["saved_ips"] == 0
            assert found["recommended"] == found["current"]


def test_the_commands_carry_the_advice_and_the_present_variables(parts: Parts) -> None:
    found = tuned(parts, "tune data-eu")
    words = shlex.split(found["commands"][0])
    values = json.loads(words[words.index("--configuration-values") + 1])["env"]
    assert values["WARM_IP_TARGET"] == str(found["recommended"]["warm_ip"])
    assert values["ENI_CONFIG_LABEL_DEF"] == "topology.kubernetes.io/zone"
    assert "resource" in found["commands"][1]
    assert "resource" in str(ask(parts, "tune data-eu as=terraform").parts)


def test_pods_and_churn_are_taken_as_said(parts: Parts) -> None:
    found = tuned(parts, "tune prod-eu pods=20 churn=2/min")
    assert (found["pods_source"], found["churn_per_hour"], found["burst_pods"]) == ("given", 120, 30)
    assert {row["pods_per_node"] for row in found["per_instance_type"]} == {20}
    assert found["recommended"]["warm_ip"] >= 30 or found["recommended"]["warm_ip"] == 0
    assert tuned(parts, "tune prod-eu churn=240/d")["churn_per_hour"] == 10


def test_prefix_mode_is_refused_where_no_block_is_free_and_old_nodes_are_told(parts: Parts) -> None:
    refused = {each["title"]: each["reason"] for each in tuned(parts, "tune prod-eu")["refused"]}
    assert "free /28 blocks" in refused["Prefix mode"]
    assumptions = " ".join(tuned(parts, "tune prod-us")["assumptions"])
    assert "4 of 12 nodes hold single addresses in prefix mode" in assumptions
    assert "Pods are assumed" in assumptions


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("tune all", "one cluster", id="several clusters"),
        pytest.param("tune edge", "IPv6", id="IPv6"),
        pytest.param("tune subnet:public-1a", "belongs to none", id="a subnet of no cluster"),
        pytest.param("tune nowhere-9", "I know no", id="unknown scope"),
        pytest.param("tune prod-eu pods=-1", "below 0", id="negative pods"),
        pytest.param("tune prod-eu pods=many", "whole number", id="pods in words"),
        pytest.param("tune prod-eu churn=fast", "not a rate", id="churn in words"),
        pytest.param("tune prod-eu churn=5/year", "not a rate", id="churn by the year"),
        pytest.param("tune prod-eu churn=99999999", "more than", id="churn beyond reason"),
        pytest.param("tune prod-eu as=yaml", "terraform", id="unknown form"),
        pytest.param("tune prod-eu warm=3", "warm", id="unknown option"),
    ],
)
def test_unusable_words_are_answered_with_one_that_works(parts: Parts, text: str, says: str) -> None:
    message = ask(parts, text)
    assert message.failure is not None
    assert message.failure.kind == "user"
    assert says in message.failure.message
    assert "`" in message.failure.message


def test_buttons_ask_what_can_be_answered_and_slack_takes_the_message(parts: Parts) -> None:
    for text in ("tune data-eu", "tune prod-us", "tune stage-eu pods=3"):
        message = ask(parts, text)
        payload = render(message)
        assert problems(payload) == []
        assert len(message.text) <= 150
        for part in message.parts:
            for item in getattr(part, "items", ()):
                if getattr(item, "command", None):
                    assert len(item.label) <= 15
                    assert ask(parts, item.command).failure is None
