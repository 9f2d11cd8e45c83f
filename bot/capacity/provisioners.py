"""max-pods by who boots the node: each provisioner's own figure for a type, and why it is that number."""

from dataclasses import dataclass
from enum import Enum

from bot.capacity.nodes import (
    CAP_SMALL,
    HOST_NETWORK_PODS,
    MaxPods,
    kube_reserved_memory_mib,
    max_pods,
    max_pods_cap,
    prefix_supported,
)
from bot.capacity.warmpool import trunk_compatible
from bot.inventory import InstanceLimits


class Provisioner(Enum):
    """Who boots the node and so sets kubelet's max-pods."""

    MANAGED = "managed"
    SELF_MANAGED_AL2 = "self_managed_al2"
    NODEADM = "nodeadm"
    KARPENTER = "karpenter"
    BOTTLEROCKET = "bottlerocket"
    AUTO_MODE = "auto_mode"


PROVISIONER_WORDS = {
    Provisioner.MANAGED: "Managed node group",
    Provisioner.SELF_MANAGED_AL2: "Self-managed AL2",
    Provisioner.NODEADM: "AL2023 (nodeadm)",
    Provisioner.KARPENTER: "Karpenter",
    Provisioner.BOTTLEROCKET: "Bottlerocket",
    Provisioner.AUTO_MODE: "EKS Auto Mode",
}
"""How each provisioner is named in answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisionerMaxPods:
    """What a provisioner sets without being told (`default`), and what to have with custom networking and prefixes.

    `custom_networking` and `prefix` are None where the provisioner does not run that mode; where it does not set them
    itself the reason says who must. `reserved_mib` is the memory kubelet reserves at the default.
    """

    provisioner: Provisioner
    default: int
    custom_networking: int | None
    prefix: int | None
    reserved_mib: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotLoss:
    """Figures with one ENI slot of the default card taken by something else; None where that cannot be.

    `efa_only` is max-pods beside one EFA-only interface. `trunk_addresses` are the addresses for pods left beside the
    trunk of security groups for pods: max-pods itself is not lowered for it.
    """

    efa_only: int | None
    trunk_addresses: int | None


def provisioner_max_pods(limits: InstanceLimits) -> tuple[ProvisionerMaxPods, ...]:
    """The figures of every provisioner for the type."""
    figures, cap = max_pods(limits), max_pods_cap(limits.vcpus)
    prefix = figures.prefix if prefix_supported(limits) else None
    return (
        _managed(figures, cap, prefix),
        _al2(figures, prefix),
        _nodeadm(figures, prefix),
        _karpenter(figures, prefix),
        _bottlerocket(figures, prefix),
        _auto_mode(limits, figures),
    )


def slot_loss(limits: InstanceLimits) -> SlotLoss:
    """What the type holds with one ENI slot fewer: an EFA-only interface on its card, or a trunk.

    Whether a type takes EFA at all is not in the limits; the figure says what it would be.
    Source: https://github.com/aws/karpenter-provider-aws pkg/providers/instancetype (EFA-only interfaces of the default
    card are taken off), https://github.com/aws/amazon-vpc-cni-k8s pkg/ipamd/ipamd.go (hasRoomForEni: unmanaged ENIs and
    the trunk). Example: m6idn.32xlarge 394 to 345.
    """
    if limits.max_enis < 2:
        return SlotLoss(efa_only=None, trunk_addresses=None)
    left = (limits.max_enis - 1) * (limits.ipv4_per_eni - 1)
    nitro = prefix_supported(limits)
    return SlotLoss(
        efa_only=left + HOST_NETWORK_PODS if nitro else None,
        trunk_addresses=left if trunk_compatible(limits) else None,
    )


def _managed(figures: MaxPods, cap: int, prefix: int | None) -> ProvisionerMaxPods:
    """Managed node groups without a custom AMI.

    Source: https://docs.aws.amazon.com/eks/latest/userguide/choosing-instance-type.html
    """
    why = f"the cap of {cap} binds" if figures.secondary > cap else f"by its addresses, below the cap of {cap}"
    return ProvisionerMaxPods(
        provisioner=Provisioner.MANAGED,
        default=figures.secondary_managed,
        custom_networking=min(figures.custom_networking, cap),
        prefix=prefix,
        reserved_mib=kube_reserved_memory_mib(figures.secondary_managed),
        reason=f"{why}; without a custom AMI a group takes the smallest figure of its types.",
    )


def _al2(figures: MaxPods, prefix: int | None) -> ProvisionerMaxPods:
    """Self-managed nodes of Amazon Linux 2.

    Source: https://github.com/awslabs/amazon-eks-ami, branch al2, templates/al2/runtime/bootstrap.sh
    """
    return ProvisionerMaxPods(
        provisioner=Provisioner.SELF_MANAGED_AL2,
        default=figures.secondary,
        custom_networking=figures.custom_networking,
        prefix=prefix,
        reserved_mib=kube_reserved_memory_mib(figures.secondary),
        reason="eni-max-pods.txt, uncapped; other modes: --use-max-pods false and kubelet's max-pods.",
    )


def _nodeadm(figures: MaxPods, prefix: int | None) -> ProvisionerMaxPods:
    """Nodes of Amazon Linux 2023 with their own NodeConfig.

    Source: https://github.com/awslabs/amazon-eks-ami, nodeadm/internal/kubelet (maxPodsExpression; memory reserved by
    the formula even where kubelet's maxPods is overridden).
    """
    return ProvisionerMaxPods(
        provisioner=Provisioner.NODEADM,
        default=figures.secondary,
        custom_networking=figures.custom_networking,
        prefix=prefix,
        reserved_mib=kube_reserved_memory_mib(figures.secondary),
        reason="its formula, uncapped; other modes: maxPodsExpression (kubelet's maxPods leaves the reserved memory).",
    )


def _karpenter(figures: MaxPods, prefix: int | None) -> ProvisionerMaxPods:
    """Nodes that Karpenter launches.

    Source: https://github.com/aws/karpenter-provider-aws pkg/providers/instancetype (ENILimitedPods) and
    https://karpenter.sh/docs/reference/settings/ (RESERVED_ENIS).
    """
    return ProvisionerMaxPods(
        provisioner=Provisioner.KARPENTER,
        default=figures.secondary,
        custom_networking=figures.custom_networking,
        prefix=prefix,
        reserved_mib=kube_reserved_memory_mib(figures.secondary),
        reason="all ENIs, uncapped; RESERVED_ENIS=1 for custom networking or a trunk; prefixes need kubelet.maxPods.",
    )


def _bottlerocket(figures: MaxPods, prefix: int | None) -> ProvisionerMaxPods:
    """Bottlerocket nodes outside of managed node groups.

    Source: https://bottlerocket.dev/en/os/latest/#/api/settings/kubernetes/ (max-pods); the memory is reserved by the
    real max-pods: https://github.com/aws/karpenter-provider-aws pkg/providers/amifamily.
    """
    return ProvisionerMaxPods(
        provisioner=Provisioner.BOTTLEROCKET,
        default=figures.secondary,
        custom_networking=figures.custom_networking,
        prefix=prefix,
        reserved_mib=kube_reserved_memory_mib(figures.secondary),
        reason="the image's table, uncapped; other modes: settings.kubernetes.max-pods.",
    )


def _auto_mode(limits: InstanceLimits, figures: MaxPods) -> ProvisionerMaxPods:
    """EKS Auto Mode: it delegates prefixes by itself and falls back to single addresses.

    Source: https://docs.aws.amazon.com/eks/latest/userguide/create-node-class.html (at most 110 pods a node)
    """
    room = figures.prefix_uncapped if prefix_supported(limits) else figures.secondary
    pods = min(room, CAP_SMALL)
    fallback = min(figures.secondary, CAP_SMALL)
    by = f"at most {CAP_SMALL} on any type" if room > CAP_SMALL else "by its addresses"
    return ProvisionerMaxPods(
        provisioner=Provisioner.AUTO_MODE,
        default=pods,
        custom_networking=None,
        prefix=pods if prefix_supported(limits) else None,
        reserved_mib=kube_reserved_memory_mib(pods),
        reason=f"{by}; prefixes by itself, {fallback} where no /28 is free. No ENIConfig.",
    )
