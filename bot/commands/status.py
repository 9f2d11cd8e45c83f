"""`status [SCOPE]`: free addresses of every subnet in the scope, worst first."""

import sys
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime

from bot.alerts.alert import Alert
from bot.alerts.grouping import worst_first as worst_alert
from bot.alerts.silences import in_scope
from bot.answers.cluster_rows import cluster_health, cluster_rows
from bot.answers.model import fields
from bot.answers.occupied import Occupied, occupied
from bot.answers.rows import alert_row, gone_row, subnet_row
from bot.answers.subnets import HealthJson, StatusAnswer, SubnetRow
from bot.asking.command import Asked, Request
from bot.capacity.screening import screened, screened_places
from bot.capacity.standing import Standing, reading_order, standings_as_kept
from bot.capacity.subnets import SubnetState, worst_first
from bot.errors import UserError
from bot.inventory import Cluster, Subnet
from bot.message import Bullets, Button, Controls, Coverage, Line, Message, Part, Strong, Table, Text, Tone
from bot.scope import (
    EVERYTHING,
    Scope,
    ScopeKind,
    clusters_in,
    contains,
    nothing_in,
    read_for,
    resolve,
    subnets_in,
)
from bot.services import Services
from bot.views import TONES, age, blind_words, count, coverage, footer, free_of, plural, share
from bot.wording import time_left

ROWS = 12
"""Subnets shown; the rest are counted by state."""

MAX_ROWS = 1000
"""Subnets and clusters of the JSON form, worst first, unless `limit=` says otherwise: more is for scripts that ask."""

MAX_READS = 60
"""Subnets whose interfaces one status reads at most where no lane has; the rest shows what the count tells."""

MAX_CLUSTERS = 20
"""Clusters whose CNI metrics one status asks for at most: each account and region of theirs is a call to CloudWatch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Status:
    scope: Scope
    rows: tuple[Standing, ...]
    fine: int
    clusters: tuple[Cluster, ...]
    alerts: tuple[Alert, ...]
    warm: Mapping[str, int]
    covered: Coverage
    by_id: Mapping[str, Standing]
    subnets: Mapping[str, Subnet]
    gone: tuple[Subnet, ...]
    for_prefixes: Set[str]
    depletes_at: Mapping[str, datetime]
    now: datetime

    @property
    def left(self) -> str:
        """How long the worst subnet lasts by its newest forecast, "" where that names no date."""
        at = self.depletes_at.get(self.rows[0].subnet.subnet_id) if self.rows else None
        return "" if at is None else f", {time_left(at - self.now)}"

    @property
    def count(self) -> int:
        """The subnets of the scope, those included that are well and not looked at."""
        return len(self.rows) + self.fine

    @property
    def bad(self) -> tuple[Standing, ...]:
        """The subnets that are low, critical or exhausted, worst first."""
        return tuple(row for row in self.rows if row.state not in (SubnetState.OK, SubnetState.UNKNOWN))

    @property
    def blockless(self) -> tuple[Standing, ...]:
        """The subnets whose nodes take prefixes and that have no free /28 left, however many addresses are free."""
        return tuple(
            row
            for row in self.rows
            if row.blocks is not None
            and row.blocks.candidate
            and not row.blocks.free
            and row.subnet.subnet_id in self.for_prefixes
        )

    @property
    def subject(self) -> str:
        """What the answer is about, in words."""
        return "All accounts" if self.scope == EVERYTHING else self.scope.words


def answer(asked: Asked, request: Request, services: Services) -> Message:
    """The standing of every subnet in the scope that was named, or of all."""
    inventory = services.facts().inventory()
    scope = resolve(asked.target, inventory)
    subnets = subnets_in(scope, inventory)
    if not subnets and scope != EVERYTHING:
        raise nothing_in(scope, inventory)
    limits = services.settings.thresholds.limits
    limit = _limit(asked.options.get("limit"))
    whole = scope == EVERYTHING
    screen = screened_places(inventory.regions, limits, limit) if whole else screened(subnets, limits, limit)
    by_id = inventory.subnets_by_id if whole else {subnet.subnet_id: subnet for subnet in subnets}
    for_prefixes = inventory.prefix_subnet_ids & by_id.keys()
    closer = _once(*screen.close, *(by_id[subnet_id] for subnet_id in sorted(for_prefixes)))
    wanted = reading_order(closer, limits, for_prefixes)
    inside = occupied(wanted, services, MAX_READS)
    read = (by_id[subnet_id] for subnet_id in inside.known)
    seen = _once(*screen.close, *screen.next, *read)
    rows = sorted(standings_as_kept(seen, inside.known, limits).values(), key=_worst_first)
    clusters = clusters_in(scope, inventory)
    open_alerts = sorted(services.open_alerts(), key=worst_alert)
    found = _Status(
        scope=scope,
        rows=tuple(rows),
        fine=len(subnets) - len(rows),
        clusters=clusters,
        alerts=tuple(a for a in open_alerts if a.subnet_id in by_id or in_scope(scope, a)),
        warm=services.reader().warm_ips(clusters) if _asks_cloudwatch(clusters, services) else {},
        covered=coverage(read_for(scope, inventory), inside.blind_spots),
        by_id={row.subnet.subnet_id: row for row in rows},
        subnets=by_id,
        gone=tuple(subnet for subnet in inventory.gone if contains(scope, subnet, inventory.clusters)),
        for_prefixes=for_prefixes,
        depletes_at=services.depletes_at(),
        now=services.now(),
    )
    oldest_at = inventory.oldest_at if whole else min((subnet.observed_at for subnet in subnets), default=None)
    as_of = oldest_at or inventory.as_of
    names = inventory.clusters_by_subnet()
    command = f"status {asked.target}".strip()
    warm = sum(found.warm.values())
    return Message(
        text=_sentence(found),
        tone=_tone(found),
        verdict=_verdict(found),
        parts=(
            *_parts(found),
            footer(
                command,
                as_of,
                services.now(),
                f"Nodes hold {count(warm)} warm addresses (CNI Metrics Helper)." if warm else "",
                _interfaces_words(inside.oldest_at, as_of, found.now),
                blind_words(found.covered),
            ),
            Controls(items=_buttons(found)),
        ),
        command=command,
        as_of=as_of,
        coverage=found.covered,
        answer=fields(
            StatusAnswer(
                subnets=[_row(row, names, found, inside) for row in rows[:limit]],
                subnets_total=found.count,
                clusters=cluster_rows(clusters, found.by_id, by_id, found.warm, limit),
                clusters_total=len(clusters),
                alerts=[alert_row(alert) for alert in found.alerts],
                gone=[gone_row(subnet) for subnet in found.gone],
            )
        ),
    )


def _asks_cloudwatch(clusters: Sequence[Cluster], services: Services) -> bool:
    """Whether CloudWatch is asked for warm addresses: it bills each metric, so it can be switched off."""
    return services.settings.alerts.cloudwatch and len(clusters) <= MAX_CLUSTERS


def _once(*subnets: Subnet) -> tuple[Subnet, ...]:
    """Each subnet once, told apart by its id: to hash it whole takes longer than all the rest."""
    return tuple({subnet.subnet_id: subnet for subnet in subnets}.values())


def _limit(text: str | None) -> int:
    if text is None:
        return MAX_ROWS
    if text == "all":
        return sys.maxsize
    if text.isdecimal() and int(text) > 0:
        return int(text)
    raise UserError(f"“{text}” is no number of rows; write for example limit=50, or limit=all.")


def _row(row: Standing, names: Mapping[str, tuple[str, ...]], found: _Status, inside: Occupied) -> SubnetRow:
    read = inside.known.get(row.subnet.subnet_id)
    depletes_at = found.depletes_at.get(row.subnet.subnet_id)
    return subnet_row(row, names, depletes_at, None if read is None else read.observed_at)


def _interfaces_words(read_at: datetime | None, as_of: datetime | None, now: datetime) -> str:
    """How old the figures of interfaces are, where they are older than those of the subnets."""
    if read_at is None or as_of is None or read_at >= as_of:
        return ""
    return f"Interfaces as of {age(read_at, now)} ago."


def _worst_first(row: Standing) -> tuple[int, float, str]:
    return worst_first(row.state), row.free_pct if row.free_pct is not None else 101.0, row.subnet.label


def _tone(found: _Status) -> Tone:
    if not found.rows:
        return Tone.UNKNOWN
    worst = found.rows[0].state
    return Tone.WARNING if worst is SubnetState.OK and (found.blockless or _health(found)) else TONES[worst]


def _verdict(found: _Status) -> Line:
    bad, subnets = len(found.bad), plural(found.count, "subnet")
    if not found.rows:
        return (Strong(found.subject), ": nothing could be read")
    blockless = f" · {len(found.blockless)} without a free /28" if found.blockless else ""
    if bad:
        worst = found.rows[0].state.value if bad == 1 else "low"
        return (Strong(found.subject), " · ", Strong(f"{bad} of {subnets} {worst}"), blockless)
    unknown = sum(row.state is SubnetState.UNKNOWN for row in found.rows)
    if unknown:
        return (Strong(found.subject), f" · no subnet low, {unknown} of {subnets} not known", blockless)
    if blockless:
        return (Strong(found.subject), f" · no subnet low of {found.count:,}", Strong(blockless))
    return (Strong(found.subject), f" · all {subnets} ok" if found.count > 1 else " · ok")


def _sentence(found: _Status) -> str:
    if not found.rows:
        return f"{found.subject}: nothing could be read. {blind_words(found.covered)}".strip()
    head = "".join(
        part if isinstance(part, str) else part.text for part in _verdict(found) if isinstance(part, str | Strong)
    )
    worst = found.rows[0]
    free = free_of(worst.free_ips, worst.usable_ips)
    tail = f" Worst: {worst.subnet.label}, {free} free{found.left}." if found.bad else ""
    return f"{head.replace(' · ', ': ', 1)}.{tail}"


def _parts(found: _Status) -> tuple[Part, ...]:
    parts: list[Part] = []
    if found.bad:
        worst = found.rows[0]
        where = f" ({worst.subnet.az})" if worst.subnet.az else ""
        line: Line = (
            Strong(worst.subnet.label),
            f"{where} has ",
            Strong(f"{count(worst.free_ips)} free"),
            f" of {count(worst.usable_ips)} ({share(worst.free_ips, worst.usable_ips)}){found.left}",
        )
        parts.append(Text(lines=(line,)))
    if found.rows:
        shown = found.rows[:ROWS]
        blocks = any(row.blocks is not None for row in shown)
        parts.append(
            Table(
                columns=("Subnet", "Free", "Of", "%", *(("/28s",) if blocks else ())),
                rows=tuple(_cells(row, blocks) for row in shown),
                right=frozenset({1, 2, 3, 4}),
                more=_more(found.rows[ROWS:], found.fine),
            )
        )
    if found.blockless:
        names = ", ".join(row.subnet.label for row in found.blockless[:3])
        rest = f" and {len(found.blockless) - 3} more" if len(found.blockless) > 3 else ""
        parts.append(Text(lines=((Strong("No free /28"), f" in {names}{rest}: nodes there get no new prefix."),)))
    if found.gone:
        newest = found.gone[0]
        rest = f" and {len(found.gone) - 1} more" if len(found.gone) > 1 else ""
        ago = age(newest.observed_at, found.now)
        parts.append(Text(lines=((Strong("Gone"), f": {newest.label} (deleted, confirmed {ago} ago){rest}."),)))
    issues = _health(found)
    if issues:
        items = tuple((Strong(issue.subject), f" {issue.code}: {issue.message}") for issue in issues[:3])
        more = f"+{len(issues) - 3} more" if len(issues) > 3 else ""
        parts.append(Bullets(title="EKS reports", items=items, more=more))
    if found.alerts:
        ids = ", ".join(f"{alert.alert_id} {alert.label} ({alert.status.value})" for alert in found.alerts[:5])
        rest = f" and {len(found.alerts) - 5} more" if len(found.alerts) > 5 else ""
        parts.append(Text(lines=((f"Open alerts: {ids}{rest}",),)))
    return tuple(parts)


def _cells(row: Standing, blocks: bool) -> tuple[str, ...]:
    free_blocks = "-" if row.blocks is None else count(row.blocks.free)
    if row.subnet.cidr is None:
        return (row.subnet.label, "IPv6", "-", "-", *((free_blocks,) if blocks else ()))
    cells = (row.subnet.label, count(row.free_ips), count(row.usable_ips), share(row.free_ips, row.usable_ips))
    return (*cells, free_blocks) if blocks else cells


def _more(rows: tuple[Standing, ...], fine: int) -> str:
    states = Counter(row.state for row in rows)
    if fine:
        states[SubnetState.OK] += fine
    if not states:
        return ""
    words = ", ".join(f"{states[state]:,} {state.value}" for state in sorted(states, key=worst_first))
    return f"+{states.total():,} more: {words}"


def _health(found: _Status) -> list[HealthJson]:
    return [issue for cluster in found.clusters for issue in cluster_health(cluster)]


def _buttons(found: _Status) -> tuple[Button, ...]:
    if not found.rows:
        return (Button(label="Accounts", command="accounts"),)
    worst = found.rows[0].subnet
    buttons = [
        Button(label="Open worst", command=f"subnet {worst.subnet_id}"),
        Button(label="Who holds them?", command=f"who subnet:{worst.subnet_id}"),
    ]
    if found.scope.kind is ScopeKind.ALL and found.bad:
        owner = next((c.name for c in found.clusters if worst.subnet_id in c.all_subnet_ids), None)
        if owner:
            buttons.append(Button(label=owner, command=f"status cluster:{owner}"))
    if found.bad:
        buttons.append(Button(label="Explain", command="explain address-exhaustion"))
    return tuple(buttons)
