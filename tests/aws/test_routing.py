"""Routes and peerings of a VPC: read in the account that owns it; what cannot be read is not known, never none."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import IPv4Network
from typing import Any

import pytest

from bot.aws.limits import FAILED_ROUTING, ROUTING
from bot.aws.queries import Place
from bot.aws.reader import Reader
from bot.aws.routing import Peering, PeeringState, peerings, route_tables
from bot.aws.sessions import Sessions
from bot.demo.world import World
from bot.inventory import Account, Vpc

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
PROD, STAGE, EU = "111122223333", "222233334444", "eu-west-1"
ACCOUNT = Account(account_id=PROD, name="prod", regions=(EU,))


def blocks(*cidrs: str) -> tuple[IPv4Network, ...]:
    return tuple(map(IPv4Network, cidrs))


@pytest.fixture(scope="module")
def estate() -> Iterator[World]:
    with pytest.MonkeyPatch.context() as environment, World(now=NOW) as world:
        environment.setenv("AWS_EC2_METADATA_DISABLED", "true")
        for name, value in world.credentials().items():
            environment.setenv(name, value)
        yield world


@pytest.fixture
def world(estate: World) -> Iterator[World]:
    yield estate
    estate.faults.reset()


@pytest.fixture(scope="module")
def place(estate: World) -> Place:
    return Place(sessions=Sessions(total_attempts=2), account=ACCOUNT, region=EU)


@pytest.fixture(scope="module")
def ec2(place: Place) -> Any:
    return place.ec2


@pytest.fixture
def vpc(ec2: Any) -> Vpc:
    """A VPC of its own for each test."""
    made = ec2.create_vpc(CidrBlock="10.90.0.0/16")["Vpc"]
    return Vpc(vpc_id=made["VpcId"], name="own", account_id=PROD, region=EU, cidrs=blocks("10.90.0.0/16"))


def reader() -> Reader:
    return Reader(accounts=(ACCOUNT,), now=lambda: NOW, sessions=Sessions(total_attempts=2))


def peered(ec2: Any, vpc: Vpc, cidr: str, *, asks: bool) -> tuple[str, str]:
    """Another VPC and a peering with it that nobody answered yet: the ids of both."""
    other = ec2.create_vpc(CidrBlock=cidr)["Vpc"]["VpcId"]
    sides = (vpc.vpc_id, other) if asks else (other, vpc.vpc_id)
    made = ec2.create_vpc_peering_connection(VpcId=sides[0], PeerVpcId=sides[1])["VpcPeeringConnection"]
    return made["VpcPeeringConnectionId"], other


def test_the_destinations_of_every_route_table_are_read_without_the_local_routes_and_those_that_name_no_block(
    ec2: Any, place: Place, vpc: Vpc
) -> None:
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc.vpc_id)
    prefix_list = ec2.create_managed_prefix_list(PrefixListName="far", MaxEntries=1, AddressFamily="IPv4")
    assert route_tables(place, vpc.vpc_id) == ()

    for destination in ("10.91.0.0/16", "0.0.0.0/0"):
        table = ec2.create_route_table(VpcId=vpc.vpc_id)["RouteTable"]["RouteTableId"]
        ec2.create_route(RouteTableId=table, DestinationCidrBlock=destination, GatewayId=gateway)
    ec2.create_route(RouteTableId=table, DestinationIpv6CidrBlock="fd00::/48", GatewayId=gateway)
    ec2.create_route(
        RouteTableId=table,
        DestinationPrefixListId=prefix_list["PrefixList"]["PrefixListId"],
        GatewayId=gateway,
    )

    assert route_tables(place, vpc.vpc_id) == blocks("0.0.0.0/0", "10.91.0.0/16")


@pytest.mark.parametrize("asks", [pytest.param(True, id="asks"), pytest.param(False, id="is asked")])
def test_a_peering_names_the_other_sides_blocks_its_state_and_who_asked(
    ec2: Any, place: Place, vpc: Vpc, asks: bool
) -> None:
    peering_id, _ = peered(ec2, vpc, "10.92.0.0/16", asks=asks)
    pending = Peering(
        peering_id=peering_id, state=PeeringState.PENDING, requested=asks, peer_cidrs=blocks("10.92.0.0/16")
    )
    (seen,) = peerings(place, vpc.vpc_id)
    assert replace(seen, peer_cidrs=pending.peer_cidrs) == pending

    ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering_id)
    assert peerings(place, vpc.vpc_id) == (replace(pending, state=PeeringState.ACTIVE),)

    ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=peering_id)
    assert peerings(place, vpc.vpc_id) == ()


def test_active_peers_are_told_from_those_who_ask_and_from_those_asked(ec2: Any, estate: World, vpc: Vpc) -> None:
    active, _ = peered(ec2, vpc, "10.93.0.0/16", asks=True)
    ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=active)
    peered(ec2, vpc, "10.94.0.0/16", asks=False)
    asked, _ = peered(ec2, vpc, "10.95.0.0/16", asks=True)

    found = reader().vpc_routing(vpc)

    assert found.routes == ()
    assert found.peer_cidrs == blocks("10.93.0.0/16")
    assert found.requester_cidrs == blocks("10.94.0.0/16")
    assert found.pending_requests == (asked,)
    assert found.blind_spots == ()


@pytest.mark.parametrize(
    ("operation", "routes", "peer_cidrs"),
    [
        pytest.param("DescribeRouteTables", None, (), id="routes"),
        pytest.param("DescribeVpcPeeringConnections", (), None, id="peerings"),
    ],
)
def test_what_is_denied_is_not_known_and_a_blind_spot_and_the_rest_is_kept(
    world: World, vpc: Vpc, operation: str, routes: tuple[()] | None, peer_cidrs: tuple[()] | None
) -> None:
    world.faults.deny(operation, PROD)

    found = reader().vpc_routing(vpc)

    assert (found.routes, found.peer_cidrs) == (routes, peer_cidrs)
    assert [(spot.api, spot.account_id, spot.region) for spot in found.blind_spots] == [(operation, PROD, EU)]


def test_a_vpc_of_an_account_that_is_not_configured_is_not_known(world: World, vpc: Vpc) -> None:
    found = reader().vpc_routing(replace(vpc, account_id=STAGE))

    assert (found.routes, found.peer_cidrs) == (None, None)
    assert "not configured" in found.blind_spots[0].reason


def test_a_second_question_is_answered_from_memory(world: World, vpc: Vpc) -> None:
    mine = reader()
    first = mine.vpc_routing(vpc)
    world.faults.deny("DescribeRouteTables", PROD)

    assert mine.vpc_routing(vpc) is first
    assert FAILED_ROUTING.age < ROUTING.age
