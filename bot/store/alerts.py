"""Alerts: their state, what happened to them, and the messages this causes, in one transaction."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, or_, select, text

from bot.alerts.alert import Alert, Step
from bot.errors import EksipError
from bot.store.alert_events import AlertEventsStore, Untold, add_told, add_transitions, add_untold
from bot.store.counters import next_number
from bot.store.notifications import Log, Notice, forget, read_log, tell
from bot.store.tables import ALERT, LEASE, OPEN_ALERT, REGION_FACTS

FIRST_ALERT_ID = 1001
"""Four digits from the first alert on, so that an id is told apart from a count when people type it."""

_OPEN = text(f"({OPEN_ALERT})")


class LostLeaseError(EksipError):
    """Another replica leads now: what this one worked out must not be written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """What the channels hear of the alerts as they stand: what to send, what not and why, which log entries to end."""

    notices: tuple[Notice, ...] = ()
    untold: tuple[Untold, ...] = ()
    over: tuple[tuple[str, str], ...] = ()


Decide = Callable[[tuple[Step, ...], Log], Verdicts]
"""Decides from the saved steps (with their ids) and the notification log what the channels hear."""


class AlertsStore(AlertEventsStore):
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

    def alerts(self, alert_ids: Iterable[int]) -> tuple[Alert, ...]:
        """The alerts with these numbers, as far as they are still stored, oldest first."""
        wanted = select(ALERT).where(ALERT.c.alert_id.in_(list(alert_ids)))
        return self._alerts(wanted.order_by(ALERT.c.alert_id))

    def recent_alerts(self, limit: int = 20) -> tuple[Alert, ...]:
        """The alerts that fired last, newest first."""
        fired = select(ALERT).where(ALERT.c.fired_at.is_not(None)).order_by(ALERT.c.fired_at.desc())
        return self._alerts(fired.limit(limit))

    def last_read_at(self) -> datetime | None:
        """When an account and region was last read, by any process; None before the first time."""
        with self.reading() as connection:
            return connection.execute(select(func.max(REGION_FACTS.c.observed_at))).scalar()

    def save_steps(
        self, steps: Iterable[Step], decide: Decide, now: datetime, *, fence: int | None = None
    ) -> tuple[Step, ...]:
        """Save what samples changed, with what the channels hear of it, in one transaction; the steps with their ids.

        `decide` is asked inside the transaction, when every alert has its number.
        Raises: LostLeaseError when `fence` is not the leader's (PostgreSQL).
        """
        with self.writing() as connection:
            if fence is not None:
                _check_fence(connection, fence)
            saved = _save(connection, steps, now)
            verdicts = decide(saved, read_log(connection))
            for notice in verdicts.notices:
                tell(connection, notice, now)
                add_told(connection, notice.channel, notice.heard, notice.why, now)
            add_untold(connection, verdicts.untold, now)
            forget(connection, verdicts.over)
        return saved

    def _alerts(self, query: Select[Any]) -> tuple[Alert, ...]:
        with self.reading() as connection:
            return tuple(Alert(**row) for row in connection.execute(query).mappings())


def _check_fence(connection: Connection, fence: int) -> None:
    current = connection.execute(select(LEASE.c.fence).with_for_update(read=True)).scalar()
    if current != fence:
        raise LostLeaseError("Another replica has taken over; this poll's alerts are left to it.")


def _save(connection: Connection, steps: Iterable[Step], now: datetime) -> tuple[Step, ...]:
    """Save the alerts and their events, the known ones in one statement; the steps with their ids."""
    saved, known = [], []
    for step in steps:
        alert = step.alert
        if alert is None:
            saved.append(step)
            continue
        if alert.alert_id is None:
            alert = replace(alert, alert_id=next_number(connection, "alert_id", FIRST_ALERT_ID))
            connection.execute(ALERT.insert().values(**_columns(alert)))
        else:
            known.append({**_columns(alert), "known_id": alert.alert_id})
        saved.append(replace(step, alert=alert))
    if known:
        connection.execute(ALERT.update().where(ALERT.c.alert_id == bindparam("known_id")), known)
    changed = ((step.alert, step.transition) for step in saved)
    add_transitions(connection, [(alert, what) for alert, what in changed if alert and what], now)
    return tuple(saved)


def _columns(alert: Alert) -> Mapping[str, object]:
    return {field.name: getattr(alert, field.name) for field in fields(alert)}
