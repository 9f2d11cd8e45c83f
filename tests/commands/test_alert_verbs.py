"""What people do about alerts: ack, silence, maintenance, and asking why nothing was heard; on a real database."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from builders import cluster, inventory, region_facts, subnet
from stored_alerts import FIRING, NOW, save_steps

from bot.alerts import Alert, Step, Transition
from bot.answers.registry import ANSWERS
from bot.asking.allowance import Allowance
from bot.asking.command import Request, Surface
from bot.commands import dispatch
from bot.config import load
from bot.console.render import plain
from bot.facts import Facts
from bot.message import Message, Visibility
from bot.monitor import Cards
from bot.services import Services
from bot.slack.render import render
from bot.store import Store, Untold, Verdicts, open_store

OPS = "C0OPSOPSOPS"
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def never() -> Any:
    raise AssertionError("these verbs need no AWS")


@dataclass
class Desk:
    """A store with alerts on cards in a channel, and a person who types."""

    store: Store
    now: datetime
    access: dict[str, Any]

    def services(self) -> Services:
        """The services of this moment."""
        facts = Facts(reader=never, stored=lambda: None, now=lambda: self.now, poll=timedelta(days=99))
        found = subnet("subnet-1", name="private-1a", observed_at=self.now)
        facts.put(
            inventory(replace(region_facts(found, clusters=(cluster("prod-eu", ("subnet-1",)),)), observed_at=self.now))
        )
        return Services(
            settings=load({}, {"access": self.access}),
            now=lambda: self.now,
            facts=lambda: facts,
            reader=never,
            store=lambda: self.store,
            stored=lambda: self.store,
            history=lambda: self.store,
            knowledge=never,
        )

    def ask(self, text: str, surface: Surface = Surface.SLASH, zone: str = "", user: str = "U0ANAANA") -> Message:
        """The answer to Ana."""
        request = Request(text=text, surface=surface, user_id=user, user_name="Ana", channel_id=OPS, zone=zone)
        return dispatch(request, self.services())

    def done(self, text: str, **given: Any) -> Message:
        """The same of what must work; its JSON must fit its model."""
        message = self.ask(text, **given)
        assert message.failure is None, message.text
        ANSWERS[text.split()[0]].model_validate(dict(message.answer))
        return message

    def refused(self, text: str, **given: Any) -> str:
        """Why it does not work."""
        message = self.ask(text, **given)
        assert message.failure is not None, message.text
        assert message.failure.kind == "user", message.text
        return message.text

    def fire(self, *names: str) -> tuple[Alert, ...]:
        """Alerts that fire and have a card in the channel, which Slack has."""
        alerts = [replace(FIRING, scope_key=f"subnet:{name}", label=name, clusters=("prod-eu",)) for name in names]
        channels = {alert.scope_key: (OPS,) for alert in alerts}
        steps = [Step(alert=alert, transition=Transition.OPENED) for alert in alerts]
        saved = save_steps(self.store, steps, channels, NOW)
        self.send()
        return tuple(step.alert for step in saved if step.alert is not None)

    def send(self) -> list[str]:
        """Send what waits: the cards' texts and small print."""
        cards = Cards(self.store, load({}, {}), lambda: self.now)
        shown = []
        for item in self.store.claim(self.now, "test"):
            message = cards.message(item)
            assert message is not None
            shown.append(str(message))
            self.store.mark_sent(item, self.now, OPS, f"{item.alert_id}.0")
        return shown


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    store = open_store(f"sqlite:///{tmp_path}/eksip.db")
    yield Desk(store=store, now=NOW + MINUTE, access={})
    store.close()


def test_an_ack_is_on_the_card_at_once_with_a_plain_name_and_the_next_poll_has_nothing_to_edit(desk: Desk) -> None:
    desk.fire("subnet-1")

    message = desk.done("ack 1001")

    assert message.text == "Acked by Ana: subnet-1 (alert 1001)."
    assert message.visibility is Visibility.IN_CHANNEL
    (card,) = desk.send()
    assert "Acked by Ana" in card
    assert "<@" not in card
    assert "unack 1001" in card
    assert desk.send() == []


def test_an_ack_survives_a_crash_between_the_answer_and_the_edit(desk: Desk, tmp_path: Path) -> None:
    desk.fire("subnet-1")
    desk.done("ack 1001")
    desk.store.close()
    desk.store = open_store(f"sqlite:///{tmp_path}/eksip.db")

    (card,) = desk.send()

    assert "Acked by Ana" in card


def test_a_click_on_a_card_does_not_add_a_message_to_the_channel(desk: Desk) -> None:
    desk.fire("subnet-1")
    assert desk.done("ack 1001", surface=Surface.BUTTON).visibility is Visibility.EPHEMERAL


def test_several_alerts_are_acked_and_unacked_together(desk: Desk) -> None:
    desk.fire("subnet-1", "subnet-2", "subnet-3")

    acked = desk.done("ack 1001 #1002, 1003")
    assert [row["acked_by"] for row in acked.answer["alerts"]] == ["Ana"] * 3  # type: ignore[attr-defined]

    freed = desk.done("unack 1001 1003")
    assert [row["acked_by"] for row in freed.answer["alerts"]] == [None, None]  # type: ignore[attr-defined]
    assert set(desk.store.acks()) == {1002}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("ack", "Say which alert", id="no number"),
        pytest.param("ack 4711", "I know no alert `4711`; one that works: `ack 1001`", id="unknown"),
        pytest.param("ack 1001 prod-eu", "I know no alert `prod-eu`", id="a scope"),
        pytest.param("unack 1001", "Nobody has acked", id="not acked"),
        pytest.param("silence", "Say what to keep quiet", id="silence nothing"),
        pytest.param("silence 1001", "Say until when", id="silence without an end"),
        pytest.param("silence 1001 8d", "7 days at most", id="silence for too long"),
        pytest.param("silence 1001 soon", "I cannot read `soon` as an end", id="no end"),
        pytest.param("silence prod-eu until resolved", "Only alerts are silenced until", id="a scope has no end"),
        pytest.param("silence prod-eux 2h", "Did you mean `prod-eu`", id="unknown scope"),
        pytest.param("silence 1001 2h rule=low_ip", "Did you mean `low_ips`", id="unknown rule"),
        pytest.param("silence 1001 2h severity=bad", "no severity", id="unknown severity"),
        pytest.param("unsilence 9", "I know no silence `9`", id="unknown silence"),
        pytest.param("maintenance prod-eu", "from when and until when", id="no window"),
        pytest.param("maintenance prod-eu 22:00", "until when as well", id="half a window"),
        pytest.param("maintenance prod-eu 22:00 9d", "7 days at most", id="too long a window"),
        pytest.param("maintenance prod-eu 2027-11-24 22:00 2h", "within 60 days", id="too far ahead"),
        pytest.param("maintenance prod-eu 2026-11-31 22:00 2h", "no day of the calendar", id="no such day"),
        pytest.param("maintenance prod-eu 2026-11-20 22:00 2h", "over before it begins", id="in the past"),
        pytest.param("alerts why 4711", "I know no alert `4711`", id="why of an unknown alert"),
        pytest.param("alerts prod-eux", "Did you mean `prod-eu`", id="alerts of an unknown scope"),
    ],
)
def test_what_cannot_be_done_is_said_with_a_way_out_and_changes_nothing(desk: Desk, text: str, said: str) -> None:
    desk.fire("subnet-1")

    assert said in desk.refused(text)
    assert desk.store.acks() == {}
    assert desk.store.silences(desk.now) == ()


@pytest.mark.parametrize(
    ("words", "zone", "ends_at", "reason"),
    [
        pytest.param("30m", "", NOW + MINUTE + 30 * MINUTE, "", id="minutes"),
        pytest.param(
            "for 2h deploying payments", "", NOW + MINUTE + 2 * HOUR, "deploying payments", id="with a reason"
        ),
        pytest.param("tomorrow 09:00", "", datetime(2026, 11, 24, 9, tzinfo=UTC), "", id="tomorrow"),
        pytest.param(
            "tomorrow 09:00 x", "Europe/Berlin", datetime(2026, 11, 24, 8, tzinfo=UTC), "x", id="in the person's zone"
        ),
        pytest.param("until 18:30", "", datetime(2026, 11, 23, 18, 30, tzinfo=UTC), "", id="today"),
    ],
)
def test_a_silence_ends_when_the_words_say(desk: Desk, words: str, zone: str, ends_at: datetime, reason: str) -> None:
    desk.fire("subnet-1")

    desk.done(f"silence 1001 {words}", zone=zone)

    (kept,) = desk.store.silences(desk.now)
    assert (kept.ends_at, kept.reason, kept.name, kept.alert_ids) == (ends_at, reason, "Ana", (1001,))
    assert not kept.until_resolved


def test_until_resolved_ends_with_the_alert_and_after_seven_days_at_the_latest(desk: Desk) -> None:
    desk.fire("subnet-1")
    desk.done("silence 1001 resolved")
    (kept,) = desk.store.silences(desk.now)
    assert kept.until_resolved
    assert kept.ends_at == desk.now + timedelta(days=7)


def test_a_silenced_scope_covers_its_alerts_shows_on_their_cards_and_ends_by_number(desk: Desk) -> None:
    desk.fire("subnet-1", "subnet-2")

    made = desk.done("silence account:111122223333 2h node rollover rule=low_ips")
    assert len(made.answer["alerts"]) == 2  # type: ignore[arg-type]
    assert all("ilenced" in card and "unsilence 1" in card for card in desk.send())

    desk.now += MINUTE
    ended = desk.done("unsilence 1")
    assert "Silence 1 ended by Ana. 2 alerts of it may be heard again." in ended.text
    assert desk.store.silences(desk.now) == ()
    assert all("silence 1001" in card or "silence 1002" in card for card in desk.send())
    assert "over already" in desk.refused("unsilence 1")


def test_a_maintenance_window_covers_nothing_before_it_begins(desk: Desk) -> None:
    desk.fire("subnet-1")

    message = desk.done("maintenance prod-eu tomorrow 22:00 to 02:00 node rollover", zone="Europe/Berlin")

    (window,) = desk.store.silences(desk.now)
    assert window.starts_at == datetime(2026, 11, 24, 21, tzinfo=UTC)
    assert window.ends_at == datetime(2026, 11, 25, 1, tzinfo=UTC)
    assert not window.is_active(desk.now)
    assert "to be silenced" in message.text
    assert desk.send() == []
    assert "node rollover" in str(desk.done("alerts"))


def test_why_nobody_heard_is_told_by_channel_in_words(desk: Desk) -> None:
    desk.fire("subnet-1")
    untold = Untold(alert_id=1001, channel="C0QUIETQUIET", reason="quiet hours of the channel")
    desk.store.save_steps((), lambda _steps, _log: Verdicts(untold=(untold,)), desk.now)
    desk.done("ack 1001")
    desk.done("silence 1001 2h deploying")

    why = desk.done("alerts why 1001")

    assert why.text == "Alert 1001 (subnet-1, firing): 1 channel heard of it, 1 channel did not."
    shown = str(why.parts)
    assert f"<#{OPS}>" in str(render(why)["blocks"])
    assert f"Channel {OPS}" in plain(why)
    assert "not told: quiet hours of the channel" in shown
    assert "acked by Ana" in shown
    assert "silenced: silence 1 until 2026-11-23 11:01 UTC (Ana · deploying)" in shown
    kinds = [row["kind"] for row in why.answer["events"]]  # type: ignore[attr-defined]
    assert kinds == ["transition", "told", "not told", "acked", "silenced"]


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        pytest.param("alerts", True, id="what is open"),
        pytest.param("alerts why 1001", True, id="why nobody heard"),
        pytest.param("ack 1001", False, id="ack"),
        pytest.param("board stop", False, id="the end of a board"),
        pytest.param("watching", False, id="the channel's own watches"),
        pytest.param("defaults tz=Europe/Berlin", False, id="a change of defaults"),
    ],
)
def test_what_only_tells_that_something_was_done_is_not_offered_to_the_channel(
    desk: Desk, words: str, offered: bool
) -> None:
    """Share would run the command once more: for the channel an answer, of a change a second one."""
    desk.fire("subnet-1")
    private = replace(desk.done(words), visibility=Visibility.EPHEMERAL)
    assert ("Share here" in str(render(private, share=True)["blocks"])) is offered


def test_alerts_of_a_scope_leaves_out_the_others_and_shows_what_people_did(desk: Desk) -> None:
    desk.fire("subnet-1")
    (other,) = save_steps(
        desk.store,
        [Step(alert=replace(FIRING, scope_key="subnet:s2", account_id="9" * 12, clusters=()), transition=None)],
        {},
        NOW,
    )
    assert other.alert is not None
    desk.done("ack 1001")

    found = desk.done("alerts prod-eu")

    assert [row["alert_id"] for row in found.answer["alerts"]] == [1001]  # type: ignore[attr-defined]
    assert "acked by Ana" in str(found.parts)
    assert len(desk.done("alerts").answer["alerts"]) == 2  # type: ignore[arg-type]


def test_every_write_and_every_denial_is_in_the_audit_log(desk: Desk) -> None:
    desk.fire("subnet-1")
    desk.access = {"writers": ["U0ANAANA"]}

    desk.done("ack 1001")
    desk.refused("silence 1001 8d")
    assert "limited to some people" in desk.refused("unack 1001", user="U0OTHER0")
    desk.done("alerts")

    log = [(entry.who, entry.verb, entry.outcome.partition(":")[0]) for entry in desk.store.audit_since(NOW)]
    assert log == [("U0OTHER0", "unack", "denied"), ("U0ANAANA", "silence", "failed"), ("U0ANAANA", "ack", "done")]
    assert set(desk.store.acks()) == {1001}


def test_a_person_who_asks_too_much_is_told_when_to_ask_again_and_that_is_written_down_once(desk: Desk) -> None:
    services = replace(
        desk.services(), allowance=Allowance(2, lambda: desk.now), settings=load({}, {"access": {"per_minute": 2}})
    )
    request = Request(text="help", surface=Surface.SLASH, user_id="U0ANAANA", channel_id=OPS)

    answers = [dispatch(request, services) for _ in range(4)]

    assert [message.failure is None for message in answers] == [True, True, False, False]
    assert answers[2].text == "You have asked 2 questions in a minute, which is the most I take. Ask again in 30 s."
    assert [entry.outcome for entry in desk.store.audit_since(NOW)] == ["denied: too many questions"]
    assert dispatch(replace(request, surface=Surface.CONSOLE), services).failure is None
