"""Rules about one subnet: its free addresses, its free /28 blocks, its load balancers, and how long it lasts."""

from functools import lru_cache
from math import ceil

from bot.alerts.margins import below, clear_below
from bot.alerts.readings import Reading, Rule, Severity, Unit, Worse
from bot.alerts.samples import SubnetSample
from bot.alerts.subject import SubjectKind
from bot.alerts.thresholds import Thresholds
from bot.capacity.subnets import RESERVED_IPS, Limits, SubnetState, floor_ips, subnet_state, threshold_ips
from bot.inventory import Quality
from bot.wording import time_left

BLOCK_IPS = 16
"""Addresses of a /28, the size of a prefix.

Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-prefix-eni.html
"""

BLOCK_REFUSED = "InsufficientCidrBlocks"
ADDRESS_REFUSED = ("InsufficientFreeAddressesInSubnet", "InsufficientFreeAddresses")
"""EC2's codes for "no free /28" and "no free address": proof, whatever the counts say.

Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
"""


def clear_ips(usable: int, limits: Limits) -> int:
    """Free addresses at which recovery begins: clear_pct of the usable ones, and some way above the alert threshold.

    A small subnet alerts at the floor, far above clear_pct. It then needs the same relative distance
    (clear_pct / low_pct, 12 / 10 by default), and at least one address, or a single pod would make the alert flap.
    """
    low = threshold_ips(usable, limits, limits.low_pct)
    ratio = limits.clear_pct / limits.low_pct if limits.low_pct > 0 else 1.0
    above = max(ceil(usable * limits.clear_pct / 100), ceil(round(floor_ips(usable, limits) * ratio, 6)), low + 1)
    return min(above, usable)


def whole_blocks(usable: int) -> int:
    """The /28 blocks of a subnet that can ever be a prefix: all but the first and the last, which hold addresses that
    AWS keeps; none in a /28 and a /27.

    Source: https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html (first four and last address).
    """
    return max((usable + RESERVED_IPS) // BLOCK_IPS - 2, 0)


def _low_ips(sample: SubnetSample, thresholds: Thresholds) -> Reading | None:
    if sample.quality is not Quality.FRESH or sample.free_ips is None or sample.usable_ips <= 0:
        return None
    low, clear_at = _marks(sample.usable_ips, thresholds.subnets)
    if sample.watched_ips > low:
        clear_at = max(clear_at, _watched_clear_ips(sample, thresholds.subnets))
    refused = sample.refused in ADDRESS_REFUSED
    clear = sample.free_ips >= clear_at and not refused
    return Reading(
        value=sample.free_ips,
        # A subnet that is low by the settings is called so on every card, whoever wanted to hear of it earlier.
        threshold=low if sample.free_ips < low else max(low, sample.watched_ips),
        capacity=sample.usable_ips,
        breach=None if clear else Severity.CRITICAL if refused else _breach(sample, sample.free_ips, thresholds),
        clear=clear,
        at_once=sample.free_ips <= 0 or refused,
        detail=f"EC2 refused an address: {sample.refused}." if refused else "",
        left=sample.time_left,
    )


@lru_cache(maxsize=1024)
def _marks(usable: int, limits: Limits) -> tuple[int, int]:
    """The threshold and the mark at which recovery begins: the same for every subnet of a size, and there are few."""
    return threshold_ips(usable, limits, limits.low_pct), clear_ips(usable, limits)


def _watched_clear_ips(sample: SubnetSample, limits: Limits) -> int:
    """Where recovery begins for the channel that wants to hear earliest: the same relative distance as elsewhere."""
    ratio = limits.clear_pct / limits.low_pct if limits.low_pct > 0 else 1.0
    return min(max(ceil(round(sample.watched_ips * ratio, 6)), sample.watched_ips + 1), sample.usable_ips)


def _breach(sample: SubnetSample, free: int, thresholds: Thresholds) -> Severity | None:
    match subnet_state(free, sample.usable_ips, thresholds.subnets):
        case SubnetState.LOW:
            return Severity.WARNING
        case SubnetState.CRITICAL | SubnetState.EXHAUSTED:
            return Severity.CRITICAL
        case SubnetState.OK:
            return Severity.WARNING if free < sample.watched_ips else None
        case SubnetState.UNKNOWN:
            return None


def _no_free_blocks(sample: SubnetSample, thresholds: Thresholds) -> Reading | None:
    whole = whole_blocks(sample.usable_ips)
    if sample.quality is not Quality.FRESH or sample.prefix_mode is None or whole <= 0:
        return None
    warning = max(min(thresholds.blocks_floor, whole // 2), ceil(whole * thresholds.blocks_low_pct / 100))
    if not sample.prefix_mode:
        return Reading(
            value=whole if sample.free_blocks is None else sample.free_blocks,
            threshold=warning,
            capacity=whole,
            breach=None,
            clear=True,
            detail="No node takes /28 blocks from this subnet any more.",
        )
    if sample.free_blocks is None:
        return None
    refused = sample.refused == BLOCK_REFUSED
    breach = below(sample.free_blocks, warning, min(thresholds.blocks_critical, warning))
    return Reading(
        value=sample.free_blocks,
        threshold=warning,
        capacity=whole,
        breach=Severity.CRITICAL if refused else breach,
        clear=not refused and sample.free_blocks >= clear_below(warning, whole, thresholds.clear_ratio),
        at_once=sample.free_blocks <= 0 or refused,
        detail=f"EC2 refused a prefix: {BLOCK_REFUSED}." if refused else _blocks_sentence(sample) if breach else "",
    )


def _blocks_sentence(sample: SubnetSample) -> str:
    singles = "" if sample.free_ips is None else f"; {sample.free_ips:,} single addresses are free and do not help"
    return f"Nodes here take whole /28 blocks{singles}."


def _load_balancer_floor(sample: SubnetSample, thresholds: Thresholds) -> Reading | None:
    # Space reserved for prefixes is none of a load balancer's: where the count without it is known, that one is read.
    free = sample.free_ips if sample.single_ips is None else sample.single_ips
    if sample.quality is not Quality.FRESH or sample.load_balancers is None or free is None or sample.usable_ips <= 0:
        return None
    # A /28 has eleven usable addresses: eight is most of it, and still what a load balancer needs.
    floor = min(thresholds.load_balancer_ips, sample.usable_ips)
    breach = Severity.WARNING if sample.load_balancers and free < floor else None
    return Reading(
        value=free,
        threshold=floor,
        capacity=sample.usable_ips,
        breach=breach,
        clear=not sample.load_balancers or free >= clear_below(floor, sample.usable_ips, thresholds.clear_ratio),
        detail="A load balancer in this subnet cannot be created or scale."
        if sample.load_balancers
        else "No load balancer is placed in this subnet any more.",
    )


def _burn_rate(sample: SubnetSample, thresholds: Thresholds) -> Reading | None:
    if sample.quality is not Quality.FRESH or not sample.forecast_known or sample.free_ips is None:
        return None
    left = sample.time_left
    if left is None:
        # The gate is closed: free addresses do not fall, or are where they always are at this time of day.
        minutes = thresholds.burn_clear.total_seconds() / 60
        return Reading(value=minutes, threshold=thresholds.burn_warning.total_seconds() / 60, breach=None, clear=True)
    breach = (
        Severity.CRITICAL
        if left < thresholds.burn_critical
        else Severity.WARNING
        if left < thresholds.burn_warning
        else None
    )
    return Reading(
        value=left.total_seconds() // 60,
        threshold=thresholds.burn_warning.total_seconds() / 60,
        breach=breach,
        clear=left >= thresholds.burn_clear,
        detail=f"{sample.free_ips:,} of {sample.usable_ips:,} free now; at this rate {time_left(left)}.",
        left=left,
    )


LOW_IPS = Rule(
    name="low_ips",
    title="Low IPs",
    summary="free addresses below the larger of the floor and the percentage",
    severity=Severity.CRITICAL,
    topic="address-exhaustion",
    scope_kinds=(SubjectKind.SUBNET,),
    unit=Unit.IPS,
    worse=Worse.LOWER,
    settings=("subnets",),
    reads=SubnetSample,
    read=_low_ips,
)

NO_FREE_BLOCKS = Rule(
    name="no_free_blocks",
    title="Few /28 blocks",
    summary="too few free /28 blocks where nodes run in prefix mode",
    severity=Severity.CRITICAL,
    topic="subnet-fragmentation",
    scope_kinds=(SubjectKind.SUBNET,),
    unit=Unit.BLOCKS,
    worse=Worse.LOWER,
    settings=("blocks_floor", "blocks_low_pct", "blocks_critical", "clear_ratio"),
    reads=SubnetSample,
    read=_no_free_blocks,
)

LOAD_BALANCER_FLOOR = Rule(
    name="load_balancer_floor",
    title="Load balancers short of IPs",
    summary="fewer free addresses than a load balancer in the subnet needs",
    severity=Severity.WARNING,
    topic="load-balancer-addresses",
    scope_kinds=(SubjectKind.SUBNET,),
    unit=Unit.IPS,
    worse=Worse.LOWER,
    settings=("load_balancer_ips", "clear_ratio"),
    reads=SubnetSample,
    read=_load_balancer_floor,
)

BURN_RATE = Rule(
    name="burn_rate",
    title="IPs run out soon",
    summary="at the present rate nothing is left within hours",
    severity=Severity.CRITICAL,
    topic="growth-planning",
    scope_kinds=(SubjectKind.SUBNET,),
    unit=Unit.MINUTES,
    worse=Worse.LOWER,
    settings=("burn_warning", "burn_critical", "burn_clear"),
    reads=SubnetSample,
    read=_burn_rate,
)
