"""What a diagnosis reads: the subnets that the question names, the clusters they serve, and where the limit is."""

from collections.abc import Sequence

from bot.capacity.diagnosis.question import Question
from bot.capacity.standing import looks_low
from bot.inventory import Cluster, Inventory, Subnet
from bot.scope import Scope, ScopeKind, cluster_key, clusters_in, subnets_in
from bot.services import Services

MAX_SUBNETS = 200
"""Subnets read for one answer at most: one page of DescribeNetworkInterfaces filter values."""

MAX_CLUSTERS = 12
"""Clusters looked at in one answer, those with the emptiest subnets first: each costs a handful of calls."""


def named_subnets(question: Question, scope: Scope, inventory: Inventory) -> tuple[tuple[Subnet, ...], tuple[str, ...]]:
    """The subnets of the scope that the question names by id, block or an address in them."""
    inside = [subnet for subnet in subnets_in(scope, inventory) if subnet.cidr is not None]
    found = []
    notes = []
    for subnet in inside:
        assert subnet.cidr is not None
        by_block = any(block.subnet_of(subnet.cidr) for block in question.networks)
        if subnet.subnet_id in question.subnet_ids or by_block:
            found.append(subnet)
    for address in sorted(question.addresses):
        holding = [subnet for subnet in inside if subnet.cidr is not None and address in subnet.cidr]
        found += holding
        if len({subnet.vpc_id for subnet in holding}) > 1:
            notes.append(f"{address} lies in subnets of {len(holding)} VPCs: name the cluster to be sure.")
    unknown = question.subnet_ids - {subnet.subnet_id for subnet in inside}
    notes += [f"{subnet_id} is no subnet that I know in {scope.words}." for subnet_id in sorted(unknown)[:2]]
    return tuple(dict.fromkeys(found)), tuple(notes)


def clusters_to_read(
    scope: Scope, named: Sequence[Subnet], inventory: Inventory, services: Services
) -> tuple[tuple[Cluster, ...], tuple[str, ...]]:
    """The clusters to look at: those of the subnets that are named, else the scope's; of the VPC where nobody's."""
    limits = services.settings.thresholds.limits
    inside = named or subnets_in(scope, inventory)
    ids = {subnet.subnet_id for subnet in inside}
    found = list(clusters_in(scope, inventory))
    if named:
        found = [cluster for cluster in found if cluster.all_subnet_ids & ids]
    if not found and (named or scope.kind in (ScopeKind.SUBNET, ScopeKind.AZ)):
        vpcs = {(subnet.region, subnet.vpc_id) for subnet in inside}
        found = [cluster for cluster in inventory.clusters if (cluster.region, cluster.vpc_id) in vpcs]
    low = {subnet.subnet_id for subnet in inside if looks_low(subnet, limits)}
    found.sort(key=lambda cluster: (-len(cluster.all_subnet_ids & low), cluster_key(cluster)))
    rest = len(found) - MAX_CLUSTERS
    cut = (f"{rest} more clusters of {scope.words}: name one",) if rest > 0 else ()
    return tuple(found[:MAX_CLUSTERS]), cut


def subnets_to_read(
    scope: Scope, named: Sequence[Subnet], clusters: Sequence[Cluster], inventory: Inventory, services: Services
) -> tuple[tuple[Subnet, ...], tuple[str, ...]]:
    """The subnets to read: the named ones and the clusters' own, then the scope's, then the rest of the VPCs."""
    limits = services.settings.thresholds.limits
    own = frozenset().union(*(cluster.all_subnet_ids for cluster in clusters))
    vpcs = {(cluster.region, cluster.vpc_id) for cluster in clusters}
    first = {subnet.subnet_id for subnet in named}
    inside = {subnet.subnet_id for subnet in subnets_in(scope, inventory)} if not (named or clusters) else set()
    if scope.kind is ScopeKind.SUBNET:
        inside.add(scope.value)
    near = own | inside
    chosen = first | near
    wanted = [
        subnet
        for subnet in inventory.subnets_near(chosen | {vpc_id for _, vpc_id in vpcs})
        if subnet.subnet_id in chosen or (subnet.region, subnet.vpc_id) in vpcs
    ]
    wanted.sort(
        key=lambda each: (
            each.subnet_id not in first,
            each.subnet_id not in near,
            not looks_low(each, limits),
            each.subnet_id,
        )
    )
    left = [subnet for subnet in wanted[MAX_SUBNETS:] if subnet.subnet_id in chosen]
    cut = (f"{len(left):,} more subnets of {scope.words}: name a cluster or subnet",) if left else ()
    return tuple(wanted[:MAX_SUBNETS]), cut
