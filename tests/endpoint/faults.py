"""Bad days on demand: errors, broken answers, latency and request quotas, by account, region and API; all seeded.

Source for the quotas: https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html (per account, region and
API: 100 tokens refilled at 20 a second; 50 and 10 for the listed operations without filter and page).
"""

import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass

from .answers import Kind

ALWAYS = -1
"""A fault with this many times stays until it is repaired."""
UNPAGINATED = {
    "DescribeInstances",
    "DescribeInstanceStatus",
    "DescribeNetworkInterfaces",
    "DescribeSecurityGroups",
    "DescribeSnapshots",
    "DescribeSpotInstanceRequests",
    "DescribeVolumes",
}
"""The operations with the smaller bucket when they are asked without filter and page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """Accounts, regions and APIs something is about; None for all."""

    account_id: str | None = None
    region: str | None = None
    api: str | None = None

    def covers(self, account_id: str, region: str, api: str) -> bool:
        """Whether a call is meant."""
        return self.account_id in (None, account_id) and self.region in (None, region) and self.api in (None, api)


@dataclass(slots=True, kw_only=True)
class Fault:
    """One fault that is on: the calls it lets pass first, how many it strikes, and how often it strikes at all."""

    kind: Kind
    where: Where
    times: int
    after: int
    chance: float
    random: random.Random

    def strikes(self) -> bool:
        """Whether this call is struck; counts it."""
        if self.times == 0 or (self.chance < 1.0 and self.random.random() >= self.chance):
            return False
        if self.after > 0:
            self.after -= 1
            return False
        self.times -= self.times > 0
        return True


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled_at: float


class Faults:
    """The faults, delays and quotas that are on. Not thread-safe: the engine's lock is held around it."""

    def __init__(self, seed: int, timer: Callable[[], float]) -> None:
        self._seed = seed
        self._timer = timer
        self._numbers = itertools.count(1)
        self._faults: dict[int, Fault] = {}
        self._random = random.Random(f"{seed}:latency")
        self._latencies: list[tuple[Where, float, float]] = []
        self._sizes: list[tuple[Where, float, float]] = []
        self._buckets: dict[tuple[str, str, str], _Bucket] = {}

    def add(self, kind: Kind, where: Where, times: int, after: int, chance: float) -> int:
        """Switch a fault on; its number."""
        number = next(self._numbers)
        seeded = random.Random(f"{self._seed}:fault:{number}")
        self._faults[number] = Fault(
            kind=Kind(kind), where=where, times=times, after=after, chance=chance, random=seeded
        )
        return number

    def repair(self, number: int | None = None) -> None:
        """Switch one fault off, or all of them."""
        for key in [number] if number is not None else list(self._faults):
            self._faults.pop(key, None)

    def strike(self, account_id: str, region: str, api: str) -> Kind | None:
        """The kind of the first fault that strikes the call."""
        for fault in self._faults.values():
            if fault.where.covers(account_id, region, api) and fault.strikes():
                return fault.kind
        return None

    def set_latency(self, seconds: float, jitter: float, where: Where) -> None:
        """Delay the calls meant by `seconds` and up to `jitter` more; what was set last counts."""
        self._latencies.insert(0, (where, seconds, jitter))

    def delay(self, account_id: str, region: str, api: str) -> float:
        """How many seconds the call's answer is held back."""
        for where, seconds, jitter in self._latencies:
            if where.covers(account_id, region, api):
                return seconds + jitter * self._random.random() if jitter else seconds
        return 0.0

    def set_bucket(self, size: float, refill: float, where: Where) -> None:
        """Give the EC2 calls meant a bucket of another size and refill (tokens a second), full from now on.

        A refill of 0 and a size of 0 are an account whose quota somebody else uses up.
        """
        self._sizes.insert(0, (where, size, refill))
        for key in [key for key in self._buckets if where.covers(key[0], key[1], key[2].partition(" ")[0])]:
            del self._buckets[key]

    def reset_buckets(self) -> None:
        """Give every bucket EC2's size again, full."""
        self._sizes.clear()
        self._buckets.clear()

    def take_token(self, account_id: str, region: str, api: str, *, unpaginated: bool) -> bool:
        """Whether the EC2 call's bucket had a token for it."""
        small = unpaginated and api in UNPAGINATED
        size, refill = (50.0, 10.0) if small else (100.0, 20.0)
        for where, own_size, own_refill in self._sizes:
            if where.covers(account_id, region, api):
                size, refill = own_size, own_refill
                break
        now = self._timer()
        key = (account_id, region, f"{api} unpaginated" if small else api)
        bucket = self._buckets.setdefault(key, _Bucket(size, now))
        bucket.tokens = min(size, bucket.tokens + (now - bucket.filled_at) * refill)
        bucket.filled_at = now
        if bucket.tokens < 1:
            return False
        bucket.tokens -= 1
        return True
