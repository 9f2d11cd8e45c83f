"""Alarms for CloudWatch that watch what our rules watch, for when nobody looks at Slack: one set per cluster and VPC.

The thresholds follow from what the estate shows now: what all nodes can hold, the applied quotas, our own settings.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from bot.alerts.thresholds import Thresholds
from bot.inventory.evidence import CloudWatchAlarm, CniFigures, NetworkAddressUsage

CNI_NAMESPACE, CNI_DIMENSION = "Kubernetes", "CLUSTER_ID"
"""Source: https://github.com/aws/amazon-vpc-cni-k8s/tree/master/cmd/cni-metrics-helper."""

NAU_NAMESPACE, NAU_DIMENSION = "AWS/EC2", "Per-VPC Metrics"
"""Source: https://docs.aws.amazon.com/vpc/latest/userguide/network-address-usage.html."""

MINUTE, DAY = 60, 86_400

ENI_PCT = 95
"""Interfaces attached, percent of what the nodes may attach: the next pods of full nodes then find no interface."""

ERROR_WINDOW = 15
"""Minutes in which our own rule counts errors."""

ABOVE = "GreaterThanOrEqualToThreshold"


class Missing(Enum):
    """What a missing data point means, in CloudWatch's words.

    Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
    """

    NOT_BREACHING = "notBreaching"
    MISSING = "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedAlarm:
    """One alarm to have: goes off when `datapoints` of the last `periods` data points reach the threshold.

    `published` tells whether its metric has data now, `existing` is an alarm on the same metric that is there already.
    """

    name: str
    namespace: str
    metric: str
    dimension: tuple[str, str]
    statistic: str
    period_seconds: int
    periods: int
    datapoints: int
    threshold: float
    missing: Missing
    why: str
    published: bool
    existing: CloudWatchAlarm | None = None


def cluster_alarms(cluster: str, figures: CniFigures | None, limits: Thresholds) -> tuple[ProposedAlarm, ...]:
    """The alarms on CNI Metrics Helper's figures of a cluster.

    Those on a share of what the nodes can hold need its figure; without one only errors are watched.
    """
    per_minute = math.ceil(limits.cni_errors / ERROR_WINDOW)
    told = f"[alerts] cni_errors: {limits.cni_errors} in {ERROR_WINDOW} min, so {per_minute} a minute, 5 minutes of 15"
    found = []
    if figures is not None and figures.max_ips:
        ips = math.floor(figures.max_ips * limits.cni_saturation_pct / 100)
        why = f"{limits.cni_saturation_pct:g}% of the {figures.max_ips:,.0f} addresses that all nodes can hold now"
        found.append(_cni(cluster, "pods-near-node-limit", "assignIPAddresses", ips, why, published=True))
    if figures is not None and figures.max_enis:
        enis = math.floor(figures.max_enis * ENI_PCT / 100)
        why = f"{ENI_PCT}% of the {figures.max_enis:,.0f} interfaces that all nodes can attach now"
        found.append(_cni(cluster, "interfaces-near-node-limit", "eniAllocated", enis, why, published=True))
    published = figures is not None
    for suffix, metric in (("ipamd-errors", "ipamdErr"), ("ec2-api-errors", "ec2ApiErrCount")):
        found.append(_cni(cluster, suffix, metric, per_minute, told, published=published, errors=True))
    return tuple(found)


def vpc_alarms(
    vpc_id: str,
    usage: NetworkAddressUsage | None,
    quotas: tuple[int | None, int | None],
    limits: Thresholds,
) -> tuple[ProposedAlarm, ...]:
    """The alarms on a VPC's Network Address Usage, alone and with its peers; `quotas` are those of the two."""
    rows = (
        ("nau", "NetworkAddressUsage", quotas[0], usage is not None and usage.units is not None),
        (
            "nau-with-peers",
            "NetworkAddressUsagePeered",
            quotas[1],
            usage is not None and usage.peered_units is not None,
        ),
    )
    return tuple(
        ProposedAlarm(
            name=f"eksip-{vpc_id}-{suffix}",
            namespace=NAU_NAMESPACE,
            metric=metric,
            dimension=(NAU_DIMENSION, vpc_id),
            statistic="Maximum",
            period_seconds=DAY,
            periods=1,
            datapoints=1,
            threshold=math.floor(quota * limits.nau_quota_pct / 100),
            missing=Missing.MISSING,
            why=f"{limits.nau_quota_pct:g}% of the quota of {quota:,} units",
            published=published,
        )
        for suffix, metric, quota, published in rows
        if quota is not None
    )


def matched(proposed: ProposedAlarm, existing: Iterable[CloudWatchAlarm]) -> CloudWatchAlarm | None:
    """The alarm there is on the same series; ours by name before others, None when there is none."""
    same = [
        alarm
        for alarm in existing
        if (alarm.namespace, alarm.metric) == (proposed.namespace, proposed.metric)
        and alarm.dimensions == (proposed.dimension,)
    ]
    return min(same, key=lambda alarm: (alarm.name != proposed.name, alarm.name), default=None)


def _cni(
    cluster: str, suffix: str, metric: str, threshold: float, why: str, *, published: bool, errors: bool = False
) -> ProposedAlarm:
    return ProposedAlarm(
        name=f"eksip-{cluster}-{suffix}",
        namespace=CNI_NAMESPACE,
        metric=metric,
        dimension=(CNI_DIMENSION, cluster),
        # The helper publishes about two data points a minute: a sum would count a gauge twice.
        statistic="Maximum" if errors else "Average",
        period_seconds=MINUTE,
        periods=ERROR_WINDOW,
        datapoints=5 if errors else 10,
        threshold=threshold,
        missing=Missing.NOT_BREACHING if errors else Missing.MISSING,
        why=why,
        published=published,
    )
