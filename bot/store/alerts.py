"""Alerts: their state, what happened to them, and the messages this causes, in one transaction."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, or_, select, text

from bot.alerts import Alert, AlertStatus, Step, Transition
from bot.errors import EksipError
from bot.store.database import Database, insert_into
from bot.store.tables import ALERT, ALERT_EVENT, CARD, COUNTER, LEASE, OPEN_ALERT, OUTBOX, OutboxState

FIRST_ALERT_ID = 1001
"""Four digits from the first alert on, so that an id is told apart from a count when people type it."""

_OPEN = text(f"({OPEN_ALERT})")


class LostLeaseError(EksipError):
    """Another replica leads now: what this one worked out must not be written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertEvent:
    """One thing that happened to an alert."""

    transition: Transition
    status: AlertStatus
    value_ips: int
    revision: int
    at: datetime


class AlertsStore(Database):
    """Alerts with their events; what a poll decided is saved whole or not at all."""

    def open_alerts(self) -> tuple[Alert, ...]:
        """Every alert that is pending, firing or recovering, oldest first."""
        return self._alerts(select(ALERT).where(_OPEN).order_by(ALERT.c.alert_id))

    def live_alerts(self, since: datetime) -> tuple[Alert, ...]:
        """Every open alert, and those resolved since then, which may open again."""
        recent = ALERT.c.resolved_at >= since
        return self._alerts(select(ALERT).where(or_(_OPEN, recent)).order_by(ALERT.c.alert_id))

    def alert(self, alert_id: int) -> Alert | None:
        """The alert with this number, or None."""
        found = self._alerts(select(ALERT).where(ALERT.c.alert_id == alert_id))
        return found[0] if found else None

    def recent_alerts(self, limit: int = 20) -> tuple[Alert, ...]:
        """The alerts that fired last, newest first."""
        fired = select(ALERT).where(ALERT.c.fired_at.is_not(None)).order_by(ALERT.c.fired_at.desc())
        return self._alerts(fired.limit(limit))

    def alert_events(self, alert_id: int) -> tuple[AlertEvent, ...]:
        """What happened to an alert, oldest first."""
        query = select(ALERT_EVENT).where(ALERT_EVENT.c.alert_id == alert_id).order_by(ALERT_EVENT.c.event_id)
        with self.reading() as connection:
            return tuple(
                AlertEvent(
                    transition=Transition(row.transition),
                    status=row.status,
                    value_ips=row.value_ips,
                    revision=row.revision,
                    at=row.at,
                )
                for row in connection.execute(query)
            )

    def save_steps(
        self,
        steps: Iterable[Step],
        destinations: Mapping[str, Iterable[str]],
        now: datetime,
        *,
        fence: int | None = None,
    ) -> tuple[Step, ...]:
        """Save what samples changed, with the messages to send, in one transaction; the steps with their alert ids.

        `destinations` gives the channels of each scope key. A channel that has the card already is kept up to date
        even when it watches no more; one that began to watch while the alert fires gets the card now.
        Raises: LostLeaseError when `fence` is not the leader's (PostgreSQL).
        """
        saved = []
        with self.writing() as connection:
            if fence is not None:
                _check_fence(connection, fence)
            for step in steps:
                if step.alert is None:
                    saved.append(step)
                    continue
                alert = _save_alert(connection, step.alert)
                if step.transition is not None:
                    _save_event(connection, alert, step.transition, now)
                _queue(connection, alert, step.transition, tuple(destinations.get(alert.scope_key, ())), now)
                saved.append(replace(step, alert=alert))
        return tuple(saved)

    def _alerts(self, query: Select[Any]) -> tuple[Alert, ...]:
        with self.reading() as connection:
            return tuple(Alert(**row) for row in connection.execute(query).mappings())


def _check_fence(connection: Connection, fence: int) -> None:
    current = connection.execute(select(LEASE.c.fence).with_for_update(read=True)).scalar()
    if current != fence:
        raise LostLeaseError("Another replica has taken over; this poll's alerts are left to it.")


def _save_alert(connection: Connection, alert: Alert) -> Alert:
    if alert.alert_id is None:
        alert = replace(alert, alert_id=_next_alert_id(connection))
        connection.execute(ALERT.insert().values(**_columns(alert)))
    else:
        connection.execute(ALERT.update().where(ALERT.c.alert_id == alert.alert_id).values(**_columns(alert)))
    return alert


def _columns(alert: Alert) -> dict[str, object]:
    return {field.name: getattr(alert, field.name) for field in fields(alert)}


def _next_alert_id(connection: Connection) -> int:
    statement = insert_into(connection, COUNTER).values(name="alert_id", value=FIRST_ALERT_ID)
    statement = statement.on_conflict_do_update(index_elements=["name"], set_={"value": COUNTER.c.value + 1})
    return int(connection.execute(statement.returning(COUNTER.c.value)).scalar_one())


def _save_event(connection: Connection, alert: Alert, transition: Transition, now: datetime) -> None:
    connection.execute(
        ALERT_EVENT.insert().values(
            alert_id=alert.alert_id,
            transition=transition.value,
            status=alert.status,
            value_ips=alert.value_ips,
            revision=alert.revision,
            at=now,
        )
    )


def _queue(
    connection: Connection,
    alert: Alert,
    transition: Transition | None,
    channels: tuple[str, ...],
    now: datetime,
) -> None:
    """Queue this version of the card for the channels that have not got it."""
    if alert.status is AlertStatus.PENDING or (alert.status is AlertStatus.RESOLVED and transition is None):
        return
    told = transition is not None and transition.is_told
    having = set(connection.execute(select(CARD.c.channel).where(CARD.c.alert_id == alert.alert_id)).scalars())
    if alert.status is AlertStatus.RESOLVED:
        wanted = having if told else set()
    else:
        wanted = having | set(channels) if told else set(channels) - having
    for channel in sorted(wanted):
        if channel not in having:
            connection.execute(CARD.insert().values(alert_id=alert.alert_id, channel=channel, due=now, attempts=0))
        row = insert_into(connection, OUTBOX).values(
            alert_id=alert.alert_id,
            channel=channel,
            revision=alert.revision,
            kind=(transition or Transition.OPENED).value if told else Transition.OPENED.value,
            dedup_key=f"{alert.alert_id}:{alert.revision}:{channel}",
            state=OutboxState.NEW.value,
            reason="",
            created_at=now,
        )
        connection.execute(row.on_conflict_do_nothing(index_elements=["dedup_key"]))
