"""Where pod interfaces go: custom networking without its ENIConfig, and the tags of subnet discovery."""

from datetime import timedelta

from bot.capacity.causes.eni_configs import wrong_eni_config
from bot.capacity.causes.subnets import growth_ips
from bot.capacity.cni_env import CUSTOM_NETWORKING
from bot.capacity.diagnosis.evidence import ClusterView, Evidence, SubnetView, Unread, counted, listed
from bot.capacity.diagnosis.findings import Cause, Confidence, Finding, NotChecked, Seen, Step
from bot.capacity.diagnosis.node_pools import NodePool
from bot.capacity.diagnosis.question import Question

SETTLED = timedelta(minutes=10)
"""Age from which a node has had the time to attach its first interface, EC2's retries included."""

CNI_TAG = "kubernetes.io/role/cni"
CLUSTER_TAG = "cni.networking.k8s.aws/cluster/"
"""Source: https://github.com/aws/amazon-vpc-cni-k8s/blob/master/pkg/awsutils/awsutils.go
(isSubnetValidForENICreation: v1.22.1 and later)."""


def custom_networking(question: Question, evidence: Evidence) -> Finding | NotChecked | None:
    """Nodes under custom networking without any pod interface of their own, or with pods in their own subnet.

    Source: https://docs.aws.amazon.com/eks/latest/userguide/cni-custom-network.html (an ENIConfig for each zone, in the
    node's zone; it reaches new nodes only).
    """
    said = question.said(Cause.CUSTOM_NETWORKING)
    for view in (each for each in evidence.clusters if each.ipv4):
        if not view.known and said:
            return NotChecked(
                cause=Cause.CUSTOM_NETWORKING, reason=f"the CNI's settings of {view.cluster.name} are not known"
            )
        if not view.settings.custom_networking:
            continue
        if (found := wrong_eni_config(question, evidence, view)) is not None:
            return found
        pools = [pool for pool in evidence.pools(view) if _settled(pool, evidence)]
        bare = [pool for pool in pools if not pool.pod_ips]
        old = [pool for pool in pools if pool.primary_ips]
        if bare:
            return _without_config(question, evidence, view, bare)
        if old:
            return _old_nodes(question, evidence, view, old, len(pools))
    if not said:
        return None
    named = [view for view in evidence.clusters if view.ipv4 and view.settings.custom_networking]
    reason = "every node of {} has pod interfaces; which ENIConfig each one uses is not visible in AWS"
    return NotChecked(
        cause=Cause.CUSTOM_NETWORKING,
        reason=reason.format(listed(view.cluster.name for view in named))
        if named
        else "custom networking is off in the settings that are known",
    )


def subnet_discovery_tags(question: Question, evidence: Evidence) -> Finding | NotChecked | None:
    """Tags that keep new interfaces out of the subnet of the nodes, or out of another one with room."""
    said = question.said(Cause.SUBNET_DISCOVERY_TAGS)
    unread = []
    for view in (each for each in evidence.clusters if each.ipv4):
        nodes_in = {pool.node.subnet_id for pool in evidence.pools(view)} or view.cluster.node_subnet_ids
        for subnet_id in sorted(nodes_in & evidence.subnets.keys()):
            home = evidence.subnets[subnet_id]
            if isinstance(home.tags, Unread):
                unread.append(home.tags.reason)
                continue
            near = _near(home, evidence)
            usable = [each for each in near if _usable(each, view)]
            if home.tags.get(CNI_TAG) == "0" and not usable and not view.settings.custom_networking:
                return _shut_out(evidence, home)
            if (home.standing.available_ips or 0) >= growth_ips([view]) or usable:
                continue
            foreign = [each for each in near if _has_role(each) and not _usable(each, view)]
            ignored = [each for each in near if _usable(each, view)] if view.settings.custom_networking else []
            if foreign:
                return _foreign(evidence, view, home, foreign[0])
            if ignored:
                return _ignored(evidence, view, home, ignored[0])
    if unread and (said or not evidence.clusters):
        return NotChecked(cause=Cause.SUBNET_DISCOVERY_TAGS, reason=listed(unread, 1))
    return None


def _without_config(question: Question, evidence: Evidence, view: ClusterView, bare: list[NodePool]) -> Finding:
    zones = sorted({pool.node.az for pool in bare if pool.node.az})
    pasted = question.quote(Cause.CUSTOM_NETWORKING)
    return Finding(
        cause=Cause.CUSTOM_NETWORKING,
        confidence=Confidence.HIGH if pasted else Confidence.MEDIUM,
        subject=listed(zones) or view.cluster.name,
        verdict=f"{counted(len(bare), 'node')} of {view.cluster.name} have no pod interface: no ENIConfig fits, or its "
        "subnet is in another zone or full",
        seen=(
            Seen(text=f"{view.set_by} sets {CUSTOM_NETWORKING}=true", observed_at=evidence.read_at),
            Seen(
                text=f"{listed(pool.node.private_dns_name or pool.node.instance_id for pool in bare)} in "
                f"{listed(zones)} hold no address for pods",
                observed_at=evidence.read_at,
            ),
            *pasted,
        ),
        do_now=(
            Step(text="one ENIConfig for each zone, its subnet in that zone", command="kubectl get eniconfigs -o yaml"),
            Step(
                text="how nodes choose theirs: the label's name",
                command="kubectl get daemonset aws-node -n kube-system -o yaml | grep -A1 ENI_CONFIG",
            ),
        ),
        lasting=(Step(text="how it fits together", command="explain custom networking"),),
        unless="the nodes run no pod that needs an address of its own",
    )


def _old_nodes(question: Question, evidence: Evidence, view: ClusterView, old: list[NodePool], nodes: int) -> Finding:
    pasted = question.quote(Cause.CUSTOM_NETWORKING)
    return Finding(
        cause=Cause.CUSTOM_NETWORKING,
        confidence=Confidence.MEDIUM,
        subject=view.cluster.name,
        verdict=f"{counted(len(old), 'node')} of {view.cluster.name} joined before custom networking and still take "
        "pod addresses from their own subnet",
        seen=(
            Seen(text=f"{view.set_by} sets {CUSTOM_NETWORKING}=true", observed_at=evidence.read_at),
            Seen(
                text=f"{len(old):,} of {counted(nodes, 'node')} hold pod addresses on their primary ENI",
                observed_at=evidence.read_at,
            ),
            *pasted,
        ),
        do_now=(
            Step(
                text="replace them, one by one",
                command=f"kubectl drain {old[0].node.private_dns_name or old[0].node.instance_id} "
                "--ignore-daemonsets --delete-emptydir-data",
            ),
        ),
        lasting=(Step(text="how it fits together", command="explain custom networking"),),
        unless="those addresses were assigned by something other than the CNI",
    )


def _shut_out(evidence: Evidence, home: SubnetView) -> Finding:
    subnet = home.subnet
    return Finding(
        cause=Cause.SUBNET_DISCOVERY_TAGS,
        confidence=Confidence.HIGH,
        subject=subnet.label,
        verdict=f"nodes in {subnet.label} may make interfaces in no subnet: {CNI_TAG} shuts all of them",
        seen=(
            Seen(text=f"{subnet.label} has the tag {CNI_TAG}=0", observed_at=evidence.read_at),
            Seen(text=f"no other subnet of the VPC in {subnet.az} is tagged for the CNI", observed_at=evidence.read_at),
        ),
        do_now=(
            Step(
                text="let the nodes use their own subnet again",
                command=f"aws ec2 delete-tags --region {subnet.region} --resources {subnet.subnet_id} "
                f"--tags Key={CNI_TAG}",
            ),
        ),
        lasting=(Step(text="which tags count, and when", command="explain subnet discovery"),),
        unless="the CNI is older than 1.18, or ENABLE_SUBNET_DISCOVERY is false",
        subnet_id=subnet.subnet_id,
    )


def _foreign(evidence: Evidence, view: ClusterView, home: SubnetView, other: SubnetView) -> Finding:
    tags = {} if isinstance(other.tags, Unread) else other.tags
    owners = [key.removeprefix(CLUSTER_TAG) for key in tags if key.startswith(CLUSTER_TAG)]
    return Finding(
        cause=Cause.SUBNET_DISCOVERY_TAGS,
        confidence=Confidence.MEDIUM,
        subject=other.subnet.label,
        verdict=f"{view.cluster.name} may not use {other.subnet.label}: its tags name other clusters",
        seen=(
            Seen(
                text=f"{home.subnet.label} has {home.standing.available_ips or 0:,} addresses free",
                observed_at=home.subnet.observed_at,
            ),
            Seen(
                text=f"{other.subnet.label}, same zone, {other.standing.available_ips or 0:,} free, is tagged for "
                f"{listed(owners) or 'no value that counts'}",
                observed_at=evidence.read_at,
            ),
        ),
        do_now=(
            Step(
                text=f"open it to {view.cluster.name} as well",
                command=f"aws ec2 create-tags --region {other.subnet.region} --resources {other.subnet.subnet_id} "
                f"--tags Key={CNI_TAG},Value=1 Key={CLUSTER_TAG}{view.cluster.name},Value=shared",
            ),
        ),
        lasting=(Step(text="which tags count, and when", command="explain subnet discovery"),),
        unless="the CNI is older than 1.22.1, where only the presence of the tag counts",
        subnet_id=other.subnet.subnet_id,
    )


def _ignored(evidence: Evidence, view: ClusterView, home: SubnetView, other: SubnetView) -> Finding:
    return Finding(
        cause=Cause.SUBNET_DISCOVERY_TAGS,
        confidence=Confidence.MEDIUM,
        subject=other.subnet.label,
        verdict=f"the tag on {other.subnet.label} does nothing: custom networking decides in {view.cluster.name}",
        seen=(
            Seen(text=f"{view.set_by} sets {CUSTOM_NETWORKING}=true", observed_at=evidence.read_at),
            Seen(text=f"{other.subnet.label} has the tag {CNI_TAG}", observed_at=evidence.read_at),
        ),
        do_now=(Step(text="name the subnet in an ENIConfig instead", command="kubectl get eniconfigs -o yaml"),),
        lasting=(Step(text="how it fits together", command="explain custom networking"),),
        unless="the DaemonSet's live environment has custom networking off",
        subnet_id=home.subnet.subnet_id,
    )


def _near(home: SubnetView, evidence: Evidence) -> list[SubnetView]:
    return [
        other
        for other in evidence.subnets.values()
        if (other.subnet.vpc_id, other.subnet.az) == (home.subnet.vpc_id, home.subnet.az)
        and other.subnet.subnet_id != home.subnet.subnet_id
    ]


def _has_role(view: SubnetView) -> bool:
    return not isinstance(view.tags, Unread) and view.tags.get(CNI_TAG, "") not in ("", "0")


def _usable(view: SubnetView, cluster: ClusterView) -> bool:
    """Whether the CNI may make interfaces in this subnet, which is not the node's own."""
    if isinstance(view.tags, Unread) or not _has_role(view):
        return False
    owners = [key.removeprefix(CLUSTER_TAG) for key in view.tags if key.startswith(CLUSTER_TAG)]
    return not owners or cluster.cluster.name in owners


def _settled(pool: NodePool, evidence: Evidence) -> bool:
    launched = pool.node.launched_at
    return launched is None or evidence.now - launched >= SETTLED
