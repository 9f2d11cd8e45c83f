"""Forecasting a fleet: 80,000 subnets in one go, against a least-squares line through each one's samples in turn."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import numpy as np

from bot.capacity.forecast.outlook import outlooks
from bot.capacity.forecast.series import History, Unit, seconds

from .table import row
from .table import seconds as taken

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
POLL, CHECKPOINT = timedelta(minutes=5), timedelta(hours=1)
SUBNETS, SAMPLE = 80_000, 2_000
MOVING = 3
"""One in so many subnets is in use and changes at every poll; the others are calm and have their checkpoints only."""

TOTAL, FLOOR = 251, 8
HOURS = 28 * 24


def measure() -> None:
    """The rows of this subject."""
    told = sum(1 for _ in outlooks(fleet(SAMPLE), NOW, poll=POLL, held=CHECKPOINT + POLL))
    assert told == SAMPLE
    row(
        f"forecasts of {SUBNETS:,} subnets, three methods each",
        taken(lambda: [None for _ in outlooks(fleet(SUBNETS), NOW, poll=POLL, held=CHECKPOINT + POLL)], 1),
        f"numpy.polyfit of one day, {SAMPLE:,} subnets x {SUBNETS // SAMPLE}",
        taken(lambda: _lines(SAMPLE), 1) * (SUBNETS / SAMPLE),
    )


def fleet(count: int) -> Iterator[History]:
    """Histories as the store keeps them: a day of samples and four weeks of hourly lows."""
    chance = np.random.default_rng(7)
    end = seconds(NOW)
    polls = np.arange(end - 86_400, end + 1, int(POLL.total_seconds()))
    checkpoints = np.arange(end - 86_400, end + 1, int(CHECKPOINT.total_seconds()))
    hours = (end // 3600 - np.arange(HOURS, 0, -1)) * 3600
    daily = 30 * np.sin(hours / 86_400 * 2 * np.pi)
    for number in range(count):
        moving = number % MOVING == 0
        times = polls if moving else checkpoints
        level = float(chance.integers(40, 200))
        free = level + 30 * np.sin(times / 86_400 * 2 * np.pi) if moving else np.full(len(times), level)
        lows = level + daily + chance.normal(0, 3, HOURS) if moving else np.full(HOURS, level)
        yield History(
            key=f"subnet-{number}",
            unit=Unit.ADDRESSES,
            total=TOTAL,
            floor=FLOOR,
            times=times,
            free=np.round(free),
            hour_times=hours,
            hour_lows=np.round(np.clip(lows, 0, TOTAL)),
        )


def _lines(count: int) -> None:
    for item in fleet(count):
        np.polyfit(item.times - item.times[-1], item.free, 1)
