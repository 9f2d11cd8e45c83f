"""Messages that are no cards: to channels, threads and people, once for each key, edited where they stand."""

from datetime import timedelta

import pytest
from delivering import MINUTE, SECOND, STOP, Desk

from bot.message import Message, Text, Tone
from bot.slack.delivery import MESSAGE_EVENT_TYPE


def said(text: str) -> Message:
    """A message of one paragraph."""
    return Message(text=text, tone=Tone.NEUTRAL, verdict=(text,), parts=(Text(lines=((f"{text}, at length",),)),))


def queue(desk: Desk, key: str, channel: str = "ops", text: str = "", thread_ts: str | None = None) -> bool:
    """Queue a message under a key."""
    target = desk.workspace.channel(channel) if channel in ("ops", "other") else channel
    return desk.store.queue_message(key, target, said(text or key), desk.clock(), thread_ts=thread_ts)


def test_a_message_is_posted_once_for_its_key(desk: Desk) -> None:
    """A digest queued again by another leader, or after a restart, is the same digest."""
    assert queue(desk, "digest:ops:2026-11-23")
    assert not queue(desk, "digest:ops:2026-11-23")
    desk.drain()
    assert not queue(desk, "digest:ops:2026-11-23")
    desk.drain()
    (found,) = desk.cards()
    assert found["metadata"] == {
        "event_type": MESSAGE_EVENT_TYPE,
        "event_payload": {"key": "digest:ops:2026-11-23"},
    }


def test_a_person_gets_a_direct_message(desk: Desk) -> None:
    """A user id is an address: the conversation is opened once and written to."""
    ana = desk.workspace.user("ana")
    queue(desk, "one", ana)
    queue(desk, "two", ana)
    desk.drain()
    assert desk.texts("dm:ana") == ["one", "two"]
    assert desk.calls("conversations.open") == 1


def test_a_direct_message_arrives_without_the_optional_scope(desk: Desk) -> None:
    """Without im:write the person's id does as the channel."""
    desk.workspace.faults.error("conversations.open", "missing_scope")
    queue(desk, "one", desk.workspace.user("ana"))
    desk.drain()
    assert desk.texts("dm:ana") == ["one"]


@pytest.mark.parametrize("error", ["user_not_found", "user_disabled"])
def test_a_person_who_is_gone_is_given_up(desk: Desk, error: str) -> None:
    """Nobody is told that they are gone, and nothing waits for them."""
    desk.workspace.faults.error("conversations.open", error)
    queue(desk, "one", desk.workspace.user("ana"))
    desk.step()
    assert (desk.depth(), desk.store.broken_channels()) == (0, ())


@pytest.mark.parametrize("to", ["ops", "person"])
def test_a_lost_reply_does_not_double_a_message(desk: Desk, to: str) -> None:
    """It is found by its key, in the channel or in the direct conversation."""
    desk.workspace.faults.lose_reply("chat.postMessage")
    queue(desk, "one", "ops" if to == "ops" else desk.workspace.user("ana"))
    desk.step()
    desk.step(MINUTE)
    assert (desk.texts("ops" if to == "ops" else "dm:ana"), desk.depth()) == (["one"], 0)


def test_a_lost_reply_in_a_thread_is_found_in_the_thread(desk: Desk) -> None:
    """Answers in a thread are not in the channel's history."""
    parent = desk.workspace.say("pods hang", channel="ops")
    desk.workspace.faults.lose_reply("chat.postMessage")
    queue(desk, "one", thread_ts=parent)
    desk.step()
    desk.step(MINUTE)
    (found,) = desk.cards()
    assert (found["thread_ts"], desk.depth()) == (parent, 0)


def test_a_message_that_changes_is_edited_where_it_stands(desk: Desk) -> None:
    """Changed before it went out it is posted once with the newest words; afterwards it is edited, seldom enough."""
    queue(desk, "board", text="first")
    assert desk.store.change_message("board", said("second"), desk.clock())
    desk.drain()
    (posted,) = desk.cards()
    assert posted["text"] == "second"
    for number in range(3, 6):
        desk.clock.at += SECOND
        desk.store.change_message("board", said(f"version {number}"), desk.clock())
        assert desk.step() == 0
    desk.step(MINUTE)
    (edited,) = desk.cards()
    assert (edited["ts"], edited["text"], desk.calls("chat.update")) == (posted["ts"], "version 5", 1)


def test_a_change_while_a_message_is_being_sent_is_sent_as_well(desk: Desk) -> None:
    """What was sent is not what waits any more."""
    queue(desk, "board", text="first")
    (item,) = desk.store.claim_messages(desk.clock(), "one")
    desk.store.change_message("board", said("second"), desk.clock())
    desk.store.message_sent(item, desk.clock(), item.channel, "1.000100")
    assert desk.depth() == 1


def test_a_message_to_a_broken_channel_is_given_up_and_the_channel_marked(desk: Desk) -> None:
    """A test post into a channel the bot is not in breaks that watch at once."""
    secret = desk.workspace.channel("secret")
    desk.store.add_watch(secret, "all", "everything", desk.workspace.user("ben"), desk.clock())
    queue(desk, "test:secret", secret)
    desk.drain()
    assert [broken.channel for broken in desk.store.broken_channels()] == [secret]
    assert "everything" in desk.texts("dm:ben")[0]
    assert not desk.store.change_message("test:secret", said("again"), desk.clock())


def test_cards_go_before_other_messages_and_neither_stops_the_other(desk: Desk) -> None:
    """In a channel that is catching up the card is there first; the reminder follows within the limits."""
    for number in range(3):
        queue(desk, f"reminder {number}")
    desk.fire()
    assert desk.drain() == timedelta(seconds=1)
    assert [text.split(" ")[0] for text in desk.texts()] == ["[FIRING]", "reminder", "reminder", "reminder"]


def test_a_message_of_another_version_does_not_hold_up_the_others(desk: Desk) -> None:
    """What cannot be read waits for a version that can; the next message goes out."""
    queue(desk, "old")
    with desk.store.writing() as connection:
        connection.exec_driver_sql("""UPDATE message_outbox SET content = '{"is":"Hologram"}'""")
    queue(desk, "new")
    desk.delivery.step(STOP)
    desk.delivery.step(STOP)
    assert (desk.texts(), desk.depth()) == (["new"], 1)
