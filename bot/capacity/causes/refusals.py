"""AWS refuses: the EC2 API is throttled, a permission is missing, a quota is used up."""

import re
from datetime import timedelta

from bot.capacity.causes.subnets import LATELY
from bot.capacity.diagnosis.evidence import ClusterView, Evidence, Unread, listed
from bot.capacity.diagnosis.findings import Cause, Confidence, Finding, NotChecked, Seen, Step, Stops
from bot.capacity.diagnosis.question import Question
from bot.inventory.evidence import QuotaSource

ENIS_PER_REGION, NAU_PER_VPC, NAU_WITH_PEERS = "L-DF5E4CA3", "L-BB24F6E5", "L-CD17FD4B"
"""Source: https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html and
https://docs.aws.amazon.com/vpc/latest/userguide/network-address-usage.html (the quotas' codes)."""

NEAR_PCT, FULL_PCT = 95, 99
"""Percent of a quota from which it is near, and from which requests are taken as refused: usage lags by minutes."""

_IAM_ISSUES = frozenset(
    {
        "AccessDenied",
        "ClusterUnreachable",
        "IamInstanceProfileNotFound",
        "IamLimitExceeded",
        "IamNodeRoleNotFound",
        "IamRoleNotFound",
    }
)
"""Source: https://docs.aws.amazon.com/eks/latest/APIReference/API_Issue.html and API_ClusterIssue.html (the codes)."""

_DENIED = re.compile(r"UnauthorizedOperation|not authorized|AccessDenied", re.IGNORECASE)
_QUOTA = re.compile(r"NetworkInterfaceLimitExceeded|NetworkAddressUsageLimitExceeded", re.IGNORECASE)


def ec2_throttled(question: Question, evidence: Evidence) -> Finding | NotChecked | None:
    """EC2 turns requests of the account away, so that pools fill late or not at all.

    Source: https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html (limits are per account and region).
    """
    said = question.said(Cause.EC2_THROTTLED)
    views = [view for view in evidence.clusters if view.ipv4]
    counted_errors = [(view, errors) for view in views if (errors := _errors(view))]
    own = evidence.throttled
    if not said and not own and not any(errors >= max(len(view.pools), 1) for view, errors in counted_errors):
        return None
    seen: list[Seen] = list(question.quote(Cause.EC2_THROTTLED))
    seen += [Seen(text=f"eksip's own reads were throttled: {text}", observed_at=evidence.read_at) for text in own[:2]]
    for view, errors in counted_errors[:2]:
        if not isinstance(view.figures, Unread):
            minutes = view.figures.window.total_seconds() / 60
            text = f"the CNI of {view.cluster.name} had {errors:,.0f} EC2 API errors in {minutes:.0f} min (CNI metrics)"
            seen.append(Seen(text=text, observed_at=view.figures.observed_at))
    if said and (own or counted_errors):
        confidence = Confidence.HIGH
    elif own or said:
        confidence = Confidence.MEDIUM if own else Confidence.LOW
    else:
        confidence = Confidence.LOW
    tight = [view for view in views if view.known and 0 < view.settings.warm_ip < 3 and not view.prefixes]
    if tight:
        text = f"WARM_IP_TARGET={tight[0].settings.warm_ip} in {tight[0].cluster.name}: about one call for each pod"
        seen.append(Seen(text=text, observed_at=evidence.read_at))
    lasting = [Step(text="fewer EC2 calls for each pod", command=f"tune {view.ref}") for view in (tight or views)[:1]]
    return Finding(
        cause=Cause.EC2_THROTTLED,
        confidence=confidence,
        subject=listed(view.cluster.name for view in views) or "the account",
        verdict="EC2 throttles the account's requests: pools fill late",
        seen=tuple(seen),
        do_now=(
            Step(
                text="find who calls most",
                command="aws cloudwatch get-metric-statistics --namespace AWS/Usage --metric-name ThrottleCount "
                "--dimensions Name=Type,Value=API Name=Service,Value=EC2 Name=Class,Value=None "
                "Name=Resource,Value=AssignPrivateIpAddresses --period 300 --statistics Sum "
                f"--start-time {_hour_before(evidence)} --end-time {evidence.now:%Y-%m-%dT%H:%M:%SZ}",
            ),
            Step(text="pause rollouts and scale-outs that can wait: each retry costs another call"),
        ),
        lasting=tuple(lasting),
        unless="the errors are of one call only and name a reason other than the request rate",
    )


def iam(question: Question, evidence: Evidence) -> Finding | NotChecked | None:
    """The nodes' role or the CNI's may not do what it needs to."""
    said = question.said(Cause.IAM)
    seen: list[Seen] = []
    subjects = []
    for view in evidence.clusters:
        issues = [(view.cluster.name, issue) for issue in view.cluster.health]
        issues += [(group.name, issue) for group in view.cluster.nodegroups for issue in group.health]
        for name, issue in issues:
            if issue.code in _IAM_ISSUES:
                seen.append(Seen(text=f"EKS reports {issue.code} for {name}", observed_at=evidence.read_at))
                subjects.append(name)
        for failure in () if isinstance(view.launches, Unread) else view.launches:
            if evidence.now - failure.started_at <= LATELY and _DENIED.search(failure.message):
                text = f"a launch of {failure.group} was refused for want of a permission"
                seen.append(Seen(text=text, observed_at=failure.started_at))
                subjects.append(failure.group)
    if not seen and not said:
        return None
    facts = bool(seen)
    seen += question.quote(Cause.IAM)
    names = [view.cluster.name for view in evidence.clusters]
    return Finding(
        cause=Cause.IAM,
        confidence=Confidence.HIGH if facts else Confidence.LOW,
        subject=listed(subjects) or listed(names) or "the CNI's role",
        verdict="a permission is missing that the nodes or the CNI need",
        seen=tuple(seen),
        do_now=(
            Step(
                text="see which role the CNI uses",
                command="kubectl get serviceaccount aws-node -n kube-system -o yaml",
            ),
            Step(
                text="see what that role may do; AmazonEKS_CNI_Policy is needed",
                command="aws iam list-attached-role-policies --role-name ROLE_OF_THE_CNI",
            ),
        ),
        lasting=(Step(text="what the CNI needs", command="explain CNI IAM permissions"),),
        unless="the refused caller is not the CNI or a node",
        stops=Stops.NODES if facts else Stops.PODS,
    )


def quota(question: Question, evidence: Evidence) -> Finding | NotChecked | None:
    """A quota of the region or the VPC that new interfaces or addresses count against is used up."""
    refused = _refused(evidence)
    pasted = question.quote(Cause.QUOTA)
    if isinstance(evidence.places, Unread):
        reason = f"quotas and their use are not known: {evidence.places.reason}"
        return (
            NotChecked(cause=Cause.QUOTA, reason=reason)
            if not refused
            else _quota(refused, "a quota of the account", pasted)
        )
    best: tuple[float, str, Seen, bool] | None = None
    uncounted = []
    for place in evidence.places:
        used: list[tuple[str, str, int | None]] = [(ENIS_PER_REGION, place.region, place.enis)]
        for usage in place.address_usage:
            used += [(NAU_PER_VPC, usage.vpc_id, usage.units), (NAU_WITH_PEERS, usage.vpc_id, usage.peered_units)]
        for code, where, amount in used:
            limit = place.quota(code)
            if amount is None or limit is None or not limit.value:
                uncounted += [place.region] if code == ENIS_PER_REGION else []
                continue
            pct = 100 * amount / limit.value
            if pct >= NEAR_PCT and (best is None or pct > best[0]):
                known = limit.source is QuotaSource.APPLIED
                default = "" if known else " (AWS's default; the applied value was not read)"
                text = f"{limit.name} in {where}: {amount:,} of {limit.value:,}{default}"
                best = pct, f"{limit.name} in {where}", Seen(text=text, observed_at=place.observed_at), known
    if best is not None:
        pct, subject, fact, known = best
        seen = [fact, *refused]
        sure = pct >= FULL_PCT and known
        return _quota(seen, subject, pasted, Confidence.HIGH if sure or refused else Confidence.MEDIUM)
    if refused:
        return _quota(refused, "a quota of the account", pasted)
    if uncounted:
        where = listed(sorted(set(uncounted)))
        return NotChecked(cause=Cause.QUOTA, reason=f"nothing counts the interfaces of the account in {where}")
    return None


def _quota(
    seen: list[Seen],
    subject: str,
    pasted: tuple[Seen, ...],
    confidence: Confidence = Confidence.HIGH,
) -> Finding:
    return Finding(
        cause=Cause.QUOTA,
        confidence=confidence,
        subject=subject,
        verdict=f"a quota is used up: {subject}",
        seen=(*seen, *pasted),
        do_now=(
            Step(text="delete interfaces that nobody needs; see who holds them", command="/eksip who all"),
            Step(
                text="ask for a higher quota",
                command="aws service-quotas request-service-quota-increase --service-code vpc "
                f"--quota-code {ENIS_PER_REGION} --desired-value 10000",
            ),
        ),
        lasting=(Step(text="fewer ENIs for the same pods", command="explain prefix delegation"),),
        unless="new interfaces can still be made in the region",
        stops=Stops.PODS,
    )


def _refused(evidence: Evidence) -> list[Seen]:
    """Launches that EC2 lately refused for a quota of interfaces or addresses."""
    return [
        Seen(text=f"a launch of {failure.group} was refused for a quota", observed_at=failure.started_at)
        for view in evidence.clusters
        for failure in (() if isinstance(view.launches, Unread) else view.launches)
        if evidence.now - failure.started_at <= LATELY and _QUOTA.search(failure.message)
    ]


def _errors(view: ClusterView) -> float:
    return 0.0 if isinstance(view.figures, Unread) else view.figures.ec2_api_errors or 0.0


def _hour_before(evidence: Evidence) -> str:
    return f"{evidence.now - timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"
