"""The audit log: every command that writes and every refusal, append-only."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from bot.store.database import Database
from bot.store.tables import AUDIT

LONGEST_TEXT = 500
"""Characters of a command that are kept: a pasted file is no command, and the log is for people to read."""

AUDIT_KEPT = timedelta(days=400)
"""A year and a month, so that a yearly review still finds the beginning of its year."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One entry: who ran which verb where, the text as typed, and what came of it ("done", "denied: ...")."""

    at: datetime
    who: str
    channel: str
    verb: str
    text: str
    outcome: str


class AuditStore(Database):
    """Entries are added and read; only the retention takes any away."""

    def record_audit(self, *, at: datetime, who: str, channel: str, verb: str, text: str, outcome: str) -> None:
        """Add an entry."""
        values = {"at": at, "who": who, "channel": channel, "verb": verb, "outcome": outcome}
        with self.writing() as connection:
            connection.execute(AUDIT.insert().values(**values, text=text[:LONGEST_TEXT]))

    def audit_since(self, since: datetime, limit: int = 1000) -> tuple[AuditEntry, ...]:
        """The entries since then, newest first, at most `limit`."""
        query = select(AUDIT).where(AUDIT.c.at >= since).order_by(AUDIT.c.at.desc(), AUDIT.c.audit_id.desc())
        with self.reading() as connection:
            return tuple(
                AuditEntry(
                    at=row.at, who=row.who, channel=row.channel, verb=row.verb, text=row.text, outcome=row.outcome
                )
                for row in connection.execute(query.limit(limit))
            )
