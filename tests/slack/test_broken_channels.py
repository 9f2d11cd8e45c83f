"""A channel Slack refuses for good: its people are told once, its alerts go to the fallback channel."""

from dataclasses import replace

import pytest
from delivering import MINUTE, Desk

from bot.alerts import Transition
from bot.demo.workspace import problems
from bot.slack.sending import CHANNEL_ERRORS, PERMANENT_ERRORS


def watched(desk: Desk, channel: str, *people: str) -> str:
    """A channel with a watch by each of these people: its id."""
    channel_id = desk.workspace.channel(channel)
    for number, person in enumerate(people):
        scope = f"cluster:prod-{number}"
        desk.store.add_watch(channel_id, scope, f"prod-{number}", desk.workspace.user(person), desk.clock())
    return channel_id


@pytest.mark.parametrize(
    ("error", "says"),
    [
        pytest.param("is_archived", "Unarchive it", id="archived"),
        pytest.param("not_in_channel", "/invite @eksip", id="bot removed"),
        pytest.param("channel_not_found", "made private", id="gone or private"),
        pytest.param("restricted_action", "does not let me post", id="forbidden"),
    ],
)
def test_the_owner_of_a_broken_watch_is_told_once_by_direct_message(desk: Desk, error: str, says: str) -> None:
    """However many alerts die there, one message says which channel, why, and what to do."""
    channel = watched(desk, "ops", "ana")
    desk.workspace.faults.error("chat.postMessage", error, times=50, channel="ops")
    for number in range(3):
        desk.fire(scope=f"subnet:{number}")
    desk.drain()
    (told,) = desk.cards("dm:ana")
    assert "prod-0" in told["text"]
    assert error in told["text"]
    assert channel in str(told["blocks"])
    assert says in str(told["blocks"])
    assert problems(told) == []
    assert [(broken.channel, broken.reason) for broken in desk.store.broken_channels()] == [(channel, error)]


def test_each_owner_is_told_of_their_own_watches(desk: Desk) -> None:
    """Two people who set up watches in one channel each hear of theirs; nobody else does."""
    watched(desk, "ops", "ana", "ben")
    desk.workspace.faults.error("chat.postMessage", "is_archived", times=5, channel="ops")
    desk.fire()
    desk.drain()
    (ana,), (ben,) = desk.texts("dm:ana"), desk.texts("dm:ben")
    assert ("prod-0" in ana, "prod-1" in ana, "prod-0" in ben, "prod-1" in ben) == (True, False, False, True)
    assert desk.cards("dm:chris") == []


def test_a_channel_that_is_mended_is_forgotten_and_may_break_again(desk: Desk) -> None:
    """The first post that arrives clears the mark; a second break is news again."""
    watched(desk, "ops", "ana")
    for _ in range(2):
        desk.workspace.faults.error("chat.postMessage", "not_in_channel", channel="ops")
        alert = desk.fire(scope=f"subnet:{desk.clock()}")
        desk.drain()
        assert len(desk.store.broken_channels()) == 1
        desk.change(100, alert=alert)
        desk.clock.at += MINUTE
        desk.drain()
        assert desk.store.broken_channels() == ()
    assert len(desk.cards("ops")) == 2
    assert len(desk.cards("dm:ana")) == 2


def test_an_alert_of_a_broken_channel_lives_on_in_the_fallback_channel(desk: Desk) -> None:
    """Its card is posted there, edited there and resolved there, after a word on where it belongs."""
    desk.workspace.add_channel("fallback")
    archived = desk.workspace.add_channel("old", archived=True)
    desk = replace(desk, fallback=desk.workspace.channel("fallback"))
    desk.fire("old")
    desk.drain()
    note, card = desk.cards("fallback")
    assert card["text"].startswith("[FIRING]")
    assert archived in note["text"]
    desk.change(1240, Transition.RESOLVED)
    desk.drain()
    _, again = desk.cards("fallback")
    assert (again["ts"], again["text"][:10]) == (card["ts"], "[RESOLVED]")


def test_a_broken_fallback_channel_ends_there(desk: Desk) -> None:
    """The alert is given up; it does not go round in circles."""
    desk.workspace.add_channel("old", archived=True)
    desk.workspace.add_channel("older", archived=True)
    desk = replace(desk, fallback=desk.workspace.channel("older"))
    desk.fire("old")
    desk.drain(rounds=20)
    assert len(desk.store.broken_channels()) == 2


def test_a_card_in_a_channel_that_was_archived_goes_to_the_fallback_channel(desk: Desk) -> None:
    """Slack refuses to edit it; the alert's end is not lost."""
    desk.workspace.add_channel("fallback")
    desk = replace(desk, fallback=desk.workspace.channel("fallback"))
    desk.fire("ops")
    desk.drain()
    desk.workspace.faults.error("chat.update", "is_inactive", channel="ops")
    desk.change(1240, Transition.RESOLVED)
    desk.drain()
    assert [text[:10] for text in desk.texts("fallback")] == ["I cannot p", "[RESOLVED]"]


def test_a_channel_breaks_only_for_what_is_the_channels_fault(desk: Desk) -> None:
    """A message Slack will not take, or a missing scope, says nothing against the channel."""
    watched(desk, "ops", "ana")
    desk.workspace.faults.error("chat.postMessage", "missing_scope", channel="ops")
    desk.fire()
    desk.drain()
    assert desk.store.broken_channels() == ()
    assert desk.cards("dm:ana") == []
    assert CHANNEL_ERRORS < PERMANENT_ERRORS
