"""The warm pool: frozen at its minimum, hoarding a low subnet's addresses, or with what is left in its cooldown."""

from bot.capacity.causes.subnets import growth_ips
from bot.capacity.cni_env import CODE_IP_COOLDOWN_SECONDS, IP_COOLDOWN, MINIMUM_IP, WARM_IP, go_integer
from bot.capacity.diagnosis.evidence import ClusterView, Evidence, counted, listed
from bot.capacity.diagnosis.findings import Cause, Confidence, Finding, NotChecked, Seen, Step
from bot.capacity.diagnosis.question import Question
from bot.capacity.subnets import SubnetState
from bot.capacity.warmpool import PoolMode

HOARD_PCT = 30
"""Percent of a cluster's pod addresses that no pod uses, from which on its pools count as hoarding a low subnet."""

LONG_COOLDOWN_SECONDS = 60
"""Cooldown above which churn keeps many addresses out of use: twice the default."""

LITTLE_WARM_PCT = 10
"""Percent of a cluster's addresses that are warm, below which churn may have all of them cooling."""

_LITTLE = (SubnetState.EXHAUSTED, SubnetState.CRITICAL, SubnetState.LOW)


def warm_pool_frozen(question: Question, evidence: Evidence) -> Finding | NotChecked | None:
    """MINIMUM_IP_TARGET without WARM_IP_TARGET: the pool stops at the minimum, whatever the pods.

    Source: https://github.com/aws/amazon-vpc-cni-k8s/issues/2650
    """
    unknown = []
    for view in _ipv4(evidence):
        if not view.known:
            unknown.append(view.cluster.name)
            continue
        if not view.settings.frozen:
            continue
        minimum, pools = view.settings.minimum_ip, evidence.pools(view)
        unit = 16 if view.prefixes else 1
        target = -(-minimum // unit) * unit
        stuck = [pool for pool in pools if pool.pod_ips <= target]
        warm = view.warm_ips
        if not stuck or (warm is not None and warm >= len(pools) and not question.symptoms):
            continue
        confidence = (
            Confidence.HIGH if question.symptoms or (warm is not None and warm < len(pools)) else Confidence.MEDIUM
        )
        if warm is not None and warm >= len(pools):
            confidence = Confidence.LOW
        seen = [
            Seen(
                text=f"{view.set_by} of {view.cluster.name} sets {MINIMUM_IP}={minimum} and no {WARM_IP}",
                observed_at=evidence.read_at,
            ),
            Seen(
                text=f"{len(stuck):,} of {counted(len(pools), 'node')} hold {target:,} addresses for pods or fewer",
                observed_at=evidence.read_at,
            ),
        ]
        if (use := view.use) is not None:
            text = f"{counted(use.warm_ips, 'address', 'addresses')} of all nodes are unused"
            seen.append(Seen(text=text, observed_at=use.observed_at))
        return Finding(
            cause=Cause.WARM_POOL_FROZEN,
            confidence=confidence,
            subject=view.cluster.name,
            verdict=f"the warm pools of {view.cluster.name} are frozen at {minimum:,} addresses: "
            f"{MINIMUM_IP} is set without {WARM_IP}",
            seen=tuple(seen),
            do_now=(
                Step(
                    text="let the pools grow; put it into the add-on's configuration too, or its next update undoes it",
                    command=f"kubectl set env daemonset aws-node -n kube-system {WARM_IP}=2",
                ),
            ),
            lasting=(Step(text="targets that fit the nodes", command=f"tune {view.ref}"),),
            unless=f"the DaemonSet's live environment sets {WARM_IP}",
        )
    return _settings_unknown(Cause.WARM_POOL_FROZEN, unknown)


def warm_pool_hoarding(_question: Question, evidence: Evidence) -> Finding | NotChecked | None:
    """Nodes that keep many unused addresses of a subnet that is low."""
    low = [view for view in evidence.looked_at if view.standing.state in _LITTLE]
    unknown = []
    for view in _ipv4(evidence):
        mine = [each for each in low if each.subnet.subnet_id in view.subnet_ids]
        if not mine:
            continue
        use = view.use
        if use is None or not use.total_ips:
            unknown.append(view.cluster.name)
            continue
        warm, total = use.warm_ips, use.total_ips
        if 100 * warm < HOARD_PCT * total:
            continue
        free = min(each.standing.free_ips or 0 for each in mine)
        sure = free < growth_ips([view])
        return Finding(
            cause=Cause.WARM_POOL_HOARDING,
            confidence=Confidence.MEDIUM if sure else Confidence.LOW,
            subject=view.cluster.name,
            verdict=f"nodes of {view.cluster.name} keep {warm:,} addresses that no pod uses, while "
            f"{listed(each.subnet.label for each in mine)} runs low",
            seen=(
                Seen(
                    text=f"{warm:,} of {total:,} addresses on the nodes are unused ({use.source})",
                    observed_at=use.observed_at,
                ),
                Seen(
                    text=f"{mine[0].subnet.label} has {free:,} of {mine[0].standing.usable_ips:,} addresses free",
                    observed_at=mine[0].subnet.observed_at,
                ),
            ),
            do_now=(Step(text="the targets to set, and the command", command=f"/eksip tune {view.ref}"),),
            lasting=(Step(text="targets that fit the nodes", command=f"tune {view.ref}"),),
            unless="a peak has just passed and the pools are shrinking",
            subnet_id=mine[0].subnet.subnet_id,
        )
    if unknown:
        return NotChecked(
            cause=Cause.WARM_POOL_HOARDING,
            reason=f"how many addresses pods use in {listed(unknown)} is not known (no CNI metrics, no pods)",
        )
    return None


def cooldown(question: Question, evidence: Evidence) -> Finding | NotChecked | None:
    """The unused addresses are those of pods just deleted, on nodes that cannot take others.

    Source: https://github.com/aws/amazon-vpc-cni-k8s/blob/master/pkg/ipamd/datastore/data_store.go (the cooldown; such
    addresses still count as available when the pool decides whether to grow).
    """
    said = question.said(Cause.COOLDOWN)
    for view in _ipv4(evidence):
        value = go_integer(view.cluster.cni.value(IP_COOLDOWN))
        seconds = CODE_IP_COOLDOWN_SECONDS if value is None or value < 0 else value
        long = view.known and seconds > LONG_COOLDOWN_SECONDS
        use = view.use
        little = use is not None and 0 < 100 * use.warm_ips <= LITTLE_WARM_PCT * use.total_ips
        pools = evidence.pools(view)
        idle = _idle(evidence, view)
        full = any(pool.full(view.settings) for pool in pools)
        targets = view.settings.ip_targets and view.settings.mode is PoolMode.SECONDARY
        if not question.symptoms or not (long or said or idle or (little and (full or targets))):
            continue
        seen = [Seen(text=f"an address rests {seconds:,} s after its pod is deleted", observed_at=evidence.read_at)]
        if idle and view.facts is not None:
            text = f"pods wait on {counted(idle, 'node')} of {view.cluster.name} that have unused addresses"
            seen.append(Seen(text=text, observed_at=view.facts.observed_at))
        elif little and use is not None:
            text = f"only {counted(use.warm_ips, 'address', 'addresses')} of the nodes' {use.total_ips:,} are unused"
            seen.append(Seen(text=text, observed_at=use.observed_at))
        seen += question.quote(Cause.COOLDOWN)
        return Finding(
            cause=Cause.COOLDOWN,
            confidence=Confidence.MEDIUM if long or idle or (said and little) else Confidence.LOW,
            subject=view.cluster.name,
            verdict=f"unused addresses of {view.cluster.name} may all be in their {seconds:,} s of cooldown",
            seen=tuple(seen),
            do_now=(
                Step(
                    text="see whether pods come and go in waves",
                    command="kubectl get events -A --field-selector reason=FailedCreatePodSandBox "
                    "--sort-by=.lastTimestamp | tail -20",
                ),
                Step(text="spread jobs that start together over a minute or two"),
            ),
            lasting=(Step(text="a pool that covers the churn", command=f"tune {view.ref} churn=60/h"),),
            unless="the same pods still wait after two minutes without a deletion",
        )
    return None


def _idle(evidence: Evidence, view: ClusterView) -> int:
    """Nodes on which pods wait although some of their addresses are used by none."""
    return sum(
        1
        for pool in evidence.pools(view)
        if (load := view.load(pool)) is not None
        and load.with_pool_ip < pool.pod_ips
        and evidence.waiting_on(view, (pool,))
    )


def _settings_unknown(cause: Cause, unknown: list[str]) -> NotChecked | None:
    if not unknown:
        return None
    return NotChecked(cause=cause, reason=f"the CNI's settings of {listed(unknown)} are not known")


def _ipv4(evidence: Evidence) -> tuple[ClusterView, ...]:
    return tuple(view for view in evidence.clusters if view.ipv4)
