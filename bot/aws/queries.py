"""EC2 reads, one function each: every page asked for, the answers as inventory facts.

Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/ (the page of each operation named below).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Network
from typing import TYPE_CHECKING

from bot.aws import convert
from bot.aws.errors import translated
from bot.aws.limits import EC2_PAGE, FILTER_VALUES, INSTANCE_TYPES_PAGE
from bot.aws.sessions import Sessions
from bot.inventory import Account, Eni, InstanceLimits, Node, Reservation, ReservationType, Subnet, Vpc

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_ec2.client import EC2Client
    from mypy_boto3_ec2.type_defs import FilterTypeDef, GetSubnetCidrReservationsRequestTypeDef
    from mypy_boto3_eks.client import EKSClient


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One account and region to read, and the sessions to read it with."""

    sessions: Sessions
    account: Account
    region: str

    @property
    def ec2(self) -> "EC2Client":
        """The EC2 client of the place."""
        return self.sessions.ec2(self.account, self.region)

    @property
    def eks(self) -> "EKSClient":
        """The EKS client of the place."""
        return self.sessions.eks(self.account, self.region)

    @property
    def cloudwatch(self) -> "CloudWatchClient":
        """The CloudWatch client of the place."""
        return self.sessions.cloudwatch(self.account, self.region)


def enabled_regions(place: Place) -> tuple[str, ...]:
    """The regions enabled in the account, sorted (DescribeRegions without AllRegions lists no others)."""
    with translated(place.account, place.region, "DescribeRegions"):
        answer = place.ec2.describe_regions()
        return tuple(sorted(region["RegionName"] for region in answer["Regions"]))


def subnets(place: Place, now: datetime) -> tuple[Subnet, ...]:
    """Every subnet the account sees in the region, those shared with it included (DescribeSubnets)."""
    with translated(place.account, place.region, "DescribeSubnets"):
        pages = place.ec2.get_paginator("describe_subnets").paginate(PaginationConfig={"PageSize": EC2_PAGE})
        return tuple(
            Subnet(
                subnet_id=item["SubnetId"],
                name=convert.name_tag(item.get("Tags")),
                account_id=item.get("OwnerId") or place.account.account_id,
                region=place.region,
                az_id=item.get("AvailabilityZoneId", ""),
                az=item.get("AvailabilityZone", ""),
                vpc_id=item.get("VpcId", ""),
                cidr=(cidr := convert.subnet_cidr(item)),
                available_ips=convert.available_ips(cidr, item.get("AvailableIpAddressCount")),
                ipv6_cidrs=convert.ipv6_cidrs(item.get("Ipv6CidrBlockAssociationSet")),
                observed_at=now,
            )
            for page in pages
            for item in page["Subnets"]
        )


def vpcs(place: Place) -> tuple[Vpc, ...]:
    """Every VPC the account sees in the region, with its associated CIDR blocks (DescribeVpcs)."""
    with translated(place.account, place.region, "DescribeVpcs"):
        pages = place.ec2.get_paginator("describe_vpcs").paginate(PaginationConfig={"PageSize": EC2_PAGE})
        return tuple(
            Vpc(
                vpc_id=item["VpcId"],
                name=convert.name_tag(item.get("Tags")),
                account_id=item.get("OwnerId") or place.account.account_id,
                region=place.region,
                cidrs=convert.vpc_cidrs(item),
                ipv6_cidrs=convert.ipv6_cidrs(item.get("Ipv6CidrBlockAssociationSet")),
            )
            for page in pages
            for item in page["Vpcs"]
        )


def network_interfaces(place: Place, subnet_ids: Iterable[str]) -> tuple[Eni, ...]:
    """Every interface of the subnets that the account sees (DescribeNetworkInterfaces by subnet-id filter)."""
    found: list[Eni] = []
    with translated(place.account, place.region, "DescribeNetworkInterfaces"):
        paginator = place.ec2.get_paginator("describe_network_interfaces")
        for filters in _filters("subnet-id", subnet_ids):
            for page in paginator.paginate(Filters=filters, PaginationConfig={"PageSize": EC2_PAGE}):
                found += (
                    convert.eni(item, place.account.account_id, place.region) for item in page["NetworkInterfaces"]
                )
    return tuple(found)


def instances(place: Place, instance_ids: Iterable[str]) -> tuple[Node, ...]:
    """The instances with these ids; ids that are gone are left out (DescribeInstances).

    By filter, not by InstanceIds: one id that is gone would fail the whole request.
    """
    found: list[Node] = []
    with translated(place.account, place.region, "DescribeInstances"):
        paginator = place.ec2.get_paginator("describe_instances")
        for filters in _filters("instance-id", instance_ids):
            for page in paginator.paginate(Filters=filters, PaginationConfig={"PageSize": EC2_PAGE}):
                found += (
                    convert.node(item, place.account.account_id, place.region)
                    for reservation in page["Reservations"]
                    for item in reservation.get("Instances", ())
                )
    return tuple(found)


def cidr_reservations(place: Place, subnet_id: str) -> tuple[Reservation, ...]:
    """The IPv4 CIDR reservations of one subnet (GetSubnetCidrReservations, which has no paginator)."""
    found: list[Reservation] = []
    request: GetSubnetCidrReservationsRequestTypeDef = {"SubnetId": subnet_id, "MaxResults": EC2_PAGE}
    with translated(place.account, place.region, "GetSubnetCidrReservations"):
        while True:
            answer = place.ec2.get_subnet_cidr_reservations(**request)
            found += (
                Reservation(
                    reservation_id=item["SubnetCidrReservationId"],
                    subnet_id=item.get("SubnetId", subnet_id),
                    cidr=IPv4Network(item["Cidr"]),
                    reservation_type=ReservationType(item["ReservationType"]),
                    description=item.get("Description", ""),
                )
                for item in answer.get("SubnetIpv4CidrReservations", ())
            )
            if not (token := answer.get("NextToken", "")):
                return tuple(found)
            request["NextToken"] = token


def instance_limits(place: Place, instance_types: Iterable[str]) -> dict[str, InstanceLimits]:
    """The limits of those of the types that EC2 offers in the region, by name (DescribeInstanceTypes).

    By filter, not by InstanceTypes: one unknown name would fail the whole request.
    """
    found: dict[str, InstanceLimits] = {}
    with translated(place.account, place.region, "DescribeInstanceTypes"):
        paginator = place.ec2.get_paginator("describe_instance_types")
        for filters in _filters("instance-type", instance_types):
            for page in paginator.paginate(Filters=filters, PaginationConfig={"PageSize": INSTANCE_TYPES_PAGE}):
                found |= {item["InstanceType"]: convert.instance_limits(item) for item in page["InstanceTypes"]}
    return found


def _filters(name: str, values: Iterable[str]) -> "Iterator[Sequence[FilterTypeDef]]":
    """The filter, split into requests of at most FILTER_VALUES values."""
    every = sorted(set(values))
    for start in range(0, len(every), FILTER_VALUES):
        yield [{"Name": name, "Values": every[start : start + FILTER_VALUES]}]
