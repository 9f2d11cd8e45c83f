"""Downtime: what the channels are told, once, of a long time in which no process read anything."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from bot.alerts import Alert, Step, Transition
from bot.alerts.alert import AlertStatus
from bot.config import Settings
from bot.message import Line, Message, Text, Tone, When
from bot.store import Store

WORTH_TELLING = timedelta(minutes=15)
"""A shorter time is a restart or an upgrade, of which nobody needs to know: three polls of the default interval."""


class Downtime:
    """The time between the last attempt to read before this process and its start, and what changed meanwhile."""

    def __init__(self, store: Store, settings: Settings, now: datetime) -> None:
        last = store.last_attempt_at()
        self._store = store
        self._settings = settings
        self._since = None if last is None or now - last <= WORTH_TELLING else last
        self._until = now
        self._opened: set[int | None] = set()
        self._resolved: set[int | None] = set()

    def note(self, steps: Iterable[Step]) -> None:
        """Take the steps that the first reads of this process led to."""
        if self._since is None:
            return
        for step in steps:
            if step.alert is not None and step.transition in (Transition.OPENED, Transition.REFIRED):
                self._opened.add(step.alert.alert_id)
            if step.alert is not None and step.transition is Transition.RESOLVED:
                self._resolved.add(step.alert.alert_id)

    def tell(self, now: datetime) -> None:
        """Queue the words for every channel that watches something, else for the fallback channel; once at all.

        Queued under the time it began: another replica that takes over says nothing twice.
        """
        if self._since is None:
            return
        watching = {watch.channel for watch in self._store.watches()}
        watching |= {watch.channel for watch in self._settings.watches}
        fallback = self._settings.slack.fallback_channel
        message = _words(self._since, self._until, len(self._opened), len(self._resolved), self._store.open_alerts())
        for channel in sorted(watching or {name for name in (fallback,) if name}):
            self._store.queue_message(f"downtime:{self._since.isoformat()}:{channel}", channel, message, now)
        self._since = None


def _words(since: datetime, until: datetime, opened: int, resolved: int, still_open: Iterable[Alert]) -> Message:
    """What is said of a downtime; what was low only in between is known to nobody."""
    undecided = sum(alert.status in (AlertStatus.PENDING, AlertStatus.RECOVERING) for alert in still_open)
    # A long one ends on another day: then the clock alone would mislead.
    form = "%H:%M" if since.date() == until.date() else "%Y-%m-%d %H:%M"
    text = f"I was down {since:{form}} to {until:{form}} UTC; {opened} opened, {resolved} resolved meanwhile."
    more = f" {undecided} more are judged with the next reads." if undecided else ""
    told: Line = ("Nothing was read from ", When(since, "date_time"), " to ", When(until, "date_time"), ".", more)
    return Message(text=text, tone=Tone.NEUTRAL, verdict=(text,), parts=(Text(lines=(told,)),))
