"""`prefix SCOPE`: whether prefix delegation is safe for a cluster, what it needs first, and the commands."""

from dataclasses import replace

from bot.answers.capacity import PrefixAnswer, PrefixSubnet, PrefixType
from bot.answers.model import fields
from bot.asking.command import Asked, Request
from bot.asking.pool_words import number
from bot.capacity.prefix import PrefixReadiness, Readiness, SubnetReadiness, readiness
from bot.capacity.reservations import reservation_command
from bot.capacity.tune_changes import changes
from bot.capacity.warmpool import PoolMode
from bot.cluster_nodes import ClusterNodes, cluster_nodes, subnet_facts
from bot.message import Bullets, Button, Code, Controls, Line, Message, Part, Strong, Table, Tone
from bot.services import Services
from bot.views import blind_words, count, footer

_EXAMPLE = "prefix cluster:prod-eu"
_TONES = {
    Readiness.READY: Tone.GOOD,
    Readiness.CONDITIONS: Tone.WARNING,
    Readiness.NOT_READY: Tone.BAD,
    Readiness.UNKNOWN: Tone.UNKNOWN,
}
_WORDS = {
    Readiness.READY: "ready",
    Readiness.CONDITIONS: "ready with conditions",
    Readiness.NOT_READY: "not ready",
    Readiness.UNKNOWN: "not known",
}
_ROWS, _LINES, _RESERVATIONS = 6, 4, 3


def answer(asked: Asked, request: Request, services: Services) -> Message:
    """The verdict for the cluster that was named, its subnets and types, and what to do first."""
    pods = number(asked.options["pods"], "pods", _EXAMPLE) if "pods" in asked.options else None
    nodes = cluster_nodes(asked.target, services.facts().inventory(), services, verb="prefix")
    found = _judged(nodes, services, pods)
    commands = _commands(nodes, found)
    again = " ".join(["prefix", asked.target, *(f"{key}={value}" for key, value in asked.options.items())])
    as_of = nodes.contents.observed_at
    pods_note = (
        f"Nodes with {pods:,} pods each." if pods is not None else "Nodes taken as full; say `pods=P` for fewer."
    )
    return Message(
        text=f"{nodes.cluster.name}: {_WORDS[found.verdict]} for prefix mode. {found.reasons[0]}",
        tone=_TONES[found.verdict],
        verdict=_verdict(nodes, found),
        parts=(
            *_parts(found, commands),
            footer(again, as_of, services.now(), pods_note, blind_words(nodes.covered)),
            Controls(items=_buttons(asked, found)),
        ),
        command=again,
        as_of=as_of,
        coverage=nodes.covered,
        answer=fields(_json(nodes, found, commands)),
    )


def _judged(nodes: ClusterNodes, services: Services, pods: int | None) -> PrefixReadiness:
    if nodes.cluster.ip_family == "ipv6":
        return PrefixReadiness(
            verdict=Readiness.READY,
            types=(),
            subnets=(),
            reasons=("An IPv6 cluster always delegates prefixes: one /80 a node, which no subnet runs out of.",),
            conditions=(),
            nodes_with_prefixes=nodes.mix.nodes,
            nodes_without=0,
        )
    facts = subnet_facts(nodes, services.settings.thresholds.limits)
    return readiness(nodes.cluster, nodes.mix, nodes.limits, facts, nodes.settings, pods=pods)


def _commands(nodes: ClusterNodes, found: PrefixReadiness) -> tuple[str, ...]:
    """Reservations, then the switch where it is off and may be made; existing nodes are replaced by hand."""
    commands = [
        reservation_command(row.facts.subnet.subnet_id, nodes.cluster.region, cidr)
        for row in found.subnets
        for cidr in row.reservations
    ]
    settings = nodes.settings
    if settings.mode is PoolMode.SECONDARY and found.verdict in (Readiness.READY, Readiness.CONDITIONS):
        wanted = replace(settings, mode=PoolMode.PREFIX, warm_prefix=settings.warm_prefix or 1)
        commands.append(changes(nodes.cluster, settings, wanted)[0].text)
    return tuple(commands)


def _verdict(nodes: ClusterNodes, found: PrefixReadiness) -> Line:
    mode = nodes.cluster.prefix_mode
    now = "on now" if mode else "off now" if mode is False else "not known whether it is on"
    return (Strong(nodes.cluster.name), ": prefix mode ", Strong(_WORDS[found.verdict]), f" · {now}")


def _parts(found: PrefixReadiness, commands: tuple[str, ...]) -> tuple[Part, ...]:
    parts: list[Part] = [_bullets("", found.reasons)]
    if found.subnets:
        rest = found.subnets[_ROWS:]
        bad = sum(row.verdict is not Readiness.READY for row in rest)
        parts.append(
            Table(
                columns=("Subnet", "Free /28s", "Needs", "Worn"),
                rows=tuple(_cells(row) for row in found.subnets[:_ROWS]),
                right=frozenset({1, 2, 3}),
                more=f"+{len(rest)} more, {bad} of them not ready" if rest else "",
            )
        )
    if found.conditions:
        parts.append(_bullets("First", found.conditions))
    if commands:
        shown = commands if len(commands) <= _RESERVATIONS else (*commands[: _RESERVATIONS - 1], commands[-1])
        more = f" (+{len(commands) - len(shown)} more)" if len(shown) < len(commands) else ""
        parts.append(Code(title=f"For you to run, in order{more}", text="\n".join(shown)))
    return tuple(parts)


def _bullets(title: str, lines: tuple[str, ...]) -> Bullets:
    more = len(lines) - _LINES
    return Bullets(
        title=title, items=tuple((line,) for line in lines[:_LINES]), more=f"+{more} more" if more > 0 else ""
    )


def _cells(row: SubnetReadiness) -> tuple[str, ...]:
    blocks = row.facts.blocks
    pct = None if blocks is None else blocks.fragmentation_pct
    return (
        row.facts.subnet.label,
        count(row.free_blocks),
        count(row.most_blocks),
        "-" if pct is None else f"{pct:.0f}%",
    )


def _buttons(asked: Asked, found: PrefixReadiness) -> tuple[Button, ...]:
    buttons = []
    if found.subnets:
        worst = found.subnets[0].facts.subnet
        buttons.append(Button(label="Tune", command=f"tune {asked.target}".strip()))
        buttons.append(Button(label="Open worst", command=f"subnet {worst.subnet_id}"))
    buttons.append(Button(label="Explain", command="explain prefix delegation"))
    return tuple(buttons)


def _json(nodes: ClusterNodes, found: PrefixReadiness, commands: tuple[str, ...]) -> PrefixAnswer:
    return PrefixAnswer(
        cluster=nodes.cluster.name,
        verdict=found.verdict.value,
        prefix_mode=nodes.cluster.prefix_mode,
        reasons=list(found.reasons),
        conditions=list(found.conditions),
        nodes_with_prefixes=found.nodes_with_prefixes,
        nodes_without_prefixes=found.nodes_without,
        instance_types=[
            PrefixType(
                instance_type=each.instance_type,
                nodes=each.nodes,
                prefix_supported=each.supported,
                max_pods_now=each.max_pods_now,
                max_pods_prefix=each.max_pods_prefix,
                kube_reserved_memory_mib=each.reserved_mib_now,
                kube_reserved_memory_mib_prefix=each.reserved_mib_prefix,
            )
            for each in found.types
        ],
        subnets=[
            PrefixSubnet(
                subnet_id=row.facts.subnet.subnet_id,
                name=row.facts.subnet.name,
                nodes=row.nodes,
                free_blocks=row.free_blocks,
                fragmentation_pct=None if row.facts.blocks is None else row.facts.blocks.fragmentation_pct,
                start_blocks=row.start_blocks,
                full_blocks=row.full_blocks,
                most_blocks=row.most_blocks,
                verdict=row.verdict.value,
                reservations=[str(cidr) for cidr in row.reservations],
            )
            for row in found.subnets
        ],
        commands=list(commands),
    )
