"""A desk for the tests of the sender: a store, a local Slack, and the sender between them, all on one clock."""

import threading
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from stored_alerts import FIRING, save_steps

from bot.alerts import Alert, Severity, Step, Transition, card
from bot.demo.workspace import Workspace
from bot.message import Message
from bot.slack.delivery import Delivery
from bot.slack.sending import write_client
from bot.store import OutboxItem, Store

STOP = threading.Event()
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


@dataclass
class Clock:
    """The one clock of bot and Slack; it stands still unless a test moves it."""

    at: datetime = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        """The wall clock."""
        return self.at

    def ticks(self) -> float:
        """The same as seconds that never run backwards."""
        return self.at.timestamp()


@dataclass
class Desk:
    """A store with alerts, a workspace, and the sender between them."""

    store: Store
    workspace: Workspace
    clock: Clock
    fallback: str = ""
    alert: Alert | None = None
    broken: set[int | None] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.delivery = self.sender()

    def sender(self, owner: str = "one", store: Store | None = None, **more: Any) -> Delivery:
        """A sender of this store, its client as in production."""
        return Delivery(
            store=store or self.store,
            client=write_client(self.workspace.bot_token, self.workspace.api_url),
            now=self.clock,
            owner=owner,
            fallback=self.fallback,
            **{"card": self.card, "ticks": self.clock.ticks, "jitter": lambda: 0.0, **more},
        )

    def card(self, item: OutboxItem) -> Message | None:
        """The card of an item from the alert's stored state."""
        if item.alert_id in self.broken:
            raise ZeroDivisionError("a defect")
        alert = self.store.alert(item.alert_id)
        return None if alert is None else card(alert, self.clock())

    def fire(
        self, *channels: str, scope: str = "subnet:subnet-1", severity: Severity = Severity.CRITICAL, label: str = ""
    ) -> Alert:
        """Save a firing alert for these channels."""
        ids = tuple(self.workspace.channel(channel) for channel in channels or ("ops",))
        now = self.clock()
        alert = replace(FIRING, scope_key=scope, active_at=now, observed_at=now, fired_at=now, severity=severity)
        alert = replace(alert, label=label or alert.label)
        (saved,) = save_steps(self.store, [Step(alert=alert, transition=Transition.OPENED)], {scope: ids}, now)
        assert saved.alert is not None
        self.alert = saved.alert
        return saved.alert

    def change(self, value: int, transition: Transition = Transition.CHANGED, alert: Alert | None = None) -> None:
        """Save the next version of an alert, the last one that fired unless told otherwise."""
        before = alert or self.alert
        assert before is not None
        resolved = transition is Transition.RESOLVED
        self.alert = replace(
            before,
            revision=before.revision + 1,
            value=value,
            resolved_at=self.clock() if resolved else None,
            resolution="recovered" if resolved else "",
        )
        save_steps(self.store, [Step(alert=self.alert, transition=transition)], {}, self.clock())

    def step(self, ahead: timedelta = timedelta()) -> int:
        """One round of the sender, after this time."""
        self.clock.at += ahead
        return self.delivery.step(STOP)

    def drain(self, rounds: int = 500) -> timedelta:
        """Send until nothing waits, a second passing whenever nothing may be sent: how long it took."""
        began = self.clock()
        while self.depth():
            if self.step() == 0:
                self.clock.at += SECOND
            rounds -= 1
            assert rounds, "the outbox was not emptied"
        return self.clock() - began

    def cards(self, channel: str = "ops") -> list[dict[str, Any]]:
        """The bot's messages in a channel."""
        return [message for message in self.workspace.messages(channel) if message.get("bot_id")]

    def texts(self, channel: str = "ops") -> list[str]:
        """What the bot's messages in a channel say on a locked phone."""
        return [message["text"] for message in self.cards(channel)]

    def calls(self, method: str) -> int:
        """How many calls of a method Slack got."""
        return sum(call.method == method for call in self.workspace.calls)

    def depth(self) -> int:
        """How many messages wait."""
        return self.store.outbox_depth(self.clock())[0]
