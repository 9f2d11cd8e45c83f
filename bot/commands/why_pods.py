"""How a diagnosis shows pods: those that wait, by name, and the workloads that hold the most addresses."""

from datetime import datetime

from bot.answers.diagnosis import WaitingPodJson, WorkloadJson
from bot.capacity.diagnosis.findings import ClusterPods, Diagnosis
from bot.capacity.diagnosis.symptoms import SYMPTOMS
from bot.inventory.kubernetes import WaitingPod
from bot.message import Bullets, Line, Mono
from bot.views import age

_SHOWN, _IN_JSON, _HOLDERS = 4, 50, 5
_MESSAGE_CHARACTERS = 100


def waiting_part(pods: ClusterPods, now: datetime) -> Bullets:
    """The pods of one cluster that wait, the longest wait first: where, since when, what their events say."""
    more = pods.waiting_pods - _SHOWN
    items: list[Line] = [_waiting(pod, now) for pod in pods.waiting[:_SHOWN]]
    if more > 0:
        items.append((f"and {more:,} more",))
    word = "pod waits" if pods.waiting_pods == 1 else "pods wait"
    return Bullets(title=f"{pods.waiting_pods:,} {word} in {pods.cluster}", items=tuple(items))


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


def _waiting(pod: WaitingPod, now: datetime) -> Line:
    where = f"on {pod.node.partition('.')[0]}" if pod.node else "without a node"
    said = _said(pod.message)
    return (Mono(f"{pod.namespace}/{pod.name}"), f" {where}, {age(pod.since, now)}{f': {said}' if said else ''}")


def _said(message: str) -> str:
    """The message's known name, else its beginning."""
    known = next((symptom.name for symptom in SYMPTOMS if symptom.pattern.search(message)), "")
    return known or message[:_MESSAGE_CHARACTERS]
