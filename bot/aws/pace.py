"""How fast we may call: a token bucket for each account, region and API, far below EC2's own.

EC2 refills an account's bucket of DescribeSubnets by 20 a second, in each region, and shares it with everybody who
works in that account: Karpenter, the VPC CNI, Terraform. We take a quarter of it at most, and half of what we took
for a while after every throttled call, ours or not.

Source: https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html (buckets of 100 requests, refilled by
20 a second, for each account, region and API; 50 and 10 for some unpaginated calls).
"""

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from cachetools import LRUCache

from bot.aws import limits

Key = tuple[str, str, str]
"""Account id, region, API."""


@dataclass(slots=True)
class _Bucket:
    """Tokens left at `at`; below zero are those promised to callers who wait for them."""

    tokens: float
    at: float
    share: float = 1.0
    throttled_at: float = float("-inf")


class Pace:
    """Token buckets by account, region and API; safe to use from many threads.

    A bucket that nobody has used for long is full, so the least used are forgotten.
    """

    def __init__(
        self,
        *,
        per_second: float = limits.CALLS_PER_SECOND,
        burst: int = limits.CALL_BURST,
        longest_wait: float = limits.PACE_WAIT.total_seconds(),
        timer: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._per_second = per_second
        self._burst = burst
        self._longest_wait = longest_wait
        self._timer = timer
        self._sleep = sleep
        self._lock = threading.Lock()
        self._buckets: LRUCache[Key, _Bucket] = LRUCache(limits.LIVE_BUCKETS)

    def wait(self, key: Key) -> bool:
        """Wait for this key's turn; False at once where that would take longer than a worker may be held."""
        seconds = self._reserve(key)
        if seconds is None:
            return False
        if seconds > 0:
            self._sleep(seconds)
        return True

    def throttled(self, key: Key) -> None:
        """Halve the key's rate: AWS has refused a call. It doubles again with every quiet minute."""
        with self._lock:
            bucket = self._filled(key)
            bucket.share = max(_share(bucket) / 2, limits.LEAST_SHARE)
            bucket.throttled_at = bucket.at
            bucket.tokens = min(bucket.tokens, 0.0)

    def rate(self, key: Key) -> float:
        """Calls a second that the key may make now."""
        with self._lock:
            return self._per_second * _share(self._filled(key))

    def _reserve(self, key: Key) -> float | None:
        """Take one token, now or in advance; the seconds until it is there, None where that is too far off."""
        with self._lock:
            bucket = self._filled(key)
            seconds = max(0.0, (1 - bucket.tokens) / (self._per_second * _share(bucket)))
            if seconds > self._longest_wait:
                return None
            bucket.tokens -= 1
            return seconds

    def _filled(self, key: Key) -> _Bucket:
        """The key's bucket with what has flowed in since it was last looked at."""
        now = self._timer()
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = _Bucket(float(self._burst), now)
        since, bucket.at = now - bucket.at, now
        bucket.tokens = min(float(self._burst), bucket.tokens + since * self._per_second * _share(bucket))
        return bucket


def _share(bucket: _Bucket) -> float:
    """The part of the full rate that the bucket has now: what throttling left of it, doubled by each quiet period."""
    if bucket.share >= 1:
        return 1.0
    periods = (bucket.at - bucket.throttled_at) // limits.SHARE_DOUBLES_AFTER.total_seconds()
    return min(1.0, bucket.share * math.pow(2, min(periods, 64)))


class Rests:
    """Regions whose endpoint hangs are left alone for a while, so that they do not hold every worker.

    Endpoints are regional: what does not answer for one account does not answer for the next.
    """

    def __init__(self, timer: Callable[[], float] = time.monotonic) -> None:
        self._timer = timer
        self._lock = threading.Lock()
        self._silent: dict[tuple[str, str], int] = {}
        self._until: dict[tuple[str, str], float] = {}

    def resting(self, service: str, region: str) -> bool:
        """Whether the service is not to be asked in the region now."""
        until = self._until.get((service, region))
        return until is not None and self._timer() < until

    def answered(self, service: str, region: str) -> None:
        """Note an answer of any kind."""
        if (service, region) in self._silent:
            with self._lock:
                self._silent.pop((service, region), None)
                self._until.pop((service, region), None)

    def silent(self, service: str, region: str) -> bool:
        """Note that there was no answer in time; whether this begins a rest."""
        with self._lock:
            times = self._silent[service, region] = self._silent.get((service, region), 0) + 1
            begins = times >= limits.SILENCES and not self.resting(service, region)
            if begins:
                # One more silence after the rest begins the next: the endpoint is tried once, not by everybody.
                self._silent[service, region] = limits.SILENCES - 1
                self._until[service, region] = self._timer() + limits.REGION_REST.total_seconds()
            return begins
