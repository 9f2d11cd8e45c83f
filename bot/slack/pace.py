"""How fast Slack is written to: token buckets for each channel, for the workspace and for edits, and its 429s."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """So many calls a second in the long run, and at most `burst` at once."""

    per_second: float
    burst: int


CHANNEL_RATE = Rate(per_second=1.0, burst=3)
"""Posts in one channel. Source: https://docs.slack.dev/apis/web-api/rate-limits (one message a second; short bursts
are let through, how long is not published)."""
WORKSPACE_RATE = Rate(per_second=4.0, burst=12)
"""Posts and edits of the whole workspace. Source: the same page (several hundred messages a minute)."""
EDIT_RATE = Rate(per_second=45 / 60, burst=15)
"""Edits of the whole workspace, below chat.update's 50 a minute, which answers to people share.

Source: https://docs.slack.dev/reference/methods/chat.update (tier 3).
"""


class Bucket:
    """A token bucket on a clock that never runs backwards, in seconds."""

    def __init__(self, rate: Rate, at: float) -> None:
        self._rate = rate
        self._tokens = float(rate.burst)
        self._at = at

    def wait_seconds(self, at: float) -> float:
        """Seconds until a token is there; 0 when one is."""
        self._fill(at)
        return max((1 - self._tokens) / self._rate.per_second, 0.0)

    def tokens(self, at: float) -> int:
        """How many whole tokens are there."""
        self._fill(at)
        return max(int(self._tokens), 0)

    def take(self, at: float) -> None:
        """Use up a token, also one that is not there yet: the next one comes later for it."""
        self._fill(at)
        self._tokens -= 1

    @property
    def is_full(self) -> bool:
        """Whether nothing was taken for so long that the bucket says no more than a new one."""
        return self._tokens >= self._rate.burst

    def _fill(self, at: float) -> None:
        self._tokens = min(self._tokens + max(at - self._at, 0.0) * self._rate.per_second, self._rate.burst)
        self._at = max(self._at, at)


class Pace:
    """What may be sent now. Used by the sender's thread only; `ticks` is a monotonic clock in seconds."""

    def __init__(
        self,
        ticks: Callable[[], float],
        *,
        channel: Rate = CHANNEL_RATE,
        workspace: Rate = WORKSPACE_RATE,
        edits: Rate = EDIT_RATE,
    ) -> None:
        self._ticks = ticks
        self._channel = channel
        self._workspace = Bucket(workspace, ticks())
        self._edits = Bucket(edits, ticks())
        self._channels: dict[str, Bucket] = {}
        self._blocked_until: dict[str, float] = {}
        self._edits_blocked_until = 0.0

    def resting(self) -> frozenset[str]:
        """The channels that may not be posted to now."""
        at = self._ticks()
        self._blocked_until = {channel: until for channel, until in self._blocked_until.items() if until > at}
        waiting = {channel for channel, bucket in self._channels.items() if bucket.wait_seconds(at) > 0}
        self._channels = {channel: bucket for channel, bucket in self._channels.items() if not bucket.is_full}
        return frozenset(waiting | self._blocked_until.keys())

    def room(self) -> int:
        """How many calls the workspace takes now."""
        return self._workspace.tokens(self._ticks())

    def may_edit(self) -> bool:
        """Whether the workspace takes another edit now."""
        at = self._ticks()
        return self._edits_blocked_until <= at and self._edits.wait_seconds(at) == 0

    def take(self, channel: str, *, edit: bool) -> None:
        """Count a call that is about to be made."""
        at = self._ticks()
        self._workspace.take(at)
        (self._edits if edit else self._channels.setdefault(channel, Bucket(self._channel, at))).take(at)

    def block(self, channel: str, wait: timedelta, *, edit: bool) -> None:
        """Obey a 429: of a post it holds for the channel, of an edit for every edit."""
        until = self._ticks() + wait.total_seconds()
        if edit:
            self._edits_blocked_until = max(self._edits_blocked_until, until)
        else:
            self._blocked_until[channel] = max(self._blocked_until.get(channel, 0.0), until)

    def pause_seconds(self) -> float | None:
        """Seconds until something may be sent that may not now; None when nothing is held back."""
        at = self._ticks()
        waits = [bucket.wait_seconds(at) for bucket in (self._workspace, self._edits, *self._channels.values())]
        waits += [until - at for until in (self._edits_blocked_until, *self._blocked_until.values())]
        return min((wait for wait in waits if wait > 0), default=None)
