"""Pods a node can hold: max-pods in every mode of the VPC CNI, and what kubelet reserves for them."""

from dataclasses import dataclass

from bot.inventory import InstanceLimits

HOST_NETWORK_PODS = 2
"""Pods of every node that take no address of their own (aws-node and kube-proxy): the "+2" of the formula.

Source: https://github.com/aws/amazon-vpc-cni-k8s/blob/master/misc/eni-max-pods.txt (header).
"""

PREFIX_IPS = 16
"""Addresses in one /28 prefix. Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-prefix-eni.html"""

CAP_SMALL, CAP_LARGE, CAP_VCPUS = 110, 250, 30
"""Managed node groups cap max-pods at 110, above 30 vCPUs at 250.

Source: https://github.com/awslabs/amazon-eks-ami, branch al2, templates/al2/runtime/max-pods-calculator.sh
(`CPU_COUNT > 30`); https://docs.aws.amazon.com/eks/latest/userguide/choosing-instance-type.html
"""

TWO_CARD_TABLE_TYPES = ("i7ie.48xlarge", "i7ie.metal-48xl", "i8ge.48xlarge", "i8ge.metal-48xl")
"""Types whose ENIs the CNI's own table counts on one card while EC2 has two.

Source: https://github.com/aws/amazon-vpc-cni-k8s/blob/master/pkg/vpc/vpc_ip_resource_limit.go against
DescribeInstanceTypes NetworkCards.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class MaxPods:
    """Pods per node in each mode; None where the mode does not exist on the type.

    `secondary`, `custom_networking` and `prefix_uncapped` are plain formulas; `secondary_managed`, `prefix`,
    `prefix_custom_networking` and `ipv6` carry the managed node groups' cap. Windows figures are addresses, before
    kubelet's default of 110.
    """

    secondary: int
    secondary_managed: int
    custom_networking: int
    prefix: int
    prefix_uncapped: int
    prefix_custom_networking: int
    ipv6: int | None
    windows_secondary: int
    windows_prefix: int | None


def prefix_supported(limits: InstanceLimits) -> bool:
    """Whether the type takes /28 prefixes: Nitro instances and bare metal (VPC CNI 1.11 and later).

    Source: https://docs.aws.amazon.com/eks/latest/best-practices/prefix-mode-linux.html
    """
    return limits.bare_metal or limits.hypervisor == "nitro"


def max_pods_cap(vcpus: int) -> int:
    """The most pods a managed node group sets for a node with this many vCPUs: 110, or 250 above 30 vCPUs."""
    return CAP_LARGE if vcpus > CAP_VCPUS else CAP_SMALL


def max_pods(limits: InstanceLimits) -> MaxPods:
    """Pods per node in every mode, from the type's ENIs (E) and IPv4 addresses per ENI (N).

    Secondary: E*(N-1)+2; custom networking leaves the primary ENI out: (E-1)*(N-1)+2; prefixes hold 16 addresses
    in each slot. Windows uses one ENI: N-1 addresses or (N-1)*16.
    Source: https://docs.aws.amazon.com/eks/latest/userguide/choosing-instance-type.html and
    https://docs.aws.amazon.com/eks/latest/best-practices/windows-networking.html
    """
    cap = max_pods_cap(limits.vcpus)
    slots = limits.ipv4_per_eni - 1
    secondary = limits.max_enis * slots + HOST_NETWORK_PODS
    custom = (limits.max_enis - 1) * slots + HOST_NETWORK_PODS
    prefixes = prefix_supported(limits)
    prefix = limits.max_enis * slots * PREFIX_IPS + HOST_NETWORK_PODS if prefixes else secondary
    prefix_custom = (limits.max_enis - 1) * slots * PREFIX_IPS + HOST_NETWORK_PODS if prefixes else custom
    return MaxPods(
        secondary=secondary,
        secondary_managed=min(secondary, cap),
        custom_networking=custom,
        prefix=min(prefix, cap),
        prefix_uncapped=prefix,
        prefix_custom_networking=min(prefix_custom, cap),
        ipv6=min(prefix, cap) if prefixes else None,
        windows_secondary=slots,
        windows_prefix=slots * PREFIX_IPS if prefixes else None,
    )


def kube_reserved_memory_mib(pods: int) -> int:
    """Memory (MiB) that EKS images reserve for kubelet on a node of `pods` max-pods: 11 a pod and 255.

    Source: https://github.com/awslabs/amazon-eks-ami, nodeadm internal/kubelet (and bootstrap.sh of AL2).
    """
    return 11 * pods + 255
