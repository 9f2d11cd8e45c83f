"""Explanations end with this estate's own figures where they are known, and with none where they are not."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import NoReturn

import pytest
from builders import NOW, cluster, inventory, region_facts, subnet

from bot.asking.command import Request, Surface
from bot.config import load
from bot.facts import Facts
from bot.here import MOST_PLACES, here
from bot.message import Text
from bot.wiring import Parts
from bot.wiring.parts import demo_estate


@pytest.fixture(scope="module")
def parts() -> Iterator[Parts]:
    with demo_estate() as estate:
        found = Parts(estate.settings)
        found.facts.refresh()
        yield found
        found.close()


def local(parts: Parts, text: str) -> str:
    message = parts.answer(Request(text=text, surface=Surface.ASK))
    lines = [line for part in message.parts if isinstance(part, Text) for line in part.lines]
    plain = [
        "".join(piece if isinstance(piece, str) else getattr(piece, "text", "") for piece in line) for line in lines
    ]
    return next((line for line in plain if line.startswith("Here: ")), "")


@pytest.mark.parametrize(
    ("question", "says"),
    [
        pytest.param("explain warm pool in prod-eu", "warm addresses in prod-eu", id="warm share of a cluster"),
        pytest.param("explain warm ip target in prod-us", "warm share not known", id="warm share nobody publishes"),
        pytest.param("explain address exhaustion", "2 of 26 subnets", id="low subnets"),
        pytest.param("explain address exhaustion in stage-eu", "none of", id="a subnet kept for prefixes is not low"),
        pytest.param("explain control plane subnets", "eks-control-1b", id="control-plane subnets"),
        pytest.param("explain prefix delegation", "prod-us, stage-eu", id="clusters in prefix mode"),
    ],
)
def test_an_explanation_ends_with_local_figures(parts: Parts, question: str, says: str) -> None:
    assert says in local(parts, question)


def test_a_topic_without_figures_ends_without_them(parts: Parts) -> None:
    assert local(parts, "explain vpc lattice") == ""


def test_nothing_known_means_no_figures(tmp_path: Path) -> None:
    fresh = Parts(load({"DATABASE_URL": f"sqlite:///{tmp_path}/none.db"}, {}))
    assert local(fresh, "explain warm pool") == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("question", "cloudwatch", "says"),
    [
        pytest.param("warm pool", True, "not read of all 21 clusters", id="a whole fleet"),
        pytest.param("warm pool in c-3", False, "CloudWatch is not asked", id="CloudWatch switched off"),
    ],
)
def test_an_explanation_asks_no_cloudwatch_of_a_fleet_or_where_it_is_switched_off(
    parts: Parts, question: str, cloudwatch: bool, says: str
) -> None:
    def nobody() -> NoReturn:
        raise AssertionError("AWS was asked")

    accounts = [f"{number:012}" for number in range(MOST_PLACES + 1)]
    fleet = inventory(
        *(
            region_facts(
                subnet(f"subnet-{number}", account_id=account),
                account_id=account,
                clusters=(cluster(f"c-{number}", (f"subnet-{number}",), account_id=account),),
            )
            for number, account in enumerate(accounts)
        )
    )
    facts = Facts(reader=nobody, stored=lambda: None, now=lambda: NOW, poll=timedelta(minutes=1))
    facts.put(fleet)
    settings = load({}, {"alerts": {"cloudwatch": cloudwatch}})
    services = replace(parts.services, facts=lambda: facts, reader=nobody, settings=settings)

    assert says in "".join(str(piece) for piece in here("warm-pool", question, services))
