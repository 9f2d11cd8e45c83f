"""Clusters' Kubernetes APIs, read only where somebody asks why pods wait; needs the extra [kubernetes].

Everything works without it: what could not be asked is told, with the reason.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from importlib.util import find_spec
from time import monotonic

from bot.config import KubernetesSettings
from bot.errors import QueryError
from bot.inventory.kubernetes import ClusterAccess, KubernetesFacts
from bot.kubernetes.api import NOT_INSTALLED, Patience
from bot.kubernetes.incluster import in_cluster_access
from bot.kubernetes.reading import read_cluster
from bot.kubernetes.trials import Trial, trials

KEPT_SECONDS = 10.0
"""Age up to which one read serves whoever asks: in an incident several people ask within seconds."""

FAILURE_KEPT_SECONDS = 60.0
"""How long a cluster that cannot be read is left alone: each try costs the asker up to the whole timeout."""

_MOST_KEPT = 256


@dataclass(slots=True)
class _Kept:
    """The last read of one cluster; `lock` lets one thread read while the others wait for its answer."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    until: float = float("-inf")
    facts: KubernetesFacts | None = None
    failure: str = ""


class Kubernetes:
    """Reads clusters by their Kubernetes API; safe to use from many threads."""

    def __init__(
        self,
        settings: KubernetesSettings,
        now: Callable[[], datetime],
        *,
        timer: Callable[[], float] = monotonic,
    ) -> None:
        self._settings = settings
        self._now = now
        self._timer = timer
        self._lock = threading.Lock()
        self._kept: dict[str, _Kept] = {}

    @property
    def unusable(self) -> str:
        """Why no cluster is asked at all; "" where some are."""
        if self._settings.enabled == "never":
            return "switched off ([kubernetes] enabled)"
        found = find_spec("kubernetes")
        # A folder of that name in the working directory is found too, as a package without a file.
        return "" if found is not None and found.origin is not None else NOT_INSTALLED

    def why_not(self, cluster: str) -> str:
        """Why the cluster of that name is not asked; "" where it is."""
        if self._settings.enabled != "never" and not self._is_named(cluster):
            return "not named in [kubernetes] clusters"
        return self.unusable

    def _is_named(self, cluster: str) -> bool:
        return not self._settings.clusters or cluster in {*self._settings.clusters, self._settings.in_cluster}

    def facts(self, cluster: str, key: str, access: Callable[[], ClusterAccess]) -> KubernetesFacts:
        """What the cluster's API shows, at most KEPT_SECONDS old; `key` names the cluster alone.

        `access` is called where the cluster is not the one that eksip runs in.
        Raises: QueryError with the reason, for FAILURE_KEPT_SECONDS without another try.
        """
        if reason := self.why_not(cluster):
            raise QueryError(reason)
        kept = self._entry(key)
        with kept.lock:
            if self._timer() >= kept.until:
                self._read(kept, in_cluster_access if cluster == self._settings.in_cluster else access)
            if kept.facts is None:
                raise QueryError(kept.failure)
            return kept.facts

    def trials(self, cluster: str, access: Callable[[], ClusterAccess]) -> tuple[Trial, ...]:
        """Every read of the cluster tried once, now.

        Raises: QueryError with the reason when the cluster is not asked, does not answer, or does not know who asks.
        """
        if reason := self.why_not(cluster):
            raise QueryError(reason)
        way_in = in_cluster_access if cluster == self._settings.in_cluster else access
        return trials(way_in(), self._patience())

    def _patience(self) -> Patience:
        return Patience(
            until=monotonic() + self._settings.timeout.total_seconds(),
            page=self._settings.page,
            most=self._settings.most_pods,
        )

    def _read(self, kept: _Kept, access: Callable[[], ClusterAccess]) -> None:
        try:
            kept.facts, kept.failure = read_cluster(access(), self._patience(), self._now()), ""
        except QueryError as error:
            kept.facts, kept.failure = None, error.message
        kept.until = self._timer() + (FAILURE_KEPT_SECONDS if kept.facts is None else KEPT_SECONDS)

    def _entry(self, key: str) -> _Kept:
        with self._lock:
            if key not in self._kept and len(self._kept) >= _MOST_KEPT:
                del self._kept[next(iter(self._kept))]
            return self._kept.setdefault(key, _Kept())
