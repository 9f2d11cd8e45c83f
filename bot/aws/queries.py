"""EC2 reads, one function each: every page asked for, the answers as inventory facts.

Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/ (the page of each operation named below).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Network
from typing import TYPE_CHECKING, Any

from bot.aws import convert, ec2_pages
from bot.aws.errors import NotFoundError, translated
from bot.aws.limits import EC2_PAGE, FILTER_VALUES, INSTANCE_TYPES_PAGE
from bot.aws.seen_subnets import every_subnet
from bot.aws.sessions import Sessions
from bot.inventory import Account, Eni, InstanceLimits, Node, Reservation, ReservationType, Subnet, Vpc

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_ec2.client import EC2Client
    from mypy_boto3_ec2.type_defs import FilterTypeDef, GetSubnetCidrReservationsRequestTypeDef
    from mypy_boto3_eks.client import EKSClient
    from mypy_boto3_service_quotas import ServiceQuotasClient


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

    @property
    def service_quotas(self) -> "ServiceQuotasClient":
        """The Service Quotas client of the place."""
        return self.sessions.service_quotas(self.account, self.region)


def enabled_regions(place: Place) -> tuple[str, ...]:
    """The regions enabled in the account, sorted (DescribeRegions without AllRegions lists no others)."""
    with translated(place.account, place.region, "DescribeRegions"):
        answer = place.ec2.describe_regions()
        return tuple(sorted(region["RegionName"] for region in answer["Regions"]))


def subnets(place: Place, now: datetime) -> tuple[Subnet, ...]:
    """Every subnet the account sees in the region, those shared with it included (DescribeSubnets)."""
    account_id, region = place.account.account_id, place.region
    with translated(place.account, region, "DescribeSubnets"):
        before = place.sessions.seen_subnets.of(account_id, region)
        found = every_subnet(place.ec2.describe_subnets, account_id, region, now, before)
    place.sessions.seen_subnets.keep(account_id, region, found)
    return tuple(subnet for page in found for subnet in page.subnets)


def gone(place: Place, subnet_ids: Sequence[str]) -> frozenset[str]:
    """Those of the subnets of which EC2 says by id that they do not exist (DescribeSubnets).

    One id that is gone fails the request for all, so the ids are halved until each refusal names one.
    Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html (InvalidSubnetID.NotFound).
    Raises: QueryError when EC2 cannot be asked.
    """
    found: set[str] = set()
    halves = [list(subnet_ids[start : start + FILTER_VALUES]) for start in range(0, len(subnet_ids), FILTER_VALUES)]
    while halves:
        asked = halves.pop()
        try:
            with translated(place.account, place.region, "DescribeSubnets"):
                place.ec2.describe_subnets(SubnetIds=asked)
        except NotFoundError:
            if len(asked) == 1:
                found.update(asked)
            else:
                middle = len(asked) // 2
                halves += [asked[:middle], asked[middle:]]
    return frozenset(found)


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
    for filters in _filters("subnet-id", subnet_ids):
        found += _enis(place, Filters=filters)
    return tuple(found)


def all_network_interfaces(place: Place) -> tuple[Eni, ...]:
    """Every interface that the account sees in the region (DescribeNetworkInterfaces, paginated)."""
    return tuple(_enis(place))


def _enis(place: Place, **request: Any) -> list[Eni]:
    account_id, region = place.account.account_id, place.region
    with translated(place.account, region, "DescribeNetworkInterfaces"):
        pages = ec2_pages.every_item(place.ec2.describe_network_interfaces, "NetworkInterfaces", **request)
        return [ec2_pages.eni(item, account_id, region) for item in pages]


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
