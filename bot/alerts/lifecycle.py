"""The life of an alert: pending, firing, recovering, resolved, from the times of fresh samples.

Clocks run on `observed_at`, the time AWS was asked, and only between samples that are close enough together: a pause
of the process, of AWS or of the database neither fires nor resolves anything (ALERTING 2.1).
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.alerts.alert import (
    DELETED,
    FLAP_WINDOW,
    NEVER_HELD,
    RECOVERED,
    RULE_REMOVED,
    Alert,
    AlertStatus,
    Step,
    Timing,
    Transition,
)
from bot.alerts.readings import Reading, Rule, SampleT, Severity, TimeLeft, Unit, Worse, time_left_class
from bot.alerts.samples import Sample
from bot.alerts.subject import Subject
from bot.alerts.thresholds import Thresholds
from bot.inventory import Quality

REOPEN_WITHIN = timedelta(minutes=30)
"""A breach this soon after the end re-opens the same alert and its card: one problem, one message (CHAT 5.3, 7)."""

MISSED_POLLS = 3
"""Samples further apart than this many polls say nothing of the time between them: the source was stale."""


NOTHING = Step(alert=None)
"""The step of a healthy thing without an alert: by far the most common one, made once."""


def advance(
    alert: Alert | None,
    sample: SampleT,
    *,
    rule: Rule[SampleT],
    subject: Subject,
    thresholds: Thresholds,
    timing: Timing,
) -> Step:
    """The next step of an alert (None: there is none) after one sample.

    A sample that is stale, unknown, or not newer than the last one changes nothing. One that is older by more than a
    pause that counts was taken after the clock was set back: it counts, with no time passed.
    """
    if sample.quality is not Quality.FRESH or (alert is not None and _is_late(alert, sample, timing)):
        return Step(alert=alert)
    reading = rule.read(sample, thresholds)
    if reading is None:
        return Step(alert=alert)
    if alert is None or _is_over(alert, sample):
        return NOTHING if reading.breach is None else _begin(sample, reading, rule, subject, timing)
    gap = sample.observed_at - alert.observed_at
    fresh_time = gap if timedelta(0) < gap <= timing.longest_gap else timedelta(0)
    now = _observed(alert, sample, reading, rule, subject, timing)
    is_reworded = now.detail != alert.detail
    match alert.status:
        case AlertStatus.RESOLVED:
            return _reopen(alert, now, reading, timing)
        case AlertStatus.PENDING:
            return _pending(now, reading, timing, fresh_time)
        case AlertStatus.FIRING:
            return _firing(now, reading, timing, is_reworded=is_reworded)
        case AlertStatus.RECOVERING:
            return _recovering(now, reading, timing, alert.held + fresh_time)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """Proof that a thing is deleted: absent from two complete, fresh listings, and not found when asked for by id.

    EC2 is eventually consistent: absence once is not evidence.
    Source: https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html
    """

    scope_key: str
    first_absent_at: datetime
    last_absent_at: datetime
    not_found_at: datetime

    def holds(self, poll: timedelta) -> bool:
        """Whether the listings are two polls apart or more and the thing was asked for after the last."""
        return self.last_absent_at - self.first_absent_at >= 2 * poll and self.not_found_at >= self.last_absent_at


def deleted(alert: Alert, proof: Gone, poll: timedelta) -> Step:
    """The end of an alert whose subject no longer exists; unchanged while the proof does not hold."""
    if proof.scope_key != alert.scope_key or not proof.holds(poll):
        return Step(alert=alert)
    return _ended(alert, proof.not_found_at, DELETED)


def rule_removed(alert: Alert, at: datetime) -> Step:
    """The end of an alert whose rule exists no more or is switched off."""
    return _ended(alert, at, RULE_REMOVED)


def after_downtime(alert: Alert, down_at: datetime, up_at: datetime, poll: timedelta) -> Alert:
    """The alert at start, after the process was down: a pending clock is shifted by a long downtime, nothing else.

    Firing stays firing, and nobody is told anything. Prometheus restores its own pending alerts the same way.
    Source: https://github.com/prometheus/prometheus/blob/main/rules/group.go (RestoreForState, default branch).
    """
    down = up_at - down_at
    if down <= MISSED_POLLS * poll or alert.status is not AlertStatus.PENDING:
        return alert
    if alert.reopening_at is not None:
        return replace(alert, reopening_at=alert.reopening_at + down)
    return replace(alert, active_at=alert.active_at + down)


def no_longer_read(alert: Alert, at: datetime, resolution: str) -> Step:
    """The end of an alert of an account or region that is read no more, for this reason (ACCOUNT_LEFT, NOT_READ)."""
    return _ended(alert, at, resolution)


def _is_late(alert: Alert, sample: Sample, timing: Timing) -> bool:
    """Whether the sample is no newer than what is known, unless the clock was set back in between."""
    return timedelta(0) <= alert.observed_at - sample.observed_at <= timing.longest_gap


def _is_over(alert: Alert, sample: Sample) -> bool:
    """Whether a resolved alert is too old, or never fired, and so cannot open again."""
    if alert.status is not AlertStatus.RESOLVED or alert.resolved_at is None:
        return False
    return alert.fired_at is None or sample.observed_at - alert.resolved_at > REOPEN_WITHIN


def _begin(sample: SampleT, reading: Reading, rule: Rule[SampleT], subject: Subject, timing: Timing) -> Step:
    started = Alert(
        rule=rule.name,
        scope_kind=subject.scope_kind,
        scope_key=subject.scope_key,
        label=subject.label,
        clusters=subject.clusters,
        account_id=subject.account_id,
        region=subject.region,
        az_id=subject.az_id,
        az=subject.az,
        vpc_id=subject.vpc_id,
        severity=reading.breach or Severity.WARNING,
        unit=rule.unit,
        value=reading.value,
        shown_value=reading.value,
        worst_value=reading.value,
        threshold=reading.threshold,
        capacity=reading.capacity,
        detail=reading.detail,
        left=reading.left,
        time_left=time_left_class(reading.left),
        active_at=sample.observed_at,
        observed_at=sample.observed_at,
        recent="1",
    )
    if _fires(started, reading, timing):
        return _fire(started, reading, started.severity)
    return Step(alert=started, transition=Transition.PENDING)


def _fires(alert: Alert, reading: Reading, timing: Timing) -> bool:
    """Whether the breach has been seen in enough samples and for long enough, or waiting would help nobody."""
    if reading.at_once or timing.hold <= timedelta(0):
        return True
    return alert.held >= timing.hold and alert.recent.count("1") >= timing.breaches


def _reopen(alert: Alert, now: Alert, reading: Reading, timing: Timing) -> Step:
    if reading.breach is None:
        return Step(alert=alert)
    again = replace(now, reopening_at=now.observed_at, held=timedelta(0), recent="1")
    if _fires(again, reading, timing):
        return _fire(again, reading, reading.breach)
    return Step(alert=again, transition=Transition.PENDING)


def _pending(now: Alert, reading: Reading, timing: Timing, fresh_time: timedelta) -> Step:
    """A breach moves the clock on; a good sample ends the wait only when too few can breach in time to fire."""
    if reading.breach is not None:
        held = replace(now, held=now.held + fresh_time)
        return _fire(held, reading, reading.breach) if _fires(held, reading, timing) else Step(alert=held)
    if _within_reach(now.recent, timing):
        return Step(alert=now)
    if now.reopening_at is not None:
        return Step(alert=replace(now, reopening_at=None, held=timedelta(0)), transition=Transition.DROPPED)
    dropped = replace(now, resolved_at=now.observed_at, resolution=NEVER_HELD, held=timedelta(0))
    return Step(alert=dropped, transition=Transition.DROPPED)


def _within_reach(recent: str, timing: Timing) -> bool:
    """Whether the breach in these samples could still be one of enough within a window.

    The samples to come count as breaches; the window that ends with them must hold a breach that was seen.
    """
    following = timing.breaches - 1
    seen = recent[-(timing.window - following) :] if timing.window > following else ""
    return "1" in seen


def _fire(alert: Alert, reading: Reading, severity: Severity) -> Step:
    """The alert firing: for the first time, or again within the half hour in which its card is still the place."""
    again = alert.reopening_at is not None
    fired = replace(
        alert,
        severity=severity,
        time_left=time_left_class(reading.left) if again else _most_urgent(alert.time_left, reading),
        worst_value=alert.value if again else alert.worst_value,
        active_at=alert.reopening_at or alert.active_at,
        fired_at=alert.observed_at,
        recovering_at=None,
        resolved_at=None,
        reopening_at=None,
        resolution="",
        reopened=alert.reopened + again,
        flapped_at=_flapped(alert) if again else (),
        held=timedelta(0),
    )
    return _told(fired, Transition.REFIRED if again else Transition.OPENED)


def _firing(now: Alert, reading: Reading, timing: Timing, *, is_reworded: bool) -> Step:
    if reading.clear and timing.recover <= timedelta(0):
        return _resolve(now)
    if reading.clear:
        return _told(replace(now, recovering_at=now.observed_at, held=timedelta(0)), Transition.RECOVERING)
    worse = reading.breach is not None and reading.breach.rank > now.severity.rank
    sooner = reading.breach is not None and time_left_class(reading.left).is_sooner_than(now.time_left)
    grown = replace(now, severity=_worst(now.severity, reading.breach), time_left=_most_urgent(now.time_left, reading))
    if worse or sooner:
        return _told(grown, Transition.ESCALATED)
    if now.unit is Unit.POLLS and is_reworded:
        return _told(grown, Transition.CHANGED)
    return _perhaps_changed(grown)


def _recovering(now: Alert, reading: Reading, timing: Timing, held: timedelta) -> Step:
    if reading.breach is not None:
        back = replace(
            now,
            severity=_worst(now.severity, reading.breach),
            time_left=_most_urgent(now.time_left, reading),
            recovering_at=None,
            held=timedelta(0),
            flaps=now.flaps + 1,
            flapped_at=_flapped(now),
        )
        return _told(back, Transition.REFIRED)
    if not reading.clear:
        # Between the two thresholds the alert is not recovering and not worse: it fires on, and that is no flap.
        return _told(replace(now, recovering_at=None, held=timedelta(0)), Transition.CHANGED)
    if held >= recover_for(now, timing):
        return _resolve(now)
    return _perhaps_changed(replace(now, held=held))


def recover_for(alert: Alert, timing: Timing) -> timedelta:
    """How long the alert must stay good to be resolved: twice as long while it flaps."""
    return 2 * timing.recover if alert.is_flapping else timing.recover


def _flapped(alert: Alert) -> tuple[datetime, ...]:
    """The falls back of the last hour, with the present one."""
    kept = tuple(moment for moment in alert.flapped_at if alert.observed_at - moment < FLAP_WINDOW)
    return (*kept, alert.observed_at)


def _resolve(alert: Alert) -> Step:
    return _ended(alert, alert.observed_at, RECOVERED)


def _ended(alert: Alert, at: datetime, resolution: str) -> Step:
    """The alert at its end. One that never fired is dropped in silence; one that had ended keeps its end."""
    if alert.status is AlertStatus.RESOLVED:
        return Step(alert=alert)
    if alert.reopening_at is not None:
        return Step(alert=replace(alert, reopening_at=None, held=timedelta(0)), transition=Transition.DROPPED)
    ended = replace(alert, resolved_at=at, resolution=resolution, held=timedelta(0))
    if alert.fired_at is None:
        return Step(alert=ended, transition=Transition.DROPPED)
    return _told(ended, Transition.RESOLVED)


def _observed(
    alert: Alert, sample: SampleT, reading: Reading, rule: Rule[SampleT], subject: Subject, timing: Timing
) -> Alert:
    """The alert with the newest figures and names."""
    worst = min if rule.worse is Worse.LOWER else max
    return replace(
        alert,
        label=subject.label,
        clusters=subject.clusters,
        az_id=subject.az_id,
        az=subject.az,
        vpc_id=subject.vpc_id,
        unit=rule.unit,
        value=reading.value,
        threshold=reading.threshold,
        capacity=reading.capacity,
        detail=reading.detail,
        left=reading.left,
        worst_value=worst(alert.worst_value, reading.value),
        observed_at=sample.observed_at,
        recent=(alert.recent + ("0" if reading.breach is None else "1"))[-timing.window :],
    )


def _perhaps_changed(alert: Alert) -> Step:
    """An edit of the card when its figure moved by 1 % of the whole, so that a busy subnet does not edit all day.

    A figure that is no part of a whole (minutes, errors) must move by a tenth of what was shown, and a count of failed
    polls double: it grows with every poll, and says nothing that its age does not.
    """
    if alert.unit is Unit.POLLS and alert.value < 2 * alert.shown_value:
        return Step(alert=alert)
    whole = alert.capacity if alert.capacity is not None else 10 * alert.shown_value
    if abs(alert.value - alert.shown_value) * 100 >= max(whole, 100):
        return _told(alert, Transition.CHANGED)
    return Step(alert=alert)


def _told(alert: Alert, transition: Transition) -> Step:
    return Step(alert=replace(alert, shown_value=alert.value, revision=alert.revision + 1), transition=transition)


def _worst(left: Severity, right: Severity | None) -> Severity:
    return left if right is None or left.rank >= right.rank else right


def _most_urgent(so_far: TimeLeft, reading: Reading) -> TimeLeft:
    return max(so_far, time_left_class(reading.left), key=lambda left: left.rank)
