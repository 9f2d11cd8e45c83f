"""The reader against the demo's AWS: everything is read, and what cannot be read is said, never empty."""

import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import botocore.handlers
import pytest

from bot import metrics
from bot.aws import collect
from bot.aws.actions import ACTIONS
from bot.aws.check import Outcome
from bot.aws.collect import read_contents
from bot.aws.fleet import ALL_REGIONS
from bot.aws.limits import FAILURE, ROLE_RENEWAL, ROLE_SESSION
from bot.aws.pace import Pace
from bot.aws.queries import Place
from bot.aws.reader import Reader
from bot.aws.sessions import Sessions
from bot.demo.world import World
from bot.errors import QueryError
from bot.inventory import Account, Inventory, RegionFacts, without_shared_twice

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
PROD, STAGE, DATA, SANDBOX = "111122223333", "222233334444", "333344445555", "444455556666"
EU = "eu-west-1"


class Wire:
    """Looks on at every call of the clients made while it is on, and can ask AWS for short pages."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.calls: list[str] = []
        self.page_size: int | None = None
        self.addon_configuration: list[str | None] = []
        self.assumed: list[str] = []

    def record(self, event_name: str, **_: object) -> None:
        self.calls.append(":".join(event_name.split(".")[1:3]))

    def note(self, params: dict[str, Any], **_: object) -> None:
        self.assumed += [params["RoleArn"]] if "RoleArn" in params else []
        for name, size in (("MaxResults", self.page_size), ("maxResults", 1)):
            if self.page_size and name in params:
                params[name] = size

    def reconfigure(self, parsed: dict[str, Any], **_: object) -> None:
        for configuration in self.addon_configuration:
            parsed["addon"] |= {"configurationValues": configuration} if configuration else {}
            if configuration is None:
                parsed["addon"].pop("configurationValues", None)


@pytest.fixture(scope="module")
def hooked() -> Iterator[Wire]:
    wire = Wire()
    entries = [
        ("before-call", wire.record),
        ("provide-client-params", wire.note),
        ("after-call.eks.DescribeAddon", wire.reconfigure),
    ]
    botocore.handlers.BUILTIN_HANDLERS.extend(entries)
    yield wire
    for entry in entries:
        botocore.handlers.BUILTIN_HANDLERS.remove(entry)


@pytest.fixture
def wire(hooked: Wire) -> Wire:
    hooked.reset()
    return hooked


@pytest.fixture(scope="module")
def estate() -> Iterator[World]:
    with pytest.MonkeyPatch.context() as environment, World(now=NOW) as world:
        environment.setenv("AWS_EC2_METADATA_DISABLED", "true")
        for name, value in world.credentials().items():
            environment.setenv(name, value)
        yield world


@pytest.fixture(scope="module")
def sessions(estate: World, hooked: Wire) -> Sessions:
    return hasty()


@pytest.fixture(scope="module")
def inventory(estate: World, sessions: Sessions) -> Inventory:
    return reader_of(estate, sessions).sweep(clusters=True)


@pytest.fixture
def world(estate: World, inventory: Inventory, wire: Wire) -> Iterator[World]:
    yield estate
    estate.faults.reset()
    wire.reset()


def accounts_of(world: World) -> tuple[Account, ...]:
    section: Any = world.config()["aws"]
    return tuple(
        Account(
            account_id=item["account_id"],
            name=item["name"],
            role_arns=(item["role_arn"],) if "role_arn" in item else (),
            external_id=item.get("external_id"),
            regions=tuple(section["regions"]),
        )
        for item in section["accounts"]
    )


def reader_of(world: World, sessions: Sessions) -> Reader:
    return Reader(accounts=accounts_of(world), workers=4, now=lambda: NOW, sessions=sessions)


def hasty(timer: Callable[[], float] = time.monotonic) -> Sessions:
    """Sessions that give up at the second failure and have a pace of their own that no test ever waits for."""
    return Sessions(total_attempts=2, timer=timer, pace=Pace(per_second=10_000, burst=10_000))


def read_region(sessions: Sessions, account: Account, region: str, now: datetime) -> RegionFacts:
    return collect.read_region(Place(sessions=sessions, account=account, region=region), now)


def read_subnets(sessions: Sessions, account: Account, region: str, now: datetime) -> RegionFacts:
    return collect.read_subnets(Place(sessions=sessions, account=account, region=region), now)


def facts_of(inventory: Inventory, account_id: str, region: str = EU) -> RegionFacts:
    return next(f for f in inventory.regions if (f.account_id, f.region) == (account_id, region))


def spots_of(inventory: Inventory) -> set[tuple[str, str, str]]:
    return {(spot.account_id, spot.region, spot.api) for spot in inventory.all_blind_spots}


LISTING = "organizations:ListAccounts"
"""The one call that is not made without [aws.organization]."""
BLIND_ACCOUNT = (SANDBOX, ALL_REGIONS, "AssumeRole")


def test_a_sweep_reads_every_account_and_region_and_names_the_blind_account(world: World, sessions: Sessions) -> None:
    progress: list[tuple[int, int]] = []
    inventory = reader_of(world, sessions).sweep(clusters=True, on_progress=lambda *step: progress.append(step))
    assert len(inventory.regions) == 9
    assert inventory.expected_regions == 12
    assert spots_of(inventory) == {BLIND_ACCOUNT}
    assert "external_id" in inventory.blind_spots[0].reason
    assert progress[-1] == (12, 12)
    assert all(facts.subnets_complete for facts in inventory.regions)
    assert {cluster.name for cluster in inventory.clusters} == {"prod-eu", "prod-us", "stage-eu", "edge", "data-eu"}
    for subnet in inventory.subnets:
        if subnet.cidr:
            assert subnet.available_ips == world.allocator(subnet.subnet_id).available_ips


def test_the_facts_of_a_cluster_hold_node_groups_profiles_settings_and_health(inventory: Inventory) -> None:
    clusters = {cluster.name: cluster for cluster in inventory.clusters}
    assert clusters["prod-us"].prefix_mode is True
    assert clusters["prod-us"].cni.value("WARM_PREFIX_TARGET") == "1"
    assert clusters["prod-eu"].health[0].code == "InsufficientFreeAddresses"
    assert clusters["prod-eu"].health[0].resource_ids
    assert all(group.subnet_ids and group.desired_size is not None for group in clusters["prod-eu"].nodegroups)
    assert clusters["edge"].ip_family == "ipv6"
    assert clusters["edge"].fargate_profiles[0].subnet_ids


def test_short_pages_bring_the_same_facts(world: World, sessions: Sessions, wire: Wire, inventory: Inventory) -> None:
    prod = accounts_of(world)[0]
    whole = facts_of(inventory, PROD)
    whole_contents = read_contents(sessions, [prod], whole.subnets, NOW)
    wire.reset()
    wire.page_size = 5
    paged = read_region(sessions, prod, EU, NOW)
    contents = read_contents(sessions, [prod], paged.subnets, NOW)
    assert paged == whole
    assert contents == whole_contents
    assert wire.calls.count("ec2:DescribeSubnets") == -(-len(whole.subnets) // 5)
    assert wire.calls.count("ec2:DescribeNetworkInterfaces") == -(-len(contents.enis) // 5) > 10
    assert wire.calls.count("eks:ListNodegroups") == len(whole.clusters[0].nodegroups) > 1


def test_more_types_than_a_page_holds_are_all_read(world: World, sessions: Sessions, wire: Wire) -> None:
    from moto.ec2.models.instance_types import INSTANCE_TYPES

    names = sorted(INSTANCE_TYPES)[:250]
    limits = reader_of(world, sessions).instance_limits(names)
    assert sorted(limits) == names
    assert wire.calls.count("ec2:DescribeInstanceTypes") == 3  # 200 names in two pages of 100, 50 in one


def test_the_contents_of_a_subnet_are_its_interfaces_their_nodes_and_its_reservations(
    world: World, sessions: Sessions, inventory: Inventory
) -> None:
    contents = reader_of(world, sessions).contents(inventory.subnets)
    assert contents.subnet_ids == {subnet.subnet_id for subnet in inventory.subnets} == contents.reservations_read
    assert contents.reservations
    assert {eni.instance_id for eni in contents.enis if eni.instance_id} == {n.instance_id for n in contents.nodes}
    for subnet in inventory.subnets:
        held = [eni for eni in contents.enis if eni.subnet_id == subnet.subnet_id]
        reserved = sum(r.cidr.num_addresses for r in contents.reservations if r.subnet_id == subnet.subnet_id)
        if subnet.cidr and not reserved:
            used = sum(len(eni.addresses) + 16 * len(eni.prefixes) for eni in held)
            assert subnet.available_ips == subnet.cidr.num_addresses - 5 - used


def test_many_askers_at_once_cause_one_read_of_a_subnet(
    world: World, sessions: Sessions, wire: Wire, inventory: Inventory
) -> None:
    reader, subnets = reader_of(world, sessions), inventory.subnets[:2]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: reader.contents(subnets), range(8)))
    assert wire.calls.count("ec2:DescribeNetworkInterfaces") == 1
    assert all(answer == answers[0] for answer in answers)


def test_no_subnets_have_no_contents(world: World, sessions: Sessions, wire: Wire) -> None:
    assert reader_of(world, sessions).contents(()).subnet_ids == frozenset()
    assert wire.calls == []


def test_clusters_are_kept_where_they_are_not_asked_for(
    world: World, sessions: Sessions, wire: Wire, inventory: Inventory
) -> None:
    second = reader_of(world, sessions).sweep(clusters=False, known=inventory)
    assert second.clusters == inventory.clusters
    assert not [call for call in wire.calls if call.startswith("eks:")]


def test_a_denied_read_in_one_account_leaves_the_others_whole(world: World, sessions: Sessions) -> None:
    world.faults.deny("DescribeSubnets", STAGE)
    inventory = reader_of(world, sessions).sweep(clusters=True)
    facts = facts_of(inventory, STAGE)
    assert (facts.subnets, facts.subnets_complete) == ((), False)
    assert facts.vpcs
    assert [cluster.name for cluster in facts.clusters] == ["stage-eu"]
    assert "ec2:DescribeSubnets is not allowed" in facts.blind_spots[0].reason
    assert facts_of(inventory, PROD).subnets_complete
    assert {spot[0] for spot in spots_of(inventory)} == {STAGE, SANDBOX}


@pytest.mark.parametrize(
    ("operation", "lost"),
    [
        pytest.param("DescribeVpcs", lambda facts: facts.vpcs == (), id="VPCs"),
        pytest.param("ListClusters", lambda facts: facts.clusters == (), id="cluster list"),
        pytest.param("DescribeCluster", lambda facts: facts.clusters == (), id="cluster"),
        pytest.param("ListNodegroups", lambda facts: facts.clusters[0].nodegroups == (), id="node group list"),
        pytest.param("DescribeNodegroup", lambda facts: facts.clusters[0].nodegroups == (), id="node group"),
        pytest.param("DescribeAddon", lambda facts: facts.clusters[0].prefix_mode is None, id="add-on"),
    ],
)
def test_a_denied_part_is_one_blind_spot_and_the_rest_is_kept(
    world: World, sessions: Sessions, operation: str, lost: Callable[[RegionFacts], bool]
) -> None:
    world.faults.deny(operation, STAGE)
    facts = read_region(sessions, accounts_of(world)[1], EU, NOW)
    assert lost(facts)
    assert facts.subnets
    assert facts.subnets_complete
    assert [(spot.api, spot.account_id, spot.region) for spot in facts.blind_spots] == [(operation, STAGE, EU)]


def test_contents_that_cannot_be_read_are_blind_spots_not_an_empty_subnet(
    world: World, sessions: Sessions, inventory: Inventory
) -> None:
    world.faults.deny("DescribeNetworkInterfaces", STAGE)
    world.faults.deny("GetSubnetCidrReservations", STAGE)
    contents = reader_of(world, sessions).contents(facts_of(inventory, STAGE).subnets)
    assert {spot.api for spot in contents.blind_spots} == {"DescribeNetworkInterfaces", "GetSubnetCidrReservations"}
    assert contents.reservations_read == frozenset()


def test_an_expired_role_session_is_renewed_without_a_blind_spot(world: World, sessions: Sessions, wire: Wire) -> None:
    account = accounts_of(world)[1]
    world.faults.expire_tokens(STAGE, times=1)
    assert read_region(sessions, account, EU, NOW).blind_spots == ()
    assert wire.assumed == list(account.role_arns)


def test_a_token_that_stays_expired_is_a_blind_spot_of_that_account_only(world: World, sessions: Sessions) -> None:
    world.faults.expire_tokens(STAGE)
    inventory = reader_of(world, sessions).sweep(clusters=True)
    facts = facts_of(inventory, STAGE)
    assert not facts.subnets_complete
    assert "expired" in facts.blind_spots[0].reason
    assert len(facts.blind_spots) == 1
    assert facts_of(inventory, DATA).blind_spots == ()


def test_the_callers_own_expired_token_is_said_with_what_to_run(world: World, sessions: Sessions) -> None:
    world.faults.expire_tokens(PROD)
    inventory = reader_of(world, sessions).sweep(clusters=True)
    assert any("aws sso login" in spot.reason for spot in inventory.all_blind_spots if spot.account_id == PROD)


def test_throttled_calls_are_retried_and_counted(world: World, sessions: Sessions) -> None:
    def throttled() -> float:
        value = metrics.REGISTRY.get_sample_value(
            "eksip_aws_calls_total", {"api": "DescribeSubnets", "code": "RequestLimitExceeded"}
        )
        return value or 0.0

    before = throttled()
    world.faults.throttle("DescribeSubnets", times=1, account_id=DATA)
    facts = read_subnets(sessions, accounts_of(world)[2], EU, NOW)
    assert facts.subnets_complete
    assert throttled() == before + 1


def test_throttling_that_outlasts_the_retries_is_a_blind_spot(world: World, sessions: Sessions) -> None:
    world.faults.throttle("DescribeSubnets", account_id=DATA)
    facts = read_subnets(sessions, accounts_of(world)[2], EU, NOW)
    assert not facts.subnets_complete
    assert "throttled DescribeSubnets" in facts.blind_spots[0].reason


def test_a_broken_region_leaves_the_accounts_other_regions_whole(world: World, sessions: Sessions) -> None:
    world.faults.break_region(PROD, "us-east-1")
    account = accounts_of(world)[0]
    assert not read_subnets(sessions, account, "us-east-1", NOW).subnets_complete
    assert read_subnets(sessions, account, EU, NOW).subnets_complete


def test_a_refused_role_is_not_asked_for_again_for_a_while(world: World, wire: Wire) -> None:
    seconds = [0.0]
    sessions, sandbox = hasty(lambda: seconds[0]), accounts_of(world)[3]
    for moment in (0.0, 1.0, FAILURE.age.total_seconds()):
        seconds[0] = moment
        with pytest.raises(QueryError, match="cannot be assumed"):
            sessions.connect(sandbox)
    assert wire.calls.count("sts:AssumeRole") == 2


def test_a_role_session_is_renewed_before_it_ends(world: World, wire: Wire) -> None:
    seconds = [0.0]
    sessions, stage = hasty(lambda: seconds[0]), accounts_of(world)[1]
    for moment in (0.0, 1.0, (ROLE_SESSION - ROLE_RENEWAL).total_seconds()):
        seconds[0] = moment
        sessions.connect(stage)
    assert wire.calls.count("sts:AssumeRole") == 2


def test_a_session_that_cannot_be_renewed_serves_until_its_end(world: World) -> None:
    seconds = [0.0]
    sessions, stage = hasty(lambda: seconds[0]), accounts_of(world)[1]
    sessions.connect(stage)
    world.faults.deny("AssumeRole")
    seconds[0] = (ROLE_SESSION - ROLE_RENEWAL).total_seconds()
    sessions.connect(stage)
    seconds[0] = ROLE_SESSION.total_seconds()
    with pytest.raises(QueryError, match="cannot be assumed"):
        sessions.connect(stage)


def test_a_wrong_external_id_is_refused_and_not_shown(world: World) -> None:
    stage = replace(accounts_of(world)[1], external_id="a-wrong-word")
    with pytest.raises(QueryError) as caught:
        hasty().connect(stage)
    assert caught.value.api == "AssumeRole"
    assert "a-wrong-word" not in caught.value.message


def test_roles_of_a_chain_are_assumed_in_order(world: World, wire: Wire) -> None:
    _, stage, data, _ = accounts_of(world)
    chain = replace(stage, role_arns=(*stage.role_arns, *data.role_arns))
    with pytest.raises(QueryError) as caught:
        hasty().connect(chain)
    assert wire.assumed == [*stage.role_arns, *data.role_arns]
    assert data.role_arns[0] in caught.value.message  # the second role wants an external id of its own


def test_the_callers_own_account_is_read_when_none_are_configured(world: World, sessions: Sessions) -> None:
    reader = Reader(regions=(EU,), now=lambda: NOW, sessions=sessions)
    assert reader.accounts() == (Account(account_id=PROD, name=PROD, regions=(EU,)),)
    inventory = reader.sweep(clusters=False)
    assert {subnet.account_id for subnet in inventory.subnets} == {PROD}


def test_an_account_without_a_role_must_be_the_callers_own(world: World, sessions: Sessions) -> None:
    stranger = Account(account_id=DATA, name="data", regions=(EU,))
    inventory = Reader(accounts=(stranger,), now=lambda: NOW, sessions=sessions).sweep(clusters=False)
    assert inventory.regions == ()
    assert inventory.expected_regions == 1
    assert f"belong to account {PROD}" in inventory.blind_spots[0].reason


def test_without_credentials_the_error_says_what_to_set(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in world.credentials():
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    reader_sessions = hasty()
    reader = Reader(now=lambda: NOW, sessions=reader_sessions)
    with pytest.raises(QueryError, match=r"Set AWS_PROFILE, or AWS_ACCESS_KEY_ID"):
        reader.sweep(clusters=True)
    (result,) = reader.check()
    assert (result.outcome, result.blocks) == (Outcome.ERROR, True)
    assert "AWS_PROFILE" in result.advice
    configured = reader_of(world, reader_sessions).sweep(clusters=True)
    assert {spot.account_id for spot in configured.blind_spots} == {PROD, STAGE, DATA, SANDBOX}
    assert configured.expected_regions == 12


def test_a_missing_profile_is_named(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")
    with pytest.raises(QueryError, match="AWS_PROFILE"):
        Reader(now=lambda: NOW, sessions=hasty()).accounts()


def test_limits_are_asked_of_the_next_account_when_the_first_is_blind_and_unknown_types_are_left_out(
    world: World, sessions: Sessions
) -> None:
    prod, _, _, sandbox = accounts_of(world)
    reader = Reader(accounts=(sandbox, prod), now=lambda: NOW, sessions=sessions)
    limits = reader.instance_limits(["m5.large", "m5.enormous"])
    assert {name: (found.max_enis, found.ipv4_per_eni) for name, found in limits.items()} == {"m5.large": (3, 10)}
    with pytest.raises(QueryError, match="cannot be assumed"):
        reader.instance_limits(["m5.large"], account_id=SANDBOX)


def test_a_shared_subnet_is_kept_once_where_its_owner_read_it(inventory: Inventory) -> None:
    owner, other = facts_of(inventory, PROD), facts_of(inventory, STAGE)
    participant = replace(other, subnets=owner.subnets[:1] + other.subnets, vpcs=owner.vpcs + other.vpcs)
    assert without_shared_twice((participant, owner)) == (other, owner)
    unread = replace(owner, subnets=(), vpcs=())
    assert without_shared_twice((participant, unread)) == (participant, unread)


def test_every_request_says_that_eksip_makes_it(world: World, sessions: Sessions) -> None:
    seen: list[str] = []

    def look(request: Any, **_: object) -> None:
        seen.append(str(request.headers["User-Agent"]))

    client: Any = sessions.ec2(accounts_of(world)[0], EU)
    client.meta.events.register_first("before-send", look)
    try:
        client.describe_subnets()
    finally:
        client.meta.events.unregister("before-send", look)
    (agent,) = seen
    assert re.fullmatch(r"b?'?eksip/\S+ Botocore/[\d.]+'?", agent)


def test_a_subnet_of_an_account_that_is_not_configured_is_read_and_marked_partly_unseen(
    world: World, sessions: Sessions, inventory: Inventory
) -> None:
    prod = accounts_of(world)[0]
    subnet = facts_of(inventory, PROD).subnets[0]
    shared = replace(subnet, account_id="999900001111")
    contents = read_contents(sessions, [prod], [shared], NOW)
    assert [spot.account_id for spot in contents.blind_spots] == ["999900001111"]
    assert contents.enis


@pytest.mark.parametrize(
    ("configuration", "source", "prefix_mode"),
    [
        pytest.param("{env: [", "unknown", None, id="unparsable"),
        pytest.param("env:\n  ENABLE_PREFIX_DELEGATION: 'true'\n", "addon", True, id="YAML"),
        pytest.param(None, "addon", False, id="no configuration"),
    ],
)
def test_add_on_settings_that_cannot_be_read_are_unknown(
    world: World,
    sessions: Sessions,
    wire: Wire,
    configuration: str | None,
    source: str,
    prefix_mode: bool | None,
) -> None:
    wire.addon_configuration = [configuration]
    (cluster,) = read_region(sessions, accounts_of(world)[1], EU, NOW).clusters
    assert cluster.cni.source == source
    assert cluster.cni.version
    assert cluster.prefix_mode is prefix_mode


def test_the_program_calls_the_listed_actions_and_no_other(world: World, wire: Wire) -> None:
    sessions = hasty()
    reader = reader_of(world, sessions)
    inventory = reader.sweep(clusters=True)
    reader.contents(inventory.subnets)
    reader.instance_limits(["m5.large"])
    reader.vpc_routing(inventory.vpcs[0])
    asked = set(wire.calls)
    list(reader.check())
    assert EU in reader.regions(replace(accounts_of(world)[0], regions=())).regions
    called = {call.replace("auto-scaling:", "autoscaling:") for call in wire.calls}
    assert called == {f"{action.service}:{action.operation}" for action in ACTIONS} - {LISTING}
    assert {"ec2:DescribeRouteTables", "ec2:DescribeVpcPeeringConnections"} <= asked


def test_check_says_what_works_what_is_denied_and_what_to_add(world: World, sessions: Sessions) -> None:
    world.faults.deny("DescribeVpcs", STAGE)
    world.faults.deny("DescribeAddon", STAGE)
    results = {(r.account_id, r.region, r.action): r for r in reader_of(world, sessions).check()}
    denied = results[STAGE, EU, "ec2:DescribeVpcs"]
    assert (denied.outcome, denied.blocks) == (Outcome.DENIED, True)
    assert "add it to the policy of role eksip-reader" in denied.advice
    optional = results[STAGE, EU, "eks:DescribeAddon"]
    assert (optional.outcome, optional.blocks) == (Outcome.DENIED, False)
    assert results[PROD, EU, "ec2:DescribeVpcs"].outcome is Outcome.OK
    assert results[PROD, "eu-central-1", "eks:DescribeCluster"].outcome is Outcome.SKIPPED
    blind = [result for key, result in results.items() if key[0] == SANDBOX]
    assert [(r.action, r.outcome, r.blocks) for r in blind] == [("sts:AssumeRole", Outcome.ERROR, True)]
    tried = {action for account, region, action in results if (account, region) == (PROD, EU)}
    whole = {"sts", "organizations"}
    assert tried == {a.iam for a in ACTIONS if a.service not in whole and a.operation != "DescribeRegions"}
