"""The JSON form of every answer: pydantic models, the versioned interface that scripts rely on.

docs/json.md describes every field; a test compares the two. Add fields freely; change a meaning only with a version.
"""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from bot.answers_capacity import (
    CidrAnswer,
    PlanAnswer,
    PrefixAnswer,
    SimulateAnswer,
    SizeAnswer,
    TuneAnswer,
    UpgradeAnswer,
)


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class MaxPodsByMode(_Model):
    """Pods per node in each mode."""

    secondary: int = Field(description="Secondary IP mode: E*(N-1)+2, uncapped.")
    secondary_managed: int = Field(
        description="The same with the managed node groups' cap (110, or 250 above 30 vCPUs)."
    )
    custom_networking: int = Field(description="Custom networking: (E-1)*(N-1)+2, uncapped.")
    prefix: int = Field(description="Prefix mode with the cap; without prefixes the capped secondary figure.")
    prefix_uncapped: int = Field(description="Prefix mode before the cap.")
    prefix_custom_networking: int = Field(description="Prefix mode with custom networking, capped.")
    ipv6: int | None = Field(description="IPv6 clusters, capped; null where the type has no prefixes.")
    windows_secondary: int = Field(description="Windows addresses per node before kubelet's 110.")
    windows_prefix: int | None = Field(
        description="Windows prefix addresses before kubelet's 110; null without prefixes."
    )


class ProvisionerRow(_Model):
    """max-pods of one way to boot a node."""

    provisioner: Literal["managed", "self_managed_al2", "nodeadm", "karpenter", "bottlerocket", "auto_mode"] = Field(
        description="Who boots the node."
    )
    default: int = Field(description="What it sets without being told.")
    custom_networking: int | None = Field(description="What to have with custom networking; null: it has none.")
    prefix: int | None = Field(description="What to have in prefix mode; null: no prefixes.")
    kube_reserved_memory_mib: int = Field(description="Memory (MiB) reserved for kubelet at the default.")
    reason: str = Field(description="Why, and what you must set yourself.")


class MaxPodsAnswer(_Model):
    """`maxpods TYPE`."""

    instance_type: str = Field(description="The type asked for.")
    max_enis: int = Field(description="Interfaces of the default network card.")
    ipv4_per_eni: int = Field(description="IPv4 addresses of each interface, its primary included.")
    hypervisor: str | None = Field(description="nitro or xen; null on bare metal.")
    bare_metal: bool = Field(description="Whether it is a bare metal type.")
    network_cards: int = Field(description="Network cards; pods use the default one.")
    vcpus: int = Field(description="Default vCPUs.")
    branch_enis: int | None = Field(
        description="Branch interfaces for security groups for pods; null: not in any EC2 API."
    )
    max_pods: MaxPodsByMode = Field(description="Pods per node by mode.")
    prefix_supported: bool = Field(description="Whether the type takes /28 prefixes (Nitro or bare metal).")
    kube_reserved_memory_mib: int = Field(description="Memory (MiB) reserved for kubelet at the secondary figure.")
    provisioners: list[ProvisionerRow] = Field(description="The figures by who boots the node, with the reason.")
    efa_only: int | None = Field(
        description="secondary beside one EFA-only interface on the default card; null: no slot to spare, or not Nitro."
    )
    trunk_addresses: int | None = Field(
        description="Addresses for pods beside the trunk of security groups for pods; null: it takes none."
    )
    limits_source: str = Field(description='"ec2" or "snapshot DATE".')


class SubnetRow(_Model):
    """One subnet of `status`."""

    subnet_id: str = Field(description="Subnet id.")
    name: str = Field(description="Name tag, empty without one.")
    account_id: str = Field(description="Owner account.")
    region: str = Field(description="Region.")
    az_id: str = Field(description="Availability Zone id, the same in every account.")
    vpc_id: str = Field(description="VPC id.")
    cidr: str | None = Field(description="IPv4 CIDR; null for an IPv6-only subnet.")
    usable_ips: int = Field(description="Addresses that can be given out: size less five.")
    available_ips: int | None = Field(description="EC2's AvailableIpAddressCount (excludes reserved space).")
    free_ips: int | None = Field(description="Available and reserved-free together; null when not known.")
    free_pct: float | None = Field(description="free_ips in percent of usable_ips.")
    reserved_free_ips: int | None = Field(description="Free addresses inside CIDR reservations; null when not read.")
    free_blocks: int | None = Field(description="Free /28 blocks; null when interfaces were not read.")
    warm_ips: int | None = Field(description="Warm addresses in the subnet; null: EC2 does not show them.")
    state: Literal["ok", "low", "critical", "exhausted", "unknown"] = Field(description="Against the thresholds.")
    depletes_at: datetime | None = Field(description="Forecast; null when there is none.")
    observed_at: datetime = Field(description="When the subnet was read.")
    quality: Literal["fresh", "stale", "unknown", "gone"] = Field(description="How far the facts can be trusted.")
    clusters: list[str] = Field(description="Clusters that name the subnet.")


class HealthJson(_Model):
    """One EKS health issue."""

    subject: str = Field(description="Cluster, or cluster/node group.")
    code: str = Field(description="EKS's code, for example InsufficientFreeAddresses.")
    message: str = Field(description="EKS's message.")
    resource_ids: list[str] = Field(description="Resources it names.")


class ClusterRow(_Model):
    """One cluster of `status`."""

    name: str = Field(description="Cluster name.")
    account_id: str = Field(description="Account.")
    region: str = Field(description="Region.")
    version: str = Field(description="Kubernetes version.")
    ip_family: str = Field(description="ipv4 or ipv6.")
    prefix_mode: bool | None = Field(description="Whether the vpc-cni add-on sets prefix delegation; null: not known.")
    subnets: int = Field(description="Subnets the cluster names.")
    usable_ips: int = Field(description="Usable addresses of those that are known.")
    free_ips: int = Field(description="Free addresses of those that are known.")
    unknown_subnets: int = Field(description="Subnets whose free addresses are not known.")
    warm_ips: int | None = Field(
        description="Total less assigned addresses by the CNI Metrics Helper; null without it."
    )
    health: list[HealthJson] = Field(description="Health issues EKS reports.")


class AlertRow(_Model):
    """One alert."""

    alert_id: int = Field(description="Number people type.")
    rule: str = Field(description="Rule id.")
    scope: str = Field(description="What it is about, for example subnet:subnet-….")
    label: str = Field(description="Name of the subject.")
    severity: Literal["warning", "critical"] = Field(description="Severity.")
    status: Literal["pending", "firing", "recovering", "resolved"] = Field(description="Life-cycle state.")
    active_at: datetime = Field(description="First sample that breached.")
    fired_at: datetime | None = Field(description="When it fired.")
    resolved_at: datetime | None = Field(description="When it was resolved.")
    acked_by: str | None = Field(description="Who acknowledged it; null: nobody.")
    silenced_until: datetime | None = Field(description="End of a silence; null: not silenced.")
    value: int | None = Field(description="Free addresses at the last sample.")
    threshold: int = Field(description="Free addresses below which it is low.")
    observed_at: datetime = Field(description="Time of the last sample.")


class StatusAnswer(_Model):
    """`status [SCOPE]`."""

    subnets: list[SubnetRow] = Field(description="Subnets of the scope, worst first.")
    clusters: list[ClusterRow] = Field(description="Clusters of the scope.")
    alerts: list[AlertRow] = Field(description="Open alerts of the scope.")


class HolderJson(_Model):
    """Who holds addresses."""

    kind: str = Field(
        description="node, trunk, branch, control_plane, load_balancer, lambda, endpoint, nat_gateway, efs, "
        "rds, instance, aws_service or unknown."
    )
    owner: str = Field(description="Cluster/node group, load balancer, function, endpoint … as far as EC2 shows it.")
    enis: int = Field(description="Interfaces.")
    addresses: int = Field(description="Single addresses, primaries included.")
    prefixes: int = Field(description="/28 prefixes, 16 addresses each.")
    warm_addresses: int | None = Field(description="Of these, not used by a pod; null: not known.")


class ReservationJson(_Model):
    """A subnet CIDR reservation."""

    reservation_id: str = Field(description="Reservation id.")
    cidr: str = Field(description="Range it keeps.")
    reservation_type: Literal["prefix", "explicit"] = Field(description="What the space is kept for.")


class FragmenterJson(_Model):
    """An interface that alone breaks /28 blocks which would else be free."""

    kind: str = Field(description="As in HolderJson.")
    owner: str = Field(description="Whose it is, as in HolderJson.")
    eni_id: str = Field(description="The interface.")
    blocks: int = Field(description="Blocks that come free if it alone goes.")


class SubnetAnswer(SubnetRow):
    """`subnet X`: the status row and the block map."""

    candidate_blocks: int | None = Field(
        description="/28 blocks a prefix could use in an empty subnet; null: not read."
    )
    fragmented_blocks: int | None = Field(description="Partly taken blocks.")
    full_blocks: int | None = Field(description="Blocks with nothing free.")
    fragmentation_pct: float | None = Field(description="Share of candidate blocks no prefix can use.")
    largest_free_run: int | None = Field(description="Longest run of neighbouring free addresses.")
    fragmenters: list[FragmenterJson] | None = Field(
        description="Interfaces that alone break free blocks: nodes, which can be drained, before services, then the "
        "most blocks first; null: not read."
    )
    reservations: list[ReservationJson] = Field(description="CIDR reservations.")
    holders: list[HolderJson] = Field(description="Who holds the addresses, largest first.")
    unattributed_ips: int | None = Field(description="Taken addresses that no visible interface explains.")


class WhoAnswer(_Model):
    """`who SCOPE`."""

    scope: str = Field(description="The scope, resolved.")
    subnets: int = Field(description="Subnets read.")
    usable_ips: int = Field(description="Usable addresses of those subnets.")
    used_ips: int = Field(description="Addresses held by the interfaces listed.")
    free_ips: int | None = Field(description="Free addresses; null when not known of every subnet.")
    unattributed_ips: int | None = Field(
        description="Taken addresses that no visible interface explains; null: not known."
    )
    warm_addresses: int | None = Field(description="Warm addresses of the scope's clusters by the CNI Metrics Helper.")
    holders: list[HolderJson] = Field(description="Who holds the addresses, largest first.")


class SourceJson(_Model):
    """Where a statement comes from."""

    title: str = Field(description="Title of the page.")
    url: str = Field(description="Address.")
    reviewed: str = Field(description="Day (YYYY-MM-DD) the topic was last compared with it.")


class ExplainAnswer(_Model):
    """`explain TEXT`."""

    matched: bool = Field(description="Whether a topic answers the question.")
    topic: str | None = Field(description="Topic id; null when declined.")
    title: str | None = Field(description="Topic title.")
    text: str = Field(description="What Slack shows: summary and best section, at most 1,500 characters.")
    score: float | None = Field(description="Strength of the match; comparable only within a version.")
    sources: list[SourceJson] = Field(description="Sources.")
    related: list[str] = Field(description="Related topic ids.")


class AccountRow(_Model):
    """One account and region of `accounts`."""

    account_id: str = Field(description="Account.")
    name: str = Field(description="Configured name.")
    region: str = Field(description="Region; empty for an account that could not be entered.")
    subnets: int = Field(description="Subnets known.")
    clusters: int = Field(description="Clusters known.")
    complete: bool = Field(description="Whether everything there could be read.")
    observed_at: datetime | None = Field(description="Last read; null: never.")


class AccountsAnswer(_Model):
    """`accounts`."""

    accounts: list[AccountRow] = Field(description="Every account and region.")


class AlertsAnswer(_Model):
    """`alerts`."""

    alerts: list[AlertRow] = Field(description="Open alerts first, then recent ones.")


class WatchRow(_Model):
    """One channel told about a scope."""

    channel: str = Field(description="Channel id.")
    scope: str = Field(description="The scope.")
    source: Literal["configuration", "command"] = Field(description="Where the watch comes from.")


class WatchAnswer(_Model):
    """`watch`, `unwatch`, `watching`."""

    watches: list[WatchRow] = Field(description="Watches of the channel after the command.")


class CommandJson(_Model):
    """One verb."""

    verb: str = Field(description="The verb.")
    aliases: list[str] = Field(description="Short forms.")
    usage: str = Field(description="How it is called.")
    summary: str = Field(description="What it answers.")
    example: str = Field(description="A command that works.")


class HelpAnswer(_Model):
    """`help [VERB]`."""

    commands: list[CommandJson] = Field(description="The verbs.")


class SweepAnswer(_Model):
    """`eksip sweep` (command line only)."""

    seconds: float = Field(description="Wall-clock seconds.")
    aws_calls: int = Field(description="AWS API calls made.")
    accounts: int = Field(description="Accounts configured.")
    regions: int = Field(description="Account-regions whose subnets were read.")
    vpcs: int = Field(description="VPCs found.")
    subnets: int = Field(description="Subnets found.")
    clusters: int = Field(description="EKS clusters found.")
    interfaces: int | None = Field(description="Network interfaces read; null without --interfaces.")


ANSWERS: dict[str, type[BaseModel]] = {
    "status": StatusAnswer,
    "subnet": SubnetAnswer,
    "who": WhoAnswer,
    "maxpods": MaxPodsAnswer,
    "simulate": SimulateAnswer,
    "plan": PlanAnswer,
    "tune": TuneAnswer,
    "prefix": PrefixAnswer,
    "upgrade": UpgradeAnswer,
    "cidr": CidrAnswer,
    "size": SizeAnswer,
    "explain": ExplainAnswer,
    "accounts": AccountsAnswer,
    "alerts": AlertsAnswer,
    "watch": WatchAnswer,
    "unwatch": WatchAnswer,
    "watching": WatchAnswer,
    "help": HelpAnswer,
    "sweep": SweepAnswer,
}
"""The answer model of every verb."""


def fields(model: BaseModel) -> dict[str, object]:
    """An answer as plain JSON values."""
    return model.model_dump(mode="json")
