"""EC2's answers become facts, with missing fields empty and impossible numbers unknown."""

from ipaddress import IPv4Network
from typing import Any

import pytest

from bot.aws import convert
from bot.aws.clusters import addon_environment

NODE: dict[str, Any] = {"InstanceId": "i-1"}


@pytest.mark.parametrize(
    ("cidr", "count", "expected"),
    [
        pytest.param("10.0.0.0/24", 251, 251, id="an empty /24"),
        pytest.param("10.0.0.0/24", 0, 0, id="a full subnet is not an unknown one"),
        pytest.param("10.0.0.0/24", -9, None, id="negative"),
        pytest.param("10.0.0.0/24", 257, None, id="more than the block holds"),
        pytest.param("10.0.0.0/24", None, None, id="not given"),
        pytest.param(None, 18446744073709551611, None, id="IPv6-only"),
    ],
)
def test_available_ips_is_unknown_where_it_cannot_be_true(
    cidr: str | None, count: int | None, expected: int | None
) -> None:
    assert convert.available_ips(IPv4Network(cidr) if cidr else None, count) == expected


def test_a_vpc_has_its_associated_blocks_once_and_the_primary_first() -> None:
    vpc: Any = {
        "VpcId": "vpc-1",
        "CidrBlock": "10.0.0.0/16",
        "CidrBlockAssociationSet": [
            {"CidrBlock": "100.64.0.0/16", "CidrBlockState": {"State": "associated"}},
            {"CidrBlock": "10.0.0.0/16", "CidrBlockState": {"State": "associated"}},
            {"CidrBlock": "100.65.0.0/16", "CidrBlockState": {"State": "disassociated"}},
        ],
    }
    assert [str(cidr) for cidr in convert.vpc_cidrs(vpc)] == ["10.0.0.0/16", "100.64.0.0/16"]


@pytest.mark.parametrize(
    ("tags", "cluster", "nodegroup"),
    [
        pytest.param({}, None, None, id="not a node"),
        pytest.param({"eks:cluster-name": "prod", "eks:nodegroup-name": "ng"}, "prod", "ng", id="managed node group"),
        pytest.param({"kubernetes.io/cluster/prod": "owned"}, "prod", None, id="self-managed node"),
        pytest.param(
            {"kubernetes.io/cluster/other": "shared", "aws:eks:cluster-name": "prod"}, "prod", None, id="name wins"
        ),
    ],
)
def test_the_tags_of_an_instance_name_its_cluster_and_node_group(
    tags: dict[str, str], cluster: str | None, nodegroup: str | None
) -> None:
    item: Any = {**NODE, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}
    node = convert.node(item, "111122223333", "eu-west-1")
    assert (node.cluster, node.nodegroup) == (cluster, nodegroup)


def test_the_limits_of_a_type_are_those_of_its_default_network_card() -> None:
    item: Any = {
        "InstanceType": "p5.48xlarge",
        "NetworkInfo": {
            "MaximumNetworkInterfaces": 64,
            "MaximumNetworkCards": 32,
            "DefaultNetworkCardIndex": 1,
            "NetworkCards": [
                {"NetworkCardIndex": 0, "MaximumNetworkInterfaces": 4},
                {"NetworkCardIndex": 1, "MaximumNetworkInterfaces": 2},
            ],
            "Ipv4AddressesPerInterface": 50,
        },
    }
    limits = convert.instance_limits(item)
    assert (limits.max_enis, limits.network_cards, limits.ipv4_per_eni) == (2, 32, 50)
    assert (limits.hypervisor, limits.bare_metal) == ("", False)


@pytest.mark.parametrize(
    ("configuration", "expected"),
    [
        pytest.param("", (), id="none"),
        pytest.param("  ", (), id="blank"),
        pytest.param("{}", (), id="empty JSON"),
        pytest.param("null", (), id="null"),
        pytest.param('{"env": null}', (), id="empty env"),
        pytest.param('{"env": {"WARM_IP_TARGET": "2"}}', (("WARM_IP_TARGET", "2"),), id="JSON"),
        pytest.param('{"env": {"WARM_IP_TARGET": 2}}', (("WARM_IP_TARGET", "2"),), id="JSON number"),
        pytest.param(
            'env:\n  ENABLE_PREFIX_DELEGATION: true\n  WARM_IP_TARGET: "5"\n',
            (("ENABLE_PREFIX_DELEGATION", "true"), ("WARM_IP_TARGET", "5")),
            id="YAML",
        ),
        pytest.param('{"enableNetworkPolicy": "true"}', (), id="only other settings"),
    ],
)
def test_the_variables_of_an_add_on_are_read_from_json_and_yaml(
    configuration: str, expected: tuple[tuple[str, str], ...]
) -> None:
    assert addon_environment(configuration) == expected


@pytest.mark.parametrize(
    "configuration",
    [
        pytest.param("{env: [", id="neither JSON nor YAML"),
        pytest.param("just words", id="a YAML word"),
        pytest.param('["env"]', id="a list"),
        pytest.param('{"env": ["WARM_IP_TARGET"]}', id="env is a list"),
        pytest.param('{"env": {"WARM_IP_TARGET": {"value": 1}}}', id="a nested value"),
        pytest.param("env: !!python/object:os.system {}", id="a YAML object"),
    ],
)
def test_an_add_on_configuration_of_another_shape_is_refused_not_guessed(configuration: str) -> None:
    with pytest.raises(ValueError, match="configurationValues"):
        addon_environment(configuration)
