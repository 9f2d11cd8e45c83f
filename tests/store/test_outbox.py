"""The outbox: nothing lost, nothing taken twice, only the newest version of a card sent."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from stored_alerts import CHANNELS, FIRING, NOW, save_steps

from bot.alerts import Alert, Severity, Step, Transition
from bot.store import OutboxItem, Store, open_store

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


def _fire(
    store: Store, number: int = 1, channels: tuple[str, ...] = ("C1",), severity: Severity = Severity.CRITICAL
) -> Alert:
    alert = replace(FIRING, scope_key=f"subnet:{number}", severity=severity)
    (saved,) = save_steps(store, [Step(alert=alert, transition=Transition.OPENED)], {alert.scope_key: channels}, NOW)
    assert saved.alert is not None
    return saved.alert


def _change(store: Store, alert: Alert, transition: Transition = Transition.CHANGED) -> Alert:
    resolved_at = NOW if transition is Transition.RESOLVED else None
    changed = replace(
        alert, revision=alert.revision + 1, resolved_at=resolved_at, resolution="recovered" if resolved_at else ""
    )
    save_steps(store, [Step(alert=changed, transition=transition)], {}, NOW)
    return changed


def _only(items: tuple[OutboxItem, ...]) -> OutboxItem:
    (item,) = items
    return item


def test_a_message_waits_until_it_is_sent(store: Store) -> None:
    """Claimed, it is not claimed again; sent, the queue is empty and the card's place is known for the next edit."""
    alert = _fire(store)
    assert store.outbox_depth(NOW + 90 * SECOND) == (1, timedelta(seconds=90))
    item = _only(store.claim(NOW, "a"))
    assert (item.alert_id, item.revision, item.kind, item.channel) == (1001, 1, "opened", "C1")
    assert (item.attempts, item.card_ts, item.ambiguous_since) == (1, None, None)
    assert store.claim(NOW, "b") == ()
    store.mark_sent(item, NOW, "C1", "1795424700.000100")
    assert store.outbox_depth(NOW) == (0, None)
    _change(store, alert)
    edit = _only(store.claim(NOW + MINUTE, "a"))
    assert (edit.card_channel, edit.card_ts, edit.kind) == ("C1", "1795424700.000100", "changed")


def test_only_the_newest_version_is_sent(store: Store) -> None:
    """Versions that nobody saw are passed over; the end of an alert is never among them."""
    alert = _change(store, _change(store, _fire(store)), Transition.RESOLVED)
    item = _only(store.claim(NOW, "a"))
    assert (item.kind, item.revision, item.card_ts) == ("resolved", alert.revision, None)
    assert store.outbox_depth(NOW)[0] == 1
    store.mark_sent(item, NOW, "C1", "1.1")
    assert store.claim(NOW, "a") == ()


def test_two_versions_of_a_card_are_never_in_flight_together(store: Store) -> None:
    """While one version is being sent, the next waits for its outcome, then edits the same message."""
    alert = _fire(store)
    first = _only(store.claim(NOW, "a"))
    _change(store, alert)
    assert store.claim(NOW, "b") == ()
    store.mark_sent(first, NOW, "C1", "1.1")
    assert _only(store.claim(NOW + MINUTE, "b")).card_ts == "1.1"


def test_each_channel_has_its_own_card(store: Store) -> None:
    """A channel that fails does not hold up the other."""
    save_steps(store, [Step(alert=FIRING, transition=Transition.OPENED)], CHANNELS, NOW)
    broken, fine = store.claim(NOW, "a")
    store.mark_dead(broken, NOW, "channel_not_found")
    store.mark_sent(fine, NOW, fine.channel, "1.1")
    assert store.outbox_depth(NOW) == (0, None)


def test_messages_are_claimed_oldest_first_up_to_the_limit(store: Store) -> None:
    """The order of the queue is the order in which problems appeared."""
    for number in range(5):
        _fire(store, number)
    assert [item.alert_id for item in store.claim(NOW, "a", limit=3)] == [1001, 1002, 1003]
    assert [item.alert_id for item in store.claim(NOW, "a", limit=3)] == [1004, 1005]


@pytest.mark.parametrize("ambiguous", [pytest.param(True, id="ambiguous"), pytest.param(False, id="refused")])
def test_a_failed_send_is_tried_again_when_due(store: Store, ambiguous: bool) -> None:
    """Not before it is due; an attempt that may have arrived is remembered by its time until one succeeds."""
    _fire(store)
    item = _only(store.claim(NOW, "a"))
    store.retry_later(item, NOW + 30 * SECOND, "timeout", ambiguous=ambiguous)
    assert store.claim(NOW + 29 * SECOND, "a") == ()
    again = _only(store.claim(NOW + 30 * SECOND, "a"))
    assert again.attempts == 2
    assert again.ambiguous_since == (NOW if ambiguous else None)
    store.retry_later(again, NOW + 60 * SECOND, "500", ambiguous=False)
    third = _only(store.claim(NOW + 60 * SECOND, "a"))
    assert third.ambiguous_since == (NOW if ambiguous else None)
    store.mark_sent(third, NOW, "C1", "1.1")


def test_a_newer_version_inherits_that_the_first_may_have_arrived(store: Store) -> None:
    """When the first post timed out, whatever is sent next must look for it."""
    alert = _fire(store)
    store.retry_later(_only(store.claim(NOW, "a")), NOW, "timeout", ambiguous=True)
    _change(store, alert, Transition.RESOLVED)
    item = _only(store.claim(NOW, "a"))
    assert (item.kind, item.ambiguous_since) == ("resolved", NOW)


def test_a_claim_that_ran_out_is_taken_over_as_ambiguous(store: Store) -> None:
    """A sender that died may have posted: after its lease another one takes the message and knows since when."""
    _fire(store)
    store.claim(NOW, "dead")
    assert store.claim(NOW + 29 * SECOND, "b") == ()
    item = _only(store.claim(NOW + 30 * SECOND, "b"))
    assert (item.owner, item.ambiguous_since, item.attempts) == ("b", NOW, 2)


def test_a_slow_sender_does_not_free_a_card_that_was_taken_over(store: Store) -> None:
    """Its late failure leaves the other sender's claim alone."""
    _fire(store)
    slow = _only(store.claim(NOW, "slow"))
    later = NOW + 31 * SECOND
    _only(store.claim(later, "b"))
    store.retry_later(slow, later, "timeout", ambiguous=True)
    assert store.claim(later, "c") == ()


def test_after_a_dead_message_later_versions_are_tried(store: Store) -> None:
    """Somebody may invite the bot again: the next version of the card goes out."""
    alert = _fire(store)
    store.mark_dead(_only(store.claim(NOW, "a")), NOW, "not_in_channel")
    assert store.claim(NOW, "a") == ()
    _change(store, alert)
    assert _only(store.claim(NOW, "a")).revision == 2


def test_the_line_is_by_urgency_and_then_by_age(store: Store) -> None:
    """New criticals first, then what is over, then warnings, then mere changes; the oldest first among equals."""
    changed, over = _fire(store, 1), _fire(store, 2)
    for item in store.claim(NOW, "a"):
        store.mark_sent(item, NOW, item.channel, str(item.alert_id))
    _change(store, changed)
    warnings = [_fire(store, number, severity=Severity.WARNING).alert_id for number in (3, 4)]
    _change(store, over, Transition.RESOLVED)
    criticals = [_fire(store, number).alert_id for number in (5, 6)]
    order = [item.alert_id for item in store.claim(NOW + MINUTE, "a")]
    assert order == [*criticals, over.alert_id, *warnings, changed.alert_id]


def test_a_channel_gets_its_share_and_a_resting_one_nothing(store: Store) -> None:
    """One for each channel that does not rest, whatever waits in front of it in other channels."""
    for number in range(3):
        _fire(store, number, channels=("C1",))
    _fire(store, 3, channels=("C2", "C3"))
    taken = store.claim(NOW, "a", per_channel=1, resting=["C3"])
    assert [(item.channel, item.alert_id) for item in taken] == [("C1", 1001), ("C2", 1004)]


def test_without_edits_only_what_was_never_posted_is_claimed(store: Store) -> None:
    """While chat.update rests new alerts go out."""
    alert = _fire(store, 1)
    store.mark_sent(_only(store.claim(NOW, "a")), NOW, "C1", "1.1")
    _change(store, alert, Transition.RESOLVED)
    _fire(store, 2)
    assert [item.alert_id for item in store.claim(NOW, "a", edits=False)] == [1002]
    assert [item.alert_id for item in store.claim(NOW, "a")] == [1001]


def test_a_change_waits_until_the_last_edit_is_45_seconds_old(store: Store) -> None:
    """What is urgent does not wait, also when a mere change came after it."""
    alert = _fire(store)
    store.mark_sent(_only(store.claim(NOW, "a")), NOW, "C1", "1.1")
    changed = _change(store, alert)
    assert store.claim(NOW + 44 * SECOND, "a") == ()
    edit = _only(store.claim(NOW + 45 * SECOND, "a"))
    store.mark_sent(edit, NOW + 45 * SECOND, "C1", "1.1")
    _change(store, _change(store, changed, Transition.ESCALATED))
    assert _only(store.claim(NOW + 46 * SECOND, "a")).kind == "changed"


def test_what_was_given_back_unsent_is_due_at_once_and_counts_no_attempt(store: Store) -> None:
    """A sender without time left costs the card nothing."""
    _fire(store)
    item = _only(store.claim(NOW, "a"))
    store.give_back(item, NOW)
    again = _only(store.claim(NOW, "b"))
    assert (again.attempts, again.ambiguous_since) == (1, None)


def test_times_written_before_the_clock_was_set_back_bind_nobody(store: Store) -> None:
    """Neither a retry that is due hours from now nor a lease that lasts as long."""
    _fire(store, 1)
    _fire(store, 2)
    later = NOW + timedelta(hours=3)
    retried, _leased = store.claim(later, "a")
    store.retry_later(retried, later, "HTTP 503", ambiguous=False)
    assert [item.alert_id for item in store.claim(NOW, "b")] == [1001, 1002]


def test_a_version_given_up_goes_to_the_fallback_channel(store: Store) -> None:
    """The alert has a card there from then on, once, and its later versions follow."""
    alert = _fire(store)
    store.mark_dead(_only(store.claim(NOW, "a")), NOW, "is_archived", fallback="C9")
    item = _only(store.claim(NOW, "a"))
    assert (item.channel, item.kind, item.card_ts) == ("C9", "opened", None)
    store.mark_sent(item, NOW, "C9", "9.9")
    _change(store, alert, Transition.RESOLVED)
    last = {item.channel: item for item in store.claim(NOW, "a")}
    assert (last["C9"].card_ts, sorted(last)) == ("9.9", ["C1", "C9"])
    store.mark_dead(last["C1"], NOW, "is_archived", fallback="C9")
    store.mark_sent(last["C9"], NOW, "C9", "9.9")
    assert store.outbox_depth(NOW) == (0, None)


def test_claimers_at_the_same_moment_never_get_the_same_card(address: str) -> None:
    """Four senders with connections of their own empty a queue of 60 cards: each card once, none left."""
    setup = open_store(address)
    steps = [Step(alert=replace(FIRING, scope_key=f"subnet:{n}"), transition=Transition.OPENED) for n in range(60)]
    save_steps(setup, steps, {f"subnet:{n}": ("C1",) for n in range(60)}, NOW)
    taken: list[int] = []
    failures: list[BaseException] = []
    start = threading.Barrier(4)

    def send(name: str) -> None:
        mine = open_store(address)
        try:
            start.wait()
            while items := mine.claim(NOW, name, limit=5):
                taken.extend(item.alert_id for item in items)
                for item in items:
                    mine.mark_sent(item, NOW, item.channel, str(item.alert_id))
        except BaseException as exc:  # reported by the assertion below, in the test's own thread
            failures.append(exc)
        finally:
            mine.close()

    senders = [threading.Thread(target=send, args=(f"sender-{n}",)) for n in range(4)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert failures == []
    assert setup.outbox_depth(NOW) == (0, None)
    assert sorted(taken) == list(range(1001, 1061))
    setup.close()
