"""`eksip backtest`: the methods over the stored history, and clear words where that is too short."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.alerts import SubnetSample
from bot.answers.history import BacktestAnswer
from bot.capacity.forecast.backtest import PAGES
from bot.capacity.subnets import Limits
from bot.console.backtest import backtest
from bot.console.render import plain
from bot.store import Store, open_store

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
LIMITS = Limits(floor_ips=8, low_pct=20, critical_pct=10, clear_pct=25)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path}/eksip.db")
    yield opened
    opened.close()


def write(store: Store, subnet_id: str, days: int, *, leaks_for: int = 0, total: int = 1019) -> None:
    """Hourly samples with 500 free; over its last hours it leaks to nothing where asked."""
    samples = []
    for hour in range(days * 24, 0, -1):
        free = 500 if hour > leaks_for else max(500 - 60 * (leaks_for - hour + 1), 0)
        samples.append(
            SubnetSample(subnet_id=subnet_id, observed_at=NOW - hour * HOUR, usable_ips=total, free_ips=free)
        )
    store.add_samples(samples)


def replayed(store: Store | None, days: int = 7) -> BacktestAnswer:
    return BacktestAnswer.model_validate(dict(backtest(store, LIMITS, NOW, days=days).answer))


def test_a_leak_is_found_and_a_calm_subnet_raises_nothing(store: Store) -> None:
    write(store, "subnet-calm", days=9)
    write(store, "subnet-leaks", days=9, leaks_for=12)
    store.compact(NOW)
    found = replayed(store)
    rows = {row.method: row for row in found.methods}
    assert len(rows) == 7
    assert (found.subnets, found.left_out) == (2, 0)
    assert (found.began_at, found.ended_at) == (NOW - timedelta(days=6) + HOUR, NOW)
    page = rows[PAGES]
    assert (page.incidents, page.hits, page.false_episodes) == (1, 1, 0)
    assert page.median_lead_seconds is not None
    assert page.median_lead_seconds >= 900


def test_the_table_names_every_method_and_the_time(store: Store) -> None:
    write(store, "subnet-leaks", days=9, leaks_for=12)
    store.compact(NOW)
    shown = plain(backtest(store, LIMITS, NOW, days=30))
    for words in ("static free < 10 %", "predict_linear[6h]", PAGES, "1 of 1", "30 days were asked", "hourly lows"):
        assert words in shown


@pytest.mark.parametrize(
    ("days", "says"),
    [
        pytest.param(None, "nothing is stored yet", id="no database"),
        pytest.param(0, "nothing is stored yet", id="empty"),
        pytest.param(2, "2 d of 1 subnet are stored", id="two days"),
    ],
)
def test_too_little_history_is_said_in_clear_words(store: Store, days: int | None, says: str) -> None:
    if days:
        write(store, "subnet-young", days=days)
        store.compact(NOW)
    message = backtest(None if days is None else store, LIMITS, NOW, days=30)
    assert says in message.text
    assert "4 d are needed" in message.text
    BacktestAnswer.model_validate(dict(message.answer))
