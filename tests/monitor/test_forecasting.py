"""Forecasting at each poll: which subnets burn down, which are left alone, and what is kept of it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from bot.alerts import SubnetSample
from bot.capacity.subnets import Limits
from bot.inventory import Quality, Subnet
from bot.monitor.forecasting import Forecaster
from bot.store import Store, open_store
from bot.store.rollups import HourLow

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
POLL = timedelta(minutes=5)
LIMITS = Limits(floor_ips=8, low_pct=20, critical_pct=10, clear_pct=25)
USABLE = 1019
WITHIN = timedelta(hours=6)


class Clock:
    """A time that tests set."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path}/eksip.db")
    yield opened
    opened.close()


def subnet(free: int | None, at: datetime, *, subnet_id: str = "subnet-1", quality: Quality = Quality.FRESH) -> Subnet:
    return Subnet(
        subnet_id=subnet_id,
        name="",
        account_id="111122223333",
        region="eu-west-1",
        az_id="euw1-az1",
        az="eu-west-1a",
        vpc_id="vpc-1",
        cidr=IPv4Network("10.0.0.0/22"),
        available_ips=free,
        observed_at=at,
        quality=quality,
    )


def write(store: Store, values: Sequence[tuple[datetime, int | None]], subnet_id: str = "subnet-1") -> None:
    store.add_samples(
        SubnetSample(subnet_id=subnet_id, observed_at=at, usable_ips=USABLE, free_ips=free) for at, free in values
    )


def calm_days(store: Store, days: int = 5, free: int = 600, subnet_id: str = "subnet-1") -> None:
    """Days with the same figure until two hours ago, rolled up."""
    hours = range(days * 24, 2, -1)
    write(store, [(NOW - timedelta(hours=hour), free) for hour in hours], subnet_id)


def fall(store: Store, start: int, per_poll: int, subnet_id: str = "subnet-1") -> int:
    """A steady fall over the last two hours as it is stored; what is free now, which is not stored yet."""
    polls = int(timedelta(hours=2) / POLL)
    values = [(NOW - POLL * (polls - step), start - per_poll * step) for step in range(polls)]
    write(store, values, subnet_id)
    store.compact(NOW)
    return start - per_poll * polls


def forecaster(store: Store, clock: Clock | None = None) -> Forecaster:
    return Forecaster(store, LIMITS, clock or Clock(), poll=POLL, within=WITHIN)


def test_a_subnet_that_falls_below_its_usual_has_hours_left(store: Store) -> None:
    calm_days(store)
    free = fall(store, 600, 20)
    asked = forecaster(store)
    asked.time_left([subnet(free + 20, NOW - POLL)])
    left = asked.time_left([subnet(free, NOW)])["subnet-1"]
    assert free == 120
    assert left is not None
    # 240 an hour, 112 above the floor.
    assert timedelta(minutes=20) < left < timedelta(minutes=35)


def test_a_forecast_that_names_a_time_is_logged_once_an_hour_and_shown(store: Store) -> None:
    calm_days(store)
    free = fall(store, 600, 20)
    clock = Clock()
    asked = forecaster(store, clock)
    asked.time_left([subnet(free, NOW)])
    clock.now = NOW + POLL
    asked.time_left([subnet(free - 20, clock.now)])
    clock.now = NOW + 2 * POLL
    asked.time_left([subnet(free - 40, clock.now)])
    (logged,) = store.forecasts_since(NOW - POLL)
    assert (logged.subnet_id, logged.method, logged.free_ips, logged.floor_ips) == ("subnet-1", "burn_rate", 100, 8)
    assert logged.due_at == logged.made_at + timedelta(hours=24)
    assert list(store.runs_out()) == ["subnet-1"]


def test_a_subnet_that_never_moves_has_no_time_left_to_tell(store: Store) -> None:
    asked = forecaster(store)
    first = asked.time_left([subnet(500, NOW)])
    again = asked.time_left([subnet(500, NOW + POLL)])
    assert first == {}
    assert again == {"subnet-1": None}


class Counting(Store):
    """A store that counts how often histories are read."""

    reads = 0

    def hours_of(self, subnet_ids: Iterable[str], since: datetime) -> Mapping[str, tuple[HourLow, ...]]:
        self.reads += 1
        return super().hours_of(subnet_ids, since)


@pytest.mark.parametrize(
    ("now_free", "reads"),
    [
        pytest.param(598, 0, id="five fewer in two hours: even so every ten minutes it lasts"),
        pytest.param(560, 1, id="forty fewer: it might not"),
    ],
)
def test_only_what_might_run_out_within_hours_is_forecast(store: Store, now_free: int, reads: int) -> None:
    write(store, [(NOW - timedelta(hours=1), 603), (NOW - POLL, 601)])
    counting = Counting(store.engine)
    asked = forecaster(counting)
    asked.time_left([subnet(601, NOW - POLL)])
    found = asked.time_left([subnet(now_free, NOW)])
    assert counting.reads == reads
    assert ("subnet-1" in found) is (reads == 0)


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        pytest.param(5, True, id="enough history"),
        pytest.param(1, False, id="one day: no usual to compare with"),
    ],
)
def test_too_little_history_is_left_out(store: Store, days: int, expected: bool) -> None:
    calm_days(store, days=days)
    free = fall(store, 600, 20)
    asked = forecaster(store)
    asked.time_left([subnet(free + 20, NOW - POLL)])
    assert ("subnet-1" in asked.time_left([subnet(free, NOW)])) is expected


@pytest.mark.parametrize(
    ("free", "quality"),
    [
        pytest.param(None, Quality.FRESH, id="count not known"),
        pytest.param(100, Quality.STALE, id="stale"),
        pytest.param(100, Quality.UNKNOWN, id="unknown"),
    ],
)
def test_what_is_not_read_freshly_is_left_out(store: Store, free: int | None, quality: Quality) -> None:
    calm_days(store)
    fall(store, 600, 20)
    assert forecaster(store).time_left([subnet(free, NOW, quality=quality)]) == {}


def test_one_that_fell_to_its_floor_has_nothing_left_until_it_rests(store: Store) -> None:
    calm_days(store)
    fall(store, 600, 25)
    clock = Clock()
    asked = forecaster(store, clock)
    asked.time_left([subnet(25, NOW - POLL)])
    assert asked.time_left([subnet(4, NOW)]) == {"subnet-1": timedelta(0)}
    clock.now = NOW + timedelta(hours=3)
    assert asked.time_left([subnet(4, clock.now)]) == {"subnet-1": None}


def test_free_space_inside_reservations_is_no_fall(store: Store) -> None:
    """Stored samples count it and EC2's own count does not; the difference must not look like a sudden loss."""
    calm_days(store, free=900)
    clock = Clock()
    asked = forecaster(store, clock)
    for step in range(6):
        clock.now = NOW + POLL * step
        asked.time_left([subnet(40 - step, clock.now)])
        write(store, [(clock.now, 900 - step)])
    clock.now = NOW + POLL * 6
    assert asked.time_left([subnet(34, clock.now)]).get("subnet-1") is None
    assert store.forecasts_since(NOW + POLL * 2) == ()


def test_after_a_restart_the_second_count_tells(store: Store) -> None:
    """What fell before is in the store, but may count reserved space: the first count alone proves no fall."""
    calm_days(store)
    free = fall(store, 600, 20)
    clock = Clock()
    asked = forecaster(store, clock)
    assert "subnet-1" not in asked.time_left([subnet(free, NOW)])
    clock.now = NOW + POLL
    assert asked.time_left([subnet(free - 20, clock.now)])["subnet-1"] is not None


@pytest.mark.timeout(60)
def test_a_calm_fleet_reads_no_history(store: Store) -> None:
    fleet = [subnet(500, NOW, subnet_id=f"subnet-{number}") for number in range(80_000)]
    counting = Counting(store.engine)
    asked = forecaster(counting)
    asked.time_left(fleet)
    found = asked.time_left(fleet)
    assert (len(found), set(found.values()), counting.reads) == (80_000, {None}, 0)
