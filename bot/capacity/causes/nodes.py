"""The node has no room left: its ENIs are full and their addresses used, or its branch ENIs run out."""

from bot.capacity.diagnosis.evidence import ClusterView, Evidence, counted, listed
from bot.capacity.diagnosis.findings import Cause, Confidence, Finding, NotChecked, Seen, Step
from bot.capacity.diagnosis.node_pools import NodePool
from bot.capacity.diagnosis.question import Question
from bot.capacity.warmpool import trunk_compatible

_SECURITY_GROUPS = "SecurityGroupsForPods"
"""The feature of a CNINode. Source: https://github.com/aws/amazon-vpc-resource-controller-k8s (apis/vpcresources)."""

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
                evidence, view, Confidence.HIGH, blocked, "have every ENI slot in use and no trunk ENI", question
            )
        if incapable and (on and (said or len(incapable) == len(pools))):
            return _branch(
                evidence, view, Confidence.MEDIUM, incapable, "are of types that take no trunk ENI", question
            )
        if said and (found := _offered(question, evidence, view, pools)):
            return found
        branched = [pool for pool in pools if pool.branches]
        if said and branched:
            most = max(pool.branches for pool in branched)
            words = f"have branch ENIs, {most:,} at most; the limit of a type is in no AWS API"
            return _branch(evidence, view, Confidence.MEDIUM, branched, words, question)
        if said and view.known and not view.settings.pod_eni:
            return _branch(
                evidence, view, Confidence.MEDIUM, list(pools), "have no trunk: ENABLE_POD_ENI is off", question
            )
    if said:
        return NotChecked(cause=Cause.BRANCH_ENI_LIMIT, reason="no node with a trunk ENI was found to count on")
    return None


def _offered(question: Question, evidence: Evidence, view: ClusterView, pools: tuple[NodePool, ...]) -> Finding | None:
    """What the nodes themselves offer: branch interfaces that are all in use, or none since nobody prepared them."""
    if view.facts is None:
        return None
    spent = [
        pool
        for pool in pools
        if (node := view.node(pool)) is not None
        and (load := view.load(pool)) is not None
        and node.pod_eni is not None
        and load.with_branch >= node.pod_eni
    ]
    offering = [pool for pool in pools if (node := view.node(pool)) is not None and node.pod_eni]
    if spent and len(spent) == len(offering):
        return _branch(evidence, view, Confidence.HIGH, spent, "use every branch interface they offer", question)
    prepared = {each.name for each in view.facts.cni_nodes or () if _SECURITY_GROUPS in each.features}
    bare = [pool for pool in pools if (node := view.node(pool)) is not None and node.name not in prepared]
    if view.facts.cni_nodes is not None and bare and not offering:
        words = f"have no CNINode with {_SECURITY_GROUPS}: the VPC resource controller does not serve them"
        return _branch(evidence, view, Confidence.HIGH, bare, words, question)
    return None


def _full_nodes(
    question: Question, evidence: Evidence, view: ClusterView, pools: tuple[NodePool, ...], full: list[NodePool]
) -> Finding | None:
    said = question.said(Cause.NODE_ENI_LIMIT)
    loads = [(pool, load) for pool in full if (load := view.load(pool)) is not None]
    waiting = 0
    if loads:
        full = [pool for pool, load in loads if load.with_pool_ip >= pool.pod_ips]
        waiting = evidence.waiting_on(view, full)
        if not full:
            return None
        # A node whose pods use every address is as it should be, until one more pod is placed there.
        confidence = Confidence.HIGH if waiting or said else Confidence.LOW
    else:
        use = view.use
        spare = use is not None and 100 * use.warm_ips > SPARE_PCT * use.total_ips
        if spare and not said:
            return None
        used_up = use is not None and use.total_ips and not spare
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
    if loads and view.facts is not None:
        many = counted(waiting, "pod waits", "pods wait")
        text = f"pods use every address of {counted(len(full), 'node')}; {many} there"
        seen.append(Seen(text=text, observed_at=view.facts.observed_at))
    elif (use := view.use) is not None:
        text = f"pods use {use.used_ips:,} of {use.total_ips:,} addresses of the cluster ({use.source})"
        seen.append(Seen(text=text, observed_at=use.observed_at))
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


def _branch(
    evidence: Evidence, view: ClusterView, confidence: Confidence, pools: list[NodePool], words: str, question: Question
) -> Finding:
    subject = listed(sorted({pool.node.instance_type for pool in pools})) or view.cluster.name
    return Finding(
        cause=Cause.BRANCH_ENI_LIMIT,
        confidence=confidence,
        subject=subject,
        verdict=f"nodes of {view.cluster.name} can take no more pods with their own security groups",
        seen=(
            *question.quote(Cause.BRANCH_ENI_LIMIT),
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
