"""Every AWS API the program can call, and the IAM policies that follow from it."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One API: the boto3 service, the operation, why it is called, and whether the base functions need it.

    `permission` is False where AWS asks for no IAM permission.
    """

    service: str
    operation: str
    why: str
    needed: bool = True
    permission: bool = True

    @property
    def iam(self) -> str:
        """The IAM action, for example `ec2:DescribeSubnets`."""
        return f"{_IAM_PREFIX.get(self.service, self.service)}:{self.operation}"


_IAM_PREFIX = {"service-quotas": "servicequotas"}
"""IAM's name of a service where it is not boto3's."""


ACTIONS = (
    Action(
        service="sts",
        operation="GetCallerIdentity",
        why="Names the account of the bot's own credentials.",
        # Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
        # ("No permissions are required to perform this operation").
        permission=False,
    ),
    Action(
        service="sts",
        operation="AssumeRole",
        why="Enters the member accounts; not used with the bot's own account alone.",
        needed=False,
    ),
    Action(
        service="organizations",
        operation="ListAccounts",
        why="Finds the accounts of the organization; not used without [aws.organization].",
        needed=False,
    ),
    Action(
        service="ec2",
        operation="DescribeRegions",
        why="Lists the enabled regions where the configuration names none.",
        needed=False,
    ),
    Action(service="ec2", operation="DescribeSubnets", why="Free addresses, CIDR block and zone of every subnet."),
    Action(service="ec2", operation="DescribeVpcs", why="Name and every CIDR block of each VPC."),
    Action(
        service="ec2",
        operation="DescribeNetworkInterfaces",
        why="Who holds the addresses and prefixes of a subnet, and which /28 blocks are free.",
    ),
    Action(service="ec2", operation="DescribeInstances", why="Type, cluster and node group of the nodes of a subnet."),
    Action(
        service="ec2",
        operation="GetSubnetCidrReservations",
        why="Space that AvailableIpAddressCount leaves out, and what it is reserved for.",
    ),
    Action(
        service="ec2",
        operation="DescribeRouteTables",
        why="Destinations that a further CIDR block of a VPC may not equal or contain.",
        needed=False,
    ),
    Action(
        service="ec2",
        operation="DescribeVpcPeeringConnections",
        why="Blocks of peered VPCs, which a further CIDR block of a VPC may not overlap.",
        needed=False,
    ),
    Action(
        service="ec2",
        operation="DescribeInstanceTypes",
        why="ENIs and addresses per ENI of an instance type; a snapshot stands in without it.",
        needed=False,
    ),
    Action(service="eks", operation="ListClusters", why="Finds the EKS clusters of a region."),
    Action(service="eks", operation="DescribeCluster", why="Subnets, version, IP family and health of a cluster."),
    Action(service="eks", operation="ListNodegroups", why="Finds the managed node groups of a cluster.", needed=False),
    Action(
        service="eks",
        operation="DescribeNodegroup",
        why="Subnets, instance types, sizes and health of a node group.",
        needed=False,
    ),
    Action(
        service="eks", operation="ListFargateProfiles", why="Finds the Fargate profiles of a cluster.", needed=False
    ),
    Action(
        service="eks",
        operation="DescribeFargateProfile",
        why="The subnets whose addresses Fargate pods take.",
        needed=False,
    ),
    Action(
        service="eks",
        operation="DescribeAddon",
        why="Version and warm-pool settings of the vpc-cni add-on.",
        needed=False,
    ),
    Action(
        service="autoscaling",
        operation="DescribeAutoScalingGroups",
        why="Finds the Auto Scaling groups whose instances join a cluster.",
        needed=False,
    ),
    Action(
        service="autoscaling",
        operation="DescribeScalingActivities",
        why="Launches of nodes that failed, and EC2's reason, for `why`.",
        needed=False,
    ),
    Action(
        service="cloudwatch",
        operation="GetMetricData",
        why="Figures of the CNI Metrics Helper, Network Address Usage of VPCs, usage of quotas.",
        needed=False,
    ),
    Action(
        service="cloudwatch",
        operation="DescribeAlarms",
        why="Alarms that exist on address use, to show them beside the proposed ones.",
        needed=False,
    ),
    Action(
        service="service-quotas",
        operation="ListServiceQuotas",
        why="Quotas of interfaces, CIDR blocks and Network Address Usage; AWS's defaults stand in without it.",
        needed=False,
    ),
)

_OF_THE_FLEET = frozenset({"sts", "organizations"})
"""Services asked about all accounts, in the name of the bot itself."""

ROLE_NAME = "eksip-reader"
"""The name the member-account template gives its role, and the only one the bot's own policy lets it assume."""


def action(operation: str) -> Action:
    """The action of an operation's name, for example `action("DescribeSubnets")`.

    Raises: KeyError for an operation the program does not call.
    """
    for known in ACTIONS:
        if known.operation == operation:
            return known
    raise KeyError(operation)


def read_actions() -> list[str]:
    """The IAM actions that read an account, sorted; the same in the bot's own account and in a member account."""
    return sorted(known.iam for known in ACTIONS if known.permission and known.service not in _OF_THE_FLEET)


def reader_policy() -> dict[str, Any]:
    """The IAM policy of the bot itself: read its own account, assume the reader role of the others.

    Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html (the Describe
    actions take no resource, so Resource is "*").
    """
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": "ReadAddressUse", "Effect": "Allow", "Action": read_actions(), "Resource": "*"},
            {
                "Sid": "EnterMemberAccounts",
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Resource": f"arn:aws:iam::*:role/{ROLE_NAME}",
            },
            {
                "Sid": "FindMemberAccounts",
                "Effect": "Allow",
                "Action": action("ListAccounts").iam,
                "Resource": "*",
            },
        ],
    }
