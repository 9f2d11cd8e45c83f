"""Which cause a diagnosis names: for each one an estate that shows it, and one that only looks like it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from builders import NOW, cluster, node, reservation, subnet
from diagnosing import HOME, attached, estate, figures, inside, left_behind, place

from bot.capacity.diagnose import CAUSES, diagnose
from bot.capacity.diagnosis.evidence import Evidence, Unread
from bot.capacity.diagnosis.findings import Cause, Confidence, Diagnosis, Finding, Seen
from bot.capacity.diagnosis.question import read_question
from bot.inventory import HealthIssue, Nodegroup, ReservationType
from bot.inventory.evidence import QuotaSource
from bot.inventory.kubernetes import CniPod
from bot.inventory.launches import LaunchFailure

PREFIXES = {"ENABLE_PREFIX_DELEGATION": "true", "WARM_PREFIX_TARGET": "1"}
FROZEN = {"MINIMUM_IP_TARGET": "4"}
CUSTOM = {"AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG": "true"}
POD_ENI = {"ENABLE_POD_ENI": "true"}
NO_IP = "failed to assign an IP address to container"
FULL = tuple(attached(number, 9) for number in range(3))
"""Every ENI of an m5.large, every address on it."""

SCATTERED = tuple(
    replace(attached(0, 0, instance_id=f"i-{block:02x}"), addresses=(attached(0, 0).addresses[0] + 16 * block,))
    for block in range(16)
)
"""One address in each /28 of the subnet."""

CRASHING = CniPod(
    name="aws-node-x", node="ip-0a", ready=False, restarts=7, waits_for="CrashLoopBackOff", exit_code=1, ended_at=NOW
)

CGNAT = subnet("subnet-0p", "100.64.0.0/24", name="pods-1a")
POD_ENIS = (attached(0, 0), attached(1, 9, subnet_id="subnet-0p"))
"""A node under custom networking whose pods have addresses."""


def spread(cidr_type: ReservationType = ReservationType.PREFIX) -> Evidence:
    kept = reservation("10.0.0.16/28", cidr_type)
    return estate(environment=PREFIXES, enis=SCATTERED, reservations=(kept,))


def beside(evidence: Evidence) -> Evidence:
    """The estate with a subnet of its cluster in zone b, and another cluster in zone c and in another region's VPC."""
    near = subnet("subnet-0b", "10.0.1.0/24", name="private-1b", az="eu-west-1b")
    spare = subnet("subnet-0c", "10.0.2.0/24", name="private-1c", az="eu-west-1c")
    far = subnet("subnet-0z", "10.9.0.0/24", name="far-1b", az="us-east-1b", vpc_id="vpc-0z", region="us-east-1")
    added = estate(
        others=(near, spare, far),
        changed=cluster("other", subnet_ids=(), node_subnet_ids=("subnet-0c", "subnet-0z")),
        enis=(),
        nodes=(),
    )
    (view,) = evidence.clusters
    mine = replace(view, cluster=cluster(subnet_ids=(), node_subnet_ids=(HOME, "subnet-0b")))
    subnets = {**added.subnets, **evidence.subnets}
    return replace(evidence, subnets=subnets, clusters=(mine, *added.clusters))


def unhealthy(code: str, *subnet_ids: str) -> Evidence:
    issue = HealthIssue(code=code, message="as EKS says", resource_ids=subnet_ids)
    group = Nodegroup(
        name="general", subnet_ids=(HOME,), instance_types=("m5.large",), status="ACTIVE", health=(issue,)
    )
    return estate(changed=replace(cluster(subnet_ids=()), nodegroups=(group,)))


def control_plane(free: int, *, reported: bool = False) -> Evidence:
    small = subnet("subnet-0c", "10.0.9.0/28", name="control-1a", available_ips=free)
    issue = HealthIssue(code="InsufficientFreeAddresses", message="as EKS says", resource_ids=("subnet-0c",))
    changed = cluster(subnet_ids=("subnet-0c",), node_subnet_ids=(HOME,))
    return estate(others=(small,), changed=replace(changed, health=(issue,) if reported else ()))


def windows(ips: int) -> Evidence:
    group = Nodegroup(
        name="general",
        subnet_ids=(HOME,),
        instance_types=("m5.large",),
        status="ACTIVE",
        ami_type="WINDOWS_CORE_2022_x86_64",
    )
    return estate(enis=(attached(0, ips),), changed=replace(cluster(subnet_ids=()), nodegroups=(group,)))


def launched(message: str, ago: timedelta = timedelta(minutes=10)) -> Evidence:
    return estate(launches=(LaunchFailure(group="eks-general", started_at=NOW - ago, message=message),))


def tagged(own: str, other: dict[str, str], *, free: int = 200) -> Evidence:
    second = subnet("subnet-0b", "10.0.1.0/24", name="private-2a", available_ips=240)
    return estate(
        free=free,
        others=(second,),
        tags={HOME: {"kubernetes.io/role/cni": own} if own else {}, "subnet-0b": other},
    )


SHOWN = [
    pytest.param("", estate(free=0), Cause.SUBNET_EXHAUSTED, Confidence.HIGH, id="subnet-without-an-address"),
    pytest.param("", estate(free=9), Cause.SUBNET_EXHAUSTED, Confidence.HIGH, id="fewer-than-one-eni-takes"),
    pytest.param("", estate(free=11), Cause.SUBNET_EXHAUSTED, Confidence.MEDIUM, id="subnet-nearly-empty"),
    pytest.param(
        "",
        launched("There are not enough free addresses in subnet 'subnet-0a' to satisfy the request"),
        Cause.SUBNET_EXHAUSTED,
        Confidence.MEDIUM,
        id="launch-failed-lately-for-addresses",
    ),
    pytest.param(
        "",
        unhealthy("InsufficientFreeAddresses", HOME),
        Cause.SUBNET_EXHAUSTED,
        Confidence.MEDIUM,
        id="node-group-health-names-the-subnet",
    ),
    pytest.param(
        "",
        estate(free=0, reservations=(reservation("10.0.0.128/25"),)),
        Cause.SUBNET_EXHAUSTED,
        Confidence.HIGH,
        id="single-addresses-cannot-use-what-is-kept-for-prefixes",
    ),
    pytest.param(
        "",
        estate(environment=PREFIXES, enis=SCATTERED),
        Cause.NO_FREE_BLOCK,
        Confidence.HIGH,
        id="every-block-broken-up",
    ),
    pytest.param(
        "InsufficientCidrBlocks: The specified subnet does not have enough free cidr blocks",
        estate(enis=SCATTERED),
        Cause.NO_FREE_BLOCK,
        Confidence.MEDIUM,
        id="blocks-asked-for-by-a-cluster-not-known-to-take-prefixes",
    ),
    pytest.param("", spread(), Cause.RESERVATION_EXHAUSTED, Confidence.HIGH, id="reservation-and-the-rest-used-up"),
    pytest.param(NO_IP, estate(environment=FROZEN), Cause.WARM_POOL_FROZEN, Confidence.HIGH, id="minimum-alone"),
    pytest.param(
        "", estate(environment=FROZEN), Cause.WARM_POOL_FROZEN, Confidence.MEDIUM, id="minimum-alone-nobody-complains"
    ),
    pytest.param(
        f"{NO_IP}; Skipping ENI allocation as the max ENI limit is already reached",
        estate(enis=FULL),
        Cause.NODE_ENI_LIMIT,
        Confidence.HIGH,
        id="node-full-and-its-log-says-so",
    ),
    pytest.param(
        NO_IP, estate(enis=FULL, metrics=figures(27, 27)), Cause.NODE_ENI_LIMIT, Confidence.HIGH, id="no-address-unused"
    ),
    pytest.param(
        NO_IP,
        estate(enis=FULL, focus_nodes=frozenset({"i-0a"})),
        Cause.NODE_ENI_LIMIT,
        Confidence.MEDIUM,
        id="the-node-that-was-named-is-full",
    ),
    pytest.param(
        "0/9 nodes are available: Too many pods",
        estate(environment=PREFIXES, enis=(attached(0, 0, prefixes=("10.0.0.128/28", "10.0.0.144/28")),)),
        Cause.MAX_PODS,
        Confidence.MEDIUM,
        id="max-pods-below-the-prefixes-held",
    ),
    pytest.param(
        NO_IP,
        estate(
            environment=CUSTOM,
            others=(CGNAT,),
            enis=(attached(0, 0), attached(1, 9, subnet_id="subnet-0p"), attached(2, 9, subnet_id="subnet-0p")),
        ),
        Cause.MAX_PODS,
        Confidence.MEDIUM,
        id="max-pods-above-what-custom-networking-leaves",
    ),
    pytest.param(
        "No slot available for a trunk ENI to be attached.",
        estate(environment=POD_ENI, enis=FULL),
        Cause.BRANCH_ENI_LIMIT,
        Confidence.HIGH,
        id="no-slot-for-a-trunk",
    ),
    pytest.param(
        "Insufficient vpc.amazonaws.com/pod-eni",
        estate(environment=POD_ENI, nodes=(node(instance_type="t3.large"),)),
        Cause.BRANCH_ENI_LIMIT,
        Confidence.MEDIUM,
        id="type-without-trunk",
    ),
    pytest.param(
        "No ENIConfig could be found for this node",
        estate(environment=CUSTOM, enis=(attached(0, 0),)),
        Cause.CUSTOM_NETWORKING,
        Confidence.HIGH,
        id="no-eniconfig",
    ),
    pytest.param(
        NO_IP,
        estate(environment=CUSTOM, enis=(attached(0, 9),)),
        Cause.CUSTOM_NETWORKING,
        Confidence.MEDIUM,
        id="node-older-than-custom-networking",
    ),
    pytest.param("", tagged("0", {}), Cause.SUBNET_DISCOVERY_TAGS, Confidence.HIGH, id="own-subnet-shut-no-other-open"),
    pytest.param(
        "no valid subnets available for ENI creation",
        tagged("", {"kubernetes.io/role/cni": "1", "cni.networking.k8s.aws/cluster/other": "shared"}, free=5),
        Cause.SUBNET_DISCOVERY_TAGS,
        Confidence.MEDIUM,
        id="the-roomy-subnet-is-another-clusters",
    ),
    pytest.param(
        "RequestLimitExceeded",
        estate(metrics=figures(3, 9, ec2_errors=40)),
        Cause.EC2_THROTTLED,
        Confidence.HIGH,
        id="throttling-pasted-and-counted",
    ),
    pytest.param("RequestLimitExceeded", estate(), Cause.EC2_THROTTLED, Confidence.LOW, id="throttling-only-pasted"),
    pytest.param(
        NO_IP,
        estate(throttled=("DescribeNetworkInterfaces in eu-west-1",)),
        Cause.EC2_THROTTLED,
        Confidence.MEDIUM,
        id="our-own-reads-throttled",
    ),
    pytest.param("", unhealthy("AccessDenied"), Cause.IAM, Confidence.HIGH, id="eks-says-access-denied"),
    pytest.param("UnauthorizedOperation", estate(), Cause.IAM, Confidence.LOW, id="permission-only-pasted"),
    pytest.param("", estate(places=(place(4990),)), Cause.QUOTA, Confidence.HIGH, id="interfaces-at-the-quota"),
    pytest.param(
        "",
        estate(places=(place(4990, source=QuotaSource.DEFAULT),)),
        Cause.QUOTA,
        Confidence.MEDIUM,
        id="interfaces-at-a-default-that-may-have-been-raised",
    ),
    pytest.param(
        "",
        control_plane(2, reported=True),
        Cause.CONTROL_PLANE_SUBNETS,
        Confidence.HIGH,
        id="eks-reports-its-subnets",
    ),
    pytest.param(
        "Provided subnets subnet-0123 Free IPs: 0 , need at least 5 IPs in each subnet to be free for this operation",
        control_plane(2),
        Cause.CONTROL_PLANE_SUBNETS,
        Confidence.HIGH,
        id="update-refused",
    ),
    pytest.param(
        "Insufficient vpc.amazonaws.com/PrivateIPv4Address",
        windows(9),
        Cause.WINDOWS_IPAM,
        Confidence.HIGH,
        id="windows-node-full",
    ),
    pytest.param(
        "pod does not have label vpc.amazonaws.com/PrivateIPv4Address",
        windows(0),
        Cause.WINDOWS_IPAM,
        Confidence.MEDIUM,
        id="windows-support-off",
    ),
    pytest.param(
        f"{NO_IP} cooldown",
        estate(metrics=figures(95, 100)),
        Cause.COOLDOWN,
        Confidence.MEDIUM,
        id="hardly-an-address-unused-and-the-log-speaks-of-cooldown",
    ),
    pytest.param(
        NO_IP,
        estate(environment={"IP_COOLDOWN_PERIOD": "300"}),
        Cause.COOLDOWN,
        Confidence.MEDIUM,
        id="cooldown-of-five-minutes",
    ),
    pytest.param(
        "",
        estate(kubernetes=inside(cni_pods=(CRASHING,))),
        Cause.CNI_NOT_RUNNING,
        Confidence.HIGH,
        id="aws-node-in-a-crash-loop",
    ),
]


@pytest.mark.parametrize(("text", "evidence", "cause", "confidence"), SHOWN)
def test_the_verdict_is_the_cause_that_the_estate_shows(
    text: str, evidence: Evidence, cause: Cause, confidence: Confidence
) -> None:
    verdict = diagnose(read_question(text), evidence).verdict
    assert (verdict.cause, verdict.confidence) == (cause, confidence), verdict
    assert verdict.subject
    assert verdict.seen
    assert verdict.do_now
    assert verdict.unless


NOT_SHOWN = [
    pytest.param("", estate(free=100), Cause.SUBNET_EXHAUSTED, id="subnet-with-room"),
    pytest.param(
        "",
        estate(environment=PREFIXES, free=0, enis=(), reservations=(reservation("10.0.0.0/24"),)),
        Cause.SUBNET_EXHAUSTED,
        id="subnet-reserved-for-the-prefixes-its-nodes-take",
    ),
    pytest.param(
        "",
        launched("not enough free addresses in subnet 'subnet-0a'", timedelta(hours=5)),
        Cause.SUBNET_EXHAUSTED,
        id="launch-that-failed-hours-ago",
    ),
    pytest.param("", estate(free=None), Cause.SUBNET_EXHAUSTED, id="free-addresses-not-known"),
    pytest.param("", estate(environment=PREFIXES, enis=SCATTERED[:10]), Cause.NO_FREE_BLOCK, id="blocks-left"),
    pytest.param("", estate(enis=SCATTERED), Cause.NO_FREE_BLOCK, id="broken-blocks-of-single-addresses"),
    pytest.param(
        "",
        estate(environment=PREFIXES, enis=SCATTERED[:10], reservations=(reservation("10.0.0.16/28"),)),
        Cause.RESERVATION_EXHAUSTED,
        id="reservation-used-up-but-general-space-is-free",
    ),
    pytest.param(
        "", spread(ReservationType.EXPLICIT), Cause.RESERVATION_EXHAUSTED, id="reservation-for-named-addresses"
    ),
    pytest.param(
        NO_IP,
        estate(environment={**FROZEN, "WARM_IP_TARGET": "2"}),
        Cause.WARM_POOL_FROZEN,
        id="minimum-with-warm-target",
    ),
    pytest.param(
        "", estate(environment=FROZEN, enis=(attached(0, 9),)), Cause.WARM_POOL_FROZEN, id="not-at-the-minimum"
    ),
    pytest.param(NO_IP, estate(enis=FULL[:2]), Cause.NODE_ENI_LIMIT, id="an-eni-left"),
    pytest.param(
        NO_IP, estate(enis=FULL, metrics=figures(15, 27)), Cause.NODE_ENI_LIMIT, id="full-of-addresses-that-no-pod-uses"
    ),
    pytest.param(NO_IP, estate(enis=FULL), Cause.MAX_PODS, id="usual-max-pods-fits-a-full-node"),
    pytest.param("Too many pods", estate(enis=FULL), Cause.MAX_PODS, id="too-many-pods-on-a-node-that-is-full"),
    pytest.param("", estate(environment=POD_ENI, enis=FULL[:2]), Cause.BRANCH_ENI_LIMIT, id="slot-left-for-a-trunk"),
    pytest.param(NO_IP, estate(enis=FULL), Cause.BRANCH_ENI_LIMIT, id="pod-eni-off"),
    pytest.param(
        NO_IP,
        estate(environment=CUSTOM, others=(CGNAT,), enis=POD_ENIS),
        Cause.CUSTOM_NETWORKING,
        id="pods-in-their-eniconfigs-subnet",
    ),
    pytest.param(
        NO_IP,
        estate(
            environment=CUSTOM,
            enis=(attached(0, 0),),
            nodes=(replace(node(), launched_at=NOW - timedelta(minutes=2)),),
        ),
        Cause.CUSTOM_NETWORKING,
        id="node-that-has-just-started",
    ),
    pytest.param("", tagged("0", {"kubernetes.io/role/cni": "1"}), Cause.SUBNET_DISCOVERY_TAGS, id="another-one-open"),
    pytest.param(
        "",
        tagged("", {"kubernetes.io/role/cni": "1", "cni.networking.k8s.aws/cluster/prod-eu": "shared"}, free=5),
        Cause.SUBNET_DISCOVERY_TAGS,
        id="tagged-for-this-cluster",
    ),
    pytest.param(NO_IP, estate(metrics=figures(3, 9)), Cause.EC2_THROTTLED, id="no-errors-counted"),
    pytest.param("", unhealthy("AsgInstanceLaunchFailures"), Cause.IAM, id="another-issue-of-the-node-group"),
    pytest.param("", estate(places=(place(4000),)), Cause.QUOTA, id="four-fifths-of-the-quota"),
    pytest.param("", control_plane(6), Cause.CONTROL_PLANE_SUBNETS, id="five-free-for-an-update"),
    pytest.param(NO_IP, windows(3), Cause.WINDOWS_IPAM, id="windows-node-with-room"),
    pytest.param(NO_IP, estate(metrics=figures(50, 100)), Cause.COOLDOWN, id="half-of-the-addresses-unused"),
    pytest.param("", estate(free=9, metrics=figures(90, 100)), Cause.WARM_POOL_HOARDING, id="pools-in-use"),
    pytest.param("", estate(free=200, metrics=figures(10, 100)), Cause.WARM_POOL_HOARDING, id="warm-in-a-roomy-subnet"),
]


@pytest.mark.parametrize(("text", "evidence", "cause"), NOT_SHOWN)
def test_what_only_looks_like_the_cause_is_not_called_it(text: str, evidence: Evidence, cause: Cause) -> None:
    found = diagnose(read_question(text), evidence)
    assert cause not in causes(found), found


def causes(found: Diagnosis) -> set[Cause]:
    return {each.cause for each in (found.verdict, *found.others)}


def named(found: Diagnosis, cause: Cause) -> Finding:
    return next(each for each in (found.verdict, *found.others) if each.cause is cause)


def test_unused_addresses_are_named_beside_the_subnet_they_are_missing_in() -> None:
    found = diagnose(read_question(""), estate(free=5, metrics=figures(20, 100)))
    assert found.verdict.cause is Cause.SUBNET_EXHAUSTED
    assert named(found, Cause.WARM_POOL_HOARDING).confidence is Confidence.MEDIUM


def test_leaked_interfaces_of_an_empty_subnet_would_make_room_and_are_named_with_what_deletes_them() -> None:
    evidence = estate(free=2, enis=(attached(0, 4), left_behind()))
    leaked = named(diagnose(read_question(""), evidence), Cause.LEAKED_ENIS)
    assert leaked.confidence is Confidence.HIGH
    assert leaked.do_now[0].command.endswith("--network-interface-id eni-0left")


def test_leaked_interfaces_of_a_roomy_subnet_are_no_verdict() -> None:
    found = diagnose(read_question(NO_IP), estate(enis=(attached(0, 4), left_behind())))
    assert found.verdict.cause is Cause.NOT_IP_PROBLEM
    assert named(found, Cause.LEAKED_ENIS).confidence is Confidence.LOW


def test_a_healthy_estate_that_was_read_whole_is_no_ip_problem() -> None:
    found = diagnose(read_question(NO_IP), estate())
    assert found.verdict.cause is Cause.NOT_IP_PROBLEM
    assert found.verdict.confidence is not Confidence.HIGH
    assert any("the cluster's own API was not asked" in each for each in found.not_checked)


@pytest.mark.parametrize(
    ("evidence", "words"),
    [
        pytest.param(estate(free=None), "free addresses of private-1a", id="subnet"),
        pytest.param(estate(known=False), "the CNI's settings of prod-eu", id="settings"),
        pytest.param(estate(environment=PREFIXES, read=False), "free /28 blocks of private-1a", id="interfaces"),
        pytest.param(estate(limits={}), "the limits of m5.large", id="instance-type"),
        pytest.param(estate(enis=FULL), "can hold no more addresses", id="pods-of-full-nodes"),
        pytest.param(estate(missing=("i-0123 is not in the subnets I read",)), "i-0123", id="node-not-found"),
    ],
)
def test_without_what_would_decide_the_verdict_is_unknown_and_says_what(evidence: Evidence, words: str) -> None:
    found = diagnose(read_question(""), evidence)
    assert found.verdict.cause is Cause.UNKNOWN
    assert words in " ".join(seen.text for seen in found.verdict.seen)


@pytest.mark.parametrize(
    ("evidence", "reason"),
    [
        pytest.param(estate(places=Unread(reason="quotas: denied")), "quotas: denied", id="quotas"),
        pytest.param(estate(launches=Unread(reason="launches: denied")), "launches: denied", id="launches"),
        pytest.param(estate(metrics=Unread(reason="metrics: denied")), "metrics: denied", id="metrics"),
        pytest.param(
            estate(enis=(attached(0, 4), left_behind()), states=Unread(reason="instances: denied")),
            "instances: denied",
            id="owners-of-detached-interfaces",
        ),
    ],
)
def test_what_is_of_use_but_not_needed_is_named_as_not_checked(evidence: Evidence, reason: str) -> None:
    found = diagnose(read_question(""), evidence)
    assert found.verdict.cause is Cause.NOT_IP_PROBLEM
    assert reason in " ".join(found.not_checked)


def test_a_fact_outweighs_a_pasted_message_that_nothing_supports() -> None:
    found = diagnose(read_question("RequestLimitExceeded"), estate(free=0))
    assert [found.verdict.cause, found.others[0].cause] == [Cause.SUBNET_EXHAUSTED, Cause.EC2_THROTTLED]


def test_a_pasted_message_chooses_between_facts_of_the_same_weight() -> None:
    evidence = estate(environment=PREFIXES, free=0, enis=SCATTERED)
    text = "InsufficientCidrBlocks: The specified subnet does not have enough free cidr blocks"
    assert diagnose(read_question(text), evidence).verdict.cause is Cause.NO_FREE_BLOCK
    assert (
        diagnose(read_question("InsufficientFreeAddressesInSubnet"), evidence).verdict.cause is Cause.SUBNET_EXHAUSTED
    )


def test_what_refuses_updates_is_never_why_pods_wait() -> None:
    found = diagnose(read_question("pods stuck in ContainerCreating"), control_plane(2, reported=True))
    assert found.verdict.cause is Cause.NOT_IP_PROBLEM
    assert Cause.CONTROL_PLANE_SUBNETS in causes(found)


def test_high_confidence_without_a_fact_cannot_be_said() -> None:
    with pytest.raises(ValueError, match="pasted text alone"):
        Finding(
            cause=Cause.IAM,
            confidence=Confidence.HIGH,
            subject="the CNI",
            verdict="a permission is missing",
            seen=(Seen(text="the pasted text says so"),),
        )


def test_every_cause_has_one_check_and_is_shown_by_a_case_above() -> None:
    checked = [cause for cause, _ in CAUSES]
    assert sorted(checked, key=str) == sorted(set(Cause) - {Cause.NOT_IP_PROBLEM, Cause.UNKNOWN}, key=str)
    shown = {case.values[2] for case in SHOWN} | {Cause.WARM_POOL_HOARDING, Cause.LEAKED_ENIS}
    assert shown == set(checked)


@pytest.mark.parametrize(
    ("evidence", "cause"),
    [
        pytest.param(estate(free=3), Cause.SUBNET_EXHAUSTED, id="no-address"),
        pytest.param(estate(environment=PREFIXES, enis=SCATTERED), Cause.NO_FREE_BLOCK, id="no-block"),
    ],
)
def test_new_pods_are_sent_only_to_zones_where_the_cluster_has_nodes_in_that_vpc(
    evidence: Evidence, cause: Cause
) -> None:
    verdict = diagnose(read_question(""), beside(evidence)).verdict
    assert verdict.cause is cause
    assert [step.text for step in verdict.do_now if "new pods" in step.text] == ["let new pods land in eu-west-1b"]


def test_clusters_that_lack_the_same_are_named_together_and_empty_reasons_not_at_all() -> None:
    evidence = replace(beside(estate()), places=Unread(reason=" "))
    other = replace(evidence.clusters[1], figures=Unread(reason="CNI Metrics Helper publishes nothing", of="other"))
    found = diagnose(read_question(""), replace(evidence, clusters=(evidence.clusters[0], other)))
    told = [each for each in found.not_checked if "publishes nothing" in each]
    assert told == ["CNI Metrics Helper publishes nothing for prod-eu, other: what pods use is not known"]
    assert all(each.strip(" .") for each in found.not_checked)
