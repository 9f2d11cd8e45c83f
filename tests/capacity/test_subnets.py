"""Addresses of a subnet: usable, free, and when that is little."""

from ipaddress import IPv4Network

import pytest
from builders import LIMITS
from hypothesis import given
from hypothesis import strategies as st

from bot.capacity.subnets import (
    Limits,
    SubnetState,
    Totals,
    floor_ips,
    free_ips,
    percent,
    subnet_state,
    threshold_ips,
    totals,
    usable_ips,
    worst_first,
)


@pytest.mark.parametrize(
    ("length", "usable"),
    [
        pytest.param(length, usable, id=f"/{length}")
        for length, usable in (
            (28, 11),
            (27, 27),
            (26, 59),
            (25, 123),
            (24, 251),
            (23, 507),
            (22, 1019),
            (21, 2043),
            (20, 4091),
            (19, 8187),
            (18, 16379),
            (17, 32763),
            (16, 65531),
        )
    ],
)
def test_aws_keeps_five_addresses_of_every_subnet_size(length: int, usable: int) -> None:
    assert usable_ips(IPv4Network(f"10.0.0.0/{length}")) == usable


@pytest.mark.parametrize(
    ("available", "reserved_free", "free"),
    [
        pytest.param(3, 4096, 4099, id="reserved space that is not yet allocated is free too"),
        pytest.param(0, 0, 0, id="nothing left anywhere"),
        pytest.param(None, 16, None, id="EC2's count not known"),
        pytest.param(200, None, None, id="reservations not read"),
    ],
)
def test_free_is_known_only_when_both_figures_are(
    available: int | None, reserved_free: int | None, free: int | None
) -> None:
    assert free_ips(available, reserved_free) == free


@pytest.mark.parametrize(
    ("usable", "floor", "low", "critical"),
    [
        pytest.param(11, 5, 5, 5, id="/28: the floor is half of it, not eight of eleven"),
        pytest.param(27, 8, 8, 8, id="/27: the floor binds"),
        pytest.param(123, 8, 13, 8, id="/25: the low percentage binds and is rounded up"),
        pytest.param(251, 8, 26, 13, id="/24: both percentages bind"),
        pytest.param(65531, 8, 6554, 3277, id="/16: both percentages bind"),
    ],
)
def test_thresholds_follow_the_size(usable: int, floor: int, low: int, critical: int) -> None:
    assert floor_ips(usable, LIMITS) == floor
    assert threshold_ips(usable, LIMITS, LIMITS.low_pct) == low
    assert threshold_ips(usable, LIMITS, LIMITS.critical_pct) == critical


def test_a_high_floor_never_passes_half_of_the_subnet() -> None:
    high = Limits(floor_ips=10_000, low_pct=10, critical_pct=5, clear_pct=12)

    assert floor_ips(4091, high) == 2045


@pytest.mark.parametrize(
    ("free", "usable", "state"),
    [
        pytest.param(251, 251, SubnetState.OK, id="empty subnet"),
        pytest.param(26, 251, SubnetState.OK, id="exactly at the low threshold"),
        pytest.param(25, 251, SubnetState.LOW, id="one below low"),
        pytest.param(13, 251, SubnetState.LOW, id="exactly at the critical threshold"),
        pytest.param(12, 251, SubnetState.CRITICAL, id="one below critical"),
        pytest.param(1, 251, SubnetState.CRITICAL, id="one left"),
        pytest.param(0, 251, SubnetState.EXHAUSTED, id="none left"),
        pytest.param(-2, 251, SubnetState.EXHAUSTED, id="two reads that disagree"),
        pytest.param(11, 11, SubnetState.OK, id="an empty /28 is healthy"),
        pytest.param(5, 11, SubnetState.OK, id="a half full /28 is healthy"),
        pytest.param(4, 11, SubnetState.CRITICAL, id="a /28 below its floor"),
        pytest.param(None, 251, SubnetState.UNKNOWN, id="not known"),
        pytest.param(0, 0, SubnetState.UNKNOWN, id="no IPv4 at all"),
    ],
)
def test_the_state_turns_exactly_at_its_thresholds(free: int | None, usable: int, state: SubnetState) -> None:
    assert subnet_state(free, usable, LIMITS) is state


@given(usable=st.integers(1, 65531), free=st.integers(0, 65531))
def test_one_more_free_address_is_never_worse(usable: int, free: int) -> None:
    before = worst_first(subnet_state(free, usable, LIMITS))

    assert worst_first(subnet_state(free + 1, usable, LIMITS)) >= before


def test_worst_first_puts_unknown_before_ok() -> None:
    assert [state.value for state in sorted(SubnetState, key=worst_first)] == [
        "exhausted",
        "critical",
        "low",
        "unknown",
        "ok",
    ]


@pytest.mark.parametrize(
    ("part", "whole", "pct"),
    [
        pytest.param(203, 4091, 5.0, id="one decimal"),
        pytest.param(0, 251, 0.0, id="nothing"),
        pytest.param(None, 251, None, id="not known"),
        pytest.param(0, 0, None, id="of nothing"),
    ],
)
def test_a_percentage_is_none_when_it_is_not_known(part: int | None, whole: int, pct: float | None) -> None:
    assert percent(part, whole) == pct


def test_totals_leave_unknown_subnets_out_of_both_sums_and_count_them() -> None:
    assert totals([(251, 100), (4091, None), (11, 0)]) == Totals(subnets=3, usable=262, free=100, unknown_subnets=1)
