"""The environment of container aws-node, read the way the VPC CNI reads it: parsing, defaults, precedence, refusals.

Source of every rule: https://github.com/aws/amazon-vpc-cni-k8s, pkg/ipamd/ipamd.go (getWarmENITarget and its
neighbours), cmd/aws-vpc-cni/main.go (validateEnvVars), utils/utils.go (GetBoolAsStringEnvVar).
"""

import re
from collections.abc import Mapping

from bot.capacity.warmpool import PoolMode, PoolSettings

PREFIX_DELEGATION = "ENABLE_PREFIX_DELEGATION"
WARM_ENI = "WARM_ENI_TARGET"
WARM_IP = "WARM_IP_TARGET"
MINIMUM_IP = "MINIMUM_IP_TARGET"
WARM_PREFIX = "WARM_PREFIX_TARGET"
MAX_ENI = "MAX_ENI"
CUSTOM_NETWORKING = "AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG"
POD_ENI = "ENABLE_POD_ENI"
IP_COOLDOWN = "IP_COOLDOWN_PERIOD"
IPV4, IPV6 = "ENABLE_IPv4", "ENABLE_IPv6"
ENFORCING_MODE = "POD_SECURITY_GROUP_ENFORCING_MODE"

CODE_WARM_ENI, CODE_WARM_IP, CODE_MINIMUM_IP, CODE_WARM_PREFIX = 1, 0, 0, 0
"""What the code takes where a variable is unset or cannot be read; 0 for the two IP targets means off."""

CODE_IP_COOLDOWN_SECONDS = 30
"""Seconds an address rests after its pod is deleted. Source: the CNI's pkg/ipamd/datastore/data_store.go."""

MANIFEST_ENVIRONMENT: Mapping[str, str] = {
    PREFIX_DELEGATION: "false",
    WARM_ENI: "1",
    WARM_PREFIX: "1",
    CUSTOM_NETWORKING: "false",
    POD_ENI: "false",
    IPV4: "true",
    IPV6: "false",
}
"""The pool variables of the manifest and the add-on as shipped; the IP targets, MAX_ENI and the cooldown are unset.

Source: https://github.com/aws/amazon-vpc-cni-k8s/blob/master/config/master/aws-k8s-cni.yaml (v1.23.1).
"""

_INTEGER = re.compile(r"[+-]?[0-9]+")
_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
_FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False"})
_INT64 = 1 << 63


def settings_from_env(environment: Mapping[str, str]) -> PoolSettings:
    """The pool settings that ipamd takes from the container's environment; unset variables get the code's default.

    Negative or unreadable targets fall back to the default, MAX_ENI below 1 is no limit, a boolean is anything
    Go's ParseBool takes. `max_pods` is kubelet's, not in this environment.
    Example: `settings_from_env({"WARM_ENI_TARGET": "-1"}).warm_eni` is 1.
    """
    max_eni = go_integer(environment.get(MAX_ENI))
    return PoolSettings(
        mode=PoolMode.PREFIX if go_boolean(environment.get(PREFIX_DELEGATION)) else PoolMode.SECONDARY,
        warm_eni=_target(environment, WARM_ENI, CODE_WARM_ENI),
        warm_ip=_target(environment, WARM_IP, CODE_WARM_IP),
        minimum_ip=_target(environment, MINIMUM_IP, CODE_MINIMUM_IP),
        warm_prefix=_target(environment, WARM_PREFIX, CODE_WARM_PREFIX),
        max_eni=max_eni if max_eni is not None and max_eni >= 1 else None,
        custom_networking=go_boolean(environment.get(CUSTOM_NETWORKING)),
        pod_eni=go_boolean(environment.get(POD_ENI)),
    )


def settings_as_shipped(changes: Mapping[str, str] | None = None) -> PoolSettings:
    """The pool settings of the manifest and add-on as shipped, with some variables changed."""
    return settings_from_env({**MANIFEST_ENVIRONMENT, **(changes or {})})


def environment_of(settings: PoolSettings) -> tuple[tuple[str, str], ...]:
    """The variables of container aws-node that make these settings, as (name, value), in the order of the README.

    The IP targets are named only where one acts, MAX_ENI only where it limits; max-pods is kubelet's and has none.
    """
    pairs = [
        (CUSTOM_NETWORKING, _go(settings.custom_networking)),
        (PREFIX_DELEGATION, _go(settings.mode is PoolMode.PREFIX)),
        (POD_ENI, _go(settings.pod_eni)),
        (WARM_ENI, str(settings.warm_eni)),
        (WARM_PREFIX, str(settings.warm_prefix)),
    ]
    if settings.ip_targets:
        pairs += [(WARM_IP, str(settings.warm_ip)), (MINIMUM_IP, str(settings.minimum_ip))]
    if settings.max_eni is not None and settings.max_eni >= 1:
        pairs.append((MAX_ENI, str(settings.max_eni)))
    return tuple(pairs)


def acting_environment(settings: PoolSettings, *, prefixes: bool) -> tuple[tuple[str, str], ...]:
    """The variables that shape the pool: what is switched on and the targets that no other one beats.

    `prefixes` is whether the node really takes prefixes, which a type without Nitro does not.
    """
    silent = {WARM_ENI} if prefixes or settings.ip_targets else set()
    silent |= {WARM_PREFIX} if not prefixes or settings.ip_targets else set()
    return tuple((name, value) for name, value in environment_of(settings) if value != "false" and name not in silent)


def start_refusals(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Why aws-node would not start with this environment, one sentence each; empty when it would.

    The three targets are compared with "0" as text there, so an unreadable "two" passes while "-1" does not.
    """
    refusals = []
    prefixes = go_boolean(environment.get(PREFIX_DELEGATION))
    if prefixes and all(environment.get(name, "0") <= "0" for name in (WARM_IP, WARM_PREFIX, MINIMUM_IP)):
        refusals.append(
            f"{PREFIX_DELEGATION} is on and {WARM_PREFIX}, {WARM_IP} and {MINIMUM_IP} are all 0 or unset: "
            f"set {WARM_PREFIX}=1."
        )
    ipv4, ipv6 = go_boolean(environment.get(IPV4)), go_boolean(environment.get(IPV6))
    if ipv4 == ipv6:
        refusals.append(f"Exactly one of {IPV4} and {IPV6} must be true; here {'both are' if ipv4 else 'none is'}.")
    if ipv6 and not prefixes:
        refusals.append(f"{IPV6} needs {PREFIX_DELEGATION}=true.")
    if ipv6 and go_boolean(environment.get(CUSTOM_NETWORKING)):
        refusals.append(f"{IPV6} does not work with {CUSTOM_NETWORKING}=true.")
    cooldown = environment.get(IP_COOLDOWN)
    if cooldown is not None and _below_zero_or_unreadable(cooldown):
        refusals.append(f"{IP_COOLDOWN}={cooldown!r} is not a number of seconds from 0 up.")
    enforcing = environment.get(ENFORCING_MODE, "strict")
    if go_boolean(environment.get(POD_ENI)) and enforcing not in {"strict", "standard"}:
        refusals.append(f"{ENFORCING_MODE}={enforcing!r} is neither strict nor standard.")
    return tuple(refusals)


def without_effect(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Which variables are set and do nothing, one sentence each: unreadable values, and targets that others beat.

    WARM_IP_TARGET or MINIMUM_IP_TARGET beats WARM_PREFIX_TARGET and WARM_ENI_TARGET; the latter does not act in
    prefix mode.
    """
    settings = settings_from_env(environment)
    notes = []
    for name, default in (
        (WARM_ENI, CODE_WARM_ENI),
        (WARM_IP, CODE_WARM_IP),
        (MINIMUM_IP, CODE_MINIMUM_IP),
        (WARM_PREFIX, CODE_WARM_PREFIX),
    ):
        value = environment.get(name)
        if value is not None and _below_zero_or_unreadable(value):
            notes.append(f"{name}={value!r} is not a number from 0 up: the CNI takes {default}.")
    for name in (PREFIX_DELEGATION, CUSTOM_NETWORKING, POD_ENI):
        value = environment.get(name)
        if value and value not in _TRUE | _FALSE:
            notes.append(f"{name}={value!r} is not a boolean: the CNI takes false.")
    limit = environment.get(MAX_ENI)
    if limit is not None and settings.max_eni is None:
        notes.append(f"{MAX_ENI}={limit!r} is not a number from 1 up: the type's own limit holds.")
    beaten = f"{WARM_IP} or {MINIMUM_IP} is set" if settings.ip_targets else ""
    if settings.mode is PoolMode.PREFIX and WARM_ENI in environment:
        notes.append(f"{WARM_ENI} does nothing in prefix mode.")
    elif beaten and WARM_ENI in environment:
        notes.append(f"{WARM_ENI} does nothing: {beaten}.")
    if settings.mode is PoolMode.SECONDARY and settings.warm_prefix:
        notes.append(f"{WARM_PREFIX} does nothing without prefix mode.")
    elif beaten and settings.warm_prefix:
        notes.append(f"{WARM_PREFIX} does nothing for growth: {beaten}.")
    return tuple(notes)


def go_integer(value: str | None) -> int | None:
    """What Go's strconv.Atoi reads: an optional sign and ASCII digits within 64 bits, nothing around them."""
    if value is None or not _INTEGER.fullmatch(value) or len(value) > 20:
        return None
    number = int(value)
    return number if -_INT64 <= number < _INT64 else None


def go_boolean(value: str | None) -> bool:
    """What Go's strconv.ParseBool reads; every boolean here defaults to false."""
    return value in _TRUE


def _target(environment: Mapping[str, str], name: str, default: int) -> int:
    value = go_integer(environment.get(name))
    return default if value is None or value < 0 else value


def _below_zero_or_unreadable(value: str) -> bool:
    number = go_integer(value)
    return number is None or number < 0


def _go(value: bool) -> str:
    return "true" if value else "false"
