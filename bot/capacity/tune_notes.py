"""What an advice on warm-pool settings rests on, in sentences: what was assumed, what contradicts the settings."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.capacity.cni_env import start_refusals, without_effect
from bot.capacity.node_mix import NodeMix
from bot.capacity.pod_load import Load, PodSource
from bot.capacity.pool_cost import BAND, Pace
from bot.capacity.pool_drift import differences, far_from_model
from bot.capacity.tune import Advice
from bot.inventory import CniSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What the advice was computed from: `given` pods and `churn_given` are what the person said."""

    cni: CniSettings
    mix: NodeMix
    loads: tuple[Load, ...]
    source: PodSource
    pace: Pace
    given: int | None = None
    churn_given: bool = False

    @property
    def held(self) -> tuple[int | None, ...]:
        """What each load's nodes hold now; None where interfaces were not read."""
        return tuple(load.group.held_ips for load in self.loads)


def notes(basis: Basis, advice: Advice, saved: int) -> tuple[str, ...]:
    """The sentences, contradictions first; `saved` addresses come back with the advice."""
    known, settings = basis.cni.source != "unknown", advice.current.settings
    found = []
    if not known:
        found.append("Settings not known (no managed add-on, or it cannot be read): assumed the shipped defaults.")
    environment = dict(basis.cni.environment)
    if environment:
        found += [*start_refusals({"ENABLE_IPv4": "true", **environment}), *without_effect(environment)]
    found += differences(basis.mix, settings, known)
    far = far_from_model(basis.held, [cost.held_ips for cost in advice.current.per_type])
    found += [far] if far else []
    if not basis.mix.seen:
        found.append("No instance is visible: the node groups' desired sizes stand in, of their first instance type.")
    left_out = sorted(
        {group.instance_type for group in basis.mix.groups} - {load.limits.instance_type for load in basis.loads}
    )
    if left_out:
        found.append(f"Left out, limits not known: {', '.join(left_out[:5])}.")
    found += [_pods(basis), _pace(basis)]
    if saved > 0 and not advice.recommended.new_nodes:
        found.append("Addresses come back within minutes; an ENI's own address only when its last pod has gone.")
    if saved < 0:
        found.append(f"The advice takes {-saved:,} addresses more than are held now.")
    return tuple(found)


def _pods(basis: Basis) -> str:
    match basis.source:
        case PodSource.MEASURED:
            return "Pods: the cluster's sum is measured (CNI Metrics Helper), shared over the types by what they hold."
        case PodSource.GIVEN:
            return f"Pods: {basis.given or 0:,} with an address on each node, as you said{_fewer(basis)}."
        case PodSource.ASSUMED:
            return "Pods are assumed: the most that the addresses held would serve; say `pods=P` to be exact."


def _fewer(basis: Basis) -> str:
    small: Sequence[str] = [load.limits.instance_type for load in basis.loads if load.pods < (basis.given or 0)]
    return f"; fewer fit on {', '.join(dict.fromkeys(small[:3]))}" if small else ""


def _pace(basis: Basis) -> str:
    said = "" if basis.churn_given else " (assumed; say `churn=N/h`)"
    return (
        f"{basis.pace.pods_per_hour:g} pods start on each node in an hour{said}, {basis.pace.burst} at once at most, "
        f"around {100 * BAND:.0f}% fewer to more pods than the mean."
    )
