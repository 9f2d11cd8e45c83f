"""A serving process looks through all of its objects only when it is told to."""

import gc
import threading
import time
import weakref
from collections.abc import Iterator
from datetime import timedelta

import pytest

from bot.wiring.collecting import MIDDLE, YOUNG, collect_seldom, full_collections_apart


class Node:
    """An object that holds itself."""

    def __init__(self) -> None:
        self.own = self


@pytest.fixture
def apart() -> Iterator[None]:
    with full_collections_apart():
        yield


def _full_collections() -> int:
    return int(gc.get_stats()[2]["collections"])


@pytest.mark.usefixtures("apart")
def test_a_cycle_that_dies_young_is_freed_without_a_look_through_everything() -> None:
    before, gone = _full_collections(), weakref.ref(Node())

    # Kept, so that they count; twelve looks through the middle, after which Python would look through everything.
    kept: list[list[int]] = [[] for _ in range(YOUNG * (MIDDLE + 1) * 12)]

    assert len(kept) > YOUNG
    assert gone() is None
    assert _full_collections() == before


def test_what_python_does_otherwise_is_as_before_afterwards() -> None:
    before = gc.get_threshold()
    with full_collections_apart():
        assert gc.get_threshold() != before
    assert gc.get_threshold() == before


@pytest.mark.timeout(60)
@pytest.mark.usefixtures("apart")
def test_a_cycle_that_outlived_its_youth_is_freed_after_a_while() -> None:
    node = Node()
    gone, stop = weakref.ref(node), threading.Event()
    gc.collect()
    del node
    gc.collect(1)
    assert gone() is not None

    collecting = threading.Thread(target=collect_seldom, args=(stop, timedelta(milliseconds=10)))
    collecting.start()
    while gone() is not None:
        time.sleep(0.01)
    stop.set()
    collecting.join()
