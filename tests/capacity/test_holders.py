"""Who holds the addresses: interfaces sorted by the marks their services leave on them."""

import pytest
from builders import eni, node

from bot.capacity.holders import WORDS, Holder, HolderKind, by_kind, holders, kind_and_owner
from bot.inventory import Eni

CLUSTER_TAG = (("cluster.k8s.amazonaws.com/name", "prod-eu"),)
INSTANCE_TAG = (("node.k8s.amazonaws.com/instance_id", "i-0a"),)
UUID = "3f0c1d9a-1b2c-4d5e-8f90-0123456789ab"
NODES = {"i-0a": node(), "i-0solo": node("i-0solo", cluster=None, nodegroup=None), "i-0b": node("i-0b", nodegroup=None)}


@pytest.mark.parametrize(
    ("interface", "kind", "owner"),
    [
        pytest.param(
            eni(description="ELB app/web/50dc6c495c0c9188", requester_id="amazon-elb", requester_managed=True),
            "load_balancer",
            "web",
            id="application load balancer",
        ),
        pytest.param(
            eni(description="ELB net/ingress-nlb/1a2b3c4d", interface_type="network_load_balancer"),
            "load_balancer",
            "ingress-nlb",
            id="network load balancer",
        ),
        pytest.param(
            eni(description="ELB gwy/inspection/9f8e", interface_type="gateway_load_balancer"),
            "load_balancer",
            "inspection",
            id="gateway load balancer",
        ),
        pytest.param(
            eni(description="ELB legacy-web", requester_id="amazon-elb"),
            "load_balancer",
            "legacy-web",
            id="classic load balancer",
        ),
        pytest.param(eni(description="ELB dashboard"), "unknown", "111122223333", id="a person's own description"),
        pytest.param(
            eni(description=f"AWS Lambda VPC ENI-resize-images-{UUID}", interface_type="lambda"),
            "lambda",
            "resize-images",
            id="Lambda function with EC2's uuid",
        ),
        pytest.param(
            eni(description="AWS Lambda VPC ENI-nightly", interface_type="interface"),
            "lambda",
            "nightly",
            id="Lambda function without one",
        ),
        pytest.param(
            eni(description="VPC Endpoint Interface vpce-0a1b2c3d", interface_type="vpc_endpoint"),
            "endpoint",
            "vpce-0a1b2c3d",
            id="interface endpoint",
        ),
        pytest.param(
            eni(description="Interface for NAT Gateway nat-0a1b", interface_type="nat_gateway"),
            "nat_gateway",
            "nat-0a1b",
            id="NAT gateway as EC2 answers",
        ),
        pytest.param(
            eni(interface_type="natGateway", requester_id="amazon-aws"),
            "nat_gateway",
            "amazon-aws",
            id="NAT gateway as the service model spells it",
        ),
        pytest.param(
            eni(description="EFS mount target for fs-0a1b2c (fsmt-0d4e5f)", interface_type="efs"),
            "efs",
            "fs-0a1b2c",
            id="EFS mount target",
        ),
        pytest.param(
            eni(description="RDSNetworkInterface", requester_id="amazon-rds", requester_managed=True),
            "rds",
            "amazon-rds",
            id="RDS instance",
        ),
        pytest.param(
            eni(description="Amazon EKS prod-eu", requester_managed=True),
            "control_plane",
            "prod-eu",
            id="EKS control plane",
        ),
        pytest.param(
            eni(description="aws-k8s-trunk-eni", interface_type="trunk", instance_id="i-0a", tags=CLUSTER_TAG),
            "trunk",
            "prod-eu",
            id="trunk",
        ),
        pytest.param(
            eni(description="aws-k8s-branch-eni", interface_type="branch", tags=CLUSTER_TAG),
            "branch",
            "prod-eu",
            id="branch",
        ),
        pytest.param(
            eni(description="aws-K8S-i-0a", instance_id="i-0a"), "node", "prod-eu/general", id="pod ENI of a node"
        ),
        pytest.param(eni(instance_id="i-0a"), "node", "prod-eu/general", id="primary ENI of a node"),
        pytest.param(eni(instance_id="i-0b"), "node", "prod-eu", id="node outside a node group"),
        pytest.param(
            eni(description="aws-K8S-i-0a", status="available", tags=INSTANCE_TAG),
            "node",
            "prod-eu/general",
            id="detached pod ENI whose node is known",
        ),
        pytest.param(
            eni(description="aws-K8S-i-0gone", status="available", tags=CLUSTER_TAG),
            "node",
            "prod-eu",
            id="detached pod ENI of a node that is gone: still the cluster's, not called leaked",
        ),
        pytest.param(
            eni(description="aws-K8S-i-0gone", status="available"),
            "node",
            "cluster not known",
            id="detached pod ENI that names no cluster",
        ),
        pytest.param(eni(instance_id="i-0solo"), "instance", "i-0solo", id="instance outside clusters"),
        pytest.param(eni(instance_id="i-0unread"), "instance", "i-0unread", id="instance that was not read"),
        pytest.param(
            eni(
                description="Network Interface for Transit Gateway Attachment tgw-attach-1",
                interface_type="transit_gateway",
                requester_managed=True,
            ),
            "aws_service",
            "Network Interface for Transit Gateway Attachment tgw-attach-",
            id="a service without a mark of its own",
        ),
        pytest.param(
            eni(requester_id="amazon-elasticache"), "aws_service", "amazon-elasticache", id="service by its requester"
        ),
        pytest.param(eni(requester_id="333344445555"), "unknown", "333344445555", id="made by another account"),
        pytest.param(eni(), "unknown", "111122223333", id="nothing tells"),
        pytest.param(eni(description="my aws-K8S- notes"), "unknown", "111122223333", id="mark not at the start"),
    ],
)
def test_an_interface_is_recognised_by_its_marks(interface: Eni, kind: str, owner: str) -> None:
    found_kind, found_owner = kind_and_owner(interface, NODES)

    assert (found_kind.value, found_owner) == (kind, owner)


def test_holders_sum_interfaces_addresses_and_prefixes_the_largest_first() -> None:
    found = holders(
        [
            eni("10.0.0.4", description="ELB app/web/1", requester_id="amazon-elb"),
            eni("10.0.0.5", description="ELB app/web/1", requester_id="amazon-elb"),
            eni("10.0.0.6", prefixes=("10.0.0.16/28", "10.0.0.32/28"), instance_id="i-0a"),
            eni("10.0.0.7", "10.0.0.8", description="aws-K8S-i-0a", instance_id="i-0a"),
        ],
        [node()],
    )

    assert found == (
        Holder(kind=HolderKind.NODE, owner="prod-eu/general", enis=2, addresses=3, prefixes=2),
        Holder(kind=HolderKind.LOAD_BALANCER, owner="web", enis=2, addresses=2, prefixes=0),
    )
    assert [holder.ips for holder in found] == [35, 2]


def test_by_kind_sums_the_owners_and_says_how_many_they_are() -> None:
    found = by_kind(
        holders(
            [
                eni("10.0.0.4", description="ELB app/a/1", requester_id="amazon-elb"),
                eni("10.0.0.5", description="ELB app/b/2", requester_id="amazon-elb"),
            ],
            [],
        )
    )

    assert found == (Holder(kind=HolderKind.LOAD_BALANCER, owner="2", enis=2, addresses=2, prefixes=0),)


def test_every_kind_has_words() -> None:
    assert set(WORDS) == set(HolderKind)
