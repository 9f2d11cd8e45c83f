"""Which criticals nobody heard of, on both databases."""

from dataclasses import replace
from datetime import timedelta

from stored_alerts import FIRING, NOW, save_steps

from bot.alerts import Severity, Step, Transition
from bot.store import Store

LATER = NOW + timedelta(minutes=10)


def _fire(store: Store, number: int, severity: Severity = Severity.CRITICAL) -> int:
    alert = replace(FIRING, scope_key=f"subnet:{number}", severity=severity)
    step = Step(alert=alert, transition=Transition.OPENED)
    (saved,) = save_steps(store, [step], {alert.scope_key: (f"C{number}",)}, NOW)
    assert saved.alert is not None
    assert saved.alert.alert_id is not None
    return saved.alert.alert_id


def test_unheard_is_what_waits_too_long_or_was_given_up_everywhere(store: Store) -> None:
    """Not what was sent, not a warning, not what was told elsewhere already, and nothing before its time."""
    waits, sent, given_up, told = (_fire(store, number) for number in range(4))
    _fire(store, 9, Severity.WARNING)
    items = {item.alert_id: item for item in store.claim(NOW, "sender")}
    store.retry_later(items[waits], LATER, "HTTP 503", ambiguous=False)
    store.mark_sent(items[sent], NOW, "C1", "1.1")
    store.mark_dead(items[given_up], NOW, "is_archived")
    store.mark_told_elsewhere([told], [], NOW)
    assert store.unheard_criticals(NOW - timedelta(seconds=1)) == ()
    assert store.unheard_criticals(NOW) == (waits, given_up)


def test_what_was_told_is_kept_until_its_end_is_told_too(store: Store) -> None:
    first, second = _fire(store, 1), _fire(store, 2)
    store.mark_told_elsewhere([first, second], [], NOW)
    store.mark_told_elsewhere([first, second], [], LATER)
    assert store.told_elsewhere() == (first, second)
    store.mark_told_elsewhere([], [first], LATER)
    assert store.told_elsewhere() == (second,)
    assert store.unheard_criticals(LATER) == (first,)
