"""Glance: where subnets stand by what is known already, for what shows itself without being asked."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from bot.capacity.standing import Standing, standings
from bot.capacity.subnets import SubnetState, subnet_state, worst_first
from bot.histories import held
from bot.inventory import Subnet
from bot.services import Services


def glance(subnets: Iterable[Subnet], services: Services) -> Mapping[str, Standing]:
    """The standing of each subnet without a call of AWS, by subnet id.

    A subnet that looks low is judged by its newest stored sample, for which its reservations were read; before there is
    one, by AvailableIpAddressCount alone, which counts no reserved room.
    """
    limits = services.settings.thresholds.limits
    rows = dict(standings(subnets, None, limits))
    unread = [
        subnet_id
        for subnet_id, row in rows.items()
        if row.state is SubnetState.UNKNOWN and row.available_ips is not None and row.subnet.cidr is not None
    ]
    store = services.stored()
    since = services.now() - held(services.settings.schedule.poll)
    samples = store.samples_of(unread, since) if store is not None and unread else {}
    for subnet_id in unread:
        row, newest = rows[subnet_id], max(samples.get(subnet_id, ()), key=lambda s: s.observed_at, default=None)
        free = row.available_ips if newest is None or newest.free_ips is None else newest.free_ips
        if free is not None:
            rows[subnet_id] = replace(row, free_ips=free, state=subnet_state(free, row.usable_ips or 0, limits))
    return rows


def worst_standing(row: Standing) -> tuple[int, float, str]:
    """The key that sorts standings worst first."""
    return worst_first(row.state), row.free_pct if row.free_pct is not None else 101.0, row.subnet.label
