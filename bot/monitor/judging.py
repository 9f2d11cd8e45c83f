"""Judging: what the newest facts mean for the alerts, saved with the messages this causes in one transaction."""

import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain
from typing import TYPE_CHECKING, Any

from bot.alerts import Alert, AlertStatus, Step, SubnetSample, advance, after_downtime, deleted, rule_removed
from bot.alerts.cluster_rules import NODES_DO_NOT_FIT
from bot.alerts.lifecycle import REOPEN_WITHIN
from bot.alerts.readings import Rule
from bot.alerts.rules import RULES
from bot.alerts.samples import Sample
from bot.alerts.subject import Subject
from bot.capacity.occupancy import Occupancy
from bot.config import Settings
from bot.inventory import Inventory, Quality, RegionFacts, Subnet
from bot.inventory.evidence import RegionEvidence
from bot.monitor.audience import Audience, Listener, early_thresholds, listeners
from bot.monitor.cadence import Cadence
from bot.monitor.cluster_samples import EksRead, NodeRoom, control_plane_samples, health_samples
from bot.monitor.departures import Departures, Reach
from bot.monitor.evidence import EvidenceReader
from bot.monitor.gone import Absences
from bot.monitor.quota_samples import cni_samples, region_samples, vpc_samples
from bot.monitor.screening import Screen
from bot.monitor.silence_ends import settle_silences
from bot.monitor.sources import Sources
from bot.monitor.subjects import Subjects, subjects
from bot.monitor.subnet_samples import Wanted, subnet_samples
from bot.monitor.telling import Overlays, Teller
from bot.monitor.type_limits import TypeLimits
from bot.store import Log, LostLeaseError, Store, Verdicts
from bot.store.samples import CHECKPOINT

if TYPE_CHECKING:
    from bot.aws.reader import Reader

log = logging.getLogger(__name__)

Place = tuple[str, str]
"""Account id and region."""

TimeLeft = Callable[[Collection[Subnet]], Mapping[str, timedelta | None]]
"""The gated burn-rate forecast of subnets until nothing is left, None while the gate is closed; by subnet id."""

_CLUSTER_READS = frozenset({"ListClusters", "DescribeCluster"})
_NODEGROUP_READS = frozenset({"ListNodegroups", "DescribeNodegroup"})


class Judge:
    """Turns an inventory into samples and alert steps, and saves them.

    `note` comes first, with what a poll read; then `samples`, then `judge`. `fence` is the number of this process's
    lead, where several replicas share the database. `time_left` forecasts subnets, where there is a forecast.
    """

    def __init__(
        self,
        reader: "Reader",
        store: Store,
        settings: Settings,
        now: Callable[[], datetime],
        *,
        fence: Callable[[], int | None] = lambda: None,
        time_left: TimeLeft | None = None,
    ) -> None:
        thresholds, schedule = settings.thresholds, settings.schedule
        self._reader = reader
        self._store = store
        self._settings = settings
        self._now = now
        self._fence = fence
        self._time_left = time_left
        self._thresholds = settings.alerts.thresholds(thresholds.limits)
        on = [rule for rule in RULES if rule.name not in settings.alerts.rules_off]
        self._rules: dict[type[Sample], list[Rule[Any]]] = {
            kind: [rule for rule in on if rule.reads is kind] for kind in {rule.reads for rule in on}
        }
        # Counting the nodes that fit reads interfaces, so it is left out where nobody wants to know.
        self._counts_nodes = NODES_DO_NOT_FIT in on
        self._cadence = Cadence(
            poll=schedule.poll, slow=schedule.slow, hold=thresholds.hold, recover=thresholds.recover
        )
        self._timings = {rule.name: self._cadence.timing(rule.name) for rule in RULES}
        self._screen = Screen(self._thresholds)
        self._rooms = NodeRoom(self._thresholds, reader.contents, TypeLimits(reader.instance_limits, now).of)
        self._sources = Sources()
        self._absences = Absences(schedule.poll, reader.confirm_gone)
        self._departures = Departures(schedule.slow)
        self._evidence = EvidenceReader(
            reader.evidence,
            now,
            workers=settings.aws.workers,
            every=schedule.slow,
            cloudwatch=settings.alerts.cloudwatch,
        )
        self._eks: dict[Place, EksRead] = {}
        self._written: dict[str, SubnetSample] = {}
        self._counted: dict[str, datetime] = {}
        self._close_at: datetime | None = None
        self._due = True
        self._down_since: datetime | None = None
        self._restored = False
        self._told_something = True

    def note(self, read: Inventory, *, clusters: bool) -> None:
        """Take what one poll read and could not read; `clusters` says that EKS was asked. Call it before saving."""
        now = self._now()
        if not self._restored and self._down_since is None:
            self._down_since = self._store.last_read_at()
        self._sources.note(read, now)
        if clusters:
            self.note_clusters(facts for facts in read.regions if facts.subnets_complete)

    def note_clusters(self, regions: Iterable[RegionFacts]) -> None:
        """Take what reads of EKS brought, of the account-regions that were asked."""
        for facts in regions:
            blind = {spot.api for spot in facts.blind_spots}
            if blind & _CLUSTER_READS:
                continue
            place, read_at = (facts.account_id, facts.region), facts.clusters_at or facts.observed_at
            before = self._eks.get(place, EksRead())
            groups = before.nodegroups_at if blind & _NODEGROUP_READS else read_at
            self._eks[place] = EksRead(clusters_at=read_at, nodegroups_at=groups)

    def samples(self, inventory: Inventory, read: Collection[Place] | None = None) -> tuple[SubnetSample, ...]:
        """One sample of every IPv4 subnet, of these places or of all, added to the history where it is news."""
        now = self._now()
        self._due = self._close_at is None or now - self._close_at >= self._settings.schedule.slow
        if self._due:
            self._close_at = now
        counted: dict[str, datetime] = {}

        def kept(subnet_ids: Collection[str]) -> Mapping[str, Occupancy]:
            found = self._store.occupancies(subnet_ids)
            counted.update({subnet_id: occupancy.observed_at for subnet_id, occupancy in found.items()})
            return found

        wanted = Wanted(
            alerting={alert.subnet_id for alert in self._store.open_alerts() if alert.subnet_id},
            prefix_mode=inventory.prefix_subnet_ids,
            counted=self._counted,
            apart=self._settings.schedule.poll,
        )
        places = (facts for facts in inventory.regions if (facts.account_id, facts.region) in (read or ()))
        every = inventory.subnets if read is None else tuple(chain.from_iterable(facts.subnets for facts in places))
        forecasts = None if self._time_left is None else self._time_left(every)
        samples = subnet_samples(every, wanted, kept, self._thresholds, forecasts)
        self._counted.update(counted)
        self._write_samples(samples)
        return samples

    def _write_samples(self, samples: Iterable[SubnetSample]) -> None:
        """Add to the history what is fresh and new, or has not been written for a while.

        Where a subnet goes blind, "not known" is written once: a history must not show its last figure as lasting.
        """
        due, now = [], self._now()
        for sample in samples:
            last = self._written.get(sample.subnet_id)
            if sample.quality is not Quality.FRESH or sample.free_ips is None:
                if last is not None and last.free_ips is not None:
                    due.append(replace(sample, free_ips=None, free_blocks=None, observed_at=now))
            elif (
                last is None or last.free_ips != sample.free_ips or sample.observed_at - last.observed_at >= CHECKPOINT
            ):
                due.append(sample)
        self._store.add_samples(due)
        self._written.update({sample.subnet_id: sample for sample in due})

    def judge(
        self, inventory: Inventory, samples: tuple[SubnetSample, ...], reach: Reach | None = None
    ) -> tuple[Step, ...]:
        """The steps that these samples and all other evidence lead to, saved with the messages they cause.

        None when another replica leads. `reach` is what is to be read, where that is known: what is stored of an
        account that left is dropped once that is proven.
        """
        now = self._now()
        if reach is not None:
            self._sources.keep(reach.covers)
        live = {(alert.rule, alert.scope_key): alert for alert in self._store.live_alerts(now - REOPEN_WITHIN)}
        subnets = inventory.subnets_by_id
        steps: dict[tuple[str, str], Step] = {}

        def put(step: Step) -> None:
            # The second step of one alert within a poll goes on from the first: none is lost.
            if step.alert is not None:
                key = (step.alert.rule, step.alert.scope_key)
                live[key] = step.alert
                before = steps.get(key)
                steps[key] = step if step.transition or before is None else replace(before, alert=step.alert)

        for alert in self._restore(live.values(), now):
            put(Step(alert=alert))
        names = {rule.name for rules in self._rules.values() for rule in rules}
        for alert in [alert for alert in live.values() if _is_open(alert) and alert.rule not in names]:
            put(rule_removed(alert, now))
        for sample, subject in self._to_evaluate(inventory, subnets, samples, live):
            for rule in self._rules.get(type(sample), ()):
                before = live.get((rule.name, subject.scope_key))
                step = self._advance(before, sample, rule, subject)
                if step.alert is not before:
                    put(step)
        open_alerts = [alert for alert in live.values() if _is_open(alert)]
        for alert, proof in self._absences.proofs(open_alerts, inventory, subnets.keys(), now):
            if (step := deleted(live[alert.rule, alert.scope_key], proof, self._settings.schedule.poll)).transition:
                put(step)
        open_alerts = [alert for alert in live.values() if _is_open(alert)]
        for step in self._departures.ended(open_alerts, inventory, reach, now):
            if step.transition:
                put(step)
        saved = self._save(tuple(steps.values()), live, inventory, subnets, now)
        self._store.forget_accounts(self._departures.left(reach, now))
        return saved

    def _advance(self, alert: Alert | None, sample: Sample, rule: Rule[Any], subject: Subject) -> Step:
        return advance(
            alert,
            sample,
            rule=rule,
            subject=subject,
            thresholds=self._thresholds,
            timing=self._timings[rule.name],
        )

    def _restore(self, alerts: Iterable[Alert], now: datetime) -> Iterator[Alert]:
        """At the first poll of this process: the pending alerts whose clocks a long downtime shifts."""
        if self._restored:
            return
        self._restored = True
        if self._down_since is None:
            return
        for alert in list(alerts):
            if (shifted := after_downtime(alert, self._down_since, now, self._settings.schedule.poll)) != alert:
                yield shifted

    def _to_evaluate(
        self,
        inventory: Inventory,
        subnets: dict[str, Subnet],
        samples: Iterable[SubnetSample],
        live: Mapping[tuple[str, str], Alert],
    ) -> Iterator[tuple[Sample, Subject]]:
        """The samples that may change an alert or make one, with what each is about."""
        about = subjects(inventory)
        keys = {key for _, key in live}
        alerting = {alert.subnet_id for alert in live.values()}
        watched = early_thresholds(self._listeners(inventory), inventory, self._thresholds.subnets)
        for sample in self._screen.worth(samples, alerting, watched):
            yield sample, about.of_subnet(subnets[sample.subnet_id])
        for found in (
            *health_samples(inventory, self._eks),
            *control_plane_samples(inventory, subnets),
            *(self._rooms.samples(inventory, subnets, due=self._due) if self._counts_nodes else ()),
        ):
            subject = about.of_nodegroup(found.cluster, found.nodegroup) if found.nodegroup else None
            yield found.sample, subject or about.of_cluster(found.cluster)
        yield from self._of_evidence(inventory, about)
        for source in self._sources.samples(worth=keys):
            yield source, about.of_source(source.account_id, source.region)

    def _of_evidence(self, inventory: Inventory, about: Subjects) -> Iterator[tuple[Sample, Subject]]:
        evidence: Mapping[Place, RegionEvidence] = self._evidence.read(inventory)
        for of_vpc in vpc_samples(inventory, evidence):
            yield of_vpc.sample, about.of_vpc(of_vpc.vpc)
        for region in region_samples(evidence.values()):
            yield region, about.of_source(region.account_id, region.region)
        for of_cluster in cni_samples(inventory, evidence):
            yield of_cluster.sample, about.of_cluster(of_cluster.cluster)

    def tell(self, inventory: Inventory) -> None:
        """Ask again what the channels hear, without new samples: of acks, silences, and what waited for its time."""
        now = self._now()
        live = {(alert.rule, alert.scope_key): alert for alert in self._store.live_alerts(now - REOPEN_WITHIN)}
        open_alerts = [alert for alert in live.values() if _is_open(alert)]
        settle_silences(self._store, open_alerts, now, self._settings.access, inventory)
        said = self._store.notification_log()
        if not live and not said:
            return
        subnets = inventory.subnets_by_id
        verdicts = self._teller(inventory, subnets, now).verdicts(tuple(live.values()), said)
        if verdicts.notices or verdicts.over:
            self._save((), live, inventory, subnets, now)

    def _save(
        self,
        steps: tuple[Step, ...],
        live: Mapping[tuple[str, str], Alert],
        inventory: Inventory,
        subnets: dict[str, Subnet],
        now: datetime,
    ) -> tuple[Step, ...]:
        """Save the steps and what the channels hear of them; nothing to do on a quiet fleet."""
        if not steps and not live and not self._told_something:
            return ()
        teller = self._teller(inventory, subnets, now)

        def decide(saved: tuple[Step, ...], said: Log) -> Verdicts:
            stands = dict(live)
            stands.update({(s.alert.rule, s.alert.scope_key): s.alert for s in saved if s.alert is not None})
            verdicts = teller.verdicts(tuple(stands.values()), said)
            self._told_something = bool(verdicts.notices) or len(said) > len(verdicts.over)
            return verdicts

        try:
            return self._store.save_steps(steps, decide, now, fence=self._fence())
        except LostLeaseError as exc:
            log.warning("poll left to another replica", extra={"reason": str(exc)})
            return ()

    def _teller(self, inventory: Inventory, subnets: dict[str, Subnet], now: datetime) -> Teller:
        every = self._listeners(inventory)
        return Teller(
            Audience(every, inventory, subnets, self._settings.access, limits=self._thresholds.subnets),
            Overlays(acks=tuple(self._store.acks().values()), silences=self._store.silences(now)),
            self._cadence,
            self._store.alerts,
            self._store.told_of,
            repeat=self._settings.alerts.repeat,
            now=now,
        )

    def _listeners(self, inventory: Inventory) -> list[Listener]:
        return listeners(self._store.watches(), self._settings.watches, inventory)


def _is_open(alert: Alert) -> bool:
    return alert.status is not AlertStatus.RESOLVED


def _place(subnet: Subnet) -> Place:
    return subnet.account_id, subnet.region
