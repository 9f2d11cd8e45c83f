"""Clusters for the tests of the Kubernetes layer: their objects, and a server that asks for tokens as EKS does."""

from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from time import monotonic
from typing import Any

from botocore.credentials import ReadOnlyCredentials
from builders import PROD, REGION

from bot.aws.cluster_access import token
from bot.demo.kubernetes_server import Asked, KubernetesServer, Reply
from bot.inventory.kubernetes import ClusterAccess
from bot.kubernetes.api import Patience

SECRET = "wJalrXUtnFEMI"
KEYS = ReadOnlyCredentials("AKIDEXAMPLE", SECRET, "a/session+token==")
STS = "https://sts.eu-west-1.amazonaws.com"

Json = Mapping[str, Any]


def secret_of(access_key: str) -> tuple[str, str] | None:
    """The secret and account of the one key that there is."""
    return (SECRET, PROD) if access_key == KEYS.access_key else None


class Cluster:
    """One cluster of the server: its objects by resource, and what happens before an answer."""

    def __init__(self, server: KubernetesServer, name: str) -> None:
        self.name = name
        self.server = server
        self.objects: dict[str, Sequence[Json]] = {
            "daemonsets.apps": [daemon_set()],
            "configmaps": [],
            "pods": [],
            "events": [],
            "nodes": [],
        }
        self.instead: Callable[[Asked], Reply | None] | None = None

    @property
    def key(self) -> str:
        """How the server tells it from others."""
        return f"{PROD}/{REGION}/{self.name}"

    @property
    def requests(self) -> list[Asked]:
        """What was asked of it so far, with a valid token or not."""
        return [asked for asked in self.server.requests if asked.cluster == self.key]

    def access(self, keys: ReadOnlyCredentials = KEYS, *, signed_for: str = "") -> ClusterAccess:
        """The way in, with a token of the keys for this cluster or for another one."""
        return ClusterAccess(
            endpoint=self.server.endpoint(self.key),
            ca_pem=b64decode(self.server.ca_data).decode(),
            token=token(keys, STS, REGION, signed_for or self.name),
        )


def patience(*, seconds: float = 30, page: int = 100, most: int = 20_000) -> Patience:
    """Enough time for a loaded machine, unless the test is about running out of it."""
    return Patience(until=monotonic() + seconds, page=page, most=most)


def daemon_set(**environment: str) -> Json:
    """DaemonSet aws-node, rolled out on two of three nodes."""
    env: list[Json] = [{"name": name, "value": value} for name, value in environment.items()]
    env.append({"name": "MY_NODE_NAME", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}})
    container = {"name": "aws-node", "image": "registry:5000/amazon-k8s-cni:v1.20.4-eksbuild.2", "env": env}
    sidecar = {"name": "aws-eks-nodeagent", "image": "agent:v1"}
    return {
        "metadata": {"name": "aws-node", "namespace": "kube-system"},
        "spec": {"template": {"spec": {"containers": [sidecar, container]}}},
        "status": {"desiredNumberScheduled": 3, "updatedNumberScheduled": 2, "numberReady": 3},
    }


def pod(
    name: str,
    *,
    namespace: str = "shop",
    node: str = "n1",
    phase: str = "Running",
    ip: str = "10.0.0.9",
    owner: tuple[str, str] | None = ("ReplicaSet", "cart-abc"),
    labels: Mapping[str, str] | None = None,
    host_network: bool = False,
    branch: bool = False,
    statuses: Sequence[Json] = (),
    created: str = "2026-11-23T09:00:00Z",
) -> Json:
    """A pod of the Deployment shop/cart, unless told otherwise."""
    owners = [{"kind": owner[0], "name": owner[1], "controller": True}] if owner else []
    return {
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": {"pod-template-hash": "abc", **(labels or {})},
            "ownerReferences": owners,
            "annotations": {"vpc.amazonaws.com/pod-eni": "[]"} if branch else {},
            "creationTimestamp": created,
        },
        "spec": {**({"nodeName": node} if node else {}), "hostNetwork": host_network},
        "status": {"phase": phase, **({"podIP": ip} if ip else {}), "containerStatuses": list(statuses)},
    }


def event(about: str, message: str, *, reason: str = "FailedCreatePodSandBox", **times: object) -> Json:
    """A warning about a pod of namespace shop."""
    return {
        "metadata": {"name": f"{about}.1", "namespace": "shop"},
        "involvedObject": {"kind": "Pod", "namespace": "shop", "name": about},
        "reason": reason,
        "message": message,
        **(times or {"lastTimestamp": "2026-11-23T09:20:00Z"}),
    }
