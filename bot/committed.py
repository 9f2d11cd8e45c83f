"""Committed demand of a cluster from its live facts: what its node groups may still ask for, against what is free."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.capacity.cni_env import settings_as_shipped
from bot.capacity.demand_ahead import Ahead, demand_ahead
from bot.capacity.eni_limits import snapshot_limits
from bot.capacity.sites import Site, node_subnets, site, subnets_to_read
from bot.capacity.warmpool import PoolMode, refusal
from bot.errors import QueryError
from bot.inventory import BlindSpot, Cluster, InstanceLimits, Inventory, Subnet
from bot.scope import Scope

if TYPE_CHECKING:
    from bot.aws.reader import Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Committed:
    """The demands on a cluster, and what could not be read for them; `why_unknown` where there is no answer at all."""

    demands: tuple[Ahead, ...] = ()
    blind_spots: tuple[BlindSpot, ...] = ()
    why_unknown: str = ""


def committed(scope: Scope, cluster: Cluster, inventory: Inventory, reader: "Reader") -> Committed:
    """What is committed on the cluster: all node groups at their maximum, one rolling update, one zone lost."""
    settings = settings_as_shipped(dict(cluster.cni.environment))
    if (why := refusal(settings)) is not None:
        return Committed(why_unknown=why)
    ipv6 = cluster.ip_family == "ipv6"
    nodes_in = node_subnets(scope, cluster, inventory)
    if not nodes_in:
        return Committed(why_unknown="the subnets of its nodes are not known")
    contents = reader.contents(subnets_to_read(nodes_in, cluster, inventory))
    own = inventory.subnets_of({subnet_id for group in cluster.nodegroups for subnet_id in group.subnet_ids})
    by_id = {subnet.subnet_id: subnet for subnet in own if subnet.cidr is not None}

    def of(subnets: Sequence[Subnet]) -> Site:
        prefixes = settings.mode is PoolMode.PREFIX and not ipv6
        return site(
            subnets, cluster, inventory, contents, prefixes=prefixes, custom_networking=settings.custom_networking
        )

    here = of(nodes_in)
    by_group = {group.name: of([by_id[i] for i in group.subnet_ids if i in by_id]) for group in cluster.nodegroups}
    types = {*here.types, *(item.instance_type for item in here.growth)}
    types |= {held.instance_type for held in here.held or ()}
    types |= {name for group in cluster.nodegroups for name in group.instance_types[:1]}
    limits = _limits(reader, types, cluster)
    return Committed(
        demands=demand_ahead(here, by_group, limits, settings, ipv6=ipv6), blind_spots=contents.blind_spots
    )


def _limits(reader: "Reader", types: set[str], cluster: Cluster) -> Mapping[str, InstanceLimits]:
    """The limits of the types by EC2 there, else by the snapshot."""
    try:
        found = dict(reader.instance_limits(sorted(types), cluster.account_id, cluster.region))
    except QueryError:
        found = {}  # the read is optional: the snapshot has nearly every type
    return found | {name: known for name in types - found.keys() if (known := snapshot_limits(name)) is not None}
