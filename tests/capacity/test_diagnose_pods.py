"""What a cluster's own API decides: the same estate with and without what its nodes, pods and events say."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest
from builders import NOW, cluster, node, subnet
from diagnosing import HOME, attached, estate, figures, inside, waits

from bot.capacity.diagnose import diagnose
from bot.capacity.diagnosis.evidence import Evidence, Unread
from bot.capacity.diagnosis.findings import Cause, Confidence
from bot.capacity.diagnosis.pods import drift, eni_config_name
from bot.capacity.diagnosis.question import read_question
from bot.inventory import CniSettings, Nodegroup
from bot.inventory.kubernetes import CniNode, CniPod, EniConfig, KubernetesNode, KubernetesPart, PodLoad

NO_IP = "plugin aws-cni failed (add): add cmd: failed to assign an IP address to container"
TOO_MANY = "0/1 nodes are available: 1 Too many pods."
POD_ENI = "0/1 nodes are available: 1 Insufficient vpc.amazonaws.com/pod-eni."
CUSTOM = {"AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG": "true", "ENI_CONFIG_LABEL_DEF": "topology.kubernetes.io/zone"}
ZONE = (("topology.kubernetes.io/zone", "eu-west-1a"),)
FULL = tuple(attached(number, 9) for number in range(3))
USED = {"ip-0a": PodLoad(pods=29, with_pool_ip=27)}
WARM = {"ip-0a": PodLoad(pods=12, with_pool_ip=10)}
CGNAT = (
    subnet("subnet-0p", "100.64.0.0/24", name="pods-1a"),
    replace(subnet("subnet-0q", "100.64.1.0/24", name="pods-1b"), az="eu-west-1b"),
)
POD_ENIS = (attached(0, 0), attached(1, 9, subnet_id="subnet-0p"))
NAMED = (KubernetesNode(name="ip-0a", instance_id="i-0a", max_pods=20, labels=ZONE),)


def custom(*configs: EniConfig, bare: bool = True) -> Evidence:
    facts = inside(environment=CUSTOM, nodes=NAMED, eni_configs=configs)
    return estate(environment=CUSTOM, others=CGNAT, enis=(attached(0, 0),) if bare else POD_ENIS, kubernetes=facts)


def with_branches(offered: int | None, used: int, *features: str) -> Evidence:
    kube = KubernetesNode(name="ip-0a", instance_id="i-0a", max_pods=29, pod_eni=offered)
    facts = inside(
        nodes=(kube,),
        loads={"ip-0a": PodLoad(pods=20, with_pool_ip=4, with_branch=used)},
        cni_nodes=(CniNode(name="ip-0a", features=features),),
        waiting=(waits(POD_ENI, node=""),),
    )
    return estate(environment={"ENABLE_POD_ENI": "true"}, kubernetes=facts)


def windows(switch: Mapping[str, str]) -> Evidence:
    group = Nodegroup(
        name="general", subnet_ids=(HOME,), instance_types=("m5.large",), status="ACTIVE",
        ami_type="WINDOWS_CORE_2022_x86_64",
    )  # fmt: skip
    facts = inside(nodes=(KubernetesNode(name="ip-0a", instance_id="i-0a", windows=True),), config_map=switch)
    return estate(changed=replace(cluster(subnet_ids=()), nodegroups=(group,)), kubernetes=facts)


DECIDED = [
    pytest.param(
        "",
        estate(enis=FULL, kubernetes=inside(loads=USED, waiting=(waits(NO_IP),))),
        Cause.NODE_ENI_LIMIT,
        Confidence.HIGH,
        "1 pod waits there",
        id="a-full-node-whose-pods-use-all-and-one-more-waits",
    ),
    pytest.param(
        "",
        estate(
            enis=FULL,
            kubernetes=inside(loads={"ip-0a": PodLoad(pods=29, with_pool_ip=27)}, waiting=(waits(TOO_MANY, node=""),)),
        ),
        Cause.MAX_PODS,
        Confidence.HIGH,
        "runs 29 of 29",
        id="nodes-at-their-max-pods-by-the-scheduler's-own-words",
    ),
    pytest.param(
        "",
        estate(
            environment=CUSTOM,
            others=CGNAT,
            enis=(attached(0, 0), *(attached(n, 9, subnet_id="subnet-0p") for n in (1, 2))),
            kubernetes=inside(
                environment=CUSTOM,
                nodes=(KubernetesNode(name="ip-0a", instance_id="i-0a", max_pods=29, labels=ZONE),),
                eni_configs=(EniConfig(name="eu-west-1a", subnet_id="subnet-0p"),),
                loads={"ip-0a": PodLoad(pods=22, with_pool_ip=18)},
                waiting=(waits(NO_IP),),
            ),
        ),
        Cause.MAX_PODS,
        Confidence.HIGH,
        "may run 29 pods",
        id="max-pods-above-the-addresses-and-a-pod-that-waits-there",
    ),
    pytest.param(
        "", with_branches(9, 9), Cause.BRANCH_ENI_LIMIT, Confidence.HIGH, "use every branch", id="branches-used-up"
    ),
    pytest.param(
        "", with_branches(None, 0), Cause.BRANCH_ENI_LIMIT, Confidence.HIGH, "no CNINode with", id="cninode-not-served"
    ),
    pytest.param("", custom(), Cause.CUSTOM_NETWORKING, Confidence.HIGH, "no ENIConfig", id="no-eniconfig-at-all"),
    pytest.param(
        "",
        custom(EniConfig(name="eu-west-1b", subnet_id="subnet-0q")),
        Cause.CUSTOM_NETWORKING,
        Confidence.HIGH,
        "take eu-west-1a",
        id="none-for-the-zone",
    ),
    pytest.param(
        "",
        custom(EniConfig(name="eu-west-1b", subnet_id="subnet-0q"), bare=False),
        Cause.CUSTOM_NETWORKING,
        Confidence.MEDIUM,
        "0 of them",
        id="none-any-more-for-nodes-that-have-addresses",
    ),
    pytest.param(
        "",
        custom(EniConfig(name="eu-west-1a", subnet_id="subnet-0q")),
        Cause.CUSTOM_NETWORKING,
        Confidence.HIGH,
        "pods-1b in eu-west-1b",
        id="its-subnet-is-in-another-zone",
    ),
    pytest.param(
        "Insufficient vpc.amazonaws.com/PrivateIPv4Address",
        windows({}),
        Cause.WINDOWS_IPAM,
        Confidence.HIGH,
        "does not set enable-windows-ipam",
        id="windows-not-switched-on",
    ),
    pytest.param(
        "",
        estate(
            kubernetes=inside(
                cni_pods=(CniPod(name="aws-node-x", node="ip-0a", ready=False, restarts=4, ended_at=NOW),),
                environment={"ENABLE_IPv4": "true", "ENABLE_PREFIX_DELEGATION": "true", "WARM_PREFIX_TARGET": "0"},
                waiting=(waits("dial tcp 127.0.0.1:50051: connect: connection refused"),),
            )
        ),
        Cause.CNI_NOT_RUNNING,
        Confidence.HIGH,
        "set WARM_PREFIX_TARGET=1",
        id="the-cni-refuses-its-environment",
    ),
    pytest.param(
        "",
        estate(kubernetes=inside(loads={"ip-0a": PodLoad(pods=5, with_pool_ip=2)}, waiting=(waits(NO_IP),))),
        Cause.COOLDOWN,
        Confidence.MEDIUM,
        "1 node of prod-eu that have unused",
        id="pods-wait-beside-unused-addresses",
    ),
    pytest.param(
        "",
        estate(free=9, kubernetes=inside(loads={"ip-0a": PodLoad(pods=3, with_pool_ip=1)})),
        Cause.SUBNET_EXHAUSTED,
        Confidence.HIGH,
        "9 of 251",
        id="an-empty-subnet-stays-the-first",
    ),
]


@pytest.mark.parametrize(("text", "evidence", "cause", "confidence", "words"), DECIDED)
def test_what_the_cluster_says_of_itself_decides(
    text: str, evidence: Evidence, cause: Cause, confidence: Confidence, words: str
) -> None:
    verdict = diagnose(read_question(text), evidence).verdict
    assert (verdict.cause, verdict.confidence) == (cause, confidence), verdict
    assert words in " ".join(seen.text for seen in verdict.seen)


RULED_OUT = [
    pytest.param(NO_IP, estate(enis=FULL, kubernetes=inside(loads=WARM)), Cause.NODE_ENI_LIMIT, id="pods-use-a-third"),
    pytest.param(
        NO_IP,
        estate(enis=FULL, metrics=figures(27, 27), kubernetes=inside(loads=WARM)),
        Cause.NODE_ENI_LIMIT,
        id="pods-tell-better-than-older-metrics",
    ),
    pytest.param(TOO_MANY, estate(kubernetes=inside()), Cause.MAX_PODS, id="nodes-below-their-max-pods"),
    pytest.param(
        "",
        custom(EniConfig(name="eu-west-1a", subnet_id="subnet-0p"), bare=False),
        Cause.CUSTOM_NETWORKING,
        id="an-eniconfig-that-fits",
    ),
    pytest.param(
        "",
        estate(kubernetes=inside(cni_pods=(CniPod(name="aws-node-x", node="ip-0a", ready=True, restarts=9),))),
        Cause.CNI_NOT_RUNNING,
        id="restarts-of-long-ago",
    ),
    pytest.param(
        "Insufficient vpc.amazonaws.com/PrivateIPv4Address",
        estate(kubernetes=inside(config_map={"enable-windows-ipam": "false"})),
        Cause.WINDOWS_IPAM,
        id="switched-off-where-no-node-is-windows",
    ),
]


@pytest.mark.parametrize(("text", "evidence", "cause"), RULED_OUT)
def test_what_the_cluster_says_of_itself_rules_out(text: str, evidence: Evidence, cause: Cause) -> None:
    found = diagnose(read_question(text), evidence)
    sure = [each for each in (found.verdict, *found.others) if each.confidence is not Confidence.LOW]
    assert cause not in {each.cause for each in sure}, found


def test_an_event_of_a_waiting_pod_counts_like_a_pasted_error_and_says_where_it_is_from() -> None:
    facts = inside(waiting=(waits("RequestLimitExceeded"), waits("RequestLimitExceeded", number=1)))
    found = diagnose(read_question(""), estate(metrics=figures(3, 9, ec2_errors=40), kubernetes=facts))
    assert (found.verdict.cause, found.verdict.confidence) == (Cause.EC2_THROTTLED, Confidence.HIGH)
    assert found.verdict.seen[0].text == "events of 2 pods of prod-eu say: RequestLimitExceeded"
    assert found.verdict.seen[0].observed_at is not None


def test_what_the_pods_of_one_cluster_meet_is_not_said_of_another() -> None:
    told = estate(kubernetes=inside(waiting=(waits(POD_ENI, node=""),)))
    (here,) = told.clusters
    other = replace(here, cluster=replace(here.cluster, name="stage-eu"), kubernetes=inside())
    found = diagnose(read_question(""), replace(told, clusters=(other, here)))
    assert found.verdict.cause is Cause.BRANCH_ENI_LIMIT
    assert "prod-eu" in found.verdict.verdict
    assert [pods.cluster for pods in found.pods] == ["prod-eu", "stage-eu"]
    assert not any("stage-eu" in each.verdict for each in found.others)


@pytest.mark.parametrize(
    ("waiting", "stuck"),
    [
        pytest.param((waits(ago=timedelta(seconds=20)),), 0, id="merely-starting"),
        pytest.param((waits(NO_IP, ago=timedelta(seconds=20)),), 1, id="an-event-complains"),
        pytest.param((waits(),), 1, id="for-minutes"),
    ],
)
def test_a_pod_that_only_starts_does_not_wait(waiting: tuple[object, ...], stuck: int) -> None:
    facts = inside(waiting=waiting)  # type: ignore[arg-type]
    assert [each.waiting_pods for each in diagnose(read_question(""), estate(kubernetes=facts)).pods] == [stuck]


def test_pods_that_wait_for_cpu_are_named_with_the_scheduler_s_words() -> None:
    facts = inside(waiting=(waits("0/1 nodes are available: 1 Insufficient cpu.", node=""),))
    verdict = diagnose(read_question(""), estate(kubernetes=facts)).verdict
    assert verdict.cause is Cause.NOT_IP_PROBLEM
    assert "Insufficient cpu" in verdict.seen[0].text
    assert verdict.do_now[0].command == "kubectl describe pod cart-0 -n shop | tail -20"


def test_only_pods_on_the_nodes_in_question_count() -> None:
    facts = inside(loads=USED, waiting=(waits(NO_IP, node="ip-other"),))
    found = diagnose(read_question(""), estate(enis=FULL, kubernetes=facts, focus_nodes=frozenset({"i-0a"})))
    assert found.pods[0].waiting == ()
    assert found.verdict.cause is not Cause.NODE_ENI_LIMIT


@pytest.mark.parametrize(
    ("kubernetes", "words"),
    [
        pytest.param(Unread(reason="pods: the extra is not installed"), "the extra is not installed", id="nothing"),
        pytest.param(
            inside(unread=((KubernetesPart.ENI_CONFIGS, "denied"), (KubernetesPart.CNI_NODES, "denied"))),
            "ENIConfigs, CNINodes of prod-eu: denied",
            id="parts-with-their-reason",
        ),
    ],
)
def test_what_the_cluster_did_not_show_is_named_with_the_reason(kubernetes: Unread, words: str) -> None:
    assert words in diagnose(read_question(""), estate(kubernetes=kubernetes)).not_checked[-1]


BLUE = (("k8s.amazonaws.com/eniConfig", "blue"),)
RED = (("k8s.amazonaws.com/eniConfig", "red"),)


@pytest.mark.parametrize(
    ("kube", "name"),
    [
        pytest.param(KubernetesNode(name="ip-0a", labels=BLUE), "blue", id="label"),
        pytest.param(KubernetesNode(name="ip-0a", labels=BLUE, annotations=RED), "red", id="annotation-beats-label"),
        pytest.param(KubernetesNode(name="ip-0a"), "default", id="neither"),
    ],
)
def test_a_node_names_its_eniconfig(kube: KubernetesNode, name: str) -> None:
    assert eni_config_name(kube, {}) == name


ADDON = CniSettings(source="addon", environment=(("WARM_IP_TARGET", "5"),))


@pytest.mark.parametrize(
    ("addon", "facts", "words"),
    [
        pytest.param(
            ADDON,
            inside(environment={"WARM_IP_TARGET": "5"}, config_map={"warm-ip-target": "2"}),
            ["the ConfigMap amazon-vpc-cni sets warm-ip-target=2, which Linux nodes ignore: they run with "
             "WARM_IP_TARGET=5"],
            id="configmap-that-linux-ignores",
        ),
        pytest.param(
            ADDON,
            inside(environment={"WARM_IP_TARGET": "2"}),
            ["the add-on's configuration sets WARM_IP_TARGET=5, the DaemonSet has 2"],
            id="changed-by-hand",
        ),
        pytest.param(
            ADDON,
            inside(environment={"WARM_IP_TARGET": "5", "MINIMUM_IP_TARGET": "9", "WARM_ENI_TARGET": "1"}),
            ["the DaemonSet sets MINIMUM_IP_TARGET=9, the add-on's configuration does not: an update may undo it"],
            id="set-by-hand",
        ),
        pytest.param(
            CniSettings(source="unknown"),
            inside(environment={"WARM_IP_TARGET": "2"}, updated=0),
            ["the newest aws-node runs on 0 of 1 nodes"],
            id="a-rollout-that-is-not-through",
        ),
        pytest.param(
            ADDON,
            inside(
                environment={"WARM_IP_TARGET": "5"},
                config_map={"warm-ip-target": "2"},
                nodes=(KubernetesNode(name="ip-0a", windows=True),),
            ),
            [],
            id="configmap-that-windows-nodes-read",
        ),
        pytest.param(
            CniSettings(source="addon", environment=(("ENABLE_PREFIX_DELEGATION", "True"),)),
            inside(environment={"ENABLE_PREFIX_DELEGATION": "true"}),
            [],
            id="the-same-in-other-letters",
        ),
    ],
)  # fmt: skip
def test_settings_that_drifted_apart_are_named(addon: CniSettings, facts: object, words: list[str]) -> None:
    assert list(drift(addon, facts)) == words  # type: ignore[arg-type]


def test_drift_is_a_remark_and_no_cause() -> None:
    facts = inside(environment={"WARM_IP_TARGET": "2"})
    found = diagnose(read_question(""), estate(addon=ADDON, kubernetes=facts))
    assert found.verdict.cause is Cause.NOT_IP_PROBLEM
    assert [remark.text.partition(":")[0] for remark in found.remarks] == ["prod-eu"]


def test_the_pods_of_nodes_that_kubernetes_does_not_know_are_left_out_of_the_count() -> None:
    evidence = estate(
        enis=(attached(0, 9), attached(0, 9, instance_id="i-0b", third=0)),
        nodes=(node(), node("i-0b")),
        kubernetes=inside(),
    )
    use = evidence.clusters[0].use
    assert use is not None
    assert (use.total_ips, use.used_ips, use.warm_ips) == (9, 4, 5)
