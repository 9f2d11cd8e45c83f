"""Service Quotas answers that moto lacks: ListServiceQuotas of VPC, with the usage metric AWS names."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from bot.demo.estate_plan import PROD
from bot.demo.wire import AwsError, answer, body_text


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotasCall:
    """One Service Quotas request and whom it comes from."""

    account_id: str
    region: str
    request: AWSPreparedRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class _Applied:
    """One quota of VPC; `usage` is the resource that its usage metric names, "" for a quota without one."""

    code: str
    name: str
    value: int
    usage: str = ""


ENI_USAGE = "NetworkInterface"
"""The resource of the demo's usage metric; the product reads whatever resource the quota's answer names."""

_QUOTAS = (
    _Applied(code="L-F678F1CE", name="VPCs per Region", value=5),
    _Applied(code="L-407747CB", name="Subnets per VPC", value=200),
    _Applied(code="L-83CA0A9D", name="IPv4 CIDR blocks per VPC", value=5),
    _Applied(code="L-DF5E4CA3", name="Network interfaces per Region", value=5_000, usage=ENI_USAGE),
    _Applied(code="L-BB24F6E5", name="Network Address Usage", value=64_000),
    _Applied(code="L-CD17FD4B", name="Peered Network Address Usage", value=128_000),
)
_RAISED = {(PROD, "eu-west-1", "L-83CA0A9D"): 10}
"""Increases that were granted: the production account may have ten blocks in each VPC of its main region."""


def usage_dimensions(resource: str) -> dict[str, str]:
    """The dimensions of a usage metric.

    Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-Service-Quota-Integration.html
    """
    return {"Class": "None", "Resource": resource, "Service": "VPC", "Type": "Resource"}


def _list_service_quotas(call: QuotasCall) -> AWSResponse:
    """Source: https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_ListServiceQuotas.html."""
    asked = json.loads(body_text(call.request) or "{}")
    service, size, token = asked.get("ServiceCode"), asked.get("MaxResults", 100), asked.get("NextToken", "0")
    if service != "vpc":
        raise AwsError("NoSuchResourceException", f"The request failed because service {service} does not exist.")
    if not (isinstance(size, int) and 1 <= size <= 100 and str(token).isdecimal()):
        raise AwsError("IllegalArgumentException", "MaxResults must be from 1 to 100, NextToken as it was given.")
    end = int(token) + size
    more = {"NextToken": str(end)} if end < len(_QUOTAS) else {}
    body = {"Quotas": [_described(call, quota) for quota in _QUOTAS[int(token) : end]], **more}
    return answer(call.request.url, 200, "application/x-amz-json-1.1", json.dumps(body).encode())


def _described(call: QuotasCall, quota: _Applied) -> dict[str, object]:
    described: dict[str, object] = {
        "ServiceCode": "vpc",
        "ServiceName": "Amazon Virtual Private Cloud (Amazon VPC)",
        "QuotaArn": f"arn:aws:servicequotas:{call.region}:{call.account_id}:vpc/{quota.code}",
        "QuotaCode": quota.code,
        "QuotaName": quota.name,
        "Value": float(_RAISED.get((call.account_id, call.region, quota.code), quota.value)),
        "Unit": "None",
        "Adjustable": True,
        "GlobalQuota": False,
    }
    if quota.usage:
        described["UsageMetric"] = {
            "MetricNamespace": "AWS/Usage",
            "MetricName": "ResourceCount",
            "MetricDimensions": usage_dimensions(quota.usage),
            "MetricStatisticRecommendation": "Maximum",
        }
    return described


ANSWERS: Mapping[str, Callable[[QuotasCall], AWSResponse]] = MappingProxyType(
    {"ListServiceQuotas": _list_service_quotas}
)
