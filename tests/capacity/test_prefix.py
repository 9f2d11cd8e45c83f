"""Prefix readiness: the verdict with its reasons, the blocks nodes need, ranges worth reserving."""

from collections import Counter
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

import pytest
from builders import cluster, eni, reservation, subnet
from hypothesis import given
from hypothesis import strategies as st

from bot.capacity.blocks import block_map
from bot.capacity.cni_env import settings_as_shipped
from bot.capacity.eni_limits import snapshot_limits
from bot.capacity.node_mix import NodeMix, TypeNodes
from bot.capacity.prefix import PrefixReadiness, Readiness, SubnetFacts, readiness
from bot.capacity.reservations import reservable, reservation_command
from bot.capacity.warmpool import PoolMode
from bot.inventory import Eni, InstanceLimits, Reservation

SHIPPED = settings_as_shipped()


def facts(
    cidr: str = "10.0.0.0/22",
    *enis: Eni,
    reservations: tuple[Reservation, ...] = (),
    read: bool = True,
    unattributed: int = 0,
) -> SubnetFacts:
    network = IPv4Network(cidr)
    return SubnetFacts(
        subnet=subnet(cidr=cidr),
        blocks=block_map(network, enis, reservations) if read else None,
        enis=enis,
        reservations=reservations,
        unattributed_ips=unattributed,
    )


def nodes(count: int, instance_type: str = "m5.large", mode: PoolMode = PoolMode.SECONDARY) -> NodeMix:
    placed = {"subnet-0a": Counter({instance_type: count})}
    return NodeMix(
        groups=(TypeNodes(instance_type=instance_type, mode=mode, nodes=count, managed=True),),
        seen=True,
        subnets=placed,
        without_prefixes=placed if mode is PoolMode.SECONDARY else {},
    )


def judge(mix: NodeMix, *subnets: SubnetFacts, pods: int | None = None, max_size: int = 0) -> PrefixReadiness:
    named = cluster(node_subnet_ids=("subnet-0a",))
    group = replace(named.nodegroups[0], desired_size=mix.nodes, max_size=max_size or mix.nodes)
    known: dict[str, InstanceLimits] = {}
    for each in mix.groups:
        found = snapshot_limits(each.instance_type)
        if found is not None:
            known[each.instance_type] = found
    return readiness(replace(named, nodegroups=(group,)), mix, known, subnets, SHIPPED, pods=pods)


def test_a_clean_subnet_with_room_is_ready() -> None:
    """Four full m5.large (110 pods, 7 prefixes each) need 28 of the 62 free blocks of a /22."""
    found = judge(nodes(4), facts())
    assert found.verdict is Readiness.READY
    (row,) = found.subnets
    assert (row.free_blocks, row.start_blocks, row.full_blocks, row.most_blocks) == (62, 4, 28, 28)
    assert "62 free /28 blocks cover the 28" in found.reasons[0]


def scattered(cidr: str, step: int = 16) -> tuple[Eni, ...]:
    network = IPv4Network(cidr)
    offsets = range(8, network.num_addresses - 1, step)
    return tuple(
        eni(str(IPv4Address(int(network.network_address) + offset)), eni_id=f"eni-{offset}") for offset in offsets
    )


@pytest.mark.parametrize(
    ("mix", "subnets", "verdict", "says"),
    [
        pytest.param(
            nodes(4), (facts("10.0.0.0/24", *scattered("10.0.0.0/24")),), Readiness.NOT_READY, "0 free", id="scattered"
        ),
        pytest.param(
            nodes(10), (facts("10.0.0.0/24"),), Readiness.CONDITIONS, "start the nodes", id="starts, then full"
        ),
        pytest.param(nodes(20), (facts("10.0.0.0/24"),), Readiness.NOT_READY, "takes 20", id="cannot start"),
        pytest.param(nodes(2), (facts(read=False),), Readiness.UNKNOWN, "could not be read", id="not read"),
        pytest.param(nodes(2), (facts(unattributed=9),), Readiness.CONDITIONS, "were not read", id="shared VPC"),
        pytest.param(nodes(2, "m4.xlarge"), (facts(),), Readiness.NOT_READY, "Nitro", id="no Nitro type"),
        pytest.param(nodes(2, "zz9.large"), (facts(),), Readiness.UNKNOWN, "limits", id="type nobody knows"),
        pytest.param(NodeMix(groups=(), seen=False), (facts(),), Readiness.UNKNOWN, "No node", id="no nodes"),
    ],
)
def test_the_verdict_and_the_reason_that_decides(
    mix: NodeMix, subnets: tuple[SubnetFacts, ...], verdict: Readiness, says: str
) -> None:
    found = judge(mix, *subnets)
    assert found.verdict is verdict
    assert says in found.reasons[0]


def test_a_few_old_types_are_a_condition_and_named() -> None:
    old = TypeNodes(instance_type="m4.xlarge", mode=PoolMode.SECONDARY, nodes=3, managed=True)
    mix = nodes(2)
    found = judge(replace(mix, groups=(*mix.groups, old)), facts())
    assert found.verdict is Readiness.CONDITIONS
    assert "m4.xlarge (3)" in found.reasons[0]
    assert [(each.instance_type, each.max_pods_prefix) for each in found.types] == [
        ("m5.large", 110),
        ("m4.xlarge", None),
    ]


def test_fewer_pods_need_fewer_blocks_and_growth_of_the_groups_needs_more() -> None:
    (row,) = judge(nodes(4), facts(), pods=10).subnets
    assert (row.start_blocks, row.full_blocks) == (4, 8)
    (row,) = judge(nodes(4), facts(), pods=10, max_size=10).subnets
    assert row.most_blocks == 8 + 6 * 2


def test_nodes_with_prefixes_are_not_replaced() -> None:
    found = judge(nodes(4, mode=PoolMode.PREFIX), facts())
    (row,) = found.subnets
    assert (row.replaced, row.start_blocks, found.nodes_with_prefixes, found.nodes_without) == (0, 0, 4, 0)
    assert not any("keep their single addresses" in condition for condition in found.conditions)


def test_what_happens_to_nodes_and_max_pods_is_told() -> None:
    said = " ".join(judge(nodes(4), facts()).conditions)
    assert "4 nodes without prefixes keep their single addresses until they are replaced" in said
    assert "at most 110 (250 above 30 vCPUs)" in said
    assert "m5.large 574 MiB to 1,465 MiB" in said


def test_ranges_to_reserve_hold_what_nodes_need_beside_what_is_reserved() -> None:
    (row,) = judge(nodes(4), facts()).subnets
    assert sum(cidr.num_addresses // 16 for cidr in row.reservations) == 28
    (row,) = judge(nodes(4), facts(reservations=(reservation("10.0.2.0/23"),))).subnets
    assert row.reservations == ()


def test_the_largest_free_ranges_come_first_and_touch_nothing_in_use() -> None:
    taken = eni("10.0.1.20", prefixes=("10.0.2.0/28",))
    found = reservable(IPv4Network("10.0.0.0/22"), [taken], [reservation("10.0.3.0/26")], 24)
    assert [str(cidr) for cidr in found] == ["10.0.0.128/25", "10.0.1.128/25", "10.0.2.128/25"]


@given(
    length=st.integers(20, 28),
    used=st.lists(st.integers(0, 4095), max_size=40),
    blocks=st.integers(-3, 300),
)
def test_ranges_are_aligned_free_disjoint_and_no_more_than_asked(length: int, used: list[int], blocks: int) -> None:
    network = IPv4Network(("10.0.0.0", length))
    enis = [eni(str(network[offset]), eni_id=f"e{offset}") for offset in used if offset < network.num_addresses]
    found = reservable(network, enis, (), blocks)
    edges = [IPv4Network((network[0], 28)), IPv4Network((network[-16], 28))] if length < 28 else [network]
    for index, cidr in enumerate(found):
        assert cidr.subnet_of(network)
        assert not any(address in cidr for one in enis for address in one.addresses)
        assert not any(cidr.overlaps(other) for other in (*found[index + 1 :], *edges))
    held = sum(cidr.num_addresses // 16 for cidr in found)
    free = block_map(network, enis).free
    assert held == max(min(blocks, free), 0)


def test_the_reservation_command_names_subnet_and_type() -> None:
    assert reservation_command("subnet-0a", "eu-west-1", IPv4Network("10.0.2.0/25")) == (
        "aws ec2 create-subnet-cidr-reservation --region eu-west-1 --subnet-id subnet-0a "
        "--reservation-type prefix --cidr 10.0.2.0/25"
    )
