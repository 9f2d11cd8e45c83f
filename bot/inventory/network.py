"""What EC2 shows: accounts, VPCs, subnets, reservations, interfaces, routes."""

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

    def seen_again(self, observed_at: datetime, available_ips: int | None) -> "Subnet":
        """The subnet as a later read found it, with all else unchanged.

        Field by field, since a sweep does it for 80,000 subnets and `replace` takes twice as long.
        """
        return Subnet(
            subnet_id=self.subnet_id,
            name=self.name,
            account_id=self.account_id,
            region=self.region,
            az_id=self.az_id,
            az=self.az,
            vpc_id=self.vpc_id,
            cidr=self.cidr,
            available_ips=available_ips,
            observed_at=observed_at,
            ipv6_cidrs=self.ipv6_cidrs,
            quality=self.quality,
        )


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
