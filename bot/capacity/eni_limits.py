"""Interface limits of instance types, offline: a dated snapshot of EC2's own DescribeInstanceTypes answer.

`deploy/scripts/instance_types_snapshot.py` writes the snapshot; it is package data, read once.
"""

import json
from functools import cache
from importlib.resources import files

from bot.inventory import InstanceLimits


@cache
def _snapshot() -> tuple[str, dict[str, list[object]]]:
    document = json.loads(files("bot.capacity").joinpath("instance_types.json").read_text(encoding="utf-8"))
    return str(document["date"]), document["types"]


def snapshot_date() -> str:
    """The day (YYYY-MM-DD) the snapshot was taken."""
    return _snapshot()[0]


def known_types() -> tuple[str, ...]:
    """Every instance type of the snapshot, in name order."""
    return tuple(_snapshot()[1])


def snapshot_limits(instance_type: str) -> InstanceLimits | None:
    """The limits of a type from the snapshot, or None where the snapshot does not have it (never a guess).

    Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_NetworkInfo.html; `max_enis` is the default
    network card's MaximumNetworkInterfaces, since the VPC CNI gives pod addresses from that card only.
    """
    date, types = _snapshot()
    row = types.get(instance_type)
    if row is None:
        return None
    enis, ipv4, hypervisor, bare_metal, cards, vcpus, memory_mib, ipv6 = row
    return InstanceLimits(
        instance_type=instance_type,
        max_enis=_whole(enis),
        ipv4_per_eni=_whole(ipv4),
        ipv6_per_eni=_whole(ipv6),
        hypervisor=str(hypervisor or ""),
        bare_metal=bool(bare_metal),
        network_cards=_whole(cards),
        vcpus=_whole(vcpus),
        memory_mib=_whole(memory_mib),
        source=f"snapshot {date}",
    )


def _whole(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError(f"the instance type snapshot holds {value!r} where a whole number belongs")
    return value
