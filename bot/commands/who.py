"""`who SCOPE`: who holds the addresses of a scope, by kind and by owner."""

from collections.abc import Sequence

from bot.answers.model import fields
from bot.answers.rows import holder_row
from bot.answers.subnets import WhoAnswer
from bot.asking.command import Asked, Request
from bot.capacity.holders import WORDS, Holder, by_kind, holders
from bot.capacity.standing import standings
from bot.commands.subnet_pictures import zones_picture
from bot.errors import UserError
from bot.message import Bullets, Button, Context, Controls, Line, Message, Mono, Part, Strong, Table, Tone
from bot.scope import ScopeKind, clusters_in, nothing_in, read_for, resolve, subnets_in
from bot.services import Services
from bot.views import blind_words, count, coverage, footer
from bot.wording import APART, UNSEEN

MAX_SUBNETS = 200
"""Subnets that one `who` reads at most: one page of DescribeNetworkInterfaces filter values."""

_TOP = 6


def answer(asked: Asked, request: Request, services: Services) -> Message:
    """Who holds the addresses of the scope: by kind, then the largest owners."""
    inventory = services.facts().inventory()
    scope = resolve(asked.target, inventory, verb="who")
    subnets = subnets_in(scope, inventory)
    if not subnets:
        raise nothing_in(scope, inventory)
    if len(subnets) > MAX_SUBNETS:
        raise UserError(
            f"{scope.words} has {len(subnets):,} subnets; `who` reads at most {MAX_SUBNETS}. "
            "Name a cluster, VPC or subnet, for example `who prod-eu`.",
        )
    contents = services.reader().contents(subnets)
    limits = services.settings.thresholds.limits
    rows = tuple(standings(subnets, contents, limits).values())
    held = holders(contents.enis, contents.nodes)
    warm = services.reader().warm_ips(clusters_in(scope, inventory))
    warm_ips = sum(warm.values()) if warm and scope.kind is not ScopeKind.SUBNET else None
    used = sum(holder.ips for holder in held)
    whole = contents.enis_read >= {subnet.subnet_id for subnet in subnets}
    usable = sum(row.usable_ips for row in rows)
    known = all(row.free_ips is not None for row in rows)
    free = sum(row.free_ips or 0 for row in rows) if known else None
    loose = [row.unattributed_ips for row in rows if row.subnet.cidr is not None]
    unattributed = None if any(value is None for value in loose) else sum(value or 0 for value in loose)
    covered = coverage(read_for(scope, inventory), contents.blind_spots)
    command = f"who {asked.target or 'all'}"
    top = by_kind(held)
    sums = _sums(used, usable, whole=whole)
    head = f", most by {WORDS[top[0].kind]}" if top else ""
    return Message(
        text=f"{scope.words}: {sums} addresses are held{head}.",
        tone=Tone.NEUTRAL if whole else Tone.UNKNOWN,
        verdict=(Strong(scope.words), " · ", Strong(sums), " addresses held"),
        parts=(
            *_kinds(top),
            *_owners(held),
            Context(lines=_who_notes(warm_ips, unattributed, free)),
            footer(command, contents.observed_at, services.now(), blind_words(covered)),
            Controls(items=(Button(label="Status", command=f"status {asked.target}".strip()),)),
        ),
        command=command,
        as_of=contents.observed_at,
        coverage=covered,
        charts=zones_picture(scope.words, rows, contents),
        answer=fields(
            WhoAnswer(
                scope=str(scope),
                subnets=len(subnets),
                usable_ips=usable,
                used_ips=used if whole else None,
                free_ips=free,
                unattributed_ips=unattributed,
                warm_addresses=warm_ips,
                holders=[holder_row(holder) for holder in held],
            )
        ),
    )


def _sums(used: int, usable: int, *, whole: bool) -> str:
    """How many addresses are held, in words that say whether the interfaces of every subnet were read."""
    if whole:
        return f"{count(used)} of {count(usable)}"
    return f"at least {count(used)} of {count(usable)}" if used else f"not known how many of {count(usable)}"


def _kinds(held: Sequence[Holder]) -> tuple[Part, ...]:
    rows = tuple((WORDS[h.kind], count(h.ips), count(h.enis), count(h.prefixes)) for h in held)
    return (Table(columns=("Holder", "IPs", "ENIs", "/28s"), rows=rows, right=frozenset({1, 2, 3})),) if rows else ()


def _owners(held: Sequence[Holder]) -> tuple[Part, ...]:
    items = tuple(
        (Strong(count(h.ips)), " ", Mono(h.owner or "not named"), f" {h.kind.value.replace('_', ' ')}")
        for h in held[:_TOP]
    )
    rest = held[_TOP:]
    more = f"+{len(rest)} more with {count(sum(h.ips for h in rest))} addresses" if rest else ""
    return (Bullets(title="Largest owners", items=items, more=more),) if items else ()


def _who_notes(warm: int | None, unattributed: int | None, free: int | None) -> tuple[Line, ...]:
    lines: list[Line] = [(f"Free: {count(free)}." if free is not None else "Free: not known of every subnet.",)]
    if warm is not None:
        lines.append((f"Of the nodes' addresses {count(warm)} are warm: attached, no pod (CNI Metrics Helper).",))
    else:
        lines.append(("Warm share not known: EC2 does not show which addresses pods use.",))
    if unattributed is not None and unattributed > 0:
        lines.append((f"{count(unattributed)} more are held by {UNSEEN}.",))
    if unattributed is not None and unattributed < 0:
        lines.append((APART.format(apart=count(-unattributed)),))
    return tuple(lines)
