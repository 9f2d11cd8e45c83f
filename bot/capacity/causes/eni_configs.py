"""Custom networking by what the cluster itself says: the ENIConfig of each node, whether it exists and where it points.

Source: https://docs.aws.amazon.com/eks/latest/userguide/cni-custom-network.html (an ENIConfig's subnet must be in the
zone of the nodes that take it).
"""

from bot.capacity.diagnosis.evidence import ClusterView, Evidence, counted, listed
from bot.capacity.diagnosis.findings import Cause, Confidence, Finding, Seen, Step
from bot.capacity.diagnosis.node_pools import NodePool
from bot.capacity.diagnosis.pods import eni_config_name
from bot.capacity.diagnosis.question import Question
from bot.inventory.kubernetes import EniConfig


def wrong_eni_config(question: Question, evidence: Evidence, view: ClusterView) -> Finding | None:
    """Nodes whose ENIConfig does not exist, or names a subnet of another zone; None where all fit or nobody knows."""
    facts = view.facts
    environment = facts.environment() if facts is not None else None
    if facts is None or environment is None or facts.eni_configs is None or facts.nodes is None:
        return None
    configs = {config.name: config for config in facts.eni_configs}
    missing: dict[str, list[NodePool]] = {}
    astray: dict[str, list[NodePool]] = {}
    for pool in evidence.pools(view):
        node = view.node(pool)
        if node is None or node.windows:
            continue
        name = eni_config_name(node, environment)
        if name not in configs:
            missing.setdefault(name, []).append(pool)
        elif (zone := _zone(configs[name], evidence)) and zone != pool.node.az:
            astray.setdefault(name, []).append(pool)
    if missing:
        return _missing(question, evidence, view, missing, tuple(configs))
    if astray:
        name, pools = next(iter(sorted(astray.items())))
        return _astray(question, evidence, view, configs[name], pools)
    return None


def _zone(config: EniConfig, evidence: Evidence) -> str:
    subnet = evidence.subnets.get(config.subnet_id)
    return subnet.subnet.az if subnet is not None else ""


def _missing(
    question: Question,
    evidence: Evidence,
    view: ClusterView,
    missing: dict[str, list[NodePool]],
    there: tuple[str, ...],
) -> Finding:
    pools = [pool for each in missing.values() for pool in each]
    bare = [pool for pool in pools if not pool.pod_ips]
    names = sorted(missing)
    assert view.facts is not None
    return Finding(
        cause=Cause.CUSTOM_NETWORKING,
        confidence=Confidence.HIGH if bare or evidence.waiting_on(view, pools) else Confidence.MEDIUM,
        subject=listed(names),
        verdict=f"{counted(len(pools), 'node')} of {view.cluster.name} take an ENIConfig that does not exist: "
        f"{listed(names)}",
        seen=(
            Seen(
                text=f"the cluster has {f'the ENIConfigs {listed(sorted(there))}' if there else 'no ENIConfig'}",
                observed_at=view.facts.observed_at,
            ),
            Seen(
                text=f"{listed(_name(pool) for pool in pools)} in {listed(sorted({pool.node.az for pool in pools}))} "
                f"take {listed(names)}; {len(bare):,} of them hold no address for pods",
                observed_at=evidence.read_at,
            ),
            *question.quote(Cause.CUSTOM_NETWORKING),
        ),
        do_now=(
            Step(
                text="make one for the zone from one that works: another name, a subnet of that zone",
                command=f"kubectl get eniconfig {there[0]} -o yaml" if there else "kubectl get eniconfigs",
            ),
            Step(text="then replace the nodes: it reaches new ones only"),
        ),
        lasting=(Step(text="how it fits together", command="explain custom networking"),),
        unless="the ENIConfig was made after these nodes joined",
    )


def _astray(
    question: Question, evidence: Evidence, view: ClusterView, config: EniConfig, pools: list[NodePool]
) -> Finding:
    assert view.facts is not None
    home = evidence.subnets[config.subnet_id].subnet
    zones = listed(sorted({pool.node.az for pool in pools}))
    return Finding(
        cause=Cause.CUSTOM_NETWORKING,
        confidence=Confidence.HIGH,
        subject=config.name,
        verdict=f"ENIConfig {config.name} of {view.cluster.name} names a subnet of another zone than its nodes'",
        seen=(
            Seen(
                text=f"{config.name} names {home.label} in {home.az}; {counted(len(pools), 'node')} that take it are "
                f"in {zones}",
                observed_at=view.facts.observed_at,
            ),
            *question.quote(Cause.CUSTOM_NETWORKING),
        ),
        do_now=(
            Step(
                text=f"name a subnet of {zones} in it",
                command=f"""kubectl patch eniconfig {config.name} --type merge -p '{{"spec":{{"subnet":"SUBNET"}}}}'""",
            ),
            Step(text="then replace the nodes: it reaches new ones only"),
        ),
        lasting=(Step(text="how it fits together", command="explain custom networking"),),
        unless="the nodes take another ENIConfig by now",
        subnet_id=config.subnet_id,
    )


def _name(pool: NodePool) -> str:
    return pool.node.private_dns_name or pool.node.instance_id
