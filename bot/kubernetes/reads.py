"""Every read of the Kubernetes API that the program can make; deploy/k8s/cluster-reader grants these and no others."""

from dataclasses import dataclass

from bot.inventory.kubernetes import KubernetesPart


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterRead:
    """One read: a named object of a namespace, or a list of all namespaces or of one.

    `group` is "" for the core API. `selectors` are query parameters that have the server leave the rest out.
    """

    part: KubernetesPart
    group: str = ""
    version: str = "v1"
    resource: str
    namespace: str = ""
    name: str = ""
    selectors: tuple[tuple[str, str], ...] = ()

    @property
    def verb(self) -> str:
        """The RBAC verb: get for a named object, else list."""
        return "get" if self.name else "list"

    @property
    def path(self) -> str:
        """The path of the resource below the server's address."""
        root = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        inside = f"/namespaces/{self.namespace}" if self.namespace else ""
        return f"{root}{inside}/{self.resource}" + (f"/{self.name}" if self.name else "")

    @property
    def words(self) -> str:
        """What is asked for, as RBAC names it: "list pods", "get daemonsets.apps kube-system/aws-node"."""
        resource = f"{self.resource}.{self.group}" if self.group else self.resource
        return f"{self.verb} {resource}" + (f" {self.namespace}/{self.name}" if self.name else "")


_CNI_NAMESPACE = "kube-system"

DAEMON_SET = ClusterRead(
    part=KubernetesPart.DAEMON_SET, group="apps", resource="daemonsets", namespace=_CNI_NAMESPACE, name="aws-node"
)
CONFIG_MAP = ClusterRead(
    part=KubernetesPart.CONFIG_MAP, resource="configmaps", namespace=_CNI_NAMESPACE, name="amazon-vpc-cni"
)
CNI_PODS = ClusterRead(
    part=KubernetesPart.CNI_PODS,
    resource="pods",
    namespace=_CNI_NAMESPACE,
    selectors=(("labelSelector", "k8s-app=aws-node"),),
)
ENI_CONFIGS = ClusterRead(
    part=KubernetesPart.ENI_CONFIGS, group="crd.k8s.amazonaws.com", version="v1alpha1", resource="eniconfigs"
)
CNI_NODES = ClusterRead(
    part=KubernetesPart.CNI_NODES, group="vpcresources.k8s.aws", version="v1alpha1", resource="cninodes"
)
NODES = ClusterRead(part=KubernetesPart.NODES, resource="nodes")
WAITING = ClusterRead(
    part=KubernetesPart.WAITING, resource="pods", selectors=(("fieldSelector", "status.phase=Pending"),)
)
SANDBOX_EVENTS = ClusterRead(
    part=KubernetesPart.EVENTS, resource="events", selectors=(("fieldSelector", "reason=FailedCreatePodSandBox"),)
)
SCHEDULING_EVENTS = ClusterRead(
    part=KubernetesPart.EVENTS, resource="events", selectors=(("fieldSelector", "reason=FailedScheduling"),)
)
PODS = ClusterRead(part=KubernetesPart.PODS, resource="pods", selectors=(("fieldSelector", "status.phase=Running"),))

READS = (
    DAEMON_SET,
    WAITING,
    SANDBOX_EVENTS,
    SCHEDULING_EVENTS,
    CNI_PODS,
    CONFIG_MAP,
    ENI_CONFIGS,
    CNI_NODES,
    NODES,
    PODS,
)
"""In the order they are begun: what decides most first, the longest list last.

Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/field-selectors/ (status.phase of pods, reason
of events); the CNI's charts/aws-vpc-cni (names of the DaemonSet, its label and the ConfigMap).
"""
