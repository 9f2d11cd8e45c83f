"""CloudWatch and Service Quotas on the demo's AWS: the CNI's figures, usage, quotas, alarms, and what is unseen."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.aws import cloudwatch
from bot.aws.evidence import read_evidence
from bot.aws.queries import Place, all_network_interfaces, vpcs
from bot.aws.quotas import CIDRS_PER_VPC, ENIS_PER_REGION, NAU_PER_VPC, defaults, vpc_quotas
from bot.aws.sessions import Sessions
from bot.demo.world import DEFAULT_NOW, World
from bot.inventory import Account
from bot.inventory.evidence import Asked, QuotaSource, QuotaUsage

PROD = Account(account_id="111122223333", name="prod", regions=("eu-west-1",))
STAGE = Account(
    account_id="222233334444",
    name="stage",
    role_arns=("arn:aws:iam::222233334444:role/eksip-reader",),
    external_id="eksip-stage",
    regions=("eu-west-1",),
)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """The demo's AWS."""
    with World() as running:
        yield running


@pytest.fixture
def place(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """The production account in its main region, with its own credentials."""
    for name, value in world.credentials().items():
        monkeypatch.setenv(name, value)
    yield Place(sessions=Sessions(total_attempts=1), account=PROD, region="eu-west-1")
    world.faults.reset()


def test_the_figures_are_not_doubled(place: Place) -> None:
    """Two data points a minute are averaged: assigned, total and most are those of one minute, and errors unknown."""
    (figures,) = cloudwatch.cni_figures(place, ["prod-eu", "no-helper"], DEFAULT_NOW)
    assert figures.cluster == "prod-eu"
    assert figures.observed_at == DEFAULT_NOW - timedelta(minutes=1)
    assert figures.assigned_ips is not None
    assert figures.total_ips is not None
    assert figures.max_ips is not None
    assert 0 < figures.assigned_ips < figures.total_ips < figures.max_ips < 2 * figures.total_ips
    assert (figures.ipamd_errors, figures.ec2_api_errors) == (None, None)
    warm = cloudwatch.warm_ips(place, ["prod-eu", "no-helper"], DEFAULT_NOW)
    assert warm == {"prod-eu": round(figures.total_ips - figures.assigned_ips)}


def test_errors_are_counted_over_the_window(place: Place, world: World) -> None:
    """Of each minute the larger reading counts; what is older than the window does not."""
    from moto.cloudwatch.models import cloudwatch_backends

    backend = cloudwatch_backends[PROD.account_id]["eu-west-1"]
    points = [(20, 900), (10, 7), (9, 5), (9, 3)]
    backend.put_metric_data(
        "Kubernetes",
        [
            {
                "MetricName": "ipamdErr",
                "Dimensions": [{"Name": "CLUSTER_ID", "Value": "with-errors"}],
                "Timestamp": (DEFAULT_NOW - timedelta(minutes=minutes)).replace(tzinfo=None),
                "Value": count,
                "Unit": "Count",
            }
            for minutes, count in points
        ],
    )
    (figures,) = cloudwatch.cni_figures(place, ["with-errors"], DEFAULT_NOW)
    assert (figures.ipamd_errors, figures.assigned_ips) == (12, None)


def test_a_clusters_series_are_asked_for_in_as_many_calls_as_needed(place: Place) -> None:
    """More series than one call takes are split, and each finds its own cluster again."""
    names = [f"cluster-{number}" for number in range(120)] + ["prod-eu"]
    assert [figures.cluster for figures in cloudwatch.cni_figures(place, names, DEFAULT_NOW)] == ["prod-eu"]


def test_address_usage_is_read_where_it_was_switched_on(place: Place) -> None:
    """The newest day of the VPC that publishes it; a VPC without the metric is left out."""
    ids = [vpc.vpc_id for vpc in vpcs(place)]
    (usage,) = cloudwatch.address_usage(place, [*ids, "vpc-without"], DEFAULT_NOW)
    assert usage.units is not None
    assert usage.units > 6_000
    assert usage.peered_units is None
    assert usage.observed_at.date() <= DEFAULT_NOW.date()


def test_quotas_are_those_that_apply(place: Place) -> None:
    """A granted increase counts, and the metric of the usage is the one that AWS names."""
    found = {quota.code: quota for quota in vpc_quotas(place)}
    assert {quota.source for quota in found.values()} == {QuotaSource.APPLIED}
    assert (found[CIDRS_PER_VPC].value, found[NAU_PER_VPC].value) == (10, 64_000)
    assert found[ENIS_PER_REGION].usage == QuotaUsage(
        namespace="AWS/Usage",
        metric="ResourceCount",
        dimensions=(("Class", "None"), ("Resource", "NetworkInterface"), ("Service", "VPC"), ("Type", "Resource")),
        statistic="Maximum",
    )


def test_evidence_is_everything_at_once(place: Place) -> None:
    """Figures, usage, quotas and the number of interfaces of the region, without a blind spot."""
    ids = [vpc.vpc_id for vpc in vpcs(place)]
    found = read_evidence(place, Asked(clusters=("prod-eu",), vpc_ids=tuple(ids)), DEFAULT_NOW)
    assert [figures.cluster for figures in found.cni] == ["prod-eu"]
    assert [usage.vpc_id for usage in found.address_usage] == ids[:1]
    assert found.enis == len(all_network_interfaces(place))
    assert found.blind_spots == ()


def test_quotas_that_cannot_be_read_are_defaults_and_say_so(place: Place, world: World) -> None:
    """Nothing is guessed: the default is marked, interfaces are not known, the blind spot names the action."""
    world.faults.deny("ListServiceQuotas")
    found = read_evidence(place, Asked(), DEFAULT_NOW)
    assert found.quotas == defaults()
    assert {quota.source for quota in found.quotas} == {QuotaSource.DEFAULT}
    assert found.enis is None
    (spot,) = found.blind_spots
    assert spot.api == "ListServiceQuotas"
    assert "servicequotas:ListServiceQuotas is not allowed" in spot.reason


def test_interfaces_are_counted_where_no_metric_counts_them(place: Place) -> None:
    """Only when that is asked for: it costs a call for each thousand."""
    without = Asked(quota_usage=False)
    assert read_evidence(place, without, DEFAULT_NOW).enis is None
    counted = read_evidence(place, replace(without, count_interfaces=True), DEFAULT_NOW).enis
    assert counted == len(all_network_interfaces(place))


def test_one_service_that_fails_does_not_hide_the_other(place: Place, world: World) -> None:
    """Without CloudWatch the quotas are known, the figures are not, and the reason is there once."""
    world.faults.deny("GetMetricData")
    found = read_evidence(place, Asked(clusters=("prod-eu",), vpc_ids=("vpc-1",)), DEFAULT_NOW)
    assert found.quota(CIDRS_PER_VPC) is not None
    assert (found.cni, found.address_usage, found.enis) == ((), (), None)
    assert [spot.api for spot in found.blind_spots] == ["GetMetricData"]


def test_an_account_that_cannot_be_entered_is_asked_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first refusal says it all: defaults and one blind spot."""
    for name, value in world.credentials().items():
        monkeypatch.setenv(name, value)
    wrong = Account(
        account_id=STAGE.account_id,
        name="stage",
        role_arns=STAGE.role_arns,
        external_id="wrong",
        regions=("eu-west-1",),
    )
    there = Place(sessions=Sessions(total_attempts=1), account=wrong, region="eu-west-1")
    found = read_evidence(there, Asked(clusters=("stage",), vpc_ids=("vpc-1",)), DEFAULT_NOW)
    assert [spot.api for spot in found.blind_spots] == ["AssumeRole"]
    assert found.quotas == defaults()


def test_existing_alarms_are_listed_with_what_they_watch(place: Place) -> None:
    """The alarm somebody made on a sum shows as that."""
    (alarm,) = cloudwatch.alarms(place)
    assert (alarm.name, alarm.metric, alarm.statistic, alarm.threshold) == (
        "prod-eu-pod-ips",
        "assignIPAddresses",
        "Sum",
        18_000,
    )
    assert alarm.dimension("CLUSTER_ID") == "prod-eu"
    assert alarm.dimension("SubnetId") is None
    assert alarm.state in {"OK", "INSUFFICIENT_DATA"}
