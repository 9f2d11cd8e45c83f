"""The life of an alert, as a table of samples and what each one changes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.alerts import (
    LOW_IPS,
    Alert,
    AlertStatus,
    Gone,
    Severity,
    Step,
    Subject,
    SubjectKind,
    SubnetSample,
    Thresholds,
    TimeLeft,
    Timing,
    Transition,
    advance,
    after_downtime,
    deleted,
    rule_removed,
)
from bot.capacity.subnets import Limits
from bot.inventory import Quality

THRESHOLDS = Thresholds(subnets=Limits(floor_ips=8, low_pct=10, critical_pct=5, clear_pct=12))
TIMING = Timing(hold=timedelta(minutes=5), recover=timedelta(minutes=10), longest_gap=timedelta(minutes=15))
START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SUBJECT = Subject(
    scope_kind=SubjectKind.SUBNET,
    scope_key="subnet:subnet-1",
    label="private-1a",
    clusters=("prod-eu",),
    account_id="111122223333",
    region="eu-west-1",
    az_id="euw1-az1",
    az="eu-west-1a",
    vpc_id="vpc-1",
)
POLL = timedelta(minutes=5)
USABLE = 1000
GOOD, BETWEEN, LOW, CRITICAL, NONE_LEFT = 500, 110, 80, 30, 0


def _sample(
    minute: float,
    free: int | None,
    quality: Quality = Quality.FRESH,
    *,
    left: timedelta | None = None,
    refused: str = "",
) -> SubnetSample:
    return SubnetSample(
        subnet_id="subnet-1",
        observed_at=START + timedelta(minutes=minute),
        usable_ips=USABLE,
        free_ips=free,
        quality=quality,
        time_left=left,
        refused=refused,
    )


def _step(alert: Alert | None, sample: SubnetSample, timing: Timing = TIMING) -> Step:
    return advance(alert, sample, rule=LOW_IPS, subject=SUBJECT, thresholds=THRESHOLDS, timing=timing)


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
        pytest.param(
            [(0, LOW), (5, GOOD)], ["pending", ""], AlertStatus.PENDING, id="one good sample of three ends no wait"
        ),
        pytest.param(
            [(0, LOW), (5, GOOD), (10, GOOD)], ["pending", "", "dropped"], AlertStatus.RESOLVED, id="a dip is dropped"
        ),
        pytest.param(
            [(0, LOW), (5, GOOD), (10, LOW)],
            ["pending", "", "opened"],
            AlertStatus.FIRING,
            id="two of the last three samples fire it",
        ),
        pytest.param(
            [(0, LOW), (5, GOOD), (9, LOW), (10, LOW)],
            ["pending", "", "", "opened"],
            AlertStatus.FIRING,
            id="time that ends in a good sample is not held",
        ),
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
            [*RECOVERED, (25, LOW), (30, GOOD), (35, GOOD)],
            ["pending", "opened", "recovering", "", "resolved", "pending", "", "dropped"],
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
    assert (again.active_at, again.worst_value) == (START + timedelta(minutes=25), LOW)
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


@pytest.mark.parametrize(
    ("samples", "transitions", "status"),
    [
        pytest.param(
            [(60, LOW), (0, LOW), (5, LOW)], ["pending", "", "opened"], AlertStatus.FIRING, id="a pending one goes on"
        ),
        pytest.param(
            [(60, NONE_LEFT), (0, GOOD), (5, GOOD), (10, GOOD)],
            ["opened", "recovering", "", "resolved"],
            AlertStatus.RESOLVED,
            id="a firing one ends",
        ),
        pytest.param(
            [(60, LOW), (50, LOW), (60, LOW)], ["pending", "", ""], AlertStatus.PENDING, id="an answer that came late"
        ),
    ],
)
def test_a_clock_that_was_set_back_holds_no_alert_up(
    samples: list[tuple[float, int | None]], transitions: list[str], status: AlertStatus
) -> None:
    """Samples far older than the last one count, with no time passed; a little older they came late and do not."""
    alert, seen = _run(samples)
    assert alert is not None
    assert (seen, alert.status) == (transitions, status)


def test_severity_and_lowest_figure_remember_the_worst() -> None:
    """While it fires, severity never falls and the lowest figure never rises."""
    alert, _ = _run([*FIRING, (10, CRITICAL), (15, LOW)])
    assert alert is not None
    assert (alert.severity, alert.worst_value, alert.value) == (Severity.CRITICAL, CRITICAL, LOW)


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
    step = advance(alert, _sample(10, LOW), rule=LOW_IPS, subject=renamed, thresholds=THRESHOLDS, timing=TIMING)
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

    The oracle looks at the samples alone: what was known since the last end, how much time between neighbours no
    further apart than the longest gap ended in a breach, and the unbroken run of clear samples before the end.
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
        breached = [count <= 99 for _, count in known[-TIMING.window :]].count(True)
        if step.transition in (Transition.OPENED, Transition.REFIRED) and before is not AlertStatus.RECOVERING:
            assert free == 0 or (breached >= TIMING.breaches and _breached_time(known) >= TIMING.hold)
        if step.transition is Transition.RESOLVED:
            assert _fresh_time(known, at_least=120) >= TIMING.recover
        if step.transition is Transition.DROPPED:
            assert breached < TIMING.breaches
            assert free >= 100
        if before is AlertStatus.PENDING and step.alert and step.alert.status is AlertStatus.PENDING:
            assert free != 0
            assert _fresh_time(known, at_most=99) < TIMING.hold or breached < TIMING.breaches
        if step.transition is not None and step.transition.is_told:
            told += 1
        if step.alert is not None and alert is not None and step.alert.active_at < alert.active_at:
            raise AssertionError("an alert cannot begin earlier than it did")
        alert = step.alert
        if alert is not None:
            assert alert.revision <= told


def _breached_time(known: list[tuple[datetime, int]]) -> timedelta:
    """Time covered by neighbours of which the later breached: no run of breaches can have held for longer."""
    gaps = [later - earlier for (earlier, _), (later, free) in pairwise(known) if free <= 99]
    return sum((gap for gap in gaps if gap <= TIMING.longest_gap), timedelta(0))


def _fresh_time(known: list[tuple[datetime, int]], *, at_least: int = 0, at_most: int = USABLE) -> timedelta:
    """Time covered by the last unbroken run of samples whose figure is within the bounds."""
    run = []
    for moment, free in reversed(known):
        if not at_least <= free <= at_most:
            break
        run.append(moment)
    gaps = [later - earlier for later, earlier in pairwise(run)]
    return sum((gap for gap in gaps if gap <= TIMING.longest_gap), timedelta(0))


def test_a_refused_allocation_fires_at_once_and_critical() -> None:
    """An InsufficientFreeAddressesInSubnet seen proves more than a count that still looks good."""
    step = _step(None, _sample(0, GOOD, refused="InsufficientFreeAddressesInSubnet"))
    assert step.transition is Transition.OPENED
    assert step.alert is not None
    assert step.alert.severity is Severity.CRITICAL


def _firing_with(left: timedelta | None) -> Alert:
    first = _step(None, _sample(0, LOW, left=left)).alert
    alert = _step(first, _sample(5, LOW, left=left)).alert
    assert alert is not None
    assert alert.status is AlertStatus.FIRING
    return alert


@pytest.mark.parametrize(
    ("before", "after", "transition"),
    [
        pytest.param(timedelta(days=3), timedelta(days=2), None, id="days stay days"),
        pytest.param(timedelta(days=3), timedelta(hours=23), Transition.ESCALATED, id="days to under 24 h"),
        pytest.param(timedelta(hours=23), timedelta(hours=3), None, id="hours stay hours"),
        pytest.param(timedelta(hours=3), timedelta(minutes=119), Transition.ESCALATED, id="hours to under 2 h"),
        pytest.param(timedelta(minutes=30), timedelta(minutes=5), None, id="minutes stay minutes"),
        pytest.param(timedelta(hours=1), timedelta(days=3), None, id="more time left is no escalation"),
        pytest.param(timedelta(hours=1), None, None, id="a forecast that ends is no escalation"),
        pytest.param(None, timedelta(days=3), None, id="days left are no news"),
        pytest.param(None, timedelta(hours=1), Transition.ESCALATED, id="a first forecast of minutes is news"),
    ],
)
def test_time_left_escalates_by_its_class(
    before: timedelta | None, after: timedelta | None, transition: Transition | None
) -> None:
    """A firing alert escalates when its time left falls from days to under 24 hours to under two, and only then."""
    assert _step(_firing_with(before), _sample(10, LOW, left=after)).transition is transition


def test_an_escalation_by_time_left_happens_once() -> None:
    """The most urgent class is remembered, so a forecast that swings to and fro is told once."""
    alert: Alert | None = _firing_with(timedelta(days=3))
    seen = []
    for minute, hours in ((10, 1), (15, 30), (20, 1)):
        step = _step(alert, _sample(minute, LOW, left=timedelta(hours=hours)))
        alert = step.alert
        seen.append(step.transition)
    assert seen == [Transition.ESCALATED, None, None]
    assert alert is not None
    assert alert.time_left is TimeLeft.WITHIN_TWO_HOURS


SAWTOOTH = [(minute, free) for at in range(10, 40, 10) for minute, free in ((at, GOOD), (at + 5, LOW))]


def test_three_flaps_in_an_hour_double_the_recovery() -> None:
    """After the third fall back within the hour twenty good minutes resolve, not ten."""
    alert, seen = _run([*FIRING, *SAWTOOTH])
    assert seen.count("refired") == 3
    assert alert is not None
    assert alert.is_flapping
    after, seen = _run([*FIRING, *SAWTOOTH, (40, GOOD), (45, GOOD), (50, GOOD), (55, GOOD), (60, GOOD)])
    assert seen[-5:] == ["recovering", "", "", "", "resolved"]
    assert after is not None
    assert after.resolved_at == START + timedelta(minutes=60)


def test_flaps_of_more_than_an_hour_ago_count_no_more() -> None:
    """Once the third last fall back is an hour old, ten good minutes resolve again."""
    long_fire = [(minute, LOW) for minute in range(40, 80, 5)]
    alert, seen = _run([*FIRING, *SAWTOOTH, *long_fire, (80, GOOD), (85, GOOD), (90, GOOD)])
    assert seen[-3:] == ["recovering", "", "resolved"]
    assert alert is not None
    assert alert.flaps == 3


@pytest.mark.parametrize("quality", [Quality.STALE, Quality.UNKNOWN, Quality.GONE])
def test_what_is_not_fresh_leaves_every_state_as_it_is(quality: Quality) -> None:
    """Stale data stops the clocks: no state changes, whatever the figure says."""
    for samples in ([(0, LOW)], FIRING, [*FIRING, (10, GOOD)], RECOVERED):
        alert, _ = _run(list(samples))
        assert _step(alert, _sample(30, NONE_LEFT, quality)) == Step(alert=alert)
        assert _step(alert, _sample(30, GOOD, quality)) == Step(alert=alert)


def _gone(*, absent: tuple[float, float], asked: float, key: str = "subnet:subnet-1") -> Gone:
    first, last = (START + timedelta(minutes=minute) for minute in absent)
    return Gone(
        scope_key=key,
        first_absent_at=first,
        last_absent_at=last,
        not_found_at=START + timedelta(minutes=asked),
    )


@pytest.mark.parametrize(
    ("proof", "holds"),
    [
        pytest.param(_gone(absent=(10, 20), asked=20), True, id="absent twice two polls apart, and not found"),
        pytest.param(_gone(absent=(10, 15), asked=20), False, id="absent in two polls next to each other"),
        pytest.param(_gone(absent=(10, 10), asked=20), False, id="absent once"),
        pytest.param(_gone(absent=(10, 20), asked=19), False, id="asked for before the last listing"),
        pytest.param(_gone(absent=(10, 20), asked=20, key="subnet:subnet-2"), False, id="another subnet's proof"),
    ],
)
def test_a_subnet_is_gone_only_with_proof(proof: Gone, holds: bool) -> None:
    """An alert of a subnet that is not listed ends as deleted with full proof, and else fires on."""
    alert, _ = _run(FIRING)
    assert alert is not None
    step = deleted(alert, proof, POLL)
    if holds:
        assert step.transition is Transition.RESOLVED
        assert step.alert is not None
        assert (step.alert.resolution, step.alert.resolved_at) == ("deleted", proof.not_found_at)
    else:
        assert step == Step(alert=alert)


@pytest.mark.parametrize(
    ("samples", "transition"),
    [
        pytest.param(FIRING, Transition.RESOLVED, id="a firing alert is resolved"),
        pytest.param([*FIRING, (10, GOOD)], Transition.RESOLVED, id="a recovering one too"),
        pytest.param([(0, LOW)], Transition.DROPPED, id="a pending one is dropped in silence"),
        pytest.param(RECOVERED, None, id="a resolved one keeps its end"),
        pytest.param([*RECOVERED, (25, LOW)], Transition.DROPPED, id="one about to open again stays resolved"),
    ],
)
def test_a_removed_rule_ends_its_alerts(samples: list[tuple[float, int | None]], transition: Transition | None) -> None:
    """When a rule is removed, what was told of it is resolved with that reason."""
    alert, _ = _run(samples)
    assert alert is not None
    step = rule_removed(alert, START + timedelta(hours=1))
    assert step.transition is transition
    assert step.alert is not None
    assert step.alert.status is AlertStatus.RESOLVED
    if transition is Transition.RESOLVED:
        assert step.alert.resolution == "rule removed"


def test_another_threshold_is_applied_at_the_next_sample() -> None:
    """A changed threshold neither ends nor starts an alert by itself: the next sample is judged by it."""
    alert, _ = _run(FIRING)
    looser = Thresholds(subnets=Limits(floor_ips=8, low_pct=5, critical_pct=2, clear_pct=6))
    step = advance(alert, _sample(10, LOW), rule=LOW_IPS, subject=SUBJECT, thresholds=looser, timing=TIMING)
    assert step.transition is Transition.RECOVERING
    assert step.alert is not None
    assert step.alert.threshold == 50


@pytest.mark.parametrize(
    ("samples", "down", "shifts"),
    [
        pytest.param([(0, LOW)], timedelta(minutes=16), True, id="a pending clock after a long downtime"),
        pytest.param([(0, LOW)], timedelta(minutes=15), False, id="a pending clock after three polls"),
        pytest.param(FIRING, timedelta(hours=3), False, id="a firing alert"),
        pytest.param([*FIRING, (10, GOOD)], timedelta(hours=3), False, id="a recovering alert"),
    ],
)
def test_a_restart_shifts_pending_clocks_alone(
    samples: list[tuple[float, int | None]], down: timedelta, shifts: bool
) -> None:
    """After more than three polls of downtime what is pending began later by the downtime; the rest is untouched."""
    alert, _ = _run(samples)
    assert alert is not None
    down_at = START + timedelta(minutes=11)
    after = after_downtime(alert, down_at, down_at + down, POLL)
    assert after.active_at - alert.active_at == (down if shifts else timedelta(0))
    assert replace(after, active_at=alert.active_at) == alert


def test_a_downtime_counts_for_nothing() -> None:
    """A pending alert needs its full time after a restart: one sample before and one after do not fire it."""
    alert, _ = _run([(0, LOW)])
    assert alert is not None
    up_at = START + timedelta(hours=2)
    back = after_downtime(alert, START + timedelta(minutes=1), up_at, POLL)
    step = _step(back, _sample(120, LOW))
    assert step.transition is None
    assert step.alert is not None
    assert step.alert.status is AlertStatus.PENDING
    assert _step(step.alert, _sample(125, LOW)).transition is Transition.OPENED


@pytest.mark.parametrize(
    ("samples", "transitions"),
    [
        pytest.param([LOW, LOW, LOW], ["pending", "", "opened"], id="three in a row"),
        pytest.param([LOW, LOW, GOOD, LOW], ["pending", "", "", "opened"], id="three of four"),
        pytest.param([LOW, GOOD, LOW, GOOD, LOW], ["pending", "", "", "", ""], id="never three of four"),
        pytest.param([LOW, GOOD, GOOD], ["pending", "", "dropped"], id="out of reach"),
        pytest.param([LOW, LOW, GOOD, GOOD], ["pending", "", "", "dropped"], id="out of reach after two"),
    ],
)
def test_as_many_samples_must_breach_as_the_timing_asks(samples: list[int], transitions: list[str]) -> None:
    """With three of four samples asked for, time held is not enough, and a wait without hope ends."""
    strict = replace(TIMING, breaches=3, window=4)
    _, seen = _run([(5 * at, free) for at, free in enumerate(samples)], strict)
    assert seen == transitions
