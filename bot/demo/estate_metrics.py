"""What the demo's CloudWatch holds besides the CNI's figures: address usage, quota usage, and an alarm of somebody."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from bot.demo.estate import Estate
from bot.demo.estate_plan import PROD
from bot.demo.gaps_quotas import ENI_USAGE, usage_dimensions

USAGE_SWITCHED_ON = frozenset({(PROD, "eu-west-1")})
"""Accounts and regions whose VPCs publish Network Address Usage: it is off until somebody switches it on."""


def address_usage(estate: Estate, account_id: str, region: str) -> Iterator[dict[str, Any]]:
    """NetworkAddressUsage of each VPC of the place, one data point a day: yesterday's, and today's at midnight.

    Source: https://docs.aws.amazon.com/vpc/latest/userguide/network-address-usage.html (an address, a prefix and an
    additional interface of an instance count 1 each).
    """
    if (account_id, region) not in USAGE_SWITCHED_ON:
        return
    units: dict[str, int] = {}
    for interface in estate.interfaces.values():
        subnet = interface.subnet
        if (subnet.account_id, subnet.region) == (account_id, region):
            additional = interface.attachment is not None and interface.attachment.device_index > 0
            counted = len(interface.addresses) + len(interface.prefixes) + additional
            units[subnet.vpc_id] = units.get(subnet.vpc_id, 0) + counted
    midnight = estate.now.replace(hour=0, minute=0, second=0, microsecond=0)
    for vpc_id, value in units.items():
        for day in (midnight - timedelta(days=1), midnight):
            yield _point("NetworkAddressUsage", {"Per-VPC Metrics": vpc_id}, day, value)


def quota_usage(estate: Estate, account_id: str, region: str) -> Iterator[dict[str, Any]]:
    """The number of interfaces as AWS/Usage shows it, every five minutes of the last hour and the next two."""
    interfaces = sum(
        (item.subnet.account_id, item.subnet.region) == (account_id, region) for item in estate.interfaces.values()
    )
    for period in range(12, -25, -1):
        moment = estate.now - timedelta(minutes=5 * period)
        yield _point("ResourceCount", usage_dimensions(ENI_USAGE), moment, interfaces)


def put_alarm(backend: Any, account_id: str, region: str) -> None:
    """The alarm that somebody made long ago in the production account: on a sum, which counts every address twice."""
    if (account_id, region) != (PROD, "eu-west-1"):
        return
    backend.put_metric_alarm(
        name="prod-eu-pod-ips",
        namespace="Kubernetes",
        metric_name="assignIPAddresses",
        comparison_operator="GreaterThanThreshold",
        evaluation_periods=3,
        period=60,
        threshold=18_000.0,
        statistic="Sum",
        description="Pods of prod-eu near the addresses of its nodes",
        dimensions=[{"Name": "CLUSTER_ID", "Value": "prod-eu"}],
        alarm_actions=[],
    )


def _point(name: str, dimensions: dict[str, str], moment: datetime, value: float) -> dict[str, Any]:
    return {
        "MetricName": name,
        "Dimensions": [{"Name": key, "Value": text} for key, text in dimensions.items()],
        "Timestamp": moment,
        "Value": value,
        "Unit": "Count",
    }
