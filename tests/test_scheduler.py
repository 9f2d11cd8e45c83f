"""The scheduler: runs at once, one at a time, drops nothing, and stops within its time."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot import metrics
from bot.errors import QueryError
from bot.scheduler import Scheduler


def _now() -> datetime:
    return datetime.fromtimestamp(time.time_ns() / 1e9, tz=UTC)


def _nothing() -> None:
    return None


Start = Callable[..., Scheduler]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a scheduler whose jobs do nothing unless given; stops it after the test."""
    started: list[Scheduler] = []

    def begin(poll: Callable[[], object] = _nothing, every: float = 60, **jobs: Callable[[], object]) -> Scheduler:
        given: dict[str, Any] = {"prune": _nothing, "refresh": _nothing} | jobs
        scheduler = Scheduler(poll=poll, poll_every=timedelta(seconds=every), now=_now, **given)
        scheduler.start()
        started.append(scheduler)
        return scheduler

    yield begin
    for scheduler in started:
        scheduler.stop()


def _missed(job: str, why: str) -> float:
    return metrics.REGISTRY.get_sample_value("eksip_scheduler_missed_total", {"job": job, "why": why}) or 0.0


def _soon(condition: Callable[[], bool]) -> None:
    """Wait until the condition holds, at most five seconds."""
    end = time.monotonic() + 5
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    assert condition()


def test_every_job_runs_at_once(start: Start) -> None:
    """Nothing waits for its first interval to pass."""
    ran = {name: threading.Event() for name in ("poll", "prune", "refresh")}
    jobs = {name: event.set for name, event in ran.items()}
    start(**jobs)
    assert all(event.wait(5) for event in ran.values())


def test_the_poll_runs_again_and_again(start: Start) -> None:
    """It comes back at its interval."""
    runs: list[None] = []
    start(lambda: runs.append(None), every=0.05)
    _soon(lambda: len(runs) >= 3)


def test_a_slow_poll_is_never_run_twice_at_once(start: Start) -> None:
    """Runs that fall due while one is running are counted as missed, not stacked."""
    before = _missed("poll", "still_running")
    together: list[int] = []
    busy = threading.Semaphore(1)

    def slow() -> None:
        together.append(busy.acquire(blocking=False))
        time.sleep(0.3)
        busy.release()

    start(slow, every=0.05)
    _soon(lambda: len(together) >= 2)
    assert all(together)
    assert _missed("poll", "still_running") > before


@pytest.mark.parametrize(
    ("error", "level"),
    [
        pytest.param(QueryError("No credentials."), logging.WARNING, id="AWS refused"),
        pytest.param(ValueError("defect"), logging.ERROR, id="a defect"),
    ],
)
def test_a_failed_run_is_counted_and_the_next_one_comes(
    start: Start, caplog: pytest.LogCaptureFixture, error: Exception, level: int
) -> None:
    """A failure never ends the schedule; only a defect is an error with its traceback."""
    before = _missed("poll", "failed")
    runs: list[None] = []

    def fail() -> None:
        runs.append(None)
        raise error

    with caplog.at_level(logging.INFO, logger="bot.scheduler"):
        start(fail, every=0.05)
        _soon(lambda: len(runs) >= 2 and _missed("poll", "failed") >= before + 2)
    ours = [record for record in caplog.records if record.getMessage() == "scheduled job failed"]
    assert {record.levelno for record in ours} == {level}
    assert (ours[0].exc_info is not None) is (level == logging.ERROR)


def test_stopping_waits_for_the_running_poll(start: Start) -> None:
    """A poll that runs is ended, not cut; no further one starts."""
    running, done = threading.Event(), threading.Event()

    def poll() -> None:
        running.set()
        time.sleep(0.3)
        done.set()

    scheduler = start(poll, every=0.05)
    assert running.wait(5)
    assert scheduler.stop()
    assert done.is_set()


def test_stopping_gives_up_on_a_job_that_hangs(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """After its time the stop returns and says that something still runs."""
    monkeypatch.setattr("bot.scheduler.STOP_SECONDS", 0.1)
    running, release = threading.Event(), threading.Event()

    def hang() -> None:
        running.set()
        release.wait(20)

    scheduler = start(hang)
    assert running.wait(5)
    assert not scheduler.stop()
    release.set()


@pytest.mark.timeout(60)
def test_a_clock_that_is_set_back_stops_no_job(caplog: pytest.LogCaptureFixture) -> None:
    """The first runs are an hour ahead when the clock falls back by that hour: they begin at once and go on."""
    ahead, runs = timedelta(hours=1), threading.Semaphore(0)
    scheduler = Scheduler(
        poll=runs.release,
        prune=_nothing,
        refresh=_nothing,
        poll_every=timedelta(seconds=0.1),
        now=lambda: _now() + ahead,
    )
    scheduler.start()
    try:
        assert not runs.acquire(timeout=0.3)
        ahead = timedelta(0)
        assert runs.acquire(timeout=30)
        assert runs.acquire(timeout=30)
    finally:
        scheduler.stop()
    assert "the clock was set back; jobs begin their intervals anew" in caplog.text
