"""The monitor: what was read lately becomes samples and alert steps. Reading is the lanes' work.

Only the leader evaluates, on stored facts, whoever read them; every replica keeps what it answers from up to date.
"""

import logging
import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot import metrics
from bot.alerts import Alert, Step, SubnetSample, Transition
from bot.config import Settings
from bot.facts import FIRST_WAIT, STALE_POLLS, inventory_of, judged_by_age
from bot.inventory import BlindSpot, Fleet, Inventory, Quality, RegionFacts
from bot.monitor.departures import Reach, reach_of
from bot.monitor.downtime import Downtime
from bot.monitor.forecasting import Forecaster
from bot.monitor.hot import Hot
from bot.monitor.judging import Judge, Place
from bot.monitor.lanes import Lanes
from bot.monitor.measuring import measure_alerts, measure_estate, measure_reads
from bot.store import Store
from bot.store.due_reads import Lane
from bot.store.facts import Versions
from bot.store.regions import Regions

if TYPE_CHECKING:
    from bot.aws.reader import Reader

log = logging.getLogger(__name__)

EVENTS = {
    Transition.PENDING: "alert pending",
    Transition.DROPPED: "alert dropped before it fired",
    Transition.OPENED: "alert firing",
    Transition.ESCALATED: "alert firing, escalated",
    Transition.RECOVERING: "alert recovering",
    Transition.REFIRED: "alert firing again",
    Transition.RESOLVED: "alert resolved",
    Transition.CHANGED: "alert changed",
}
"""What the log and the terminal say of each transition."""

QUIET = timedelta(seconds=60)
"""How often the alerts are looked at without news: waits and repeats of their messages end by the clock."""

_UNREAD = Versions(0, 0)
_NO_FENCE = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class PollReport:
    """What one evaluation did: account-regions known of those expected, subnets judged and not, and what changed.

    `swept` says that with it every account-region that answers has been read since the last such report.
    """

    started_at: datetime
    took: timedelta
    regions_read: int
    regions_expected: int
    subnets: int
    unknown_subnets: int
    blind_spots: int
    swept: bool
    transitions: tuple[Step, ...] = ()


class Monitor:
    """Moves the alerts by what is read; one evaluation at a time.

    `on_inventory` gets what is known whenever there is news, `on_transition` each alert with what changed, once it is
    saved. `fence` is the number of this process's lead, where several replicas share the database: with a new one
    everything counts as unread until it is read anew, by any of them.
    """

    def __init__(
        self,
        reader: "Reader",
        store: Store,
        settings: Settings,
        now: Callable[[], datetime],
        *,
        regions: Regions | None = None,
        on_inventory: Callable[[Inventory], None] | None = None,
        on_transition: Callable[[Alert, Transition], None] | None = None,
        fence: Callable[[], int | None] = lambda: None,
    ) -> None:
        self._reader = reader
        self._store = store
        self._settings = settings
        self._now = now
        self._on_inventory = on_inventory
        self._on_transition = on_transition
        self._fence = fence
        self._regions = regions or Regions(store)
        thresholds = settings.alerts.thresholds(settings.thresholds.limits)
        self._forecasts = Forecaster(
            store, thresholds.subnets, now, poll=settings.schedule.poll, within=thresholds.burn_clear
        )
        self._downtime = Downtime(store, settings, now())
        self._polling = threading.Lock()
        self._led_by: object = _NO_FENCE
        self._made_at = now()
        self._is_known = bool(self._regions.refresh())
        self._shown: Inventory | None = None

    def begin(self) -> None:
        """Take over the alerts; call it before anything is read, so that it is known since when nothing was."""
        self._led_by = self._fence()
        self._judge = Judge(
            self._reader, self._store, self._settings, self._now, fence=self._fence, time_left=self._forecasts.time_left
        )
        self._regions.refresh()
        self._before = self._regions.versions()
        self._hot = Hot(self._store, self._settings)
        self._seen: dict[Place, Versions] = dict(self._before)
        self._spots: frozenset[BlindSpot] = frozenset(self._store.blind_spots())
        self._judge.note(Inventory(accounts=(), regions=(), expected_regions=0), clusters=False)
        self._swept_at = self._now()
        self._attempted: set[Place] = set()
        self._as_stale: dict[Place, tuple[RegionFacts, RegionFacts]] = {}
        self._judged_at: datetime | None = None
        self._measured_at: datetime | None = None
        self._shown = None

    def poll(self) -> PollReport:
        """Read all accounts and regions now, clusters where they are due, and evaluate what that brought.

        Raises: QueryError when there is no account to read.
        """
        self._reader.accounts()
        if self._led_by is _NO_FENCE:
            self.begin()
        lanes = Lanes(self._reader, self._store, self._regions, self._settings, self._now, owner="poll")
        lanes.read_all()
        report = self._evaluated(at_once=True)
        if report is None:
            raise RuntimeError("an evaluation that was asked for did not take place")
        return report

    def follow(self) -> None:
        """Take over what any replica has read, for the answers of this one."""
        with self._polling:
            self._regions.refresh()
            versions, planned = self._regions.versions(), self._store.planned(Lane.SUBNETS)
            found = self._inventory(self._reader.fleet(), planned, self._store.blind_spots())
            self._hand_on(found, versions, planned)

    def evaluate(self) -> PollReport | None:
        """Evaluate what was read since the last time; None when there is no news and nothing to wait for."""
        if self._led_by is _NO_FENCE or self._led_by != self._fence():
            with self._polling:
                self.begin()
        return self._evaluated(at_once=False)

    def tell(self) -> None:
        """Ask between two evaluations what the channels hear: of acks and silences, and of what waited for its time."""
        if not self._polling.acquire(blocking=False):
            return  # the evaluation that is running asks at its end
        try:
            if self._shown is not None and self._led_by == self._fence():
                self._judge.tell(self._shown)
        finally:
            self._polling.release()

    def _evaluated(self, *, at_once: bool) -> PollReport | None:
        with self._polling:
            now = self._now()
            self._regions.refresh()
            versions = self._regions.versions()
            planned = self._store.planned(Lane.SUBNETS)
            spots = self._store.blind_spots()
            news = {place for place, version in versions.items() if version != self._seen.get(place, _UNREAD)}
            news &= planned.keys()
            blind = [spot for spot in spots if spot not in self._spots]
            if not (at_once or news or blind or self._is_time(now)):
                return None
            fleet = self._reader.fleet()
            inventory = self._inventory(fleet, planned, spots)
            self._hand_on(inventory, versions, planned)
            read = {place for place in news if versions[place].subnets != self._seen.get(place, _UNREAD).subnets}
            asked = {place for place in news if versions[place].clusters != self._seen.get(place, _UNREAD).clusters}
            self._note(inventory, read, asked, blind)
            steps, samples = self._judged(inventory, read, versions, reach_of(fleet, planned, versions))
            self._seen, self._spots, self._judged_at = dict(versions), frozenset(spots), now
            self._hot.heat(inventory, samples, planned)
            report = PollReport(
                started_at=now,
                took=self._now() - now,
                regions_read=sum(facts.subnets_complete for facts in inventory.regions),
                regions_expected=inventory.expected_regions,
                subnets=len(inventory.subnets),
                unknown_subnets=_unknown(inventory, samples),
                blind_spots=len(inventory.all_blind_spots),
                swept=self._is_swept(inventory, read),
                transitions=tuple(step for step in steps if step.transition is not None),
            )
            self._downtime.note(report.transitions)
            if report.swept:
                self._downtime.tell(now)
            # Also where nothing answers, so that no sweep is ever complete: that is what the figures are for.
            if report.swept or at_once or _has_passed(self._measured_at, now, min(QUIET, self._settings.schedule.poll)):
                self._measure(inventory)
        self._tell(report)
        return report

    def _is_time(self, now: datetime) -> bool:
        return _has_passed(self._judged_at, now, min(QUIET, self._settings.schedule.poll))

    def _inventory(self, fleet: Fleet, planned: Collection[Place], spots: Iterable[BlindSpot]) -> Inventory:
        found = inventory_of(fleet, self._regions.snapshot(), planned, spots)
        return judged_by_age(found, self._now(), self._settings.schedule.poll)

    def _hand_on(self, inventory: Inventory, versions: Mapping[Place, Versions], planned: Collection[Place]) -> None:
        """Answer from this inventory from now on; at first only once everything has been asked for."""
        if not self._is_known:
            asked = [versions.get(place, _UNREAD) for place in planned]
            everything = bool(asked) and all(version.subnets and version.clusters for version in asked)
            everything = everything and inventory.expected_regions == len(inventory.regions) + _blind_regions(inventory)
            self._is_known = everything or self._now() - self._made_at >= FIRST_WAIT
        if self._is_known and self._on_inventory is not None:
            self._on_inventory(inventory)

    def _note(self, inventory: Inventory, read: Set[Place], asked: Set[Place], blind: Sequence[BlindSpot]) -> None:
        """Tell the judge what was read and what could not be."""
        closed = {spot.account_id for spot in inventory.blind_spots}
        facts = {(each.account_id, each.region): each for each in inventory.regions}
        # Where the account as a whole is blind its regions are no news of their own.
        noted = [
            facts[place]
            for place in sorted(read & facts.keys())
            if facts[place].subnets_complete or place[0] not in closed
        ]
        found = replace(inventory, regions=tuple(noted), blind_spots=tuple(blind))
        self._judge.note(found, clusters=False)
        self._judge.note_clusters(facts[place] for place in sorted(asked & facts.keys()))

    def _judged(
        self, inventory: Inventory, read: Collection[Place], versions: Mapping[Place, Versions], reach: Reach | None
    ) -> tuple[tuple[Step, ...], tuple[SubnetSample, ...]]:
        """The steps that the news lead to, with the samples of what was read."""
        view = replace(inventory, regions=tuple(self._as_judged(facts, versions) for facts in inventory.regions))
        # Names and audiences need the whole fleet, samples what was read.
        samples = self._judge.samples(view, read)
        self._shown = view
        return self._judge.judge(view, samples, reach), samples

    def _as_judged(self, facts: RegionFacts, versions: Mapping[Place, Versions]) -> RegionFacts:
        """What the judge is shown: a place that was not read since this lead began is stale, and so not complete.

        A subnet that the newest listing lacks is not there for it: only then can its absence be proven.
        """
        place = (facts.account_id, facts.region)
        is_read = versions.get(place, _UNREAD).subnets != self._before.get(place, _UNREAD).subnets
        source, shown = self._as_stale.get(place, (None, facts))
        if not is_read and source is facts:
            return shown
        subnets = tuple(subnet for subnet in facts.subnets if subnet.quality is not Quality.UNKNOWN)
        if not is_read:
            stale = tuple(replace(subnet, quality=Quality.STALE) for subnet in subnets)
            shown = replace(facts, subnets=stale, subnets_complete=False)
            self._as_stale[place] = (facts, shown)
            return shown
        self._as_stale.pop(place, None)
        return facts if len(subnets) == len(facts.subnets) else replace(facts, subnets=subnets)

    def _is_swept(self, inventory: Inventory, read: Set[Place]) -> bool:
        """Whether every place that answers has been read since the last time; one that does not holds nobody up."""
        self._attempted |= read
        answering = {(f.account_id, f.region) for f in inventory.regions if f.subnets_complete}
        if not answering or not answering <= self._attempted:
            return False
        metrics.sweep_duration_seconds.observe((self._now() - self._swept_at).total_seconds())
        self._attempted, self._swept_at = set(), self._now()
        return True

    def _measure(self, inventory: Inventory) -> None:
        measure_reads(inventory, self._now() - STALE_POLLS * self._settings.schedule.poll)
        measure_alerts(self._store.open_alerts())
        measure_estate(inventory, self._settings.metrics.most_subnets)
        self._measured_at = self._now()

    def _tell(self, report: PollReport) -> None:
        for step in report.transitions:
            if step.alert is None or step.transition is None:
                continue
            alert = step.alert
            log.info(
                EVENTS[step.transition],
                extra={
                    "alert_id": alert.alert_id,
                    "rule": alert.rule,
                    "scope": alert.scope_key,
                    "severity": alert.severity.value,
                    "value": alert.value,
                    "unit": alert.unit.value,
                },
            )
            if self._on_transition is not None:
                self._on_transition(alert, step.transition)
        log.log(
            logging.INFO if report.swept else logging.DEBUG,
            "poll",
            extra={
                "seconds": round(report.took.total_seconds(), 2),
                "regions_read": report.regions_read,
                "regions_expected": report.regions_expected,
                "subnets": report.subnets,
                "unknown_subnets": report.unknown_subnets,
                "blind_spots": report.blind_spots,
                "transitions": len(report.transitions),
            },
        )


def _has_passed(since: datetime | None, now: datetime, wait: timedelta) -> bool:
    """Whether the wait is over; also where the clock was set back and it would be a long one."""
    return since is None or not timedelta(0) <= now - since < wait


def _unknown(inventory: Inventory, samples: Iterable[SubnetSample]) -> int:
    """Subnets nothing is known of now: not read lately, or read and not to be told."""
    undecided = {sample.subnet_id for sample in samples if sample.free_ips is None}
    return sum(
        subnet.quality is not Quality.FRESH or subnet.subnet_id in undecided
        for subnet in inventory.subnets
        if subnet.cidr is not None
    )


def _blind_regions(inventory: Inventory) -> int:
    """The regions that accounts which could not be entered count with, where nothing is known of them."""
    known = {facts.account_id for facts in inventory.regions}
    closed = {spot.account_id for spot in inventory.blind_spots} - known
    return sum(max(len(account.regions), 1) for account in inventory.accounts if account.account_id in closed)
