"""The sign of life: once for each beat, on its own thread, tried again when nobody answers."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from receiver import Receiver, receiving

from bot.notify.heartbeat import ATTEMPTS, Heartbeat


@contextmanager
def beating(receiver: Receiver) -> Iterator[Heartbeat]:
    """A heartbeat whose thread runs."""
    heartbeat = Heartbeat(receiver.address, pause_seconds=0.0)
    stop = threading.Event()
    thread = threading.Thread(target=heartbeat.run, args=(stop,))
    thread.start()
    try:
        yield heartbeat
    finally:
        stop.set()
        thread.join(20)
        assert not thread.is_alive()


@pytest.mark.parametrize(
    ("statuses", "requests"),
    [
        pytest.param([200], 1, id="taken"),
        pytest.param([503, 0, 200], 3, id="taken at the third try"),
        pytest.param([404], 1, id="refused: the next beat says the same"),
        pytest.param([503] * 9, ATTEMPTS, id="away: given up until the next beat"),
    ],
)
def test_a_beat_is_sent_until_it_is_taken_a_few_times_at_most(statuses: list[int], requests: int) -> None:
    with receiving() as receiver:
        receiver.statuses = list(statuses)
        with beating(receiver) as heartbeat:
            heartbeat.beat()
            receiver.wait_for(lambda: len(receiver.requests) == requests)
            receiver.statuses = []
            heartbeat.beat()
            receiver.wait_for(lambda: len(receiver.requests) == requests + 1)
        assert {method for method, _, _ in receiver.requests} == {"GET"}


def test_without_a_beat_nothing_is_sent() -> None:
    """Silence is the alarm: a thread that is alive while no sweep is completed must not sound well."""
    with receiving() as receiver:
        with beating(receiver):
            pass
        assert receiver.requests == []
