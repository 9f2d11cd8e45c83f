"""Rules: what each alert is about, and what one sample of a subnet says about it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from math import ceil

from bot.capacity.subnets import Limits, SubnetState, floor_ips, subnet_state, threshold_ips
from bot.inventory import Quality


class Severity(Enum):
    """How bad a breach is."""

    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """Sort key: the worse the larger."""
        return (Severity.WARNING, Severity.CRITICAL).index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Free and usable addresses of a subnet at the time AWS was asked; `free_ips` None means not known."""

    subnet_id: str
    observed_at: datetime
    usable_ips: int
    free_ips: int | None
    quality: Quality = Quality.FRESH


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a sample says to a rule.

    `breach` is None while the value is within bounds. `clear` is stricter than "no breach": the value is far enough
    away from the threshold for recovery to begin. `at_once` means that waiting would help nobody.
    """

    value_ips: int
    threshold_ips: int
    breach: Severity | None
    clear: bool
    at_once: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One kind of alert: its key, the words on its card, and how it reads a sample.

    `read` gives None for a sample that cannot be evaluated: it then neither fires nor resolves.
    """

    name: str
    title: str
    summary: str
    read: Callable[[Sample, Limits], Reading | None]


def clear_ips(usable: int, limits: Limits) -> int:
    """Free addresses at which recovery begins: clear_pct of the usable ones, and some way above the alert threshold.

    A small subnet alerts at the floor, far above clear_pct. It then needs the same relative distance
    (clear_pct / low_pct, 12 / 10 by default), and at least one address, or a single pod would make the alert flap.
    """
    low = threshold_ips(usable, limits, limits.low_pct)
    ratio = limits.clear_pct / limits.low_pct if limits.low_pct > 0 else 1.0
    above = max(ceil(usable * limits.clear_pct / 100), ceil(round(floor_ips(usable, limits) * ratio, 6)), low + 1)
    return min(above, usable)


def _low_ips(sample: Sample, limits: Limits) -> Reading | None:
    if sample.quality is not Quality.FRESH or sample.free_ips is None or sample.usable_ips <= 0:
        return None
    breach = {
        SubnetState.LOW: Severity.WARNING,
        SubnetState.CRITICAL: Severity.CRITICAL,
        SubnetState.EXHAUSTED: Severity.CRITICAL,
    }.get(subnet_state(sample.free_ips, sample.usable_ips, limits))
    return Reading(
        value_ips=sample.free_ips,
        threshold_ips=threshold_ips(sample.usable_ips, limits, limits.low_pct),
        breach=breach,
        clear=breach is None and sample.free_ips >= clear_ips(sample.usable_ips, limits),
        at_once=sample.free_ips <= 0,
    )


LOW_IPS = Rule(
    name="low_ips",
    title="Low IPs",
    summary="free addresses below the larger of the floor and the percentage",
    read=_low_ips,
)

RULES: tuple[Rule, ...] = (LOW_IPS,)
"""Every rule, evaluated for every subnet in each poll."""
