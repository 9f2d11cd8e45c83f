"""CloudWatch reads: CNI Metrics Helper's figures, address usage of VPCs, usage of quotas, existing alarms.

Everything is read with Average or Maximum. The helper publishes about two data points a minute, so a sum would double
a gauge.
Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from bot.aws.errors import translated
from bot.aws.queries import Place
from bot.inventory.evidence import CloudWatchAlarm, CniFigures, NetworkAddressUsage, QuotaUsage

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.type_defs import MetricAlarmTypeDef, MetricDataQueryTypeDef

CNI_NAMESPACE = "Kubernetes"
CNI_DIMENSION = "CLUSTER_ID"
"""Source: https://github.com/aws/amazon-vpc-cni-k8s/tree/master/cmd/cni-metrics-helper (its only dimension)."""

NAU_NAMESPACE = "AWS/EC2"
NAU_DIMENSION = "Per-VPC Metrics"
NAU, NAU_PEERED = "NetworkAddressUsage", "NetworkAddressUsagePeered"
"""The dimension's name is literally that.

Source: https://docs.aws.amazon.com/vpc/latest/userguide/network-address-usage.html
"""

QUERIES_PER_CALL = 500
ALARMS_PAGE = 100
"""Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html (1 to 100)."""

MINUTE_SECONDS = 60
CNI_WINDOW = timedelta(minutes=15)
"""How far back a figure still counts as the present one: the helper publishes once a minute."""

DAY_SECONDS = 86_400
NAU_WINDOW = timedelta(days=3)
"""The usage metric has one value a day, at a time of day that AWS does not state."""

USAGE_PERIOD_SECONDS = 300
USAGE_WINDOW = timedelta(hours=1)
"""Usage metrics are published every five minutes or every minute, by service.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-Service-Quota-Integration.html
"""

TOTAL, ASSIGNED = "totalIPAddresses", "assignIPAddresses"
GAUGES = (ASSIGNED, TOTAL, "maxIPAddresses", "eniAllocated", "eniMaxAvailable", "totalIPv4Prefixes")
ERRORS = ("ipamdErr", "ec2ApiErrCount", "awsAPIErr", "podENIErr")
"""Of counters the helper publishes what was added since its last reading.

Source: https://github.com/aws/amazon-vpc-cni-k8s/blob/master/cmd/cni-metrics-helper/metrics/metrics.go
"""

_STATISTICS = frozenset({"Average", "Maximum", "Minimum", "Sum", "SampleCount"})
_Points = Mapping[datetime, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One series to read."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]
    statistic: str
    period_seconds: int


def warm_ips(place: Place, clusters: Iterable[str], now: datetime) -> dict[str, int]:
    """Warm addresses (held by the nodes, used by no pod) of each cluster that publishes them, by cluster name.

    Total less assigned at the newest minute that has both.
    Raises: QueryError.
    """
    names = tuple(dict.fromkeys(clusters))
    series = _series(place, [_cni(name, gauge) for name in names for gauge in (TOTAL, ASSIGNED)], now, CNI_WINDOW)
    found: dict[str, int] = {}
    for name in names:
        total, assigned = series[_cni(name, TOTAL)], series[_cni(name, ASSIGNED)]
        if shared := total.keys() & assigned.keys():
            found[name] = max(round(total[max(shared)] - assigned[max(shared)]), 0)
    return found


def cni_figures(place: Place, clusters: Iterable[str], now: datetime) -> tuple[CniFigures, ...]:
    """What CNI Metrics Helper published of each cluster lately; a cluster without any data point is left out.

    Raises: QueryError.
    """
    names = tuple(dict.fromkeys(clusters))
    metrics = [_cni(name, metric) for name in names for metric in (*GAUGES, *ERRORS)]
    series = _series(place, metrics, now, CNI_WINDOW)
    return tuple(found for name in names if (found := _figures(name, series)) is not None)


def address_usage(place: Place, vpc_ids: Iterable[str], now: datetime) -> tuple[NetworkAddressUsage, ...]:
    """Network Address Usage of those of the VPCs that publish it, which each has to be told to.

    Raises: QueryError.
    """
    wanted = tuple(dict.fromkeys(vpc_ids))
    series = _series(place, [_nau(vpc_id, name) for vpc_id in wanted for name in (NAU, NAU_PEERED)], now, NAU_WINDOW)
    found = []
    for vpc_id in wanted:
        own, peered = series[_nau(vpc_id, NAU)], series[_nau(vpc_id, NAU_PEERED)]
        if own or peered:
            usage = NetworkAddressUsage(
                vpc_id=vpc_id, observed_at=max((*own, *peered)), units=_newest(own), peered_units=_newest(peered)
            )
            found.append(usage)
    return tuple(found)


def quota_usage(place: Place, usage: QuotaUsage, now: datetime) -> int | None:
    """The newest value of the metric that AWS names for a quota's usage; None when it has none.

    Raises: QueryError.
    """
    metric = Metric(
        namespace=usage.namespace,
        name=usage.metric,
        dimensions=usage.dimensions,
        statistic=usage.statistic if usage.statistic in _STATISTICS else "Maximum",
        period_seconds=USAGE_PERIOD_SECONDS,
    )
    return _newest(_series(place, [metric], now, USAGE_WINDOW)[metric])


def alarms(place: Place) -> tuple[CloudWatchAlarm, ...]:
    """Every metric alarm of the account in the region, with its state (DescribeAlarms).

    Raises: QueryError.
    """
    with translated(place.account, place.region, "DescribeAlarms"):
        pages = place.cloudwatch.get_paginator("describe_alarms").paginate(
            AlarmTypes=["MetricAlarm"], PaginationConfig={"PageSize": ALARMS_PAGE}
        )
        return tuple(_alarm(item) for page in pages for item in page.get("MetricAlarms", ()))


def _cni(cluster: str, name: str) -> Metric:
    return Metric(
        namespace=CNI_NAMESPACE,
        name=name,
        dimensions=((CNI_DIMENSION, cluster),),
        statistic="Maximum" if name in ERRORS else "Average",
        period_seconds=MINUTE_SECONDS,
    )


def _nau(vpc_id: str, name: str) -> Metric:
    return Metric(
        namespace=NAU_NAMESPACE,
        name=name,
        dimensions=((NAU_DIMENSION, vpc_id),),
        statistic="Maximum",
        period_seconds=DAY_SECONDS,
    )


def _figures(cluster: str, series: Mapping[Metric, _Points]) -> CniFigures | None:
    gauges = {name: series[_cni(cluster, name)] for name in GAUGES}
    errors = {name: series[_cni(cluster, name)] for name in ERRORS}
    every = [moment for points in (*gauges.values(), *errors.values()) for moment in points]
    if not every:
        return None
    # Assigned and maximum are compared, so both are those of one minute.
    compared = gauges[ASSIGNED].keys() & gauges["maxIPAddresses"].keys()
    newest = max(compared or every)
    gauge = {name: points.get(newest, _latest(points)) for name, points in gauges.items()}
    counted = {name: sum(points.values()) if points else None for name, points in errors.items()}
    return CniFigures(
        cluster=cluster,
        observed_at=newest,
        window=CNI_WINDOW,
        assigned_ips=gauge[ASSIGNED],
        total_ips=gauge[TOTAL],
        max_ips=gauge["maxIPAddresses"],
        enis=gauge["eniAllocated"],
        max_enis=gauge["eniMaxAvailable"],
        prefixes=gauge["totalIPv4Prefixes"],
        ipamd_errors=counted["ipamdErr"],
        ec2_api_errors=counted["ec2ApiErrCount"],
        aws_api_errors=counted["awsAPIErr"],
        pod_eni_errors=counted["podENIErr"],
    )


def _series(place: Place, metrics: Sequence[Metric], now: datetime, window: timedelta) -> Mapping[Metric, _Points]:
    """The data points of each metric in the window before `now`, by their time."""
    found: dict[Metric, dict[datetime, float]] = {metric: {} for metric in metrics}
    for start in range(0, len(metrics), QUERIES_PER_CALL):
        part = metrics[start : start + QUERIES_PER_CALL]
        queries = [_query(number, metric) for number, metric in enumerate(part)]
        with translated(place.account, place.region, "GetMetricData"):
            pages = place.cloudwatch.get_paginator("get_metric_data").paginate(
                MetricDataQueries=queries, StartTime=now - window, EndTime=now, ScanBy="TimestampDescending"
            )
            for page in pages:
                for result in page["MetricDataResults"]:
                    number = int(result["Id"].removeprefix("m"))
                    points = zip(result.get("Timestamps", ()), result.get("Values", ()), strict=True)
                    found[part[number]].update((moment.astimezone(UTC), value) for moment, value in points)
    return found


def _query(number: int, metric: Metric) -> "MetricDataQueryTypeDef":
    return {
        "Id": f"m{number}",
        "MetricStat": {
            "Metric": {
                "Namespace": metric.namespace,
                "MetricName": metric.name,
                "Dimensions": [{"Name": name, "Value": value} for name, value in metric.dimensions],
            },
            "Period": metric.period_seconds,
            "Stat": metric.statistic,
        },
    }


def _latest(points: _Points) -> float | None:
    return points[max(points)] if points else None


def _newest(points: _Points) -> int | None:
    value = _latest(points)
    return None if value is None else round(value)


def _alarm(item: "MetricAlarmTypeDef") -> CloudWatchAlarm:
    return CloudWatchAlarm(
        name=item.get("AlarmName", ""),
        namespace=item.get("Namespace", ""),
        metric=item.get("MetricName", ""),
        dimensions=tuple((each["Name"], each["Value"]) for each in item.get("Dimensions", ())),
        statistic=item.get("Statistic") or item.get("ExtendedStatistic", ""),
        comparison=item.get("ComparisonOperator", ""),
        threshold=item.get("Threshold"),
        period_seconds=item.get("Period"),
        state=item.get("StateValue", ""),
        state_since=item.get("StateTransitionedTimestamp") or item.get("StateUpdatedTimestamp"),
        actions_enabled=item.get("ActionsEnabled", True),
    )
