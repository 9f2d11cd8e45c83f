"""Tune: what is advised for a mix of instance types, what is refused, and that advice never takes more unsaid."""

import json
import shlex
from dataclasses import replace

import pytest
from builders import cluster
from hypothesis import given
from hypothesis import strategies as st

from bot.capacity.cni_env import settings_as_shipped
from bot.capacity.eni_limits import known_types, snapshot_limits
from bot.capacity.node_mix import NodeMix, TypeNodes
from bot.capacity.pod_load import Load, PodSource, node_settings
from bot.capacity.pool_cost import Pace, cost, pods_band
from bot.capacity.pool_drift import differences, far_from_model
from bot.capacity.tune import Advice, tune
from bot.capacity.tune_changes import changes, variables
from bot.capacity.tune_notes import Basis, notes
from bot.capacity.warmpool import PoolMode, PoolSettings, refusal, steady_state
from bot.inventory import CniSettings, InstanceLimits

SHIPPED = settings_as_shipped()
USUAL = Pace(pods_per_hour=20)


def limits(instance_type: str) -> InstanceLimits:
    found = snapshot_limits(instance_type)
    assert found is not None
    return found


def load(instance_type: str, nodes: int, pods: int, mode: PoolMode | None = None, *, managed: bool = True) -> Load:
    group = TypeNodes(instance_type=instance_type, mode=mode, nodes=nodes, managed=managed)
    return Load(limits=limits(instance_type), group=group, pods=pods)


def test_a_uniform_cluster_gets_targets_around_its_pods() -> None:
    """40 m5.large with 12 pods: two ENIs full and one warm now; 20 addresses cover up to 15 pods and a burst of 5."""
    advice = tune([load("m5.large", 40, 12)], SHIPPED, USUAL)
    best = advice.recommended.settings
    assert (best.warm_ip, best.minimum_ip, best.mode) == (5, 20, PoolMode.SECONDARY)
    assert (advice.current.held_ips, advice.recommended.held_ips) == (40 * 30, 40 * 23)
    assert advice.recommended.calls_per_hour == 0
    assert advice.recommended.waiting_pods == 0


def test_a_minimum_made_for_large_nodes_is_lowered_for_the_small_ones_beside_them() -> None:
    """MINIMUM_IP_TARGET=100 suits 24xlarge and wastes 80 addresses on each of the 50 4xlarge."""
    mix = [load("m5.24xlarge", 5, 100), load("m5.4xlarge", 50, 15)]
    advice = tune(mix, settings_as_shipped({"WARM_IP_TARGET": "5", "MINIMUM_IP_TARGET": "100"}), USUAL)
    assert advice.recommended.settings.minimum_ip == 24
    assert advice.recommended.held_ips < advice.current.held_ips / 3
    assert "m5.4xlarge" in " ".join(advice.reasons)


def test_figures_are_the_models_own_for_every_type() -> None:
    mix = [load("m5.large", 3, 7), load("c5.4xlarge", 2, 40)]
    advice = tune(mix, SHIPPED, USUAL)
    for part, row in zip(advice.recommended.per_type, mix, strict=True):
        settings = replace(node_settings(advice.recommended.settings, row), max_pods=None)
        assert part.held_ips == row.nodes * steady_state(row.limits, settings, row.pods).subnet_addresses


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        pytest.param({"MINIMUM_IP_TARGET": "10"}, "freezes", id="MINIMUM alone"),
        pytest.param({"WARM_IP_TARGET": "1"}, "WARM_IP_TARGET=1", id="WARM_IP_TARGET=1 under churn"),
    ],
)
def test_settings_that_hurt_are_replaced_even_where_that_takes_addresses_and_it_is_said(
    changed: dict[str, str], says: str
) -> None:
    advice = tune([load("m5.large", 40, 12)], settings_as_shipped(changed), USUAL)
    assert advice.changes
    assert advice.recommended.held_ips > advice.current.held_ips
    assert says in advice.reasons[0]
    assert any("more than today's" in reason for reason in advice.reasons)
    assert advice.recommended.waiting_pods == advice.recommended.pods_without_address == 0


def test_settings_with_which_the_cni_does_not_start_are_replaced() -> None:
    stopped = settings_as_shipped({"ENABLE_PREFIX_DELEGATION": "true", "WARM_PREFIX_TARGET": "0"})
    advice = tune([load("m5.large", 4, 12, PoolMode.PREFIX)], stopped, USUAL)
    assert refusal(advice.recommended.settings) is None
    assert "does not start" in advice.reasons[0]


def test_one_warm_address_under_a_minimum_that_covers_the_pods_is_not_called_a_fault() -> None:
    covered = settings_as_shipped({"WARM_IP_TARGET": "1", "MINIMUM_IP_TARGET": "20"})
    assert not tune([load("m5.large", 40, 12)], covered, USUAL).changes


def test_a_quiet_cluster_may_keep_one_warm_address_where_bursts_wait_anyway() -> None:
    quiet = Pace(pods_per_hour=1)
    titles = [each.title for each in tune([load("m5.large", 4, 12)], SHIPPED, quiet).refused]
    assert "WARM_IP_TARGET=1" not in titles
    assert "MINIMUM_IP_TARGET alone" in titles


def test_good_settings_are_kept() -> None:
    advice = tune(
        [load("m5.large", 40, 12)], settings_as_shipped({"WARM_IP_TARGET": "5", "MINIMUM_IP_TARGET": "20"}), USUAL
    )
    assert not advice.changes
    assert advice.recommended == advice.current


def test_prefix_mode_is_an_alternative_only_where_blocks_and_types_allow_it() -> None:
    mix = [load("m5.4xlarge", 20, 100)]
    open_to_it = tune(mix, SHIPPED, USUAL)
    assert any(each.settings.mode is PoolMode.PREFIX and each.new_nodes for each in open_to_it.alternatives)
    blocked = tune(mix, SHIPPED, USUAL, no_prefixes="pods-1a: 0 free /28 blocks.")
    assert all(each.settings.mode is PoolMode.SECONDARY for each in (blocked.recommended, *blocked.alternatives))
    assert "pods-1a: 0 free /28 blocks." in [each.reason for each in blocked.refused]
    old = tune([load("m4.4xlarge", 20, 100)], SHIPPED, USUAL)
    assert all(each.settings.mode is PoolMode.SECONDARY for each in (old.recommended, *old.alternatives))


def test_nodes_born_before_prefix_mode_are_costed_in_their_own_mode() -> None:
    prefixes = settings_as_shipped({"ENABLE_PREFIX_DELEGATION": "true"})
    old, new = load("m5.2xlarge", 4, 40, PoolMode.SECONDARY), load("m5.2xlarge", 4, 40, PoolMode.PREFIX)
    found = cost([old, new], prefixes, USUAL)
    assert [part.held_ips for part in found.per_type] == [4 * 60, 4 * (1 + 4 * 16)]
    replaced = cost([old, new], prefixes, USUAL, new_nodes=True)
    assert replaced.per_type[0] == replaced.per_type[1]


def test_calls_grow_with_churn_and_fall_with_a_minimum_that_covers_it() -> None:
    mix = [load("m5.4xlarge", 10, 40)]
    tracking, covered = replace(SHIPPED, warm_ip=5), replace(SHIPPED, warm_ip=5, minimum_ip=pods_band(40)[1] + 5)
    slow, fast = (cost(mix, tracking, Pace(pods_per_hour=rate)).calls_per_hour for rate in (10, 60))
    assert 0 < slow < fast
    assert cost(mix, covered, Pace(pods_per_hour=60)).calls_per_hour == 0


def test_a_burst_beyond_the_warm_addresses_waits_longer_for_an_eni_than_for_an_address() -> None:
    mix = [load("m5.large", 1, 10)]
    one = replace(SHIPPED, warm_ip=1)
    assert cost(mix, one, Pace(pods_per_hour=8)).wait_seconds < cost(mix, one, Pace(pods_per_hour=60)).wait_seconds


SETTINGS = st.builds(
    PoolSettings,
    mode=st.sampled_from(PoolMode),
    warm_eni=st.integers(0, 3),
    warm_ip=st.integers(0, 20),
    minimum_ip=st.integers(0, 60),
    warm_prefix=st.integers(0, 3),
    max_eni=st.none() | st.integers(1, 4),
    custom_networking=st.booleans(),
    pod_eni=st.booleans(),
).filter(lambda settings: refusal(settings) is None)
LOADS = st.lists(
    st.builds(
        load,
        st.sampled_from(["m5.large", "t3.small", "m5.4xlarge", "c5.24xlarge", "m4.xlarge", "m6idn.32xlarge"]),
        st.integers(1, 300),
        st.integers(0, 60),
        st.none() | st.sampled_from(PoolMode),
        managed=st.booleans(),
    ),
    min_size=1,
    max_size=3,
)


@given(mix=LOADS, settings=SETTINGS, churn=st.sampled_from([0.0, 2.0, 20.0, 300.0]), blocked=st.booleans())
def test_advice_is_never_refused_settings_and_never_takes_more_unsaid(
    mix: list[Load], settings: PoolSettings, churn: float, blocked: bool
) -> None:
    advice = tune(mix, settings, Pace(pods_per_hour=churn), no_prefixes="no free /28" if blocked else "")
    for found in (advice.recommended, *advice.alternatives):
        if found.settings == settings:
            continue
        assert refusal(found.settings) is None
        assert not found.settings.frozen
        assert found.settings.warm_ip != 1
        assert found.settings.ip_targets or found.settings.mode is PoolMode.PREFIX or found.settings.warm_eni == 1
        assert not (blocked and found.settings.mode is not settings.mode and found.settings.mode is PoolMode.PREFIX)
        kept = replace(settings, mode=found.settings.mode, warm_eni=found.settings.warm_eni)
        assert (kept.max_eni, kept.custom_networking, kept.pod_eni) == (
            found.settings.max_eni,
            found.settings.custom_networking,
            found.settings.pod_eni,
        )
    best, now = advice.recommended, advice.current
    assert best.held_ips <= now.held_ips or any("more than today's" in reason for reason in advice.reasons)
    assert best.pods_without_address <= now.pods_without_address
    assert best.waiting_pods <= now.waiting_pods


@given(mix=LOADS, settings=SETTINGS)
def test_no_alternative_is_beaten_in_every_respect(mix: list[Load], settings: PoolSettings) -> None:
    advice = tune(mix, settings, USUAL)
    for one in advice.alternatives:
        assert not any(
            other.held_ips <= one.held_ips
            and other.calls_per_hour <= one.calls_per_hour
            and other.waiting_pods <= one.waiting_pods
            and (other.held_ips, other.calls_per_hour, other.waiting_pods)
            != (one.held_ips, one.calls_per_hour, one.waiting_pods)
            for other in (advice.recommended, *advice.alternatives)
        )


def test_five_thousand_nodes_of_thirty_types_are_costed_by_type() -> None:
    """A hundred and seventy nodes of a type hold what one holds, times that."""
    types = [name for name in known_types() if limits(name).hypervisor == "nitro"][::40][:30]
    mix = [load(name, 170, 5 + index) for index, name in enumerate(types)]
    large = tune(mix, SHIPPED, USUAL)
    assert len(mix) == 30
    single = cost([load(name, 1, 5 + index) for index, name in enumerate(types)], large.current.settings, USUAL)
    assert large.current.held_ips == 170 * single.held_ips


def held(instance_type: str, nodes: int, pod_ips: int | None, mode: PoolMode = PoolMode.SECONDARY) -> TypeNodes:
    return TypeNodes(
        instance_type=instance_type, mode=mode, nodes=nodes, managed=True, held_ips=pod_ips, pod_ips=pod_ips
    )


def test_interfaces_that_contradict_the_settings_are_told() -> None:
    mix = NodeMix(groups=(held("m5.large", 3, 48, PoolMode.PREFIX), held("m5.large", 1, 9)), seen=True, apart=2)
    said = " ".join(differences(mix, SHIPPED, known=True))
    assert "3 of 4 nodes hold /28 prefixes although the add-on says secondary" in said
    assert "2 nodes hold pod interfaces outside their own subnet" in said
    assumed = " ".join(differences(mix, SHIPPED, known=False))
    assert "secondary mode was assumed" in assumed
    on = settings_as_shipped({"ENABLE_PREFIX_DELEGATION": "true", "AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG": "true"})
    assert differences(mix, on, known=True)[0].startswith("1 of 4 nodes hold single addresses in prefix mode")


def test_pools_far_from_their_settings_are_told_and_near_ones_are_not() -> None:
    assert far_from_model([100, 20], [100, 18]) == ""
    assert far_from_model([None], [10]) == ""
    assert "a peak that has passed" in far_from_model([200], [100])
    assert "full subnets" in far_from_model([50], [100])


def advised(environment: tuple[tuple[str, str], ...], source: str = "addon") -> tuple[PoolSettings, Advice, Basis]:
    settings = settings_as_shipped(dict(environment))
    mix = [load("m5.large", 40, 12)]
    advice = tune(mix, settings, USUAL)
    basis = Basis(
        cni=CniSettings(source=source, environment=environment),
        mix=NodeMix(groups=tuple(each.group for each in mix), seen=True),
        loads=tuple(mix),
        source=PodSource.ASSUMED,
        pace=USUAL,
    )
    return settings, advice, basis


def test_unknown_settings_are_said_to_be_assumed() -> None:
    _, advice, basis = advised((), source="unknown")
    assert notes(basis, advice, 0)[0].startswith("Settings not known")
    _, advice, basis = advised(())
    assert not any("Settings not known" in note for note in notes(basis, advice, 0))


def test_the_add_on_change_keeps_every_variable_the_add_on_sets() -> None:
    environment = (("ADDITIONAL_ENI_TAGS", '{"team": "it\'s us"}'), ("WARM_ENI_TARGET", "2"))
    settings, advice, _ = advised(environment)
    addon, terraform, kubectl, helm = changes(cluster(environment=environment), settings, advice.recommended.settings)
    words = shlex.split(addon.text)
    values = json.loads(words[words.index("--configuration-values") + 1])
    assert values == {"env": {**dict(environment), "WARM_IP_TARGET": "5", "MINIMUM_IP_TARGET": "20"}}
    assert words[words.index("--cluster-name") + 1] == "prod-eu"
    assert 'WARM_ENI_TARGET     = "2"' in terraform.text
    assert '= "{\\"team\\": \\"it\'s us\\"}"' in terraform.text
    assert kubectl.text.endswith("WARM_IP_TARGET=5 MINIMUM_IP_TARGET=20")
    assert "--set-string env.WARM_IP_TARGET=5" in helm.text


def test_without_a_managed_add_on_kubectl_comes_first_and_no_change_has_no_command() -> None:
    settings, advice, _ = advised(())
    ways = changes(cluster(cni_source="unknown"), settings, advice.recommended.settings)
    assert [way.title for way in ways] == ["kubectl", "Helm", "EKS add-on", "Terraform"]
    assert changes(cluster(), settings, settings) == ()


def test_targets_that_are_turned_off_are_set_to_zero() -> None:
    before = settings_as_shipped({"WARM_IP_TARGET": "5", "MINIMUM_IP_TARGET": "20"})
    assert variables(before, SHIPPED) == {"WARM_IP_TARGET": "0", "MINIMUM_IP_TARGET": "0"}
