"""Messages that are no alert cards (reminders, digests, test posts, words to one person), waiting to be sent.

A row is one message in one channel or to one person, under a `dedup_key` that says which: queued twice it is sent once.
Its content can be replaced: before it was posted the newer content is posted, afterwards the message is edited.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, case, delete, func, not_, or_, select, update

from bot.message import Message
from bot.store.database import Database, insert_into
from bot.store.message_json import dumped, loaded
from bot.store.outbox import CLOCK_SET_BACK, EDIT_EVERY, LEASE, Claimed
from bot.store.tables import BROKEN_CHANNEL, MESSAGE_OUTBOX, OutboxState

MESSAGES_KEPT = timedelta(days=30)
"""How long a settled row keeps its dedup_key from being queued again: longer than any repeat (a digest is weekly)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedMessage(Claimed):
    """A message to send now; `content` is its JSON, `thread_ts` the message whose thread it belongs in.

    A `broadcast` reply is shown in the channel too: one in a thread alone is heard by those who follow it.
    """

    message_id: int
    dedup_key: str
    content: str
    thread_ts: str | None = None
    broadcast: bool = False

    @property
    def message(self) -> Message:
        """The message. Raises: ValueError when another version of eksip wrote what this one cannot read."""
        return loaded(self.content)


class MessagesStore(Database):
    """Messages to channels and people: queued once by key, claimed like cards."""

    def queue_message(
        self, dedup_key: str, channel: str, message: Message, now: datetime, *, thread_ts: str | None = None
    ) -> bool:
        """Queue a message for a channel or a person (by user id); False when this key was queued before."""
        with self.writing() as connection:
            return queue_message(connection, dedup_key, channel, message, now, thread_ts=thread_ts)

    def change_message(self, dedup_key: str, message: Message, now: datetime) -> bool:
        """Replace what a queued or posted message says; False when there is none, or it was given up."""
        row = MESSAGE_OUTBOX
        with self.writing() as connection:
            changed = connection.execute(
                update(row)
                .where(row.c.dedup_key == dedup_key, row.c.state != OutboxState.DEAD.value)
                .values(
                    content=dumped(message),
                    revision=row.c.revision + 1,
                    state=OutboxState.NEW.value,
                    created_at=case((row.c.state == OutboxState.NEW.value, row.c.created_at), else_=now),
                    settled_at=None,
                )
            )
            return bool(changed.rowcount)

    def message_outcome(self, dedup_key: str) -> tuple[OutboxState, str] | None:
        """What became of a queued message so far, and the reason it was refused or waits; None when there is none."""
        row = MESSAGE_OUTBOX
        with self.reading() as connection:
            found = connection.execute(select(row.c.state, row.c.reason).where(row.c.dedup_key == dedup_key)).first()
        return None if found is None else (OutboxState(found.state), found.reason)

    def claim_messages(
        self,
        now: datetime,
        owner: str,
        lease: timedelta = LEASE,
        limit: int = 10,
        *,
        per_channel: int | None = None,
        resting: Collection[str] = (),
        edits: bool = True,
    ) -> tuple[QueuedMessage, ...]:
        """Take up to `limit` messages, oldest first, each no sooner than EDIT_EVERY after it was last touched.

        At most `per_channel` of one channel, none of the `resting` ones, and without `edits` only messages to post.
        """
        row = MESSAGE_OUTBOX
        ready = and_(row.c.state == OutboxState.NEW.value, _free(now))
        if resting:
            ready = and_(ready, row.c.channel.not_in(sorted(resting)))
        if not edits:
            ready = and_(ready, row.c.posted_ts.is_(None))
        place = func.row_number().over(partition_by=row.c.channel, order_by=row.c.message_id).label("place")
        chosen = select(row.c.message_id, place).where(ready).subquery()
        free = (
            select(row)
            .join(chosen, chosen.c.message_id == row.c.message_id)
            .where(row.c.state == OutboxState.NEW.value, _free(now))
            .order_by(row.c.message_id)
            .limit(limit)
            .with_for_update(of=row, skip_locked=True)
        )
        if per_channel is not None:
            free = free.where(chosen.c.place <= per_channel)
        if not self.may_find(free):
            return ()
        with self.writing() as connection:
            claimed = []
            for found in connection.execute(free).all():
                # A claim that ran out without an outcome may have reached Slack.
                ambiguous_since = found.ambiguous_since or (found.claimed_at if found.owner is not None else None)
                connection.execute(
                    update(row)
                    .where(row.c.message_id == found.message_id)
                    .values(
                        owner=owner,
                        lease_until=now + lease,
                        claimed_at=now,
                        attempts=found.attempts + 1,
                        ambiguous_since=ambiguous_since,
                    )
                )
                claimed.append(
                    QueuedMessage(
                        message_id=found.message_id,
                        dedup_key=found.dedup_key,
                        content=found.content,
                        thread_ts=found.thread_ts,
                        broadcast=found.broadcast,
                        channel=found.channel,
                        revision=found.revision,
                        attempts=found.attempts + 1,
                        created_at=found.created_at,
                        owner=owner,
                        ambiguous_since=ambiguous_since,
                        card_channel=found.posted_channel,
                        card_ts=found.posted_ts,
                    )
                )
            return tuple(claimed)

    def message_sent(self, item: QueuedMessage, now: datetime, channel: str, ts: str) -> None:
        """Record where the message is; it waits on if its content was replaced meanwhile."""
        row = MESSAGE_OUTBOX
        with self.writing() as connection:
            connection.execute(
                update(row)
                .where(row.c.message_id == item.message_id)
                .values(posted_channel=channel, posted_ts=ts, sent_at=now, ambiguous_since=None, attempts=0, reason="")
            )
            connection.execute(
                update(row)
                .where(row.c.message_id == item.message_id, row.c.revision == item.revision)
                .values(state=OutboxState.SENT.value, settled_at=now)
            )
            connection.execute(delete(BROKEN_CHANNEL).where(BROKEN_CHANNEL.c.channel == item.channel))
            _release(connection, item, due=now)

    def message_later(self, item: QueuedMessage, due: datetime, reason: str, ambiguous: bool) -> None:
        """Give the message back until `due`; `ambiguous` when the request may have reached Slack all the same."""
        row = MESSAGE_OUTBOX
        with self.writing() as connection:
            mine = and_(row.c.message_id == item.message_id, row.c.owner == item.owner)
            connection.execute(update(row).where(mine).values(reason=reason))
            if ambiguous and item.ambiguous_since is None:
                connection.execute(update(row).where(mine).values(ambiguous_since=row.c.claimed_at))
            _release(connection, item, due=due)

    def message_back(self, item: QueuedMessage, due: datetime) -> None:
        """Give a message back that nobody tried to send; the claim does not count as an attempt."""
        row = MESSAGE_OUTBOX
        with self.writing() as connection:
            mine = and_(row.c.message_id == item.message_id, row.c.owner == item.owner)
            connection.execute(update(row).where(mine).values(attempts=item.attempts - 1))
            _release(connection, item, due=due)

    def message_dead(self, item: QueuedMessage, now: datetime, reason: str) -> None:
        """Give the message up for a reason that no retry can mend."""
        row = MESSAGE_OUTBOX
        with self.writing() as connection:
            connection.execute(
                update(row)
                .where(row.c.message_id == item.message_id)
                .values(state=OutboxState.DEAD.value, settled_at=now, reason=reason)
            )
            _release(connection, item, due=now)


def withdraw_messages(connection: Connection, pattern: str) -> int:
    """Take back what waits under a key, or under those that match (`%` stands for anything): how many.

    What a sender has in hand, or what may have reached Slack, is left alone.
    """
    row = MESSAGE_OUTBOX.c
    untouched = and_(row.state == OutboxState.NEW.value, row.owner.is_(None), row.ambiguous_since.is_(None))
    unsent = and_(untouched, row.posted_ts.is_(None))
    return connection.execute(delete(MESSAGE_OUTBOX).where(unsent, row.dedup_key.like(pattern))).rowcount


def queue_message(
    connection: Connection,
    dedup_key: str,
    channel: str,
    message: Message,
    now: datetime,
    *,
    thread_ts: str | None = None,
    broadcast: bool = False,
) -> bool:
    """Queue a message within a transaction, so that it is sent if and only if the rest of it holds."""
    row = insert_into(connection, MESSAGE_OUTBOX).values(
        dedup_key=dedup_key,
        channel=channel,
        thread_ts=thread_ts,
        broadcast=broadcast,
        content=dumped(message),
        revision=1,
        state=OutboxState.NEW.value,
        reason="",
        created_at=now,
        due=now,
        attempts=0,
    )
    inserted = row.on_conflict_do_nothing(index_elements=["dedup_key"]).returning(MESSAGE_OUTBOX.c.message_id)
    return connection.execute(inserted).first() is not None


def _free(now: datetime) -> ColumnElement[bool]:
    """Messages that are due, that nobody is sending, and whose last edit is long enough ago."""
    row = MESSAGE_OUTBOX
    far = now + CLOCK_SET_BACK
    touched = and_(row.c.sent_at > now - EDIT_EVERY, row.c.sent_at <= now)
    return and_(
        or_(row.c.due <= now, row.c.due > far),
        or_(row.c.lease_until.is_(None), row.c.lease_until <= now, row.c.lease_until > far),
        or_(row.c.sent_at.is_(None), not_(touched)),
    )


def _release(connection: Connection, item: QueuedMessage, due: datetime) -> None:
    """Free the message, unless the claim ran out and another sender has it."""
    row = MESSAGE_OUTBOX
    connection.execute(
        update(row)
        .where(row.c.message_id == item.message_id, row.c.owner == item.owner)
        .values(owner=None, lease_until=None, claimed_at=None, due=due)
    )
