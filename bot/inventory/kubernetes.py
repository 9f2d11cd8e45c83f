"""What a cluster's Kubernetes API shows: the live CNI, nodes, pods by node, pods that wait; and what it did not."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum


class KubernetesPart(Enum):
    """One thing that is read of a cluster; the value is how answers name it."""

    DAEMON_SET = "the live DaemonSet aws-node"
    CNI_PODS = "its pods"
    CONFIG_MAP = "the ConfigMap amazon-vpc-cni"
    ENI_CONFIGS = "ENIConfigs"
    CNI_NODES = "CNINodes"
    NODES = "nodes"
    WAITING = "pods that wait"
    EVENTS = "their events"
    PODS = "pods on each node"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterAccess:
    """How a cluster's API is reached: its address, the CA certificates that sign it (PEM), and a bearer token.

    The token is a secret: it is in no text form of this object.
    """

    endpoint: str
    ca_pem: str
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CniDaemonSet:
    """DaemonSet kube-system/aws-node: the environment of its container, and how far its newest version is out.

    Variables that take their value from elsewhere (a field, a secret) are left out of `environment`.
    """

    image: str
    environment: tuple[tuple[str, str], ...]
    desired: int
    updated: int
    ready: int

    @property
    def version(self) -> str:
        """The image's tag, "" where it is pinned by a digest."""
        name = self.image.partition("@")[0].rpartition("/")[2]
        return name.partition(":")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class CniPod:
    """One pod of aws-node: `waits_for` is why its container does not run (CrashLoopBackOff), "" while it runs.

    `ended_at` and `exit_code` are of its last end; `restarts` counts all of them.
    """

    name: str
    node: str
    ready: bool
    restarts: int
    waits_for: str = ""
    exit_code: int | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EniConfig:
    """An ENIConfig: the subnet that interfaces for pods are made in, for nodes that name it."""

    name: str
    subnet_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CniNode:
    """A CNINode: what the VPC resource controller does for the node of that name (SecurityGroupsForPods, …)."""

    name: str
    features: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KubernetesNode:
    """A node as Kubernetes sees it; `instance_id` is "" where it is no EC2 instance (Fargate).

    `max_pods` is its allocatable pods, `pod_eni` its allocatable branch interfaces and `windows_ips` its allocatable
    addresses for Windows pods, both None where it offers none.
    """

    name: str
    instance_id: str = ""
    zone: str = ""
    windows: bool = False
    ready: bool = True
    max_pods: int | None = None
    pod_eni: int | None = None
    windows_ips: int | None = None
    labels: tuple[tuple[str, str], ...] = ()
    annotations: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PodLoad:
    """The pods on one node: all that count against max-pods, and those with an address of the node's pool.

    Pods with their own security group hold the address of a branch interface instead, and are counted apart.
    """

    pods: int = 0
    with_pool_ip: int = 0
    with_branch: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingPod:
    """A pod without an address that needs one; `node` is "" while the scheduler has not placed it.

    `reason` and `message` are of the newest event that says why, "" without one; `seen_at` is that event's time.
    """

    namespace: str
    name: str
    workload: str
    since: datetime
    node: str = ""
    reason: str = ""
    message: str = ""
    seen_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A workload and the addresses of the VPC that its pods hold; `kind` is Kubernetes' (Deployment, StatefulSet)."""

    namespace: str
    workload: str
    kind: str
    ips: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KubernetesFacts:
    """What one read of a cluster's API brought. A part that is None was not read; `unread` says why, by part.

    `by_instance` are its nodes by EC2 instance id, `loads` are by node name.
    `holders` are the workloads with the most addresses, `namespaces` the same summed.
    `waiting` are the pods that have waited longest, `waiting_pods` counts all.
    """

    observed_at: datetime
    daemon_set: CniDaemonSet | None = None
    cni_pods: tuple[CniPod, ...] | None = None
    config_map: tuple[tuple[str, str], ...] | None = None
    eni_configs: tuple[EniConfig, ...] | None = None
    cni_nodes: tuple[CniNode, ...] | None = None
    nodes: tuple[KubernetesNode, ...] | None = None
    waiting: tuple[WaitingPod, ...] | None = None
    waiting_pods: int = 0
    loads: Mapping[str, PodLoad] | None = None
    holders: tuple[Holder, ...] = ()
    namespaces: tuple[tuple[str, int], ...] = ()
    unread: tuple[tuple[KubernetesPart, str], ...] = ()
    by_instance: Mapping[str, KubernetesNode] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index the nodes by EC2 instance id."""
        object.__setattr__(
            self, "by_instance", {node.instance_id: node for node in self.nodes or () if node.instance_id}
        )

    def environment(self) -> Mapping[str, str] | None:
        """The live environment of aws-node; None where the DaemonSet was not read."""
        return None if self.daemon_set is None else dict(self.daemon_set.environment)
