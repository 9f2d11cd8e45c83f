"""What /metrics shows of the estate: zones of clusters, and the subnets with the smallest share free."""

from collections import defaultdict
from collections.abc import Iterable
from heapq import nsmallest

from bot.capacity.subnets import usable_ips
from bot.inventory import Inventory, Quality, Subnet
from bot.metrics import Figure, subnet_figures, zone_figures


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
