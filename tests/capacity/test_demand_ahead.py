"""Demand ahead: all node groups at their maximum, one rolling update, one zone lost, each against what is free."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from builders import cluster, contents, eni, instance_limits, inventory, node, region_facts, subnet

from bot.capacity.cni_env import settings_as_shipped
from bot.capacity.demand_ahead import Ahead, Demand, demand_ahead
from bot.capacity.sites import Site, site
from bot.inventory import Eni, InstanceLimits, Node, Nodegroup

SHIPPED = settings_as_shipped()
FULL = 30
"""Addresses of a full m5.large as shipped."""

LIMITS = {"m5.large": instance_limits()}


def facts(free_a: int, free_b: int, *groups: Nodegroup, nodes_in_a: int = 2) -> tuple[Site, dict[str, Site]]:
    """A cluster in two zones, its nodes of 20 addresses each in the first."""
    owner = replace(cluster(node_subnet_ids=("subnet-0a", "subnet-0b")), subnet_ids=())
    owner = replace(owner, nodegroups=groups or owner.nodegroups)
    subnets = (
        subnet("subnet-0a", "10.0.0.0/22", name="a", az_id="euw1-az1", az="eu-west-1a", available_ips=free_a),
        subnet("subnet-0b", "10.0.4.0/22", name="b", az_id="euw1-az2", az="eu-west-1b", available_ips=free_b),
    )
    enis: list[Eni] = []
    nodes: list[Node] = []
    for index in range(nodes_in_a):
        addresses = [f"10.0.{index + 1}.{last}" for last in range(1, 21)]
        enis.append(eni(*addresses, instance_id=f"i-{index}", eni_id=f"eni-{index}"))
        nodes.append(node(f"i-{index}"))
    known = inventory(region_facts(*subnets, clusters=(owner,)))
    read = contents(*enis, subnet_ids=("subnet-0a", "subnet-0b"), nodes=tuple(nodes))
    here = site(subnets, owner, known, read, prefixes=False, custom_networking=False)
    by_group = {
        group.name: site(
            [item for item in subnets if item.subnet_id in group.subnet_ids],
            owner,
            known,
            read,
            prefixes=False,
            custom_networking=False,
        )
        for group in owner.nodegroups
    }
    return here, by_group


def group(name: str, desired: int, most: int, *subnet_ids: str, instance_type: str = "m5.large") -> Nodegroup:
    return Nodegroup(
        name=name,
        subnet_ids=subnet_ids or ("subnet-0a", "subnet-0b"),
        instance_types=(instance_type,),
        status="ACTIVE",
        desired_size=desired,
        max_size=most,
    )


def ahead(given: tuple[Site, dict[str, Site]], limits: Mapping[str, InstanceLimits] = LIMITS) -> dict[Demand, Ahead]:
    return {item.demand: item for item in demand_ahead(*given, limits, SHIPPED)}


@pytest.mark.parametrize(
    ("free", "fits", "short"),
    [
        pytest.param(2 * FULL, True, 0, id="exactly enough in each zone"),
        pytest.param(2 * FULL - 1, False, 2, id="one address short in each zone"),
    ],
)
def test_all_groups_at_their_maximum_take_their_share_of_each_zone(free: int, fits: bool, short: int) -> None:
    found = ahead(facts(free, free, group("general", 2, 6)))[Demand.ALL_AT_MAX]
    assert (found.nodes, found.needed_ips, found.fits) == (4, 4 * FULL, fits)
    assert (found.short_ips or 0) == short


def test_one_group_grows_into_what_another_left() -> None:
    groups = (group("web", 2, 4, "subnet-0a"), group("jobs", 1, 3, "subnet-0a"))
    fits = ahead(facts(4 * FULL, 0, *groups))[Demand.ALL_AT_MAX]
    short = ahead(facts(4 * FULL - 1, 0, *groups))[Demand.ALL_AT_MAX]
    assert [step.fits for step in fits.steps] == [True, True]
    assert [step.fits for step in short.steps] == [True, False]
    assert (short.fits, short.short_ips) == (False, 1)


def test_a_group_at_its_maximum_asks_for_nothing() -> None:
    found = ahead(facts(0, 0, group("general", 3, 3)))[Demand.ALL_AT_MAX]
    assert (found.fits, found.nodes, found.needed_ips, found.steps) == (True, 0, 0, ())


def test_a_type_that_is_not_known_leaves_the_answer_open() -> None:
    found = ahead(facts(900, 900, group("general", 2, 6, instance_type="z9.large")))[Demand.ALL_AT_MAX]
    assert (found.fits, found.needed_ips) == (None, None)
    assert found.steps[0].why_unknown == "the limits of its type are not known"


def test_of_all_updates_the_one_that_fits_worst_is_told() -> None:
    groups = (group("web", 2, 2, "subnet-0a"), group("jobs", 1, 1, "subnet-0b"))
    found = ahead(facts(300, 59, *groups, nodes_in_a=0))[Demand.ONE_UPDATE]
    assert (found.subject, found.nodes, found.fits, found.short_ips) == ("jobs", 2, False, 1)


@pytest.mark.parametrize(
    ("free_b", "fits", "short"),
    [pytest.param(40, True, 0, id="room for both nodes"), pytest.param(39, False, 1, id="one address short")],
)
def test_the_nodes_of_a_lost_zone_start_in_the_others_as_large_as_they_are(free_b: int, fits: bool, short: int) -> None:
    found = ahead(facts(0, free_b))[Demand.ZONE_LOST]
    assert (found.subject, found.nodes, found.needed_ips, found.fits) == ("eu-west-1a", 2, 40, fits)
    assert found.short_ips == short
    assert found.steps[0].subject == "general m5.large"


def test_a_lost_zone_whose_nodes_were_not_read_is_not_known() -> None:
    here, by_group = facts(0, 500)
    found = ahead((replace(here, held=None), by_group))[Demand.ZONE_LOST]
    assert found.fits is None
    assert found.steps[0].why_unknown == "the interfaces of a subnet were not read"


def test_the_only_zone_has_nowhere_to_go() -> None:
    here, by_group = facts(0, 500)
    found = ahead((replace(here, zones=here.zones[:1]), by_group))[Demand.ZONE_LOST]
    assert (found.fits, found.steps[0].why_unknown) == (None, "there is no other zone")


def test_a_scope_without_a_cluster_has_no_committed_demand() -> None:
    here, by_group = facts(0, 0)
    assert demand_ahead(replace(here, cluster=None), by_group, LIMITS, SHIPPED) == ()
