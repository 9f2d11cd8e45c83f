"""Forecasts: each method's verdict on a history of a known shape, with its dates, range and reason."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from math import pi, sin

import numpy as np
import pytest

from bot.capacity.forecast.grid import grid
from bot.capacity.forecast.outlook import inputs_hash, outlook, outlooks
from bot.capacity.forecast.series import History, Reset, ResetCause, Unit, history
from bot.capacity.forecast.theil_sen import theil_sen
from bot.capacity.forecast.verdicts import EtaClass, Forecast, Method, Outlook, Verdict

NOW = datetime(2026, 3, 30, 12, 10, tzinfo=UTC)
POLL = timedelta(minutes=5)
FLOOR = 8


def made(free: Callable[[float], float], days: float = 28, resets: tuple[Reset, ...] = ()) -> History:
    """A history whose free amount is a function of the days before now (negative), a sample at every poll."""
    steps = int(days * 288)
    samples = [(NOW - step * POLL, float(round(free(-step / 288)))) for step in range(steps + 1)]
    return history("subnet-0a", samples, total=1000, floor=FLOOR, resets=resets)


def told(item: History, now: datetime = NOW) -> Outlook:
    return outlook(item, now, poll=POLL)


def daily(day: float, height: float = 60) -> float:
    """The ordinary day: least free at the hour of now."""
    return -height * (1 + sin(2 * pi * (day + 0.25))) / 2


def verdicts(found: Outlook) -> tuple[Verdict, ...]:
    return tuple(item.verdict for item in found.all)


CONSTANT, NONE = Verdict.NO_TREND, Verdict.NOT_ENOUGH_HISTORY


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        pytest.param(made(lambda _: 400), (CONSTANT,) * 3, id="always the same"),
        pytest.param(made(lambda _: 400, days=0), (NONE,) * 3, id="one sample"),
        pytest.param(history("a", [], total=251, floor=8), (Verdict.STALE,) * 3, id="no sample"),
        pytest.param(made(lambda _: 8), (Verdict.OUT,) * 3, id="at the floor"),
        pytest.param(
            made(lambda day: 500 + daily(day)),
            (Verdict.NO_TREND, Verdict.NOT_SOON, Verdict.NO_TREND),
            id="days like each other",
        ),
        pytest.param(
            made(lambda day: 500 + daily(day), days=2), (NONE, NONE, NONE), id="two days say nothing of the next"
        ),
        pytest.param(
            made(lambda day: 500 + daily(day), days=5),
            (Verdict.NO_TREND, Verdict.NOT_SOON, NONE),
            id="five days are enough for hours, not for weeks",
        ),
        pytest.param(
            made(lambda day: 400 - 10 * day + daily(day)),
            (Verdict.NO_TREND, Verdict.NOT_SOON, Verdict.RUNS_OUT),
            id="growth",
        ),
        pytest.param(
            made(lambda day: 600 + 10 * day + daily(day)),
            (Verdict.NO_TREND, Verdict.NOT_SOON, Verdict.GROWING),
            id="less in use each day",
        ),
        pytest.param(
            made(lambda day: 500 - 300 * max(day + 1 / 24, 0) * 24 + daily(day)),
            (Verdict.RUNS_OUT, Verdict.NOT_SOON, Verdict.NO_TREND),
            id="a burst in the last hour",
        ),
    ],
)
def test_each_method_says_what_it_can_see(item: History, expected: tuple[Verdict, ...]) -> None:
    assert verdicts(told(item)) == expected


def test_a_burst_is_dated_by_its_fastest_and_slowest_fall() -> None:
    """300 an hour since an hour ago, 140 free: empty within half an hour at that pace."""
    found = told(made(lambda day: 500 - 300 * max(day + 1 / 24, 0) * 24 + daily(day))).burn_rate
    assert found.earliest is not None
    assert found.likely is not None
    assert found.latest is not None
    assert found.earliest <= found.likely <= found.latest
    assert NOW + timedelta(minutes=20) < found.earliest < NOW + timedelta(minutes=35)
    assert (found.pages, found.warns, found.eta_class) == (True, True, EtaClass.HOURS_2)
    assert "less than at this time of day in the 14 days before (lowest 440)" in found.reason
    assert found.inputs == 25


def test_the_headline_is_the_nearest_method_that_names_a_date() -> None:
    burst = told(made(lambda day: 500 - 300 * max(day + 1 / 24, 0) * 24 + daily(day)))
    growth = told(made(lambda day: 400 - 10 * day + daily(day)))
    calm = told(made(lambda day: 500 + daily(day)))
    assert [item.headline.method for item in (burst, growth, calm)] == [
        Method.BURN_RATE,
        Method.THEIL_SEN,
        Method.THEIL_SEN,
    ]


def test_the_ordinary_fall_of_a_morning_shuts_the_gate() -> None:
    """The same steep fall pages where it is news, and does not where every day has it."""

    def morning(day: float) -> float:
        return 300 - 112 * min((day + 2 / 24) % 1 * 24, 2.5)

    ordinary = told(made(morning)).burn_rate
    news = told(made(lambda day: morning(day) if day > -0.08 else 300 + daily(day, 5))).burn_rate
    assert (ordinary.verdict, ordinary.pages) == (Verdict.NO_TREND, False)
    assert "but as little as 20 was free at this time of day in the 14 days before." in ordinary.reason
    assert (news.verdict, news.pages) == (Verdict.RUNS_OUT, True)


def test_a_growing_use_with_room_for_the_rest_of_the_day_does_not_page() -> None:
    """Each day is lower than all before, so only what is left of the day tells whether to wake somebody."""

    def growing(left: int) -> Forecast:
        return told(made(lambda day: left - 50 * day - 60 * sin(2 * pi * (day - 0.04)), days=14)).burn_rate

    with_room, without = growing(150), growing(35)
    assert (with_room.verdict, with_room.pages) == (Verdict.NO_TREND, False)
    assert "but it fell so in the 14 days before, and there is room for the rest of it." in with_room.reason
    assert (without.verdict, without.warns, without.pages) == (Verdict.RUNS_OUT, True, False)


def test_the_daily_pattern_tells_that_tomorrows_peak_does_not_fit() -> None:
    """Each day takes 40 more; today's peak left 30, so tomorrow's is short, although the night has room."""
    found = told(made(lambda day: 50 - 40 * day + daily(day + 0.5), days=14)).holt_winters
    assert found.verdict is Verdict.RUNS_OUT
    assert found.likely is not None
    assert NOW + timedelta(hours=4) < found.likely < NOW + timedelta(hours=20)
    assert found.eta_class is EtaClass.HOURS_24
    assert (found.pages, found.warns) == (False, False)


def test_growth_is_dated_with_a_range_around_the_true_day() -> None:
    """10 a day with a low of 340 today: 33 days are left."""
    chance = np.random.default_rng(3)
    noise = dict.fromkeys(range(-29, 1), 0.0) | {day: float(chance.normal(0, 8)) for day in range(-29, 1)}
    found = told(made(lambda day: 400 - 10 * day + daily(day) + noise[int(day)])).theil_sen
    assert found.earliest is not None
    assert found.likely is not None
    assert found.latest is not None
    assert found.earliest < found.likely < found.latest
    assert found.earliest < NOW + timedelta(days=33) < found.latest
    assert found.eta_class is EtaClass.DAYS
    assert found.per_hour == pytest.approx(-10 / 24, rel=0.15)
    assert found.inputs == 28


def test_a_trend_too_slow_to_matter_names_no_date() -> None:
    found = told(made(lambda day: 900 - day + daily(day))).theil_sen
    assert found.verdict is Verdict.NOT_SOON
    assert found.likely is None


def test_the_trend_counts_from_the_last_lasting_step() -> None:
    """Thirteen days at 800, fifteen at 500: a step, not a loss of 20 a day."""
    item = made(lambda day: (800 if day < -15 else 500) + daily(day))
    found = told(item).theil_sen
    assert found.verdict is Verdict.NO_TREND
    assert "since the last lasting step" in found.reason
    recent = told(made(lambda day: (800 if day < -4 else 500) + daily(day))).theil_sen
    assert recent.verdict is Verdict.NOT_ENOUGH_HISTORY


def test_a_weekend_is_no_step_and_no_trend() -> None:
    item = made(lambda day: 500 + daily(day, 60 if (day + 28) % 7 < 5 else 10))
    panel = grid([item], NOW, poll=POLL).at(NOW)
    assert not theil_sen(panel).stepped[0]
    assert told(item).theil_sen.verdict is Verdict.NO_TREND


def test_history_before_a_change_point_is_not_used_and_the_reason_says_so() -> None:
    reset = Reset(at=NOW - timedelta(days=2), cause=ResetCause.RESERVATION_EDITED)
    found = told(made(lambda day: 400 - 10 * day + daily(day), resets=(reset,)))
    assert verdicts(found) == (NONE,) * 3
    assert "when a CIDR reservation was edited" in found.theil_sen.reason


def test_what_was_last_seen_long_ago_is_stale_not_flat() -> None:
    item = made(lambda day: 400 - 10 * day + daily(day))
    found = told(item, NOW + timedelta(hours=2))
    assert verdicts(found) == (Verdict.STALE,) * 3
    assert found.headline.reason == "The last sample is 2 h old."
    assert (found.headline.free, found.headline.eta_class) == (None, EtaClass.NONE)


@pytest.mark.parametrize("hours", [pytest.param(hours, id=f"{hours} h blind each day") for hours in (5, 8)])
def test_a_day_counts_only_when_most_of_it_was_seen(hours: int) -> None:
    day = 24 * 12
    item = made(lambda at: 400 - 10 * at + daily(at))
    free = item.free.copy()
    blind = (np.arange(len(free)) % day) < hours * 12
    free[blind & (np.arange(len(free)) < len(free) - 40)] = np.nan
    seen = history(
        "a",
        [
            (datetime.fromtimestamp(at, UTC), None if np.isnan(value) else value)
            for at, value in zip(item.times.tolist(), free.tolist(), strict=True)
        ],
        total=1000,
        floor=FLOOR,
    )
    expected = Verdict.RUNS_OUT if hours == 5 else Verdict.NOT_ENOUGH_HISTORY
    assert told(seen).theil_sen.verdict is expected


def test_blocks_are_named_as_blocks() -> None:
    item = history("a", [(NOW, 3)], total=14, floor=2, unit=Unit.BLOCKS, hours=[(NOW.replace(minute=0), 3)])
    assert told(item).burn_rate.unit is Unit.BLOCKS
    empty = history("a", [(NOW, 1)], total=14, floor=2, unit=Unit.BLOCKS)
    assert told(empty).headline.reason == "1 /28 block free; 2 is the floor."


def test_a_fleet_gets_what_each_of_it_would_get_alone() -> None:
    items = [made(lambda day: 400 - 10 * day + daily(day)), made(lambda _: 400), made(lambda day: 500 + daily(day))]
    assert list(outlooks(items, NOW, poll=POLL)) == [told(item) for item in items]


def test_only_samples_up_to_the_moment_count() -> None:
    """A later sample changes neither the forecast nor the hash of its inputs; an earlier one changes the hash."""
    item = made(lambda day: 400 - 10 * day + daily(day))
    past = NOW - timedelta(days=3)
    then = told(item, past)
    later = History(
        key=item.key,
        unit=item.unit,
        total=item.total,
        floor=item.floor,
        times=item.times,
        free=np.where(item.times > past.timestamp(), 0.0, item.free),
    )
    earlier = History(
        key=item.key, unit=item.unit, total=item.total, floor=item.floor, times=item.times, free=item.free + 1
    )
    assert told(later, past) == then
    assert inputs_hash(later, then.headline) == inputs_hash(item, then.headline)
    assert inputs_hash(earlier, then.headline) != inputs_hash(item, then.headline)


def test_a_forecast_names_a_date_exactly_when_it_runs_out() -> None:
    with pytest.raises(ValueError, match="if and only if"):
        Forecast(
            key="a",
            method=Method.THEIL_SEN,
            verdict=Verdict.RUNS_OUT,
            made_at=NOW,
            horizon=timedelta(days=90),
            unit=Unit.ADDRESSES,
            free=3,
            floor=8,
            reason="",
        )


def test_eta_classes_rank_the_sooner_the_higher() -> None:
    assert sorted(EtaClass, key=lambda item: item.rank) == [
        EtaClass.NONE,
        EtaClass.DAYS,
        EtaClass.HOURS_24,
        EtaClass.HOURS_2,
    ]
