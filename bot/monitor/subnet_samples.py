"""Samples of subnets: every subnet's counts, and the occupancy of those where the counts prove too little.

The interfaces were read by a lane before; here is only what their figures mean.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.alerts.margins import clear_below
from bot.alerts.samples import SubnetSample
from bot.alerts.subnet_rules import whole_blocks
from bot.alerts.thresholds import Thresholds
from bot.capacity.blocks import free_block_bounds
from bot.capacity.occupancy import Occupancy
from bot.capacity.standing import standings_as_kept
from bot.capacity.subnets import threshold_ips
from bot.inventory import Quality, Subnet, SubnetContents

Contents = Callable[[Sequence[Subnet]], SubnetContents]
"""Reads the interfaces and reservations of subnets; what cannot be read is in its blind spots."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to look at more closely: subnets with an open alert, and those of which nodes take /28 blocks.

    `counted` is when the blocks of the latter were counted that the rules have seen already: they are seen once.
    `apart` is how far a subnet's count and its interfaces may lie apart in time to be added up.
    """

    alerting: Collection[str]
    prefix_mode: Collection[str]
    counted: Mapping[str, datetime]
    apart: timedelta


class Levels:
    """The levels that plain comparisons use, worked out once for each size of subnet."""

    def __init__(self, thresholds: Thresholds) -> None:
        self._thresholds = thresholds
        limits = thresholds.subnets
        pct = max(limits.low_pct, limits.critical_pct)
        # Below the low threshold or at nothing: at 0 a subnet breaches whatever the thresholds are.
        self._low = {usable: max(threshold_ips(usable, limits, pct), 1) for usable in _SIZES.values()}
        self._blocks = {usable: self._enough_blocks(usable) for usable in _SIZES.values()}

    def low_ips(self, usable: int) -> int:
        """Fewer free addresses than this may breach a rule about addresses."""
        return self._low[usable]

    def enough_blocks(self, usable: int) -> int:
        """So many free /28 blocks breach nothing and let an alert recover."""
        return self._blocks[usable]

    def looks_low(self, subnet: Subnet) -> bool:
        """Whether its count alone may breach a rule about addresses, load balancers included."""
        if subnet.cidr is None or subnet.available_ips is None:
            return False
        least = max(self.low_ips(_SIZES[subnet.cidr.prefixlen]), self._thresholds.load_balancer_ips)
        return subnet.available_ips < least

    def sure_blocks(self, subnet: Subnet) -> int | None:
        """Free /28 blocks that the count alone proves; None where these are not enough to say that all is well."""
        if subnet.cidr is None or subnet.available_ips is None:
            return None
        surely = free_block_bounds(subnet.cidr, subnet.available_ips).at_least
        return surely if surely >= self.enough_blocks(_SIZES[subnet.cidr.prefixlen]) else None

    def _enough_blocks(self, usable: int) -> int:
        found, whole = self._thresholds, whole_blocks(usable)
        warning = max(min(found.blocks_floor, whole // 2), -(-whole * found.blocks_low_pct // 100))
        return int(clear_below(warning, whole, found.clear_ratio))


_SIZES = {length: (1 << (32 - length)) - 5 for length in range(1, 30)}


def subnet_samples(
    subnets: Sequence[Subnet],
    wanted: Wanted,
    kept: Callable[[Collection[str]], Mapping[str, Occupancy]],
    thresholds: Thresholds,
    time_left: Mapping[str, timedelta | None] | None = None,
) -> tuple[SubnetSample, ...]:
    """One sample of each IPv4 subnet; `kept` gives the occupancies that are known, `time_left` holds the forecasts."""
    levels, fresh = Levels(thresholds), Quality.FRESH
    alerting, for_prefixes = frozenset(wanted.alerting), frozenset(wanted.prefix_mode)
    samples: list[SubnetSample] = []
    close: list[Subnet] = []
    for subnet in subnets:
        cidr, available, subnet_id = subnet.cidr, subnet.available_ips, subnet.subnet_id
        if cidr is None:
            continue
        in_prefix_mode = subnet_id in for_prefixes
        if (
            available is not None
            and subnet.quality is fresh
            and (
                subnet_id in alerting
                or levels.looks_low(subnet)
                or (in_prefix_mode and levels.sure_blocks(subnet) is None)
            )
        ):
            close.append(subnet)
            continue
        samples.append(
            SubnetSample(
                subnet_id=subnet_id,
                observed_at=subnet.observed_at,
                quality=subnet.quality,
                usable_ips=_SIZES[cidr.prefixlen],
                free_ips=available,
                single_ips=available,
                free_blocks=levels.sure_blocks(subnet) if in_prefix_mode else None,
                prefix_mode=in_prefix_mode,
                time_left=None if time_left is None else time_left.get(subnet_id),
                forecast_known=time_left is not None and subnet_id in time_left,
            )
        )
    if close:
        known = kept([subnet.subnet_id for subnet in close])
        samples += _close_samples(close, wanted, known, thresholds, time_left or {})
    return tuple(samples)


def _close_samples(
    close: Sequence[Subnet],
    wanted: Wanted,
    kept: Mapping[str, Occupancy],
    thresholds: Thresholds,
    time_left: Mapping[str, timedelta | None],
) -> Iterator[SubnetSample]:
    """The samples of subnets whose address count does not decide, by what their interfaces came to."""
    levels = Levels(thresholds)
    # Reserved space that was free an hour ago says nothing of what is free with today's count.
    timely = {
        subnet.subnet_id: kept[subnet.subnet_id]
        for subnet in close
        if subnet.subnet_id in kept and abs(subnet.observed_at - kept[subnet.subnet_id].observed_at) <= wanted.apart
    }
    found = standings_as_kept(close, timely, thresholds.subnets)
    for subnet in close:
        subnet_id, standing = subnet.subnet_id, found[subnet.subnet_id]
        occupancy = kept.get(subnet_id)
        in_prefix_mode = subnet_id in wanted.prefix_mode
        is_news = occupancy is not None and occupancy.observed_at > wanted.counted.get(subnet_id, _LONG_AGO)
        yield SubnetSample(
            subnet_id=subnet_id,
            observed_at=subnet.observed_at,
            quality=subnet.quality,
            usable_ips=standing.usable_ips,
            free_ips=standing.free_ips,
            single_ips=subnet.available_ips,
            free_blocks=_free_blocks(subnet, occupancy if is_news else None, levels, in_prefix_mode=in_prefix_mode),
            prefix_mode=in_prefix_mode,
            load_balancers=timely[subnet_id].load_balancers if subnet_id in timely else None,
            time_left=time_left.get(subnet_id),
            forecast_known=subnet_id in time_left,
        )


_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def _free_blocks(subnet: Subnet, occupancy: Occupancy | None, levels: Levels, *, in_prefix_mode: bool) -> int | None:
    """Free /28 blocks: counted where that is news, else a lower bound that is enough, else not known."""
    if occupancy is not None and occupancy.blocks is not None:
        return occupancy.blocks.free
    return levels.sure_blocks(subnet) if in_prefix_mode else None
