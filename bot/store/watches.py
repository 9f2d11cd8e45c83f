"""Which channel is told about which scope, and of how much of it, as set up from Slack."""

import json
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import RowMapping, delete, select

from bot.alerts.quiet import MuteWindow
from bot.alerts.readings import Severity
from bot.store.database import Database, insert_into
from bot.store.tables import WATCH


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """A channel that is told about a scope; `scope` is the scope's stable form, `label` the words people used.

    `severities` empty means all. Of a subnet short of addresses it is told only below `below_ips` addresses or
    `below_pct` percent (0-100), whichever is more, where they are set. `quiet` are its quiet hours.
    """

    channel: str
    scope: str
    label: str
    created_by: str
    created_at: datetime
    severities: tuple[Severity, ...] = ()
    below_ips: int | None = None
    below_pct: float | None = None
    quiet: MuteWindow | None = None


class WatchesStore(Database):
    """Watches set up with `/eksip watch`; those of the configuration are not kept here."""

    def add_watch(
        self,
        channel: str,
        scope: str,
        label: str,
        created_by: str,
        at: datetime,
        *,
        severities: tuple[Severity, ...] = (),
        below_ips: int | None = None,
        below_pct: float | None = None,
        quiet: MuteWindow | None = None,
    ) -> bool:
        """Remember a watch; False when the channel watches the scope already: then what is given replaces its own."""
        given: dict[str, Any] = {
            "severities": tuple(severity.value for severity in severities),
            "below_ips": below_ips,
            "below_pct": below_pct,
            "quiet": "" if quiet is None else _written(quiet),
        }
        changed = {name: value for name, value in given.items() if value not in ((), None, "")}
        with self.writing() as connection:
            statement = insert_into(connection, WATCH).values(
                channel=channel, scope=scope, label=label, created_by=created_by, created_at=at, **given
            )
            added = connection.execute(statement.on_conflict_do_nothing().returning(WATCH.c.scope)).first()
            if added is None and changed:
                here = (WATCH.c.channel == channel) & (WATCH.c.scope == scope)
                connection.execute(WATCH.update().where(here).values(**changed))
        return added is not None

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
            return tuple(_watch(row) for row in connection.execute(query).mappings())


def _watch(row: RowMapping) -> Watch:
    values = dict(row) | {
        "severities": tuple(Severity(value) for value in row["severities"]),
        "quiet": _read(row["channel"], row["quiet"]) if row["quiet"] else None,
    }
    return Watch(**values)


def _written(window: MuteWindow) -> str:
    """Quiet hours as JSON; the zone by its name, so that later daylight saving rules count."""
    return json.dumps(
        {
            "zone": str(window.zone),
            "starts": window.starts.isoformat(),
            "ends": window.ends.isoformat(),
            "days": sorted(window.days),
            "severities": sorted(severity.value for severity in window.severities),
        }
    )


def _read(channel: str, text: str) -> MuteWindow:
    kept = json.loads(text)
    return MuteWindow(
        channel=channel,
        zone=ZoneInfo(kept["zone"]),
        starts=time.fromisoformat(kept["starts"]),
        ends=time.fromisoformat(kept["ends"]),
        days=frozenset(kept["days"]),
        severities=frozenset(Severity(value) for value in kept["severities"]),
    )
