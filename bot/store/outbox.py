"""The outbox: versions of cards waiting to be sent, one sender at a time for each card."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, func, or_, select, update

from bot.store.database import Database
from bot.store.tables import CARD, OUTBOX, OutboxState

LEASE = timedelta(seconds=30)
"""How long a claim lasts: longer than a request to Slack and one retry (10 s each), soon enough to take over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxItem:
    """One version of a card to send now, claimed by `owner`.

    `card_channel` and `card_ts` are set when the channel has the card: edit it. `ambiguous_since` is set when an
    earlier attempt may have reached Slack: look for the card in the channel's history from then on before posting.
    """

    outbox_id: int
    alert_id: int
    revision: int
    kind: str
    channel: str
    attempts: int
    created_at: datetime
    owner: str
    ambiguous_since: datetime | None = None
    card_channel: str | None = None
    card_ts: str | None = None


class OutboxStore(Database):
    """Claims and outcomes of messages; nothing here talks to Slack."""

    def claim(self, now: datetime, owner: str, lease: timedelta = LEASE, limit: int = 10) -> tuple[OutboxItem, ...]:
        """Take up to `limit` cards with something to send, oldest first; only each card's newest version is sent.

        A claim that ran out without an outcome (its sender died) is taken over, and counts as ambiguous.
        """
        waiting = and_(
            OUTBOX.c.alert_id == CARD.c.alert_id,
            OUTBOX.c.channel == CARD.c.channel,
            OUTBOX.c.state == OutboxState.NEW.value,
        )
        oldest = select(func.min(OUTBOX.c.outbox_id)).where(waiting).correlate(CARD).scalar_subquery()
        free = (
            select(CARD)
            .where(CARD.c.due <= now, or_(CARD.c.lease_until.is_(None), CARD.c.lease_until <= now))
            .where(select(OUTBOX.c.outbox_id).where(waiting).correlate(CARD).exists())
            .order_by(oldest)
            .limit(limit)
            .with_for_update(of=CARD, skip_locked=True)
        )
        with self.writing() as connection:
            cards = connection.execute(free).all()
            claimed = (_claim_card(connection, card, now, owner, lease) for card in cards)
            return tuple(item for item in claimed if item is not None)

    def mark_sent(self, item: OutboxItem, now: datetime, channel: str, ts: str) -> None:
        """Record that the version is in the channel, at `ts`; the card is free for its next version."""
        with self.writing() as connection:
            _settle(connection, item, OutboxState.SENT, now, "")
            connection.execute(
                update(CARD)
                .where(_card(item))
                .values(card_channel=channel, card_ts=ts, ambiguous_since=None, attempts=0)
            )
            _release(connection, item, due=now)

    def retry_later(self, item: OutboxItem, due: datetime, reason: str, ambiguous: bool) -> None:
        """Give the card back until `due`; `ambiguous` when the request may have reached Slack all the same."""
        with self.writing() as connection:
            connection.execute(update(OUTBOX).where(OUTBOX.c.outbox_id == item.outbox_id).values(reason=reason))
            if ambiguous and item.ambiguous_since is None:
                mine = and_(_card(item), CARD.c.owner == item.owner)
                connection.execute(update(CARD).where(mine).values(ambiguous_since=CARD.c.claimed_at))
            _release(connection, item, due=due)

    def mark_dead(self, item: OutboxItem, now: datetime, reason: str) -> None:
        """Give the version up for a reason that no retry can mend; later versions of the card are still tried."""
        with self.writing() as connection:
            _settle(connection, item, OutboxState.DEAD, now, reason)
            _release(connection, item, due=now)

    def forget_card(self, item: OutboxItem) -> None:
        """Forget where the card was (somebody deleted it): its next version is posted anew."""
        with self.writing() as connection:
            connection.execute(update(CARD).where(_card(item)).values(card_channel=None, card_ts=None))

    def outbox_depth(self, now: datetime) -> tuple[int, timedelta | None]:
        """How many versions wait, and the age of the oldest."""
        query = select(func.count(), func.min(OUTBOX.c.created_at)).where(OUTBOX.c.state == OutboxState.NEW.value)
        with self.reading() as connection:
            depth, oldest = connection.execute(query).one()
        return depth, None if oldest is None else max(now - oldest, timedelta(0))


def _claim_card(
    connection: Connection, card: Row[Any], now: datetime, owner: str, lease: timedelta
) -> OutboxItem | None:
    """The newest waiting version of a locked card, claimed; older ones that were never sent are passed over."""
    here = and_(OUTBOX.c.alert_id == card.alert_id, OUTBOX.c.channel == card.channel)
    waiting = select(OUTBOX).where(here, OUTBOX.c.state == OutboxState.NEW.value)
    versions = connection.execute(waiting.order_by(OUTBOX.c.revision.desc())).all()
    if not versions:
        # Sent by another sender between the choice of cards and their lock.
        return None
    newest, *older = versions
    if older:
        connection.execute(
            update(OUTBOX)
            .where(OUTBOX.c.outbox_id.in_([row.outbox_id for row in older]))
            .values(state=OutboxState.SUPERSEDED.value, settled_at=now)
        )
    attempts = card.attempts + 1
    ambiguous_since = card.ambiguous_since or (card.claimed_at if card.owner is not None else None)
    connection.execute(
        update(CARD)
        .where(CARD.c.alert_id == card.alert_id, CARD.c.channel == card.channel)
        .values(
            owner=owner,
            lease_until=now + lease,
            claimed_at=now,
            attempts=attempts,
            ambiguous_since=ambiguous_since,
        )
    )
    return OutboxItem(
        outbox_id=newest.outbox_id,
        alert_id=newest.alert_id,
        revision=newest.revision,
        kind=newest.kind,
        channel=newest.channel,
        attempts=attempts,
        created_at=newest.created_at,
        owner=owner,
        ambiguous_since=ambiguous_since,
        card_channel=card.card_channel,
        card_ts=card.card_ts,
    )


def _card(item: OutboxItem) -> ColumnElement[bool]:
    return and_(CARD.c.alert_id == item.alert_id, CARD.c.channel == item.channel)


def _settle(connection: Connection, item: OutboxItem, state: OutboxState, now: datetime, reason: str) -> None:
    connection.execute(
        update(OUTBOX)
        .where(OUTBOX.c.outbox_id == item.outbox_id)
        .values(state=state.value, reason=reason, settled_at=now)
    )


def _release(connection: Connection, item: OutboxItem, due: datetime) -> None:
    """Free the card, unless the claim ran out and another sender has it."""
    connection.execute(
        update(CARD)
        .where(_card(item), CARD.c.owner == item.owner)
        .values(owner=None, lease_until=None, claimed_at=None, due=due)
    )
