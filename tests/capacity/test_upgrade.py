"""Upgrades: the control plane's rule for each subnet, the node groups' extra nodes, and what EKS itself reports."""

from dataclasses import replace

import pytest
from builders import cluster, contents, eni, instance_limits, inventory, node, region_facts, subnet

from bot.capacity.cni_env import settings_as_shipped
from bot.capacity.sites import site
from bot.capacity.upgrade import (
    FULL_CODE,
    ControlSubnet,
    SurgeSource,
    Upgrade,
    control_subnets,
    group_update,
    surge_nodes,
    upgrade,
)
from bot.inventory import Cluster, Eni, HealthIssue, Inventory, Node, Quality, SubnetContents

SHIPPED = settings_as_shipped()


def control(*free: int | None) -> tuple[ControlSubnet, ...]:
    return tuple(
        ControlSubnet(subnet_id=f"subnet-{index}", name=f"control-{index}", free_ips=ips)
        for index, ips in enumerate(free)
    )


def judged(*free: int | None, health: tuple[HealthIssue, ...] = ()) -> Upgrade:
    return upgrade(replace(cluster(), health=health), control(*free), ())


@pytest.mark.parametrize(
    ("free", "fits"),
    [
        pytest.param((5, 5), True, id="five in each are enough"),
        pytest.param((4, 4_000), False, id="the rule holds for each subnet, not for their sum"),
        pytest.param((20, None), None, id="a subnet that is not known"),
        pytest.param((4, None), False, id="one that is short decides"),
        pytest.param((), None, id="no subnet known"),
    ],
)
def test_an_update_wants_five_free_in_each_cluster_subnet(free: tuple[int | None, ...], fits: bool | None) -> None:
    found = judged(*free)
    assert found.fits is fits
    assert fits is not False or "control-0 has 4 addresses free" in found.reasons[0]


def test_fewer_than_the_recommended_sixteen_is_said_and_fits() -> None:
    found = judged(9, 200)
    assert found.fits is True
    assert any("control-0: fewer than the 16" in reason for reason in found.reasons)


@pytest.mark.parametrize(
    ("issue", "fits", "says"),
    [
        pytest.param(
            HealthIssue(code=FULL_CODE, message="full", resource_ids=("subnet-9",)), False, "subnet-9", id="stands"
        ),
        pytest.param(
            HealthIssue(code=FULL_CODE, message="full", resource_ids=("subnet-0",)),
            True,
            "still reports",
            id="old",
        ),
        pytest.param(HealthIssue(code=FULL_CODE, message="no room"), False, "no room", id="names no subnet"),
        pytest.param(HealthIssue(code="Other", message="a message"), True, "a message", id="about something else"),
    ],
)
def test_what_eks_reports_counts_unless_the_subnets_have_room_again(issue: HealthIssue, fits: bool, says: str) -> None:
    found = judged(30, 30, health=(issue,))
    assert found.fits is fits
    assert any(says in reason for reason in found.reasons)


def test_subnets_that_are_gone_or_unknown_have_no_figure() -> None:
    owner = cluster(subnet_ids=("subnet-0a", "subnet-0b", "subnet-0c"))
    known = {
        "subnet-0a": subnet(available_ips=7),
        "subnet-0b": replace(subnet("subnet-0b"), quality=Quality.GONE),
    }
    assert [item.free_ips for item in control_subnets(owner, known)] == [7, None, None]


def fleet(free: int) -> tuple[Cluster, Inventory]:
    ids = ("subnet-0a", "subnet-0b")
    owner = cluster(subnet_ids=(), node_subnet_ids=ids)
    subnets = (
        subnet("subnet-0a", "10.0.0.0/22", name="a", az_id="euw1-az1", available_ips=free),
        subnet("subnet-0b", "10.0.4.0/22", name="b", az_id="euw1-az2", available_ips=500),
    )
    return owner, inventory(region_facts(*subnets, clusters=(owner,)))


def held(*sizes: int) -> SubnetContents:
    """Nodes of the group in subnet a with so many addresses each."""
    enis: list[Eni] = []
    nodes: list[Node] = []
    for index, size in enumerate(sizes):
        addresses = [f"10.0.{index + 1}.{last}" for last in range(1, size + 1)]
        enis.append(eni(*addresses, instance_id=f"i-{index}", eni_id=f"eni-{index}"))
        nodes.append(node(f"i-{index}"))
    return contents(*enis, subnet_ids=("subnet-0a", "subnet-0b"), nodes=tuple(nodes))


@pytest.mark.parametrize(
    ("free", "read", "node_ips", "measured", "fits"),
    [
        pytest.param(40, held(10, 20), 20, True, True, id="what the largest node holds now, two a zone"),
        pytest.param(39, held(10, 20), 20, True, False, id="one address short"),
        pytest.param(60, held(), 30, False, True, id="no nodes read: a full m5.large"),
        pytest.param(59, held(), 30, False, False, id="no nodes read, one address short"),
    ],
)
def test_an_update_adds_two_nodes_a_zone(
    free: int, read: SubnetContents, node_ips: int, measured: bool, fits: bool
) -> None:
    owner, facts = fleet(free)
    group = owner.nodegroups[0]
    here = site(facts.subnets, owner, facts, read, prefixes=False, custom_networking=False)
    found = group_update(group, here, SHIPPED, instance_limits())
    assert found.plan is not None
    assert (found.surge_nodes, found.plan.need.ips, found.measured, found.fits) == (4, node_ips, measured, fits)
    told = upgrade(owner, control(50), (found,))
    assert told.fits is fits
    assert fits or "a takes 1 of 2" in told.reasons[0]


def test_max_unavailable_counts_where_it_is_more() -> None:
    owner, facts = fleet(500)
    here = site(facts.subnets, owner, facts, held(20), prefixes=False, custom_networking=False)
    surges = [
        group_update(owner.nodegroups[0], here, SHIPPED, instance_limits(), max_unavailable=n).surge_nodes
        for n in (1, 4, 5, 60)
    ]
    assert surges == [4, 4, 5, 60]


@pytest.mark.parametrize(
    ("settings", "given", "expected"),
    [
        pytest.param({}, None, (6, SurgeSource.ZONES_ALONE), id="nothing known"),
        pytest.param({"max_unavailable": 6}, None, (6, SurgeSource.ZONES), id="a number that is not more"),
        pytest.param({"max_unavailable": 7}, None, (7, SurgeSource.MAX_UNAVAILABLE), id="a number"),
        pytest.param({"max_unavailable_pct": 33}, None, (10, SurgeSource.PERCENTAGE), id="a share, rounded up"),
        pytest.param({"max_unavailable_pct": 20}, None, (6, SurgeSource.ZONES), id="a share that is not more"),
        pytest.param(
            {"max_unavailable_pct": 50, "desired_size": 400}, None, (100, SurgeSource.PERCENTAGE), id="at most 100"
        ),
        pytest.param(
            {"max_unavailable_pct": 50, "desired_size": None}, None, (6, SurgeSource.ZONES_ALONE), id="share of what"
        ),
        pytest.param({"max_unavailable": 20}, 8, (8, SurgeSource.GIVEN), id="given, instead of its own"),
        pytest.param({"max_unavailable": 20}, 1, (6, SurgeSource.ZONES), id="given, not more"),
    ],
)
def test_added_nodes_are_two_a_zone_or_max_unavailable(
    settings: dict[str, int | None], given: int | None, expected: tuple[int, SurgeSource]
) -> None:
    group = replace(fleet(500)[0].nodegroups[0], desired_size=30)
    assert surge_nodes(replace(group, **settings), 3, given) == expected  # type: ignore[arg-type]


def test_windows_nodes_that_were_not_read_are_not_judged_by_the_model_of_linux() -> None:
    owner, facts = fleet(500)
    group = replace(owner.nodegroups[0], ami_type="WINDOWS_CORE_2022_x86_64")
    here = site(facts.subnets, owner, facts, held(), prefixes=False, custom_networking=False)
    found = group_update(group, here, SHIPPED, instance_limits())
    assert found.fits is None
    assert "Windows" in found.why_unknown
    read = site(facts.subnets, owner, facts, held(10), prefixes=False, custom_networking=False)
    assert group_update(group, read, SHIPPED, instance_limits()).fits is True


def test_a_group_of_which_nothing_is_known_is_not_judged() -> None:
    owner, facts = fleet(500)
    here = site(facts.subnets, owner, facts, contents(), prefixes=False, custom_networking=False)
    found = group_update(replace(owner.nodegroups[0], instance_types=()), here, SHIPPED, None)
    assert found.fits is None
    told = upgrade(owner, control(50), (found,))
    assert told.fits is None
    assert "Node group general: its instance type is not known." in told.reasons
