"""The node has no room left: its ENIs are full, its max-pods does not fit its addresses, its branch ENIs run out."""

from bot.capacity.diagnosis.evidence import ClusterView, Evidence, Unread, counted, listed
from bot.capacity.diagnosis.findings import Cause, Confidence, Finding, NotChecked, Seen, Step
from bot.capacity.diagnosis.node_pools import NodePool
from bot.capacity.diagnosis.question import Question
from bot.capacity.nodes import HOST_NETWORK_PODS, max_pods, max_pods_cap
from bot.capacity.warmpool import PoolMode, trunk_compatible

SPARE_PCT = 5
"""Percent of a cluster's addresses that may be warm while single nodes have none: pods spread unevenly."""


def node_eni_limit(question: Question, evidence: Evidence) -> Finding | NotChecked | None:
    """Nodes whose ENIs are all attached and full, while pods use what they hold."""
    unknown: list[str] = []
    best: Finding | None = None
    blind = [each.subnet.label for each in evidence.looked_at if not each.enis_read]
    for view in _ipv4(evidence):
        pools = evidence.pools(view)
        unknown += [pool.node.instance_type for pool in pools if pool.full(view.settings) is None]
        full = [pool for pool in pools if pool.full(view.settings) and pool.pod_ips]
        found = _full_nodes(question, evidence, view, pools, full) if full else None
        if found and (best is None or found.confidence.rank > best.confidence.rank):
            best = found
    if best is None and blind:
        return NotChecked(cause=Cause.NODE_ENI_LIMIT, reason=f"nodes and interfaces in {listed(blind)} are not known")
    if best is None and unknown:
        return NotChecked(cause=Cause.NODE_ENI_LIMIT, reason=f"the limits of {listed(unknown)} are not known")
    return best


def max_pods_wrong(question: Question, evidence: Evidence) -> Finding | NotChecked | None:
    """A max-pods above the addresses a node can have, or one below what its pods and mode would allow."""
    too_low = any(symptom.name == "Too many pods" for symptom in question.symptoms)
    for view in _ipv4(evidence):
        pools = [pool for pool in evidence.pools(view) if pool.limits is not None]
        found = _too_low(evidence, view, pools) if too_low else _too_high(question, evidence, view, pools)
        if found is not None:
            return found
    if too_low:
        return NotChecked(cause=Cause.MAX_PODS, reason="which max-pods the nodes run with is not visible in AWS")
    return None


def branch_eni_limit(question: Question, evidence: Evidence) -> Finding | NotChecked | None:
    """Nodes that can take no pod with its own security groups: no trunk, no slot for one, or a type without.

    Source: https://docs.aws.amazon.com/eks/latest/userguide/security-groups-for-pods.html; a trunk takes the place of
    an ordinary ENI, and is attached only where one is free.
    """
    said = question.said(Cause.BRANCH_ENI_LIMIT)
    wanted = [view for view in _ipv4(evidence) if view.settings.pod_eni or said]
    for view in wanted:
        pools = evidence.pools(view)
        without = [pool for pool in pools if not pool.trunk and pool.limits is not None]
        blocked = [
            pool
            for pool in without
            if pool.limits is not None
            and trunk_compatible(pool.limits)
            and (most := pool.most_enis(view.settings)) is not None
            and pool.enis >= most
        ]
        incapable = [pool for pool in without if pool.limits is not None and not trunk_compatible(pool.limits)]
        on = view.known and view.settings.pod_eni
        if blocked and on:
            return _branch(
                evidence, view, Confidence.HIGH, blocked, "have every ENI slot in use and no trunk ENI", said
            )
        if incapable and (on and (said or len(incapable) == len(pools))):
            return _branch(evidence, view, Confidence.MEDIUM, incapable, "are of types that take no trunk ENI", said)
        branched = [pool for pool in pools if pool.branches]
        if said and branched:
            most = max(pool.branches for pool in branched)
            words = f"have branch ENIs, {most:,} at most; the limit of a type is in no AWS API"
            return _branch(evidence, view, Confidence.MEDIUM, branched, words, said)
        if said and view.known and not view.settings.pod_eni:
            return _branch(evidence, view, Confidence.MEDIUM, list(pools), "have no trunk: ENABLE_POD_ENI is off", said)
    if said:
        return NotChecked(cause=Cause.BRANCH_ENI_LIMIT, reason="no node with a trunk ENI was found to count on")
    return None


def _full_nodes(
    question: Question, evidence: Evidence, view: ClusterView, pools: tuple[NodePool, ...], full: list[NodePool]
) -> Finding | None:
    said = question.said(Cause.NODE_ENI_LIMIT)
    warm, figures = view.warm_ips, view.figures
    total = None if isinstance(figures, Unread) else figures.total_ips
    if warm is not None and total and 100 * warm > SPARE_PCT * total and not said:
        return None
    used_up = warm is not None and total and 100 * warm <= SPARE_PCT * total
    if said or (used_up and len(full) == len(pools)):
        confidence = Confidence.HIGH
    elif used_up:
        confidence = Confidence.MEDIUM
    else:
        # Nodes that hold all they can are usual: whether pods use it decides, and is not known.
        confidence = Confidence.MEDIUM if evidence.focus_nodes and question.symptoms else Confidence.LOW
    sample = full[0]
    seen = [
        Seen(
            text=f"{len(full):,} of {counted(len(pools), 'node')} of {view.cluster.name} hold all they can: "
            f"{sample.node.instance_type} {counted(sample.enis, 'ENI')}, {sample.pod_ips:,} addresses for pods",
            observed_at=evidence.read_at,
        )
    ]
    if view.settings.max_eni is not None and sample.limits and view.settings.max_eni < sample.limits.max_enis:
        text = f"MAX_ENI={view.settings.max_eni} stops below the type's {sample.limits.max_enis} ENIs"
        seen.append(Seen(text=text, observed_at=evidence.read_at))
    if warm is not None and total and not isinstance(figures, Unread):
        text = f"pods use {round(total) - warm:,} of {round(total):,} addresses of the cluster (CNI metrics)"
        seen.append(Seen(text=text, observed_at=figures.observed_at))
    else:
        seen.append(Seen(text="how many of these addresses pods use is not known"))
    names = [pool.node.private_dns_name or pool.node.instance_id for pool in full]
    return Finding(
        cause=Cause.NODE_ENI_LIMIT,
        confidence=confidence,
        subject=view.cluster.name if len(full) > 1 else names[0],
        verdict=f"{counted(len(full), 'node')} of {view.cluster.name} can hold no more addresses, whatever "
        "the subnet has",
        seen=tuple(seen),
        do_now=(
            Step(text=f"let new pods go elsewhere: cordon {listed(names, 1)}", command=f"kubectl cordon {names[0]}"),
            Step(text="add nodes: more of them, or of a larger type"),
        ),
        lasting=(
            Step(text="16 addresses in each slot", command=f"prefix {view.ref}"),
            Step(text="pods per node of a type", command=f"maxpods {sample.node.instance_type}"),
            Step(text="room for more nodes", command=f"plan {view.ref}"),
        ),
        unless="these nodes have addresses that no pod uses",
    )


def _too_high(question: Question, evidence: Evidence, view: ClusterView, pools: list[NodePool]) -> Finding | None:
    """Nodes that lost ENIs for pods to a setting, so that the usual max-pods promises more than there is."""
    settings = view.settings
    reasons = {
        "custom networking leaves the primary ENI out": settings.custom_networking,
        "the trunk takes an ENI": settings.pod_eni,
        f"MAX_ENI={settings.max_eni} limits the ENIs": settings.max_eni is not None,
    }
    why = [text for text, holds in reasons.items() if holds]
    full = [pool for pool in pools if pool.full(settings) and pool.pod_ips]
    if not why or not full or not (question.symptoms or view.warm_ips == 0):
        return None
    short = [pool for pool in full if _usual(pool) - HOST_NETWORK_PODS > (pool.most_pod_ips(settings) or 0)]
    if not short:
        return None
    pool = short[0]
    most = pool.most_pod_ips(settings) or 0
    return Finding(
        cause=Cause.MAX_PODS,
        confidence=Confidence.MEDIUM,
        subject=pool.node.instance_type,
        verdict=f"max-pods may promise {pool.node.instance_type} nodes more pods than their {most:,} addresses",
        seen=(
            Seen(
                text=f"{listed(why)}: a {pool.node.instance_type} has {most:,} addresses for pods, the usual max-pods "
                f"is {_usual(pool):,}; {counted(len(short), 'node')} of {view.cluster.name} hold all of theirs",
                observed_at=evidence.read_at,
            ),
            Seen(text="which max-pods the nodes run with is not visible in AWS"),
        ),
        do_now=(
            Step(
                text=f"compare with {most + HOST_NETWORK_PODS:,}",
                command="kubectl get nodes -o custom-columns=NAME:.metadata.name,PODS:.status.capacity.pods",
            ),
        ),
        lasting=(Step(text="the right figure for the type", command=f"maxpods {pool.node.instance_type}"),),
        unless="the nodes' capacity says no more pods than that",
    )


def _too_low(evidence: Evidence, view: ClusterView, pools: list[NodePool]) -> Finding | None:
    """Nodes with addresses to spare, while the scheduler says that they hold too many pods."""
    settings = view.settings
    roomy = [
        pool
        for pool in pools
        if pool.prefixes and pool.limits is not None and pool.pod_ips > max_pods(pool.limits).secondary
    ]
    spare = [pool for pool in pools if pool.full(settings) is False]
    if not roomy and not spare:
        return None
    pool = (roomy or spare)[0]
    assert pool.limits is not None
    figures = max_pods(pool.limits)
    right = figures.prefix if settings.mode is PoolMode.PREFIX else figures.secondary_managed
    return Finding(
        cause=Cause.MAX_PODS,
        confidence=Confidence.MEDIUM if roomy else Confidence.LOW,
        subject=pool.node.instance_type,
        verdict=f"max-pods stops the scheduler before addresses do on {pool.node.instance_type} nodes",
        seen=(
            Seen(text="the pasted text says: Too many pods"),
            Seen(
                text=f"{pool.node.private_dns_name or pool.node.instance_id} holds {pool.pod_ips:,} addresses for pods "
                f"and can hold {pool.most_pod_ips(settings) or 0:,}",
                observed_at=evidence.read_at,
            ),
        ),
        do_now=(
            Step(
                text=f"compare with {right:,}, the figure for the mode",
                command="kubectl get nodes -o custom-columns=NAME:.metadata.name,PODS:.status.capacity.pods",
            ),
        ),
        lasting=(Step(text="the right figure for the type", command=f"maxpods {pool.node.instance_type}"),),
        unless=f"the nodes already run with max-pods {right:,}",
    )


def _usual(pool: NodePool) -> int:
    """The max-pods that a node of the type has unless somebody changed it."""
    assert pool.limits is not None
    formula = max_pods(pool.limits).secondary
    return min(formula, max_pods_cap(pool.limits.vcpus)) if pool.node.nodegroup else formula


def _branch(
    evidence: Evidence, view: ClusterView, confidence: Confidence, pools: list[NodePool], words: str, said: str
) -> Finding:
    pasted = (Seen(text=f"the pasted text says: {said}"),) if said else ()
    subject = listed(sorted({pool.node.instance_type for pool in pools})) or view.cluster.name
    return Finding(
        cause=Cause.BRANCH_ENI_LIMIT,
        confidence=confidence,
        subject=subject,
        verdict=f"nodes of {view.cluster.name} can take no more pods with their own security groups",
        seen=(
            *pasted,
            Seen(text=f"{counted(len(pools), 'node')} of {view.cluster.name} {words}", observed_at=evidence.read_at),
        ),
        do_now=(
            Step(
                text="see what each node offers",
                command="kubectl get nodes -o "
                r"custom-columns=NAME:.metadata.name,POD_ENI:.status.allocatable.vpc\.amazonaws\.com/pod-eni",
            ),
            Step(text="replace nodes that joined before ENABLE_POD_ENI was on, or add nodes of a type with trunk ENIs"),
        ),
        lasting=(Step(text="how trunk and branch ENIs count", command="explain security groups for pods"),),
        unless="the nodes offer vpc.amazonaws.com/pod-eni that is not used up",
    )


def _ipv4(evidence: Evidence) -> tuple[ClusterView, ...]:
    return tuple(view for view in evidence.clusters if view.ipv4)
