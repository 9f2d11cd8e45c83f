"""Alerts, their events and the messages they cause: the same promises on SQLite and PostgreSQL."""

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError
from stored_alerts import CHANNELS, FIRING, NOW, OPENED, PENDING, save_steps

from bot.alerts import Alert, Step, Transition
from bot.store import LostLeaseError, Store
from bot.store.tables import ALERT


def _save(store: Store, step: Step, channels: Mapping[str, tuple[str, ...]] = CHANNELS) -> Alert:
    (saved,) = save_steps(store, [step], channels, NOW)
    assert saved.alert is not None
    return saved.alert


def _resolved(alert: Alert, at: datetime) -> Alert:
    return replace(alert, resolved_at=at, resolution="recovered", revision=alert.revision + 1)


def test_every_field_of_an_alert_is_a_column() -> None:
    """The table holds exactly what an Alert holds."""
    assert {field.name for field in fields(Alert)} == {column.name for column in ALERT.columns}


def test_an_alert_comes_back_as_it_was_saved(store: Store) -> None:
    """Times with their zone, lengths, names in order and the severity survive the database."""
    full = replace(
        FIRING,
        recovering_at=NOW + timedelta(minutes=3, microseconds=7),
        resolved_at=NOW + timedelta(minutes=9),
        reopening_at=NOW + timedelta(minutes=10),
        resolution="recovered",
        flaps=2,
        reopened=1,
    )
    saved = _save(store, Step(alert=full, transition=Transition.PENDING))
    assert saved == replace(full, alert_id=1001)
    assert store.alert(1001) == saved
    assert store.alert(1002) is None


def test_alert_ids_start_at_1001_and_are_never_given_twice(store: Store) -> None:
    """Ids go up by one, also after rows were pruned."""
    dropped = replace(PENDING, resolved_at=NOW, resolution="never held")
    assert _save(store, Step(alert=dropped, transition=Transition.DROPPED)).alert_id == 1001
    assert store.prune(NOW + timedelta(days=3)) == 1
    assert store.alert(1001) is None
    assert _save(store, OPENED).alert_id == 1002


def test_one_problem_has_one_open_alert(store: Store) -> None:
    """A second open alert of the same rule and scope is refused, and nothing of its transaction stays."""
    _save(store, OPENED)
    other = Step(alert=replace(FIRING, scope_key="subnet:subnet-2"), transition=Transition.OPENED)
    with pytest.raises(IntegrityError):
        save_steps(store, [other, OPENED], CHANNELS, NOW)
    assert [alert.scope_key for alert in store.open_alerts()] == ["subnet:subnet-1"]
    assert store.outbox_depth(NOW)[0] == 2


def test_live_alerts_are_the_open_ones_and_those_that_may_open_again(store: Store) -> None:
    """An alert that ended before the given time is not live; one about to open again is open."""
    first = _save(store, OPENED)
    _save(store, Step(alert=_resolved(first, NOW), transition=Transition.RESOLVED))
    second = _save(store, OPENED)
    assert [a.alert_id for a in store.open_alerts()] == [1002]
    assert [a.alert_id for a in store.live_alerts(NOW - timedelta(minutes=30))] == [1001, 1002]
    assert [a.alert_id for a in store.live_alerts(NOW + timedelta(minutes=1))] == [1002]
    ended = _resolved(second, NOW)
    _save(store, Step(alert=replace(ended, reopening_at=NOW), transition=Transition.PENDING))
    assert [a.alert_id for a in store.open_alerts()] == [1002]


def test_recent_alerts_are_those_that_fired_newest_first(store: Store) -> None:
    """A breach that never fired is not listed."""
    for number in range(3):
        later = NOW + timedelta(minutes=number)
        _save(store, Step(alert=replace(FIRING, scope_key=f"subnet:{number}", fired_at=later)))
    _save(store, Step(alert=replace(PENDING, scope_key="subnet:p"), transition=Transition.PENDING))
    assert [a.alert_id for a in store.recent_alerts(2)] == [1003, 1002]


def test_events_are_kept_in_order(store: Store) -> None:
    """Each transition is one event; a sample that changed nothing worth telling is none."""
    alert = _save(store, Step(alert=PENDING, transition=Transition.PENDING))
    alert = _save(store, Step(alert=replace(alert, value=200)))
    alert = _save(store, Step(alert=replace(alert, fired_at=NOW, revision=1), transition=Transition.OPENED))
    _save(store, Step(alert=_resolved(alert, NOW), transition=Transition.RESOLVED))
    events = store.alert_events(1001)
    assert [(e.transition.value if e.transition else "", e.status.value, e.revision) for e in events] == [
        ("pending", "pending", 0),
        ("opened", "firing", 1),
        ("resolved", "resolved", 2),
    ]


@pytest.mark.parametrize(
    ("step", "queued"),
    [
        pytest.param(Step(alert=PENDING, transition=Transition.PENDING), 0, id="pending"),
        pytest.param(OPENED, 2, id="opened"),
        pytest.param(
            Step(alert=replace(PENDING, resolved_at=NOW, resolution="never held"), transition=Transition.DROPPED),
            0,
            id="dropped",
        ),
    ],
)
def test_only_what_channels_are_told_is_queued(store: Store, step: Step, queued: int) -> None:
    """A breach that was not held long enough sends nothing."""
    _save(store, step)
    assert store.outbox_depth(NOW)[0] == queued


def test_a_channel_that_has_the_card_is_kept_up_to_date(store: Store) -> None:
    """A channel that watches no more still sees its card resolved; a new one gets no card of an ended alert."""
    alert = _save(store, OPENED)
    for item in store.claim(NOW, "sender"):
        store.mark_sent(item, NOW, item.channel, "1.1")
    _save(store, Step(alert=_resolved(alert, NOW), transition=Transition.RESOLVED), {"subnet:subnet-1": ("C3",)})
    assert sorted(item.channel for item in store.claim(NOW, "sender")) == ["C1", "C2"]


def test_a_channel_that_begins_to_watch_gets_the_card_at_the_next_sample(store: Store) -> None:
    """An alert that fires already is told to a new watcher without waiting for a change, and only once."""
    alert = _save(store, OPENED)
    for item in store.claim(NOW, "sender"):
        store.mark_sent(item, NOW, item.channel, "1.1")
    for _ in range(2):
        _save(store, Step(alert=alert), {"subnet:subnet-1": ("C1", "C3")})
    assert [(item.channel, item.kind) for item in store.claim(NOW, "sender")] == [("C3", "opened")]


def test_a_replica_that_lost_the_lead_writes_nothing(store: Store) -> None:
    """With a stale fence the whole save is refused."""
    serving = store.serving("replica-a")
    assert serving.lead()
    fence = serving.fence if serving.fence is not None else 1
    with pytest.raises(LostLeaseError):
        save_steps(store, [OPENED], CHANNELS, NOW, fence=fence + 1)
    assert store.open_alerts() == ()
    serving.stop()
