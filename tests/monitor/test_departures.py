"""What ends an alert whose subject is gone or read no more, and what proves nothing."""

from dataclasses import replace
from datetime import timedelta

import pytest
from builders import DEV, NOW, PROD, REGION, blind_spot, cluster, inventory, region_facts, subnet, vpc
from stored_alerts import FIRING

from bot.alerts import Alert, SubjectKind
from bot.inventory import Account, Fleet, RegionFacts
from bot.monitor.departures import Departures, reach_of

SLOW = timedelta(minutes=15)
OWNER = Account(account_id=PROD, name="prod")
HERE = ((PROD, REGION),)


def alert_of(kind: SubjectKind, name: str, **changes: object) -> Alert:
    """A firing alert of something in the account and region that is read."""
    known = replace(FIRING, scope_kind=kind, scope_key=f"{kind.value}:{name}", account_id=PROD, region=REGION)
    return replace(known, **changes)  # type: ignore[arg-type]


CLUSTER = alert_of(SubjectKind.CLUSTER, f"{PROD}/{REGION}/old")
GROUP = alert_of(SubjectKind.NODEGROUP, f"{PROD}/{REGION}/prod-eu/old")
VPC = alert_of(SubjectKind.VPC, "vpc-old")
LEFT = alert_of(SubjectKind.SUBNET, "subnet-9", account_id=DEV)
QUOTA = alert_of(SubjectKind.REGION, f"{PROD}/us-east-1", region="us-east-1")


def ends(alert: Alert, facts: RegionFacts, minutes: tuple[int, ...], fleet: Fleet) -> list[str]:
    """How the alert ended, if it did, when these facts are listed anew at each of these minutes."""
    departures, reach = Departures(SLOW), reach_of(fleet, HERE, HERE)
    found = []
    for minute in minutes:
        at = NOW + timedelta(minutes=minute)
        seen = inventory(replace(facts, observed_at=at))
        steps = departures.ended([alert], seen, reach, at)
        found += [s.alert.resolution for s in steps if s.transition is not None and s.alert is not None]
    return found


FLEET = Fleet(accounts=(OWNER,))
DENIED = {
    name: region_facts(subnet(), clusters=(cluster(),), blind_spots=(blind_spot(api=api),))
    for name, api in (("clusters", "ListClusters"), ("groups", "ListNodegroups"), ("vpcs", "DescribeVpcs"))
}
WELL = region_facts(subnet(), clusters=(cluster(),))


@pytest.mark.parametrize(
    ("alert", "facts", "minutes", "fleet", "ended"),
    [
        pytest.param(CLUSTER, WELL, (0, 30), FLEET, ["deleted"], id="cluster"),
        pytest.param(GROUP, WELL, (0, 15, 30), FLEET, ["deleted"], id="node group"),
        pytest.param(VPC, WELL, (0, 30), FLEET, ["deleted"], id="VPC"),
        pytest.param(CLUSTER, WELL, (0,), FLEET, [], id="one listing"),
        pytest.param(CLUSTER, WELL, (0, 29), FLEET, [], id="listings too near each other"),
        pytest.param(CLUSTER, DENIED["clusters"], (0, 30), FLEET, [], id="clusters not listed"),
        pytest.param(GROUP, DENIED["groups"], (0, 30), FLEET, [], id="node groups not listed"),
        pytest.param(CLUSTER, DENIED["groups"], (0, 30), FLEET, ["deleted"], id="other reads do not matter"),
        pytest.param(VPC, DENIED["vpcs"], (0, 30), FLEET, [], id="VPCs not listed"),
        pytest.param(VPC, replace(WELL, subnets_complete=False), (0, 30), FLEET, [], id="the region failed"),
        pytest.param(VPC, region_facts(vpcs=(vpc("vpc-old"),)), (0, 30), FLEET, [], id="it is there"),
        pytest.param(LEFT, WELL, (0, 30), FLEET, ["no longer read"], id="account not configured any more"),
        pytest.param(LEFT, WELL, (0, 30), replace(FLEET, discovered=True), ["account left"], id="account left"),
        pytest.param(LEFT, WELL, (0, 20), FLEET, [], id="account gone for a while"),
        pytest.param(QUOTA, WELL, (0, 30), FLEET, ["no longer read"], id="region not configured any more"),
        pytest.param(
            LEFT, WELL, (0, 30), replace(FLEET, blind_spots=(blind_spot(),)), [], id="accounts could not be listed"
        ),
        pytest.param(
            LEFT, region_facts(subnet("subnet-9")), (0, 30), FLEET, [], id="shared by an account that is not read"
        ),
    ],
)
def test_an_end_needs_two_complete_listings_two_slow_reads_apart(
    alert: Alert, facts: RegionFacts, minutes: tuple[int, ...], fleet: Fleet, ended: list[str]
) -> None:
    """A failed read of the very thing proves nothing, and what is seen anywhere is there."""
    assert ends(alert, facts, minutes, fleet) == ended


def test_a_thing_that_was_there_in_between_is_not_gone() -> None:
    """The absences must be in a row."""
    departures, reach = Departures(SLOW), reach_of(FLEET, HERE, HERE)
    there = region_facts(vpcs=(vpc("vpc-old"),))
    for minute, facts in ((0, WELL), (15, there), (30, WELL), (45, WELL)):
        at = NOW + timedelta(minutes=minute)
        steps = list(departures.ended([VPC], inventory(replace(facts, observed_at=at)), reach, at))
        assert [step for step in steps if step.transition is not None] == []


def test_what_is_stored_of_an_account_is_dropped_once_it_has_been_away_for_long() -> None:
    """One that comes back starts anew."""
    departures = Departures(SLOW)
    both = (*HERE, (DEV, REGION))
    away, back = (
        reach_of(FLEET, HERE, both),
        reach_of(Fleet(accounts=(OWNER, Account(account_id=DEV, name="dev"))), both, both),
    )
    seen = [
        departures.left(reach, NOW + timedelta(minutes=minute))
        for minute, reach in ((0, away), (20, back), (30, away), (50, away), (60, away), (75, None))
    ]
    assert seen == [set(), set(), set(), set(), {DEV}, set()]
