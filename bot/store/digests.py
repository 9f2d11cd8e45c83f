"""Digests: which channel gets one when, the day of the last one, and what only a digest asks the other tables."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time

from sqlalchemy import Column, Date, RowMapping, String, Table, func, or_, select, text, update

from bot.alerts.alert import Alert
from bot.alerts.digest_times import DigestTimes
from bot.message import Message
from bot.store.alerts import AlertsStore
from bot.store.columns import Moment
from bot.store.database import insert_into
from bot.store.messages import queue_message
from bot.store.tables import ALERT, ALERT_EVENT, MESSAGE_OUTBOX, METADATA, OUTBOX, EventKind, OutboxState

DIGEST = Table(
    "digest",
    METADATA,
    Column("channel", String, primary_key=True),
    Column("scope", String, nullable=False),
    Column("label", String, nullable=False),
    Column("days", String, nullable=False),
    Column("clock", String, nullable=False),
    Column("zone", String, nullable=False),
    Column("created_by", String, nullable=False, server_default=text("''")),
    Column("changed_at", Moment, nullable=False),
    Column("last_sent_for", Date),
    Column("ended_at", Moment),
)
"""One row for each channel that ever had a digest. `last_sent_for` outlives a change and an end: once a day is once."""

_AT_ONCE = 500
"""Ids in one question, as for samples."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestSchedule:
    """A channel's digest: of what, when, who asked for it; `last_sent_for` is the local day of the last one."""

    channel: str
    scope: str
    label: str
    times: DigestTimes
    created_by: str
    changed_at: datetime
    last_sent_for: date | None = None

    def next_at(self, now: datetime) -> datetime:
        """When the next one is due."""
        return self.times.following(now, self.last_sent_for)[1]


class DigestsStore(AlertsStore):
    """The digests of channels; each is queued once for a local day, in the transaction that says so."""

    def digest_schedule(self, channel: str) -> DigestSchedule | None:
        """The digest of a channel; None where there is none."""
        return next((one for one in self._digests() if one.channel == channel), None)

    def digest_schedules(self) -> tuple[DigestSchedule, ...]:
        """Every digest that is to be sent."""
        return self._digests()

    def set_digest(self, schedule: DigestSchedule) -> DigestSchedule:
        """Let a channel have this digest instead of the one it had; the schedule with the day of its last one."""
        values: dict[str, object] = {
            "scope": schedule.scope,
            "label": schedule.label,
            "days": "".join(str(day) for day in sorted(schedule.times.days)),
            "clock": f"{schedule.times.clock:%H:%M}",
            "zone": schedule.times.zone,
            "created_by": schedule.created_by,
            "changed_at": schedule.changed_at,
            "ended_at": None,
        }
        with self.writing() as connection:
            row = insert_into(connection, DIGEST).values(channel=schedule.channel, **values)
            kept = row.on_conflict_do_update(index_elements=["channel"], set_=values).returning(DIGEST)
            return _schedule(connection.execute(kept).mappings().one())

    def end_digest(self, channel: str, now: datetime) -> bool:
        """Send a channel no more digests; False when it gets none."""
        mine = (DIGEST.c.channel == channel) & DIGEST.c.ended_at.is_(None)
        with self.writing() as connection:
            return bool(connection.execute(update(DIGEST).where(mine).values(ended_at=now)).rowcount)

    def send_digest(self, schedule: DigestSchedule, day: date, message: Message, now: datetime) -> bool:
        """Queue the digest of a local day; False when that day has had one, or the schedule was changed meanwhile.

        The day is noted and the message queued in one transaction, under a key of the channel and the day.
        """
        mine = (DIGEST.c.channel == schedule.channel) & (DIGEST.c.changed_at == schedule.changed_at)
        unsent = or_(DIGEST.c.last_sent_for.is_(None), DIGEST.c.last_sent_for < day)
        with self.writing() as connection:
            noted = update(DIGEST).where(mine, unsent, DIGEST.c.ended_at.is_(None)).values(last_sent_for=day)
            if not connection.execute(noted).rowcount:
                return False
            return queue_message(connection, f"digest:{schedule.channel}:{day}", schedule.channel, message, now)

    def alerts_since(self, since: datetime) -> tuple[Alert, ...]:
        """Every alert that fired since a moment, or before and was not over then, oldest first."""
        not_over = or_(ALERT.c.resolved_at.is_(None), ALERT.c.resolved_at >= since)
        fired = select(ALERT).where(ALERT.c.fired_at.is_not(None), not_over)
        return self._alerts(fired.order_by(ALERT.c.alert_id))

    def silenced_alerts(self, alert_ids: Iterable[int]) -> frozenset[int]:
        """Which of these alerts were ever silenced, by their number or by their scope."""
        ids = sorted(set(alert_ids))
        found: set[int] = set()
        with self.reading() as connection:
            for start in range(0, len(ids), _AT_ONCE):
                some = ALERT_EVENT.c.alert_id.in_(ids[start : start + _AT_ONCE])
                kept_quiet = (ALERT_EVENT.c.kind == EventKind.SILENCED) | (
                    (ALERT_EVENT.c.kind == EventKind.NOT_TOLD) & ALERT_EVENT.c.reason.like("silenced%")
                )
                query = select(ALERT_EVENT.c.alert_id).where(some, kept_quiet).distinct()
                found.update(connection.execute(query).scalars())
        return frozenset(found)

    def given_up(self, since: datetime, channel: str | None = None) -> int:
        """Messages and versions of cards that were given up since a moment, of one channel or of all.

        Cards are kept for two days after that (SETTLED_KEPT), so of these none older are counted.
        """
        total = 0
        with self.reading() as connection:
            for table in (OUTBOX, MESSAGE_OUTBOX):
                dead = select(func.count()).where(table.c.state == OutboxState.DEAD.value, table.c.settled_at >= since)
                if channel is not None:
                    dead = dead.where(table.c.channel == channel)
                total += int(connection.execute(dead).scalar_one())
        return total

    def _digests(self) -> tuple[DigestSchedule, ...]:
        query = select(DIGEST).where(DIGEST.c.ended_at.is_(None)).order_by(DIGEST.c.channel)
        with self.reading() as connection:
            return tuple(_schedule(row) for row in connection.execute(query).mappings())


def _schedule(row: RowMapping) -> DigestSchedule:
    return DigestSchedule(
        channel=row["channel"],
        scope=row["scope"],
        label=row["label"],
        times=DigestTimes(
            days=frozenset(int(day) for day in row["days"]),
            clock=time.fromisoformat(row["clock"]),
            zone=row["zone"],
        ),
        created_by=row["created_by"],
        changed_at=row["changed_at"],
        last_sent_for=row["last_sent_for"],
    )
