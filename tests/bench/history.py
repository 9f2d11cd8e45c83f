"""A simulated month of 80,000 subnets in SQLite: how long it takes to roll up, how large it is, how fast it is read.

`python -m tests.bench history [SUBNETS] [DAYS]`. A tenth of the subnets move every five minutes, the rest a few times a
day with a checkpoint every hour. The samples are written row by row as they would be over the month; what rolls them up
and drops them is the store's own code.
"""

import random
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.alerts import SubnetSample
from bot.store import Store, open_store

SUBNETS, DAYS = 80_000, 30
MOVING = 10
"""One subnet in so many moves all day."""
START = datetime(2026, 10, 24, tzinfo=UTC)
_INSERT = "INSERT OR IGNORE INTO sample (series_id, at, free_ips, free_blocks, usable_ips) VALUES (?, ?, ?, ?, ?)"


def measure(subnets: int = SUBNETS, days: int = DAYS) -> None:
    """Build the month, then print what it took."""
    with tempfile.TemporaryDirectory(prefix="eksip-bench-") as folder:
        file = Path(folder) / "month.db"
        store = open_store(f"sqlite:///{file}")
        names = [f"subnet-{number:017x}" for number in range(subnets)]
        store.add_samples(
            SubnetSample(subnet_id=name, observed_at=START, usable_ips=251, free_ips=200) for name in names
        )
        began = time.perf_counter()
        rolling, samples, hours = 0.0, 0, 0
        for day in range(days):
            rows = list(_day(subnets, day))
            samples += len(rows)
            with store.writing() as connection:
                connection.exec_driver_sql(_INSERT, rows)
            at = time.perf_counter()
            hours += store.compact(START + timedelta(days=day + 1))
            store.prune_samples(START + timedelta(days=day + 1))
            rolling += time.perf_counter() - at
        built = time.perf_counter() - began
        print(f"{subnets:,} subnets, {days} days: {samples:,} samples, {hours:,} hours kept")
        print(
            f"built in {built:,.0f} s, of which rolling up and dropping {rolling:,.0f} s ({rolling / days:.1f} s a day)"
        )
        print(f"size {sum(part.stat().st_size for part in Path(folder).iterdir()) / 1e6:,.0f} MB")
        _read(store, names, START + timedelta(days=days))
        store.close()


def _day(subnets: int, day: int) -> Iterator[tuple[int, int, int, int, int]]:
    chance = random.Random(day)
    begins = int((START + timedelta(days=day)).timestamp())
    for series in range(1, subnets + 1):
        free = 60 + series % 180
        if series % MOVING == 0:
            for step in range(288):
                free = min(max(free + int(9 * chance.random()) - 4, 0), 251)
                yield series, begins + step * 300 + series % 300, free, free // 20, 251
        else:
            changes = {int(24 * chance.random()) for _ in range(3)}
            for hour in range(24):
                free = min(max(free + (int(19 * chance.random()) - 9 if hour in changes else 0), 0), 251)
                yield series, begins + hour * 3600 + series % 3600, free, free // 20, 251


def _read(store: Store, names: list[str], now: datetime) -> None:
    chance = random.Random(1)
    for title, count, run in (
        ("one subnet, 48 h of samples", 1, lambda ids: store.samples_of(ids, now - timedelta(hours=48))),
        ("one subnet, 28 days of hours", 1, lambda ids: store.hours_of(ids, now - timedelta(days=28))),
        ("one subnet, all days", 1, lambda ids: store.days_of(ids, START)),
        ("500 subnets, 6 h of samples", 500, lambda ids: store.samples_of(ids, now - timedelta(hours=6))),
        ("500 subnets, 28 days of hours", 500, lambda ids: store.hours_of(ids, now - timedelta(days=28))),
    ):
        taken = []
        for _ in range(5):
            ids = chance.sample(names, count)
            began = time.perf_counter()
            run(ids)
            taken.append(time.perf_counter() - began)
        print(f"{title:<34} {sorted(taken)[2] * 1000:>9.1f} ms")
