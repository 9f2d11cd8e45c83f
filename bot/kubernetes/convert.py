"""Objects of the Kubernetes API as facts: what is needed of each, whatever else it holds.

Source: https://kubernetes.io/docs/reference/kubernetes-api/ (the page of each kind named below).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.inventory.kubernetes import CniDaemonSet, CniNode, CniPod, EniConfig, KubernetesNode

Json = Mapping[str, Any]

CNI_CONTAINER = "aws-node"
POD_ENI, WINDOWS_IP = "vpc.amazonaws.com/pod-eni", "vpc.amazonaws.com/PrivateIPv4Address"
"""The extended resources of the VPC resource controller; the first is also the annotation of a pod that has one."""

_INSTANCE = re.compile(r"^aws:///[^/]*/(i-[0-9a-f]+)$")
"""Source: the AWS cloud provider's providerID, aws:///ZONE/INSTANCE; Fargate's nodes have a longer one."""
_ZONES = ("topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone")
_LONGEST_MARK = 253
"""Longest value of an annotation that is kept: no name of an ENIConfig is longer."""
_LONGEST_MESSAGE = 600
_OF_CRON_JOB = re.compile(r"-\d{8}$")
"""A CronJob names its Jobs by the minute (minutes since 1970). Source: kubernetes, pkg/controller/cronjob/utils.go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PodRow:
    """What is kept of a pod while a cluster is read; `ip` is "" until it has an address of its own.

    Pods on the host's network hold none and have `host_network`; `branch` marks those with a branch interface.
    """

    namespace: str
    name: str
    workload: str
    kind: str
    node: str
    host_network: bool
    branch: bool
    ip: str
    created_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """A warning about one pod: its reason, its words, when it was last seen."""

    namespace: str
    pod: str
    reason: str
    message: str
    seen_at: datetime


def daemon_set(item: Json) -> CniDaemonSet:
    """DaemonSet aws-node: the environment of its container, its image, its rollout."""
    containers = item["spec"]["template"]["spec"]["containers"]
    container = next((each for each in containers if each.get("name") == CNI_CONTAINER), containers[0])
    status = item.get("status") or {}
    return CniDaemonSet(
        image=str(container.get("image", "")),
        environment=tuple(
            sorted(
                (str(entry["name"]), str(entry.get("value", "")))
                for entry in container.get("env") or ()
                if "valueFrom" not in entry
            )
        ),
        desired=int(status.get("desiredNumberScheduled") or 0),
        updated=int(status.get("updatedNumberScheduled") or 0),
        ready=int(status.get("numberReady") or 0),
    )


def cni_pod(item: Json) -> CniPod:
    """A pod of aws-node with the state of its container."""
    status = item.get("status") or {}
    states = status.get("containerStatuses") or ()
    own: Json = next((each for each in states if each.get("name") == CNI_CONTAINER), {})
    ended = ((own.get("lastState") or {}).get("terminated")) or ((own.get("state") or {}).get("terminated")) or {}
    code = ended.get("exitCode")
    return CniPod(
        name=item["metadata"]["name"],
        node=str((item.get("spec") or {}).get("nodeName") or ""),
        ready=bool(own.get("ready")),
        restarts=int(own.get("restartCount") or 0),
        waits_for=str(((own.get("state") or {}).get("waiting") or {}).get("reason") or ""),
        exit_code=None if code is None else int(code),
        ended_at=moment(ended.get("finishedAt")),
    )


def config_map(item: Json) -> tuple[tuple[str, str], ...]:
    """The keys and values of a ConfigMap."""
    return tuple(sorted((str(key), str(value)) for key, value in (item.get("data") or {}).items()))


def eni_config(item: Json) -> EniConfig:
    """An ENIConfig."""
    return EniConfig(name=item["metadata"]["name"], subnet_id=str((item.get("spec") or {}).get("subnet") or ""))


def cni_node(item: Json) -> CniNode:
    """A CNINode."""
    features = (item.get("spec") or {}).get("features") or ()
    return CniNode(name=item["metadata"]["name"], features=tuple(str(each.get("name", "")) for each in features))


def node(item: Json) -> KubernetesNode:
    """A node with what it offers to pods."""
    metadata, spec, status = item["metadata"], item.get("spec") or {}, item.get("status") or {}
    labels = {str(key): str(value) for key, value in (metadata.get("labels") or {}).items()}
    offered = status.get("allocatable") or {}
    instance = _INSTANCE.match(str(spec.get("providerID") or ""))
    conditions = {each.get("type"): each.get("status") for each in status.get("conditions") or ()}
    return KubernetesNode(
        name=metadata["name"],
        instance_id=instance.group(1) if instance else "",
        zone=next((labels[key] for key in _ZONES if key in labels), ""),
        windows=labels.get("kubernetes.io/os") == "windows",
        ready=conditions.get("Ready") == "True",
        max_pods=_quantity(offered.get("pods")),
        pod_eni=_quantity(offered.get(POD_ENI)),
        windows_ips=_quantity(offered.get(WINDOWS_IP)),
        labels=tuple(sorted(labels.items())),
        annotations=tuple(
            sorted(
                (str(key), str(value))
                for key, value in (metadata.get("annotations") or {}).items()
                if len(str(value)) <= _LONGEST_MARK
            )
        ),
    )


def pod(item: Json) -> PodRow:
    """A pod with its workload and, where it has one, its address."""
    metadata, spec, status = item["metadata"], item.get("spec") or {}, item.get("status") or {}
    kind, workload = _workload(metadata)
    return PodRow(
        namespace=metadata["namespace"],
        name=metadata["name"],
        workload=workload,
        kind=kind,
        node=str(spec.get("nodeName") or ""),
        host_network=bool(spec.get("hostNetwork")),
        branch=POD_ENI in (metadata.get("annotations") or {}),
        ip=str(status.get("podIP") or ""),
        created_at=moment(metadata.get("creationTimestamp")),
    )


def event(item: Json) -> EventRow | None:
    """An event about a pod; None for one about something else, or without a time.

    Source: https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/ (series and eventTime of the
    newer writers, lastTimestamp of the older).
    """
    about = item.get("involvedObject") or {}
    series = item.get("series") or {}
    times = (series.get("lastObservedTime"), item.get("lastTimestamp"), item.get("eventTime"))
    seen = [found for each in times if (found := moment(each)) is not None]
    if about.get("kind") != "Pod" or not seen:
        return None
    return EventRow(
        namespace=str(about.get("namespace") or ""),
        pod=str(about.get("name") or ""),
        reason=str(item.get("reason") or ""),
        message=" ".join(str(item.get("message") or "").split())[:_LONGEST_MESSAGE],
        seen_at=max(seen),
    )


def moment(text: object) -> datetime | None:
    """A time of the API as an aware moment; None where there is none."""
    if not isinstance(text, str) or not text:
        return None
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _workload(metadata: Json) -> tuple[str, str]:
    """Kind and name of what made the pod: the Deployment behind a ReplicaSet, the CronJob behind a Job.

    Source: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#pod-template-hash-label
    """
    owners = metadata.get("ownerReferences") or ()
    owner = next((each for each in owners if each.get("controller")), None)
    if owner is None:
        return "Pod", str(metadata["name"])
    kind, name = str(owner.get("kind", "")), str(owner.get("name", ""))
    hashed = (metadata.get("labels") or {}).get("pod-template-hash")
    if kind == "ReplicaSet" and hashed and name.endswith(f"-{hashed}"):
        return "Deployment", name.removesuffix(f"-{hashed}")
    if kind == "Job" and _OF_CRON_JOB.search(name):
        return "CronJob", _OF_CRON_JOB.sub("", name)
    return kind, name


def _quantity(value: object) -> int | None:
    """A whole number as the API writes it ("58", "1k"); None for none and for what is not one.

    Source: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
    """
    text = str(value) if value is not None else ""
    found = re.fullmatch(r"(\d+)(k|M)?", text)
    return int(found.group(1)) * {"": 1, "k": 1_000, "M": 1_000_000}[found.group(2) or ""] if found else None
