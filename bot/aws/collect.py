"""Reads of whole places: a region's facts, a subnet's contents, a VPC's routes; what fails becomes a BlindSpot."""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Concatenate, ParamSpec, TypeVar

from bot.aws import clusters as eks
from bot.aws import queries, routing
from bot.aws.errors import AccountUnavailableError, NotFoundError, RegionUnavailableError, blind_spot
from bot.aws.queries import Place
from bot.aws.sessions import Sessions
from bot.errors import QueryError
from bot.inventory import (
    Account,
    BlindSpot,
    Cluster,
    ClusterFacts,
    RegionFacts,
    Reservation,
    Subnet,
    SubnetContents,
    Vpc,
    VpcRouting,
)

log = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")

ReadReservations = Callable[[Place, str], tuple[Reservation, ...]]
"""The CIDR reservations of one subnet of a place.

Raises: QueryError.
"""


@dataclass(slots=True, kw_only=True)
class _Reading:
    """One read in progress: what it could not see so far, and whether account or region do not answer at all."""

    place: Place
    now: datetime
    spots: dict[BlindSpot, None] = field(default_factory=dict)
    is_closed: bool = False

    def attempt(self, read: Callable[Concatenate[Place, P], T], *args: P.args, **kwargs: P.kwargs) -> T | None:
        """What `read` of the place returns; None where it fails (a blind spot) or the thing is gone (none)."""
        try:
            return read(self.place, *args, **kwargs)
        except NotFoundError:
            return None
        except QueryError as error:
            self.miss(error)
            return None

    def miss(self, error: QueryError) -> None:
        """Note what could not be read, once for each API and reason."""
        self.is_closed = self.is_closed or isinstance(error, AccountUnavailableError | RegionUnavailableError)
        spot = blind_spot(error, self.place.account, self.place.region, self.now)
        if spot not in self.spots:
            self.spots[spot] = None
            warn(spot)


def read_subnets(place: Place, now: datetime, vpcs: Sequence[Vpc] | None = ()) -> RegionFacts:
    """The subnets of one account and region, and `vpcs` as they are known unless a subnet names another one.

    With None the VPCs are left to another read. Without the subnets the facts are not complete.
    """
    reading = _Reading(place=place, now=now)
    facts = _with_subnets(reading, vpcs or ())
    named = {subnet.vpc_id for subnet in facts.subnets}
    if vpcs is not None and not reading.is_closed and not named <= {vpc.vpc_id for vpc in vpcs}:
        facts = replace(facts, vpcs=reading.attempt(queries.vpcs) or facts.vpcs)
    return replace(facts, blind_spots=tuple(reading.spots))


def read_clusters(place: Place, now: datetime) -> ClusterFacts:
    """The clusters of one account and region with their parts, and its VPCs."""
    reading = _Reading(place=place, now=now)
    vpcs = reading.attempt(queries.vpcs) or ()
    clusters = () if reading.is_closed else _clusters(reading)
    return ClusterFacts(
        account_id=place.account.account_id,
        region=place.region,
        observed_at=now,
        clusters=clusters,
        vpcs=vpcs,
        blind_spots=tuple(reading.spots),
    )


def read_region(place: Place, now: datetime) -> RegionFacts:
    """The VPCs, subnets and clusters of one account and region.

    When the region or account does not answer at all the other reads are not tried.
    """
    reading = _Reading(place=place, now=now)
    facts = _with_subnets(reading)
    if not reading.is_closed:
        facts = replace(facts, vpcs=reading.attempt(queries.vpcs) or (), clusters=_clusters(reading))
    return replace(facts, blind_spots=tuple(reading.spots))


def read_interfaces(place: Place, now: datetime) -> SubnetContents:
    """Every interface of one account and region, page by page; nodes and reservations are not asked for.

    `enis_read` are the subnets that hold an interface: of an empty one nothing is said.
    """
    reading = _Reading(place=place, now=now)
    enis = reading.attempt(queries.all_network_interfaces) or ()
    subnet_ids = frozenset(eni.subnet_id for eni in enis)
    return SubnetContents(
        subnet_ids=subnet_ids,
        observed_at=now,
        enis=enis,
        blind_spots=tuple(reading.spots),
        enis_read=subnet_ids,
    )


def read_contents(
    sessions: Sessions,
    accounts: Iterable[Account],
    subnets: Sequence[Subnet],
    now: datetime,
    reservations: ReadReservations = queries.cidr_reservations,
) -> SubnetContents:
    """The interfaces, nodes and reservations of the subnets, read in the accounts that own them.

    A subnet whose owner is not among `accounts` is read in every one of them, and a BlindSpot says that interfaces of
    others in it cannot be seen.
    Source: https://docs.aws.amazon.com/vpc/latest/userguide/vpc-sharing.html (a participant sees its own resources).
    """
    known = {account.account_id: account for account in accounts}
    parts = [SubnetContents(subnet_ids=frozenset(), observed_at=now)]
    for owner_id, region in sorted({(subnet.account_id, subnet.region) for subnet in subnets}):
        subnet_ids = sorted({s.subnet_id for s in subnets if (s.account_id, s.region) == (owner_id, region)})
        if owner := known.get(owner_id):
            place = Place(sessions=sessions, account=owner, region=region)
            parts.append(read_own_contents(place, subnet_ids, now, reservations))
            continue
        spot = BlindSpot(
            account_id=owner_id,
            region=region,
            api="DescribeNetworkInterfaces",
            reason="The subnet is shared by this account, which is not configured: "
            "interfaces of others in it are unseen.",
            observed_at=now,
        )
        parts.append(SubnetContents(subnet_ids=frozenset(subnet_ids), observed_at=now, blind_spots=(spot,)))
        parts += (
            read_own_contents(Place(sessions=sessions, account=account, region=region), subnet_ids, now, reservations)
            for account in known.values()
        )
    return merged(parts)


def read_routing(sessions: Sessions, accounts: Iterable[Account], vpc: Vpc, now: datetime) -> VpcRouting:
    """The routes and peerings of one VPC, read in the account that owns it; what fails is None and a BlindSpot.

    Source: https://docs.aws.amazon.com/vpc/latest/userguide/vpc-sharing.html (a participant sees neither all route
    tables of a shared VPC nor its peerings, so the owner alone can answer).
    """
    owner = next((account for account in accounts if account.account_id == vpc.account_id), None)
    if owner is None:
        spot = BlindSpot(
            account_id=vpc.account_id,
            region=vpc.region,
            api="DescribeRouteTables",
            reason="The VPC is shared by this account, which is not configured: its routes and peerings are unseen.",
            observed_at=now,
        )
        return VpcRouting(vpc_id=vpc.vpc_id, blind_spots=(spot,))
    reading = _Reading(place=Place(sessions=sessions, account=owner, region=vpc.region), now=now)
    routes = reading.attempt(routing.route_tables, vpc.vpc_id)
    peerings = reading.attempt(routing.peerings, vpc.vpc_id)
    active = [item for item in peerings or () if item.state is routing.PeeringState.ACTIVE]
    pending = [item for item in peerings or () if item.state is routing.PeeringState.PENDING]
    # An active peering without blocks would be one that nothing overlaps: not known is the truth.
    known = peerings is not None and all(item.peer_cidrs for item in active)
    return VpcRouting(
        vpc_id=vpc.vpc_id,
        routes=routes,
        peer_cidrs=tuple(cidr for item in active for cidr in item.peer_cidrs) if known else None,
        requester_cidrs=tuple(cidr for item in pending if not item.requested for cidr in item.peer_cidrs),
        pending_requests=tuple(item.peering_id for item in pending if item.requested),
        blind_spots=tuple(reading.spots),
    )


def merged(parts: Sequence[SubnetContents]) -> SubnetContents:
    """Several contents as one, each thing once; as old as the oldest."""
    return SubnetContents(
        subnet_ids=frozenset().union(*(part.subnet_ids for part in parts)),
        observed_at=min(part.observed_at for part in parts),
        enis=tuple({eni.eni_id: eni for part in parts for eni in part.enis}.values()),
        nodes=tuple({node.instance_id: node for part in parts for node in part.nodes}.values()),
        reservations=tuple({item.reservation_id: item for part in parts for item in part.reservations}.values()),
        blind_spots=tuple(dict.fromkeys(spot for part in parts for spot in part.blind_spots)),
        enis_read=frozenset().union(*(part.enis_read for part in parts)),
        reservations_read=frozenset().union(*(part.reservations_read for part in parts)),
    )


def _with_subnets(reading: "_Reading", vpcs: Sequence[Vpc] = ()) -> RegionFacts:
    place = reading.place
    subnets = reading.attempt(queries.subnets, reading.now)
    return RegionFacts(
        account_id=place.account.account_id,
        region=place.region,
        observed_at=reading.now,
        vpcs=tuple(vpcs),
        subnets=subnets or (),
        subnets_complete=subnets is not None,
    )


def read_own_contents(
    place: Place,
    subnet_ids: Sequence[str],
    now: datetime,
    reservations: ReadReservations = queries.cidr_reservations,
) -> SubnetContents:
    """The interfaces, nodes and reservations of the subnets as this one account sees them."""
    reading = _Reading(place=place, now=now)
    read = reading.attempt(queries.network_interfaces, subnet_ids)
    if reading.is_closed:
        return SubnetContents(subnet_ids=frozenset(subnet_ids), observed_at=now, blind_spots=tuple(reading.spots))
    enis = read or ()
    instance_ids = {eni.instance_id for eni in enis if eni.instance_id}
    nodes = (reading.attempt(queries.instances, instance_ids) or ()) if instance_ids else ()
    kept = {subnet_id: reading.attempt(reservations, subnet_id) for subnet_id in subnet_ids}
    return SubnetContents(
        subnet_ids=frozenset(subnet_ids),
        observed_at=now,
        enis=enis,
        nodes=nodes,
        reservations=tuple(item for found in kept.values() for item in found or ()),
        blind_spots=tuple(reading.spots),
        enis_read=frozenset(subnet_ids) if read is not None else frozenset(),
        reservations_read=frozenset(subnet_id for subnet_id, found in kept.items() if found is not None),
    )


def _clusters(reading: _Reading) -> tuple[Cluster, ...]:
    found = [reading.attempt(eks.cluster, name) for name in reading.attempt(eks.cluster_names) or ()]
    return tuple(_with_parts(reading, cluster) for cluster in found if cluster)


def _with_parts(reading: _Reading, cluster: Cluster) -> Cluster:
    """The cluster with its node groups, Fargate profiles and add-on, as far as they can be read."""
    name = cluster.name
    groups = reading.attempt(eks.nodegroup_names, name) or ()
    profiles = reading.attempt(eks.fargate_profile_names, name) or ()
    return replace(
        cluster,
        nodegroups=tuple(filter(None, (reading.attempt(eks.nodegroup, name, group) for group in groups))),
        fargate_profiles=tuple(filter(None, (reading.attempt(eks.fargate_profile, name, item) for item in profiles))),
        cni=reading.attempt(eks.cni_settings, name) or eks.UNKNOWN_CNI,
    )


def warn(spot: BlindSpot) -> None:
    """Log a blind spot."""
    log.warning(
        "blind spot",
        extra={"account_id": spot.account_id, "region": spot.region, "api": spot.api, "reason": spot.reason},
    )
