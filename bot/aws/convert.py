"""EC2's answers as inventory facts; a field EC2 leaves out becomes its empty value, never a guess."""

from collections.abc import Iterable, Mapping
from datetime import UTC
from ipaddress import IPv4Network, IPv6Network
from typing import TYPE_CHECKING, Any

from bot.inventory import InstanceLimits, Node

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import (
        InstanceTypeDef,
        InstanceTypeInfoTypeDef,
        TagTypeDef,
        VpcTypeDef,
    )

_CLUSTER_TAGS = ("eks:cluster-name", "aws:eks:cluster-name", "alpha.eksctl.io/cluster-name")
"""Tags that name an instance's cluster: managed node groups, Karpenter and EKS Auto Mode, eksctl."""
_CLUSTER_TAG_PREFIX = "kubernetes.io/cluster/"
_NODEGROUP_TAGS = ("eks:nodegroup-name", "alpha.eksctl.io/nodegroup-name")


def name_tag(tags: "Iterable[TagTypeDef] | None") -> str:
    """The value of the Name tag, or "" without one."""
    return next((tag.get("Value", "") for tag in tags or () if tag.get("Key") == "Name"), "")


def available_ips(cidr: IPv4Network | None, count: int | None) -> int | None:
    """AvailableIpAddressCount where it can be true: an IPv4 subnet, and a number that fits its block."""
    # Not num_addresses: it keeps two more addresses and a mask with each block, of which a fleet has 80,000.
    if cidr is None or count is None or not 0 <= count <= 1 << (cidr.max_prefixlen - cidr.prefixlen):
        return None
    return count


def ipv6_cidrs(associations: Iterable[Mapping[str, Any]] | None) -> tuple[IPv6Network, ...]:
    """The IPv6 blocks in an Ipv6CidrBlockAssociationSet that are associated."""
    return tuple(
        IPv6Network(item["Ipv6CidrBlock"])
        for item in associations or ()
        if item.get("Ipv6CidrBlock") and _is_associated(item.get("Ipv6CidrBlockState"))
    )


def vpc_cidrs(item: "VpcTypeDef") -> tuple[IPv4Network, ...]:
    """Every IPv4 block associated with the VPC, the primary one first."""
    associated = (
        part["CidrBlock"]
        for part in item.get("CidrBlockAssociationSet", ())
        if part.get("CidrBlock") and _is_associated(part.get("CidrBlockState"))
    )
    blocks = dict.fromkeys([*filter(None, (item.get("CidrBlock"),)), *associated])
    return tuple(IPv4Network(block) for block in blocks)


def node(item: "InstanceTypeDef", account_id: str, region: str) -> Node:
    """One instance of DescribeInstances; its cluster and node group as its tags name them."""
    tags = dict(_tags(item.get("Tags")))
    launched_at = item.get("LaunchTime")
    owned = (key.removeprefix(_CLUSTER_TAG_PREFIX) for key in tags if key.startswith(_CLUSTER_TAG_PREFIX))
    named = (tags[key] for key in _CLUSTER_TAGS if tags.get(key))
    return Node(
        instance_id=item["InstanceId"],
        instance_type=item.get("InstanceType", ""),
        account_id=account_id,
        region=region,
        az=item.get("Placement", {}).get("AvailabilityZone", ""),
        subnet_id=item.get("SubnetId", ""),
        state=item.get("State", {}).get("Name", ""),
        private_dns_name=item.get("PrivateDnsName", ""),
        cluster=next(named, None) or next(owned, None),
        nodegroup=next((tags[key] for key in _NODEGROUP_TAGS if tags.get(key)), None),
        # botocore gives every time a time zone of its own, a few hundred bytes for each node.
        launched_at=None if launched_at is None else launched_at.astimezone(UTC),
    )


def instance_limits(item: "InstanceTypeInfoTypeDef") -> InstanceLimits:
    """One type of DescribeInstanceTypes, with the limits of its default network card.

    Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_NetworkInfo.html: MaximumNetworkInterfaces is the
    sum over all network cards, while the VPC CNI attaches to the default one only.
    """
    network = item.get("NetworkInfo", {})
    default_card = network.get("DefaultNetworkCardIndex", 0)
    on_card = (
        card.get("MaximumNetworkInterfaces")
        for card in network.get("NetworkCards", ())
        if card.get("NetworkCardIndex") == default_card
    )
    return InstanceLimits(
        instance_type=item["InstanceType"],
        max_enis=next(on_card, None) or network.get("MaximumNetworkInterfaces", 0),
        ipv4_per_eni=network.get("Ipv4AddressesPerInterface", 0),
        ipv6_per_eni=network.get("Ipv6AddressesPerInterface", 0),
        hypervisor=item.get("Hypervisor") or "",
        bare_metal=bool(item.get("BareMetal")),
        network_cards=network.get("MaximumNetworkCards", 1),
        vcpus=item.get("VCpuInfo", {}).get("DefaultVCpus", 0),
        memory_mib=item.get("MemoryInfo", {}).get("SizeInMiB", 0),
        source="ec2",
    )


def _is_associated(state: Mapping[str, Any] | None) -> bool:
    return not state or state.get("State", "associated") == "associated"


def _tags(tags: "Iterable[TagTypeDef] | None") -> tuple[tuple[str, str], ...]:
    return tuple((tag["Key"], tag.get("Value", "")) for tag in tags or () if tag.get("Key"))
