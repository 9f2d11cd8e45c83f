"""The pictures and figures of docs/capacity.md: what the program answers, and what its core computes."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

from bot.capacity.blocks import BLOCK_IPS, block_map
from bot.capacity.eni_limits import snapshot_limits
from bot.capacity.ipamd import Ipamd
from bot.capacity.nodes import kube_reserved_memory_mib, max_pods
from bot.capacity.provisioners import PROVISIONER_WORDS, provisioner_max_pods
from bot.capacity.subnets import usable_ips
from bot.capacity.warmpool import PoolMode, PoolSettings, steady_state
from bot.charts.png import png
from bot.console.render import plain
from bot.inventory import Eni, InstanceLimits
from bot.message import Code, Controls, Message, Part, Sources

SHOWN: Mapping[str, tuple[str, tuple[type[Part], ...]]] = {
    "simulate": ("simulate m5.xlarge pods=30", ()),
    "frozen": ("simulate m5.large pods=9 min-ip=8", ()),
    "subnet": ("subnet private-1a", ()),
    "plan": ("plan +40 c6i.2xlarge prod-eu", ()),
    "tune": ("tune prod-eu", ()),
    "prefix": ("prefix prod-eu", (Code,)),
    "upgrade": ("upgrade prod-eu", ()),
    "size": ("size nodes=100 type=m5.xlarge pods=30 zones=3", ()),
    "cidr": ("cidr 10.0.0.0/16 192.168.0.0/16", (Code,)),
}
"""The command behind each picture, and the kinds of parts left out of it; buttons and sources always are."""

_FOOTER = re.compile(r"^ *(?:Read [^·]*· )?eksip .*\n?", re.MULTILINE)
_AWS_ID = re.compile(r"\b([a-z]+)-[0-9a-f]{17}\b")
_WIDTH = 104

POOL_TYPE = "m5.large"
POOL_SETTINGS = (
    ("`WARM_ENI_TARGET=1` (shipped)", PoolSettings()),
    ("`WARM_ENI_TARGET=0`", PoolSettings(warm_eni=0)),
    ("`WARM_IP_TARGET=2` `MINIMUM_IP_TARGET=10`", PoolSettings(warm_ip=2, minimum_ip=10)),
    ("`MINIMUM_IP_TARGET=10` alone", PoolSettings(minimum_ip=10)),
    ("prefixes, `WARM_PREFIX_TARGET=1`", PoolSettings(mode=PoolMode.PREFIX, warm_prefix=1)),
    ("prefixes, `WARM_IP_TARGET=2`", PoolSettings(mode=PoolMode.PREFIX, warm_ip=2)),
    ("custom networking, `WARM_ENI_TARGET=1`", PoolSettings(custom_networking=True)),
)
POOL_PODS = (0, 1, 10, 18, 27)

MAX_PODS_TYPES = ("t3.medium", "m5.large", "m5.4xlarge", "c6i.24xlarge", "m4.large", "p5.48xlarge")

PROVISIONED_TYPE = "m5.4xlarge"
"""A type on which the provisioners differ: its addresses allow more than the cap."""

BURST_PODS = 20
"""Pods that start at once in the step by step example: they need all three ENIs of an m5.large."""


CHARTS: Mapping[str, str] = {
    "trend": "trend private-1a 24h",
    "forecast": "forecast private-1a",
    "who": "who cluster:prod-eu",
    "subnet": "subnet private-1a",
    "tune": "tune cluster:prod-eu",
}
"""The command behind each docs/chart-NAME.png."""


def charts(answer: Callable[[str], Message]) -> dict[str, bytes]:
    """The pictures of the answers as PNG, by file name; the demo estate at its fixed moment makes the same each time.

    Raises: ValueError when a command draws nothing.
    """
    found = {}
    for name, command in CHARTS.items():
        message = answer(command)
        if not message.charts:
            raise ValueError(f"`{command}` draws nothing: {message.text}")
        found[f"chart-{name}.png"] = png(message.charts[0])
    return found


def pictures(answer: Callable[[str], Message]) -> dict[str, str]:
    """Every region of the page by its name; `answer` gives the demo estate's answer to a command."""
    shown = {name: _shown(command, answer(command), left_out) for name, (command, left_out) in SHOWN.items()}
    return {
        **shown,
        "pool": pool_table(),
        "burst": burst(),
        "blocks": blocks_picture(),
        "maxpods": max_pods_table(),
        "provisioners": provisioners_table(),
    }


def _shown(command: str, message: Message, left_out: Sequence[type[Part]]) -> str:
    """The answer as a terminal shows it, without what differs between two runs: ids, and the footer with its age.

    Raises: ValueError when the command fails.
    """
    if message.failure is not None:
        raise ValueError(f"`{command}` fails: {message.failure.message}")
    hidden = (Controls, Sources, *left_out)
    kept = replace(message, parts=tuple(part for part in message.parts if not isinstance(part, hidden)))
    text = _AWS_ID.sub(r"\1-0123456789abcdef0", _FOOTER.sub("", plain(kept, width=_WIDTH)))
    return f"`eksip ask --demo {command}`:\n\n```text\n{text.rstrip()}\n```"


def pool_table() -> str:
    """Subnet addresses that one node takes with each setting, by its pods, and where pods get none."""
    limits = _limits(POOL_TYPE)
    rows = [f"| {POOL_TYPE} with pods: | {' | '.join(f'{pods}' for pods in POOL_PODS)} |"]
    rows.append(f"|---|{'--:|' * len(POOL_PODS)}")
    for words, settings in POOL_SETTINGS:
        pools = [steady_state(limits, settings, pods) for pods in POOL_PODS]
        cells = [f"{pool.subnet_addresses}{'!' if pool.pods_without_address else ''}" for pool in pools]
        rows.append(f"| {words} | {' | '.join(cells)} |")
    return "\n".join(rows)


def burst() -> str:
    """What ipamd does loop by loop when pods come all at once, as the simulator steps through it."""
    node = Ipamd(_limits(POOL_TYPE), PoolSettings())
    lines = [f"{POOL_TYPE}, WARM_ENI_TARGET=1, {BURST_PODS} pods at once", " time  ENIs  addresses  pods waiting"]
    lines.append(_state(node))
    node.add_pods(BURST_PODS)
    lines.append(f"{_state(node)}  the pods start")
    while done := node.tick():
        words = ", ".join(f"{action.kind.value.replace('_', ' ')} +{action.units}" for action in done)
        lines.append(f"{_state(node)}  {words}")
    return "```text\n" + "\n".join(lines) + "\n```"


def _state(node: Ipamd) -> str:
    pool = node.pool()
    return f"{node.seconds:>3} s  {pool.enis:>4}  {pool.addresses:>9}  {pool.pods_without_address:>12}"


def blocks_picture() -> str:
    """A /24 with the same number of addresses packed and scattered: its sixteen /28 blocks and what is left."""
    cidr = IPv4Network("10.0.0.0/24")
    packed = [16 + host for host in range(14)]
    scattered = [16 * block + 7 for block in range(1, 15)]
    lines = [f"{'':12}{'':{cidr.num_addresses // BLOCK_IPS + 2}}free addresses  free /28 blocks"]
    for name, hosts in (("empty", []), ("14 packed", packed), ("14 scattered", scattered)):
        found = block_map(cidr, [_interface(cidr, hosts)])
        free = usable_ips(cidr) - found.used_ips
        lines.append(f"{name:<12}  {_drawn(cidr, hosts)}{free:>14}  {found.free:>15}")
    legend = "░ free for a prefix   ▓ broken up   █ full   · never: AWS keeps addresses in it"
    return "```text\n" + "\n".join([*lines, "", legend]) + "\n```"


def _drawn(cidr: IPv4Network, hosts: Sequence[int]) -> str:
    count = cidr.num_addresses // BLOCK_IPS
    taken = [sum(host // BLOCK_IPS == block for host in hosts) for block in range(count)]
    inner = "".join("░" if not each else "█" if each == BLOCK_IPS else "▓" for each in taken[1:-1])
    return f"·{inner}·"


def _interface(cidr: IPv4Network, hosts: Sequence[int]) -> Eni:
    return Eni(
        eni_id="eni-0a",
        subnet_id="subnet-0a",
        vpc_id="vpc-0a",
        account_id="111122223333",
        owner_id="111122223333",
        region="eu-west-1",
        az="eu-west-1a",
        status="in-use",
        interface_type="interface",
        description="",
        addresses=tuple(IPv4Address(int(cidr.network_address) + host) for host in hosts),
    )


def max_pods_table() -> str:
    """max-pods in every mode for a few types that show what decides it, and kubelet's memory at two of them."""
    rows = [
        "| Type | ENIs × IPv4 | Secondary | Managed group | Custom networking | Prefixes | Windows | kube-reserved |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for name in MAX_PODS_TYPES:
        limits = _limits(name)
        pods = max_pods(limits)
        prefix = f"{pods.prefix:,}" if pods.ipv6 is not None else "none"
        windows = f"{pods.windows_secondary:,}"
        if pods.windows_prefix is not None:
            windows += f" / {min(pods.windows_prefix, 110):,}"
        memory = f"{kube_reserved_memory_mib(pods.secondary):,} MiB"
        rows.append(
            f"| {name} | {limits.max_enis} × {limits.ipv4_per_eni} | {pods.secondary:,} | {pods.secondary_managed:,} "
            f"| {pods.custom_networking:,} | {prefix} | {windows} | {memory} |"
        )
    return "\n".join(rows)


def provisioners_table() -> str:
    """What each provisioner sets on the same type, and why."""
    rows = [f"| {PROVISIONED_TYPE} by | By default | Custom networking | Prefixes | Why |", "|---|--:|--:|--:|---|"]
    for found in provisioner_max_pods(_limits(PROVISIONED_TYPE)):
        custom = "none" if found.custom_networking is None else f"{found.custom_networking:,}"
        prefix = "none" if found.prefix is None else f"{found.prefix:,}"
        rows.append(
            f"| {PROVISIONER_WORDS[found.provisioner]} | {found.default:,} | {custom} | {prefix} | {found.reason} |"
        )
    return "\n".join(rows)


def _limits(instance_type: str) -> InstanceLimits:
    limits = snapshot_limits(instance_type)
    if limits is None:
        raise ValueError(f"{instance_type} is not in the snapshot of EC2's limits.")
    return limits
