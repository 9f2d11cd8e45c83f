"""Live boards: messages that keep themselves up to date until they end, and what they showed meanwhile."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import RowMapping, delete, func, insert, select, update

from bot.store.conversation_tables import BOARD
from bot.store.database import Database

BOARDS_KEPT = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """A live board: what of, where and until when; `posted_ts` is "" until it is in the channel.

    `first_free` and `lowest_free` are free addresses in its scope; `alerts` the ids of those it showed.
    """

    board_id: int
    channel: str
    scope: str
    label: str
    created_by: str
    began_at: datetime
    ends_at: datetime
    due: datetime
    posted_channel: str = ""
    posted_ts: str = ""
    first_free: int | None = None
    lowest_free: int | None = None
    lowest_at: datetime | None = None
    alerts: frozenset[int] = frozenset()
    ended_at: datetime | None = None
    reason: str = ""


class BoardsStore(Database):
    """Boards that run and boards that ended lately."""

    def open_board(
        self, *, channel: str, scope: str, label: str, created_by: str, now: datetime, ends_at: datetime
    ) -> tuple[int, bool]:
        """The number of the channel's board of this scope and whether it is new; one that runs gets the new end."""
        running = (BOARD.c.channel == channel) & (BOARD.c.scope == scope) & BOARD.c.ended_at.is_(None)
        with self.writing() as connection:
            known = connection.execute(
                update(BOARD).where(running).values(ends_at=ends_at).returning(BOARD.c.board_id)
            ).scalar()
            if known is not None:
                return known, False
            row = insert(BOARD).values(
                channel=channel,
                scope=scope,
                label=label,
                created_by=created_by,
                began_at=now,
                ends_at=ends_at,
                due=now,
                alerts=frozenset(),
            )
            return connection.execute(row.returning(BOARD.c.board_id)).scalar_one(), True

    def boards(self, channel: str | None = None) -> tuple[Board, ...]:
        """The boards that run, oldest first, of one channel or of all."""
        query = select(BOARD).where(BOARD.c.ended_at.is_(None)).order_by(BOARD.c.board_id)
        if channel is not None:
            query = query.where(BOARD.c.channel == channel)
        with self.reading() as connection:
            return tuple(_board(row) for row in connection.execute(query).mappings())

    def stop_boards(self, channel: str, now: datetime) -> int:
        """Let the channel's boards end now: how many there were."""
        here = (BOARD.c.channel == channel) & BOARD.c.ended_at.is_(None)
        with self.writing() as connection:
            return connection.execute(update(BOARD).where(here).values(ends_at=now, due=now)).rowcount

    def claim_boards(self, now: datetime, until: datetime, limit: int) -> tuple[Board, ...]:
        """Boards whose next edit is due, taken until that moment: no other process edits them before."""
        due = (
            select(BOARD.c.board_id)
            .where(BOARD.c.ended_at.is_(None), BOARD.c.due <= now)
            .order_by(BOARD.c.due, BOARD.c.board_id)
            .limit(limit)
        )
        if not self.may_find(due):
            return ()
        with self.writing() as connection:
            taken = update(BOARD).where(BOARD.c.board_id.in_(due), BOARD.c.due <= now).values(due=until)
            rows = connection.execute(taken.returning(BOARD)).mappings().all()
        return tuple(sorted((_board(row) for row in rows), key=lambda board: board.board_id))

    def board_shown(
        self,
        board_id: int,
        *,
        channel: str,
        ts: str,
        free: int | None,
        alerts: Collection[int],
        now: datetime,
        due: datetime,
    ) -> None:
        """Remember where a board stands, what it showed, and when it is next due."""
        here = BOARD.c.board_id == board_id
        with self.writing() as connection:
            row = connection.execute(select(BOARD).where(here)).mappings().one()
            seen = {
                "posted_channel": channel,
                "posted_ts": ts,
                "due": due,
                "alerts": frozenset(row["alerts"]) | frozenset(alerts),
            }
            if free is not None:
                seen["first_free"] = free if row["first_free"] is None else row["first_free"]
                if row["lowest_free"] is None or free < row["lowest_free"]:
                    seen |= {"lowest_free": free, "lowest_at": now}
            connection.execute(update(BOARD).where(here).values(**seen))

    def board_later(self, board_id: int, due: datetime) -> None:
        """Put a board's next edit off."""
        with self.writing() as connection:
            connection.execute(update(BOARD).where(BOARD.c.board_id == board_id).values(due=due))

    def end_board(self, board_id: int, now: datetime, reason: str) -> None:
        """End a board: nothing edits it any more."""
        with self.writing() as connection:
            connection.execute(update(BOARD).where(BOARD.c.board_id == board_id).values(ended_at=now, reason=reason))

    def open_boards(self) -> int:
        """How many boards run."""
        query = select(func.count()).select_from(BOARD).where(BOARD.c.ended_at.is_(None))
        with self.reading() as connection:
            return int(connection.execute(query).scalar_one())

    def prune_boards(self, now: datetime) -> int:
        """Drop boards that ended long ago; how many went."""
        with self.writing() as connection:
            return connection.execute(delete(BOARD).where(BOARD.c.ended_at < now - BOARDS_KEPT)).rowcount


def _board(row: RowMapping) -> Board:
    return Board(**{name: row[name] for name in Board.__dataclass_fields__})
