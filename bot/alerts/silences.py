"""Silences: what is kept quiet until when, by whom and why. Every silence has an end; none mutes a resolution."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo

from bot.alerts.alert import Alert, AlertStatus
from bot.alerts.readings import Severity
from bot.alerts.subject import SubjectKind
from bot.errors import UserError
from bot.scope import Scope, ScopeKind

LONGEST = timedelta(days=7)
"""The longest silence: what must be quiet for longer needs another threshold or no watch, not a silence."""

REMIND_BEFORE = timedelta(minutes=15)
"""How long before its end a silence is announced to end; one that is shorter than twice this needs no reminder."""

MORNING = time(9, 0)
"""When "until tomorrow" ends, in the reader's time zone."""

_LENGTH = re.compile(r"^(?:(\d{1,3})d)?(?:(\d{1,4})h)?(?:(\d{1,5})m(?:in)?)?$")
_CLOCK = re.compile(r"^([01]?\d|2[0-3]):([0-5]\d)$")
_EXAMPLES = ("30m", "2h", "tomorrow 09:00", "resolved")


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """One silence: what it covers, who made it when and why, and when it ends.

    It covers the alerts in `alert_ids`, or everything in `scope`, narrowed by `rules` and `severities` where they are
    named. With `until_resolved` it ends earlier, when its alerts are resolved. A maintenance window is a silence that
    starts later. `lifted_at` is when somebody ended it early, `reminded_at` and `end_told_at` when that was said.
    """

    silence_id: int | None = None
    alert_ids: tuple[int, ...] = ()
    scope: Scope | None = None
    rules: tuple[str, ...] = ()
    severities: tuple[Severity, ...] = ()
    created_by: str
    name: str = ""
    reason: str = ""
    created_at: datetime
    starts_at: datetime
    ends_at: datetime
    until_resolved: bool = False
    lifted_at: datetime | None = None
    lifted_by: str = ""
    reminded_at: datetime | None = None
    end_told_at: datetime | None = None

    def __post_init__(self) -> None:
        if bool(self.alert_ids) == (self.scope is not None):
            raise ValueError("a silence covers either alerts or a scope")
        if not self.starts_at < self.ends_at <= self.starts_at + LONGEST:
            raise ValueError(f"a silence ends after its start and within {LONGEST.days} days of it")
        if self.until_resolved and not self.alert_ids:
            raise ValueError("only alerts can be silenced until they are resolved")

    @property
    def over_at(self) -> datetime:
        """When it ends: as planned, or when it was lifted."""
        return self.ends_at if self.lifted_at is None else min(self.lifted_at, self.ends_at)

    def is_active(self, now: datetime) -> bool:
        """Whether it keeps anything quiet now."""
        return self.starts_at <= now < self.over_at


def covers(silence: Silence, alert: Alert) -> bool:
    """Whether the silence is about this alert, whatever the time."""
    if silence.rules and alert.rule not in silence.rules:
        return False
    if silence.severities and alert.severity not in silence.severities:
        return False
    if silence.scope is None:
        return alert.alert_id in silence.alert_ids
    return in_scope(silence.scope, alert)


def in_scope(scope: Scope, alert: Alert) -> bool:
    """Whether what the alert is about lies in the scope.

    A cluster is matched with the account of the alert: a subnet shared by another account is silenced by its own
    scope, since a cluster of the same name in another account must stay loud.
    """
    match scope.kind:
        case ScopeKind.ALL:
            return True
        case ScopeKind.ACCOUNT:
            return alert.account_id == scope.value
        case ScopeKind.REGION:
            return alert.region == scope.value
        case ScopeKind.VPC:
            return alert.vpc_id == scope.value or alert.scope_key == str(scope)
        case ScopeKind.CLUSTER:
            return scope.value in {f"{alert.account_id}/{alert.region}/{name}" for name in alert.clusters}
        case ScopeKind.SUBNET:
            return alert.scope_kind is SubjectKind.SUBNET and alert.scope_id == scope.value
        case ScopeKind.AZ:
            return bool(scope.value) and scope.value in (alert.az_id, alert.az)


def silence_of(alert: Alert, silences: Iterable[Silence], now: datetime) -> Silence | None:
    """The silence that keeps the alert quiet now, the one that lasts longest; None when none does.

    A resolved alert is never silenced: its card must be able to close.
    """
    if alert.status is AlertStatus.RESOLVED:
        return None
    found = [silence for silence in silences if silence.is_active(now) and covers(silence, alert)]
    return max(found, key=lambda silence: silence.over_at, default=None)


def done_early(silence: Silence, alerts: Iterable[Alert], now: datetime) -> bool:
    """Whether a silence "until resolved" has done its work: each of its alerts is resolved for good.

    `alerts` holds the alerts it names, as they stand. One that could still open again keeps it.
    """
    if not silence.until_resolved or not silence.is_active(now):
        return False
    status = {alert.alert_id: alert.status for alert in alerts}
    return all(status.get(alert_id) in (AlertStatus.RESOLVED, None) for alert_id in silence.alert_ids)


def reminder_due(silence: Silence, now: datetime) -> bool:
    """Whether it must be said now that the silence ends soon: once, and not for a short one."""
    if silence.reminded_at is not None or not silence.is_active(now):
        return False
    long_enough = silence.ends_at - silence.starts_at > 2 * REMIND_BEFORE
    return long_enough and now >= silence.ends_at - REMIND_BEFORE


def end_due(silence: Silence, now: datetime) -> bool:
    """Whether the silence has ended by itself and that was not dealt with yet; who lifted it knows."""
    return silence.end_told_at is None and silence.lifted_at is None and now >= silence.ends_at


def still_firing(silence: Silence, alerts: Iterable[Alert]) -> tuple[Alert, ...]:
    """The alerts to name once when the silence ends: those it covered that fire on. None: nothing is said."""
    loud = (AlertStatus.FIRING, AlertStatus.RECOVERING)
    return tuple(alert for alert in alerts if alert.status in loud and covers(silence, alert))


def silence_end(words: str, now: datetime, zone: tzinfo) -> tuple[datetime, bool]:
    """When a silence asked for in these words ends, and whether it ends earlier when its alerts are resolved.

    Understood are lengths ("30m", "2h", "1d12h"), "tomorrow", "tomorrow 08:30", "18:00" and "resolved", each with
    "until" or "for" before it or not. Clock times are in `zone`.
    Raises: UserError for other words, and for an end that lies more than seven days ahead.
    Example: `silence_end("until tomorrow 09:00", now, zone)`.
    """
    told = words.strip().lower().removeprefix("until ").removeprefix("for ").strip()
    if told == "resolved":
        return now + LONGEST, True
    end = _length_end(told, now) or _clock_end(told, now, zone)
    if end is None:
        raise UserError(f"I cannot read `{words[:30]}` as an end; one that works: `{_EXAMPLES[1]}`.", list(_EXAMPLES))
    if end > now + LONGEST:
        raise UserError(f"A silence lasts {LONGEST.days} days at most; `{words[:30]}` is longer.", ["7d"])
    return end, False


def _length_end(told: str, now: datetime) -> datetime | None:
    match = _LENGTH.match(told.replace(" ", ""))
    if match is None or not any(match.groups()):
        return None
    days, hours, minutes = (int(group or 0) for group in match.groups())
    length = timedelta(days=days, hours=hours, minutes=minutes)
    return now + length if length > timedelta(0) else None


def _clock_end(told: str, now: datetime, zone: tzinfo) -> datetime | None:
    day, _, clock = told.partition(" ") if told.startswith("tomorrow") else ("", "", told)
    match = _CLOCK.match(clock)
    if (day and day != "tomorrow") or (match is None and (clock or not day)):
        return None
    at = MORNING if match is None else time(int(match[1]), int(match[2]))
    local = now.astimezone(zone)
    ahead = 1 if day or local.timetz().replace(tzinfo=None) >= at else 0
    wanted = datetime.combine(local.date() + timedelta(days=ahead), at, tzinfo=zone)
    return wanted.astimezone(now.tzinfo)
