"""Digests in the store: one for each channel, queued once for a local day, by however many processes at once."""

import threading
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import StatementError
from stored_alerts import CHANNELS, FIRING, NOW, save_steps

from bot.alerts import Step, Transition
from bot.alerts.digest_times import DigestTimes
from bot.message import Message
from bot.store import Store, open_engine
from bot.store.digests import DigestSchedule
from bot.store.tables import MESSAGE_OUTBOX
from bot.store.work_gaps import DOWN, Work

pytestmark = pytest.mark.timeout(60)

TODAY = date(2026, 11, 23)
SCHEDULE = DigestSchedule(
    channel="C1",
    scope="cluster:111122223333/eu-west-1/prod-eu",
    label="prod-eu",
    times=DigestTimes(days=frozenset({0}), clock=time(9), zone="Europe/Berlin"),
    created_by="U1",
    changed_at=NOW,
)
DIGEST = Message(text="IP capacity, week 48")


def queued(store: Store) -> list[str]:
    with store.reading() as connection:
        return list(
            connection.execute(select(MESSAGE_OUTBOX.c.dedup_key).order_by(MESSAGE_OUTBOX.c.dedup_key)).scalars()
        )


def test_a_channel_has_one_digest_and_a_new_one_takes_its_place(store: Store) -> None:
    assert store.set_digest(SCHEDULE) == SCHEDULE
    daily = replace(SCHEDULE, times=replace(SCHEDULE.times, days=frozenset(range(7)), clock=time(8, 30)))
    store.set_digest(daily)
    store.set_digest(replace(SCHEDULE, channel="C2"))
    assert store.digest_schedule("C1") == daily
    assert [one.channel for one in store.digest_schedules()] == ["C1", "C2"]
    assert store.digest_schedule("C3") is None


def test_a_day_has_one_digest_whoever_asks_again(store: Store) -> None:
    """A leader that was replaced still holds the schedule it read; its digest is refused."""
    read_before = store.set_digest(SCHEDULE)
    assert store.send_digest(read_before, TODAY, DIGEST, NOW)
    assert not store.send_digest(read_before, TODAY, DIGEST, NOW)
    assert not store.send_digest(read_before, TODAY - timedelta(days=1), DIGEST, NOW)
    assert queued(store) == ["digest:C1:2026-11-23"]
    found = store.digest_schedule("C1")
    assert found is not None
    assert found.last_sent_for == TODAY
    assert store.send_digest(found, TODAY + timedelta(days=7), DIGEST, NOW)
    assert len(queued(store)) == 2


def test_a_day_stays_done_when_the_digest_is_changed_or_stopped_and_set_again(store: Store) -> None:
    store.send_digest(store.set_digest(SCHEDULE), TODAY, DIGEST, NOW)
    assert store.end_digest("C1", NOW)
    assert not store.end_digest("C1", NOW)
    assert store.digest_schedules() == ()
    again = store.set_digest(replace(SCHEDULE, changed_at=NOW + timedelta(hours=1)))
    assert again.last_sent_for == TODAY
    assert not store.send_digest(again, TODAY, DIGEST, NOW)


@pytest.mark.parametrize("what", ["changed", "stopped"])
def test_a_digest_that_was_being_made_meanwhile_is_not_sent(store: Store, what: str) -> None:
    read_before = store.set_digest(SCHEDULE)
    if what == "changed":
        store.set_digest(replace(SCHEDULE, changed_at=NOW + timedelta(minutes=1)))
    else:
        store.end_digest("C1", NOW)
    assert not store.send_digest(read_before, TODAY, DIGEST, NOW)
    assert queued(store) == []


def test_a_message_that_cannot_be_queued_leaves_the_day_open(store: Store) -> None:
    """The day and the message are one transaction."""
    schedule = store.set_digest(SCHEDULE)
    with pytest.raises(StatementError, match="no time zone"):
        store.send_digest(schedule, TODAY, DIGEST, datetime(2026, 11, 23, 9))  # noqa: DTZ001 (what a defect would pass)
    found = store.digest_schedule("C1")
    assert found is not None
    assert found.last_sent_for is None
    assert store.send_digest(found, TODAY, DIGEST, NOW)


def test_of_processes_that_send_at_the_same_moment_one_does(address: str) -> None:
    """Two that both think they lead, eight times over."""
    first, second = Store(open_engine(address)), Store(open_engine(address))
    try:
        for offset in range(8):
            day = TODAY + timedelta(days=offset)
            schedule = first.set_digest(SCHEDULE) if offset == 0 else first.digest_schedule("C1")
            assert schedule is not None
            ready, outcomes = threading.Barrier(2), list[bool]()

            def send(store: Store, schedule=schedule, day=day, ready=ready, outcomes=outcomes) -> None:  # type: ignore[no-untyped-def]
                ready.wait()
                outcomes.append(store.send_digest(schedule, day, DIGEST, NOW))

            threads = [threading.Thread(target=send, args=(each,)) for each in (first, second)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert sorted(outcomes) == [False, True]
        with first.reading() as connection:
            assert connection.execute(select(func.count()).select_from(MESSAGE_OUTBOX)).scalar() == 8
    finally:
        first.close()
        second.close()


def test_alerts_of_a_period_are_those_that_fired_and_were_not_over_before_it(store: Store) -> None:
    (step,) = save_steps(store, [Step(alert=FIRING, transition=Transition.OPENED)], CHANNELS, NOW)
    assert step.alert is not None
    over = replace(step.alert, resolved_at=NOW + timedelta(hours=2), resolution="recovered")
    save_steps(store, [Step(alert=over, transition=Transition.RESOLVED)], CHANNELS, NOW + timedelta(hours=2))
    (found,) = store.alerts_since(NOW + timedelta(hours=1))
    assert found.alert_id == step.alert.alert_id
    assert store.alerts_since(NOW + timedelta(hours=3)) == ()


def test_messages_given_up_are_counted_by_channel_and_time(store: Store) -> None:
    for channel in ("C1", "C2"):
        store.queue_message(f"word:{channel}", channel, DIGEST, NOW)
    for item in store.claim_messages(NOW, "me"):
        store.message_dead(item, NOW, "is_archived")
    assert store.given_up(NOW - timedelta(days=1)) == 2
    assert store.given_up(NOW - timedelta(days=1), "C1") == 1
    assert store.given_up(NOW + timedelta(minutes=1)) == 0


def test_a_time_without_work_is_a_gap_and_one_that_lasts_too(store: Store) -> None:
    since = NOW - timedelta(days=7)
    assert store.work_gaps(Work.SERVING, since, NOW, DOWN) is None
    for minute in (0, 1, 2, 50, 51):
        store.note_work(Work.SERVING, NOW + timedelta(minutes=minute), DOWN)
    now = NOW + timedelta(minutes=52)
    (gap,) = store.work_gaps(Work.SERVING, since, now, DOWN) or ()
    assert (gap.began_at, gap.ended_at) == (NOW + timedelta(minutes=2), NOW + timedelta(minutes=50))
    assert gap.within(NOW + timedelta(minutes=40), now) == timedelta(minutes=10)
    later = NOW + timedelta(hours=2)
    _, lasting = store.work_gaps(Work.SERVING, since, later, DOWN) or ()
    assert lasting.ended_at is None
    assert lasting.within(since, later) == timedelta(minutes=69)
    assert store.work_gaps(Work.SWEEP, since, now, DOWN) is None


def test_gaps_go_after_a_quarter(store: Store) -> None:
    store.note_work(Work.SWEEP, NOW, DOWN)
    store.note_work(Work.SWEEP, NOW + timedelta(hours=1), DOWN)
    assert store.prune_gaps(NOW + timedelta(days=80)) == 0
    assert store.prune_gaps(NOW + timedelta(days=91)) == 1


def test_times_are_kept_as_moments_in_utc(store: Store) -> None:
    assert store.set_digest(SCHEDULE).changed_at.tzinfo == UTC
