"""What one sample says to each rule."""

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.alerts import (
    LOW_IPS,
    RULES,
    ClusterSample,
    CniSample,
    ControlPlaneSubnet,
    NodegroupSample,
    Reading,
    RegionSample,
    Sample,
    Severity,
    SourceSample,
    SubnetSample,
    Thresholds,
    VpcSample,
    Worse,
    rule_named,
    rules_for,
)
from bot.alerts.subnet_rules import clear_ips, whole_blocks
from bot.capacity.subnets import Limits, threshold_ips
from bot.inventory import HealthIssue, Quality

LIMITS = Limits(floor_ips=8, low_pct=10, critical_pct=5, clear_pct=12)
THRESHOLDS = Thresholds(subnets=LIMITS)
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
WARNING, CRITICAL = Severity.WARNING, Severity.CRITICAL
SUBNET = SubnetSample(observed_at=NOW, subnet_id="subnet-1", usable_ips=4091, free_ips=4000)
PLACE: dict[str, Any] = {"account_id": "111122223333", "region": "eu-west-1"}
NODEGROUP = NodegroupSample(observed_at=NOW, **PLACE, cluster="prod-eu", nodegroup="web", instance_type="m5.large")
CLUSTER = ClusterSample(observed_at=NOW, **PLACE, cluster="prod-eu")
CNI = CniSample(observed_at=NOW, **PLACE, cluster="prod-eu")
REGION = RegionSample(observed_at=NOW, **PLACE)
VPC = VpcSample(observed_at=NOW, vpc_id="vpc-1")
SOURCE = SourceSample(observed_at=NOW, **PLACE, failed_polls=0)
SAMPLES: tuple[Any, ...] = (SUBNET, NODEGROUP, CLUSTER, CNI, REGION, VPC, SOURCE)


def _read(name: str, sample: Sample, thresholds: Thresholds = THRESHOLDS) -> Reading | None:
    rule = rule_named(name)
    assert rule is not None
    return rule.read(sample, thresholds)


@pytest.mark.parametrize(
    ("free", "usable", "breach", "clear"),
    [
        pytest.param(4000, 4091, None, True, id="plenty"),
        pytest.param(491, 4091, None, True, id="just at 12 %"),
        pytest.param(490, 4091, None, False, id="between alert and clear"),
        pytest.param(410, 4091, None, False, id="just at 10 %"),
        pytest.param(409, 4091, WARNING, False, id="below 10 %"),
        pytest.param(204, 4091, CRITICAL, False, id="below 5 %"),
        pytest.param(0, 4091, CRITICAL, False, id="nothing left"),
        pytest.param(11, 11, None, True, id="an empty /28"),
        pytest.param(6, 11, None, True, id="a /28 with six free"),
        pytest.param(5, 11, None, False, id="a /28 at its floor"),
        pytest.param(4, 11, CRITICAL, False, id="a /28 below its floor"),
        pytest.param(6600, 65531, None, False, id="a /16 with 6,600 free"),
        pytest.param(6500, 65531, WARNING, False, id="a /16 below 10 %"),
    ],
)
def test_free_addresses_against_floor_and_percentage(
    free: int, usable: int, breach: Severity | None, clear: bool
) -> None:
    """A breach is free below max(floor, percent); clear is some way above that."""
    reading = _read("low_ips", replace(SUBNET, free_ips=free, usable_ips=usable))
    assert reading is not None
    assert (reading.breach, reading.clear) == (breach, clear)
    assert reading.at_once is (free == 0)


def test_a_subnet_kept_for_prefixes_is_not_low() -> None:
    """Free counts the space inside reservations, so a tiny AvailableIpAddressCount of such a subnet is no alert."""
    reserved = replace(SUBNET, single_ips=3, free_ips=3 + 3 * 1024, free_blocks=192, prefix_mode=True)
    readings = {rule.name: rule.read(reserved, THRESHOLDS) for rule in rules_for(SubnetSample)}
    assert [name for name, reading in readings.items() if reading is not None and reading.breach] == []


@pytest.mark.parametrize(
    "sample",
    [
        pytest.param(replace(SUBNET, free_ips=None), id="free not known"),
        pytest.param(replace(SUBNET, free_ips=0, quality=Quality.STALE), id="stale"),
        pytest.param(replace(SUBNET, free_ips=0, quality=Quality.UNKNOWN), id="unknown"),
        pytest.param(replace(SUBNET, free_ips=0, quality=Quality.GONE), id="gone"),
        pytest.param(replace(SUBNET, free_ips=0, usable_ips=0), id="no IPv4 addresses at all"),
    ],
)
def test_what_is_not_fresh_and_known_says_nothing(sample: SubnetSample) -> None:
    """A sample that is not fresh, or whose free addresses are not known, cannot be evaluated."""
    assert LOW_IPS.read(sample, THRESHOLDS) is None


@pytest.mark.parametrize("length", [pytest.param(n, id=f"/{n}") for n in range(16, 29)])
@pytest.mark.parametrize(
    "limits",
    [
        pytest.param(LIMITS, id="defaults"),
        pytest.param(Limits(floor_ips=8, low_pct=10, critical_pct=5, clear_pct=10), id="no margin configured"),
        pytest.param(Limits(floor_ips=30, low_pct=0, critical_pct=0, clear_pct=0), id="floor alone"),
    ],
)
def test_recovery_begins_above_the_threshold_and_is_possible(length: int, limits: Limits) -> None:
    """For every subnet size an empty subnet is clear, and clear is above the alert threshold."""
    usable = 2 ** (32 - length) - 5
    assert threshold_ips(usable, limits, limits.low_pct) < clear_ips(usable, limits) <= usable


@pytest.mark.parametrize("length", [pytest.param(n, id=f"/{n}") for n in range(16, 29)])
def test_an_empty_subnet_of_any_size_breaches_nothing(length: int) -> None:
    """With the default thresholds an unused subnet is clear for every rule that applies to it."""
    usable = 2 ** (32 - length) - 5
    empty = SubnetSample(
        observed_at=NOW,
        subnet_id="subnet-1",
        usable_ips=usable,
        free_ips=usable,
        free_blocks=whole_blocks(usable),
        prefix_mode=True,
        load_balancers=True,
        forecast_known=True,
    )
    for rule in rules_for(SubnetSample):
        reading = rule.read(empty, THRESHOLDS)
        assert reading is None or (reading.breach is None and reading.clear), rule.name


def _subnet(**changes: object) -> SubnetSample:
    return replace(SUBNET, **changes)  # type: ignore[arg-type]


def _issue(code: str, message: str = "", *resources: str) -> HealthIssue:
    return HealthIssue(code=code, message=message, resource_ids=resources)


def _planes(*free: tuple[str, int | None]) -> ClusterSample:
    return replace(
        CLUSTER,
        subnets=tuple(
            ControlPlaneSubnet(subnet_id=f"subnet-{n}", label=f"cp-{n}", az_id=az, free_ips=count)
            for n, (az, count) in enumerate(free)
        ),
    )


HOURS = timedelta(hours=1)
FULL = _issue("InsufficientFreeAddresses", "", "subnet-1", "subnet-2")
LAUNCH = "Could not launch On-Demand Instances. InsufficientFreeAddressesInSubnet - not enough free addresses in subnet"


@pytest.mark.parametrize(
    ("rule", "sample", "breach", "clear", "at_once"),
    [
        # free /28 blocks: 254 whole ones in a /20, so a warning below 13 and critical below 2
        pytest.param("no_free_blocks", _subnet(prefix_mode=True, free_blocks=17), None, True, False, id="blocks clear"),
        pytest.param("no_free_blocks", _subnet(prefix_mode=True, free_blocks=16), None, False, False, id="not clear"),
        pytest.param("no_free_blocks", _subnet(prefix_mode=True, free_blocks=12), WARNING, False, False, id="few"),
        pytest.param(
            "no_free_blocks", _subnet(prefix_mode=True, free_blocks=1), CRITICAL, False, False, id="one block"
        ),
        pytest.param("no_free_blocks", _subnet(prefix_mode=True, free_blocks=0), CRITICAL, False, True, id="no block"),
        pytest.param(
            "no_free_blocks",
            _subnet(prefix_mode=True, free_blocks=40, refused="InsufficientCidrBlocks"),
            CRITICAL,
            False,
            True,
            id="a prefix was refused",
        ),
        pytest.param("no_free_blocks", _subnet(prefix_mode=False), None, True, False, id="no longer in prefix mode"),
        pytest.param(
            "no_free_blocks",
            _subnet(prefix_mode=True, free_blocks=3, usable_ips=123),
            None,
            False,
            False,
            id="a /25 with three of six",
        ),
        # load balancers: eight, whatever the size
        pytest.param("load_balancer_floor", _subnet(load_balancers=True, free_ips=7), WARNING, False, False, id="7"),
        pytest.param("load_balancer_floor", _subnet(load_balancers=True, free_ips=8), None, False, False, id="8"),
        pytest.param("load_balancer_floor", _subnet(load_balancers=True, free_ips=10), None, True, False, id="10"),
        pytest.param(
            "load_balancer_floor",
            _subnet(load_balancers=True, free_ips=3072, single_ips=3),
            WARNING,
            False,
            False,
            id="space reserved for prefixes is none of a load balancer's",
        ),
        pytest.param(
            "load_balancer_floor", _subnet(load_balancers=False, free_ips=0), None, True, False, id="no load balancer"
        ),
        # burn rate
        pytest.param("burn_rate", _subnet(forecast_known=True), None, True, False, id="gate closed"),
        pytest.param(
            "burn_rate", _subnet(forecast_known=True, time_left=7 * HOURS), None, True, False, id="seven hours"
        ),
        pytest.param("burn_rate", _subnet(forecast_known=True, time_left=4 * HOURS), None, False, False, id="four"),
        pytest.param("burn_rate", _subnet(forecast_known=True, time_left=3 * HOURS), None, False, False, id="three"),
        pytest.param("burn_rate", _subnet(forecast_known=True, time_left=2 * HOURS), WARNING, False, False, id="two"),
        pytest.param(
            "burn_rate", _subnet(forecast_known=True, time_left=0.9 * HOURS), CRITICAL, False, False, id="54 minutes"
        ),
        # room for nodes
        pytest.param("nodes_do_not_fit", replace(NODEGROUP, nodes_fit=4), None, True, False, id="four nodes fit"),
        pytest.param("nodes_do_not_fit", replace(NODEGROUP, nodes_fit=3), None, False, False, id="three fit"),
        pytest.param("nodes_do_not_fit", replace(NODEGROUP, nodes_fit=2), WARNING, False, False, id="two fit"),
        pytest.param("nodes_do_not_fit", replace(NODEGROUP, nodes_fit=0), CRITICAL, False, True, id="none fits"),
        pytest.param(
            "nodes_do_not_fit",
            replace(NODEGROUP, nodes_fit=1, room=0),
            None,
            False,
            False,
            id="a group at its maximum needs one for its update",
        ),
        pytest.param(
            "nodes_do_not_fit",
            replace(NODEGROUP, nodes_fit=1, room=2),
            WARNING,
            False,
            False,
            id="room for two, one fits",
        ),
        # control plane
        pytest.param("control_plane_subnets", _planes(("a", 7), ("b", 7)), None, True, False, id="two good AZs"),
        pytest.param("control_plane_subnets", _planes(("a", 5), ("b", 9)), None, False, False, id="five are enough"),
        pytest.param(
            "control_plane_subnets",
            _planes(("a", 4), ("b", 9), ("c", 9)),
            WARNING,
            False,
            False,
            id="one of three short",
        ),
        pytest.param("control_plane_subnets", _planes(("a", 4), ("b", 9)), CRITICAL, False, False, id="one AZ left"),
        pytest.param(
            "control_plane_subnets",
            _planes(("a", 4), ("b", 9), ("c", None)),
            WARNING,
            False,
            False,
            id="one short, one not known",
        ),
        # health
        pytest.param("cluster_health", replace(CLUSTER, health=()), None, True, False, id="healthy cluster"),
        pytest.param("cluster_health", replace(CLUSTER, health=(FULL,)), CRITICAL, False, True, id="cluster is full"),
        pytest.param(
            "cluster_health", replace(CLUSTER, health=(_issue("AccessDenied"),)), None, True, False, id="another issue"
        ),
        pytest.param("nodegroup_health", replace(NODEGROUP, health=(FULL,)), CRITICAL, False, True, id="group is full"),
        pytest.param(
            "nodegroup_health",
            replace(NODEGROUP, health=(_issue("AsgInstanceLaunchFailures", LAUNCH),)),
            CRITICAL,
            False,
            True,
            id="launches fail for want of addresses",
        ),
        pytest.param(
            "nodegroup_health",
            replace(NODEGROUP, health=(_issue("AsgInstanceLaunchFailures", "no capacity"),)),
            None,
            True,
            False,
            id="launches fail for want of capacity",
        ),
        # the CNI's own figures
        pytest.param("cni_ip_saturation", replace(CNI, assigned_ips=80, max_ips=100), None, True, False, id="80 %"),
        pytest.param("cni_ip_saturation", replace(CNI, assigned_ips=84, max_ips=100), None, False, False, id="84 %"),
        pytest.param("cni_ip_saturation", replace(CNI, assigned_ips=85, max_ips=100), WARNING, False, False, id="85 %"),
        pytest.param(
            "cni_ip_saturation", replace(CNI, assigned_ips=96, max_ips=100), CRITICAL, False, False, id="96 %"
        ),
        pytest.param(
            "cni_ip_saturation", replace(CNI, assigned_ips=100, max_ips=100), CRITICAL, False, True, id="full"
        ),
        pytest.param("cni_errors", replace(CNI, ipamd_errors=0, ec2_api_errors=8), None, True, False, id="8 errors"),
        pytest.param("cni_errors", replace(CNI, ipamd_errors=9, ec2_api_errors=0), None, False, False, id="9 errors"),
        pytest.param("cni_errors", replace(CNI, ipamd_errors=6, ec2_api_errors=4), WARNING, False, False, id="6 and 4"),
        pytest.param("cni_errors", replace(CNI, ec2_api_errors=100), CRITICAL, False, False, id="100 of EC2 alone"),
        # quotas
        pytest.param("eni_quota", replace(REGION, enis=3800, eni_quota=5000), None, True, False, id="3,800 ENIs"),
        pytest.param("eni_quota", replace(REGION, enis=3900, eni_quota=5000), None, False, False, id="3,900 ENIs"),
        pytest.param("eni_quota", replace(REGION, enis=4000, eni_quota=5000), WARNING, False, False, id="4,000 ENIs"),
        pytest.param("eni_quota", replace(REGION, enis=4750, eni_quota=5000), CRITICAL, False, False, id="4,750 ENIs"),
        pytest.param("eni_quota", replace(REGION, enis=5000, eni_quota=5000), CRITICAL, False, True, id="all ENIs"),
        pytest.param("vpc_cidr_quota", replace(VPC, cidrs=4, cidr_quota=5), None, True, False, id="4 of 5 CIDRs"),
        pytest.param("vpc_cidr_quota", replace(VPC, cidrs=5, cidr_quota=5), WARNING, False, False, id="5 of 5 CIDRs"),
        pytest.param("vpc_nau", replace(VPC, nau=40000, nau_quota=64000), None, True, False, id="40,000 units"),
        pytest.param("vpc_nau", replace(VPC, nau=48000, nau_quota=64000), WARNING, False, False, id="48,000 units"),
        pytest.param(
            "vpc_nau",
            replace(VPC, nau=40000, nau_quota=64000, peered_nau=125000, peered_nau_quota=128000),
            CRITICAL,
            False,
            False,
            id="the peers count",
        ),
        # blindness
        pytest.param("blind", SOURCE, None, True, False, id="read"),
        pytest.param("blind", replace(SOURCE, failed_polls=2), None, False, False, id="two polls failed"),
        pytest.param("blind", replace(SOURCE, failed_polls=3), CRITICAL, False, True, id="three polls failed"),
    ],
)
def test_each_rule_reads_its_sample(
    rule: str, sample: Sample, breach: Severity | None, clear: bool, at_once: bool
) -> None:
    """Each rule finds the breach, the recovery and the need to hurry that the table says."""
    reading = _read(rule, sample)
    assert reading is not None
    assert (reading.breach, reading.clear, reading.at_once) == (breach, clear, at_once)


@pytest.mark.parametrize(
    ("rule", "sample"),
    [
        pytest.param("no_free_blocks", SUBNET, id="mode not known"),
        pytest.param("no_free_blocks", _subnet(prefix_mode=True), id="blocks not known"),
        pytest.param(
            "no_free_blocks", _subnet(prefix_mode=True, free_blocks=0, usable_ips=11), id="a /28 has no block"
        ),
        pytest.param("load_balancer_floor", SUBNET, id="load balancers not known"),
        pytest.param("burn_rate", SUBNET, id="no forecast made"),
        pytest.param("nodes_do_not_fit", NODEGROUP, id="fit not known"),
        pytest.param("control_plane_subnets", CLUSTER, id="subnets not known"),
        pytest.param("control_plane_subnets", _planes(("a", 9), ("b", None)), id="one subnet not known, none short"),
        pytest.param("cluster_health", CLUSTER, id="cluster health not read"),
        pytest.param("nodegroup_health", NODEGROUP, id="node group health not read"),
        pytest.param("cni_ip_saturation", CNI, id="no metrics"),
        pytest.param("cni_ip_saturation", replace(CNI, assigned_ips=0, max_ips=0), id="no node"),
        pytest.param("cni_errors", CNI, id="no error metrics"),
        pytest.param("eni_quota", replace(REGION, enis=10), id="quota not known"),
        pytest.param("vpc_cidr_quota", replace(VPC, cidrs=5), id="CIDR quota not known"),
        pytest.param("vpc_nau", VPC, id="NAU metrics are off"),
    ],
)
def test_what_is_not_known_neither_fires_nor_resolves(rule: str, sample: Sample) -> None:
    """A rule has nothing to say where its figures are not known."""
    assert _read(rule, sample) is None


@pytest.mark.parametrize("quality", [Quality.STALE, Quality.UNKNOWN, Quality.GONE])
def test_no_rule_but_blind_reads_what_is_not_fresh(quality: Quality) -> None:
    """Stale figures, however bad, are read by no rule; that a source cannot be read is itself fresh knowledge."""
    worst: tuple[Sample, ...] = (
        _subnet(
            free_ips=0, prefix_mode=True, free_blocks=0, load_balancers=True, forecast_known=True, time_left=HOURS / 9
        ),
        replace(NODEGROUP, nodes_fit=0, health=(FULL,)),
        replace(_planes(("a", 0), ("b", 0)), health=(FULL,)),
        replace(CNI, assigned_ips=9, max_ips=9, ipamd_errors=999),
        replace(REGION, enis=5000, eni_quota=5000),
        replace(VPC, cidrs=5, cidr_quota=5, nau=64000, nau_quota=64000),
    )
    for sample in worst:
        for rule in rules_for(type(sample)):
            fresh = rule.read(sample, THRESHOLDS)
            assert fresh is not None, rule.name
            assert fresh.breach is not None, rule.name
            assert rule.read(replace(sample, quality=quality), THRESHOLDS) is None, rule.name


def test_every_rule_is_named_once_and_opens_a_topic_that_exists() -> None:
    """Names are unique, the Explain button's topic is a file of the guide, and the settings named are thresholds."""
    names = [rule.name for rule in RULES]
    assert len(names) == len(set(names))
    topics = {path.stem for path in (Path(__file__).parents[2] / "knowledge" / "topics").glob("*.md")}
    known = {field.name for field in fields(Thresholds)}
    for rule in RULES:
        assert rule.topic in topics, rule.name
        assert set(rule.settings) <= known, rule.name
        assert rule.scope_kinds, rule.name
    assert {name for rule in RULES for name in rule.settings} == known


def test_the_page_about_alerts_names_every_rule() -> None:
    """Each rule has its row in docs/alerts.md."""
    page = (Path(__file__).parents[2] / "docs" / "alerts.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `")]
    assert [rule.name for rule in RULES if not any(f"`{rule.name}`" in row for row in rows)] == []


def test_every_kind_of_sample_is_read_and_knows_its_key() -> None:
    """Each sample type has rules, and its key begins with the kind of scope they are about."""
    for sample in SAMPLES:
        found = rules_for(type(sample))
        assert found
        for rule in found:
            assert sample.scope_key.partition(":")[0] in {kind.value for kind in rule.scope_kinds}


_COUNT = st.integers(0, 70_000)
_MAYBE = st.one_of(st.none(), _COUNT)


@settings(max_examples=300, deadline=None, database=None)
@given(
    usable=st.sampled_from([11, 27, 59, 251, 4091, 65531]),
    free=_MAYBE,
    blocks=_MAYBE,
    prefix=st.sampled_from([None, False, True]),
    balancers=st.sampled_from([None, False, True]),
    left=st.one_of(st.none(), st.timedeltas(timedelta(0), timedelta(days=9))),
)
def test_no_subnet_is_in_breach_and_clear_at_once(
    usable: int,
    free: int | None,
    blocks: int | None,
    prefix: bool | None,
    balancers: bool | None,
    left: timedelta | None,
) -> None:
    """Whatever the figures, a reading is in breach, clear, or between the two, never both."""
    sample = SubnetSample(
        observed_at=NOW,
        subnet_id="subnet-1",
        usable_ips=usable,
        free_ips=None if free is None else min(free, usable),
        free_blocks=None if blocks is None else min(blocks, whole_blocks(usable)),
        prefix_mode=prefix,
        load_balancers=balancers,
        time_left=left,
        forecast_known=True,
    )
    for rule in rules_for(SubnetSample):
        reading = rule.read(sample, THRESHOLDS)
        if reading is not None:
            assert not (reading.breach is not None and reading.clear), rule.name
            assert not (reading.at_once and reading.breach is None), rule.name


_GROWING: Mapping[str, tuple[Sample, str, tuple[float, ...]]] = {
    "low_ips": (SUBNET, "free_ips", tuple(range(0, 4092, 31))),
    "no_free_blocks": (replace(SUBNET, prefix_mode=True), "free_blocks", tuple(range(40))),
    "load_balancer_floor": (replace(SUBNET, load_balancers=True), "free_ips", tuple(range(20))),
    "nodes_do_not_fit": (NODEGROUP, "nodes_fit", tuple(range(9))),
    "cni_ip_saturation": (replace(CNI, max_ips=1000), "assigned_ips", tuple(range(0, 1001, 7))),
    "cni_errors": (CNI, "ipamd_errors", tuple(range(0, 150, 3))),
    "eni_quota": (replace(REGION, eni_quota=5000), "enis", tuple(range(0, 5001, 50))),
    "vpc_cidr_quota": (replace(VPC, cidr_quota=5), "cidrs", tuple(range(7))),
    "vpc_nau": (replace(VPC, nau_quota=64000), "nau", tuple(range(0, 64001, 500))),
    "blind": (SOURCE, "failed_polls", tuple(range(6))),
}


@pytest.mark.parametrize("name", _GROWING)
def test_a_figure_only_gets_worse_in_one_direction(name: str) -> None:
    """From worst to best each rule goes from breach over neither to clear, and never back."""
    sample, field, values = _GROWING[name]
    changed: dict[str, Any] = {}
    rule = rule_named(name)
    assert rule is not None
    ordered = values if rule.worse is Worse.LOWER else tuple(reversed(values))
    ranks = []
    for value in ordered:
        changed[field] = value
        reading = rule.read(replace(sample, **changed), THRESHOLDS)
        assert reading is not None
        ranks.append(3 if reading.clear else 2 if reading.breach is None else 1 - reading.breach.rank)
    assert ranks == sorted(ranks)
    assert ranks[0] < 2
    assert ranks[-1] == 3
