"""The history: samples in, hours and days out, the same whatever was left out in between."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, text

from bot.alerts import SubnetSample
from bot.store import Store
from bot.store.history_tables import SAMPLE_HOUR

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def sample(at: datetime, free: int | None, *, subnet_id: str = "subnet-1", blocks: int | None = None) -> SubnetSample:
    return SubnetSample(subnet_id=subnet_id, observed_at=at, usable_ips=4091, free_ips=free, free_blocks=blocks)


def lows(store: Store, since: datetime, subnet_id: str = "subnet-1") -> list[tuple[int, int | None]]:
    """Hours since the beginning of `since`'s hour, with the lowest figure of each."""
    found = store.hours_of([subnet_id], since).get(subnet_id, ())
    return [(int((hour.starts_at - since) / HOUR), hour.lowest_ips) for hour in found]


def test_samples_are_a_history(store: Store) -> None:
    """Samples come back oldest first, each time once, and an unknown figure stays unknown."""
    samples = [sample(NOW + timedelta(minutes=n), free) for n, free in ((5, None), (0, 203), (10, 41))]
    store.add_samples(samples)
    store.add_samples(samples[:1])
    assert store.samples("subnet-1", NOW + timedelta(minutes=1)) == (samples[0], samples[2])
    assert store.samples("subnet-2", NOW) == ()
    assert store.sampled_subnets() == ("subnet-1",)


def test_a_whole_fleet_is_added_in_several_transactions_and_every_subnet_keeps_its_own_history(store: Store) -> None:
    """More subnets than fit into one transaction, some of which have a history already."""
    store.add_samples([sample(NOW, 7, subnet_id="subnet-17"), sample(NOW, 8, subnet_id="elsewhere")])
    later = NOW + HOUR
    store.add_samples([sample(later, number, subnet_id=f"subnet-{number}") for number in range(5_002)])
    assert len(store.sampled_subnets()) == 5_003
    for number in (0, 17, 4_999, 5_001):
        assert store.samples(f"subnet-{number}", later)[0].free_ips == number
    assert store.samples("subnet-17", NOW)[0].free_ips == 7
    assert store.samples("elsewhere", later) == ()


def test_samples_older_than_two_days_are_dropped_once_they_are_rolled_up(store: Store) -> None:
    old, young = sample(NOW - 49 * HOUR, 1), sample(NOW - 47 * HOUR, 1)
    store.add_samples([old, young])
    assert store.prune_samples(NOW) == 0
    store.compact(NOW)
    assert store.prune_samples(NOW) == 1
    assert store.samples("subnet-1", NOW - timedelta(days=9)) == (young,)


def test_an_hour_has_its_lowest_and_its_last_figure_and_what_it_began_with(store: Store) -> None:
    figures = ((-10, 300), (5, 120), (20, 40), (50, 200))
    store.add_samples([sample(NOW + timedelta(minutes=n), free, blocks=free // 16) for n, free in figures])
    store.add_samples([sample(NOW + HOUR + timedelta(minutes=30), 500)])
    store.compact(NOW + 2 * HOUR)
    first, second = store.hours_of(["subnet-1"], NOW)["subnet-1"]
    assert (first.starts_at, first.lowest_ips, first.last_ips, first.lowest_blocks) == (NOW, 40, 200, 2)
    assert (second.lowest_ips, second.last_ips) == (200, 500)


def test_an_hour_that_is_not_over_is_not_rolled_up(store: Store) -> None:
    store.add_samples([sample(NOW + timedelta(minutes=5), 40)])
    assert store.compact(NOW + timedelta(minutes=59)) == 0
    assert store.compact(NOW + timedelta(minutes=60)) == 1


def test_repeated_hours_are_left_out_and_filled_in_when_they_are_read(store: Store) -> None:
    store.add_samples([sample(NOW + number * HOUR, 700) for number in range(24)])
    store.compact(NOW + 24 * HOUR)
    with store.reading() as connection:
        written = connection.execute(select(func.count()).select_from(SAMPLE_HOUR)).scalar_one()
    assert written <= 5
    assert lows(store, NOW) == [(number, 700) for number in range(24)]
    assert lows(store, NOW + 7 * HOUR) == [(number, 700) for number in range(17)]


def test_a_history_ends_at_most_six_hours_after_its_last_sample(store: Store) -> None:
    store.add_samples([sample(NOW, 700)])
    store.compact(NOW + 48 * HOUR)
    assert lows(store, NOW) == [(number, 700) for number in range(6)]


def test_what_is_not_known_is_neither_nothing_nor_as_before(store: Store) -> None:
    store.add_samples([sample(NOW, 700), sample(NOW + HOUR, None), sample(NOW + 4 * HOUR, 650)])
    store.compact(NOW + 5 * HOUR)
    assert lows(store, NOW) == [(0, 700), (1, 700), (4, 650)]


def test_a_day_keeps_its_low_water_mark(store: Store) -> None:
    midnight = NOW.replace(hour=0)
    figures = ((1, 900), (10, 300), (23, 800), (25, 700), (30, None))
    store.add_samples([sample(midnight + hour * HOUR, free) for hour, free in figures])
    store.compact(midnight + 20 * HOUR)
    store.compact(midnight + 48 * HOUR)
    days = store.days_of(["subnet-1", "subnet-2"], midnight)
    assert [(day.starts_at, day.lowest_ips) for day in days["subnet-1"]] == [
        (midnight, 300),
        (midnight + timedelta(days=1), 700),
    ]
    assert "subnet-2" not in days


@pytest.mark.parametrize("seed", range(5))
def test_hours_are_the_same_however_often_they_are_rolled_up(store: Store, seed: int) -> None:
    """Compacting every hour, or all at the end, gives the lowest figure of each hour that a full record shows."""
    chance = random.Random(seed)
    record = _walk(chance, hours=40)
    store.add_samples([sample(at, free) for at, free in _written(record)])
    for number in sorted(chance.sample(range(1, 40), 6)):
        store.compact(NOW + number * HOUR)
    store.compact(NOW + 40 * HOUR)
    assert lows(store, NOW) == _lows_of(record)


def _walk(chance: random.Random, *, hours: int) -> list[tuple[datetime, int]]:
    """A figure every five minutes that moves for some hours and rests for others."""
    free, moves, record = 2000, False, []
    for number in range(hours * 12):
        if number % 12 == 0:
            moves = chance.random() < 0.4
        free += chance.randint(-30, 25) if moves else 0
        record.append((NOW + timedelta(minutes=5 * number), free))
    return record


def _written(record: Sequence[tuple[datetime, int]]) -> list[tuple[datetime, int]]:
    """The changes, and a checkpoint every hour."""
    kept: list[tuple[datetime, int]] = []
    for at, free in record:
        if not kept or kept[-1][1] != free or at - kept[-1][0] >= HOUR:
            kept.append((at, free))
    return kept


def _lows_of(record: Sequence[tuple[datetime, int]]) -> list[tuple[int, int]]:
    found: dict[int, int] = {}
    before = record[0][1]
    for at, free in record:
        hour = int((at - NOW) / HOUR)
        found[hour] = min(found.get(hour, before), free)
        before = free
    return sorted(found.items())


def test_postgresql_keeps_each_day_in_a_partition_that_is_dropped_whole(store: Store) -> None:
    if store.engine.dialect.name != "postgresql":
        pytest.skip("SQLite has no partitions")
    # Another year than the other tests' samples: a day whose rows lie in the default partition gets none of its own.
    start = NOW + timedelta(days=400)
    days = [f"sample_p{start + timedelta(days=number):%Y%m%d}" for number in range(3)]
    store.compact(start)
    store.add_samples([sample(start + timedelta(days=number), 5) for number in range(3)])
    assert set(days) <= set(_partitions(store))
    store.compact(start + timedelta(days=3))
    store.prune_samples(start + timedelta(days=4))
    assert not {days[0], days[1]} & set(_partitions(store))
    assert [found.observed_at for found in store.samples("subnet-1", start)] == [start + timedelta(days=2)]


def _partitions(store: Store) -> list[str]:
    query = "SELECT relname FROM pg_class WHERE relname ~ '^sample_p[0-9]+$' AND relkind = 'r' ORDER BY 1"
    with store.reading() as connection:
        return list(connection.execute(text(query)).scalars())
