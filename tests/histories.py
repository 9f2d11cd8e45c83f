"""Synthetic histories, the same for the same seed: the shapes a subnet's free addresses take over five weeks.

Each has a daily shape, a weekend dip and noise that remembers itself; on top of it growth, a leak, a step, a burst, or
nothing. Sizes and strengths are drawn, so some of each kind run out and some do not.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from bot.capacity.forecast.series import History, Unit, seconds

BEGAN = datetime(2026, 3, 2, tzinfo=UTC)
"""A Monday."""

POLL = timedelta(minutes=5)
DAYS = 35
FLOOR = 8
SIZES = (251, 507, 1019, 2043, 4091)
"""Usable addresses of a /24 to a /20."""

_STEPS = 24 * 12
Used = NDArray[np.float64]


class Shape(Enum):
    """What happens to a subnet beside its days and weeks."""

    SEASONAL = "seasonal"
    GROWTH = "growth"
    LEAK = "leak"
    STEP = "step"
    BURST = "burst"


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A history with the shape it was made by."""

    shape: Shape
    history: History


def histories(seed: int, each: int, days: int = DAYS) -> tuple[Made, ...]:
    """So many histories of each shape, a sample at every poll."""
    chance = np.random.default_rng(seed)
    times = seconds(BEGAN) + np.arange(days * _STEPS) * int(POLL.total_seconds())
    made = []
    for shape in Shape:
        for number in range(each):
            total = int(chance.choice(SIZES))
            ordinary, room = _ordinary(chance, days)
            used = total * (ordinary + _EXTRA[shape](chance, days, room))
            free = np.clip(total - np.round(used), 0, total)
            made.append(
                Made(
                    shape=shape,
                    history=History(
                        key=f"subnet-{shape.value}-{number}",
                        unit=Unit.ADDRESSES,
                        total=total,
                        floor=FLOOR,
                        times=times,
                        free=free,
                    ),
                )
            )
    return tuple(made)


def _ordinary(chance: np.random.Generator, days: int) -> tuple[Used, float]:
    """The used share without events (a base, working hours, a quieter weekend, noise), and what its peaks leave."""
    at = np.arange(days * _STEPS)
    hour = at % _STEPS / 12
    peak, width = chance.uniform(9, 17), chance.uniform(2.5, 5)
    apart = np.minimum(np.abs(hour - peak), 24 - np.abs(hour - peak))
    daily = np.exp(-((apart / width) ** 2) / 2)
    weekend = np.where(at // _STEPS % 7 >= 5, chance.uniform(0.2, 0.7), 1.0)
    base, height = chance.uniform(0.3, 0.6), chance.uniform(0.05, 0.25)
    return base + height * daily * weekend + _noise(chance, days * _STEPS), 1 - base - height


def _noise(chance: np.random.Generator, count: int) -> Used:
    """First-order noise: each value keeps 0.9 to 0.98 of the one before; its size is 0.3 to 1 % of the subnet."""
    keeps, size = chance.uniform(0.9, 0.98), chance.uniform(0.003, 0.01)
    shocks = chance.normal(0, size * np.sqrt(1 - keeps**2), count)
    noise = np.empty(count)
    level = 0.0
    for place, shock in enumerate(shocks.tolist()):
        level = keeps * level + shock
        noise[place] = level
    return noise


def _seasonal(chance: np.random.Generator, days: int, room: float) -> Used:
    return np.zeros(days * _STEPS)


def _growth(chance: np.random.Generator, days: int, room: float) -> Used:
    """Evenly more, so that the peaks reach the top after 15 to 39 days: four in five within the five weeks."""
    return np.arange(days * _STEPS) / (chance.uniform(15, 39) * _STEPS) * room


def _leak(chance: np.random.Generator, days: int, room: float) -> Used:
    """From some moment on a constant loss that takes all room in half a day to four days; two in three go on."""
    lost = np.clip(np.arange(days * _STEPS) - _moment(chance, days), 0, None) / (chance.uniform(12, 96) * 12) * room
    return lost if chance.random() < 2 / 3 else np.minimum(lost, chance.uniform(0.1, 0.8) * room)


def _step(chance: np.random.Generator, days: int, room: float) -> Used:
    """From some moment on 0.2 to 1.1 of the room less, within 10 minutes to 2 hours."""
    start, takes = _moment(chance, days), chance.uniform(2, 24)
    return chance.uniform(0.2, 1.1) * room * np.clip((np.arange(days * _STEPS) - start) / takes, 0, 1)


def _burst(chance: np.random.Generator, days: int, room: float) -> Used:
    """Once 0.3 to 1.7 of the room within half an hour to three hours, held for an hour to six, and given back."""
    at = np.arange(days * _STEPS) - _moment(chance, days)
    rise, hold = chance.uniform(6, 36), chance.uniform(12, 72)
    up, down = np.clip(at / rise, 0, 1), np.clip((at - rise - hold) / rise, 0, 1)
    held: Used = chance.uniform(0.3, 1.7) * room * (up - down)
    return held


def _moment(chance: np.random.Generator, days: int) -> int:
    """A step after the first sixteen days, some days before the end."""
    return int(chance.integers(16 * _STEPS, (days - 3) * _STEPS))


_EXTRA = {
    Shape.SEASONAL: _seasonal,
    Shape.GROWTH: _growth,
    Shape.LEAK: _leak,
    Shape.STEP: _step,
    Shape.BURST: _burst,
}
