"""What breaks up the /28 blocks of a subnet, and what to move first so that whole blocks come free.

One address spoils a block for every prefix. EC2 cannot move an address: what holds it must go and come again, and its
successor lands on any free address unless the freed range is reserved for prefixes first.
Source: https://docs.aws.amazon.com/eks/latest/best-practices/prefix-mode-linux.html (fragmentation, reservations).
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from ipaddress import IPv4Network

from bot.capacity.blocks import BLOCK_IPS
from bot.capacity.holders import HolderKind, kind_and_owner
from bot.inventory import Eni, Node, Reservation, ReservationType

MOVES = 5
"""Moves a plan has at most unless told otherwise: an evening's work, after which the map is read again."""


class Care(IntEnum):
    """What it takes to move an interface, the easiest first."""

    DRAIN = 1
    """A node and what hangs on it: drain and replace it, the usual work of a cluster."""
    REPLACE = 2
    """Somebody's instance or an interface of unknown purpose: ask its owner."""
    SERVICE = 3
    """AWS or a managed service keeps it: moving means to change that service, with care for its traffic."""


_DRAINED = frozenset({HolderKind.NODE, HolderKind.TRUNK, HolderKind.BRANCH})
_ASKED = frozenset({HolderKind.INSTANCE, HolderKind.UNKNOWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Fragmenter:
    """An interface that alone breaks `blocks` otherwise free /28 blocks of a subnet."""

    eni_id: str
    kind: HolderKind
    owner: str
    care: Care
    blocks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakingOwner:
    """An owner whose `enis` interfaces, and nothing else, break `blocks` otherwise free /28 blocks."""

    kind: HolderKind
    owner: str
    care: Care
    enis: int
    blocks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One thing to drain: a node (`instance_id`) with its interfaces in the subnet, or one interface without node."""

    kind: HolderKind
    owner: str
    instance_id: str | None
    eni_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MovePlan:
    """What to drain, in this order, and how many fragmented /28 blocks that makes whole, beside the nodes' prefixes."""

    moves: tuple[Move, ...]
    blocks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Holding:
    eni: Eni
    kind: HolderKind
    owner: str
    care: Care

    @property
    def unit(self) -> str:
        """What goes together: the instance that would be drained, else the interface."""
        return (self.eni.instance_id or self.eni.eni_id) if self.care is Care.DRAIN else self.eni.eni_id


class Fragmentation:
    """The fragmented blocks of one subnet, each with the interfaces whose addresses break it.

    Left out are the first and the last block, blocks that an explicit reservation keeps (no prefix gets them), and
    blocks a prefix has taken. Needs every interface of the subnet, as `block_map` does.
    """

    def __init__(
        self, cidr: IPv4Network, enis: Iterable[Eni], nodes: Iterable[Node], reservations: Sequence[Reservation] = ()
    ) -> None:
        by_instance = {node.instance_id: node for node in nodes}
        self._holdings: dict[str, _Holding] = {}
        breakers: defaultdict[int, set[str]] = defaultdict(set)
        lost = _lost_blocks(cidr, reservations)
        base = int(cidr.network_address) // BLOCK_IPS
        last = cidr.num_addresses // BLOCK_IPS - 1
        for eni in enis:
            lost.update(int(prefix.network_address) // BLOCK_IPS - base for prefix in eni.prefixes)
            blocks = {address // BLOCK_IPS - base for address in map(int, eni.addresses)}
            inside = [block for block in blocks if 0 < block < last]
            if inside:
                self._holdings[eni.eni_id] = _holding(eni, by_instance)
            for block in inside:
                breakers[block].add(eni.eni_id)
        self._breakers = {block: frozenset(ids) for block, ids in sorted(breakers.items()) if block not in lost}

    @property
    def blocks(self) -> int:
        """How many /28 blocks would be free for a prefix without the single addresses in them."""
        return len(self._breakers)

    def fragmenters(self) -> tuple[Fragmenter, ...]:
        """Every interface that alone breaks a block: what is easy to move first, then the most blocks."""
        alone = Counter(next(iter(ids)) for ids in self._breakers.values() if len(ids) == 1)
        found = (
            Fragmenter(eni_id=eni_id, kind=holding.kind, owner=holding.owner, care=holding.care, blocks=blocks)
            for eni_id, blocks in alone.items()
            for holding in (self._holdings[eni_id],)
        )
        return tuple(sorted(found, key=lambda f: (f.care, -f.blocks, f.kind.value, f.owner, f.eni_id)))

    def owners(self) -> tuple[BreakingOwner, ...]:
        """Every owner who alone breaks a block, by one interface or several: easy to move first, then the most."""
        blocks: Counter[tuple[HolderKind, str, Care]] = Counter()
        enis: defaultdict[tuple[HolderKind, str, Care], set[str]] = defaultdict(set)
        for ids in self._breakers.values():
            owners = {(h.kind, h.owner, h.care) for h in (self._holdings[eni_id] for eni_id in ids)}
            if len(owners) == 1:
                (owner,) = owners
                blocks[owner] += 1
                enis[owner] |= ids
        found = (
            BreakingOwner(kind=kind, owner=owner, care=care, enis=len(enis[kind, owner, care]), blocks=count)
            for (kind, owner, care), count in blocks.items()
        )
        return tuple(sorted(found, key=lambda o: (o.care, -o.blocks, o.kind.value, o.owner)))

    def plan(self, most_moves: int = MOVES) -> MovePlan:
        """At most `most_moves` nodes to drain that free many blocks; it never names what needs more than a drain.

        Chosen step by step, each time the nodes that free most blocks for each of them, as long as that is more than
        one: the new node takes an address too, which may break a block again. Several nodes may share a block, so
        this is a good plan, not proven the best; with one move it is the best.
        """
        open_blocks = _drainable(self._breakers, self._holdings)
        chosen: list[str] = []
        freed = 0
        while open_blocks:
            step = _best_step(open_blocks, most_moves - len(chosen))
            if not step:
                break
            chosen += sorted(step)
            left = {block: units - step for block, units in open_blocks.items()}
            open_blocks = {block: units for block, units in left.items() if units}
            freed += len(left) - len(open_blocks)
        return MovePlan(moves=tuple(self._move(unit) for unit in chosen), blocks=freed)

    def _move(self, unit: str) -> Move:
        """A drained node gives up all its interfaces in the subnet that break a block or share one."""
        parts = [h for h in self._holdings.values() if h.care is Care.DRAIN and h.unit == unit]
        first = min(parts, key=lambda h: (h.kind is not HolderKind.NODE, h.eni.eni_id))
        return Move(
            kind=first.kind,
            owner=first.owner,
            instance_id=first.eni.instance_id,
            eni_ids=tuple(sorted(h.eni.eni_id for h in parts)),
        )


def care(kind: HolderKind, eni: Eni) -> Care:
    """What it takes to move the interface. One that a service manages for itself is never easy, whatever it serves."""
    if kind in (HolderKind.TRUNK, HolderKind.BRANCH) or (kind in _DRAINED and not eni.requester_managed):
        return Care.DRAIN
    return Care.REPLACE if kind in _ASKED and not eni.requester_managed else Care.SERVICE


def _holding(eni: Eni, by_instance: Mapping[str, Node]) -> _Holding:
    kind, owner = kind_and_owner(eni, by_instance)
    return _Holding(eni=eni, kind=kind, owner=owner, care=care(kind, eni))


def _lost_blocks(cidr: IPv4Network, reservations: Sequence[Reservation]) -> set[int]:
    """The blocks, by number, that an explicit reservation keeps some of."""
    base = int(cidr.network_address)
    lost: set[int] = set()
    for reservation in reservations:
        if reservation.reservation_type is ReservationType.EXPLICIT:
            first = int(reservation.cidr.network_address) - base
            lost.update(range(first // BLOCK_IPS, (first + reservation.cidr.num_addresses - 1) // BLOCK_IPS + 1))
    return lost


def _drainable(breakers: Mapping[int, frozenset[str]], holdings: Mapping[str, _Holding]) -> dict[int, frozenset[str]]:
    """The blocks that draining alone can free, each with the nodes (units) to drain for it."""
    found = {}
    for block, ids in breakers.items():
        held = [holdings[eni_id] for eni_id in ids]
        if all(holding.care is Care.DRAIN for holding in held):
            found[block] = frozenset(holding.unit for holding in held)
    return found


def _best_step(open_blocks: Mapping[int, frozenset[str]], most_units: int) -> frozenset[str]:
    """The units of one block, at most `most_units`, that free most blocks for each unit; none where that is not > 1."""
    blocks = Counter(units for units in open_blocks.values() if len(units) <= most_units)
    of_unit: defaultdict[str, set[frozenset[str]]] = defaultdict(set)
    for units in blocks:
        for unit in units:
            of_unit[unit].add(units)
    freed = {
        step: sum(blocks[units] for units in set().union(*(of_unit[unit] for unit in step)) if units <= step)
        for step in blocks
    }
    worth = [step for step, count in freed.items() if count > len(step)]
    return min(worth, key=lambda step: (-freed[step] / len(step), len(step), sorted(step)), default=frozenset())
