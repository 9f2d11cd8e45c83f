"""What `eksip check` says of clusters' own APIs: which reads work, what those that do not lack, why none is tried."""

import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from botocore.credentials import ReadOnlyCredentials
from kubernetes_clusters import Cluster, patience, secret_of

from bot.config import load
from bot.console.check import Check, Verdict
from bot.demo.kubernetes_server import KubernetesServer, Reply
from bot.kubernetes.api import ClusterUnavailableError
from bot.kubernetes.trials import Trial, trials
from bot.wiring import Parts
from bot.wiring.checking import cluster_checks

pytestmark = pytest.mark.timeout(120)

NUMBERS = count()
FORBIDDEN = Reply(status=403, body=b"{}")


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


def tried(cluster: Cluster) -> tuple[Trial, ...]:
    return trials(cluster.access(), patience())


def test_each_right_is_tried_with_one_request_for_one_object(cluster: Cluster) -> None:
    found = tried(cluster)
    assert [trial.failure for trial in found] == [""] * len(found)
    assert [trial.words for trial in found] == [
        "get daemonsets.apps kube-system/aws-node",
        "list pods",
        "list events",
        "get configmaps kube-system/amazon-vpc-cni",
        "list eniconfigs.crd.k8s.amazonaws.com",
        "list cninodes.vpcresources.k8s.aws",
        "list nodes",
    ]
    assert len(cluster.requests) == len(found)


@pytest.mark.parametrize(
    ("resource", "rule"),
    [
        pytest.param(
            "pods", 'ClusterRole eksip-reader: {apiGroups: [""], resources: [pods], verbs: [list]}', id="core"
        ),
        pytest.param(
            "cninodes.vpcresources.k8s.aws",
            "ClusterRole eksip-reader: {apiGroups: [vpcresources.k8s.aws], resources: [cninodes], verbs: [list]}",
            id="custom resource",
        ),
        pytest.param(
            "daemonsets.apps",
            "Role eksip-reader in kube-system: "
            "{apiGroups: [apps], resources: [daemonsets], resourceNames: [aws-node], verbs: [get]}",
            id="named object",
        ),
    ],
)
def test_a_refused_read_comes_with_the_rule_that_allows_it(cluster: Cluster, resource: str, rule: str) -> None:
    cluster.instead = lambda asked: FORBIDDEN if asked.resource == resource else None
    (refused,) = [trial for trial in tried(cluster) if trial.failure]
    assert refused.failure.startswith("access denied: eksip's role may not ")
    assert refused.rule == rule


def test_a_read_that_fails_for_another_reason_needs_no_rule(cluster: Cluster) -> None:
    cluster.instead = lambda asked: Reply(status=418, body=b"") if asked.resource == "nodes" else None
    (failed,) = [trial for trial in tried(cluster) if trial.failure]
    assert (failed.words, failed.rule) == ("list nodes", "")


def test_a_cluster_that_does_not_know_who_asks_ends_its_trials(cluster: Cluster) -> None:
    stranger = cluster.access(ReadOnlyCredentials("AKIDOTHER", "secret", None))
    with pytest.raises(ClusterUnavailableError, match="access entry"):
        trials(stranger, patience())


def said(tmp_path: Path, **kubernetes: object) -> list[Check]:
    """The lines of `eksip check` about clusters, where there are no credentials for AWS."""
    written = {"kubernetes": kubernetes, "aws": {"accounts": [{"account_id": "111122223333"}]}}
    parts = Parts(load({"DATABASE_URL": f"sqlite:///{tmp_path}/eksip.db"}, written))
    try:
        return list(cluster_checks(parts))
    finally:
        parts.close()


@pytest.mark.parametrize(
    ("kubernetes", "verdict"),
    [
        pytest.param({}, Verdict.SKIP, id="nobody asked for it"),
        pytest.param({"clusters": ["prod-eu"]}, Verdict.WARN, id="a cluster is configured"),
        pytest.param({"in_cluster": "prod-eu"}, Verdict.WARN, id="its own cluster is configured"),
    ],
)
def test_check_says_that_the_extra_is_not_installed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kubernetes: dict[str, object], verdict: Verdict
) -> None:
    monkeypatch.setitem(sys.modules, "kubernetes", None)
    (line,) = said(tmp_path, **kubernetes)
    assert line.verdict is verdict
    assert "pip install 'eksip[kubernetes]'" in line.advice


def test_check_says_that_no_cluster_is_asked(tmp_path: Path) -> None:
    (line,) = said(tmp_path, enabled="never")
    assert (line.verdict, "switched off" in line.advice) == (Verdict.SKIP, True)
