"""Store: everything eksip remembers, in one object that threads may share."""

import os
import sqlite3
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import delete, or_, select, text
from sqlalchemy.exc import SQLAlchemyError

from bot.errors import UserError
from bot.store.alerts import AlertsStore
from bot.store.audit import AUDIT_KEPT, AuditStore
from bot.store.boards import BoardsStore
from bot.store.broken_channels import BrokenChannelsStore
from bot.store.chances import ChancesStore
from bot.store.channel_defaults import ChannelDefaultsStore
from bot.store.database import insert_into, open_engine, sqlite_path
from bot.store.digests import DigestsStore
from bot.store.due_reads import DueReadsStore
from bot.store.facts import FactsStore
from bot.store.feedback import FeedbackStore
from bot.store.forecasts import ForecastsStore
from bot.store.messages import MESSAGES_KEPT, MessagesStore
from bot.store.migrate import upgrade_engine
from bot.store.notifications import NotificationsStore
from bot.store.occupancies import OccupancyStore
from bot.store.outbox import OutboxStore
from bot.store.samples import SamplesStore
from bot.store.second_path import SecondPathStore
from bot.store.serving import Serving
from bot.store.silences import SilencesStore
from bot.store.tables import ALERT, AUDIT, FIRST_TIME, MESSAGE_OUTBOX, OUTBOX, SILENCE, OutboxState
from bot.store.watches import WatchesStore
from bot.store.work_gaps import WorkGapsStore

SETTLED_KEPT = timedelta(hours=48)
"""Two days of messages that were sent, and of alerts that never fired."""

DELIVERIES_KEPT = timedelta(days=1)
"""Slack repeats an unanswered event three times within minutes, and hourly for a day where that is switched on.

Source: https://docs.slack.dev/apis/events-api (retries; delayed events).
"""

ALERTS_KEPT = timedelta(days=90)
"""A quarter of resolved alerts, which is what a review looks back on."""


class Store(
    FactsStore,
    OccupancyStore,
    DueReadsStore,
    SamplesStore,
    ForecastsStore,
    ChancesStore,
    WatchesStore,
    DigestsStore,
    AlertsStore,
    NotificationsStore,
    SilencesStore,
    AuditStore,
    OutboxStore,
    MessagesStore,
    BrokenChannelsStore,
    SecondPathStore,
    ChannelDefaultsStore,
    BoardsStore,
    FeedbackStore,
    WorkGapsStore,
):
    """Facts, watches, alerts, the outbox, and which deliveries were taken; SQLite or PostgreSQL."""

    def first_time(self, key: str, now: datetime) -> bool:
        """Whether this key (of a Slack event or envelope) was never seen before, on any replica."""
        with self.writing() as connection:
            row = insert_into(connection, FIRST_TIME).values(key=key, at=now)
            return connection.execute(row.on_conflict_do_nothing().returning(FIRST_TIME.c.key)).first() is not None

    def serving(self, owner: str) -> Serving:
        """The place of this process as the one that polls and sends; `lead()` takes it."""
        return Serving(self.engine, owner)

    def prune(self, now: datetime) -> int:
        """Roll up the samples; drop samples, deliveries and alerts past their time; how many rows went."""
        self.compact(now)
        settled = OUTBOX.c.state != OutboxState.NEW.value
        over = ALERT.c.reopening_at.is_(None)
        unsent = select(OUTBOX.c.alert_id).where(OUTBOX.c.state == OutboxState.NEW.value)
        statements = (
            delete(FIRST_TIME).where(FIRST_TIME.c.at < now - DELIVERIES_KEPT),
            delete(OUTBOX).where(settled, OUTBOX.c.settled_at < now - SETTLED_KEPT),
            delete(MESSAGE_OUTBOX).where(
                MESSAGE_OUTBOX.c.state != OutboxState.NEW.value, MESSAGE_OUTBOX.c.settled_at < now - MESSAGES_KEPT
            ),
            delete(SILENCE).where(SILENCE.c.ends_at < now - ALERTS_KEPT),
            delete(AUDIT).where(AUDIT.c.at < now - AUDIT_KEPT),
            delete(ALERT).where(
                over,
                ALERT.c.alert_id.not_in(unsent),
                or_(
                    ALERT.c.resolved_at < now - ALERTS_KEPT,
                    ALERT.c.fired_at.is_(None) & (ALERT.c.resolved_at < now - SETTLED_KEPT),
                ),
            ),
        )
        with self.writing() as connection:
            gone = sum(connection.execute(statement).rowcount for statement in statements)
        gone += self.prune_occupancies(now) + self.prune_boards(now) + self.prune_feedback(now) + self.prune_gaps(now)
        return gone + self.prune_samples(now) + self.prune_forecasts(now) + self.prune_chances(now)

    def backup(self, path: Path) -> None:
        """Write a consistent copy of the SQLite file while it is in use.

        Raises: UserError when the file exists, cannot be written, or the database is PostgreSQL.
        """
        source = sqlite_path(self.engine)
        if source is None:
            raise UserError("The database is PostgreSQL: back it up with `pg_dump`, for example `pg_dump -Fc eksip`.")
        if path.exists():
            raise UserError(f"{path} exists already and is left alone; name a new file.")
        unfinished = path.with_name(path.name + ".part")
        try:
            with self.reading() as connection:
                driver = connection.connection.driver_connection
                if not isinstance(driver, sqlite3.Connection):
                    raise TypeError(f"SQLite's own connection expected, not {type(driver).__name__}")
                connection.rollback()
                copy = sqlite3.connect(unfinished)
                try:
                    driver.backup(copy)
                finally:
                    copy.close()
            os.replace(unfinished, path)
        except (OSError, sqlite3.OperationalError) as exc:
            unfinished.unlink(missing_ok=True)
            raise UserError(f"{path} cannot be written: {exc}.") from exc

    def healthy(self) -> bool:
        """Whether the database answers now."""
        try:
            with self.reading() as connection:
                connection.execute(text("SELECT 1"))
        except SQLAlchemyError:
            return False
        return True


def open_store(address: str) -> Store:
    """The store at a DATABASE_URL, its tables brought to this version first.

    Raises: ConfigError when the database cannot be used.
    """
    engine = open_engine(address)
    try:
        upgrade_engine(engine)
    except BaseException:
        engine.dispose()
        raise
    return Store(engine)
