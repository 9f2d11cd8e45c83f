"""The demo's clusters from within: the CNI, nodes and pods that fit what the estate's nodes hold of their subnets.

Pods are few in kind and many in number; a subnet without room for another ENI has pods that wait for an address.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any
from zlib import crc32

from bot.capacity.cni_env import MANIFEST_ENVIRONMENT
from bot.demo.estate import Estate, Interface, NodeState
from bot.demo.estate_plan import VPCS, ClusterPlan, Mode, NodegroupPlan, VpcPlan
from bot.demo.kubernetes_server import Asked

Json = dict[str, Any]

_IMAGE = "602401143452.dkr.ecr.{region}.amazonaws.com/amazon-k8s-cni:v1.20.4-eksbuild.2"
_HOST_PODS = ("aws-node", "kube-proxy")
_SHARES = {
    "general": (("shop", "cart", 5), ("shop", "catalog", 3), ("search", "indexer", 3), ("web", "frontend", 2)),
    "payments": (("payments", "checkout", 3), ("payments", "ledger", 1)),
    "spark": (("spark", "executor", 1),),
    "secure": (("vault", "vault", 1),),
}
_OTHERS = (("default", "api", 3), ("default", "worker", 2))
_CONFIG_MAPS = {"data-eu": {"enable-windows-ipam": "false", "warm-ip-target": "5"}}
"""In data-eu somebody tuned Linux nodes in the ConfigMap that only Windows nodes read."""
_WAITING = 6
_NO_IP = (
    "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox: plugin "
    'type="aws-cni" name="aws-cni" failed (add): add cmd: failed to assign an IP address to container'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Node:
    """A node of the estate with what its pods can have."""

    state: NodeState
    name: str
    zone: str
    group: NodegroupPlan
    pods: int
    short: bool


class ClusterObjects:
    """The objects of every cluster of the estate, made anew for each request from what the estate holds then."""

    def __init__(self, estate: Estate, eni_limits: Callable[[str], tuple[int, int]]) -> None:
        self._estate = estate
        self._eni_limits = eni_limits
        self._started = monotonic()
        self._short_since: dict[str, datetime] = {}
        self._plans: dict[str, tuple[VpcPlan, ClusterPlan]] = {
            f"{plan.account_id}/{plan.region}/{plan.cluster.name}": (plan, plan.cluster)
            for plan in VPCS
            if plan.cluster
        }

    def __call__(self, asked: Asked) -> Sequence[Json] | None:
        """The objects of a resource; None where the cluster has no such resource.

        Of thousands of pods those are not made that the selectors leave out anyway.
        """
        if asked.cluster not in self._plans:
            return None
        plan, planned = self._plans[asked.cluster]
        with self._estate.lock:
            match asked.resource:
                case "daemonsets.apps":
                    return [self._daemon_set(plan, planned)]
                case "configmaps":
                    return [_config_map(planned.name)] if planned.name in _CONFIG_MAPS else []
                case "eniconfigs.crd.k8s.amazonaws.com":
                    return self._eni_configs(planned)
                case "cninodes.vpcresources.k8s.aws":
                    return [_cni_node(node, planned) for node in self._nodes(planned)]
                case "nodes":
                    return [self._node(node) for node in self._nodes(planned)]
                case "pods":
                    pods = self._pending if asked.query.get("fieldSelector") == "status.phase=Pending" else self._pods
                    only_cni = "labelSelector" in asked.query
                    return [
                        pod
                        for node in self._nodes(planned)
                        for pod in ([_host_pod(name, node) for name in _HOST_PODS] if only_cni else pods(node))
                    ]
                case "events":
                    return [self._event(pod) for node in self._nodes(planned) for pod in self._pending(node)]
                case _:
                    return None

    @property
    def _now(self) -> datetime:
        return self._estate.now + timedelta(seconds=monotonic() - self._started)

    def _nodes(self, planned: ClusterPlan) -> list[_Node]:
        groups = {group.name: group for group in planned.nodegroups}
        plugged: defaultdict[str, list[Interface]] = defaultdict(list)
        for interface in self._estate.interfaces.values():
            if interface.attachment is not None and interface.attachment.instance_id is not None:
                plugged[interface.attachment.instance_id].append(interface)
        return [
            self._shown(state, groups[state.nodegroup], plugged[state.instance_id])
            for state in self._estate.nodes.values()
            if state.cluster == planned.name and state.nodegroup in groups and plugged[state.instance_id]
        ]

    def _shown(self, state: NodeState, group: NodegroupPlan, plugged: Sequence[Interface]) -> _Node:
        primary = min(plugged, key=lambda each: each.attachment.device_index if each.attachment else 0)
        pools = [each for each in plugged if each.interface_type == "interface"]
        held = sum(len(each.addresses) - 1 + 16 * len(each.prefixes) for each in pools)
        pods = group.pods - group.branches
        short = False
        if group.mode in (Mode.SECONDARY, Mode.CUSTOM_NETWORKING):
            per_eni = self._eni_limits(state.instance_type)[1]
            planned = (group.enis - (group.mode is Mode.CUSTOM_NETWORKING)) * (per_eni - 1)
            source = next((each.subnet for each in pools if each is not primary), primary.subnet)
            short = source.space.available_ips < per_eni
            pods = held if short else min(held, pods + max(held - planned, 0))
            if not short:
                self._short_since.pop(source.subnet_id, None)
        return _Node(
            state=state,
            name=f"ip-{str(primary.addresses[0]).replace('.', '-')}.{state.region}.compute.internal",
            zone=primary.subnet.az,
            group=group,
            pods=pods,
            short=short,
        )

    def _node(self, node: _Node) -> Json:
        enis, per_eni = self._eni_limits(node.state.instance_type)
        slots = (enis - (node.group.mode is Mode.CUSTOM_NETWORKING)) * (per_eni - 1)
        most = 110 if node.group.mode in (Mode.PREFIX, Mode.IPV6) else slots + 2
        branches = {"vpc.amazonaws.com/pod-eni": "9"} if node.group.branches else {}
        return {
            "metadata": {
                "name": node.name,
                "labels": {
                    "kubernetes.io/os": "linux",
                    "topology.kubernetes.io/zone": node.zone,
                    "eks.amazonaws.com/nodegroup": node.group.name,
                },
            },
            "spec": {"providerID": f"aws:///{node.zone}/{node.state.instance_id}"},
            "status": {
                "allocatable": {"pods": str(most), **branches},
                "conditions": [{"type": "Ready", "status": "True"}],
            },
        }

    def _pods(self, node: _Node) -> Iterator[Json]:
        for name in _HOST_PODS:
            yield _host_pod(name, node)
        shares, since = _SHARES.get(node.group.name, _OTHERS), _written(node.state.launched_at)
        parts = [(space, name) for space, name, weight in shares for _ in range(weight)]
        for number in range(node.pods):
            space, name = parts[number % len(parts)]
            address = f"10.255.{number >> 8}.{number & 255}"
            yield _pod(space, name, node, number, phase="Running", ip=address, since=since)
        for number in range(node.group.branches):
            pod = _pod("vault", "vault", node, 900 + number, phase="Running", ip="10.255.9.9", since=since)
            pod["metadata"]["annotations"] = {"vpc.amazonaws.com/pod-eni": "[]"}
            yield pod
        yield from self._pending(node)

    def _pending(self, node: _Node) -> Iterator[Json]:
        """The pods of a node that wait for an address: some of them on each node whose subnet has none."""
        if not node.short:
            return
        since = _written(self._short_since.setdefault(node.state.subnet_id, self._now))
        space, name, _ = _SHARES.get(node.group.name, _OTHERS)[0]
        for number in range(_WAITING // 3):
            yield _pod(space, name, node, 500 + number, phase="Pending", ip="", since=since)

    def _event(self, pod: Mapping[str, Any]) -> Json:
        metadata = pod["metadata"]
        return {
            "metadata": {"name": f"{metadata['name']}.event", "namespace": metadata["namespace"]},
            "involvedObject": {"kind": "Pod", "namespace": metadata["namespace"], "name": metadata["name"]},
            "type": "Warning",
            "reason": "FailedCreatePodSandBox",
            "message": _NO_IP,
            "lastTimestamp": _written(self._now),
        }

    def _daemon_set(self, plan: VpcPlan, planned: ClusterPlan) -> Json:
        environment = {**MANIFEST_ENVIRONMENT, **planned.cni_env, "CLUSTER_NAME": planned.name}
        nodes = len(self._nodes(planned))
        container = {
            "name": "aws-node",
            "image": _IMAGE.format(region=plan.region),
            "env": [
                *({"name": name, "value": value} for name, value in environment.items()),
                {"name": "MY_NODE_NAME", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}},
            ],
        }
        return {
            "metadata": {"name": "aws-node", "namespace": "kube-system"},
            "spec": {"template": {"spec": {"containers": [container]}}},
            "status": {"desiredNumberScheduled": nodes, "updatedNumberScheduled": nodes, "numberReady": nodes},
        }

    def _eni_configs(self, planned: ClusterPlan) -> list[Json]:
        """One for each zone, named after it, with the subnet that the pods of the zone's nodes are in."""
        names = {name for group in planned.nodegroups for name in group.pod_subnets}
        subnets = [self._estate.subnet(name) for name in sorted(names)]
        return [{"metadata": {"name": each.az}, "spec": {"subnet": each.subnet_id}} for each in subnets]


def _pod(space: str, name: str, node: _Node, number: int, *, phase: str, ip: str, since: str) -> Json:
    hashed = f"{crc32(name.encode()):08x}"
    suffix = f"{crc32(f'{node.name}{number}'.encode()):08x}"[:5]
    owner = {"kind": "ReplicaSet", "name": f"{name}-{hashed}", "controller": True}
    return {
        "metadata": {
            "name": f"{name}-{hashed}-{suffix}",
            "namespace": space,
            "labels": {"app": name, "pod-template-hash": hashed},
            "creationTimestamp": since,
            "ownerReferences": [owner],
        },
        "spec": {"nodeName": node.name},
        "status": {"phase": phase, **({"podIP": ip} if ip else {})},
    }


def _host_pod(name: str, node: _Node) -> Json:
    return {
        "metadata": {
            "name": f"{name}-{node.state.instance_id[-5:]}",
            "namespace": "kube-system",
            "labels": {"k8s-app": name},
            "creationTimestamp": _written(node.state.launched_at),
            "ownerReferences": [{"kind": "DaemonSet", "name": name, "controller": True}],
        },
        "spec": {"nodeName": node.name, "hostNetwork": True},
        "status": {
            "phase": "Running",
            "podIP": node.name.partition(".")[0].removeprefix("ip-").replace("-", "."),
            "containerStatuses": [{"name": name, "ready": True, "restartCount": 0, "state": {"running": {}}}],
        },
    }


def _cni_node(node: _Node, planned: ClusterPlan) -> Json:
    features = [{"name": "SecurityGroupsForPods"}] if planned.cni_env.get("ENABLE_POD_ENI") == "true" else []
    return {"metadata": {"name": node.name}, "spec": {"features": features}}


def _config_map(cluster: str) -> Json:
    return {"metadata": {"name": "amazon-vpc-cni", "namespace": "kube-system"}, "data": _CONFIG_MAPS[cluster]}


def _written(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
