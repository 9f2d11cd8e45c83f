"""The pool of a node in an IPv6 cluster: one /80 on the primary ENI, and one IPv4 address of the subnet."""

from bot.capacity.nodes import prefix_supported
from bot.capacity.warmpool import CniRefusesToStart, Pool, PoolSettings, trunk_compatible
from bot.inventory import InstanceLimits

PREFIX_80_IPS = 1 << 48
"""Addresses in a /80. Source: https://docs.aws.amazon.com/eks/latest/best-practices/ipv6.html"""


def ipv6_pool(limits: InstanceLimits, settings: PoolSettings, pods: int) -> Pool:
    """The pool of a node in an IPv6 cluster; the subnet figures count IPv4 addresses, as everywhere.

    The warm targets and MAX_ENI are ignored. A trunk for pods with security groups takes one more IPv4 address.
    Raises: CniRefusesToStart for a type without prefixes and for custom networking; ValueError for negative pods.
    Source: https://github.com/aws/amazon-vpc-cni-k8s/blob/master/pkg/ipamd/ipamd.go (isConfigValid, assignIPv6Prefix)
    """
    if pods < 0:
        raise ValueError(f"pods is {pods}; it cannot be below 0")
    if not prefix_supported(limits):
        raise CniRefusesToStart(f"IPv6 needs prefixes, and so a Nitro type; {limits.instance_type} is none.")
    if settings.custom_networking:
        raise CniRefusesToStart("IPv6 does not work with custom networking.")
    trunk = settings.pod_eni and trunk_compatible(limits) and limits.max_enis > 1
    return Pool(
        enis=1,
        per_eni=(1,),
        addresses=PREFIX_80_IPS,
        prefixes=1,
        assigned=pods,
        pods_without_address=0,
        unused=PREFIX_80_IPS - pods,
        node_subnet_addresses=1 + trunk,
        pod_subnet_addresses=0,
        frozen=False,
        notes=("Pods get IPv6 addresses of one /80 prefix: warm targets do nothing, and no IPv4 address is taken.",),
    )
