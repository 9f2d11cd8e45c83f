"""Whether answers helped, as people press it; counted for the digest and the metrics."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select

from bot.store.conversation_tables import FEEDBACK
from bot.store.database import Database, insert_into

FEEDBACK_KEPT = timedelta(days=400)
"""A year and a month, so that a month can be compared with the same one of the year before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackCount:
    """How often the answers of a verb helped and how often they did not."""

    verb: str
    helped: int
    missed: int


class FeedbackStore(Database):
    """Presses of feedback buttons, one a person and message."""

    def add_feedback(
        self, *, user_id: str, channel: str, message_ts: str, verb: str, text: str, helped: bool, now: datetime
    ) -> bool:
        """Remember a press, in place of an earlier one on the same message; whether it is the first or another word."""
        key = {"user_id": user_id, "channel": channel, "message_ts": message_ts}
        given = {"verb": verb, "text": text, "helped": helped, "at": now}
        here = (FEEDBACK.c.user_id == user_id) & (FEEDBACK.c.channel == channel) & (FEEDBACK.c.message_ts == message_ts)
        with self.writing() as connection:
            before = connection.execute(select(FEEDBACK.c.helped).where(here)).scalar()
            row = insert_into(connection, FEEDBACK).values(**key, **given)
            connection.execute(row.on_conflict_do_update(index_elements=list(key), set_=given))
        return before is None or before is not helped

    def feedback(self, since: datetime) -> tuple[FeedbackCount, ...]:
        """What people pressed since then, by verb."""
        query = (
            select(FEEDBACK.c.verb, FEEDBACK.c.helped, func.count())
            .where(FEEDBACK.c.at >= since)
            .group_by(FEEDBACK.c.verb, FEEDBACK.c.helped)
        )
        found: dict[str, list[int]] = {}
        with self.reading() as connection:
            for verb, helped, number in connection.execute(query):
                found.setdefault(verb, [0, 0])[0 if helped else 1] += number
        return tuple(FeedbackCount(verb=verb, helped=yes, missed=no) for verb, (yes, no) in sorted(found.items()))

    def prune_feedback(self, now: datetime) -> int:
        """Drop presses past their time; how many went."""
        with self.writing() as connection:
            return connection.execute(delete(FEEDBACK).where(FEEDBACK.c.at < now - FEEDBACK_KEPT)).rowcount
