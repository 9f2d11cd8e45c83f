"""Samples of subnets: every subnet's counts, and the contents of those where the counts prove too little.

Contents cost a call for each page of interfaces, so plain comparisons come first: AvailableIpAddressCount leaves out
reserved space and can only make a subnet look lower than it is, and each used address spoils one /28 block at most.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.alerts.margins import clear_below
from bot.alerts.samples import SubnetSample
from bot.alerts.subnet_rules import whole_blocks
from bot.alerts.thresholds import Thresholds
from bot.capacity.blocks import free_block_bounds
from bot.capacity.holders import HolderKind, kind_and_owner
from bot.capacity.standing import Standing, standings
from bot.capacity.subnets import threshold_ips
from bot.inventory import Eni, Quality, Subnet, SubnetContents

Contents = Callable[[Sequence[Subnet]], SubnetContents]
"""Reads the interfaces and reservations of subnets; what cannot be read is in its blind spots."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to look at more closely: subnets with an open alert, and those of which nodes take /28 blocks.

    `blocks_due` says that it is time to count the blocks of the latter again, which is done more seldom.
    """

    alerting: Collection[str]
    prefix_mode: Collection[str]
    blocks_due: bool = True


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

    def _enough_blocks(self, usable: int) -> int:
        found, whole = self._thresholds, whole_blocks(usable)
        warning = max(min(found.blocks_floor, whole // 2), -(-whole * found.blocks_low_pct // 100))
        return int(clear_below(warning, whole, found.clear_ratio))


_SIZES = {length: (1 << (32 - length)) - 5 for length in range(1, 30)}


def subnet_samples(
    subnets: Sequence[Subnet],
    wanted: Wanted,
    read: Contents,
    thresholds: Thresholds,
    time_left: Mapping[str, timedelta | None] | None = None,
) -> tuple[SubnetSample, ...]:
    """One sample of each IPv4 subnet; `time_left` holds the forecast of those that have one."""
    levels, fresh = Levels(thresholds), Quality.FRESH
    alerting, for_prefixes = frozenset(wanted.alerting), frozenset(wanted.prefix_mode)
    samples: list[SubnetSample] = []
    close: list[Subnet] = []
    for subnet in subnets:
        cidr, available, subnet_id = subnet.cidr, subnet.available_ips, subnet.subnet_id
        if cidr is None:
            continue
        usable = _SIZES[cidr.prefixlen]
        in_prefix_mode = subnet_id in for_prefixes
        if (
            available is not None
            and subnet.quality is fresh
            and (
                available < levels.low_ips(usable)
                or available < thresholds.load_balancer_ips
                or subnet_id in alerting
                or (in_prefix_mode and wanted.blocks_due and _sure_blocks(subnet, levels) is None)
            )
        ):
            close.append(subnet)
            continue
        samples.append(
            SubnetSample(
                subnet_id=subnet_id,
                observed_at=subnet.observed_at,
                quality=subnet.quality,
                usable_ips=usable,
                free_ips=available,
                single_ips=available,
                free_blocks=_sure_blocks(subnet, levels) if in_prefix_mode else None,
                prefix_mode=in_prefix_mode,
                time_left=None if time_left is None else time_left.get(subnet_id),
                forecast_known=time_left is not None and subnet_id in time_left,
            )
        )
    samples += _close_samples(close, for_prefixes, read, thresholds, time_left or {})
    return tuple(samples)


def _close_samples(
    close: Sequence[Subnet],
    for_prefixes: Collection[str],
    read: Contents,
    thresholds: Thresholds,
    time_left: Mapping[str, timedelta | None],
) -> Iterator[SubnetSample]:
    """The samples of subnets whose address count does not decide, by their contents."""
    if not close:
        return
    levels, contents = Levels(thresholds), read(close)
    found = standings(close, contents, thresholds.subnets)
    loaded = frozenset(eni.subnet_id for eni in contents.enis if _is_load_balancer(eni))
    for subnet in close:
        subnet_id, standing = subnet.subnet_id, found[subnet.subnet_id]
        in_prefix_mode = subnet_id in for_prefixes
        yield SubnetSample(
            subnet_id=subnet_id,
            observed_at=subnet.observed_at,
            quality=subnet.quality,
            usable_ips=standing.usable_ips,
            free_ips=standing.free_ips,
            single_ips=subnet.available_ips,
            free_blocks=_free_blocks(subnet, standing, in_prefix_mode=in_prefix_mode, levels=levels),
            prefix_mode=in_prefix_mode,
            load_balancers=subnet_id in loaded if subnet_id in contents.enis_read else None,
            time_left=time_left.get(subnet_id),
            forecast_known=subnet_id in time_left,
        )


def _free_blocks(subnet: Subnet, standing: Standing, *, in_prefix_mode: bool, levels: Levels) -> int | None:
    """Free /28 blocks: counted where the contents were read, else a lower bound that is enough, else not known."""
    if standing.blocks is not None:
        return standing.blocks.free
    return _sure_blocks(subnet, levels) if in_prefix_mode else None


def _sure_blocks(subnet: Subnet, levels: Levels) -> int | None:
    """Free /28 blocks that the address count alone proves; None where these are not enough to say that all is well."""
    if subnet.cidr is None or subnet.available_ips is None:
        return None
    surely = free_block_bounds(subnet.cidr, subnet.available_ips).at_least
    return surely if surely >= levels.enough_blocks(_SIZES[subnet.cidr.prefixlen]) else None


def _is_load_balancer(eni: Eni) -> bool:
    return eni.instance_id is None and kind_and_owner(eni, {})[0] is HolderKind.LOAD_BALANCER
