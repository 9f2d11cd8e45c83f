"""Cards: the message of an outbox row as everything stands now, and the last look before it is posted first."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from bot.alerts import Alert, AlertStatus, outage_card
from bot.alerts.group_notices import group_card
from bot.alerts.grouping import Group, group_key, worst_first
from bot.alerts.notices import overlay_of
from bot.alerts.notify import Action, Around, Why, decide
from bot.asking.sight import seen_scopes, sight
from bot.config import Settings
from bot.inventory import Inventory
from bot.message import Message
from bot.store import OutboxItem, Store, Untold, WithdrawnError

LAST_LOOK = frozenset({Why.QUIET_HOURS, Why.SILENCED, Why.INHIBITED})
"""What stops a first message that waits: somebody silenced it, or the quiet hours began, while Slack was away."""


class Cards:
    """Makes the message of each card that is due, from the alerts it is about."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        now: Callable[[], datetime],
        known: Callable[[], Inventory | None] = lambda: None,
    ) -> None:
        self._store = store
        self._access = settings.access
        self._known = known
        self._poll = settings.schedule.poll
        self._now = now

    def message(self, item: OutboxItem) -> Message | None:
        """The card as it stands; None when its alert is no longer stored.

        Raises: WithdrawnError when it must be quiet now, with what is queued of it taken back. One that Slack may have
        all the same is not taken back: nobody would bring it up to date.
        """
        alert = self._store.alert(item.alert_id)
        if alert is None:
            return None
        now = self._now()
        group = self._group(item, alert)
        acks = tuple(self._store.acks(member.alert_id or 0 for member in group.alerts).values())
        silences = self._store.silences(now)
        if item.card_ts is None and group.is_resolved:
            # The outage card tells of one alert; a group's card names each of its own.
            return outage_card(group.lead) if len(group.alerts) == 1 else group_card(group, now)
        if item.card_ts is None and item.ambiguous_since is None:
            around = Around(
                channel=item.channel,
                now=now,
                poll=self._poll,
                # Whether the figures are old was asked when it was queued, and a card shows their age.
                stale_after=timedelta.max,
                acks=acks,
                silences=silences,
                quiet=tuple(watch.quiet for watch in self._store.watches(item.channel) if watch.quiet is not None),
                open_alerts=self._store.open_alerts(),
                queued=True,
            )
            decision = decide(group, None, around)
            if decision.action is Action.NOTHING and decision.why in LAST_LOOK:
                untold = [
                    Untold(
                        alert_id=member.alert_id or 0,
                        channel=item.channel,
                        reason=decision.why.value,
                        detail=decision.detail,
                    )
                    for member in group.firing
                ]
                self._store.withdraw_card(item.alert_id, item.channel, untold, now)
                raise WithdrawnError(decision.why.value)
        overlays = {
            member.alert_id: overlay_of(member, acks, silences, now)
            for member in group.alerts
            if member.alert_id is not None
        }
        return group_card(group, now, overlays)

    def _group(self, item: OutboxItem, alert: Alert) -> Group:
        """The alerts on the channel's card, worst first; the alert alone where nothing says more."""
        members = self._store.alerts(item.alert_ids)
        shown = [member for member in members if member.status is not AlertStatus.PENDING] or [alert]
        shown = self._as_seen(item.channel, shown)
        return Group(group_key=group_key(alert), alerts=tuple(sorted(shown, key=worst_first)))

    def _as_seen(self, channel: str, alerts: list[Alert]) -> list[Alert]:
        """The alerts without the clusters that the channel may not see; without any where nothing is known."""
        if not self._access.limits_seeing:
            return alerts
        owner = next((watch.created_by for watch in self._store.watches(channel)), "")
        words = seen_scopes(self._access, channel, owner)
        if words is None:
            return alerts
        known = self._known()
        seen = None if known is None else sight(words, known)
        # What a channel was told of once keeps its card up to date, without what it may no longer see.
        return [(None if seen is None else seen.alert(alert)) or replace(alert, clusters=()) for alert in alerts]
