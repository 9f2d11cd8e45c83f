"""What the demo estate consists of, as data: accounts, VPCs, subnets, clusters, node groups, other address holders.

Every VPC shows one situation: secondary addresses with subnets running out, a fragmented subnet, a prefix reservation,
hoarded warm addresses with custom networking, IPv6 with Fargate, and awkward names.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

PROD, STAGE, DATA, SANDBOX = "111122223333", "222233334444", "333344445555", "444455556666"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountPlan:
    """One account; the caller's own has no external id. A blind one refuses the role."""

    account_id: str
    name: str
    external_id: str | None = None
    blind: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SubnetPlan:
    """One subnet; `zone` is the letter of its Availability Zone, `holders` live in it besides the nodes."""

    name: str
    cidr: str
    zone: str
    holders: tuple[tuple[str, int], ...] = ()
    prefix_reservations: tuple[str, ...] = ()
    scatter: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


class Mode(Enum):
    """How the nodes of a group take addresses."""

    SECONDARY = "secondary"
    PREFIX = "prefix"
    CUSTOM_NETWORKING = "custom networking"
    IPV6 = "ipv6"


@dataclass(frozen=True, slots=True, kw_only=True)
class NodegroupPlan:
    """Nodes per subnet and what each holds: `pods` addresses assigned, `enis` interfaces, of these one a trunk if
    `branches` pods have their own branch interface. `pod_subnets` pairs with `subnets` under custom networking."""

    name: str
    instance_type: str
    nodes_per_subnet: tuple[int, ...]
    subnets: tuple[str, ...]
    mode: Mode
    pods: int
    enis: int = 1
    prefixes: int = 0
    branches: int = 0
    pod_subnets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterPlan:
    """One EKS cluster; `cni_env` is the vpc-cni add-on's configuration, empty for its defaults."""

    name: str
    version: str
    control_subnets: tuple[str, ...]
    nodegroups: tuple[NodegroupPlan, ...]
    cni_env: Mapping[str, str] = field(default_factory=dict)
    ip_family: str = "ipv4"
    fargate: tuple[str, tuple[str, ...], int] | None = None
    unhealthy_subnet: str | None = None
    metrics: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class VpcPlan:
    """One VPC with everything in it; `routes` are blocks beyond a transit gateway, `peer` a VPC planned before it."""

    name: str
    account_id: str
    region: str
    cidrs: tuple[str, ...]
    subnets: tuple[SubnetPlan, ...]
    cluster: ClusterPlan | None = None
    routes: tuple[str, ...] = ()
    peer: str = ""


ACCOUNTS = (
    AccountPlan(account_id=PROD, name="prod"),
    AccountPlan(account_id=STAGE, name="stage", external_id="eksip-stage"),
    AccountPlan(account_id=DATA, name="data", external_id="eksip-data"),
    AccountPlan(account_id=SANDBOX, name="sandbox", external_id="eksip-sandbox", blind=True),
)

REGIONS = ("eu-west-1", "us-east-1", "eu-central-1")

_NODE_ROLE = {"kubernetes.io/role/internal-elb": "1"}

# Secondary addresses and the default WARM_ENI_TARGET: an m5.4xlarge with 200 pods holds 8 ENIs of 30 addresses.
# private-1a is left with about 5 % free, private-1b with about 15 %; eks-control-1b has fewer than the 5 free
# addresses that a control plane update needs. payments-1a is half free until the squeeze.
_PROD_EU = VpcPlan(
    name="prod-eu-vpc",
    account_id=PROD,
    region="eu-west-1",
    cidrs=("10.0.0.0/16",),
    routes=("10.64.0.0/16",),
    subnets=(
        SubnetPlan(
            name="private-1a",
            cidr="10.0.0.0/20",
            zone="a",
            tags=_NODE_ROLE,
            holders=(("alb", 2), ("lambda", 18), ("efs", 1), ("rds", 3), ("vpc_endpoint", 6), ("leaked", 1)),
        ),
        SubnetPlan(
            name="private-1b",
            cidr="10.0.16.0/21",
            zone="b",
            tags=_NODE_ROLE,
            holders=(("alb", 2), ("lambda", 34), ("efs", 1), ("rds", 3), ("vpc_endpoint", 6)),
        ),
        SubnetPlan(
            name="private-1c",
            cidr="10.0.32.0/20",
            zone="c",
            tags=_NODE_ROLE,
            holders=(("lambda", 6), ("efs", 1), ("vpc_endpoint", 6)),
        ),
        SubnetPlan(name="payments-1a", cidr="10.0.48.0/24", zone="a", holders=(("nlb", 1), ("rds", 2))),
        SubnetPlan(name="eks-control-1a", cidr="10.0.49.0/28", zone="a"),
        SubnetPlan(name="eks-control-1b", cidr="10.0.49.16/28", zone="b", holders=(("vpc_endpoint", 7),)),
        SubnetPlan(name="eks-control-1c", cidr="10.0.49.32/28", zone="c"),
        SubnetPlan(name="public-1a", cidr="10.0.50.0/24", zone="a", holders=(("nat_gateway", 1), ("alb", 4))),
        SubnetPlan(name="public-1b", cidr="10.0.51.0/24", zone="b", holders=(("nat_gateway", 1), ("alb", 4))),
    ),
    cluster=ClusterPlan(
        name="prod-eu",
        version="1.33",
        control_subnets=("eks-control-1a", "eks-control-1b", "eks-control-1c"),
        unhealthy_subnet="eks-control-1b",
        metrics=True,
        nodegroups=(
            NodegroupPlan(
                name="general",
                instance_type="m5.4xlarge",
                subnets=("private-1a", "private-1b", "private-1c"),
                nodes_per_subnet=(16, 7, 4),
                mode=Mode.SECONDARY,
                pods=200,
                enis=8,
            ),
            NodegroupPlan(
                name="payments",
                instance_type="m5.2xlarge",
                subnets=("payments-1a",),
                nodes_per_subnet=(4,),
                mode=Mode.SECONDARY,
                pods=8,
                enis=2,
            ),
        ),
    ),
)

# Prefix mode next to an older group in secondary mode, whose single addresses left no /28 whole in pods-use1a.
_PROD_US = VpcPlan(
    name="prod-us-vpc",
    account_id=PROD,
    region="us-east-1",
    cidrs=("10.20.0.0/16",),
    subnets=(
        SubnetPlan(name="pods-use1a", cidr="10.20.0.0/20", zone="a", scatter="legacy"),
        SubnetPlan(name="pods-use1b", cidr="10.20.16.0/20", zone="b", holders=(("lambda", 4), ("alb", 2))),
        SubnetPlan(name="control-use1a", cidr="10.20.32.0/28", zone="a"),
        SubnetPlan(name="control-use1b", cidr="10.20.32.16/28", zone="b"),
    ),
    cluster=ClusterPlan(
        name="prod-us",
        version="1.32",
        control_subnets=("control-use1a", "control-use1b"),
        cni_env={"ENABLE_PREFIX_DELEGATION": "true", "WARM_PREFIX_TARGET": "1"},
        nodegroups=(
            NodegroupPlan(
                name="apps",
                instance_type="m5.2xlarge",
                subnets=("pods-use1a", "pods-use1b"),
                nodes_per_subnet=(4, 4),
                mode=Mode.PREFIX,
                pods=100,
                enis=1,
                prefixes=8,
            ),
            NodegroupPlan(
                name="legacy",
                instance_type="m5.2xlarge",
                subnets=("pods-use1a",),
                nodes_per_subnet=(4,),
                mode=Mode.SECONDARY,
                pods=40,
                enis=4,
            ),
        ),
    ),
)

# Nearly the whole of stage-pods-1a is a prefix reservation: AvailableIpAddressCount reads near zero, and all is well.
_STAGE_EU = VpcPlan(
    name="stage-eu-vpc",
    account_id=STAGE,
    region="eu-west-1",
    cidrs=("10.40.0.0/16",),
    peer="prod-eu-vpc",
    subnets=(
        SubnetPlan(
            name="stage-pods-1a",
            cidr="10.40.0.0/22",
            zone="a",
            prefix_reservations=("10.40.0.32/27", "10.40.0.64/26", "10.40.0.128/25", "10.40.1.0/24", "10.40.2.0/23"),
        ),
        SubnetPlan(name="private-1b", cidr="10.40.4.0/22", zone="b", holders=(("lambda", 5), ("nlb", 1))),
        SubnetPlan(name="stage-control-1a", cidr="10.40.8.0/28", zone="a"),
        SubnetPlan(name="stage-control-1b", cidr="10.40.8.16/28", zone="b"),
    ),
    cluster=ClusterPlan(
        name="stage-eu",
        version="1.33",
        control_subnets=("stage-control-1a", "stage-control-1b"),
        cni_env={"ENABLE_PREFIX_DELEGATION": "true", "WARM_IP_TARGET": "5", "MINIMUM_IP_TARGET": "32"},
        nodegroups=(
            NodegroupPlan(
                name="stage",
                instance_type="m6i.xlarge",
                subnets=("stage-pods-1a", "private-1b"),
                nodes_per_subnet=(3, 3),
                mode=Mode.PREFIX,
                pods=40,
                enis=1,
                prefixes=3,
            ),
        ),
    ),
)

# Custom networking on 100.64.0.0/16 with WARM_ENI_TARGET=2 on r5.4xlarge: 87 addresses warm or used for 10 pods a node.
# The secure group runs security groups for pods: one trunk and five branches on every node.
_DATA_EU = VpcPlan(
    name="data-eu-vpc",
    account_id=DATA,
    region="eu-west-1",
    cidrs=("10.60.0.0/16", "100.64.0.0/16"),
    subnets=(
        SubnetPlan(name="nodes-1a", cidr="10.60.0.0/24", zone="a", holders=(("rds", 2), ("efs", 1))),
        SubnetPlan(name="nodes-1b", cidr="10.60.1.0/24", zone="b", holders=(("rds", 2), ("efs", 1))),
        SubnetPlan(name="cgnat-1a", cidr="100.64.0.0/22", zone="a"),
        SubnetPlan(name="cgnat-1b", cidr="100.64.4.0/22", zone="b"),
    ),
    cluster=ClusterPlan(
        name="data-eu",
        version="1.31",
        control_subnets=("nodes-1a", "nodes-1b"),
        cni_env={
            "AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG": "true",
            "ENI_CONFIG_LABEL_DEF": "topology.kubernetes.io/zone",
            "ENABLE_POD_ENI": "true",
            "WARM_ENI_TARGET": "2",
        },
        metrics=True,
        nodegroups=(
            NodegroupPlan(
                name="spark",
                instance_type="r5.4xlarge",
                subnets=("nodes-1a", "nodes-1b"),
                nodes_per_subnet=(4, 4),
                mode=Mode.CUSTOM_NETWORKING,
                pods=10,
                enis=4,
                pod_subnets=("cgnat-1a", "cgnat-1b"),
            ),
            NodegroupPlan(
                name="secure",
                instance_type="m5.large",
                subnets=("nodes-1a",),
                nodes_per_subnet=(2,),
                mode=Mode.CUSTOM_NETWORKING,
                pods=6,
                enis=2,
                branches=5,
                pod_subnets=("cgnat-1a",),
            ),
        ),
    ),
)

# IPv6: one /80 a node and one IPv4 address a node; Fargate pods still take an IPv4 address each.
_EDGE = VpcPlan(
    name="edge-vpc",
    account_id=DATA,
    region="eu-central-1",
    cidrs=("10.80.0.0/16",),
    subnets=(
        SubnetPlan(name="edge-1a", cidr="10.80.0.0/24", zone="a", holders=(("nlb", 1),)),
        SubnetPlan(name="edge-1b", cidr="10.80.1.0/24", zone="b", holders=(("nlb", 1),)),
        SubnetPlan(name="edge-fargate-1a", cidr="10.80.2.0/26", zone="a"),
    ),
    cluster=ClusterPlan(
        name="edge",
        version="1.33",
        control_subnets=("edge-1a", "edge-1b"),
        cni_env={"ENABLE_IPv6": "true", "ENABLE_IPv4": "false", "ENABLE_PREFIX_DELEGATION": "true"},
        ip_family="ipv6",
        fargate=("jobs", ("edge-fargate-1a",), 24),
        nodegroups=(
            NodegroupPlan(
                name="edge",
                instance_type="c6g.large",
                subnets=("edge-1a", "edge-1b"),
                nodes_per_subnet=(2, 2),
                mode=Mode.IPV6,
                pods=20,
            ),
        ),
    ),
)

# No cluster; names that would break a message that does not escape them.
_LAB = VpcPlan(
    name="lab",
    account_id=STAGE,
    region="us-east-1",
    cidrs=("172.16.0.0/16",),
    subnets=(
        SubnetPlan(name="R&D <build> subnet", cidr="172.16.0.0/24", zone="a", holders=(("lambda", 12),)),
        SubnetPlan(name="<!channel> lab", cidr="172.16.1.0/25", zone="b", holders=(("unknown", 3),)),
    ),
)

VPCS = (_PROD_EU, _PROD_US, _STAGE_EU, _DATA_EU, _EDGE, _LAB)
