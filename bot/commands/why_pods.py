"""How a diagnosis shows pods: those that wait, by workload, and the workloads that hold the most addresses."""

from datetime import datetime

from bot.answers.diagnosis import WaitingPodJson, WorkloadJson
from bot.capacity.diagnosis.findings import ClusterPods, Diagnosis
from bot.capacity.diagnosis.symptoms import SYMPTOMS
from bot.inventory.kubernetes import WaitingPod
from bot.message import Bullets, Line, Mono
from bot.views import age, plural

_GROUPS, _IN_JSON, _HOLDERS = 3, 50, 5
_MESSAGE_CHARACTERS = 100


def waiting_part(pods: ClusterPods, now: datetime) -> Bullets:
    """The pods of one cluster that wait, by workload and by what their events say, the most pods first."""
    alike: dict[tuple[str, str, bool, str], list[WaitingPod]] = {}
    for pod in pods.waiting:
        key = (pod.namespace, pod.workload or pod.name, bool(pod.node), _said(pod.message))
        alike.setdefault(key, []).append(pod)
    groups = sorted(alike.values(), key=lambda group: (-len(group), min(pod.since for pod in group)))
    shown = groups[:_GROUPS]
    more = pods.waiting_pods - sum(len(group) for group in shown)
    return Bullets(
        title=f"Waiting in {pods.cluster}",
        items=tuple(_waiting(group, now) for group in shown),
        more=f"+{plural(more, 'more pod')}" if more > 0 else "",
    )


def holders_words(found: Diagnosis) -> tuple[str, ...]:
    """Workloads and namespaces with the most addresses, of the cluster it is about; empty where it is about many."""
    about = [pods for pods in found.pods if pods.waiting] or list(found.pods)
    if len(about) != 1 or not about[0].holders:
        return ()
    pods = about[0]
    workloads = ", ".join(f"{each.namespace}/{each.workload} {each.ips:,}" for each in pods.holders[:_HOLDERS])
    spaces = ", ".join(f"{name} {ips:,}" for name, ips in pods.namespaces[:_HOLDERS])
    return (f"Most addresses in {pods.cluster}: {workloads}. By namespace: {spaces}.",)


def waiting_json(found: Diagnosis) -> list[WaitingPodJson]:
    """The pods that wait, in the JSON answer."""
    return [
        WaitingPodJson(
            cluster=pods.cluster,
            namespace=pod.namespace,
            name=pod.name,
            workload=pod.workload,
            node=pod.node or None,
            since=pod.since,
            message=pod.message or None,
        )
        for pods in found.pods
        for pod in pods.waiting
    ][:_IN_JSON]


def workloads_json(found: Diagnosis) -> list[WorkloadJson]:
    """The workloads with the most addresses, in the JSON answer."""
    return [
        WorkloadJson(
            cluster=pods.cluster, namespace=each.namespace, kind=each.kind, workload=each.workload, ips=each.ips
        )
        for pods in found.pods
        for each in pods.holders[:_HOLDERS]
    ]


def _waiting(group: list[WaitingPod], now: datetime) -> Line:
    first = min(group, key=lambda pod: pod.since)
    wait, oldest = ("waits", "") if len(group) == 1 else ("wait", "oldest ")
    where = "" if first.node else " without a node"
    said = _said(first.message)
    return (
        f"{plural(len(group), 'pod')} of ",
        Mono(f"{first.namespace}/{first.workload or first.name}"),
        f" {wait}{where}, {oldest}{age(first.since, now)}{f': {said}' if said else ''}",
    )


def _said(message: str) -> str:
    """The message's known name, else its beginning."""
    known = next((symptom.name for symptom in SYMPTOMS if symptom.pattern.search(message)), "")
    return known or message[:_MESSAGE_CHARACTERS]
