"""Screening: the few subnets that deserve a closer look, found by their counts alone."""

import random
from dataclasses import replace

import pytest
from builders import LIMITS, region_facts, subnet

from bot.answers.glance import worst_standing
from bot.capacity.screening import screened, screened_places, worst_candidates
from bot.capacity.standing import standings
from bot.inventory import Subnet


@pytest.mark.parametrize("seed", range(5))
def test_the_worst_subnet_of_each_group_is_among_the_candidates(seed: int) -> None:
    """Low, unknown and equal ones too: the same is found as by the standing of every subnet."""
    chance = random.Random(seed)
    counts = [None, 0, 3, *(chance.choice((25, 90, 90, 150, 200, 251)) for _ in range(57))]
    subnets = [
        subnet(f"subnet-{number:03}", available_ips=count, name=f"name-{chance.randrange(99)}-{number}")
        for number, count in enumerate(counts)
    ]
    groups = [chance.sample(subnets, chance.randrange(1, 7)) for _ in range(40)]

    every = standings(subnets, None, LIMITS)
    few = standings(worst_candidates(groups, LIMITS), None, LIMITS)

    assert len(few) < len(every)
    for group in groups:
        ids = [one.subnet_id for one in group]
        whole = min((every[one] for one in ids), key=worst_standing)
        assert min((few[one] for one in ids if one in few), key=worst_standing) == whole


def test_a_group_without_subnets_has_no_candidate() -> None:
    assert worst_candidates([(), ()], LIMITS) == ()


@pytest.mark.parametrize("most", [0, 1, 7, 30, 70, 1000])
def test_places_screened_one_by_one_come_to_the_same_as_all_their_subnets_together(most: int) -> None:
    chance = random.Random(most)
    places = tuple(region_facts(*some_subnets(chance, place, 12), region=f"r-{place}") for place in range(6))
    for _ in range(2):
        whole = screened([one for place in places for one in place.subnets], LIMITS, most)
        found = screened_places(places, LIMITS, most)
        assert (found.close, found.fine) == (whole.close, whole.fine)
        if most < 60:
            assert found.next == whole.next
        assert sorted(one.subnet_id for one in found.next) == sorted(one.subnet_id for one in whole.next)
        # One place is read again: what was kept of the others is no reason to miss what is new.
        places = (region_facts(*some_subnets(chance, 0, 9), region="r-0"), *places[1:])


def test_a_place_is_screened_for_each_set_of_limits() -> None:
    place = region_facts(subnet("subnet-1", available_ips=100))
    strict = replace(LIMITS, low_pct=90.0)
    assert [len(screened_places([place], limits, 5).close) for limits in (LIMITS, strict, LIMITS)] == [0, 1, 0]


def some_subnets(chance: random.Random, place: int, number: int) -> list[Subnet]:
    counts = [None, 0, 5, *(chance.choice((60, 90, 150, 150, 251)) for _ in range(number - 3))]
    return [subnet(f"subnet-{place}-{n:02}", available_ips=count) for n, count in enumerate(counts)]
