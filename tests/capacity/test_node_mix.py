"""A cluster's nodes counted by type from its interfaces, and the pods per node that follow from what they hold."""

from dataclasses import replace

import pytest
from builders import cluster, contents, eni, node

from bot.capacity.cni_env import settings_as_shipped
from bot.capacity.eni_limits import snapshot_limits
from bot.capacity.node_mix import TypeNodes, node_mix
from bot.capacity.pod_load import Load, PodSource, loads, node_settings, pods_measured
from bot.capacity.warmpool import PoolMode
from bot.inventory import InstanceLimits

SHIPPED = settings_as_shipped()


def limits(instance_type: str) -> InstanceLimits:
    found = snapshot_limits(instance_type)
    assert found is not None
    return found


def test_nodes_are_counted_by_type_and_mode_with_what_their_interfaces_hold() -> None:
    """Trunks hold their own address, branch and unmanaged interfaces and other network cards are not the pool's."""
    tagged = (("node.k8s.amazonaws.com/no_manage", "true"),)
    found = node_mix(
        cluster(),
        contents(
            eni("10.0.0.4", "10.0.0.5", "10.0.0.6", eni_id="eni-1", instance_id="i-a"),
            eni("10.0.0.7", eni_id="eni-2", instance_id="i-a", interface_type="trunk"),
            eni("10.0.0.8", eni_id="eni-3", instance_id="i-a", interface_type="branch"),
            eni("10.0.0.9", eni_id="eni-4", instance_id="i-a", tags=tagged),
            replace(eni("10.0.0.10", eni_id="eni-5", instance_id="i-a"), network_card_index=1),
            eni("10.0.0.11", eni_id="eni-6", instance_id="i-b", prefixes=("10.0.0.32/28", "10.0.0.48/28")),
            eni("10.0.0.12", eni_id="eni-7", instance_id="i-other"),
            nodes=(node("i-a"), node("i-b", nodegroup=None), node("i-other", cluster="another")),
        ),
        custom_networking=False,
    )
    groups = {group.mode: group for group in found.groups}
    assert found.nodes == 2
    single, prefixed = groups[PoolMode.SECONDARY], groups[PoolMode.PREFIX]
    assert (single.held_ips, single.pod_ips, single.managed) == (4, 2, True)
    assert (prefixed.held_ips, prefixed.pod_ips, prefixed.prefixes, prefixed.managed) == (33, 32, 2, False)
    assert found.without_prefixes["subnet-0a"].total() == 1


def test_trunk_and_branch_interfaces_are_known_by_description_too() -> None:
    found = node_mix(
        cluster(),
        contents(
            eni("10.0.0.7", eni_id="eni-2", instance_id="i-a", description="aws-k8s-trunk-eni"),
            eni("10.0.0.8", eni_id="eni-3", instance_id="i-a", description="aws-k8s-branch-eni"),
            nodes=(node("i-a"),),
        ),
        custom_networking=False,
    )
    assert (found.held_ips, found.pod_ips) == (1, 0)


def test_under_custom_networking_pods_live_in_the_other_subnet_and_the_primary_serves_none() -> None:
    found = node_mix(
        cluster(),
        contents(
            eni("10.0.0.4", eni_id="eni-1", instance_id="i-a"),
            replace(
                eni("100.64.0.4", "100.64.0.5", eni_id="eni-2", instance_id="i-a", subnet_id="subnet-0b"),
                device_index=1,
            ),
            subnet_ids=("subnet-0a", "subnet-0b"),
            nodes=(node("i-a"),),
        ),
        custom_networking=True,
    )
    assert (found.held_ips, found.pod_ips, found.apart) == (3, 1, 1)
    assert set(found.subnets) == {"subnet-0b"}


@pytest.mark.timeout(20)
def test_thousands_of_nodes_are_counted_in_one_pass() -> None:
    one = eni("10.0.0.4", "10.0.0.5", instance_id="i-0")
    enis = tuple(replace(one, eni_id=f"eni-{n}", instance_id=f"i-{n % 5_000}") for n in range(20_000))
    members = tuple(node(f"i-{n}", "m5.large" if n % 2 else "c5.xlarge") for n in range(5_000))
    found = node_mix(cluster(), contents(*enis, nodes=members), custom_networking=False)
    assert [(group.nodes, group.held_ips) for group in found.groups] == [(2_500, 20_000)] * 2


def test_without_visible_instances_the_desired_sizes_stand_in_and_nothing_is_held() -> None:
    named = cluster(node_subnet_ids=("subnet-0a",))
    named = replace(named, nodegroups=(replace(named.nodegroups[0], desired_size=6),))
    found = node_mix(named, contents(), custom_networking=False)
    assert (found.nodes, found.seen, found.held_ips) == (6, False, None)


def test_interfaces_that_were_not_read_leave_the_addresses_unknown() -> None:
    found = node_mix(cluster(), replace(contents(nodes=(node("i-a"),)), enis_read=frozenset()), custom_networking=False)
    assert (found.nodes, found.held_ips, found.pod_ips) == (1, None, None)


def held(instance_type: str, nodes: int, pod_ips: int | None, mode: PoolMode = PoolMode.SECONDARY) -> TypeNodes:
    return TypeNodes(
        instance_type=instance_type, mode=mode, nodes=nodes, managed=True, held_ips=pod_ips, pod_ips=pod_ips
    )


def test_pods_are_shared_over_the_types_within_what_each_holds() -> None:
    """27 m5.4xlarge with 8 full ENIs have 175 to 232 pods, 4 m5.2xlarge with two have 1 to 14."""
    groups = [
        (held("m5.4xlarge", 27, 27 * 232), limits("m5.4xlarge")),
        (held("m5.2xlarge", 4, 112), limits("m5.2xlarge")),
    ]
    found, source = loads(groups, SHIPPED, measured=27 * 200 + 4 * 8)
    assert source is PodSource.MEASURED
    assert [each.pods for each in found] == [200, 7]


@pytest.mark.parametrize(
    ("given", "group", "pods", "source"),
    [
        pytest.param(12, held("m5.large", 2, 54), 12, PodSource.GIVEN, id="given"),
        pytest.param(500, held("m5.large", 2, 54), 27, PodSource.GIVEN, id="given beyond the ENIs"),
        pytest.param(None, held("m5.large", 2, 36), 9, PodSource.ASSUMED, id="the most that two ENIs serve"),
        pytest.param(None, held("m5.large", 2, None), 27, PodSource.ASSUMED, id="not read: a full node"),
    ],
)
def test_pods_per_node_without_a_measurement(given: int | None, group: TypeNodes, pods: int, source: PodSource) -> None:
    found, came = loads([(group, limits("m5.large"))], SHIPPED, given=given)
    assert ([each.pods for each in found], came) == ([pods], source)


def test_a_warm_figure_that_contradicts_the_interfaces_is_not_a_measurement() -> None:
    assert pods_measured(100, 30) == 70
    assert pods_measured(100, 130) is None
    assert pods_measured(None, 30) is None


def test_nodes_that_hold_more_than_their_max_pods_allows_were_given_a_higher_one() -> None:
    prefixes = settings_as_shipped({"ENABLE_PREFIX_DELEGATION": "true"})
    small = Load(limits=limits("m5.2xlarge"), group=held("m5.2xlarge", 1, 112, PoolMode.PREFIX), pods=90)
    large = Load(limits=limits("m5.2xlarge"), group=held("m5.2xlarge", 1, 128, PoolMode.PREFIX), pods=90)
    assert node_settings(prefixes, small).max_pods == 110
    assert (node_settings(prefixes, large).max_pods or 0) > 128
