"""Routes and peerings of a VPC: what they rule out for another CIDR block of it.

Source: https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html (a block may not equal or contain a
route's destination, nor overlap the blocks of a peered VPC).
"""

from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Network
from typing import TYPE_CHECKING

from bot.aws.errors import translated
from bot.aws.limits import EC2_PAGE, ROUTE_TABLES_PAGE
from bot.aws.queries import Place

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import FilterTypeDef, VpcPeeringConnectionTypeDef, VpcPeeringConnectionVpcInfoTypeDef


class PeeringState(Enum):
    """The states of a peering that say something of the blocks its VPCs may have.

    Source: https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html (the lifecycle; `provisioning`
    follows the acceptance).
    """

    ACTIVE = "active"
    PENDING = "pending"


_STATES = {
    "active": PeeringState.ACTIVE,
    "provisioning": PeeringState.ACTIVE,
    "initiating-request": PeeringState.PENDING,
    "pending-acceptance": PeeringState.PENDING,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Peering:
    """A peering of the VPC and the other side's IPv4 blocks; `requested` says that this VPC asked for it.

    EC2 may leave the other side's blocks out while the peering is pending: then `peer_cidrs` is empty.
    """

    peering_id: str
    state: PeeringState
    requested: bool
    peer_cidrs: tuple[IPv4Network, ...]


def route_tables(place: Place, vpc_id: str) -> tuple[IPv4Network, ...]:
    """The IPv4 destinations in the VPC's route tables, sorted, without its own local routes (DescribeRouteTables).

    Routes to a prefix list name no block and are left out, and so are IPv6 routes.
    """
    found: set[IPv4Network] = set()
    with translated(place.account, place.region, "DescribeRouteTables"):
        pages = place.ec2.get_paginator("describe_route_tables").paginate(
            Filters=[{"Name": "vpc-id", "Values": [vpc_id]}], PaginationConfig={"PageSize": ROUTE_TABLES_PAGE}
        )
        for page in pages:
            for table in page["RouteTables"]:
                for route in table.get("Routes", ()):
                    if route.get("GatewayId") != "local" and (destination := route.get("DestinationCidrBlock")):
                        found.add(IPv4Network(destination))
    return tuple(sorted(found))


def peerings(place: Place, vpc_id: str) -> tuple[Peering, ...]:
    """The active and pending peerings of the VPC, asked for by either side (DescribeVpcPeeringConnections)."""
    found: dict[str, VpcPeeringConnectionTypeDef] = {}
    with translated(place.account, place.region, "DescribeVpcPeeringConnections"):
        paginator = place.ec2.get_paginator("describe_vpc_peering_connections")
        for side in ("requester-vpc-info.vpc-id", "accepter-vpc-info.vpc-id"):
            filters: list[FilterTypeDef] = [{"Name": side, "Values": [vpc_id]}]
            for page in paginator.paginate(Filters=filters, PaginationConfig={"PageSize": EC2_PAGE}):
                found |= {item["VpcPeeringConnectionId"]: item for item in page["VpcPeeringConnections"]}
        return tuple(peering for item in found.values() if (peering := _peering(item, vpc_id)))


def _peering(item: "VpcPeeringConnectionTypeDef", vpc_id: str) -> Peering | None:
    """The peering as the VPC sees it; None where it has ended or is of others."""
    state = _STATES.get(item.get("Status", {}).get("Code", ""))
    asking, asked = item.get("RequesterVpcInfo", {}), item.get("AccepterVpcInfo", {})
    if state is None or vpc_id not in (asking.get("VpcId"), asked.get("VpcId")):
        return None
    requested = asking.get("VpcId") == vpc_id
    return Peering(
        peering_id=item["VpcPeeringConnectionId"],
        state=state,
        requested=requested,
        peer_cidrs=_blocks(asked if requested else asking),
    )


def _blocks(side: "VpcPeeringConnectionVpcInfoTypeDef") -> tuple[IPv4Network, ...]:
    named = [side.get("CidrBlock"), *(block.get("CidrBlock") for block in side.get("CidrBlockSet", ()))]
    return tuple(IPv4Network(block) for block in dict.fromkeys(filter(None, named)))
