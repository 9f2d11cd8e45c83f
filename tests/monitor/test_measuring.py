"""What /metrics shows of the estate: few series, and none for what is not known."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from builders import NOW, inventory, region_facts, subnet

from bot import metrics
from bot.inventory import Quality
from bot.monitor.measuring import measure_estate, measure_reads


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


@pytest.mark.parametrize(
    ("age", "complete", "ratio"),
    [
        pytest.param(5, True, 0.5, id="read lately"),
        pytest.param(16, True, 0.0, id="complete and old"),
        pytest.param(5, False, 0.0, id="a read that failed"),
    ],
)
def test_coverage_counts_what_was_read_lately_of_what_is_expected(age: int, complete: bool, ratio: float) -> None:
    """A second account-region was expected and never read."""
    facts = region_facts(subnet(), observed_at=NOW - timedelta(minutes=age), subnets_complete=complete)
    measure_reads(replace(inventory(facts), expected_regions=2), NOW - timedelta(minutes=15))
    assert metrics.REGISTRY.get_sample_value("eksip_coverage_ratio") == ratio
