"""Every node of a cluster with what it holds and the most it can hold: where a node stands against its own limits."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address

from bot.capacity.nodes import PREFIX_IPS, prefix_supported
from bot.capacity.warmpool import PoolMode, PoolSettings
from bot.inventory import Cluster, Eni, InstanceLimits, Node, SubnetContents

INSTANCE_TAG = "node.k8s.amazonaws.com/instance_id"
TRUNK_TAG = "vpcresources.k8s.aws/trunk-eni-id"
_UNMANAGED = ("node.k8s.amazonaws.com/no_manage", "true")
_GONE = frozenset({"terminated", "shutting-down"})


@dataclass(frozen=True, slots=True, kw_only=True)
class NodePool:
    """What one node holds on its default network card.

    `enis` are all ENIs there, primary and trunk included; `unmanaged` those that the CNI leaves alone. `pod_ips` can
    be given to pods: secondary addresses and 16 for each of `prefixes`; of them `primary_ips` lie on the primary ENI.
    `branches` are interfaces of pods with their own security groups.
    """

    node: Node
    limits: InstanceLimits | None
    addresses: frozenset[IPv4Address]
    enis: int
    unmanaged: int
    trunk: bool
    branches: int
    pod_ips: int
    primary_ips: int
    prefixes: int
    pod_subnets: frozenset[str]

    def most_enis(self, settings: PoolSettings) -> int | None:
        """ENIs that the CNI may have on the node: MAX_ENI where it is lower than the type's; None for unknown types.

        Source: https://github.com/aws/amazon-vpc-cni-k8s/blob/master/pkg/ipamd/ipamd.go (getMaxENI, hasRoomForEni).
        """
        if self.limits is None:
            return None
        named = settings.max_eni if settings.max_eni and settings.max_eni >= 1 else self.limits.max_enis
        return min(named, self.limits.max_enis)

    def most_pod_ips(self, settings: PoolSettings) -> int | None:
        """Addresses for pods on a node whose ENIs are all attached and full; None for unknown types."""
        enis = self.most_enis(settings)
        if enis is None or self.limits is None:
            return None
        apart = self.unmanaged + self.trunk + settings.custom_networking
        prefixed = (self.prefixes > 0 or settings.mode is PoolMode.PREFIX) and prefix_supported(self.limits)
        return max((enis - apart) * (self.limits.ipv4_per_eni - 1), 0) * (PREFIX_IPS if prefixed else 1)

    def full(self, settings: PoolSettings) -> bool | None:
        """Whether it holds the most it can, so that no growth is left; None for unknown types."""
        most = self.most_pod_ips(settings)
        return None if most is None else self.pod_ips >= most


def node_pools(
    cluster: Cluster, contents: SubnetContents, limits: Mapping[str, InstanceLimits]
) -> tuple[NodePool, ...]:
    """The nodes of the cluster that run, by instance id."""
    nodes = {n.instance_id: n for n in contents.nodes if n.cluster == cluster.name and n.state not in _GONE}
    enis: defaultdict[str, list[Eni]] = defaultdict(list)
    for eni in contents.enis:
        instance_id = eni.instance_id or ""
        if instance_id in nodes and not eni.network_card_index:
            enis[instance_id].append(eni)
    trunks = {eni.eni_id: instance_id for instance_id, held in enis.items() for eni in held if _is_trunk(eni)}
    branches: defaultdict[str, int] = defaultdict(int)
    for eni in contents.enis:
        if is_branch(eni):
            branches[trunks.get(eni.tag(TRUNK_TAG) or "", "")] += 1
    return tuple(
        _pool(node, limits.get(node.instance_type), enis[instance_id], branches[instance_id])
        for instance_id, node in sorted(nodes.items())
    )


def is_branch(eni: Eni) -> bool:
    """Whether the interface belongs to one pod with its own security groups."""
    return eni.interface_type == "branch" or eni.description.startswith("aws-k8s-branch-eni")


def _is_trunk(eni: Eni) -> bool:
    return eni.interface_type == "trunk" or eni.description.startswith("aws-k8s-trunk-eni")


def _pool(node: Node, limits: InstanceLimits | None, held: Iterable[Eni], branches: int) -> NodePool:
    attached = [eni for eni in held if not is_branch(eni)]
    counted = [e for e in attached if _UNMANAGED not in e.tags and e.interface_type != "efa-only" and not _is_trunk(e)]
    primary = [eni for eni in counted if eni.device_index == 0]
    return NodePool(
        node=node,
        limits=limits,
        addresses=frozenset(address for eni in attached for address in eni.addresses),
        enis=len(attached),
        unmanaged=sum(_UNMANAGED in eni.tags or eni.interface_type == "efa-only" for eni in attached),
        trunk=any(_is_trunk(eni) for eni in attached),
        branches=branches,
        pod_ips=sum(_pod_ips(eni) for eni in counted),
        primary_ips=sum(_pod_ips(eni) for eni in primary),
        prefixes=sum(len(eni.prefixes) for eni in counted),
        pod_subnets=frozenset(eni.subnet_id for eni in counted if _pod_ips(eni)),
    )


def _pod_ips(eni: Eni) -> int:
    return max(len(eni.addresses) - 1, 0) + PREFIX_IPS * len(eni.prefixes)
