"""CNI Metrics Helper: the addresses a cluster's nodes hold and those pods use, from CloudWatch."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.aws.errors import translated
from bot.aws.queries import Place

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.type_defs import MetricDataQueryTypeDef, MetricDataResultTypeDef

NAMESPACE = "Kubernetes"
DIMENSION = "CLUSTER_ID"
TOTAL, ASSIGNED = "totalIPAddresses", "assignIPAddresses"
PERIOD_SECONDS = 60
WINDOW = timedelta(minutes=15)
"""How far back a figure still counts as the present one: the helper publishes once a minute."""

CLUSTERS_PER_CALL = 250
"""Two queries a cluster, 500 a call.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html (up to 500 queries).
"""


def warm_ips(place: Place, clusters: Iterable[str], now: datetime) -> dict[str, int]:
    """Warm addresses (held by the nodes, used by no pod) of each cluster that publishes them, by cluster name.

    Total less assigned at the newest minute that has both. The figures are averages: the helper publishes about two
    points a minute, so a sum would double them.
    Source: https://github.com/aws/amazon-vpc-cni-k8s/blob/master/cmd/cni-metrics-helper/README.md
    Raises: QueryError.
    """
    names = list(dict.fromkeys(clusters))
    found: dict[str, int] = {}
    for start in range(0, len(names), CLUSTERS_PER_CALL):
        found.update(_warm(place, names[start : start + CLUSTERS_PER_CALL], now))
    return found


def _warm(place: Place, names: list[str], now: datetime) -> dict[str, int]:
    series: dict[tuple[str, str], dict[datetime, float]] = {}
    queries = [_query(index, metric, name) for index, name in enumerate(names) for metric in (TOTAL, ASSIGNED)]
    with translated(place.account, place.region, "GetMetricData"):
        pages = place.cloudwatch.get_paginator("get_metric_data").paginate(
            MetricDataQueries=queries, StartTime=now - WINDOW, EndTime=now, ScanBy="TimestampDescending"
        )
        for page in pages:
            for result in page["MetricDataResults"]:
                metric, _, index = result["Id"].rpartition("_")
                series.setdefault((names[int(index)], metric), {}).update(_points(result))
    both = {name: _newest(series.get((name, "total"), {}), series.get((name, "assigned"), {})) for name in names}
    return {name: warm for name, warm in both.items() if warm is not None}


def _query(index: int, metric: str, cluster: str) -> "MetricDataQueryTypeDef":
    return {
        "Id": f"{'total' if metric == TOTAL else 'assigned'}_{index}",
        "MetricStat": {
            "Metric": {
                "Namespace": NAMESPACE,
                "MetricName": metric,
                "Dimensions": [{"Name": DIMENSION, "Value": cluster}],
            },
            "Period": PERIOD_SECONDS,
            "Stat": "Average",
        },
    }


def _points(result: "MetricDataResultTypeDef") -> dict[datetime, float]:
    return dict(zip(result.get("Timestamps", ()), result.get("Values", ()), strict=True))


def _newest(total: Mapping[datetime, float], assigned: Mapping[datetime, float]) -> int | None:
    shared = total.keys() & assigned.keys()
    return max(round(total[max(shared)] - assigned[max(shared)]), 0) if shared else None
