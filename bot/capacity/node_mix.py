"""A cluster's nodes counted by instance type: how many, in which mode, and the addresses EC2 shows them hold."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bot.capacity.nodes import PREFIX_IPS
from bot.capacity.warmpool import PoolMode
from bot.inventory import Cluster, Eni, Node, SubnetContents

_INSTANCE_TAG = "node.k8s.amazonaws.com/instance_id"
_UNMANAGED = ("node.k8s.amazonaws.com/no_manage", "true")
_BRANCH, _TRUNK = "aws-k8s-branch-eni", "aws-k8s-trunk-eni"
_APART = frozenset({"branch", "efa-only"})
"""Interface types that take no address from the pool. Source: the resource controller's marks, see `holders`."""

_GONE = frozenset({"terminated", "shutting-down"})


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeNodes:
    """The nodes of one instance type that run in one mode.

    `mode` is what their interfaces show, None where they hold neither prefixes nor spare addresses. `managed` says
    that all of them belong to managed node groups. `held_ips` is E + A + 16 F of their interfaces of the default
    network card (trunk included, branch and unmanaged interfaces left out), of it `pod_ips` are for pods; both are
    None when interfaces were not read.
    """

    instance_type: str
    mode: PoolMode | None
    nodes: int
    managed: bool
    held_ips: int | None = None
    pod_ips: int | None = None
    enis: int = 0
    prefixes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeMix:
    """The nodes of one cluster by type, largest groups first.

    `seen` is False when the instances were not visible and node groups' desired sizes stand in. `subnets` counts the
    nodes whose pods take addresses from each subnet, by type: the nodes' own subnets, or under custom networking the
    others in which they hold interfaces. `apart` are nodes with pod interfaces outside their own subnet. `holding`
    counts nodes by what they hold: prefixes, single addresses.
    """

    groups: tuple[TypeNodes, ...]
    seen: bool
    subnets: Mapping[str, Counter[str]] = field(default_factory=dict)
    without_prefixes: Mapping[str, Counter[str]] = field(default_factory=dict)
    apart: int = 0

    @property
    def nodes(self) -> int:
        """Nodes of all types."""
        return sum(group.nodes for group in self.groups)

    @property
    def held_ips(self) -> int | None:
        """Addresses all nodes hold; None when interfaces were not read."""
        held = [group.held_ips for group in self.groups]
        return None if not held or None in held else sum(ips for ips in held if ips is not None)

    @property
    def pod_ips(self) -> int | None:
        """Addresses the nodes hold for pods; None when interfaces were not read."""
        held = [group.pod_ips for group in self.groups]
        return None if not held or None in held else sum(ips for ips in held if ips is not None)

    def in_mode(self, mode: PoolMode) -> int:
        """Nodes whose interfaces show that mode."""
        return sum(group.nodes for group in self.groups if group.mode is mode)


@dataclass(slots=True)
class _Held:
    """What one node's interfaces add up to while they are counted."""

    ips: int = 0
    pod_ips: int = 0
    enis: int = 0
    prefixes: int = 0
    pod_subnets: set[str] = field(default_factory=set)


def node_mix(cluster: Cluster, contents: SubnetContents, *, custom_networking: bool) -> NodeMix:
    """The nodes of the cluster as instances and interfaces show them; without any the node groups' desired sizes.

    Every interface is counted to its node once and nodes are summed by type, so what follows costs as much for 50
    nodes as for 5,000.
    """
    nodes = {n.instance_id: n for n in contents.nodes if n.cluster == cluster.name and n.state not in _GONE}
    if not nodes:
        return _desired(cluster)
    held = _held(contents.enis, nodes, custom_networking=custom_networking)
    whole = contents.subnet_ids <= contents.enis_read
    counts: dict[tuple[str, PoolMode | None], list[tuple[Node, _Held]]] = defaultdict(list)
    subnets: dict[str, Counter[str]] = defaultdict(Counter)
    without: dict[str, Counter[str]] = defaultdict(Counter)
    apart = 0
    nothing = _Held()
    for node in nodes.values():
        has = held.get(node.instance_id, nothing)
        counts[node.instance_type, _mode(has)].append((node, has))
        apart += bool(has.pod_subnets - {node.subnet_id})
        others = sorted(has.pod_subnets - {node.subnet_id}) if custom_networking else []
        home = others[0] if others else node.subnet_id
        subnets[home][node.instance_type] += 1
        if not has.prefixes:
            without[home][node.instance_type] += 1
    groups = [
        TypeNodes(
            instance_type=instance_type,
            mode=mode,
            nodes=len(members),
            managed=all(node.nodegroup for node, _ in members),
            held_ips=sum(has.ips for _, has in members) if whole else None,
            pod_ips=sum(has.pod_ips for _, has in members) if whole else None,
            enis=sum(has.enis for _, has in members),
            prefixes=sum(has.prefixes for _, has in members),
        )
        for (instance_type, mode), members in counts.items()
    ]
    return NodeMix(groups=_largest_first(groups), seen=True, subnets=subnets, without_prefixes=without, apart=apart)


def _desired(cluster: Cluster) -> NodeMix:
    """The managed node groups at their desired sizes, of their first instance type."""
    sizes: Counter[str] = Counter()
    subnets: dict[str, Counter[str]] = defaultdict(Counter)
    for group in cluster.nodegroups:
        if group.instance_types and group.desired_size:
            sizes[group.instance_types[0]] += group.desired_size
            for subnet_id in group.subnet_ids:
                subnets[subnet_id][group.instance_types[0]] += -(-group.desired_size // len(group.subnet_ids))
    groups = [TypeNodes(instance_type=name, mode=None, nodes=n, managed=True) for name, n in sizes.items()]
    return NodeMix(groups=_largest_first(groups), seen=False, subnets=subnets, without_prefixes=subnets)


def _largest_first(groups: Iterable[TypeNodes]) -> tuple[TypeNodes, ...]:
    return tuple(sorted(groups, key=lambda group: (-group.nodes, group.instance_type, str(group.mode))))


def _held(enis: Iterable[Eni], nodes: Mapping[str, Node], *, custom_networking: bool) -> dict[str, _Held]:
    """What each node holds on its default network card, by instance id."""
    held: dict[str, _Held] = defaultdict(_Held)
    for eni in enis:
        instance_id = eni.instance_id or eni.tag(_INSTANCE_TAG) or ""
        if instance_id not in nodes or eni.network_card_index or _UNMANAGED in eni.tags:
            continue
        if eni.interface_type in _APART or eni.description.startswith(_BRANCH):
            continue
        entry = held[instance_id]
        entry.enis += 1
        entry.prefixes += len(eni.prefixes)
        entry.ips += len(eni.addresses) + PREFIX_IPS * len(eni.prefixes)
        primary = eni.device_index == 0
        trunk = eni.interface_type == "trunk" or eni.description.startswith(_TRUNK)
        if trunk or (primary and custom_networking):
            continue
        entry.pod_ips += max(len(eni.addresses) - 1, 0) + PREFIX_IPS * len(eni.prefixes)
        entry.pod_subnets.add(eni.subnet_id)
    return held


def _mode(has: _Held) -> PoolMode | None:
    if has.prefixes:
        return PoolMode.PREFIX
    return PoolMode.SECONDARY if has.pod_ips else None
