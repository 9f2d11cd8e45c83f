"""What one sample of a subnet says."""

from datetime import UTC, datetime

import pytest

from bot.alerts.rules import LOW_IPS, Sample, Severity, clear_ips
from bot.capacity.subnets import Limits, threshold_ips
from bot.inventory import Quality

LIMITS = Limits(floor_ips=8, low_pct=10, critical_pct=5, clear_pct=12)
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def _sample(free: int | None, usable: int = 4091, quality: Quality = Quality.FRESH) -> Sample:
    return Sample(subnet_id="subnet-1", observed_at=NOW, usable_ips=usable, free_ips=free, quality=quality)


@pytest.mark.parametrize(
    ("free", "usable", "breach", "clear"),
    [
        pytest.param(4000, 4091, None, True, id="plenty"),
        pytest.param(491, 4091, None, True, id="just at 12 %"),
        pytest.param(490, 4091, None, False, id="between alert and clear"),
        pytest.param(410, 4091, None, False, id="just at 10 %"),
        pytest.param(409, 4091, Severity.WARNING, False, id="below 10 %"),
        pytest.param(204, 4091, Severity.CRITICAL, False, id="below 5 %"),
        pytest.param(0, 4091, Severity.CRITICAL, False, id="nothing left"),
        pytest.param(11, 11, None, True, id="an empty /28"),
        pytest.param(6, 11, None, True, id="a /28 with six free"),
        pytest.param(5, 11, None, False, id="a /28 at its floor"),
        pytest.param(4, 11, Severity.CRITICAL, False, id="a /28 below its floor"),
    ],
)
def test_free_addresses_against_floor_and_percentage(
    free: int, usable: int, breach: Severity | None, clear: bool
) -> None:
    """A breach is free below max(floor, percent); clear is some way above that."""
    reading = LOW_IPS.read(_sample(free, usable), LIMITS)
    assert reading is not None
    assert (reading.breach, reading.clear) == (breach, clear)
    assert reading.at_once is (free == 0)


@pytest.mark.parametrize(
    "sample",
    [
        pytest.param(_sample(None), id="free not known"),
        pytest.param(_sample(0, quality=Quality.STALE), id="stale"),
        pytest.param(_sample(0, quality=Quality.UNKNOWN), id="unknown"),
        pytest.param(_sample(0, quality=Quality.GONE), id="gone"),
        pytest.param(_sample(0, usable=0), id="no IPv4 addresses at all"),
    ],
)
def test_what_is_not_fresh_and_known_says_nothing(sample: Sample) -> None:
    """A sample that is not fresh, or whose free addresses are not known, cannot be evaluated."""
    assert LOW_IPS.read(sample, LIMITS) is None


@pytest.mark.parametrize("length", [pytest.param(n, id=f"/{n}") for n in range(16, 29)])
@pytest.mark.parametrize(
    "limits",
    [
        pytest.param(LIMITS, id="defaults"),
        pytest.param(Limits(floor_ips=8, low_pct=10, critical_pct=5, clear_pct=10), id="no margin configured"),
        pytest.param(Limits(floor_ips=30, low_pct=0, critical_pct=0, clear_pct=0), id="floor alone"),
    ],
)
def test_recovery_begins_above_the_threshold_and_is_possible(length: int, limits: Limits) -> None:
    """For every subnet size an empty subnet is clear, and clear is above the alert threshold."""
    usable = 2 ** (32 - length) - 5
    assert threshold_ips(usable, limits, limits.low_pct) < clear_ips(usable, limits) <= usable
