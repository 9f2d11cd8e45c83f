"""The scheduler: runs the poll, the pruning, the metrics and the digests at their times, each one at a time."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from apscheduler.events import (
    EVENT_JOB_MAX_INSTANCES,
    EVENT_JOB_MISSED,
    JobEvent,
)
from apscheduler.schedulers.background import BackgroundScheduler

from bot import metrics
from bot.errors import EksipError

log = logging.getLogger(__name__)

PRUNE_EVERY = timedelta(hours=1)
"""How often old rows are dropped: small deletions, so that no writer waits long."""

REFRESH_EVERY = timedelta(seconds=15)
"""How often gauges that nothing else sets are read from the store: Prometheus's usual scrape interval."""

DIGESTS_EVERY = timedelta(minutes=1)
"""How often digests that are due are looked for: none is later than the minute it is set for."""

LOOKS_EVERY = timedelta(minutes=1)
"""How often it is asked whether a look ahead is due: after a start, or a change of leader, the first waits no hour."""

STOP_SECONDS = 10
"""How long a running job may take to end when the process stops: what `serve` promises after SIGTERM."""

CLOCK_LOOK = timedelta(seconds=2)
CLOCK_SET_BACK = timedelta(seconds=2)
"""How often it is asked whether the clock was set back, and by how much it must be for the jobs to notice."""

_WHY = {EVENT_JOB_MISSED: "missed", EVENT_JOB_MAX_INSTANCES: "still running"}


class Scheduler:
    """Runs passed-in functions at their intervals, on its own threads; a late run runs once and is never dropped.

    APScheduler goes by the wall clock. One set forward makes every job run once, at once; one set back by an hour
    would stop them all for an hour, so their intervals begin anew then.
    """

    def __init__(
        self,
        *,
        poll: Callable[[], object],
        prune: Callable[[], object],
        refresh: Callable[[], object],
        digests: Callable[[], object] | None = None,
        look_ahead: Callable[[], object] | None = None,
        poll_every: timedelta,
        now: Callable[[], datetime],
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._now = now
        self._ticks = ticks
        self._ended = threading.Event()
        self._idle = threading.Condition()
        self._running = 0
        self._stopping = False
        # Source: https://apscheduler.readthedocs.io/en/3.x/userguide.html: a grace time of None never drops a late run
        # (the default is 1 second), and UTC has no repeated or missing hour.
        self._scheduler = BackgroundScheduler(
            timezone=UTC, job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        )
        self._scheduler.add_listener(self._on_event, EVENT_JOB_MISSED | EVENT_JOB_MAX_INSTANCES)
        jobs = [("poll", poll, poll_every), ("prune", prune, PRUNE_EVERY), ("refresh", refresh, REFRESH_EVERY)]
        jobs += [] if digests is None else [("digests", digests, DIGESTS_EVERY)]
        jobs += [] if look_ahead is None else [("look ahead", look_ahead, LOOKS_EVERY)]
        self._intervals = {name: every.total_seconds() for name, _, every in jobs}
        for name, job, every in jobs:
            self._scheduler.add_job(
                self._run, "interval", args=(name, job), seconds=every.total_seconds(), id=name, next_run_time=now()
            )

    def start(self) -> None:
        """Start; every job runs at once and then at its interval."""
        self._scheduler.start()
        threading.Thread(target=self._watch_clock, name="clock", daemon=True).start()

    def stop(self) -> bool:
        """Start nothing more and wait for what runs; False when something still runs after STOP_SECONDS."""
        self._ended.set()
        with self._idle:
            self._stopping = True
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        with self._idle:
            ended = self._idle.wait_for(lambda: self._running == 0, timeout=STOP_SECONDS)
        if not ended:
            log.warning("a scheduled job did not end in time", extra={"seconds": STOP_SECONDS})
        return ended

    def _watch_clock(self) -> None:
        """Begin the intervals anew whenever the clock was set back; the thread's body."""
        ahead = self._now().timestamp() - self._ticks()
        while not self._ended.wait(CLOCK_LOOK.total_seconds()):
            before, ahead = ahead, self._now().timestamp() - self._ticks()
            if before - ahead < CLOCK_SET_BACK.total_seconds():
                continue
            log.warning("the clock was set back; jobs begin their intervals anew", extra={"seconds": before - ahead})
            for name, seconds in self._intervals.items():
                self._scheduler.reschedule_job(name, trigger="interval", seconds=seconds)

    def _run(self, name: str, job: Callable[[], object]) -> None:
        with self._idle:
            if self._stopping:
                return
            self._running += 1
        try:
            job()
        except EksipError as exc:
            metrics.scheduler_missed_total.labels(job=name, why="failed").inc()
            log.warning("scheduled job failed", extra={"job": name, "reason": str(exc)})
        except Exception:  # a defect in one run must not end the runs after it
            metrics.scheduler_missed_total.labels(job=name, why="failed").inc()
            log.exception("scheduled job failed", extra={"job": name})
        finally:
            with self._idle:
                self._running -= 1
                self._idle.notify_all()

    def _on_event(self, event: JobEvent) -> None:
        why = _WHY[event.code]
        metrics.scheduler_missed_total.labels(job=event.job_id, why=why.replace(" ", "_")).inc()
        log.warning("scheduled job skipped", extra={"job": event.job_id, "why": why})
