"""Answers kept for a while and shared by threads: a key is read by one thread at a time, the others wait for it."""

import copy
import threading
import time
from collections.abc import Callable, Hashable, Iterable, Mapping
from datetime import timedelta
from typing import Generic, TypeVar

from cachetools import TLRUCache

from bot.aws.limits import FAILURE
from bot.errors import QueryError

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class SharedReads(Generic[K, V]):
    """Results of reads by key; `age` says how long a result is kept.

    `cachetools.cached(condition=…)` shares one key at a time; EC2 answers many subnets or types in one call, so here
    a batch is shared: each key is read once, by whichever thread asked first, and failures are kept shortly too.
    """

    def __init__(
        self, age: Callable[[V], timedelta], *, maxsize: int, timer: Callable[[], float] = time.monotonic
    ) -> None:
        def until(_key: K, value: V | QueryError, now: float) -> float:
            kept = FAILURE.age if isinstance(value, QueryError) else age(value)
            return now + kept.total_seconds()

        self._kept: TLRUCache[K, V | QueryError] = TLRUCache(maxsize, ttu=until, timer=timer)
        self._pending: set[K] = set()
        self._condition = threading.Condition()

    def get(self, key: K, read: Callable[[], V]) -> V:
        """The value of one key, read now if it is not kept.

        Raises: QueryError that `read` raised, now or within the last FAILURE.age.
        """
        return self.get_many((key,), lambda _keys: {key: read()})[key]

    def get_many(self, keys: Iterable[K], read: Callable[[tuple[K, ...]], Mapping[K, V]]) -> dict[K, V]:
        """The values of the keys; `read` is called once with those that nobody has or is reading.

        Raises: QueryError that a `read` of any of the keys raised, now or within the last FAILURE.age.
        """
        wanted = tuple(dict.fromkeys(keys))
        found: dict[K, V | QueryError] = {}
        while True:
            with self._condition:
                found |= {key: self._kept[key] for key in wanted if key not in found and key in self._kept}
                missing = tuple(key for key in wanted if key not in found)
                mine = tuple(key for key in missing if key not in self._pending)
                if missing and not mine:
                    self._condition.wait()
                    continue
                self._pending.update(mine)
            if not missing:
                return {key: _value(found[key]) for key in wanted}
            found |= self._read(mine, read)

    def _read(self, mine: tuple[K, ...], read: Callable[[tuple[K, ...]], Mapping[K, V]]) -> dict[K, V | QueryError]:
        results: dict[K, V | QueryError] = {}
        try:
            results |= read(mine)
        except QueryError as error:
            results |= dict.fromkeys(mine, error)
        finally:
            with self._condition:
                for key, result in results.items():
                    self._kept[key] = result
                self._pending.difference_update(mine)
                self._condition.notify_all()
        return results


def _value(result: V | QueryError) -> V:
    if isinstance(result, QueryError):
        # A copy: one exception object raised by several threads would collect all their tracebacks.
        raise copy.copy(result) from result
    return result
