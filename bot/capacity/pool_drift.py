"""Where a cluster's interfaces contradict the settings its add-on names: the live environment may be another."""

from collections.abc import Sequence

from bot.capacity.node_mix import NodeMix
from bot.capacity.warmpool import PoolMode, PoolSettings

FAR_PCT = 25
"""Percent by which what nodes hold may differ from the model's figure before it is said: pools lag behind pods."""


def differences(mix: NodeMix, settings: PoolSettings, known: bool) -> tuple[str, ...]:
    """What the nodes' interfaces show that these settings do not explain, one sentence each.

    `known` says that the settings are the add-on's and not assumed.
    """
    said = "the add-on says secondary mode" if known else "secondary mode was assumed"
    found = []
    prefixed, single = mix.in_mode(PoolMode.PREFIX), mix.in_mode(PoolMode.SECONDARY)
    if settings.mode is PoolMode.SECONDARY and prefixed:
        found.append(
            f"{prefixed:,} of {mix.nodes:,} nodes hold /28 prefixes although {said}: compare the environment of the "
            "DaemonSet aws-node, `kubectl describe daemonset aws-node -n kube-system`."
        )
    if settings.mode is PoolMode.PREFIX and single:
        found.append(
            f"{single:,} of {mix.nodes:,} nodes hold single addresses in prefix mode: they started before it or are "
            "not Nitro, and keep them until they are replaced."
        )
    if mix.apart and not settings.custom_networking:
        found.append(
            f"{mix.apart:,} nodes hold pod interfaces outside their own subnet, and the settings name no custom "
            "networking: subnet discovery, or the live environment differs."
        )
    return tuple(found)


def far_from_model(held: Sequence[int | None], modelled: Sequence[int]) -> str:
    """A sentence when all nodes together hold far from what their settings ask for; "" when near or not known."""
    if not held or None in held:
        return ""
    now, asked = sum(ips for ips in held if ips is not None), sum(modelled)
    if abs(now - asked) * 100 <= FAR_PCT * asked:
        return ""
    if now > asked:
        return (
            f"The nodes hold {now:,} addresses where these settings ask for {asked:,}: a peak that has passed, or "
            "other live settings."
        )
    return (
        f"The nodes hold {now:,} addresses where these settings ask for {asked:,}: full subnets, fewer pods than "
        "taken, or other live settings."
    )
