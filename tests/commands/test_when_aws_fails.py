"""What people read when AWS refuses, throttles or forgets who we are: the numbers there are, and what is missing."""

from collections.abc import Iterator
from typing import Any

import pytest

from bot.asking.command import Request, Surface
from bot.demo.workspace import problems
from bot.demo.world import World
from bot.message import Message
from bot.slack.render import render
from bot.wiring import Parts
from bot.wiring.parts import demo_estate

PROD, STAGE = "111122223333", "222233334444"


@pytest.fixture(scope="module")
def estate() -> Iterator[tuple[World, Any]]:
    with demo_estate() as found:
        yield found.world, found.settings


@pytest.fixture
def bot(estate: tuple[World, Any]) -> Iterator[tuple[World, Parts]]:
    """A bot that has read nothing yet, and the switches of its AWS."""
    world, settings = estate
    parts = Parts(settings)
    yield world, parts
    world.faults.reset()
    parts.close()


def ask(parts: Parts, text: str) -> Message:
    message = parts.answer(Request(text=text, surface=Surface.ASK))
    assert message.failure is None or message.failure.reference is None, message.text
    assert problems(render(message)) == []
    return message


def reasons(message: Message) -> str:
    assert message.coverage is not None
    return " ".join(f"{s.account_id} {s.region} {s.api}: {s.reason}" for s in message.coverage.blind_spots)


def test_one_account_that_denies_the_read_leaves_the_others_answered(bot: tuple[World, Parts]) -> None:
    world, parts = bot
    world.faults.deny("ec2:DescribeSubnets", STAGE)
    message = ask(parts, "status")
    assert message.failure is None
    assert "prod-eu" not in reasons(message)
    assert STAGE in reasons(message)
    assert "ec2:DescribeSubnets" in reasons(message)
    assert "Not read" in str(message.parts)


def test_reservations_that_may_not_be_read_make_a_low_subnet_unknown_not_low(bot: tuple[World, Parts]) -> None:
    """stage-pods-1a shows 25 free addresses; whether the rest is reserved cannot be told, so no state is claimed."""
    world, parts = bot
    world.faults.deny("ec2:GetSubnetCidrReservations", STAGE)
    message = ask(parts, "subnet stage-pods-1a")
    assert message.answer["state"] == "unknown"
    assert message.answer["free_ips"] is None
    assert message.answer["available_ips"] == 25
    assert "GetSubnetCidrReservations" in reasons(message)


def test_interfaces_that_may_not_be_read_leave_the_block_figures_unknown(bot: tuple[World, Parts]) -> None:
    world, parts = bot
    world.faults.deny("ec2:DescribeNetworkInterfaces", PROD)
    message = ask(parts, "subnet private-1a")
    assert message.answer["free_ips"] == 211
    assert message.answer["free_blocks"] is None
    assert message.answer["unattributed_ips"] is None


def test_an_expired_token_is_named_with_what_to_do(bot: tuple[World, Parts]) -> None:
    world, parts = bot
    world.faults.expire_tokens(PROD, times=1_000)
    message = ask(parts, "status account:prod")
    assert message.failure is not None
    assert message.failure.kind == "query"
    assert "expired" in message.text
    assert PROD in message.text


def test_throttling_that_passes_is_waited_out(bot: tuple[World, Parts]) -> None:
    world, parts = bot
    world.faults.throttle("DescribeSubnets", times=2, account_id=STAGE)
    assert STAGE not in reasons(ask(parts, "status account:stage"))


def test_a_region_out_of_reach_is_a_blind_spot_and_the_rest_is_answered(bot: tuple[World, Parts]) -> None:
    world, parts = bot
    world.faults.break_region(PROD, "us-east-1")
    message = ask(parts, "status cluster:prod-eu")
    assert message.failure is None
    assert "us-east-1" in reasons(ask(parts, "status account:prod"))
