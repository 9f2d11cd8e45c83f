"""`why`: which cause the evidence speaks for, in an order, with what to do and what could not be checked."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from bot.capacity.causes.clusters import control_plane_subnets, windows_ipam
from bot.capacity.causes.cni import cni_not_running
from bot.capacity.causes.leftovers import leaked_enis
from bot.capacity.causes.max_pods import max_pods_wrong
from bot.capacity.causes.networking import custom_networking, subnet_discovery_tags
from bot.capacity.causes.nodes import branch_eni_limit, node_eni_limit
from bot.capacity.causes.pools import cooldown, warm_pool_frozen, warm_pool_hoarding
from bot.capacity.causes.refusals import ec2_throttled, iam, quota
from bot.capacity.causes.subnets import LATELY, no_free_block, reservation_exhausted, subnet_exhausted
from bot.capacity.diagnosis.evidence import Evidence, Unread, counted, listed
from bot.capacity.diagnosis.findings import (
    Cause,
    ClusterPods,
    Confidence,
    Diagnosis,
    Finding,
    NotChecked,
    Remark,
    Seen,
    Step,
    Stops,
)
from bot.capacity.diagnosis.pods import drift, heard
from bot.capacity.diagnosis.question import Question

CauseCheck = Callable[[Question, Evidence], Finding | NotChecked | None]

CAUSES: tuple[tuple[Cause, CauseCheck], ...] = (
    (Cause.SUBNET_EXHAUSTED, subnet_exhausted),
    (Cause.NO_FREE_BLOCK, no_free_block),
    (Cause.RESERVATION_EXHAUSTED, reservation_exhausted),
    (Cause.WARM_POOL_FROZEN, warm_pool_frozen),
    (Cause.CNI_NOT_RUNNING, cni_not_running),
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

_NAMED = 8
"""Clusters named of those that lack the same."""

_SAID, _CERTAIN, _FITS, _ELSEWHERE = 3, 2, 1, -3
"""Weights of a finding: a pasted message names it, each step of confidence, it stops what is said not to work, it
stops something else. A fact of high confidence outweighs a message that only names a cause."""


def diagnose(question: Question, evidence: Evidence) -> Diagnosis:
    """The verdict on the question, the other findings in their order, and what could not be checked.

    What events of waiting pods quote counts like a pasted message, for their cluster alone. A low finding is a verdict
    only where such a message names its cause. Without a verdict it is "not an IP problem" when everything needed was
    read, and unknown else.
    """
    weighed: list[tuple[int, Finding, Question]] = []
    open_checks: list[NotChecked] = []
    for asked, part in _by_cluster(question, evidence):
        for _, check in CAUSES:
            found = check(asked, part)
            if isinstance(found, NotChecked):
                open_checks.append(found)
            elif found is not None and not any(each.verdict == found.verdict for _, each, _ in weighed):
                weighed.append((_weight(found, asked), found, asked))
    weighed.sort(key=lambda each: -each[0])
    kept = [(found, asked) for _, found, asked in weighed if _matters(found, asked)]
    verdict = next((found for found, asked in kept if _may_be_verdict(found, asked)), None)
    if verdict is None:
        verdict = _nothing_found(question, evidence, [found for _, found, _ in weighed], open_checks)
    return Diagnosis(
        verdict=verdict,
        others=tuple(found for found, _ in kept if found is not verdict),
        not_checked=_not_checked(open_checks, evidence),
        pods=_pods(evidence),
        remarks=_remarks(evidence),
    )


def _by_cluster(question: Question, evidence: Evidence) -> list[tuple[Question, Evidence]]:
    """The question with what events of each cluster say, and the evidence it is about.

    What the pods of one cluster meet says nothing of another, so each of them is judged by itself; those whose pods
    say nothing stay together.
    """
    told = [
        (view, said)
        for view in evidence.clusters
        if (said := heard(evidence.waiting(view), view.cluster.name, evidence.now))
    ]
    if not told:
        return [(question, evidence)]
    names = {id(view) for view, _ in told}
    rest = tuple(view for view in evidence.clusters if id(view) not in names)
    parts = [(question.with_heard(said), replace(evidence, clusters=(view,))) for view, said in told]
    return [*parts, (question, replace(evidence, clusters=rest))] if rest else parts


def _pods(evidence: Evidence) -> tuple[ClusterPods, ...]:
    """What the clusters' own APIs show of their pods, those with pods that wait first."""
    found = []
    for view in evidence.clusters:
        if view.facts is not None:
            waiting = evidence.waiting(view)
            cut = view.facts.waiting_pods - len(view.facts.waiting or ())
            found.append(
                ClusterPods(
                    cluster=view.cluster.name,
                    observed_at=view.facts.observed_at,
                    waiting=waiting,
                    waiting_pods=len(waiting) + cut,
                    # Pods of IPv6 clusters hold no address that a subnet could run out of.
                    holders=view.facts.holders if view.ipv4 else (),
                    namespaces=view.facts.namespaces if view.ipv4 else (),
                )
            )
    return tuple(sorted(found, key=lambda each: -each.waiting_pods))


def _remarks(evidence: Evidence) -> tuple[Remark, ...]:
    """Settings of the clusters that are not what somebody takes them for."""
    return tuple(
        Remark(cluster=view.cluster.name, text=f"{view.cluster.name}: {text}", observed_at=view.facts.observed_at)
        for view in evidence.clusters
        if view.facts is not None and view.addon is not None and view.ipv4
        for text in drift(view.addon, view.facts)
    )


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
            do_now=_look(evidence),
            unless="",
        )
    return Finding(
        cause=Cause.NOT_IP_PROBLEM,
        confidence=Confidence.LOW if findings else Confidence.MEDIUM,
        subject=subject,
        verdict="not an IP problem, as far as I can see",
        seen=(*_told_otherwise(evidence), *_well(evidence), *_other_launches(evidence)),
        do_now=_look(evidence),
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
        use = view.use
        if use is not None and view.ipv4:
            warm = counted(use.warm_ips, "address", "addresses")
            text = f"nodes of {view.cluster.name} hold {warm} that no pod uses ({use.source})"
            seen.append(Seen(text=text, observed_at=use.observed_at))
    asked = [view for view in evidence.clusters if view.facts is not None and view.facts.waiting is not None]
    calm = [view for view in asked if not evidence.waiting(view)]
    if calm and len(calm) == len(asked):
        text = f"no pod of {listed(view.cluster.name for view in calm)} waits for a node or an address"
        seen.append(Seen(text=text, observed_at=calm[0].facts.observed_at if calm[0].facts else None))
    return tuple(seen)


def _told_otherwise(evidence: Evidence) -> tuple[Seen, ...]:
    """What events say of pods that wait for something else than an address."""
    found = []
    for view in evidence.clusters:
        newest: dict[str, datetime] = {}
        for pod in evidence.waiting(view):
            if pod.message and pod.seen_at is not None:
                newest[pod.message] = max(pod.seen_at, newest.get(pod.message, pod.seen_at))
        found += [
            Seen(text=f"a pod of {view.cluster.name} waits: {message[:160]}", observed_at=seen_at)
            for message, seen_at in list(newest.items())[:2]
        ]
    return tuple(found[:3])


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


def _look(evidence: Evidence) -> tuple[Step, ...]:
    """Where to look next: at the pod that waits longest, where one is known."""
    waiting = sorted((pod for view in evidence.clusters for pod in evidence.waiting(view)), key=lambda pod: pod.since)
    name, namespace = (waiting[0].name, waiting[0].namespace) if waiting else ("POD", "NAMESPACE")
    return (
        Step(
            text="what the scheduler and kubelet say",
            command=f"kubectl describe pod {name} -n {namespace} | tail -20",
        ),
        Step(
            text="what the CNI says on the pod's node",
            command="kubectl logs -n kube-system -l k8s-app=aws-node -c aws-node --tail=50",
        ),
    )


def _not_checked(checks: Iterable[NotChecked], evidence: Evidence) -> tuple[str, ...]:
    found = [*evidence.missing, *(check.reason for check in checks)]
    found += [view.launches.reason for view in evidence.clusters if isinstance(view.launches, Unread)]
    found += _uncounted(evidence)
    if isinstance(evidence.places, Unread):
        found.append(evidence.places.reason)
    return tuple(text for text in dict.fromkeys((*found, *_unseen(evidence))) if text.strip(" ."))


def _uncounted(evidence: Evidence) -> list[str]:
    """Whose CNI metrics there are none of, each reason once with all of its clusters."""
    alike: dict[tuple[str, bool], list[str]] = {}
    for view in evidence.clusters:
        if isinstance(view.figures, Unread):
            names = alike.setdefault((view.figures.reason.rstrip("."), view.use is not None), [])
            names += [view.figures.of] if view.figures.of else []
    return [
        f"{reason}{f' for {listed(names, _NAMED)}' if names else ''}{'' if used else ': what pods use is not known'}"
        for (reason, used), names in alike.items()
    ]


def _unseen(evidence: Evidence) -> list[str]:
    """What the clusters' own APIs did not show, with the reasons: clusters that lack the same stand together."""
    found: list[str] = []
    alike: dict[tuple[str, str], list[str]] = {}
    for view in evidence.clusters:
        if isinstance(view.kubernetes, Unread):
            found.append(view.kubernetes.reason)
            continue
        by_reason: dict[str, list[str]] = {}
        for part, reason in view.kubernetes.unread:
            by_reason.setdefault(reason, []).append(part.value)
        for reason, parts in by_reason.items():
            alike.setdefault((", ".join(parts), reason), []).append(view.cluster.name)
    return found + [f"{parts} of {listed(names, _NAMED)}: {reason}" for (parts, reason), names in alike.items()]
