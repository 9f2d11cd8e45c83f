"""Interfaces of the demo estate as AWS and the VPC CNI make them: descriptions, types, requesters and tags.

Source: https://github.com/aws/amazon-vpc-cni-k8s (pkg/awsutils: `aws-K8S-` and the node.k8s.amazonaws.com tags),
https://github.com/aws/amazon-vpc-resource-controller-k8s (trunk and branch), and the requester-managed interfaces of
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/requester-managed-eni.html.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Address
from types import MappingProxyType

from bot.demo.estate import Attachment, Estate, Interface, NodeState

_EKS_SERVICE_ACCOUNT = "908027385618"  # An account of AWS's own: control plane interfaces are attached from there.


@dataclass(frozen=True, slots=True, kw_only=True)
class _Service:
    """How one AWS service's interfaces look; `{n}` is a number, `{hex}` an id."""

    description: str
    interface_type: str = "interface"
    requester_id: str = ""
    requester_managed: bool = True
    instance_owner_id: str | None = "amazon-aws"


_SERVICES: Mapping[str, _Service] = MappingProxyType(
    {
        "alb": _Service(
            description="ELB app/k8s-ingress-{n}/{hex}", requester_id="amazon-elb", instance_owner_id="amazon-elb"
        ),
        "nlb": _Service(
            description="ELB net/k8s-internal-{n}/{hex}",
            interface_type="network_load_balancer",
            requester_id="amazon-elb",
        ),
        "nat_gateway": _Service(
            description="Interface for NAT Gateway nat-0{hex}", interface_type="nat_gateway", requester_id="amazon-aws"
        ),
        "vpc_endpoint": _Service(
            description="VPC Endpoint Interface vpce-0{hex}", interface_type="vpc_endpoint", requester_id="amazon-aws"
        ),
        "lambda": _Service(
            description="AWS Lambda VPC ENI-orders-{n}-{hex}",
            interface_type="lambda",
            requester_id="AROAEXAMPLELAMBDA:orders",
            instance_owner_id="amazon-aws",
        ),
        "efs": _Service(
            description="EFS mount target for fs-0{hex} (fsmt-0{hex})",
            interface_type="efs",
            requester_id="amazon-elasticfilesystem",
        ),
        "rds": _Service(description="RDSNetworkInterface", requester_id="amazon-rds", instance_owner_id="amazon-rds"),
        "unknown": _Service(description="", requester_managed=False, instance_owner_id=None),
    }
)


class HolderBuilder:
    """Creates interfaces in an estate for nodes, control planes, AWS services and Fargate pods."""

    def __init__(self, estate: Estate) -> None:
        self._estate = estate

    def service(self, kind: str, subnet_id: str, number: int) -> Interface:
        """The interface of one AWS service, with one address."""
        service = _SERVICES[kind]
        identity = f"{self._estate.random.getrandbits(64):016x}"
        return self._estate.create_interface(
            subnet_id,
            description=service.description.format(n=number, hex=identity),
            interface_type=service.interface_type,
            requester_id=service.requester_id,
            requester_managed=service.requester_managed,
            attachment=self._attachment(owner=service.instance_owner_id, device_index=1)
            if service.instance_owner_id
            else None,
        )

    def control_plane(self, cluster: str, subnet_id: str) -> Interface:
        """One of the cross-account interfaces of a cluster's control plane."""
        return self._estate.create_interface(
            subnet_id,
            description=f"Amazon EKS {cluster}",
            requester_id="AROAEXAMPLEEKS:AmazonEKS",
            attachment=self._attachment(owner=_EKS_SERVICE_ACCOUNT, device_index=1),
            tags={"cluster.k8s.amazonaws.com/name": cluster},
        )

    def fargate_pod(self, subnet_id: str) -> Interface:
        """The interface of a Fargate pod: requester-managed, no description, one address."""
        return self._estate.create_interface(
            subnet_id,
            requester_id="AROAEXAMPLEFARGATE:fargate",
            requester_managed=True,
            attachment=self._attachment(owner="amazon-aws", device_index=1),
        )

    def leaked(self, cluster: str, subnet_id: str, secondary: int) -> Interface:
        """An interface the CNI left behind: detached, still tagged with an instance that is gone."""
        gone = self._estate.new_id("i")
        return self._estate.create_interface(
            subnet_id,
            secondary_count=secondary,
            description=f"aws-K8S-{gone}",
            tags=self._cni_tags(gone, cluster, age=timedelta(days=3)),
        )

    def primary(
        self, node: NodeState, *, secondary: int, prefixes: int, named: Sequence[IPv4Address] = ()
    ) -> Interface:
        """A node's primary interface, made by EC2 at launch: no description. `named` addresses replace random ones."""
        return self._estate.create_interface(
            node.subnet_id,
            primary=named[0] if named else None,
            named=named[1:],
            secondary_count=secondary,
            prefix_count=prefixes,
            attachment=self._attachment(owner=node.account_id, device_index=0, node=node),
            tags={
                "eks:cluster-name": node.cluster,
                "eks:nodegroup-name": node.nodegroup,
                "node.k8s.amazonaws.com/instance_id": node.instance_id,
                "cluster.k8s.amazonaws.com/name": node.cluster,
            },
        )

    def secondary(
        self,
        node: NodeState,
        subnet_id: str,
        *,
        secondary: int,
        prefixes: int = 0,
        named: Sequence[IPv4Address] = (),
    ) -> Interface:
        """An interface the VPC CNI attached to a node."""
        return self._estate.create_interface(
            subnet_id,
            primary=named[0] if named else None,
            named=named[1:],
            secondary_count=secondary,
            prefix_count=prefixes,
            description=f"aws-K8S-{node.instance_id}",
            attachment=self._attachment(owner=node.account_id, device_index=self._next_device_index(node), node=node),
            tags=self._cni_tags(node.instance_id, node.cluster, age=self._estate.now - node.launched_at),
        )

    def trunk_with_branches(self, node: NodeState, subnet_id: str, branches: int) -> None:
        """The trunk interface of security groups for pods and a branch interface for each such pod."""
        trunk = self._estate.create_interface(
            subnet_id,
            description="aws-k8s-trunk-eni",
            interface_type="trunk",
            attachment=self._attachment(owner=node.account_id, device_index=self._next_device_index(node), node=node),
            tags=self._cni_tags(node.instance_id, node.cluster, age=self._estate.now - node.launched_at),
        )
        for vlan_id in range(1, branches + 1):
            self._estate.create_interface(
                subnet_id,
                description="aws-k8s-branch-eni",
                interface_type="branch",
                in_use=True,
                tags={
                    "eks:eni:owner": "eks-vpc-resource-controller",
                    "vpcresources.k8s.aws/vlan-id": str(vlan_id),
                    "vpcresources.k8s.aws/trunk-eni-id": trunk.eni_id,
                    f"kubernetes.io/cluster/{node.cluster}": "owned",
                },
            )

    def _next_device_index(self, node: NodeState) -> int:
        return sum(1 for _ in self._estate.attached_to(node.instance_id))

    def _cni_tags(self, instance_id: str, cluster: str, *, age: timedelta) -> dict[str, str]:
        return {
            "node.k8s.amazonaws.com/instance_id": instance_id,
            "node.k8s.amazonaws.com/createdAt": f"{self._estate.now - age:%Y-%m-%dT%H:%M:%SZ}",
            "cluster.k8s.amazonaws.com/name": cluster,
            "eks:eni:owner": "amazon-vpc-cni",
        }

    def _attachment(self, *, owner: str, device_index: int, node: NodeState | None = None) -> Attachment:
        return Attachment(
            attachment_id=self._estate.new_id("eni-attach"),
            attached_at=node.launched_at if node else self._estate.now - timedelta(days=40),
            device_index=device_index,
            instance_owner_id=owner,
            instance_id=node.instance_id if node else None,
        )
