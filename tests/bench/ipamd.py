"""The simulator of ipamd: loops in a second, and the closed form of a fleet against simulating each of its nodes."""

from bot.capacity.ipamd import Ipamd
from bot.capacity.warmpool import PoolMode, PoolSettings, steady_state
from bot.inventory import InstanceLimits

from .table import row, seconds

M5_LARGE = InstanceLimits(
    instance_type="m5.large",
    max_enis=3,
    ipv4_per_eni=10,
    ipv6_per_eni=10,
    hypervisor="nitro",
    bare_metal=False,
    network_cards=1,
    vcpus=2,
    memory_mib=8192,
    source="ec2",
)
SETTINGS = PoolSettings(mode=PoolMode.SECONDARY, warm_ip=5, minimum_ip=10)
PODS, NODES, LOOPS = 20, 5_000, 5_000
SAMPLE = 50
"""Nodes the simulator is given of the fleet; its time is multiplied to all of them, for it is linear."""


def measure() -> None:
    """The rows of this subject."""
    assert simulated(PODS) == steady_state(M5_LARGE, SETTINGS, PODS).addresses
    looping, naive = seconds(_churning, 3), seconds(_churning_by_lists, 3)
    row(
        f"ipamd, {LOOPS:,} loops with a pod in and out ({LOOPS / looping:,.0f} loops/s)",
        looping,
        "WARM_IP_TARGET alone on lists of addresses",
        naive,
    )
    row(
        f"closed form of {NODES:,} nodes with {PODS} pods",
        seconds(lambda: [steady_state(M5_LARGE, SETTINGS, PODS) for _ in range(NODES)], 3),
        f"ipamd node by node, {SAMPLE} nodes x {NODES // SAMPLE}",
        seconds(lambda: [simulated(PODS) for _ in range(SAMPLE)], 1) * (NODES / SAMPLE),
    )


def simulated(pods: int) -> int:
    """The addresses a node holds for pods after they came one at a time and the pool has settled."""
    node = Ipamd(M5_LARGE, SETTINGS)
    node.grow_out()
    for _ in range(pods):
        node.add_pods(1)
        node.grow_out()
    node.run(120)
    return node.pool().addresses


def _churning() -> None:
    node = Ipamd(M5_LARGE, SETTINGS)
    node.add_pods(PODS)
    for loop in range(LOOPS):
        if loop % 2:
            node.add_pods(1)
        else:
            node.remove_pods(1)
        node.tick()


def _churning_by_lists() -> None:
    """The baseline: a node's addresses in a list that each loop reads anew.

    It keeps one target and knows no ENIs, limits, ages or pauses, so it does far less than the simulator.
    """
    addresses: list[dict[str, object]] = []
    pods = PODS
    for loop in range(LOOPS):
        pods += 1 if loop % 2 else -1
        for number, address in enumerate(addresses):
            address["pod"] = number < pods
        while len([address for address in addresses if not address.get("pod")]) < 5 or len(addresses) < pods:
            addresses.append({"pod": len(addresses) < pods, "since": loop})
        spare = [address for address in addresses if not address["pod"]]
        for address in spare[5:]:
            addresses.remove(address)
