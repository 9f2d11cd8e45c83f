"""Cards brought up to what people did: the edits of an ack or a silence, queued in the transaction that keeps it."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, func, select, update

from bot.alerts.acks import Ack
from bot.alerts.alert import Alert, AlertStatus
from bot.alerts.grouping import Group, worst_first
from bot.alerts.notify import Around, version
from bot.alerts.silences import Silence
from bot.store.notifications import Entry, read_log
from bot.store.tables import ALERT, NOTIFICATION, OUTBOX, OutboxState

ACTED = "acted"
"""The kind of such a version: no change of the alert, and yet it goes at once, since somebody looks at the card."""


def show_again(connection: Connection, acks: Iterable[Ack], silences: Iterable[Silence], now: datetime) -> int:
    """Queue an edit of every card that acks and silences, as given, make look different; how many.

    The log takes the new version, so that the next poll finds nothing left to edit.
    """
    entries = tuple(read_log(connection).values())
    ids = {alert_id for entry in entries for alert_id in (*entry.alert_ids, entry.alert_id)}
    found = connection.execute(select(ALERT).where(ALERT.c.alert_id.in_(sorted(ids)))).mappings()
    alerts = {row["alert_id"]: Alert(**row) for row in found}
    given, kept = tuple(acks), tuple(silences)
    edited = 0
    for entry in entries:
        members = [alerts[alert_id] for alert_id in entry.alert_ids if alert_id in alerts]
        shown = [alert for alert in members if alert.status is not AlertStatus.PENDING] or [alerts[entry.alert_id]]
        group = Group(group_key=entry.group_key, alerts=tuple(sorted(shown, key=worst_first)))
        around = Around(
            channel=entry.channel,
            now=now,
            poll=timedelta(0),
            stale_after=timedelta.max,
            acks=given,
            silences=kept,
        )
        newest = version(group, around)
        if newest != entry.said.shown:
            _queue(connection, entry, newest, now)
            edited += 1
    return edited


def _queue(connection: Connection, entry: Entry, shown: str, now: datetime) -> None:
    queued = and_(OUTBOX.c.alert_id == entry.alert_id, OUTBOX.c.channel == entry.channel)
    newest = connection.execute(select(func.max(OUTBOX.c.revision)).where(queued)).scalar() or 0
    revision = max(newest, entry.revision) + 1
    connection.execute(
        OUTBOX.insert().values(
            alert_id=entry.alert_id,
            channel=entry.channel,
            revision=revision,
            kind=ACTED,
            dedup_key=f"{entry.alert_id}:{revision}:{entry.channel}",
            state=OutboxState.NEW.value,
            reason="",
            created_at=now,
        )
    )
    here = and_(NOTIFICATION.c.channel == entry.channel, NOTIFICATION.c.group_key == entry.group_key)
    connection.execute(update(NOTIFICATION).where(here).values(shown=shown, revision=revision))
