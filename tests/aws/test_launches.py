"""Failed launches, tagged subnets and instance states as the reader brings them, from the demo's AWS."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from bot.aws.launches import LAST
from bot.aws.reader import Reader
from bot.demo.world import World
from bot.errors import QueryError
from bot.inventory import Account
from bot.wiring import Parts
from bot.wiring.parts import demo_estate

STAGE, REGION = "222233334444", "eu-west-1"


@pytest.fixture(scope="module")
def read() -> Iterator[tuple[World, Parts]]:
    with demo_estate() as found:
        parts = Parts(found.settings)
        yield found.world, parts
        parts.close()


def reader_and_account(parts: Parts) -> tuple[Reader, Account]:
    reader = parts.services.reader()
    return reader, next(account for account in reader.accounts() if account.account_id == STAGE)


def test_failures_of_the_clusters_groups_come_newest_first_without_the_old_ones(read: tuple[World, Parts]) -> None:
    world, parts = read
    reader, account = reader_and_account(parts)
    now = parts.services.now()
    for words, ago in (("an hour ago", timedelta(hours=1)), ("now", timedelta(0)), ("too old", LAST * 2)):
        world.fail_launches("stage-eu", "stage", f"<{words}> & no address", now - ago)
    world.fail_launches("data-eu", "spark", "of another cluster", now)
    found = reader.launch_failures(account, REGION, "stage-eu")
    assert [failure.message for failure in found] == ["<now> & no address", "<an hour ago> & no address"]
    assert {failure.group for failure in found} == {"eks-stage-stage-eu"}
    assert reader.launch_failures(account, REGION, "no-such-cluster") == ()


def test_a_refusal_names_the_permission(read: tuple[World, Parts]) -> None:
    world, parts = read
    reader, account = reader_and_account(parts)
    world.faults.deny("autoscaling:DescribeAutoScalingGroups", STAGE)
    try:
        with pytest.raises(QueryError, match="autoscaling:DescribeAutoScalingGroups is not allowed"):
            reader.launch_failures(account, REGION, "stage-eu")
    finally:
        world.faults.reset()


def test_subnets_of_a_vpc_come_with_their_tags_and_the_count_of_now(read: tuple[World, Parts]) -> None:
    world, parts = read
    reader, account = reader_and_account(parts)
    world.tag_subnet("stage-pods-1a", {"kubernetes.io/role/cni": "1"})
    known = {subnet.name: subnet for subnet in parts.services.facts().inventory().subnets if subnet.account_id == STAGE}
    vpc_id = known["stage-pods-1a"].vpc_id
    found = {each.subnet.name: each for each in reader.tagged_subnets(account, REGION, vpc_id)}
    assert set(found) == {"stage-pods-1a", "private-1b", "stage-control-1a", "stage-control-1b"}
    tags = found["stage-pods-1a"].tags
    assert tags is not None
    assert tags["kubernetes.io/role/cni"] == "1"
    assert found["stage-pods-1a"].subnet.available_ips == known["stage-pods-1a"].available_ips


def test_an_instance_that_ec2_does_not_know_has_no_state(read: tuple[World, Parts]) -> None:
    _, parts = read
    reader, account = reader_and_account(parts)
    subnets = [s for s in parts.services.facts().inventory().subnets if s.name == "stage-pods-1a"]
    node = reader.contents(subnets).nodes[0]
    states = reader.instance_states(account, REGION, [node.instance_id, "i-00000000000000001"])
    assert states == {node.instance_id: "running"}
