"""What the CNI left behind: detached interfaces that hold addresses of a subnet without any node."""

from bot.capacity.causes.subnets import growth_ips
from bot.capacity.diagnosis.evidence import Evidence, SubnetView, Unread, counted, listed
from bot.capacity.diagnosis.findings import Cause, Confidence, Finding, NotChecked, Seen, Step
from bot.capacity.diagnosis.question import Question
from bot.capacity.leaked import Doubt, Leak, Leaks, leaks
from bot.capacity.subnets import SubnetState

_LITTLE = (SubnetState.EXHAUSTED, SubnetState.CRITICAL, SubnetState.LOW)


def leaked_enis(_question: Question, evidence: Evidence) -> Finding | NotChecked | None:
    """Leaked interfaces in the subnets looked at; they matter where a subnet is short of what they hold."""
    states = None if isinstance(evidence.states, Unread) else evidence.states
    found: list[tuple[SubnetView, Leaks]] = []
    unsure = 0
    for view in evidence.looked_at:
        judged = leaks(view.enis, states, evidence.now)
        unsure += sum(doubt is Doubt.NOT_KNOWN for _, doubt in judged.doubted)
        if judged.proven:
            found.append((view, judged))
    if not found:
        if not unsure or not isinstance(evidence.states, Unread):
            return None
        reason = f"{counted(unsure, 'detached interface')} may be leaked: {evidence.states.reason}"
        return NotChecked(cause=Cause.LEAKED_ENIS, reason=reason)
    view, judged = max(found, key=lambda each: (each[0].standing.state in _LITTLE, each[1].ips))
    free = view.standing.free_ips
    unit = growth_ips(evidence.clusters_of(view.subnet.subnet_id))
    short = free is not None and free < unit
    confidence = Confidence.LOW
    if short and free is not None:
        confidence = Confidence.HIGH if free + judged.ips >= unit else Confidence.MEDIUM
    oldest = min(judged.proven, key=lambda leak: leak.created_at)
    holds = "holds" if len(judged.proven) == 1 else "hold"
    return Finding(
        cause=Cause.LEAKED_ENIS,
        confidence=confidence,
        subject=view.subnet.label,
        verdict=f"{counted(len(judged.proven), 'leaked interface')} {holds} "
        f"{counted(judged.ips, 'address', 'addresses')} of {view.subnet.label}",
        seen=(
            Seen(
                text=f"{listed(leak.eni.eni_id for leak in judged.proven)}: detached, made by the CNI for instances "
                "that are gone",
                observed_at=evidence.read_at,
            ),
            Seen(
                text=f"the oldest was made {evidence.ago(oldest.created_at)}, for {oldest.instance_id}",
                observed_at=evidence.read_at,
            ),
        ),
        do_now=tuple(_delete(leak) for leak in judged.proven[:2]),
        lasting=(Step(text="how leaks come and go", command="explain leaked ENIs"),),
        unless="an instance of that id appears again, or somebody keeps them on purpose",
        subnet_id=view.subnet.subnet_id,
    )


def _delete(leak: Leak) -> Step:
    return Step(
        text=f"delete one that holds {counted(leak.ips, 'address', 'addresses')}; EC2 refuses while it is attached",
        command=f"aws ec2 delete-network-interface --region {leak.eni.region} --network-interface-id {leak.eni.eni_id}",
    )
