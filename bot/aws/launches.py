"""Launches that failed: what the Auto Scaling groups of a cluster say of the instances they could not start."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from bot.aws.errors import translated
from bot.aws.queries import Place
from bot.inventory.launches import LaunchFailure

LAST = timedelta(hours=6)
"""How far back a failure is still told: the beginning of an incident, not the history of the group."""

GROUPS_PAGE, ACTIVITIES_PAGE = 100, 100
"""Source: https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeAutoScalingGroups.html and
API_DescribeScalingActivities.html (1 to 100)."""

MOST_GROUPS = 20
"""Groups asked at most for one cluster: each is a request of its own."""


def group_names(place: Place, cluster: str) -> tuple[str, ...]:
    """The Auto Scaling groups whose instances join the cluster, managed node groups' own included, by name.

    Source: https://docs.aws.amazon.com/eks/latest/userguide/eks-using-tags.html (kubernetes.io/cluster/NAME on every
    group of nodes).
    """
    with translated(place.account, place.region, "DescribeAutoScalingGroups"):
        pages = (
            _client(place)
            .get_paginator("describe_auto_scaling_groups")
            .paginate(
                Filters=[{"Name": "tag-key", "Values": [f"kubernetes.io/cluster/{cluster}"]}],
                PaginationConfig={"PageSize": GROUPS_PAGE},
            )
        )
        return tuple(sorted(item["AutoScalingGroupName"] for page in pages for item in page["AutoScalingGroups"]))


def launch_failures(place: Place, groups: Iterable[str], now: datetime) -> tuple[LaunchFailure, ...]:
    """The activities of the groups that failed within LAST, newest first; of each group its newest 100 are looked at.

    Raises: QueryError.
    Source: https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_Activity.html (StatusCode, StatusMessage).
    """
    found: list[LaunchFailure] = []
    with translated(place.account, place.region, "DescribeScalingActivities"):
        for group in list(groups)[:MOST_GROUPS]:
            answer = _client(place).describe_scaling_activities(AutoScalingGroupName=group, MaxRecords=ACTIVITIES_PAGE)
            found += (
                LaunchFailure(group=group, started_at=item["StartTime"], message=item.get("StatusMessage", ""))
                for item in answer["Activities"]
                if item.get("StatusCode") == "Failed" and now - item["StartTime"] <= LAST
            )
    return tuple(sorted(found, key=lambda failure: failure.started_at, reverse=True))


def _client(place: Place) -> Any:
    return place.sessions.client(place.account, place.region, "autoscaling")
