"""Plans: how many nodes fit a zone, at which node it stops, what is short, and the options that make them fit."""

import random
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

import pytest
from builders import (
    cluster,
    contents,
    eni,
    instance_limits,
    inventory,
    node,
    region_facts,
    reservation,
    subnet,
    vpc,
)
from hypothesis import given
from hypothesis import strategies as st

from bot.capacity.cni_env import settings_as_shipped
from bot.capacity.eni_limits import known_types, snapshot_limits
from bot.capacity.options import options
from bot.capacity.plan import Binding, even_most, even_shares, plan
from bot.capacity.plan_question import Option, Question
from bot.capacity.rooms import Need, Room, Take, Zone, full_need, node_need
from bot.capacity.sites import Held, Site, grown, node_subnets, site, subnets_to_read
from bot.capacity.vpc_space import first_free
from bot.capacity.warmpool import PoolMode, PoolSettings, steady_state
from bot.inventory import Cluster, Inventory, Nodegroup, ReservationType
from bot.scope import Scope, ScopeKind, cluster_key, resolve

SHIPPED = settings_as_shipped()
PREFIX = replace(SHIPPED, mode=PoolMode.PREFIX)
XLARGE = instance_limits("m5.xlarge", 4, 15, vcpus=4)


def room(free: int | None, *, kept: int = 0, blocks: int | None = 0, reserved: int | None = 0, name: str = "a") -> Room:
    return Room(
        subnet_id=f"subnet-{name}",
        label=f"private-1{name}",
        free_ips=free,
        singles=None if free is None else free - kept,
        kept_ips=kept,
        open_blocks=blocks,
        reserved_blocks=reserved,
    )


def zone(*rooms: Room, name: str = "a", pods: tuple[Room, ...] = (), discovered: tuple[Room, ...] = ()) -> Zone:
    return Zone(az_id=f"euw1-az{name}", az=f"eu-west-1{name}", node_rooms=rooms, pod_rooms=pods, discovered=discovered)


def test_the_example_of_the_guide() -> None:
    """CHAT 5.3: 40 full m5.xlarge of 60 addresses with 203 free stop at the fourth, 2,197 addresses short."""
    need = full_need(XLARGE, SHIPPED)
    found = plan([zone(room(203))], need, 40)
    assert need.ips == 60
    assert found.fits is False
    assert found.short_by_ips == 2_197
    assert found.first_full is not None
    assert found.first_full[1] == 4


@pytest.mark.parametrize(
    ("settings", "pods", "node_ips", "pod_ips", "blocks"),
    [
        pytest.param(SHIPPED, 27, 30, 0, 0, id="secondary, full"),
        pytest.param(SHIPPED, 0, 10, 0, 0, id="secondary, empty: the primary ENI is filled"),
        pytest.param(replace(SHIPPED, warm_ip=2, minimum_ip=10), 20, 25, 0, 0, id="WARM_IP_TARGET: as many as needed"),
        pytest.param(PREFIX, 27, 1 + 3 * 16, 0, 3, id="prefixes: two used, one warm"),
        pytest.param(replace(SHIPPED, custom_networking=True), 18, 1, 20, 0, id="custom networking: two ENIs for pods"),
        pytest.param(replace(PREFIX, custom_networking=True), 27, 1, 1 + 3 * 16, 3, id="both"),
    ],
)
def test_a_node_takes_what_the_warm_pool_holds(
    settings: PoolSettings, pods: int, node_ips: int, pod_ips: int, blocks: int
) -> None:
    need = node_need(instance_limits(), settings, pods)
    assert need.node.ips == node_ips
    assert (need.pods.ips if need.pods else 0) == pod_ips
    assert need.node.blocks + (need.pods.blocks if need.pods else 0) == blocks


def test_a_node_of_an_ipv6_cluster_takes_one_address() -> None:
    assert node_need(instance_limits(), PREFIX, 100, ipv6=True) == Need(node=Take(singles=1))


@pytest.mark.parametrize("name", known_types()[::40])
@pytest.mark.parametrize("settings", [SHIPPED, PREFIX, replace(SHIPPED, warm_ip=3, minimum_ip=7, pod_eni=True)])
@pytest.mark.parametrize("pods", [0, 1, 29, 110])
def test_the_parts_of_a_need_are_the_pool(name: str, settings: PoolSettings, pods: int) -> None:
    """For any type: its subnets add up to the pool, and the ENIs that may be elsewhere cover the rest."""
    limits = snapshot_limits(name)
    assert limits is not None
    pool = steady_state(limits, settings, pods)
    need = node_need(limits, settings, pods)
    assert need.ips == pool.subnet_addresses
    if not need.node.blocks:
        assert need.primary_ips + need.extra_enis * need.eni_ips >= need.ips
        assert need.primary_ips <= need.ips


takes = st.builds(Take, singles=st.integers(1, 60), blocks=st.integers(0, 20))
rooms = st.builds(
    room, st.integers(0, 3000), kept=st.integers(0, 8), blocks=st.integers(0, 200), reserved=st.integers(0, 60)
)


@given(rooms, takes)
def test_the_last_node_that_fits_fits_and_the_next_does_not(here: Room, take: Take) -> None:
    fit = here.nodes_fit(take)
    assert fit is not None
    assert fit == 0 or here.holds(take, fit)
    assert not here.holds(take, fit + 1)


@given(rooms, takes, st.integers(1, 500), st.integers(0, 40))
def test_more_free_space_never_takes_fewer_nodes(here: Room, take: Take, ips: int, blocks: int) -> None:
    more = here.with_more(ips, blocks=blocks).nodes_fit(take)
    assert (more or 0) >= (here.nodes_fit(take) or 0)


@given(st.lists(rooms, min_size=1, max_size=4), st.lists(rooms, max_size=2), st.integers(0, 300), st.integers(1, 30))
def test_a_zone_with_more_free_takes_no_fewer_nodes(own: list[Room], others: list[Room], ips: int, pods: int) -> None:
    """With subnet discovery too, whichever subnet the addresses come back to."""
    need = node_need(XLARGE, SHIPPED, pods)
    before = zone(*own, discovered=tuple(others))
    after = zone(own[0].with_more(ips), *own[1:], discovered=tuple(others))
    assert (after.nodes_fit(need) or 0) >= (before.nodes_fit(need) or 0)
    assert (before.nodes_fit(need) or 0) >= (zone(*own).nodes_fit(need) or 0)


@given(st.lists(rooms, min_size=1, max_size=5), takes)
def test_asking_how_many_fit_agrees_with_asking_for_them(found: list[Room], take: Take) -> None:
    """The reverse question: that many fit spread evenly, one more does not."""
    zones = [zone(here, name=str(index)) for index, here in enumerate(found)]
    need = Need(node=take)
    most = plan(zones, need, None).most_nodes
    assert most is not None
    assert most == 0 or plan(zones, need, most).fits is True
    asked = plan(zones, need, most + 1)
    assert asked.fits is False
    assert (asked.short_by_ips or 0) > 0
    assert asked.first_full is not None
    assert 1 <= asked.first_full[1] <= most + 1


@given(st.lists(st.integers(0, 50), min_size=1, max_size=6), st.integers(1, 300))
def test_shares_are_even_and_complete(fits: list[int], nodes: int) -> None:
    shares = [share or 0 for share in even_shares(fits, nodes)]
    assert sum(shares) == nodes
    assert max(shares) - min(shares) <= 1
    assert (nodes <= (even_most(fits) or 0)) == all(share <= fit for share, fit in zip(shares, fits, strict=True))


@given(st.integers(0, 10_000), st.integers(0, 60), st.integers(1, 3), st.integers(1, 8))
def test_what_fits_by_the_model_fits_however_ec2_places_it(seed: int, taken: int, singles: int, blocks: int) -> None:
    """Nodes placed one by one in a real subnet, single addresses wherever they do the most harm: all of them start."""
    chance = random.Random(seed)
    cidr = IPv4Network("10.0.0.0/23")
    free = set(range(4, 511))
    for offset in chance.sample(sorted(free), taken):
        free.discard(offset)
    used = [IPv4Address(int(cidr.network_address) + i) for i in range(4, 511) if i not in free]
    here = subnet(cidr=str(cidr), available_ips=len(free))
    facts = inventory(region_facts(here, vpcs=(vpc("vpc-0a", "main", "10.0.0.0/16"),)))
    read = contents(eni(*(str(address) for address in used)) if used else eni())
    found = site([here], None, facts, read, prefixes=True, custom_networking=False)
    take = Take(singles=singles, blocks=blocks)
    fit = found.zones[0].nodes_fit(Need(node=take))
    assert fit is not None
    for _ in range(fit):
        for _ in range(blocks):
            whole = [b for b in range(1, 31) if all(b * 16 + i in free for i in range(16))]
            assert whole, "no block left for a node that was said to fit"
            start = chance.choice(whole) * 16
            free -= set(range(start, start + 16))
        for _ in range(singles):
            whole = [b for b in range(1, 31) if all(b * 16 + i in free for i in range(16))]
            assert free, "no address left for a node that was said to fit"
            free.discard(whole[0] * 16 if whole else min(free))


def test_free_addresses_without_a_block_hold_no_node_with_prefixes() -> None:
    found = plan([zone(room(3_000, blocks=0))], full_need(instance_limits(), PREFIX), 1)
    assert found.fits is False
    assert found.zones[0].binding is Binding.BLOCKS


def test_reserved_blocks_serve_prefixes_and_not_single_addresses() -> None:
    """A subnet reserved but for 10 addresses: prefixes come from the reservation, each node's own from the rest."""
    take = Take(singles=1, blocks=2)
    assert room(10 + 50 * 16, blocks=0, reserved=50).after(take, 3).reserved_blocks == 44
    small = replace(room(10, blocks=0, reserved=50), singles=10)
    assert small.nodes_fit(take) == 10
    assert small.nodes_fit(Take(singles=30)) == 0


def test_kept_addresses_are_not_given_to_nodes() -> None:
    need = Need(node=Take(singles=10))
    found = plan([zone(room(28, kept=8))], need, 3)
    assert (found.zones[0].nodes_fit, found.zones[0].free_ips, found.zones[0].kept_ips) == (2, 28, 8)
    assert found.short_by_ips == 10


def test_what_is_not_known_is_no_number() -> None:
    need = Need(node=Take(singles=10))
    both = plan([zone(room(100)), zone(room(None), name="b")], need, 4)
    assert both.fits is None
    assert both.short_by_ips is None
    assert both.most_nodes is None
    full = plan([zone(room(0)), zone(room(None), name="b")], need, 4)
    assert full.fits is False
    blocks = plan([zone(room(100, blocks=None, reserved=None))], Need(node=Take(singles=1, blocks=1)), 1)
    assert blocks.fits is None


def test_pods_in_their_own_subnet_bind_apart_from_nodes() -> None:
    need = Need(node=Take(singles=1), pods=Take(singles=20))
    found = plan([zone(room(50), pods=(room(59),))], need, 4)
    assert (found.zones[0].nodes_fit, found.zones[0].pods_bind, found.zones[0].needed_ips) == (2, True, 80)
    assert plan([zone(room(1), pods=(room(590),))], need, 4).zones[0].pods_bind is False
    assert plan([zone(room(50))], need, 4).fits is None


def test_subnet_discovery_takes_further_enis_elsewhere() -> None:
    """m5.xlarge full: 15 addresses stay in the node's subnet, three ENIs of 15 may be in another."""
    need = full_need(XLARGE, SHIPPED)
    assert (need.primary_ips, need.extra_enis, need.eni_ips) == (15, 3, 15)
    assert zone(room(60)).nodes_fit(need) == 1
    assert zone(room(60), discovered=(room(135, name="x"),)).nodes_fit(need) == 3
    assert zone(room(60), discovered=(room(1_000, name="x"),)).nodes_fit(need) == 4


# Sites


def fleet(
    *, custom: bool = False, growth: int = 0, free: tuple[int, int, int] = (100, 100, 2000)
) -> tuple[Cluster, Inventory]:
    """A cluster over three zones with a control plane subnet that is also the nodes', in a /16."""
    env = (("AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG", "true"),) if custom else ()
    ids = ("subnet-0a", "subnet-0b", "subnet-0c")
    owner = cluster(subnet_ids=("subnet-0a",), node_subnet_ids=ids, environment=env)
    groups = tuple(replace(group, desired_size=3, max_size=3 + growth) for group in owner.nodegroups)
    owner = replace(owner, nodegroups=groups)
    subnets = [
        subnet(
            name,
            f"10.0.{index * 16}.0/20",
            name=f"private-1{'abc'[index]}",
            az_id=f"euw1-az{index + 1}",
            az=f"eu-west-1{'abc'[index]}",
            available_ips=free[index],
        )
        for index, name in enumerate(ids)
    ]
    pods = subnet("subnet-0p", "100.64.0.0/18", name="pods-1a", available_ips=500)
    facts = region_facts(*subnets, pods, vpcs=(vpc("vpc-0a", "main", "10.0.0.0/16"),), clusters=(owner,))
    return owner, inventory(facts)


def asked(owner: Cluster, facts: Inventory, nodes: int | None) -> Question:
    """A question about m5.xlarge with 56 pods each, of subnets whose interfaces were read and are none."""
    chosen = node_subnets(Scope(kind=ScopeKind.CLUSTER, value=cluster_key(owner)), owner, facts)
    ids = tuple(item.subnet_id for item in subnets_to_read(chosen, owner, facts))
    here = site(chosen, owner, facts, contents(subnet_ids=ids), prefixes=False, custom_networking=False)
    return Question(
        site=here,
        limits=XLARGE,
        settings=SHIPPED,
        pods=56,
        found=plan(here.zones, node_need(XLARGE, SHIPPED, 56), nodes),
        limits_of={"m5.xlarge": XLARGE, "m5.large": instance_limits()},
        subnet_cidrs=tuple(item.cidr for item in facts.subnets if item.cidr is not None),
    )


def test_five_stay_free_for_the_control_plane_and_eight_for_load_balancers() -> None:
    owner, facts = fleet()
    ids = ("subnet-0a", "subnet-0b", "subnet-0c")
    balancer = eni("10.0.16.9", subnet_id="subnet-0b", description="ELB app/web/1", requester_id="amazon-elb")
    chosen = node_subnets(resolve("prod-eu", facts), owner, facts)
    here = site(chosen, owner, facts, contents(balancer, subnet_ids=ids), prefixes=False, custom_networking=False)
    assert [item.node_rooms[0].kept_ips for item in here.zones] == [5, 8, 0]


def test_a_subnet_whose_interfaces_were_not_read_has_no_blocks() -> None:
    owner, facts = fleet()
    chosen = node_subnets(resolve("prod-eu", facts), owner, facts)
    here = site(chosen, owner, facts, contents(), prefixes=True, custom_networking=False)
    assert here.unread == ("private-1b", "private-1c")
    assert here.held is None


def test_a_scope_narrows_where_nodes_start_and_the_rest_is_elsewhere() -> None:
    owner, facts = fleet()
    chosen = node_subnets(resolve("private-1b", facts), owner, facts)
    here = site(chosen, owner, facts, contents(), prefixes=False, custom_networking=False)
    assert [item.label for item in here.zones] == ["private-1b"]
    assert [item.label for item in here.elsewhere] == ["private-1a", "private-1c"]


def test_the_pods_subnet_is_where_the_nodes_enis_are() -> None:
    owner, facts = fleet(custom=True)
    enis = (
        eni("10.0.0.9", subnet_id="subnet-0a", instance_id="i-0a"),
        replace(eni("100.64.0.9", "100.64.0.10", subnet_id="subnet-0p", instance_id="i-0a"), device_index=1),
    )
    read = contents(*enis, subnet_ids=("subnet-0a", "subnet-0b", "subnet-0c", "subnet-0p"), nodes=(node(),))
    chosen = node_subnets(resolve("prod-eu", facts), owner, facts)
    custom = site(chosen, owner, facts, read, prefixes=False, custom_networking=True)
    assert [[item.label for item in here.pod_rooms] for here in custom.zones] == [["pods-1a"], [], []]
    assert custom.types == {"m5.large": 1}
    plain = replace(owner, cni=replace(owner.cni, environment=()))
    discovered = site(chosen, plain, facts, read, prefixes=False, custom_networking=False)
    assert [[item.label for item in here.discovered] for here in discovered.zones] == [["pods-1a"], [], []]


def test_reserved_blocks_are_told_from_open_ones() -> None:
    here = subnet(cidr="10.0.0.0/24", available_ips=251 - 128)
    facts = inventory(region_facts(here))
    kept = reservation("10.0.0.0/25")
    named = reservation("10.0.0.128/28", ReservationType.EXPLICIT)
    found = site([here], None, facts, contents(reservations=(kept, named)), prefixes=True, custom_networking=False)
    (only,) = found.zones[0].node_rooms
    assert (only.open_blocks, only.reserved_blocks) == (6, 7)


def test_addresses_nobody_visible_holds_cost_a_block_each() -> None:
    here = subnet(cidr="10.0.0.0/24", available_ips=248)
    found = site([here], None, inventory(region_facts(here)), contents(), prefixes=True, custom_networking=False)
    assert found.unseen_ips == 3
    assert found.zones[0].node_rooms[0].open_blocks == 14 - 3


def test_growth_is_told_and_subtracted_only_when_asked() -> None:
    """Six m5.large of 30 addresses over three zones: 60 addresses less in each."""
    owner, facts = fleet(growth=6)
    question = asked(owner, facts, None)
    assert [item.nodes for item in question.site.growth] == [6]
    after = grown(question.site, {"m5.large": instance_limits()}, SHIPPED)
    before = [item.node_rooms[0].singles or 0 for item in question.site.zones]
    assert [b - (z.node_rooms[0].singles or 0) for b, z in zip(before, after.zones, strict=True)] == [60, 60, 60]


# Options


def by_title(found: tuple[Option, ...], start: str) -> Option:
    return next(option for option in found if option.title.startswith(start))


def test_options_that_fit_come_first_and_ipv6_last() -> None:
    owner, facts = fleet()
    found = options(asked(owner, facts, 20))
    assert [option.fits for option in found[:-1]] == sorted(
        (option.fits for option in found[:-1]), key=[True, None, False].index
    )
    assert found[0].title == "All 20 in private-1c"
    assert found[0].left_ips == 2000 - 20 * 60
    assert found[-1].title.startswith("IPv6")
    assert found[-1].commands == ()
    assert all(option.commands for option in found[:-1])


def test_no_options_when_it_fits_or_no_number_was_asked() -> None:
    owner, facts = fleet()
    assert options(asked(owner, facts, 3)) == ()
    assert options(asked(owner, facts, None)) == ()


def test_what_no_zone_takes_alone_is_spread_by_room() -> None:
    owner, facts = fleet(free=(305, 600, 900))
    found = by_title(options(asked(owner, facts, 28)), "Spread by room")
    assert found.title == "Spread by room: private-1a 5, private-1b 10, private-1c 13"
    assert found.fits is True
    assert len(found.commands) == 3


@pytest.mark.parametrize("nodes", [7, 40, 300])
def test_a_new_subnet_is_the_smallest_that_makes_it_fit_and_overlaps_nothing(nodes: int) -> None:
    owner, facts = fleet(free=(100, 100, 20_000))
    question = asked(owner, facts, nodes)
    found = by_title(options(question), "New /")
    length = int(found.title.removeprefix("New /").split()[0])
    missing = -(-nodes // 3) - 1
    assert found.fits is True
    assert (1 << 32 - length) - 5 >= missing * 60 - 60
    assert (1 << 31 - length) - 5 < (missing + 1) * 60
    cidrs = [IPv4Network(command.split("--cidr-block ")[1].split()[0]) for command in found.commands]
    assert len(cidrs) == 2
    assert not cidrs[0].overlaps(cidrs[1])
    assert not any(cidr.overlaps(other) for cidr in cidrs for other in question.subnet_cidrs or ())


def test_a_full_vpc_gets_a_block_first() -> None:
    owner, facts = fleet()
    question = replace(asked(owner, facts, 20), subnet_cidrs=(IPv4Network("10.0.0.0/16"),))
    found = by_title(options(question), "New /")
    assert "from a new block 100.64.0.0/16" in found.title
    assert found.commands[0].startswith("aws ec2 associate-vpc-cidr-block")


def test_space_that_is_not_known_is_not_promised() -> None:
    owner, facts = fleet()
    found = by_title(options(replace(asked(owner, facts, 20), subnet_cidrs=None)), "New /")
    assert found.fits is None


def test_warm_ip_frees_what_nodes_there_hold_beyond_their_pods() -> None:
    """Ten m5.xlarge with 30 addresses for 8 pods each: 11 are enough for each, so 190 come back."""
    owner, facts = fleet()
    question = asked(owner, facts, 8)
    held = Held(
        subnet_id="subnet-0a", instance_type="m5.xlarge", nodegroup="general", nodes=10, ips=300, pod_ips=280,
        largest=(30, 0),
    )  # fmt: skip
    known = replace(question, site=replace(question.site, held=(held,)), existing_pods={"m5.xlarge": 8})
    found = by_title(options(known), "WARM_IP_TARGET=2 MINIMUM_IP_TARGET=8")
    saved = question.found.need.ips - node_need(XLARGE, replace(SHIPPED, warm_ip=2, minimum_ip=8), 56).ips
    assert found.gain_ips == 300 - 10 * (1 + 8 + 2) + 8 * saved
    unknown = [option for option in options(question) if option.title.startswith("WARM_IP")]
    assert all("not known" in option.note for option in unknown)


def test_what_warm_ip_frees_follows_the_pods_of_each_type_and_what_nodes_there_run() -> None:
    """200 pods of large nodes need 202 of 232 addresses, 7 of small ones 9; custom networking is not theirs."""
    owner, facts = fleet()
    question = asked(owner, facts, 8)
    held = tuple(
        Held(subnet_id="subnet-0a", instance_type=name, nodegroup="general", nodes=10, ips=10 * (enis + ips),
             pod_ips=10 * ips, largest=(enis + ips, 0))
        for name, enis, ips in (("m5.4xlarge", 8, 232), ("m5.xlarge", 2, 28))
    )  # fmt: skip
    known = replace(
        question,
        site=replace(question.site, held=held),
        settings=replace(SHIPPED, custom_networking=True),
        running=SHIPPED,
        existing_pods={"m5.4xlarge": 200, "m5.xlarge": 7},
        limits_of={name: limits for name in ("m5.4xlarge", "m5.xlarge") if (limits := snapshot_limits(name))},
    )
    found = by_title(options(known), "WARM_IP_TARGET=2 MINIMUM_IP_TARGET=7")
    lean = replace(SHIPPED, custom_networking=True, warm_ip=2, minimum_ip=7)
    saved = question.found.need.ips - node_need(XLARGE, lean, 56).ips
    assert found.gain_ips == 10 * (240 - (7 + 202)) + 10 * (30 - (1 + 9)) + 8 * saved


def test_prefix_mode_is_offered_only_where_it_saves_addresses() -> None:
    owner, facts = fleet()
    few_pods = replace(asked(owner, facts, 20), pods=1)
    few_pods = replace(few_pods, found=plan(few_pods.site.zones, Need(node=Take(singles=60)), 20))
    assert any(option.title == "Prefix mode" for option in options(few_pods))
    assert not any(option.title == "Prefix mode" for option in options(asked(owner, facts, 20)))


def test_a_second_block_for_pods_leaves_one_address_a_node_in_its_subnet() -> None:
    owner, facts = fleet(free=(100, 100, 200))
    found = options(asked(owner, facts, 100))
    custom = by_title(found, "Custom networking with 100.64.0.0/16")
    assert custom.fits is True
    assert custom.gain_ips == 100 * 59
    assert any("ENIConfig" in command for command in custom.commands)
    discovery = by_title(found, "Subnet discovery with 100.64.0.0/16")
    assert discovery.fits is False
    assert not any("ENIConfig" in command for command in discovery.commands)


def test_settings_keep_what_the_addon_sets_already() -> None:
    owner, facts = fleet(custom=True)
    question = asked(owner, facts, 20)
    held = Held(
        subnet_id="subnet-0a", instance_type="m5.xlarge", nodegroup=None, nodes=9, ips=500, pod_ips=490, largest=(60, 0)
    )
    known = replace(question, site=replace(question.site, held=(held,)), existing_pods={"m5.xlarge": 5})
    found = by_title(options(known), "WARM_IP")
    assert '"AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG":"true"' in found.commands[0]
    assert '"WARM_IP_TARGET":"2"' in found.commands[0]


@pytest.mark.parametrize(
    ("cidrs", "taken", "length", "free"),
    [
        pytest.param(["10.0.0.0/16"], [], 20, "10.0.0.0/20", id="empty"),
        pytest.param(["10.0.0.0/16"], ["10.0.0.0/24"], 20, "10.0.16.0/20", id="aligned after a small one"),
        pytest.param(["10.0.0.0/24"], ["10.0.0.0/26", "10.0.0.128/25"], 26, "10.0.0.64/26", id="a gap"),
        pytest.param(["10.0.0.0/24", "10.1.0.0/24"], ["10.0.0.0/24"], 25, "10.1.0.0/25", id="the next block"),
        pytest.param(["10.0.0.0/24"], ["10.0.0.0/28"], 24, None, id="none left"),
        pytest.param(["10.0.0.0/24"], [], 20, None, id="larger than the VPC"),
    ],
)
def test_free_space_of_a_vpc_is_found(cidrs: list[str], taken: list[str], length: int, free: str | None) -> None:
    found = first_free([IPv4Network(c) for c in cidrs], [IPv4Network(c) for c in taken], length)
    assert found == (None if free is None else IPv4Network(free))


def test_a_large_cluster_is_planned_in_well_under_a_second() -> None:
    """5,000 nodes of 30 types in 60 subnets over six zones: a plan with all of its options."""
    names = [name for name in known_types() if name.endswith("large")][:30]
    limits_of = {name: known for name in names if (known := snapshot_limits(name)) is not None}
    zones = tuple(zone(*(room(900, blocks=40, name=f"{z}{s}") for s in range(10)), name=str(z)) for z in range(6))
    held = tuple(
        Held(
            subnet_id=item.node_rooms[index % 10].subnet_id, instance_type=name, nodegroup="g", nodes=28, ips=28 * 30,
            pod_ips=28 * 28, largest=(30, 0),
        )
        for item in zones
        for index, name in enumerate(names)
    )  # fmt: skip
    owner, facts = fleet()
    here = Site(cluster=owner, vpc=facts.vpcs[0], zones=zones, held=held)
    found = plan(zones, full_need(XLARGE, SHIPPED), 5_000)
    question = Question(
        site=here, limits=XLARGE, settings=SHIPPED, pods=56, found=found, existing_pods=dict.fromkeys(names, 12),
        limits_of=limits_of, subnet_cidrs=(IPv4Network("10.0.0.0/20"),),
    )  # fmt: skip
    assert options(question)


def test_nodes_without_a_group_count_and_groups_stand_in_when_nothing_was_read() -> None:
    owner, _ = fleet()
    groups = (
        Nodegroup(name="g", subnet_ids=("subnet-0a",), instance_types=("c5.large",), status="ACTIVE", desired_size=4),
    )
    here = Site(cluster=replace(owner, nodegroups=groups), vpc=None, zones=())
    assert here.types == {"c5.large": 4}
