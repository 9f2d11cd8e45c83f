"""Which alerts share a card, and which one explains another."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from stored_alerts import FIRING, PENDING

from bot.alerts import Alert, Severity, SubjectKind
from bot.alerts.grouping import group_key, groups, inhibitor, waits_for_parent

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
POLL = timedelta(minutes=5)
CHILD = replace(FIRING, alert_id=1, clusters=("prod-eu",), az_id="euw1-az1", vpc_id="vpc-1")
WAITING = replace(CHILD, alert_id=99, fired_at=None, revision=0)


def _subnet(number: int, **changes: object) -> Alert:
    named = replace(CHILD, alert_id=number, scope_key=f"subnet:subnet-{number}", label=f"private-{number}")
    return replace(named, **changes)  # type: ignore[arg-type]


def _wide(kind: SubjectKind, key: str, rule: str = "blind", **changes: object) -> Alert:
    made = replace(CHILD, alert_id=50, rule=rule, scope_kind=kind, scope_key=key, label=key)
    return replace(made, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("other", "together"),
    [
        pytest.param(_subnet(2), True, id="another subnet of the cluster and AZ"),
        pytest.param(_subnet(2, rule="no_free_blocks"), True, id="another rule"),
        pytest.param(_subnet(2, clusters=("prod-eu", "jobs")), False, id="first of two clusters is another"),
        pytest.param(_subnet(2, clusters=("prod-eu", "zeta")), True, id="a second cluster does not matter"),
        pytest.param(_subnet(2, az_id="euw1-az2"), False, id="another AZ"),
        pytest.param(_subnet(2, clusters=("stage",)), False, id="another cluster"),
        pytest.param(_subnet(2, account_id="999988887777"), False, id="that cluster name in another account"),
        pytest.param(_subnet(2, region="eu-west-2"), False, id="another region"),
        pytest.param(
            _wide(SubjectKind.CLUSTER, "cluster:111122223333/eu-west-1/prod-eu", "cluster_health"),
            False,
            id="the cluster",
        ),
    ],
)
def test_subnets_of_one_cluster_and_az_share_a_card(other: Alert, together: bool) -> None:
    """An alert of a subnet in prod-eu and euw1-az1 shares its card with those of the same cluster and AZ."""
    assert (group_key(other) == group_key(CHILD)) is together
    assert len(groups([CHILD, other])) == (1 if together else 2)


def test_subnets_that_no_cluster_uses_are_grouped_by_vpc_and_az() -> None:
    """Without a cluster the VPC is what they have in common; without an AZ nothing is."""
    loose = {"clusters": ()}
    assert group_key(_subnet(1, **loose)) == group_key(_subnet(2, **loose))
    assert group_key(_subnet(1, **loose)) != group_key(_subnet(2, **loose, vpc_id="vpc-2"))
    assert group_key(_subnet(1, az="", az_id="")) != group_key(_subnet(2, az="", az_id=""))


def test_a_card_lists_the_worst_first_and_no_pending_alert() -> None:
    """Firing before recovering before resolved, critical before warning, the emptiest first."""
    fuller = _subnet(2, value=100)
    emptier = _subnet(3, value=10)
    warning = _subnet(4, severity=Severity.WARNING, value=1)
    recovering = _subnet(5, recovering_at=NOW, value=0)
    over = _subnet(6, resolved_at=NOW, resolution="recovered", value=0)
    (group,) = groups([over, warning, PENDING, recovering, fuller, emptier, replace(WAITING, alert_id=7)])
    assert group.alerts == (emptier, fuller, warning, recovering, over)
    assert group.lead == emptier
    assert group.firing == (emptier, fuller, warning, recovering)


def test_the_worst_card_comes_first() -> None:
    """Cards are ordered by their worst alert."""
    mild = _subnet(2, severity=Severity.WARNING, az_id="euw1-az2")
    assert [group.lead for group in groups([mild, CHILD])] == [CHILD, mild]


BLIND_REGION = _wide(SubjectKind.REGION, "region:111122223333/eu-west-1")
BLIND_ACCOUNT = _wide(SubjectKind.ACCOUNT, "account:111122223333", region="")


@pytest.mark.parametrize(
    ("parent", "child", "hides"),
    [
        pytest.param(BLIND_REGION, CHILD, True, id="blind region, subnet in it"),
        pytest.param(replace(BLIND_REGION, region="eu-west-2"), CHILD, False, id="blind region, subnet elsewhere"),
        pytest.param(BLIND_ACCOUNT, CHILD, True, id="blind account, subnet in it"),
        pytest.param(BLIND_ACCOUNT, BLIND_REGION, True, id="blind account, blind region"),
        pytest.param(BLIND_REGION, BLIND_ACCOUNT, False, id="not the other way round"),
        pytest.param(replace(BLIND_ACCOUNT, account_id="999988887777"), CHILD, False, id="another account"),
        pytest.param(replace(BLIND_REGION, severity=Severity.WARNING), CHILD, True, id="blind at any severity"),
        pytest.param(replace(BLIND_REGION, recovering_at=NOW), CHILD, False, id="readable again, not for long yet"),
        pytest.param(
            BLIND_REGION,
            replace(CHILD, observed_at=CHILD.observed_at + timedelta(seconds=1)),
            False,
            id="blind region, subnet read since",
        ),
        pytest.param(
            BLIND_ACCOUNT,
            replace(BLIND_REGION, observed_at=BLIND_REGION.observed_at + timedelta(seconds=1)),
            True,
            id="blind account, region that failed since",
        ),
        pytest.param(
            replace(BLIND_REGION, resolved_at=NOW, resolution="recovered"), CHILD, False, id="no longer blind"
        ),
        pytest.param(
            BLIND_REGION,
            _wide(SubjectKind.CLUSTER, "cluster:111122223333/eu-west-1/prod-eu", "cni_errors"),
            True,
            id="blind region, cluster in it",
        ),
        pytest.param(_wide(SubjectKind.VPC, "vpc:vpc-1", "low_ips"), CHILD, True, id="its VPC, the same rule"),
        pytest.param(_wide(SubjectKind.VPC, "vpc:vpc-2", "low_ips", vpc_id="vpc-2"), CHILD, False, id="another VPC"),
        pytest.param(
            _wide(SubjectKind.VPC, "vpc:vpc-1", "vpc_nau"), CHILD, False, id="its VPC's quota is another matter"
        ),
        pytest.param(_wide(SubjectKind.AZ, "az:vpc-1/euw1-az1", "low_ips"), CHILD, True, id="its AZ, the same rule"),
        pytest.param(
            _wide(SubjectKind.VPC, "vpc:vpc-1", "low_ips"),
            _wide(SubjectKind.AZ, "az:vpc-1/euw1-az1", "low_ips"),
            True,
            id="VPC over AZ",
        ),
        pytest.param(
            _wide(SubjectKind.VPC, "vpc:vpc-1", "low_ips", severity=Severity.WARNING),
            CHILD,
            False,
            id="a milder parent",
        ),
        pytest.param(CHILD, replace(CHILD, alert_id=2, rule="burn_rate"), True, id="nothing left explains how fast"),
        pytest.param(
            replace(CHILD, severity=Severity.WARNING),
            replace(CHILD, alert_id=2, rule="burn_rate"),
            False,
            id="low explains no critical burn rate",
        ),
        pytest.param(CHILD, _subnet(2, rule="burn_rate"), False, id="another subnet's burn rate"),
        pytest.param(CHILD, replace(CHILD, alert_id=2, rule="no_free_blocks"), False, id="blocks are another matter"),
        pytest.param(CHILD, CHILD, False, id="itself"),
    ],
)
def test_one_alert_hides_another(parent: Alert, child: Alert, hides: bool) -> None:
    """Blind hides what cannot be read below it, the wider the narrow of one rule, what says more the rest."""
    assert inhibitor(child, [parent]) == (parent if hides else None)


def test_the_widest_parent_is_named() -> None:
    """Where account and region are both blind, the account is the reason."""
    assert inhibitor(CHILD, [BLIND_REGION, BLIND_ACCOUNT]) == BLIND_ACCOUNT


def test_no_alert_is_hidden_for_ever() -> None:
    """Of alerts that could hide each other one is always told: hiding has no circle."""
    found = [CHILD, BLIND_REGION, BLIND_ACCOUNT, _wide(SubjectKind.VPC, "vpc:vpc-1", "low_ips")]
    found += [replace(CHILD, rule=rule) for rule in ("burn_rate", "load_balancer_floor", "no_free_blocks")]
    told = [alert for alert in found if inhibitor(alert, found) is None]
    assert told == [BLIND_ACCOUNT]


_PARENT_PENDING = _wide(SubjectKind.VPC, "vpc:vpc-1", "low_ips", fired_at=None)


@pytest.mark.parametrize(
    ("child", "others", "after", "waits"),
    [
        pytest.param(replace(CHILD, severity=Severity.WARNING), [_PARENT_PENDING], 0, True, id="a parent is pending"),
        pytest.param(replace(CHILD, severity=Severity.WARNING), [_PARENT_PENDING], 5, False, id="one poll long"),
        pytest.param(replace(CHILD, severity=Severity.WARNING), [], 0, False, id="no parent to come"),
        pytest.param(CHILD, [_PARENT_PENDING], 0, False, id="a critical alert waits for nobody"),
        pytest.param(
            replace(CHILD, severity=Severity.WARNING),
            [replace(_PARENT_PENDING, vpc_id="vpc-2")],
            0,
            False,
            id="another VPC's alert is pending",
        ),
    ],
)
def test_a_child_waits_one_evaluation_for_its_parent(
    child: Alert, others: list[Alert], after: int, waits: bool
) -> None:
    """A new warning is not told for one poll while an alert that would explain it is pending."""
    assert waits_for_parent(child, others, NOW + timedelta(minutes=after), POLL) is waits
