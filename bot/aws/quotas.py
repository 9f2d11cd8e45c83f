"""Service Quotas of VPC that decide whether addresses, interfaces and blocks can still be had; AWS's defaults else."""

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from bot.aws.errors import translated
from bot.aws.queries import Place
from bot.inventory.evidence import Quota, QuotaSource, QuotaUsage

if TYPE_CHECKING:
    from mypy_boto3_service_quotas.type_defs import ServiceQuotaTypeDef

SERVICE = "vpc"
QUOTAS_PAGE = 100
"""Source: https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_ListServiceQuotas.html (1 to 100)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Default:
    name: str
    value: int


ENIS_PER_REGION = "L-DF5E4CA3"
CIDRS_PER_VPC = "L-83CA0A9D"
NAU_PER_VPC = "L-BB24F6E5"
NAU_WITH_PEERS = "L-CD17FD4B"

DEFAULTS = MappingProxyType(
    {
        ENIS_PER_REGION: _Default(name="Network interfaces per Region", value=5_000),
        CIDRS_PER_VPC: _Default(name="IPv4 CIDR blocks per VPC", value=5),
        NAU_PER_VPC: _Default(name="Network Address Usage", value=64_000),
        NAU_WITH_PEERS: _Default(name="Peered Network Address Usage", value=128_000),
    }
)
"""What applies where no increase was granted, by quota code.

Source: https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html (interfaces, CIDR blocks) and
https://docs.aws.amazon.com/vpc/latest/userguide/network-address-usage.html (NAU alone and with peers).
"""


def defaults() -> tuple[Quota, ...]:
    """Every quota with AWS's default value, for a place whose own values cannot be read."""
    return tuple(
        Quota(code=code, name=default.name, value=default.value, source=QuotaSource.DEFAULT)
        for code, default in DEFAULTS.items()
    )


def vpc_quotas(place: Place) -> tuple[Quota, ...]:
    """Every quota as it applies in the account and region (ListServiceQuotas); the default where AWS lists none.

    Source: https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_ListServiceQuotas.html (a quota
    without an applied value is not listed).
    Raises: QueryError.
    """
    found = {quota.code: quota for quota in defaults()}
    with translated(place.account, place.region, "ListServiceQuotas"):
        pages = place.service_quotas.get_paginator("list_service_quotas").paginate(
            ServiceCode=SERVICE, PaginationConfig={"PageSize": QUOTAS_PAGE}
        )
        for page in pages:
            for item in page["Quotas"]:
                known = found.get(item.get("QuotaCode", ""))
                if known is not None and "Value" in item:
                    found[known.code] = replace(
                        known, value=int(item["Value"]), source=QuotaSource.APPLIED, usage=_usage(item)
                    )
    return tuple(found.values())


def _usage(item: "ServiceQuotaTypeDef") -> QuotaUsage | None:
    """The metric AWS names for the quota's usage; only what it names is read, nothing is made up."""
    described = item.get("UsageMetric") or {}
    namespace, metric = described.get("MetricNamespace"), described.get("MetricName")
    if not namespace or not metric:
        return None
    return QuotaUsage(
        namespace=namespace,
        metric=metric,
        dimensions=tuple(sorted((described.get("MetricDimensions") or {}).items())),
        statistic=described.get("MetricStatisticRecommendation") or "Maximum",
    )
