"""Pictures of subnets are drawn of what is known, and of nothing else."""

from dataclasses import replace

import pytest
from builders import contents, eni, subnet

from bot.capacity.standing import Standing, standing
from bot.capacity.subnets import Limits
from bot.commands.subnet_pictures import HIDDEN, block_picture, zones_picture
from bot.inventory import SubnetContents
from bot.message import Paint

LIMITS = Limits(floor_ips=8, low_pct=20, critical_pct=10, clear_pct=25)
PLAIN, OTHER, SMALL = (
    subnet("subnet-0a", "10.0.0.0/26", available_ips=58, az="eu-west-1a", az_id="euw1-az1"),
    subnet("subnet-0b", "10.0.1.0/26", available_ips=59, az="eu-west-1b", az_id="euw1-az2"),
    subnet("subnet-0a", "10.0.2.0/28", available_ips=10),
)
READ = contents(eni("10.0.0.20"), subnet_ids=("subnet-0a", "subnet-0b"))


def stands(which: int, read: SubnetContents | None = READ) -> Standing:
    return standing((PLAIN, OTHER, SMALL)[which], read, LIMITS)


def test_a_block_is_painted_by_what_stands_in_it() -> None:
    (picture,) = block_picture(stands(0), READ.enis, ())
    assert picture.cells == (Paint.OUT, Paint.BROKEN, Paint.FREE, Paint.OUT)
    assert (picture.first, picture.last) == ("10.0.0.0", "10.0.0.48")
    assert picture.title == "private-1a: 1 of 2 /28 blocks free"


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(stands(0, None), id="interfaces not read"),
        pytest.param(replace(stands(0), unattributed_ips=3), id="interfaces of other accounts hidden"),
        pytest.param(stands(2), id="no prefix ever fits"),
    ],
)
def test_no_map_is_drawn_of_blocks_that_are_not_known(row: Standing) -> None:
    assert block_picture(row, READ.enis, ()) == ()


def test_each_zone_adds_up_and_the_fullest_comes_first() -> None:
    hidden = replace(stands(0), unattributed_ips=3, free_ips=55)
    (picture,) = zones_picture("prod-eu", [stands(1), hidden], READ)
    assert [bar.name for bar in picture.bars] == ["eu-west-1a", "eu-west-1b"]
    assert [bar.total for bar in picture.bars] == [59, 59]
    assert HIDDEN in picture.layers
    assert "eu-west-1a 55 of 59 free, eu-west-1b 59 of 59 free" in picture.alt


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([stands(0)], id="one zone"),
        pytest.param([stands(0), replace(stands(1), free_ips=None)], id="another that is not known"),
        pytest.param([stands(0), replace(stands(1), unattributed_ips=None)], id="another whose holders are not known"),
    ],
)
def test_no_zones_are_drawn_where_fewer_than_two_are_known(rows: list[Standing]) -> None:
    assert zones_picture("prod-eu", rows, READ) == ()
