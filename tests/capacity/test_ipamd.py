"""ipamd step by step: when it grows, when it shrinks, what it asks of EC2, and what a full subnet does to it."""

from collections import Counter
from itertools import pairwise

import pytest

from bot.capacity.datastore import Placement
from bot.capacity.eni_limits import snapshot_limits
from bot.capacity.ipamd import ActionKind, Ipamd, SubnetRoom
from bot.capacity.warmpool import CniRefusesToStart, PoolMode, PoolSettings
from bot.inventory import InstanceLimits

PREFIX = PoolMode.PREFIX
ONE_PREFIX = PoolSettings(mode=PREFIX, warm_prefix=1)


def limits_of(instance_type: str) -> InstanceLimits:
    found = snapshot_limits(instance_type)
    assert found is not None, f"{instance_type} is missing from the snapshot"
    return found


M5_LARGE = limits_of("m5.large")
"""3 ENIs of 9 addresses for pods."""


def settled(options: PoolSettings, pods: int, limits: InstanceLimits = M5_LARGE) -> Ipamd:
    node = Ipamd(limits, options)
    node.grow_out()
    for _ in range(pods):
        node.add_pods(1)
        node.grow_out()
    return node


def kinds(node: Ipamd, since: int = 0) -> Counter[ActionKind]:
    return Counter(action.kind for action in node.actions[since:])


# Growth


def test_the_first_pod_attaches_the_second_eni() -> None:
    """A new m5.large takes 10 addresses of its subnet, and 20 as soon as one pod asked for an address."""
    node = settled(PoolSettings(), 0)
    assert node.pool().node_subnet_addresses == 10

    node.add_pods(1)
    node.grow_out()
    assert node.pool().node_subnet_addresses == 20


def test_each_loop_takes_one_step() -> None:
    """From one ENI to four takes three loops at least, and the pods without an address wait through them."""
    node = settled(PoolSettings(), 0, limits_of("m5.xlarge"))
    node.add_pods(50)
    enis = []
    while node.waiting:
        enis.append(node.pool().enis)
        assert sum(action.kind is ActionKind.NEW_ENI for action in node.tick()) <= 1

    assert enis == [1, 2, 3]
    assert node.seconds >= 3 * 5 + 3 * 10


@pytest.mark.parametrize(
    ("options", "pods", "grows"),
    [
        pytest.param(PoolSettings(warm_eni=0), 2, False, id="2 of 3 used, 0 warm ENI"),
        pytest.param(PoolSettings(warm_eni=0), 3, True, id="3 of 3 used, 0 warm ENI"),
        pytest.param(PoolSettings(warm_eni=1), 1, True, id="1 of 3 used, 1 warm ENI"),
        pytest.param(PoolSettings(warm_ip=2), 1, True, id="1 left of 2, 2 warm IPs"),
        pytest.param(PoolSettings(minimum_ip=2), 2, False, id="2 of 2 used, minimum alone"),
        pytest.param(ONE_PREFIX, 3, True, id="3 of 16 used, 1 warm prefix"),
        pytest.param(PoolSettings(mode=PREFIX, warm_ip=10), 6, False, id="10 left, 10 warm IPs, prefixes"),
        pytest.param(PoolSettings(mode=PREFIX, warm_ip=10), 7, True, id="9 left, 10 warm IPs, prefixes"),
        pytest.param(PoolSettings(max_pods=3), 1, False, id="max-pods addresses are there already"),
    ],
)
def test_when_the_pool_is_too_low(options: PoolSettings, pods: int, grows: bool) -> None:
    """Source: TestIPAMContext_nodeIPPoolTooLow, …_nodePrefixPoolTooLow of ipamd_test.go, for t3.small's 3 slots."""
    node = settled(options, 0, limits_of("t3.small"))
    before = node.pool().addresses
    node.add_pods(pods)
    node.grow_out()

    assert (node.pool().addresses > before) is grows


def test_warm_prefixes_are_counted_in_addresses() -> None:
    """Half-used prefixes count: 17 pods spread over three prefixes leave 31 addresses, so two more come for one pod."""
    options = PoolSettings(mode=PREFIX, warm_prefix=2)
    packed, spread = Ipamd(M5_LARGE, options), Ipamd(M5_LARGE, options, placement=Placement.SPREAD)
    for node in (packed, spread):
        for _ in range(17):
            node.add_pods(1)
            node.grow_out()

    assert (packed.pool().prefixes, spread.pool().prefixes) == (4, 5)


def test_a_cordoned_node_neither_grows_nor_frees_enis() -> None:
    node = settled(PoolSettings(), 5)
    node.unschedulable = True
    node.add_pods(20)
    node.run(300)
    assert (node.pool().enis, node.waiting) == (2, 7)

    node.remove_pods(25)
    node.run(300)
    assert node.pool().enis == 2

    node.unschedulable = False
    node.run(300)
    assert node.pool().enis == 1


def test_prefix_mode_without_a_target_does_not_start() -> None:
    with pytest.raises(CniRefusesToStart):
        Ipamd(M5_LARGE, PoolSettings(mode=PREFIX))


# Shrinking


def test_addresses_go_back_at_most_every_thirty_seconds() -> None:
    node = settled(PoolSettings(warm_ip=2), 8)
    start = len(node.actions)
    for _ in range(6):
        node.remove_pods(1)
        node.run(10)
    node.run(120)
    returns = [action.seconds for action in node.actions[start:] if action.kind is ActionKind.UNASSIGN]

    assert node.pool().addresses == 4
    assert len(returns) < 6
    assert all(later - earlier > 30 for earlier, later in pairwise(returns))


def test_single_addresses_are_never_returned_without_ip_targets() -> None:
    node = settled(PoolSettings(), 20)
    node.remove_pods(20)
    node.run(600)

    assert kinds(node)[ActionKind.UNASSIGN] == 0
    assert node.pool().per_eni == (9,)


def test_an_eni_goes_only_when_it_is_a_minute_old_and_nothing_on_it_rests() -> None:
    node = settled(PoolSettings(), 0)
    node.add_pods(1)
    node.grow_out()
    attached = node.actions[-1].seconds
    node.remove_pods(1)
    node.run(120)
    freed = [action.seconds for action in node.actions if action.kind is ActionKind.FREE_ENI]

    assert len(freed) == 1
    assert freed[0] - attached >= 60


def test_an_old_eni_stays_while_an_address_on_it_rests() -> None:
    node = settled(PoolSettings(), 12)
    node.run(300)
    node.remove_pods(12)
    removed = node.seconds
    node.run(120)
    freed = [action.seconds - removed for action in node.actions if action.kind is ActionKind.FREE_ENI]

    # The third ENI never had a pod and goes in the first loop; the second waits for the cooldown of its addresses.
    assert freed == [5, 30]


def test_pods_are_never_moved_so_a_spread_node_keeps_its_enis() -> None:
    packed, spread = (Ipamd(M5_LARGE, PoolSettings(), placement=placement) for placement in Placement)
    for node in (packed, spread):
        for _ in range(24):
            node.add_pods(1)
            node.grow_out()
        node.remove_pods(21, oldest=True)
        node.run(900)

    assert packed.pool().enis == 2
    assert spread.pool().enis == 3


def test_free_prefixes_above_the_target_go_back() -> None:
    node = settled(ONE_PREFIX, 40)
    assert node.pool().prefixes == 4
    node.remove_pods(30)
    node.run(300)

    assert node.pool().prefixes == 2


def test_an_eni_that_holds_the_warm_prefix_stays() -> None:
    """40 pods fill the primary's three prefixes; the second ENI has no pod and the one prefix that is to be free."""
    node = settled(ONE_PREFIX, 40, limits_of("t3.small"))
    node.run(900)

    assert node.pool().per_eni == (3, 1)
    assert kinds(node)[ActionKind.FREE_ENI] == 0


def test_warm_eni_0_with_full_enis_attaches_and_frees_an_eni_again_and_again() -> None:
    node = settled(PoolSettings(warm_eni=0), 9)
    start = len(node.actions)
    node.run(1_800)
    seen = kinds(node, start)

    assert seen[ActionKind.NEW_ENI] > 10
    assert abs(seen[ActionKind.NEW_ENI] - seen[ActionKind.FREE_ENI]) <= 1


# Cooldown


def test_a_resting_address_counts_as_available_but_no_pod_gets_it() -> None:
    node = settled(PoolSettings(warm_ip=1, minimum_ip=3, max_pods=3), 3)
    node.remove_pods(1)
    node.add_pods(1)
    assert (node.waiting, node.pool().unused) == (1, 1)

    node.run(25)
    assert node.waiting == 1
    node.run(5)
    assert node.waiting == 0


def test_without_cooldown_the_address_is_used_again_at_once() -> None:
    node = Ipamd(M5_LARGE, PoolSettings(warm_ip=1, minimum_ip=3, max_pods=3), cooldown_seconds=0)
    node.add_pods(3)
    node.remove_pods(1)
    node.add_pods(1)

    assert node.waiting == 0


# A subnet with little room


def test_a_refused_eni_stops_growth_for_two_minutes() -> None:
    node = Ipamd(M5_LARGE, PoolSettings(), subnet=SubnetRoom(free_ips=18))
    node.grow_out()
    node.add_pods(5)
    node.run(600)
    refused = [action.seconds for action in node.actions if action.kind is ActionKind.REFUSED]

    assert (node.pool().enis, node.waiting) == (1, 0)
    assert len(refused) == 5
    assert all(later - earlier >= 120 for earlier, later in pairwise(refused))


def test_growth_goes_on_once_the_subnet_has_room_and_the_pause_is_over() -> None:
    room = SubnetRoom(free_ips=9)
    node = Ipamd(M5_LARGE, PoolSettings(), subnet=room)
    node.add_pods(12)
    node.tick()
    assert node.pool().notes == ("The subnet had no room: growth is paused.",)

    room.put_back(ips=50)
    node.run(60)
    assert (node.pool().enis, node.waiting) == (1, 3)
    node.run(120)
    assert (node.pool().enis, node.waiting, node.pool().notes) == (3, 0, ())


def test_one_address_is_asked_for_where_the_whole_batch_is_refused() -> None:
    node = Ipamd(M5_LARGE, PoolSettings(warm_ip=5), subnet=SubnetRoom(free_ips=3))

    assert [(action.kind, action.units) for action in node.actions] == [
        (ActionKind.REFUSED, 5),
        (ActionKind.ASSIGN, 1),
    ]


def test_a_node_at_its_eni_limit_asks_a_full_subnet_in_every_loop_unless_discovery_is_off() -> None:
    """With discovery on the error is passed over, and no new ENI is left to be refused: no pause ever starts."""
    asked = {}
    for discovery in (True, False):
        node = Ipamd(
            M5_LARGE,
            PoolSettings(warm_ip=5, max_eni=1),
            subnet=SubnetRoom(free_ips=0),
            subnet_discovery=discovery,
        )
        node.run(600)
        asked[discovery] = kinds(node)[ActionKind.REFUSED]

    assert asked[True] > 200
    assert asked[False] == 2 * 6


def test_prefixes_need_whole_blocks() -> None:
    """Thousands of free addresses without a free /28 give no prefix."""
    node = Ipamd(M5_LARGE, ONE_PREFIX, subnet=SubnetRoom(free_ips=3_000, free_blocks=0))
    node.run(300)

    assert node.pool().prefixes == 0
    assert kinds(node)[ActionKind.REFUSED] > 0


def test_what_goes_back_can_be_taken_again() -> None:
    room = SubnetRoom(free_ips=100, free_blocks=6)
    node = Ipamd(M5_LARGE, ONE_PREFIX, subnet=room)
    node.add_pods(40)
    node.run(60)
    assert (room.free_ips, room.free_blocks) == (36, 2)
    node.remove_pods(40)
    node.run(300)

    assert (room.free_ips, room.free_blocks) == (84, 5)


# The trunk


def test_the_slot_of_the_trunk_is_kept_until_it_is_attached() -> None:
    node = Ipamd(M5_LARGE, PoolSettings(warm_eni=3, pod_eni=True))
    node.grow_out()

    assert (node.pool().enis, node.pool().node_subnet_addresses) == (2, 2 + 18 + 1)


def test_pods_without_an_address_end_first() -> None:
    node = settled(PoolSettings(), 27)
    node.add_pods(3)
    node.remove_pods(4, oldest=True)

    assert (node.waiting, node.pool().assigned) == (0, 26)
