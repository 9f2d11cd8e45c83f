"""Lanes: every read when it is due, by whichever replica takes it first, and what it brought kept in the store.

Due times live in the store: a read that is late happens once and none is dropped, also across restarts. One thread
hands out and takes back the reads and does all the writing; the reading itself is done by others.
"""

import logging
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from bot import metrics
from bot.capacity.occupancy import Occupancy
from bot.config import Settings
from bot.inventory import Account, AccountRegions, ClusterFacts, RegionFacts, Vpc
from bot.monitor.closer import Closer
from bot.monitor.missing import with_missing
from bot.monitor.turns import next_turn
from bot.store import Store
from bot.store.due_reads import WHOLE_ACCOUNT, DueRead, Finished, Lane, Source
from bot.store.regions import Regions

if TYPE_CHECKING:
    from bot.aws.reader import Reader

log = logging.getLogger(__name__)

CLAIM_LASTS = timedelta(seconds=60)
"""How long a read stays with a replica that went silent; a living one renews its claims every third of this."""

LOOK_EVERY = timedelta(seconds=1)
"""How often the store is asked for due reads while there are none; quicker where polls are."""

PLAN_EVERY = timedelta(seconds=60)
"""How often the list of accounts is compared with what is planned: the reader asks AWS for it far more seldom."""

AHEAD = 2
"""Reads taken for each worker: so that none waits while results are written, and few wait if this process ends."""


Found = AccountRegions | RegionFacts | ClusterFacts | tuple[Occupancy, ...] | None
"""What a read brought; None where nothing could be asked at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Result:
    """A read with what it brought; `occupancies` are what it asked for, or what its subnets made worth asking."""

    read: DueRead
    found: Found
    occupancies: tuple[Occupancy, ...] = ()


class Lanes:
    """Reads what is due. `run` is a thread's body; `read_all` reads everything once."""

    def __init__(
        self,
        reader: "Reader",
        store: Store,
        regions: Regions,
        settings: Settings,
        now: Callable[[], datetime],
        *,
        owner: str,
        leading: Callable[[], bool] = lambda: True,
        claim_lasts: timedelta = CLAIM_LASTS,
    ) -> None:
        self._reader = reader
        self._store = store
        self._regions = regions
        self._schedule = settings.schedule
        self._workers = settings.aws.workers
        self._now = now
        self._owner = owner
        self._leading = leading
        self._closer = Closer(reader, store, settings)
        self._claim_lasts = claim_lasts
        self._look_seconds = min(LOOK_EVERY, self._schedule.poll / 4).total_seconds()
        self._to_read: SimpleQueue[DueRead | None] = SimpleQueue()
        self._results: SimpleQueue[_Result] = SimpleQueue()
        self._held: set[Source] = set()
        self._accounts: dict[str, Account] = {}
        self._planned: dict[tuple[str, str], timedelta] = {}
        self._looked_at: frozenset[tuple[str, str]] = frozenset()
        self._planned_at: datetime | None = None
        self._renewed_at: datetime | None = None

    def run(self, stop: threading.Event) -> None:
        """Read until `stop` is set, then give back what is unfinished; reads under way are left to end alone."""
        workers = [
            threading.Thread(target=self._work, name=f"lane-{number}", daemon=True) for number in range(self._workers)
        ]
        for worker in workers:
            worker.start()
        is_begun = False
        while not stop.is_set():
            try:
                if not is_begun:
                    self._store.release_left_reads()
                    is_begun = True
                self._turn(self._look_seconds)
            except Exception:  # a database that is away for a while must not end the reading
                metrics.scheduler_missed_total.labels(job="lanes", why="failed").inc()
                log.exception("the lanes could not go on")
                stop.wait(1)
        for _ in workers:
            self._to_read.put(None)
        try:
            self._store.release_reads(self._owner)
        except Exception:  # they run out by themselves
            log.exception("claimed reads could not be given back")

    def read_all(self) -> None:
        """Read every account's regions and their subnets now, and what else is due, until nothing is left."""
        self._plan()
        self._store.hasten_reads((Lane.ACCOUNT, Lane.SUBNETS), self._now())
        while True:
            reads = self._store.claim_reads(self._owner, self._now(), limit=self._workers, lasts=self._claim_lasts)
            if not reads:
                return
            self._keep([self._result(read) for read in reads])

    def _turn(self, wait_seconds: float) -> None:
        """Plan, hand out, and take back what comes within the wait."""
        now = self._now()
        if _has_passed(self._planned_at, now, min(PLAN_EVERY, self._schedule.poll)):
            self._plan()
        room = AHEAD * self._workers - len(self._held)
        if room > 0:
            reads = self._store.claim_reads(self._owner, now, limit=room, lasts=self._claim_lasts)
            self._held.update(read.source for read in reads)
            for read in reads:
                self._measure_lateness(read)
                self._to_read.put(read)
        if self._held and _has_passed(self._renewed_at, now, self._claim_lasts / 3):
            self._store.renew_claims(self._owner, self._held, now, lasts=self._claim_lasts)
            self._renewed_at = now
        results = self._collected(wait_seconds)
        self._held.difference_update(result.read.source for result in results)
        if results:
            self._keep(results)

    def _collected(self, wait_seconds: float) -> list[_Result]:
        results: list[_Result] = []
        with suppress(Empty):
            results.append(self._results.get(timeout=wait_seconds))
            while True:
                results.append(self._results.get_nowait())
        return results

    def _work(self) -> None:
        while (read := self._to_read.get()) is not None:
            self._results.put(self._result(read))

    def _result(self, read: DueRead) -> _Result:
        """What one read brought; a defect in it is logged, and tried again like any failure."""
        source = read.source
        try:
            found = self._read(source)
            # At once, so that the count and the interfaces of a subnet that is short are of the same moment.
            if isinstance(found, RegionFacts) and found.subnets_complete:
                return _Result(read=read, found=found, occupancies=self._closer.read(self._closer.low(found)))
            return _Result(read=read, found=found, occupancies=found if isinstance(found, tuple) else ())
        except Exception:
            log.exception("a read failed", extra={"account_id": source.account_id, "region": source.region})
            return _Result(read=read, found=None)

    def _read(self, source: Source) -> Found:
        account = self._account(source.account_id)
        if account is None:
            return None
        known = self._regions.region(source.account_id, source.region)
        match source.lane:
            case Lane.ACCOUNT:
                return self._reader.regions(account)
            case Lane.CLUSTERS:
                return self._reader.read_clusters(account, source.region)
            case Lane.INTERFACES:
                return () if known is None else self._closer.read(self._closer.for_blocks(known))
            case Lane.SUBNETS:
                facts = self._reader.read_subnets(account, source.region, _vpcs(known))
                return with_missing(known, facts, lambda ids: self._reader.confirm_gone(account, source.region, ids))

    def _account(self, account_id: str) -> Account | None:
        if account_id not in self._accounts:
            self._accounts = {account.account_id: account for account in self._reader.fleet().accounts}
        return self._accounts.get(account_id)

    def _keep(self, results: list[_Result]) -> None:
        """Save what the reads brought and give them back with their next turns."""
        # First, so that whoever judges the subnets finds what belongs to them.
        self._store.save_occupancies(one for result in results for one in result.occupancies)
        self._regions.note(self._store.save_subnets([r.found for r in results if isinstance(r.found, RegionFacts)]))
        self._regions.note(self._store.save_clusters([r.found for r in results if isinstance(r.found, ClusterFacts)]))
        self._plan_looks(results)
        for result in results:
            if isinstance(result.found, AccountRegions):
                self._keep_regions(result.found)
        self._store.finish_reads(self._owner, [self._finished(result) for result in results])

    def _finished(self, result: _Result) -> Finished:
        read, succeeded = result.read, _succeeded(result.found)
        return Finished(
            source=read.source,
            succeeded=succeeded,
            due_at=next_turn(read, poll=self._schedule.poll, succeeded=succeeded),
        )

    def _plan_looks(self, results: list[_Result]) -> None:
        """Have the interfaces of a place read from now on where its subnets need it, and no more where none does."""
        needed: set[tuple[str, str]] = set()
        idle: set[tuple[str, str]] = set()
        for place in {(r.read.source.account_id, r.read.source.region) for r in results}:
            known = self._regions.region(*place)
            if known is not None:
                (needed if self._closer.for_blocks(known) else idle).add(place)
        schedule, looked_at = self._schedule, self._looked_at
        self._store.plan_reads(_looks(needed - looked_at), schedule.interfaces, self._now())
        self._store.forget_sources(_looks(idle & looked_at))
        self._looked_at = (looked_at | needed) - idle

    def _keep_regions(self, found: AccountRegions) -> None:
        """Plan the reads of an account's regions; what could not be entered keeps the plan it had."""
        account_id = found.account_id
        self._store.save_account_blind_spots(found.blind_spots, of={account_id})
        if found.blind_spots:
            return
        known = {region for owner, region in self._planned if owner == account_id}
        self._store.forget_reads([account_id], known - set(found.regions))
        for lane, every in ((Lane.SUBNETS, self._schedule.poll), (Lane.CLUSTERS, self._schedule.slow)):
            new = [region for region in found.regions if region not in known]
            self._store.plan_reads(
                [Source(account_id=account_id, region=region, lane=lane) for region in new], every, self._now()
            )
        self._planned = {place: every for place, every in self._planned.items() if place[0] != account_id}
        self._planned |= {(account_id, region): self._schedule.poll for region in found.regions}

    def _plan(self) -> None:
        """Look at the accounts there are, and how far behind the lanes are; the leader brings the plan up to date."""
        fleet = self._reader.fleet()
        self._accounts = {account.account_id: account for account in fleet.accounts}
        if self._leading():
            schedule, now = self._schedule, self._now()
            planned = self._store.planned(Lane.ACCOUNT)
            self._store.save_account_blind_spots(
                fleet.blind_spots, of={WHOLE_ACCOUNT, *(spot.account_id for spot in fleet.blind_spots)}
            )
            gone = {account_id for account_id, _ in planned} - self._accounts.keys()
            if gone and not fleet.blind_spots:
                self._store.forget_reads(gone)
                self._store.save_account_blind_spots((), of=gone)
            whole = [
                Source(account_id=account_id, region=WHOLE_ACCOUNT, lane=Lane.ACCOUNT) for account_id in self._accounts
            ]
            new = [source for source in whole if (source.account_id, WHOLE_ACCOUNT) not in planned]
            self._store.plan_reads(new, schedule.poll, now)
            paces = (
                (Lane.ACCOUNT, schedule.poll),
                (Lane.CLUSTERS, schedule.slow),
                (Lane.INTERFACES, schedule.interfaces),
            )
            for lane, every in paces:
                self._store.pace_reads(
                    [
                        Source(account_id=account_id, region=region, lane=lane)
                        for (account_id, region), paced in self._store.planned(lane).items()
                        if paced != every
                    ],
                    every,
                )
        self._planned = self._store.planned(Lane.SUBNETS)
        self._looked_at = frozenset(self._store.planned(Lane.INTERFACES))
        self._regions.refresh()
        self._closer.look_around(self._regions.snapshot(), self._accounts)
        self._measure_backlog()
        self._planned_at = self._now()

    def _measure_backlog(self) -> None:
        now = self._now()
        at = self._store.read_clock(now)
        for behind in self._store.backlog(now):
            lag = timedelta(0) if behind.oldest_due_at is None else at - behind.oldest_due_at
            lane = behind.lane.value
            metrics.reads_overdue.labels(lane=lane).set(behind.overdue)
            metrics.reads_claimed.labels(lane=lane).set(behind.claimed)
            metrics.read_lag_seconds.labels(lane=lane).set(lag.total_seconds())
            if lag > self._schedule.poll:
                log.warning(
                    "reads are behind their schedule",
                    extra={"lane": lane, "overdue": behind.overdue, "lag_seconds": round(lag.total_seconds())},
                )

    def _measure_lateness(self, read: DueRead) -> None:
        """Count the intervals that a late read has missed: it happens once for all of them."""
        missed = (read.started_at - read.due_at) // read.every
        if missed > 0:
            metrics.scheduler_missed_total.labels(job=read.source.lane.value, why="late").inc(missed)


def _has_passed(since: datetime | None, now: datetime, wait: timedelta) -> bool:
    """Whether the wait is over; also where the clock was set back and it would be a long one."""
    return since is None or not timedelta(0) <= now - since < wait


def _succeeded(found: Found) -> bool:
    """Whether the read brought what its lane is for; a part that is denied is no reason to ask again sooner."""
    match found:
        case RegionFacts():
            return found.subnets_complete
        case ClusterFacts():
            return not found.blind_spots or bool(found.clusters or found.vpcs)
        case AccountRegions():
            return not found.blind_spots
        case tuple():
            return not any(occupancy.blind_spots for occupancy in found)
    return False


def _looks(places: Iterable[tuple[str, str]]) -> list[Source]:
    return [Source(account_id=account_id, region=region, lane=Lane.INTERFACES) for account_id, region in places]


def _vpcs(known: RegionFacts | None) -> tuple[Vpc, ...] | None:
    """The VPCs that are known; None while the clusters' read, which lists them too, has yet to come."""
    return None if known is None or known.clusters_at is None else known.vpcs
