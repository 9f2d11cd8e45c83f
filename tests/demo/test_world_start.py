"""Starting and stopping a demo world: the same every time, quick, and without a trace."""

import os
from typing import Any

import botocore.session
import pytest
from botocore.handlers import BUILTIN_HANDLERS

from bot.demo.world import World


def facts(world: World) -> list[list[object]]:
    session = botocore.session.get_session()
    keys = world.credentials()
    ec2: Any = session.create_client(
        "ec2",
        region_name="eu-west-1",
        aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
    )
    return [ec2.describe_subnets()["Subnets"], ec2.describe_network_interfaces()["NetworkInterfaces"]]


def test_a_seed_makes_the_same_estate_every_time_and_leaves_the_environment_alone() -> None:
    environment = dict(os.environ)  # noqa: TID251 - what must not change
    seen = []
    for seed in (11, 11, 12):
        with World(seed=seed) as again:
            assert dict(os.environ) == environment  # noqa: TID251
            seen.append(facts(again))
    assert seen[0] == seen[1]
    assert seen[0] != seen[2]


def test_a_second_world_is_refused_and_nothing_stays_behind_in_botocore() -> None:
    before = list(BUILTIN_HANDLERS)
    with World() as first:
        assert list(BUILTIN_HANDLERS) != before
        with pytest.raises(RuntimeError, match="Another demo world"), World():
            pass
        assert len(facts(first)[0]) == 9
    assert list(BUILTIN_HANDLERS) == before
