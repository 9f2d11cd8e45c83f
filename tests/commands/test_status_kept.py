"""`status` while a process reads in the background: from what it left in the store, with its age, and nothing else."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from builders import NOW, PROD, REGION, cluster, contents, eni, region_facts, reservation, subnet

from bot.answers.subnets import StatusAnswer
from bot.asking.command import Request
from bot.capacity.occupancy import Occupancy, occupancies
from bot.commands import dispatch
from bot.config import load
from bot.inventory import Account, BlindSpot, Inventory, Quality, Subnet, SubnetContents
from bot.message import Message
from bot.wiring.parts import Parts

LOW = subnet("subnet-0a", available_ips=3)
BLOCKS = subnet("subnet-0b", "10.0.1.0/24", name="private-1b", available_ips=150)
PREFIX = (("ENABLE_PREFIX_DELEGATION", "true"),)
RESERVED = (reservation("10.0.0.128/25"),)
DENIED = BlindSpot(
    account_id=PROD, region=REGION, api="DescribeNetworkInterfaces", reason="It is denied.", observed_at=NOW
)


class Live:
    """A reader that counts how often interfaces are asked for; EC2 shows a reservation and no interface."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def contents(self, subnets: Sequence[Subnet]) -> SubnetContents:
        """What EC2 holds now."""
        self.asked.append([subnet.subnet_id for subnet in subnets])
        return contents(subnet_ids=tuple(subnet.subnet_id for subnet in subnets), reservations=RESERVED)

    def warm_ips(self, _clusters: object) -> dict[str, int]:
        """No CNI Metrics Helper."""
        return {}


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    """A process with a store, whose reader is to be watched."""
    found = Parts(load({"DATABASE_URL": f"sqlite:///{tmp_path}/eksip.db"}, {}), now=lambda: NOW)
    found.__dict__["_reader"] = Live()
    assert found.store.regions() == ()
    yield found
    found.close()


def asked(parts: Parts, *gone: Subnet, text: str = "status") -> Message:
    """The answer about one low subnet and one that serves prefixes."""
    eks = cluster(subnet_ids=("subnet-0b",), node_subnet_ids=("subnet-0b",), environment=PREFIX)
    facts = replace(region_facts(LOW, BLOCKS, clusters=(eks,)), gone=gone)
    accounts = (Account(account_id=PROD, name="prod"),)
    parts.facts.put(Inventory(accounts=accounts, regions=(facts,), expected_regions=1))
    message = dispatch(Request(text=text), parts.services)
    assert message.failure is None
    return message


def rows(message: Message) -> dict[str, tuple[Any, ...]]:
    """State, free addresses and blocks of each subnet, and when its interfaces were read."""
    assert message.answer is not None
    found: list[dict[str, Any]] = message.answer["subnets"]  # type: ignore[assignment]
    return {
        row["subnet_id"]: (row["state"], row["free_ips"], row["free_blocks"], row["interfaces_at"]) for row in found
    }


def read(minutes: int, *of: Subnet) -> list[Occupancy]:
    """What a lane found so many minutes ago: half of subnet-0a kept for prefixes, two interfaces."""
    found = contents(
        eni("10.0.1.20", subnet_id="subnet-0b"),
        eni("10.0.1.40", "10.0.1.41", eni_id="eni-2", subnet_id="subnet-0b"),
        subnet_ids=("subnet-0a", "subnet-0b"),
        reservations=RESERVED,
    )
    found = replace(found, observed_at=NOW - timedelta(minutes=minutes))
    return list(occupancies(of or (LOW, BLOCKS), found).values())


def test_a_process_that_reads_in_the_background_asks_for_no_interface(parts: Parts) -> None:
    """The figures are the stored ones, whoever read them, and say their age; those that nobody read are not known."""
    parts.facts.feed()
    parts.store.save_occupancies(read(12))
    message = asked(parts)
    at = (NOW - timedelta(minutes=12)).isoformat().replace("+00:00", "Z")
    assert rows(message) == {"subnet-0a": ("ok", 130, 14, at), "subnet-0b": ("ok", 150, 12, at)}
    assert "Interfaces as of 12 min ago." in str(message.parts)
    assert parts.reader.asked == []  # type: ignore[attr-defined]


def test_before_the_first_read_of_interfaces_a_low_count_is_not_known(parts: Parts) -> None:
    parts.facts.feed()
    found = rows(asked(parts))
    assert found["subnet-0a"] == ("unknown", None, None, None)
    assert parts.reader.asked == []  # type: ignore[attr-defined]


def test_a_single_question_reads_what_no_stored_figure_tells(parts: Parts) -> None:
    """Nobody else would."""
    parts.store.save_occupancies(read(1, BLOCKS))
    assert rows(asked(parts))["subnet-0a"][:3] == ("ok", 130, 14)
    assert parts.reader.asked == [["subnet-0a"]]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("minutes", "states"),
    [
        pytest.param(15, ("ok", 12), id="three polls"),
        pytest.param(16, ("unknown", 12), id="too old for a low count, not for blocks"),
        pytest.param(46, ("unknown", None), id="too old for both"),
    ],
)
def test_old_figures_of_interfaces_are_not_added_to_new_counts(
    parts: Parts, minutes: int, states: tuple[str, int | None]
) -> None:
    parts.facts.feed()
    parts.store.save_occupancies(read(minutes))
    found = rows(asked(parts, text="status all"))
    blocks = found["subnet-0b"][2] if "subnet-0b" in found else None
    assert (found["subnet-0a"][0], blocks) == states


def test_what_stands_in_the_way_of_reading_interfaces_is_said(parts: Parts) -> None:
    """The figures before it stay, at their own age."""
    parts.facts.feed()
    parts.store.save_occupancies(read(10))
    empty = contents(subnet_ids=("subnet-0a",), reservations_read=())
    failed = replace(empty, enis_read=frozenset(), blind_spots=(DENIED,))
    parts.store.save_occupancies(occupancies([LOW], failed).values())
    message = asked(parts)
    assert rows(message)["subnet-0a"][:3] == ("ok", 130, 14)
    assert message.coverage is not None
    assert [spot.api for spot in message.coverage.blind_spots] == ["DescribeNetworkInterfaces"]


def test_a_deleted_subnet_is_shown_as_gone_and_counted_nowhere(parts: Parts) -> None:
    """With when EC2 said so."""
    parts.facts.feed()
    parts.store.save_occupancies(read(1))
    deleted = replace(
        subnet("subnet-0c", name="private-1c"), quality=Quality.GONE, observed_at=NOW - timedelta(hours=2)
    )
    message = asked(parts, deleted)
    assert message.answer is not None
    assert message.answer["subnets_total"] == 2
    (row,) = StatusAnswer.model_validate(dict(message.answer)).gone
    assert (row.subnet_id, row.quality) == ("subnet-0c", "gone")
    assert "private-1c (deleted, confirmed 2 h ago)" in str(message.parts)


@pytest.mark.parametrize("scope", ["", "all", "eu-west-1"])
@pytest.mark.parametrize("minutes", [0, 4], ids=["read at once", "one subnet was not seen lately"])
def test_an_answer_is_as_old_as_the_oldest_of_its_subnets(parts: Parts, scope: str, minutes: int) -> None:
    """Also after another read of the same place, of which nothing may be taken from the answer before."""
    parts.facts.feed()
    later, oldest = NOW - timedelta(minutes=1), NOW - timedelta(minutes=minutes)
    facts = region_facts(LOW, replace(BLOCKS, observed_at=min(later, oldest)), observed_at=later)
    for found in (facts, replace(facts, subnets=(LOW, BLOCKS), observed_at=NOW)):
        accounts = (Account(account_id=PROD, name="prod"),)
        parts.facts.put(Inventory(accounts=accounts, regions=(found,), expected_regions=1))
        message = dispatch(Request(text=f"status {scope}".strip()), parts.services)
        assert message.as_of == min(one.observed_at for one in found.subnets)
