"""The address pool of a Windows node, which the VPC resource controller keeps: one ENI, its own targets and defaults.

The settings live in ConfigMap kube-system/amazon-vpc-cni; no Linux node reads it.
Source: https://github.com/aws/amazon-vpc-resource-controller-k8s, pkg/config/loader.go and docs/windows.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.capacity.cni_env import go_boolean, go_integer
from bot.capacity.nodes import PREFIX_IPS, prefix_supported
from bot.capacity.warmpool import Pool, PoolMode
from bot.inventory import InstanceLimits

SECONDARY_WARM_IP, SECONDARY_MINIMUM_IP = 3, 3
"""Targets in secondary mode where none is set. Source: docs/windows/secondary_ip_mode_config_options.md."""

PREFIX_WARM_IP, PREFIX_MINIMUM_IP = 1, 3
"""Targets in prefix mode where none is set. Source: docs/windows/prefix_delegation_config_options.md."""

_PREFIXES = "enable-windows-prefix-delegation"


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowsSettings:
    """The targets of a Windows node as set; None and 0 leave the controller's default, as it reads them."""

    mode: PoolMode = PoolMode.SECONDARY
    warm_ip: int | None = None
    minimum_ip: int | None = None
    warm_prefix: int | None = None


def windows_settings(config_map: Mapping[str, str]) -> WindowsSettings:
    """The settings that the controller takes from the data of ConfigMap amazon-vpc-cni.

    The old names (`warm-ip-target` …) win over the new ones (`windows-warm-ip-target` …). A number that cannot be read
    is no number.
    """
    return WindowsSettings(
        mode=PoolMode.PREFIX if go_boolean(config_map.get(_PREFIXES)) else PoolMode.SECONDARY,
        warm_ip=_target(config_map, "warm-ip-target"),
        minimum_ip=_target(config_map, "minimum-ip-target"),
        warm_prefix=_target(config_map, "warm-prefix-target"),
    )


def windows_pool(limits: InstanceLimits, settings: WindowsSettings, pods: int) -> Pool:
    """The pool of a Windows node with `pods` pods, settled, pods packed into prefixes as the controller does.

    Raises: ValueError for negative pods.
    """
    if pods < 0:
        raise ValueError(f"pods is {pods}; it cannot be below 0")
    prefixes = settings.mode is PoolMode.PREFIX and prefix_supported(limits)
    wanted = _prefixes(settings, pods) if prefixes else _addresses(settings, pods)
    units = min(wanted, limits.ipv4_per_eni - 1)
    addresses = units * PREFIX_IPS if prefixes else units
    assigned = min(pods, addresses)
    notes = []
    if settings.mode is PoolMode.PREFIX and not prefixes:
        notes.append("Prefixes need a Nitro type: this node uses secondary addresses.")
    if pods > assigned:
        notes.append(f"A Windows node uses one ENI: {addresses} addresses are all it has for pods.")
    return Pool(
        enis=1,
        per_eni=(units,),
        addresses=addresses,
        prefixes=units if prefixes else None,
        assigned=assigned,
        pods_without_address=pods - assigned,
        unused=addresses - assigned,
        node_subnet_addresses=1 + addresses,
        pod_subnet_addresses=0,
        frozen=False,
        notes=tuple(notes),
    )


def _addresses(settings: WindowsSettings, pods: int) -> int:
    warm = SECONDARY_WARM_IP if settings.warm_ip is None or settings.warm_ip < 0 else max(settings.warm_ip, 1)
    minimum = settings.minimum_ip
    if minimum is None or minimum < 0:
        minimum = SECONDARY_MINIMUM_IP
    return max(pods + warm, minimum)


def _prefixes(settings: WindowsSettings, pods: int) -> int:
    """WARM and MINIMUM beat the warm prefix; one of the two alone takes the other's default, so nothing freezes."""
    warm, minimum = _positive(settings.warm_ip), _positive(settings.minimum_ip)
    spare = _positive(settings.warm_prefix)
    if spare and not warm and not minimum:
        return -(-pods // PREFIX_IPS) + spare
    for_warm = -(-(pods + (warm or PREFIX_WARM_IP)) // PREFIX_IPS)
    return max(for_warm, -(-(minimum or PREFIX_MINIMUM_IP) // PREFIX_IPS))


def _positive(target: int | None) -> int:
    return max(target or 0, 0)


def _target(config_map: Mapping[str, str], name: str) -> int | None:
    return go_integer(config_map.get(name, config_map.get(f"windows-{name}")))
