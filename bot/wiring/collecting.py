"""When Python looks for cycles that nobody uses any more, in a process that holds a large fleet and must not pause."""

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

YOUNG = 5_000
"""Objects made before the youngest are looked through, in place of Python's 700: one answer makes some thousands."""

MIDDLE = 10
"""Looks through the youngest for each one through those that outlived one: Python's own figure."""

NEVER = 1_000_000_000
"""Looks through the middle before all objects are looked through: more than a process lives to see."""

EVERY = timedelta(minutes=5)
"""How often all objects are looked through all the same: eight commands a second leave 600 objects a second in cycles
that outlived their youth, some 25 MB in this time, and a pause of half a second stops one in 600 acknowledgements."""


@contextmanager
def full_collections_apart() -> Iterator[None]:
    """Python looks through all objects only when `gc.collect` is called, as long as the context is entered.

    A look through all that 80,000 subnets are made of stops every thread for 0.6 s. Python took one every 20 s of polls
    and eight while it started, which alone was the slowest hundredth of the acknowledgements and half of the start.
    What polls leave behind is freed without it, by reference counts, and cycles mostly die young.
    Source: https://docs.python.org/3/library/gc.html#gc.set_threshold
    """
    before = gc.get_threshold()
    gc.set_threshold(YOUNG, MIDDLE, NEVER)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def collect_seldom(stop: threading.Event, every: timedelta = EVERY) -> None:
    """Look through all objects now and then until `stop` is set; the thread's body."""
    while not stop.wait(every.total_seconds()):
        gc.collect()
