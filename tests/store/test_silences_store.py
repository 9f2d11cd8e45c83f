"""Silences, acks, the audit log and what was not told: kept, ended once, and answerable, on SQLite and PostgreSQL."""

from dataclasses import fields, replace
from datetime import time, timedelta
from zoneinfo import ZoneInfo

import pytest
from stored_alerts import FIRING, NOW, OPENED, save_steps

from bot.alerts import Severity, Step
from bot.alerts.acks import ack
from bot.alerts.notify import Said
from bot.alerts.quiet import MuteWindow
from bot.alerts.silences import Silence
from bot.scope import Scope, ScopeKind
from bot.store import AuditEntry, Log, Notice, Store, Untold, Verdicts
from bot.store.tables import SILENCE, EventKind

HOUR = timedelta(hours=1)
BY_SCOPE = Silence(
    scope=Scope(kind=ScopeKind.CLUSTER, value="111122223333/eu-west-1/prod-eu", label="prod-eu"),
    rules=("low_ips",),
    severities=(Severity.WARNING,),
    created_by="U1",
    name="Ana",
    reason="node rollover",
    created_at=NOW,
    starts_at=NOW,
    ends_at=NOW + 2 * HOUR,
)
BY_ALERT = replace(BY_SCOPE, scope=None, alert_ids=(1001,), until_resolved=True)


def test_every_field_of_a_silence_is_a_column() -> None:
    """The table holds exactly what a Silence holds."""
    assert {field.name for field in fields(Silence)} == {column.name for column in SILENCE.columns}


@pytest.mark.parametrize("silence", [pytest.param(BY_SCOPE, id="of a scope"), pytest.param(BY_ALERT, id="of alerts")])
def test_a_silence_comes_back_as_it_was_made(store: Store, silence: Silence) -> None:
    """Scope with its label, rules, severities and times survive the database, and each silence has its own number."""
    first, second = store.add_silence(silence), store.add_silence(silence)
    assert (first.silence_id, second.silence_id) == (1, 2)
    assert store.silence(1) == first == replace(silence, silence_id=1)
    assert store.silences(NOW) == (first, second)


def test_a_silence_is_current_until_it_ends_or_is_lifted(store: Store) -> None:
    """One that begins later is listed; one that ended or was lifted is kept and not listed, and lifted once only."""
    window = store.add_silence(replace(BY_SCOPE, starts_at=NOW + HOUR, ends_at=NOW + 3 * HOUR))
    short = store.add_silence(replace(BY_SCOPE, ends_at=NOW + HOUR))
    assert [s.silence_id for s in store.silences(NOW)] == [short.silence_id, window.silence_id]
    assert [s.silence_id for s in store.silences(NOW + HOUR)] == [window.silence_id]
    assert store.lift_silence(1, "U2", NOW + 2 * HOUR)
    assert not store.lift_silence(1, "U3", NOW + 2 * HOUR)
    assert not store.lift_silence(2, "U3", NOW + 2 * HOUR)
    assert store.silences(NOW + 2 * HOUR) == ()
    lifted = store.silence(1)
    assert lifted is not None
    assert (lifted.lifted_by, lifted.lifted_at) == ("U2", NOW + 2 * HOUR)


def test_the_end_of_a_silence_is_told_once(store: Store) -> None:
    """Of two replicas that find the reminder or the end due, one gets to say it; what was lifted needs no telling."""
    store.add_silence(BY_SCOPE)
    store.add_silence(BY_ALERT)
    store.lift_silence(2, "U1", NOW)
    assert [s.silence_id for s in store.untold_silences(NOW + 3 * HOUR)] == [1]
    assert [store.mark_reminded(1, NOW), store.mark_reminded(1, NOW)] == [True, False]
    assert [store.mark_end_told(1, NOW), store.mark_end_told(1, NOW)] == [True, False]
    assert store.untold_silences(NOW + 3 * HOUR) == ()


def test_a_newer_ack_replaces_the_older_and_both_are_remembered(store: Store) -> None:
    """The last to take an alert has it; its history names both, and an alert that is not stored cannot be taken."""
    (saved,) = save_steps(store, [OPENED], {}, NOW)
    assert saved.alert is not None
    first = ack(saved.alert, 1001, acked_by="U1", name="Ana", now=NOW)
    second = ack(saved.alert, 1001, acked_by="U2", name="Ben", now=NOW + HOUR)
    assert store.save_ack(first) is None
    assert store.save_ack(second) == first
    assert store.save_ack(replace(first, alert_id=4711)) is None
    assert store.acks() == store.acks([1001, 4711]) == {1001: second}
    assert [e.who for e in store.why_not_heard(1001) if e.kind is EventKind.ACKED] == ["U1", "U2"]
    assert [store.remove_ack(1001, "U1", NOW), store.remove_ack(1001, "U1", NOW)] == [True, False]


def test_why_something_was_not_heard_is_answerable(store: Store) -> None:
    """Changes, tellings and suppressions come in order; a reason that is repeated is written once."""
    (saved,) = save_steps(store, [OPENED], {}, NOW)
    silenced = Untold(alert_id=1001, channel="C1", reason="silenced", detail="silence 1 by Ana")
    quiet = replace(silenced, reason="quiet hours of the channel", detail="")
    said = Said(posted_at=NOW, heard_at=NOW, firing=(), shown="1001:1")
    notice = Notice(
        channel="C1",
        group_key="card",
        alert_id=1001,
        kind=OPENED.transition or pytest.fail("the step opens"),
        said=said,
        why="first message",
        heard=(1001,),
    )
    rounds = (
        Verdicts(untold=(silenced,)),
        Verdicts(untold=(silenced,)),
        Verdicts(untold=(quiet,)),
        Verdicts(notices=(notice,)),
        Verdicts(untold=(quiet,)),
    )
    for number, verdicts in enumerate(rounds):
        store.save_steps([], lambda *_, given=verdicts: given, NOW + number * HOUR)
    store.add_silence(BY_ALERT)
    events = store.why_not_heard(1001)
    assert [(e.kind.value, e.channel, e.reason, e.detail) for e in events] == [
        ("transition", "", "", ""),
        ("not told", "C1", "silenced", "silence 1 by Ana"),
        ("not told", "C1", "quiet hours of the channel", ""),
        ("told", "C1", "first message", ""),
        ("not told", "C1", "quiet hours of the channel", ""),
        ("silenced", "", "silence 1 until 2026-11-23 11:00 UTC", "Ana · node rollover"),
    ]
    assert [e.transition for e in store.alert_events(1001)] == [OPENED.transition]
    assert saved.alert == store.alert(1001)


def test_a_card_that_was_taken_back_counts_as_never_told(store: Store) -> None:
    """Its waiting version is gone, the log forgets it, and the reason is on record."""
    save_steps(store, [OPENED], {"subnet:subnet-1": ("C1", "C2")}, NOW)
    untold = Untold(alert_id=1001, channel="C1", reason="silenced")
    assert store.withdraw_card(1001, "C1", [untold], NOW) == 1
    assert [channel for channel, _ in store.notification_log()] == ["C2"]
    assert [item.channel for item in store.claim(NOW, "sender")] == ["C2"]
    assert [e.reason for e in store.why_not_heard(1001) if e.channel == "C1"][-1] == "silenced"


def test_the_log_says_what_each_channel_was_told_and_can_end(store: Store) -> None:
    """A second version goes on from the first; an entry that is over is forgotten, and its card is not."""
    (saved,) = save_steps(store, [OPENED], {"subnet:subnet-1": ("C1",)}, NOW)
    assert saved.alert is not None
    (entry,) = store.notification_log().values()
    assert (entry.channel, entry.alert_id, entry.revision) == ("C1", 1001, 1)
    assert entry.said.firing[0].severity is Severity.CRITICAL
    assert store.cards_of(1001) == (entry,)
    save_steps(store, [replace(OPENED, alert=replace(saved.alert, revision=2))], {}, NOW)
    assert [each.revision for each in store.notification_log().values()] == [2]

    def over(_: tuple[Step, ...], log: Log) -> Verdicts:
        return Verdicts(over=tuple(log))

    store.save_steps([], over, NOW)
    assert store.notification_log() == {}
    assert len(store.claim(NOW, "sender")) == 1


def test_the_audit_log_is_read_newest_first_and_kept_for_more_than_a_year(store: Store) -> None:
    """Every field comes back, a long text is cut, and pruning takes only what is older than its time."""
    for number, outcome in enumerate(("done", "denied: not a writer")):
        store.record_audit(
            at=NOW + number * HOUR, who="U1", channel="C1", verb="silence", text="silence all " * 100, outcome=outcome
        )
    newest, oldest = store.audit_since(NOW)
    assert newest == AuditEntry(
        at=NOW + HOUR,
        who="U1",
        channel="C1",
        verb="silence",
        text=("silence all " * 100)[:500],
        outcome="denied: not a writer",
    )
    assert oldest.outcome == "done"
    assert [entry.outcome for entry in store.audit_since(NOW, limit=1)] == ["denied: not a writer"]
    assert [entry.at for entry in store.audit_since(NOW + timedelta(minutes=1))] == [NOW + HOUR]
    store.prune(NOW + timedelta(days=399))
    assert len(store.audit_since(NOW)) == 2
    store.prune(NOW + timedelta(days=401))
    assert store.audit_since(NOW) == ()


def test_pruning_keeps_a_silence_for_as_long_as_the_alerts_it_explains(store: Store) -> None:
    """Ninety days after its end it goes."""
    store.add_silence(BY_SCOPE)
    store.prune(NOW + timedelta(days=90))
    assert store.silence(1) is not None
    store.prune(NOW + timedelta(days=91))
    assert store.silence(1) is None


def test_a_watch_keeps_what_its_channel_wants_to_hear(store: Store) -> None:
    """Severities, its own threshold and quiet hours survive; watching again changes only what is given."""
    quiet = MuteWindow(
        channel="C1",
        zone=ZoneInfo("Europe/Berlin"),
        starts=time(22, 0),
        ends=time(7, 0),
        days=frozenset({0, 1, 2, 3, 4}),
    )
    assert store.add_watch("C1", "all", "all", "U1", NOW, severities=(Severity.CRITICAL,), below_pct=2.5, quiet=quiet)
    (watch,) = store.watches()
    assert (watch.severities, watch.below_ips, watch.below_pct, watch.quiet) == ((Severity.CRITICAL,), None, 2.5, quiet)
    assert not store.add_watch("C1", "all", "all", "U2", NOW, below_ips=20)
    (changed,) = store.watches()
    assert changed == replace(watch, below_ips=20)


def test_alerts_are_found_by_their_numbers(store: Store) -> None:
    """Those that are stored, oldest first."""
    save_steps(store, [OPENED, Step(alert=replace(FIRING, scope_key="subnet:2"))], {}, NOW)
    assert [alert.alert_id for alert in store.alerts([1002, 1001, 9])] == [1001, 1002]
