"""Subnets recognised from the last read are those that a first read would find, with a new time."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ec2_wire import EU, Wire, answer

from bot.aws.seen_subnets import SeenPage, SeenSubnets, every_subnet
from bot.inventory import Subnet

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
ACCOUNT = "111122223333"

COUNT = "<availableIpAddressCount>{0}</availableIpAddressCount>"
PLAIN = "<subnetId>subnet-{0}</subnetId><cidrBlock>10.0.{0}.0/24</cidrBlock>" + COUNT.format("{1}")
NAMED = PLAIN + "<tagSet><item><key>Name</key><value>{2}</value></item></tagSet>"
ODD = "<cidrBlock>10.0.99.0/24</cidrBlock><subnetId>subnet-99</subnetId>"
IPV6 = "<subnetId>subnet-6</subnetId><ipv6Native>true</ipv6Native>" + COUNT.format(0)


def page(*items: str, token: str = "") -> bytes:
    return answer("DescribeSubnets", "subnetSet", *items, token=token)


def listed(bodies: tuple[bytes, ...], before: tuple[SeenPage, ...] = (), now: datetime = NOW) -> tuple[SeenPage, ...]:
    """What one listing brings after another."""
    client: Any = Wire(*bodies).client(fast=True)
    return every_subnet(client.describe_subnets, ACCOUNT, EU, now, before)


def flat(pages: tuple[SeenPage, ...]) -> list[Subnet]:
    return [subnet for page in pages for subnet in page.subnets]


def parsed_again(bodies: tuple[bytes, ...], before: tuple[SeenPage, ...]) -> set[str]:
    """The subnets that a listing made anew: the name of a recognised one is the same text as before."""
    names = {subnet.subnet_id: subnet.name for subnet in flat(before)}
    return {s.subnet_id for s in flat(listed(bodies, before)) if s.name is not names.get(s.subnet_id)}


FEW = tuple(NAMED.format(n, 200 - n, f"private {n}") for n in range(40))


@pytest.mark.parametrize(
    ("first", "second", "anew"),
    [
        pytest.param((FEW,), (FEW,), set(), id="nothing has changed"),
        pytest.param((FEW[:20], FEW[20:]), (FEW[:20], FEW[20:]), set(), id="two pages, nothing has changed"),
        pytest.param(
            (FEW,), (tuple(re.sub(r">1\d\d<", ">7<", item) for item in FEW),), set(), id="every count has changed"
        ),
        pytest.param(
            (FEW[:3],),
            ((NAMED.format(0, 5, "private 0"), NAMED.format(1, 9, "other"), FEW[2]),),
            {"subnet-1"},
            id="a count and a name have changed",
        ),
        pytest.param((FEW[:3],), ((FEW[0], FEW[30], FEW[2]),), {"subnet-30"}, id="one has gone, one has come"),
        pytest.param((FEW[:20], FEW[20:]), (FEW[:19], FEW[19:]), set(), id="one has moved to another page"),
        pytest.param((FEW[:2],), ((FEW[1], FEW[0]),), set(), id="in another order"),
        pytest.param((FEW[:2],), ((),), set(), id="all have gone"),
        pytest.param(((),), (FEW[:2],), {"subnet-0", "subnet-1"}, id="the first have come"),
        pytest.param(
            (FEW[:1],),
            ((NAMED.format(0, "", "private 0").replace(COUNT.format(""), ""),),),
            {"subnet-0"},
            id="the count is missing now",
        ),
        pytest.param((FEW[:1],), ((FEW[0] + COUNT.format(3),),), {"subnet-0"}, id="the count comes twice"),
        pytest.param(
            (FEW[:1],), ((NAMED.format(0, " 12 ", "private 0"),),), {"subnet-0"}, id="spaces around the count"
        ),
        pytest.param(
            ((NAMED.format(1, 9999, "private 1"),),),
            ((NAMED.format(1, 20, "private 1"),),),
            {"subnet-1"},
            id="an impossible count becomes a possible one",
        ),
        pytest.param(
            (FEW[1:2],),
            ((NAMED.format(1, 9999, "private 1"),),),
            set(),
            id="a possible count becomes an impossible one",
        ),
    ],
)
def test_a_listing_brings_what_a_first_one_would_and_parses_only_what_has_changed(
    first: tuple[tuple[str, ...], ...], second: tuple[tuple[str, ...], ...], anew: set[str]
) -> None:
    before, after = (
        tuple(page(*items, token="" if n == len(one) else f"t{n}") for n, items in enumerate(one, 1))
        for one in (first, second)
    )
    seen = listed(before)
    assert flat(listed(after, seen, LATER)) == flat(listed(after, (), LATER))
    assert parsed_again(after, seen) == anew


@pytest.mark.parametrize("position", [0, 1, 2])
@pytest.mark.parametrize("odd", [ODD, "<!-- -->" + ODD, IPV6], ids=["begins otherwise", "a comment", "IPv6"])
def test_an_item_unlike_the_others_is_found_at_every_read(odd: str, position: int) -> None:
    items, changed = [PLAIN.format(1, 10), PLAIN.format(2, 20)], [PLAIN.format(1, 11), PLAIN.format(2, 20)]
    items.insert(position, odd)
    changed.insert(position, odd)
    seen = listed((page(*items),))
    for _ in range(2):
        again, afresh = listed((page(*changed),), seen, LATER), listed((page(*changed),), (), LATER)
        assert flat(again) == flat(afresh)
        assert len(flat(again)) == 3
        seen = again


@pytest.mark.parametrize("known", [True, False], ids=["after a read", "at first"])
def test_a_changed_subnet_that_is_malformed_fails_the_listing(known: bool) -> None:
    before = listed((page(PLAIN.format(1, 200)),)) if known else ()
    broken = page(PLAIN.format(1, 200), PLAIN.format(2, 7).replace("</cidrBlock>", "</cidr>"))
    with pytest.raises(ValueError, match="DescribeSubnets"):
        listed((broken,), before)


def test_each_account_and_region_has_its_own_pages() -> None:
    seen, pages = SeenSubnets(), listed((page(*FEW[:2]),))
    seen.keep(ACCOUNT, EU, pages)
    assert seen.of(ACCOUNT, EU) == pages
    assert seen.of(ACCOUNT, "us-east-1") == seen.of("999900001111", EU) == ()
