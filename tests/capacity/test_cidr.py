"""Which block may be added to a VPC: AWS's table row by row, size, overlap, routes, peerings, quota, candidates."""

from ipaddress import IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.capacity.cidr import AddressRange, association, candidates, range_of
from bot.capacity.cidr_steps import Addition, shell_steps, terraform_steps, zone_slices


def blocks(text: str) -> tuple[IPv4Network, ...]:
    return tuple(IPv4Network(part) for part in text.split(",") if part)


TEN = [f"10.{number}.0.0/16" for number in range(2, 60)]


@pytest.mark.parametrize(
    ("has", "candidate", "allowed", "reason"),
    [
        pytest.param("10.0.0.0/16", "10.1.0.0/16", True, "same range as 10.0.0.0/16", id="10/8: the rest of it"),
        pytest.param("10.0.0.0/16", "172.16.0.0/16", False, "172.16.0.0/12", id="10/8 refuses 172.16/12"),
        pytest.param("10.0.0.0/16", "192.168.0.0/24", False, "192.168.0.0/16", id="10/8 refuses 192.168/16"),
        pytest.param("10.0.0.0/16", "198.19.0.0/16", False, "198.19", id="10/8 refuses the guide's 198.19/16"),
        pytest.param("10.0.0.0/16", "100.64.0.0/16", True, "100.64.0.0/10", id="100.64/10 beside 10/8"),
        pytest.param("10.0.0.0/16", "54.10.0.0/16", True, "public", id="public beside 10/8"),
        pytest.param("10.1.0.0/16", "10.0.0.0/16", False, "10.0.0.0/15", id="10.0/16 closed by a block in 10.1/16"),
        pytest.param("10.0.0.0/24", "10.0.1.0/24", False, "10.0.0.0/15", id="10.0/16 closed by its own block"),
        pytest.param("10.2.0.0/16", "10.0.0.0/16", True, "same range", id="10.0/16 open without a block in 10.0/15"),
        pytest.param("10.2.0.0/16,10.1.0.0/16", "10.0.4.0/24", False, "10.1.0.0/16", id="any block counts, not one"),
        pytest.param("172.16.0.0/16", "172.20.0.0/16", True, "same range", id="172.16/12: the rest of it"),
        pytest.param("172.16.0.0/16", "172.31.0.0/16", False, "172.31.0.0/16", id="172.16/12 refuses 172.31/16"),
        pytest.param("172.16.0.0/16", "10.0.0.0/16", False, "10.0.0.0/8", id="172.16/12 refuses 10/8"),
        pytest.param("172.31.0.0/16", "192.168.0.0/16", False, "192.168", id="172.16/12 refuses 192.168/16"),
        pytest.param("192.168.0.0/20", "192.168.16.0/20", True, "same range", id="192.168/16: the rest of it"),
        pytest.param("192.168.0.0/20", "10.0.0.0/16", False, "10.0.0.0/8", id="192.168/16 refuses 10/8"),
        pytest.param("198.19.0.0/16", "10.0.0.0/16", False, "10.0.0.0/8", id="198.19/16 refuses RFC1918"),
        pytest.param("198.19.0.0/16", "100.64.0.0/16", True, "100.64", id="198.19/16 with 100.64/10"),
        pytest.param("198.19.0.0/24", "198.19.1.0/24", None, "does not say", id="198.19/16 twice: no row says"),
        pytest.param("100.64.0.0/16", "10.0.0.0/16", False, "10.0.0.0/8", id="order: 100.64/10 first refuses 10/8"),
        pytest.param("100.64.0.0/16", "198.19.0.0/16", False, "198.19", id="100.64/10 refuses 198.19/16"),
        pytest.param("54.10.0.0/16", "192.168.0.0/16", False, "192.168", id="public first refuses RFC1918"),
        pytest.param("10.0.0.0/16,100.64.0.0/16", "10.3.0.0/16", None, "contradicts", id="mixed, another 10.x"),
        pytest.param("10.0.0.0/16,100.64.0.0/16", "100.65.0.0/16", True, "100.64", id="mixed, another 100.64/10"),
        pytest.param("10.0.0.0/16,100.64.0.0/16", "172.16.0.0/16", False, "refuses", id="mixed, refused by both rows"),
        pytest.param("10.1.0.0/16,100.64.0.0/16", "10.0.0.0/24", False, "10.0.0.0/15", id="mixed, closed 10.0/16"),
        pytest.param("10.0.0.0/16", "169.254.0.0/16", False, "link-local", id="link-local"),
        pytest.param("10.0.0.0/16", "127.0.0.0/16", False, "127.0.0.0/8", id="loopback"),
        pytest.param("10.0.0.0/16", "240.0.0.0/16", None, "does not say", id="class E is in no row"),
        pytest.param("172.16.0.0/16", "172.17.0.0/16", True, "avoid 172.17.0.0/16", id="Docker's range: a warning"),
        pytest.param("10.0.0.0/16", "10.100.0.0/16", True, "serviceIpv4Cidr", id="EKS's Service range: a warning"),
        pytest.param("10.0.0.0/16", "100.64.0.0/10", False, "larger than a /16", id="too large"),
        pytest.param("10.0.0.0/16", "100.64.0.0/29", False, "smaller than a /28", id="too small"),
        pytest.param("10.0.0.0/16", "100.64.0.0/28", True, "100.64", id="the smallest"),
        pytest.param("10.0.0.0/16", "10.0.128.0/20", False, "overlaps 10.0.0.0/16", id="inside a block it has"),
        pytest.param("10.4.4.0/24", "10.4.0.0/16", False, "overlaps 10.4.4.0/24", id="around a block it has"),
    ],
)
def test_the_table_of_associations(has: str, candidate: str, allowed: bool | None, reason: str) -> None:
    found = association(IPv4Network(candidate), blocks(has))

    assert found.allowed is allowed
    assert reason.lower() in found.reason.lower()


@pytest.mark.parametrize(
    ("blocks_there", "quota", "allowed"),
    [
        pytest.param(4, None, True, id="below the default of 5"),
        pytest.param(5, None, False, id="at the default"),
        pytest.param(6, None, None, id="the quota was raised, to what is not known"),
        pytest.param(5, 10, True, id="below a quota that is known"),
        pytest.param(10, 10, False, id="at a quota that is known"),
        pytest.param(50, None, False, id="at the most AWS gives"),
    ],
)
def test_the_quota_of_blocks(blocks_there: int, quota: int | None, allowed: bool | None) -> None:
    own = blocks(",".join(TEN[:blocks_there]))

    assert association(IPv4Network("100.64.0.0/16"), own, quota=quota).allowed is allowed


@pytest.mark.parametrize(
    ("route", "candidate", "allowed"),
    [
        pytest.param("10.5.0.0/24", "10.5.0.0/24", False, id="equal to the destination"),
        pytest.param("10.5.0.0/24", "10.5.0.0/16", False, id="contains the destination"),
        pytest.param("10.5.0.0/24", "10.5.0.0/25", True, id="inside the destination"),
        pytest.param("10.6.0.0/16", "10.5.0.0/16", True, id="apart"),
    ],
)
def test_a_block_may_not_equal_or_contain_a_route(route: str, candidate: str, allowed: bool) -> None:
    found = association(IPv4Network(candidate), blocks("10.2.0.0/16"), routes=blocks(route), peer_cidrs=())

    assert found.allowed is allowed
    assert found.not_checked == ()
    assert found.explanation == found.reason


def test_a_block_may_not_overlap_a_peered_vpc() -> None:
    found = association(IPv4Network("10.5.0.0/16"), blocks("10.2.0.0/16"), peer_cidrs=blocks("10.5.128.0/20"))

    assert found.allowed is False
    assert "10.5.128.0/20 of a peered VPC" in found.reason


def test_what_is_not_known_is_said() -> None:
    found = association(IPv4Network("10.5.0.0/16"), blocks("10.2.0.0/16"))

    assert found.allowed is True
    assert found.explanation.endswith("Not checked: routes, peerings.")


def test_every_refusal_is_named() -> None:
    found = association(IPv4Network("10.5.0.0/16"), blocks("192.168.0.0/16"), routes=blocks("10.5.1.0/24"))

    assert "10.5.1.0/24" in found.reason
    assert "192.168.0.0/16" in found.reason


def test_a_block_of_another_vpc_is_a_warning_only() -> None:
    found = association(IPv4Network("10.5.0.0/16"), blocks("10.2.0.0/16"), other_cidrs=blocks("10.5.0.0/20"))

    assert found.allowed is True
    assert "another VPC has 10.5.0.0/20" in found.reason


@pytest.mark.parametrize(
    ("has", "first", "ranges"),
    [
        pytest.param("10.0.0.0/16", "100.64.0.0/16", {AddressRange.SHARED, AddressRange.TEN}, id="10/8"),
        pytest.param("192.168.0.0/16", "100.64.0.0/16", {AddressRange.SHARED}, id="a VPC that fills its range"),
        pytest.param("100.64.0.0/16", "100.65.0.0/16", {AddressRange.SHARED}, id="100.64/10 only"),
        pytest.param(
            "172.31.0.0/16", "100.64.0.0/16", {AddressRange.SHARED, AddressRange.ONE_SEVEN_TWO}, id="the default VPC"
        ),
    ],
)
def test_candidates_start_with_shared_space_and_go_on_in_the_vpcs_own_range(
    has: str, first: str, ranges: set[AddressRange]
) -> None:
    found = candidates(blocks(has))

    assert str(found[0].cidr) == first
    assert {range_of(item.cidr) for item in found} == ranges
    assert all(item.allowed for item in found)


def test_an_unsettled_candidate_comes_after_the_allowed_ones() -> None:
    found = candidates(blocks("10.0.0.0/16,100.64.0.0/16"))

    assert [item.allowed for item in found] == [True, True, None, None]


def test_a_small_primary_is_followed_by_blocks_of_a_useful_size() -> None:
    neighbours = [item.cidr for item in candidates(blocks("10.9.0.0/24")) if range_of(item.cidr) is AddressRange.TEN]

    assert [str(cidr) for cidr in neighbours] == ["10.9.16.0/20", "10.9.32.0/20"]


def test_candidates_avoid_other_vpcs_routes_and_peers() -> None:
    found = candidates(
        blocks("10.8.0.0/16"),
        other_cidrs=blocks("100.64.0.0/15,10.9.0.0/16"),
        routes=blocks("10.10.5.0/24"),
        peer_cidrs=blocks("100.66.0.0/16"),
    )

    assert [str(item.cidr) for item in found] == ["100.67.0.0/16", "100.68.0.0/16", "10.11.0.0/16", "10.12.0.0/16"]


def test_shared_space_is_still_offered_when_other_vpcs_use_all_of_it() -> None:
    found = candidates(blocks("10.8.0.0/16"), other_cidrs=blocks("100.64.0.0/10"))

    assert str(found[0].cidr) == "100.64.0.0/16"
    assert "another VPC has 100.64.0.0/10" in found[0].reason


def test_at_the_quota_candidates_are_refused_for_the_quota_alone() -> None:
    found = candidates(blocks(",".join(TEN[:5])))

    assert {item.allowed for item in found} == {False}
    assert all("quota" in item.reason for item in found)


@pytest.mark.timeout(20)
def test_candidates_in_a_fleet_of_thousands_of_vpcs_avoid_every_one_of_them() -> None:
    others = [IPv4Network(((10 << 24) + (number << 12), 20)) for number in range(4096)]
    found = candidates(blocks("10.8.0.0/24"), other_cidrs=others)

    assert found
    assert not any(item.cidr.overlaps(other) for item in found if item.allowed for other in others)


networks = st.builds(
    lambda first, rest, length: IPv4Network((first << 24 | rest, length), strict=False),
    st.sampled_from([10, 100, 172, 192, 198, 54]),
    st.integers(0, 2**24 - 1),
    st.integers(16, 28),
)


@given(own=networks, candidate=networks)
def test_no_block_is_allowed_beside_another_private_range(own: IPv4Network, candidate: IPv4Network) -> None:
    private = (AddressRange.TEN, AddressRange.ONE_SEVEN_TWO, AddressRange.ONE_NINE_TWO)
    found = association(candidate, [own])
    if own.overlaps(candidate) or (
        range_of(candidate) in private and range_of(own) in private and range_of(own) is not range_of(candidate)
    ):
        assert found.allowed is False


@given(own=networks)
def test_every_candidate_is_what_the_rules_say_of_it(own: IPv4Network) -> None:
    for item in candidates([own]):
        assert item == association(item.cidr, [own])
        assert item.allowed is not False


@pytest.mark.parametrize(
    ("cidr", "zones", "slices"),
    [
        pytest.param("100.64.0.0/16", 1, ["100.64.0.0/16"], id="one zone takes all"),
        pytest.param("100.64.0.0/16", 3, ["100.64.0.0/18", "100.64.64.0/18", "100.64.128.0/18"], id="a quarter spare"),
        pytest.param("10.0.0.0/27", 3, ["10.0.0.0/28", "10.0.0.16/28"], id="no room for the third"),
        pytest.param("10.0.0.0/28", 3, ["10.0.0.0/28"], id="a /28 is not divided"),
    ],
)
def test_a_block_is_cut_in_equal_subnets_for_the_zones(cidr: str, zones: int, slices: list[str]) -> None:
    assert [str(part) for part in zone_slices(IPv4Network(cidr), zones)] == slices


KNOWN = Addition(
    cidr=IPv4Network("100.64.0.0/16"),
    vpc_id="vpc-0a",
    region="eu-west-1",
    zones=("eu-west-1a", "eu-west-1c"),
)


def test_commands_add_the_block_then_a_tagged_subnet_for_each_zone_then_eni_configs() -> None:
    block, subnets, custom = shell_steps(KNOWN)

    assert block.commands == (
        "aws ec2 associate-vpc-cidr-block --vpc-id vpc-0a --cidr-block 100.64.0.0/16 --region eu-west-1",
    )
    assert [("eu-west-1a" in text, "eu-west-1c" in text) for text in subnets.commands] == [(True, False), (False, True)]
    assert all("{Key=kubernetes.io/role/cni,Value=1}" in text for text in subnets.commands)
    assert ["100.64.0.0/17" in subnets.commands[0], "100.64.128.0/17" in subnets.commands[1]] == [True, True]
    assert "name: 'eu-west-1c'}\nspec: {subnet: $SUBNET_C}" in custom.commands[0]
    assert custom.commands[-1].startswith("kubectl set env daemonset aws-node -n kube-system")


def test_the_quota_is_asked_for_first() -> None:
    steps = shell_steps(Addition(cidr=KNOWN.cidr, quota_to_ask=6))

    assert "--quota-code L-83CA0A9D --desired-value 6" in steps[0].commands[0]


def test_terraform_declares_what_it_does_not_know() -> None:
    unknown = terraform_steps(Addition(cidr=KNOWN.cidr))[0].commands[0]
    known = terraform_steps(KNOWN)[0].commands[0]

    assert unknown.count("variable ") == 2
    assert '"${var.region}c" = "100.64.128.0/18"' in unknown
    assert "variable " not in known
    assert '"eu-west-1c" = "100.64.128.0/17"' in known
    assert '"kubernetes.io/role/cni" = "1"' in known


def test_a_vpc_that_asks_for_a_peering_takes_no_block_until_it_is_answered() -> None:
    found = candidates(blocks("10.2.0.0/16"), routes=(), peer_cidrs=(), pending_requests=("pcx-1",))
    assert found
    assert {item.allowed for item in found} == {False}
    assert all(item.reason.startswith("Its request for the peering pcx-1 is pending") for item in found)
