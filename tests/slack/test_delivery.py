"""The outbox sender against a real store and a local Slack that fails in every way: nothing lost, nothing doubled."""

import threading
import time
from datetime import datetime, timedelta

import pytest
from delivering import MINUTE, SECOND, STOP, Desk
from sqlalchemy import select

from bot import metrics
from bot.alerts import Alert, Transition
from bot.alerts.silences import Silence
from bot.config import load
from bot.demo.workspace import problems
from bot.message import Message, Tone
from bot.monitor import Cards
from bot.slack.delivery import EVENT_TYPE
from bot.slack.sending import write_client
from bot.store import Notice, OutboxItem, Store, Verdicts
from bot.store.tables import CARD


class DyingStore(Store):
    """A store whose process ends after Slack has the message and before that is written down."""

    def mark_sent(self, item: OutboxItem, now: datetime, channel: str, ts: str) -> None:
        raise SystemExit


def sent_with(outcome: str) -> float:
    """How many messages ended like this so far."""
    return metrics.REGISTRY.get_sample_value("eksip_slack_send_total", {"outcome": outcome}) or 0.0


def dead() -> float:
    """How many messages were given up so far."""
    return sent_with("dead")


def test_one_card_lives_through_the_whole_alert(desk: Desk) -> None:
    """A firing alert is posted once, its changes and its end edit the same message."""
    desk.fire()
    assert desk.step() == 1
    (first,) = desk.cards()
    assert first["attachments"][0]["color"] == "#a30200"
    assert first["metadata"]["event_type"] == EVENT_TYPE
    assert problems(first) == []
    desk.change(150)
    desk.step(MINUTE)
    desk.change(1240, Transition.RESOLVED)
    desk.step(MINUTE)
    (last,) = desk.cards()
    assert last["ts"] == first["ts"]
    assert last["text"].startswith("[RESOLVED]")
    assert last["attachments"][0]["color"] == "#2eb886"
    ids = [{b["block_id"] for b in m["attachments"][0]["blocks"]} for m in (first, last)]
    assert ids[0].isdisjoint(ids[1])
    assert (desk.step(), desk.depth()) == (0, 0)


def test_a_rate_limit_delays_only_its_own_channel(desk: Desk) -> None:
    """A 429 is waited for as long as Slack asks; the other channel gets its card at once."""
    desk.workspace.add_channel("other")
    desk.workspace.faults.rate_limit("chat.postMessage", retry_after=30)
    desk.fire("ops", "other")
    desk.step()
    assert (len(desk.cards("ops")), len(desk.cards("other")), desk.depth()) == (0, 1, 1)
    assert desk.step(timedelta(seconds=25)) == 0
    desk.step(timedelta(seconds=10))
    assert (len(desk.cards("ops")), desk.depth()) == (1, 0)


def test_a_channel_that_is_limited_is_not_asked_again_in_the_same_round(desk: Desk) -> None:
    """One 429 spares the channel every further call until it is over."""
    desk.workspace.faults.rate_limit("chat.postMessage", times=1, retry_after=20)
    for number in range(5):
        desk.fire(scope=f"subnet:{number}")
    for _ in range(4):
        desk.step()
    assert desk.calls("chat.postMessage") == 1
    assert desk.step(19 * SECOND) == 0
    desk.drain()
    assert len(desk.cards()) == 5


@pytest.mark.parametrize("status", [503, 500])
def test_slack_away_for_hours_loses_nothing(desk: Desk, status: int) -> None:
    """Server errors are retried with growing pauses until the card is posted, once."""
    desk.workspace.faults.server_error("chat.postMessage", times=8, status=status)
    desk.fire()
    rounds = 0
    while desk.depth():
        desk.step(timedelta(minutes=5))
        rounds += 1
        assert rounds < 12
    assert len(desk.cards()) == 1


def test_the_pauses_double_up_to_five_minutes(desk: Desk) -> None:
    """After n failures the next attempt is 2^(n-1) s away, 5 minutes at most."""
    desk.workspace.faults.server_error("chat.postMessage", times=11)
    desk.fire()
    pauses = []
    for _ in range(11):
        assert desk.step() == 1
        with desk.store.reading() as connection:
            due = connection.execute(select(CARD.c.due)).scalar_one()
        pauses.append(round((due - desk.clock()).total_seconds()))
        desk.clock.at += timedelta(seconds=pauses[-1] + 1)
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]


def test_a_lost_reply_does_not_double_the_card(desk: Desk) -> None:
    """When the post was taken and its reply lost, the card is found in the channel's history and kept."""
    desk.workspace.faults.lose_reply("chat.postMessage")
    desk.fire()
    desk.step()
    assert desk.depth() == 1
    desk.step(MINUTE)
    (found,) = desk.cards()
    assert (desk.depth(), desk.calls("chat.postMessage")) == (0, 1)
    desk.change(90)
    desk.step(MINUTE)
    assert [message["ts"] for message in desk.cards()] == [found["ts"]]
    assert "90 of" in desk.cards()[0]["text"]


def test_a_lost_reply_is_found_although_the_alert_moved_on(desk: Desk) -> None:
    """The version that was posted is not the one that waits now: the card is found all the same."""
    desk.workspace.faults.lose_reply("chat.postMessage")
    desk.fire()
    desk.step()
    desk.change(1240, Transition.RESOLVED)
    desk.step(MINUTE)
    (found,) = desk.cards()
    assert found["text"].startswith("[RESOLVED]")


def test_without_history_a_doubtful_card_is_sent_again(desk: Desk) -> None:
    """Where history may not be read, a card twice is better than never."""
    desk.workspace.faults.lose_reply("chat.postMessage")
    desk.workspace.faults.error("conversations.history", "missing_scope")
    desk.fire()
    desk.step()
    desk.step(MINUTE)
    assert (len(desk.cards()), desk.depth()) == (2, 0)


def test_a_sender_that_died_while_sending_leaves_one_card(desk: Desk) -> None:
    """A post by a sender that never recorded it is found by the next one once the claim ran out."""
    desk.fire()
    with pytest.raises(SystemExit):
        desk.sender("dead", DyingStore(desk.store.engine)).step(STOP)
    assert (len(desk.cards()), desk.depth()) == (1, 1)
    assert desk.step(MINUTE) == 1
    assert (len(desk.cards()), desk.depth()) == (1, 0)


@pytest.mark.parametrize("error", ["channel_not_found", "not_in_channel", "is_archived"])
def test_what_no_retry_mends_is_given_up_and_said(desk: Desk, error: str, caplog: pytest.LogCaptureFixture) -> None:
    """A permanent error ends the row, counts as dead and warns, while other channels get their card."""
    desk.workspace.add_channel("other")
    desk.workspace.faults.error("chat.postMessage", error, channel="ops")
    before = dead()
    desk.fire("ops", "other")
    desk.step()
    assert (len(desk.cards("ops")), len(desk.cards("other")), desk.depth()) == (0, 1, 0)
    assert dead() == before + 1
    assert [vars(record)["reason"] for record in caplog.records if "cannot be delivered" in record.message] == [error]


@pytest.mark.parametrize("error", ["invalid_auth", "token_revoked", "account_inactive"])
def test_a_card_waits_for_a_token_that_works_again(desk: Desk, error: str) -> None:
    """A refused token loses no alert: the row stays and is sent once Slack accepts us."""
    desk.workspace.faults.error("chat.postMessage", error, channel="ops")
    desk.fire("ops")
    desk.step()
    assert (len(desk.cards("ops")), desk.depth()) == (0, 1)
    desk.step(MINUTE)
    assert (len(desk.cards("ops")), desk.depth()) == (1, 0)


def test_a_channel_the_bot_is_not_in_is_given_up(desk: Desk) -> None:
    """The workspace's own refusal of a private channel ends the row."""
    desk.fire("secret")
    desk.step()
    assert desk.depth() == 0


@pytest.mark.parametrize("error", ["message_not_found", "cant_update_message", "edit_window_closed"])
def test_a_card_that_cannot_be_edited_is_posted_anew(desk: Desk, error: str) -> None:
    """A card somebody deleted, or that may no longer be edited, is replaced by a new one that lives on."""
    desk.fire()
    desk.step()
    desk.workspace.faults.error("chat.update", error)
    desk.change(100)
    desk.step(MINUTE)
    assert (len(desk.cards()), desk.depth()) == (2, 0)
    desk.change(1240, Transition.RESOLVED)
    desk.step(MINUTE)
    assert [message["text"].startswith("[RESOLVED]") for message in desk.cards()] == [False, True]


def test_a_deleted_card_comes_back(desk: Desk) -> None:
    """After somebody deletes the card, its next version is a new message."""
    desk.fire()
    desk.step()
    (first,) = desk.cards()
    write_client(desk.workspace.bot_token, desk.workspace.api_url).chat_delete(
        channel=desk.workspace.channel("ops"), ts=first["ts"]
    )
    desk.change(100)
    desk.step(MINUTE)
    (second,) = desk.cards()
    assert second["ts"] != first["ts"]


def test_refused_blocks_become_text(desk: Desk) -> None:
    """When Slack refuses the card's blocks, its sentence is posted alone."""
    desk.workspace.faults.error("chat.postMessage", "invalid_attachments")
    desk.fire()
    desk.step()
    (found,) = desk.cards()
    assert found["text"].startswith("[FIRING]")
    assert not found.get("attachments")


def test_a_card_that_was_taken_back_is_no_failure(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """Silenced while it waited: nothing is posted, nothing is given up, and nobody is warned."""
    alert = desk.fire()
    silence = Silence(
        alert_ids=(alert.alert_id or 0,),
        created_by="U1",
        created_at=desk.clock(),
        starts_at=desk.clock(),
        ends_at=desk.clock() + timedelta(hours=1),
    )
    desk.store.add_silence(silence)
    cards = Cards(desk.store, load({}, {}), desk.clock)
    before = {word: sent_with(word) for word in ("withdrawn", "dead")}
    desk.sender(card=cards.message).step(STOP)
    assert (desk.cards(), desk.depth()) == ([], 0)
    assert {word: sent_with(word) - before[word] for word in before} == {"withdrawn": 1, "dead": 0}
    assert [record for record in caplog.records if record.levelname == "WARNING"] == []


def test_a_defect_in_one_card_does_not_hold_up_the_others(desk: Desk) -> None:
    """A card that cannot be made is tried again later; the next one is sent in the same round."""
    desk.broken.add(desk.fire(scope="subnet:1").alert_id)
    desk.fire(scope="subnet:2")
    desk.step()
    desk.step()
    assert (len(desk.cards()), desk.depth()) == (1, 1)
    desk.broken.clear()
    desk.step(MINUTE)
    assert len(desk.cards()) == 2


def test_flushing_sends_what_is_due_and_says_whether_all_went(desk: Desk) -> None:
    """The end of the process waits for the outbox, and no longer than it was told."""
    desk.fire()
    assert desk.sender(ticks=time.monotonic).flush(timedelta(seconds=20))
    assert len(desk.cards()) == 1


def test_the_sender_runs_until_it_is_stopped(desk: Desk) -> None:
    """The thread delivers what appears and ends at once when told."""
    stop = threading.Event()
    thread = threading.Thread(target=desk.delivery.run, args=(stop,))
    thread.start()
    desk.fire()
    desk.workspace.wait_for(desk.cards)
    stop.set()
    thread.join(2)
    assert not thread.is_alive()


def test_what_follows_a_card_comes_after_it_and_never_holds_it_up(desk: Desk) -> None:
    """The hook is told where each recorded card is; its failure costs nothing but a line in the log."""
    told: list[tuple[int, str, str]] = []

    def follow(item: OutboxItem, channel: str, ts: str) -> None:
        told.append((item.alert_id, channel, ts))
        raise ZeroDivisionError("a defect")

    alert = desk.fire()
    desk.sender(on_sent=follow).step(STOP)
    (found,) = desk.cards()
    assert told == [(alert.alert_id, desk.workspace.channel("ops"), found["ts"])]
    assert desk.depth() == 0


def test_a_post_that_would_outlast_its_claim_is_not_begun(desk: Desk) -> None:
    """A sender that was held up gives its card back unsent: another one may have it in a moment."""

    class Slow(Store):
        """A database after whose answer the sender was stopped for a while."""

        def alert(self, alert_id: int) -> Alert | None:
            desk.clock.at += 25 * SECOND
            return super().alert(alert_id)

    desk.store = Slow(desk.store.engine)
    desk.fire()
    desk.step()
    assert (desk.calls("chat.postMessage"), desk.depth()) == (0, 1)


def test_a_clock_set_back_by_hours_strands_nothing(desk: Desk) -> None:
    """A retry that was due in the morning is not waited for all day once the clock says it is night."""
    desk.workspace.faults.server_error("chat.postMessage")
    desk.fire()
    desk.step()
    desk.clock.at -= timedelta(hours=6)
    desk.step()
    assert (len(desk.cards()), desk.depth()) == (1, 0)


@pytest.mark.parametrize("lost", [pytest.param(False, id="at once"), pytest.param(True, id="its reply was lost")])
def test_what_a_channel_is_to_hear_again_is_a_reply_that_the_channel_sees(desk: Desk, *, lost: bool) -> None:
    """An edit is seen by nobody, a reply in the thread by those who follow it; once, whatever happens to it."""
    alert = desk.fire()
    desk.step()
    (entry,) = desk.store.notification_log().values()
    (card,) = desk.cards()
    notice = Notice(
        channel=entry.channel,
        group_key=entry.group_key,
        alert_id=alert.alert_id or 0,
        kind=Transition.OPENED,
        said=entry.said,
        why="fires again",
        reply=Message(text="It fires again.", tone=Tone.BAD, verdict=("It fires again.",)),
    )
    desk.store.save_steps((), lambda _, log: Verdicts(notices=(notice,)), desk.clock())
    if lost:
        desk.workspace.faults.lose_reply("chat.postMessage")
    desk.step(MINUTE)
    desk.step(MINUTE)
    seen = [(m["text"], m.get("thread_ts"), m.get("subtype")) for m in desk.cards()]
    assert ("It fires again.", card["ts"], "thread_broadcast") in seen
    assert [text for text, _, _ in seen].count("It fires again.") == 1
    assert desk.depth() == 0
