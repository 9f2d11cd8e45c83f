"""Thresholds: when each rule speaks. The defaults suit a /28 and a /16 alike; each names where it comes from."""

from dataclasses import dataclass
from datetime import timedelta

from bot.capacity.subnets import Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """The figures every rule compares with; percentages are 0-100.

    `clear_ratio` is how far past its threshold a value must be before recovery begins, for rules that have no setting
    of their own: by a quarter, and at least by one.
    """

    subnets: Limits

    blocks_floor: int = 8
    blocks_low_pct: float = 5.0
    blocks_critical: int = 2
    """Free /28 blocks: two for each of the next four nodes, 5 % of a large subnet, and critical when the next node
    may not get its two. A node takes a prefix when it starts and a second as its warm one.

    Source: https://docs.aws.amazon.com/eks/latest/best-practices/prefix-mode-linux.html (WARM_PREFIX_TARGET 1).
    """

    nodes_fit: int = 3
    nodes_fit_critical: int = 1
    """More nodes of a node group's type that must fit: an update of a managed node group launches up to twice as many
    as it has AZs, at least one; three covers a group over three AZs losing room for one in each.

    Source: https://docs.aws.amazon.com/eks/latest/userguide/managed-node-update-behavior.html (setup and scale up).
    """

    control_plane_ips: int = 5
    control_plane_azs: int = 2
    """Free addresses that EKS wants in each cluster subnet for an update, and the AZs it must find them in.

    Source: https://docs.aws.amazon.com/eks/latest/userguide/update-cluster.html (up to five free addresses) and
    https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html (at least two subnets in different AZs).
    """

    load_balancer_ips: int = 8
    """Free addresses of a subnet for a load balancer to be created or to scale.

    Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html
    (subnets for your load balancer: at least eight free addresses per subnet).
    """

    burn_warning: timedelta = timedelta(hours=3)
    burn_critical: timedelta = timedelta(hours=1)
    burn_clear: timedelta = timedelta(hours=6)
    """Time left by the gated burn rate: at these horizons a backtest found 97 % of exhaustions (ALERTING 4.2)."""

    cni_saturation_pct: float = 85.0
    cni_saturation_critical_pct: float = 95.0
    """Addresses that pods use of those all nodes can hold. kube-prometheus warns a node below ten left, which is 83 %
    of an m5.large fleet's addresses and 95 % of a large node's.

    Source: https://github.com/prometheus-operator/kube-prometheus (platforms/eks.libsonnet,
    awscni_ip_max - awscni_assigned_ip_addresses < 10).
    """

    cni_errors: int = 10
    cni_errors_critical: int = 100
    """ipamd or EC2 API errors of all nodes of a cluster in one window: a retried call now and then is ordinary."""

    eni_quota_pct: float = 80.0
    nau_quota_pct: float = 75.0
    quota_critical_pct: float = 95.0
    """Share of a quota in use. AWS suggests an alarm at 50,000 of 64,000 NAU units, 78 %.

    Source: https://docs.aws.amazon.com/vpc/latest/userguide/network-address-usage.html (NAU and its alarm) and
    https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html (5,000 network interfaces per Region).
    """

    blind_polls: int = 3
    """Polls in a row that must fail: one throttled or dropped read says nothing (ALERTING 2.1)."""

    clear_ratio: float = 1.25
