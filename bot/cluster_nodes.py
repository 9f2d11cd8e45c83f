"""The nodes of the one cluster a question is about: read once, counted by type, with their limits and settings."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.capacity.cni_env import settings_as_shipped
from bot.capacity.eni_limits import snapshot_limits
from bot.capacity.node_mix import NodeMix, node_mix
from bot.capacity.prefix import SubnetFacts
from bot.capacity.standing import enis_of, standing
from bot.capacity.subnets import Limits
from bot.capacity.warmpool import PoolSettings
from bot.errors import QueryError, UserError
from bot.inventory import Cluster, InstanceLimits, Inventory, Subnet, SubnetContents
from bot.message import Coverage
from bot.scope import Scope, cluster_key, clusters_in, nothing_in, read_for, resolve, subnets_in
from bot.services import Services
from bot.views import coverage

MAX_SUBNETS = 200
"""Subnets read for one answer at most: one page of DescribeNetworkInterfaces filter values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterNodes:
    """One cluster's nodes as just read.

    `settings` are the add-on's over the shipped ones; `known` is False where the add-on does not tell and the shipped
    defaults were assumed. `subnets` were read: the cluster's own, and its VPC's others, where custom networking or
    subnet discovery may have put interfaces. `limits` lack the types that nobody knows.
    """

    scope: Scope
    cluster: Cluster
    subnets: tuple[Subnet, ...]
    contents: SubnetContents
    mix: NodeMix
    settings: PoolSettings
    known: bool
    limits: Mapping[str, InstanceLimits]
    covered: Coverage


def cluster_nodes(target: str, inventory: Inventory, services: Services, *, verb: str) -> ClusterNodes:
    """The nodes of the cluster that the words name.

    Raises: UserError when they name no cluster or several; QueryError when nothing of its nodes is known.
    """
    scope = resolve(target, inventory, verb=verb)
    cluster = _one(scope, inventory, verb)
    settings = settings_as_shipped(dict(cluster.cni.environment))
    near = [s for s in inventory.subnets if s.vpc_id == cluster.vpc_id and s.region == cluster.region]
    near.sort(key=lambda subnet: (subnet.subnet_id not in cluster.all_subnet_ids, subnet.subnet_id))
    subnets = tuple(near[:MAX_SUBNETS])
    contents = services.reader().contents(subnets)
    mix = node_mix(cluster, contents, custom_networking=settings.custom_networking)
    if not mix.groups:
        raise _no_nodes(cluster, contents)
    return ClusterNodes(
        scope=scope,
        cluster=cluster,
        subnets=subnets,
        contents=contents,
        mix=mix,
        settings=settings,
        known=cluster.cni.source != "unknown",
        limits=_limits({group.instance_type for group in mix.groups}, cluster, services),
        covered=coverage(read_for(scope, inventory), contents.blind_spots),
    )


def subnet_facts(found: ClusterNodes, thresholds: Limits) -> tuple[SubnetFacts, ...]:
    """The subnets that give the nodes' pods their addresses, and those of the node groups, with their block maps."""
    wanted = found.mix.subnets.keys() | found.cluster.node_subnet_ids
    facts = []
    for subnet in found.subnets:
        if subnet.subnet_id in wanted:
            row = standing(subnet, found.contents, thresholds)
            reservations = tuple(r for r in found.contents.reservations if r.subnet_id == subnet.subnet_id)
            facts.append(
                SubnetFacts(
                    subnet=subnet,
                    blocks=row.blocks,
                    enis=enis_of(subnet.subnet_id, found.contents),
                    reservations=reservations,
                    unattributed_ips=row.unattributed_ips,
                )
            )
    return tuple(facts)


def _one(scope: Scope, inventory: Inventory, verb: str) -> Cluster:
    found = clusters_in(scope, inventory)
    if len(found) == 1:
        return found[0]
    known = found or inventory.clusters
    names = [cluster.name for cluster in known]
    words = [
        f"{verb} cluster:{cluster.name if names.count(cluster.name) == 1 else cluster_key(cluster)}"
        for cluster in known[:5]
    ]
    if found:
        raise UserError(
            f"`{verb}` is about one cluster; {scope.words} holds {len(found)}. For example `{words[0]}`.", words
        )
    if not subnets_in(scope, inventory):
        raise nothing_in(scope, inventory)
    example = f" For example `{words[0]}`." if words else " `accounts` tells what I can read."
    raise UserError(f"`{verb}` is about a cluster; {scope.words} belongs to none that I know.{example}", words)


def _no_nodes(cluster: Cluster, contents: SubnetContents) -> UserError | QueryError:
    if contents.blind_spots:
        spot = contents.blind_spots[0]
        return QueryError(
            f"No node of {cluster.name} could be read: {spot.api} in {spot.account_id} {spot.region}: {spot.reason}",
            account_id=spot.account_id,
            region=spot.region,
            api=spot.api,
        )
    return UserError(
        f"{cluster.name} has no node in the subnets I see, and no node group of a known size. Plan one instead, for "
        "example `size nodes=60 type=m5.large pods=20 zones=3`.",
        ["size nodes=60 type=m5.large pods=20 zones=3", f"status cluster:{cluster.name}"],
    )


def _limits(types: set[str], cluster: Cluster, services: Services) -> dict[str, InstanceLimits]:
    """EC2's limits of the types, else the snapshot's; without those nobody knows."""
    found: dict[str, InstanceLimits] = {}
    try:
        found.update(services.reader().instance_limits(sorted(types), cluster.account_id, cluster.region))
    except QueryError:
        # The snapshot answers for EC2; the message tells nothing the coverage does not.
        found.clear()
    for name in types - found.keys():
        limits = snapshot_limits(name)
        if limits is not None:
            found[name] = limits
    return found
