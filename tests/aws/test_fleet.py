"""A fleet over HTTP: accounts come and go, sessions end, endpoints fail, subnets are shared; the facts stay true."""

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import IPv6Network
from pathlib import Path

import pytest
from endpoint.answers import Kind
from endpoint.plan import READER_ROLE, AccountPlan, Fleet, RegionPlan, account_id, role_arn, small_fleet
from endpoint.server import Endpoint

from bot import metrics
from bot.aws import limits
from bot.aws.check import Outcome
from bot.aws.fleet import ALL_REGIONS, FleetReader
from bot.aws.grants import grants
from bot.aws.organization import Organization
from bot.aws.pace import Pace
from bot.aws.reader import Reader
from bot.aws.sessions import Sessions
from bot.config import load
from bot.console.check import Verdict
from bot.inventory import Account, ChangeKind, Quality, without_shared_twice
from bot.wiring import Parts
from bot.wiring.checking import checks

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
EU, US = "eu-west-1", "us-east-1"
OWN, SECOND, THIRD = account_id(0), account_id(1), account_id(2)
ORGANIZATION = Organization(role_name=READER_ROLE, regions=(EU, US))

Started = Callable[[Fleet], Endpoint]


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Iterator[Started]:
    """Starts an endpoint and points botocore at it."""
    running: list[Endpoint] = []

    def started(fleet: Fleet) -> Endpoint:
        endpoint = Endpoint(fleet)
        running.append(endpoint)
        for name, value in endpoint.environment.items():
            monkeypatch.setenv(name, value)
        return endpoint

    yield started
    for endpoint in running:
        endpoint.close()


class Timer:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def sessions_of(timer: Timer | None = None) -> Sessions:
    return Sessions(total_attempts=2, read_timeout=5, timer=timer or time.monotonic)


def reader_of(sessions: Sessions | None = None, organization: Organization | None = ORGANIZATION) -> Reader:
    return Reader(
        regions=(EU, US), workers=4, now=lambda: NOW, sessions=sessions or sessions_of(), organization=organization
    )


def member(number: int, **changes: object) -> Account:
    given = {"name": f"team-{number:03d}", "regions": (EU, US), **changes}
    found = account_id(number)
    return Account(account_id=found, role_arns=(role_arn(found),), **given)  # type: ignore[arg-type]


def empty_fleet(accounts: int) -> Fleet:
    return Fleet(
        accounts=tuple(AccountPlan(account_id=account_id(n), name=f"team-{n:03d}") for n in range(accounts)),
        offered=(EU, US),
    )


# Accounts


def test_every_active_account_of_the_organization_is_found_twenty_a_page(start: Started) -> None:
    fleet = empty_fleet(45)
    gone = replace(fleet.accounts[7], status="SUSPENDED")
    endpoint = start(replace(fleet, accounts=(*fleet.accounts[:7], gone, *fleet.accounts[8:])))
    found = reader_of(organization=replace(ORGANIZATION, without=frozenset({SECOND}))).fleet()
    assert endpoint.calls.count("ListAccounts") == 3
    expected = {account_id(n) for n in range(45)} - {gone.account_id, SECOND}
    assert {account.account_id for account in found.accounts} == expected
    assert (found.discovered, found.changes, found.blind_spots) == (True, (), ())


def test_the_callers_own_account_needs_no_role_and_the_others_get_the_named_one(start: Started) -> None:
    start(empty_fleet(2))
    own, other = reader_of(organization=replace(ORGANIZATION, external_id="word")).accounts()
    assert own == Account(account_id=OWN, name="team-000", regions=(EU, US))
    assert (other.role_arns, other.external_id) == ((role_arn(SECOND),), "word")


def test_an_account_that_is_configured_keeps_its_own_settings_beside_the_organization(start: Started) -> None:
    start(empty_fleet(3))
    configured = member(1, name="mine", regions=(EU,))
    reader = Reader(accounts=(configured,), now=lambda: NOW, sessions=sessions_of(), organization=ORGANIZATION)
    assert [account.name for account in reader.accounts()] == ["mine", "team-000", "team-002"]


def fleet_reader(timer: Timer, known: tuple[str, ...] = ()) -> FleetReader:
    return FleetReader(
        sessions=sessions_of(timer),
        now=lambda: NOW + timedelta(seconds=timer.seconds),
        regions=(EU, US),
        organization=ORGANIZATION,
        known=lambda: known,
        timer=timer,
    )


def test_accounts_that_join_and_leave_are_news_for_a_day(start: Started, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "bot.aws.fleet")
    fleet = empty_fleet(4)
    endpoint = start(fleet)
    endpoint.set_status(THIRD, "SUSPENDED")
    timer = Timer()
    reader = fleet_reader(timer)
    assert reader.fleet().changes == ()
    endpoint.set_status(THIRD, "ACTIVE")
    endpoint.leave(SECOND)
    assert reader.fleet().changes == ()  # asked an hour later again
    timer.seconds += limits.ORGANIZATION.age.total_seconds()
    found = reader.fleet()
    changes = {(change.account_id, change.kind) for change in found.changes}
    assert changes == {(THIRD, ChangeKind.JOINED), (SECOND, ChangeKind.LEFT)}
    assert SECOND not in {account.account_id for account in found.accounts}
    assert {record.message for record in caplog.records} == {"account joined", "account left"}
    timer.seconds += limits.CHANGE_SHOWN.total_seconds() + 1
    assert reader.fleet().changes == ()


def test_an_account_that_left_while_the_process_was_down_is_news_at_its_start(start: Started) -> None:
    start(empty_fleet(2))
    (change,) = fleet_reader(Timer(), known=(OWN, SECOND, "999900001111")).fleet().changes
    assert (change.account_id, change.kind) == ("999900001111", ChangeKind.LEFT)


def test_an_organization_that_cannot_be_listed_is_a_blind_spot_and_nobody_has_left(start: Started) -> None:
    endpoint = start(empty_fleet(25))
    timer = Timer()
    reader = fleet_reader(timer)
    before = reader.fleet().accounts
    timer.seconds += limits.ORGANIZATION.age.total_seconds()
    endpoint.fail(Kind.DENIED, api="ListAccounts", after=1)  # the first page comes, the second does not
    found = reader.fleet()
    assert (found.accounts, found.changes) == (before, ())
    assert [(spot.api, spot.region) for spot in found.blind_spots] == [("ListAccounts", ALL_REGIONS)]
    assert "organizations:ListAccounts is not allowed" in found.blind_spots[0].reason


def test_a_chain_assumes_the_role_that_all_accounts_trust_once(start: Started) -> None:
    plans = [AccountPlan(account_id=account_id(n), name=f"team-{n}", trusted=(SECOND,)) for n in range(2, 6)]
    own = AccountPlan(account_id=OWN, name="own")
    hub = AccountPlan(account_id=SECOND, name="hub", roles=("hub", READER_ROLE))
    endpoint = start(Fleet(accounts=(own, hub, *plans), offered=(EU, US)))
    chained = replace(ORGANIZATION, first_role_arns=(role_arn(SECOND, "hub"),))
    reader = reader_of(organization=chained)
    inventory = reader.sweep(clusters=False)
    assert inventory.all_blind_spots == ()
    assert endpoint.calls.count("AssumeRole", account_id=SECOND) == 2  # the hub's role, and its reader's
    assert endpoint.calls.count("AssumeRole") == 6
    direct = reader_of().sweep(clusters=False)
    assert {spot.account_id for spot in direct.blind_spots} == {plan.account_id for plan in plans}


# Regions


def test_a_region_is_read_where_the_account_has_enabled_it(start: Started) -> None:
    hong_kong = "ap-east-1"
    plans = (
        AccountPlan(account_id=OWN, name="own", regions=(RegionPlan(region=EU),)),
        AccountPlan(account_id=SECOND, name="far", regions=(RegionPlan(region=EU), RegionPlan(region=hong_kong))),
    )
    start(Fleet(accounts=plans, offered=(EU, US), opt_in=(hong_kong,)))
    reader = reader_of(organization=replace(ORGANIZATION, regions=(EU, hong_kong)))
    own, far = reader.accounts()
    assert reader.regions(own).regions == (EU,)
    assert reader.regions(far).regions == (EU, hong_kong)
    assert reader.regions(replace(far, regions=())).regions == (hong_kong, EU, US)


def test_regions_that_cannot_be_listed_are_those_configured_or_last_known(start: Started) -> None:
    endpoint = start(empty_fleet(2))
    endpoint.fail(Kind.DENIED, api="DescribeRegions", account_id=SECOND)
    reader = reader_of()
    _, other = reader.accounts()
    assert reader.regions(other).regions == (EU, US)
    every = reader.regions(replace(other, regions=()))
    assert [spot.api for spot in every.blind_spots] == ["DescribeRegions"]


# Clients and credentials


def test_thousands_of_account_regions_share_one_client_for_each_region_and_service(start: Started) -> None:
    endpoint = start(small_fleet(accounts=6))
    sessions = sessions_of()
    reader = reader_of(sessions)
    inventory = reader.sweep(clusters=True)
    assert inventory.all_blind_spots == ()
    assert len(inventory.regions) == 12
    for number in range(6):
        mine = [facts for facts in inventory.regions if facts.account_id == account_id(number)]
        assert {subnet.account_id for facts in mine for subnet in facts.subnets} == {account_id(number)}
        for region in (EU, US):
            assert endpoint.calls.count("DescribeSubnets", account_id=account_id(number), region=region) == 1
    assert sessions.live_clients == {
        (EU, "ec2"),
        (US, "ec2"),
        (EU, "eks"),
        (US, "eks"),
        (EU, "sts"),
        (EU, "organizations"),
    }
    assert endpoint.calls.count("AssumeRole") == 5


def test_sessions_that_end_in_mid_sweep_are_renewed_once_for_each_account(start: Started) -> None:
    endpoint = start(small_fleet(accounts=3))
    reader = reader_of()
    reader.sweep(clusters=True)
    endpoint.expire_sessions()
    endpoint.forget_calls()
    assert reader.sweep(clusters=True).all_blind_spots == ()
    assert endpoint.calls.count("AssumeRole") == 2
    assert endpoint.calls.count(outcome="RequestExpired") >= 2


# Faults


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        pytest.param(Kind.MALFORMED, "does not understand", id="malformed"),
        pytest.param(Kind.TRUNCATED, "DescribeSubnets", id="truncated"),
        pytest.param(Kind.RESET, "cannot be reached", id="connection reset"),
        pytest.param(Kind.UNAVAILABLE, "on its side", id="unavailable"),
        pytest.param(Kind.OPT_IN, "may not use eu-west-1", id="disabled region"),
        pytest.param(Kind.THROTTLED, "throttled DescribeSubnets", id="throttled for good"),
        pytest.param(Kind.DENIED, "is not allowed", id="denied"),
    ],
)
def test_a_listing_that_fails_is_a_blind_spot_and_never_an_empty_region(start: Started, kind: Kind, words: str) -> None:
    endpoint = start(small_fleet(accounts=2, regions=(EU,)))
    endpoint.fail(kind, account_id=SECOND, api="DescribeSubnets")
    reader = reader_of()
    facts = reader.read_subnets(member(1), EU)
    assert (facts.subnets, facts.subnets_complete) == ((), False)
    assert [spot.api for spot in facts.blind_spots] == ["DescribeSubnets"]
    assert words in facts.blind_spots[0].reason
    own = Account(account_id=OWN, name="own")
    assert reader.read_subnets(own, EU).subnets_complete


def test_throttling_slows_that_account_region_and_api_alone(start: Started) -> None:
    endpoint = start(small_fleet(accounts=2, regions=(EU,)))
    pace = Pace(per_second=4)
    reader = reader_of(Sessions(total_attempts=2, pace=pace))
    before = metrics.REGISTRY.get_sample_value("eksip_aws_throttled_total", {"api": "DescribeSubnets", "by": "aws"})
    endpoint.fail(Kind.THROTTLED, account_id=SECOND, api="DescribeSubnets", times=1)
    assert reader.read_subnets(member(1), EU).subnets_complete
    assert pace.rate((SECOND, EU, "DescribeSubnets")) == 2
    assert pace.rate((SECOND, EU, "DescribeVpcs")) == pace.rate((OWN, EU, "DescribeSubnets")) == 4
    after = metrics.REGISTRY.get_sample_value("eksip_aws_throttled_total", {"api": "DescribeSubnets", "by": "aws"})
    assert after == (before or 0) + 1


def test_a_call_that_our_own_pace_holds_back_too_long_is_a_blind_spot(start: Started) -> None:
    endpoint = start(small_fleet(accounts=1, regions=(EU,)))
    reader = reader_of(Sessions(pace=Pace(per_second=0.001, burst=1, longest_wait=1)))
    own = Account(account_id=OWN, name="own")
    assert reader.read_subnets(own, EU).subnets_complete
    second = reader.read_subnets(own, EU)
    assert not second.subnets_complete
    assert "waits for its turn" in second.blind_spots[0].reason
    assert endpoint.calls.count("DescribeSubnets") == 1


@pytest.mark.timeout(60)
def test_a_region_that_does_not_answer_is_left_alone_for_a_while_and_then_tried_again(start: Started) -> None:
    endpoint = start(small_fleet(accounts=1, regions=(EU, US)))
    timer = Timer()
    reader = reader_of(Sessions(total_attempts=1, read_timeout=0.05, timer=timer))
    own = Account(account_id=OWN, name="own")
    hanging = endpoint.fail(Kind.HANG, region=EU)
    reasons = [reader.read_subnets(own, EU).blind_spots[0].reason for _ in range(limits.SILENCES + 3)]
    assert all("did not answer DescribeSubnets in time" in reason for reason in reasons[: limits.SILENCES])
    assert all("several calls in a row" in reason for reason in reasons[limits.SILENCES :])
    assert endpoint.calls.count("DescribeSubnets", region=EU) == limits.SILENCES
    endpoint.repair(hanging)
    assert not reader.read_subnets(own, EU).subnets_complete
    timer.seconds += limits.REGION_REST.total_seconds()
    assert reader.read_subnets(own, EU).subnets_complete


def test_a_clock_that_is_off_is_measured_and_warned_of_once(start: Started, caplog: pytest.LogCaptureFixture) -> None:
    endpoint = start(small_fleet(accounts=1, regions=(EU,)))
    timer = Timer()
    reader, own = reader_of(sessions_of(timer)), Account(account_id=OWN, name="own")

    def measured(skew: float) -> float:
        endpoint.set_skew(skew)
        timer.seconds += limits.CLOCK_CHECK.total_seconds()
        reader.read_subnets(own, EU)
        return metrics.REGISTRY.get_sample_value("eksip_clock_skew_seconds") or 0.0

    caplog.set_level(logging.INFO, "bot.aws.attempts")
    assert abs(measured(0)) < 30
    assert measured(120) > 60
    assert measured(120) > 60
    assert abs(measured(0)) < 30
    said = [record.message for record in caplog.records if "clock" in record.message]
    assert [message.rpartition(" ")[2] for message in said] == ["AWS's", "again"]


# Truth


def sharing_fleet(*, owner_sees_all: bool = True) -> Fleet:
    plan = RegionPlan(
        region=EU, subnets=3, interfaces=6, shared_subnets=1, shared_with=(THIRD,), participant_interfaces=2
    )
    return Fleet(
        accounts=(
            AccountPlan(account_id=OWN, name="own"),
            AccountPlan(account_id=SECOND, name="owner", regions=(plan,)),
            AccountPlan(account_id=THIRD, name="participant", regions=(RegionPlan(region=EU, subnets=2),)),
        ),
        offered=(EU,),
        owner_sees_all=owner_sees_all,
    )


def test_a_shared_subnet_is_in_the_inventory_once_and_its_contents_come_from_the_owner(start: Started) -> None:
    endpoint = start(sharing_fleet())
    reader = reader_of(organization=replace(ORGANIZATION, regions=(EU,)))
    inventory = reader.sweep(clusters=False)
    shared = endpoint.subnet_ids(SECOND, EU)[0]
    (subnet,) = [subnet for subnet in inventory.subnets if subnet.subnet_id == shared]
    assert (subnet.account_id, len(inventory.subnets)) == (SECOND, 5)
    contents = reader.contents([subnet])
    assert {eni.owner_id for eni in contents.enis} == {SECOND, THIRD}
    assert endpoint.calls.count("DescribeNetworkInterfaces", account_id=THIRD) == 0


def test_a_participants_copy_stands_in_while_its_owner_is_blind_and_names_the_owner(start: Started) -> None:
    endpoint = start(sharing_fleet())
    reader = reader_of(organization=replace(ORGANIZATION, regions=(EU,)))
    owner = reader.read_subnets(member(1), EU)
    participant = reader.read_subnets(member(2), EU)
    shared = endpoint.subnet_ids(SECOND, EU)[0]
    stale = replace(
        owner, subnets=tuple(replace(subnet, quality=Quality.STALE) for subnet in owner.subnets), subnets_complete=False
    )

    def seen_by(*regions: object) -> list[tuple[str, str, Quality]]:
        joined = without_shared_twice(regions)  # type: ignore[arg-type]
        return [
            (facts.account_id, subnet.account_id, subnet.quality)
            for facts in joined
            for subnet in facts.subnets
            if subnet.subnet_id == shared
        ]

    assert seen_by(participant, owner) == [(SECOND, SECOND, Quality.FRESH)]
    assert seen_by(participant, stale) == [(THIRD, SECOND, Quality.FRESH)]
    assert seen_by(participant) == [(THIRD, SECOND, Quality.FRESH)]
    zones = {subnet.az_id for facts in (owner, participant) for subnet in facts.subnets if subnet.subnet_id == shared}
    assert len(zones) == 1


def test_where_the_owner_is_not_read_only_those_who_see_the_subnet_are_asked_about_it(start: Started) -> None:
    endpoint = start(sharing_fleet())
    reader = reader_of(organization=replace(ORGANIZATION, regions=(EU,), without=frozenset({SECOND})))
    inventory = reader.sweep(clusters=False)
    (shared,) = [subnet for subnet in inventory.subnets if subnet.account_id == SECOND]
    contents = reader.contents([shared])
    assert {eni.owner_id for eni in contents.enis} == {THIRD}
    assert [(spot.account_id, spot.api) for spot in contents.blind_spots] == [(SECOND, "DescribeNetworkInterfaces")]
    assert endpoint.calls.count("DescribeNetworkInterfaces", account_id=THIRD) == 1
    assert endpoint.calls.count("DescribeNetworkInterfaces") == 1


def test_an_ipv6_only_subnet_has_no_ipv4_figures(start: Started) -> None:
    fleet = small_fleet(accounts=1, regions=(EU,), plan=RegionPlan(region="", subnets=1, ipv6_subnets=1))
    start(fleet)
    facts = reader_of().read_subnets(Account(account_id=OWN, name="own"), EU)
    (only,) = [subnet for subnet in facts.subnets if subnet.cidr is None]
    assert only.available_ips is None
    assert all(isinstance(cidr, IPv6Network) for cidr in only.ipv6_cidrs)
    assert only.ipv6_cidrs
    assert only.observed_at == NOW


def test_known_vpcs_are_not_read_again_until_a_subnet_names_another(start: Started) -> None:
    endpoint = start(small_fleet(accounts=1, regions=(EU,)))
    reader, own = reader_of(), Account(account_id=OWN, name="own")
    first = reader.read_subnets(own, EU)
    second = reader.read_subnets(own, EU, first.vpcs)
    assert second.vpcs == first.vpcs != ()
    assert endpoint.calls.count("DescribeVpcs") == 1
    assert reader.read_subnets(own, EU, [replace(first.vpcs[0], vpc_id="vpc-old")]).vpcs == first.vpcs
    assert reader.read_clusters(own, EU).vpcs == first.vpcs
    assert [cluster.name for cluster in reader.read_clusters(own, EU).clusters]


def test_every_interface_of_a_region_is_read_without_naming_subnets(start: Started) -> None:
    plan = RegionPlan(region="", subnets=4, interfaces=20, prefix_subnets=1)
    endpoint = start(small_fleet(accounts=1, regions=(EU,), plan=plan))
    reader, own = reader_of(), Account(account_id=OWN, name="own")
    subnets = reader.read_subnets(own, EU).subnets
    every = reader.read_interfaces(own, EU)
    named = reader.read_interfaces(own, EU, [subnet.subnet_id for subnet in subnets])
    assert {eni.eni_id: eni for eni in every.enis} == {eni.eni_id: eni for eni in named.enis}
    assert len(every.enis) == 20
    assert any(eni.prefixes for eni in every.enis)
    assert every.reservations_read == frozenset()
    for subnet in subnets:
        held = sum(len(e.addresses) + 16 * len(e.prefixes) for e in named.enis if e.subnet_id == subnet.subnet_id)
        assert subnet.cidr is not None
        assert subnet.available_ips == subnet.cidr.num_addresses - 5 - held
    endpoint.fail(Kind.DENIED, api="DescribeNetworkInterfaces")
    assert reader.read_interfaces(own, EU).enis_read == frozenset()


def test_a_subnet_is_gone_only_when_ec2_says_so_of_its_id(start: Started) -> None:
    endpoint = start(small_fleet(accounts=1, regions=(EU,), plan=RegionPlan(region="", subnets=9, interfaces=0)))
    reader, own = reader_of(), Account(account_id=OWN, name="own")
    ids = endpoint.subnet_ids(OWN, EU)
    endpoint.delete_subnet(ids[0], listings=9)
    endpoint.delete_subnet(ids[7])
    endpoint.hide_subnet(ids[1], listings=9)
    listed = {subnet.subnet_id for subnet in reader.read_subnets(own, EU).subnets}
    assert (ids[0] in listed, ids[1] in listed, ids[7] in listed) == (True, False, False)
    assert reader.confirm_gone(own, EU, ids) == {ids[0], ids[7]}
    assert reader.confirm_gone(own, EU, ()) == frozenset()
    endpoint.fail(Kind.DENIED, api="DescribeSubnets")
    assert reader.confirm_gone(own, EU, ids) == frozenset()


# check


def test_check_tells_for_a_whole_fleet_what_to_add_and_how(start: Started) -> None:
    fleet = small_fleet(accounts=4, regions=(EU,))
    without_role = replace(fleet.accounts[3], roles=())
    endpoint = start(replace(fleet, accounts=(*fleet.accounts[:3], without_role)))
    endpoint.fail(Kind.DENIED, account_id=SECOND, api="DescribeVpcs")
    endpoint.fail(Kind.DENIED, account_id=THIRD, api="DescribeVpcs")
    endpoint.fail(Kind.DENIED, account_id=OWN, api="DescribeRouteTables")
    results = list(reader_of(organization=replace(ORGANIZATION, regions=(EU,))).check())
    listed = [result for result in results if result.action == "organizations:ListAccounts"]
    assert [result.outcome for result in listed] == [Outcome.OK]
    absent, member_roles, own = grants(results)
    assert absent.account_ids == (account_id(3),)
    assert "create-stack-instances" in absent.commands[0]
    assert f"Accounts={account_id(3)}" in absent.commands[0]
    assert (member_roles.what, member_roles.account_ids) == ("ec2:DescribeVpcs", (SECOND, THIRD))
    assert "update-stack-set" in member_roles.commands[0]
    assert (own.what, own.account_ids) == ("ec2:DescribeRouteTables", (OWN,))
    assert "deploy/iam/reader-policy.json" in own.commands[0]


def test_check_of_an_organization_that_cannot_be_listed_says_so(start: Started) -> None:
    endpoint = start(empty_fleet(2))
    endpoint.fail(Kind.DENIED, api="ListAccounts")
    (result,) = reader_of().check()
    assert (result.action, result.outcome, result.blocks) == ("organizations:ListAccounts", Outcome.ERROR, True)


# From the settings


def test_the_settings_bring_the_organization_to_the_reader(start: Started) -> None:
    endpoint = start(empty_fleet(4))
    written = {
        "aws": {
            "regions": [EU],
            "organization": {
                "role_name": READER_ROLE,
                "external_id": "a-long-random-word",
                "first_role_arn": role_arn(SECOND),
                "without": [THIRD],
            },
        }
    }
    parts = Parts(load({}, written))
    own, hub, last = parts.reader.accounts()
    assert (own.account_id, own.role_arns, own.regions) == (OWN, (), (EU,))
    assert hub.role_arns == (role_arn(SECOND),)
    assert (last.role_arns, last.external_id) == ((role_arn(SECOND), role_arn(account_id(3))), "a-long-random-word")
    assert endpoint.calls.count("ListAccounts") == 1


def test_eksip_check_ends_with_what_to_add(start: Started, tmp_path: Path) -> None:
    endpoint = start(small_fleet(accounts=2, regions=(EU,)))
    endpoint.fail(Kind.DENIED, account_id=SECOND, api="DescribeVpcs")
    written = {"aws": {"regions": [EU], "organization": {"role_name": READER_ROLE}}}
    parts = Parts(load({"DATABASE_URL": f"sqlite:///{tmp_path}/eksip.db"}, written))
    found = list(checks(parts))
    parts.close()
    assert [check.verdict for check in found if check.tried == "ec2:DescribeVpcs"] == [Verdict.OK, Verdict.FAIL]
    last = found[-1]
    assert (last.subject, last.tried, last.verdict) == (SECOND, "add ec2:DescribeVpcs", Verdict.SKIP)
    assert "update-stack-set" in last.advice
    assert "terraform -chdir=deploy/iam/terraform/member-account apply" in last.advice
