"""Standing: a subnet against its thresholds, with what was and was not read of its contents."""

import pytest
from builders import LIMITS, cluster, contents, eni, reservation, subnet

from bot.capacity.blocks import Capacities
from bot.capacity.standing import enis_of, looks_low, prefix_subnet_ids, reading_order, standing, standings
from bot.capacity.subnets import SubnetState
from bot.inventory import Cluster, Subnet

PREFIX_MODE = (("ENABLE_PREFIX_DELEGATION", "true"),)


def test_a_healthy_subnet_needs_nothing_but_its_own_count() -> None:
    found = standing(subnet(available_ips=200), None, LIMITS)

    assert (found.state, found.usable_ips, found.free_ips) == (SubnetState.OK, 251, 200)
    assert found.free_pct == 79.7
    assert (found.reserved_free_ips, found.blocks, found.unattributed_ips) == (None, None, None)


def test_a_subnet_kept_for_prefixes_is_ok_although_ec2_counts_almost_nothing() -> None:
    """AvailableIpAddressCount leaves out reserved space that is not allocated yet."""
    kept = contents(eni("10.0.0.4"), reservations=(reservation("10.0.0.16/28"), reservation("10.0.0.128/25")))

    found = standing(subnet(available_ips=0), kept, LIMITS)

    assert found.state is SubnetState.OK
    assert (found.available_ips, found.reserved_free_ips, found.free_ips) == (0, 143, 143)


def test_a_subnet_that_looks_low_is_unknown_while_its_reservations_are_unread() -> None:
    low = subnet(available_ips=3)

    assert standing(low, None, LIMITS).state is SubnetState.UNKNOWN
    assert standing(low, contents(reservations_read=()), LIMITS).state is SubnetState.UNKNOWN
    assert standing(low, contents(reservations_read=()), LIMITS).free_ips is None


def test_a_subnet_that_looks_low_is_unknown_while_its_interfaces_are_unread() -> None:
    kept = (reservation("10.0.0.128/25"),)
    unread = contents(subnet_ids=("subnet-0b",), reservations=kept, reservations_read=("subnet-0a", "subnet-0b"))

    assert standing(subnet(available_ips=3), unread, LIMITS).state is SubnetState.UNKNOWN


def test_a_subnet_known_to_have_no_reservations_is_judged_without_its_interfaces() -> None:
    unread = contents(subnet_ids=("subnet-0b",), reservations_read=("subnet-0a", "subnet-0b"))
    found = standing(subnet(available_ips=3), unread, LIMITS)

    assert (found.state, found.free_ips, found.blocks) == (SubnetState.CRITICAL, 3, None)


def test_a_low_subnet_without_reservations_is_low_and_everything_is_explained() -> None:
    held = eni(*(f"10.0.0.{host}" for host in range(4, 235)))

    found = standing(subnet(available_ips=20), contents(held), LIMITS)

    assert (found.state, found.free_ips, found.unattributed_ips) == (SubnetState.LOW, 20, 0)


def test_addresses_no_visible_interface_holds_are_counted_apart() -> None:
    found = standing(subnet(available_ips=100), contents(eni("10.0.0.4")), LIMITS)

    assert found.unattributed_ips == 150


def test_an_ipv6_only_subnet_has_no_ipv4_figures_and_no_verdict() -> None:
    found = standing(subnet(cidr=None, available_ips=0, ipv6_cidrs=("2001:db8::/64",)), None, LIMITS)

    assert (found.state, found.usable_ips, found.free_ips, found.free_pct) == (SubnetState.UNKNOWN, 0, None, None)


def test_a_count_ec2_did_not_give_is_unknown() -> None:
    assert standing(subnet(available_ips=None), contents(), LIMITS).state is SubnetState.UNKNOWN


@pytest.mark.parametrize(
    ("facts", "low"),
    [
        pytest.param(subnet(available_ips=26), False, id="at the threshold"),
        pytest.param(subnet(available_ips=25), True, id="below it"),
        pytest.param(subnet(available_ips=0), True, id="nothing available"),
        pytest.param(subnet(available_ips=None), False, id="not known"),
        pytest.param(subnet(cidr=None, available_ips=0), False, id="IPv6-only"),
        pytest.param(subnet(cidr="10.0.0.0/28", available_ips=11), False, id="an empty /28"),
    ],
)
def test_the_screening_looks_at_ec2s_count_alone(facts: Subnet, low: bool) -> None:
    assert looks_low(facts, LIMITS) is low


@pytest.mark.parametrize(
    ("facts", "clusters", "worth"),
    [
        pytest.param(subnet(available_ips=3), [], True, id="it looks low"),
        pytest.param(subnet(), [cluster(environment=PREFIX_MODE)], True, id="a cluster there needs whole blocks"),
        pytest.param(
            subnet(),
            [cluster(subnet_ids=(), node_subnet_ids=("subnet-0a",), environment=PREFIX_MODE)],
            True,
            id="a node group there needs whole blocks",
        ),
        pytest.param(
            subnet(),
            [cluster(node_subnet_ids=("subnet-0b",), environment=PREFIX_MODE)],
            False,
            id="only the control plane is here, the nodes are elsewhere",
        ),
        pytest.param(
            subnet(),
            [cluster(environment=PREFIX_MODE, ip_family="ipv6")],
            False,
            id="an IPv6 cluster takes no IPv4 blocks",
        ),
        pytest.param(subnet(), [cluster()], False, id="secondary mode and plenty left"),
        pytest.param(subnet(), [cluster(subnet_ids=("subnet-0b",), environment=PREFIX_MODE)], False, id="elsewhere"),
        pytest.param(subnet(), [cluster(cni_source="unknown")], False, id="the mode is not known"),
    ],
)
def test_interfaces_are_read_only_where_they_matter(facts: Subnet, clusters: list[Cluster], worth: bool) -> None:
    assert reading_order([facts], LIMITS, prefix_subnet_ids(clusters)) == ((facts,) if worth else ())


def test_what_may_be_out_of_addresses_or_blocks_is_read_before_what_is_surely_well() -> None:
    """A /24 with 240 addresses free has at least three of its 14 blocks; with 200 free it may have none."""
    surely_well, doubtful = subnet("subnet-well", available_ips=240), subnet("subnet-doubtful", available_ips=200)
    low, roomy = subnet("subnet-low", available_ips=9), subnet("subnet-roomy", "10.1.0.0/16", available_ips=65_000)
    subnets = [roomy, surely_well, doubtful, low]
    of_prefixes = cluster(subnet_ids=tuple(facts.subnet_id for facts in subnets), environment=PREFIX_MODE)

    assert reading_order(subnets, LIMITS, prefix_subnet_ids([of_prefixes])) == (low, doubtful, surely_well, roomy)


def test_what_is_known_of_many_subnets_is_what_is_known_of_each() -> None:
    """Interfaces and reservations of a subnet that was not read whole count for nothing."""
    subnets = [subnet(f"subnet-{part}", f"10.0.{part}.0/24", available_ips=3 + part) for part in range(4)]
    enis = [eni(f"10.0.{part}.{host}", subnet_id=f"subnet-{part}") for part in range(4) for host in range(20, 60)]
    kept = tuple(reservation(f"10.0.{part}.128/25", subnet_id=f"subnet-{part}") for part in (1, 3))
    read = contents(
        *enis,
        subnet_ids=("subnet-0", "subnet-1", "subnet-2"),
        reservations=kept,
        reservations_read=("subnet-0", "subnet-1", "subnet-3"),
    )

    found = standings(subnets, read, LIMITS)

    assert found == {facts.subnet_id: standing(facts, read, LIMITS) for facts in subnets}
    maps = {subnet_id: row.blocks for subnet_id, row in found.items()}
    assert {subnet_id for subnet_id, blocks in maps.items() if blocks is not None} == {"subnet-0", "subnet-1"}
    assert [row.reserved_free_ips for row in found.values()] == [0, 127, None, None]


def test_the_four_figures_of_a_subnet_are_told_apart() -> None:
    """5 addresses free for single use, 127 kept for prefixes, 7 whole blocks among them; the warm ones are unseen."""
    held = eni(*(f"10.0.0.{host}" for host in range(9, 128)))
    kept = contents(held, reservations=(reservation("10.0.0.128/25"),))

    assert standing(subnet(available_ips=5), kept, LIMITS).capacities == Capacities(
        available_ips=5, free_prefix_reserved_ips=127, free_blocks=7, warm_ips=None
    )
    assert standing(subnet(available_ips=5), None, LIMITS).capacities == Capacities(
        available_ips=5, free_prefix_reserved_ips=None, free_blocks=None, warm_ips=None
    )


def test_standings_come_by_subnet_id() -> None:
    found = standings([subnet("subnet-0a"), subnet("subnet-0b", available_ips=None)], None, LIMITS)

    assert {subnet_id: row.state.value for subnet_id, row in found.items()} == {
        "subnet-0a": "ok",
        "subnet-0b": "unknown",
    }


def test_the_interfaces_of_a_subnet_are_those_that_lie_in_it() -> None:
    here, there = eni("10.0.0.4", eni_id="eni-here"), eni("10.0.1.4", eni_id="eni-there", subnet_id="subnet-0b")

    assert enis_of("subnet-0a", contents(here, there, subnet_ids=("subnet-0a", "subnet-0b"))) == (here,)
