"""A simulated month of 80,000 subnets in SQLite: how long it takes to build, how large it is, how fast it is read.

`python -m tests.bench history [SUBNETS] [DAYS]`. A tenth of the subnets move every five minutes, the rest a few times a
day with a checkpoint every hour. The last days are written sample by sample and rolled up from there, as over the
month; of the days before, of which no sample would be left, the same code makes the roll-ups at once, day by day.
"""

import random
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot.alerts import SubnetSample
from bot.store import Store, open_store
from bot.store.rollups import HOUR_SECONDS, Rollup, rollup

from .table import seconds

SUBNETS, DAYS = 80_000, 30
MOVING = 10
"""One subnet in so many moves all day."""
START = datetime(2026, 10, 24, tzinfo=UTC)
LIVE_DAYS = 3
"""Days at the end that are written sample by sample and compacted from there: the store keeps two of them."""

TOGETHER = 9
"""Days before those that are rolled up together."""

AT_ONCE = 4_000
"""Subnets whose day is written in one transaction."""

_INSERT = "INSERT OR IGNORE INTO sample (series_id, at, free_ips, free_blocks, usable_ips) VALUES (?, ?, ?, ?, ?)"
_POLLS, _HOURS = 288, 24


def measure(subnets: int = SUBNETS, days: int = DAYS) -> None:
    """Build the month, then print what it took."""
    with tempfile.TemporaryDirectory(prefix="eksip-bench-") as folder:
        file = Path(folder) / "month.db"
        store = open_store(f"sqlite:///{file}")
        names = [f"subnet-{number:017x}" for number in range(subnets)]
        live = max(days - LIVE_DAYS, 0)
        came = START + timedelta(days=live)
        store.add_samples(
            SubnetSample(subnet_id=name, observed_at=came, usable_ips=251, free_ips=200) for name in names
        )
        began, processor = time.perf_counter(), time.process_time()
        for day in range(0, live, TOGETHER):
            for first in range(1, subnets + 1, AT_ONCE):
                end = min(first + AT_ONCE, subnets + 1)
                store.put_rollup(_rolled_up(first, end, range(day, min(day + TOGETHER, live))))
        for day in range(live, days):
            _write(store, subnets, day, range(24))
            store.compact(START + timedelta(days=day + 1))
            store.prune_samples(START + timedelta(days=day + 1))
        built, worked = time.perf_counter() - began, time.process_time() - processor
        print(f"{subnets:,} subnets, {days} days, built in {built:,.0f} s ({worked:,.0f} s of processor time)")
        _write(store, subnets, days, range(1))
        hour = START + timedelta(days=days, hours=1)
        _timed("rolling up one hour of the fleet", lambda: store.compact(hour), 1)
        _timed("dropping what is past its time", lambda: store.prune_samples(hour), 1)
        print(f"{'size':<34} {sum(part.stat().st_size for part in Path(folder).iterdir()) / 1e6:>9,.0f} MB")
        _read(store, names, hour)
        store.close()


def _rolled_up(first: int, end: int, days: range) -> Rollup:
    """The roll-ups of some subnets over these days."""
    rows = np.concatenate([_day(first, end, day) for day in days])
    rows = rows[np.lexsort((rows[:, 1], rows[:, 0]))]
    return rollup(rows, int(rows[:, 1].min()) // HOUR_SECONDS)


def _write(store: Store, subnets: int, day: int, hours: range) -> None:
    """Write the samples of these hours of a day."""
    begins = int((START + timedelta(days=day)).timestamp())
    for first in range(1, subnets + 1, AT_ONCE):
        rows = _day(first, min(first + AT_ONCE, subnets + 1), day)
        hour = (rows[:, 1] - begins) // HOUR_SECONDS
        rows = rows[(hour >= hours.start) & (hour < hours.stop)]
        with store.writing() as connection:
            connection.exec_driver_sql(_INSERT, list(map(tuple, rows.tolist())))


def _day(first: int, end: int, day: int) -> NDArray[np.int64]:
    """The samples of a day of the subnets with numbers from `first` to before `end`, in the order of the key."""
    chance = np.random.default_rng([day, first])
    begins = int((START + timedelta(days=day)).timestamp())
    series = np.arange(first, end)
    moving, calm = series[series % MOVING == 0], series[series % MOVING != 0]
    walks = chance.integers(-4, 5, (len(moving), _POLLS))
    rare = chance.integers(-9, 10, (len(calm), _HOURS)) * (chance.random((len(calm), _HOURS)) < 3 / _HOURS)
    both = [_rows(moving, walks, begins, 300), _rows(calm, rare, begins, 3600)]
    rows = np.concatenate(both)
    return rows[np.lexsort((rows[:, 1], rows[:, 0]))]


def _rows(series: NDArray[np.int64], steps: NDArray[np.int64], begins: int, every: int) -> NDArray[np.int64]:
    """A row for each step of each subnet, `every` so many seconds, each subnet at its own second."""
    free = np.clip(60 + series[:, None] % 180 + np.cumsum(steps, axis=1), 0, 251)
    at = begins + np.arange(steps.shape[1]) * every + series[:, None] % every
    numbers = np.broadcast_to(series[:, None], free.shape)
    usable = np.full(free.shape, 251)
    return np.stack((numbers, at, free, free // 20, usable), axis=-1).reshape(-1, 5)


def _read(store: Store, names: list[str], now: datetime) -> None:
    chance = random.Random(1)
    for title, count, run in (
        ("one subnet, 48 h of samples", 1, lambda ids: store.samples_of(ids, now - timedelta(hours=48))),
        ("one subnet, 28 days of hours", 1, lambda ids: store.hours_of(ids, now - timedelta(days=28))),
        ("one subnet, all days", 1, lambda ids: store.days_of(ids, START)),
        ("500 subnets, 6 h of samples", 500, lambda ids: store.samples_of(ids, now - timedelta(hours=6))),
        ("500 subnets, 28 days of hours", 500, lambda ids: store.hours_of(ids, now - timedelta(days=28))),
    ):
        picked = chance.sample(names, count)
        _timed(title, partial(run, picked), 5)


def _timed(title: str, run: Callable[[], object], times: int) -> None:
    print(f"{title:<34} {seconds(run, times) * 1000:>9.1f} ms", flush=True)
