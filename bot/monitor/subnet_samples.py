"""Samples of subnets: every subnet's counts, and the contents of those where the counts prove too little.

Contents cost a call for each page of interfaces, so plain comparisons come first: AvailableIpAddressCount leaves out
reserved space and can only make a subnet look lower than it is, and each used address spoils one /28 block at most.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.alerts.margins import clear_below
from bot.alerts.samples import SubnetSample
from bot.alerts.subnet_rules import whole_blocks
from bot.alerts.thresholds import Thresholds
from bot.capacity.blocks import free_block_bounds
from bot.capacity.holders import HolderKind, kind_and_owner
from bot.capacity.standing import Standing, standings
from bot.capacity.subnets import threshold_ips, usable_ips
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
    levels = Levels(thresholds)
    close = [subnet for subnet in subnets if _is_close(subnet, wanted, levels, thresholds)]
    contents = read(close) if close else None
    near = standings(close, contents, thresholds.subnets) if close else {}
    loaded = _load_balanced(contents) if contents is not None else frozenset[str]()
    samples = []
    for subnet in subnets:
        if subnet.cidr is None:
            continue
        subnet_id, standing = subnet.subnet_id, near.get(subnet.subnet_id)
        for_prefixes = subnet_id in wanted.prefix_mode
        known = standing is not None and contents is not None and subnet_id in contents.enis_read
        samples.append(
            SubnetSample(
                subnet_id=subnet_id,
                observed_at=subnet.observed_at,
                quality=subnet.quality,
                usable_ips=_SIZES[subnet.cidr.prefixlen],
                free_ips=subnet.available_ips if standing is None else standing.free_ips,
                single_ips=subnet.available_ips,
                free_blocks=_free_blocks(subnet, standing, for_prefixes=for_prefixes, levels=levels),
                prefix_mode=for_prefixes,
                load_balancers=subnet_id in loaded if known else None,
                time_left=None if time_left is None else time_left.get(subnet_id),
                forecast_known=time_left is not None and subnet_id in time_left,
            )
        )
    return tuple(samples)


def _is_close(subnet: Subnet, wanted: Wanted, levels: Levels, thresholds: Thresholds) -> bool:
    """Whether the address count alone does not decide about the subnet."""
    available, cidr = subnet.available_ips, subnet.cidr
    if available is None or cidr is None or subnet.quality is not Quality.FRESH:
        return False
    usable = _SIZES[cidr.prefixlen]
    if available < levels.low_ips(usable) or available < thresholds.load_balancer_ips:
        return True
    if subnet.subnet_id in wanted.alerting:
        return True
    if not wanted.blocks_due or subnet.subnet_id not in wanted.prefix_mode:
        return False
    return free_block_bounds(cidr, available).at_least < levels.enough_blocks(usable)


def _free_blocks(subnet: Subnet, standing: Standing | None, *, for_prefixes: bool, levels: Levels) -> int | None:
    """Free /28 blocks: counted where the contents were read, else a lower bound that is enough, else not known."""
    if standing is not None and standing.blocks is not None:
        return standing.blocks.free
    if not for_prefixes or subnet.cidr is None or subnet.available_ips is None:
        return None
    surely = free_block_bounds(subnet.cidr, subnet.available_ips).at_least
    return surely if surely >= levels.enough_blocks(usable_ips(subnet.cidr)) else None


def _load_balanced(contents: SubnetContents) -> frozenset[str]:
    return frozenset(eni.subnet_id for eni in contents.enis if _is_load_balancer(eni))


def _is_load_balancer(eni: Eni) -> bool:
    return eni.instance_id is None and kind_and_owner(eni, {})[0] is HolderKind.LOAD_BALANCER
