"""What CloudWatch and Service Quotas say beside EC2 and EKS: the CNI's own figures, usage, quotas, existing alarms."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from bot.inventory.network import BlindSpot


@dataclass(frozen=True, slots=True, kw_only=True)
class CniFigures:
    """What CNI Metrics Helper published of one cluster, summed over its nodes; None where it published nothing.

    Gauges are those of the newest minute that has them, `observed_at` is that minute. The errors are at least those
    of the `window` before it: of each minute the larger of its readings counts.
    """

    cluster: str
    observed_at: datetime
    window: timedelta
    assigned_ips: float | None = None
    total_ips: float | None = None
    max_ips: float | None = None
    enis: float | None = None
    max_enis: float | None = None
    prefixes: float | None = None
    ipamd_errors: float | None = None
    ec2_api_errors: float | None = None
    aws_api_errors: float | None = None
    pod_eni_errors: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkAddressUsage:
    """Network Address Usage of a VPC, alone and with its peers of the Region; None where the metric has no value.

    The metric is off until it is switched on for the VPC, and has one value a day.
    """

    vpc_id: str
    observed_at: datetime
    units: int | None = None
    peered_units: int | None = None


class QuotaSource(Enum):
    """Where the value of a quota comes from."""

    APPLIED = "applied"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaUsage:
    """The metric that AWS names for the usage of a quota, as Service Quotas describes it."""

    namespace: str
    metric: str
    dimensions: tuple[tuple[str, str], ...]
    statistic: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """One quota of an account in a region; `source` tells the applied value from AWS's default."""

    code: str
    name: str
    value: int
    source: QuotaSource
    usage: QuotaUsage | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudWatchAlarm:
    """An alarm that exists in CloudWatch: what it watches, when it goes off, and its state now.

    `metric` is empty for an alarm on an expression of several metrics. `state` has CloudWatch's spelling (OK, ALARM,
    INSUFFICIENT_DATA).
    """

    name: str
    namespace: str
    metric: str
    dimensions: tuple[tuple[str, str], ...]
    statistic: str
    comparison: str
    threshold: float | None
    period_seconds: int | None
    state: str
    state_since: datetime | None
    actions_enabled: bool

    def dimension(self, name: str) -> str | None:
        """The value of a dimension, or None."""
        return dict(self.dimensions).get(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What to ask about an account and region: CNI figures of clusters, address usage of VPCs, usage of quotas.

    `count_interfaces` has the interfaces counted one by one where AWS names no metric for it.
    """

    clusters: tuple[str, ...] = ()
    vpc_ids: tuple[str, ...] = ()
    quota_usage: bool = True
    count_interfaces: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionEvidence:
    """What one read of one account and region brought besides EC2 and EKS, with what it could not see.

    A quota that could not be read is there with AWS's default and says so. `enis` counts the account's interfaces in
    the region, or is more than there can be where that is far from the quota; None where nothing is known.
    """

    account_id: str
    region: str
    observed_at: datetime
    cni: tuple[CniFigures, ...] = ()
    address_usage: tuple[NetworkAddressUsage, ...] = ()
    quotas: tuple[Quota, ...] = ()
    enis: int | None = None
    blind_spots: tuple[BlindSpot, ...] = ()

    def quota(self, code: str) -> Quota | None:
        """The quota with this code, or None where it was not asked for."""
        return next((quota for quota in self.quotas if quota.code == code), None)
