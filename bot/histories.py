"""Histories of subnets as the forecasts take them: the last hours sample by sample, four weeks by their hourly lows."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.alerts import SubnetSample
from bot.capacity.forecast.series import History, history, size_changes
from bot.capacity.subnets import Limits, floor_ips, usable_ips
from bot.inventory import Subnet
from bot.store.rollups import HourLow
from bot.store.samples import CHECKPOINT

if TYPE_CHECKING:
    from bot.store import Store

CLOSELY = timedelta(hours=7)
"""How much is read sample by sample: the six hours that the estimators look at, and one before for what holds there."""

PAST = timedelta(days=28)
"""How much is read by the hour: four weeks, so that each weekday counts four times."""


def held(poll: timedelta) -> timedelta:
    """How long a stored sample counts without a newer one: only changes and a checkpoint are written, a poll late."""
    return CHECKPOINT + poll


def histories(
    store: "Store",
    subnets: Iterable[Subnet],
    limits: Limits,
    now: datetime,
    *,
    closely: timedelta = CLOSELY,
    past: timedelta = PAST,
) -> Mapping[str, History]:
    """The stored history of each IPv4 subnet up to `now`, by subnet id; with what `now`'s inventory shows at its end.

    A subnet that was never sampled has the inventory's figure alone.
    """
    known = {subnet.subnet_id: subnet for subnet in subnets if subnet.cidr is not None}
    samples = store.samples_of(known, now - closely)
    hours = store.hours_of(known, now - past)
    return {
        subnet_id: _history(subnet, samples.get(subnet_id, ()), hours.get(subnet_id, ()), limits, now)
        for subnet_id, subnet in known.items()
    }


def _history(
    subnet: Subnet, samples: Iterable[SubnetSample], hours: Sequence[HourLow], limits: Limits, now: datetime
) -> History:
    usable = usable_ips(subnet.cidr) if subnet.cidr is not None else 0
    seen = {sample.observed_at: sample.free_ips for sample in samples if sample.observed_at <= now}
    if subnet.available_ips is not None and subnet.observed_at <= now:
        # Judged by its contents, a stored sample knows more than the plain count of the same moment.
        seen.setdefault(subnet.observed_at, subnet.available_ips)
    return history(
        subnet.subnet_id,
        sorted(seen.items()),
        total=usable,
        floor=floor_ips(usable, limits),
        hours=[(hour.starts_at, hour.lowest_ips) for hour in hours if hour.lowest_ips is not None],
        resets=size_changes((hour.starts_at, hour.usable_ips) for hour in hours),
    )
