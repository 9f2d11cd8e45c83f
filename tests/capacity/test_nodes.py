"""max-pods in every mode against published values; every type of the snapshot computes."""

import pytest
from builders import instance_limits

from bot.capacity.eni_limits import known_types, snapshot_limits
from bot.capacity.nodes import (
    TWO_CARD_TABLE_TYPES,
    kube_reserved_memory_mib,
    max_pods,
    max_pods_cap,
    prefix_supported,
)
from bot.inventory import InstanceLimits


def limits_of(instance_type: str) -> InstanceLimits:
    found = snapshot_limits(instance_type)
    assert found is not None, f"{instance_type} is missing from the snapshot"
    return found


@pytest.mark.parametrize(
    ("instance_type", "secondary", "managed", "custom", "prefix"),
    [
        pytest.param("t2.micro", 4, 4, 3, 4, id="t2.micro: Xen, so no prefixes"),
        pytest.param("t3.nano", 4, 4, 3, 34, id="t3.nano: too small to reach the cap with prefixes"),
        pytest.param("t3.small", 11, 11, 8, 110, id="t3.small"),
        pytest.param("t3.medium", 17, 17, 12, 110, id="t3.medium"),
        pytest.param("m4.xlarge", 58, 58, 44, 58, id="m4.xlarge: Xen"),
        pytest.param("m5.large", 29, 29, 20, 110, id="m5.large"),
        pytest.param("m5.xlarge", 58, 58, 44, 110, id="m5.xlarge"),
        pytest.param("m5.4xlarge", 234, 110, 205, 110, id="m5.4xlarge: a managed group caps it"),
        pytest.param("c5.4xlarge", 234, 110, 205, 110, id="c5.4xlarge"),
        pytest.param("m5.metal", 737, 250, 688, 250, id="m5.metal: bare metal"),
        pytest.param("p4d.24xlarge", 737, 250, 688, 250, id="p4d.24xlarge: the default card of four"),
        pytest.param("p5.48xlarge", 100, 100, 51, 250, id="p5.48xlarge: two ENIs on the default card of 32"),
        pytest.param("trn1.32xlarge", 247, 247, 198, 250, id="trn1.32xlarge: the default card of eight"),
        pytest.param("c6in.32xlarge", 394, 250, 345, 250, id="c6in.32xlarge: the default card of two"),
    ],
)
def test_max_pods_are_the_published_ones(
    instance_type: str, secondary: int, managed: int, custom: int, prefix: int
) -> None:
    pods = max_pods(limits_of(instance_type))

    assert (pods.secondary, pods.secondary_managed, pods.custom_networking, pods.prefix) == (
        secondary,
        managed,
        custom,
        prefix,
    )


def test_prefixes_hold_sixteen_addresses_in_each_slot() -> None:
    pods = max_pods(limits_of("m5.large"))

    assert pods.prefix_uncapped == 3 * 9 * 16 + 2 == 434
    assert pods.prefix_custom_networking == 110, "290 before the cap"
    assert pods.ipv6 == 110
    assert (pods.windows_secondary, pods.windows_prefix) == (9, 144)


def test_prefixes_with_custom_networking_can_stay_below_the_cap() -> None:
    assert max_pods(limits_of("t3.small")).prefix_custom_networking == 2 * 3 * 16 + 2 == 98


def test_a_type_without_prefixes_has_no_ipv6_and_no_windows_prefix_figure() -> None:
    pods = max_pods(limits_of("t2.micro"))

    assert pods.ipv6 is None
    assert pods.windows_prefix is None
    assert pods.prefix == pods.secondary_managed


@pytest.mark.parametrize(
    ("limits", "supported"),
    [
        pytest.param(instance_limits(hypervisor="nitro"), True, id="Nitro"),
        pytest.param(instance_limits(hypervisor="", bare_metal=True), True, id="bare metal reports no hypervisor"),
        pytest.param(instance_limits(hypervisor="xen"), False, id="Xen"),
        pytest.param(instance_limits(hypervisor=""), False, id="no hypervisor and no bare metal: not known, so no"),
    ],
)
def test_only_nitro_and_bare_metal_take_prefixes(limits: InstanceLimits, supported: bool) -> None:
    assert prefix_supported(limits) is supported


@pytest.mark.parametrize(
    ("vcpus", "cap"),
    [
        pytest.param(2, 110, id="small"),
        pytest.param(30, 110, id="exactly 30 vCPUs"),
        pytest.param(31, 250, id="more than 30"),
        pytest.param(192, 250, id="large"),
    ],
)
def test_the_cap_rises_above_thirty_vcpus(vcpus: int, cap: int) -> None:
    assert max_pods_cap(vcpus) == cap


@pytest.mark.parametrize(
    ("pods", "memory_mib"),
    [
        pytest.param(29, 574, id="m5.large with secondary addresses"),
        pytest.param(110, 1465, id="m5.large with prefixes"),
        pytest.param(44, 739, id="m4.xlarge with custom networking"),
        pytest.param(35, 640, id="t3.large"),
    ],
)
def test_kubelet_reserves_eleven_mib_a_pod_and_255(pods: int, memory_mib: int) -> None:
    assert kube_reserved_memory_mib(pods) == memory_mib


def test_every_type_of_the_snapshot_computes_and_its_modes_are_in_order() -> None:
    for instance_type in known_types():
        limits = limits_of(instance_type)
        pods = max_pods(limits)
        cap = max_pods_cap(limits.vcpus)
        assert pods.secondary >= pods.custom_networking >= 2, instance_type
        assert pods.secondary_managed <= min(pods.secondary, cap), instance_type
        assert cap >= pods.prefix >= pods.prefix_custom_networking, instance_type
        assert pods.prefix >= pods.secondary_managed, instance_type
        assert (pods.ipv6 is None) is (not prefix_supported(limits)), instance_type
        assert pods.prefix_uncapped >= pods.secondary, instance_type


@pytest.mark.parametrize("instance_type", TWO_CARD_TABLE_TYPES)
def test_types_the_cni_counts_on_one_card_have_two_in_ec2(instance_type: str) -> None:
    assert limits_of(instance_type).network_cards == 2
