"""The JSON rows of clusters: their addresses summed over their subnets, and their health as EKS reports it."""

from collections.abc import Mapping, Sequence

from bot.answers.subnets import ClusterRow, HealthJson
from bot.capacity.standing import Standing
from bot.capacity.subnets import Totals, totals, usable_ips
from bot.inventory import Cluster, Subnet
from bot.scope import cluster_key


def cluster_rows(
    clusters: Sequence[Cluster],
    standings: Mapping[str, Standing],
    subnets: Mapping[str, Subnet],
    warm: Mapping[str, int],
    limit: int,
) -> list[ClusterRow]:
    """The clusters with the least share free first, at most `limit`; rows are made of those alone.

    A subnet counts by its standing where it has one, else by its address count; `warm` are addresses by cluster key.
    """
    sums = [_sums(cluster, standings, subnets) for cluster in clusters]
    shares = [own.free / own.usable if own.usable else 1.0 for own in sums]
    order = sorted(range(len(sums)), key=lambda number: (shares[number], clusters[number].name))
    return [_row(clusters[number], sums[number], warm) for number in order[:limit]]


def cluster_health(cluster: Cluster) -> list[HealthJson]:
    """The health issues of the cluster and of its node groups."""
    subjects = [(cluster.name, cluster.health)]
    subjects += [(f"{cluster.name}/{group.name}", group.health) for group in cluster.nodegroups]
    return [
        HealthJson(subject=subject, code=issue.code, message=issue.message, resource_ids=list(issue.resource_ids))
        for subject, issues in subjects
        for issue in issues
    ]


def _sums(cluster: Cluster, standings: Mapping[str, Standing], subnets: Mapping[str, Subnet]) -> Totals:
    rows: list[tuple[int, int | None]] = []
    for subnet_id in cluster.all_subnet_ids:
        if (row := standings.get(subnet_id)) is not None:
            rows.append((row.usable_ips, row.free_ips))
        elif (subnet := subnets.get(subnet_id)) is not None and subnet.cidr is not None:
            rows.append((usable_ips(subnet.cidr), subnet.available_ips))
    return totals(rows)


def _row(cluster: Cluster, sums: Totals, warm: Mapping[str, int]) -> ClusterRow:
    own = cluster.all_subnet_ids
    return ClusterRow(
        name=cluster.name,
        account_id=cluster.account_id,
        region=cluster.region,
        version=cluster.version,
        ip_family=cluster.ip_family,
        prefix_mode=cluster.prefix_mode,
        subnets=len(own),
        usable_ips=sums.usable,
        free_ips=sums.free,
        unknown_subnets=sums.unknown_subnets + len(own) - sums.subnets,
        warm_ips=warm.get(cluster_key(cluster)),
        health=cluster_health(cluster),
    )
