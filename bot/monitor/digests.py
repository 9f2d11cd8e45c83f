"""Digests that are due: each is made and queued once for its local day, whoever leads and whatever the clocks do."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from bot.errors import UserError
from bot.message import Failure, Message
from bot.store import Store
from bot.store.digests import DigestSchedule
from bot.store.work_gaps import DOWN, Work
from bot.views import failed

log = logging.getLogger(__name__)

LATEST = timedelta(days=1)
"""A digest that could not be sent for so long is not sent any more; the next one says so."""

Content = Callable[[DigestSchedule, datetime], Message]
"""Makes the digest of a channel that was due at a moment, as the channel may see it."""


class Digests:
    """Sends what is due, where this process leads; what was sent is in the store, so a restart sends nothing twice."""

    def __init__(self, store: Store, content: Content, now: Callable[[], datetime]) -> None:
        self._store = store
        self._content = content
        self._now = now

    def step(self) -> int:
        """One look: note that somebody leads, and queue what is due; how many digests were queued."""
        now = self._now()
        self._store.note_work(Work.SERVING, now, DOWN)
        queued = 0
        for schedule in self._store.digest_schedules():
            try:
                queued += self._sent(schedule, now)
            except Exception:  # one digest that cannot be made must not hold up the others; it is tried again
                log.exception("a digest could not be made", extra={"channel": schedule.channel})
        return queued

    def _sent(self, schedule: DigestSchedule, now: datetime) -> bool:
        day, due_at = schedule.times.last(now)
        had = schedule.last_sent_for is not None and schedule.last_sent_for >= day
        if had or due_at <= schedule.changed_at or now - due_at >= LATEST:
            return False
        try:
            message = self._content(schedule, due_at)
        except UserError as exc:
            # What it is about is gone or hidden: the channel hears it once a day until somebody changes the digest.
            text = f"The digest of {schedule.label} cannot be made: {exc.message}"
            message = failed("digest when", Failure(kind="user", message=text, suggestions=("digest when",)))
        return self._store.send_digest(schedule, day, message, now)
