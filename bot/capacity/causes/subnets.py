"""The subnet has nothing left to give: no address, no whole /28, nothing in its reservation."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta

from bot.capacity.blocks import BLOCK_IPS
from bot.capacity.diagnosis.evidence import ClusterView, Evidence, SubnetView, Unread, counted, listed
from bot.capacity.diagnosis.findings import Cause, Confidence, Finding, NotChecked, Seen, Step, Stops
from bot.capacity.diagnosis.question import Question
from bot.capacity.fragmentation import Fragmentation
from bot.capacity.reservations import reservable, reservation_command
from bot.capacity.subnets import SubnetState
from bot.inventory import Reservation, ReservationType, Subnet
from bot.wording import time_left

LATELY = timedelta(hours=2)
"""Age up to which a failed launch tells of now: Auto Scaling tries again within minutes while it fails."""

ROOMY_IPS = 256
"""Free addresses from which another subnet is worth naming as a way out: a few nodes with full pools."""

_LITTLE = (SubnetState.EXHAUSTED, SubnetState.CRITICAL, SubnetState.LOW)
_NO_ADDRESS = re.compile(r"InsufficientFreeAddresses|not enough free addresses", re.IGNORECASE)
_IDS = re.compile(r"subnet-[0-9a-z]+")


def subnet_exhausted(_question: Question, evidence: Evidence) -> Finding | NotChecked | None:
    """A subnet of nodes that has fewer free addresses than one step of growth takes, or is near to that."""
    failures = _failures(evidence)
    judged = [_Judged.of(view, evidence, failures) for view in evidence.looked_at]
    worst = sorted((each for each in judged if each.confidence), key=_Judged.order)
    if not worst:
        blind = [each.view.subnet.label for each in judged if each.view.standing.free_ips is None]
        return _not_known(Cause.SUBNET_EXHAUSTED, "free addresses", blind)
    first = worst[0]
    view, free = first.view, first.view.standing.free_ips or 0
    usable = view.standing.usable_ips
    confidence = first.confidence
    assert confidence is not None
    seen = [
        Seen(
            text=f"{view.subnet.label} has {free:,} of {usable:,} addresses free; a node there takes "
            f"{first.unit:,} at once",
            observed_at=view.subnet.observed_at,
        ),
        *first.seen,
    ]
    if others := [each.view.subnet.label for each in worst[1:]]:
        seen.append(Seen(text=f"also short: {listed(others)}", observed_at=view.subnet.observed_at))
    if view.burn_per_hour and view.burn_per_hour >= 1:
        left = f", {time_left(timedelta(hours=free / view.burn_per_hour))}" if free else ""
        text = f"it lost {view.burn_per_hour:,.0f} addresses an hour lately{left}"
        seen.append(Seen(text=text, observed_at=view.subnet.observed_at))
    state = "is out of addresses" if first.empty else "is running low on addresses"
    return Finding(
        cause=Cause.SUBNET_EXHAUSTED,
        confidence=confidence,
        subject=view.subnet.label,
        verdict=f"{view.subnet.label} {state}: {free:,} of {usable:,} free",
        seen=tuple(seen),
        do_now=_spread(view, evidence),
        lasting=_lasting(view, evidence),
        unless="pods still start on nodes of this subnet that have warm addresses",
        stops=Stops.PODS,
        subnet_id=view.subnet.subnet_id,
    )


def no_free_block(question: Question, evidence: Evidence) -> Finding | NotChecked | None:
    """A subnet that prefix-mode nodes take from, with free addresses but no whole free /28."""
    return _blockless(question, evidence, exhausted=False)


def reservation_exhausted(question: Question, evidence: Evidence) -> Finding | NotChecked | None:
    """A subnet whose reservation for prefixes is used up, with no whole /28 outside of it either.

    Source: https://github.com/aws/amazon-vpc-cni-k8s/issues/2749 (EC2 takes prefixes from the reservation first, then
    from general space: a full reservation alone stops nothing).
    """
    return _blockless(question, evidence, exhausted=True)


def growth_ips(views: Iterable[ClusterView]) -> int:
    """Addresses that one more ENI takes at once, with its own: as many as the smallest node type there asks for.

    Source: https://github.com/aws/amazon-vpc-cni-k8s/blob/master/pkg/ipamd/ipamd.go (tryAllocateENI: as many as are
    short with IP targets, a whole ENI without; one address and its prefixes in prefix mode).
    """
    units = []
    for view in views:
        if not view.ipv4 or view.prefixes:
            units.append(1)
        elif view.settings.ip_targets:
            units.append(2)
        else:
            units += [pool.limits.ipv4_per_eni for pool in view.pools if pool.limits is not None]
    return min(units, default=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """One subnet against what a node there takes at once."""

    view: SubnetView
    unit: int
    empty: bool
    confidence: Confidence | None
    seen: tuple[Seen, ...]

    @classmethod
    def of(cls, view: SubnetView, evidence: Evidence, failures: dict[str, Seen]) -> "_Judged":
        standing, clusters = view.standing, evidence.clusters_of(view.subnet.subnet_id)
        # Space kept for prefixes serves no single addresses: only nodes that take prefixes may count on it.
        by_prefix = any(cluster.prefixes for cluster in clusters)
        free = standing.free_ips if by_prefix or not clusters else standing.available_ips
        unit = growth_ips(clusters)
        failed = failures.get(view.subnet.subnet_id)
        empty = standing.free_ips is not None and free is not None and free < unit
        confidence = None
        if empty:
            confidence = Confidence.HIGH
        elif failed is not None:
            confidence = Confidence.MEDIUM
        elif standing.state in _LITTLE:
            confidence = Confidence.LOW if standing.state is SubnetState.LOW else Confidence.MEDIUM
        seen = (failed,) if failed is not None else ()
        kept = standing.reserved_free_ips
        if empty and kept:
            text = f"{kept:,} more are reserved, which nodes that take single addresses cannot use"
            seen = (*seen, Seen(text=text, observed_at=view.subnet.observed_at))
        return cls(view=view, unit=unit, empty=empty, confidence=confidence, seen=seen)

    def order(self) -> tuple[int, float, str]:
        """The surest first, then the emptiest."""
        rank = -(self.confidence.rank if self.confidence else -1)
        return rank, self.view.standing.free_pct or 0.0, self.view.subnet.subnet_id


def _failures(evidence: Evidence) -> dict[str, Seen]:
    """By subnet id, what Auto Scaling and EKS say of launches that found no address."""
    found: dict[str, Seen] = {}
    for view in evidence.clusters:
        for group in view.cluster.nodegroups:
            for issue in group.health:
                if issue.code == "InsufficientFreeAddresses":
                    for subnet_id in issue.resource_ids:
                        text = f"EKS reports InsufficientFreeAddresses for node group {group.name}"
                        found[subnet_id] = Seen(text=text, observed_at=evidence.read_at)
        for failure in () if isinstance(view.launches, Unread) else view.launches:
            if evidence.now - failure.started_at <= LATELY and _NO_ADDRESS.search(failure.message):
                for subnet_id in _IDS.findall(failure.message):
                    text = f"a launch of {failure.group} failed: not enough free addresses"
                    found[subnet_id] = Seen(text=text, observed_at=failure.started_at)
    return found


def _spread(view: SubnetView, evidence: Evidence) -> tuple[Step, ...]:
    """Let what comes next land elsewhere, and give the zone another subnet where one has room."""
    subnet, clusters = view.subnet, evidence.clusters_of(view.subnet.subnet_id)
    steps = [
        Step(text="see what grew last, and scale it back if it can wait",
             command="kubectl get pods -A --sort-by=.metadata.creationTimestamp | tail -30"),
    ]  # fmt: skip
    roomy = _roomy(view, evidence)
    if roomy is not None and clusters and not any(each.settings.custom_networking for each in clusters):
        free = roomy.standing.free_ips or 0
        steps.append(
            Step(
                text=f"let new ENIs take from {roomy.subnet.label}, same zone, {free:,} free (VPC CNI 1.18 or later)",
                command=f"aws ec2 create-tags --region {subnet.region} --resources {roomy.subnet.subnet_id} "
                "--tags Key=kubernetes.io/role/cni,Value=1",
            )
        )
    steps += _elsewhere(subnet, evidence, lambda other: other.standing.state is SubnetState.OK)
    return tuple(steps)


def _elsewhere(subnet: Subnet, evidence: Evidence, has_room: Callable[[SubnetView], bool]) -> list[Step]:
    """Keep new pods out of the subnet's zone, where nodes of the same clusters have room in other zones of its VPC."""
    clusters = evidence.clusters_of(subnet.subnet_id)
    theirs = frozenset().union(*(view.subnet_ids for view in clusters))
    zones = {
        other.subnet.az
        for other in evidence.looked_at
        if other.subnet.vpc_id == subnet.vpc_id
        and other.subnet.az not in ("", subnet.az)
        and (not clusters or other.subnet.subnet_id in theirs)
        and has_room(other)
    }
    if not zones or not subnet.az:
        return []
    command = f"kubectl cordon -l topology.kubernetes.io/zone={subnet.az}"
    return [Step(text=f"let new pods land in {listed(sorted(zones))}", command=command)]


def _roomy(view: SubnetView, evidence: Evidence) -> SubnetView | None:
    """The subnet of the same VPC and zone with the most room, if any has enough."""
    near = [
        other
        for other in evidence.subnets.values()
        if (other.subnet.vpc_id, other.subnet.az) == (view.subnet.vpc_id, view.subnet.az)
        and other.subnet.subnet_id != view.subnet.subnet_id
        and (other.standing.available_ips or 0) >= ROOMY_IPS
    ]
    return max(near, key=lambda other: other.standing.available_ips or 0, default=None)


def _lasting(view: SubnetView, evidence: Evidence) -> tuple[Step, ...]:
    steps = []
    clusters = evidence.clusters_of(view.subnet.subnet_id)
    if clusters:
        ref = clusters[0].ref
        steps += [
            Step(text="what would make more nodes fit", command=f"plan {ref}"),
            Step(text="fewer warm addresses on each node", command=f"tune {ref}"),
        ]
    return (*steps, Step(text="another block for the VPC", command=f"cidr {view.subnet.vpc_id}"))


def _blockless(question: Question, evidence: Evidence, *, exhausted: bool) -> Finding | NotChecked | None:
    cause = Cause.RESERVATION_EXHAUSTED if exhausted else Cause.NO_FREE_BLOCK
    blind: list[str] = []
    found: list[SubnetView] = []
    for view in evidence.looked_at:
        clusters = evidence.clusters_of(view.subnet.subnet_id)
        serves = any(each.prefixes and each.ipv4 for each in clusters)
        # A pasted InsufficientCidrBlocks says that prefixes are asked for, whatever the settings are thought to be.
        if not serves and not question.said(Cause.NO_FREE_BLOCK):
            continue
        blocks = view.standing.blocks
        if blocks is None:
            blind.append(view.subnet.label)
        elif not blocks.free and blocks.candidate and bool(_for_prefixes(view)) is exhausted:
            found.append(view)
    if not found:
        return _not_known(cause, "free /28 blocks", blind)
    view = min(found, key=lambda each: each.standing.free_pct or 0.0)
    return _no_block(view, evidence, cause, tuple(found))


def _no_block(view: SubnetView, evidence: Evidence, cause: Cause, found: tuple[SubnetView, ...]) -> Finding | None:
    subnet, blocks = view.subnet, view.standing.blocks
    if blocks is None or subnet.cidr is None:
        return None
    clusters = evidence.clusters_of(subnet.subnet_id)
    sure = any(each.prefixes and each.ipv4 for each in clusters)
    free = view.standing.free_ips or 0
    seen = [
        Seen(
            text=f"0 of {counted(blocks.candidate, '/28 block')} of {subnet.label} are free: {blocks.fragmented:,} "
            f"broken up, {blocks.full:,} full; {free:,} single addresses are free",
            observed_at=subnet.observed_at,
        )
    ]
    if cause is Cause.RESERVATION_EXHAUSTED:
        kept = listed(str(each.cidr) for each in _for_prefixes(view))
        text = f"its reservations for prefixes ({kept}) hold no whole /28"
        seen.append(Seen(text=text, observed_at=subnet.observed_at))
    if len(found) > 1:
        names = listed(each.subnet.label for each in found if each is not view)
        seen.append(Seen(text=f"also without a free /28: {names}", observed_at=subnet.observed_at))
    if not sure:
        seen.append(Seen(text="whether its nodes take prefixes is not known"))
    verdict = f"{subnet.label} has no free /28 block for prefixes, although {free:,} addresses are free"
    if cause is Cause.RESERVATION_EXHAUSTED:
        verdict = f"the reservation for prefixes in {subnet.label} is used up, and no /28 is free outside of it"
    nodes = [pool.node for each in clusters for pool in each.pools]
    broken = Fragmentation(subnet.cidr, view.enis, nodes, view.reservations)
    names_of = {node.instance_id: node.private_dns_name or node.instance_id for node in nodes}
    drain = [names_of[move.instance_id] for move in broken.plan().moves if move.instance_id in names_of]
    steps = [
        Step(
            text="empty a node that breaks up blocks, and replace it" if number == 0 else "then the next one",
            command=f"kubectl drain {name} --ignore-daemonsets --delete-emptydir-data",
        )
        for number, name in enumerate(drain[:2])
    ]
    steps = [*_elsewhere(subnet, evidence, _has_block), *steps]
    ref = clusters[0].ref if clusters else f"subnet {subnet.subnet_id}"
    roomy = [
        (other, ranges)
        for other in evidence.subnets.values()
        if other.subnet.vpc_id == subnet.vpc_id
        and other.subnet.az == subnet.az
        and other is not view
        and other.subnet.cidr is not None
        and other.standing.blocks is not None
        and (ranges := reservable(other.subnet.cidr, other.enis, other.reservations, BLOCK_IPS))
    ]
    if roomy:
        other, ranges = roomy[0]
        steps.append(
            Step(
                text=f"keep {ranges[0]} of {other.subnet.label}, same zone, for prefixes",
                command=reservation_command(other.subnet.subnet_id, other.subnet.region, ranges[0]),
            )
        )
    if not steps:
        steps.append(Step(text="see who breaks up the blocks", command=f"/eksip subnet {subnet.subnet_id}"))
    return Finding(
        cause=cause,
        confidence=Confidence.HIGH if sure else Confidence.MEDIUM,
        subject=subnet.label,
        verdict=verdict,
        seen=tuple(seen),
        do_now=tuple(steps),
        lasting=(
            *([Step(text="what prefix mode needs here", command=f"prefix {ref}")] if clusters else []),
            Step(text="another block for the VPC", command=f"cidr {subnet.vpc_id}"),
        ),
        unless="nodes of this subnet hold prefixes with free addresses in them",
        subnet_id=subnet.subnet_id,
    )


def _has_block(view: SubnetView) -> bool:
    return view.standing.blocks is not None and view.standing.blocks.free > 0


def _for_prefixes(view: SubnetView) -> tuple[Reservation, ...]:
    return tuple(each for each in view.reservations if each.reservation_type is ReservationType.PREFIX)


def _not_known(cause: Cause, what: str, blind: list[str]) -> NotChecked | None:
    return NotChecked(cause=cause, reason=f"{what} of {listed(blind)} are not known") if blind else None
