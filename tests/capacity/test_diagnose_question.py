"""What a pasted text names: errors, nodes, addresses, subnets."""

from ipaddress import IPv4Address, IPv4Network

import pytest

from bot.capacity.diagnosis.findings import Cause, Stops
from bot.capacity.diagnosis.question import read_question


@pytest.mark.parametrize(
    ("text", "causes"),
    [
        pytest.param(
            "InsufficientCidrBlocks: The specified subnet does not have enough free cidr blocks to satisfy the request",
            {Cause.NO_FREE_BLOCK, Cause.RESERVATION_EXHAUSTED},
            id="no-block",
        ),
        pytest.param(
            "There aren't sufficient free Ipv4 addresses or prefixes",
            {Cause.NO_FREE_BLOCK, Cause.RESERVATION_EXHAUSTED},
            id="the-form-that-ipamd-does-not-pause-for",
        ),
        pytest.param(
            "with fleet error(s), InsufficientFreeAddressesInSubnet",
            {Cause.SUBNET_EXHAUSTED, Cause.LEAKED_ENIS, Cause.WARM_POOL_HOARDING},
            id="karpenter",
        ),
        pytest.param(
            "Skipping ENI allocation as the max ENI limit is already reached",
            {Cause.NODE_ENI_LIMIT, Cause.MAX_PODS},
            id="eni-limit",
        ),
        pytest.param("No slot available for a trunk ENI to be attached.", {Cause.BRANCH_ENI_LIMIT}, id="trunk"),
        pytest.param("Insufficient vpc.amazonaws.com/pod-eni", {Cause.BRANCH_ENI_LIMIT}, id="branch"),
        pytest.param(
            "pod does not have label vpc.amazonaws.com/PrivateIPv4Address", {Cause.WINDOWS_IPAM}, id="windows"
        ),
        pytest.param(
            "Failed to attach any ENIs for custom networking",
            {Cause.CUSTOM_NETWORKING, Cause.SUBNET_EXHAUSTED},
            id="custom-networking",
        ),
        pytest.param(
            "no valid subnets available for ENI creation - all subnets are either not tagged or tagged with "
            "kubernetes.io/role/cni=0",
            {Cause.SUBNET_DISCOVERY_TAGS},
            id="discovery",
        ),
        pytest.param("NetworkAddressUsageLimitExceeded", {Cause.QUOTA}, id="quota"),
        pytest.param("api error RequestLimitExceeded: Request limit exceeded.", {Cause.EC2_THROTTLED}, id="throttled"),
        pytest.param("UnauthorizedOperation: You are not authorized to perform", {Cause.IAM}, id="iam"),
        pytest.param(
            "InvalidRequestException: Provided subnets subnet-0123 Free IPs: 0 , need at least 5 IPs in each subnet",
            {Cause.CONTROL_PLANE_SUBNETS},
            id="control-plane",
        ),
    ],
)
def test_a_telling_message_narrows_the_search_to_its_causes(text: str, causes: set[Cause]) -> None:
    question = read_question(f"Warning FailedCreatePodSandBox 12s kubelet {text}")
    assert question.narrowed
    assert question.suspected == causes


def test_the_general_message_leaves_every_cause_open_that_keeps_an_address_from_a_pod() -> None:
    text = 'plugin type="aws-cni" failed (add): add cmd: failed to assign an IP address to container'
    question = read_question(text)
    assert not question.narrowed
    assert {Cause.SUBNET_EXHAUSTED, Cause.NODE_ENI_LIMIT, Cause.EC2_THROTTLED, Cause.COOLDOWN} <= question.suspected
    assert Cause.CONTROL_PLANE_SUBNETS not in question.suspected
    assert question.stopped is Stops.PODS


def test_ids_addresses_blocks_and_node_names_are_found_anywhere_in_a_paste() -> None:
    question = read_question(
        "Normal Scheduled default/web to ip-10-0-1-2.eu-west-1.compute.internal (i-0123456789abcdef0), "
        "eni-0fedcba9876543210 in subnet-0a1b2c3d4e5f60718 (10.0.16.0/20); pod 10.0.17.44: timeout"
    )
    assert question.addresses == {IPv4Address("10.0.1.2"), IPv4Address("10.0.17.44")}
    assert question.networks == {IPv4Network("10.0.16.0/20")}
    assert question.instance_ids == {"i-0123456789abcdef0"}
    assert question.eni_ids == {"eni-0fedcba9876543210"}
    assert question.subnet_ids == {"subnet-0a1b2c3d4e5f60718"}


@pytest.mark.parametrize(
    "text", ["version 1.2.3.4.5", "169.254.169.254", "127.0.0.1:61679", "300.1.1.1", "10.0.0.0/99"]
)
def test_what_is_no_address_of_a_subnet_is_not_taken_for_one(text: str) -> None:
    assert not read_question(text).names_something


def test_a_text_without_any_message_suspects_nothing() -> None:
    question = read_question("it is Monday")
    assert (question.symptoms, question.suspected, question.stopped) == ((), frozenset(), None)
