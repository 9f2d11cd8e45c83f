"""Subnet and VPC lengths: the smallest that hold growth, a rolling update and a lost zone, and why."""

import pytest
from builders import instance_limits
from hypothesis import given
from hypothesis import strategies as st

from bot.capacity.size import Demand, Purpose, Sizing, blocks_of, sizing, usable_of, vpc_length
from bot.capacity.size_reasons import reasons
from bot.capacity.warmpool import CniRefusesToStart, PoolMode, PoolSettings

SECONDARY = PoolSettings()
PREFIX = PoolSettings(mode=PoolMode.PREFIX, warm_prefix=1)
CUSTOM = PoolSettings(custom_networking=True)
XLARGE = instance_limits("m5.4xlarge", 8, 30, vcpus=16)


def demand(
    nodes: int = 60,
    pods: int = 27,
    zones: int = 3,
    settings: PoolSettings = SECONDARY,
    growth_pct: float = 0,
    max_unavailable: int = 1,
    large: bool = False,
) -> Demand:
    return Demand(
        limits=XLARGE if large else instance_limits(),
        settings=settings,
        nodes=nodes,
        pods=pods,
        zones=zones,
        growth_pct=growth_pct,
        max_unavailable=max_unavailable,
    )


def lengths(found: Sizing) -> dict[str, tuple[int, int]]:
    return {subnet.purpose.value: (subnet.prefix_length, subnet.per_zone) for subnet in found.subnets}


def why(asked: Demand) -> str:
    return "\n".join(reasons(asked, sizing(asked)))


def test_growth_a_rolling_update_and_a_lost_zone_are_counted_by_zone() -> None:
    """60 m5.large with 50% growth: 90 nodes of 30 addresses, 2 more a zone in an update, 45 when a zone is lost."""
    found = sizing(demand(growth_pct=50))

    assert (found.nodes, found.surge_nodes, found.zone_lost_nodes) == (30, 32, 45)
    assert (found.addresses, found.with_surge, found.with_zone_lost) == (900, 960, 1_350)
    assert found.peak_nodes == 45


@pytest.mark.parametrize(
    ("asked", "wanted", "vpc"),
    [
        pytest.param(demand(growth_pct=50), {"nodes": (21, 1), "control-plane": (28, 1)}, (19, 1), id="secondary"),
        pytest.param(demand(zones=2), {"nodes": (21, 1), "control-plane": (28, 1)}, (19, 1), id="two zones"),
        pytest.param(demand(3, zones=1), {"nodes": (24, 1), "control-plane": (28, 1)}, (23, 1), id="one zone"),
        pytest.param(
            demand(500, growth_pct=40), {"nodes": (18, 1), "control-plane": (28, 1)}, (16, 1), id="a /19 is too small"
        ),
        pytest.param(demand(440), {"nodes": (19, 1), "control-plane": (28, 1)}, (17, 1), id="a /19 is what it takes"),
        pytest.param(
            demand(60, settings=CUSTOM, pods=18),
            {"nodes": (26, 1), "pods": (22, 1), "control-plane": (28, 1)},
            (20, 1),
            id="custom networking",
        ),
        pytest.param(
            demand(300, settings=PREFIX, pods=100, large=True),
            {"nodes": (17, 1), "control-plane": (28, 1)},
            (16, 2),
            id="prefixes",
        ),
        pytest.param(
            demand(5_000, pods=100, large=True),
            {"nodes": (16, 7), "control-plane": (28, 1)},
            (16, 22),
            id="more than a /16 a zone",
        ),
    ],
)
def test_the_lengths(asked: Demand, wanted: dict[str, tuple[int, int]], vpc: tuple[int, int]) -> None:
    found = sizing(asked)

    assert lengths(found) == wanted
    assert (found.vpc_prefix_length, found.vpc_blocks) == vpc


def test_the_larger_of_twice_the_zones_and_max_unavailable_is_the_surge() -> None:
    assert sizing(demand()).surge_nodes - sizing(demand()).nodes == 2
    assert sizing(demand(max_unavailable=10)).surge_nodes - sizing(demand()).nodes == 4


def test_one_zone_has_no_other_to_carry_its_load() -> None:
    found = sizing(demand(zones=1))

    assert found.with_zone_lost is None
    assert found.peak_nodes == found.surge_nodes
    assert "at least two zones" in why(demand(zones=1))


def test_prefix_mode_counts_whole_blocks_and_those_that_single_addresses_break() -> None:
    """7 m5.large with 2 prefixes: 14 blocks fit the 14 of a /24, and the ENI primaries leave no room for them there."""
    asked = demand(5, pods=16, zones=1, settings=PREFIX)
    found = sizing(asked)

    assert found.pool.prefixes == 2
    assert found.peak_nodes * found.pool.subnet_addresses < 0.95 * usable_of(24)
    assert lengths(found)["nodes"] == (23, 1)
    assert f"{7 * 2} at the peak, and up to {7 + 8} more" in why(asked)


def test_a_type_without_prefixes_is_sized_for_what_the_cni_does() -> None:
    limits = instance_limits("t2.micro", 2, 2, hypervisor="xen")
    asked = Demand(limits=limits, settings=PREFIX, nodes=30, pods=2, zones=3)

    assert sizing(asked).pool.prefixes is None
    assert "falls back to secondary" in why(asked)


def test_settings_that_the_cni_refuses_are_not_sized() -> None:
    with pytest.raises(CniRefusesToStart):
        sizing(demand(settings=PoolSettings(mode=PoolMode.PREFIX)))


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        pytest.param(demand(), "need only a /22. Take the /19 where space is free", id="a /19 is more than enough"),
        pytest.param(demand(440), "it holds 245 of these nodes, enough for 220", id="a /19"),
        pytest.param(demand(600), "too few: 300 need a /18", id="a /19 is too small"),
        pytest.param(demand(), "Control plane: a /28 (11 usable) a zone", id="control plane"),
        pytest.param(demand(settings=CUSTOM, pods=18), "100.64.0.0/10", id="pods in shared space"),
        pytest.param(demand(pods=29), "Of those pods 27 have an address", id="pods on the host's network"),
        pytest.param(demand(pods=40), "13 of the 40 pods on a node get no address", id="pods that get none"),
        pytest.param(demand(3_000), "network address units, above the VPC's quota of 64,000", id="NAU"),
        pytest.param(demand(3_000), "9,000 ENIs, above the Region's quota of 5,000", id="ENIs"),
        pytest.param(demand(5_000, 100, large=True), "22 blocks, more than the quota of 5", id="VPC blocks"),
        pytest.param(demand(settings=PoolSettings(pod_eni=True), pods=18), "branch ENI", id="SG for pods"),
    ],
)
def test_the_reasons_name_what_decides(asked: Demand, said: str) -> None:
    assert said in why(asked)


def test_quotas_that_hold_are_not_mentioned() -> None:
    assert "quota" not in why(demand())


def test_custom_networking_that_leaves_no_eni_for_pods_is_said_without_a_size_for_it() -> None:
    asked = demand(settings=PoolSettings(custom_networking=True, max_eni=1), pods=5)

    assert sizing(asked).pool.pods_without_address == 5
    assert "usual answer" not in why(asked)


@pytest.mark.parametrize(
    ("length", "usable", "blocks"),
    [
        pytest.param(28, 11, 0, id="/28"),
        pytest.param(27, 27, 0, id="/27"),
        pytest.param(26, 59, 2, id="/26"),
        pytest.param(24, 251, 14, id="/24"),
        pytest.param(19, 8_187, 510, id="/19"),
        pytest.param(16, 65_531, 4_094, id="/16"),
    ],
)
def test_usable_addresses_and_blocks_of_each_length(length: int, usable: int, blocks: int) -> None:
    assert (usable_of(length), blocks_of(length)) == (usable, blocks)


@pytest.mark.parametrize(
    ("ips", "length"),
    [
        pytest.param(3 * 16, 26, id="three /28s"),
        pytest.param(65_536, 16, id="a full /16"),
        pytest.param(65_537, 16, id="several"),
    ],
)
def test_the_smallest_vpc_block(ips: int, length: int) -> None:
    assert vpc_length(ips) == length


@pytest.mark.parametrize("field", ["nodes", "zones", "max_unavailable"])
def test_a_demand_of_nothing_is_refused(field: str) -> None:
    with pytest.raises(ValueError, match=f"{field} is 0"):
        demand(**{field: 0})  # type: ignore[arg-type]


demands = st.builds(
    demand,
    nodes=st.integers(1, 3_000),
    pods=st.integers(0, 100),
    zones=st.integers(1, 6),
    settings=st.sampled_from([SECONDARY, PREFIX, CUSTOM, PoolSettings(warm_ip=5, minimum_ip=10)]),
    growth_pct=st.integers(0, 300),
    max_unavailable=st.integers(1, 50),
    large=st.just(True),
)


@given(asked=demands)
def test_the_subnets_hold_the_peak_and_the_next_smaller_ones_do_not(asked: Demand) -> None:
    """Counted apart from the sizes: addresses with a tenth to spare, blocks one by one."""
    found = sizing(asked)
    for subnet in found.subnets[:-1]:
        share = next(share for share in found.shares if share.purpose is subnet.purpose)
        each = -(-found.peak_nodes // subnet.per_zone)
        kept = 8 if subnet.purpose is Purpose.NODES else 0

        def holds(length: int, nodes: int) -> bool:
            size = 2 ** (32 - length)
            free = size - 5 - nodes * (share.singles + 16 * share.blocks)  # noqa: B023
            candidates = max(size // 16 - 2, 0)
            broken = nodes * (share.singles + share.blocks) + kept  # noqa: B023
            return free >= kept and 10 * free >= size - 5 and (not share.blocks or broken <= candidates)  # noqa: B023

        assert holds(subnet.prefix_length, each)
        assert subnet.headroom_pct >= 0
        if subnet.per_zone > 1:
            assert not holds(16, -(-found.peak_nodes // (subnet.per_zone - 1)))
        elif subnet.prefix_length < 28:
            assert not holds(subnet.prefix_length + 1, each)


@given(asked=demands)
def test_the_vpc_holds_every_subnet_and_half_of_it_does_not(asked: Demand) -> None:
    found = sizing(asked)
    total = asked.zones * sum(s.per_zone * 2 ** (32 - s.prefix_length) for s in found.subnets)
    room = found.vpc_blocks * 2 ** (32 - found.vpc_prefix_length)

    assert total + found.spare_ips == room
    assert 0 <= found.spare_ips < max(room / 2, 65_536)


@given(asked=demands, more=st.integers(1, 500))
def test_more_nodes_never_need_less(asked: Demand, more: int) -> None:
    from dataclasses import replace

    before, after = sizing(asked), sizing(replace(asked, nodes=asked.nodes + more))

    assert after.addresses >= before.addresses
    assert after.peak_nodes >= before.peak_nodes
    for small, large in zip(before.subnets, after.subnets, strict=True):
        assert small.ips_per_zone <= large.ips_per_zone
