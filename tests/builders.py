"""Inventory facts for tests: each builder fills in what the test does not care about."""

from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv4Network, IPv6Network

from bot.capacity.subnets import Limits
from bot.inventory import (
    Account,
    BlindSpot,
    Cluster,
    CniSettings,
    Eni,
    FargateProfile,
    InstanceLimits,
    Inventory,
    Node,
    Nodegroup,
    RegionFacts,
    Reservation,
    ReservationType,
    Subnet,
    SubnetContents,
    Vpc,
)

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
"""The moment tests run at, unless they say otherwise."""

PROD, DEV = "111122223333", "444455556666"
"""Two account ids of AWS's documentation range."""

REGION = "eu-west-1"

LIMITS = Limits(floor_ips=8, low_pct=10, critical_pct=5, clear_pct=12)
"""The default thresholds."""


def subnet(
    subnet_id: str = "subnet-0a",
    cidr: str | None = "10.0.0.0/24",
    *,
    name: str = "private-1a",
    available_ips: int | None = 251,
    account_id: str = PROD,
    region: str = REGION,
    az_id: str = "euw1-az1",
    az: str = "eu-west-1a",
    vpc_id: str = "vpc-0a",
    ipv6_cidrs: tuple[str, ...] = (),
    observed_at: datetime = NOW,
) -> Subnet:
    """A healthy /24 unless told otherwise; `cidr` None makes it IPv6-only."""
    return Subnet(
        subnet_id=subnet_id,
        name=name,
        account_id=account_id,
        region=region,
        az_id=az_id,
        az=az,
        vpc_id=vpc_id,
        cidr=None if cidr is None else IPv4Network(cidr),
        available_ips=available_ips,
        observed_at=observed_at,
        ipv6_cidrs=tuple(IPv6Network(block) for block in ipv6_cidrs),
    )


def eni(
    *addresses: str,
    prefixes: tuple[str, ...] = (),
    eni_id: str = "eni-0a",
    subnet_id: str = "subnet-0a",
    description: str = "",
    interface_type: str = "interface",
    status: str = "in-use",
    requester_id: str = "",
    requester_managed: bool = False,
    instance_id: str | None = None,
    tags: tuple[tuple[str, str], ...] = (),
) -> Eni:
    """An interface with these addresses, attached to the instance that is named, if any."""
    return Eni(
        eni_id=eni_id,
        subnet_id=subnet_id,
        vpc_id="vpc-0a",
        account_id=PROD,
        owner_id=PROD,
        region=REGION,
        az="eu-west-1a",
        status=status,
        interface_type=interface_type,
        description=description,
        addresses=tuple(IPv4Address(address) for address in addresses),
        prefixes=tuple(IPv4Network(prefix) for prefix in prefixes),
        requester_id=requester_id,
        requester_managed=requester_managed,
        instance_id=instance_id,
        device_index=None if instance_id is None else 0,
        network_card_index=None if instance_id is None else 0,
        tags=tags,
    )


def reservation(
    cidr: str, kind: ReservationType = ReservationType.PREFIX, *, subnet_id: str = "subnet-0a"
) -> Reservation:
    """A CIDR reservation of a subnet."""
    return Reservation(
        reservation_id=f"scr-{cidr.replace('.', '').replace('/', '')}",
        subnet_id=subnet_id,
        cidr=IPv4Network(cidr),
        reservation_type=kind,
    )


def contents(
    *enis: Eni,
    subnet_ids: tuple[str, ...] = ("subnet-0a",),
    reservations: tuple[Reservation, ...] = (),
    reservations_read: tuple[str, ...] | None = None,
    nodes: tuple[Node, ...] = (),
) -> SubnetContents:
    """What was read of the subnets; their reservations count as read unless told otherwise."""
    return SubnetContents(
        subnet_ids=frozenset(subnet_ids),
        observed_at=NOW,
        enis=enis,
        nodes=nodes,
        reservations=reservations,
        enis_read=frozenset(subnet_ids),
        reservations_read=frozenset(subnet_ids if reservations_read is None else reservations_read),
    )


def node(
    instance_id: str = "i-0a",
    instance_type: str = "m5.large",
    *,
    cluster: str | None = "prod-eu",
    nodegroup: str | None = "general",
    subnet_id: str = "subnet-0a",
) -> Node:
    """A running instance of a node group, unless told otherwise."""
    return Node(
        instance_id=instance_id,
        instance_type=instance_type,
        account_id=PROD,
        region=REGION,
        az="eu-west-1a",
        subnet_id=subnet_id,
        state="running",
        cluster=cluster,
        nodegroup=nodegroup,
    )


def cluster(
    name: str = "prod-eu",
    subnet_ids: tuple[str, ...] = ("subnet-0a",),
    *,
    account_id: str = PROD,
    region: str = REGION,
    environment: tuple[tuple[str, str], ...] = (),
    cni_source: str = "addon",
    ip_family: str = "ipv4",
    node_subnet_ids: tuple[str, ...] = (),
    fargate_subnet_ids: tuple[str, ...] = (),
) -> Cluster:
    """A cluster whose control plane, one node group and one Fargate profile (where asked for) name subnets."""
    groups = (Nodegroup(name="general", subnet_ids=node_subnet_ids, instance_types=("m5.large",), status="ACTIVE"),)
    profiles = (FargateProfile(name="jobs", subnet_ids=fargate_subnet_ids, status="ACTIVE"),)
    return Cluster(
        name=name,
        account_id=account_id,
        region=region,
        version="1.34",
        status="ACTIVE",
        vpc_id="vpc-0a",
        subnet_ids=subnet_ids,
        ip_family=ip_family,
        cni=CniSettings(source=cni_source, environment=environment),
        nodegroups=groups if node_subnet_ids else (),
        fargate_profiles=profiles if fargate_subnet_ids else (),
    )


def vpc(
    vpc_id: str = "vpc-0a",
    name: str = "main",
    *cidrs: str,
    account_id: str = PROD,
    region: str = REGION,
    ipv6_cidrs: tuple[str, ...] = (),
) -> Vpc:
    """A VPC with these CIDR blocks."""
    return Vpc(
        vpc_id=vpc_id,
        name=name,
        account_id=account_id,
        region=region,
        cidrs=tuple(IPv4Network(cidr) for cidr in cidrs),
        ipv6_cidrs=tuple(IPv6Network(cidr) for cidr in ipv6_cidrs),
    )


def region_facts(
    *subnets: Subnet,
    account_id: str = PROD,
    region: str = REGION,
    vpcs: tuple[Vpc, ...] = (),
    clusters: tuple[Cluster, ...] = (),
    blind_spots: tuple[BlindSpot, ...] = (),
    observed_at: datetime = NOW,
    subnets_complete: bool = True,
) -> RegionFacts:
    """What one read of one account and region brought."""
    return RegionFacts(
        account_id=account_id,
        region=region,
        observed_at=observed_at,
        vpcs=vpcs,
        subnets=subnets,
        clusters=clusters,
        blind_spots=blind_spots,
        subnets_complete=subnets_complete,
    )


def inventory(*regions: RegionFacts, blind_spots: tuple[BlindSpot, ...] = ()) -> Inventory:
    """The accounts "prod" and "dev" with these regions read."""
    return Inventory(
        accounts=(Account(account_id=PROD, name="prod"), Account(account_id=DEV, name="dev")),
        regions=regions,
        expected_regions=len(regions) + len(blind_spots),
        blind_spots=blind_spots,
    )


def blind_spot(
    account_id: str = DEV,
    region: str = REGION,
    api: str = "ec2:DescribeSubnets",
    reason: str = "access denied",
) -> BlindSpot:
    """A read that AWS refused."""
    return BlindSpot(account_id=account_id, region=region, api=api, reason=reason, observed_at=NOW)


def instance_limits(
    instance_type: str = "m5.large",
    max_enis: int = 3,
    ipv4_per_eni: int = 10,
    *,
    hypervisor: str = "nitro",
    bare_metal: bool = False,
    vcpus: int = 2,
) -> InstanceLimits:
    """The limits of an instance type with one network card."""
    return InstanceLimits(
        instance_type=instance_type,
        max_enis=max_enis,
        ipv4_per_eni=ipv4_per_eni,
        ipv6_per_eni=ipv4_per_eni,
        hypervisor=hypervisor,
        bare_metal=bare_metal,
        network_cards=1,
        vcpus=vcpus,
        memory_mib=8192,
        source="ec2",
    )
