"""Ends of silences: a reminder to who made one, one message where something it covered fires on, nothing otherwise."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from bot.alerts import Alert
from bot.alerts.acks import ack_holds
from bot.alerts.group_notices import silence_ended, silence_reminder
from bot.alerts.quiet import muted_until
from bot.alerts.silences import Silence, done_early, end_due, reminder_due, still_firing
from bot.asking.sight import seen_scopes, sight
from bot.config.sections import AccessSettings
from bot.inventory import Inventory
from bot.store import Store
from bot.store.silences import reminder_key

BY_ITSELF = "eksip"
"""Who lifts a silence that was made to last until its alerts are resolved."""


def settle_silences(
    store: Store, open_alerts: Sequence[Alert], now: datetime, access: AccessSettings, inventory: Inventory
) -> None:
    """Deal with every silence that ends or is about to; what is said is said once, whichever replica says it.

    Who made it reads of what they may see, and a channel in its quiet hours hears of the end when these are over.

    A channel that was not told of an alert because of the silence hears of it as of any other now; only one whose
    card is there already gets the words that the silence is over.
    """
    for silence in store.untold_silences(now):
        if done_early(silence, store.alerts(silence.alert_ids), now):
            store.lift_silence(silence.silence_id or 0, BY_ITSELF, now)
            continue
        covered = still_firing(silence, open_alerts)
        if reminder_due(silence, now):
            _remind(store, silence, _seen_by(silence.created_by, covered, access, inventory), now)
        elif end_due(silence, now):
            _tell_end(store, silence, covered, now)


def _remind(store: Store, silence: Silence, covered: Sequence[Alert], now: datetime) -> None:
    """Queued under a key of its own before it is marked: a crash in between says it neither twice nor never."""
    if _is_person(silence.created_by):
        store.queue_message(
            reminder_key(silence.silence_id or 0), silence.created_by, silence_reminder(silence, covered, now), now
        )
    store.mark_reminded(silence.silence_id or 0, now)


def _seen_by(person: str, alerts: Sequence[Alert], access: AccessSettings, inventory: Inventory) -> Sequence[Alert]:
    """The alerts as this person may see them in a direct message."""
    words = seen_scopes(access, "", person)
    if words is None:
        return alerts
    seen = sight(words, inventory)
    return [shown for alert in alerts if (shown := seen.alert(alert)) is not None]


def _tell_end(store: Store, silence: Silence, covered: Sequence[Alert], now: datetime) -> None:
    quiet = [watch.quiet for watch in store.watches() if watch.quiet is not None]
    acked = {alert_id for alert_id, ack in store.acks().items() if any(ack_holds(ack, a, now) for a in covered)}
    is_muted = False
    for channel, told in sorted(_told_of(store, {alert.alert_id for alert in covered}).items()):
        key = f"silence:{silence.silence_id}:end:{channel}"
        # A channel may not see every alert that the silence covered: it reads of those it was told of.
        known = [alert for alert in covered if alert.alert_id in told - acked]
        if any(muted_until(quiet, channel, alert.severity, now) is None for alert in known):
            store.queue_message(key, channel, silence_ended(silence, known), now)
        elif known:
            is_muted = True
    if not is_muted:
        store.mark_end_told(silence.silence_id or 0, now)


def _told_of(store: Store, alert_ids: Iterable[int | None]) -> Mapping[str, set[int]]:
    """Which of the alerts each channel heard of and not yet of their end; no channel that heard of none."""
    wanted = set(alert_ids)
    found: defaultdict[str, set[int]] = defaultdict(set)
    for entry in store.notification_log().values():
        for told in entry.said.firing:
            if told.alert_id in wanted:
                found[entry.channel].add(told.alert_id)
    return found


def _is_person(user_id: str) -> bool:
    """Whether it is a Slack user id; a silence made in a terminal has an author that no message reaches.

    Source: https://docs.slack.dev/reference/objects/user-object (ids begin with U or W).
    """
    return user_id[:1] in ("U", "W") and user_id.isalnum() and user_id.isupper()
