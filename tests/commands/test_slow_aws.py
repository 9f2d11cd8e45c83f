"""What people read in Slack while AWS is slow: the answer without what is late, which is named, and once more later."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from bot.asking.command import Request, Surface
from bot.commands import dispatch
from bot.demo.workspace import problems
from bot.demo.world import World
from bot.message import Context, Message, Tone
from bot.slack.render import render
from bot.wiring import Parts
from bot.wiring.parts import demo_estate

pytestmark = pytest.mark.timeout(180)

SLOW = ("DescribeNetworkInterfaces", "GetMetricData", "DescribeRouteTables", "DescribeInstanceTypes")


@dataclass(frozen=True, kw_only=True)
class Slow:
    """A bot whose fleet is read and whose AWS answers nothing more until `release`."""

    world: World
    parts: Parts
    release: threading.Event

    def ask(self, text: str, surface: Surface = Surface.SLASH) -> Message:
        """The answer in Slack, where nobody waits for AWS at all."""
        services = replace(self.parts.services, patience=timedelta(0), allowance=None)
        message = dispatch(Request(text=text, surface=surface, user_id="U1", channel_id="C1"), services)
        assert message.failure is None or message.failure.reference is None, message.text
        assert problems(render(message, again=True, share=True)) == []
        return message


@pytest.fixture(scope="module")
def slow() -> Iterator[Slow]:
    release = threading.Event()
    with demo_estate() as estate:
        parts = Parts(estate.settings)
        parts.facts.refresh()
        for operation in SLOW:
            estate.world.faults.hold(operation, release)
        yield Slow(world=estate.world, parts=parts, release=release)
        release.set()
        parts.close()


def small_print(message: Message) -> str:
    return " ".join(str(part.lines) for part in message.parts if isinstance(part, Context))


@pytest.mark.parametrize(
    ("text", "missing", "there"),
    [
        pytest.param("who prod-eu", "interfaces and /28 blocks", "not known how many of 10,509", id="who"),
        pytest.param("subnet private-1a", "interfaces and /28 blocks", "211", id="subnet"),
        pytest.param("plan +4 m5.large prod-eu", "interfaces and /28 blocks", "private-1c", id="plan"),
        pytest.param("plan +400 m5.large prod-eu", "routes and peerings", "do not fit", id="ways out of a plan"),
        pytest.param("status prod-eu", "warm addresses (CloudWatch)", "payments-1a", id="status"),
        pytest.param("prefix prod-us", "interfaces and /28 blocks", "pods-use1a", id="prefix"),
        pytest.param("top warm", "warm addresses (CloudWatch)", "No cluster's warm", id="top"),
    ],
)
def test_an_answer_goes_out_without_what_is_late_and_names_it(slow: Slow, text: str, missing: str, there: str) -> None:
    """What was read is told and marked as a part, what was not is named with its place, and neither is called good."""
    message = slow.ask(text)
    assert message.ok
    assert message.text.startswith("Partial answer. ")
    assert "partial answer" in str(message.verdict)
    assert message.tone is not Tone.GOOD
    assert missing in small_print(message)
    assert "111122223333" in small_print(message)
    assert "no answer within" in small_print(message)
    assert there in str(message.parts) + message.text
    assert "Repeat" in str(render(message, again=True))


def test_a_question_that_nothing_can_answer_offers_to_ask_again(slow: Slow) -> None:
    message = slow.ask("cwalarms prod-eu")
    assert message.failure is not None
    assert message.failure.suggestions == ("cwalarms prod-eu",)
    assert "no answer within" in message.failure.message


def test_a_diagnosis_says_that_it_went_without_the_interfaces(slow: Slow) -> None:
    message = slow.ask("why prod-eu")
    assert message.ok
    assert "interfaces" in small_print(message)
    assert "111122223333 eu-west-1" in small_print(message)


@pytest.mark.parametrize("text", ["who prod-eu", "status prod-eu"])
def test_what_came_late_is_there_for_whoever_asks_again(slow: Slow, text: str) -> None:
    """The read goes on behind the answer, and a terminal waits for all of it."""
    assert "Partial" in slow.ask(text).text or slow.release.is_set()
    slow.release.set()
    assert "Partial" not in slow.ask(text, Surface.ASK).text
    assert "Partial" not in slow.ask(text).text


def test_an_answer_that_is_whole_says_nothing_of_patience(slow: Slow) -> None:
    assert "Not checked" not in small_print(slow.ask("maxpods m5.large"))


def test_one_place_that_is_slow_keeps_no_other_waiting(slow: Slow) -> None:
    """Each account and region is waited for by itself."""
    slow.release.set()
    subnets = slow.parts.facts.inventory().subnets
    slow.parts.reader.contents([each for each in subnets if each.region == "eu-west-1"])
    slow.world.faults.reset()
    again = threading.Event()
    slow.world.faults.hold("DescribeNetworkInterfaces", again)
    try:
        message = slow.ask("who all")
    finally:
        again.set()
    assert "at least" in message.text
    assert "us-east-1" in small_print(message)
