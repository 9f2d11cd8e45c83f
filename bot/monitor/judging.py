"""Judging: what the newest facts mean for the alerts, saved with the messages this causes in one transaction."""

import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.alerts import RULES, Sample, Step, Subject, Timing, advance
from bot.alerts.lifecycle import MISSED_POLLS, REOPEN_WITHIN, scope_key
from bot.capacity.standing import Standing, looks_low, standings
from bot.config import Settings
from bot.errors import UserError
from bot.inventory import Inventory, Quality, Subnet
from bot.scope import Scope, ScopeKind, contains, resolve
from bot.store import LostLeaseError, Store

if TYPE_CHECKING:
    from bot.aws.reader import Reader

log = logging.getLogger(__name__)

UNCHANGED_SAMPLE = timedelta(hours=1)
"""A figure that stays the same is written this often: 80,000 quiet subnets would else fill the disk with one number."""


class Judge:
    """Turns an inventory into samples and alert steps, and saves them.

    `fence` is the number of this process's lead, where several replicas share the database.
    """

    def __init__(
        self,
        reader: "Reader",
        store: Store,
        settings: Settings,
        now: Callable[[], datetime],
        *,
        fence: Callable[[], int | None] = lambda: None,
    ) -> None:
        thresholds = settings.thresholds
        self._reader = reader
        self._store = store
        self._settings = settings
        self._now = now
        self._fence = fence
        self._limits = thresholds.limits
        self._timing = Timing(
            hold=thresholds.hold, recover=thresholds.recover, longest_gap=MISSED_POLLS * settings.schedule.poll
        )
        self._written: dict[str, Sample] = {}

    def samples(self, inventory: Inventory) -> tuple[Sample, ...]:
        """One sample of every IPv4 subnet; those that look low or have an open alert are judged by their contents too.

        AvailableIpAddressCount leaves out reserved space, so it can only make a subnet look lower than it is.
        """
        alerting = {alert.subnet_id for alert in self._store.open_alerts()}
        subnets = [subnet for subnet in inventory.subnets if subnet.cidr is not None]
        close = [
            subnet
            for subnet in subnets
            if subnet.quality is Quality.FRESH and (subnet.subnet_id in alerting or looks_low(subnet, self._limits))
        ]
        contents = self._reader.contents(close) if close else None
        found = standings(subnets, contents, self._limits)
        samples = tuple(_sample(row) for row in found.values())
        self._write_samples(samples)
        return samples

    def _write_samples(self, samples: Iterable[Sample]) -> None:
        """Add to the history what is fresh and new, or has not been written for a while."""
        fresh = [s for s in samples if s.quality is Quality.FRESH and s.free_ips is not None]
        due = []
        for sample in fresh:
            last = self._written.get(sample.subnet_id)
            if (
                last is None
                or last.free_ips != sample.free_ips
                or sample.observed_at - last.observed_at >= UNCHANGED_SAMPLE
            ):
                due.append(sample)
        self._store.add_samples(due)
        self._written.update({sample.subnet_id: sample for sample in due})

    def judge(self, inventory: Inventory, samples: tuple[Sample, ...]) -> tuple[Step, ...]:
        """The steps that these samples lead to, saved with the messages they cause; none when another replica leads."""
        subnets = {subnet.subnet_id: subnet for subnet in inventory.subnets}
        clusters = inventory.clusters_by_subnet()
        now = self._now()
        live = {(a.rule, a.scope_key): a for a in self._store.live_alerts(now - REOPEN_WITHIN)}
        steps = []
        for rule in RULES:
            for sample in samples:
                alert = live.get((rule.name, scope_key(sample.subnet_id)))
                subnet = subnets[sample.subnet_id]
                subject = _subject(subnet, clusters.get(subnet.subnet_id, ()))
                step = advance(alert, sample, rule=rule, subject=subject, limits=self._limits, timing=self._timing)
                if step.alert is not None and step.alert is not alert:
                    steps.append(step)
        if not steps:
            return ()
        concerned = [subnets[step.alert.subnet_id] for step in steps if step.alert is not None]
        try:
            return self._store.save_steps(steps, self._destinations(concerned, inventory), now, fence=self._fence())
        except LostLeaseError as exc:
            log.warning("poll left to another replica", extra={"reason": str(exc)})
            return ()

    def _destinations(self, subnets: Iterable[Subnet], inventory: Inventory) -> Mapping[str, tuple[str, ...]]:
        """The channels of each subnet's scope key: those whose watch contains the subnet."""
        watches = [(watch.channel, scope) for watch in self._store.watches() if (scope := _stored(watch.scope))]
        for configured in self._settings.watches:
            try:
                watches.append((configured.channel, resolve(configured.scope, inventory, verb="watch")))
            except UserError as exc:
                log.warning(
                    "a configured watch names nothing known",
                    extra={"channel": configured.channel, "scope": configured.scope, "reason": exc.message},
                )
        clusters = inventory.clusters
        return {
            scope_key(subnet.subnet_id): tuple(
                dict.fromkeys(channel for channel, scope in watches if contains(scope, subnet, clusters))
            )
            for subnet in subnets
        }


def _sample(row: Standing) -> Sample:
    return Sample(
        subnet_id=row.subnet.subnet_id,
        observed_at=row.subnet.observed_at,
        usable_ips=row.usable_ips,
        free_ips=row.free_ips,
        quality=row.subnet.quality,
    )


def _subject(subnet: Subnet, clusters: tuple[str, ...]) -> Subject:
    return Subject(
        subnet_id=subnet.subnet_id,
        label=subnet.label,
        clusters=clusters,
        account_id=subnet.account_id,
        region=subnet.region,
        az=subnet.az,
    )


def _stored(text: str) -> Scope | None:
    """The scope of a stored watch, whose form is stable; None where this version knows no such kind."""
    word, _, value = text.partition(":")
    kinds = {kind.value: kind for kind in ScopeKind}
    return Scope(kind=kinds[word], value=value) if word in kinds else None
