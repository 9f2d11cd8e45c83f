"""The offline snapshot of interface limits: dated, complete in its rows, and silent on types it lacks."""

from datetime import date

import pytest

from bot.capacity.eni_limits import known_types, snapshot_date, snapshot_limits
from bot.inventory import InstanceLimits


def test_the_snapshot_says_the_day_it_was_taken() -> None:
    assert date.fromisoformat(snapshot_date()).year >= 2026


def test_a_type_comes_with_the_limits_of_its_default_card_and_its_source() -> None:
    assert snapshot_limits("m5.large") == InstanceLimits(
        instance_type="m5.large",
        max_enis=3,
        ipv4_per_eni=10,
        ipv6_per_eni=10,
        hypervisor="nitro",
        bare_metal=False,
        network_cards=1,
        vcpus=2,
        memory_mib=8192,
        source=f"snapshot {snapshot_date()}",
    )


def test_many_cards_count_with_the_default_one_only() -> None:
    limits = snapshot_limits("p5.48xlarge")

    assert limits is not None
    assert (limits.network_cards, limits.max_enis) == (32, 2), "64 ENIs over all cards"


@pytest.mark.parametrize(
    "instance_type",
    [
        pytest.param("i3.metal", id="missing from the source of the snapshot"),
        pytest.param("m99.large", id="does not exist"),
        pytest.param("M5.LARGE", id="not as EC2 spells it"),
        pytest.param("", id="empty"),
    ],
)
def test_a_type_that_is_not_in_the_snapshot_has_no_limits(instance_type: str) -> None:
    assert snapshot_limits(instance_type) is None


def test_every_row_makes_sense() -> None:
    names = known_types()
    assert len(names) > 1000
    assert list(names) == sorted(names)
    for name in names:
        limits = snapshot_limits(name)
        assert limits is not None
        assert limits.max_enis >= 1, name
        assert limits.ipv4_per_eni >= 2, name
        assert limits.vcpus >= 1, name
        assert limits.network_cards >= 1, name
        assert limits.hypervisor in ({""} if limits.bare_metal else {"nitro", "xen"}), name
