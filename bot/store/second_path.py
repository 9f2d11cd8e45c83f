"""What was told by the second path (a webhook) because Slack did not take it in time."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import and_, or_, select, update

from bot.alerts import Severity
from bot.store.database import Database, insert_into
from bot.store.tables import ALERT, CARD, OUTBOX, SECOND_PATH, OutboxState


class SecondPathStore(Database):
    """Which critical alerts nobody heard of in Slack, and which of those the second path has told."""

    def unheard_criticals(self, since: datetime) -> tuple[int, ...]:
        """The ids of critical alerts that fire and that Slack should have shown by then, not yet told elsewhere.

        Unheard is a version of the card that has waited since then, or one that was given up while no channel has a
        card of the alert.
        """
        own = OUTBOX.c.alert_id == ALERT.c.alert_id
        late = and_(own, OUTBOX.c.created_at <= since)
        waits = select(OUTBOX.c.outbox_id).where(late, OUTBOX.c.state == OutboxState.NEW.value)
        given_up = select(OUTBOX.c.outbox_id).where(late, OUTBOX.c.state == OutboxState.DEAD.value)
        shown = select(CARD.c.alert_id).where(CARD.c.alert_id == ALERT.c.alert_id, CARD.c.card_ts.is_not(None))
        told = select(SECOND_PATH.c.alert_id).where(
            SECOND_PATH.c.alert_id == ALERT.c.alert_id, SECOND_PATH.c.resolved_told_at.is_(None)
        )
        query = (
            select(ALERT.c.alert_id)
            .where(
                ALERT.c.severity == Severity.CRITICAL,
                ALERT.c.fired_at.is_not(None),
                ALERT.c.resolved_at.is_(None),
                or_(waits.correlate(ALERT).exists(), and_(given_up.correlate(ALERT).exists(), ~shown.exists())),
                ~told.correlate(ALERT).exists(),
            )
            .order_by(ALERT.c.alert_id)
        )
        with self.reading() as connection:
            return tuple(connection.execute(query).scalars())

    def told_elsewhere(self) -> tuple[int, ...]:
        """The ids of alerts that the second path told of as firing and not yet as resolved."""
        query = select(SECOND_PATH.c.alert_id).where(SECOND_PATH.c.resolved_told_at.is_(None))
        with self.reading() as connection:
            return tuple(connection.execute(query.order_by(SECOND_PATH.c.alert_id)).scalars())

    def mark_told_elsewhere(self, firing: Iterable[int], resolved: Iterable[int], now: datetime) -> None:
        """Record that the second path took these alerts as firing and those as resolved."""
        row = SECOND_PATH
        with self.writing() as connection:
            for alert_id in firing:
                told = insert_into(connection, row).values(alert_id=alert_id, firing_told_at=now)
                again = {"firing_told_at": now, "resolved_told_at": None}
                connection.execute(told.on_conflict_do_update(index_elements=["alert_id"], set_=again))
            connection.execute(update(row).where(row.c.alert_id.in_(list(resolved))).values(resolved_told_at=now))
