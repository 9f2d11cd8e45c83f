"""What leads out of the estate's VPCs: routes to a transit gateway, and peerings."""

from collections.abc import Callable, Mapping
from typing import Any

from bot.demo.estate_plan import VpcPlan

Clients = Callable[[str, str, str], Any]
"""A boto3 client for a service, an account and a region."""


def add_routing(plan: VpcPlan, built: Mapping[str, tuple[VpcPlan, str]], clients: Clients) -> None:
    """Create the routes of a VPC in its main route table, and its peering, which the other side accepts.

    `built` holds the plan and the id of each VPC by name, this one included.
    """
    ec2, vpc_id = clients("ec2", plan.account_id, plan.region), built[plan.name][1]
    if plan.routes:
        _add_routes(plan, ec2, vpc_id)
    if plan.peer:
        peer, peer_id = built[plan.peer]
        asked = ec2.create_vpc_peering_connection(VpcId=vpc_id, PeerVpcId=peer_id, PeerOwnerId=peer.account_id)
        peering_id = asked["VpcPeeringConnection"]["VpcPeeringConnectionId"]
        clients("ec2", peer.account_id, peer.region).accept_vpc_peering_connection(VpcPeeringConnectionId=peering_id)


def _add_routes(plan: VpcPlan, ec2: Any, vpc_id: str) -> None:
    gateway_id = ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
    (main,) = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc_id]}])["RouteTables"]
    for cidr in plan.routes:
        ec2.create_route(RouteTableId=main["RouteTableId"], DestinationCidrBlock=cidr, TransitGatewayId=gateway_id)
