"""The life of an alert, as a table of samples and what each one changes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.alerts import LOW_IPS, Alert, AlertStatus, Sample, Severity, Step, Subject, Timing, Transition, advance
from bot.capacity.subnets import Limits
from bot.inventory import Quality

LIMITS = Limits(floor_ips=8, low_pct=10, critical_pct=5, clear_pct=12)
TIMING = Timing(hold=timedelta(minutes=5), recover=timedelta(minutes=10), longest_gap=timedelta(minutes=15))
START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SUBJECT = Subject(
    subnet_id="subnet-1",
    label="private-1a",
    clusters=("prod-eu",),
    account_id="111122223333",
    region="eu-west-1",
    az="eu-west-1a",
)
USABLE = 1000
GOOD, BETWEEN, LOW, CRITICAL, NONE_LEFT = 500, 110, 80, 30, 0


def _sample(minute: float, free: int | None, quality: Quality = Quality.FRESH) -> Sample:
    return Sample(
        subnet_id="subnet-1",
        observed_at=START + timedelta(minutes=minute),
        usable_ips=USABLE,
        free_ips=free,
        quality=quality,
    )


def _step(alert: Alert | None, sample: Sample, timing: Timing = TIMING) -> Step:
    return advance(alert, sample, rule=LOW_IPS, subject=SUBJECT, limits=LIMITS, timing=timing)


def _run(samples: list[tuple[float, int | None]], timing: Timing = TIMING) -> tuple[Alert | None, list[str]]:
    """The alert after samples at (minute, free), and the transitions on the way."""
    alert: Alert | None = None
    seen = []
    for minute, free in samples:
        step = _step(alert, _sample(minute, free), timing)
        alert = step.alert
        seen.append(step.transition.value if step.transition else "")
    return alert, seen


FIRING: list[tuple[float, int | None]] = [(0, LOW), (5, LOW)]
RECOVERED: list[tuple[float, int | None]] = [*FIRING, (10, GOOD), (15, GOOD), (20, GOOD)]


@pytest.mark.parametrize(
    ("samples", "transitions", "status"),
    [
        pytest.param([(0, GOOD)], [""], None, id="a healthy subnet has no alert"),
        pytest.param([(0, LOW)], ["pending"], AlertStatus.PENDING, id="a first breach waits"),
        pytest.param([(0, LOW), (4, LOW)], ["pending", ""], AlertStatus.PENDING, id="not held long enough"),
        pytest.param([(0, LOW), (5, LOW)], ["pending", "opened"], AlertStatus.FIRING, id="held, it fires"),
        pytest.param([(0, LOW), (5, GOOD)], ["pending", "dropped"], AlertStatus.RESOLVED, id="a dip is dropped"),
        pytest.param([(0, NONE_LEFT)], ["opened"], AlertStatus.FIRING, id="nothing left fires at once"),
        pytest.param([(0, LOW), (1, 0)], ["pending", "opened"], AlertStatus.FIRING, id="nothing left ends the wait"),
        pytest.param([(0, LOW), (16, LOW)], ["pending", ""], AlertStatus.PENDING, id="a gap does not count as held"),
        pytest.param(
            [(0, LOW), (40, LOW), (45, LOW)],
            ["pending", "", "opened"],
            AlertStatus.FIRING,
            id="after a gap the clock runs on",
        ),
        pytest.param([*FIRING, (10, None)], ["pending", "opened", ""], AlertStatus.FIRING, id="blind, it fires on"),
        pytest.param(
            [*FIRING, (10, BETWEEN)],
            ["pending", "opened", "changed"],
            AlertStatus.FIRING,
            id="above the threshold but not clear",
        ),
        pytest.param(
            [*FIRING, (10, GOOD)], ["pending", "opened", "recovering"], AlertStatus.RECOVERING, id="recovery begins"
        ),
        pytest.param(
            [*FIRING, (10, GOOD), (15, BETWEEN), (20, GOOD), (25, GOOD)],
            ["pending", "opened", "recovering", "changed", "recovering", ""],
            AlertStatus.RECOVERING,
            id="recovery that stops short begins again",
        ),
        pytest.param(
            [*FIRING, (10, GOOD), (15, LOW)],
            ["pending", "opened", "recovering", "refired"],
            AlertStatus.FIRING,
            id="a breach while recovering fires again",
        ),
        pytest.param(
            RECOVERED,
            ["pending", "opened", "recovering", "", "resolved"],
            AlertStatus.RESOLVED,
            id="ten good minutes resolve",
        ),
        pytest.param(
            [*FIRING, (10, GOOD), (60, GOOD)],
            ["pending", "opened", "recovering", ""],
            AlertStatus.RECOVERING,
            id="an hour's gap does not resolve",
        ),
        pytest.param(
            [*FIRING, (10, CRITICAL)], ["pending", "opened", "escalated"], AlertStatus.FIRING, id="it gets worse"
        ),
        pytest.param(
            [*FIRING, (10, CRITICAL), (15, LOW), (20, CRITICAL)],
            ["pending", "opened", "escalated", "changed", "changed"],
            AlertStatus.FIRING,
            id="it escalates once",
        ),
        pytest.param(
            [*FIRING, (10, LOW - 9)], ["pending", "opened", ""], AlertStatus.FIRING, id="under 1 % is no news"
        ),
        pytest.param(
            [*FIRING, (10, LOW - 10)], ["pending", "opened", "changed"], AlertStatus.FIRING, id="1 % edits the card"
        ),
        pytest.param(
            [*RECOVERED, (25, LOW), (30, LOW)],
            ["pending", "opened", "recovering", "", "resolved", "pending", "refired"],
            AlertStatus.FIRING,
            id="within half an hour the same alert opens again",
        ),
        pytest.param(
            [*RECOVERED, (25, LOW), (30, GOOD)],
            ["pending", "opened", "recovering", "", "resolved", "pending", "dropped"],
            AlertStatus.RESOLVED,
            id="a dip after the end stays resolved",
        ),
    ],
)
def test_samples_move_the_alert(
    samples: list[tuple[float, int | None]], transitions: list[str], status: AlertStatus | None
) -> None:
    """Each sample (minute, free addresses of 1,000) changes the alert as the table says."""
    alert, seen = _run(samples)
    assert seen == transitions
    assert (alert.status if alert else None) is status


def test_an_alert_that_opens_again_keeps_its_number_and_counts() -> None:
    """A re-fire within half an hour is the same alert with a new start, its lowest figure counted anew."""
    alert, _ = _run([(0, CRITICAL), (5, CRITICAL), (10, GOOD), (15, GOOD), (20, GOOD)])
    assert alert is not None
    numbered = replace(alert, alert_id=1001)
    pending = _step(numbered, _sample(25, LOW))
    again = _step(pending.alert, _sample(30, LOW)).alert
    assert again is not None
    assert (again.alert_id, again.reopened, again.resolved_at, again.resolution) == (1001, 1, None, "")
    assert (again.active_at, again.lowest_ips) == (START + timedelta(minutes=25), LOW)
    assert again.severity is Severity.WARNING


def test_after_half_an_hour_a_breach_is_a_new_alert() -> None:
    """A breach 31 minutes after the end starts a new alert with no number yet."""
    alert, _ = _run(RECOVERED)
    assert alert is not None
    step = _step(replace(alert, alert_id=1001), _sample(51, LOW))
    assert step.transition is Transition.PENDING
    assert step.alert is not None
    assert step.alert.alert_id is None


def test_a_sample_seen_twice_changes_nothing() -> None:
    """Reading the same or an older sample again moves no clock."""
    alert, _ = _run(FIRING)
    assert _step(alert, _sample(5, GOOD)) == Step(alert=alert)
    assert _step(alert, _sample(3, NONE_LEFT)) == Step(alert=alert)


def test_severity_and_lowest_figure_remember_the_worst() -> None:
    """While it fires, severity never falls and the lowest figure never rises."""
    alert, _ = _run([*FIRING, (10, CRITICAL), (15, LOW)])
    assert alert is not None
    assert (alert.severity, alert.lowest_ips, alert.value_ips) == (Severity.CRITICAL, CRITICAL, LOW)


def test_no_hold_and_no_recovery_time_act_on_one_sample() -> None:
    """With hold and recover set to 0 one sample fires and one resolves."""
    at_once = replace(TIMING, hold=timedelta(0), recover=timedelta(0))
    alert, seen = _run([(0, LOW), (5, GOOD)], at_once)
    assert seen == ["opened", "resolved"]
    assert alert is not None
    assert alert.revision == 2


def test_a_renamed_subnet_is_renamed_on_its_alert() -> None:
    """Name and clusters follow the newest read."""
    alert, _ = _run(FIRING)
    renamed = replace(SUBJECT, label="apps-1a", clusters=())
    step = advance(alert, _sample(10, LOW), rule=LOW_IPS, subject=renamed, limits=LIMITS, timing=TIMING)
    assert step.alert is not None
    assert (step.alert.label, step.alert.clusters) == ("apps-1a", ())


_SAMPLES = st.lists(
    st.tuples(
        st.integers(min_value=1, max_value=40),
        st.sampled_from([GOOD, BETWEEN, LOW, CRITICAL, NONE_LEFT, None]),
        st.sampled_from([Quality.FRESH, Quality.FRESH, Quality.FRESH, Quality.STALE, Quality.UNKNOWN]),
    ),
    max_size=40,
)


@settings(max_examples=300, deadline=None, database=None)
@given(_SAMPLES)
def test_whatever_the_samples(found: list[tuple[int, int | None, Quality]]) -> None:
    """Only fresh samples move an alert; it fires after `hold` of fresh breach or at zero, and resolves after `recover`.

    The oracle looks at the samples alone: the run of known samples that ends at the transition, all in breach (or all
    clear), and the time between neighbours that are no further apart than the longest gap.
    """
    alert: Alert | None = None
    minute = 0
    known: list[tuple[datetime, int]] = []
    told = 0
    for pause, free, quality in found:
        minute += pause
        sample = _sample(minute, free, quality)
        step = _step(alert, sample)
        if free is None or quality is not Quality.FRESH:
            assert step == Step(alert=alert)
            continue
        known.append((sample.observed_at, free))
        before = alert.status if alert else AlertStatus.RESOLVED
        if step.transition in (Transition.OPENED, Transition.REFIRED) and before is not AlertStatus.RECOVERING:
            assert free == 0 or _fresh_time(known, at_most=99) >= TIMING.hold
        if step.transition is Transition.RESOLVED:
            assert _fresh_time(known, at_least=120) >= TIMING.recover
        if before is AlertStatus.PENDING and step.alert and step.alert.status is AlertStatus.PENDING:
            assert _fresh_time(known, at_most=99) < TIMING.hold
        if step.transition is not None and step.transition.is_told:
            told += 1
        if step.alert is not None and alert is not None and step.alert.active_at < alert.active_at:
            raise AssertionError("an alert cannot begin earlier than it did")
        alert = step.alert
        if alert is not None:
            assert alert.revision <= told


def _fresh_time(known: list[tuple[datetime, int]], *, at_least: int = 0, at_most: int = USABLE) -> timedelta:
    """Time covered by the last unbroken run of samples whose figure is within the bounds."""
    run = []
    for moment, free in reversed(known):
        if not at_least <= free <= at_most:
            break
        run.append(moment)
    gaps = [later - earlier for later, earlier in pairwise(run)]
    return sum((gap for gap in gaps if gap <= TIMING.longest_gap), timedelta(0))
