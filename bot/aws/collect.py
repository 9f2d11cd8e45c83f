"""Reads of whole places: a region's facts, a subnet's contents, the fleet; what fails becomes a BlindSpot."""

import logging
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
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
    Inventory,
    RegionFacts,
    Subnet,
    SubnetContents,
    Vpc,
    VpcRouting,
)

log = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")

Progress = Callable[[int, int], None]
"""Told after each account-region how many are done and how many are expected; called by the thread that asked."""

ALL_REGIONS = "all"
"""The region of a BlindSpot that covers a whole account."""


@dataclass(slots=True, kw_only=True)
class _Reading:
    """One read in progress: what it could not see so far."""

    place: Place
    now: datetime
    spots: dict[BlindSpot, None] = field(default_factory=dict)

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
        spot = blind_spot(error, self.place.account, self.place.region, self.now)
        if spot not in self.spots:
            self.spots[spot] = None
            _warn(spot)


def regions_of(sessions: Sessions, account: Account) -> tuple[str, ...]:
    """The regions to read of an account: those configured, else every enabled one.

    Raises: QueryError when the account cannot be entered or its regions cannot be listed.
    """
    sessions.connect(account)
    if account.regions:
        return account.regions
    return queries.enabled_regions(Place(sessions=sessions, account=account, region=sessions.home_region(account)))


def read_region(
    sessions: Sessions, account: Account, region: str, now: datetime, clusters: tuple[Cluster, ...] | None = None
) -> RegionFacts:
    """The VPCs, subnets and clusters of one account and region; `clusters` given are kept and EKS is not asked.

    Without the subnets the facts are not complete, and when the region or account does not answer at all the other
    reads are not tried.
    """
    place = Place(sessions=sessions, account=account, region=region)
    reading = _Reading(place=place, now=now)
    facts = RegionFacts(account_id=account.account_id, region=region, observed_at=now, clusters=clusters or ())
    try:
        facts = replace(facts, subnets=queries.subnets(place, now))
    except QueryError as error:
        reading.miss(error)
        facts = replace(facts, subnets_complete=False)
        if isinstance(error, AccountUnavailableError | RegionUnavailableError):
            return replace(facts, blind_spots=tuple(reading.spots))
    facts = replace(facts, vpcs=reading.attempt(queries.vpcs) or ())
    if clusters is None:
        facts = replace(facts, clusters=_clusters(reading))
    return replace(facts, blind_spots=tuple(reading.spots))


def read_contents(
    sessions: Sessions, accounts: Iterable[Account], subnets: Sequence[Subnet], now: datetime
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
            parts.append(_contents(Place(sessions=sessions, account=owner, region=region), subnet_ids, now))
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
            _contents(Place(sessions=sessions, account=account, region=region), subnet_ids, now)
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


def read_fleet(
    sessions: Sessions,
    accounts: Sequence[Account],
    now: Callable[[], datetime],
    workers: int,
    *,
    regions: Callable[[Account], tuple[str, ...]] | None = None,
    with_clusters: bool = True,
    known: Inventory | None = None,
    on_progress: Progress | None = None,
) -> Inventory:
    """Every region of every account, at most `workers` at a time; an account that fails is one BlindSpot.

    Without `with_clusters` EKS is not asked and the clusters of `known` are kept. A blind account counts with its
    configured regions, or as one where none are configured: how many it has is then not known. `regions` enters an
    account and lists its regions, `regions_of` unless given.
    """
    kept = {(facts.account_id, facts.region): facts.clusters for facts in known.regions} if known else {}
    facts: list[RegionFacts] = []
    spots: list[BlindSpot] = []
    expected = done = 0

    def region_read(account: Account, region: str) -> RegionFacts:
        clusters = None if with_clusters else kept.get((account.account_id, region), ())
        return read_region(sessions, account, region, now(), clusters)

    with ThreadPoolExecutor(max_workers=workers, thread_name_prefix="aws-read") as pool:
        enter = regions or partial(regions_of, sessions)
        entering = {pool.submit(enter, account): account for account in accounts}
        reading: list[Future[RegionFacts]] = []
        for entered in as_completed(entering):
            account = entering[entered]
            try:
                open_regions = entered.result()
            except QueryError as error:
                spot = blind_spot(error, account, ALL_REGIONS, now())
                _warn(spot)
                spots.append(spot)
                missed = max(1, len(account.regions))
                expected, done = expected + missed, done + missed
                if on_progress:
                    on_progress(done, expected)
                continue
            expected += len(open_regions)
            reading += (pool.submit(region_read, account, region) for region in open_regions)
        for read in as_completed(reading):
            facts.append(read.result())
            done += 1
            if on_progress:
                on_progress(done, expected)
    order = {account.account_id: position for position, account in enumerate(accounts)}
    facts.sort(key=lambda region: (order[region.account_id], region.region))
    spots.sort(key=lambda spot: order[spot.account_id])
    return Inventory(
        accounts=tuple(accounts),
        regions=without_shared_twice(facts),
        expected_regions=expected,
        blind_spots=tuple(spots),
    )


def without_shared_twice(regions: Sequence[RegionFacts]) -> tuple[RegionFacts, ...]:
    """The facts with each VPC and subnet once: where its owner read it, else where it was seen first.

    Source: https://docs.aws.amazon.com/vpc/latest/userguide/vpc-sharing.html (participants see shared subnets).
    """
    seen_in: dict[str, str] = {}
    for own in (True, False):
        for facts in regions:
            for thing_id, owner_id in _owned(facts):
                if (owner_id == facts.account_id) is own:
                    seen_in.setdefault(thing_id, facts.account_id)
    return tuple(
        replace(
            facts,
            vpcs=tuple(vpc for vpc in facts.vpcs if seen_in[vpc.vpc_id] == facts.account_id),
            subnets=tuple(subnet for subnet in facts.subnets if seen_in[subnet.subnet_id] == facts.account_id),
        )
        for facts in regions
    )


def _owned(facts: RegionFacts) -> Iterable[tuple[str, str]]:
    yield from ((vpc.vpc_id, vpc.account_id) for vpc in facts.vpcs)
    yield from ((subnet.subnet_id, subnet.account_id) for subnet in facts.subnets)


def _contents(place: Place, subnet_ids: Sequence[str], now: datetime) -> SubnetContents:
    reading = _Reading(place=place, now=now)
    try:
        enis = queries.network_interfaces(place, subnet_ids)
        enis_read = frozenset(subnet_ids)
    except QueryError as error:
        reading.miss(error)
        enis, enis_read = (), frozenset()
        if isinstance(error, AccountUnavailableError | RegionUnavailableError):
            return SubnetContents(subnet_ids=frozenset(subnet_ids), observed_at=now, blind_spots=tuple(reading.spots))
    instance_ids = {eni.instance_id for eni in enis if eni.instance_id}
    nodes = (reading.attempt(queries.instances, instance_ids) or ()) if instance_ids else ()
    reservations = {subnet_id: reading.attempt(queries.cidr_reservations, subnet_id) for subnet_id in subnet_ids}
    return SubnetContents(
        subnet_ids=frozenset(subnet_ids),
        observed_at=now,
        enis=enis,
        nodes=nodes,
        reservations=tuple(item for found in reservations.values() for item in found or ()),
        blind_spots=tuple(reading.spots),
        enis_read=enis_read,
        reservations_read=frozenset(key for key, found in reservations.items() if found is not None),
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


def _warn(spot: BlindSpot) -> None:
    log.warning(
        "blind spot",
        extra={"account_id": spot.account_id, "region": spot.region, "api": spot.api, "reason": spot.reason},
    )
