"""The backtest: what counts as found, false and averted, that no method looks ahead, and the paging rule's bounds."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from histories import BEGAN, DAYS, FLOOR, POLL, Made, Shape, histories

from bot.capacity.forecast.backtest import PAGES, Score, Trial, methods, ran_out_at, replay, score
from bot.capacity.forecast.series import history

START = datetime(2026, 3, 2, tzinfo=UTC)
WARM_UP = timedelta(days=14)
END = BEGAN + timedelta(days=DAYS) - POLL


def hour(at: float) -> datetime:
    return START + timedelta(hours=at)


def trial(alarms: tuple[float, ...], out: float | None, acted: tuple[float, ...] = (), ended: float = 720) -> Trial:
    """A method asked every quarter of an hour for 30 days, with alarms at these hours."""
    asked = int(START.timestamp()) + np.arange(0, int(ended * 4) + 1) * 900
    raised = np.isin(asked, [int(hour(at).timestamp()) for at in alarms])
    assert raised.sum() == len(alarms)
    return Trial(
        key="subnet-0a",
        asked=asked,
        alarms=raised,
        began=START,
        ended=hour(ended),
        ran_out_at=None if out is None else hour(out),
        acted_at=tuple(hour(at) for at in acted),
    )


def counted(found: Score) -> tuple[int, int, int, int]:
    return found.incidents, found.hits, found.false_episodes, found.averted


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        pytest.param(trial((), None), (0, 0, 0, 0), id="nothing said, nothing happened"),
        pytest.param(trial((), 400), (1, 0, 0, 0), id="missed"),
        pytest.param(trial((398,), 400), (1, 1, 0, 0), id="found"),
        pytest.param(trial((376,), 400), (1, 1, 0, 0), id="found a day before"),
        pytest.param(trial((375.75,), 400), (1, 0, 1, 0), id="more than a day before is false"),
        pytest.param(trial((400, 401), 400), (1, 0, 0, 0), id="at the incident is too late, after it not judged"),
        pytest.param(trial((100, 101, 102), None), (0, 0, 1, 0), id="alarms an hour apart are one episode"),
        pytest.param(trial((100, 101.25), None), (0, 0, 2, 0), id="alarms further apart are two"),
        pytest.param(trial((100,), None, acted=(110,)), (0, 0, 0, 1), id="somebody made room after it"),
        pytest.param(trial((100,), None, acted=(99, 125)), (0, 0, 1, 0), id="somebody made room before or too late"),
        pytest.param(trial((700,), None), (0, 0, 0, 0), id="a day that was not seen through is not judged"),
    ],
)
def test_an_alarm_is_judged_by_the_day_that_follows_it(case: Trial, expected: tuple[int, int, int, int]) -> None:
    assert counted(score([case])) == expected


def test_leads_run_from_the_first_alarm_of_the_day_and_from_the_unbroken_episode() -> None:
    found = score([trial((380, 397, 398, 399), 400), trial((), 100), trial((99.75,), 100)])
    assert found.leads == (timedelta(minutes=15), timedelta(hours=20))
    assert found.unbroken_leads == (timedelta(minutes=15), timedelta(hours=3))
    assert found.lead_of_at_least(timedelta(hours=1)) == pytest.approx(1 / 3)
    assert found.hit_rate == pytest.approx(2 / 3)


def test_rates_are_for_each_subnet_and_month_watched_until_it_ran_out() -> None:
    found = score([trial((100,), None), trial((10,), 360)])
    assert found.months == pytest.approx(1.5)
    assert found.false_per_month == pytest.approx(2 / 1.5)
    assert score([]).false_per_month is None
    assert score([]).hit_rate is None


def test_precision_is_of_the_hours_with_an_alarm() -> None:
    """Three hours with an alarm, one of them with an incident within a day."""
    found = score([trial((100, 100.25, 200, 399), 400)])
    assert found.precision == pytest.approx(1 / 3)


def test_the_incident_is_the_first_sample_at_the_floor() -> None:
    samples = [(hour(at), free) for at, free in ((1, 50.0), (2, None), (3, 8.0), (4, 90.0), (5, 0.0))]
    item = history("a", samples, total=251, floor=8)
    assert ran_out_at(item, START, hour(10)) == hour(3)
    assert ran_out_at(item, START, hour(2)) is None


def made(seed: int, each: int) -> tuple[Made, ...]:
    return histories(seed, each)


def said(items: tuple[Made, ...], began: datetime, ended: datetime) -> dict[str, tuple[Trial, ...]]:
    return replay([item.history for item in items], methods(), began, ended, poll=POLL)


def test_the_same_seed_makes_the_same_histories() -> None:
    one, other = made(5, 1), made(5, 1)
    assert all(np.array_equal(a.history.free, b.history.free) for a, b in zip(one, other, strict=True))
    assert not np.array_equal(one[0].history.free, made(6, 1)[0].history.free)


def test_no_method_looks_ahead() -> None:
    """With another future every method says the same up to the moment it begins."""
    items = made(5, 2)
    moment = BEGAN + timedelta(days=16, hours=5, minutes=30)
    chance = np.random.default_rng(9)
    other = tuple(
        replace(
            item,
            history=replace(
                item.history,
                free=np.where(
                    item.history.times > moment.timestamp(),
                    chance.integers(0, item.history.total, len(item.history.free)),
                    item.history.free,
                ),
            ),
        )
        for item in items
    )
    began, ended = moment - timedelta(hours=10), moment + timedelta(hours=10)
    ours, theirs = said(items, began, ended), said(other, began, ended)
    differs = False
    for name, trials in ours.items():
        for one, two in zip(trials, theirs[name], strict=True):
            known = one.asked <= moment.timestamp()
            assert np.array_equal(one.alarms[known], two.alarms[known]), name
            differs |= not np.array_equal(one.alarms[~known], two.alarms[~known])
    assert differs, "the other future must matter afterwards"


@pytest.mark.timeout(120)
def test_the_paging_rule_keeps_its_bounds_on_histories_it_was_not_tuned_on() -> None:
    """0.95 of the incidents found, half of them two hours before, at most one false episode a subnet and month."""
    items = made(2, 28)
    page = [method for method in methods() if method.name == PAGES]
    found = score(replay([item.history for item in items], page, BEGAN + WARM_UP, END, poll=POLL)[PAGES])
    assert found.incidents >= 40
    assert found.hit_rate is not None
    assert found.false_per_month is not None
    assert found.median_lead is not None
    assert found.hit_rate >= 0.95
    assert found.false_per_month <= 1
    assert found.median_lead > timedelta(hours=2)


def test_every_shape_has_histories_that_run_out_but_the_seasonal() -> None:
    items = made(2, 30)
    outs = {
        shape: sum(ran_out_at(item.history, BEGAN, END) is not None for item in items if item.shape is shape)
        for shape in Shape
    }
    assert outs.pop(Shape.SEASONAL) == 0
    assert all(0 < count < 30 for count in outs.values())
    assert all(item.history.floor == FLOOR for item in items)
