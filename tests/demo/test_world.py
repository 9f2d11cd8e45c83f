"""The demo estate: what a newcomer meets, the same every time, as ordinary clients see it."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from ipaddress import IPv4Network
from typing import Any

import botocore.session
import pytest

from bot.demo.world import DEFAULT_NOW, World

Client = Callable[..., Any]


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with World() as active:
        yield active


@pytest.fixture(scope="module")
def client(world: World) -> Client:
    """Clients of any account by its configured name, through the caller's keys and AssumeRole."""
    session: Any = botocore.session.get_session()
    own = world.credentials()
    accounts: Any = world.config()["aws"]
    by_name = {account["name"]: account for account in accounts["accounts"]}
    keys: dict[str, dict[str, str]] = {
        "prod": {
            "aws_access_key_id": own["AWS_ACCESS_KEY_ID"],
            "aws_secret_access_key": own["AWS_SECRET_ACCESS_KEY"],
        }
    }

    def make(service: str, account: str = "prod", region: str = "eu-west-1") -> Any:
        if account not in keys:
            sts = session.create_client("sts", region_name="eu-west-1", **keys["prod"])
            issued = sts.assume_role(
                RoleArn=by_name[account]["role_arn"],
                RoleSessionName="test",
                ExternalId=by_name[account]["external_id"],
            )["Credentials"]
            keys[account] = {
                "aws_access_key_id": issued["AccessKeyId"],
                "aws_secret_access_key": issued["SecretAccessKey"],
                "aws_session_token": issued["SessionToken"],
            }
        return session.create_client(service, region_name=region, **keys[account])

    return make


def interfaces(ec2: Any, **filters: str) -> list[dict[str, Any]]:
    asked = [{"Name": name.replace("_", "-"), "Values": [value]} for name, value in filters.items()]
    found: list[dict[str, Any]] = ec2.describe_network_interfaces(Filters=asked)["NetworkInterfaces"]
    return found


def test_the_configuration_names_four_accounts_and_only_others_have_roles(world: World) -> None:
    aws: Any = world.config()["aws"]
    assert aws["regions"] == ["eu-west-1", "us-east-1", "eu-central-1"]
    assert [(account["name"], "role_arn" in account) for account in aws["accounts"]] == [
        ("prod", False),
        ("stage", True),
        ("data", True),
        ("sandbox", True),
    ]


def test_the_estate_has_six_vpcs_26_subnets_five_clusters_and_63_nodes(client: Client) -> None:
    totals = {"vpcs": 0, "subnets": 0, "clusters": 0, "nodes": 0}
    for account in ("prod", "stage", "data"):
        for region in ("eu-west-1", "us-east-1", "eu-central-1"):
            ec2 = client("ec2", account, region)
            vpcs = ec2.describe_vpcs()["Vpcs"]
            assert not any(vpc["IsDefault"] for vpc in vpcs)
            totals["vpcs"] += len(vpcs)
            totals["subnets"] += len(ec2.describe_subnets()["Subnets"])
            totals["nodes"] += len(ec2.describe_instances()["Reservations"])
            totals["clusters"] += len(client("eks", account, region).list_clusters()["clusters"])
    assert totals == {"vpcs": 6, "subnets": 26, "clusters": 5, "nodes": 63}


@pytest.mark.parametrize(
    ("account", "region", "name", "free_pct", "has_blocks"),
    [
        pytest.param("prod", "eu-west-1", "private-1a", (4, 6), False, id="nearly full"),
        pytest.param("prod", "eu-west-1", "private-1c", (70, 80), True, id="healthy"),
        pytest.param("prod", "eu-west-1", "payments-1a", (45, 60), False, id="healthy until the squeeze"),
        pytest.param("prod", "us-east-1", "pods-use1a", (75, 85), False, id="fragmented: thousands free, no block"),
        pytest.param("stage", "eu-west-1", "stage-pods-1a", (1, 3), True, id="reserved: reads empty, has blocks"),
        pytest.param("data", "eu-west-1", "cgnat-1a", (55, 70), False, id="over-warm"),
    ],
)
def test_each_subnet_shows_its_situation(
    world: World,
    client: Client,
    account: str,
    region: str,
    name: str,
    free_pct: tuple[int, int],
    has_blocks: bool,
) -> None:
    asked = [{"Name": "tag:Name", "Values": [name]}]
    (subnet,) = client("ec2", account, region).describe_subnets(Filters=asked)["Subnets"]
    space = world.allocator(subnet["SubnetId"])
    assert free_pct[0] <= 100 * subnet["AvailableIpAddressCount"] / space.usable_ips <= free_pct[1]
    assert subnet["CidrBlock"] == str(space.cidr)
    if has_blocks:
        assert space.free_blocks > 0
    elif name == "pods-use1a":
        assert subnet["AvailableIpAddressCount"] > 3000
        assert space.free_blocks == 0


def test_a_name_shared_by_two_accounts_is_ambiguous_and_awkward_names_survive(world: World, client: Client) -> None:
    with pytest.raises(KeyError, match="2 subnets"):
        world.subnet_id("private-1b")
    names = {
        tag["Value"]
        for subnet in client("ec2", "stage", "us-east-1").describe_subnets()["Subnets"]
        for tag in subnet["Tags"]
        if tag["Key"] == "Name"
    }
    assert names == {"R&D <build> subnet", "<!channel> lab"}


def test_the_cni_leaves_its_description_and_tags_on_its_interfaces_only(client: Client) -> None:
    ec2 = client("ec2")
    instance_id = ec2.describe_instances()["Reservations"][0]["Instances"][0]["InstanceId"]
    attached = sorted(
        interfaces(ec2, **{"attachment.instance-id": instance_id}), key=lambda i: i["Attachment"]["DeviceIndex"]
    )
    assert [i["Attachment"]["DeviceIndex"] for i in attached] == list(range(8))
    assert [i["Description"] for i in attached] == ["", *[f"aws-K8S-{instance_id}"] * 7]
    tags = {tag["Key"]: tag["Value"] for tag in attached[1]["TagSet"]}
    assert tags["node.k8s.amazonaws.com/instance_id"] == instance_id
    assert tags["cluster.k8s.amazonaws.com/name"] == "prod-eu"
    assert {len(i["PrivateIpAddresses"]) for i in attached} == {30}


@pytest.mark.parametrize(
    ("account", "region", "interface_type", "description", "count"),
    [
        pytest.param("prod", "eu-west-1", "nat_gateway", "Interface for NAT Gateway nat-", 2, id="NAT gateway"),
        pytest.param("prod", "eu-west-1", "lambda", "AWS Lambda VPC ENI-", 58, id="Lambda"),
        pytest.param("prod", "eu-west-1", "vpc_endpoint", "VPC Endpoint Interface vpce-", 25, id="endpoints"),
        pytest.param("prod", "eu-west-1", "network_load_balancer", "ELB net/", 1, id="NLB"),
        pytest.param("prod", "eu-west-1", "efs", "EFS mount target for fs-", 3, id="EFS"),
        pytest.param("data", "eu-west-1", "trunk", "aws-k8s-trunk-eni", 2, id="trunk"),
        pytest.param("data", "eu-west-1", "branch", "aws-k8s-branch-eni", 10, id="branch"),
    ],
)
def test_other_holders_have_their_own_types(
    client: Client, account: str, region: str, interface_type: str, description: str, count: int
) -> None:
    found = interfaces(client("ec2", account, region), interface_type=interface_type)
    assert len(found) == count
    assert all(interface["Description"].startswith(description) for interface in found)


@pytest.mark.parametrize(
    ("description", "count"),
    [
        pytest.param("Amazon EKS prod-eu", 3, id="control plane"),
        pytest.param("ELB app/*", 12, id="ALB"),
        pytest.param("RDSNetworkInterface", 8, id="RDS"),
    ],
)
def test_other_holders_are_known_by_description(client: Client, description: str, count: int) -> None:
    assert len(interfaces(client("ec2"), description=description)) == count


def test_the_leaked_interface_is_detached_and_still_tagged(client: Client) -> None:
    (leaked,) = interfaces(client("ec2"), status="available")
    assert leaked["Description"].startswith("aws-K8S-i-")
    assert "Attachment" not in leaked


def test_prefix_mode_nodes_hold_prefixes_and_ipv6_nodes_an_80(client: Client) -> None:
    prefix = interfaces(client("ec2", "prod", "us-east-1"), **{"tag:eks:nodegroup-name": "apps"})
    assert [len(interface["Ipv4Prefixes"]) for interface in prefix] == [8] * 8
    ipv6 = interfaces(client("ec2", "data", "eu-central-1"), **{"tag:eks:nodegroup-name": "edge"})
    assert len({interface["Ipv6Prefixes"][0]["Ipv6Prefix"] for interface in ipv6}) == 4
    assert all(interface["Ipv6Prefixes"][0]["Ipv6Prefix"].endswith("/80") for interface in ipv6)


def test_custom_networking_nodes_hold_one_address_in_the_node_subnet(world: World, client: Client) -> None:
    ec2 = client("ec2", "data")
    (vpc,) = ec2.describe_vpcs()["Vpcs"]
    assert [entry["CidrBlock"] for entry in vpc["CidrBlockAssociationSet"]] == ["10.60.0.0/16", "100.64.0.0/16"]
    primaries = interfaces(ec2, **{"attachment.device-index": "0"})
    assert {len(i["PrivateIpAddresses"]) for i in primaries} == {1}
    pods = interfaces(ec2, **{"tag:eks:eni:owner": "amazon-vpc-cni"})
    shared = IPv4Network("100.64.0.0/10")
    assert all(IPv4Network(f"{i['PrivateIpAddress']}/32").subnet_of(shared) for i in pods)


@pytest.mark.parametrize(
    ("account", "cluster"),
    [pytest.param("prod", "prod-eu", id="prod-eu"), pytest.param("data", "data-eu", id="data-eu")],
)
def test_metrics_of_the_helper_agree_with_the_interfaces(client: Client, account: str, cluster: str) -> None:
    queries = [
        {
            "Id": name.lower(),
            "MetricStat": {
                "Metric": {
                    "Namespace": "Kubernetes",
                    "MetricName": name,
                    "Dimensions": [{"Name": "CLUSTER_ID", "Value": cluster}],
                },
                "Period": 60,
                "Stat": "Maximum",
            },
        }
        for name in ("totalIPAddresses", "assignIPAddresses", "eniAllocated")
    ]
    answer = client("cloudwatch", account).get_metric_data(
        MetricDataQueries=queries, StartTime=DEFAULT_NOW - timedelta(hours=3), EndTime=DEFAULT_NOW
    )
    values = {result["Id"]: result["Values"] for result in answer["MetricDataResults"]}
    asked = {
        "tag:cluster.k8s.amazonaws.com/name": cluster,
        "attachment.instance-id": "i-*",
        "interface-type": "interface",
    }
    held = interfaces(client("ec2", account), **asked)
    assert {len(series) for series in values.values()} == {180}
    assert values["eniallocated"][0] == len(held)
    assert values["totalipaddresses"][0] == sum(len(i["PrivateIpAddresses"]) - 1 for i in held)
    assert all(0 < value < values["totalipaddresses"][0] for value in values["assignipaddresses"])


def test_fargate_has_a_profile_and_requester_managed_interfaces(world: World, client: Client) -> None:
    eks = client("eks", "data", "eu-central-1")
    assert eks.list_fargate_profiles(clusterName="edge")["fargateProfileNames"] == ["jobs"]
    profile = eks.describe_fargate_profile(clusterName="edge", fargateProfileName="jobs")["fargateProfile"]
    assert profile["subnets"] == [world.subnet_id("edge-fargate-1a")]
    pods = interfaces(client("ec2", "data", "eu-central-1"), subnet_id=profile["subnets"][0])
    assert [pod["RequesterManaged"] for pod in pods] == [True] * 24
    assert eks.describe_cluster(name="edge")["cluster"]["kubernetesNetworkConfig"]["ipFamily"] == "ipv6"


def test_taken_addresses_appear_on_nodes_and_come_back(world: World, client: Client) -> None:
    """Free slots are filled first; when there are none a new node appears, and goes again."""
    ec2 = client("ec2")
    nodes = len(ec2.describe_instances()["Reservations"])
    before = world.allocator("private-1c").available_ips
    assert world.take("private-1c", 100) == 100
    (subnet,) = ec2.describe_subnets(SubnetIds=[world.subnet_id("private-1c")])["Subnets"]
    assert subnet["AvailableIpAddressCount"] == before - 100
    assert len(ec2.describe_instances()["Reservations"]) == nodes + 1
    assert world.give_back("private-1c", 45) == 45
    assert world.allocator("private-1c").available_ips == before - 55
    assert world.give_back("private-1c") == 55
    assert world.allocator("private-1c").available_ips == before
    running = [{"Name": "instance-state-name", "Values": ["running"]}]
    assert len(ec2.describe_instances(Filters=running)["Reservations"]) == nodes


def test_taking_more_than_there_is_takes_what_there_is(world: World) -> None:
    free = world.allocator("eks-control-1c").available_ips
    assert world.take("eks-control-1c", 500) == free
    assert world.allocator("eks-control-1c").available_ips == 0
    assert world.take("eks-control-1c", 1) == 0
    assert world.give_back("eks-control-1c") == free
