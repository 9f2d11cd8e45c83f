"""Plan and tune on one large cluster: 5,000 nodes of 30 instance types in three zones, against loops over its nodes."""

import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv4Network

from bot.capacity.eni_limits import known_types, snapshot_limits
from bot.capacity.node_mix import TypeNodes
from bot.capacity.plan import plan
from bot.capacity.pod_load import Load
from bot.capacity.pool_cost import Pace
from bot.capacity.rooms import Need, node_need
from bot.capacity.sites import site
from bot.capacity.tune import candidates, tune
from bot.capacity.warmpool import PoolMode, PoolSettings, steady_state
from bot.inventory import (
    Cluster,
    CniSettings,
    Eni,
    InstanceLimits,
    Inventory,
    Node,
    Nodegroup,
    RegionFacts,
    Subnet,
    SubnetContents,
    Vpc,
)

from .table import row, seconds

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
NODES, TYPES, ZONES, SUBNETS, MORE = 5_000, 30, 3, 12, 500
ACCOUNT, REGION, VPC = "111122223333", "eu-west-1", "vpc-1"
SETTINGS = PoolSettings(mode=PoolMode.SECONDARY)
PACE = Pace(pods_per_hour=12)
SAMPLED_SETTINGS = 5
"""Candidate settings the per-node loop is given; its time is multiplied to all of them, for it is linear."""


def measure() -> None:
    """The rows of this subject."""
    loads = _loads()
    tried = candidates(loads, SETTINGS, PACE)
    sample = tried[:SAMPLED_SETTINGS]
    row(
        f"tune {NODES:,} nodes of {TYPES} types ({len(tried)} settings and more)",
        seconds(lambda: tune(loads, SETTINGS, PACE), 3),
        f"steady state node by node, {len(sample)} settings x {len(tried) / len(sample):.1f}",
        seconds(lambda: [_held_node_by_node(loads, each) for each in sample], 1) * len(tried) / len(sample),
    )
    inventory, contents = _facts(loads)
    cluster, subnets = inventory.clusters[0], inventory.subnets
    need = node_need(loads[0].limits, SETTINGS, loads[0].pods)

    def planned() -> object:
        here = site(subnets, cluster, inventory, contents, prefixes=False, custom_networking=False)
        return plan(here.zones, need, MORE)

    row(
        f"plan +{MORE} nodes beside {NODES:,} ({len(contents.enis):,} interfaces)",
        seconds(planned, 3),
        "sets of ipaddress objects, node after node",
        seconds(lambda: _placed_one_by_one(subnets, contents, need), 1),
    )


def _loads() -> tuple[Load, ...]:
    """The first 30 general-purpose Nitro types by name, as many nodes of each, each a little over half full."""
    types = list(_types())[:TYPES]
    return tuple(
        Load(
            limits=limits,
            group=TypeNodes(instance_type=limits.instance_type, mode=SETTINGS.mode, nodes=NODES // TYPES, managed=True),
            pods=min(limits.max_enis * (limits.ipv4_per_eni - 1), 110) * 11 // 20,
        )
        for limits in types
    )


def _types() -> Iterator[InstanceLimits]:
    for name in known_types():
        limits = snapshot_limits(name)
        if name.startswith(("m5", "m6", "m7")) and limits and limits.hypervisor == "nitro" and limits.vcpus <= 32:
            yield limits


def _held_node_by_node(loads: tuple[Load, ...], settings: PoolSettings) -> int:
    return sum(
        steady_state(load.limits, settings, load.pods).node_subnet_addresses
        for load in loads
        for _ in range(load.nodes)
    )


def _facts(loads: tuple[Load, ...]) -> tuple[Inventory, SubnetContents]:
    """The cluster as AWS shows it: four /16 in each zone, nodes by turns, their addresses scattered."""
    chance = random.Random(5)
    cidrs = [IPv4Network((int(IPv4Address("10.0.0.0")) + place * 65_536, 16)) for place in range(SUBNETS)]
    hosts = [iter(chance.sample(range(4, cidr.num_addresses - 1), cidr.num_addresses - 5)) for cidr in cidrs]
    taken: Counter[int] = Counter()
    nodes, enis = [], []
    kinds = [load for load in loads for _ in range(load.nodes)]
    for number, load in enumerate(kinds):
        place = number % SUBNETS
        node = Node(
            instance_id=f"i-{number:017x}",
            instance_type=load.limits.instance_type,
            account_id=ACCOUNT,
            region=REGION,
            az=_az(place),
            subnet_id=f"subnet-{place}",
            state="running",
            cluster="prod",
            nodegroup="general",
        )
        nodes.append(node)
        for index, units in enumerate(steady_state(load.limits, SETTINGS, load.pods).per_eni):
            base = cidrs[place].network_address
            taken[place] += units + 1
            enis.append(
                Eni(
                    eni_id=f"eni-{number:x}-{index}",
                    subnet_id=node.subnet_id,
                    vpc_id=VPC,
                    account_id=ACCOUNT,
                    owner_id=ACCOUNT,
                    region=REGION,
                    az=node.az,
                    status="in-use",
                    interface_type="interface",
                    description=f"aws-K8S-{node.instance_id}" if index else "",
                    addresses=tuple(base + next(hosts[place]) for _ in range(units + 1)),
                    instance_id=node.instance_id,
                    device_index=index,
                    network_card_index=0,
                )
            )
    subnets = tuple(
        Subnet(
            subnet_id=f"subnet-{place}",
            name=f"private-{place}",
            account_id=ACCOUNT,
            region=REGION,
            az_id=f"euw1-az{place % ZONES + 1}",
            az=_az(place),
            vpc_id=VPC,
            cidr=cidr,
            available_ips=cidr.num_addresses - 5 - taken[place],
            observed_at=NOW,
        )
        for place, cidr in enumerate(cidrs)
    )
    ids = tuple(subnet.subnet_id for subnet in subnets)
    group = Nodegroup(name="general", subnet_ids=ids, instance_types=("m5.large",), status="ACTIVE")
    cluster = Cluster(
        name="prod",
        account_id=ACCOUNT,
        region=REGION,
        version="1.34",
        status="ACTIVE",
        vpc_id=VPC,
        subnet_ids=ids,
        ip_family="ipv4",
        cni=CniSettings(source="addon"),
        nodegroups=(group,),
    )
    vpc = Vpc(vpc_id=VPC, name="main", account_id=ACCOUNT, region=REGION, cidrs=tuple(cidrs))
    region = RegionFacts(
        account_id=ACCOUNT, region=REGION, observed_at=NOW, vpcs=(vpc,), subnets=subnets, clusters=(cluster,)
    )
    read = frozenset(ids)
    contents = SubnetContents(
        subnet_ids=read,
        observed_at=NOW,
        enis=tuple(enis),
        nodes=tuple(nodes),
        enis_read=read,
        reservations_read=read,
    )
    return Inventory(accounts=(), regions=(region,), expected_regions=1), contents


def _az(place: int) -> str:
    return f"eu-west-1{'abc'[place % ZONES]}"


def _placed_one_by_one(subnets: tuple[Subnet, ...], contents: SubnetContents, need: Need) -> int:
    """The baseline: the free addresses of each subnet as a set, and one node after the other taking its own."""
    free = {subnet.subnet_id: set(subnet.cidr or ()) for subnet in subnets}
    for eni in contents.enis:
        free[eni.subnet_id].difference_update(eni.addresses)
    placed = 0
    for number in range(MORE):
        left = free[subnets[number % len(subnets)].subnet_id]
        if len(left) < need.ips:
            break
        for _ in range(need.ips):
            left.pop()
        placed += 1
    return placed
