"""`why`: which cause the evidence speaks for, in an order, with what to do and what could not be checked."""

from collections.abc import Callable, Iterable

from bot.capacity.causes.clusters import control_plane_subnets, windows_ipam
from bot.capacity.causes.leftovers import leaked_enis
from bot.capacity.causes.networking import custom_networking, subnet_discovery_tags
from bot.capacity.causes.nodes import branch_eni_limit, max_pods_wrong, node_eni_limit
from bot.capacity.causes.pools import cooldown, warm_pool_frozen, warm_pool_hoarding
from bot.capacity.causes.refusals import ec2_throttled, iam, quota
from bot.capacity.causes.subnets import LATELY, no_free_block, reservation_exhausted, subnet_exhausted
from bot.capacity.diagnosis.evidence import Evidence, Unread, counted, listed
from bot.capacity.diagnosis.findings import Cause, Confidence, Diagnosis, Finding, NotChecked, Seen, Step, Stops
from bot.capacity.diagnosis.question import Question

CauseCheck = Callable[[Question, Evidence], Finding | NotChecked | None]

CAUSES: tuple[tuple[Cause, CauseCheck], ...] = (
    (Cause.SUBNET_EXHAUSTED, subnet_exhausted),
    (Cause.NO_FREE_BLOCK, no_free_block),
    (Cause.RESERVATION_EXHAUSTED, reservation_exhausted),
    (Cause.WARM_POOL_FROZEN, warm_pool_frozen),
    (Cause.CUSTOM_NETWORKING, custom_networking),
    (Cause.SUBNET_DISCOVERY_TAGS, subnet_discovery_tags),
    (Cause.QUOTA, quota),
    (Cause.IAM, iam),
    (Cause.BRANCH_ENI_LIMIT, branch_eni_limit),
    (Cause.WINDOWS_IPAM, windows_ipam),
    (Cause.MAX_PODS, max_pods_wrong),
    (Cause.NODE_ENI_LIMIT, node_eni_limit),
    (Cause.EC2_THROTTLED, ec2_throttled),
    (Cause.LEAKED_ENIS, leaked_enis),
    (Cause.WARM_POOL_HOARDING, warm_pool_hoarding),
    (Cause.COOLDOWN, cooldown),
    (Cause.CONTROL_PLANE_SUBNETS, control_plane_subnets),
)
"""Every cause with its check; among findings that weigh the same, the earlier one is named first."""

_NEEDED = frozenset(
    {
        Cause.SUBNET_EXHAUSTED,
        Cause.NO_FREE_BLOCK,
        Cause.RESERVATION_EXHAUSTED,
        Cause.WARM_POOL_FROZEN,
        Cause.NODE_ENI_LIMIT,
    }
)
"""What must have been looked at before it may be said that addresses are not the problem."""

_OPEN = frozenset({Cause.NODE_ENI_LIMIT, Cause.COOLDOWN, Cause.EC2_THROTTLED, Cause.MAX_PODS})
"""Causes whose low confidence means that what decides was not visible, not that there is little of it."""

_BEYOND = "pods, their events, ENIConfigs and the live DaemonSet (no Kubernetes access)"

_SAID, _CERTAIN, _FITS, _ELSEWHERE = 3, 2, 1, -3
"""Weights of a finding: a pasted message names it, each step of confidence, it stops what is said not to work, it
stops something else. A fact of high confidence outweighs a message that only names a cause."""


def diagnose(question: Question, evidence: Evidence) -> Diagnosis:
    """The verdict on the question, the other findings in their order, and what could not be checked.

    A low finding is a verdict only where a pasted message names its cause. Without a verdict it is "not an IP problem"
    when everything needed was read, and unknown else.
    """
    results = [(cause, check(question, evidence)) for cause, check in CAUSES]
    findings = [found for _, found in results if isinstance(found, Finding)]
    open_checks = [found for _, found in results if isinstance(found, NotChecked)]
    findings.sort(key=lambda found: -_weight(found, question))
    kept = [found for found in findings if _matters(found, question)]
    not_checked = _not_checked(open_checks, evidence)
    verdict = next((found for found in kept if _may_be_verdict(found, question)), None)
    if verdict is None:
        verdict = _nothing_found(question, evidence, findings, open_checks)
    others = tuple(found for found in kept if found is not verdict)
    return Diagnosis(verdict=verdict, others=others, not_checked=not_checked)


def _weight(found: Finding, question: Question) -> int:
    weight = _CERTAIN * found.confidence.rank
    if question.narrowed and found.cause in question.suspected:
        weight += _SAID
    stopped = question.stopped or Stops.PODS
    if (found.stops is Stops.UPDATES) is (stopped is Stops.UPDATES):
        return weight + _FITS
    return weight + (_ELSEWHERE if question.stopped is not None else 0)


def _matters(found: Finding, question: Question) -> bool:
    """Whether to name it: a pasted message narrows what is said to its causes and to what is more than a guess."""
    return not question.narrowed or found.cause in question.suspected or found.confidence is not Confidence.LOW


def _may_be_verdict(found: Finding, question: Question) -> bool:
    if question.stopped not in (None, Stops.UPDATES) and found.stops is Stops.UPDATES:
        return False
    return found.confidence is not Confidence.LOW or bool(question.said(found.cause))


def _nothing_found(
    question: Question, evidence: Evidence, findings: list[Finding], open_checks: list[NotChecked]
) -> Finding:
    unread = [check.reason for check in open_checks if check.cause in _NEEDED or question.said(check.cause)]
    unread += [found.verdict for found in findings if found.cause in _OPEN and found.confidence is Confidence.LOW]
    unread += evidence.missing
    views = evidence.looked_at
    if not views:
        unread.append("no IPv4 subnet of nodes or pods was found to look at")
    names = [] if evidence.focus else [view.cluster.name for view in evidence.clusters]
    subject = listed(names or [view.subnet.label for view in views])
    if unread:
        return Finding(
            cause=Cause.UNKNOWN,
            confidence=Confidence.LOW,
            subject=subject or "the scope",
            verdict="I cannot tell: what would decide could not be read",
            seen=tuple(Seen(text=text) for text in list(dict.fromkeys(unread))[:3]) + _well(evidence),
            do_now=_LOOK,
            unless="",
        )
    return Finding(
        cause=Cause.NOT_IP_PROBLEM,
        confidence=Confidence.LOW if findings else Confidence.MEDIUM,
        subject=subject,
        verdict="not an IP problem, as far as I can see",
        seen=(*_well(evidence), *_other_launches(evidence)),
        do_now=_LOOK,
        unless="ipamd's log on the node speaks of addresses or ENIs",
    )


def _well(evidence: Evidence) -> tuple[Seen, ...]:
    """What was read and is in order: the emptiest subnet, the nodes."""
    known = [view for view in evidence.looked_at if view.standing.free_pct is not None]
    seen = []
    if known:
        worst = min(known, key=lambda view: view.standing.free_pct or 0.0)
        text = (
            f"{counted(len(known), 'subnet')} looked at; the fullest, {worst.subnet.label}, has "
            f"{worst.standing.free_ips or 0:,} of {worst.standing.usable_ips:,} addresses free"
        )
        seen.append(Seen(text=text, observed_at=worst.subnet.observed_at))
    pools = [(view, pool) for view in evidence.clusters if view.ipv4 for pool in evidence.pools(view)]
    if pools:
        room = sum(pool.full(view.settings) is False for view, pool in pools)
        text = f"{room:,} of {counted(len(pools), 'node')} can still attach addresses"
        seen.append(Seen(text=text, observed_at=evidence.read_at))
    for view in evidence.clusters:
        figures = view.figures
        if not isinstance(figures, Unread) and view.warm_ips is not None:
            text = (
                f"nodes of {view.cluster.name} hold {counted(view.warm_ips, 'address', 'addresses')} that no pod uses"
            )
            seen.append(Seen(text=f"{text} (CNI metrics)", observed_at=figures.observed_at))
    return tuple(seen)


def _other_launches(evidence: Evidence) -> tuple[Seen, ...]:
    """Launches that failed for reasons of their own: capacity, vCPU limits, launch templates."""
    failures = [
        failure
        for view in evidence.clusters
        for failure in (() if isinstance(view.launches, Unread) else view.launches)
        if evidence.now - failure.started_at <= LATELY
    ]
    return tuple(
        Seen(text=f"a launch of {each.group} failed: {each.message[:120]}", observed_at=each.started_at)
        for each in failures[:2]
    )


_LOOK = (
    Step(text="what the scheduler and kubelet say", command="kubectl describe pod POD -n NAMESPACE | tail -20"),
    Step(
        text="what the CNI says on the pod's node",
        command="kubectl logs -n kube-system -l k8s-app=aws-node -c aws-node --tail=50",
    ),
)


def _not_checked(checks: Iterable[NotChecked], evidence: Evidence) -> tuple[str, ...]:
    found = [*evidence.missing, *(check.reason for check in checks)]
    for view in evidence.clusters:
        found += [part.reason for part in (view.figures, view.launches) if isinstance(part, Unread)]
    if isinstance(evidence.places, Unread):
        found.append(evidence.places.reason)
    return (*dict.fromkeys(found), _BEYOND)
