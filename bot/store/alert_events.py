"""Alert events: the append-only history of each alert, and why something about it was not told."""

from collections.abc import Iterable
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


def add_transition(connection: Connection, alert: Alert, transition: Transition, now: datetime) -> None:
    """Record what changed about an alert."""
    connection.execute(
        ALERT_EVENT.insert().values(
            alert_id=alert.alert_id,
            kind=EventKind.TRANSITION,
            transition=transition.value,
            status=alert.status,
            value=alert.value,
            revision=alert.revision,
            at=now,
        )
    )


def add_event(
    connection: Connection,
    alert_id: int,
    kind: EventKind,
    at: datetime,
    *,
    channel: str = "",
    reason: str = "",
    detail: str = "",
    who: str = "",
) -> bool:
    """Record something that is no change of the alert, with the alert as it stands; False when it is not stored."""
    row = connection.execute(select(ALERT).where(ALERT.c.alert_id == alert_id)).mappings().first()
    if row is None:
        return False
    alert = Alert(**row)
    connection.execute(
        ALERT_EVENT.insert().values(
            alert_id=alert_id,
            kind=kind,
            transition="",
            status=alert.status,
            value=alert.value,
            revision=alert.revision,
            at=at,
            channel=channel,
            reason=reason,
            detail=detail,
            who=who,
        )
    )
    return True


def add_untold(connection: Connection, untold: Iterable[Untold], now: datetime) -> None:
    """Record what was not told, once for each channel and reason until that changes: a poll repeats its reasons."""
    for item in untold:
        said = (ALERT_EVENT.c.alert_id == item.alert_id) & (ALERT_EVENT.c.channel == item.channel)
        newest = select(func.max(ALERT_EVENT.c.event_id)).where(said).scalar_subquery()
        last = connection.execute(select(ALERT_EVENT).where(ALERT_EVENT.c.event_id == newest)).first()
        if last is not None and (last.kind, last.reason) == (EventKind.NOT_TOLD, item.reason):
            continue
        add_event(
            connection,
            item.alert_id,
            EventKind.NOT_TOLD,
            now,
            channel=item.channel,
            reason=item.reason,
            detail=item.detail,
        )
