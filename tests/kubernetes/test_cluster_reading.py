"""A cluster read by the official client over TLS: pages, refusals, expired lists, hangs, and what becomes of each."""

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from urllib.parse import urlsplit

import pytest
from botocore.credentials import ReadOnlyCredentials
from builders import NOW
from kubernetes_clusters import KEYS, Cluster, daemon_set, event, patience, pod, secret_of

from bot.demo.kubernetes_server import Asked, KubernetesServer, Reply, continue_token, expired
from bot.errors import QueryError
from bot.inventory.kubernetes import CniPod, EniConfig, Holder, KubernetesFacts, KubernetesPart, PodLoad
from bot.kubernetes.reading import read_cluster
from bot.kubernetes.reads import PODS, READS

pytestmark = pytest.mark.timeout(60)
NUMBERS = count(1)


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[KubernetesServer, dict[str, Cluster]]]:
    clusters: dict[str, Cluster] = {}
    with KubernetesServer(lambda asked: clusters[asked.cluster].objects.get(asked.resource), secret_of) as started:
        started.instead = lambda asked: one(asked) if (one := clusters[asked.cluster].instead) else None
        yield started, clusters


@pytest.fixture
def cluster(server: tuple[KubernetesServer, dict[str, Cluster]]) -> Cluster:
    """A cluster of the server that no other test knows."""
    made = Cluster(server[0], f"prod-{next(NUMBERS)}")
    server[1][made.key] = made
    return made


def read(cluster: Cluster, **limits: float) -> KubernetesFacts:
    return read_cluster(cluster.access(), patience(**limits), NOW)  # type: ignore[arg-type]


def status(code: int, **headers: str) -> Reply:
    return Reply(status=code, body=json.dumps({"kind": "Status", "code": code}).encode(), headers=headers)


def only(resource: str, reply: Reply, cluster: Cluster) -> None:
    """Answer that resource alone otherwise."""
    cluster.instead = lambda asked: reply if asked.resource == resource else None


def test_every_part_of_a_cluster_becomes_a_fact(cluster: Cluster) -> None:
    state = {"waiting": {"reason": "CrashLoopBackOff"}}
    ended = {"terminated": {"exitCode": 1, "finishedAt": "2026-11-23T09:28:00Z"}}
    crashing = [{"name": "aws-node", "ready": False, "restartCount": 7, "state": state, "lastState": ended}]
    cluster.objects |= {
        "daemonsets.apps": [daemon_set(WARM_IP_TARGET="5")],
        "configmaps": [
            {"metadata": {"name": "amazon-vpc-cni", "namespace": "kube-system"}, "data": {"warm-ip-target": "2"}}
        ],
        "eniconfigs.crd.k8s.amazonaws.com": [{"metadata": {"name": "eu-west-1a"}, "spec": {"subnet": "subnet-0p"}}],
        "cninodes.vpcresources.k8s.aws": [{"metadata": {"name": "n1"}, "spec": {"features": [{"name": "Custom"}]}}],
        "nodes": [
            {
                "metadata": {"name": "n1", "labels": {"topology.kubernetes.io/zone": "eu-west-1a"}},
                "spec": {"providerID": "aws:///eu-west-1a/i-0a"},
                "status": {
                    "allocatable": {"pods": "29", "vpc.amazonaws.com/pod-eni": "9"},
                    "conditions": [{"type": "Ready", "status": "True"}],
                },
            },
            {"metadata": {"name": "fargate"}, "spec": {"providerID": "aws:///eu-west-1a/0123-abc/fargate-ip-10-0-0-9"}},
        ],
        "pods": [
            pod("cart-abc-1"),
            pod("cart-abc-2", phase="Pending"),
            pod("cart-abc-3", phase="Pending", ip=""),
            pod("cart-abc-4", phase="Pending", ip="", node=""),
            pod("cart-abc-5", phase="Succeeded"),
            pod("vault-0", namespace="vault", owner=("StatefulSet", "vault"), branch=True),
            pod("report-29387520-x", namespace="batch", owner=("Job", "report-29387520")),
            pod(
                "aws-node-x",
                namespace="kube-system",
                owner=("DaemonSet", "aws-node"),
                labels={"k8s-app": "aws-node"},
                host_network=True,
                statuses=crashing,
            ),
        ],
        "events": [
            event("cart-abc-3", "an older one", lastTimestamp="2026-11-23T09:10:00Z"),
            event("cart-abc-3", "failed to  assign an IP\naddress to container"),
            event(
                "cart-abc-4",
                "Too many pods",
                reason="FailedScheduling",
                eventTime="2026-11-23T09:01:00.123456Z",
                series={"lastObservedTime": "2026-11-23T09:29:00.654321Z"},
            ),
            event("cart-abc-4", "without a time", lastTimestamp=None),
        ],
    }  # fmt: skip
    facts = read(cluster)
    assert facts.unread == ()
    assert facts.daemon_set is not None
    assert facts.daemon_set.version == "v1.20.4-eksbuild.2"
    assert (facts.daemon_set.environment, facts.daemon_set.updated) == ((("WARM_IP_TARGET", "5"),), 2)
    assert facts.config_map == (("warm-ip-target", "2"),)
    assert facts.eni_configs == (EniConfig(name="eu-west-1a", subnet_id="subnet-0p"),)
    assert facts.cni_nodes is not None
    assert facts.cni_nodes[0].features == ("Custom",)
    assert facts.nodes is not None
    assert [(node.name, node.instance_id, node.max_pods, node.pod_eni, node.ready) for node in facts.nodes] == [
        ("n1", "i-0a", 29, 9, True),
        ("fargate", "", None, None, False),
    ]
    (cni,) = facts.cni_pods or ()
    assert isinstance(cni, CniPod)
    assert (cni.ready, cni.restarts, cni.waits_for, cni.exit_code) == (False, 7, "CrashLoopBackOff", 1)
    assert facts.loads == {"n1": PodLoad(pods=6, with_pool_ip=3, with_branch=1)}
    assert facts.holders == (
        Holder(namespace="shop", workload="cart", kind="Deployment", ips=2),
        Holder(namespace="batch", workload="report", kind="CronJob", ips=1),
        Holder(namespace="vault", workload="vault", kind="StatefulSet", ips=1),
    )
    assert facts.namespaces == (("shop", 2), ("batch", 1), ("vault", 1))
    assert [(each.name, each.node, each.message) for each in facts.waiting or ()] == [
        ("cart-abc-3", "n1", "failed to assign an IP address to container"),
        ("cart-abc-4", "", "Too many pods"),
    ]


def test_a_cluster_without_custom_resources_has_none_and_one_without_the_daemon_set_says_so(cluster: Cluster) -> None:
    cluster.objects["daemonsets.apps"] = []
    facts = read(cluster)
    assert (facts.eni_configs, facts.cni_nodes, facts.config_map) == ((), (), ())
    assert facts.unread == ((KubernetesPart.DAEMON_SET, "kube-system has no DaemonSet aws-node"),)


def test_a_long_list_is_read_in_pages_to_its_end(cluster: Cluster) -> None:
    cluster.objects["pods"] = [pod(f"cart-abc-{number}", node=f"n{number % 7}") for number in range(1_203)]
    facts = read(cluster, page=100)
    assert sum(load.with_pool_ip for load in (facts.loads or {}).values()) == 1_203
    pages = [asked for asked in cluster.requests if asked.query.get("fieldSelector") == "status.phase=Running"]
    assert len(pages) == 13
    assert {asked.query["limit"] for asked in pages} == {"100"}


def test_a_list_that_is_longer_than_is_read_counts_as_not_read(cluster: Cluster) -> None:
    cluster.objects["pods"] = [pod(f"cart-abc-{number}") for number in range(301)]
    facts = read(cluster, page=100, most=200)
    assert (facts.loads, facts.holders) == (None, ())
    assert dict(facts.unread)[KubernetesPart.PODS].startswith("there are more than I read")
    assert facts.waiting == ()


def test_nothing_but_get_and_list_of_the_named_resources_is_asked_for(cluster: Cluster) -> None:
    read(cluster)
    asked = {(one.resource, one.namespace, one.name) for one in cluster.requests}
    known = {(f"{r.resource}.{r.group}" if r.group else r.resource, r.namespace, r.name) for r in READS}
    assert asked == known


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        pytest.param(status(403), "access denied: eksip's role may not list nodes", id="rbac"),
        pytest.param(status(500), "its API answered 500 to list nodes", id="server-error"),
        pytest.param(status(429, **{"Retry-After": "3600"}), "its API answered 429 to list nodes", id="wait-an-hour"),
        pytest.param(Reply(status=200, body=b"<html>"), "in a form this version does not understand", id="no-json"),
        pytest.param(Reply(status=200, body=b'{"items": [1]}'), "does not understand", id="no-objects"),
        pytest.param(expired(""), "its list changes faster than it can be read", id="always-expired"),
    ],
)
def test_a_part_that_cannot_be_read_is_named_and_the_others_are_there(
    cluster: Cluster, reply: Reply, reason: str
) -> None:
    only("nodes", reply, cluster)
    facts = read(cluster)
    (part,) = facts.unread
    assert part[0] is KubernetesPart.NODES
    assert reason in part[1]
    assert (facts.nodes, facts.waiting) == (None, ())
    assert facts.daemon_set is not None


def test_a_busy_server_is_asked_again(cluster: Cluster) -> None:
    turns = count()
    busy = status(429, **{"Retry-After": "0"})
    cluster.instead = lambda asked: busy if asked.resource == "nodes" and next(turns) < 2 else None
    assert read(cluster).nodes == ()
    assert next(turns) == 3


@pytest.mark.parametrize(
    "goes_on", [pytest.param(True, id="where-the-server-says"), pytest.param(False, id="from-the-beginning")]
)
def test_a_list_that_expired_between_two_pages_goes_on(cluster: Cluster, goes_on: bool) -> None:
    cluster.objects["pods"] = [pod(f"cart-abc-{number}") for number in range(250)]
    gone: list[Asked] = []

    def once(asked: Asked) -> Reply | None:
        running = asked.query.get("fieldSelector") == "status.phase=Running"
        if not running or "continue" not in asked.query or gone:
            return None
        gone.append(asked)
        return expired(asked.query["continue"] if goes_on else "")

    cluster.instead = once
    facts = read(cluster, page=100)
    assert facts.unread == ()
    assert (facts.loads or {})["n1"].with_pool_ip == 250
    asked = [one for one in cluster.requests if one.query.get("fieldSelector") == "status.phase=Running"]
    assert len(asked) == (4 if goes_on else 5)


def test_a_token_of_a_list_that_is_gone_is_refused_by_the_server_itself(cluster: Cluster) -> None:
    """The test's server keeps to the protocol: no page of a list it does not remember."""
    path = f"/{cluster.key}{PODS.path}?limit=1&continue={continue_token('never', 1)}"
    assert cluster.server.reply(path, f"Bearer {cluster.access().token}").status == 410


def test_what_hangs_is_left_behind_and_the_rest_is_answered(cluster: Cluster) -> None:
    over = threading.Event()
    cluster.instead = lambda asked: (over.wait(30), None)[1] if asked.resource == "nodes" else None
    try:
        facts = read(cluster, seconds=2)
    finally:
        over.set()
    assert facts.nodes is None
    assert dict(facts.unread)[KubernetesPart.NODES] in ("no answer in time", "it did not answer in time")
    assert facts.daemon_set is not None


@pytest.mark.parametrize(
    ("keys", "signed_for"),
    [
        pytest.param(ReadOnlyCredentials("AKIDOTHER", "secret", None), "", id="a-role-it-does-not-know"),
        pytest.param(ReadOnlyCredentials("AKIDEXAMPLE", "wrong", None), "", id="a-signature-that-is-wrong"),
        pytest.param(KEYS, "stage", id="signed-for-another-cluster"),
    ],
)
def test_a_token_that_does_not_open_the_cluster_ends_the_read_at_once(
    cluster: Cluster, keys: ReadOnlyCredentials, signed_for: str
) -> None:
    with pytest.raises(QueryError, match="does not know eksip's role: give it an access entry"):
        read_cluster(cluster.access(keys, signed_for=signed_for), patience(), NOW)
    assert len(cluster.requests) < len(READS)


def test_no_redirect_is_followed_with_the_token(cluster: Cluster) -> None:
    target = cluster.server.endpoint(cluster.key) + "/api/v1/secrets"
    cluster.instead = lambda asked: status(307, Location=target) if asked.resource == "nodes" else None
    assert dict(read(cluster).unread)[KubernetesPart.NODES] == "its API answered 307 to list nodes"
    assert not [asked for asked in cluster.requests if asked.resource == "secrets"]


def test_a_server_that_another_ca_signed_is_not_spoken_to(cluster: Cluster) -> None:
    with KubernetesServer(lambda _: (), secret_of) as other:
        swapped = replace(cluster.access(), endpoint=other.endpoint(cluster.key))
        with pytest.raises(QueryError, match="not signed by the cluster's CA"):
            read_cluster(swapped, patience(), NOW)
        assert other.requests == []


def test_an_endpoint_that_nobody_answers_is_named_as_such(cluster: Cluster) -> None:
    with KubernetesServer(lambda _: (), secret_of) as gone:
        closed = gone.endpoint(cluster.key)
    with pytest.raises(QueryError, match="cannot be reached from here: a private endpoint"):
        read_cluster(replace(cluster.access(), endpoint=closed), patience(seconds=20), NOW)


def test_a_token_is_sent_over_tls_only(cluster: Cluster) -> None:
    plain = replace(cluster.access(), endpoint="http://10.0.0.1/")
    with pytest.raises(QueryError, match="no https address"):
        read_cluster(plain, patience(), NOW)
    assert "token" not in repr(plain)
    assert urlsplit(cluster.access().endpoint).scheme == "https"
