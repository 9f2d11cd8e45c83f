"""`python -m tests.bench backtest`: every method over synthetic histories, by shape."""

from collections.abc import Sequence
from datetime import timedelta

from histories import BEGAN, DAYS, POLL, Made, Shape, histories

from bot.capacity.forecast.backtest import PAGES, Score, Trial, Tried, methods, replay, score

REPORTED = (2, 3, 4)
"""Seeds of the histories that are told of; the methods were tuned on seed 1."""

EACH = 128
"""Histories of each shape: 640 with five."""

WARM_UP = timedelta(days=14)
"""Judged once the gate's two weeks are there."""


def trials(made: Sequence[Made], tried: Sequence[Tried]) -> dict[str, tuple[Trial, ...]]:
    """Each method's trials over the histories."""
    return replay(
        [item.history for item in made], tried, BEGAN + WARM_UP, BEGAN + timedelta(days=DAYS) - POLL, poll=POLL
    )


def measure(seeds: Sequence[int] = REPORTED, each: int = EACH) -> None:
    """Prints the table of these seeds together, the paging rule for each seed alone, and every method by shape."""
    tried = methods()
    said: dict[str, list[Trial]] = {method.name: [] for method in tried}
    shapes: list[Shape] = []
    for seed in seeds:
        made = histories(seed, each)
        shapes += [item.shape for item in made]
        for name, found in trials(made, tried).items():
            said[name] += found
    print(f"{len(shapes):,} histories of {DAYS} days, seeds {', '.join(map(str, seeds))}, judged from day 14 on")
    _heading()
    for method in tried:
        _row(method.name, score(said[method.name], method.window))
    print(f"\n{PAGES}, seed by seed")
    _heading()
    for place, seed in enumerate(seeds):
        count = len(shapes) // len(seeds)
        _row(f"seed {seed}", score(said[PAGES][place * count : (place + 1) * count]))
    for method in tried:
        print(f"\n{method.name}")
        _heading()
        for shape in Shape:
            own = [trial for trial, kind in zip(said[method.name], shapes, strict=True) if kind is shape]
            _row(shape.value, score(own, method.window))


def _heading() -> None:
    print(
        f"{'':<24} {'incidents':>9} {'hit':>6} {'>=15 min':>8} {'>=1 h':>6} {'median lead':>11} {'unbroken':>9} "
        f"{'precision':>9} {'false/month':>11}"
    )


def _row(name: str, found: Score) -> None:
    quarter = found.lead_of_at_least(timedelta(minutes=15))
    hour = found.lead_of_at_least(timedelta(hours=1))
    unbroken = found.unbroken_leads[len(found.unbroken_leads) // 2] if found.unbroken_leads else None
    print(
        f"{name:<24} {found.incidents:>9} {_share(found.hit_rate):>6} {_share(quarter):>8} {_share(hour):>6} "
        f"{_hours(found.median_lead):>11} {_hours(unbroken):>9} {_share(found.precision):>9} "
        f"{_share(found.false_per_month):>11}",
        flush=True,
    )


def _share(share: float | None) -> str:
    return "-" if share is None else f"{share:.2f}"


def _hours(length: timedelta | None) -> str:
    return "-" if length is None else f"{length.total_seconds() / 3600:.1f} h"
