"""The warm pool in closed form: documented rows, upstream's errors, every type's limits, and ipamd step by step."""

from dataclasses import replace

import pytest
from builders import instance_limits
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.capacity.datastore import Placement
from bot.capacity.eni_limits import known_types, snapshot_limits
from bot.capacity.ipamd import Ipamd
from bot.capacity.warmpool import (
    CniRefusesToStart,
    Pool,
    PoolMode,
    PoolSettings,
    default_max_pods,
    effective_mode,
    full_node,
    refusal,
    startup,
    steady_state,
    trunk_compatible,
)
from bot.inventory import InstanceLimits

PREFIX = PoolMode.PREFIX
UNLIMITED = 100_000
"""max-pods that never stops growth: the CNI's tables are drawn without that stop."""


def limits_of(instance_type: str) -> InstanceLimits:
    found = snapshot_limits(instance_type)
    assert found is not None, f"{instance_type} is missing from the snapshot"
    return found


def held(instance_type: str, pods: int, options: PoolSettings) -> Pool:
    return steady_state(limits_of(instance_type), options, pods)


# Source: amazon-vpc-cni-k8s docs/eni-and-ip-target.md, docs/prefix-and-ip-target.md and README.md, v1.23.1.
@pytest.mark.parametrize(
    ("instance_type", "pods", "options", "per_eni", "unused", "subnet_addresses"),
    [
        pytest.param("t3.small", 0, PoolSettings(), (3,), 3, 4, id="eni-and-ip-target: t3.small idle"),
        pytest.param(
            "t3.small", 5, PoolSettings(warm_ip=1, minimum_ip=1), (3, 3), 1, 8, id="eni-and-ip-target: t3.small 1/1"
        ),
        pytest.param(
            "t3.small",
            9,
            PoolSettings(warm_ip=2, minimum_ip=5),
            (3, 3, 3),
            0,
            12,
            id="eni-and-ip-target: t3.small 2/5 full",
        ),
        pytest.param(
            "p3dn.24xlarge",
            0,
            PoolSettings(warm_ip=5, minimum_ip=10),
            (10,),
            10,
            11,
            id="eni-and-ip-target: p3dn 5/10 idle",
        ),
        pytest.param(
            "t3.small",
            0,
            PoolSettings(mode=PREFIX, warm_prefix=1, max_pods=UNLIMITED),
            (1,),
            16,
            17,
            id="prefix-and-ip-target: t3.small idle",
        ),
        pytest.param(
            "t3.small",
            58,
            PoolSettings(mode=PREFIX, warm_prefix=1, max_pods=UNLIMITED),
            (3, 2),
            22,
            82,
            id="prefix-and-ip-target: t3.small 58 pods",
        ),
        pytest.param(
            "t3.small",
            58,
            PoolSettings(mode=PREFIX, warm_ip=1, minimum_ip=1, max_pods=UNLIMITED),
            (3, 1),
            6,
            66,
            id="prefix-and-ip-target: t3.small 1/1",
        ),
        pytest.param(
            "p3dn.24xlarge",
            0,
            PoolSettings(mode=PREFIX, warm_prefix=1, max_pods=UNLIMITED),
            (1,),
            16,
            17,
            id="prefix-and-ip-target: p3dn idle",
        ),
        pytest.param("m4.4xlarge", 1, PoolSettings(), (29, 29), 57, 60, id="README ENI Allocation: first pod"),
        pytest.param("m4.4xlarge", 5, PoolSettings(), (29, 29), 53, 60, id="README WARM_ENI_TARGET"),
        pytest.param("t3.medium", 0, PoolSettings(max_pods=17), (5,), 5, 6, id="ipamd.go: t3.medium idle"),
        pytest.param("m5.xlarge", 56, PoolSettings(max_pods=58), (14,) * 4, 0, 60, id="ipamd.go: m5.xlarge full"),
        pytest.param("p5.48xlarge", 7, PoolSettings(max_pods=100), (49, 49), 91, 100, id="ipamd.go: default card only"),
        pytest.param(
            "c5.4xlarge",
            9,
            PoolSettings(warm_ip=2, minimum_ip=10, max_pods=234),
            (11,),
            2,
            12,
            id="ipamd.go: c5.4xlarge 2/10",
        ),
        pytest.param(
            "m5.large",
            14,
            PoolSettings(mode=PREFIX, warm_ip=5, minimum_ip=20, max_pods=110),
            (2,),
            18,
            33,
            id="ipamd.go: m5.large prefixes 5/20",
        ),
        pytest.param("m5.4xlarge", 110, PoolSettings(max_pods=110), (29,) * 4, 6, 120, id="max-pods stops at 4 ENIs"),
    ],
)
def test_documented_pools_come_out(
    instance_type: str, pods: int, options: PoolSettings, per_eni: tuple[int, ...], unused: int, subnet_addresses: int
) -> None:
    found = held(instance_type, pods, options)

    assert (found.per_eni, found.unused, found.node_subnet_addresses) == (per_eni, unused, subnet_addresses)
    assert (found.enis, found.assigned, found.pods_without_address) == (len(per_eni), pods, 0)


@pytest.mark.parametrize(
    ("instance_type", "pods", "options", "ours", "theirs"),
    [
        pytest.param(
            "t3.small",
            0,
            PoolSettings(mode=PREFIX, warm_ip=7, minimum_ip=20, max_pods=UNLIMITED),
            (2,),
            (1,),
            id="prefix-and-ip-target.md 7/20: MINIMUM 20 is two prefixes, as its own bullets and Windows' table say",
        ),
        pytest.param(
            "p3dn.24xlarge",
            58,
            PoolSettings(mode=PREFIX, warm_prefix=1, max_pods=UNLIMITED),
            (5,),
            (3, 2),
            id="prefix-and-ip-target.md p3dn rows: five prefixes fit one ENI of 49 slots",
        ),
        pytest.param(
            "m4.4xlarge", 0, PoolSettings(), (29,), (29, 29), id="README: 58 addresses only once a pod took one"
        ),
        pytest.param(
            "m5.large",
            9,
            PoolSettings(warm_ip=1),
            (9, 1),
            (9, 9),
            id="best practices vpc-cni: a second ENI comes with the one missing address, not with all",
        ),
    ],
)
def test_where_upstream_contradicts_its_code_the_code_wins(
    instance_type: str, pods: int, options: PoolSettings, ours: tuple[int, ...], theirs: tuple[int, ...]
) -> None:
    """The other documents' figure is kept beside ours: simulated decisions and formula agree against it."""
    node = Ipamd(limits_of(instance_type), options)
    for _ in range(pods):
        node.add_pods(1)
        node.grow_out()
    node.grow_out()

    assert held(instance_type, pods, options).per_eni == ours == node.pool().per_eni
    assert ours != theirs


def test_custom_networking_splits_the_addresses_over_two_subnets() -> None:
    found = held("m5.large", 16, PoolSettings(mode=PREFIX, warm_prefix=1, custom_networking=True, max_pods=110))

    assert (found.per_eni, found.prefixes, found.addresses) == ((0, 2), 2, 32)
    assert (found.node_subnet_addresses, found.pod_subnet_addresses, found.subnet_addresses) == (1, 33, 34)


def test_the_trunk_takes_a_slot_and_an_address() -> None:
    """c5.4xlarge: 203 addresses once the trunk is attached (the README's 234 is max-pods, 232 without the trunk)."""
    with_trunk = full_node(limits_of("c5.4xlarge"), PoolSettings(pod_eni=True))
    without = full_node(limits_of("c5.4xlarge"), PoolSettings())

    assert (with_trunk.enis, with_trunk.addresses, with_trunk.node_subnet_addresses) == (7, 203, 211)
    assert (without.enis, without.addresses, without.node_subnet_addresses) == (8, 232, 240)


def test_the_trunk_is_in_the_pod_subnet_under_custom_networking() -> None:
    found = held("m5.large", 3, PoolSettings(pod_eni=True, custom_networking=True))

    assert (found.per_eni, found.node_subnet_addresses, found.pod_subnet_addresses) == ((0, 9), 1, 11)


@pytest.mark.parametrize(
    ("instance_type", "compatible"),
    [
        pytest.param("m5.large", True, id="Nitro"),
        pytest.param("m5.metal", True, id="bare metal"),
        pytest.param("t3.large", False, id="burstable"),
        pytest.param("t4g.large", False, id="burstable Graviton"),
        pytest.param("m4.large", False, id="Xen"),
        pytest.param("h1.2xlarge", False, id="early storage"),
    ],
)
def test_only_some_types_take_a_trunk(instance_type: str, compatible: bool) -> None:
    limits = limits_of(instance_type)

    assert trunk_compatible(limits) is compatible
    shorter = startup(limits, PoolSettings(pod_eni=True)).node_subnet_addresses
    assert shorter - startup(limits, PoolSettings()).node_subnet_addresses == (1 if compatible else 0)


@pytest.mark.parametrize("pods", [0, 12, 13, 200])
def test_minimum_alone_freezes_the_pool(pods: int) -> None:
    """Source: amazon-vpc-cni-k8s issue 2650."""
    found = held("m5.large", pods, PoolSettings(minimum_ip=12))

    assert (found.addresses, found.frozen, found.pods_without_address) == (12, True, max(pods - 12, 0))
    assert any("MINIMUM_IP_TARGET=12 alone freezes" in note for note in found.notes)


def test_minimum_with_a_warm_target_does_not_freeze() -> None:
    assert held("m5.large", 20, PoolSettings(minimum_ip=12, warm_ip=1)).frozen is False


@pytest.mark.parametrize(("pods", "per_eni"), [(0, (9,)), (8, (9,)), (9, (9, 9)), (18, (9, 9, 9)), (27, (9, 9, 9))])
def test_warm_eni_0_still_keeps_an_address_ready(pods: int, per_eni: tuple[int, ...]) -> None:
    assert held("m5.large", pods, PoolSettings(warm_eni=0)).per_eni == per_eni


@pytest.mark.parametrize(
    ("options", "refused"),
    [
        pytest.param(PoolSettings(mode=PREFIX), True, id="no target at all"),
        pytest.param(PoolSettings(mode=PREFIX, warm_prefix=1), False, id="WARM_PREFIX_TARGET"),
        pytest.param(PoolSettings(mode=PREFIX, warm_ip=1), False, id="WARM_IP_TARGET"),
        pytest.param(PoolSettings(mode=PREFIX, minimum_ip=1), False, id="MINIMUM_IP_TARGET"),
        pytest.param(PoolSettings(warm_eni=0), False, id="secondary mode needs none"),
    ],
)
def test_prefix_mode_needs_a_target_to_start(options: PoolSettings, refused: bool) -> None:
    assert (refusal(options) is not None) is refused
    if refused:
        with pytest.raises(CniRefusesToStart, match="WARM_PREFIX_TARGET=1"):
            held("t2.micro", 0, options)


def test_prefixes_fall_back_to_secondary_addresses_without_nitro() -> None:
    found = held("m4.large", 3, PoolSettings(mode=PREFIX, warm_prefix=1))

    assert (found.per_eni, found.prefixes) == ((9, 9), None)
    assert any("falls back to secondary addresses" in note for note in found.notes)


@pytest.mark.parametrize(
    ("max_eni", "enis"), [(None, 3), (-1, 3), (0, 3), (1, 1), (2, 2), (3, 3), (99, 3)], ids=lambda value: f"{value}"
)
def test_max_eni_below_1_is_ignored_and_above_the_type_is_cut(max_eni: int | None, enis: int) -> None:
    found = held("m5.large", 25, PoolSettings(max_eni=max_eni))

    assert found.enis == enis
    assert any("is ignored" in note for note in found.notes) is (max_eni is not None and max_eni < 1)
    assert any("stops it" in note for note in found.notes) is (found.pods_without_address > 0)


def test_custom_networking_without_a_second_eni_holds_nothing() -> None:
    found = held("m5.large", 4, PoolSettings(custom_networking=True, max_eni=1))

    assert (found.per_eni, found.addresses, found.node_subnet_addresses, found.pod_subnet_addresses) == ((0,), 0, 1, 0)
    assert found.pods_without_address == 4
    assert any("ipamd fails to start" in note for note in found.notes)


def test_max_pods_above_what_the_enis_hold_is_said() -> None:
    """Source: amazon-vpc-cni-k8s issue 3238: custom networking with the max-pods of plain secondary mode."""
    found = held("m5.xlarge", 50, PoolSettings(custom_networking=True, max_pods=58))

    assert found.pods_without_address == 8
    assert any("hold 42 addresses" in note and "lower max-pods" in note for note in found.notes)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        pytest.param(PoolSettings(), 234, id="secondary, uncapped"),
        pytest.param(PoolSettings(custom_networking=True), 205, id="custom networking"),
        pytest.param(PoolSettings(mode=PREFIX, warm_prefix=1), 110, id="prefixes, capped"),
        pytest.param(PoolSettings(mode=PREFIX, warm_prefix=1, custom_networking=True), 110, id="both"),
    ],
)
def test_max_pods_is_the_modes_own_figure(options: PoolSettings, expected: int) -> None:
    limits = limits_of("m5.4xlarge")

    assert default_max_pods(limits, options) == expected
    assert full_node(limits, options) == steady_state(limits, options, expected - 2)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        pytest.param({"warm_ip": -1}, "warm_ip is -1", id="negative target"),
        pytest.param({"warm_eni": -2}, "warm_eni is -2", id="negative WARM_ENI_TARGET"),
        pytest.param({"max_pods": 0}, "at least 1 pod", id="no pods"),
    ],
)
def test_impossible_settings_cannot_be_made(values: dict[str, int], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        PoolSettings(**values)  # type: ignore[arg-type]


def test_negative_pods_are_refused() -> None:
    with pytest.raises(ValueError, match="below 0"):
        held("m5.large", -1, PoolSettings())


# Properties, over the types of the snapshot and any setting

TYPES = st.sampled_from(known_types()).map(limits_of)
SETTINGS = st.builds(
    PoolSettings,
    mode=st.sampled_from(PoolMode),
    warm_eni=st.integers(0, 4),
    warm_ip=st.integers(0, 60) | st.just(0),
    minimum_ip=st.integers(0, 130) | st.just(0),
    warm_prefix=st.integers(0, 4),
    max_eni=st.none() | st.integers(-1, 20),
    max_pods=st.none() | st.integers(1, 800),
    custom_networking=st.booleans(),
    pod_eni=st.booleans(),
).filter(lambda options: refusal(options) is None)


def bare(pool: Pool) -> Pool:
    return replace(pool, notes=())


@settings(max_examples=150, deadline=None)
@given(limits=TYPES, options=SETTINGS, pods=st.integers(0, 90))
def test_the_formula_is_where_ipamd_settles_when_pods_come_one_at_a_time(
    limits: InstanceLimits, options: PoolSettings, pods: int
) -> None:
    node = Ipamd(limits, options)
    node.tick()
    node.grow_out()
    for _ in range(pods):
        node.add_pods(1)
        node.grow_out()
    assert bare(node.pool()) == bare(steady_state(limits, options, pods))

    grown = node.pool()
    node.run(600)
    # WARM_ENI_TARGET=0 with exactly full ENIs flaps; every other pool stays as it is.
    flaps = options.warm_eni == 0 and not options.ip_targets and effective_mode(limits, options) is not PREFIX
    assert flaps or node.pool() == grown


@settings(max_examples=150, deadline=None)
@given(
    limits=TYPES,
    options=SETTINGS,
    bursts=st.lists(st.integers(1, 60), max_size=6),
    placement=st.sampled_from(Placement),
)
def test_bursts_end_at_most_one_step_above_the_formula_and_never_below(
    limits: InstanceLimits, options: PoolSettings, bursts: list[int], placement: Placement
) -> None:
    """The exception near max-pods, and half-used prefixes: one step may bring up to the warm target more."""
    node = Ipamd(limits, options, placement=placement)
    node.tick()
    node.grow_out()
    for burst in bursts:
        node.add_pods(burst)
        node.grow_out()
    formula = steady_state(limits, options, sum(bursts))
    unit = 1 if formula.prefixes is None else 16
    target = options.warm_ip if options.ip_targets else options.warm_prefix * unit if unit == 16 else 0
    rounded_up = -(-target // unit) * unit
    assert formula.addresses <= node.pool().addresses <= formula.addresses + rounded_up


@settings(max_examples=300, deadline=None)
@given(limits=TYPES, options=SETTINGS, pods=st.integers(0, 900))
def test_pools_keep_to_the_limits_and_grow_with_the_pods(
    limits: InstanceLimits, options: PoolSettings, pods: int
) -> None:
    found, more = steady_state(limits, options, pods), steady_state(limits, options, pods + 1)
    slots = limits.ipv4_per_eni - 1

    trunk = found.subnet_addresses - found.enis - found.addresses
    assert trunk in ((0, 1) if options.pod_eni else (0,))
    assert 1 <= found.enis + trunk <= limits.max_enis
    assert found.enis <= max(options.max_eni or 0, 1) or not options.max_eni or options.max_eni < 1
    assert all(0 <= units <= slots for units in found.per_eni)
    assert found.per_eni[0] == 0 or not options.custom_networking
    assert sum(found.per_eni) * (1 if found.prefixes is None else 16) == found.addresses
    assert found.assigned + found.pods_without_address == pods
    assert found.assigned + found.unused == found.addresses
    assert more.addresses >= found.addresses
    assert more.enis >= found.enis
    assert more.subnet_addresses >= found.subnet_addresses


@pytest.mark.parametrize("mode", PoolMode, ids=lambda mode: mode.value)
def test_every_type_of_the_snapshot_fills_to_its_max_pods(mode: PoolMode) -> None:
    """With the shipped targets a full node has an address for each of its pods, on every type."""
    lacking = {
        name: found.pods_without_address
        for name in known_types()
        if (found := full_node(limits_of(name), PoolSettings(mode=mode, warm_prefix=1))).pods_without_address
    }
    assert lacking == {}


def test_a_type_with_one_eni_has_no_slot_for_a_trunk() -> None:
    found = startup(instance_limits(max_enis=1), PoolSettings(pod_eni=True))

    assert (found.enis, found.node_subnet_addresses) == (1, 1 + found.addresses)
    assert any("No slot is left for a trunk" in note for note in found.notes)
