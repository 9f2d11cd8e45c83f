"""`maxpods TYPE`: pods a node of this type can hold, in every mode. Needs no AWS."""

import re

from bot.answers.model import fields
from bot.answers.nodes import MaxPodsAnswer, MaxPodsByMode, ProvisionerRow
from bot.asking.command import Asked, Request
from bot.capacity.eni_limits import known_types, snapshot_date, snapshot_limits
from bot.capacity.nodes import (
    TWO_CARD_TABLE_TYPES,
    MaxPods,
    kube_reserved_memory_mib,
    max_pods,
    max_pods_cap,
    prefix_supported,
)
from bot.capacity.provisioners import PROVISIONER_WORDS, provisioner_max_pods, slot_loss
from bot.errors import QueryError, UserError, nearest
from bot.inventory import InstanceLimits
from bot.message import Bullets, Context, Line, Link, Message, Mono, Sources, Strong, Table, Text, Tone
from bot.services import Services

_GUIDE = Link(
    "EKS: choosing an instance type", "https://docs.aws.amazon.com/eks/latest/userguide/choosing-instance-type.html"
)

_LOOKS_LIKE_A_TYPE = re.compile(r"[a-z0-9-]{1,20}\.[a-z0-9-]{1,20}")


def answer(asked: Asked, request: Request, services: Services) -> Message:
    """The max-pods figures of the instance type that was named."""
    if len(asked.words) != 1:
        raise UserError("`maxpods` takes one instance type, for example `maxpods m5.large`.", ["maxpods m5.large"])
    limits = _limits(asked.words[0].lower())
    pods = max_pods(limits)
    cap = max_pods_cap(limits.vcpus)
    prefixes = prefix_supported(limits)
    name = limits.instance_type
    return Message(
        text=_sentence(limits, pods),
        tone=Tone.NEUTRAL,
        verdict=(Strong(name), ": ", Strong(f"{pods.secondary:,} pods"), " in secondary IP mode"),
        parts=(
            Text(
                lines=(
                    (
                        f"{limits.max_enis} ENIs × {limits.ipv4_per_eni} IPv4 addresses, {limits.vcpus} vCPUs, ",
                        "prefixes supported" if prefixes else "no prefixes (not Nitro)",
                    ),
                )
            ),
            Table(columns=("Mode", "Pods"), rows=_rows(pods, cap, prefixes), right=frozenset({1})),
            Bullets(title="By who boots the node", items=_provisioners(limits)),
            Context(lines=_notes(limits, pods, cap)),
            Sources(links=(_GUIDE,)),
        ),
        answer=fields(_json(limits, pods, prefixes)),
    )


def _limits(instance_type: str) -> InstanceLimits:
    limits = snapshot_limits(instance_type)
    if limits is not None:
        return limits
    shown = instance_type if len(instance_type) <= 40 else instance_type[:37] + "…"
    if not _LOOKS_LIKE_A_TYPE.fullmatch(instance_type):
        raise UserError(
            f"`{shown}` is not an instance type; one looks like `m5.large`. Try `maxpods m5.large`.",
            [f"maxpods {name}" for name in nearest(f"{shown}.large", known_types(), ratio=80)] or ["maxpods m5.large"],
        )
    close = nearest(shown, known_types())
    hint = f" Types with a similar name: {', '.join(close)}." if close else ""
    raise QueryError(
        f"`{shown}` is not in my offline table of EC2's limits ({snapshot_date()}), so I do not know its max-pods."
        f"{hint} EC2 knows: aws ec2 describe-instance-types --instance-types {shown}",
        api="ec2:DescribeInstanceTypes",
    )


def _sentence(limits: InstanceLimits, pods: MaxPods) -> str:
    managed = f" ({pods.secondary_managed} in a managed node group)" if pods.secondary_managed != pods.secondary else ""
    prefix = f", {pods.prefix} with prefixes" if prefix_supported(limits) else ", and no prefix mode"
    custom = f", {pods.custom_networking} with custom networking"
    return f"{limits.instance_type} holds {pods.secondary} pods in secondary IP mode{managed}{custom}{prefix}."


def _rows(pods: MaxPods, cap: int, prefixes: bool) -> tuple[tuple[str, str], ...]:
    rows = [
        ("Secondary IPs", f"{pods.secondary}"),
        (f"Same, managed group (cap {cap})", f"{pods.secondary_managed}"),
        ("Custom networking", f"{pods.custom_networking}"),
    ]
    if prefixes:
        rows += [
            (f"Prefixes (cap {cap})", f"{pods.prefix}"),
            ("Prefixes + custom networking", f"{pods.prefix_custom_networking}"),
            (f"IPv6 (cap {cap})", f"{pods.ipv6}"),
        ]
    return tuple(rows)


def _provisioners(limits: InstanceLimits) -> tuple[Line, ...]:
    """Each provisioner's own figure with its reason."""
    return tuple(
        (Strong(f"{PROVISIONER_WORDS[row.provisioner]} {row.default}"), f": {row.reason}")
        for row in provisioner_max_pods(limits)
    )


def _notes(limits: InstanceLimits, pods: MaxPods, cap: int) -> tuple[Line, ...]:
    notes: list[Line] = []
    if prefix_supported(limits):
        binds = f"; the cap of {cap} binds" if pods.prefix_uncapped > cap else f", below the cap of {cap}"
        notes.append((f"Addresses alone would allow {pods.prefix_uncapped:,} with prefixes{binds}.",))
    windows = f"{pods.windows_secondary} addresses"
    windows += f", {pods.windows_prefix} with prefixes" if pods.windows_prefix else ""
    notes.append((f"Windows nodes: {windows}, before kubelet's 110.",))
    loss = slot_loss(limits)
    if loss.trunk_addresses is not None:
        notes.append((f"Security groups for pods: beside the trunk {loss.trunk_addresses:,} addresses stay.",))
    if limits.network_cards > 1:
        efa = "" if loss.efa_only is None else f" An EFA-only interface there leaves {loss.efa_only:,} pods."
        notes.append(
            (f"{limits.network_cards} network cards: pods use the default card's {limits.max_enis} ENIs only.{efa}",)
        )
    if limits.instance_type in TWO_CARD_TABLE_TYPES:
        notes.append(("The CNI's own table counts both cards' ENIs for this type: its max-pods is higher than fits.",))
    notes.append((f"Limits: EC2 snapshot of {limits.source.removeprefix('snapshot ')} · ", Mono("explain max-pods")))
    return tuple(notes)


def _json(limits: InstanceLimits, pods: MaxPods, prefixes: bool) -> MaxPodsAnswer:
    loss = slot_loss(limits)
    return MaxPodsAnswer(
        instance_type=limits.instance_type,
        max_enis=limits.max_enis,
        ipv4_per_eni=limits.ipv4_per_eni,
        hypervisor=limits.hypervisor or None,
        bare_metal=limits.bare_metal,
        network_cards=limits.network_cards,
        vcpus=limits.vcpus,
        branch_enis=None,
        max_pods=MaxPodsByMode(
            secondary=pods.secondary,
            secondary_managed=pods.secondary_managed,
            custom_networking=pods.custom_networking,
            prefix=pods.prefix,
            prefix_uncapped=pods.prefix_uncapped,
            prefix_custom_networking=pods.prefix_custom_networking,
            ipv6=pods.ipv6,
            windows_secondary=pods.windows_secondary,
            windows_prefix=pods.windows_prefix,
        ),
        prefix_supported=prefixes,
        kube_reserved_memory_mib=kube_reserved_memory_mib(pods.secondary),
        provisioners=[
            ProvisionerRow(
                provisioner=row.provisioner.value,
                default=row.default,
                custom_networking=row.custom_networking,
                prefix=row.prefix,
                kube_reserved_memory_mib=row.reserved_mib,
                reason=row.reason,
            )
            for row in provisioner_max_pods(limits)
        ],
        efa_only=loss.efa_only,
        trunk_addresses=loss.trunk_addresses,
        limits_source=limits.source,
    )
