"""Glance: where subnets stand by what is known already, for what shows itself without being asked."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from bot.answers.occupied import occupied
from bot.capacity.standing import Standing, looks_low, standings, standings_as_kept
from bot.capacity.subnets import SubnetState, subnet_state, worst_first
from bot.histories import held
from bot.inventory import Subnet
from bot.services import Services

LOW = 20
"""Low subnets whose interfaces are read where no process reads in the background."""


def glance(subnets: Iterable[Subnet], services: Services) -> Mapping[str, Standing]:
    """The standing of each subnet by what is known already, by subnet id.

    A subnet that looks low is judged with what its interfaces came to, else by its newest stored sample, for which they
    were read too. Before there is either its standing is not known: AvailableIpAddressCount counts no reserved room.
    """
    limits = services.settings.thresholds.limits
    listed = tuple(subnets)
    low = tuple(subnet for subnet in listed if looks_low(subnet, limits))
    kept = occupied(low, services, LOW).known
    rows = {**standings(listed, None, limits), **standings_as_kept(low, kept, limits)}
    unread = [subnet.subnet_id for subnet in low if rows[subnet.subnet_id].state is SubnetState.UNKNOWN]
    store = services.stored()
    since = services.now() - held(services.settings.schedule.poll)
    samples = store.samples_of(unread, since) if store is not None and unread else {}
    for subnet_id in unread:
        row, newest = rows[subnet_id], max(samples.get(subnet_id, ()), key=lambda s: s.observed_at, default=None)
        if newest is not None and newest.free_ips is not None:
            state = subnet_state(newest.free_ips, row.usable_ips or 0, limits)
            rows[subnet_id] = replace(row, free_ips=newest.free_ips, state=state)
    return rows


def worst_standing(row: Standing) -> tuple[int, float, str]:
    """The key that sorts standings worst first."""
    return worst_first(row.state), row.free_pct if row.free_pct is not None else 101.0, row.subnet.label
