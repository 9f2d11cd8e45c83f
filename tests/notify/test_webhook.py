"""The second path: criticals Slack has not taken in time, told once each, and their end."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from stored_alerts import FIRING, NOW, save_steps

from bot import metrics
from bot.alerts import Alert, Severity, Step, Transition, card
from bot.notify.sending import Outcome
from bot.notify.webhook import Webhook
from bot.store import Store, open_store

MINUTE = timedelta(minutes=1)


@dataclass
class Desk:
    """A store whose outbox nobody empties, a webhook, and what its receiver got and answers."""

    store: Store
    now: datetime = NOW
    leads: bool = True
    answers: list[Outcome] = field(default_factory=list)
    got: list[Mapping[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.webhook = self.another()

    def another(self) -> Webhook:
        """A webhook as a process that has just started has it."""
        return Webhook(
            store=self.store,
            address="https://example.com/hook",
            after=10 * MINUTE,
            card=lambda alert: card(alert, self.now),
            now=lambda: self.now,
            leading=lambda: self.leads,
            post=self._post,
        )

    def _post(self, address: str, document: Mapping[str, object]) -> Outcome:
        self.got.append(document)
        return self.answers.pop(0) if self.answers else Outcome.SENT

    def fire(self, number: int = 1, severity: Severity = Severity.CRITICAL) -> Alert:
        """Save a firing alert with a card to send."""
        alert = replace(FIRING, scope_key=f"subnet:{number}", severity=severity, fired_at=self.now)
        step = Step(alert=alert, transition=Transition.OPENED)
        (saved,) = save_steps(self.store, [step], {alert.scope_key: ("C1",)}, self.now)
        assert saved.alert is not None
        return saved.alert

    def resolve(self, alert: Alert) -> None:
        """Save the end of an alert."""
        over = replace(alert, revision=alert.revision + 1, resolved_at=self.now, resolution="recovered")
        save_steps(self.store, [Step(alert=over, transition=Transition.RESOLVED)], {}, self.now)

    def deliver(self) -> None:
        """Slack takes everything that waits."""
        for item in self.store.claim(self.now, "sender"):
            self.store.mark_sent(item, self.now, item.channel, "1.1")

    def step(self, minutes: int = 0) -> int:
        """One look at the outbox, after this time."""
        self.now += minutes * MINUTE
        return self.webhook.step()

    def told(self) -> list[list[tuple[str, str]]]:
        """The alerts of each document: scope and status."""
        return [[(a["labels"]["scope"], a["status"]) for a in document["alerts"]] for document in self.got]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk with an empty outbox."""
    store = open_store(f"sqlite:///{tmp_path}/eksip.db")
    yield Desk(store=store)
    store.close()


def test_a_critical_that_slack_has_not_taken_goes_to_the_webhook_once(desk: Desk) -> None:
    """Not before its time, and not again, also after a restart; several of one rule go together."""
    desk.fire(1)
    desk.fire(2)
    assert desk.step(9) == 0
    assert desk.step(1) == 1
    desk.webhook = desk.another()
    assert desk.step(30) == 0
    assert desk.told() == [[("subnet:1", "firing"), ("subnet:2", "firing")]]


def test_what_slack_took_in_time_never_goes_there(desk: Desk) -> None:
    desk.fire()
    desk.deliver()
    assert desk.step(60) == 0


def test_warnings_wait_for_slack(desk: Desk) -> None:
    """The second path wakes people: it is for criticals."""
    desk.fire(severity=Severity.WARNING)
    assert desk.step(60) == 0


def test_the_end_follows_where_the_beginning_went(desk: Desk) -> None:
    """Whether or not Slack is back; an alert that never went to the webhook does not end there."""
    first, second = desk.fire(1), desk.fire(2)
    desk.step(10)
    desk.deliver()
    desk.resolve(first)
    assert desk.step(1) == 1
    desk.resolve(second)
    assert desk.step(1) == 1
    third = desk.fire(3)
    desk.resolve(third)
    assert desk.step(60) == 0
    assert desk.told()[1:] == [[("subnet:1", "resolved"), ("subnet:2", "firing")], [("subnet:2", "resolved")]]
    assert desk.got[-1]["status"] == "resolved"


def test_an_alert_given_up_in_its_only_channel_is_unheard(desk: Desk) -> None:
    """A dead letter is no delivery; where another channel has the card, somebody heard."""
    desk.fire()
    (item,) = desk.store.claim(desk.now, "sender")
    desk.store.mark_dead(item, desk.now, "is_archived")
    assert desk.step(10) == 1


def test_an_alert_shown_in_another_channel_is_not_unheard(desk: Desk) -> None:
    desk.fire()
    (item,) = desk.store.claim(desk.now, "sender")
    desk.store.mark_dead(item, desk.now, "is_archived", fallback="C9")
    desk.deliver()
    assert desk.step(60) == 0


def test_new_figures_do_not_start_the_wait_again(desk: Desk) -> None:
    """An alert that changes at every poll of a long outage is still told in time."""
    alert = desk.fire()
    for _ in range(3):
        desk.now += 4 * MINUTE
        alert = replace(alert, revision=alert.revision + 1)
        save_steps(desk.store, [Step(alert=alert, transition=Transition.CHANGED)], {}, desk.now)
        (item,) = desk.store.claim(desk.now, "sender")
        desk.store.retry_later(item, desk.now, "HTTP 503", ambiguous=False)
    assert desk.step() == 1


@pytest.mark.parametrize(
    ("answer", "pauses"),
    [
        pytest.param(Outcome.UNAVAILABLE, [15, 30, 60, 120, 240, 300, 300], id="away: sooner, then later"),
        pytest.param(Outcome.REFUSED, [300, 300], id="refused: somebody must change something first"),
    ],
)
def test_a_receiver_that_fails_is_tried_again_until_it_takes_it(desk: Desk, answer: Outcome, pauses: list[int]) -> None:
    """With pauses of its own, and counted; nothing is marked as told before it was taken."""
    before = metrics.REGISTRY.get_sample_value("eksip_webhook_send_total", {"outcome": answer.value}) or 0.0
    desk.fire()
    desk.answers = [answer] * len(pauses)
    desk.step(10)
    for number, pause in enumerate(pauses, 1):
        desk.now += timedelta(seconds=pause - 1)
        assert (desk.webhook.step(), len(desk.got)) == (0, number)
        desk.now += timedelta(seconds=1)
        taken = desk.webhook.step()
    assert (taken, len(desk.got)) == (1, len(pauses) + 1)
    after = metrics.REGISTRY.get_sample_value("eksip_webhook_send_total", {"outcome": answer.value})
    assert after == before + len(pauses)


def test_only_the_leader_tells(desk: Desk) -> None:
    """Two replicas would say everything twice."""
    desk.fire()
    desk.leads = False
    assert desk.step(60) == 0
    desk.leads = True
    assert desk.step() == 1


def test_an_alert_that_opens_again_is_told_again(desk: Desk) -> None:
    """Told as over and firing again unheard, it is news."""
    alert = desk.fire()
    desk.step(10)
    desk.resolve(alert)
    desk.step(1)
    again = replace(alert, revision=alert.revision + 2, fired_at=desk.now)
    save_steps(desk.store, [Step(alert=again, transition=Transition.REFIRED)], {}, desk.now)
    assert desk.step(10) == 1
    assert desk.told()[-1] == [("subnet:1", "firing")]
