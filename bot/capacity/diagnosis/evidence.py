"""The evidence: what was read for a diagnosis, each piece with its age or with why it could not be read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.capacity.diagnosis.node_pools import NodePool
from bot.capacity.diagnosis.pods import stuck
from bot.capacity.node_mix import NodeMix
from bot.capacity.standing import Standing
from bot.capacity.warmpool import PoolMode, PoolSettings
from bot.inventory import Cluster, CniSettings, Eni, Reservation, Subnet
from bot.inventory.evidence import CniFigures, RegionEvidence
from bot.inventory.kubernetes import KubernetesFacts, KubernetesNode, PodLoad, WaitingPod
from bot.inventory.launches import LaunchFailure
from bot.wording import span


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """Something that was not read, and why, in one sentence; `of` is the cluster, where others may share the reason."""

    reason: str
    of: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubnetView:
    """A subnet with its figures, everything in it, its tags, and how fast it lately lost addresses.

    Without `enis_read` nothing is known of its interfaces, nor of the nodes that they belong to.
    `tags` are not visible to accounts that a subnet is shared with. `burn_per_hour` is None without a stored past.
    """

    standing: Standing
    enis: tuple[Eni, ...] = ()
    reservations: tuple[Reservation, ...] = ()
    tags: Mapping[str, str] | Unread = field(default_factory=lambda: Unread(reason="tags were not read"))
    burn_per_hour: float | None = None
    enis_read: bool = True

    @property
    def subnet(self) -> Subnet:
        """The subnet itself."""
        return self.standing.subnet


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolUse:
    """The addresses that a cluster's nodes hold for pods and those that pods use; `source` is who counted them."""

    total_ips: int
    used_ips: int
    source: str
    observed_at: datetime

    @property
    def warm_ips(self) -> int:
        """Addresses that no pod uses."""
        return max(self.total_ips - self.used_ips, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterView:
    """A cluster with its nodes and what its CNI, its Auto Scaling groups, its add-on and its own API say.

    `ref` is how eksip's own commands name it. `settings` are the DaemonSet's where it was read, else the add-on's over
    the shipped ones; `known` is False where nobody tells and they were assumed. `addon` are the add-on's own where
    `cluster` has the DaemonSet's in their place.
    """

    cluster: Cluster
    ref: str
    settings: PoolSettings
    known: bool
    mix: NodeMix
    pools: tuple[NodePool, ...] = ()
    figures: CniFigures | Unread = Unread(reason="CNI metrics were not read")
    launches: tuple[LaunchFailure, ...] | Unread = Unread(reason="launch failures were not read")
    kubernetes: KubernetesFacts | Unread = Unread(reason="the cluster's own API was not asked")
    addon: CniSettings | None = None

    @property
    def ipv4(self) -> bool:
        """Whether its pods take IPv4 addresses from subnets."""
        return self.cluster.ip_family == "ipv4"

    @property
    def prefixes(self) -> bool:
        """Whether its nodes take /28 blocks: by its settings where they are known, else by what nodes hold."""
        held = self.mix.in_mode(PoolMode.PREFIX) > 0
        return self.settings.mode is PoolMode.PREFIX if self.known else held

    @property
    def subnet_ids(self) -> frozenset[str]:
        """The subnets that give its nodes and pods their addresses."""
        pods = frozenset(self.mix.subnets)
        fargate = (profile.subnet_ids for profile in self.cluster.fargate_profiles)
        return pods.union(self.cluster.node_subnet_ids, *fargate)

    @property
    def facts(self) -> KubernetesFacts | None:
        """What its own API showed; None where it could not be asked."""
        return None if isinstance(self.kubernetes, Unread) else self.kubernetes

    @property
    def set_by(self) -> str:
        """Who says what its settings are."""
        return "the DaemonSet aws-node" if self.facts and self.facts.daemon_set else "the add-on"

    @property
    def use(self) -> PoolUse | None:
        """How many of its nodes' addresses pods use: as its pods show, else as CNI Metrics Helper counts; None if not.

        Nodes that Kubernetes does not know are left out of the count.
        """
        counted = [(pool.pod_ips, load.with_pool_ip) for pool in self.pools if (load := self.load(pool)) is not None]
        if self.facts is not None and counted:
            total, used = (sum(each) for each in zip(*counted, strict=True))
            return PoolUse(total_ips=total, used_ips=used, source="pods", observed_at=self.facts.observed_at)
        figures = self.figures
        if isinstance(figures, Unread) or figures.total_ips is None or figures.assigned_ips is None:
            return None
        total, used = round(figures.total_ips), round(figures.assigned_ips)
        return PoolUse(total_ips=total, used_ips=used, source="CNI metrics", observed_at=figures.observed_at)

    @property
    def warm_ips(self) -> int | None:
        """Addresses on its nodes that no pod uses; None where nobody counts."""
        use = self.use
        return None if use is None else use.warm_ips

    def node(self, pool: NodePool) -> KubernetesNode | None:
        """The node as Kubernetes sees it; None where it does not know it or was not asked."""
        return self.facts.by_instance.get(pool.node.instance_id) if self.facts is not None else None

    def load(self, pool: NodePool) -> PodLoad | None:
        """The pods on the node; None where they are not known."""
        node = self.node(pool)
        if node is None or self.facts is None or self.facts.loads is None:
            return None
        return self.facts.loads.get(node.name, PodLoad())


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Everything that was read, at `read_at`; `focus` are the subnets the question is about, all of them without any.

    `focus_nodes` are the instances it names. `states` are those of the instances that detached interfaces were made
    for. `missing` says in sentences what the question named and was not found, or was left out.
    """

    now: datetime
    read_at: datetime
    subnets: Mapping[str, SubnetView]
    clusters: tuple[ClusterView, ...] = ()
    focus: frozenset[str] = frozenset()
    focus_nodes: frozenset[str] = frozenset()
    states: Mapping[str, str] | Unread = Unread(reason="instances were not read")
    places: tuple[RegionEvidence, ...] | Unread = Unread(reason="quotas were not read")
    throttled: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def looked_at(self) -> tuple[SubnetView, ...]:
        """The IPv4 subnets that matter: those in focus, else those of the clusters' nodes, else all that were read."""
        wanted = self.focus or frozenset().union(*(view.subnet_ids for view in self.clusters))
        views = (self.subnets[key] for key in sorted(wanted & self.subnets.keys()))
        found = tuple(view for view in views if view.subnet.cidr is not None)
        if found or self.focus or self.clusters:
            return found
        return tuple(view for view in self.subnets.values() if view.subnet.cidr is not None)

    def clusters_of(self, subnet_id: str) -> tuple[ClusterView, ...]:
        """The clusters whose nodes or pods take addresses from the subnet."""
        return tuple(view for view in self.clusters if subnet_id in view.subnet_ids)

    def pools(self, view: ClusterView) -> tuple[NodePool, ...]:
        """The cluster's nodes that the question is about: those it names, else those of the subnets in focus."""
        if self.focus_nodes:
            return tuple(pool for pool in view.pools if pool.node.instance_id in self.focus_nodes)
        if not self.focus:
            return view.pools
        return tuple(p for p in view.pools if p.node.subnet_id in self.focus or p.pod_subnets & self.focus)

    def waiting(self, view: ClusterView) -> tuple[WaitingPod, ...]:
        """The cluster's pods that wait: all of them, or those on the nodes that the question is about."""
        if view.facts is None:
            return ()
        found = stuck(view.facts, self.now)
        if not (self.focus or self.focus_nodes):
            return found
        names = {node.name for pool in self.pools(view) if (node := view.node(pool)) is not None}
        return tuple(pod for pod in found if pod.node in names)

    def waiting_on(self, view: ClusterView, pools: Iterable[NodePool]) -> int:
        """How many of them wait on these nodes."""
        names = {node.name for pool in pools if (node := view.node(pool)) is not None}
        return sum(pod.node in names for pod in self.waiting(view))

    def ago(self, moment: datetime) -> str:
        """How long ago a moment was, in words."""
        return f"{span(max(self.now - moment, timedelta(0)))} ago"


def counted(number: int, word: str, many: str = "") -> str:
    """A number with its noun: "1 node", "1,200 nodes"."""
    return f"{number:,} {word if number == 1 else many or word + 's'}"


def listed(names: Iterable[str], most: int = 3) -> str:
    """Some names and how many more there are: "a, b, c and 4 more"."""
    every = list(dict.fromkeys(names))
    rest = len(every) - most
    return ", ".join(every[:most]) + (f" and {rest:,} more" if rest > 0 else "")
