"""`subnet X`: one subnet with its /28 blocks, its reservations, and who holds what."""

from collections.abc import Sequence
from datetime import datetime

from bot.answers.model import fields
from bot.answers.rows import holder_row, subnet_row
from bot.answers.subnets import FragmenterJson, ReservationJson, SubnetAnswer
from bot.asking.command import Asked, Request
from bot.capacity.blocks import BLOCK_IPS
from bot.capacity.fragmentation import Care, Fragmentation
from bot.capacity.holders import WORDS, Holder, by_kind, holders
from bot.capacity.standing import Standing, enis_of, standing
from bot.capacity.subnets import SubnetState
from bot.commands.subnet_pictures import block_picture
from bot.errors import UserError
from bot.inventory import Inventory, Reservation, ReservationType, Subnet, SubnetContents
from bot.message import Bullets, Button, Controls, Fields, Line, Link, Message, Mono, Part, Strong, Text
from bot.scope import Scope, read_for, resolve, subnets_in
from bot.services import Services
from bot.views import TONES, blind_words, count, coverage, footer, free_of, plural
from bot.wording import APART, UNSEEN, console_url

_TOP = 6


def subnet_answer(asked: Asked, request: Request, services: Services) -> Message:
    """One subnet: free addresses, /28 blocks, reservations, who holds what, and what nothing explains."""
    inventory = services.facts().inventory()
    scope, subnet = _one_subnet(asked.target, inventory)
    contents = services.reader().contents([subnet])
    row = standing(subnet, contents, services.settings.thresholds.limits)
    enis = enis_of(subnet.subnet_id, contents)
    held = holders(enis, contents.nodes)
    reservations = tuple(r for r in contents.reservations if r.subnet_id == subnet.subnet_id)
    broken = None
    if row.blocks is not None and subnet.cidr is not None:
        broken = Fragmentation(subnet.cidr, enis, contents.nodes, reservations)
    covered = coverage(read_for(scope, inventory), contents.blind_spots)
    command = f"subnet {subnet.subnet_id}"
    stuck = row.state is SubnetState.OK and _blockless(row) and subnet.subnet_id in inventory.prefix_subnet_ids
    verdict: Line = (
        Link(subnet.label, console_url(subnet.region, subnet.subnet_id)),
        " · no free /28 · " if stuck else f" · {row.state.value} · ",
        Strong(free_of(row.free_ips, row.usable_ips)),
        " free",
    )
    return Message(
        text=_sentence(row),
        tone=TONES[SubnetState.LOW if stuck else row.state],
        verdict=verdict,
        parts=(
            Text(lines=(_identity(subnet, inventory),)),
            Fields(pairs=_figures(row, reservations, contents)),
            *_held(held),
            *_breaking(row, broken, inventory),
            *_notes(row, contents, inventory),
            footer(command, subnet.observed_at, services.now(), blind_words(covered)),
            Controls(
                items=(
                    Button(label="Who holds them?", command=f"who subnet:{subnet.subnet_id}"),
                    Button(label="Fragmentation?", command="explain subnet-fragmentation"),
                    Button(label="Console", command=command, url=console_url(subnet.region, subnet.subnet_id)),
                )
            ),
        ),
        command=command,
        as_of=subnet.observed_at,
        coverage=covered,
        charts=block_picture(row, enis, reservations),
        answer=fields(
            _json(
                row,
                held,
                broken,
                reservations,
                inventory,
                services.depletes_at().get(subnet.subnet_id),
                None if row.blocks is None else contents.observed_at,
            )
        ),
    )


def _one_subnet(target: str, inventory: Inventory) -> tuple[Scope, Subnet]:
    if not target:
        example = inventory.subnets[0].label if inventory.subnets else "private-1a"
        raise UserError(f"Name a subnet by id, name or CIDR, for example `subnet {example}`.", ["status"])
    scope = resolve(target, inventory, verb="subnet")
    found = subnets_in(scope, inventory)
    if len(found) == 1:
        return scope, found[0]
    raise UserError(
        f"`{scope.words}` is a {scope.kind.value} with {plural(len(found), 'subnet')}. Name one, for example "
        f"`subnet {found[0].subnet_id if found else 'subnet-0a1b2c3d'}`.",
        [f"status {scope}", *(f"subnet {subnet.subnet_id}" for subnet in found[:3])],
    )


def _sentence(row: Standing) -> str:
    subnet = row.subnet
    if subnet.cidr is None:
        return f"{subnet.label} ({subnet.subnet_id}) is an IPv6-only subnet: it has no IPv4 addresses to run out of."
    blocks = "" if row.blocks is None else f", {plural(row.blocks.free, 'free /28 block')}"
    return f"{subnet.label} ({subnet.subnet_id}): {free_of(row.free_ips, row.usable_ips)} IPs free{blocks}."


def _identity(subnet: Subnet, inventory: Inventory) -> Line:
    where = " · ".join(
        part for part in (subnet.az, subnet.az_id, inventory.account_name(subnet.account_id), subnet.vpc_id) if part
    )
    return (Mono(subnet.subnet_id), f" {subnet.cidr or 'IPv6 only'} · {where}")


def _figures(
    row: Standing, reservations: Sequence[Reservation], contents: SubnetContents
) -> tuple[tuple[str, Line], ...]:
    blocks = row.blocks
    pairs: list[tuple[str, Line]] = [("Free", (Strong(free_of(row.free_ips, row.usable_ips)),))]
    pairs.append(("EC2's AvailableIpAddressCount", (count(row.available_ips),)))
    if blocks is None:
        pairs.append(("Free /28 blocks", ("not known: interfaces or reservations could not be read",)))
        return tuple(pairs)
    if reservations or blocks.reserved_free_ips:
        kinds = ", ".join(f"{r.cidr} {r.reservation_type.value}" for r in reservations[:3])
        pairs.append(("Reserved, not yet allocated", (f"{count(blocks.reserved_free_ips)} ({kinds})",)))
    if row.capacities.free_prefix_reserved_ips:
        pairs.append(("Of these for prefixes", (count(row.capacities.free_prefix_reserved_ips),)))
    if blocks.candidate:
        detail = f" of {count(blocks.candidate)} ({count(blocks.fragmented)} broken up, {count(blocks.full)} full)"
        pairs.append(("Free /28 blocks", (Strong(count(blocks.free)), detail)))
    else:
        pairs.append(("Free /28 blocks", ("none possible in a subnet this small",)))
    pairs.append(("Longest free run", (plural(blocks.largest_free_run, "address", "addresses"),)))
    pairs.append(("Held by interfaces", (f"{count(blocks.used_ips)} in {plural(len(contents.enis), 'ENI')}",)))
    return tuple(pairs)


def _held(held: Sequence[Holder]) -> tuple[Part, ...]:
    items = tuple((Strong(count(h.ips)), f" {WORDS[h.kind]}", _prefix_words(h)) for h in by_kind(held)[:_TOP])
    return (Bullets(title="Who holds them", items=items),) if items else ()


def _prefix_words(holder: Holder) -> str:
    return f" ({plural(holder.prefixes, '/28 prefix', '/28 prefixes')})" if holder.prefixes else ""


def _breaking(row: Standing, broken: Fragmentation | None, inventory: Inventory) -> tuple[Part, ...]:
    """What breaks up the blocks, where none is left or more are broken than free for nodes that take prefixes."""
    if row.blocks is None or broken is None or not broken.blocks:
        return ()
    served = row.subnet.subnet_id in inventory.prefix_subnet_ids
    if not (_blockless(row) or (served and row.blocks.free < broken.blocks)):
        return ()
    owners = broken.owners()
    items: list[Line] = [
        (
            Strong(plural(owner.blocks, "block")),
            f" {WORDS[owner.kind]} ",
            Mono(owner.owner or "not named"),
            f" ({plural(owner.enis, 'ENI')}): {_CARE[owner.care]}",
        )
        for owner in owners[:_BREAKING]
    ]
    rest = broken.blocks - sum(owner.blocks for owner in owners[:_BREAKING])
    if rest:
        items.append((Strong(plural(rest, "block")), " other owners, or several together"))
    plan = broken.plan()
    if plan.moves:
        names = [Mono(move.instance_id or move.eni_ids[0]) for move in plan.moves]
        listed = tuple(span for name in names for span in (name, ", "))[:-1]
        # Interfaces of other accounts may lie in the same blocks, unseen.
        bound = "at most " if (row.unattributed_ips or 0) > 0 else ""
        items.append(
            ("Drain first: ", *listed, f": {bound}", Strong(plural(plan.blocks, "block")), " whole again. ", _RESERVE)
        )
    else:
        items.append((_NO_PLAN,))
    return (Bullets(title="What breaks up the blocks", items=tuple(items)),)


def _blockless(row: Standing) -> bool:
    """Whether no /28 is free although a prefix's worth of addresses is."""
    blocks = row.blocks
    return blocks is not None and bool(blocks.candidate) and not blocks.free and (row.free_ips or 0) >= BLOCK_IPS


_BREAKING = 4
_CARE = {
    Care.DRAIN: "drain and replace",
    Care.REPLACE: "ask the owner",
    Care.SERVICE: "move with care, a service keeps it",
}
_NO_PLAN = "Draining a few nodes frees too little: give prefixes a new subnet, or a reservation in one."
_RESERVE = "Reserve the range for prefixes before (create-subnet-cidr-reservation), or what comes next scatters again."


def _notes(row: Standing, contents: SubnetContents, inventory: Inventory) -> tuple[Part, ...]:
    notes: list[Line] = []
    loose = row.unattributed_ips
    if loose is not None and loose > 0:
        notes.append((Strong(f"{count(loose)} addresses"), f" are held by {UNSEEN}."))
    if loose is not None and loose < 0:
        notes.append((APART.format(apart=count(-loose)),))
    if _blockless(row):
        in_use = row.subnet.subnet_id in inventory.prefix_subnet_ids
        who = "Its nodes take prefixes: new ones will fail." if in_use else "Prefix mode would fail here."
        notes.append((Strong("No free /28"), f" although {count(row.free_ips)} addresses are free. {who}"))
    if any(r.reservation_type is ReservationType.PREFIX for r in contents.reservations) and row.reserved_free_ips:
        notes.append(
            (f"EC2 leaves {count(row.reserved_free_ips)} reserved addresses out of its count; prefixes can use them.",)
        )
    return (Text(lines=tuple(notes)),) if notes else ()


def _json(
    row: Standing,
    held: Sequence[Holder],
    broken: Fragmentation | None,
    reservations: Sequence[Reservation],
    inventory: Inventory,
    depletes_at: datetime | None,
    interfaces_at: datetime | None,
) -> SubnetAnswer:
    blocks = row.blocks
    return SubnetAnswer(
        **subnet_row(row, inventory.clusters_by_subnet(), depletes_at, interfaces_at).model_dump(),
        candidate_blocks=None if blocks is None else blocks.candidate,
        fragmented_blocks=None if blocks is None else blocks.fragmented,
        full_blocks=None if blocks is None else blocks.full,
        fragmentation_pct=None if blocks is None else blocks.fragmentation_pct,
        largest_free_run=None if blocks is None else blocks.largest_free_run,
        fragmenters=None
        if broken is None
        else [
            FragmenterJson(kind=f.kind.value, owner=f.owner, eni_id=f.eni_id, blocks=f.blocks)
            for f in broken.fragmenters()
        ],
        reservations=[
            ReservationJson(
                reservation_id=r.reservation_id, cidr=str(r.cidr), reservation_type=r.reservation_type.value
            )
            for r in reservations
        ],
        holders=[holder_row(holder) for holder in held],
        unattributed_ips=row.unattributed_ips,
    )
