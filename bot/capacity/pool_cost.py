"""What warm-pool settings cost a cluster: addresses held, EC2 API calls per hour of churn, and pods that wait."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from bot.capacity.ec2_calls import Churn, ec2_calls
from bot.capacity.nodes import HOST_NETWORK_PODS
from bot.capacity.pod_load import Load, node_settings
from bot.capacity.warmpool import PoolSettings, steady_state

DEFAULT_PODS_PER_HOUR = 20.0
"""Pods that start on each node in an hour where nobody says: a few rollouts. An assumption, shown in every answer."""

BAND = 0.25
"""Nodes of a type differ and change: pods per node range this part below and above the mean. An assumption."""

LOOP_SECONDS, ASSIGN_SECONDS, NEW_ENI_SECONDS = 5, 1, 10
"""Seconds of a pod without a warm address: up to one loop of ipamd, then an address or a prefix, or a whole new ENI.

Source: https://github.com/aws/amazon-vpc-cni-k8s/blob/master/pkg/ipamd/ipamd.go (the loop) and
https://docs.aws.amazon.com/eks/latest/best-practices/prefix-mode-linux.html (under 1 s a prefix, up to 10 s an ENI).
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How pods come and go on each node: so many start in an hour (as many go), at most `burst` at the same time."""

    pods_per_hour: float

    @property
    def burst(self) -> int:
        """Pods that start on a node at once: a quarter of the hour's, from 2 to 30. An assumption."""
        return min(max(ceil(self.pods_per_hour / 4), 2), 30)


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeCost:
    """What all nodes of one load cost under some settings; `wait_seconds` is a pod's at worst in a burst."""

    held_ips: int
    calls_per_hour: float
    waiting_pods: int
    wait_seconds: int
    pods_without_address: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What the whole cluster costs under some settings, and each of its loads in their order.

    `waiting_pods` of a burst on every node wait for an address. `new_nodes` says that the figures hold for nodes that
    replace those of today: a change of mode does not reach the others.
    """

    settings: PoolSettings
    new_nodes: bool
    per_type: tuple[TypeCost, ...]

    @property
    def held_ips(self) -> int:
        """Addresses that all nodes hold."""
        return sum(cost.held_ips for cost in self.per_type)

    @property
    def calls_per_hour(self) -> float:
        """EC2 API calls of all nodes in an hour."""
        return sum(cost.calls_per_hour for cost in self.per_type)

    @property
    def waiting_pods(self) -> int:
        """Pods that wait when a burst comes to every node."""
        return sum(cost.waiting_pods for cost in self.per_type)

    @property
    def wait_seconds(self) -> int:
        """Seconds the last of them waits, 0 when none does."""
        return max((cost.wait_seconds for cost in self.per_type), default=0)

    @property
    def pods_without_address(self) -> int:
        """Pods of today that would get no address at all."""
        return sum(cost.pods_without_address for cost in self.per_type)


def pods_band(pods: int) -> tuple[int, int]:
    """The fewest and the most pods a node of a type is taken to have in an hour, around the mean.

    Example: `pods_band(16)` is `(12, 20)`.
    """
    low = int(pods * (1 - BAND))
    return low, max(ceil(pods * (1 + BAND)), low + 1)


def cost(loads: Sequence[Load], settings: PoolSettings, pace: Pace, *, new_nodes: bool = False) -> Cost:
    """The cost of the settings for these nodes; each type is computed once, whatever the number of its nodes.

    Raises: CniRefusesToStart.
    """
    return Cost(
        settings=settings,
        new_nodes=new_nodes,
        per_type=tuple(_type_cost(load, node_settings(settings, load, new_nodes=new_nodes), pace) for load in loads),
    )


def _type_cost(load: Load, settings: PoolSettings, pace: Pace) -> TypeCost:
    limits, pods = load.limits, load.pods
    most = max((settings.max_pods or pods + HOST_NETWORK_PODS) - HOST_NETWORK_PODS, pods)
    pool = steady_state(limits, settings, pods)
    low, high = pods_band(pods)
    high = max(min(high, most), pods)
    calls = 0.0
    if high > low:
        churn = Churn(swing=high - low, times_per_hour=pace.pods_per_hour / (high - low))
        calls = ec2_calls(limits, settings, low, churn).calls
    waits = [_wait(load, settings, each, min(pace.burst, most - each)) for each in dict.fromkeys((pods, high))]
    waiting, seconds = max(waits)
    return TypeCost(
        held_ips=pool.subnet_addresses * load.nodes,
        calls_per_hour=calls * load.nodes,
        waiting_pods=waiting * load.nodes,
        wait_seconds=seconds,
        pods_without_address=pool.pods_without_address * load.nodes,
    )


def _wait(load: Load, settings: PoolSettings, pods: int, burst: int) -> tuple[int, int]:
    """Pods of a burst on a node with `pods` that wait for an address they will get, and the seconds of the last."""
    pool = steady_state(load.limits, settings, pods)
    short = burst - pool.unused
    if short <= 0:
        return 0, 0
    grown = steady_state(load.limits, settings, pods + burst)
    waiting = short - (grown.pods_without_address - pool.pods_without_address)
    if waiting <= 0:
        return 0, 0
    new_enis = grown.enis - pool.enis
    # Each ENI takes a loop of its own.
    return waiting, LOOP_SECONDS + ASSIGN_SECONDS if not new_enis else new_enis * (LOOP_SECONDS + NEW_ENI_SECONDS)
