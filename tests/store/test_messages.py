"""Messages that are no cards in the store, on both databases, and their JSON form."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.message import (
    BlindSpotNote,
    Bullets,
    Button,
    Channel,
    Code,
    Context,
    Controls,
    Coverage,
    Failure,
    Fields,
    Link,
    Menu,
    Message,
    Mono,
    Sources,
    Strong,
    Struck,
    Table,
    Text,
    Tone,
    Visibility,
    When,
)
from bot.store import QueuedMessage, Store
from bot.store.message_json import dumped, loaded

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
WORDS = Message(text="hello")
EVERYTHING = Message(
    text="All of it → ü",
    tone=Tone.WARNING,
    verdict=(
        "plain ",
        Strong("b"),
        Mono("m"),
        Link("l", "https://example.com/"),
        When(NOW, "date_time"),
        Struck("s"),
        Channel("C1"),
    ),
    parts=(
        Text(lines=(("a", Strong("b")), ())),
        Bullets(items=(("one",),), title="t", numbered=True, more="+1"),
        Fields(pairs=(("Free", (Strong("203"), " of 4,091")),)),
        Table(columns=("a", "b"), rows=(("1", "2"),), right=frozenset({1}), more="+3 more ok"),
        Code(text="kubectl get pods", title="Look"),
        Context(lines=(("small",),)),
        Sources(links=(Link("AWS", "https://docs.aws.amazon.com/"),)),
        Controls(items=(Button(label="Go", command="status", primary=True), Menu(label="m", options=(("a", "b"),)))),
    ),
    command="status",
    as_of=NOW,
    coverage=Coverage(
        read=1,
        expected=2,
        blind_spots=(BlindSpotNote(account_id="111122223333", region="eu-west-1", api="DescribeSubnets", reason="x"),),
    ),
    failure=Failure(kind="user", message="no", suggestions=("help",), reference="ab12"),
    visibility=Visibility.IN_CHANNEL,
    card=True,
    revision="digest:1",
)


def _only(items: tuple[QueuedMessage, ...]) -> QueuedMessage:
    (item,) = items
    return item


def test_every_part_of_a_message_survives_the_store() -> None:
    """What is read back renders as what was written; only the form for scripts is not kept."""
    assert loaded(dumped(EVERYTHING)) == EVERYTHING
    assert loaded(dumped(replace(WORDS, answer={"subnets": 3}))) == WORDS


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('{"is":"Hologram"}', id="a part this version does not know"),
        pytest.param('{"is":"Message","text":"x","smell":"y"}', id="a field this version does not know"),
        pytest.param('{"is":"Strong","text":"x"}', id="no message"),
        pytest.param("{", id="no JSON"),
    ],
)
def test_what_cannot_be_read_is_said_so(text: str) -> None:
    with pytest.raises(ValueError):
        loaded(text)


def test_a_key_is_queued_once(store: Store) -> None:
    """Also when the first one was sent or given up, until it is forgotten after a month."""
    assert store.queue_message("digest", "C1", WORDS, NOW)
    assert not store.queue_message("digest", "C2", WORDS, NOW)
    item = _only(store.claim_messages(NOW, "a"))
    assert (item.message, item.channel, item.attempts, item.card_ts) == (WORDS, "C1", 1, None)
    store.message_sent(item, NOW, "C1", "1.1")
    store.prune(NOW + timedelta(days=29))
    assert not store.queue_message("digest", "C1", WORDS, NOW)
    store.prune(NOW + timedelta(days=31))
    assert store.queue_message("digest", "C1", WORDS, NOW)


def test_messages_count_in_the_depth_of_the_outbox(store: Store) -> None:
    store.queue_message("a", "C1", WORDS, NOW)
    store.queue_message("b", "C1", WORDS, NOW + 30 * SECOND)
    assert store.outbox_depth(NOW + 60 * SECOND) == (2, timedelta(seconds=60))


def test_messages_of_a_channel_go_in_the_order_they_came(store: Store) -> None:
    for key in ("a", "b", "c"):
        store.queue_message(key, "C1", WORDS, NOW)
    store.queue_message("d", "U1", WORDS, NOW)
    store.queue_message("e", "C3", WORDS, NOW)
    taken = store.claim_messages(NOW, "s", per_channel=1, resting=["C3"])
    assert [item.dedup_key for item in taken] == ["a", "d"]
    assert [item.dedup_key for item in store.claim_messages(NOW, "s")] == ["b", "c", "e"]


def test_a_claim_that_ran_out_is_taken_over_as_ambiguous(store: Store) -> None:
    """A sender that died may have posted; the late word of the first one frees nothing."""
    store.queue_message("a", "C1", WORDS, NOW)
    dead = _only(store.claim_messages(NOW, "dead"))
    assert store.claim_messages(NOW + 29 * SECOND, "b") == ()
    item = _only(store.claim_messages(NOW + 30 * SECOND, "b"))
    assert (item.owner, item.ambiguous_since, item.attempts) == ("b", NOW, 2)
    store.message_later(dead, NOW, "timeout", ambiguous=True)
    store.message_back(dead, NOW)
    assert store.claim_messages(NOW + 31 * SECOND, "c") == ()


@pytest.mark.parametrize("ambiguous", [pytest.param(True, id="ambiguous"), pytest.param(False, id="refused")])
def test_a_failed_message_is_tried_again_when_due(store: Store, ambiguous: bool) -> None:
    store.queue_message("a", "C1", WORDS, NOW)
    store.message_later(_only(store.claim_messages(NOW, "a")), NOW + 30 * SECOND, "x", ambiguous=ambiguous)
    assert store.claim_messages(NOW + 29 * SECOND, "a") == ()
    again = _only(store.claim_messages(NOW + 30 * SECOND, "a"))
    assert (again.attempts, again.ambiguous_since) == (2, NOW if ambiguous else None)


def test_a_changed_message_is_edited_and_says_since_when_it_waits(store: Store) -> None:
    """Replaced while it waits, it waits since the first content; after it was sent, since the change."""
    store.queue_message("a", "C1", WORDS, NOW)
    store.change_message("a", Message(text="two"), NOW + 10 * SECOND)
    item = _only(store.claim_messages(NOW + 20 * SECOND, "s"))
    assert (item.message.text, item.created_at) == ("two", NOW)
    store.message_sent(item, NOW + 20 * SECOND, "C1", "1.1")
    store.change_message("a", Message(text="three"), NOW + 30 * SECOND)
    assert store.claim_messages(NOW + 64 * SECOND, "s") == ()
    edit = _only(store.claim_messages(NOW + 65 * SECOND, "s"))
    assert (edit.message.text, edit.card_ts, edit.created_at) == ("three", "1.1", NOW + 30 * SECOND)
    assert store.claim_messages(NOW + 65 * SECOND, "s", edits=False) == ()


def test_what_was_given_up_or_never_queued_cannot_be_changed(store: Store) -> None:
    store.queue_message("a", "C1", WORDS, NOW)
    store.message_dead(_only(store.claim_messages(NOW, "s")), NOW, "is_archived")
    assert not store.change_message("a", Message(text="two"), NOW)
    assert not store.change_message("b", Message(text="two"), NOW)


def test_a_channel_breaks_once_and_is_mended_by_what_arrives(store: Store) -> None:
    """The words for its people are queued with the mark or not at all."""
    tell = {"U1": Message(text="broken"), "C9": Message(text="comes here")}
    assert store.break_channel("C1", "is_archived", NOW, tell)
    assert not store.break_channel("C1", "not_in_channel", NOW + SECOND, tell)
    assert [(b.channel, b.reason, b.broken_at) for b in store.broken_channels()] == [("C1", "is_archived", NOW)]
    assert sorted(item.channel for item in store.claim_messages(NOW, "s")) == ["C9", "U1"]
    store.queue_message("a", "C1", WORDS, NOW)
    store.message_sent(_only(store.claim_messages(NOW, "s")), NOW, "C1", "1.1")
    assert store.broken_channels() == ()
    assert store.break_channel("C1", "is_archived", NOW + SECOND, tell)
