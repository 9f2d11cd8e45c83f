"""What breaks up the blocks of a subnet, and what to drain first, against every choice tried one by one."""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network

import pytest
from builders import eni, node, reservation
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.capacity.blocks import block_map
from bot.capacity.fragmentation import BreakingOwner, Care, Fragmentation, Fragmenter, Move, care
from bot.capacity.holders import HolderKind
from bot.inventory import Eni, ReservationType

CIDR = IPv4Network("10.0.0.0/24")
NODE, NODE_OWNER = HolderKind.NODE, "prod-eu/general"


def address(block: int, host: int = 7) -> str:
    return f"10.0.0.{16 * block + host}"


def node_eni(name: str, *blocks: int, instance_id: str | None = None, host: int = 7) -> Eni:
    """An interface of a node with one address in each of the blocks."""
    of_node = f"i-{name}" if instance_id is None else instance_id
    return eni(*(address(block, host) for block in blocks), eni_id=f"eni-{name}", instance_id=of_node)


def load_balancer(name: str, *blocks: int) -> Eni:
    return eni(
        *(address(block, 3) for block in blocks),
        eni_id=f"eni-{name}",
        description=f"ELB net/{name}/50dc6c495c0c9188",
        interface_type="network_load_balancer",
        requester_managed=True,
    )


def broken(*enis: Eni, nodes: Iterable[str] = (), reservations: tuple[str, ...] = ()) -> Fragmentation:
    """The fragmentation of a /24 whose instances named are nodes of prod-eu/general."""
    kept = [reservation(cidr, ReservationType.EXPLICIT) for cidr in reservations]
    return Fragmentation(CIDR, enis, [node(f"i-{name}") for name in nodes], kept)


def test_an_interface_is_ranked_by_the_blocks_it_alone_breaks() -> None:
    """Block 5 is broken by both, so neither of them alone frees it."""
    found = broken(node_eni("a", 1, 2, 5), node_eni("b", 3, 5), nodes="ab")

    assert found.blocks == 4
    assert found.fragmenters() == (
        Fragmenter(eni_id="eni-a", kind=NODE, owner=NODE_OWNER, care=Care.DRAIN, blocks=2),
        Fragmenter(eni_id="eni-b", kind=NODE, owner=NODE_OWNER, care=Care.DRAIN, blocks=1),
    )


def test_an_owner_counts_the_blocks_that_only_its_interfaces_break() -> None:
    """Block 5 is broken by two interfaces of one node group, block 6 by a node and a load balancer."""
    found = broken(node_eni("a", 1, 5, 6), node_eni("b", 5), load_balancer("web", 6, 7), nodes="ab")

    assert found.owners() == (
        BreakingOwner(kind=NODE, owner=NODE_OWNER, care=Care.DRAIN, enis=2, blocks=2),
        BreakingOwner(kind=HolderKind.LOAD_BALANCER, owner="web", care=Care.SERVICE, enis=1, blocks=1),
    )


def test_what_can_be_drained_comes_before_what_a_service_keeps_however_much_that_breaks() -> None:
    found = broken(load_balancer("web", 1, 2, 3, 4), node_eni("a", 5), nodes="a")

    assert [(f.eni_id, f.blocks) for f in found.fragmenters()] == [("eni-a", 1), ("eni-web", 4)]


@pytest.mark.parametrize(
    ("kind", "managed", "expected"),
    [
        pytest.param(HolderKind.NODE, False, Care.DRAIN, id="node"),
        pytest.param(HolderKind.TRUNK, False, Care.DRAIN, id="trunk goes with its node"),
        pytest.param(HolderKind.BRANCH, True, Care.DRAIN, id="branch goes with its pod, although EKS made it"),
        pytest.param(HolderKind.NODE, True, Care.SERVICE, id="an interface a service manages is never easy"),
        pytest.param(HolderKind.INSTANCE, False, Care.REPLACE, id="instance"),
        pytest.param(HolderKind.UNKNOWN, False, Care.REPLACE, id="unknown"),
        pytest.param(HolderKind.UNKNOWN, True, Care.SERVICE, id="unknown and managed"),
        *(
            pytest.param(kind, managed, Care.SERVICE, id=f"{kind.value} {'managed' if managed else 'unmarked'}")
            for kind in (
                HolderKind.CONTROL_PLANE,
                HolderKind.LOAD_BALANCER,
                HolderKind.LAMBDA,
                HolderKind.ENDPOINT,
                HolderKind.NAT_GATEWAY,
                HolderKind.EFS,
                HolderKind.RDS,
                HolderKind.AWS_SERVICE,
            )
            for managed in (False, True)
        ),
    ],
)
def test_only_nodes_and_what_hangs_on_them_are_easy_to_move(kind: HolderKind, managed: bool, expected: Care) -> None:
    assert care(kind, eni(requester_managed=managed)) is expected


@pytest.mark.parametrize(
    "held",
    [
        pytest.param(eni("10.0.0.8", "10.0.0.245"), id="the first and the last block are no candidates"),
        pytest.param(eni("10.0.1.40", "10.1.0.40"), id="addresses of another subnet"),
        pytest.param(eni("10.0.0.40", prefixes=("10.0.0.32/28",)), id="the block is a prefix already"),
        pytest.param(eni("10.0.0.201"), id="an explicit reservation keeps the block"),
        pytest.param(eni("10.0.0.137"), id="an explicit reservation keeps a part of the block"),
        pytest.param(eni(), id="nothing held"),
    ],
)
def test_a_block_that_no_move_frees_is_left_out(held: Eni) -> None:
    found = broken(held, reservations=("10.0.0.192/26", "10.0.0.130/32"))

    assert (found.blocks, found.fragmenters(), found.owners(), found.plan().moves) == (0, (), (), ())


def test_a_block_full_of_single_addresses_comes_free_too() -> None:
    full = eni(*(address(3, host) for host in range(16)), eni_id="eni-full")

    assert broken(full).fragmenters()[0].blocks == 1


def test_all_interfaces_of_a_node_go_together() -> None:
    """Neither interface alone frees block 4; draining the node frees all three blocks."""
    both = (node_eni("a1", 3, 4, instance_id="i-a"), node_eni("a2", 4, 5, instance_id="i-a", host=9))

    plan = broken(*both, nodes="a").plan()

    assert plan.blocks == 3
    assert plan.moves == (Move(kind=NODE, owner=NODE_OWNER, instance_id="i-a", eni_ids=("eni-a1", "eni-a2")),)


def test_the_node_that_frees_most_is_drained_first() -> None:
    plan = broken(node_eni("a", 1), node_eni("b", 2, 3, 4), node_eni("c", 5, 6), nodes="abc").plan(2)

    assert [move.instance_id for move in plan.moves] == ["i-b", "i-c"]
    assert plan.blocks == 5


def test_two_nodes_that_share_blocks_are_drained_together_when_that_frees_more() -> None:
    """Alone each of a and b frees nothing, together five blocks; c frees two."""
    shared = (node_eni("a", 1, 2, 3, 4, 5), node_eni("b", 1, 2, 3, 4, 5, host=9), node_eni("c", 7, 8))

    two, one = broken(*shared, nodes="abc").plan(2), broken(*shared, nodes="abc").plan(1)

    assert ({move.instance_id for move in two.moves}, two.blocks) == ({"i-a", "i-b"}, 5)
    assert ({move.instance_id for move in one.moves}, one.blocks) == ({"i-c"}, 2)


def test_a_plan_never_names_what_a_service_keeps_nor_drains_a_node_in_vain() -> None:
    """Every block of the node is shared with a load balancer, so draining it would free nothing."""
    assert broken(node_eni("a", 1, 2), load_balancer("web", 1, 2, 3), nodes="a").plan().moves == ()


@st.composite
def fragmented_subnets(draw: st.DrawFn) -> list[Eni]:
    """Up to six nodes' and services' interfaces in a /25, with scattered addresses and prefixes."""
    enis = []
    for name in "abcdef"[: draw(st.integers(0, 6))]:
        hosts = draw(st.lists(st.integers(4, 126), max_size=6, unique=True))
        prefixes = draw(st.lists(st.integers(1, 6), max_size=1))
        maker = draw(st.sampled_from(["node", "service", "second"]))
        enis.append(
            eni(
                *(str(IPv4Address("10.0.0.0") + host) for host in hosts),
                prefixes=tuple(f"10.0.0.{16 * block}/28" for block in prefixes),
                eni_id=f"eni-{name}",
                instance_id={"node": f"i-{name}", "second": "i-a", "service": None}[maker],
                description="VPC Endpoint Interface vpce-0a" if maker == "service" else "",
            )
        )
    return enis


@settings(max_examples=200)
@given(fragmented_subnets(), st.integers(1, 4))
def test_what_is_promised_comes_free_in_the_block_map(enis: list[Eni], most: int) -> None:
    """Without the addresses of what moves, the map of the subnet has just as many more free blocks as promised."""
    cidr = IPv4Network("10.0.0.0/25")
    found = Fragmentation(cidr, enis, [node(f"i-{name}") for name in "abcdef"])

    def freed_without(gone: Iterable[str]) -> int:
        """Free blocks gained when the single addresses of these interfaces go; their prefixes stay."""
        moved = set(gone)
        left = [e if e.eni_id not in moved else eni(prefixes=tuple(map(str, e.prefixes))) for e in enis]
        return block_map(cidr, left).free - block_map(cidr, enis).free

    assert found.blocks == freed_without(e.eni_id for e in enis)
    assert {f.eni_id: f.blocks for f in found.fragmenters()} == {
        e.eni_id: alone for e in enis if (alone := freed_without([e.eni_id]))
    }
    plan = found.plan(most)
    moved = [eni_id for move in plan.moves for eni_id in move.eni_ids]
    assert plan.blocks == freed_without(moved)
    assert len(plan.moves) <= most
    assert all(e.instance_id for e in enis if e.eni_id in moved)
    nodes = sorted({e.instance_id for e in enis if e.instance_id})
    best = max(freed_without(e.eni_id for e in enis if e.instance_id == one) for one in [*nodes, "none"])
    assert found.plan(1).blocks == (best if best > 1 else 0)
    assert plan.blocks > len(plan.moves) or not plan.moves


def test_a_node_is_not_drained_for_a_single_block() -> None:
    """Its successor needs an address as well, and may break a block again."""
    assert broken(node_eni("a", 1), node_eni("b", 2, 3), nodes="ab").plan().moves[0].instance_id == "i-b"
    assert broken(node_eni("a", 1), node_eni("b", 2), nodes="ab").plan().moves == ()
