"""`forecast SCOPE`: when subnets and zones run out, how sure that is, and what is committed already."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.asking.command import Asked, Request
from bot.capacity.forecast.outlook import outlooks
from bot.capacity.forecast.series import History, Unit, pooled
from bot.capacity.subnets import threshold_ips
from bot.commands.forecast_message import Lies, Told, message, soonest
from bot.commands.free_picture import DAY, ahead, alert_spans, newest, past_points
from bot.committed import Committed, committed
from bot.histories import Blocks, held, histories, least_free_first, step
from bot.inventory import Cluster, Inventory, Subnet
from bot.message import History as Picture
from bot.message import Message
from bot.scope import ScopeKind, clusters_in, nothing_in, read_for, resolve, subnets_in
from bot.services import Services
from bot.store.forecasts import Record, records
from bot.views import count, coverage

if TYPE_CHECKING:
    from bot.store import Store

MOST = 150
"""Subnets forecast for one answer, those with the least free first."""

RECORD = timedelta(days=30)
"""Forecasts of this time make a method's record."""

PICTURED, LONGEST = timedelta(days=7), timedelta(days=30)
"""How much of the past the picture shows where nothing runs out within a day, and how much is ahead at most."""


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
    told = Told(
        scope=scope,
        now=now,
        subnets=subnets,
        pools=pools,
        left_out=len(every) - len(chosen),
        committed=demand,
        record={} if store is None else _judged(records(store.forecasts_since(now - RECORD))),
        command=f"forecast {asked.target}".strip(),
        as_of=min(subnet.observed_at for subnet in chosen),
        covered=coverage(read_for(scope, inventory), demand.blind_spots),
    )
    pictures = () if store is None or not subnets else _picture(told, store, services)
    return replace(message(told), charts=pictures)


def _judged(found: Mapping[str, Record]) -> Mapping[str, Record]:
    """The records that say something: of methods with an episode that counts."""
    return {method: record for method, record in found.items() if record.judged}


_Named = tuple[str, tuple[str, ...], History]
"""A label, the subnets it stands for, and their history."""


def _ahead(
    store: "Store", cluster: Cluster | None, chosen: Sequence[Subnet], inventory: Inventory, services: Services
) -> tuple[tuple[Lies, ...], tuple[Lies, ...]]:
    """What lies ahead of the subnets and of the cluster's zones, each soonest first."""
    now, settings = services.now(), services.settings
    poll, thresholds = settings.schedule.poll, settings.alerts.thresholds(settings.thresholds.limits)
    blocks = Blocks(subnet_ids=inventory.prefix_subnet_ids, floor=thresholds.blocks_critical)
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


def _picture(told: Told, store: "Store", services: Services) -> tuple[Picture, ...]:
    """What the answer is about: its past and what lies ahead, both as long as the method that speaks looks."""
    one, now, poll = told.first, told.now, services.settings.schedule.poll
    headline, limits = one.headline, services.settings.thresholds.limits
    soon = headline.likely is not None and headline.likely - now <= DAY
    past = DAY if soon else PICTURED
    points = past_points(one.history, now - past)
    as_of = newest(points)
    if as_of is None or headline.free is None:
        return ()
    length = past if headline.likely is None else min(max((headline.likely - now) * 1.5, DAY), LONGEST)
    addresses = one.history.unit is Unit.ADDRESSES
    threshold = threshold_ips(one.history.total, limits, limits.low_pct) if addresses else one.history.floor + 1
    return (
        Picture(
            title=f"{one.label}: {told.says.partition(' (')[0]}",
            unit="free IPv4 addresses" if addresses else "free /28 blocks",
            points=points,
            alt=f"What was free of {one.label} and the forecast: {told.says}; {count(headline.free)} of "
            f"{count(one.history.total)} {one.history.unit.value} free now.",
            expected=ahead(one.history, headline, now, length, poll),
            # The zones of a cluster have no threshold of their own.
            threshold=float(threshold) if len(one.subnet_ids) == 1 else None,
            alerts=alert_spans(store, one.subnet_ids, now - past, now),
            as_of=as_of,
        ),
    )
