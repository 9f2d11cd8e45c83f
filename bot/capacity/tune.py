"""Tune: the warm-pool settings that fit a cluster's whole mix of instance types, and what the others would cost.

One setting serves every instance type, so each candidate is costed on every type of the mix: addresses held against
EC2 API calls and pods that wait. Advice that is known to hurt is never given and its refusal is told.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from bot.capacity.nodes import prefix_supported
from bot.capacity.pod_load import Load
from bot.capacity.pool_cost import Cost, Pace, cost, pods_band
from bot.capacity.warmpool import PoolMode, PoolSettings, refusal

REFILL_PER_HOUR = 18_000.0
"""Calls an hour of one mutating EC2 action beyond which an account is throttled for sure: 5 a second.

Source: https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html (request token buckets refill at 5 a
second for most mutating actions, for each account and Region).
"""

CALLS_BUDGET_PER_HOUR = REFILL_PER_HOUR / 10
"""EC2 API calls an hour that advice may cost a cluster: a tenth, since others share the account. Our trade."""

CALLS_PER_IP = 5.0
"""Calls an hour that weigh as much as one address held: with it a setting that holds a few more and asks EC2 far less
wins. Our trade; the alternatives show the others."""

WORTH_PCT = 5.0
"""A change is advised from this much better (percent of the weighed cost): below it the estimate is not that exact."""

HIGH_PODS_PER_HOUR = 6.0
"""Pods an hour and node from which WARM_IP_TARGET=1 is refused: every start is then a call, and a second pod waits.

Source: https://docs.aws.amazon.com/eks/latest/best-practices/vpc-cni.html (low targets only for small clusters or very
low churn), https://github.com/aws/amazon-vpc-cni-k8s/issues/405 (throttling).
"""

_TARGETS = 6
"""Instance types whose pods make candidates for MINIMUM_IP_TARGET: enough for the corners of a mix of any size."""

_ALTERNATIVES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A setting that is not advised, and why in one sentence."""

    title: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """The settings of today, the ones advised (the same when nothing is worth changing), and others worth knowing.

    `alternatives` are Pareto choices: none of them is beaten in addresses, calls and waiting at once, the fewest
    addresses first. `reasons` say why, one sentence each.
    """

    current: Cost
    recommended: Cost
    alternatives: tuple[Cost, ...]
    refused: tuple[Refused, ...]
    reasons: tuple[str, ...]

    @property
    def changes(self) -> bool:
        """Whether anything is to be changed."""
        return self.recommended.settings != self.current.settings


def tune(loads: Sequence[Load], settings: PoolSettings, pace: Pace, *, no_prefixes: str = "") -> Advice:
    """The best trade for these nodes under their present settings; `no_prefixes` is why prefix mode cannot be offered.

    Raises: CniRefusesToStart when the present settings could not run.
    """
    now = cost(loads, settings, pace)
    fault = unsound(now, pace)
    other = PoolMode.PREFIX if settings.mode is PoolMode.SECONDARY else PoolMode.SECONDARY
    same = [cost(loads, each, pace) for each in candidates(loads, settings, pace)]
    changed: list[Cost] = []
    if not (other is PoolMode.PREFIX and (no_prefixes or not any(prefix_supported(load.limits) for load in loads))):
        moved = candidates(loads, replace(settings, mode=other), pace)
        changed = [cost(loads, each, pace, new_nodes=True) for each in moved]
    best = _best(same, changed, now, fault)
    if best is None or (not fault and _weight(best) > _weight(now) * (1 - WORTH_PCT / 100)):
        best = now
    served = [each for each in (*same, *changed) if _serves(each, now) and each.settings != best.settings]
    return Advice(
        current=now,
        recommended=best,
        alternatives=_spread([each for each in _pareto([now, best, *served]) if each is not best and each is not now]),
        refused=_refused(settings, pace, no_prefixes if other is PoolMode.PREFIX else ""),
        reasons=_reasons(loads, now, best, fault, pace),
    )


def unsound(found: Cost, pace: Pace) -> str:
    """What is wrong with settings that must not stay as they are, in one sentence; "" when nothing is."""
    settings = found.settings
    if settings.frozen:
        return (
            f"MINIMUM_IP_TARGET={settings.minimum_ip} without WARM_IP_TARGET freezes every pool at "
            f"{settings.minimum_ip:,} addresses: pods beyond them never get one."
        )
    refused = refusal(settings)
    if refused is not None:
        return refused
    if settings.warm_ip == 1 and pace.pods_per_hour >= HIGH_PODS_PER_HOUR and found.calls_per_hour:
        return (
            f"WARM_IP_TARGET=1 with {pace.pods_per_hour:g} pods an hour and node: every start asks EC2, and the second "
            "pod of a burst waits."
        )
    if found.calls_per_hour > REFILL_PER_HOUR:
        return (
            f"The pools ask EC2 about {found.calls_per_hour:,.0f} times an hour; an action is throttled beyond "
            f"{REFILL_PER_HOUR:,.0f} an hour and account, and throttled calls leave pods without addresses."
        )
    return ""


def candidates(loads: Iterable[Load], settings: PoolSettings, pace: Pace) -> tuple[PoolSettings, ...]:
    """The settings tried in the mode of `settings`: whole ENIs or prefixes, and IP targets around the loads.

    Every one keeps MAX_ENI, max-pods, custom networking and the trunk as they are, sets WARM_IP_TARGET at least to the
    burst, and never MINIMUM_IP_TARGET alone.
    """
    base = replace(settings, warm_ip=0, minimum_ip=0)
    if settings.mode is PoolMode.PREFIX:
        found = [replace(base, warm_prefix=prefixes) for prefixes in (1, 2)]
    else:
        found = [replace(base, warm_eni=1)]
    pods = _quantiles(sorted({load.pods for load in loads}), _TARGETS)
    for warm_ip in sorted({pace.burst, 2 * pace.burst, max(settings.warm_ip, 2)}):
        minimums = {0, *pods} | {pods_band(each)[1] + warm_ip for each in pods}
        found += [replace(base, warm_ip=warm_ip, minimum_ip=minimum) for minimum in sorted(minimums)]
    return tuple(dict.fromkeys(each for each in found if refusal(each) is None))


def _quantiles(values: Sequence[int], most: int) -> list[int]:
    """At most so many of the sorted values, the ends included and evenly spread between."""
    if len(values) <= most:
        return list(values)
    return [values[round(index * (len(values) - 1) / (most - 1))] for index in range(most)]


def _weight(found: Cost) -> float:
    return found.held_ips + found.calls_per_hour / CALLS_PER_IP


def _serves(found: Cost, now: Cost) -> bool:
    """Whether pods are served at least as well as today."""
    return found.pods_without_address <= now.pods_without_address and found.waiting_pods <= now.waiting_pods


def _best(same: Sequence[Cost], changed: Sequence[Cost], now: Cost, fault: str) -> Cost | None:
    """The one to advise: it serves pods as well as today and holds no more addresses than today.

    Only where today's settings cannot stay, another mode is next, and then what holds more.
    """
    most_calls = max(CALLS_BUDGET_PER_HOUR, now.calls_per_hour if not now.settings.frozen else 0.0)
    stages = [(same, now.held_ips)]
    if fault:
        more = max((each.held_ips for each in (*same, *changed)), default=0)
        stages += [(changed, now.held_ips), (same, more), (changed, more)]
    for found, most_ips in stages:
        fitting = [
            each
            for each in found
            if _serves(each, now)
            and each.held_ips <= most_ips
            and each.calls_per_hour <= most_calls
            and not (fault and each.waiting_pods)
        ]
        if fitting:
            return min(fitting, key=_weight)
    return None


def _pareto(found: Sequence[Cost]) -> list[Cost]:
    """Those that no other beats in addresses, calls and waiting pods, fewest addresses first; equals once."""
    front: list[Cost] = []
    for each in sorted(found, key=lambda one: (one.held_ips, one.calls_per_hour, one.waiting_pods, one.new_nodes)):
        if not any(
            kept.calls_per_hour <= each.calls_per_hour and kept.waiting_pods <= each.waiting_pods for kept in front
        ):
            front.append(each)
    return front


def _spread(front: Sequence[Cost]) -> tuple[Cost, ...]:
    """A few of the front, both ends included."""
    if len(front) <= _ALTERNATIVES:
        return tuple(front)
    return tuple(front[round(index * (len(front) - 1) / (_ALTERNATIVES - 1))] for index in range(_ALTERNATIVES))


def _refused(settings: PoolSettings, pace: Pace, no_prefixes: str) -> tuple[Refused, ...]:
    found = [
        Refused(
            title="MINIMUM_IP_TARGET alone",
            reason="Without WARM_IP_TARGET the pool is frozen: nothing grows past the minimum.",
        )
    ]
    if pace.pods_per_hour >= HIGH_PODS_PER_HOUR:
        found.append(
            Refused(
                title="WARM_IP_TARGET=1",
                reason=f"With {pace.pods_per_hour:g} pods an hour and node nearly every start is an EC2 call, and EC2 "
                "throttles the whole account.",
            )
        )
    if settings.mode is PoolMode.SECONDARY:
        found.append(
            Refused(
                title="WARM_ENI_TARGET=0",
                reason="The primary ENI is filled all the same, and exactly full ENIs flap: one is attached and freed.",
            )
        )
    if no_prefixes:
        found.append(Refused(title="Prefix mode", reason=no_prefixes))
    return tuple(found)


def _reasons(loads: Sequence[Load], now: Cost, best: Cost, fault: str, pace: Pace) -> tuple[str, ...]:
    reasons = [fault] if fault else []
    if best is now:
        stay = "No setting tried is better by enough to be worth a change."
        return (*reasons, "No setting tried avoids that; larger nodes or fewer restarts would." if fault else stay)
    if best.held_ips > now.held_ips:
        more = best.held_ips - now.held_ips
        reasons.append(f"The advice holds {more:,} addresses more than today's settings ask for.")
    if best.waiting_pods == 0:
        reasons.append(f"A burst of {pace.burst} pods finds its addresses waiting on every node.")
    if best.settings.minimum_ip:
        reasons.append(_covered(loads, best.settings))
    if best.new_nodes:
        reasons.append("It changes the mode: the nodes of today keep theirs until they are replaced.")
    return tuple(reasons)


def _covered(loads: Sequence[Load], settings: PoolSettings) -> str:
    """Which types' usual pods the minimum covers."""
    enough = settings.minimum_ip - settings.warm_ip
    covered = [load for load in loads if pods_band(load.pods)[1] <= enough]
    head = f"MINIMUM_IP_TARGET={settings.minimum_ip}"
    if len(covered) == len(loads):
        return f"{head} covers the usual pods of every type: their coming and going asks EC2 nothing."
    types = ", ".join(dict.fromkeys(load.limits.instance_type for load in covered[:3]))
    if not covered:
        return f"{head} spares small nodes their first calls; beyond it WARM_IP_TARGET={settings.warm_ip} acts."
    rest = f" and {len(covered) - 3} more types" if len(covered) > 3 else ""
    return f"{head} covers the usual pods of {types}{rest}; on the others WARM_IP_TARGET={settings.warm_ip} acts."
