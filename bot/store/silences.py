"""Silences, maintenance windows and acks as people set them; each with an end, and none forgotten when lifted."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, delete, select, update

from bot.alerts.acks import Ack
from bot.alerts.readings import Severity
from bot.alerts.silences import Silence
from bot.store.alert_events import add_event
from bot.store.counters import next_number
from bot.store.database import Database, insert_into
from bot.store.messages import withdraw_messages
from bot.store.shown_again import show_again
from bot.store.tables import ACK, SILENCE, EventKind

FIRST_SILENCE_ID = 1


class SilencesStore(Database):
    """Who keeps what quiet, since when and until when; and who has what in hand."""

    def add_silence(self, silence: Silence, alert_ids: Iterable[int] = ()) -> Silence:
        """Keep a new silence, with an event on each alert it covers now; the silence with its number."""
        with self.writing() as connection:
            kept = replace(silence, silence_id=next_number(connection, "silence_id", FIRST_SILENCE_ID))
            connection.execute(SILENCE.insert().values(**_silence_values(kept)))
            for alert_id in sorted({*alert_ids, *kept.alert_ids}):
                add_event(
                    connection,
                    alert_id,
                    EventKind.SILENCED,
                    kept.created_at,
                    who=kept.created_by,
                    reason=f"silence {kept.silence_id} until {kept.ends_at:%Y-%m-%d %H:%M} UTC",
                    detail=" · ".join(filter(None, (kept.name, kept.reason))),
                )
            _show(connection, kept.created_at)
        return kept

    def silences(self, now: datetime) -> tuple[Silence, ...]:
        """The silences that are neither over nor lifted, those yet to begin included, the first to end first."""
        return self._silences(select(SILENCE).where(SILENCE.c.lifted_at.is_(None), SILENCE.c.ends_at > now))

    def silence(self, silence_id: int) -> Silence | None:
        """The silence with this number, also when it is over; None when there is none."""
        found = self._silences(select(SILENCE).where(SILENCE.c.silence_id == silence_id))
        return found[0] if found else None

    def untold_silences(self, now: datetime) -> tuple[Silence, ...]:
        """The silences that have begun and whose end nobody was told of; lifted ones need no telling."""
        untold = select(SILENCE).where(SILENCE.c.end_told_at.is_(None), SILENCE.c.lifted_at.is_(None))
        return self._silences(untold.where(SILENCE.c.starts_at <= now))

    def lift_silence(
        self, silence_id: int, by: str, at: datetime, *, alert_ids: Iterable[int] = (), name: str = ""
    ) -> bool:
        """End a silence early, with an event on each alert it covers; False when it is over already or there is none.

        The cards that show it are edited by the same transaction.
        """
        unlifted = SILENCE.c.lifted_at.is_(None) & (SILENCE.c.ends_at > at)
        with self.writing() as connection:
            marked = update(SILENCE).where(SILENCE.c.silence_id == silence_id, unlifted)
            if not connection.execute(marked.values(lifted_at=at, lifted_by=by)).rowcount:
                return False
            withdraw_messages(connection, reminder_key(silence_id))
            for alert_id in sorted(set(alert_ids)):
                reason = f"silence {silence_id} ended"
                add_event(connection, alert_id, EventKind.UNSILENCED, at, who=by, reason=reason, detail=name)
            _show(connection, at)
        return True

    def mark_reminded(self, silence_id: int, at: datetime) -> bool:
        """Record that its end was announced; False when that was done before, so that it is said once."""
        return self._mark(silence_id, SILENCE.c.reminded_at.is_(None), {"reminded_at": at})

    def mark_end_told(self, silence_id: int, at: datetime) -> bool:
        """Record that its end was dealt with; False when that was done before.

        A reminder that still waits is taken back: what it announces is over.
        """
        with self.writing() as connection:
            withdraw_messages(connection, reminder_key(silence_id))
        return self._mark(silence_id, SILENCE.c.end_told_at.is_(None), {"end_told_at": at})

    def save_ack(self, ack: Ack) -> Ack | None:
        """Record who has the alert in hand, with an event on it; the ack this replaces, if any.

        An alert that is no longer stored cannot be acked: then nothing is kept.
        """
        values = {
            "acked_by": ack.acked_by,
            "name": ack.name,
            "acked_at": ack.acked_at,
            "expires_at": ack.expires_at,
            "severity": ack.severity,
            "time_left": ack.time_left,
        }
        with self.writing() as connection:
            before = connection.execute(select(ACK).where(ACK.c.alert_id == ack.alert_id)).mappings().first()
            if add_event(connection, ack.alert_id, EventKind.ACKED, ack.acked_at, who=ack.acked_by, detail=ack.name):
                row = insert_into(connection, ACK).values(alert_id=ack.alert_id, **values)
                connection.execute(row.on_conflict_do_update(index_elements=["alert_id"], set_=values))
                _show(connection, ack.acked_at)
        return None if before is None else Ack(**before)

    def remove_ack(self, alert_id: int, by: str, at: datetime, *, name: str = "") -> bool:
        """Forget an ack, with an event on the alert; False when there was none."""
        with self.writing() as connection:
            if not connection.execute(delete(ACK).where(ACK.c.alert_id == alert_id)).rowcount:
                return False
            add_event(connection, alert_id, EventKind.UNACKED, at, who=by, detail=name)
            _show(connection, at)
        return True

    def acks(self, alert_ids: Iterable[int] | None = None) -> dict[int, Ack]:
        """The acks by alert id: of these alerts, or of all."""
        query = select(ACK)
        if alert_ids is not None:
            query = query.where(ACK.c.alert_id.in_(list(alert_ids)))
        with self.reading() as connection:
            return _acks(connection, query)

    def _mark(self, silence_id: int, unmarked: ColumnElement[bool], values: dict[str, object]) -> bool:
        with self.writing() as connection:
            marked = update(SILENCE).where(SILENCE.c.silence_id == silence_id, unmarked).values(**values)
            return bool(connection.execute(marked).rowcount)

    def _silences(self, query: Select[Any]) -> tuple[Silence, ...]:
        with self.reading() as connection:
            return _read(connection, query)


def reminder_key(silence_id: int) -> str:
    """The key under which it is announced that a silence ends."""
    return f"silence:{silence_id}:reminder"


def _show(connection: Connection, now: datetime) -> None:
    """Bring the cards up to what people just did, in the transaction that keeps what they did."""
    active = select(SILENCE).where(SILENCE.c.lifted_at.is_(None), SILENCE.c.ends_at > now)
    show_again(connection, _acks(connection, select(ACK)).values(), _read(connection, active), now)


def _acks(connection: Connection, query: Select[Any]) -> dict[int, Ack]:
    return {row["alert_id"]: Ack(**row) for row in connection.execute(query).mappings()}


def _read(connection: Connection, query: Select[Any]) -> tuple[Silence, ...]:
    rows = connection.execute(query.order_by(SILENCE.c.ends_at, SILENCE.c.silence_id)).mappings()
    return tuple(_silence(row) for row in rows)


def _silence_values(silence: Silence) -> dict[str, object]:
    values = {column.name: getattr(silence, column.name) for column in SILENCE.columns}
    return values | {
        "alert_ids": frozenset(silence.alert_ids),
        "severities": tuple(severity.value for severity in silence.severities),
    }


def _silence(row: RowMapping) -> Silence:
    values = dict(row) | {
        "alert_ids": tuple(sorted(row["alert_ids"])),
        "severities": tuple(Severity(value) for value in row["severities"]),
    }
    return Silence(**values)
