"""Silences, acks and quiet hours: what is kept quiet, until when, and what they never keep quiet."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stored_alerts import FIRING

from bot.alerts import Alert, Severity, SubjectKind, TimeLeft
from bot.alerts.acks import ack, ack_holds
from bot.alerts.quiet import MuteWindow, muted_until
from bot.alerts.silences import (
    LONGEST,
    Silence,
    covers,
    done_early,
    end_due,
    reminder_due,
    silence_end,
    silence_of,
    still_firing,
)
from bot.errors import UserError
from bot.scope import Scope, ScopeKind

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
HOUR = timedelta(hours=1)
ALERT = replace(FIRING, alert_id=4821, az_id="euw1-az1", vpc_id="vpc-1", clusters=("prod-eu",))
RESOLVED = replace(ALERT, resolved_at=NOW, resolution="recovered")
SILENCE = Silence(
    silence_id=7, alert_ids=(4821,), created_by="U1", created_at=NOW, starts_at=NOW, ends_at=NOW + 2 * HOUR
)


def _scoped(kind: ScopeKind, value: str = "", **changes: object) -> Silence:
    return replace(SILENCE, alert_ids=(), scope=Scope(kind=kind, value=value), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("silence", "covered"),
    [
        pytest.param(SILENCE, True, id="its number"),
        pytest.param(replace(SILENCE, alert_ids=(4822,)), False, id="another number"),
        pytest.param(_scoped(ScopeKind.ALL), True, id="everything"),
        pytest.param(_scoped(ScopeKind.ACCOUNT, "111122223333"), True, id="its account"),
        pytest.param(_scoped(ScopeKind.ACCOUNT, "999988887777"), False, id="another account"),
        pytest.param(_scoped(ScopeKind.REGION, "eu-west-1"), True, id="its region"),
        pytest.param(_scoped(ScopeKind.REGION, "eu-west-2"), False, id="another region"),
        pytest.param(_scoped(ScopeKind.VPC, "vpc-1"), True, id="its VPC"),
        pytest.param(_scoped(ScopeKind.VPC, "vpc-2"), False, id="another VPC"),
        pytest.param(_scoped(ScopeKind.AZ, "euw1-az1"), True, id="its AZ id"),
        pytest.param(_scoped(ScopeKind.AZ, "eu-west-1a"), True, id="its AZ name"),
        pytest.param(_scoped(ScopeKind.AZ, "eu-west-1b"), False, id="another AZ"),
        pytest.param(_scoped(ScopeKind.SUBNET, "subnet-1"), True, id="its subnet"),
        pytest.param(_scoped(ScopeKind.SUBNET, "subnet-2"), False, id="another subnet"),
        pytest.param(_scoped(ScopeKind.CLUSTER, "111122223333/eu-west-1/prod-eu"), True, id="its cluster"),
        pytest.param(
            _scoped(ScopeKind.CLUSTER, "999988887777/eu-west-1/prod-eu"), False, id="that name in another account"
        ),
        pytest.param(_scoped(ScopeKind.ALL, rules=("low_ips",)), True, id="its rule"),
        pytest.param(_scoped(ScopeKind.ALL, rules=("burn_rate",)), False, id="another rule"),
        pytest.param(_scoped(ScopeKind.ALL, severities=(Severity.WARNING,)), False, id="warnings only"),
        pytest.param(_scoped(ScopeKind.ALL, severities=(Severity.CRITICAL,)), True, id="its severity"),
    ],
)
def test_a_silence_covers_what_it_names(silence: Silence, covered: bool) -> None:
    """A critical low_ips alert of subnet-1 in prod-eu is covered by the silences that name it, and by no other."""
    assert covers(silence, ALERT) is covered
    assert (silence_of(ALERT, [silence], NOW) is not None) is covered


def test_a_vpc_alert_is_in_its_vpc() -> None:
    """An alert about a VPC itself is covered by the VPC's silence."""
    about = replace(ALERT, rule="vpc_nau", scope_kind=SubjectKind.VPC, scope_key="vpc:vpc-9", vpc_id="")
    assert covers(_scoped(ScopeKind.VPC, "vpc-9"), about)


@pytest.mark.parametrize(
    ("silence", "after", "active"),
    [
        pytest.param(SILENCE, timedelta(0), True, id="from its start"),
        pytest.param(SILENCE, 2 * HOUR - timedelta(seconds=1), True, id="to just before its end"),
        pytest.param(SILENCE, 2 * HOUR, False, id="not at its end"),
        pytest.param(replace(SILENCE, lifted_at=NOW + HOUR), HOUR, False, id="not once lifted"),
        pytest.param(
            replace(SILENCE, starts_at=NOW + HOUR), timedelta(minutes=59), False, id="a maintenance window to come"
        ),
        pytest.param(replace(SILENCE, starts_at=NOW + HOUR), HOUR, True, id="a maintenance window begun"),
    ],
)
def test_a_silence_holds_between_its_times(silence: Silence, after: timedelta, active: bool) -> None:
    """A silence acts from its start to its end, unless it was lifted."""
    assert (silence_of(ALERT, [silence], NOW + after) is not None) is active


def test_of_several_silences_the_longest_counts() -> None:
    """Where two silences cover an alert, the one that ends last says until when."""
    longer = replace(SILENCE, silence_id=8, ends_at=NOW + 3 * HOUR)
    assert silence_of(ALERT, [SILENCE, longer], NOW) == longer
    lifted = replace(longer, lifted_at=NOW + timedelta(minutes=5))
    assert silence_of(ALERT, [SILENCE, lifted], NOW) == SILENCE


def test_a_resolution_is_never_silenced() -> None:
    """Whatever the silence, the end of an alert is told."""
    assert silence_of(RESOLVED, [_scoped(ScopeKind.ALL)], NOW) is None


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"ends_at": NOW}, id="no length"),
        pytest.param({"ends_at": NOW + LONGEST + timedelta(seconds=1)}, id="longer than a week"),
        pytest.param({"alert_ids": ()}, id="about nothing"),
        pytest.param({"scope": Scope(kind=ScopeKind.ALL)}, id="about alerts and a scope"),
        pytest.param(
            {"alert_ids": (), "scope": Scope(kind=ScopeKind.ALL), "until_resolved": True}, id="a scope until resolved"
        ),
    ],
)
def test_a_silence_that_makes_no_sense_cannot_be_made(changes: dict[str, object]) -> None:
    """Every silence has an end within a week, and one thing it is about."""
    with pytest.raises(ValueError, match=r"silence|silenced"):
        replace(SILENCE, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("silence", "after", "due"),
    [
        pytest.param(SILENCE, timedelta(minutes=104), False, id="16 minutes before the end"),
        pytest.param(SILENCE, timedelta(minutes=105), True, id="15 minutes before the end"),
        pytest.param(replace(SILENCE, reminded_at=NOW), timedelta(minutes=110), False, id="once"),
        pytest.param(replace(SILENCE, lifted_at=NOW), timedelta(minutes=110), False, id="not when lifted"),
        pytest.param(SILENCE, 2 * HOUR, False, id="not when over"),
        pytest.param(
            replace(SILENCE, ends_at=NOW + timedelta(minutes=30)),
            timedelta(minutes=20),
            False,
            id="not for half an hour",
        ),
    ],
)
def test_the_end_of_a_silence_is_announced_once(silence: Silence, after: timedelta, due: bool) -> None:
    """A reminder is due in the last quarter of an hour of a silence that was longer than half an hour."""
    assert reminder_due(silence, NOW + after) is due


def test_at_the_end_what_still_fires_is_named_once() -> None:
    """When a silence ends by itself its firing alerts are named; when it was lifted somebody knows."""
    over = NOW + 2 * HOUR
    assert end_due(SILENCE, over)
    assert not end_due(SILENCE, over - timedelta(seconds=1))
    assert not end_due(replace(SILENCE, end_told_at=over), over)
    assert not end_due(replace(SILENCE, lifted_at=NOW + HOUR), over)
    other = replace(ALERT, alert_id=4822)
    recovering = replace(ALERT, recovering_at=NOW)
    assert still_firing(SILENCE, [ALERT, other]) == (ALERT,)
    assert still_firing(SILENCE, [recovering]) == (recovering,)
    assert still_firing(SILENCE, [RESOLVED]) == ()


def test_until_resolved_ends_with_the_last_of_its_alerts() -> None:
    """Such a silence is done when each alert it names is resolved, and not while one may open again."""
    both = replace(SILENCE, alert_ids=(4821, 4822), until_resolved=True)
    other = replace(ALERT, alert_id=4822)
    assert not done_early(both, [RESOLVED, other], NOW)
    assert done_early(both, [RESOLVED, replace(RESOLVED, alert_id=4822)], NOW)
    assert not done_early(both, [RESOLVED, replace(RESOLVED, alert_id=4822, reopening_at=NOW)], NOW)
    assert not done_early(SILENCE, [RESOLVED], NOW)


@pytest.mark.parametrize(
    ("words", "end"),
    [
        pytest.param("30m", NOW + timedelta(minutes=30), id="30m"),
        pytest.param("for 2h", NOW + 2 * HOUR, id="for 2h"),
        pytest.param("1d12h", NOW + 36 * HOUR, id="1d12h"),
        pytest.param("1 h 30 min", NOW + timedelta(minutes=90), id="with spaces"),
        pytest.param("7d", NOW + LONGEST, id="a week"),
        # 09:00 UTC is 10:00 in Berlin in November
        pytest.param("tomorrow", datetime(2026, 11, 24, 8, 0, tzinfo=UTC), id="tomorrow is nine o'clock"),
        pytest.param("until tomorrow 08:30", datetime(2026, 11, 24, 7, 30, tzinfo=UTC), id="tomorrow 08:30"),
        pytest.param("until 18:00", datetime(2026, 11, 23, 17, 0, tzinfo=UTC), id="later today"),
        pytest.param("9:30", datetime(2026, 11, 24, 8, 30, tzinfo=UTC), id="a clock time that has passed"),
    ],
)
def test_the_end_of_a_silence_in_words(words: str, end: datetime) -> None:
    """Lengths and clock times are understood, the latter in the reader's zone."""
    assert silence_end(words, NOW, BERLIN) == (end, False)


def test_until_resolved_has_an_end_too() -> None:
    """A silence until resolved ends after a week at the latest."""
    assert silence_end("until resolved", NOW, BERLIN) == (NOW + LONGEST, True)


@pytest.mark.parametrize("words", ["", "soon", "0m", "8d", "25:00", "tomorrow morning", "tomorrowish", "-2h", "2h3"])
def test_other_words_are_refused_with_an_example(words: str) -> None:
    """What is not understood, or too long, is refused in one sentence."""
    with pytest.raises(UserError):
        silence_end(words, NOW, BERLIN)


ACK = ack(ALERT, 4821, acked_by="U1", name="Ana", now=NOW)


@pytest.mark.parametrize(
    ("alert", "after", "holds"),
    [
        pytest.param(ALERT, timedelta(0), True, id="at once"),
        pytest.param(ALERT, 8 * HOUR, False, id="for eight hours"),
        pytest.param(replace(ALERT, severity=Severity.WARNING), HOUR, True, id="while it gets no worse"),
        pytest.param(
            replace(ALERT, time_left=TimeLeft.WITHIN_TWO_HOURS), HOUR, False, id="not when little time is left"
        ),
        pytest.param(replace(ALERT, time_left=TimeLeft.DAYS), HOUR, True, id="while days are left"),
        pytest.param(replace(ALERT, fired_at=NOW + HOUR), 2 * HOUR, False, id="not for a firing that began later"),
        pytest.param(replace(ALERT, alert_id=4822), HOUR, False, id="not for another alert"),
    ],
)
def test_an_ack_speaks_for_what_was_acked(alert: Alert, after: timedelta, holds: bool) -> None:
    """An ack holds for eight hours while the alert is the one that was acked, and no worse."""
    assert ack_holds(ACK, alert, NOW + after) is holds


def test_an_ack_of_a_warning_is_void_once_it_is_critical() -> None:
    """Severity that worsens needs a new ack."""
    mild = ack(replace(ALERT, severity=Severity.WARNING), 4821, acked_by="U1", name="Ana", now=NOW)
    assert not ack_holds(mild, ALERT, NOW)


NIGHT = MuteWindow(channel="C1", zone=BERLIN, starts=time(22), ends=time(7))
DAY = MuteWindow(channel="C1", zone=BERLIN, starts=time(12), ends=time(13), days=frozenset({0}))


def _local(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=BERLIN).astimezone(UTC)  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("window", "now", "until"),
    [
        pytest.param(NIGHT, _local(2026, 11, 23, 21, 59), None, id="before the night"),
        pytest.param(NIGHT, _local(2026, 11, 23, 22), _local(2026, 11, 24, 7), id="the night begins"),
        pytest.param(NIGHT, _local(2026, 11, 24, 3), _local(2026, 11, 24, 7), id="after midnight"),
        pytest.param(NIGHT, _local(2026, 11, 24, 7), None, id="the night ends"),
        pytest.param(NIGHT, _local(2026, 7, 1, 23), _local(2026, 7, 2, 7), id="summer time"),
        pytest.param(DAY, _local(2026, 11, 23, 12, 30), _local(2026, 11, 23, 13), id="Monday noon"),
        pytest.param(DAY, _local(2026, 11, 24, 12, 30), None, id="not on Tuesday"),
        pytest.param(
            replace(NIGHT, days=frozenset({4})),
            _local(2026, 11, 28, 3),
            _local(2026, 11, 28, 7),
            id="Friday night is Saturday",
        ),
        pytest.param(replace(NIGHT, days=frozenset({5})), _local(2026, 11, 28, 3), None, id="Saturday night is not"),
    ],
)
def test_quiet_hours_are_on_the_wall_clock(window: MuteWindow, now: datetime, until: datetime | None) -> None:
    """A window is a time of day of the channel's own zone, and belongs to the day on which it starts."""
    assert muted_until([window], "C1", Severity.WARNING, now) == until


@pytest.mark.parametrize(
    ("night", "length"),
    [
        pytest.param((2026, 3, 28), 8 * HOUR, id="the night that loses an hour"),
        pytest.param((2026, 10, 24), 10 * HOUR, id="the night that has one more"),
        pytest.param((2026, 11, 23), 9 * HOUR, id="any other night"),
    ],
)
def test_daylight_saving_changes_the_length_of_a_night(night: tuple[int, int, int], length: timedelta) -> None:
    """From 22:00 to 07:00 is eight, nine or ten hours."""
    start = _local(*night, 22)
    end = muted_until([NIGHT], "C1", Severity.WARNING, start)
    assert end is not None
    assert end - start == length
    assert muted_until([NIGHT], "C1", Severity.WARNING, end - timedelta(seconds=1)) == end


def test_quiet_hours_let_criticals_and_other_channels_through() -> None:
    """Only the severities named wait, only in that channel."""
    night = _local(2026, 11, 24, 3)
    assert muted_until([NIGHT], "C1", Severity.CRITICAL, night) is None
    assert muted_until([NIGHT], "C2", Severity.WARNING, night) is None


@settings(max_examples=200, deadline=None, database=None)
@given(
    zone=st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"]),
    starts=st.times().map(lambda moment: moment.replace(second=0, microsecond=0)),
    ends=st.times().map(lambda moment: moment.replace(second=0, microsecond=0)),
    now=st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_a_mute_window_always_ends(zone: str, starts: time, ends: time, now: datetime) -> None:
    """In every zone, on every day: a muted moment has an end ahead within a day and an hour, at the wall-clock time."""
    window = MuteWindow(channel="C1", zone=ZoneInfo(zone), starts=starts, ends=ends)
    end = muted_until([window], "C1", Severity.WARNING, now)
    if end is not None:
        assert now < end <= now + timedelta(hours=25)
        again = muted_until([replace(window, days=frozenset({now.weekday()}))], "C1", Severity.WARNING, end)
        assert again is None or again > end
