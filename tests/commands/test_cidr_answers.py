"""`cidr VPC [CANDIDATE]`: without AWS from the blocks alone, and of a VPC of the demo estate."""

from collections.abc import Iterator
from typing import Any

import pytest

from bot.answers.capacity import CidrAnswer
from bot.asking.command import Request
from bot.commands import dispatch
from bot.config import load
from bot.demo.workspace import problems
from bot.message import Bullets, Button, Code, Controls, Message, Tone
from bot.slack.render import render
from bot.wiring import Parts
from bot.wiring.parts import DemoEstate, demo_estate

OFFLINE = Parts(load({}, {}))
FIVE = "10.2.0.0/16,10.3.0.0/16,10.4.0.0/16,10.5.0.0/16,10.6.0.0/16"


@pytest.fixture(scope="module")
def estate() -> Iterator[DemoEstate]:
    with demo_estate() as found:
        yield found


@pytest.fixture(scope="module")
def demo(estate: DemoEstate) -> Iterator[Parts]:
    parts = Parts(estate.settings)
    yield parts
    parts.close()


def ask(text: str, parts: Parts = OFFLINE) -> Message:
    return dispatch(Request(text=text), parts.services)


def answer(text: str, parts: Parts = OFFLINE) -> dict[str, Any]:
    message = ask(text, parts)
    assert message.failure is None, message.text
    CidrAnswer.model_validate(dict(message.answer))
    return dict(message.answer)


def test_the_json_form_is_exactly_the_documented_one() -> None:
    found = answer("cidr 10.0.0.0/16,100.64.0.0/16 10.3.0.0/16")

    assert set(found) == {"vpc_id", "cidrs", "candidates", "commands"}
    assert found["vpc_id"] is None
    assert found["cidrs"] == ["10.0.0.0/16", "100.64.0.0/16"]
    (candidate,) = found["candidates"]
    assert (candidate["cidr"], candidate["allowed"]) == ("10.3.0.0/16", None)
    assert candidate["reason"].endswith("Not checked: routes, peerings.")


@pytest.mark.parametrize(
    ("text", "sentence", "tone"),
    [
        pytest.param("cidr 10.0.0.0/16", "Add 100.64.0.0/16 to 10.0.0.0/16: ", Tone.GOOD, id="no candidate"),
        pytest.param(
            "cidr 10.0.0.0/16 100.70.0.0/16", "100.70.0.0/16 may be added to 10.0.0.0/16: ", Tone.GOOD, id="allowed"
        ),
        pytest.param(
            "cidr 10.0.0.0/16 192.168.0.0/16",
            "192.168.0.0/16 may not be added to 10.0.0.0/16: beside 10.0.0.0/16",
            Tone.BAD,
            id="refused",
        ),
        pytest.param(
            "cidr 10.0.0.0/16, 100.64.0.0/16 10.3.0.0/16",
            "10.3.0.0/16 may or may not be added to 10.0.0.0/16, 100.64.0.0/16: AWS's table contradicts itself",
            Tone.UNKNOWN,
            id="not settled, a blank after the comma",
        ),
        pytest.param(f"cidr {FIVE}", "No block may be added to 10.2.0.0/16, 10.3.0.0/16,", Tone.BAD, id="quota"),
    ],
)
def test_the_sentence_says_the_verdict_and_why(text: str, sentence: str, tone: Tone) -> None:
    found = ask(text)

    assert found.text.startswith(sentence)
    assert found.tone is tone


def test_a_refused_block_has_no_commands_and_others_to_take_instead() -> None:
    found = answer("cidr 10.0.0.0/16 192.168.0.0/16")

    assert found["commands"] == []
    assert [item["allowed"] for item in found["candidates"]] == [False, True, True, True, True]


def test_at_the_quota_the_increase_is_the_first_command() -> None:
    commands = answer(f"cidr {FIVE} 100.64.0.0/16")["commands"]

    assert "--quota-code L-83CA0A9D --desired-value 6" in commands[0]
    assert "associate-vpc-cidr-block" in commands[1]


def test_commands_are_shown_to_copy_and_offered_as_buttons() -> None:
    found = ask("cidr 10.0.0.0/16")
    shown = "\n".join(part.text for part in found.parts if isinstance(part, Code))
    buttons = [item for part in found.parts if isinstance(part, Controls) for item in part.items]

    assert all(command in shown for command in answer("cidr 10.0.0.0/16")["commands"])
    offered = [button.command for button in buttons if isinstance(button, Button)]
    assert "cidr 10.0.0.0/16 100.64.0.0/16 terraform" in offered
    assert all(ask(command).failure is None for command in offered)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("cidr 10.0.0.0/16 100.64.0.0/16 terraform", id="a word"),
        pytest.param("cidr 10.0.0.0/16 100.64.0.0/16 --terraform", id="a flag at the end"),
        pytest.param("cidr 10.0.0.0/16 --terraform 100.64.0.0/16", id="a flag between"),
    ],
)
def test_terraform_instead_of_commands(text: str) -> None:
    commands = answer(text)["commands"]

    assert 'resource "aws_vpc_ipv4_cidr_block_association"' in commands[0]
    assert '"${var.region}a" = "100.64.0.0/18"' in commands[0]
    assert not any("aws ec2" in command for command in commands)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("cidr", "takes a VPC", id="nothing"),
        pytest.param("cidr 10.0.0.0/16 10.1.0.0/16 10.2.0.0/16", "takes a VPC", id="three words"),
        pytest.param("cidr 10.0.0.0/16 10.1.5.0/16", "did you mean `10.1.0.0/16`?", id="host bits"),
        pytest.param("cidr 10.0.5.0/16", "did you mean `10.0.0.0/16`?", id="host bits of the VPC"),
        pytest.param("cidr 10.0.0.0/16,10.0.1.0/24", "10.0.0.0/16 and 10.0.1.0/24 overlap", id="overlapping"),
        pytest.param("cidr fd00::/48", "`fd00::/48` is IPv6", id="IPv6 VPC"),
        pytest.param("cidr 10.0.0.0/16 fd00::/56", "`fd00::/56` is IPv6", id="IPv6 candidate"),
        pytest.param("cidr 10.0.0.0/8", "no block like 10.0.0.0/8: each is a /16 to a /28", id="too large for a VPC"),
        pytest.param("cidr 10.0.0.0/16 300.1.0.0/16", "`300.1.0.0/16` is not an IPv4 block", id="out of range"),
        pytest.param("cidr 10.0.0.0/16 10.1.0.0/33", "`10.1.0.0/33` is not", id="length out of range"),
        pytest.param("cidr -10.0.0.0/16", "`-10.0.0.0/16` is not", id="negative"),
        pytest.param("cidr 10/8", "`10/8` is not", id="short form"),
        pytest.param("cidr 10.0.0.0", "`10.0.0.0` has no length", id="an address"),
        pytest.param("cidr 10.0.0.0/16 biggest", "`biggest` is not an IPv4 block", id="a word"),
        pytest.param("cidr 10.0.0.0/16 $(reboot)", "is not an IPv4 block", id="a shell's substitution"),
    ],
)
def test_anything_else_is_a_user_error_with_what_was_read_and_a_command_that_works(text: str, said: str) -> None:
    found = ask(text)

    assert found.failure is not None
    assert found.failure.kind == "user"
    assert said in found.text
    assert "cidr 10.0.0.0/16 100.64.0.0/16" in found.text
    assert ask(found.failure.suggestions[0]).failure is None


def test_a_block_larger_than_a_vpc_may_have_is_answered_with_no() -> None:
    found = answer("cidr 10.0.0.0/16 100.64.0.0/10")["candidates"]

    assert found[0]["allowed"] is False
    assert "add /16s of it" in found[0]["reason"]
    assert found[1]["cidr"] == "100.64.0.0/16"


def test_a_vpc_that_is_known_gives_its_blocks_zones_and_age(demo: Parts) -> None:
    message = ask("cidr prod-eu-vpc", demo)
    found = answer("cidr prod-eu-vpc", demo)

    assert found["vpc_id"].startswith("vpc-")
    assert found["cidrs"] == ["10.0.0.0/16"]
    assert message.as_of is not None
    assert message.coverage is not None
    assert message.coverage.complete
    assert not any("Not checked" in item["reason"] for item in found["candidates"])
    assert f"--vpc-id {found['vpc_id']} --cidr-block {found['candidates'][0]['cidr']}" in found["commands"][0]
    zones = [zone for zone in "abc" if f"--availability-zone eu-west-1{zone} " in "".join(found["commands"])]
    assert zones == ["a", "b", "c"]


def test_candidates_leave_out_what_other_vpcs_of_the_fleet_have(demo: Parts) -> None:
    taken = {cidr for vpc in demo.services.facts().inventory().vpcs for cidr in map(str, vpc.cidrs)}

    assert "100.64.0.0/16" in taken
    assert not {item["cidr"] for item in answer("cidr prod-eu-vpc", demo)["candidates"]} & taken


def test_a_cluster_or_a_subnet_stands_for_its_vpc(demo: Parts) -> None:
    of_vpc = answer("cidr prod-eu-vpc", demo)

    assert answer("cidr cluster:prod-eu", demo) == of_vpc
    assert answer("cidr private-1a", demo) == of_vpc


def test_a_scope_with_several_vpcs_is_asked_back(demo: Parts) -> None:
    failure = ask("cidr all", demo).failure

    assert failure is not None
    assert "VPCs; name one" in failure.message
    assert ask(failure.suggestions[0], demo).failure is None


def test_a_name_that_is_not_known_is_a_user_error(demo: Parts) -> None:
    failure = ask("cidr prod-eu-vcp", demo).failure

    assert failure is not None
    assert failure.kind == "user"
    assert failure.suggestions[0] == "cidr prod-eu-vpc"


def test_the_flag_before_a_vpcs_name_is_understood(demo: Parts) -> None:
    assert 'vpc_id     = "vpc-' in answer("cidr --terraform prod-eu-vpc", demo)["commands"][0]


def test_slack_shows_it_within_its_limits(demo: Parts) -> None:
    message = ask("cidr prod-eu-vpc", demo)

    assert problems(render(message)) == []
    assert any(isinstance(part, Bullets) and part.title == "Then" for part in message.parts)


@pytest.mark.parametrize(
    ("candidate", "reason"),
    [
        pytest.param("10.40.0.0/20", "Overlaps 10.40.0.0/16 of a peered VPC", id="peered VPC"),
        pytest.param("10.64.0.0/16", "Equals or contains the route to 10.64.0.0/16", id="routed elsewhere"),
    ],
)
def test_the_vpcs_routes_and_peerings_refuse_a_block_and_give_no_commands(
    demo: Parts, candidate: str, reason: str
) -> None:
    found = answer(f"cidr prod-eu-vpc {candidate}", demo)

    assert found["candidates"][0]["allowed"] is False
    assert reason in found["candidates"][0]["reason"]
    assert found["commands"] == []


def test_a_block_inside_a_wider_route_may_be_added(demo: Parts) -> None:
    assert answer("cidr prod-eu-vpc 10.64.128.0/20", demo)["candidates"][0]["allowed"] is True


def test_what_cannot_be_read_is_said_to_be_unchecked_and_shown_as_a_blind_spot(estate: DemoEstate) -> None:
    estate.world.faults.deny("DescribeRouteTables", "111122223333")
    parts = Parts(estate.settings)
    message, found = ask("cidr prod-eu-vpc", parts), answer("cidr prod-eu-vpc", parts)
    parts.close()
    estate.world.faults.reset()

    assert message.coverage is not None
    assert "DescribeRouteTables" in {spot.api for spot in message.coverage.blind_spots}
    assert found["candidates"]
    assert all(item["reason"].endswith("Not checked: routes.") for item in found["candidates"])
