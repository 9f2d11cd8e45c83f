"""EC2 Auto Scaling over the estate: the group behind each cluster's node group, whose launches all succeed.

Source: https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeAutoScalingGroups.html and
API_DescribeScalingActivities.html (query protocol, pages of 1 to 100).
"""

from xml.sax.saxutils import escape

from . import eks
from .answers import REQUEST_ID, Answer, ApiError, Caller, Request
from .content import ZONES, RegionState
from .estate import Estate

_NAMESPACE = "http://autoscaling.amazonaws.com/doc/2011-01-01/"
_CREATED = "2026-11-01T06:00:00Z"
_CLUSTER_TAG = "kubernetes.io/cluster/"


def answer(estate: Estate, caller: Caller, request: Request) -> Answer:
    """DescribeAutoScalingGroups with the filter `tag-key` alone, or DescribeScalingActivities of one group.

    Raises: ApiError ValidationError, InvalidAction.
    """
    form = request.form
    state = estate.state(caller.account_id, caller.region)
    groups = {group_name(name): name for name in (state.cluster_names if state else ())}
    match form.get("Action", ""):
        case "DescribeAutoScalingGroups":
            return _groups(state, form, groups)
        case "DescribeScalingActivities":
            if form.get("AutoScalingGroupName") not in groups:
                raise ApiError("ValidationError", "AutoScalingGroup name not found")
            return _answered("DescribeScalingActivities", "<Activities/>")
        case action:
            raise ApiError("InvalidAction", f"Could not find operation {action} for version 2011-01-01")


def group_name(cluster: str) -> str:
    """The name of the group that a cluster's node group launches its nodes in."""
    return f"eks-{eks.NODEGROUP}-{cluster}"


def _groups(state: RegionState | None, form: dict[str, str], groups: dict[str, str]) -> Answer:
    size, start = form.get("MaxRecords", "50"), form.get("NextToken", "0")
    if not (size.isdecimal() and 1 <= int(size) <= 100 and start.isdecimal()):
        raise ApiError("ValidationError", "MaxRecords must be from 1 to 100, NextToken as it was given.")
    keys = _tag_keys(form)
    found = [group for group, cluster in groups.items() if keys is None or f"{_CLUSTER_TAG}{cluster}" in keys]
    end = int(start) + int(size)
    shown = "".join(_group(state, group, groups[group]) for group in found[int(start) : end] if state)
    more = f"<NextToken>{end}</NextToken>" if end < len(found) else ""
    return _answered("DescribeAutoScalingGroups", f"<AutoScalingGroups>{shown}</AutoScalingGroups>{more}")


def _tag_keys(form: dict[str, str]) -> set[str] | None:
    """The keys of which a group must have one; None where every group is asked for.

    Raises: ApiError for a filter that is not served.
    """
    names = {key: value for key, value in form.items() if key.startswith("Filters.member.") and key.endswith(".Name")}
    if not names:
        return None
    if set(names.values()) != {"tag-key"}:
        raise ApiError("ValidationError", f"Filters {sorted(names.values())} are not served.")
    return {value for key, value in form.items() if key.startswith("Filters.member.") and ".Values.member." in key}


def _group(state: RegionState, group: str, cluster: str) -> str:
    nodes, subnet_ids = eks.node_count(state, cluster), eks.subnet_ids(state, cluster)
    zones = "".join(f"<member>{state.region}{'abc'[zone]}</member>" for zone in range(ZONES))
    tag = (
        f"<member><ResourceId>{escape(group)}</ResourceId><ResourceType>auto-scaling-group</ResourceType>"
        f"<Key>{escape(_CLUSTER_TAG + cluster)}</Key><Value>owned</Value><PropagateAtLaunch>true</PropagateAtLaunch>"
        "</member>"
    )
    return (
        f"<member><AutoScalingGroupName>{escape(group)}</AutoScalingGroupName><AutoScalingGroupARN>"
        f"arn:aws:autoscaling:{state.region}:{state.account_id}:autoScalingGroup:1:autoScalingGroupName/{escape(group)}"
        f"</AutoScalingGroupARN><MinSize>0</MinSize><MaxSize>{2 * nodes}</MaxSize>"
        f"<DesiredCapacity>{nodes}</DesiredCapacity><DefaultCooldown>300</DefaultCooldown>"
        f"<AvailabilityZones>{zones}</AvailabilityZones><HealthCheckType>EC2</HealthCheckType>"
        f"<HealthCheckGracePeriod>15</HealthCheckGracePeriod><CreatedTime>{_CREATED}</CreatedTime>"
        f"<VPCZoneIdentifier>{','.join(subnet_ids)}</VPCZoneIdentifier><Tags>{tag}</Tags></member>"
    )


def _answered(action: str, result: str) -> Answer:
    return Answer(
        body=f'<{action}Response xmlns="{_NAMESPACE}"><{action}Result>{result}</{action}Result><ResponseMetadata>'
        f"<RequestId>{REQUEST_ID}</RequestId></ResponseMetadata></{action}Response>".encode()
    )
