"""The hourly look: what runs out within weeks is found and logged, and what was said is judged by what happened."""

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from bot import metrics
from bot.alerts import SubnetSample
from bot.capacity.forecast.chance import Scored, Scoring
from bot.capacity.subnets import Limits
from bot.inventory import Account, Inventory, RegionFacts, Subnet
from bot.monitor.forecast_outcomes import outcome_of
from bot.monitor.looking_ahead import LookAhead
from bot.store import Store, open_store
from bot.store.chances import chance_scores
from bot.store.forecasts import LoggedForecast, Outcome
from bot.store.rollups import HourLow

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
LIMITS = Limits(floor_ips=8, low_pct=20, critical_pct=10, clear_pct=25)
USABLE = 1019
ACCOUNT = Account(account_id="111122223333", name="prod")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path}/eksip.db")
    yield opened
    opened.close()


def inventory(free: dict[str, int]) -> Inventory:
    subnets = tuple(
        Subnet(
            subnet_id=subnet_id,
            name="",
            account_id=ACCOUNT.account_id,
            region="eu-west-1",
            az_id="euw1-az1",
            az="eu-west-1a",
            vpc_id="vpc-1",
            cidr=IPv4Network("10.0.0.0/22"),
            available_ips=available,
            observed_at=NOW,
        )
        for subnet_id, available in free.items()
    )
    facts = RegionFacts(
        account_id=ACCOUNT.account_id, region="eu-west-1", observed_at=NOW, vpcs=(), subnets=subnets, clusters=()
    )
    return Inventory(accounts=(ACCOUNT,), regions=(facts,), expected_regions=1)


def write(store: Store, subnet_id: str, per_day: float, now_free: int, days: int = 14) -> None:
    """Days of hourly samples with a daily shape that end with what is free now."""
    samples = []
    for hour in range(days * 24, -1, -1):
        at = NOW - hour * HOUR
        swing = 10 * (math.cos(2 * math.pi * (at.hour - 12) / 24) - 1) if hour else 0
        free = now_free + round(per_day * hour / 24 - swing)
        samples.append(SubnetSample(subnet_id=subnet_id, observed_at=at, usable_ips=USABLE, free_ips=free))
    store.add_samples(samples)


def look_ahead(store: Store, now: datetime = NOW) -> LookAhead:
    return LookAhead(store, LIMITS, lambda: now, poll=timedelta(minutes=5), blocks_floor=2)


def test_what_grows_is_found_with_its_date_and_what_stays_is_not_looked_at(store: Store) -> None:
    write(store, "subnet-grows", per_day=20, now_free=208)
    write(store, "subnet-stays", per_day=0, now_free=600)
    store.compact(NOW)
    look = look_ahead(store).look(inventory({"subnet-grows": 208, "subnet-stays": 600}))
    assert (look.screened, look.forecast, look.running_out) == (2, 1, 1)
    (found,) = store.runs_out().values()
    assert (found.subnet_id, found.method) == ("subnet-grows", "theil_sen")
    assert timedelta(days=8) < found.likely_at - NOW < timedelta(days=11)
    assert store.looked_ahead_at() == NOW


def test_a_daily_forecast_is_logged_once_a_day_however_often_one_looks(store: Store) -> None:
    write(store, "subnet-grows", per_day=20, now_free=208)
    store.compact(NOW)
    fleet = inventory({"subnet-grows": 208})
    first = look_ahead(store).look(fleet)
    second = look_ahead(store, NOW + HOUR / 2).look(fleet)
    assert (first.logged, second.logged) == (1, 0)
    (logged,) = store.forecasts_since(NOW - HOUR)
    assert logged.method == "theil_sen"
    assert NOW + timedelta(days=8) < logged.due_at <= NOW + timedelta(days=100)


def test_a_subnet_with_little_free_is_looked_at_although_it_does_not_fall(store: Store) -> None:
    write(store, "subnet-low", per_day=0, now_free=150)
    store.compact(NOW)
    look = look_ahead(store).look(inventory({"subnet-low": 150}))
    assert (look.forecast, look.running_out) == (1, 0)


def test_an_empty_history_is_looked_at_without_a_word(store: Store) -> None:
    look = look_ahead(store).look(inventory({"subnet-new": 150}))
    assert (look.forecast, look.running_out, look.logged) == (1, 0, 0)


def test_the_first_look_comes_as_soon_as_there_is_a_history_and_the_next_after_an_hour(store: Store) -> None:
    fleet = inventory({"subnet-low": 150})
    assert look_ahead(store).look_if_due(fleet) is None, "nothing is stored yet"
    write(store, "subnet-low", per_day=0, now_free=150)
    store.compact(NOW)
    assert look_ahead(store).look_if_due(fleet) is not None
    assert look_ahead(store, NOW + HOUR / 2).look_if_due(fleet) is None
    assert look_ahead(store, NOW + HOUR).look_if_due(fleet) is not None


def test_chances_are_said_once_a_day_and_scored_beside_both_baselines_when_it_is_over(store: Store) -> None:
    """A subnet that falls to its floor within the day: the threshold and the straight line are asked the same."""
    write(store, "subnet-low", per_day=0, now_free=90)
    write(store, "subnet-calm", per_day=0, now_free=150)
    store.compact(NOW)
    fleet = inventory({"subnet-low": 90, "subnet-calm": 150})
    for hours in (0, 1, 23):
        look_ahead(store, NOW + hours * HOUR).look(fleet)
    assert store.chances_said_at() == NOW
    store.add_samples(
        SubnetSample(
            subnet_id=subnet_id, observed_at=NOW + n * HOUR, usable_ips=USABLE, free_ips=max(free - step * n, 0)
        )
        for subnet_id, free, step in (("subnet-low", 90, 5), ("subnet-calm", 150, 0))
        for n in range(1, 26)
    )
    later = NOW + 25 * HOUR
    store.compact(later)
    look_ahead(store, later).look(fleet)
    judged = {one.subnet_id: one for one in store.judged_chances(NOW)}
    low, calm = judged["subnet-low"], judged["subnet-calm"]
    assert (low.outcome, calm.outcome) == (Outcome.HIT, Outcome.FALSE)
    assert (low.static, calm.static) == (1.0, 0.0)
    scores = chance_scores(judged.values())
    assert scores[Scored.STATIC] == Scoring(judged=2, ran_out=1, found=1, wrong=0, brier=0)
    shown = metrics.REGISTRY.get_sample_value("eksip_forecast_brier", {"method": "forecast"})
    assert shown == scores[Scored.OURS].brier


def forecast(due: timedelta = timedelta(hours=24), unit: str = "addresses") -> LoggedForecast:
    return LoggedForecast(
        subnet_id="subnet-1",
        method="burn_rate",
        made_at=NOW,
        due_at=NOW + due,
        likely_at=NOW + HOUR,
        free_ips=100,
        floor_ips=8,
        unit=unit,
        inputs_hash="0123456789abcdef",
    )


def hours(lows: dict[int, int | None], usable: dict[int, int] | None = None) -> list[HourLow]:
    """24 hours with 100 free, but for the given ones."""
    return [
        HourLow(int((NOW + n * HOUR).timestamp()), low, low, 5, (usable or {}).get(n, USABLE))
        for n in range(24)
        for low in (lows.get(n, 100),)
    ]


BLIND = dict.fromkeys(range(6, 12))


@pytest.mark.parametrize(
    ("past", "samples", "acked", "outcome", "at"),
    [
        pytest.param(hours({}), [], [], Outcome.FALSE, None, id="nothing came of it"),
        pytest.param(hours({}), [(3 * HOUR, 8)], [], Outcome.HIT, 3 * HOUR, id="a sample at the floor"),
        pytest.param(hours({5: 2}), [], [], Outcome.HIT, 6 * HOUR, id="an hour at the floor counts by its end"),
        pytest.param(hours({}), [(-HOUR, 3)], [], Outcome.FALSE, None, id="it was at the floor before only"),
        pytest.param(hours({}), [(25 * HOUR, 3)], [], Outcome.FALSE, None, id="it ran out too late"),
        pytest.param(hours({}), [], [2 * HOUR], Outcome.AVERTED, None, id="somebody took it on"),
        pytest.param(hours({}), [], [-2 * HOUR], Outcome.FALSE, None, id="somebody had taken another one on"),
        pytest.param(hours({5: 2}), [], [2 * HOUR], Outcome.HIT, 6 * HOUR, id="taken on, and out all the same"),
        pytest.param(hours({}, {20: 2043}), [], [], Outcome.AVERTED, None, id="it was made larger"),
        pytest.param(hours(BLIND), [], [], Outcome.UNKNOWN, None, id="six hours are not known"),
        pytest.param([], [], [], Outcome.UNKNOWN, None, id="nothing is known"),
        pytest.param(hours({**BLIND, 20: 1}), [], [], Outcome.HIT, 21 * HOUR, id="blind, and out later"),
    ],
)
def test_what_became_of_a_forecast(
    past: list[HourLow],
    samples: list[tuple[timedelta, int | None]],
    acked: list[timedelta],
    outcome: Outcome,
    at: timedelta | None,
) -> None:
    found = outcome_of(forecast(), past, [(NOW + after, free) for after, free in samples], [NOW + a for a in acked])
    assert found == (outcome, None if at is None else NOW + at)


def test_a_forecast_of_blocks_is_judged_by_blocks() -> None:
    assert outcome_of(forecast(unit="/28 blocks"), hours({}), [])[0] is Outcome.HIT


def test_due_forecasts_are_judged_from_the_stored_history_and_counted(store: Store) -> None:
    store.log_forecasts([forecast()])
    values = [(n * HOUR, 100 - 4 * n) for n in range(26)]
    store.add_samples(
        SubnetSample(subnet_id="subnet-1", observed_at=NOW + after, usable_ips=USABLE, free_ips=free)
        for after, free in values
    )
    later = NOW + 25 * HOUR
    store.compact(later)
    before = metrics.counted("eksip_forecast_total")
    assert look_ahead(store, later).look(inventory({"subnet-1": 0})).judged == 1
    (judged,) = store.forecasts_since(NOW)
    assert (judged.outcome, judged.ran_out_at) == (Outcome.HIT, NOW + 23 * HOUR)
    assert metrics.counted("eksip_forecast_total") == before + 1
    assert metrics.REGISTRY.get_sample_value("eksip_forecast_hit_ratio", {"method": "burn_rate"}) == 1
