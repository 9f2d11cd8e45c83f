"""What a digest says, gathered: what is low or runs out, alerts, the record of forecasts, feedback, what was missed."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from bot.alerts.alert import AlertStatus
from bot.alerts.lifecycle import MISSED_POLLS
from bot.alerts.notices import lasted
from bot.alerts.silences import in_scope
from bot.answers.digest import DigestAlerts, DigestChance, DigestFeedback, DigestForecasts, DigestMissed
from bot.answers.glance import glance
from bot.capacity.standing import Standing
from bot.histories import dates_now
from bot.inventory import Subnet
from bot.message import Coverage
from bot.scope import Scope, clusters_in, nothing_in, read_for, subnets_in
from bot.services import LOOKED_LATELY, Services
from bot.store.chances import LoggedChance, chance_scores
from bot.store.digests import DigestSchedule
from bot.store.forecasts import LoggedForecast, Outcome, records
from bot.store.work_gaps import DOWN, Work, WorkGap
from bot.views import coverage, coverage_words

WEEK = timedelta(days=7)

LOW_PCT, NEARLY_PCT = 10, 20
"""The two lines of the headline, in percent free: what the alerts call low by default, and twice that."""

RECORD = timedelta(days=30)
"""Forecasts of this time make the record, as in `forecast`."""

ENOUGH = 5
"""Judged episodes from which on a share of hits says something."""

LATE = timedelta(minutes=10)
"""A digest that is later than this says so: one look at the schedule a minute, and a change of leader, come first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Low:
    """A subnet of the digest: where it stands, its change in the period (addresses), when it likely runs out."""

    row: Standing
    change_ips: int | None
    likely_at: datetime | None

    @property
    def change_points(self) -> float | None:
        """The change in percentage points of its usable addresses."""
        if self.change_ips is None or not self.row.usable_ips:
            return None
        return 100 * self.change_ips / self.row.usable_ips


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a digest says; `due_at` is set for one that is late."""

    scope: Scope
    began_at: datetime
    now: datetime
    zone: str
    due_at: datetime | None
    subnets: int
    clusters: int
    under_low: int
    under_nearly: int
    unknown: int
    rows: tuple[Low, ...]
    alerts: DigestAlerts
    forecasts: DigestForecasts
    feedback: tuple[DigestFeedback, ...]
    missed: DigestMissed
    as_of: datetime | None
    covered: Coverage
    read: str

    @property
    def fine(self) -> int:
        """Subnets with 20% free or more."""
        return self.subnets - self.under_low - self.under_nearly - self.unknown


def report(
    scope: Scope,
    services: Services,
    now: datetime,
    *,
    covers: timedelta,
    schedule: DigestSchedule | None,
    due_at: datetime | None = None,
) -> Report:
    """The digest of a scope for the time before now, without a call of AWS where facts are known.

    Raises: EksipError when no subnet of the scope is known.
    """
    inventory = services.facts().inventory()
    began = now - covers
    subnets = [subnet for subnet in subnets_in(scope, inventory) if subnet.cidr is not None]
    if not subnets:
        raise nothing_in(scope, inventory)
    standings = glance(subnets, services)
    part = read_for(scope, inventory)
    known = [row.free_pct for row in standings.values() if row.free_pct is not None]
    return Report(
        scope=scope,
        began_at=began,
        now=now,
        zone="UTC" if schedule is None else schedule.times.zone,
        due_at=due_at if due_at is not None and now - due_at > LATE else None,
        subnets=len(subnets),
        clusters=len(clusters_in(scope, inventory)),
        under_low=sum(pct < LOW_PCT for pct in known),
        under_nearly=sum(LOW_PCT <= pct < NEARLY_PCT for pct in known),
        unknown=len(subnets) - len(known),
        rows=_low(standings, _likely(subnets, services, now), services, began),
        alerts=_alerts(scope, services, began),
        forecasts=_forecasts(standings, services, now),
        feedback=_feedback(services, began),
        missed=_missed(services, began, now, schedule),
        as_of=part.as_of,
        covered=coverage(part),
        read=coverage_words(part, now),
    )


def _likely(subnets: Iterable[Subnet], services: Services, now: datetime) -> Mapping[str, datetime]:
    """When subnets likely run out, by subnet id: as last looked at, or looked at now where that is long ago."""
    store = services.history()
    looked_at = None if store is None else store.looked_ahead_at()
    if store is None or (looked_at is not None and now - looked_at < LOOKED_LATELY):
        return services.depletes_at()
    settings = services.settings
    found = dates_now(store, subnets, settings.thresholds.limits, settings.schedule.poll, now)
    return {subnet_id: likely_at for subnet_id, likely_at, _ in found}


def _low(
    standings: Mapping[str, Standing], likely: Mapping[str, datetime], services: Services, began: datetime
) -> tuple[Low, ...]:
    """The subnets with less than 20% free and those that a forecast gives a date, worst first."""
    chosen = [
        row
        for subnet_id, row in standings.items()
        if subnet_id in likely or (row.free_pct is not None and row.free_pct < NEARLY_PCT)
    ]
    store = services.history()
    before = {} if store is None else store.free_at([row.subnet.subnet_id for row in chosen], began)
    rows = (
        Low(
            row=row,
            change_ips=None
            if row.free_ips is None or row.subnet.subnet_id not in before
            else row.free_ips - before[row.subnet.subnet_id],
            likely_at=likely.get(row.subnet.subnet_id),
        )
        for row in chosen
    )
    return tuple(sorted(rows, key=_worst))


def _worst(low: Low) -> tuple[bool, bool, float, float, str]:
    """Those under 10% first; then by when they run out; the others by what is free."""
    pct = 101.0 if low.row.free_pct is None else low.row.free_pct
    at = 0.0 if low.likely_at is None else low.likely_at.timestamp()
    return pct >= LOW_PCT, low.likely_at is None, at, pct, low.row.subnet.subnet_id


def _alerts(scope: Scope, services: Services, began: datetime) -> DigestAlerts:
    store = services.stored()
    found = [] if store is None else [alert for alert in store.alerts_since(began) if in_scope(scope, alert)]
    ids = [alert.alert_id for alert in found if alert.alert_id is not None]
    longest = max(found, key=lasted, default=None)
    return DigestAlerts(
        count=len(found),
        still_open=sum(alert.status is not AlertStatus.RESOLVED for alert in found),
        silenced=0 if store is None else len(store.silenced_alerts(ids)),
        longest_seconds=None if longest is None else lasted(longest).total_seconds(),
        longest_alert_id=None if longest is None else longest.alert_id,
    )


def _forecasts(subnet_ids: Iterable[str], services: Services, now: datetime) -> DigestForecasts:
    store, mine = services.history(), frozenset(subnet_ids)
    logged = [] if store is None else [one for one in store.forecasts_since(now - RECORD) if one.subnet_id in mine]
    found = records(logged).values()
    judged, hits = sum(one.judged for one in found), sum(one.hits for one in found)
    leads = _leads(logged)
    return DigestForecasts(
        judged=judged,
        hits=hits,
        false=judged - hits,
        median_lead_seconds=median(leads) if leads else None,
        enough=judged >= ENOUGH,
        averted=sum(one.averted for one in found),
        chances=_chances([] if store is None else store.judged_chances(now - RECORD), mine),
    )


def _chances(judged: Iterable[LoggedChance], mine: Collection[str]) -> list[DigestChance]:
    """How the daily chances of these subnets did: ours, then the two baselines."""
    scores = chance_scores(one for one in judged if one.subnet_id in mine)
    return [
        DigestChance.model_validate(
            {
                "method": scored.value,
                "judged": found.judged,
                "ran_out": found.ran_out,
                "found": found.found,
                "wrong": found.wrong,
                "brier": round(found.brier, 4),
            }
        )
        for scored, found in scores.items()
    ]


def _leads(logged: Sequence[LoggedForecast]) -> list[float]:
    """How long before each subnet ran out the first forecast said so, in seconds, by method."""
    first: dict[tuple[str, str, datetime], float] = {}
    for one in logged:  # oldest first
        if one.outcome is Outcome.HIT and one.ran_out_at is not None:
            key = (one.subnet_id, one.method, one.ran_out_at)
            first.setdefault(key, (one.ran_out_at - one.made_at).total_seconds())
    return [lead for lead in first.values() if lead > 0]


def _feedback(services: Services, began: datetime) -> tuple[DigestFeedback, ...]:
    """What people said of the answers since then, in every channel: counts alone, which name nobody and no scope."""
    store = services.stored()
    counts = () if store is None else store.feedback(began)
    return tuple(DigestFeedback(verb=each.verb, helped=each.helped, missed=each.missed) for each in counts)


def _missed(services: Services, began: datetime, now: datetime, schedule: DigestSchedule | None) -> DigestMissed:
    store = services.stored()
    if store is None:
        return DigestMissed(down_seconds=None, unswept_seconds=None, digests=0, channels_broken=[], messages_given_up=0)
    unswept = MISSED_POLLS * services.settings.schedule.poll
    # What another channel gets is not for everybody.
    only = schedule.channel if schedule is not None and services.sight is not None else None
    broken = [each.channel for each in store.broken_channels()]
    return DigestMissed(
        down_seconds=_length(store.work_gaps(Work.SERVING, began, now, DOWN), began, now),
        unswept_seconds=_length(store.work_gaps(Work.SWEEP, began, now, unswept), began, now),
        digests=_digests(schedule, began, now),
        channels_broken=[channel for channel in broken if services.sight is None or channel == only],
        messages_given_up=0 if services.sight is not None and only is None else store.given_up(began, only),
    )


def _length(gaps: Sequence[WorkGap] | None, began: datetime, now: datetime) -> float | None:
    if gaps is None:
        return None
    return sum((gap.within(began, now) for gap in gaps), timedelta(0)).total_seconds()


def _digests(schedule: DigestSchedule | None, began: datetime, now: datetime) -> int:
    """The digests between the last that was sent and the one that is due now."""
    if schedule is None:
        return 0
    since = schedule.changed_at if schedule.last_sent_for is None else schedule.times.at(schedule.last_sent_for)
    day, due_at = schedule.times.following(max(since, began - WEEK, schedule.changed_at), schedule.last_sent_for)
    missed, newest = 0, schedule.times.last(now)[0]
    while day < newest:
        missed += 1
        day, due_at = schedule.times.following(due_at, day)
    return missed
