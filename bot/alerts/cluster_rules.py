"""Rules about clusters and their node groups: room for nodes and updates, health as EKS sees it, and the CNI's own."""

from collections import Counter
from collections.abc import Iterable

from bot.alerts.margins import above, below, clear_above, clear_below
from bot.alerts.readings import Reading, Rule, Severity, Unit, Worse
from bot.alerts.samples import ClusterSample, CniSample, ControlPlaneSubnet, NodegroupSample
from bot.alerts.subject import SubjectKind
from bot.alerts.thresholds import Thresholds
from bot.inventory import HealthIssue, Quality
from bot.wording import span

ADDRESS_CODES = frozenset({"InsufficientFreeAddresses", "Ec2SubnetNotFound", "Ec2SubnetInvalidConfiguration"})
"""Health codes of EKS that say a subnet cannot serve: no addresses, no subnet, a subnet that cannot be used.

Source: https://docs.aws.amazon.com/eks/latest/APIReference/API_ClusterIssue.html and API_Issue.html.
"""

LAUNCH_CODES = frozenset({"AsgInstanceLaunchFailures"})
"""A node group's code for launches that failed; it is about addresses only where its message says so."""

LAUNCH_WORDS = ("InsufficientFreeAddresses", "free addresses", "InsufficientCidrBlocks")

NAMED = 3
"""Subnets or resources named in a sentence; more are counted."""

LABEL_CHARACTERS = 40
"""Characters of a name in a sentence: a Name tag may have 256."""


def address_issues(issues: Iterable[HealthIssue]) -> tuple[HealthIssue, ...]:
    """The health issues that are about addresses and subnets."""
    return tuple(
        issue
        for issue in issues
        if issue.code in ADDRESS_CODES
        or (issue.code in LAUNCH_CODES and any(word.lower() in issue.message.lower() for word in LAUNCH_WORDS))
    )


def _nodes_do_not_fit(sample: NodegroupSample, thresholds: Thresholds) -> Reading | None:
    if sample.quality is not Quality.FRESH or sample.nodes_fit is None:
        return None
    # A group that may add one more node needs room for one, and a group at its maximum for the one of its update.
    wanted = thresholds.nodes_fit if sample.room is None else min(thresholds.nodes_fit, max(sample.room, 1))
    kind = f" ({sample.instance_type})" if sample.instance_type else ""
    return Reading(
        value=sample.nodes_fit,
        threshold=wanted,
        breach=below(sample.nodes_fit, wanted, min(thresholds.nodes_fit_critical, wanted)),
        clear=sample.nodes_fit >= clear_below(wanted, None, thresholds.clear_ratio),
        at_once=sample.nodes_fit <= 0,
        detail=f"Node group {sample.nodegroup}{kind} has addresses for {_more(sample.nodes_fit)}.",
    )


def _more(nodes: int) -> str:
    return "no more node" if nodes <= 0 else "one more node" if nodes == 1 else f"{nodes:,} more nodes"


def _control_plane_subnets(sample: ClusterSample, thresholds: Thresholds) -> Reading | None:
    """EKS refuses an update unless the subnets it may use have five free addresses each, in two AZs or more.

    A refused update names single subnets (containers-roadmap 1693), so a subnet below the floor is a warning; with
    fewer AZs than two left that could serve, the update cannot work at all.
    """
    if sample.quality is not Quality.FRESH or not sample.subnets:
        return None
    known = [(subnet, subnet.free_ips) for subnet in sample.subnets if subnet.free_ips is not None]
    short = [subnet for subnet, free in known if free < thresholds.control_plane_ips]
    serving = {subnet.az_id for subnet, free in known if free >= thresholds.control_plane_ips}
    unknown = len(sample.subnets) - len(known)
    if unknown and not short:
        return None
    too_few = not unknown and len(serving) < min(thresholds.control_plane_azs, len({s.az_id for s in sample.subnets}))
    lowest = min(free for _, free in known)
    return Reading(
        value=lowest,
        threshold=thresholds.control_plane_ips,
        breach=Severity.CRITICAL if too_few else Severity.WARNING if short else None,
        clear=not short and lowest >= clear_below(thresholds.control_plane_ips, None, thresholds.clear_ratio),
        detail=_short_sentence(short, len(serving)) if short else "Every cluster subnet has room for an EKS update.",
    )


def _short_sentence(short: list[ControlPlaneSubnet], azs: int) -> str:
    names = ", ".join(f"{subnet.label[:LABEL_CHARACTERS]} ({subnet.free_ips} free)" for subnet in short[:NAMED])
    more = f" and {len(short) - NAMED} more" if len(short) > NAMED else ""
    place = "AZ" if azs == 1 else "AZs"
    return f"An EKS update may be refused: {names}{more}; {azs} {place} left with room."


def _health(issues: tuple[HealthIssue, ...] | None) -> Reading | None:
    if issues is None:
        return None
    found = address_issues(issues)
    codes = Counter(issue.code for issue in found)
    told = ", ".join(code if count == 1 else f"{code} ({count} times)" for code, count in codes.items())
    where = list(dict.fromkeys(resource for issue in found for resource in issue.resource_ids))
    named = f" on {', '.join(where[:NAMED])}" if where else ""
    more = f" and {len(where) - NAMED} more" if len(where) > NAMED else ""
    return Reading(
        value=len(found),
        threshold=1,
        breach=Severity.CRITICAL if found else None,
        clear=not found,
        at_once=bool(found),
        detail=f"EKS reports {told}{named}{more}." if found else "EKS reports no such issue.",
    )


def _cluster_health(sample: ClusterSample, _: Thresholds) -> Reading | None:
    return _health(sample.health) if sample.quality is Quality.FRESH else None


def _nodegroup_health(sample: NodegroupSample, _: Thresholds) -> Reading | None:
    return _health(sample.health) if sample.quality is Quality.FRESH else None


def _cni_ip_saturation(sample: CniSample, thresholds: Thresholds) -> Reading | None:
    if sample.quality is not Quality.FRESH or sample.assigned_ips is None or not sample.max_ips:
        return None
    pct = round(100 * sample.assigned_ips / sample.max_ips, 1)
    return Reading(
        value=pct,
        threshold=thresholds.cni_saturation_pct,
        breach=above(pct, thresholds.cni_saturation_pct, thresholds.cni_saturation_critical_pct),
        clear=pct <= thresholds.cni_saturation_pct - CNI_CLEAR_POINTS,
        at_once=pct >= FULL_PCT,
        detail=f"Pods use {sample.assigned_ips:,.0f} of {sample.max_ips:,.0f} addresses that all nodes can hold.",
    )


CNI_CLEAR_POINTS = 5.0
"""Points of a percentage under the threshold at which recovery begins: a node more or less moves a small cluster so."""

FULL_PCT = 100.0


def _cni_errors(sample: CniSample, thresholds: Thresholds) -> Reading | None:
    counts = [count for count in (sample.ipamd_errors, sample.ec2_api_errors) if count is not None]
    if sample.quality is not Quality.FRESH or not counts:
        return None
    total = sum(counts)
    told = [
        f"{count:,.0f} {name}"
        for count, name in ((sample.ipamd_errors, "of ipamd"), (sample.ec2_api_errors, "of the EC2 API"))
        if count is not None
    ]
    return Reading(
        value=total,
        threshold=thresholds.cni_errors,
        breach=above(total, thresholds.cni_errors, thresholds.cni_errors_critical),
        clear=total <= clear_above(thresholds.cni_errors, thresholds.clear_ratio),
        detail=f"Errors of aws-node in {span(sample.window)}: {', '.join(told)}.",
    )


NODES_DO_NOT_FIT = Rule(
    name="nodes_do_not_fit",
    title="Few more nodes fit",
    summary="fewer more nodes of the node group's type fit than it may need",
    severity=Severity.CRITICAL,
    topic="growth-planning",
    scope_kinds=(SubjectKind.NODEGROUP,),
    unit=Unit.NODES,
    worse=Worse.LOWER,
    settings=("nodes_fit", "nodes_fit_critical", "clear_ratio"),
    reads=NodegroupSample,
    read=_nodes_do_not_fit,
)

CONTROL_PLANE_SUBNETS = Rule(
    name="control_plane_subnets",
    title="No room for EKS updates",
    summary="a cluster subnet has fewer free addresses than EKS needs to update the cluster",
    severity=Severity.CRITICAL,
    topic="control-plane-subnets",
    scope_kinds=(SubjectKind.CLUSTER,),
    unit=Unit.IPS,
    worse=Worse.LOWER,
    settings=("control_plane_ips", "control_plane_azs", "clear_ratio"),
    reads=ClusterSample,
    read=_control_plane_subnets,
)

CLUSTER_HEALTH = Rule(
    name="cluster_health",
    title="EKS lacks addresses",
    summary="EKS reports InsufficientFreeAddresses or an unusable subnet for the cluster",
    severity=Severity.CRITICAL,
    topic="control-plane-subnets",
    scope_kinds=(SubjectKind.CLUSTER,),
    unit=Unit.ISSUES,
    worse=Worse.HIGHER,
    settings=(),
    reads=ClusterSample,
    read=_cluster_health,
)

NODEGROUP_HEALTH = Rule(
    name="nodegroup_health",
    title="Node group lacks addresses",
    summary="EKS reports InsufficientFreeAddresses or an unusable subnet for the node group",
    severity=Severity.CRITICAL,
    topic="managed-nodegroup-health",
    scope_kinds=(SubjectKind.NODEGROUP,),
    unit=Unit.ISSUES,
    worse=Worse.HIGHER,
    settings=(),
    reads=NodegroupSample,
    read=_nodegroup_health,
)

CNI_IP_SATURATION = Rule(
    name="cni_ip_saturation",
    title="Nodes nearly full of pods",
    summary="pods use most of the addresses that the cluster's nodes can hold",
    severity=Severity.CRITICAL,
    topic="cni-metrics-helper",
    scope_kinds=(SubjectKind.CLUSTER,),
    unit=Unit.PERCENT,
    worse=Worse.HIGHER,
    settings=("cni_saturation_pct", "cni_saturation_critical_pct"),
    reads=CniSample,
    read=_cni_ip_saturation,
)

CNI_ERRORS = Rule(
    name="cni_errors",
    title="CNI errors",
    summary="ipamd or its EC2 calls fail again and again",
    severity=Severity.CRITICAL,
    topic="cni-metrics-helper",
    scope_kinds=(SubjectKind.CLUSTER,),
    unit=Unit.ERRORS,
    worse=Worse.HIGHER,
    settings=("cni_errors", "cni_errors_critical", "clear_ratio"),
    reads=CniSample,
    read=_cni_errors,
)
