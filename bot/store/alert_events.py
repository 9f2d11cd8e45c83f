"""Alert events: the append-only history of each alert, and why something about it was not told."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, select

from bot.alerts.alert import Alert, AlertStatus, Transition
from bot.store.database import Database
from bot.store.tables import ALERT, ALERT_EVENT, EventKind


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertEvent:
    """One thing that happened to an alert, or that was or was not said about it.

    `transition` is None for what is no change of the alert. `channel`, `reason` and `detail` say where something was
    told or not and why, `who` acked or silenced it.
    """

    kind: EventKind
    transition: Transition | None
    status: AlertStatus
    value: float
    revision: int
    at: datetime
    channel: str = ""
    reason: str = ""
    detail: str = ""
    who: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Untold:
    """Something about an alert that a channel was not told, and why: the words of a decision."""

    alert_id: int
    channel: str
    reason: str
    detail: str = ""


class AlertEventsStore(Database):
    """The history of alerts; rows are only added, and go with their alert."""

    def alert_events(self, alert_id: int) -> tuple[AlertEvent, ...]:
        """What happened to an alert, oldest first; what was said of it is `why_not_heard`."""
        return self._events(alert_id, (EventKind.TRANSITION,))

    def why_not_heard(self, alert_id: int) -> tuple[AlertEvent, ...]:
        """Everything known of an alert, oldest first: what changed, what was told where, and what was not and why."""
        return self._events(alert_id, tuple(EventKind))

    def told_of(self, alert_ids: Iterable[int]) -> frozenset[tuple[str, int]]:
        """Which of these alerts was ever told, by channel."""
        told = (ALERT_EVENT.c.kind == EventKind.TOLD) & ALERT_EVENT.c.alert_id.in_(sorted(set(alert_ids)))
        with self.reading() as connection:
            found = connection.execute(select(ALERT_EVENT.c.channel, ALERT_EVENT.c.alert_id).where(told))
            return frozenset((channel, alert_id) for channel, alert_id in found)

    def _events(self, alert_id: int, kinds: Iterable[EventKind]) -> tuple[AlertEvent, ...]:
        query: Select[Any] = (
            select(ALERT_EVENT)
            .where(ALERT_EVENT.c.alert_id == alert_id, ALERT_EVENT.c.kind.in_(list(kinds)))
            .order_by(ALERT_EVENT.c.event_id)
        )
        with self.reading() as connection:
            return tuple(
                AlertEvent(
                    kind=row.kind,
                    transition=Transition(row.transition) if row.transition else None,
                    status=row.status,
                    value=row.value,
                    revision=row.revision,
                    at=row.at,
                    channel=row.channel,
                    reason=row.reason,
                    detail=row.detail,
                    who=row.who,
                )
                for row in connection.execute(query)
            )


def add_transitions(connection: Connection, changed: Iterable[tuple[Alert, Transition]], now: datetime) -> None:
    """Record what changed about alerts."""
    rows = [
        {
            "alert_id": alert.alert_id,
            "kind": EventKind.TRANSITION,
            "transition": transition.value,
            "status": alert.status,
            "value": alert.value,
            "revision": alert.revision,
            "at": now,
        }
        for alert, transition in changed
    ]
    if rows:
        connection.execute(ALERT_EVENT.insert(), rows)


def add_event(
    connection: Connection,
    alert_id: int,
    kind: EventKind,
    at: datetime,
    *,
    reason: str = "",
    detail: str = "",
    who: str = "",
) -> bool:
    """Record something that is no change of the alert, with the alert as it stands; False when it is not stored."""
    return _add(connection, [_Said(alert_id=alert_id, kind=kind, reason=reason, detail=detail, who=who)], at) > 0


def add_told(connection: Connection, channel: str, alert_ids: Iterable[int], why: str, at: datetime) -> None:
    """Record that a channel was told of alerts, and why."""
    _add(
        connection,
        [_Said(alert_id=alert_id, kind=EventKind.TOLD, channel=channel, reason=why) for alert_id in alert_ids],
        at,
    )


def add_untold(connection: Connection, untold: Iterable[Untold], now: datetime) -> None:
    """Record what was not told, once for each channel and reason until that changes: a poll repeats its reasons."""
    wanted = {(item.alert_id, item.channel): item for item in untold}
    if not wanted:
        return
    newest = (
        select(func.max(ALERT_EVENT.c.event_id))
        .where(
            ALERT_EVENT.c.alert_id.in_({alert_id for alert_id, _ in wanted}),
            ALERT_EVENT.c.kind.in_([EventKind.TOLD, EventKind.NOT_TOLD]),
        )
        .group_by(ALERT_EVENT.c.alert_id, ALERT_EVENT.c.channel)
    )
    for last in connection.execute(select(ALERT_EVENT).where(ALERT_EVENT.c.event_id.in_(newest))):
        item = wanted.get((last.alert_id, last.channel))
        if item is not None and (last.kind, last.reason) == (EventKind.NOT_TOLD, item.reason):
            del wanted[item.alert_id, item.channel]
    _add(
        connection,
        [
            _Said(
                alert_id=item.alert_id,
                kind=EventKind.NOT_TOLD,
                channel=item.channel,
                reason=item.reason,
                detail=item.detail,
            )
            for item in wanted.values()
        ],
        now,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """What a row adds to the alert's own figures."""

    alert_id: int
    kind: EventKind
    channel: str = ""
    reason: str = ""
    detail: str = ""
    who: str = ""


def _add(connection: Connection, said: Sequence[_Said], at: datetime) -> int:
    """Add events with their alerts as they stand; how many alerts are still stored."""
    ids = {item.alert_id for item in said}
    if not ids:
        return 0
    stored = connection.execute(select(ALERT).where(ALERT.c.alert_id.in_(ids))).mappings()
    alerts = {row["alert_id"]: Alert(**row) for row in stored}
    rows = [
        {
            "alert_id": item.alert_id,
            "kind": item.kind,
            "transition": "",
            "status": alerts[item.alert_id].status,
            "value": alerts[item.alert_id].value,
            "revision": alerts[item.alert_id].revision,
            "at": at,
            "channel": item.channel,
            "reason": item.reason,
            "detail": item.detail,
            "who": item.who,
        }
        for item in said
        if item.alert_id in alerts
    ]
    if rows:
        connection.execute(ALERT_EVENT.insert(), rows)
    return len(rows)
