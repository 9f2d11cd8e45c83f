"""Windows nodes: the tables of the VPC resource controller, row by row, and its reading of the ConfigMap."""

import pytest
from builders import instance_limits

from bot.capacity.warmpool import PoolMode
from bot.capacity.windows_pool import WindowsSettings, windows_pool, windows_settings

NODE = instance_limits(ipv4_per_eni=30, max_enis=8)


# Source: amazon-vpc-resource-controller-k8s docs/windows/prefix_delegation_config_options.md: warm prefix, warm IP and
# minimum IP target, pods -> prefixes, unused addresses.
@pytest.mark.parametrize(
    ("warm_prefix", "warm_ip", "minimum_ip", "pods", "prefixes", "unused"),
    [
        (None, None, None, 0, 1, 16),
        (None, None, None, 15, 1, 1),
        (None, None, None, 16, 2, 16),
        (1, None, None, 0, 1, 16),
        (3, None, None, 0, 3, 48),
        (1, None, None, 5, 2, 27),
        (1, None, None, 17, 3, 31),
        (None, None, 1, 5, 1, 11),
        (None, None, 1, 16, 2, 16),
        (None, None, 20, 0, 2, 32),
        (None, 5, None, 11, 1, 5),
        (None, 5, None, 12, 2, 20),
        (None, 1, 1, 17, 2, 15),
        (None, 3, 1, 14, 2, 18),
        (None, 7, 20, 0, 2, 32),
        (None, 7, 20, 17, 2, 15),
        (None, 7, 20, 26, 3, 22),
        pytest.param(2, 5, None, 11, 1, 5, id="the IP targets beat the warm prefix"),
        pytest.param(0, 0, 0, 0, 1, 16, id="zeros leave the defaults"),
    ],
)
def test_prefix_mode_holds_what_the_table_says(
    warm_prefix: int | None, warm_ip: int | None, minimum_ip: int | None, pods: int, prefixes: int, unused: int
) -> None:
    options = WindowsSettings(mode=PoolMode.PREFIX, warm_prefix=warm_prefix, warm_ip=warm_ip, minimum_ip=minimum_ip)
    found = windows_pool(NODE, options, pods)

    assert (found.prefixes, found.unused, found.assigned) == (prefixes, unused, pods)
    assert (found.enis, found.node_subnet_addresses) == (1, 1 + 16 * prefixes)


# Source: docs/windows/secondary_ip_mode_config_options.md: warm and minimum IP target, pods -> addresses.
@pytest.mark.parametrize(
    ("warm_ip", "minimum_ip", "pods", "addresses"),
    [
        (1, 0, 0, 1),
        (1, 0, 5, 6),
        (5, 0, 0, 5),
        (1, 1, 1, 2),
        (1, 3, 3, 4),
        (5, 10, 0, 10),
        (10, 10, 10, 20),
        (15, 10, 10, 25),
        pytest.param(None, None, 0, 3, id="defaults"),
        pytest.param(None, 10, 9, 12, id="minimum alone does not freeze"),
        pytest.param(0, 0, 4, 5, id="a warm target of 0 counts as 1"),
        pytest.param(-2, -2, 4, 7, id="negative targets leave the defaults"),
    ],
)
def test_secondary_mode_holds_what_the_table_says(
    warm_ip: int | None, minimum_ip: int | None, pods: int, addresses: int
) -> None:
    found = windows_pool(NODE, WindowsSettings(warm_ip=warm_ip, minimum_ip=minimum_ip), pods)

    assert (found.addresses, found.prefixes, found.node_subnet_addresses) == (addresses, None, 1 + addresses)


def test_one_eni_is_all_a_windows_node_uses() -> None:
    """m5.large: 9 addresses, or 9 prefixes; more pods get none."""
    limits = instance_limits()

    full = windows_pool(limits, WindowsSettings(), 20)

    assert (full.pods_without_address, full.notes) == (
        11,
        ("A Windows node uses one ENI: 9 addresses are all it has for pods.",),
    )
    assert windows_pool(limits, WindowsSettings(mode=PoolMode.PREFIX, warm_prefix=20), 0).prefixes == 9


def test_prefixes_need_nitro_on_windows_too() -> None:
    found = windows_pool(instance_limits(hypervisor="xen"), WindowsSettings(mode=PoolMode.PREFIX), 1)

    assert (found.prefixes, found.addresses, len(found.notes)) == (None, 4, 1)


@pytest.mark.parametrize(
    ("config_map", "read"),
    [
        pytest.param({}, WindowsSettings(), id="empty"),
        pytest.param(
            {"enable-windows-prefix-delegation": "true", "warm-prefix-target": "2"},
            WindowsSettings(mode=PoolMode.PREFIX, warm_prefix=2),
            id="prefixes",
        ),
        pytest.param({"windows-warm-ip-target": "4"}, WindowsSettings(warm_ip=4), id="new name"),
        pytest.param(
            {"windows-minimum-ip-target": "4", "minimum-ip-target": "9"},
            WindowsSettings(minimum_ip=9),
            id="old name wins",
        ),
        pytest.param({"warm-ip-target": "many"}, WindowsSettings(), id="not a number"),
    ],
)
def test_the_config_map_is_read_as_the_controller_reads_it(config_map: dict[str, str], read: WindowsSettings) -> None:
    assert windows_settings(config_map) == read


def test_negative_pods_are_refused() -> None:
    with pytest.raises(ValueError, match="below 0"):
        windows_pool(NODE, WindowsSettings(), -1)
