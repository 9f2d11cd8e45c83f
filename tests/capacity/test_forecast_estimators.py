"""The estimators against their textbook forms, one value at a time in plain Python."""

from datetime import UTC, datetime, timedelta
from itertools import combinations
from statistics import median

import numpy as np
import pytest

from bot.capacity.forecast.burn_rate import burn_rate
from bot.capacity.forecast.grid import Panel, grid
from bot.capacity.forecast.holt_winters import ALPHA, BETA, GAMMA, holt_winters
from bot.capacity.forecast.series import history
from bot.capacity.forecast.theil_sen import theil_sen

NOW = datetime(2026, 3, 30, 12, tzinfo=UTC)
POLL = timedelta(minutes=5)


def hourly(lows: list[float]) -> Panel:
    """A panel of one history of these hourly lows, the last hour just over."""
    starts = [NOW - timedelta(hours=len(lows) - place) for place in range(len(lows))]
    item = history("a", [(NOW, lows[-1])], total=1000, floor=8, hours=zip(starts, lows, strict=True))
    return grid([item], NOW, poll=POLL).at(NOW)


def noisy(seed: int, hours: int) -> list[float]:
    chance = np.random.default_rng(seed)
    day = 50 * np.sin(np.arange(hours) / 24 * 2 * np.pi)
    return [float(value) for value in np.round(500 - 0.4 * np.arange(hours) + day + chance.normal(0, 9, hours))]


@pytest.mark.parametrize("seed", [1, 2])
def test_holt_winters_is_the_additive_method(seed: int) -> None:
    """Level, trend and season by their three equations, from the first two days on."""
    lows = noisy(seed, 336)
    levels = [sum(lows[:24]) / 24, sum(lows[24:48]) / 24]
    season = [(lows[slot] - levels[0] + lows[slot + 24] - levels[1]) / 2 for slot in range(24)]
    level, trend = levels[1], 0.0
    for place in range(48, 336):
        before, slot = level, place % 24
        level = ALPHA * (lows[place] - season[slot]) + (1 - ALPHA) * (level + trend)
        trend = BETA * (level - before) + (1 - BETA) * trend
        season[slot] = GAMMA * (lows[place] - level) + (1 - GAMMA) * season[slot]
    expected = [level + ahead * trend + season[(335 + ahead) % 24] for ahead in range(1, 25)]
    assert holt_winters(hourly(lows)).path[0].tolist() == pytest.approx(expected)


@pytest.mark.parametrize("days", [pytest.param(28, id="four weeks"), pytest.param(7, id="one week")])
def test_theil_sen_is_the_median_of_all_slopes_and_kendalls_sum(days: int) -> None:
    lows = noisy(4, days * 24)
    marks = [min(lows[day * 24 : day * 24 + 24]) for day in range(days)]
    slopes = [(marks[two] - marks[one]) / (two - one) for one, two in combinations(range(days), 2)]
    score = sum((slope > 0) - (slope < 0) for slope in slopes)
    found = theil_sen(hourly(lows))
    assert found.per_day[0] == pytest.approx(median(slopes))
    assert found.z[0] == pytest.approx((score + 1) / (days * (days - 1) * (2 * days + 5) / 18) ** 0.5)
    assert found.days[0] == days


@pytest.mark.parametrize(
    ("blind", "judged"),
    [
        pytest.param((), True, id="all polls known"),
        pytest.param((10, 15), True, id="two of seven lost"),
        pytest.param((5, 10, 15), False, id="three of seven lost"),
        pytest.param((40, 45, 50, 55, 60, 65, 70, 75, 80, 85), False, id="ten of the two hours' 25 lost"),
    ],
)
def test_the_burn_rate_needs_two_thirds_of_both_windows(blind: tuple[int, ...], judged: bool) -> None:
    """A blind time is not filled in: with too much of it there is no slope."""
    hours = [(NOW - timedelta(hours=ago), 500.0) for ago in range(1, 28 * 24)]
    samples = [(NOW - timedelta(minutes=ago), None if ago in blind else 300.0 + ago) for ago in range(125, -1, -5)]
    item = history("a", samples, total=1000, floor=8, hours=hours)
    found = burn_rate(grid([item], NOW, poll=POLL).at(NOW))
    assert bool(found.judged[0]) is judged
    if judged:
        assert (found.short_fall[0], found.long_fall[0]) == (pytest.approx(60), pytest.approx(60))
        assert found.hours[0] == pytest.approx((300 - 8) / 60)
