"""Whether a channel hears of a card: the order of the gates, and the comparison with what was said."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stored_alerts import FIRING

from bot.alerts import Alert, Severity, SubjectKind, TimeLeft
from bot.alerts.acks import ack
from bot.alerts.grouping import Group, groups
from bot.alerts.notify import Action, Around, Decision, Said, Why, decide
from bot.alerts.quiet import MuteWindow
from bot.alerts.silences import Silence

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
ALERT = replace(FIRING, alert_id=1, az_id="euw1-az1", vpc_id="vpc-1")
OTHER = replace(ALERT, alert_id=2, scope_key="subnet:subnet-2", label="private-1b")
WARNING = replace(ALERT, severity=Severity.WARNING)
RESOLVED = replace(ALERT, resolved_at=NOW, resolution="recovered", revision=2)
SILENCE = Silence(silence_id=7, alert_ids=(1,), created_by="U1", created_at=NOW, starts_at=NOW, ends_at=NOW + 2 * HOUR)
ALL_DAY = MuteWindow(channel="C1", zone=UTC, starts=time(0), ends=time(0))
BLIND = replace(
    ALERT, alert_id=9, rule="blind", scope_kind=SubjectKind.REGION, scope_key="region:111122223333/eu-west-1"
)
AROUND = Around(channel="C1", now=NOW + MINUTE, poll=5 * MINUTE, stale_after=15 * MINUTE)


def _card(*alerts: Alert) -> Group:
    (group,) = groups(alerts)
    return group


def _said(*alerts: Alert, around: Around = AROUND) -> Said:
    """The log entry after the first message about these alerts."""
    decision = decide(_card(*alerts), None, replace(around, queued=True))
    assert decision.action is Action.POST
    assert decision.said is not None
    return decision.said


def _later(hours: float = 0, minutes: float = 0, **changes: object) -> Around:
    """The surroundings after some time; the data is as fresh as the alerts given."""
    later = replace(AROUND, now=AROUND.now + timedelta(hours=hours, minutes=minutes), stale_after=100 * HOUR)
    return replace(later, **changes)  # type: ignore[arg-type]


def _heard(decision: Decision) -> tuple[Action, Why]:
    return decision.action, decision.why


@pytest.mark.parametrize(
    ("alert", "around", "action", "why"),
    [
        pytest.param(ALERT, AROUND, Action.POST, Why.FIRST, id="a critical alert at once"),
        pytest.param(
            WARNING,
            replace(AROUND, now=NOW + timedelta(seconds=59)),
            Action.NOTHING,
            Why.GROUP_WAIT,
            id="a warning waits",
        ),
        pytest.param(WARNING, AROUND, Action.POST, Why.FIRST, id="a warning after 60 s"),
        pytest.param(
            WARNING,
            replace(AROUND, now=NOW + timedelta(seconds=5), queued=True),
            Action.POST,
            Why.FIRST,
            id="what is queued waits no second time",
        ),
        pytest.param(
            replace(ALERT, observed_at=NOW - 16 * MINUTE), AROUND, Action.NOTHING, Why.STALE, id="stale data is no news"
        ),
        pytest.param(WARNING, replace(AROUND, quiet=(ALL_DAY,)), Action.NOTHING, Why.QUIET_HOURS, id="quiet hours"),
        pytest.param(ALERT, replace(AROUND, quiet=(ALL_DAY,)), Action.POST, Why.FIRST, id="a critical in quiet hours"),
        pytest.param(
            WARNING,
            replace(AROUND, quiet=(replace(ALL_DAY, channel="C2"),)),
            Action.POST,
            Why.FIRST,
            id="another channel's quiet hours",
        ),
        pytest.param(ALERT, replace(AROUND, silences=(SILENCE,)), Action.NOTHING, Why.SILENCED, id="silenced"),
        pytest.param(ALERT, replace(AROUND, open_alerts=(ALERT, BLIND)), Action.NOTHING, Why.INHIBITED, id="inhibited"),
        pytest.param(RESOLVED, AROUND, Action.NOTHING, Why.NEVER_TOLD, id="over before it was told"),
        pytest.param(
            RESOLVED,
            replace(AROUND, queued=True),
            Action.POST,
            Why.CLEARED_UNSEEN,
            id="queued, and over before it was sent",
        ),
        # the order of the gates: each time the earlier one is the reason
        pytest.param(
            replace(WARNING, observed_at=NOW - HOUR),
            replace(AROUND, quiet=(ALL_DAY,), silences=(SILENCE,), open_alerts=(BLIND,)),
            Action.NOTHING,
            Why.STALE,
            id="quality before quiet hours",
        ),
        pytest.param(
            WARNING,
            replace(AROUND, quiet=(ALL_DAY,), silences=(SILENCE,), open_alerts=(BLIND,)),
            Action.NOTHING,
            Why.QUIET_HOURS,
            id="quiet hours before silence",
        ),
        pytest.param(
            WARNING,
            replace(AROUND, silences=(SILENCE,), open_alerts=(BLIND,)),
            Action.NOTHING,
            Why.SILENCED,
            id="silence before inhibition",
        ),
    ],
)
def test_a_card_that_was_never_told(alert: Alert, around: Around, action: Action, why: Why) -> None:
    """The first message passes the gates in their order, and is held back for the first one that is shut."""
    assert _heard(decide(_card(alert), None, around)) == (action, why)


@pytest.mark.parametrize(
    ("around", "again"),
    [
        pytest.param(replace(AROUND, silences=(SILENCE,)), SILENCE.ends_at, id="the end of the silence"),
        pytest.param(replace(AROUND, quiet=(ALL_DAY,)), NOW + 15 * HOUR, id="the end of the quiet hours"),
        pytest.param(replace(AROUND, now=NOW), NOW + MINUTE, id="the end of the group wait"),
    ],
)
def test_what_is_held_back_says_when_to_look_again(around: Around, again: datetime) -> None:
    """A gate with an end names it, so that the end is not missed when no sample comes."""
    assert decide(_card(WARNING), None, around).look_again_at == again


CRITICAL_NOW = replace(ALERT, revision=2)
SOON = replace(ALERT, time_left=TimeLeft.WITHIN_TWO_HOURS, revision=2)
ACK_OF_WARNING = ack(WARNING, 1, acked_by="U1", name="Ana", now=NOW)
ACK = ack(ALERT, 1, acked_by="U1", name="Ana", now=NOW)


@pytest.mark.parametrize(
    ("before", "after", "around", "action", "why"),
    [
        pytest.param([ALERT], [ALERT], _later(minutes=5), Action.NOTHING, Why.TOLD, id="nothing new"),
        pytest.param(
            [ALERT],
            [replace(ALERT, value=9, revision=2)],
            _later(minutes=5),
            Action.EDIT,
            Why.CHANGED,
            id="a new figure",
        ),
        pytest.param([ALERT], [ALERT, OTHER], _later(minutes=5), Action.REPLY, Why.NEW_IN_GROUP, id="a second subnet"),
        pytest.param([WARNING], [CRITICAL_NOW], _later(minutes=5), Action.REPLY, Why.ESCALATED, id="severity"),
        pytest.param([ALERT], [SOON], _later(minutes=5), Action.REPLY, Why.ESCALATED, id="time left"),
        pytest.param(
            [ALERT],
            [replace(ALERT, time_left=TimeLeft.DAYS)],
            _later(minutes=5),
            Action.NOTHING,
            Why.TOLD,
            id="days left",
        ),
        pytest.param(
            [WARNING],
            [CRITICAL_NOW],
            _later(minutes=5, acks=(ACK_OF_WARNING,)),
            Action.REPLY,
            Why.ESCALATED,
            id="an escalation is heard whatever was acked",
        ),
        pytest.param([ALERT], [ALERT], _later(hours=4), Action.REPLY, Why.REPEATED, id="four hours on"),
        pytest.param([ALERT], [ALERT], _later(hours=3.9), Action.NOTHING, Why.TOLD, id="not yet four hours"),
        pytest.param([ALERT], [ALERT], _later(hours=4, acks=(ACK,)), Action.EDIT, Why.ACKED, id="acked, no repeat"),
        pytest.param([ALERT], [ALERT], _later(hours=8, acks=(ACK,)), Action.REPLY, Why.REPEATED, id="the ack is over"),
        pytest.param(
            [ALERT],
            [replace(ALERT, recovering_at=NOW, revision=2)],
            _later(hours=4),
            Action.EDIT,
            Why.CHANGED,
            id="what recovers is not repeated",
        ),
        pytest.param(
            [ALERT, OTHER],
            [replace(RESOLVED, revision=2), OTHER],
            _later(minutes=5),
            Action.EDIT,
            Why.CHANGED,
            id="one of two is over",
        ),
        pytest.param([ALERT], [RESOLVED], _later(minutes=5), Action.EDIT, Why.ALL_RESOLVED, id="all over"),
        pytest.param([ALERT], [RESOLVED], _later(hours=5), Action.REPLY, Why.ALL_RESOLVED, id="all over, an old card"),
        pytest.param(
            [ALERT],
            [RESOLVED],
            _later(minutes=5, silences=(SILENCE,), quiet=(ALL_DAY,), open_alerts=(BLIND,)),
            Action.EDIT,
            Why.ALL_RESOLVED,
            id="an end is never muted",
        ),
        pytest.param(
            [WARNING],
            [CRITICAL_NOW],
            _later(minutes=5, silences=(SILENCE,)),
            Action.EDIT,
            Why.SILENCED,
            id="a silence holds an escalation back, the card shows it",
        ),
        pytest.param(
            [ALERT],
            [ALERT],
            _later(hours=5, open_alerts=(BLIND,)),
            Action.NOTHING,
            Why.INHIBITED,
            id="inhibited repeats",
        ),
        pytest.param(
            [ALERT],
            [ALERT],
            replace(AROUND, now=NOW + 5 * HOUR),
            Action.REPLY,
            Why.REPEATED,
            id="stale data is still repeated where it was told",
        ),
    ],
)
def test_a_card_is_compared_with_what_was_said(
    before: Iterable[Alert], after: Iterable[Alert], around: Around, action: Action, why: Why
) -> None:
    """What the channel last heard decides what it hears now, for the reason named."""
    assert _heard(decide(_card(*after), _said(*before), around)) == (action, why)


def test_a_silence_that_ends_lets_the_escalation_through() -> None:
    """What happened under a silence is not lost: it is heard when the silence is over."""
    first = _said(WARNING)
    under = decide(_card(CRITICAL_NOW), first, _later(minutes=5, silences=(SILENCE,)))
    assert under.said is not None
    assert _heard(decide(_card(CRITICAL_NOW), under.said, _later(hours=2))) == (Action.REPLY, Why.ESCALATED)


def test_a_second_subnet_that_was_silenced_is_told_afterwards() -> None:
    """An alert that joined a card in silence is news when the silence is over."""
    silence = replace(SILENCE, alert_ids=(2,))
    under = decide(_card(ALERT, OTHER), _said(ALERT), _later(minutes=5, silences=(silence,)))
    assert _heard(under) == (Action.EDIT, Why.CHANGED)
    assert _heard(decide(_card(ALERT, OTHER), under.said, _later(hours=2))) == (Action.REPLY, Why.NEW_IN_GROUP)


def test_the_end_is_told_once() -> None:
    """After the end nothing more is said of the card."""
    end = decide(_card(RESOLVED), _said(ALERT), _later(minutes=5))
    assert _heard(decide(_card(RESOLVED), end.said, _later(hours=9))) == (Action.NOTHING, Why.TOLD)


@pytest.mark.parametrize(
    ("minutes", "flaps", "action", "why"),
    [
        pytest.param(30, 1, Action.REPLY, Why.REFIRED, id="within half an hour, in the same place"),
        pytest.param(30, 3, Action.EDIT, Why.REFIRED, id="a flapping alert is counted, not heard"),
        pytest.param(40, 1, Action.POST, Why.FIRST, id="later it is a new card"),
    ],
)
def test_what_fires_again(minutes: int, flaps: int, action: Action, why: Why) -> None:
    """An alert that opens again within half an hour of its end is told in the same card."""
    end = decide(_card(RESOLVED), _said(ALERT), _later(minutes=5))
    fell = tuple(NOW + minutes * MINUTE - n * MINUTE for n in range(flaps))
    again = replace(ALERT, revision=3, reopened=1, flapped_at=fell, observed_at=NOW + minutes * MINUTE)
    assert _heard(decide(_card(again), end.said, _later(minutes=minutes))) == (action, why)


def test_a_message_stopped_between_queue_and_send_says_why() -> None:
    """A silence made while Slack was away stops the message that waits, with its number as the reason."""
    queued = replace(AROUND, queued=True)
    assert decide(_card(ALERT), None, queued).action is Action.POST
    stopped = decide(_card(ALERT), None, replace(queued, silences=(SILENCE,)))
    assert _heard(stopped) == (Action.NOTHING, Why.SILENCED)
    assert stopped.detail == "silence 7 by U1"


def test_an_edit_is_not_heard_and_does_not_put_off_the_repeat() -> None:
    """Only what is heard starts the repeat interval anew."""
    said = _said(ALERT)
    edit = decide(_card(replace(ALERT, revision=2)), said, _later(hours=3))
    assert edit.said is not None
    assert edit.said.heard_at == said.heard_at
    repeat = decide(_card(replace(ALERT, revision=2)), edit.said, _later(hours=4))
    assert repeat.said is not None
    assert repeat.said.heard_at == _later(hours=4).now


_STATES = st.sampled_from([WARNING, ALERT, SOON, replace(ALERT, recovering_at=NOW), RESOLVED])


@settings(max_examples=300, deadline=None, database=None)
@given(
    steps=st.lists(
        st.tuples(st.integers(1, 300), _STATES, st.booleans(), st.booleans(), st.booleans(), st.booleans()), max_size=12
    )
)
def test_whatever_happens_nothing_is_said_twice_and_no_end_is_lost(
    steps: list[tuple[int, Alert, bool, bool, bool, bool]],
) -> None:
    """The same facts asked twice are told once; an end is told if and only if a beginning was."""
    said: Said | None = None
    minute = 0
    for index, (pause, state, silenced, quiet, hidden, acked) in enumerate(steps):
        minute += pause
        around = _later(minutes=minute)
        alert = replace(state, revision=index + 1)
        around = replace(
            around,
            silences=(replace(SILENCE, ends_at=NOW + 100 * HOUR),) if silenced else (),
            quiet=(ALL_DAY,) if quiet else (),
            open_alerts=(BLIND,) if hidden else (),
            acks=(ACK,) if acked else (),
        )
        told = said is not None and bool(said.firing)
        decision = decide(_card(alert), said, around)
        if alert.resolved_at is not None:
            assert (decision.why is Why.ALL_RESOLVED) is told
        elif silenced or hidden:
            assert decision.action in (Action.NOTHING, Action.EDIT)
        said = decision.said or said
        again = decide(_card(alert), said, around)
        assert again.action is Action.NOTHING, (decision, again)
