"""`accounts`: the coverage in one sentence, one line for each reason, and who came and went."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from builders import blind_spot, inventory, region_facts, subnet

from bot.answers.envelope import document
from bot.asking.command import Asked, Request, Surface
from bot.commands import accounts
from bot.config import load
from bot.facts import Facts
from bot.inventory import AccountChange, ChangeKind, Inventory
from bot.message import Bullets, Message
from bot.services import Services
from bot.views import coverage_words

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
ACCOUNTS = [f"{number:012d}" for number in range(1, 8)]


def never() -> Any:
    raise AssertionError("`accounts` needs neither AWS nor the store")


def asked(found: Inventory) -> Message:
    facts = Facts(reader=never, stored=lambda: None, now=lambda: NOW, poll=timedelta(hours=1))
    facts.put(found)
    services = Services(
        settings=load({}, {}),
        now=lambda: NOW,
        facts=lambda: facts,
        reader=never,
        store=never,
        stored=lambda: None,
        history=lambda: None,
        knowledge=never,
    )
    request = Request(text="accounts", surface=Surface.ASK)
    return replace(accounts.answer(Asked(verb="accounts"), request, services), command="accounts")


def answered(message: Message) -> Any:
    return document(message)["answer"]


def bullets(message: Message, title: str) -> list[str]:
    parts = [part for part in message.parts if isinstance(part, Bullets) and part.title == title]
    return ["".join(str(getattr(word, "text", word)) for word in line) for part in parts for line in part.items]


def read(account_id: str, minutes: int = 0, **changes: Any) -> Any:
    facts = region_facts(subnet(account_id=account_id), account_id=account_id)
    return replace(facts, observed_at=NOW - timedelta(minutes=minutes), **changes)


def test_the_first_words_are_how_much_was_read_and_how_old_the_oldest_is() -> None:
    found = replace(inventory(read(ACCOUNTS[0], 2), read(ACCOUNTS[1], 38)), expected_regions=2000)
    assert coverage_words(found, NOW) == "2 of 2,000 account-regions; oldest 38 min"
    message = asked(found)
    assert message.text == "Read 2 of 2,000 account-regions; oldest 38 min; 0 blind spots."


def test_nothing_read_has_no_age() -> None:
    assert coverage_words(replace(inventory(), expected_regions=3), NOW) == "0 of 3 account-regions"


def test_the_same_refusal_in_many_accounts_is_one_line_with_the_number_of_places() -> None:
    denied = [
        blind_spot(
            account_id=account_id,
            region="eu-west-1",
            api="AssumeRole",
            reason=f"arn:aws:iam::{account_id}:role/eksip-reader cannot be assumed in eu-west-1.",
        )
        for account_id in ACCOUNTS[:5]
    ]
    other = blind_spot(account_id=ACCOUNTS[5], region="us-east-1", api="DescribeVpcs", reason=f"{ACCOUNTS[5]} said no.")
    message = asked(replace(inventory(read(ACCOUNTS[6])), blind_spots=(*denied, other)))
    many, one = bullets(message, "Could not be read")
    assert many.endswith("and 2 more AssumeRole: arn:aws:iam::ACCOUNT:role/eksip-reader cannot be assumed in REGION.")
    assert one == f"{ACCOUNTS[5]} us-east-1 DescribeVpcs: {ACCOUNTS[5]} said no."
    groups = answered(message)["blind_spots"]
    assert [len(group["places"]) for group in groups] == [5, 1]
    assert groups[0]["places"][0] == f"{ACCOUNTS[0]} eu-west-1"


@pytest.mark.parametrize("kind", list(ChangeKind))
def test_an_account_that_came_or_went_is_named(kind: ChangeKind) -> None:
    change = AccountChange(account_id=ACCOUNTS[3], name="team-3", kind=kind, seen_at=NOW - timedelta(hours=3))
    message = asked(replace(inventory(read(ACCOUNTS[0])), account_changes=(change,)))
    assert bullets(message, "Accounts that came and went") == [f"{ACCOUNTS[3]} team-3 {kind.value}, seen 3 h ago"]
    assert message.text.endswith("1 account joined or left.")
    (row,) = answered(message)["changes"]
    assert (row["account_id"], row["change"]) == (ACCOUNTS[3], kind.value)


def test_no_news_is_no_section() -> None:
    assert bullets(asked(inventory(read(ACCOUNTS[0]))), "Accounts that came and went") == []
