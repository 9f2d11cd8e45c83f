"""The cluster as a whole: subnets of its control plane, Windows nodes without addresses for pods."""

from bot.capacity.diagnosis.evidence import ClusterView, Evidence, counted, listed
from bot.capacity.diagnosis.findings import Cause, Confidence, Finding, NotChecked, Seen, Step, Stops
from bot.capacity.diagnosis.pods import WINDOWS_SWITCH
from bot.capacity.diagnosis.question import Question
from bot.capacity.sites import UPDATE_IPS


def control_plane_subnets(question: Question, evidence: Evidence) -> Finding | NotChecked | None:
    """Subnets of the control plane without the addresses that EKS needs to update or repair the cluster.

    Source: https://docs.aws.amazon.com/eks/latest/userguide/update-cluster.html (up to five in the subnets given at
    creation); https://docs.aws.amazon.com/eks/latest/APIReference/API_ClusterIssue.html (InsufficientFreeAddresses).
    """
    said = question.said(Cause.CONTROL_PLANE_SUBNETS)
    blind = []
    for view in evidence.clusters:
        named = {
            i for issue in view.cluster.health if issue.code == "InsufficientFreeAddresses" for i in issue.resource_ids
        }
        reported = any(issue.code == "InsufficientFreeAddresses" for issue in view.cluster.health)
        control = [evidence.subnets[key] for key in sorted(view.cluster.subnet_ids) if key in evidence.subnets]
        short = [each for each in control if each.standing.free_ips is not None and each.standing.free_ips < UPDATE_IPS]
        short += [each for each in control if each.subnet.subnet_id in named and each not in short]
        blind += [each.subnet.label for each in control if each.standing.free_ips is None and each.subnet.cidr]
        outside = not (set(view.cluster.subnet_ids) & evidence.focus) if evidence.focus else False
        if outside or not (reported or short):
            continue
        worst = min(short, key=lambda each: each.standing.free_ips or 0, default=None)
        label = worst.subnet.label if worst else view.cluster.name
        seen = [
            Seen(
                text=f"{each.subnet.label} has {each.standing.free_ips or 0:,} of {each.standing.usable_ips:,} free; "
                f"an update needs {UPDATE_IPS} in each",
                observed_at=each.subnet.observed_at,
            )
            for each in short[:2]
        ]
        if reported:
            text = f"EKS reports InsufficientFreeAddresses for {view.cluster.name}"
            seen.insert(0, Seen(text=text, observed_at=evidence.read_at))
        if said:
            seen.append(Seen(text="the pasted text is EKS's refusal to update"))
        return Finding(
            cause=Cause.CONTROL_PLANE_SUBNETS,
            confidence=Confidence.HIGH if reported or said else Confidence.MEDIUM,
            subject=label,
            verdict=f"the control plane of {view.cluster.name} lacks addresses in {label}: updates are refused",
            seen=tuple(seen),
            do_now=(
                Step(
                    text="see who holds them",
                    command=f"/eksip who {worst.subnet.subnet_id if worst else view.ref}",
                ),
                Step(
                    text="give the cluster other subnets of the same zones",
                    command=f"aws eks update-cluster-config --region {view.cluster.region} --name {view.cluster.name} "
                    "--resources-vpc-config subnetIds=SUBNET_ONE,SUBNET_TWO",
                ),
            ),
            lasting=(Step(text="whether an update fits", command=f"upgrade {view.cluster.name}"),),
            unless="an update of the cluster has just been accepted",
            stops=Stops.UPDATES,
            subnet_id=worst.subnet.subnet_id if worst else "",
        )
    if blind:
        reason = f"free addresses of {listed(blind)} are not known"
        return NotChecked(cause=Cause.CONTROL_PLANE_SUBNETS, reason=reason)
    return None


def windows_ipam(question: Question, evidence: Evidence) -> Finding | NotChecked | None:
    """Windows nodes that have no address for another pod, or a cluster where Windows support is off.

    Source: https://docs.aws.amazon.com/eks/latest/userguide/windows-support.html (enable-windows-ipam in the ConfigMap
    amazon-vpc-cni); https://docs.aws.amazon.com/eks/latest/best-practices/windows-networking.html (one ENI a node).
    """
    said = question.said(Cause.WINDOWS_IPAM)
    for view in evidence.clusters:
        if said and (found := _switched_off(question, view)) is not None:
            return found
        groups = {group.name for group in view.cluster.nodegroups if group.ami_type.startswith("WINDOWS")}
        pools = [pool for pool in evidence.pools(view) if pool.node.nodegroup in groups]
        full = [
            pool
            for pool in pools
            if pool.limits is not None and not pool.prefixes and pool.pod_ips >= pool.limits.ipv4_per_eni - 1
        ]
        empty = [pool for pool in pools if not pool.pod_ips]
        short = full or empty
        if not short or not (said or (question.symptoms and full)):
            continue
        words = (
            "hold as many addresses as one ENI can" if full else "hold no address for pods: Windows support may be off"
        )
        return Finding(
            cause=Cause.WINDOWS_IPAM,
            confidence=Confidence.HIGH if said and full else Confidence.MEDIUM,
            subject=listed(sorted(groups)),
            verdict=f"Windows nodes of {view.cluster.name} have no address for another pod",
            seen=(
                *question.quote(Cause.WINDOWS_IPAM),
                Seen(text=f"{counted(len(short), 'Windows node')} {words}", observed_at=evidence.read_at),
            ),
            do_now=_WINDOWS_STEPS,
            lasting=(Step(text="addresses of Windows nodes", command="explain windows nodes"),),
            unless="the nodes offer vpc.amazonaws.com/PrivateIPv4Address that is not used up",
        )
    if not said:
        return None
    return Finding(
        cause=Cause.WINDOWS_IPAM,
        confidence=Confidence.LOW,
        subject=listed(view.cluster.name for view in evidence.clusters) or "the cluster",
        verdict="a Windows pod found no node that gives Windows pods addresses",
        seen=(*question.quote(Cause.WINDOWS_IPAM), Seen(text="no full Windows node was found")),
        do_now=_WINDOWS_STEPS,
        lasting=(Step(text="addresses of Windows nodes", command="explain windows nodes"),),
        unless="the pod is not meant for Windows nodes",
    )


def _switched_off(question: Question, view: ClusterView) -> Finding | None:
    """Windows nodes in a cluster whose ConfigMap does not switch addresses for them on."""
    facts = view.facts
    if facts is None or facts.config_map is None or not any(node.windows for node in facts.nodes or ()):
        return None
    value = dict(facts.config_map).get(WINDOWS_SWITCH)
    if value == "true":
        return None
    return Finding(
        cause=Cause.WINDOWS_IPAM,
        confidence=Confidence.HIGH,
        subject=view.cluster.name,
        verdict=f"Windows support is off in {view.cluster.name}: its Windows nodes offer no address",
        seen=(
            Seen(
                text="the ConfigMap amazon-vpc-cni "
                + (f"sets {WINDOWS_SWITCH}={value}" if value else f"does not set {WINDOWS_SWITCH}"),
                observed_at=facts.observed_at,
            ),
            *question.quote(Cause.WINDOWS_IPAM),
        ),
        do_now=(
            Step(
                text="switch it on",
                command="kubectl patch configmap amazon-vpc-cni -n kube-system --type merge "
                f"""-p '{{"data":{{"{WINDOWS_SWITCH}":"true"}}}}'""",
            ),
        ),
        lasting=(Step(text="addresses of Windows nodes", command="explain windows nodes"),),
        unless="the pod is not meant for Windows nodes",
    )


_WINDOWS_STEPS = (
    Step(
        text="enable-windows-ipam must be true",
        command="kubectl get configmap amazon-vpc-cni -n kube-system -o yaml",
    ),
    Step(
        text="what each node offers",
        command="kubectl get nodes -l kubernetes.io/os=windows -o "
        r"custom-columns=NAME:.metadata.name,IPS:.status.allocatable.vpc\.amazonaws\.com/PrivateIPv4Address",
    ),
)
