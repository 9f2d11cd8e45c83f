"""Ends of silences: a reminder to who made one, one message where something it covered fires on, nothing otherwise."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from bot.alerts import Alert
from bot.alerts.group_notices import silence_ended, silence_reminder
from bot.alerts.silences import Silence, done_early, end_due, reminder_due, still_firing
from bot.store import Store

BY_ITSELF = "eksip"
"""Who lifts a silence that was made to last until its alerts are resolved."""


def settle_silences(store: Store, open_alerts: Sequence[Alert], now: datetime) -> None:
    """Deal with every silence that ends or is about to; what is said is said once, whichever replica says it.

    A channel that was not told of an alert because of the silence hears of it as of any other now; only one whose
    card is there already gets the words that the silence is over.
    """
    for silence in store.untold_silences(now):
        if done_early(silence, store.alerts(silence.alert_ids), now):
            store.lift_silence(silence.silence_id or 0, BY_ITSELF, now)
            continue
        covered = still_firing(silence, open_alerts)
        if reminder_due(silence, now):
            _remind(store, silence, covered, now)
        elif end_due(silence, now):
            _tell_end(store, silence, covered, now)


def _remind(store: Store, silence: Silence, covered: Sequence[Alert], now: datetime) -> None:
    """Queued under a key of its own before it is marked: a crash in between says it neither twice nor never."""
    if _is_person(silence.created_by):
        key = f"silence:{silence.silence_id}:reminder"
        store.queue_message(key, silence.created_by, silence_reminder(silence, covered, now), now)
    store.mark_reminded(silence.silence_id or 0, now)


def _tell_end(store: Store, silence: Silence, covered: Sequence[Alert], now: datetime) -> None:
    for channel, told in sorted(_told_of(store, {alert.alert_id for alert in covered}).items()):
        key = f"silence:{silence.silence_id}:end:{channel}"
        # A channel may not see every alert that the silence covered: it reads of those it was told of.
        known = [alert for alert in covered if alert.alert_id in told]
        store.queue_message(key, channel, silence_ended(silence, known), now)
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
