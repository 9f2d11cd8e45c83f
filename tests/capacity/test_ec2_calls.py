"""EC2 API calls of the warm pool: per action, at a node's start, and under churn against ipamd step by step."""

from collections import Counter

import pytest

from bot.capacity.ec2_calls import Churn, calls_per_action, ec2_calls, node_start_calls
from bot.capacity.eni_limits import snapshot_limits
from bot.capacity.ipamd import ActionKind, Ipamd
from bot.capacity.warmpool import PoolMode, PoolSettings
from bot.inventory import InstanceLimits

PREFIX = PoolMode.PREFIX


def limits_of(instance_type: str) -> InstanceLimits:
    found = snapshot_limits(instance_type)
    assert found is not None, f"{instance_type} is missing from the snapshot"
    return found


def test_a_new_eni_costs_six_calls_and_five_with_custom_networking() -> None:
    """Source: awsutils.go; with custom networking no subnet is looked for a second time."""
    assert calls_per_action(PoolSettings()).new_eni == 6
    assert calls_per_action(PoolSettings(custom_networking=True)).new_eni == 5


@pytest.mark.parametrize(
    ("options", "calls"),
    [
        pytest.param(PoolSettings(), 3 + 1, id="the primary is filled"),
        pytest.param(PoolSettings(warm_eni=2), 3 + 1 + 6, id="and an ENI attached"),
        pytest.param(PoolSettings(custom_networking=True), 3 + 5, id="custom networking: the second ENI only"),
        pytest.param(PoolSettings(custom_networking=True, max_eni=1), 3, id="no ENI left"),
        pytest.param(PoolSettings(mode=PREFIX, warm_prefix=1), 3 + 1, id="a prefix"),
    ],
)
def test_calls_of_a_new_node(options: PoolSettings, calls: int) -> None:
    assert node_start_calls(limits_of("m5.large"), options) == calls


@pytest.mark.parametrize("instance_type", ["t3.small", "m5.large", "c5.xlarge", "m5.4xlarge"])
@pytest.mark.parametrize(
    "options",
    [
        pytest.param(PoolSettings(), id="warm ENI"),
        pytest.param(PoolSettings(warm_ip=1), id="warm IP 1"),
        pytest.param(PoolSettings(warm_ip=5, minimum_ip=10), id="warm IP 5, minimum 10"),
        pytest.param(PoolSettings(mode=PREFIX, warm_prefix=1), id="warm prefix"),
        pytest.param(PoolSettings(mode=PREFIX, warm_ip=5, minimum_ip=20), id="prefixes, warm IP 5"),
    ],
)
@pytest.mark.parametrize(("pods", "swing"), [(3, 1), (8, 1), (7, 4), (12, 10)])
def test_an_hour_of_churn_costs_what_ipamd_does(
    instance_type: str, options: PoolSettings, pods: int, swing: int
) -> None:
    """Growth to the call; what shrinks is an upper figure, since an ENI with a warm address on it may stay."""
    limits = limits_of(instance_type)
    node = Ipamd(limits, options)
    for _ in range(pods):
        node.add_pods(1)
        node.grow_out()
    start = len(node.actions)
    for _ in range(swing):
        node.add_pods(1)
        node.grow_out()
    node.run(120)
    for _ in range(swing):
        node.remove_pods(1)
        node.run(70)
    node.run(300)
    did = Counter(action.kind for action in node.actions[start:])
    expected = ec2_calls(limits, options, pods, Churn(swing=swing, times_per_hour=1))

    assert (expected.new_enis, expected.assigns) == (did[ActionKind.NEW_ENI], did[ActionKind.ASSIGN])
    assert expected.unassigns >= did[ActionKind.UNASSIGN]
    assert expected.freed_enis >= did[ActionKind.FREE_ENI]
    assert expected.calls >= 6 * did[ActionKind.NEW_ENI] + did[ActionKind.ASSIGN] + did[ActionKind.UNASSIGN]


def test_a_low_warm_ip_costs_two_calls_a_pod_and_a_prefix_hardly_any() -> None:
    churn = Churn(swing=1, times_per_hour=60)
    single = ec2_calls(limits_of("m5.4xlarge"), PoolSettings(warm_ip=1), 20, churn)
    prefixes = ec2_calls(limits_of("m5.4xlarge"), PoolSettings(mode=PREFIX, warm_prefix=1), 20, churn)

    assert single.calls == 60 + 60
    assert prefixes.calls == 0


def test_returns_are_at_most_one_in_thirty_seconds() -> None:
    found = ec2_calls(limits_of("m5.4xlarge"), PoolSettings(warm_ip=1), 5, Churn(swing=1, times_per_hour=5_000))

    assert (found.assigns, found.unassigns) == (5_000, 120)
