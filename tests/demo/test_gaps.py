"""What moto lacks is answered as AWS answers it, seen through ordinary clients."""

import threading
import time
from collections.abc import Callable, Iterator
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from bot.demo.world import World

PROD, STAGE = "111122223333", "222233334444"
Client = Callable[..., Any]


@pytest.fixture(scope="module")
def estate() -> Iterator[World]:
    with World() as active:
        yield active


@pytest.fixture
def world(estate: World) -> Iterator[World]:
    yield estate
    estate.faults.reset()


@pytest.fixture(scope="module")
def client(estate: World) -> Client:
    """Clients of the caller's own account, without retries, from one session made after the world started.

    Parameters go out unchecked: it is the service's refusal that is tested.
    """
    session = botocore.session.get_session()
    keys = estate.credentials()

    def make(service: str, region: str = "eu-west-1", **credentials: Any) -> Any:
        return session.create_client(
            service,
            region_name=region,
            **(
                credentials
                or {
                    "aws_access_key_id": keys["AWS_ACCESS_KEY_ID"],
                    "aws_secret_access_key": keys["AWS_SECRET_ACCESS_KEY"],
                }
            ),
            config=Config(retries={"total_max_attempts": 1}, parameter_validation=False),
        )

    return make


@pytest.fixture(scope="module")
def ec2(client: Client) -> Any:
    return client("ec2")


def assumed(world: World, client: Client, name: str) -> dict[str, str]:
    account = next(entry for entry in world.config()["aws"]["accounts"] if entry["name"] == name)  # type: ignore[index]
    keys = client("sts").assume_role(
        RoleArn=account["role_arn"], RoleSessionName="test", ExternalId=account["external_id"]
    )["Credentials"]
    return {
        "aws_access_key_id": keys["AccessKeyId"],
        "aws_secret_access_key": keys["SecretAccessKey"],
        "aws_session_token": keys["SessionToken"],
    }


def refusal(call: Callable[[], object]) -> tuple[str, int]:
    with pytest.raises(ClientError) as raised:
        call()
    response = raised.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


def paged(call: Callable[..., Any], member: str, **parameters: Any) -> list[list[Any]]:
    pages, token = [], None
    while True:
        answer = call(**parameters, **({"NextToken": token} if token else {}))
        pages.append(answer[member])
        token = answer.get("NextToken")
        if not token:
            return pages


@pytest.mark.parametrize(
    ("operation", "member", "size", "sizes"),
    [
        pytest.param("describe_subnets", "Subnets", 5, [5, 4], id="subnets"),
        pytest.param("describe_network_interfaces", "NetworkInterfaces", 200, [200, 137], id="interfaces"),
        pytest.param("describe_instances", "Reservations", 12, [12, 12, 7], id="instances"),
        pytest.param("describe_vpcs", "Vpcs", 5, [1], id="vpcs"),
    ],
)
def test_pages_hold_what_was_asked_for_and_every_item_once(
    ec2: Any, operation: str, member: str, size: int, sizes: list[int]
) -> None:
    pages = paged(getattr(ec2, operation), member, MaxResults=size)
    assert [len(page) for page in pages] == sizes
    assert [item for page in pages for item in page] == getattr(ec2, operation)()[member]


@pytest.mark.parametrize(
    ("operation", "size"),
    [
        pytest.param("describe_subnets", 4, id="below five"),
        pytest.param("describe_network_interfaces", 1001, id="above a thousand"),
        pytest.param("describe_instance_types", 101, id="above a hundred types"),
    ],
)
def test_page_sizes_outside_ec2s_limits_are_refused(ec2: Any, operation: str, size: int) -> None:
    assert refusal(lambda: getattr(ec2, operation)(MaxResults=size)) == ("InvalidParameterValue", 400)


def test_a_made_up_token_is_refused(ec2: Any) -> None:
    assert refusal(lambda: ec2.describe_subnets(NextToken="nonsense"))[0] == "InvalidNextToken"


def test_instance_types_come_in_pages_of_a_hundred_at_most_and_by_name_with_their_limits(ec2: Any) -> None:
    page = ec2.describe_instance_types()
    assert len(page["InstanceTypes"]) == 100
    assert page["NextToken"]
    (large,) = ec2.describe_instance_types(InstanceTypes=["m5.large"])["InstanceTypes"]
    assert large["NetworkInfo"]["MaximumNetworkInterfaces"] == 3
    assert refusal(lambda: ec2.describe_instance_types(InstanceTypes=["m99.large"]))[0] == "InvalidInstanceType"


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        pytest.param({"availability-zone": ["eu-west-1c"]}, {"private-1c", "eks-control-1c"}, id="zone"),
        pytest.param({"tag:Name": ["public-*"]}, {"public-1a", "public-1b"}, id="tag with a wildcard"),
        pytest.param({"available-ip-address-count": ["10"]}, {"eks-control-1a", "eks-control-1c"}, id="count"),
        pytest.param(
            {"tag-key": ["kubernetes.io/role/internal-elb"], "availability-zone": ["eu-west-1a", "eu-west-1b"]},
            {"private-1a", "private-1b"},
            id="two filters are ANDed, values ORed",
        ),
        pytest.param({"vpc-id": ["vpc-0"]}, set(), id="nothing matches"),
    ],
)
def test_subnet_filters_select(ec2: Any, filters: dict[str, list[str]], names: set[str]) -> None:
    answer = ec2.describe_subnets(Filters=[{"Name": name, "Values": values} for name, values in filters.items()])
    assert {tag["Value"] for s in answer["Subnets"] for tag in s["Tags"] if tag["Key"] == "Name"} == names


def test_unknown_filters_and_subnets_are_refused(ec2: Any) -> None:
    unknown = [{"Name": "colour", "Values": ["red"]}]
    assert refusal(lambda: ec2.describe_subnets(Filters=unknown))[0] == "InvalidParameterValue"
    assert refusal(lambda: ec2.describe_subnets(SubnetIds=["subnet-0"]))[0] == "InvalidSubnetID.NotFound"


def test_the_count_of_a_subnet_is_what_its_interfaces_leave(world: World, ec2: Any) -> None:
    """Addresses and prefixes of all interfaces add up to usable minus available."""
    for subnet in ec2.describe_subnets()["Subnets"]:
        interfaces = ec2.describe_network_interfaces(Filters=[{"Name": "subnet-id", "Values": [subnet["SubnetId"]]}])[
            "NetworkInterfaces"
        ]
        held = sum(len(i["PrivateIpAddresses"]) + 16 * len(i.get("Ipv4Prefixes", [])) for i in interfaces)
        usable = IPv4Network(subnet["CidrBlock"]).num_addresses - 5
        assert subnet["AvailableIpAddressCount"] == usable - held
        assert subnet["AvailableIpAddressCount"] == world.allocator(subnet["SubnetId"]).available_ips


def test_an_interface_comes_grows_shrinks_and_goes_with_its_addresses(world: World, ec2: Any) -> None:
    subnet_id = world.subnet_id("public-1b")
    before = world.allocator("public-1b").available_ips
    made = ec2.create_network_interface(
        SubnetId=subnet_id,
        Description="test",
        SecondaryPrivateIpAddressCount=4,
        TagSpecifications=[{"ResourceType": "network-interface", "Tags": [{"Key": "team", "Value": "a&b"}]}],
    )["NetworkInterface"]
    eni_id = made["NetworkInterfaceId"]
    assert (len(made["PrivateIpAddresses"]), made["Status"]) == (5, "available")
    assert world.allocator("public-1b").available_ips == before - 5
    prefixes = ec2.assign_private_ip_addresses(NetworkInterfaceId=eni_id, Ipv4PrefixCount=2)["AssignedIpv4Prefixes"]
    assert world.allocator("public-1b").available_ips == before - 5 - 32
    (seen,) = ec2.describe_network_interfaces(Filters=[{"Name": "tag:team", "Values": ["a&b"]}])["NetworkInterfaces"]
    assert {p["Ipv4Prefix"] for p in seen["Ipv4Prefixes"]} == {p["Ipv4Prefix"] for p in prefixes}
    assert len(seen["PrivateIpAddresses"]) == 5
    ec2.unassign_private_ip_addresses(
        NetworkInterfaceId=eni_id,
        PrivateIpAddresses=[seen["PrivateIpAddresses"][4]["PrivateIpAddress"]],
        Ipv4Prefixes=[prefixes[0]["Ipv4Prefix"]],
    )
    assert world.allocator("public-1b").available_ips == before - 4 - 16
    ec2.delete_network_interface(NetworkInterfaceId=eni_id)
    assert world.allocator("public-1b").available_ips == before
    gone = [eni_id]
    assert (
        refusal(lambda: ec2.describe_network_interfaces(NetworkInterfaceIds=gone))[0]
        == "InvalidNetworkInterfaceID.NotFound"
    )


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        pytest.param({"SecondaryPrivateIpAddressCount": 3}, "InsufficientFreeAddressesInSubnet", id="four addresses"),
        pytest.param({"Ipv4PrefixCount": 1}, "InsufficientCidrBlocks", id="a prefix"),
        pytest.param({"PrivateIpAddress": "10.0.49.17"}, "InvalidParameterValue", id="a reserved address"),
        pytest.param({"PrivateIpAddress": "10.0.0.9"}, "InvalidParameterValue", id="an address of another subnet"),
    ],
)
def test_a_subnet_with_three_free_addresses_refuses_and_stays_as_it_was(
    world: World, ec2: Any, parameters: dict[str, Any], code: str
) -> None:
    full = world.subnet_id("eks-control-1b")
    assert refusal(lambda: ec2.create_network_interface(SubnetId=full, **parameters)) == (code, 400)
    assert world.allocator("eks-control-1b").available_ips == 3


def test_assigning_beyond_the_subnet_is_refused(world: World, client: Client) -> None:
    ec2 = client("ec2", "us-east-1")
    subnet_id = world.subnet_id("pods-use1a")
    node = [{"Name": "subnet-id", "Values": [subnet_id]}, {"Name": "attachment.device-index", "Values": ["0"]}]
    eni_id = ec2.describe_network_interfaces(Filters=node)["NetworkInterfaces"][0]["NetworkInterfaceId"]
    asked = {"NetworkInterfaceId": eni_id, "Ipv4PrefixCount": 1}
    assert refusal(lambda: ec2.assign_private_ip_addresses(**asked))[0] == "InsufficientCidrBlocks"
    assert world.allocator(subnet_id).available_ips > 3000
    assert (
        refusal(lambda: ec2.delete_network_interface(NetworkInterfaceId=eni_id))[0] == "InvalidNetworkInterface.InUse"
    )


def test_reservations_are_listed_in_pages(world: World, client: Client) -> None:
    ec2 = client("ec2", **assumed(world, client, "stage"))
    subnet_id = world.subnet_id("stage-pods-1a")
    pages = paged(ec2.get_subnet_cidr_reservations, "SubnetIpv4CidrReservations", SubnetId=subnet_id, MaxResults=5)
    assert [len(page) for page in pages] == [5]
    assert {reservation["ReservationType"] for reservation in pages[0]} == {"prefix"}
    assert pages[0][4]["Cidr"] == "10.40.2.0/23"
    other = world.subnet_id("private-1a")
    assert refusal(lambda: ec2.get_subnet_cidr_reservations(SubnetId=other))[0] == "InvalidSubnetID.NotFound", (
        "another account's subnet is not visible"
    )


def test_instances_carry_the_interfaces_that_describe_network_interfaces_shows(ec2: Any) -> None:
    reservations = ec2.describe_instances(Filters=[{"Name": "instance-type", "Values": ["m5.2xlarge"]}])["Reservations"]
    assert len(reservations) == 4
    for reservation in reservations:
        (instance,) = reservation["Instances"]
        attached = ec2.describe_network_interfaces(
            Filters=[{"Name": "attachment.instance-id", "Values": [instance["InstanceId"]]}]
        )["NetworkInterfaces"]
        assert {i["NetworkInterfaceId"] for i in instance["NetworkInterfaces"]} == {
            i["NetworkInterfaceId"] for i in attached
        }
        primary = next(i for i in attached if i["Attachment"]["DeviceIndex"] == 0)
        assert instance["PrivateIpAddress"] == primary["PrivateIpAddress"]
        assert not primary["Description"]


def test_regions_say_whether_the_account_opted_in(ec2: Any) -> None:
    enabled = ec2.describe_regions()["Regions"]
    every = ec2.describe_regions(AllRegions=True)["Regions"]
    assert {region["OptInStatus"] for region in enabled} == {"opt-in-not-required"}
    assert {"eu-west-1", "us-east-1", "eu-central-1"} <= {region["RegionName"] for region in enabled}
    assert {region["OptInStatus"] for region in every} == {"opt-in-not-required", "not-opted-in"}


def test_eks_knows_addons_health_and_the_vpc_of_a_cluster(world: World, client: Client) -> None:
    eks = client("eks")
    cluster = eks.describe_cluster(name="prod-eu")["cluster"]
    (vpc,) = client("ec2").describe_vpcs()["Vpcs"]
    assert cluster["resourcesVpcConfig"]["vpcId"] == vpc["VpcId"]
    (issue,) = cluster["health"]["issues"]
    assert issue["code"] == "InsufficientFreeAddresses"
    assert issue["resourceIds"] == [world.subnet_id("eks-control-1b")]
    assert eks.describe_nodegroup(clusterName="prod-eu", nodegroupName="general")["nodegroup"]["health"] == {
        "issues": []
    }
    first = eks.list_addons(clusterName="prod-eu", maxResults=2)
    assert first["addons"] == ["coredns", "kube-proxy"]
    assert eks.list_addons(clusterName="prod-eu", nextToken=first["nextToken"])["addons"] == ["vpc-cni"]
    assert "configurationValues" not in eks.describe_addon(clusterName="prod-eu", addonName="vpc-cni")["addon"]
    addon = client("eks", "us-east-1").describe_addon(clusterName="prod-us", addonName="vpc-cni")["addon"]
    assert '"ENABLE_PREFIX_DELEGATION": "true"' in addon["configurationValues"]
    issue = {"code": "InsufficientFreeAddresses", "message": "full", "resourceIds": [world.subnet_id("private-1a")]}
    world.set_nodegroup_issues("prod-eu", "general", [issue])
    general = eks.describe_nodegroup(clusterName="prod-eu", nodegroupName="general")["nodegroup"]
    assert general["health"]["issues"] == [issue]
    for call in (
        lambda: eks.describe_addon(clusterName="prod-eu", addonName="karpenter"),
        lambda: eks.list_addons(clusterName="nowhere"),
    ):
        assert refusal(call) == ("ResourceNotFoundException", 404)
    pages = paged_eks(eks)
    assert [len(page) for page in pages] == [1, 1]


def paged_eks(eks: Any) -> list[list[str]]:
    first = eks.list_nodegroups(clusterName="prod-eu", maxResults=1)
    second = eks.list_nodegroups(clusterName="prod-eu", maxResults=1, nextToken=first["nextToken"])
    return [first["nodegroups"], second["nodegroups"]]


@pytest.mark.parametrize(
    ("parameters", "allowed"),
    [
        pytest.param(
            {"RoleArn": f"arn:aws:iam::{STAGE}:role/eksip-reader", "ExternalId": "eksip-stage"}, True, id="good"
        ),
        pytest.param({"RoleArn": f"arn:aws:iam::{STAGE}:role/eksip-reader"}, False, id="no external id"),
        pytest.param(
            {"RoleArn": f"arn:aws:iam::{STAGE}:role/eksip-reader", "ExternalId": "guess"}, False, id="wrong external id"
        ),
        pytest.param({"RoleArn": f"arn:aws:iam::{STAGE}:role/admin", "ExternalId": "eksip-stage"}, False, id="no role"),
        pytest.param(
            {"RoleArn": "arn:aws:iam::444455556666:role/eksip-reader", "ExternalId": "eksip-sandbox"}, False, id="blind"
        ),
    ],
)
def test_a_role_is_assumed_only_as_its_trust_policy_allows(
    client: Client, parameters: dict[str, str], allowed: bool
) -> None:
    sts = client("sts")
    if not allowed:
        assert refusal(lambda: sts.assume_role(RoleSessionName="test", **parameters)) == ("AccessDenied", 403)
        return
    keys = sts.assume_role(RoleSessionName="test", **parameters)["Credentials"]
    identity = client(
        "sts",
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    ).get_caller_identity()
    assert identity["Account"] == STAGE
    assert sts.get_caller_identity()["Arn"] == f"arn:aws:iam::{PROD}:user/eksip"


@pytest.mark.parametrize(
    ("service", "operation", "code"),
    [
        pytest.param("ec2", "describe_subnets", ("AuthFailure", 401), id="ec2"),
        pytest.param("sts", "get_caller_identity", ("InvalidClientTokenId", 403), id="sts"),
        pytest.param("eks", "list_clusters", ("UnrecognizedClientException", 403), id="eks"),
        pytest.param("cloudwatch", "list_metrics", ("UnrecognizedClientException", 403), id="cloudwatch"),
    ],
)
def test_unknown_access_keys_are_refused(client: Client, service: str, operation: str, code: tuple[str, int]) -> None:
    stranger = client(service, aws_access_key_id="AKIASTRANGER", aws_secret_access_key="x")
    assert refusal(getattr(stranger, operation)) == code


@pytest.mark.parametrize(
    ("switch_on", "service", "operation", "expected"),
    [
        pytest.param(
            lambda f: f.throttle("DescribeSubnets"), "ec2", "describe_subnets", ("RequestLimitExceeded", 503), id="ec2"
        ),
        pytest.param(
            lambda f: f.throttle("ListClusters"), "eks", "list_clusters", ("ThrottlingException", 429), id="eks"
        ),
        pytest.param(
            lambda f: f.throttle("ListMetrics"), "cloudwatch", "list_metrics", ("Throttling", 400), id="cloudwatch"
        ),
        pytest.param(
            lambda f: f.deny("ec2:DescribeVpcs", PROD),
            "ec2",
            "describe_vpcs",
            ("UnauthorizedOperation", 403),
            id="deny",
        ),
        pytest.param(
            lambda f: f.deny("ListClusters", PROD),
            "eks",
            "list_clusters",
            ("AccessDeniedException", 403),
            id="eks deny",
        ),
        pytest.param(
            lambda f: f.expire_tokens(PROD), "ec2", "describe_subnets", ("RequestExpired", 400), id="ec2 expired"
        ),
        pytest.param(
            lambda f: f.expire_tokens(PROD), "sts", "get_caller_identity", ("ExpiredToken", 403), id="sts expired"
        ),
        pytest.param(
            lambda f: f.expire_tokens(PROD), "eks", "list_clusters", ("ExpiredTokenException", 403), id="eks expired"
        ),
        pytest.param(
            lambda f: f.break_region(PROD, "eu-west-1"), "ec2", "describe_subnets", ("Unavailable", 503), id="region"
        ),
    ],
)
def test_faults_answer_as_the_service_does_until_reset(
    world: World,
    client: Client,
    switch_on: Callable[[Any], None],
    service: str,
    operation: str,
    expected: tuple[str, int],
) -> None:
    call = getattr(client(service), operation)
    switch_on(world.faults)
    assert refusal(call) == expected
    world.faults.reset()
    assert call()


def test_faults_spare_other_accounts_regions_and_operations(world: World, client: Client) -> None:
    stage = client("ec2", **assumed(world, client, "stage"))
    world.faults.throttle("DescribeSubnets", account_id=PROD)
    world.faults.break_region(PROD, "us-east-1")
    world.faults.deny("DescribeInstances", PROD)
    assert len(stage.describe_subnets()["Subnets"]) == 4
    assert client("ec2").describe_vpcs()["Vpcs"]
    assert refusal(client("ec2", "us-east-1").describe_vpcs)[0] == "Unavailable"


def test_a_client_with_retries_gets_through_a_short_throttle(world: World) -> None:
    keys = world.credentials()
    session = boto3.Session(  # noqa: TID251 - the ordinary way in, which must work too
        aws_access_key_id=keys["AWS_ACCESS_KEY_ID"], aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"]
    )
    retrying = session.client(
        "ec2", region_name="eu-west-1", config=Config(retries={"mode": "standard", "total_max_attempts": 3})
    )
    world.faults.throttle("DescribeSubnets", times=1)
    answer = retrying.describe_subnets()
    assert answer["ResponseMetadata"]["RetryAttempts"] == 1


def test_a_slow_call_does_not_hold_up_the_others(world: World, client: Client) -> None:
    slow, quick = client("ec2"), client("ec2", "us-east-1")
    world.faults.slow("DescribeVpcs", 0.6)
    thread = threading.Thread(target=slow.describe_vpcs)
    started = time.monotonic()
    thread.start()
    quick.describe_subnets()
    assert thread.is_alive()
    thread.join()
    assert time.monotonic() - started >= 0.6


def test_calls_from_many_threads_hand_out_every_address_once(world: World, client: Client) -> None:
    subnet_id = world.subnet_id("public-1a")
    made: list[dict[str, Any]] = []

    def create() -> None:
        ec2 = client("ec2")
        for _ in range(5):
            answer = ec2.create_network_interface(SubnetId=subnet_id, SecondaryPrivateIpAddressCount=2)
            made.append(answer)

    threads = [threading.Thread(target=create) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    addresses = [
        IPv4Address(entry["PrivateIpAddress"])
        for answer in made
        for entry in answer["NetworkInterface"]["PrivateIpAddresses"]
    ]
    assert len(addresses) == len(set(addresses)) == 60
