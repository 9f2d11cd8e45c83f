"""Auto Scaling answers that moto lacks: the groups of EKS's node groups, and the launches that failed in them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from bot.demo.estate import Estate
from bot.demo.wire import AwsError, answer, body_text

_NAMESPACE = "http://autoscaling.amazonaws.com/doc/2011-01-01/"
_CLUSTER_TAG = "kubernetes.io/cluster/"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalingCall:
    """One Auto Scaling request and whom it comes from."""

    estate: Estate
    account_id: str
    region: str
    request: AWSPreparedRequest

    @property
    def asked(self) -> dict[str, str]:
        """The request's parameters, flat, as the query protocol writes them."""
        return dict(parse_qsl(body_text(self.request), keep_blank_values=True))

    def groups(self) -> dict[str, tuple[str, str]]:
        """Cluster and node group of every Auto Scaling group of the place, by the group's name."""
        nodes = self.estate.nodes.values()
        here = (each for each in nodes if (each.account_id, each.region) == (self.account_id, self.region))
        return {f"eks-{each.nodegroup}-{each.cluster}": (each.cluster, each.nodegroup) for each in here}


def _describe_groups(call: ScalingCall) -> AWSResponse:
    """Source: https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeAutoScalingGroups.html."""
    asked = call.asked
    if asked.get("Filters.member.1.Name", "tag-key") != "tag-key":
        raise AwsError("ValidationError", "The demo knows the filter tag-key only.")
    wanted = asked.get("Filters.member.1.Values.member.1", "")
    members = "".join(
        f"<member><AutoScalingGroupName>{escape(name)}</AutoScalingGroupName><MinSize>0</MinSize>"
        "<MaxSize>100</MaxSize><DesiredCapacity>1</DesiredCapacity><DefaultCooldown>300</DefaultCooldown>"
        "<HealthCheckType>EC2</HealthCheckType><CreatedTime>2026-01-01T00:00:00Z</CreatedTime></member>"
        for name, (cluster, _) in sorted(call.groups().items())
        if wanted in ("", f"{_CLUSTER_TAG}{cluster}")
    )
    return _answer(call, "DescribeAutoScalingGroups", f"<AutoScalingGroups>{members}</AutoScalingGroups>")


def _describe_activities(call: ScalingCall) -> AWSResponse:
    """Source: https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeScalingActivities.html."""
    name = call.asked.get("AutoScalingGroupName", "")
    if name not in call.groups():
        raise AwsError("ValidationError", "Group name not found - AutoScalingGroup not found", status=400)
    cluster, nodegroup = call.groups()[name]
    failed = call.estate.failed_launches.get((call.account_id, call.region, cluster, nodegroup), ())
    members = "".join(
        f"<member><ActivityId>{number}</ActivityId><AutoScalingGroupName>{escape(name)}</AutoScalingGroupName>"
        f"<Cause>The group was below its desired capacity.</Cause><StartTime>{started_at:%Y-%m-%dT%H:%M:%SZ}"
        f"</StartTime><StatusCode>Failed</StatusCode><StatusMessage>{escape(message)}</StatusMessage></member>"
        for number, (started_at, message) in enumerate(failed)
    )
    return _answer(call, "DescribeScalingActivities", f"<Activities>{members}</Activities>")


def _answer(call: ScalingCall, operation: str, result: str) -> AWSResponse:
    body = (
        f'<{operation}Response xmlns="{_NAMESPACE}"><{operation}Result>{result}</{operation}Result>'
        f"<ResponseMetadata><RequestId>demo</RequestId></ResponseMetadata></{operation}Response>"
    )
    return answer(call.request.url, 200, "text/xml", body.encode())


ANSWERS: Mapping[str, Callable[[ScalingCall], AWSResponse]] = MappingProxyType(
    {
        "DescribeAutoScalingGroups": _describe_groups,
        "DescribeScalingActivities": _describe_activities,
    }
)
"""The operations answered here."""
