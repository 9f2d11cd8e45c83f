"""The chance to run out within a day, read off a forecast's range, and its score."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.capacity.forecast.chance import Scoring, day_chance, scoring
from bot.capacity.forecast.series import Unit
from bot.capacity.forecast.verdicts import Forecast, Method, Outlook, Verdict

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def outlook(verdict: Verdict, method: Method, *hours: float | None) -> Outlook:
    """An outlook of which one method speaks; the hours are its earliest, likely and latest moment."""
    silent = Forecast(
        key="subnet-1",
        method=Method.THEIL_SEN,
        verdict=Verdict.NO_TREND,
        made_at=NOW,
        horizon=timedelta(days=90),
        unit=Unit.ADDRESSES,
        free=100,
        floor=8,
        reason="",
    )
    dates = [None if hour is None else NOW + timedelta(hours=hour) for hour in hours] or [None, None, None]
    speaks = replace(silent, method=method, verdict=verdict, earliest=dates[0], likely=dates[1], latest=dates[2])
    rest = {each: replace(silent, method=each) for each in Method}
    found = {**rest, method: speaks}
    return Outlook(
        key="subnet-1",
        burn_rate=found[Method.BURN_RATE],
        holt_winters=found[Method.HOLT_WINTERS],
        theil_sen=found[Method.THEIL_SEN],
    )


@pytest.mark.parametrize(
    ("found", "chance"),
    [
        pytest.param(outlook(Verdict.NO_TREND, Method.THEIL_SEN), 0.0, id="no date"),
        pytest.param(outlook(Verdict.STALE, Method.THEIL_SEN), None, id="not known now"),
        pytest.param(outlook(Verdict.NOT_ENOUGH_HISTORY, Method.THEIL_SEN), None, id="too little history"),
        pytest.param(outlook(Verdict.OUT, Method.BURN_RATE), None, id="out already"),
        pytest.param(outlook(Verdict.RUNS_OUT, Method.BURN_RATE, 0.5, 1, 2), 0.95, id="long before the day is over"),
        pytest.param(outlook(Verdict.RUNS_OUT, Method.BURN_RATE, 0.5, 1, None), 0.5, id="perhaps never"),
        pytest.param(outlook(Verdict.RUNS_OUT, Method.HOLT_WINTERS, 12, 24, 36), 0.5, id="likely at its end"),
        pytest.param(outlook(Verdict.RUNS_OUT, Method.THEIL_SEN, 48, 96, 192), 0.125, id="days from now"),
        pytest.param(outlook(Verdict.RUNS_OUT, Method.THEIL_SEN, 0, 20, 24), 0.75, id="quarters of the slope"),
    ],
)
def test_the_chance_within_a_day_is_read_off_the_range(found: Outlook, chance: float | None) -> None:
    assert day_chance(found) == (None if chance is None else pytest.approx(chance))


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        pytest.param([], None, id="nothing judged"),
        pytest.param(
            [(1.0, True), (0.5, False)],
            Scoring(judged=2, ran_out=1, found=1, wrong=1, brier=0.125),
            id="a half is an alarm",
        ),
        pytest.param(
            [(0.0, True), (0.0, False)],
            Scoring(judged=2, ran_out=1, found=0, wrong=0, brier=0.5),
            id="who says nothing",
        ),
    ],
)
def test_chances_are_scored_by_their_squared_error(said: list[tuple[float, bool]], expected: Scoring | None) -> None:
    assert scoring(said) == expected
