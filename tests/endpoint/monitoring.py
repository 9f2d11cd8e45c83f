"""CloudWatch and Service Quotas: figures of the CNI Metrics Helper, no alarms, AWS's default quotas.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html and
https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_ListServiceQuotas.html.
"""

import json
from collections.abc import Mapping
from typing import Any

from .answers import Answer, ApiError, Caller, Request, json_answer
from .estate import Estate

_QUOTAS = {"L-DF5E4CA3": ("Network interfaces per Region", 5000.0), "L-83CA0A9D": ("IPv4 CIDR blocks per VPC", 5.0)}
"""Source: https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html"""


def quotas(request: Request) -> Answer:
    """ListServiceQuotas of VPC, with AWS's defaults applied.

    Raises: ApiError.
    """
    if not request.headers.get("x-amz-target", "").endswith(".ListServiceQuotas"):
        raise ApiError("UnknownOperationException", "The operation is not served.")
    asked: dict[str, Any] = json.loads(request.body)
    if asked.get("ServiceCode") != "vpc":
        raise ApiError("NoSuchResourceException", "The request failed because the specified service does not exist.")
    applied = [
        {"ServiceCode": "vpc", "QuotaCode": code, "QuotaName": name, "Value": value, "Adjustable": True}
        for code, (name, value) in _QUOTAS.items()
    ]
    return json_answer({"Quotas": applied})


def cloudwatch(estate: Estate, caller: Caller, request: Request) -> Answer:
    """GetMetricData, with the CNI Metrics Helper's totals of the clusters that run it; DescribeAlarms, without any.

    Raises: ApiError.
    """
    if request.headers.get("x-amz-target", "").endswith(".DescribeAlarms"):
        return json_answer({"MetricAlarms": []})
    if not request.headers.get("x-amz-target", "").endswith(".GetMetricData"):
        raise ApiError("UnknownOperationException", "The operation is not served.")
    asked: dict[str, Any] = json.loads(request.body)
    state = estate.state(caller.account_id, caller.region)
    publishing = state.cluster_names if state and state.plan.cni_metrics else ()
    minute = asked["EndTime"] // 60 * 60 - 60
    results = []
    for query in asked["MetricDataQueries"]:
        metric = query["MetricStat"]["Metric"]
        values = list[float]()
        if state and {part["Value"] for part in metric.get("Dimensions", ())} & set(publishing):
            values = [float(value) for value in _warm_figures(state.plan.interfaces).get(metric["MetricName"], ())]
        stamps = [minute] * len(values)
        results.append(
            {"Id": query["Id"], "Label": metric["MetricName"], "Timestamps": stamps, "Values": values}
            | {"StatusCode": "Complete"}
        )
    return json_answer({"MetricDataResults": results, "Messages": []})


def _warm_figures(interfaces: int) -> Mapping[str, tuple[int, ...]]:
    """Held and used addresses of a cluster: one in ten of the pods' addresses is warm."""
    held = 10 * interfaces
    return {"totalIPAddresses": (held,), "assignIPAddresses": (held - interfaces,)}
