"""One cluster read: every part at the same time within one deadline, each a fact or the reason why there is none."""

import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from bot.errors import QueryError
from bot.inventory.kubernetes import (
    ClusterAccess,
    CniDaemonSet,
    CniNode,
    CniPod,
    EniConfig,
    Holder,
    KubernetesFacts,
    KubernetesNode,
    KubernetesPart,
    PodLoad,
    WaitingPod,
)
from bot.kubernetes import convert, reads
from bot.kubernetes.api import ClusterApi, Listed, Patience
from bot.kubernetes.convert import EventRow, PodRow
from bot.kubernetes.reads import ClusterRead

log = logging.getLogger(__name__)

_WORKERS = 4
"""Requests to one cluster at once: its API server has other callers."""

MOST_WAITING, MOST_HOLDERS = 500, 20
"""Pods that wait, and workloads with the most addresses, that are kept of one cluster."""

_LATE = "no answer in time"

T = TypeVar("T")


def read_cluster(access: ClusterAccess, patience: Patience, now: datetime) -> KubernetesFacts:
    """What the cluster's API shows, observed at `now`; parts that were refused or late are named in it.

    Raises: QueryError when nothing at all could be read.
    """
    api = ClusterApi(access, patience)
    pool = ThreadPoolExecutor(max_workers=_WORKERS, thread_name_prefix="kubernetes")
    try:
        begun = {read: pool.submit(_call(api, read)) for read in reads.READS}
        wait(begun.values(), timeout=patience.left)
        answers = _Answers(begun)
    finally:
        # What still hangs ends by its own timeouts; nobody waits for it here.
        pool.shutdown(wait=False, cancel_futures=True)
        api.close()
    facts = _facts(answers, now)
    reasons = {reason for _, reason in facts.unread}
    if len(facts.unread) == len(KubernetesPart) and len(reasons) == 1:
        raise QueryError(reasons.pop())
    return facts


_TAKES: Mapping[ClusterRead, Callable[[Mapping[str, Any]], object]] = {
    reads.DAEMON_SET: convert.daemon_set,
    reads.CONFIG_MAP: convert.config_map,
    reads.CNI_PODS: convert.cni_pod,
    reads.ENI_CONFIGS: convert.eni_config,
    reads.CNI_NODES: convert.cni_node,
    reads.NODES: convert.node,
    reads.WAITING: convert.pod,
    reads.SANDBOX_EVENTS: convert.event,
    reads.SCHEDULING_EVENTS: convert.event,
    reads.PODS: convert.pod,
}


def _call(api: ClusterApi, read: ClusterRead) -> Callable[[], Any]:
    take = _TAKES[read]
    return (lambda: api.get(read, take)) if read.name else (lambda: api.list(read, take))


class _Answers:
    """What the reads brought; a read that failed or is late is noted under its part."""

    def __init__(self, begun: Mapping[ClusterRead, "Future[Any]"]) -> None:
        self._begun = begun
        self.unread: dict[KubernetesPart, str] = {}

    def of(self, read: ClusterRead, kind: type[T]) -> T | None:
        """The answer; None where there is none, with the reason noted unless the cluster has no such object."""
        future = self._begun[read]
        if not future.done() or future.cancelled():
            self.unread[read.part] = _LATE
            return None
        try:
            found = future.result()
        except QueryError as error:
            self.unread[read.part] = error.message
            return None
        return found if isinstance(found, kind) else None

    def rows(self, read: ClusterRead, kind: type[T]) -> tuple[T, ...] | None:
        """The items of a list; None where it was not read to its end."""
        listed = self.of(read, Listed)
        if listed is None:
            return None
        if listed.cut:
            self.unread[read.part] = "there are more than I read (most_pods in [kubernetes])"
            return None
        return tuple(item for item in listed.items if isinstance(item, kind))


def _facts(answers: _Answers, now: datetime) -> KubernetesFacts:
    waiting = answers.rows(reads.WAITING, PodRow)
    running = answers.rows(reads.PODS, PodRow)
    events = [
        row for read in (reads.SANDBOX_EVENTS, reads.SCHEDULING_EVENTS) for row in answers.rows(read, EventRow) or ()
    ]
    daemon_set = answers.of(reads.DAEMON_SET, CniDaemonSet)
    config = answers.of(reads.CONFIG_MAP, tuple)
    facts = KubernetesFacts(
        observed_at=now,
        daemon_set=daemon_set,
        cni_pods=answers.rows(reads.CNI_PODS, CniPod),
        config_map=config if config is not None or KubernetesPart.CONFIG_MAP in answers.unread else (),
        eni_configs=answers.rows(reads.ENI_CONFIGS, EniConfig),
        cni_nodes=answers.rows(reads.CNI_NODES, CniNode),
        nodes=answers.rows(reads.NODES, KubernetesNode),
    )
    if daemon_set is None and KubernetesPart.DAEMON_SET not in answers.unread:
        answers.unread[KubernetesPart.DAEMON_SET] = "kube-system has no DaemonSet aws-node"
    if waiting is not None:
        found = _waiting(waiting, events, now)
        facts = replace(facts, waiting=found[:MOST_WAITING], waiting_pods=len(found))
    if running is not None:
        # A pod whose images are still fetched is pending and has its address already.
        placed = [row for row in (*running, *(waiting or ())) if row.node]
        holders = _holders(row for row in placed if row.ip and not row.host_network)
        facts = replace(
            facts,
            loads=_loads(placed),
            holders=tuple(holders[:MOST_HOLDERS]),
            namespaces=_namespaces(holders)[:MOST_HOLDERS],
        )
    return replace(facts, unread=tuple(answers.unread.items()))


def _waiting(rows: Iterable[PodRow], events: Iterable[EventRow], now: datetime) -> tuple[WaitingPod, ...]:
    """The pods that need an address and have none, the longest wait first, each with the newest event about it."""
    newest: dict[tuple[str, str], EventRow] = {}
    for event in sorted(events, key=lambda each: each.seen_at):
        newest[event.namespace, event.pod] = event
    found = []
    for row in rows:
        if row.host_network or row.ip:
            continue
        event_of = newest.get((row.namespace, row.name))
        found.append(
            WaitingPod(
                namespace=row.namespace,
                name=row.name,
                workload=row.workload,
                since=row.created_at or now,
                node=row.node,
                reason=event_of.reason if event_of else "",
                message=event_of.message if event_of else "",
                seen_at=event_of.seen_at if event_of else None,
            )
        )
    return tuple(sorted(found, key=lambda pod: (pod.since, pod.namespace, pod.name)))


def _loads(rows: Iterable[PodRow]) -> dict[str, PodLoad]:
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        kept = counts[row.node]
        kept["pods"] += 1
        if row.ip and not row.host_network:
            kept["branch" if row.branch else "pool"] += 1
    return {
        name: PodLoad(pods=kept["pods"], with_pool_ip=kept["pool"], with_branch=kept["branch"])
        for name, kept in counts.items()
    }


def _holders(rows: Iterable[PodRow]) -> list[Holder]:
    counts = Counter((row.namespace, row.workload, row.kind) for row in rows)
    held = [
        Holder(namespace=namespace, workload=workload, kind=kind, ips=ips)
        for (namespace, workload, kind), ips in counts.items()
    ]
    return sorted(held, key=lambda each: (-each.ips, each.namespace, each.workload))


def _namespaces(holders: Iterable[Holder]) -> tuple[tuple[str, int], ...]:
    counts: Counter[str] = Counter()
    for holder in holders:
        counts[holder.namespace] += holder.ips
    return tuple(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
