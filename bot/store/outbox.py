"""The outbox: versions of cards waiting to be sent, one sender at a time for each card."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Subquery, and_, case, delete, func, not_, or_, select, update

from bot.alerts import Severity, Transition
from bot.store.database import Database, insert_into
from bot.store.tables import ALERT, BROKEN_CHANNEL, CARD, MESSAGE_OUTBOX, NOTIFICATION, OUTBOX, OutboxState

LEASE = timedelta(seconds=30)
"""How long a claim lasts: longer than a request to Slack and one retry (10 s each), soon enough to take over."""

EDIT_EVERY = timedelta(seconds=45)
"""At most one edit of a card in this time, the newest version: a busy subnet must not use up chat.update's allowance.

Source: https://docs.slack.dev/reference/methods/chat.update (tier 3: about 50 calls a minute for the whole workspace).
"""

CLOCK_SET_BACK = timedelta(minutes=15)
"""No due time or lease of ours lies further ahead: one that does was written before the clock was set back."""

_UNHURRIED = (Transition.CHANGED.value, Transition.RECOVERING.value, Transition.REFIRED.value)
"""Kinds of a version that may wait for EDIT_EVERY; the first, worse and last word of an alert goes at once."""

_URGENT_RANKS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """Something to post or edit now, claimed by `owner`.

    `card_channel` and `card_ts` are set when the channel has the message: edit it. `ambiguous_since` is set when an
    earlier attempt may have reached Slack: look for it in the channel's history from then on before posting.
    """

    channel: str
    revision: int
    attempts: int
    created_at: datetime
    owner: str
    ambiguous_since: datetime | None = None
    card_channel: str | None = None
    card_ts: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxItem(Claimed):
    """One version of a card; `created_at` is since when the channel waits for it or for a version before it.

    `alert_ids` are the alerts that the card shows.
    """

    outbox_id: int
    alert_id: int
    kind: str
    alert_ids: frozenset[int] = frozenset()


class OutboxStore(Database):
    """Claims and outcomes of cards; nothing here talks to Slack."""

    def claim(
        self,
        now: datetime,
        owner: str,
        lease: timedelta = LEASE,
        limit: int = 10,
        *,
        per_channel: int | None = None,
        resting: Collection[str] = (),
        edits: bool = True,
    ) -> tuple[OutboxItem, ...]:
        """Take up to `limit` cards with something to send; only each card's newest version is sent.

        Criticals come first, then what is over, then other alerts, then mere changes; the oldest first among equals.
        At most `per_channel` of one channel, none of the `resting` ones, and without `edits` only cards to post.
        A claim that ran out without an outcome (its sender died) is taken over, and counts as ambiguous.
        """
        waiting = _waiting()
        ready = and_(_free(now), _edit_is_due(now, waiting))
        if resting:
            ready = and_(ready, CARD.c.channel.not_in(sorted(resting)))
        if not edits:
            ready = and_(ready, CARD.c.card_ts.is_(None))
        order = (waiting.c.rank, waiting.c.oldest)
        place = func.row_number().over(partition_by=CARD.c.channel, order_by=order).label("place")
        chosen = (
            select(CARD.c.alert_id, CARD.c.channel, waiting.c.rank, waiting.c.oldest, place)
            .join(waiting, and_(waiting.c.alert_id == CARD.c.alert_id, waiting.c.channel == CARD.c.channel))
            .where(ready)
            .subquery()
        )
        # The conditions on the card stand here once more: PostgreSQL tries them again on a row that another sender
        # changed while we waited for its lock, and those inside the subquery it does not.
        free = (
            select(CARD)
            .join(chosen, and_(chosen.c.alert_id == CARD.c.alert_id, chosen.c.channel == CARD.c.channel))
            .where(_free(now))
            .order_by(chosen.c.rank, chosen.c.oldest)
            .limit(limit)
            .with_for_update(of=CARD, skip_locked=True)
        )
        if per_channel is not None:
            free = free.where(chosen.c.place <= per_channel)
        if not self.may_find(free):
            return ()
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
                .values(card_channel=channel, card_ts=ts, sent_at=now, ambiguous_since=None, attempts=0)
            )
            connection.execute(delete(BROKEN_CHANNEL).where(BROKEN_CHANNEL.c.channel == item.channel))
            _release(connection, item, due=now)

    def retry_later(self, item: OutboxItem, due: datetime, reason: str, ambiguous: bool) -> None:
        """Give the card back until `due`; `ambiguous` when the request may have reached Slack all the same."""
        with self.writing() as connection:
            connection.execute(update(OUTBOX).where(OUTBOX.c.outbox_id == item.outbox_id).values(reason=reason))
            if ambiguous and item.ambiguous_since is None:
                mine = and_(_card(item), CARD.c.owner == item.owner)
                connection.execute(update(CARD).where(mine).values(ambiguous_since=CARD.c.claimed_at))
            _release(connection, item, due=due)

    def give_back(self, item: OutboxItem, due: datetime) -> None:
        """Give a card back that nobody tried to send; the claim does not count as an attempt."""
        with self.writing() as connection:
            mine = and_(_card(item), CARD.c.owner == item.owner)
            connection.execute(update(CARD).where(mine).values(attempts=item.attempts - 1))
            _release(connection, item, due=due)

    def mark_dead(self, item: OutboxItem, now: datetime, reason: str, *, fallback: str = "") -> None:
        """Give the version up for a reason that no retry can mend; later versions of the card are still tried.

        With `fallback` the alert gets a card in that channel, which is kept up to date from then on like any other.
        """
        with self.writing() as connection:
            _settle(connection, item, OutboxState.DEAD, now, reason)
            _release(connection, item, due=now)
            if fallback and fallback != item.channel:
                _redirect(connection, item, now, fallback)

    def release_left_sends(self) -> None:
        """Let go of what a process that was killed was sending, where only one can serve: on SQLite.

        It counts as claimed all the same, so that the next sender looks first whether Slack has it.
        """
        with self.writing() as connection:
            if connection.dialect.name == "sqlite":
                for table in (CARD, MESSAGE_OUTBOX):
                    left = table.c.lease_until.is_not(None)
                    connection.execute(update(table).where(left).values(lease_until=None))

    def outbox_depth(self, now: datetime) -> tuple[int, timedelta | None]:
        """How many versions of cards and other messages wait, and since when the first of them."""
        new = OutboxState.NEW.value
        with self.reading() as connection:
            found = [
                connection.execute(select(func.count(), func.min(table.c.created_at)).where(table.c.state == new)).one()
                for table in (OUTBOX, MESSAGE_OUTBOX)
            ]
        oldest = min((since for _, since in found if since is not None), default=None)
        return sum(count for count, _ in found), None if oldest is None else max(now - oldest, timedelta(0))


def _waiting() -> Subquery:
    """Each card with a version to send: the place in line of its most urgent one, and its oldest."""
    critical = ALERT.c.severity == Severity.CRITICAL
    told_worse = OUTBOX.c.kind.in_((Transition.OPENED.value, Transition.ESCALATED.value))
    rank = case(
        (and_(critical, told_worse), 0),
        (OUTBOX.c.kind == Transition.RESOLVED.value, 1),
        (OUTBOX.c.kind.not_in(_UNHURRIED), 2),
        else_=_URGENT_RANKS,
    )
    return (
        select(
            OUTBOX.c.alert_id,
            OUTBOX.c.channel,
            func.min(rank).label("rank"),
            func.min(OUTBOX.c.outbox_id).label("oldest"),
        )
        .join(ALERT, ALERT.c.alert_id == OUTBOX.c.alert_id)
        .where(OUTBOX.c.state == OutboxState.NEW.value)
        .group_by(OUTBOX.c.alert_id, OUTBOX.c.channel)
        .subquery()
    )


def _free(now: datetime) -> ColumnElement[bool]:
    """Cards that are due and that nobody is sending."""
    far = now + CLOCK_SET_BACK
    due = or_(CARD.c.due <= now, CARD.c.due > far)
    return and_(due, or_(CARD.c.lease_until.is_(None), CARD.c.lease_until <= now, CARD.c.lease_until > far))


def _edit_is_due(now: datetime, waiting: Subquery) -> ColumnElement[bool]:
    """Cards that have something urgent, or were not touched for a while."""
    touched = and_(CARD.c.sent_at > now - EDIT_EVERY, CARD.c.sent_at <= now)
    return or_(waiting.c.rank < _URGENT_RANKS, CARD.c.sent_at.is_(None), not_(touched))


def _claim_card(
    connection: Connection, card: Row[Any], now: datetime, owner: str, lease: timedelta
) -> OutboxItem | None:
    """The newest waiting version of a locked card, claimed; older ones that were never sent are passed over."""
    here = and_(OUTBOX.c.alert_id == card.alert_id, OUTBOX.c.channel == card.channel)
    waiting = select(OUTBOX).where(here, OUTBOX.c.state == OutboxState.NEW.value)
    versions = connection.execute(waiting.order_by(OUTBOX.c.revision.desc(), OUTBOX.c.outbox_id.desc())).all()
    if not versions:
        # Sent by another sender between the choice of cards and their lock.
        return None
    newest, *older = versions
    since = min(version.created_at for version in versions)
    if older:
        connection.execute(
            update(OUTBOX)
            .where(OUTBOX.c.outbox_id.in_([row.outbox_id for row in older]))
            .values(state=OutboxState.SUPERSEDED.value, settled_at=now)
        )
        # The newest version waits for as long as the channel does, or an outage would look young for ever.
        connection.execute(update(OUTBOX).where(OUTBOX.c.outbox_id == newest.outbox_id).values(created_at=since))
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
        alert_ids=card.alert_ids,
        channel=newest.channel,
        attempts=attempts,
        created_at=since,
        owner=owner,
        ambiguous_since=ambiguous_since,
        card_channel=card.card_channel,
        card_ts=card.card_ts,
    )


def _redirect(connection: Connection, item: OutboxItem, now: datetime, channel: str) -> None:
    """A card of the same alert in another channel, and its version to send there."""
    card = insert_into(connection, CARD).values(
        alert_id=item.alert_id, channel=channel, due=now, attempts=0, alert_ids=item.alert_ids
    )
    connection.execute(card.on_conflict_do_nothing())
    version = insert_into(connection, OUTBOX).values(
        alert_id=item.alert_id,
        channel=channel,
        revision=item.revision,
        kind=item.kind,
        dedup_key=f"{item.alert_id}:{item.revision}:{channel}",
        state=OutboxState.NEW.value,
        reason="",
        created_at=now,
    )
    connection.execute(version.on_conflict_do_nothing(index_elements=["dedup_key"]))
    told = (NOTIFICATION.c.alert_id == item.alert_id) & (NOTIFICATION.c.channel == item.channel)
    # What the log says of the broken channel holds for this one, or its card would never be brought up to date.
    for row in connection.execute(select(NOTIFICATION).where(told)).mappings().all():
        entry = insert_into(connection, NOTIFICATION).values(**{**row, "channel": channel})
        connection.execute(entry.on_conflict_do_nothing())


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
