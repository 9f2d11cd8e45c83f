"""Limits of instance types in the monitor: one answer of EC2 in a region does for every account."""

from collections.abc import Iterable, Mapping
from datetime import timedelta

from builders import NOW, REGION, instance_limits

from bot.capacity.eni_limits import snapshot_limits
from bot.errors import QueryError
from bot.inventory import InstanceLimits
from bot.monitor.type_limits import KEPT, TypeLimits

OWN = instance_limits("m5.large", 3, 9)


class Ec2:
    """Counts what it is asked; the account named `closed` is refused."""

    def __init__(self) -> None:
        self.asked: list[tuple[tuple[str, ...], str, str]] = []

    def read(self, types: Iterable[str], account_id: str, region: str) -> Mapping[str, InstanceLimits]:
        names = tuple(types)
        self.asked.append((names, account_id, region))
        if account_id == "closed":
            raise QueryError("denied")
        return {name: OWN for name in names if name == "m5.large"}


def test_a_type_is_asked_for_once_in_a_region_and_again_after_a_day() -> None:
    ec2, at = Ec2(), [NOW]
    limits = TypeLimits(ec2.read, lambda: at[0])
    for account_id in ("one", "two", "three"):
        assert limits.of({"m5.large"}, account_id, REGION) == {"m5.large": OWN}
    limits.of({"m5.large"}, "two", "us-west-2")
    at[0] += KEPT - timedelta(seconds=1)
    limits.of({"m5.large"}, "two", REGION)
    at[0] += timedelta(seconds=1)
    limits.of({"m5.large"}, "two", REGION)
    assert [(account_id, region) for _, account_id, region in ec2.asked] == [
        ("one", REGION),
        ("two", "us-west-2"),
        ("two", REGION),
    ]


def test_where_an_account_refuses_the_snapshot_stands_in_and_the_next_account_is_asked() -> None:
    ec2 = Ec2()
    limits = TypeLimits(ec2.read, lambda: NOW)
    assert limits.of({"m5.large"}, "closed", REGION) == {"m5.large": snapshot_limits("m5.large")}
    assert limits.of({"m5.large"}, "open", REGION) == {"m5.large": OWN}


def test_a_type_that_ec2_does_not_name_comes_from_the_snapshot_and_one_nobody_knows_is_left_out() -> None:
    limits = TypeLimits(Ec2().read, lambda: NOW)
    found = limits.of({"m5.large", "m5.xlarge", "m5.enormous"}, "one", REGION)
    assert found == {"m5.large": OWN, "m5.xlarge": snapshot_limits("m5.xlarge")}
