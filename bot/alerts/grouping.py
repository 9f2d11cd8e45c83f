"""Grouping and inhibition: alerts that share one card, and alerts that another one explains."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.alerts.alert import Alert, AlertStatus
from bot.alerts.figures import is_worse_higher
from bot.alerts.readings import Severity
from bot.alerts.subject import SubjectKind

GROUP_WAIT = timedelta(seconds=60)
"""How long a first message waits for the other subnets of its cluster and AZ.

Source: https://prometheus.io/docs/alerting/latest/configuration/ (group_wait: 30 s by default, to let inhibiting and
further alerts arrive); a poll takes most of a minute in a large account.
"""

BLIND_RULE = "blind"

EXPLAINED_BY: dict[str, tuple[str, ...]] = {
    "load_balancer_floor": ("low_ips",),
    "burn_rate": ("low_ips",),
    "control_plane_subnets": ("cluster_health",),
    "nodes_do_not_fit": ("nodegroup_health",),
}
"""Of one subject: a rule, and the rules whose alert says the same and more. Only an alert as bad explains another."""

_WIDTH = {SubjectKind.SUBNET: 0, SubjectKind.AZ: 1, SubjectKind.VPC: 2, SubjectKind.REGION: 3, SubjectKind.ACCOUNT: 4}
"""How much each kind contains; clusters and node groups lie across subnets and are in no such order."""

_OPEN = (AlertStatus.FIRING, AlertStatus.RECOVERING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The alerts of one card, worst first; `group_key` identifies the card."""

    group_key: str
    alerts: tuple[Alert, ...]

    def __post_init__(self) -> None:
        if not self.alerts:
            raise ValueError(f"the card {self.group_key} is about no alert")

    @property
    def lead(self) -> Alert:
        """The worst alert, which gives the card its words."""
        return self.alerts[0]

    @property
    def firing(self) -> tuple[Alert, ...]:
        """The alerts that fire or recover."""
        return tuple(alert for alert in self.alerts if alert.status in _OPEN)

    @property
    def is_resolved(self) -> bool:
        """Whether nothing fires any more."""
        return not self.firing


def group_key(alert: Alert) -> str:
    """The key of the card that shows the alert: its cluster and AZ for a subnet, its own problem for the rest.

    The first of several clusters counts. A subnet that no cluster uses is grouped with those of its VPC and AZ.
    """
    if alert.scope_kind is not SubjectKind.SUBNET:
        return f"{alert.rule}/{alert.scope_key}"
    owner = min(alert.clusters) if alert.clusters else alert.vpc_id
    zone = alert.az_id or alert.az
    if not owner or not zone:
        return f"{alert.rule}/{alert.scope_key}"
    return f"{alert.account_id}/{alert.region}/{owner}/{zone}"


def groups(alerts: Iterable[Alert], placed: Mapping[int, str] | None = None) -> tuple[Group, ...]:
    """The cards of these alerts, the worst card first. Pending alerts are on none.

    `placed` gives the card on which an alert was told of: there it stays when the clusters of its subnet change.
    """
    known = placed or {}
    members: dict[str, list[Alert]] = {}
    for alert in alerts:
        if alert.status is not AlertStatus.PENDING:
            members.setdefault(known.get(alert.alert_id or 0) or group_key(alert), []).append(alert)
    found = [Group(group_key=key, alerts=tuple(sorted(those, key=worst_first))) for key, those in members.items()]
    return tuple(sorted(found, key=lambda group: worst_first(group.lead)))


def worst_first(alert: Alert) -> tuple[int, int, float, str, str]:
    """Sort key of alerts: firing before recovering, pending and resolved, critical first, the emptiest first."""
    order = (AlertStatus.FIRING, AlertStatus.RECOVERING, AlertStatus.PENDING, AlertStatus.RESOLVED)
    share = alert.value / alert.capacity if alert.capacity else 1.0
    if alert.capacity and is_worse_higher(alert):
        share = 1.0 - share
    return (order.index(alert.status), -alert.severity.rank, share, alert.label, alert.rule)


def inhibitor(alert: Alert, others: Iterable[Alert]) -> Alert | None:
    """The firing alert that makes this one needless to tell: what contains it and says the same or that nothing can
    be read, or what explains it; the widest. None when there is none.

    A quota of a VPC near its end does not hide an empty subnet: only "blind" hides other rules.
    """
    found = [other for other in others if other.status in _OPEN and _inhibits(other, alert)]
    return max(found, key=lambda other: _WIDTH.get(other.scope_kind, 0), default=None)


def waits_for_parent(alert: Alert, others: Iterable[Alert], now: datetime, poll: timedelta) -> bool:
    """Whether a new alert waits for one that is pending and would explain it: one evaluation long, a critical not."""
    if alert.severity is Severity.CRITICAL or alert.fired_at is None or now - alert.fired_at >= poll:
        return False
    return any(other.status is AlertStatus.PENDING and _inhibits(other, alert) for other in others)


def _inhibits(parent: Alert, child: Alert) -> bool:
    if (parent.rule, parent.scope_key) == (child.rule, child.scope_key):
        return False
    if parent.rule == BLIND_RULE:
        return _contains(parent, child) and not _was_read(child, parent)
    if parent.severity.rank < child.severity.rank:
        return False
    if parent.rule == child.rule:
        return _contains(parent, child)
    return parent.scope_key == child.scope_key and parent.rule in EXPLAINED_BY.get(child.rule, ())


def _was_read(child: Alert, blind: Alert) -> bool:
    """Whether the child's figures are proof that its part can be read again: then it is told, or it could be over
    unheard before "blind" has recovered for long enough.
    """
    if child.rule == BLIND_RULE:
        return False
    return blind.status is AlertStatus.RECOVERING or child.observed_at > blind.observed_at


def _contains(parent: Alert, child: Alert) -> bool:
    """Whether the child's subject lies inside the parent's, by the facts both carry."""
    wide, narrow = _WIDTH.get(parent.scope_kind), _WIDTH.get(child.scope_kind, -1)
    if wide is None or wide <= narrow or parent.account_id != child.account_id:
        return False
    match parent.scope_kind:
        case SubjectKind.ACCOUNT:
            return True
        case SubjectKind.REGION:
            return parent.region == child.region
        case SubjectKind.VPC:
            return bool(parent.vpc_id) and parent.vpc_id == child.vpc_id
        case SubjectKind.AZ:
            return parent.region == child.region and bool(parent.az_id) and parent.az_id == child.az_id
        case _:
            return False
