"""What is read once is shared by all who ask at the same time, and kept for its age."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from bot.aws.cache import SharedReads
from bot.aws.limits import FAILURE, TTLS
from bot.errors import QueryError


class Clock:
    """A monotonic clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


class Source:
    """Remembers which keys it was asked for, and answers a key with its length."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []

    def read(self, keys: tuple[str, ...]) -> dict[str, int]:
        self.asked.append(keys)
        return {key: len(key) for key in keys}


def shared(clock: Clock) -> SharedReads[str, int]:
    return SharedReads(lambda value: timedelta(seconds=10 * value), maxsize=100, timer=clock)


def test_only_the_keys_nobody_has_are_read() -> None:
    source, reads = Source(), shared(Clock())
    assert reads.get_many(["a", "bb"], source.read) == {"a": 1, "bb": 2}
    assert reads.get_many(["bb", "ccc", "a", "ccc"], source.read) == {"a": 1, "bb": 2, "ccc": 3}
    assert source.asked == [("a", "bb"), ("ccc",)]


def test_a_value_is_read_again_when_its_own_age_is_over() -> None:
    source, clock = Source(), Clock()
    reads = shared(clock)
    reads.get_many(["a", "bb"], source.read)
    clock.seconds = 10.0
    reads.get_many(["a", "bb"], source.read)
    assert source.asked[1:] == [("a",)]


def test_no_keys_read_nothing() -> None:
    source = Source()
    assert shared(Clock()).get_many([], source.read) == {}
    assert source.asked == []


def test_twenty_threads_that_ask_for_overlapping_keys_cause_one_read_of_each() -> None:
    reads, together = shared(Clock()), threading.Barrier(20)
    lock, asked = threading.Lock(), list[str]()

    def read(keys: tuple[str, ...]) -> dict[str, int]:
        with lock:
            asked.extend(keys)
        threading.Event().wait(0.01)
        return {key: len(key) for key in keys}

    def ask(number: int) -> dict[str, int]:
        together.wait(timeout=10)
        return reads.get_many([str(number % 5), "all", str(number % 3)], read)

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(ask, range(20)))
    assert sorted(asked) == ["0", "1", "2", "3", "4", "all"]
    assert all(answer["all"] == 3 for answer in answers)


def test_a_failure_is_kept_shortly_and_raised_as_a_fresh_error_each_time() -> None:
    clock, attempts = Clock(), list[Sequence[str]]()
    reads = shared(clock)

    def fail() -> int:
        attempts.append("x")
        raise QueryError("AWS said no.", account_id="111122223333", region="eu-west-1", api="DescribeSubnets")

    raised = []
    for _ in range(3):
        with pytest.raises(QueryError) as caught:
            reads.get("x", fail)
        raised.append(caught.value)
    assert len(attempts) == 1
    assert len({id(error) for error in raised}) == 3
    assert {(e.message, e.account_id, e.region, e.api) for e in raised} == {
        ("AWS said no.", "111122223333", "eu-west-1", "DescribeSubnets")
    }
    clock.seconds = FAILURE.age.total_seconds()
    assert reads.get("x", lambda: 7) == 7


def test_a_defect_in_a_read_reaches_the_asker_and_frees_the_key() -> None:
    reads = shared(Clock())

    def broken() -> int:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        reads.get("x", broken)
    assert reads.get("x", lambda: 7) == 7


def test_every_age_has_a_reason() -> None:
    assert all(ttl.age > timedelta(0) and len(ttl.reason) > 20 for ttl in TTLS)
    assert len({ttl.subject for ttl in TTLS}) == len(TTLS)
