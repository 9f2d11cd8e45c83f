"""`upgrade` on the demo estate: the full control plane subnet, node groups' extra nodes, EKS's own report."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from bot.answers.registry import ANSWERS
from bot.asking.command import Request, Surface
from bot.aws.sessions import Sessions
from bot.demo.workspace import problems
from bot.inventory import Account
from bot.message import Controls, Message
from bot.slack.render import render
from bot.wiring import Parts
from bot.wiring.parts import DemoEstate, demo_estate


@pytest.fixture(scope="module")
def estate() -> Iterator[DemoEstate]:
    with demo_estate() as found:
        yield found


@pytest.fixture(scope="module")
def parts(estate: DemoEstate) -> Iterator[Parts]:
    made = Parts(estate.settings)
    yield made
    made.close()


def ask(parts: Parts, text: str) -> Message:
    return parts.answer(Request(text=text, surface=Surface.ASK))


def answer(parts: Parts, text: str) -> dict[str, Any]:
    message = ask(parts, text)
    assert message.failure is None, message.text
    found = dict(message.answer)
    ANSWERS["upgrade"].model_validate(found)
    return found


def test_a_control_plane_subnet_below_five_stops_the_upgrade(parts: Parts) -> None:
    found = answer(parts, "upgrade prod-eu")
    assert found["fits"] is False
    assert {item["name"]: item["fits"] for item in found["control_plane"]} == {
        "eks-control-1a": True,
        "eks-control-1b": False,
        "eks-control-1c": True,
    }
    assert [issue["code"] for issue in found["health"]] == ["InsufficientFreeAddresses"]
    assert found["reasons"][0].startswith("eks-control-1b has 3 addresses free")


def test_a_node_group_in_zones_without_room_does_not_fit(parts: Parts) -> None:
    """A node of `general` holds 8 ENIs of 30 addresses; private-1a has fewer than two of them free."""
    general, payments = answer(parts, "upgrade prod-eu")["nodegroups"]
    assert (general["name"], general["surge_nodes"], general["node_ips"]) == ("general", 6, 240)
    assert general["fits"] is False
    assert (payments["surge_nodes"], payments["needed_ips"], payments["fits"]) == (2, 60, True)


def test_a_cluster_with_room_fits(parts: Parts) -> None:
    assert answer(parts, "upgrade stage-eu")["fits"] is True
    assert answer(parts, "upgrade edge")["nodegroups"][0]["node_ips"] == 1


def test_max_unavailable_is_taken_when_it_is_given(parts: Parts) -> None:
    found = answer(parts, "upgrade data-eu max-unavailable=40")
    assert {group["surge_nodes"] for group in found["nodegroups"]} == {40}
    assert found["fits"] is False
    assert answer(parts, "upgrade data-eu")["fits"] is True


def test_a_percentage_of_the_groups_own_update_settings_is_read_and_said(estate: DemoEstate) -> None:
    """Half of the 27 nodes of `general` is 14, more than two in each of three zones."""
    eks = Sessions().eks(Account(account_id="111122223333", name="prod"), "eu-west-1")
    general = partial(eks.update_nodegroup_config, clusterName="prod-eu", nodegroupName="general")
    general(updateConfig={"maxUnavailablePercentage": 50})
    made = Parts(estate.settings)
    found, given = answer(made, "upgrade prod-eu"), answer(made, "upgrade prod-eu max-unavailable=7")
    made.close()
    general(updateConfig={"maxUnavailable": 1})

    assert found["nodegroups"][0]["surge_nodes"] == 14
    said = "Node group general: an update adds up to 14, its maxUnavailablePercentage of the desired size."
    assert said in found["reasons"]
    assert given["nodegroups"][0]["surge_nodes"] == 7


def test_a_group_whose_subnet_has_no_block_left_does_not_fit(parts: Parts) -> None:
    apps = next(group for group in answer(parts, "upgrade prod-us")["nodegroups"] if group["name"] == "apps")
    assert apps["free_ips"] > apps["needed_ips"]
    assert apps["fits"] is False


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("upgrade", "needs a cluster", id="no cluster"),
        pytest.param("upgrade nowhere", "nowhere", id="unknown cluster"),
        pytest.param("upgrade vpc:lab", "0 clusters", id="a VPC without clusters"),
        pytest.param("upgrade account:prod", "2 clusters", id="several clusters"),
        pytest.param("upgrade prod-eu max-unavailable=0", "below 1", id="nothing unavailable"),
        pytest.param("upgrade prod-eu max-unavailable=x", "not a whole number", id="no number"),
    ],
)
def test_unusable_words_get_an_answer_with_an_example(parts: Parts, text: str, says: str) -> None:
    message = ask(parts, text)
    assert message.failure is not None
    assert message.failure.kind == "user"
    assert says in message.text
    assert "`upgrade " in message.text
    assert problems(render(message)) == []


@pytest.mark.parametrize("name", ["prod-eu", "prod-us", "stage-eu", "data-eu", "edge"])
def test_slack_takes_every_answer_and_its_buttons_work(parts: Parts, name: str) -> None:
    message = ask(parts, f"upgrade {name}")
    assert problems(render(message)) == []
    (controls,) = [part for part in message.parts if isinstance(part, Controls)]
    for button in controls.items:
        assert ask(parts, getattr(button, "command")).failure is None  # noqa: B009
