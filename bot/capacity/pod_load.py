"""Pods per node by instance type: measured, given, or the most that the addresses held would serve."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

from bot.capacity.node_mix import TypeNodes
from bot.capacity.nodes import HOST_NETWORK_PODS, PREFIX_IPS, max_pods_cap
from bot.capacity.warmpool import PoolMode, PoolSettings, default_max_pods, effective_mode, refusal, steady_state
from bot.inventory import InstanceLimits


class PodSource(Enum):
    """Where the pods per node come from."""

    MEASURED = "measured"
    GIVEN = "given"
    ASSUMED = "assumed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """The nodes of one type with the pods that need an address on each of them (the mean)."""

    limits: InstanceLimits
    group: TypeNodes
    pods: int

    @property
    def nodes(self) -> int:
        """Nodes of the type."""
        return self.group.nodes


def pods_measured(pod_ips: int | None, warm_ips: int | None) -> int | None:
    """Pods with an address in the whole cluster: what the nodes hold for pods less the warm addresses.

    `warm_ips` is total less assigned of the CNI Metrics Helper. None when either is not known or they contradict
    each other.
    """
    if pod_ips is None or warm_ips is None or warm_ips > pod_ips:
        return None
    return pod_ips - warm_ips


def loads(
    groups: Sequence[tuple[TypeNodes, InstanceLimits]],
    settings: PoolSettings,
    *,
    given: int | None = None,
    measured: int | None = None,
) -> tuple[tuple[Load, ...], PodSource]:
    """The load of every type and where it comes from.

    `given` pods hold for every node (as far as the type takes them). `measured` is the cluster's sum: every type gets
    its share within the pods that explain what its nodes hold under the settings. Without both it is the most pods
    that those addresses would serve, so that no advice rests on too few.
    """
    if given is not None:
        fitting = [(group, limits, min(given, _most(limits, _born(settings, group)))) for group, limits in groups]
        return tuple(Load(limits=limits, group=group, pods=pods) for group, limits, pods in fitting), PodSource.GIVEN
    spans = [_span(group, limits, settings) for group, limits in groups]
    if measured is None:
        pods = [high for _, high in spans]
        source = PodSource.ASSUMED
    else:
        pods = _shared(measured, [group.nodes for group, _ in groups], spans)
        source = PodSource.MEASURED
    found = zip(groups, pods, strict=True)
    return tuple(Load(limits=limits, group=group, pods=each) for (group, limits), each in found), source


def node_settings(settings: PoolSettings, load: Load, *, new_nodes: bool = False) -> PoolSettings:
    """The settings as the nodes of this load run them: in the mode they were born in, with the max-pods they have.

    Managed node groups cap max-pods; nodes that run more pods than that were given more. `new_nodes` means nodes that
    replace these: born in the settings' own mode.
    """
    mode = settings.mode if new_nodes else load.group.mode or settings.mode
    running = replace(settings, mode=mode)
    if refusal(running) is not None:
        # Nodes that hold prefixes were started with a prefix target, whatever the settings named now say.
        running = replace(running, warm_prefix=1)
    if running.max_pods is not None:
        return running
    return replace(running, max_pods=max(_max_pods(load, running), 1))


def _max_pods(load: Load, settings: PoolSettings) -> int:
    """The least figure of the type that admits the pods and explains what the nodes hold.

    A pool stops growing at max-pods, so nodes that hold more were given a higher one.
    """
    limits, group = load.limits, load.group
    formula = max(default_max_pods(limits, settings), 1)
    usual = min(formula, max_pods_cap(limits.vcpus)) if group.managed else formula
    unit = PREFIX_IPS if effective_mode(limits, settings) is PoolMode.PREFIX else limits.ipv4_per_eni - 1
    held = (group.pod_ips or 0) // max(group.nodes, 1) if group.mode is settings.mode else 0
    most = _most(limits, settings) + HOST_NETWORK_PODS
    for figure in (usual, formula):
        if load.pods + HOST_NETWORK_PODS <= figure and held <= -(-figure // unit) * unit:
            return figure
    return max(most, load.pods + HOST_NETWORK_PODS)


def _most(limits: InstanceLimits, settings: PoolSettings) -> int:
    """The most pods with an address that the type's ENIs allow, whatever max-pods is set to."""
    unit = PREFIX_IPS if effective_mode(limits, settings) is PoolMode.PREFIX else 1
    return max((limits.max_enis - settings.custom_networking) * (limits.ipv4_per_eni - 1) * unit, 0)


def _born(settings: PoolSettings, group: TypeNodes) -> PoolSettings:
    """The settings in the mode that the nodes' interfaces show."""
    return replace(settings, mode=group.mode or settings.mode)


def _span(group: TypeNodes, limits: InstanceLimits, settings: PoolSettings) -> tuple[int, int]:
    """The fewest and the most pods with which a node would hold what these hold on average; not read: 0 to full."""
    load = Load(limits=limits, group=group, pods=0)
    running = node_settings(settings, load)
    if group.pod_ips is None:
        return 0, max((running.max_pods or 0) - HOST_NETWORK_PODS, 0)
    held = group.pod_ips // max(group.nodes, 1)
    most = _most(limits, running)
    if running.frozen:
        return 0, min(held, most)
    high = max(min(_last(limits, running, most, held), held), 0)
    return min(_last(limits, running, most, held - 1) + 1, high), high


def _last(limits: InstanceLimits, settings: PoolSettings, most: int, held: int) -> int:
    """The most pods, from -1 to `most`, whose settled pool has at most `held` addresses (it grows with the pods)."""
    low, high = -1, most
    while low < high:
        middle = (low + high + 1) // 2
        if steady_state(limits, settings, middle).addresses <= held:
            low = middle
        else:
            high = middle - 1
    return low


def _shared(measured: int, nodes: Sequence[int], spans: Sequence[tuple[int, int]]) -> list[int]:
    """Pods per node of each type: the same part of the way from its fewest to its most, so that the sum is met."""
    fewest = sum(n * low for n, (low, _) in zip(nodes, spans, strict=True))
    most = sum(n * high for n, (_, high) in zip(nodes, spans, strict=True))
    if measured < fewest:
        # Pools above their target (a peak that has passed): every type has the same part of its fewest.
        return [-(-measured * low // fewest) for low, _ in spans]
    part = min((measured - fewest) / (most - fewest), 1.0) if most > fewest else 1.0
    return [round(low + part * (high - low)) for low, high in spans]
