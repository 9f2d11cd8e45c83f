"""Slack's rate limits, per method and, for posts, per channel, as token buckets."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

TIERS_PER_MINUTE: Mapping[int, int] = MappingProxyType({1: 1, 2: 20, 3: 50, 4: 100})
"""Calls a minute each tier allows at least.

Source: https://docs.slack.dev/apis/web-api/rate-limits (tier 1 1+, tier 2 20+, tier 3 50+, tier 4 100+ a minute).
"""

METHOD_TIERS: Mapping[str, int] = MappingProxyType(
    {
        "apps.connections.open": 1,
        "assistant.threads.setStatus": 4,
        "assistant.threads.setSuggestedPrompts": 4,
        "assistant.threads.setTitle": 4,
        "chat.appendStream": 4,
        "chat.startStream": 2,
        "chat.stopStream": 2,
        "files.completeUploadExternal": 4,
        "files.getUploadURLExternal": 4,
        "files.info": 4,
        "reactions.add": 3,
        "reactions.remove": 2,
        "usergroups.list": 2,
        "usergroups.users.list": 2,
        "views.open": 4,
        "views.publish": 4,
        "views.push": 4,
        "views.update": 4,
        "chat.update": 3,
        "chat.delete": 3,
        "chat.postEphemeral": 4,
        "conversations.list": 2,
        "conversations.info": 3,
        "conversations.members": 4,
        "conversations.join": 3,
        "conversations.open": 3,
        "conversations.history": 3,
        "conversations.replies": 3,
        "users.info": 4,
        "users.list": 2,
        "bots.info": 3,
    }
)
"""The tier of each method served here. Source: "Rate limits" on each page of docs.slack.dev/reference/methods."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimits:
    """How fast calls are accepted; the bursts are wide so that a demo never stalls, tests make them narrow.

    Source: https://docs.slack.dev/apis/web-api/rate-limits: chat.postMessage takes about one message a second in
    one channel and lets short bursts through; the size of the burst is not published.
    """

    posts_per_second: float = 1.0
    post_burst: int = 60
    tier_burst_minutes: float = 2.0
    minimum_burst: int = 20


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled_at: float


class Throttle:
    """Token buckets of one workspace; used by the server's own thread only."""

    def __init__(self, limits: RateLimits) -> None:
        self.limits = limits
        self._buckets: dict[tuple[str, str], _Bucket] = {}

    def retry_after(self, method: str, channel_id: str) -> int:
        """Seconds to wait before `method` is accepted again; 0 takes one call from the bucket."""
        if method == "chat.postMessage":
            rate, burst, key = self.limits.posts_per_second, float(self.limits.post_burst), channel_id
        elif method in METHOD_TIERS:
            per_minute = TIERS_PER_MINUTE[METHOD_TIERS[method]]
            rate, key = per_minute / 60, ""
            burst = max(per_minute * self.limits.tier_burst_minutes, float(self.limits.minimum_burst))
        else:
            return 0
        at = time.monotonic()
        bucket = self._buckets.setdefault((method, key), _Bucket(burst, at))
        bucket.tokens = min(burst, bucket.tokens + (at - bucket.filled_at) * rate)
        bucket.filled_at = at
        if bucket.tokens < 1:
            return max(1, math.ceil((1 - bucket.tokens) / rate))
        bucket.tokens -= 1
        return 0
