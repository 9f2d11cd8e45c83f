"""The second path: critical alerts that Slack has not taken in time go to a webhook, and their end follows them."""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from itertools import groupby
from threading import Event
from typing import TYPE_CHECKING

from bot import metrics
from bot.alerts import Alert, AlertStatus
from bot.message import Message
from bot.notify.alertmanager import payload
from bot.notify.sending import Outcome, send

if TYPE_CHECKING:
    from bot.store import Store

log = logging.getLogger(__name__)

LOOK_EVERY = timedelta(seconds=15)
"""How often the outbox is looked at: little against the minutes an alert waits before it comes here."""

FIRST_PAUSE = timedelta(seconds=15)
LONGEST_PAUSE = timedelta(minutes=5)


class Webhook:
    """Tells the receiver at `address` what Slack has not taken for `after`; at least once, from the leader only.

    Its own thread and its own retries: a receiver that is away never holds up Slack's delivery, nor the other way
    round. What was told is kept in the store, so a restart repeats nothing that was acknowledged.
    """

    def __init__(
        self,
        *,
        store: "Store",
        address: str,
        after: timedelta,
        card: Callable[[Alert], Message],
        now: Callable[[], datetime],
        leading: Callable[[], bool],
        post: Callable[[str, Mapping[str, object]], Outcome] = send,
    ) -> None:
        self._store = store
        self._address = address
        self._after = after
        self._card = card
        self._now = now
        self._leading = leading
        self._post = post
        self._failures: dict[str, int] = {}
        self._due: dict[str, datetime] = {}

    def run(self, stop: Event) -> None:
        """Look every LOOK_EVERY, or sooner where `after` is shorter, until `stop` is set; the thread's body."""
        while not stop.wait(min(LOOK_EVERY, self._after).total_seconds()):
            try:
                self.step()
            except Exception:  # the second path must outlive a database that is away for a while
                log.exception("the webhook's round failed")

    def step(self) -> int:
        """Send each rule's group that has news and is due: how many were taken."""
        if not self._leading():
            return 0
        now = self._now()
        told = self._alerts(self._store.told_elsewhere())
        unheard = self._alerts(self._store.unheard_criticals(now - self._after))
        over = {alert.alert_id for alert in told if alert.status is AlertStatus.RESOLVED}
        new = {alert.alert_id for alert in unheard}
        every = sorted([*told, *unheard], key=lambda alert: (alert.rule, alert.alert_id or 0))
        taken = 0
        for rule, members in groupby(every, key=lambda alert: alert.rule):
            alerts = tuple(members)
            news = [alert for alert in alerts if alert.alert_id in over | new]
            if news and self._due.get(rule, now) <= now:
                taken += self._send(rule, alerts, now)
        return taken

    def _alerts(self, alert_ids: tuple[int, ...]) -> tuple[Alert, ...]:
        found = (self._store.alert(alert_id) for alert_id in alert_ids)
        return tuple(alert for alert in found if alert is not None)

    def _send(self, rule: str, alerts: tuple[Alert, ...], now: datetime) -> bool:
        outcome = self._post(self._address, payload(rule, alerts, self._card))
        metrics.webhook_send_total.labels(outcome=outcome.value).inc()
        if outcome is not Outcome.SENT:
            failures = self._failures[rule] = self._failures.get(rule, 0) + 1
            # Refused: another try helps only after somebody changed the receiver, so it can wait.
            doubled = FIRST_PAUSE * 2 ** min(failures - 1, 10)
            self._due[rule] = now + (LONGEST_PAUSE if outcome is Outcome.REFUSED else min(doubled, LONGEST_PAUSE))
            return False
        self._failures.pop(rule, None)
        self._due.pop(rule, None)
        over = [alert.alert_id for alert in alerts if alert.status is AlertStatus.RESOLVED]
        firing = [alert.alert_id for alert in alerts if alert.status is not AlertStatus.RESOLVED]
        self._store.mark_told_elsewhere(
            [number for number in firing if number is not None], [number for number in over if number is not None], now
        )
        log.warning("criticals went to the webhook", extra={"rule": rule, "firing": firing, "resolved": over})
        return True
