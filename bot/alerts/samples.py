"""Samples: what was seen of one thing at one time, one type for each kind of thing that rules read.

None always means "not known": a rule then neither fires nor resolves.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.alerts.subject import account_key, cluster_key, nodegroup_key, region_key, subnet_key, vpc_key
from bot.inventory import HealthIssue, Quality


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """When the source was asked, and how far its answer can be trusted."""

    observed_at: datetime
    quality: Quality = Quality.FRESH


@dataclass(frozen=True, slots=True, kw_only=True)
class SubnetSample(Sample):
    """A subnet's usable and free addresses, free /28 blocks, who needs what of it, and the forecast.

    `free_ips` and `free_blocks` count the free space inside prefix reservations, `single_ips` does not (it is
    AvailableIpAddressCount). `prefix_mode` says whether nodes take
    /28 blocks from it; `load_balancers` whether load balancers are placed in it. `time_left` is the gated burn-rate
    forecast until nothing is left, None while its gate is closed; `forecast_known` tells that from "not computed".
    `refused` is the EC2 error code of a refused allocation seen since the last sample. `watched_ips`: a channel wants
    to hear of it already with fewer free addresses than this.
    """

    subnet_id: str
    usable_ips: int
    free_ips: int | None
    single_ips: int | None = None
    free_blocks: int | None = None
    prefix_mode: bool | None = None
    load_balancers: bool | None = None
    time_left: timedelta | None = None
    forecast_known: bool = False
    refused: str = ""
    watched_ips: int = 0

    @property
    def scope_key(self) -> str:
        """The key of the subnet's alerts."""
        return subnet_key(self.subnet_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class NodegroupSample(Sample):
    """How many more nodes of a node group's type fit into its subnets, and what EKS says of its health.

    `nodes_fit` uses the node's address demand in the mode in use. `room` is how many nodes it may still add
    (MaxSize less DesiredCapacity); a group at its maximum needs no room.
    """

    account_id: str
    region: str
    cluster: str
    nodegroup: str
    instance_type: str = ""
    nodes_fit: int | None = None
    room: int | None = None
    health: tuple[HealthIssue, ...] | None = None

    @property
    def scope_key(self) -> str:
        """The key of the node group's alerts."""
        return nodegroup_key(self.account_id, self.region, self.cluster, self.nodegroup)


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlPlaneSubnet:
    """One subnet given to a cluster's control plane; `free_ips` None is not known."""

    subnet_id: str
    label: str
    az_id: str
    free_ips: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterSample(Sample):
    """A cluster's control-plane subnets and what EKS says of its health; None where not read."""

    account_id: str
    region: str
    cluster: str
    subnets: tuple[ControlPlaneSubnet, ...] | None = None
    health: tuple[HealthIssue, ...] | None = None

    @property
    def scope_key(self) -> str:
        """The key of the cluster's alerts."""
        return cluster_key(self.account_id, self.region, self.cluster)


@dataclass(frozen=True, slots=True, kw_only=True)
class CniSample(Sample):
    """What CNI Metrics Helper published of a cluster; `observed_at` is the time of its newest data point.

    Addresses are the cluster's sums as published, read with Average or Maximum. Errors are those of the last
    `window`, from all nodes.
    """

    account_id: str
    region: str
    cluster: str
    assigned_ips: float | None = None
    max_ips: float | None = None
    ipamd_errors: float | None = None
    ec2_api_errors: float | None = None
    window: timedelta = timedelta(minutes=15)

    @property
    def scope_key(self) -> str:
        """The key of the cluster's alerts."""
        return cluster_key(self.account_id, self.region, self.cluster)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionSample(Sample):
    """The network interfaces of an account in a region against the quota that applies there."""

    account_id: str
    region: str
    enis: int | None = None
    eni_quota: int | None = None

    @property
    def scope_key(self) -> str:
        """The key of the account's alerts in the region."""
        return region_key(self.account_id, self.region)


@dataclass(frozen=True, slots=True, kw_only=True)
class VpcSample(Sample):
    """A VPC's IPv4 CIDR blocks and Network Address Usage against the quotas that apply to it.

    `peered_nau` is the usage of the VPC with its peers of the Region, None for a VPC without peers or metrics.
    """

    vpc_id: str
    cidrs: int | None = None
    cidr_quota: int | None = None
    nau: int | None = None
    nau_quota: int | None = None
    peered_nau: int | None = None
    peered_nau_quota: int | None = None

    @property
    def scope_key(self) -> str:
        """The key of the VPC's alerts."""
        return vpc_key(self.vpc_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSample(Sample):
    """Whether an account (region "" for the account as a whole) could be read; `observed_at` is the attempt.

    `failed_polls` counts the polls in a row that failed, 0 after a good one. `quality` stays fresh: that a read
    failed is known.
    """

    account_id: str
    region: str
    failed_polls: int
    reason: str = ""
    read_at: datetime | None = None

    @property
    def scope_key(self) -> str:
        """The key of the source's alerts."""
        return region_key(self.account_id, self.region) if self.region else account_key(self.account_id)
