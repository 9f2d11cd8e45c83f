"""Which channel is told about which scope, as set up from Slack."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select

from bot.store.database import Database, insert_into
from bot.store.tables import WATCH


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """A channel that is told about a scope; `scope` is the scope's stable form, `label` the words people used."""

    channel: str
    scope: str
    label: str
    created_by: str
    created_at: datetime


class WatchesStore(Database):
    """Watches set up with `/eksip watch`; those of the configuration are not kept here."""

    def add_watch(self, channel: str, scope: str, label: str, created_by: str, at: datetime) -> bool:
        """Remember a watch; False when the channel watches the scope already."""
        with self.writing() as connection:
            statement = insert_into(connection, WATCH).values(
                channel=channel, scope=scope, label=label, created_by=created_by, created_at=at
            )
            return connection.execute(statement.on_conflict_do_nothing().returning(WATCH.c.scope)).first() is not None

    def remove_watch(self, channel: str, scope: str) -> bool:
        """Forget a watch; False when there was none."""
        with self.writing() as connection:
            gone = delete(WATCH).where(WATCH.c.channel == channel, WATCH.c.scope == scope)
            return bool(connection.execute(gone).rowcount)

    def watches(self, channel: str | None = None) -> tuple[Watch, ...]:
        """The watches of one channel, or of all, oldest first."""
        query = select(WATCH).order_by(WATCH.c.created_at, WATCH.c.channel, WATCH.c.scope)
        if channel is not None:
            query = query.where(WATCH.c.channel == channel)
        with self.reading() as connection:
            return tuple(Watch(**row) for row in connection.execute(query).mappings())
