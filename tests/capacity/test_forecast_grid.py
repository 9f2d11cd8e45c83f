"""Histories on a grid: what holds, what is not known, what a change point hides, and what a pool adds up to."""

from datetime import UTC, datetime, timedelta
from math import isnan, nan

import numpy as np
import pytest

from bot.capacity.forecast.grid import Panel, grid
from bot.capacity.forecast.series import History, Reset, ResetCause, Unit, history, pooled, size_changes

BEGAN = datetime(2026, 3, 2, tzinfo=UTC)
POLL = timedelta(minutes=5)


def after(minutes: float) -> datetime:
    return BEGAN + timedelta(minutes=minutes)


def of(*samples: tuple[float, float | None], key: str = "subnet-0a", resets: tuple[Reset, ...] = ()) -> History:
    """A history with samples at these minutes."""
    return history(key, [(after(at), free) for at, free in samples], total=251, floor=8, resets=resets)


def panel(item: History, minutes: float, held: timedelta | None = None) -> Panel:
    return grid([item], after(minutes), poll=POLL, held=held).at(after(minutes))


def shown(values: np.ndarray[tuple[int], np.dtype[np.float32]]) -> list[int | None]:
    return [None if isnan(value) else int(value) for value in values.tolist()]


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        pytest.param(((0, 90), (5, 80), (10, 70)), [None, 90, 80, 70, 70], id="every poll, then one missed"),
        pytest.param(((0, 90), (1, 85), (14, 70)), [None, 90, 85, 85, 70], id="between the polls"),
        pytest.param(((-2, 90), (10, None)), [None, 90, 90, None, None], id="blind from some moment on"),
        pytest.param(((-11, 90),), [90, 90, None, None, None], id="too old after three polls, never taken as flat"),
        pytest.param(((12, 40), (20, 1)), [None, None, None, None, 40], id="what comes later is not known"),
    ],
)
def test_a_value_holds_until_the_next_sample_or_three_polls(
    samples: tuple[tuple[float, float | None], ...], expected: list[int | None]
) -> None:
    assert shown(panel(of(*samples), 15).recent[0, -5:]) == expected


@pytest.mark.parametrize(
    ("samples", "held", "expected"),
    [
        pytest.param(((1, 90), (30, 70), (59, 80), (60, 60)), 60, [None, 70], id="the lowest of its samples"),
        pytest.param(((-50, 50), (30, 70)), 120, [50, 50], id="or what held when the hour began"),
        pytest.param(((-50, 50), (30, 70)), 15, [50, 70], id="unless that was too old"),
        pytest.param(((-50, 50), (-10, None), (30, 70)), 120, [50, 70], id="or said to be unknown"),
        pytest.param(((-50, 50),), 300, [50, 50], id="a checkpoint holds over an hour without samples"),
        pytest.param(((70, 3),), 300, [None, None], id="an hour that is not over is not among them"),
    ],
)
def test_an_hours_low_is_the_lowest_that_held_in_it(
    samples: tuple[tuple[float, float | None], ...], held: float, expected: list[int | None]
) -> None:
    assert shown(panel(of(*samples), 75, timedelta(minutes=held)).hourly[0, -2:]) == expected


def test_rollups_stand_for_a_past_whose_samples_are_gone() -> None:
    item = history("a", [(after(-30), 70)], total=251, floor=8, hours=[(after(-120), 33), (after(-60), 90)])
    assert shown(panel(item, 0).hourly[0, -3:]) == [None, 33, 70]


def test_what_was_before_the_last_change_point_is_forgotten() -> None:
    resets = (
        Reset(at=after(-100), cause=ResetCause.MODE_CHANGED),
        Reset(at=after(-58), cause=ResetCause.SIZE_CHANGED),
        Reset(at=after(90), cause=ResetCause.SUBNETS_CHANGED),
    )
    item = of(*((minute, 200 + minute) for minute in range(-180, 100, 5)), resets=resets)
    now = panel(item, 64)
    assert shown(now.hourly[0, -3:]) == [None, None, 200], "the hour in which it changed is half of the old kind"
    assert shown(now.recent[0, -25:])[:3] == [None, 145, 150]


def test_each_change_of_the_total_is_a_change_point() -> None:
    found = size_changes([(after(0), 251), (after(5), 251), (after(10), 235), (after(15), 235), (after(20), 251)])
    assert [reset.at for reset in found] == [after(10), after(20)]


def test_a_pool_is_the_sum_while_every_member_is_known() -> None:
    reset = Reset(at=after(3), cause=ResetCause.RESERVATION_EDITED)
    pool = pooled(
        "az1",
        [of((0, 10), (10, 20), (20, None), (30, 5)), of((5, 100), (15, 90), (40, 80), resets=(reset,))],
        timedelta(minutes=15),
    )
    at = {(time - int(BEGAN.timestamp())) // 60: value for time, value in zip(pool.times, pool.free, strict=True)}
    assert {minute: None if isnan(value) else value for minute, value in at.items()} == {
        0: None,
        5: 110,
        10: 120,
        15: 110,
        20: None,
        30: None,
        40: 85,
        45: None,
        55: None,
    }
    assert (pool.total, pool.floor, pool.resets) == (502, 16, (reset,))


def test_a_pools_past_is_known_where_every_member_has_that_hour() -> None:
    one = history("a", [], total=1, floor=0, hours=[(after(0), 3), (after(60), 4)])
    other = history("b", [], total=1, floor=0, hours=[(after(60), 5), (after(120), 6)])
    pool = pooled("az1", [one, other], POLL)
    assert (pool.hour_lows.tolist(), pool.hour_times.tolist()) == ([9], [int(after(60).timestamp())])


def test_a_pool_counts_one_kind_of_thing() -> None:
    blocks = history("b", [], total=14, floor=0, unit=Unit.BLOCKS)
    with pytest.raises(ValueError, match="same thing"):
        pooled("az1", [of((0, 1)), blocks], POLL)


def test_samples_out_of_order_and_moments_without_a_zone_are_refused() -> None:
    with pytest.raises(ValueError, match="in order"):
        History(
            key="a",
            unit=Unit.ADDRESSES,
            total=1,
            floor=0,
            times=np.array([5, 5], dtype=np.int64),
            free=np.array([1.0, nan]),
        )
    with pytest.raises(ValueError, match="time zone"):
        history("a", [(datetime(2026, 3, 2), 1)], total=1, floor=0)  # noqa: DTZ001
