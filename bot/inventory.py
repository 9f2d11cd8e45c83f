"""What AWS said: accounts, VPCs, subnets, interfaces, nodes, clusters, and what could not be read.

Facts only, frozen, with the time they were observed. Names are EC2's and EKS's own.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from ipaddress import IPv4Address, IPv4Network, IPv6Network


class Quality(Enum):
    """How far a fact can be trusted now."""

    FRESH = "fresh"
    STALE = "stale"
    UNKNOWN = "unknown"
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One AWS account that is configured or discovered, and the regions asked for ([] = every enabled one)."""

    account_id: str
    name: str
    role_arns: tuple[str, ...] = ()
    external_id: str | None = None
    regions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BlindSpot:
    """Something that could not be read: account, region, API, and why in one sentence."""

    account_id: str
    region: str
    api: str
    reason: str
    observed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Vpc:
    """A VPC with every CIDR block that is associated with it."""

    vpc_id: str
    name: str
    account_id: str
    region: str
    cidrs: tuple[IPv4Network, ...]
    ipv6_cidrs: tuple[IPv6Network, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Subnet:
    """A subnet as DescribeSubnets shows it.

    `available_ips` is AvailableIpAddressCount: it leaves out space set aside by CIDR reservations, and says nothing
    of contiguity (DOMAIN 4). `cidr` is None for an IPv6-only subnet. `account_id` is the owner.
    """

    subnet_id: str
    name: str
    account_id: str
    region: str
    az_id: str
    az: str
    vpc_id: str
    cidr: IPv4Network | None
    available_ips: int | None
    observed_at: datetime
    ipv6_cidrs: tuple[IPv6Network, ...] = ()
    quality: Quality = Quality.FRESH

    @property
    def label(self) -> str:
        """The Name tag, or the id where there is none."""
        return self.name or self.subnet_id


class ReservationType(Enum):
    """What a subnet CIDR reservation keeps its space for."""

    PREFIX = "prefix"
    EXPLICIT = "explicit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """A subnet CIDR reservation (GetSubnetCidrReservations), IPv4 only."""

    reservation_id: str
    subnet_id: str
    cidr: IPv4Network
    reservation_type: ReservationType
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Eni:
    """A network interface: its addresses (primary first) and its /28 prefixes.

    Addresses inside a prefix are not listed by EC2 and so are not in `addresses`.
    `device_index` and `network_card_index` are None while it is not attached. `interface_type` has EC2's spelling.
    """

    eni_id: str
    subnet_id: str
    vpc_id: str
    account_id: str
    owner_id: str
    region: str
    az: str
    status: str
    interface_type: str
    description: str
    addresses: tuple[IPv4Address, ...]
    prefixes: tuple[IPv4Network, ...] = ()
    ipv6_prefixes: int = 0
    requester_id: str = ""
    requester_managed: bool = False
    instance_id: str | None = None
    device_index: int | None = None
    network_card_index: int | None = None
    tags: tuple[tuple[str, str], ...] = ()

    def tag(self, key: str) -> str | None:
        """The value of a tag, or None."""
        return dict(self.tags).get(key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """An EC2 instance that may be a cluster's node; `cluster` and `nodegroup` come from its tags."""

    instance_id: str
    instance_type: str
    account_id: str
    region: str
    az: str
    subnet_id: str
    state: str
    private_dns_name: str = ""
    cluster: str | None = None
    nodegroup: str | None = None
    launched_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceLimits:
    """What one instance type can attach on its default network card (DescribeInstanceTypes NetworkInfo).

    `max_enis` is the default card's MaximumNetworkInterfaces, not the sum over cards. `hypervisor` is "nitro", "xen"
    or "" (bare metal reports none). `source` is "ec2" or "snapshot DATE".
    """

    instance_type: str
    max_enis: int
    ipv4_per_eni: int
    ipv6_per_eni: int
    hypervisor: str
    bare_metal: bool
    network_cards: int
    vcpus: int
    memory_mib: int
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthIssue:
    """One entry of EKS cluster or node group health: code, message, and the resources it names."""

    code: str
    message: str
    resource_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CniSettings:
    """The vpc-cni add-on as EKS describes it; `environment` holds the aws-node variables it sets.

    `source` is "addon", or "unknown" when the cluster has no managed add-on (self-managed CNI) or it cannot be read:
    then the live environment of the DaemonSet is not known and must not be guessed.
    """

    source: str
    version: str | None = None
    environment: tuple[tuple[str, str], ...] = ()

    def value(self, variable: str) -> str | None:
        """The configured value of an aws-node variable, or None where the add-on does not set it."""
        return dict(self.environment).get(variable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Nodegroup:
    """A managed node group: where it may launch, what, how many, and how many an update replaces at once."""

    name: str
    subnet_ids: tuple[str, ...]
    instance_types: tuple[str, ...]
    status: str
    desired_size: int | None = None
    max_size: int | None = None
    max_unavailable: int | None = None
    max_unavailable_pct: int | None = None
    ami_type: str = ""
    health: tuple[HealthIssue, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FargateProfile:
    """A Fargate profile and the subnets its pods take an address from."""

    name: str
    subnet_ids: tuple[str, ...]
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """An EKS cluster; `subnet_ids` are the ones given to the control plane."""

    name: str
    account_id: str
    region: str
    version: str
    status: str
    vpc_id: str
    subnet_ids: tuple[str, ...]
    ip_family: str
    cni: CniSettings
    health: tuple[HealthIssue, ...] = ()
    nodegroups: tuple[Nodegroup, ...] = ()
    fargate_profiles: tuple[FargateProfile, ...] = ()

    @property
    def all_subnet_ids(self) -> frozenset[str]:
        """Every subnet the cluster names: control plane, node groups and Fargate profiles."""
        node_subnets = (group.subnet_ids for group in self.nodegroups)
        fargate_subnets = (profile.subnet_ids for profile in self.fargate_profiles)
        return frozenset(self.subnet_ids).union(*node_subnets, *fargate_subnets)

    @property
    def node_subnet_ids(self) -> frozenset[str]:
        """The subnets of its managed node groups; without any, every subnet it names (its nodes may be in each)."""
        groups = (group.subnet_ids for group in self.nodegroups)
        return frozenset().union(*groups) or self.all_subnet_ids

    @property
    def prefix_mode(self) -> bool | None:
        """Whether the add-on sets ENABLE_PREFIX_DELEGATION; None when its settings are not known."""
        if self.cni.source == "unknown":
            return None
        return (self.cni.value("ENABLE_PREFIX_DELEGATION") or "false").strip().lower() in {"true", "1", "t"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionFacts:
    """What one read of one account and region brought, with what it could not see."""

    account_id: str
    region: str
    observed_at: datetime
    vpcs: tuple[Vpc, ...] = ()
    subnets: tuple[Subnet, ...] = ()
    clusters: tuple[Cluster, ...] = ()
    blind_spots: tuple[BlindSpot, ...] = ()
    subnets_complete: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SubnetContents:
    """The interfaces, nodes and reservations of some subnets, read together.

    `enis_read` and `reservations_read` are the subnets of which all could be read: of the others nothing is known.
    """

    subnet_ids: frozenset[str]
    observed_at: datetime
    enis: tuple[Eni, ...] = ()
    nodes: tuple[Node, ...] = ()
    reservations: tuple[Reservation, ...] = ()
    blind_spots: tuple[BlindSpot, ...] = ()
    enis_read: frozenset[str] = frozenset()
    reservations_read: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class VpcRouting:
    """What routes and peerings rule out for another block of a VPC; None where they could not all be read.

    `routes` are destinations, `peer_cidrs` blocks of actively peered VPCs, `requester_cidrs` of VPCs that ask to be
    peered; `pending_requests` are the peerings that this VPC asks for.
    """

    vpc_id: str
    routes: tuple[IPv4Network, ...] | None = None
    peer_cidrs: tuple[IPv4Network, ...] | None = None
    requester_cidrs: tuple[IPv4Network, ...] = ()
    pending_requests: tuple[str, ...] = ()
    blind_spots: tuple[BlindSpot, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """Everything known now over all accounts and regions; every item carries its own age."""

    accounts: tuple[Account, ...]
    regions: tuple[RegionFacts, ...]
    expected_regions: int
    blind_spots: tuple[BlindSpot, ...] = ()

    @property
    def subnets(self) -> tuple[Subnet, ...]:
        """Every subnet of every region read."""
        return tuple(subnet for region in self.regions for subnet in region.subnets)

    @property
    def vpcs(self) -> tuple[Vpc, ...]:
        """Every VPC of every region read."""
        return tuple(vpc for region in self.regions for vpc in region.vpcs)

    @property
    def clusters(self) -> tuple[Cluster, ...]:
        """Every EKS cluster of every region read."""
        return tuple(cluster for region in self.regions for cluster in region.clusters)

    @property
    def all_blind_spots(self) -> tuple[BlindSpot, ...]:
        """What could not be read, of accounts as a whole and inside each region."""
        return self.blind_spots + tuple(spot for region in self.regions for spot in region.blind_spots)

    @property
    def as_of(self) -> datetime | None:
        """The time of the oldest read that is still in use."""
        return min((region.observed_at for region in self.regions), default=None)

    def account_name(self, account_id: str) -> str:
        """The account's configured name, or its id."""
        return next((a.name for a in self.accounts if a.account_id == account_id), account_id)

    def clusters_by_subnet(self) -> dict[str, tuple[str, ...]]:
        """The names of the clusters that name each subnet, by subnet id; subnets of no cluster are not in it."""
        names: dict[str, tuple[str, ...]] = {}
        for cluster in self.clusters:
            for subnet_id in cluster.all_subnet_ids:
                names[subnet_id] = (*names.get(subnet_id, ()), cluster.name)
        return names
