"""The pictures of `subnet` and `who`: a subnet's /28 blocks one by one, and who holds the addresses of each zone."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address

from bot.capacity.blocks import BLOCK_IPS, BlockUse, block_uses
from bot.capacity.holders import WORDS, HolderKind, by_kind, holders
from bot.capacity.standing import Standing
from bot.inventory import Eni, Reservation, SubnetContents
from bot.message import FREE_LAYER, Bar, Mosaic, Paint, Stack
from bot.views import count, plural

MOST_KINDS = 4
"""Kinds of holders that have a colour of their own; the rest are "others": more colours are no picture."""

MOST_ZONES = 8

OTHERS, HIDDEN = "others", "not visible here"

_PAINTS = {
    BlockUse.FREE: Paint.FREE,
    BlockUse.RESERVED: Paint.RESERVED,
    BlockUse.BROKEN: Paint.BROKEN,
    BlockUse.PREFIX: Paint.PREFIX,
    BlockUse.FULL: Paint.FULL,
    BlockUse.OUT: Paint.OUT,
}


def block_picture(row: Standing, enis: Sequence[Eni], reservations: Sequence[Reservation]) -> tuple[Mosaic, ...]:
    """The map of a subnet's /28 blocks.

    None where interfaces could not be read or are hidden, which would look like free blocks, and none of a subnet so
    small that no prefix fits.
    """
    subnet, blocks = row.subnet, row.blocks
    if subnet.cidr is None or blocks is None or not blocks.candidate or (row.unattributed_ips or 0) > 0:
        return ()
    cells = tuple(_PAINTS[use] for use in block_uses(subnet.cidr, enis, reservations))
    last = IPv4Address(int(subnet.cidr.broadcast_address) - BLOCK_IPS + 1)
    return (
        Mosaic(
            title=f"{subnet.label}: {count(blocks.free)} of {plural(blocks.candidate, '/28 block')} free",
            cells=cells,
            first=str(subnet.cidr.network_address),
            last=str(last),
            alt=f"The /28 blocks of {subnet.label} ({subnet.cidr}) in order: of {count(blocks.candidate)} that a "
            f"prefix could use, {count(blocks.free)} are free, {count(blocks.fragmented)} broken up and "
            f"{count(blocks.full)} full.",
            as_of=subnet.observed_at,
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Zone:
    """Who holds the addresses of one zone's subnets, what is hidden and what is free."""

    name: str
    held: dict[HolderKind, int]
    hidden: int
    free: int

    @property
    def total(self) -> int:
        return sum(self.held.values()) + self.hidden + self.free


def zones_picture(scope: str, rows: Sequence[Standing], contents: SubnetContents) -> tuple[Stack, ...]:
    """Who holds the addresses of each zone, the fullest first; none with a single zone.

    A zone of which something is not known is left out, and the words beside the picture say so.
    """
    # A zone's name means another place in each account; its id does not.
    several = len({row.subnet.account_id for row in rows}) > 1
    by_zone: defaultdict[str, list[Standing]] = defaultdict(list)
    for row in rows:
        if row.subnet.cidr is not None:
            by_zone[row.subnet.az_id if several else row.subnet.az or row.subnet.az_id].append(row)
    found = {name: _zone(name, of_zone, contents) for name, of_zone in sorted(by_zone.items())}
    zones = sorted(
        (zone for zone in found.values() if zone is not None), key=lambda zone: zone.free / (zone.total or 1)
    )
    if len(zones) < 2:
        return ()
    shown, left_out = zones[:MOST_ZONES], [name for name, zone in found.items() if zone is None]
    sums: defaultdict[HolderKind, int] = defaultdict(int)
    for zone in shown:
        for kind, ips in zone.held.items():
            sums[kind] += ips
    kinds = sorted(sums, key=lambda kind: (-sums[kind], kind.value))[:MOST_KINDS]
    layers, bars = _layers(kinds, shown)
    words = ", ".join(f"{zone.name} {count(zone.free)} of {count(zone.total)} free" for zone in shown)
    missing = f" Not known: {', '.join(left_out)}." if left_out else ""
    rest = len(zones) - len(shown)
    more = f" {plural(rest, 'zone')} with more free not shown." if rest else ""
    return (
        Stack(
            title=f"{scope}: who holds the addresses",
            unit="IPv4 addresses",
            layers=layers,
            bars=bars,
            alt=f"Addresses of {scope} by zone: {words}.{missing}{more}",
            as_of=contents.observed_at,
        ),
    )


def _zone(name: str, rows: Sequence[Standing], contents: SubnetContents) -> _Zone | None:
    """The zone's sums; None where a figure of one of its subnets is not known."""
    free, hidden = 0, 0
    for row in rows:
        if row.free_ips is None or row.unattributed_ips is None:
            return None
        free, hidden = free + row.free_ips, hidden + max(row.unattributed_ips, 0)
    ids = {row.subnet.subnet_id for row in rows}
    held = holders([eni for eni in contents.enis if eni.subnet_id in ids], contents.nodes)
    return _Zone(name=name, held={holder.kind: holder.ips for holder in by_kind(held)}, hidden=hidden, free=free)


def _layers(kinds: Sequence[HolderKind], zones: Sequence[_Zone]) -> tuple[tuple[str, ...], tuple[Bar, ...]]:
    """The layers that have a size in any zone, and each zone's sizes of them."""
    names = [*(WORDS[kind] for kind in kinds), OTHERS, HIDDEN, FREE_LAYER]
    columns = [
        (
            *(zone.held.get(kind, 0) for kind in kinds),
            sum(ips for kind, ips in zone.held.items() if kind not in kinds),
            zone.hidden,
            zone.free,
        )
        for zone in zones
    ]
    used = [index for index, name in enumerate(names) if name == FREE_LAYER or any(column[index] for column in columns)]
    bars = tuple(
        Bar(name=zone.name, sizes=tuple(float(column[index]) for index in used))
        for zone, column in zip(zones, columns, strict=True)
    )
    return tuple(names[index] for index in used), bars
