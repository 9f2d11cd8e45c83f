"""`forecast SCOPE`: when subnets and zones run out, how sure that is, and what is committed already."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.asking.command import Asked, Request
from bot.capacity.forecast.outlook import outlooks
from bot.capacity.forecast.series import History, pooled
from bot.capacity.standing import prefix_subnet_ids
from bot.commands.forecast_message import Lies, Told, message, soonest
from bot.committed import Committed, committed
from bot.histories import Blocks, held, histories, least_free_first, step
from bot.inventory import Cluster, Inventory, Subnet
from bot.message import Message
from bot.scope import ScopeKind, clusters_in, nothing_in, read_for, resolve, subnets_in
from bot.services import Services
from bot.store.forecasts import records
from bot.views import coverage

if TYPE_CHECKING:
    from bot.store import Store

MOST = 150
"""Subnets forecast for one answer, those with the least free first."""

RECORD = timedelta(days=30)
"""Forecasts of this time make a method's record."""


def answer(asked: Asked, request: Request, services: Services) -> Message:
    """The outlook of every subnet of the scope, and of a cluster its zones and committed demand."""
    inventory = services.facts().inventory()
    scope = resolve(asked.target, inventory, verb="forecast")
    every = [subnet for subnet in subnets_in(scope, inventory) if subnet.cidr is not None]
    if not every:
        raise nothing_in(scope, inventory)
    chosen = least_free_first(every, MOST)
    cluster = next(iter(clusters_in(scope, inventory)), None) if scope.kind is ScopeKind.CLUSTER else None
    now, store = services.now(), services.history()
    subnets, pools = ((), ()) if store is None else _ahead(store, cluster, chosen, inventory, services)
    demand = Committed() if cluster is None else committed(scope, cluster, inventory, services.reader())
    return message(
        Told(
            scope=scope,
            now=now,
            subnets=subnets,
            pools=pools,
            left_out=len(every) - len(chosen),
            committed=demand,
            record={} if store is None else records(store.forecasts_since(now - RECORD)),
            command=f"forecast {asked.target}".strip(),
            as_of=min(subnet.observed_at for subnet in chosen),
            covered=coverage(read_for(scope, inventory), demand.blind_spots),
        )
    )


_Named = tuple[str, tuple[str, ...], History]
"""A label, the subnets it stands for, and their history."""


def _ahead(
    store: "Store", cluster: Cluster | None, chosen: Sequence[Subnet], inventory: Inventory, services: Services
) -> tuple[tuple[Lies, ...], tuple[Lies, ...]]:
    """What lies ahead of the subnets and of the cluster's zones, each soonest first."""
    now, settings = services.now(), services.settings
    poll, thresholds = settings.schedule.poll, settings.alerts.thresholds(settings.thresholds.limits)
    blocks = Blocks(subnet_ids=prefix_subnet_ids(inventory.clusters), floor=thresholds.blocks_critical)
    known = histories(store, chosen, thresholds.subnets, now, blocks=blocks)
    labels = {subnet.subnet_id: subnet.label for subnet in chosen}
    both: list[_Named] = [(labels[subnet_id], (subnet_id,), one) for subnet_id, one in known.items()]
    both += () if cluster is None else _pools(cluster, chosen, known, held(poll))
    told = outlooks([one for _, _, one in both], now, poll=step(poll), held=held(poll))
    found = [
        Lies(label=label, subnet_ids=ids, history=one, outlook=outlook)
        for (label, ids, one), outlook in zip(both, told, strict=True)
    ]
    count = len(known)
    return tuple(sorted(found[:count], key=soonest)), tuple(sorted(found[count:], key=soonest))


def _pools(
    cluster: Cluster, subnets: Iterable[Subnet], known: Mapping[str, History], lasts: timedelta
) -> tuple[_Named, ...]:
    """The cluster's node subnets zone by zone: nodes of a zone take from any of them."""
    zones: defaultdict[str, list[Subnet]] = defaultdict(list)
    for subnet in subnets:
        if subnet.subnet_id in cluster.node_subnet_ids and subnet.subnet_id in known:
            zones[subnet.az or subnet.az_id].append(subnet)
    found = []
    for zone, members in sorted(zones.items()):
        past = [known[subnet.subnet_id] for subnet in members]
        if len(members) > 1 and len({one.unit for one in past}) == 1:
            ids = tuple(subnet.subnet_id for subnet in members)
            found.append((f"zone {zone}", ids, pooled(f"{cluster.name} {zone}", past, lasts)))
    return tuple(found)
