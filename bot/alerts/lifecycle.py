"""The life of an alert: pending, firing, recovering, resolved, from the times of fresh samples.

Clocks run on `observed_at`, the time AWS was asked, and only between samples that are close enough together: a pause
of the process, of AWS or of the database neither fires nor resolves anything (ALERTING 2.1).
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum

from bot.alerts.rules import Reading, Rule, Sample, Severity
from bot.capacity.subnets import Limits

REOPEN_WITHIN = timedelta(minutes=30)
"""A breach this soon after the end re-opens the same alert and its card: one problem, one message (CHAT 5.3, 7)."""

MISSED_POLLS = 3
"""Samples further apart than this many polls say nothing of the time between them: the source was stale."""


class AlertStatus(Enum):
    """Where an alert stands; derived from its times."""

    PENDING = "pending"
    FIRING = "firing"
    RECOVERING = "recovering"
    RESOLVED = "resolved"


class Transition(Enum):
    """What a sample changed about an alert.

    `changed` is a new figure, or a recovery that stopped short of a breach: worth an edit of the card and no more.
    """

    PENDING = "pending"
    DROPPED = "dropped"
    OPENED = "opened"
    ESCALATED = "escalated"
    RECOVERING = "recovering"
    REFIRED = "refired"
    RESOLVED = "resolved"
    CHANGED = "changed"

    @property
    def is_told(self) -> bool:
        """Whether channels hear of it; a breach that has not been held long enough stays between us."""
        return self not in (Transition.PENDING, Transition.DROPPED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The subnet an alert is about, as people know it."""

    subnet_id: str
    label: str
    clusters: tuple[str, ...]
    account_id: str
    region: str
    az: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How long a breach must hold and a recovery must last, in time covered by fresh samples.

    `longest_gap` is the longest time between two samples that still counts.
    """

    hold: timedelta
    recover: timedelta
    longest_gap: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One problem of one scope, from its first breach to its end.

    `alert_id` is the number people type; None until the store has given one. `severity` is the worst so far: an alert
    recovers or it does not, it never calms down half. `held` is the fresh time collected towards firing or resolving.
    `shown_ips` is the figure the channels last saw. `revision` counts the versions of the card. While a resolved alert
    is about to open again, `reopening_at` is set and it is pending; `reopened` counts how often it did.
    """

    alert_id: int | None = None
    rule: str
    scope_key: str
    subnet_id: str
    label: str
    clusters: tuple[str, ...]
    account_id: str
    region: str
    az: str
    severity: Severity
    value_ips: int
    shown_ips: int
    threshold_ips: int
    usable_ips: int
    lowest_ips: int
    active_at: datetime
    observed_at: datetime
    fired_at: datetime | None = None
    recovering_at: datetime | None = None
    resolved_at: datetime | None = None
    reopening_at: datetime | None = None
    held: timedelta = timedelta(0)
    resolution: str = ""
    flaps: int = 0
    reopened: int = 0
    revision: int = 0

    def __post_init__(self) -> None:
        if self.resolved_at is not None and not self.resolution:
            raise ValueError(f"alert {self.alert_id} is resolved and does not say how")

    @property
    def status(self) -> AlertStatus:
        """Where the alert stands, from its times."""
        if self.reopening_at is not None:
            return AlertStatus.PENDING
        if self.resolved_at is not None:
            return AlertStatus.RESOLVED
        if self.recovering_at is not None:
            return AlertStatus.RECOVERING
        return AlertStatus.PENDING if self.fired_at is None else AlertStatus.FIRING


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """An alert after a sample, and what the sample changed; both None when there is nothing to speak of."""

    alert: Alert | None
    transition: Transition | None = None


def scope_key(subnet_id: str) -> str:
    """The key of a subnet's alerts; with the rule's name it identifies the problem."""
    return f"subnet:{subnet_id}"


def advance(
    alert: Alert | None, sample: Sample, *, rule: Rule, subject: Subject, limits: Limits, timing: Timing
) -> Step:
    """The next step of an alert (None: there is none) after one sample.

    A sample that is stale, unknown, or not newer than the last one changes nothing.
    """
    reading = rule.read(sample, limits)
    if reading is None or (alert is not None and sample.observed_at <= alert.observed_at):
        return Step(alert=alert)
    if alert is None or _is_over(alert, sample):
        return Step(alert=None) if reading.breach is None else _begin(sample, reading, rule, subject, timing)
    gap = sample.observed_at - alert.observed_at
    fresh_time = gap if gap <= timing.longest_gap else timedelta(0)
    now = _observed(alert, sample, reading, subject)
    match alert.status:
        case AlertStatus.RESOLVED:
            return _reopen(alert, now, reading, timing)
        case AlertStatus.PENDING:
            return _pending(alert, now, reading, timing, alert.held + fresh_time)
        case AlertStatus.FIRING:
            return _firing(alert, now, reading, timing)
        case AlertStatus.RECOVERING:
            return _recovering(alert, now, reading, timing, alert.held + fresh_time)


def _is_over(alert: Alert, sample: Sample) -> bool:
    """Whether a resolved alert is too old, or never fired, and so cannot open again."""
    if alert.status is not AlertStatus.RESOLVED or alert.resolved_at is None:
        return False
    return alert.fired_at is None or sample.observed_at - alert.resolved_at > REOPEN_WITHIN


def _begin(sample: Sample, reading: Reading, rule: Rule, subject: Subject, timing: Timing) -> Step:
    started = Alert(
        rule=rule.name,
        scope_key=scope_key(subject.subnet_id),
        subnet_id=subject.subnet_id,
        label=subject.label,
        clusters=subject.clusters,
        account_id=subject.account_id,
        region=subject.region,
        az=subject.az,
        severity=reading.breach or Severity.WARNING,
        value_ips=reading.value_ips,
        shown_ips=reading.value_ips,
        threshold_ips=reading.threshold_ips,
        usable_ips=sample.usable_ips,
        lowest_ips=reading.value_ips,
        active_at=sample.observed_at,
        observed_at=sample.observed_at,
    )
    if reading.at_once or timing.hold <= timedelta(0):
        return _fire(started, started.severity)
    return Step(alert=started, transition=Transition.PENDING)


def _reopen(alert: Alert, now: Alert, reading: Reading, timing: Timing) -> Step:
    if reading.breach is None:
        return Step(alert=alert)
    again = replace(now, reopening_at=now.observed_at, held=timedelta(0))
    if reading.at_once or timing.hold <= timedelta(0):
        return _fire(again, reading.breach)
    return Step(alert=again, transition=Transition.PENDING)


def _pending(alert: Alert, now: Alert, reading: Reading, timing: Timing, held: timedelta) -> Step:
    if reading.breach is None:
        if alert.reopening_at is not None:
            return Step(alert=replace(now, reopening_at=None, held=timedelta(0)), transition=Transition.DROPPED)
        dropped = replace(now, resolved_at=now.observed_at, resolution="never held", held=timedelta(0))
        return Step(alert=dropped, transition=Transition.DROPPED)
    if reading.at_once or held >= timing.hold:
        return _fire(now, reading.breach)
    return Step(alert=replace(now, held=held))


def _fire(alert: Alert, severity: Severity) -> Step:
    """The alert firing: for the first time, or again within the half hour in which its card is still the place."""
    again = alert.reopening_at is not None
    fired = replace(
        alert,
        severity=severity,
        lowest_ips=alert.value_ips if again else alert.lowest_ips,
        active_at=alert.reopening_at or alert.active_at,
        fired_at=alert.observed_at,
        recovering_at=None,
        resolved_at=None,
        reopening_at=None,
        resolution="",
        reopened=alert.reopened + again,
        held=timedelta(0),
    )
    return _told(fired, Transition.REFIRED if again else Transition.OPENED)


def _firing(alert: Alert, now: Alert, reading: Reading, timing: Timing) -> Step:
    if reading.clear and timing.recover <= timedelta(0):
        return _resolve(now)
    if reading.clear:
        return _told(replace(now, recovering_at=now.observed_at, held=timedelta(0)), Transition.RECOVERING)
    if reading.breach is not None and reading.breach.rank > alert.severity.rank:
        return _told(replace(now, severity=reading.breach), Transition.ESCALATED)
    return _perhaps_changed(now)


def _recovering(alert: Alert, now: Alert, reading: Reading, timing: Timing, held: timedelta) -> Step:
    if reading.breach is not None:
        back = replace(
            now,
            severity=_worst(alert.severity, reading.breach),
            recovering_at=None,
            held=timedelta(0),
            flaps=alert.flaps + 1,
        )
        return _told(back, Transition.REFIRED)
    if not reading.clear:
        # Between the two thresholds the alert is not recovering and not worse: it fires on, and that is no flap.
        return _told(replace(now, recovering_at=None, held=timedelta(0)), Transition.CHANGED)
    if held >= timing.recover:
        return _resolve(now)
    return _perhaps_changed(replace(now, held=held))


def _resolve(alert: Alert) -> Step:
    ended = replace(alert, resolved_at=alert.observed_at, resolution="recovered", held=timedelta(0))
    return _told(ended, Transition.RESOLVED)


def _observed(alert: Alert, sample: Sample, reading: Reading, subject: Subject) -> Alert:
    return replace(
        alert,
        label=subject.label,
        clusters=subject.clusters,
        az=subject.az,
        value_ips=reading.value_ips,
        threshold_ips=reading.threshold_ips,
        usable_ips=sample.usable_ips,
        lowest_ips=min(alert.lowest_ips, reading.value_ips),
        observed_at=sample.observed_at,
    )


def _perhaps_changed(alert: Alert) -> Step:
    """An edit of the card when its figure moved by 1 % of the subnet, so that a busy subnet does not edit all day."""
    if abs(alert.value_ips - alert.shown_ips) * 100 >= max(alert.usable_ips, 100):
        return _told(alert, Transition.CHANGED)
    return Step(alert=alert)


def _told(alert: Alert, transition: Transition) -> Step:
    return Step(alert=replace(alert, shown_ips=alert.value_ips, revision=alert.revision + 1), transition=transition)


def _worst(left: Severity, right: Severity) -> Severity:
    return max(left, right, key=lambda severity: severity.rank)
