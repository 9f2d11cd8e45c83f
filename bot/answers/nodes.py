"""The JSON form of answers about one instance type."""

from typing import Literal

from pydantic import Field

from bot.answers.model import AnswerModel


class MaxPodsByMode(AnswerModel):
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


class ProvisionerRow(AnswerModel):
    """max-pods of one way to boot a node."""

    provisioner: Literal["managed", "self_managed_al2", "nodeadm", "karpenter", "bottlerocket", "auto_mode"] = Field(
        description="Who boots the node."
    )
    default: int = Field(description="What it sets without being told.")
    custom_networking: int | None = Field(description="What to have with custom networking; null: it has none.")
    prefix: int | None = Field(description="What to have in prefix mode; null: no prefixes.")
    kube_reserved_memory_mib: int = Field(description="Memory (MiB) reserved for kubelet at the default.")
    reason: str = Field(description="Why, and what you must set yourself.")


class MaxPodsAnswer(AnswerModel):
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
