"""Error messages of the CNI, EC2, EKS, kubelet and Karpenter, and the causes each of them speaks for.

Source: the strings are those of aws/amazon-vpc-cni-k8s (pkg/ipamd, pkg/awsutils), of
aws/amazon-vpc-resource-controller-k8s, and of
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html. What each means, `explain` tells.
"""

import re
from dataclasses import dataclass

from bot.capacity.diagnosis.findings import Cause, Stops


@dataclass(frozen=True, slots=True, kw_only=True)
class Symptom:
    """One message: its pattern, how it is named in answers, what it may come from, and what it stops.

    `narrows` says that the message belongs to these causes; the others tell only that something failed.
    """

    name: str
    pattern: re.Pattern[str]
    causes: frozenset[Cause]
    stops: Stops = Stops.PODS
    narrows: bool = True


def _symptom(name: str, pattern: str, *causes: Cause, stops: Stops = Stops.PODS, narrows: bool = True) -> Symptom:
    return Symptom(
        name=name, pattern=re.compile(pattern, re.IGNORECASE), causes=frozenset(causes), stops=stops, narrows=narrows
    )


_NO_ADDRESS = (
    Cause.SUBNET_EXHAUSTED,
    Cause.NO_FREE_BLOCK,
    Cause.RESERVATION_EXHAUSTED,
    Cause.NODE_ENI_LIMIT,
    Cause.MAX_PODS,
    Cause.WARM_POOL_FROZEN,
    Cause.WARM_POOL_HOARDING,
    Cause.COOLDOWN,
    Cause.EC2_THROTTLED,
    Cause.CUSTOM_NETWORKING,
    Cause.SUBNET_DISCOVERY_TAGS,
    Cause.IAM,
    Cause.LEAKED_ENIS,
    Cause.QUOTA,
)
"""What stands behind a pod that got no address: everything that keeps ipamd from having one."""

SYMPTOMS = (
    _symptom(
        "need at least 5 IPs in each subnet",
        r"need at least \d+ IPs? in each subnet|not have enough available IP addresses for Amazon EKS"
        r"|IMPAIRED\s*:\s*Not Enough Free IP",
        Cause.CONTROL_PLANE_SUBNETS,
        stops=Stops.UPDATES,
    ),
    _symptom(
        "InsufficientCidrBlocks",
        r"InsufficientCidrBlocks|not have enough free cidr blocks|sufficient free Ipv4 addresses or prefixes",
        Cause.NO_FREE_BLOCK,
        Cause.RESERVATION_EXHAUSTED,
    ),
    _symptom(
        "InsufficientFreeAddressesInSubnet",
        r"InsufficientFreeAddressesInSubnet|not enough free addresses in subnet",
        Cause.SUBNET_EXHAUSTED,
        Cause.LEAKED_ENIS,
        Cause.WARM_POOL_HOARDING,
        stops=Stops.NODES,
    ),
    _symptom(
        "subnet doesn't seem to have enough IPs/Prefixes",
        r"subnet doesn'?t seem to have enough IPs?/Prefixes|wait for 2m0s before retrying|InsufficientCidr error",
        Cause.SUBNET_EXHAUSTED,
        Cause.NO_FREE_BLOCK,
        Cause.RESERVATION_EXHAUSTED,
    ),
    _symptom(
        "max ENI limit is already reached",
        r"max ENI limit is already reached|AttachmentLimitExceeded",
        Cause.NODE_ENI_LIMIT,
        Cause.MAX_PODS,
    ),
    _symptom("PrivateIpAddressLimitExceeded", r"PrivateIpAddressLimitExceeded", Cause.NODE_ENI_LIMIT, Cause.MAX_PODS),
    _symptom("No slot available for a trunk ENI", r"No slot available for a trunk ENI", Cause.BRANCH_ENI_LIMIT),
    _symptom(
        "Insufficient vpc.amazonaws.com/pod-eni",
        r"Insufficient vpc\.amazonaws\.com/pod-eni",
        Cause.BRANCH_ENI_LIMIT,
    ),
    _symptom(
        "vpc.amazonaws.com/PrivateIPv4Address",
        r"vpc\.amazonaws\.com/PrivateIPv4Address",
        Cause.WINDOWS_IPAM,
    ),
    _symptom(
        "No ENIConfig could be found for this node",
        r"No ENIConfig could be found|Failed to get pod ENI config|attach any ENIs for custom networking",
        Cause.CUSTOM_NETWORKING,
        Cause.SUBNET_EXHAUSTED,
    ),
    _symptom(
        "no valid subnets available for ENI creation",
        r"no valid subnets available for ENI creation|role/cni=0",
        Cause.SUBNET_DISCOVERY_TAGS,
    ),
    _symptom(
        "NetworkInterfaceLimitExceeded",
        r"NetworkInterfaceLimitExceeded|NetworkAddressUsageLimitExceeded",
        Cause.QUOTA,
    ),
    _symptom(
        "RequestLimitExceeded", r"RequestLimitExceeded|\bThrottling(?:Exception)?\b|Rate exceeded", Cause.EC2_THROTTLED
    ),
    _symptom(
        "UnauthorizedOperation",
        r"UnauthorizedOperation|MissingIAMPermissions|AccessDenied|is not authorized to perform",
        Cause.IAM,
    ),
    _symptom("Too many pods", r"\bToo many pods\b", Cause.MAX_PODS),
    _symptom("addresses in cooldown", r"\bcool(?:ing|[- ]?down)\b", Cause.COOLDOWN),
    _symptom(
        "waitForENIAndIPsAttached: giving up",
        r"waitForENIAndIPsAttached",
        Cause.EC2_THROTTLED,
        Cause.SUBNET_EXHAUSTED,
        Cause.NO_FREE_BLOCK,
    ),
    _symptom(
        "failed to assign an IP address to container",
        r"failed to assign an IP address to container|DataStore has no available IP|IPAMDNoIPs|no free IP available",
        *_NO_ADDRESS,
        narrows=False,
    ),
    _symptom(
        "the CNI does not answer",
        r"127\.0\.0\.1:50051|aws-cni\S* failed.{0,80}connection refused|IPAMDNotReady|IPAMDNotRunning"
        r"|IPAMDRepeatedlyRestart",
        Cause.CNI_NOT_RUNNING,
        Cause.IAM,
    ),
    _symptom(
        "cni config uninitialized",
        r"cni (?:config|plugin not) (?:un)?initialized|NetworkPluginNotReady",
        Cause.CNI_NOT_RUNNING,
        Cause.IAM,
        Cause.CUSTOM_NETWORKING,
        Cause.EC2_THROTTLED,
        stops=Stops.NODES,
        narrows=False,
    ),
    _symptom(
        "the update does not start",
        r"\b(?:upgrade|update) (?:fails|failed|refused|stuck|does not|doesn'?t|will not|won'?t)",
        Cause.CONTROL_PLANE_SUBNETS,
        stops=Stops.UPDATES,
        narrows=False,
    ),
    _symptom(
        "nodes do not start",
        r"\bnodes?\b.{0,40}\b(?:not (?:join|start|com|launch|ready)|notready|can(?:no|')t (?:join|start|launch))"
        r"|fleet error|AsgInstanceLaunchFailures",
        Cause.SUBNET_EXHAUSTED,
        Cause.CUSTOM_NETWORKING,
        Cause.IAM,
        Cause.QUOTA,
        Cause.LEAKED_ENIS,
        stops=Stops.NODES,
        narrows=False,
    ),
    _symptom(
        "pods do not start",
        r"\bpods?\b.{0,60}\b(?:pending|stuck|hang(?:ing)?|waiting|not start(?:ing)?|no ip)|ContainerCreating"
        r"|FailedCreatePodSandBox|FailedScheduling",
        *_NO_ADDRESS,
        Cause.BRANCH_ENI_LIMIT,
        Cause.WINDOWS_IPAM,
        narrows=False,
    ),
)
"""Every message in the order it is looked for, the telling ones before the general ones."""
