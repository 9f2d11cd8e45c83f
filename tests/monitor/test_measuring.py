"""What /metrics shows of the estate: few series, and none for what is not known."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from builders import inventory, region_facts, subnet

from bot import metrics
from bot.inventory import Quality
from bot.monitor.measuring import measure_estate


@pytest.fixture(autouse=True)
def forget() -> Iterator[None]:
    """No figures of other tests."""
    yield
    metrics.subnet_figures.put([])
    metrics.zone_figures.put([])


def shown() -> list[str]:
    """The series of subnets."""
    return [
        line for line in metrics.exposition().decode().splitlines() if line.startswith("eksip_subnet_available_ips{")
    ]


def test_only_so_many_subnets_have_series_and_those_are_the_worst() -> None:
    estate = inventory(region_facts(*(subnet(f"subnet-{number}", available_ips=number) for number in range(1, 9))))
    measure_estate(estate, 2)
    assert [line.split('subnet_id="')[1].split('"')[0] for line in shown()] == ["subnet-1", "subnet-2"]


def test_what_is_not_known_has_no_series() -> None:
    old = replace(subnet("subnet-old", available_ips=3), quality=Quality.STALE)
    estate = inventory(region_facts(old, subnet("subnet-six", cidr=None, available_ips=0)))
    measure_estate(estate, 500)
    assert shown() == []
