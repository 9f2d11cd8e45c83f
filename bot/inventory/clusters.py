"""What EKS shows: clusters, node groups, Fargate profiles, CNI settings; and nodes with their limits."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """An EC2 instance that may be a cluster's node; `cluster` and `nodegroup` come from its tags."""

    instance_id: str
    instance_type: str
    account_id: str
    region: str
    az: str
    subnet_id: str
    state: str
    private_dns_name: str = ""
    cluster: str | None = None
    nodegroup: str | None = None
    launched_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceLimits:
    """What one instance type can attach on its default network card (DescribeInstanceTypes NetworkInfo).

    `max_enis` is the default card's MaximumNetworkInterfaces, not the sum over cards. `hypervisor` is "nitro", "xen"
    or "" (bare metal reports none). `source` is "ec2" or "snapshot DATE".
    """

    instance_type: str
    max_enis: int
    ipv4_per_eni: int
    ipv6_per_eni: int
    hypervisor: str
    bare_metal: bool
    network_cards: int
    vcpus: int
    memory_mib: int
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthIssue:
    """One entry of EKS cluster or node group health: code, message, and the resources it names."""

    code: str
    message: str
    resource_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CniSettings:
    """The vpc-cni add-on as EKS describes it; `environment` holds the aws-node variables it sets.

    `source` is "addon", "daemonset" for what the cluster's own API shows, or "unknown" when the cluster has no managed
    add-on (self-managed CNI) or it cannot be read: then the live environment is not known and must not be guessed.
    """

    source: str
    version: str | None = None
    environment: tuple[tuple[str, str], ...] = ()

    def value(self, variable: str) -> str | None:
        """The configured value of an aws-node variable, or None where the add-on does not set it."""
        return dict(self.environment).get(variable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Nodegroup:
    """A managed node group: where it may launch, what, how many, and how many an update replaces at once."""

    name: str
    subnet_ids: tuple[str, ...]
    instance_types: tuple[str, ...]
    status: str
    desired_size: int | None = None
    max_size: int | None = None
    max_unavailable: int | None = None
    max_unavailable_pct: int | None = None
    ami_type: str = ""
    health: tuple[HealthIssue, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FargateProfile:
    """A Fargate profile and the subnets its pods take an address from."""

    name: str
    subnet_ids: tuple[str, ...]
    status: str


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """An EKS cluster; `subnet_ids` are the ones given to the control plane.

    It has no slots, so that the subnets it names are gathered once for all who ask.
    """

    name: str
    account_id: str
    region: str
    version: str
    status: str
    vpc_id: str
    subnet_ids: tuple[str, ...]
    ip_family: str
    cni: CniSettings
    health: tuple[HealthIssue, ...] = ()
    nodegroups: tuple[Nodegroup, ...] = ()
    fargate_profiles: tuple[FargateProfile, ...] = ()

    @cached_property
    def all_subnet_ids(self) -> frozenset[str]:
        """Every subnet the cluster names: control plane, node groups and Fargate profiles."""
        node_subnets = (group.subnet_ids for group in self.nodegroups)
        fargate_subnets = (profile.subnet_ids for profile in self.fargate_profiles)
        return frozenset(self.subnet_ids).union(*node_subnets, *fargate_subnets)

    @property
    def node_subnet_ids(self) -> frozenset[str]:
        """The subnets of its managed node groups; without any, every subnet it names (its nodes may be in each)."""
        groups = (group.subnet_ids for group in self.nodegroups)
        return frozenset().union(*groups) or self.all_subnet_ids

    @property
    def prefix_mode(self) -> bool | None:
        """Whether the add-on sets ENABLE_PREFIX_DELEGATION; None when its settings are not known."""
        if self.cni.source == "unknown":
            return None
        return (self.cni.value("ENABLE_PREFIX_DELEGATION") or "false").strip().lower() in {"true", "1", "t"}

    @property
    def prefix_subnet_ids(self) -> frozenset[str]:
        """The subnets from which its nodes take /28 blocks; none without prefix mode, or known settings.

        An IPv6 cluster takes /80 prefixes, which do not run out.
        """
        return self.node_subnet_ids if self.ip_family == "ipv4" and self.prefix_mode else frozenset()
