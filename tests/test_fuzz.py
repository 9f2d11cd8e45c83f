"""A slice of the fuzz: deliveries by one seed, none of which raises, goes unanswered, or tells what is hidden."""

from collections.abc import Iterator
from random import Random

import pytest
from fuzz.deliveries import BEN, EVE, NARROW, OPEN, delivery
from fuzz.fuzzing import Fuzzer, fuzzer
from fuzz.outside import Sent

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(scope="module")
def fuzz() -> Iterator[Fuzzer]:
    with fuzzer() as running:
        yield running


@pytest.mark.timeout(240)
def test_no_delivery_makes_the_app_raise_fall_silent_break_a_limit_or_tell_what_is_hidden(fuzz: Fuzzer) -> None:
    report = fuzz.run(4821, 150)
    assert [f"{fault.number}: {fault.what}" for fault in report.faults] == []
    assert report.runs == 150
    assert len(report.kinds) >= 12
    assert report.answers > 75


def test_the_oracle_sees_a_hidden_name_and_what_slack_would_refuse(fuzz: Fuzzer) -> None:
    """What the run holds against an answer is held against one that is wrong."""
    whole = next(
        found
        for number in range(1_000)
        if (found := delivery(Random(number), number, ("all",), "http://127.0.0.1/hook/0")).is_whole
        and (found.kind, found.user, found.channel) == ("slash", BEN, NARROW)
    )
    answer = {"text": "prod-us-vpc has 3 free", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": ""}}]}
    wrong = fuzz.wrong(whole, Sent(method="hook", params=answer), NARROW)
    assert any("shows prod-us-vpc" in found for found in wrong)
    assert any("/blocks/0" in found for found in wrong)
    assert fuzz.hidden[EVE] > fuzz.hidden[NARROW]
    assert OPEN not in fuzz.hidden
