"""The notification log: what each channel was last told of each card, and the outbox rows that tell it."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, delete, func, select, update

from bot.alerts.alert import Transition
from bot.alerts.notify import Said, Told
from bot.alerts.readings import Severity, TimeLeft
from bot.errors import EksipError
from bot.message import Message
from bot.store.alert_events import Untold, add_untold
from bot.store.database import Database, insert_into
from bot.store.messages import queue_message, withdraw_messages
from bot.store.tables import CARD, NOTIFICATION, OUTBOX, OutboxState


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of the log; `alert_id` is the alert under which the channel's message is kept."""

    channel: str
    group_key: str
    alert_id: int
    revision: int
    said: Said

    @property
    def alert_ids(self) -> tuple[int, ...]:
        """The alerts on the card, as its version names them."""
        return alert_ids_of(self.said.shown)


Log = Mapping[tuple[str, str], Entry]
"""The entries by channel and card."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A version of a card to send to a channel: posted, or edited in place and, with `reply`, told in its thread.

    `alert_id` is the alert under which the message is kept, `kind` the change that decides how urgent it is, `heard`
    the alerts this tells of, `why` the words for it.
    """

    channel: str
    group_key: str
    alert_id: int
    kind: Transition
    said: Said
    why: str
    heard: tuple[int, ...] = ()
    reply: Message | None = None


class WithdrawnError(EksipError):
    """The card was taken back before it was posted: there is nothing to send, and nothing is wrong."""


class NotificationsStore(Database):
    """What the channels were told."""

    def notification_log(self) -> Log:
        """Every entry, by channel and card."""
        with self.reading() as connection:
            return read_log(connection)

    def cards_of(self, alert_id: int) -> tuple[Entry, ...]:
        """The cards whose message is kept under this alert: at most one for each channel."""
        with self.reading() as connection:
            return tuple(entry for entry in read_log(connection, alert_id).values() if entry.alert_id == alert_id)

    def withdraw_card(self, alert_id: int, channel: str, untold: Iterable[Untold], now: datetime) -> int:
        """Take back the versions of a card that wait to be posted, and what the log says of it; how many they were.

        The card counts as never told: when what keeps it quiet ends, the question is asked anew.
        """
        waiting = and_(
            OUTBOX.c.alert_id == alert_id, OUTBOX.c.channel == channel, OUTBOX.c.state == OutboxState.NEW.value
        )
        entry = and_(NOTIFICATION.c.alert_id == alert_id, NOTIFICATION.c.channel == channel)
        with self.writing() as connection:
            taken = connection.execute(delete(OUTBOX).where(waiting)).rowcount
            connection.execute(delete(NOTIFICATION).where(entry))
            add_untold(connection, untold, now)
        return taken


def alert_ids_of(shown: str) -> tuple[int, ...]:
    """The alerts that a version of a card is about."""
    return tuple(int(part.partition(":")[0]) for part in shown.split())


def read_log(connection: Connection, alert_id: int | None = None) -> Log:
    """The entries, of one alert's messages or all."""
    query = select(NOTIFICATION)
    if alert_id is not None:
        query = query.where(NOTIFICATION.c.alert_id == alert_id)
    return {
        (row.channel, row.group_key): Entry(
            channel=row.channel,
            group_key=row.group_key,
            alert_id=row.alert_id,
            revision=row.revision,
            said=Said(
                posted_at=row.posted_at,
                heard_at=row.heard_at,
                firing=_told(row.firing),
                shown=row.shown,
                ended_at=row.ended_at,
            ),
        )
        for row in connection.execute(query)
    }


def tell(connection: Connection, notice: Notice, now: datetime) -> None:
    """Queue a version of a card for a channel and write into the log what it says.

    A channel that has the card already gets the reply too, in the card's thread, in place of an earlier one that still
    waits; while the post itself waits, that is what will be heard.
    """
    here = and_(CARD.c.alert_id == notice.alert_id, CARD.c.channel == notice.channel)
    card = connection.execute(select(CARD).where(here)).first()
    if card is None:
        connection.execute(CARD.insert().values(alert_id=notice.alert_id, channel=notice.channel, due=now, attempts=0))
    connection.execute(update(CARD).where(here).values(alert_ids=frozenset(alert_ids_of(notice.said.shown))))
    queued = and_(OUTBOX.c.alert_id == notice.alert_id, OUTBOX.c.channel == notice.channel)
    newest = connection.execute(select(func.max(OUTBOX.c.revision)).where(queued)).scalar() or 0
    entry = and_(NOTIFICATION.c.channel == notice.channel, NOTIFICATION.c.group_key == notice.group_key)
    logged = connection.execute(select(NOTIFICATION.c.revision).where(entry)).scalar() or 0
    revision = max(newest, logged) + 1
    connection.execute(
        OUTBOX.insert().values(
            alert_id=notice.alert_id,
            channel=notice.channel,
            revision=revision,
            kind=notice.kind.value,
            dedup_key=f"{notice.alert_id}:{revision}:{notice.channel}",
            state=OutboxState.NEW.value,
            reason="",
            created_at=now,
        )
    )
    values = {
        "alert_id": notice.alert_id,
        "revision": revision,
        "posted_at": notice.said.posted_at,
        "heard_at": notice.said.heard_at,
        "ended_at": notice.said.ended_at,
        "firing": _written(notice.said.firing),
        "shown": notice.said.shown,
    }
    row = insert_into(connection, NOTIFICATION).values(channel=notice.channel, group_key=notice.group_key, **values)
    connection.execute(row.on_conflict_do_update(index_elements=["channel", "group_key"], set_=values))
    if notice.reply is not None or notice.said.ended_at is not None:
        # A reply that Slack did not take in time would say today what was true then.
        withdraw_messages(connection, f"reply:{notice.alert_id}:%:{notice.channel}")
    if notice.reply is not None and card is not None and card.card_ts is not None:
        key = f"reply:{notice.alert_id}:{revision}:{notice.channel}"
        place = card.card_channel or notice.channel
        queue_message(connection, key, place, notice.reply, now, thread_ts=card.card_ts, broadcast=True)


def forget(connection: Connection, over: Iterable[tuple[str, str]]) -> None:
    """End entries whose card is over: what fires next under that key is a new message."""
    for channel, group_key in over:
        entry = and_(NOTIFICATION.c.channel == channel, NOTIFICATION.c.group_key == group_key)
        connection.execute(delete(NOTIFICATION).where(entry))


def _told(text: str) -> tuple[Told, ...]:
    return tuple(
        Told(alert_id=alert_id, severity=Severity(severity), time_left=TimeLeft(left))
        for alert_id, severity, left in json.loads(text)
    )


def _written(firing: Iterable[Told]) -> str:
    return json.dumps([[told.alert_id, told.severity.value, told.time_left.value] for told in firing])
