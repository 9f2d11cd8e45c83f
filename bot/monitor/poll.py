"""One poll: read, sample, evaluate, advance, save. Sending is the delivery's own work."""

import logging
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot import metrics
from bot.alerts import Alert, AlertStatus, Step, Transition
from bot.config import Settings
from bot.inventory import Inventory, Quality, RegionFacts
from bot.monitor.judging import Judge
from bot.store import Store

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


@dataclass(frozen=True, slots=True, kw_only=True)
class PollReport:
    """What one poll did: account-regions read of those expected, subnets judged and not, and what changed."""

    started_at: datetime
    took: timedelta
    regions_read: int
    regions_expected: int
    subnets: int
    unknown_subnets: int
    blind_spots: int
    transitions: tuple[Step, ...] = ()


class Monitor:
    """Polls every account and region and moves the alerts; one poll at a time.

    `on_inventory` gets what is known after each read, `on_transition` each alert with what changed, once it is saved.
    `fence` is the number of this process's lead, where several replicas share the database.
    """

    def __init__(
        self,
        reader: "Reader",
        store: Store,
        settings: Settings,
        now: Callable[[], datetime],
        *,
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
        self._judge = Judge(reader, store, settings, now, fence=fence)
        self._polling = threading.Lock()
        self._known: Inventory | None = None
        self._clusters_at: datetime | None = None

    def poll(self, *, clusters: bool | None = None) -> PollReport:
        """Read everything once and save what follows from it; `clusters` None reads EKS when schedule.slow has passed.

        Raises: QueryError when nothing at all could be read.
        """
        with self._polling:
            started_at = self._now()
            with_clusters = self._clusters_are_due(started_at) if clusters is None else clusters
            # Without a read before it, a poll that leaves EKS out would forget every cluster.
            with_clusters = with_clusters or self._known is None
            read = self._reader.sweep(clusters=with_clusters, known=self._known)
            if with_clusters:
                self._clusters_at = started_at
            self._judge.note(read, clusters=with_clusters)
            inventory = self._remember(read)
            samples = self._judge.samples(inventory)
            steps = self._judge.judge(inventory, samples)
            report = PollReport(
                started_at=started_at,
                took=self._now() - started_at,
                regions_read=sum(region.subnets_complete for region in read.regions),
                regions_expected=read.expected_regions,
                subnets=len(samples),
                unknown_subnets=sum(s.free_ips is None or s.quality is not Quality.FRESH for s in samples),
                blind_spots=len(read.all_blind_spots),
                transitions=tuple(step for step in steps if step.transition is not None),
            )
            self._measure(report, read, inventory)
        self._tell(report)
        return report

    def tell(self) -> None:
        """Ask between two polls what the channels hear: of acks and silences, and of what waited for its time."""
        if not self._polling.acquire(blocking=False):
            return  # the poll that is running asks at its end
        try:
            if self._known is not None:
                self._judge.tell(self._known)
        finally:
            self._polling.release()

    def _clusters_are_due(self, now: datetime) -> bool:
        return self._clusters_at is None or now - self._clusters_at >= self._settings.schedule.slow

    def _remember(self, read: Inventory) -> Inventory:
        """Save a read; the inventory with what was known before, marked stale, where this read was blind."""
        regions = [self._store.save_region(region) for region in read.regions]
        self._store.save_account_blind_spots(read.blind_spots)
        blind = {spot.account_id for spot in read.blind_spots} - {region.account_id for region in read.regions}
        if blind:
            regions += (_as_stale(region) for region in self._store.regions() if region.account_id in blind)
        inventory = replace(read, regions=tuple(regions))
        self._known = inventory
        if self._on_inventory is not None:
            self._on_inventory(inventory)
        return inventory

    def _measure(self, report: PollReport, read: Inventory, inventory: Inventory) -> None:
        metrics.sweep_duration_seconds.observe(report.took.total_seconds())
        metrics.coverage_ratio.set(report.regions_read / report.regions_expected if report.regions_expected else 0)
        for region in read.regions:
            if region.subnets_complete:
                metrics.sweep_last_success_timestamp.labels(
                    account=region.account_id, region=region.region, api="DescribeSubnets"
                ).set(region.observed_at.timestamp())
        by_quality = Counter(subnet.quality for subnet in inventory.subnets)
        for quality in Quality:
            metrics.subnets.labels(quality=quality.value).set(by_quality[quality])
        by_status = Counter(alert.status for alert in self._store.open_alerts())
        for status in AlertStatus:
            if status is not AlertStatus.RESOLVED:
                metrics.alerts.labels(state=status.value).set(by_status[status])

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
        log.info(
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


def _as_stale(region: RegionFacts) -> RegionFacts:
    subnets = tuple(replace(subnet, quality=Quality.STALE) for subnet in region.subnets)
    return replace(region, subnets=subnets, subnets_complete=False)
