"""What /metrics shows of reads, alerts and the estate: zones of clusters, the subnets with the smallest share free."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime
from heapq import nsmallest

from bot import metrics
from bot.alerts import Alert, AlertStatus
from bot.capacity.subnets import usable_ips
from bot.inventory import Inventory, Quality, Subnet
from bot.metrics import Figure, subnet_figures, zone_figures


def measure_reads(inventory: Inventory, fresh_since: datetime) -> None:
    """Expose how much of the fleet is known: the share of its account-regions read since then, and when each was.

    A place whose last read was complete and is old says nothing of now: reads that stopped lower the ratio too.
    """
    complete = [facts for facts in inventory.regions if facts.subnets_complete]
    fresh = sum(facts.observed_at >= fresh_since for facts in complete)
    metrics.coverage_ratio.set(fresh / inventory.expected_regions if inventory.expected_regions else 0)
    for facts in complete:
        metrics.sweep_last_success_timestamp.labels(
            account=facts.account_id, region=facts.region, api="DescribeSubnets"
        ).set(facts.observed_at.timestamp())
    by_quality = Counter(subnet.quality for subnet in inventory.subnets)
    for quality in Quality:
        metrics.subnets.labels(quality=quality.value).set(by_quality[quality])


def measure_alerts(open_alerts: Iterable[Alert]) -> None:
    """Expose how many alerts are pending, firing and recovering."""
    by_status = Counter(alert.status for alert in open_alerts)
    for status in AlertStatus:
        if status is not AlertStatus.RESOLVED:
            metrics.alerts.labels(state=status.value).set(by_status[status])


def measure_estate(inventory: Inventory, most_subnets: int) -> None:
    """Expose the figures of this inventory; a subnet whose last read is old or failed has none."""
    known = [
        subnet
        for subnet in inventory.subnets
        if subnet.cidr is not None and subnet.available_ips is not None and subnet.quality is Quality.FRESH
    ]
    worst = nsmallest(most_subnets, known, key=lambda subnet: (_share(subnet), subnet.subnet_id))
    subnet_figures.put(_subnet_figure(subnet) for subnet in worst)
    zone_figures.put(_zone_figures(inventory, known))


def _share(subnet: Subnet) -> float:
    usable = _usable(subnet)
    return (subnet.available_ips or 0) / usable if usable else 1.0


def _usable(subnet: Subnet) -> int:
    return 0 if subnet.cidr is None else usable_ips(subnet.cidr)


def _subnet_figure(subnet: Subnet) -> Figure:
    labels = (subnet.subnet_id, subnet.label, subnet.account_id, subnet.region, subnet.az_id, subnet.vpc_id)
    return Figure(labels=labels, available_ips=subnet.available_ips or 0, usable_ips=_usable(subnet))


def _zone_figures(inventory: Inventory, known: Iterable[Subnet]) -> list[Figure]:
    by_id = {subnet.subnet_id: subnet for subnet in known}
    sums: defaultdict[tuple[str, ...], list[int]] = defaultdict(lambda: [0, 0])
    for cluster in inventory.clusters:
        for subnet_id in dict.fromkeys((*cluster.subnet_ids, *cluster.node_subnet_ids)):
            if (subnet := by_id.get(subnet_id)) is not None:
                total = sums[cluster.name, cluster.account_id, cluster.region, subnet.az_id]
                total[0] += subnet.available_ips or 0
                total[1] += _usable(subnet)
    return [Figure(labels=labels, available_ips=free, usable_ips=usable) for labels, (free, usable) in sums.items()]
