"""The evidence: what was read for a diagnosis, each piece with its age or with why it could not be read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.capacity.diagnosis.node_pools import NodePool
from bot.capacity.node_mix import NodeMix
from bot.capacity.standing import Standing
from bot.capacity.warmpool import PoolMode, PoolSettings
from bot.inventory import Cluster, Eni, Reservation, Subnet
from bot.inventory.evidence import CniFigures, RegionEvidence
from bot.inventory.launches import LaunchFailure
from bot.wording import span


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """Something that was not read, and why, in one sentence."""

    reason: str


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
class ClusterView:
    """A cluster with its nodes and what its CNI, its Auto Scaling groups and its add-on say.

    `ref` is how eksip's own commands name it. `settings` are the add-on's over the shipped ones; `known` is False
    where nobody tells and they were assumed.
    """

    cluster: Cluster
    ref: str
    settings: PoolSettings
    known: bool
    mix: NodeMix
    pools: tuple[NodePool, ...] = ()
    figures: CniFigures | Unread = Unread(reason="CNI metrics were not read")
    launches: tuple[LaunchFailure, ...] | Unread = Unread(reason="launch failures were not read")

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
    def warm_ips(self) -> int | None:
        """Addresses on its nodes that no pod uses, as CNI Metrics Helper counts them; None where it does not."""
        if isinstance(self.figures, Unread) or self.figures.total_ips is None or self.figures.assigned_ips is None:
            return None
        return max(round(self.figures.total_ips - self.figures.assigned_ips), 0)


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
