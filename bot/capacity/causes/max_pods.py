"""max-pods does not fit the addresses of a node: it promises more pods than there are, or stops below them."""

from bot.capacity.diagnosis.evidence import ClusterView, Evidence, counted, listed
from bot.capacity.diagnosis.findings import Cause, Confidence, Finding, NotChecked, Seen, Step
from bot.capacity.diagnosis.node_pools import NodePool
from bot.capacity.diagnosis.question import Question
from bot.capacity.nodes import HOST_NETWORK_PODS, max_pods, max_pods_cap
from bot.capacity.warmpool import PoolMode

_TOO_MANY = "Too many pods"


def max_pods_wrong(question: Question, evidence: Evidence) -> Finding | NotChecked | None:
    """A max-pods above the addresses a node can have, or one below what its pods and mode would allow."""
    too_low = any(symptom.name == _TOO_MANY for symptom in question.symptoms)
    unseen = not evidence.clusters
    for view in (each for each in evidence.clusters if each.ipv4):
        pools = [pool for pool in evidence.pools(view) if pool.limits is not None]
        if view.facts is not None and view.facts.nodes is not None and view.facts.loads is not None:
            found = _reached(question, evidence, view, pools) if too_low else _promised(evidence, view, pools)
        else:
            unseen = True
            found = _too_low(question, evidence, view, pools) if too_low else _too_high(question, evidence, view, pools)
        if found is not None:
            return found
    if too_low and unseen:
        return NotChecked(cause=Cause.MAX_PODS, reason="which max-pods the nodes run with is not visible in AWS")
    return None


def _reached(question: Question, evidence: Evidence, view: ClusterView, pools: list[NodePool]) -> Finding | None:
    """Nodes that run as many pods as they may, by what Kubernetes says of both."""
    full = []
    for pool in pools:
        node, load = view.node(pool), view.load(pool)
        if node is not None and load is not None and node.max_pods is not None and load.pods >= node.max_pods:
            full.append((pool, node.max_pods, load))
    if not full or view.facts is None:
        return None
    pool, most, load = full[0]
    assert pool.limits is not None
    right = _right(pool, view)
    low = most < right
    verdict = (
        f"max-pods {most:,} stops the scheduler before addresses do on {pool.node.instance_type} nodes of "
        f"{view.cluster.name}"
        if low
        else f"{counted(len(full), 'node')} of {view.cluster.name} run as many pods as they may"
    )
    return Finding(
        cause=Cause.MAX_PODS,
        confidence=Confidence.HIGH,
        subject=pool.node.instance_type if low else view.cluster.name,
        verdict=verdict,
        seen=(
            Seen(
                text=f"{len(full):,} of {counted(len(pools), 'node')} are at their max-pods: "
                f"{pool.node.private_dns_name or pool.node.instance_id} runs {load.pods:,} of {most:,}",
                observed_at=view.facts.observed_at,
            ),
            question.quoted(_TOO_MANY),
            Seen(
                text=f"a {pool.node.instance_type} in this mode can have {right:,}; this one holds {pool.pod_ips:,} "
                f"addresses for pods, {load.with_pool_ip:,} in use",
                observed_at=evidence.read_at,
            ),
        ),
        do_now=(
            Step(text="add nodes: those there take no more pods"),
            *(
                (Step(text=f"let new nodes start with max-pods {right:,}: in the node group's launch template or "
                           "Karpenter's kubelet settings"),)
                if low
                else ()
            ),
        ),
        lasting=(
            Step(text="the right figure for the type", command=f"maxpods {pool.node.instance_type}"),
            Step(text="room for more nodes", command=f"plan {view.ref}"),
        ),
        unless="the pods that wait may only run on other nodes",
    )  # fmt: skip


def _promised(evidence: Evidence, view: ClusterView, pools: list[NodePool]) -> Finding | None:
    """Nodes whose max-pods is above their addresses; it bites where all addresses are used and pods wait there."""
    short = []
    for pool in pools:
        node, load, most = view.node(pool), view.load(pool), pool.most_pod_ips(view.settings)
        if node is None or load is None or node.max_pods is None or most is None:
            continue
        outside = load.pods - load.with_pool_ip - load.with_branch
        if node.max_pods - max(outside, HOST_NETWORK_PODS) > most and pool.full(view.settings):
            short.append((pool, node.max_pods, most, load))
    if not short or view.facts is None:
        return None
    used_up = [each for each in short if each[3].with_pool_ip >= each[0].pod_ips]
    waiting = evidence.waiting_on(view, (each[0] for each in used_up))
    if not used_up:
        return None
    pool, promised, most, load = used_up[0]
    pods = [] if not waiting else [f"{counted(waiting, 'pod waits', 'pods wait')} there for an address"]
    return Finding(
        cause=Cause.MAX_PODS,
        confidence=Confidence.HIGH if waiting else Confidence.LOW,
        subject=pool.node.instance_type,
        verdict=f"max-pods {promised:,} promises {pool.node.instance_type} nodes more pods than their {most:,} "
        "addresses",
        seen=(
            Seen(
                text=f"{counted(len(used_up), 'node')} of {view.cluster.name} use all their addresses: "
                f"{pool.node.private_dns_name or pool.node.instance_id} {load.with_pool_ip:,} of {most:,}, and may run "
                f"{promised:,} pods",
                observed_at=view.facts.observed_at,
            ),
            *(Seen(text=text, observed_at=view.facts.observed_at) for text in pods),
        ),
        do_now=(
            Step(
                text="let those pods go elsewhere: cordon the node and delete them",
                command=f"kubectl cordon {pool.node.private_dns_name or pool.node.instance_id}",
            ),
        ),
        lasting=(Step(text="the right figure for the type", command=f"maxpods {pool.node.instance_type}"),),
        unless="the pods there run on the host's network",
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


def _too_low(question: Question, evidence: Evidence, view: ClusterView, pools: list[NodePool]) -> Finding | None:
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
    right = _right(pool, view)
    return Finding(
        cause=Cause.MAX_PODS,
        confidence=Confidence.MEDIUM if roomy else Confidence.LOW,
        subject=pool.node.instance_type,
        verdict=f"max-pods stops the scheduler before addresses do on {pool.node.instance_type} nodes",
        seen=(
            question.quoted(_TOO_MANY),
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


def _right(pool: NodePool, view: ClusterView) -> int:
    """The max-pods that fits the type in the cluster's mode."""
    assert pool.limits is not None
    figures, custom = max_pods(pool.limits), view.settings.custom_networking
    if view.settings.mode is PoolMode.PREFIX:
        return figures.prefix_custom_networking if custom else figures.prefix
    return figures.custom_networking if custom else figures.secondary_managed


def _usual(pool: NodePool) -> int:
    """The max-pods that a node of the type has unless somebody changed it."""
    assert pool.limits is not None
    formula = max_pods(pool.limits).secondary
    return min(formula, max_pods_cap(pool.limits.vcpus)) if pool.node.nodegroup else formula
