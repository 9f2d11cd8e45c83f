"""What a cluster's own API adds to a diagnosis: pods that wait, what their events quote, settings that drifted."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.capacity.cni_env import MANIFEST_ENVIRONMENT, MAX_ENI, MINIMUM_IP, WARM_ENI, WARM_IP, WARM_PREFIX
from bot.capacity.diagnosis.symptoms import SYMPTOMS, Symptom
from bot.inventory import CniSettings
from bot.inventory.kubernetes import KubernetesFacts, KubernetesNode, WaitingPod

STARTING = timedelta(seconds=45)
"""Age up to which a pod without an address is only starting, as long as no event complains."""

TOLD_LATELY = timedelta(minutes=15)
"""Age up to which an event speaks of now: kubelet and the scheduler repeat theirs within five minutes."""

ENI_CONFIG_LABEL, ENI_CONFIG_ANNOTATION = "ENI_CONFIG_LABEL_DEF", "ENI_CONFIG_ANNOTATION_DEF"
_ENI_CONFIG_KEY, _ENI_CONFIG_DEFAULT = "k8s.amazonaws.com/eniConfig", "default"

_TARGETS = (WARM_IP, MINIMUM_IP, WARM_PREFIX, WARM_ENI, MAX_ENI)
_CONFIG_MAP_KEYS = {"warm-ip-target": WARM_IP, "minimum-ip-target": MINIMUM_IP, "warm-prefix-target": WARM_PREFIX}
"""Keys that only Windows nodes obey, with the variable they are mistaken for.

Source: https://github.com/aws/amazon-vpc-resource-controller-k8s/blob/master/pkg/config/type.go
"""
WINDOWS_SWITCH = "enable-windows-ipam"


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A message that events of pods quote: how many pods of which cluster, and when one was last told."""

    symptom: Symptom
    pods: int
    cluster: str
    seen_at: datetime


def stuck(facts: KubernetesFacts, now: datetime) -> tuple[WaitingPod, ...]:
    """The pods that wait for a node or an address and are not merely starting, the longest wait first."""
    return tuple(pod for pod in facts.waiting or () if pod.message or now - pod.since >= STARTING)


def heard(pods: Iterable[WaitingPod], cluster: str, now: datetime) -> tuple[Heard, ...]:
    """The known messages in the newest events of the pods, in the order they are looked for."""
    lately = [pod for pod in pods if pod.seen_at is not None and now - pod.seen_at <= TOLD_LATELY]
    found = []
    for symptom in SYMPTOMS:
        # The message alone: "FailedScheduling" may be for want of CPU.
        told = [pod.seen_at for pod in lately if pod.seen_at is not None and symptom.pattern.search(pod.message)]
        if told:
            found.append(Heard(symptom=symptom, pods=len(told), cluster=cluster, seen_at=max(told)))
    return tuple(found)


def eni_config_name(node: KubernetesNode, environment: Mapping[str, str]) -> str:
    """The ENIConfig that the node takes: its annotation names it, else its label, else it is `default`.

    Source: https://github.com/aws/amazon-vpc-cni-k8s/blob/master/pkg/eniconfig/eniconfig.go.
    """
    annotation = environment.get(ENI_CONFIG_ANNOTATION) or _ENI_CONFIG_KEY
    label = environment.get(ENI_CONFIG_LABEL) or _ENI_CONFIG_KEY
    return dict(node.annotations).get(annotation) or dict(node.labels).get(label) or _ENI_CONFIG_DEFAULT


def drift(addon: CniSettings, facts: KubernetesFacts) -> tuple[str, ...]:
    """Settings that are not what somebody takes them for, one sentence each; empty where nothing drifted.

    Source: https://docs.aws.amazon.com/eks/latest/best-practices/vpc-cni.html (what an update of the add-on keeps
    depends on how conflicts are resolved).
    """
    live = facts.environment()
    if live is None:
        return ()
    found = [*_ignored(facts, live), *(_differing(addon, live) if addon.source == "addon" else ())]
    rollout = facts.daemon_set
    if rollout is not None and rollout.updated < rollout.desired:
        found.append(f"the newest aws-node runs on {rollout.updated:,} of {rollout.desired:,} nodes")
    return tuple(found)


def _ignored(facts: KubernetesFacts, live: Mapping[str, str]) -> Iterable[str]:
    """Targets in the ConfigMap of a cluster whose nodes all run Linux: they do nothing."""
    if facts.nodes is None or any(node.windows for node in facts.nodes):
        return
    for key, variable in _CONFIG_MAP_KEYS.items():
        value = dict(facts.config_map or ()).get(key)
        if value is not None and value != live.get(variable):
            now = f"{variable}={live[variable]}" if variable in live else f"{variable} unset"
            yield f"the ConfigMap amazon-vpc-cni sets {key}={value}, which Linux nodes ignore: they run with {now}"


def _differing(addon: CniSettings, live: Mapping[str, str]) -> Iterable[str]:
    """Variables that the add-on's configuration and the DaemonSet say differently."""
    configured = dict(addon.environment)
    for name, value in configured.items():
        if live.get(name, "").lower() != value.lower():
            now = f"has {live[name]}" if name in live else "does not have it"
            yield f"the add-on's configuration sets {name}={value}, the DaemonSet {now}"
    for name in _TARGETS:
        if name in live and name not in configured and live[name] != MANIFEST_ENVIRONMENT.get(name):
            yield f"the DaemonSet sets {name}={live[name]}, the add-on's configuration does not: an update may undo it"
