"""The JSON form of what AWS showed: subnets, clusters, holders, accounts."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from bot.answers.alerting import AlertRow
from bot.answers.model import AnswerModel


class SubnetRow(AnswerModel):
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
    interfaces_at: datetime | None = Field(
        description="When its interfaces and reservations were read, on which reserved_free_ips and free_blocks rest; "
        "null: not lately."
    )
    clusters: list[str] = Field(description="Clusters that name the subnet.")


class HealthJson(AnswerModel):
    """One EKS health issue."""

    subject: str = Field(description="Cluster, or cluster/node group.")
    code: str = Field(description="EKS's code, for example InsufficientFreeAddresses.")
    message: str = Field(description="EKS's message.")
    resource_ids: list[str] = Field(description="Resources it names.")


class ClusterRow(AnswerModel):
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


class GoneRow(AnswerModel):
    """A subnet of the scope that was deleted within the last day."""

    subnet_id: str = Field(description="Subnet id.")
    name: str = Field(description="Name tag, empty without one.")
    account_id: str = Field(description="Owner account.")
    region: str = Field(description="Region.")
    quality: Literal["gone"] = Field(description="Always gone: EC2 does not know the id any more.")
    observed_at: datetime = Field(description="When EC2 said so.")


class StatusAnswer(AnswerModel):
    """`status [SCOPE]`."""

    subnets: list[SubnetRow] = Field(description="Subnets of the scope, worst first; 1,000 or `limit=`.")
    subnets_total: int = Field(description="Subnets of the scope in all.")
    clusters: list[ClusterRow] = Field(description="Clusters of the scope, the least share free first; limited alike.")
    clusters_total: int = Field(description="Clusters of the scope in all.")
    alerts: list[AlertRow] = Field(description="Open alerts of the scope.")
    gone: list[GoneRow] = Field(description="Subnets of the scope that were deleted lately, the newest first.")


class HolderJson(AnswerModel):
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


class ReservationJson(AnswerModel):
    """A subnet CIDR reservation."""

    reservation_id: str = Field(description="Reservation id.")
    cidr: str = Field(description="Range it keeps.")
    reservation_type: Literal["prefix", "explicit"] = Field(description="What the space is kept for.")


class FragmenterJson(AnswerModel):
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


class WhoAnswer(AnswerModel):
    """`who SCOPE`."""

    scope: str = Field(description="The scope, resolved.")
    subnets: int = Field(description="Subnets read.")
    usable_ips: int = Field(description="Usable addresses of those subnets.")
    used_ips: int | None = Field(
        description="Addresses held by the interfaces listed; null where they could not be read of every subnet."
    )
    free_ips: int | None = Field(description="Free addresses; null when not known of every subnet.")
    unattributed_ips: int | None = Field(
        description="Taken addresses that no visible interface explains; null: not known."
    )
    warm_addresses: int | None = Field(description="Warm addresses of the scope's clusters by the CNI Metrics Helper.")
    holders: list[HolderJson] = Field(description="Who holds the addresses, largest first.")


class AccountRow(AnswerModel):
    """One account and region of `accounts`."""

    account_id: str = Field(description="Account.")
    name: str = Field(description="Configured name.")
    region: str = Field(description="Region; empty for an account that could not be entered.")
    subnets: int = Field(description="Subnets known.")
    clusters: int = Field(description="Clusters known.")
    complete: bool = Field(description="Whether everything there could be read.")
    observed_at: datetime | None = Field(description="Last read; null: never.")


class BlindSpotGroup(AnswerModel):
    """What could not be read for one reason, in however many accounts and regions."""

    api: str = Field(description="API that failed.")
    reason: str = Field(description="Why; ACCOUNT and REGION stand for those of each place.")
    places: list[str] = Field(description="Account id and region of each place.")


class AccountChangeRow(AnswerModel):
    """An account that joined or left the organization."""

    account_id: str = Field(description="Account.")
    name: str = Field(description="Its name.")
    change: Literal["joined", "left"] = Field(description="What became of it.")
    seen_at: datetime = Field(description="When that was noticed.")


class AccountsAnswer(AnswerModel):
    """`accounts`."""

    accounts: list[AccountRow] = Field(description="Every account and region.")
    blind_spots: list[BlindSpotGroup] = Field(description="What could not be read, by API and reason.")
    changes: list[AccountChangeRow] = Field(description="Accounts that joined or left within the last day.")


class SweepAnswer(AnswerModel):
    """`eksip sweep` (command line only)."""

    seconds: float = Field(description="Wall-clock seconds.")
    aws_calls: int = Field(description="AWS API calls made.")
    accounts: int = Field(description="Accounts configured.")
    regions: int = Field(description="Account-regions whose subnets were read.")
    vpcs: int = Field(description="VPCs found.")
    subnets: int = Field(description="Subnets found.")
    clusters: int = Field(description="EKS clusters found.")
    interfaces: int | None = Field(description="Network interfaces read; null without --interfaces.")
