"""EC2 API calls that a node's warm pool costs: per action of ipamd, at a node's start, and per hour of pod churn."""

from dataclasses import dataclass

from bot.capacity.warmpool import PoolSettings, startup, steady_state
from bot.inventory import InstanceLimits

RETURNS_PER_HOUR = 120
"""Most returns of addresses in an hour: one per 30 s. Source: the CNI's ipamd.go, decreaseIPPoolInterval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionCalls:
    """API calls of one action of ipamd.

    `new_eni`: DescribeSubnets, CreateNetworkInterface, DescribeInstances, AttachNetworkInterface,
    ModifyNetworkInterfaceAttribute, and DescribeSubnets again where subnets are discovered (not under custom
    networking). `assign` and `unassign`: Assign/UnassignPrivateIpAddresses. `free_eni`: DescribeNetworkInterfaces,
    DetachNetworkInterface, DeleteNetworkInterface.
    Source: https://github.com/aws/amazon-vpc-cni-k8s/blob/master/pkg/awsutils/awsutils.go
    """

    new_eni: int
    assign: int = 1
    unassign: int = 1
    free_eni: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Churn:
    """How pods come and go on a node: `times_per_hour`, `swing` more pods come one at a time, and go again.

    A rolling replacement of 20 pods an hour, the new pod before the old one goes, is a swing of 1, 20 times.
    """

    swing: int
    times_per_hour: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HourlyCalls:
    """Actions of ipamd on one node in an hour of churn, and the API calls they make together."""

    new_enis: float
    assigns: float
    unassigns: float
    freed_enis: float
    calls: float


def calls_per_action(settings: PoolSettings) -> ActionCalls:
    """The API calls of each action with these settings and subnet discovery left on, as it is by default."""
    return ActionCalls(new_eni=5 if settings.custom_networking else 6)


def node_start_calls(limits: InstanceLimits, settings: PoolSettings) -> int:
    """API calls until a node without pods has its warm pool.

    DescribeNetworkInterfaces, CreateTags and DescribeSubnets for the primary ENI, then the actions that fill the pool.
    Raises: CniRefusesToStart.
    Source: https://github.com/aws/amazon-vpc-cni-k8s/blob/master/pkg/ipamd/ipamd.go (nodeInit)
    """
    pool = startup(limits, settings)
    each = calls_per_action(settings)
    fill_primary = each.assign if pool.per_eni[0] else 0
    return 3 + fill_primary + (pool.enis - 1) * each.new_eni


def ec2_calls(limits: InstanceLimits, settings: PoolSettings, pods: int, churn: Churn) -> HourlyCalls:
    """The API calls of one node in an hour, around `pods` pods that need an address.

    An upper figure for what shrinks: addresses that pods keep scattered over ENIs are not returned at all, and returns
    that come within 30 s of each other share a call.
    Raises: CniRefusesToStart; ValueError for negative pods.
    """
    low, high = steady_state(limits, settings, pods), steady_state(limits, settings, pods + churn.swing)
    each = calls_per_action(settings)
    enis = high.enis - low.enis
    single = settings.ip_targets or low.prefixes is not None
    units = sum(high.per_eni) - sum(low.per_eni) if single else 0
    # A new ENI comes with the one address or prefix that was missing; the rest are asked for one by one.
    new_enis, assigns = enis * churn.times_per_hour, max(units - enis, 0) * churn.times_per_hour
    unassigns = min(units * churn.times_per_hour, RETURNS_PER_HOUR)
    return HourlyCalls(
        new_enis=new_enis,
        assigns=assigns,
        unassigns=unassigns,
        freed_enis=new_enis,
        calls=new_enis * (each.new_eni + each.free_eni) + assigns * each.assign + unassigns * each.unassign,
    )
