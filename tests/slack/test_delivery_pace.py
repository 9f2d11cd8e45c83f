"""What is sent first, how fast, and how often a card may be edited."""

from datetime import timedelta

import pytest
from delivering import MINUTE, SECOND, Clock, Desk

from bot.alerts import Severity, Transition
from bot.slack.pace import Pace, Rate


def test_a_channel_takes_a_small_burst_and_then_one_message_a_second(desk: Desk) -> None:
    """Twenty alerts at once: three go, the others follow one by one, all of them in the order they came."""
    for number in range(20):
        desk.fire(scope=f"subnet:{number}", label=f"s{number:02}")
    for _ in range(5):
        desk.step()
    assert len(desk.cards()) == 3
    assert desk.drain() == timedelta(seconds=17)
    assert [text.split(" in ")[1][:3] for text in desk.texts()] == [f"s{number:02}" for number in range(20)]


def test_the_workspace_has_a_ceiling_of_its_own(desk: Desk) -> None:
    """Forty channels with one alert each: twelve go at once, then four a second."""
    names = [f"team-{number}" for number in range(40)]
    for name in names:
        desk.workspace.add_channel(name)
    desk.fire(*names)
    for _ in range(5):
        desk.step()
    assert sum(len(desk.cards(name)) for name in names) == 12
    assert desk.drain() == timedelta(seconds=7)


def test_criticals_and_ends_go_before_warnings(desk: Desk) -> None:
    """In a channel with a queue the warnings wait, whichever came first."""
    over = desk.fire(scope="subnet:0", label="over")
    desk.drain()
    for number in range(4):
        desk.fire(scope=f"subnet:w{number}", severity=Severity.WARNING, label=f"warning{number}")
    desk.change(1240, Transition.RESOLVED, alert=over)
    desk.fire(scope="subnet:c", label="critical")
    desk.workspace.faults.slow("chat.update", 0)
    desk.drain()
    order = [call.params["text"] for call in desk.workspace.calls if call.method in ("chat.postMessage", "chat.update")]
    words = [text.split(" in ")[1].split(" ")[0] for text in order]
    assert words == ["over", "critical", "over", "warning0", "warning1", "warning2", "warning3"]


def test_a_card_is_edited_once_in_45_seconds_and_shows_the_newest_figure(desk: Desk) -> None:
    """Figures that change every few seconds cost one edit, and the last one wins."""
    desk.fire()
    desk.step()
    for value in (190, 180, 170):
        desk.clock.at += 10 * SECOND
        desk.change(value)
        assert desk.step() == 0
    desk.step(15 * SECOND)
    assert (desk.calls("chat.update"), desk.depth()) == (1, 0)
    assert "170 of" in desk.texts()[0]


@pytest.mark.parametrize("transition", [Transition.ESCALATED, Transition.RESOLVED])
def test_what_people_must_know_is_never_held_back(desk: Desk, transition: Transition) -> None:
    """An alert that gets worse or ends is shown at once, also right after another edit."""
    desk.fire()
    desk.step()
    desk.change(100)
    desk.clock.at += SECOND
    desk.change(0, transition)
    assert desk.step() == 1
    assert desk.calls("chat.update") == 1


def test_edits_keep_below_their_own_allowance(desk: Desk) -> None:
    """A hundred cards that change at once are edited 15 together and then 45 a minute, none lost."""
    alerts = [desk.fire(scope=f"subnet:{number}") for number in range(30)]
    desk.drain()
    desk.clock.at += 2 * MINUTE
    for alert in alerts:
        desk.change(50, alert=alert)
    assert desk.drain() == timedelta(seconds=20)
    assert desk.calls("chat.update") == 30


def test_a_429_of_an_edit_holds_for_every_edit_and_no_post(desk: Desk) -> None:
    """chat.update is limited for the whole workspace: edits wait as long as Slack asks, new alerts go out."""
    desk.workspace.add_channel("other")
    first = desk.fire("ops", scope="subnet:1")
    second = desk.fire("other", scope="subnet:2")
    desk.drain()
    desk.clock.at += MINUTE
    desk.workspace.faults.rate_limit("chat.update", retry_after=30)
    desk.change(50, alert=first)
    desk.change(50, alert=second)
    desk.step()
    desk.fire("ops", scope="subnet:3")
    desk.step(5 * SECOND)
    assert (desk.calls("chat.update"), len(desk.cards("ops")), desk.depth()) == (1, 2, 2)
    desk.step(30 * SECOND)
    assert desk.depth() == 0


def test_waiting_for_slack_is_no_failed_attempt(desk: Desk) -> None:
    """After a long row of 429s the first real failure is retried after a second, not after minutes."""
    desk.workspace.faults.rate_limit("chat.postMessage", times=6, retry_after=2)
    desk.fire()
    for _ in range(6):
        assert desk.step(3 * SECOND) == 1
    desk.workspace.faults.server_error("chat.postMessage")
    desk.step(3 * SECOND)
    desk.step(SECOND)
    assert (len(desk.cards()), desk.depth()) == (1, 0)


def test_an_outage_looks_as_old_as_it_is(desk: Desk) -> None:
    """New versions of a card do not make the wait of its channel look shorter."""
    desk.workspace.faults.server_error("chat.postMessage", times=100)
    desk.fire()
    for value in (90, 80, 70):
        desk.step(5 * MINUTE)
        desk.change(value)
        desk.step(5 * MINUTE)
    assert desk.store.outbox_depth(desk.clock()) == (1, timedelta(minutes=30))


def test_a_bucket_forgets_nothing_and_owes_nothing() -> None:
    """A full bucket lets its burst through, then one call for each interval; idle time never makes it larger."""
    clock = Clock()
    pace = Pace(clock.ticks, channel=Rate(per_second=1, burst=2))
    for _ in range(2):
        assert "C1" not in pace.resting()
        pace.take("C1", edit=False)
    assert pace.resting() == {"C1"}
    assert pace.pause_seconds() == 1.0
    clock.at += SECOND
    assert pace.resting() == frozenset()
    clock.at += 60 * MINUTE
    for _ in range(2):
        pace.take("C1", edit=False)
    assert pace.resting() == {"C1"}


def test_a_block_outlasts_the_tokens() -> None:
    """A channel that answered 429 rests for as long as Slack said, whatever the bucket holds."""
    clock = Clock()
    pace = Pace(clock.ticks)
    pace.block("C1", timedelta(seconds=30), edit=False)
    clock.at += 29 * SECOND
    assert pace.resting() == {"C1"}
    assert pace.pause_seconds() == 1.0
    clock.at += SECOND
    assert pace.resting() == frozenset()
    assert pace.pause_seconds() is None
