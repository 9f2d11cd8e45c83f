"""Prefix readiness: whether a cluster's nodes and subnets can run prefix delegation, and what has to be done first."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from ipaddress import IPv4Network

from bot.capacity.blocks import BLOCK_IPS, BlockMap
from bot.capacity.node_mix import NodeMix
from bot.capacity.nodes import HOST_NETWORK_PODS, kube_reserved_memory_mib, max_pods, prefix_supported
from bot.capacity.reservations import reservable
from bot.capacity.warmpool import PoolMode, PoolSettings, default_max_pods, startup, steady_state
from bot.inventory import Cluster, Eni, InstanceLimits, Reservation, Subnet
from bot.wording import UNSEEN

SPARE_BLOCKS = 2
"""Free blocks that a reservation leaves: node and ENI primaries and load balancers need single addresses there."""

MOST_RANGES = 8
"""Ranges advised for one subnet: a list of single /28s is nothing to type."""


class Readiness(Enum):
    """The verdict."""

    READY = "ready"
    CONDITIONS = "ready_with_conditions"
    NOT_READY = "not_ready"
    UNKNOWN = "not_known"


_WORST_FIRST = (Readiness.NOT_READY, Readiness.UNKNOWN, Readiness.CONDITIONS, Readiness.READY)


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeReadiness:
    """One instance type: whether it takes prefixes, max-pods now and then, memory (MiB) kubelet reserves for each.

    `max_pods_prefix` and the memory are None where the type takes no prefixes.
    """

    instance_type: str
    nodes: int
    supported: bool
    max_pods_now: int
    max_pods_prefix: int | None
    reserved_mib_now: int
    reserved_mib_prefix: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubnetFacts:
    """One subnet as readiness needs it: its block map (None: not read) and what holds it, seen and unseen."""

    subnet: Subnet
    blocks: BlockMap | None
    enis: tuple[Eni, ...] = ()
    reservations: tuple[Reservation, ...] = ()
    unattributed_ips: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubnetReadiness:
    """One subnet: its nodes, of these `replaced` ones without prefixes, and the /28 blocks to come.

    `start_blocks` are what replacements of those take when they start, `full_blocks` when they have their pods,
    `most_blocks` the same with the node groups at their maximum. `reservations` are free ranges worth reserving.
    """

    facts: SubnetFacts
    nodes: int
    replaced: int
    start_blocks: int
    full_blocks: int
    most_blocks: int
    verdict: Readiness
    reservations: tuple[IPv4Network, ...] = ()

    @property
    def free_blocks(self) -> int | None:
        """Free /28 blocks; None when the interfaces were not read."""
        return None if self.facts.blocks is None else self.facts.blocks.free


@dataclass(frozen=True, slots=True, kw_only=True)
class PrefixReadiness:
    """The verdict for a cluster with what it rests on; `reasons` decide it, `conditions` are to be met first."""

    verdict: Readiness
    types: tuple[TypeReadiness, ...]
    subnets: tuple[SubnetReadiness, ...]
    reasons: tuple[str, ...]
    conditions: tuple[str, ...]
    nodes_with_prefixes: int
    nodes_without: int


def readiness(
    cluster: Cluster,
    mix: NodeMix,
    limits: Mapping[str, InstanceLimits],
    subnets: Sequence[SubnetFacts],
    settings: PoolSettings,
    *,
    pods: int | None = None,
) -> PrefixReadiness:
    """Whether the cluster's nodes can take prefixes from these subnets when every node is replaced.

    `settings` are those of today; the shipped WARM_PREFIX_TARGET=1 is assumed where no target for prefixes is set.
    `pods` need an address on each node; without it nodes are taken as full. Types without limits are left out.
    """
    wanted = replace(settings, mode=PoolMode.PREFIX)
    if not wanted.ip_targets and not wanted.warm_prefix:
        wanted = replace(wanted, warm_prefix=1)
    types = tuple(_type(name, nodes, limits[name], settings) for name, nodes in _counts(mix).items() if name in limits)
    demand = {name: _blocks(limits[name], wanted, pods) for name in limits}
    growth = _growth(cluster, mix)
    rows = sorted(
        (
            _subnet(facts, mix, demand, growth.get(facts.subnet.subnet_id, Counter()))
            for facts in subnets
            if facts.subnet.subnet_id in mix.subnets or facts.subnet.subnet_id in growth
        ),
        key=_worst_first,
    )
    without = mix.nodes - mix.in_mode(PoolMode.PREFIX)
    reasons, verdict = _verdict(types, rows, mix)
    return PrefixReadiness(
        verdict=verdict,
        types=types,
        subnets=tuple(rows),
        reasons=reasons,
        conditions=_conditions(cluster, types, rows, without, settings),
        nodes_with_prefixes=mix.in_mode(PoolMode.PREFIX),
        nodes_without=without,
    )


def _worst_first(row: SubnetReadiness) -> tuple[int, int, str]:
    left = -row.most_blocks if row.free_blocks is None else row.free_blocks - row.most_blocks
    return _WORST_FIRST.index(row.verdict), left, row.facts.subnet.label


def _counts(mix: NodeMix) -> Counter[str]:
    found: Counter[str] = Counter()
    for group in mix.groups:
        found[group.instance_type] += group.nodes
    return found


def _type(name: str, nodes: int, limits: InstanceLimits, settings: PoolSettings) -> TypeReadiness:
    supported = prefix_supported(limits)
    figures = max_pods(limits)
    now = default_max_pods(limits, settings)
    then = figures.prefix_custom_networking if settings.custom_networking else figures.prefix
    return TypeReadiness(
        instance_type=name,
        nodes=nodes,
        supported=supported,
        max_pods_now=now,
        max_pods_prefix=then if supported else None,
        reserved_mib_now=kube_reserved_memory_mib(now),
        reserved_mib_prefix=kube_reserved_memory_mib(then) if supported else None,
    )


def _blocks(limits: InstanceLimits, settings: PoolSettings, pods: int | None) -> tuple[int, int]:
    """/28 blocks of a new node without pods, and with its pods (full where they are not known); 0 without prefixes."""
    if not prefix_supported(limits):
        return 0, 0
    most = (settings.max_pods or default_max_pods(limits, settings)) - HOST_NETWORK_PODS
    loaded = steady_state(limits, settings, max(most if pods is None else min(pods, most), 0))
    return startup(limits, settings).prefixes or 0, loaded.prefixes or 0


def _growth(cluster: Cluster, mix: NodeMix) -> dict[str, Counter[str]]:
    """Nodes of each type that a subnet may get until its managed node groups are at their maximum.

    EC2 Auto Scaling balances a group over its zones, so each of its subnets gets an even share, rounded up.
    """
    growth: dict[str, Counter[str]] = {}
    if mix.apart:
        # The pods' subnets are not the node groups': a node's share there follows the zones, which is not told here.
        return growth
    for group in cluster.nodegroups:
        more = (group.max_size or 0) - (group.desired_size or 0)
        if more > 0 and group.instance_types and group.subnet_ids:
            for subnet_id in group.subnet_ids:
                growth.setdefault(subnet_id, Counter())[group.instance_types[0]] += -(-more // len(group.subnet_ids))
    return growth


def _subnet(
    facts: SubnetFacts, mix: NodeMix, demand: Mapping[str, tuple[int, int]], growth: Counter[str]
) -> SubnetReadiness:
    replaced = mix.without_prefixes.get(facts.subnet.subnet_id, Counter())
    start = sum(nodes * demand.get(name, (0, 0))[0] for name, nodes in replaced.items())
    full = sum(nodes * demand.get(name, (0, 0))[1] for name, nodes in replaced.items())
    most = full + sum(nodes * demand.get(name, (0, 0))[1] for name, nodes in growth.items())
    blocks = facts.blocks
    if blocks is None:
        verdict = Readiness.UNKNOWN
    elif blocks.free < start or (blocks.free == 0 and most):
        verdict = Readiness.NOT_READY
    elif blocks.free < most or (facts.unattributed_ips or 0) > 0:
        verdict = Readiness.CONDITIONS
    else:
        verdict = Readiness.READY
    return SubnetReadiness(
        facts=facts,
        nodes=mix.subnets.get(facts.subnet.subnet_id, Counter()).total(),
        replaced=replaced.total(),
        start_blocks=start,
        full_blocks=full,
        most_blocks=most,
        verdict=verdict,
        reservations=() if verdict is Readiness.NOT_READY else _reservations(facts, most),
    )


def _reservations(facts: SubnetFacts, wanted: int) -> tuple[IPv4Network, ...]:
    """Free ranges to reserve for so many prefixes, besides what is reserved already; some blocks stay for the rest."""
    if facts.blocks is None or facts.subnet.cidr is None:
        return ()
    kept = facts.blocks.free_prefix_reserved_ips // BLOCK_IPS
    blocks = min(wanted, facts.blocks.free - SPARE_BLOCKS) - kept
    return reservable(facts.subnet.cidr, facts.enis, facts.reservations, blocks)[:MOST_RANGES]


def _verdict(
    types: Sequence[TypeReadiness], rows: Sequence[SubnetReadiness], mix: NodeMix
) -> tuple[tuple[str, ...], Readiness]:
    """The reasons that decide, worst first, and the verdict of the worst."""
    found: list[tuple[Readiness, str]] = []
    old = [each for each in types if not each.supported]
    if types and len(old) == len(types):
        found.append((Readiness.NOT_READY, "No instance type of the cluster takes prefixes: they need Nitro."))
    elif old:
        names = ", ".join(f"{each.instance_type} ({each.nodes:,})" for each in old[:3])
        found.append((Readiness.CONDITIONS, f"Not Nitro, these nodes keep single addresses: {names}."))
    if not mix.groups:
        found.append((Readiness.UNKNOWN, "No node of the cluster is visible, and no node group tells a size."))
    elif not types:
        found.append((Readiness.UNKNOWN, "The limits of the nodes' instance types are not known."))
    found += [reason for row in rows if (reason := _subnet_reason(row)) is not None]
    if not rows and mix.groups:
        found.append((Readiness.UNKNOWN, "The subnets of the nodes' pods are not known."))
    worst = min((kind for kind, _ in found), key=_WORST_FIRST.index, default=Readiness.READY)
    reasons = [text for each in _WORST_FIRST for kind, text in found if kind is each]
    if worst is Readiness.READY:
        free, most = sum(row.free_blocks or 0 for row in rows), sum(row.most_blocks for row in rows)
        reasons.append(
            f"Every type is Nitro, and {free:,} free /28 blocks cover the {most:,} that the nodes need when those "
            "without prefixes are replaced and the groups grow to their maximum."
        )
    return tuple(reasons), worst


def _subnet_reason(row: SubnetReadiness) -> tuple[Readiness, str] | None:
    label, free = row.facts.subnet.label, row.free_blocks
    if row.verdict is Readiness.UNKNOWN:
        return (
            Readiness.UNKNOWN,
            f"{label}: its interfaces or reservations could not be read, so its blocks are not known.",
        )
    if row.verdict is Readiness.NOT_READY:
        pct = row.facts.blocks.fragmentation_pct if row.facts.blocks else None
        worn = f" ({pct:.0f}% of its blocks are broken up or full)" if pct else ""
        need = (
            f"replacing its {row.replaced:,} nodes without prefixes takes {row.start_blocks:,} at their start"
            if row.start_blocks
            else "new nodes and full prefixes need more"
        )
        return Readiness.NOT_READY, f"{label}: {free:,} free /28 blocks{worn}; {need}."
    if row.verdict is Readiness.CONDITIONS:
        if (row.facts.unattributed_ips or 0) > 0:
            return (
                Readiness.CONDITIONS,
                f"{label}: {row.facts.unattributed_ips:,} addresses are held by {UNSEEN}; "
                "fewer than the shown blocks may be free.",
            )
        return (
            Readiness.CONDITIONS,
            f"{label}: {free:,} free /28 blocks start the nodes, but {row.most_blocks:,} are needed once they are full "
            "and the groups at their maximum.",
        )
    return None


def _conditions(
    cluster: Cluster,
    types: Sequence[TypeReadiness],
    rows: Sequence[SubnetReadiness],
    without: int,
    settings: PoolSettings,
) -> tuple[str, ...]:
    found = []
    bad = [row.facts.subnet.label for row in rows if row.verdict is Readiness.NOT_READY]
    if bad:
        found.append(f"Give {', '.join(bad[:3])} a dedicated pod subnet beside it, or free whole blocks first.")
    if any(row.reservations for row in rows):
        found.append("Reserve the free ranges for prefixes before load balancers and node primaries scatter over them.")
    if without:
        found.append(
            f"{without:,} nodes without prefixes keep their single addresses until they are replaced: make new node "
            "groups and drain the old ones, so that both kinds do not mix on a node."
        )
    supported = [each for each in types if each.supported]
    if settings.mode is PoolMode.SECONDARY and supported:
        managed = bool(cluster.nodegroups)
        found.append(
            "max-pods of new nodes: managed node groups without a custom AMI set the smallest figure of their types, "
            "at most 110 (250 above 30 vCPUs)" + ("." if managed else "; self-managed nodes and Karpenter need it set.")
        )
        most = max(supported, key=lambda each: (each.reserved_mib_prefix or 0) - each.reserved_mib_now)
        if (most.reserved_mib_prefix or 0) > most.reserved_mib_now:
            found.append(
                f"kubelet reserves memory by max-pods: {most.instance_type} {most.reserved_mib_now:,} MiB to "
                f"{most.reserved_mib_prefix:,} MiB."
            )
    if settings.frozen:
        found.append("Set WARM_PREFIX_TARGET=1 or WARM_IP_TARGET: MINIMUM_IP_TARGET alone freezes pools here too.")
    return tuple(found)
