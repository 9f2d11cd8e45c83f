"""Nodes of IPv6 clusters: one /80, one IPv4 address, and what does not go with them."""

import pytest
from builders import instance_limits

from bot.capacity.ipv6_pool import PREFIX_80_IPS, ipv6_pool
from bot.capacity.warmpool import CniRefusesToStart, PoolSettings


@pytest.mark.parametrize("pods", [0, 110, 250])
def test_the_node_takes_one_ipv4_address_whatever_the_pods_and_targets(pods: int) -> None:
    found = ipv6_pool(instance_limits(), PoolSettings(warm_eni=3, warm_ip=9), pods)

    assert (found.enis, found.node_subnet_addresses, found.pods_without_address) == (1, 1, 0)
    assert found.assigned + found.unused == found.addresses == PREFIX_80_IPS


def test_the_trunk_takes_a_second_one() -> None:
    assert ipv6_pool(instance_limits(), PoolSettings(pod_eni=True), 3).node_subnet_addresses == 2
    assert ipv6_pool(instance_limits("t3.large"), PoolSettings(pod_eni=True), 3).node_subnet_addresses == 1


def test_bare_metal_takes_prefixes_too() -> None:
    assert ipv6_pool(instance_limits(hypervisor="", bare_metal=True), PoolSettings(), 3).prefixes == 1


def test_what_the_cni_refuses_is_refused() -> None:
    with pytest.raises(CniRefusesToStart, match="Nitro"):
        ipv6_pool(instance_limits(hypervisor="xen"), PoolSettings(), 3)
    with pytest.raises(CniRefusesToStart, match="custom networking"):
        ipv6_pool(instance_limits(), PoolSettings(custom_networking=True), 3)
    with pytest.raises(ValueError, match="below 0"):
        ipv6_pool(instance_limits(), PoolSettings(), -1)
