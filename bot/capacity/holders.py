"""Who holds a subnet's addresses: every interface sorted by what made it, from EC2's own marks on it."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from bot.capacity.nodes import PREFIX_IPS
from bot.inventory import Eni, Node


class HolderKind(Enum):
    """What an interface serves."""

    NODE = "node"
    TRUNK = "trunk"
    BRANCH = "branch"
    CONTROL_PLANE = "control_plane"
    LOAD_BALANCER = "load_balancer"
    LAMBDA = "lambda"
    ENDPOINT = "endpoint"
    NAT_GATEWAY = "nat_gateway"
    EFS = "efs"
    RDS = "rds"
    INSTANCE = "instance"
    AWS_SERVICE = "aws_service"
    UNKNOWN = "unknown"


WORDS = {
    HolderKind.NODE: "nodes",
    HolderKind.TRUNK: "trunk interfaces",
    HolderKind.BRANCH: "pods with own security groups (branch)",
    HolderKind.CONTROL_PLANE: "EKS control plane",
    HolderKind.LOAD_BALANCER: "load balancers",
    HolderKind.LAMBDA: "Lambda functions",
    HolderKind.ENDPOINT: "VPC endpoints",
    HolderKind.NAT_GATEWAY: "NAT gateways",
    HolderKind.EFS: "EFS mount targets",
    HolderKind.RDS: "RDS instances",
    HolderKind.INSTANCE: "EC2 instances outside clusters",
    HolderKind.AWS_SERVICE: "other AWS services",
    HolderKind.UNKNOWN: "interfaces of unknown purpose",
}
"""How each kind is named in answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Interfaces of one kind and owner in one subnet or scope, and what they take.

    `addresses` counts single addresses (each interface's primary included), `prefixes` whole /28s. How many of a
    node's addresses are warm is not visible in EC2, so it is not here.
    """

    kind: HolderKind
    owner: str
    enis: int
    addresses: int
    prefixes: int

    @property
    def ips(self) -> int:
        """Addresses of the subnet it takes: singles, and 16 for each prefix."""
        return self.addresses + PREFIX_IPS * self.prefixes


_INSTANCE_TAG = "node.k8s.amazonaws.com/instance_id"
_CLUSTER_TAGS = ("cluster.k8s.amazonaws.com/name", "eks:cluster-name")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mark:
    """How one kind is recognised: EC2's interface type, or the description its service writes.

    `made_by_aws` marks have descriptions that people write too; they count only on interfaces with a requester.
    """

    kind: HolderKind
    types: frozenset[str] = frozenset()
    description: re.Pattern[str] | None = None
    made_by_aws: bool = False

    def owner(self, eni: Eni) -> str | None:
        """The owner the interface names, "" when it fits without naming one, None when it does not fit."""
        managed = eni.requester_managed or eni.requester_id or eni.interface_type.lower() in self.types
        trusted = managed or not self.made_by_aws
        match = self.description.match(eni.description) if self.description and trusted else None
        if match:
            return next((group for group in match.groups() if group), "")
        return "" if eni.interface_type.lower() in self.types else None


_MARKS = (
    _Mark(kind=HolderKind.TRUNK, types=frozenset({"trunk"}), description=re.compile(r"aws-k8s-trunk-eni")),
    _Mark(kind=HolderKind.BRANCH, types=frozenset({"branch"}), description=re.compile(r"aws-k8s-branch-eni")),
    _Mark(kind=HolderKind.CONTROL_PLANE, description=re.compile(r"Amazon EKS (\S+)")),
    _Mark(
        kind=HolderKind.LOAD_BALANCER,
        types=frozenset({"load_balancer", "network_load_balancer", "gateway_load_balancer"}),
        description=re.compile(r"ELB (?:(?:app|net|gwy)/([^/]+)|(\S+))"),
        made_by_aws=True,
    ),
    _Mark(
        kind=HolderKind.LAMBDA,
        types=frozenset({"lambda"}),
        description=re.compile(r"AWS Lambda VPC ENI-(.+?)(?:-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})?$"),
    ),
    _Mark(
        kind=HolderKind.ENDPOINT,
        types=frozenset({"vpc_endpoint", "gateway_load_balancer_endpoint"}),
        description=re.compile(r"VPC Endpoint Interface (\S+)"),
    ),
    _Mark(
        kind=HolderKind.NAT_GATEWAY,
        types=frozenset({"nat_gateway", "natgateway"}),
        description=re.compile(r"Interface for NAT Gateway (\S+)"),
    ),
    _Mark(
        kind=HolderKind.EFS, types=frozenset({"efs"}), description=re.compile(r"EFS mount target for (fs-[0-9a-f]+)")
    ),
    _Mark(kind=HolderKind.RDS, description=re.compile(r"RDSNetworkInterface")),
)
"""Marks in the order they are tried.

Source: DescribeNetworkInterfaces' InterfaceType values
(https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_NetworkInterface.html); descriptions as each service
writes them, and aws/amazon-vpc-resource-controller-k8s for trunk and branch.
"""


def holders(enis: Iterable[Eni], nodes: Iterable[Node]) -> tuple[Holder, ...]:
    """Who holds the addresses of these interfaces, the largest first."""
    by_instance = {node.instance_id: node for node in nodes}
    sums: dict[tuple[HolderKind, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for eni in enis:
        entry = sums[kind_and_owner(eni, by_instance)]
        entry[0] += 1
        entry[1] += len(eni.addresses)
        entry[2] += len(eni.prefixes)
    found = [
        Holder(kind=kind, owner=owner, enis=n, addresses=addresses, prefixes=prefixes)
        for (kind, owner), (n, addresses, prefixes) in sums.items()
    ]
    return tuple(sorted(found, key=lambda holder: (-holder.ips, holder.kind.value, holder.owner)))


def by_kind(found: Iterable[Holder]) -> tuple[Holder, ...]:
    """The same holders with the owners of each kind summed (`owner` is then how many owners), the largest first."""
    groups: dict[HolderKind, list[Holder]] = defaultdict(list)
    for holder in found:
        groups[holder.kind].append(holder)
    add: Callable[[list[Holder], str], int] = lambda group, name: sum(getattr(h, name) for h in group)  # noqa: E731
    summed = [
        Holder(
            kind=kind,
            owner=str(len(group)),
            enis=add(group, "enis"),
            addresses=add(group, "addresses"),
            prefixes=add(group, "prefixes"),
        )
        for kind, group in groups.items()
    ]
    return tuple(sorted(summed, key=lambda holder: (-holder.ips, holder.kind.value)))


def kind_and_owner(eni: Eni, nodes: Mapping[str, Node]) -> tuple[HolderKind, str]:
    """What an interface serves and whose it is; ("unknown", requester) when nothing on it tells.

    A detached aws-K8S interface stays with its cluster's nodes: between creation and attachment a warm interface
    looks the same, so it is not called leaked here.
    """
    cluster_tag = next((value for tag in _CLUSTER_TAGS if (value := eni.tag(tag))), "")
    for mark in _MARKS:
        owner = mark.owner(eni)
        if owner is not None:
            return mark.kind, owner or cluster_tag or eni.requester_id
    node = nodes.get(eni.instance_id or eni.tag(_INSTANCE_TAG) or "")
    if node is not None and node.cluster:
        return HolderKind.NODE, f"{node.cluster}/{node.nodegroup}" if node.nodegroup else node.cluster
    if eni.description.startswith("aws-K8S-") or eni.tag(_INSTANCE_TAG):
        return HolderKind.NODE, cluster_tag or "cluster not known"
    if node is not None or eni.instance_id:
        return HolderKind.INSTANCE, eni.instance_id or ""
    if eni.requester_managed or eni.requester_id.startswith("amazon-"):
        return HolderKind.AWS_SERVICE, eni.description[:60] or eni.requester_id
    return HolderKind.UNKNOWN, eni.requester_id or eni.owner_id
