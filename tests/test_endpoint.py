"""The load-and-fault endpoint, asked by plain botocore: it answers as AWS does, on good days and on bad ones."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from email.utils import parsedate_to_datetime
from ipaddress import IPv4Network
from typing import Any

import botocore.exceptions as boto
import botocore.session
import pytest
from botocore.config import Config
from builders import NOW
from endpoint.answers import ApiError, Kind
from endpoint.controls import Controls
from endpoint.faults import Faults, Where
from endpoint.plan import (
    AccountPlan,
    Fleet,
    RegionPlan,
    account_id,
    base_access_key,
    full_fleet,
    role_arn,
    small_fleet,
)
from endpoint.process import running
from endpoint.server import Endpoint

from bot.aws.check import Outcome
from bot.aws.reader import Reader
from bot.inventory import Account

EU, US, HONG_KONG = "eu-west-1", "us-east-1", "ap-east-1"
FIRST, SECOND, THIRD = account_id(0), account_id(1), account_id(2)
SESSION = botocore.session.get_session()


def mixed_fleet() -> Fleet:
    """Three accounts: one that shares a subnet, one behind an external id and a hub, one with an opt-in region."""
    return Fleet(
        accounts=(
            AccountPlan(
                account_id=FIRST,
                name="network",
                regions=(
                    RegionPlan(
                        region=EU,
                        subnets=8,
                        interfaces=30,
                        prefix_subnets=1,
                        reserved_subnets=2,
                        ipv6_subnets=1,
                        shared_subnets=1,
                        shared_with=(SECOND, THIRD),
                        participant_interfaces=2,
                        clusters=2,
                        cni_metrics=True,
                    ),
                ),
                roles=("eksip-reader", "hub"),
            ),
            AccountPlan(
                account_id=SECOND,
                name="shop",
                regions=(RegionPlan(region=EU, clusters=1), RegionPlan(region=US)),
                external_id="xyzzy",
            ),
            AccountPlan(account_id=THIRD, name="lab", regions=(RegionPlan(region=HONG_KONG),), trusted=(FIRST,)),
        ),
        offered=(EU, US),
    )


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with Endpoint(mixed_fleet()) as running_endpoint:
        yield running_endpoint


def client(
    endpoint: Controls, service: str, region: str = EU, account: str = FIRST, given: Any = None, **settings: Any
) -> Any:
    """A client that tries once, with an account's own credentials or those that AssumeRole gave."""
    found = given or {"AccessKeyId": base_access_key(account), "SecretAccessKey": "s", "SessionToken": None}
    return SESSION.create_client(
        service,
        region_name=region,
        endpoint_url=endpoint.url,
        aws_access_key_id=found["AccessKeyId"],
        aws_secret_access_key=found["SecretAccessKey"],
        aws_session_token=found["SessionToken"],
        config=Config(retries={"total_max_attempts": 1}, connect_timeout=10, parameter_validation=False, **settings),
    )


def code_of(call: Callable[[], object]) -> str:
    """The error code the call ends with."""
    with pytest.raises(boto.ClientError) as raised:
        call()
    return str(raised.value.response["Error"]["Code"])


def date_of(answer: Any) -> datetime:
    """The Date header of an answer."""
    return parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])


def subnet_ids(ec2: Any, **asked: Any) -> list[str]:
    return [item["SubnetId"] for item in ec2.describe_subnets(**asked)["Subnets"]]


def assumed(endpoint: Controls, account: str, **asked: Any) -> dict[str, Any]:
    """The credentials of the account's reader role."""
    request = {"RoleArn": role_arn(account), "RoleSessionName": "eksip", **asked}
    credentials: dict[str, Any] = client(endpoint, "sts").assume_role(**request)["Credentials"]
    return credentials


@pytest.mark.timeout(60)
def test_the_reader_sees_the_whole_fleet_through_the_endpoint_and_check_finds_every_action_allowed(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in endpoint.environment.items():
        monkeypatch.setenv(name, value)
    reader = Reader(
        accounts=tuple(
            Account(
                account_id=plan.account_id,
                name=plan.name,
                role_arns=(role_arn(plan.account_id),),
                external_id=plan.external_id or None,
            )
            for plan in endpoint.fleet.accounts
        ),
        now=lambda: NOW,
    )

    inventory = reader.sweep(clusters=True)
    contents = reader.contents(inventory.subnets)

    assert inventory.all_blind_spots == ()
    assert len(inventory.subnets) == endpoint.fleet.subnet_count
    assert [cluster.name for cluster in inventory.clusters] == [
        "network-eu-west-1-0",
        "network-eu-west-1-1",
        "shop-eu-west-1-0",
    ]
    assert inventory.clusters[0].nodegroups[0].instance_types == ("m5.large",)
    assert len(contents.enis) == endpoint.fleet.interface_count + 4
    assert len(contents.reservations) == 2
    assert contents.nodes
    assert sorted(reader.warm_ips(inventory.clusters).values()) == [30, 30]
    assert [result for result in reader.check() if result.outcome not in {Outcome.OK, Outcome.SKIPPED}] == []
    asked = endpoint.calls.count("DescribeScalingActivities")
    assert reader.launch_failures(inventory.accounts[0], EU, "network-eu-west-1-0") == ()
    assert endpoint.calls.count("DescribeScalingActivities", outcome="ok") == asked + 1


def test_what_subnets_say_is_free_is_what_their_interfaces_and_reservations_leave(endpoint: Endpoint) -> None:
    ec2 = client(endpoint, "ec2")
    every = ec2.describe_subnets()["Subnets"]
    interfaces = ec2.describe_network_interfaces()["NetworkInterfaces"]

    for item in every:
        if item["Ipv6Native"]:
            continue
        block = IPv4Network(item["CidrBlock"])
        mine = [eni for eni in interfaces if eni["SubnetId"] == item["SubnetId"]]
        singles = [held["PrivateIpAddress"] for eni in mine for held in eni["PrivateIpAddresses"]]
        prefixes = [IPv4Network(held["Ipv4Prefix"]) for eni in mine for held in eni.get("Ipv4Prefixes", ())]
        used = {IPv4Network(address) for address in singles}
        used |= {IPv4Network(address) for prefix in prefixes for address in prefix}
        assert len(used) == len(singles) + 16 * len(prefixes)
        assert all(one.subnet_of(block) for one in used)
        answer = ec2.get_subnet_cidr_reservations(SubnetId=item["SubnetId"])
        reserved = [IPv4Network(part["Cidr"]) for part in answer["SubnetIpv4CidrReservations"]]
        outside = [one for one in used if not any(one.subnet_of(part) for part in reserved)]
        set_aside = sum(part.num_addresses for part in reserved)
        ends_inside = sum(block.broadcast_address in part for part in reserved)
        assert item["AvailableIpAddressCount"] == block.num_addresses - 5 + ends_inside - set_aside - len(outside)
    assert any(eni.get("Ipv4Prefixes") for eni in interfaces)


@pytest.mark.parametrize(
    ("operation", "field", "size", "pages"),
    [
        pytest.param("describe_subnets", "Subnets", 5, [5, 4], id="subnets"),
        pytest.param("describe_network_interfaces", "NetworkInterfaces", 20, [20, 14], id="interfaces"),
        pytest.param("describe_vpcs", "Vpcs", 5, [1], id="vpcs"),
    ],
)
def test_listings_come_in_pages_of_the_size_asked_for(
    endpoint: Endpoint, operation: str, field: str, size: int, pages: list[int]
) -> None:
    paginator = client(endpoint, "ec2").get_paginator(operation)
    found = [page[field] for page in paginator.paginate(PaginationConfig={"PageSize": size})]

    assert [len(page) for page in found] == pages
    assert len({str(item) for page in found for item in page}) == sum(pages)


@pytest.mark.parametrize(
    ("operation", "asked", "code"),
    [
        pytest.param("describe_subnets", {"MaxResults": 4}, "InvalidParameterValue", id="fewer than 5"),
        pytest.param("describe_subnets", {"MaxResults": 1001}, "InvalidParameterValue", id="more than 1000"),
        pytest.param("describe_instance_types", {"MaxResults": 101}, "InvalidParameterValue", id="types over 100"),
        pytest.param("describe_subnets", {"NextToken": "?"}, "InvalidNextToken", id="token made up"),
        pytest.param(
            "describe_network_interfaces",
            {"MaxResults": 5, "NetworkInterfaceIds": ["eni-1"]},
            "InvalidParameterCombination",
            id="page of ids",
        ),
        pytest.param(
            "describe_subnets",
            {"Filters": [{"Name": "colour", "Values": ["red"]}]},
            "InvalidParameterValue",
            id="filter",
        ),
        pytest.param(
            "describe_subnets",
            {"Filters": [{"Name": "subnet-id", "Values": [f"subnet-{n}" for n in range(201)]}]},
            "FilterLimitExceeded",
            id="201 filter values",
        ),
        pytest.param("describe_subnets", {"SubnetIds": ["subnet-1"]}, "InvalidSubnetID.NotFound", id="no such id"),
        pytest.param("describe_vpcs", {"VpcIds": ["vpc-1"]}, "InvalidVpcID.NotFound", id="no such VPC"),
        pytest.param("describe_key_pairs", {}, "InvalidAction", id="not served"),
    ],
)
def test_what_ec2_refuses_is_refused_with_its_code(
    endpoint: Endpoint, operation: str, asked: dict[str, Any], code: str
) -> None:
    assert code_of(lambda: getattr(client(endpoint, "ec2"), operation)(**asked)) == code


def test_all_instance_types_come_a_hundred_a_page(endpoint: Endpoint) -> None:
    paginator = client(endpoint, "ec2").get_paginator("describe_instance_types")
    sizes = [len(page["InstanceTypes"]) for page in paginator.paginate()]

    assert set(sizes[:-1]) == {100}
    assert sum(sizes) > 1000


def test_filters_choose_subnets_interfaces_and_instances(endpoint: Endpoint) -> None:
    ec2 = client(endpoint, "ec2")
    one = subnet_ids(ec2)[1]
    in_one = [{"Name": "subnet-id", "Values": [one]}]

    interfaces = ec2.describe_network_interfaces(Filters=in_one)["NetworkInterfaces"]
    node = interfaces[0]["Attachment"]["InstanceId"]
    nodes = ec2.describe_instances(Filters=[{"Name": "instance-id", "Values": [node, "i-0"]}])["Reservations"]

    assert subnet_ids(ec2, Filters=in_one) == [one]
    assert {eni["SubnetId"] for eni in interfaces} == {one}
    assert [item["Instances"][0]["InstanceId"] for item in nodes] == [node]
    assert len(subnet_ids(ec2, Filters=[{"Name": "tag:Name", "Values": ["network-private-*"]}])) == 3


def test_a_bucket_that_is_empty_throttles_its_account_region_and_api_only(endpoint: Endpoint) -> None:
    endpoint.set_bucket(2, 0, account_id=FIRST, region=EU, api="DescribeSubnets")
    ec2 = client(endpoint, "ec2")
    ec2.describe_subnets()
    ec2.describe_subnets()

    with pytest.raises(boto.ClientError) as raised:
        ec2.describe_subnets()

    assert raised.value.response["Error"]["Code"] == "RequestLimitExceeded"
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
    assert ec2.describe_vpcs()["Vpcs"]
    assert client(endpoint, "ec2", account=SECOND).describe_subnets()["Subnets"]
    assert endpoint.calls.count("DescribeSubnets", account_id=FIRST, outcome="ok") == 2
    assert endpoint.calls.count("DescribeSubnets", outcome="RequestLimitExceeded") == 1


@pytest.mark.parametrize(
    ("unpaginated", "burst", "per_second"),
    [pytest.param(False, 100, 20, id="in pages"), pytest.param(True, 50, 10, id="without filter and page")],
)
def test_buckets_have_ec2s_size_and_refill(unpaginated: bool, burst: int, per_second: int) -> None:
    clock = [0.0]
    faults = Faults(1, lambda: clock[0])

    def calls_that_pass() -> int:
        taken = 0
        while faults.take_token(FIRST, EU, "DescribeNetworkInterfaces", unpaginated=unpaginated):
            taken += 1
        return taken

    first = calls_that_pass()
    clock[0] += 1.0

    assert (first, calls_that_pass()) == (burst, per_second)


@pytest.mark.parametrize(
    ("kind", "ec2", "eks", "sts"),
    [
        pytest.param(Kind.DENIED, "UnauthorizedOperation", "AccessDeniedException", "AccessDenied", id="denied"),
        pytest.param(Kind.EXPIRED, "RequestExpired", "ExpiredTokenException", "ExpiredToken", id="expired"),
        pytest.param(Kind.THROTTLED, "RequestLimitExceeded", "ThrottlingException", "Throttling", id="throttled"),
        pytest.param(Kind.UNAVAILABLE, "Unavailable", "ServiceUnavailableException", "ServiceUnavailable", id="503"),
        pytest.param(Kind.INTERNAL, "InternalError", "InternalFailure", "InternalFailure", id="500"),
        pytest.param(Kind.OPT_IN, "OptInRequired", "OptInRequired", "RegionDisabledException", id="not subscribed"),
        pytest.param(
            Kind.NOT_ACCEPTED, "AuthFailure", "UnrecognizedClientException", "InvalidClientTokenId", id="not accepted"
        ),
    ],
)
def test_each_error_has_the_code_its_service_uses(endpoint: Endpoint, kind: Kind, ec2: str, eks: str, sts: str) -> None:
    endpoint.fail(kind)

    assert code_of(client(endpoint, "ec2").describe_subnets) == ec2
    assert code_of(client(endpoint, "eks").list_clusters) == eks
    assert code_of(client(endpoint, "sts").get_caller_identity) == sts


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("kind", "error"),
    [
        pytest.param(Kind.MALFORMED, "ResponseParserError", id="half a document"),
        pytest.param(Kind.TRUNCATED, "ResponseParserError", id="cut off"),
        pytest.param(Kind.RESET, "ConnectionClosedError|EndpointConnectionError|ConnectionError", id="reset"),
        pytest.param(Kind.HANG, "ReadTimeoutError", id="no answer"),
    ],
)
def test_a_broken_answer_fails_in_the_client_and_the_next_call_is_well(
    endpoint: Endpoint, kind: Kind, error: str
) -> None:
    endpoint.fail(kind, api="DescribeSubnets", times=1)
    ec2 = client(endpoint, "ec2", read_timeout=2)

    with pytest.raises(Exception) as raised:
        ec2.describe_subnets()

    assert type(raised.value).__name__ in error.split("|")
    assert endpoint.calls.count("DescribeSubnets", outcome=str(kind)) == 1
    assert client(endpoint, "ec2").describe_subnets()["Subnets"]


def test_a_fault_strikes_where_and_as_often_as_it_was_told(endpoint: Endpoint) -> None:
    endpoint.fail(Kind.DENIED, account_id=FIRST, region=EU, api="DescribeVpcs", after=1, times=2)
    ec2 = client(endpoint, "ec2")

    ec2.describe_vpcs()
    codes = [code_of(ec2.describe_vpcs) for _ in range(2)]

    assert codes == ["UnauthorizedOperation"] * 2
    assert ec2.describe_vpcs()["Vpcs"]
    assert client(endpoint, "ec2", account=SECOND).describe_vpcs()["Vpcs"]


def test_a_fault_by_chance_strikes_the_same_calls_again_with_the_same_seed() -> None:
    def struck() -> list[bool]:
        faults = Faults(7, lambda: 0.0)
        faults.add(Kind.INTERNAL, Where(), -1, 0, 0.5)
        return [faults.strike(FIRST, EU, "DescribeSubnets") is not None for _ in range(40)]

    assert struck() == struck()
    assert {True, False} == set(struck())


def test_latency_is_set_by_place_and_jitters_within_its_bounds() -> None:
    faults = Faults(7, lambda: 0.0)
    faults.set_latency(0.02, 0.01, Where())
    faults.set_latency(0.5, 0.0, Where(region=US))

    delays = [faults.delay(FIRST, EU, "DescribeSubnets") for _ in range(20)]

    assert all(0.02 <= delay <= 0.03 for delay in delays)
    assert len(set(delays)) > 1
    assert faults.delay(FIRST, US, "DescribeSubnets") == 0.5


@pytest.mark.timeout(60)
def test_delayed_answers_wait_beside_each_other(endpoint: Endpoint) -> None:
    endpoint.set_latency(1.0)
    ec2 = client(endpoint, "ec2")
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: ec2.describe_vpcs()["Vpcs"], range(8)))

    assert all(found)
    assert endpoint.calls.peak > 1


def test_a_role_wants_its_external_id_and_its_trust(endpoint: Endpoint) -> None:
    second = client(endpoint, "sts", account=SECOND)

    assert code_of(lambda: assumed(endpoint, SECOND)) == "AccessDenied"
    assert code_of(lambda: second.assume_role(RoleArn=role_arn(THIRD), RoleSessionName="a")) == "AccessDenied"
    assert code_of(lambda: assumed(endpoint, FIRST, RoleArn=role_arn(FIRST, "nobody"))) == "AccessDenied"
    given = assumed(endpoint, SECOND, ExternalId="xyzzy")
    assert client(endpoint, "sts", given=given).get_caller_identity()["Account"] == SECOND
    assert endpoint.calls.count("AssumeRole", account_id=SECOND, outcome="ok") == 1


@pytest.mark.parametrize(
    ("seconds", "chained", "accepted"),
    [
        pytest.param(899, False, False, id="too short"),
        pytest.param(900, False, True, id="shortest"),
        pytest.param(7200, False, True, id="two hours, directly"),
        pytest.param(3600, True, True, id="one hour in a chain"),
        pytest.param(3601, True, False, id="more than an hour in a chain"),
        pytest.param(7201, False, False, id="more than the role allows"),
    ],
)
def test_the_length_of_a_session_is_limited(seconds: int, chained: bool, accepted: bool) -> None:
    fleet = small_fleet()
    fleet = replace(fleet, accounts=tuple(replace(one, max_session_seconds=7200) for one in fleet.accounts))
    with Endpoint(fleet) as endpoint:
        given = assumed(endpoint, FIRST) if chained else None
        sts = client(endpoint, "sts", given=given)
        request = {"RoleArn": role_arn(SECOND), "RoleSessionName": "eksip", "DurationSeconds": seconds}

        if accepted:
            answer = sts.assume_role(**request)
            left = answer["Credentials"]["Expiration"] - date_of(answer)
            assert seconds - 60 < left.total_seconds() <= seconds
        else:
            assert code_of(lambda: sts.assume_role(**request)) == "ValidationError"


def test_role_sessions_end_and_new_ones_are_good(endpoint: Endpoint) -> None:
    given = assumed(endpoint, FIRST)
    ec2 = client(endpoint, "ec2", given=given)
    ec2.describe_subnets()
    endpoint.expire_sessions(FIRST)

    assert code_of(ec2.describe_subnets) == "RequestExpired"
    assert code_of(client(endpoint, "eks", given=given).list_clusters) == "ExpiredTokenException"
    assert client(endpoint, "ec2", given=assumed(endpoint, FIRST)).describe_subnets()["Subnets"]

    endpoint.set_session_seconds(0)
    assert code_of(client(endpoint, "ec2", given=assumed(endpoint, FIRST)).describe_subnets) == "RequestExpired"
    endpoint.set_session_seconds(None)
    assert client(endpoint, "ec2", given=assumed(endpoint, FIRST)).describe_subnets()["Subnets"]


@pytest.mark.parametrize(
    "given",
    [
        pytest.param({"AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "SecretAccessKey": "s", "SessionToken": None}, id="key"),
        pytest.param(
            {"AccessKeyId": f"ASIA{FIRST}000000", "SecretAccessKey": "s", "SessionToken": "other"}, id="session token"
        ),
    ],
)
def test_credentials_nobody_handed_out_are_not_accepted(endpoint: Endpoint, given: dict[str, Any]) -> None:
    assert code_of(client(endpoint, "ec2", given=given).describe_subnets) == "AuthFailure"


def test_accounts_are_listed_twenty_a_page_to_the_management_account_only() -> None:
    with Endpoint(small_fleet(accounts=45)) as endpoint:
        endpoint.set_status(SECOND, "SUSPENDED")
        endpoint.set_status(THIRD, "PENDING_CLOSURE")
        pages = list(client(endpoint, "organizations", US).get_paginator("list_accounts").paginate())
        statuses = {item["Id"]: item["Status"] for page in pages for item in page["Accounts"]}

        assert [len(page["Accounts"]) for page in pages] == [20, 20, 5]
        assert set(statuses.values()) == {"ACTIVE", "SUSPENDED", "PENDING_CLOSURE"}
        assert (statuses[SECOND], statuses[THIRD]) == ("SUSPENDED", "PENDING_CLOSURE")
        other = client(endpoint, "organizations", US, account=SECOND)
        assert code_of(other.list_accounts) == "AccessDeniedException"


def test_a_delegated_account_lists_too_and_the_first_page_may_be_empty() -> None:
    with Endpoint(replace(small_fleet(), delegated=(SECOND,), empty_first_page=True)) as endpoint:
        pages = list(client(endpoint, "organizations", US, account=SECOND).get_paginator("list_accounts").paginate())

        assert [len(page["Accounts"]) for page in pages] == [0, 3]


def test_an_account_that_leaves_takes_its_roles_along_and_may_come_back(endpoint: Endpoint) -> None:
    given = assumed(endpoint, SECOND, ExternalId="xyzzy")
    endpoint.leave(SECOND)

    listed = client(endpoint, "organizations", US).list_accounts()["Accounts"]
    assert SECOND not in {item["Id"] for item in listed}
    assert code_of(lambda: assumed(endpoint, SECOND, ExternalId="xyzzy")) == "AccessDenied"
    assert code_of(client(endpoint, "ec2", given=given).describe_subnets) == "UnauthorizedOperation"

    endpoint.set_status(SECOND, "ACTIVE")
    assert assumed(endpoint, SECOND, ExternalId="xyzzy")


def test_a_region_answers_only_where_it_is_enabled(endpoint: Endpoint) -> None:
    def names(account: str, **asked: Any) -> dict[str, str]:
        found = client(endpoint, "ec2", account=account).describe_regions(**asked)["Regions"]
        return {item["RegionName"]: item["OptInStatus"] for item in found}

    assert names(FIRST).keys() == {EU, US}
    assert names(FIRST, AllRegions=True)[HONG_KONG] == "not-opted-in"
    assert names(THIRD)[HONG_KONG] == "opted-in"
    assert code_of(client(endpoint, "ec2", HONG_KONG).describe_subnets) == "AuthFailure"
    assert code_of(client(endpoint, "eks", HONG_KONG).list_clusters) == "UnrecognizedClientException"
    assert code_of(client(endpoint, "sts", HONG_KONG).get_caller_identity) == "RegionDisabledException"
    listed = client(endpoint, "account", US).list_regions(AccountId=THIRD)["Regions"]
    assert {item["RegionName"]: item["RegionOptStatus"] for item in listed}[HONG_KONG] == "ENABLED"

    endpoint.disable_region(FIRST, EU)
    assert code_of(client(endpoint, "ec2").describe_subnets) == "AuthFailure"
    assert names(SECOND).keys() == {EU, US}
    endpoint.enable_region(FIRST, EU)
    assert client(endpoint, "ec2").describe_subnets()["Subnets"]


def test_listings_lag_behind_while_a_question_by_id_is_answered_truly(endpoint: Endpoint) -> None:
    ec2 = client(endpoint, "ec2")
    first, second, *_ = subnet_ids(ec2)
    new = endpoint.create_subnet(FIRST, EU, "10.200.0.0/24", listings=1)
    endpoint.delete_subnet(first, listings=1)
    endpoint.hide_subnet(second, listings=1)

    lagging, settled = subnet_ids(ec2), subnet_ids(ec2)

    assert (new in lagging, first in lagging, second in lagging) == (False, True, False)
    assert (new in settled, first in settled, second in settled) == (True, False, True)
    assert subnet_ids(ec2, SubnetIds=[new, second]) == [new, second]
    assert code_of(lambda: ec2.describe_subnets(SubnetIds=[first])) == "InvalidSubnetID.NotFound"
    assert ec2.describe_subnets(SubnetIds=[new])["Subnets"][0]["AvailableIpAddressCount"] == 251


def test_the_pages_of_one_listing_agree_while_the_next_listing_differs(endpoint: Endpoint) -> None:
    ec2 = client(endpoint, "ec2")
    last = subnet_ids(ec2)[-1]
    endpoint.hide_subnet(last, listings=1)
    paginator = ec2.get_paginator("describe_subnets")

    def listed() -> list[str]:
        pages = paginator.paginate(PaginationConfig={"PageSize": 5})
        return [item["SubnetId"] for page in pages for item in page["Subnets"]]

    assert last not in listed()
    assert last in listed()


def test_a_shared_subnet_is_seen_by_owner_and_participants_each_with_its_own_zone_names(endpoint: Endpoint) -> None:
    seen = {
        account: next(
            item
            for item in client(endpoint, "ec2", account=account).describe_subnets()["Subnets"]
            if item["OwnerId"] == FIRST
        )
        for account in (FIRST, SECOND, THIRD)
    }

    assert len({item["SubnetId"] for item in seen.values()}) == 1
    assert len({item["AvailabilityZoneId"] for item in seen.values()}) == 1
    assert len({item["AvailabilityZone"] for item in seen.values()}) > 1
    owners, nodes = {}, {}
    for account, item in seen.items():
        request = {"Filters": [{"Name": "subnet-id", "Values": [item["SubnetId"]]}]}
        answer = client(endpoint, "ec2", account=account).describe_network_interfaces(**request)
        owners[account] = {eni["OwnerId"] for eni in answer["NetworkInterfaces"]}
        found = client(endpoint, "ec2", account=account).describe_instances(**request)["Reservations"]
        nodes[account] = {part["Instances"][0]["InstanceId"] for part in found}
    assert owners == {FIRST: {FIRST, SECOND, THIRD}, SECOND: {SECOND}, THIRD: {THIRD}}
    assert len(nodes[SECOND]) == 2
    assert nodes[FIRST].isdisjoint(nodes[SECOND] | nodes[THIRD])


def test_sharing_ends_when_the_owner_ends_it(endpoint: Endpoint) -> None:
    shared = endpoint.subnet_ids(FIRST, EU)[0]
    second = client(endpoint, "ec2", account=SECOND)
    assert shared in subnet_ids(second)

    endpoint.share(shared)

    assert shared not in subnet_ids(second)


def test_an_ipv6_only_subnet_has_no_ipv4_block_and_no_free_addresses(endpoint: Endpoint) -> None:
    found = [item for item in client(endpoint, "ec2").describe_subnets()["Subnets"] if item["Ipv6Native"]]

    assert [item.get("CidrBlock") for item in found] == [None]
    assert found[0]["AvailableIpAddressCount"] == 0
    assert found[0]["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"].endswith("/64")


@pytest.mark.parametrize(
    ("service", "operation", "code"),
    [
        pytest.param("ec2", "describe_subnets", "RequestExpired", id="EC2"),
        pytest.param("eks", "list_clusters", "InvalidSignatureException", id="EKS"),
        pytest.param("sts", "get_caller_identity", "SignatureDoesNotMatch", id="STS"),
    ],
)
def test_a_clock_that_is_off_is_shown_in_the_date_and_refused(
    endpoint: Endpoint, service: str, operation: str, code: str
) -> None:
    before = date_of(client(endpoint, "ec2").describe_regions())
    endpoint.set_skew(2000)

    with pytest.raises(boto.ClientError) as raised:
        getattr(client(endpoint, service), operation)()

    assert raised.value.response["Error"]["Code"] == code
    assert 2000 <= (date_of(raised.value.response) - before).total_seconds() < 2100


def test_addresses_can_be_taken_given_back_and_set_aside(endpoint: Endpoint) -> None:
    subnet_id = endpoint.create_subnet(FIRST, EU, "10.200.0.0/26")
    ec2 = client(endpoint, "ec2")
    eni_id = endpoint.take(subnet_id, 4, prefixes=1)

    (eni,) = ec2.describe_network_interfaces(NetworkInterfaceIds=[eni_id])["NetworkInterfaces"]
    assert (len(eni["PrivateIpAddresses"]), len(eni["Ipv4Prefixes"])) == (4, 1)
    assert endpoint.available_ips(subnet_id) == 59 - 4 - 16
    endpoint.release(eni_id)
    endpoint.reserve(subnet_id, "10.200.0.32/28")
    assert ec2.describe_subnets(SubnetIds=[subnet_id])["Subnets"][0]["AvailableIpAddressCount"] == 59 - 16
    with pytest.raises(ApiError, match="does not have enough free addresses"):
        endpoint.take(subnet_id, 60)
    assert endpoint.available_ips(subnet_id) == 59 - 16


def pages(endpoint: Controls) -> list[bytes]:
    """The bodies of every account's subnets and interfaces in the first region."""
    bodies: list[bytes] = []

    def keep(response_dict: dict[str, Any], **_: object) -> None:
        bodies.append(response_dict["body"])

    for account in (FIRST, SECOND, THIRD):
        ec2 = client(endpoint, "ec2", account=account)
        ec2.meta.events.register("before-parse.ec2.*", keep)
        ec2.describe_subnets()
        ec2.describe_network_interfaces(MaxResults=1000)
    return bodies


@pytest.mark.timeout(60)
def test_the_same_seed_gives_the_same_bytes_in_this_process_and_in_another() -> None:
    with Endpoint(small_fleet()) as one, Endpoint(small_fleet(seed=2)) as other, running(small_fleet()) as remote:
        expected = pages(one)

        assert len(expected) == 6
        assert pages(remote) == expected
        assert pages(other) != expected


@pytest.mark.timeout(60)
def test_an_endpoint_in_its_own_process_obeys_the_same_controls() -> None:
    with running(small_fleet(), prerender=("DescribeSubnets", "DescribeNetworkInterfaces")) as endpoint:
        ec2 = client(endpoint, "ec2")
        subnet_id = endpoint.subnet_ids(FIRST, EU)[0]
        before = endpoint.available_ips(subnet_id)
        ec2.describe_subnets(MaxResults=1000)
        endpoint.take(subnet_id, 2)
        shown = ec2.describe_subnets(MaxResults=1000)["Subnets"][0]
        with pytest.raises(ApiError) as raised:
            endpoint.take(subnet_id, 1000)
        endpoint.fail(Kind.THROTTLED, times=1)

        assert shown["AvailableIpAddressCount"] == before - 2
        assert raised.value.code == "InsufficientFreeAddressesInSubnet"
        assert code_of(ec2.describe_subnets) == "RequestLimitExceeded"
        assert endpoint.calls.count(outcome="ok") == 2
        assert endpoint.calls.bytes_sent("DescribeSubnets") > 5000
        endpoint.forget_calls()
        assert endpoint.calls.count() == 0


@pytest.mark.parametrize(
    ("zipf", "largest", "smallest"), [pytest.param(0.0, 100, 100, id="even"), pytest.param(1.0, 24_454, 13, id="Zipf")]
)
def test_the_full_fleet_has_its_size_and_its_spread(zipf: float, largest: int, smallest: int) -> None:
    fleet = full_fleet(zipf=zipf)
    counts = [plan.interfaces for account in fleet.accounts for plan in account.regions]

    assert (len(counts), fleet.subnet_count, fleet.interface_count) == (2000, 80_000, 200_000)
    assert (max(counts), min(counts)) == (largest, smallest)


@pytest.mark.timeout(60)
def test_a_crowded_region_of_the_full_fleet_comes_in_many_pages() -> None:
    with Endpoint(full_fleet(accounts=4, interfaces=6000, zipf=1.0)) as endpoint:
        crowded = max(
            (plan.interfaces, account.account_id, plan.region)
            for account in endpoint.fleet.accounts
            for plan in account.regions
        )
        ec2 = client(endpoint, "ec2", crowded[2], account=crowded[1])
        found = ec2.get_paginator("describe_network_interfaces").paginate(PaginationConfig={"PageSize": 1000})
        sizes = [len(page["NetworkInterfaces"]) for page in found]

        assert sum(sizes) == crowded[0]
        assert sizes == [1000, crowded[0] - 1000]
        vpcs = ec2.describe_vpcs()["Vpcs"]
        assert all(len(vpc["CidrBlockAssociationSet"]) <= 5 for vpc in vpcs)
