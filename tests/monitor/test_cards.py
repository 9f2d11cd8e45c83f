"""The message of an outbox row: the card as everything stands now, and the last look before it is posted."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from stored_alerts import FIRING, NOW, OPENED, save_steps

from bot.alerts import Severity, Step, Transition
from bot.alerts.notify import Said, Told
from bot.alerts.readings import TimeLeft
from bot.alerts.silences import Silence
from bot.config import load
from bot.monitor import Cards
from bot.scope import EVERYTHING
from bot.store import Notice, OutboxItem, Store, Verdicts, WithdrawnError, open_store

SILENCE = Silence(
    scope=EVERYTHING,
    created_by="U1",
    name="Ana",
    created_at=NOW,
    starts_at=NOW,
    ends_at=NOW + timedelta(hours=1),
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store in a SQLite file."""
    opened = open_store(f"sqlite:///{tmp_path}/eksip.db")
    yield opened
    opened.close()


def _cards(store: Store) -> Cards:
    return Cards(store, load({}, {}), lambda: NOW)


def _item(store: Store) -> OutboxItem:
    (item,) = store.claim(NOW, "sender")
    return item


def test_a_card_that_waits_says_what_is_true_when_it_is_sent(store: Store) -> None:
    """The newest figures, not those of the moment when it was queued."""
    (saved,) = save_steps(store, [OPENED], {"subnet:subnet-1": ("C1",)}, NOW)
    assert saved.alert is not None
    save_steps(store, [Step(alert=replace(saved.alert, value=7, worst_value=7))], {}, NOW)
    message = _cards(store).message(_item(store))
    assert message is not None
    assert "7 of 4,091" in message.text


def test_what_was_over_before_it_could_be_told_is_one_message(store: Store) -> None:
    """Fired and cleared while Slack was away."""
    (saved,) = save_steps(store, [OPENED], {"subnet:subnet-1": ("C1",)}, NOW)
    assert saved.alert is not None
    over = replace(saved.alert, resolved_at=NOW, resolution="recovered", revision=2)
    save_steps(store, [Step(alert=over, transition=Transition.RESOLVED)], {}, NOW)
    message = _cards(store).message(_item(store))
    assert message is not None
    assert "while Slack was unreachable" in message.text


def test_alerts_on_one_card_are_shown_together(store: Store) -> None:
    """The log of the channel says which alerts its card is about."""
    second = replace(FIRING, scope_key="subnet:subnet-2", label="private-1b")

    def decide(saved: tuple[Step, ...], _: object) -> Verdicts:
        ids = [step.alert.alert_id or 0 for step in saved if step.alert is not None]
        told = tuple(Told(alert_id=i, severity=Severity.CRITICAL, time_left=TimeLeft.UNKNOWN) for i in ids)
        shown = " ".join(f"{alert_id}:1" for alert_id in ids)
        said = Said(posted_at=NOW, heard_at=NOW, firing=told, shown=shown)
        notice = Notice(
            channel="C1", group_key="zone", alert_id=ids[0], kind=Transition.OPENED, said=said, why="first message"
        )
        return Verdicts(notices=(notice,))

    store.save_steps([OPENED, replace(OPENED, alert=second)], decide, NOW)
    message = _cards(store).message(_item(store))
    assert message is not None
    assert "2 subnets" in message.text


def test_a_silence_made_while_it_waited_takes_a_first_message_back(store: Store) -> None:
    """Nothing is posted, the reason is on record, and the channel counts as not told."""
    save_steps(store, [OPENED], {"subnet:subnet-1": ("C1",)}, NOW)
    item = _item(store)
    store.add_silence(SILENCE)
    with pytest.raises(WithdrawnError, match="silenced"):
        _cards(store).message(item)
    assert store.notification_log() == {}
    assert [(e.channel, e.reason, e.detail) for e in store.why_not_heard(1001)][-1] == (
        "C1",
        "silenced",
        "silence 1 by Ana",
    )
    assert store.outbox_depth(NOW) == (0, None)


def test_a_first_message_that_slack_may_have_is_not_taken_back(store: Store) -> None:
    """The reply was lost: taken back, a card that says "firing" would stand in the channel for ever."""
    save_steps(store, [OPENED], {"subnet:subnet-1": ("C1",)}, NOW)
    store.retry_later(_item(store), NOW, "RemoteDisconnected", ambiguous=True)
    store.add_silence(SILENCE)
    message = _cards(store).message(_item(store))
    assert message is not None
    assert "Ana" in str(message.parts)


def test_a_card_that_is_there_is_kept_up_to_date_under_a_silence(store: Store) -> None:
    """An edit is heard by nobody, and it shows the silence."""
    (saved,) = save_steps(store, [OPENED], {"subnet:subnet-1": ("C1",)}, NOW)
    assert saved.alert is not None
    store.mark_sent(_item(store), NOW, "C1", "1.1")
    store.add_silence(SILENCE)
    changed = replace(saved.alert, value=3, revision=2)
    save_steps(store, [Step(alert=changed, transition=Transition.ESCALATED)], {}, NOW)
    message = _cards(store).message(_item(store))
    assert message is not None
    assert "Ana" in str(message.parts)


def test_an_alert_that_is_no_longer_stored_has_no_card(store: Store) -> None:
    """Its row is given up."""
    save_steps(store, [OPENED], {"subnet:subnet-1": ("C1",)}, NOW)
    assert _cards(store).message(replace(_item(store), alert_id=4711)) is None
