"""Allowance: how many questions a person may ask, so that nobody's script takes the workers from everybody else."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

from cachetools import TTLCache

PEOPLE_KEPT = 10_000
IDLE_SECONDS = 600.0
"""A person who was silent for ten minutes has a full allowance again, so nothing of theirs needs to be kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """How long a person has to wait; `is_first` for the first question refused since the last that was taken."""

    length: timedelta
    is_first: bool


@dataclass(slots=True)
class _Bucket:
    questions: float
    at: datetime
    refused: bool = False


class Allowance:
    """A token bucket for each person: a minute's questions at once, then one whenever one has come back."""

    def __init__(self, per_minute: int, now: Callable[[], datetime]) -> None:
        self._most = float(per_minute)
        self._each = timedelta(minutes=1) / per_minute
        self._now = now
        self._lock = Lock()
        self._buckets: TTLCache[str, _Bucket] = TTLCache(PEOPLE_KEPT, IDLE_SECONDS)

    def take(self, user_id: str) -> Wait | None:
        """Take one question from the person's allowance; None when there was one, else how long until there is."""
        now = self._now()
        with self._lock:
            bucket = self._buckets.get(user_id) or _Bucket(self._most, now)
            # A clock that was set back gives nothing and takes nothing.
            back = max(now - bucket.at, timedelta(0)) / self._each
            bucket.questions, bucket.at = min(bucket.questions + back, self._most), now
            self._buckets[user_id] = bucket
            if bucket.questions >= 1:
                bucket.questions -= 1
                bucket.refused = False
                return None
            first, bucket.refused = not bucket.refused, True
            return Wait(length=self._each * (1 - bucket.questions), is_first=first)
