"""Forecasts in the store: the newest with a date, the log of all that named one, and the record that comes of it."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.alerts import SubnetSample
from bot.store import Store
from bot.store.forecasts import Judged, LoggedForecast, Outcome, Record, RunsOut, records

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def logged(
    made_at: datetime, *, subnet_id: str = "subnet-1", method: str = "burn_rate", outcome: Outcome = Outcome.OPEN
) -> LoggedForecast:
    return LoggedForecast(
        subnet_id=subnet_id,
        method=method,
        made_at=made_at,
        due_at=made_at + 24 * HOUR,
        likely_at=made_at + HOUR,
        free_ips=40,
        floor_ips=8,
        inputs_hash="0123456789abcdef",
        outcome=outcome,
    )


def newest(subnet_id: str, made_at: datetime, likely_at: datetime) -> RunsOut:
    return RunsOut(
        subnet_id=subnet_id,
        method="theil_sen",
        unit="addresses",
        made_at=made_at,
        earliest_at=likely_at - HOUR,
        likely_at=likely_at,
        latest_at=None,
        per_hour=-1.5,
    )


def test_a_forecast_is_logged_once_and_judged_when_it_is_due(store: Store) -> None:
    store.log_forecasts([logged(NOW), logged(NOW)])
    assert store.forecasts_to_judge(NOW + 23 * HOUR) == ()
    (due,) = store.forecasts_to_judge(NOW + 24 * HOUR)
    assert due.forecast_id is not None
    store.judge_forecasts([Judged(forecast_id=due.forecast_id, outcome=Outcome.HIT, ran_out_at=NOW + HOUR)])
    assert store.forecasts_to_judge(NOW + 24 * HOUR) == ()
    (judged,) = store.forecasts_since(NOW)
    assert (judged.outcome, judged.ran_out_at) == (Outcome.HIT, NOW + HOUR)


def test_the_newest_forecasts_come_soonest_first_and_go_when_no_date_is_named_any_more(store: Store) -> None:
    later, sooner = newest("subnet-1", NOW, NOW + 9 * HOUR), newest("subnet-2", NOW, NOW + 2 * HOUR)
    store.put_runs_out([later, sooner], ["subnet-1", "subnet-2"])
    assert tuple(store.runs_out().values()) == (sooner, later)
    again = newest("subnet-1", NOW + HOUR, NOW + 5 * HOUR)
    store.put_runs_out([again], ["subnet-1", "subnet-2"])
    assert tuple(store.runs_out().values()) == (again,)


def test_a_whole_look_drops_what_it_left_out(store: Store) -> None:
    """A subnet that is deleted, or far from its end now, is in no chunk of the look; its old date must not stay."""
    store.put_runs_out([newest("subnet-gone", NOW - HOUR, NOW + HOUR)], ["subnet-gone"])
    assert store.looked_ahead_at() is None
    store.put_runs_out([newest("subnet-1", NOW, NOW + HOUR)], ["subnet-1"])
    store.end_look(NOW)
    assert list(store.runs_out()) == ["subnet-1"]
    assert store.looked_ahead_at() == NOW


def test_what_was_free_at_a_time_is_that_of_its_hour_repeated_or_not(store: Store) -> None:
    still = [
        SubnetSample(subnet_id="subnet-1", observed_at=NOW + n * HOUR, usable_ips=251, free_ips=90) for n in range(6)
    ]
    gone_blind = SubnetSample(subnet_id="subnet-2", observed_at=NOW + HOUR, usable_ips=251, free_ips=None)
    store.add_samples([*still, gone_blind])
    store.compact(NOW + 7 * HOUR)
    assert store.free_at(["subnet-1", "subnet-2", "subnet-3"], NOW + 4 * HOUR) == {"subnet-1": 90}
    assert store.free_at(["subnet-1"], NOW - HOUR) == {}


HIT, FALSE, AVERTED, UNKNOWN, OPEN = Outcome.HIT, Outcome.FALSE, Outcome.AVERTED, Outcome.UNKNOWN, Outcome.OPEN


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param([], {}, id="nothing logged"),
        pytest.param([(0, FALSE), (1, FALSE), (2, HIT)], {"burn_rate": Record(judged=1, hits=1)}, id="one episode"),
        pytest.param([(0, FALSE), (9, HIT)], {"burn_rate": Record(judged=2, hits=1)}, id="two episodes"),
        pytest.param(
            [(0, FALSE), (1, AVERTED)],
            {"burn_rate": Record(judged=0, hits=0, averted=1)},
            id="somebody acted: it counts neither way",
        ),
        pytest.param(
            [(0, AVERTED), (1, HIT)], {"burn_rate": Record(judged=1, hits=1)}, id="acted, and it ran out all the same"
        ),
        pytest.param([(0, UNKNOWN), (5, OPEN)], {}, id="not known yet"),
    ],
)
def test_a_record_counts_episodes(rows: list[tuple[int, Outcome]], expected: dict[str, Record]) -> None:
    assert records(logged(NOW + hour * HOUR, outcome=outcome) for hour, outcome in rows) == expected


def test_episodes_of_subnets_and_methods_are_apart_and_a_daily_method_is_not_broken_by_a_day() -> None:
    rows = [
        logged(NOW, outcome=HIT),
        logged(NOW, subnet_id="subnet-2", outcome=FALSE),
        logged(NOW, method="theil_sen", outcome=FALSE),
        logged(NOW + 24 * HOUR, method="theil_sen", outcome=HIT),
    ]
    assert records(rows) == {"burn_rate": Record(judged=2, hits=1), "theil_sen": Record(judged=1, hits=1)}
