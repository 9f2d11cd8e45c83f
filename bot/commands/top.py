"""`top [runout|movers|warm]`: the subnets soonest to run out, those that moved most, and who holds most warm."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.answers.history import TopAnswer, TopRow
from bot.answers.model import fields
from bot.asking.command import Asked, Request
from bot.capacity.subnets import usable_ips
from bot.errors import UserError, nearest
from bot.histories import dates_now
from bot.inventory import Inventory, Subnet
from bot.message import Button, Controls, Line, Message, Part, Strong, Table, Text, Tone
from bot.scope import cluster_key
from bot.services import LOOKED_LATELY, Services
from bot.views import age, blind_words, count, coverage, footer, plural
from bot.wording import span

ROWS, JSON_ROWS = 10, 100
"""Places shown, and places in the JSON form."""

_METHODS = {"burn_rate": "burn rate", "holt_winters": "daily pattern", "theil_sen": "daily lows"}
_LISTS = {
    "runout": "runout",
    "run-out": "runout",
    "out": "runout",
    "movers": "movers",
    "moved": "movers",
    "warm": "warm",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _List:
    """One list: its rows, the table's columns and cells, and what to say of it."""

    by: str
    rows: Sequence[TopRow]
    columns: tuple[str, ...]
    cells: Callable[[TopRow], tuple[str, ...]]
    sentence: str
    tone: Tone
    empty: str
    looked_at: datetime | None = None


def answer(asked: Asked, request: Request, services: Services) -> Message:
    """One of the three lists; without a word the soonest to run out."""
    word = asked.target.lower() or "runout"
    if word not in _LISTS:
        close = nearest(word, _LISTS) or ("runout",)
        offered = [f"top {by}" for by in dict.fromkeys(_LISTS.values())]
        raise UserError(f"`top` lists `runout`, `movers` or `warm`. Did you mean `top {_LISTS[close[0]]}`?", offered)
    inventory, now = services.facts().inventory(), services.now()
    made = {"runout": _runout, "movers": _movers, "warm": _warm}[_LISTS[word]](inventory, services, now)
    covered = coverage(inventory)
    command = f"top {made.by}"
    shown = made.rows[:ROWS]
    rest = len(made.rows) - len(shown)
    body: Part = (
        Table(
            columns=made.columns,
            rows=tuple(made.cells(row) for row in shown),
            right=frozenset(range(1, len(made.columns))),
            more=f"+{rest} more" if rest else "",
        )
        if shown
        else Text(lines=((made.empty,),))
    )
    looked = "" if made.looked_at is None else f"Forecast {age(made.looked_at, now)} ago."
    return Message(
        text=made.sentence,
        tone=made.tone,
        verdict=_verdict(made),
        parts=(
            body,
            footer(command, inventory.as_of, now, looked, blind_words(covered)),
            Controls(items=_buttons(made)),
        ),
        command=command,
        as_of=inventory.as_of,
        coverage=covered,
        answer=fields(
            TopAnswer.model_validate(
                {
                    "by": made.by,
                    "looked_at": made.looked_at,
                    "rows": list(made.rows[:JSON_ROWS]),
                    "left_out": max(len(made.rows) - JSON_ROWS, 0),
                }
            )
        ),
    )


def _verdict(made: _List) -> Line:
    if not made.rows:
        return (made.sentence,)
    subject, _, rest = made.sentence.partition(": ")
    return (Strong(subject), f": {rest}" if rest else "")


def _runout(inventory: Inventory, services: Services, now: datetime) -> _List:
    """The subnets whose newest forecast names a date, soonest first."""
    store, subnets = services.history(), inventory.subnets_by_id
    looked_at = None if store is None else store.looked_ahead_at()
    if store is None:
        found = []
    elif looked_at is not None and now - looked_at < LOOKED_LATELY:
        found = [(one.subnet_id, one.likely_at, one.method) for one in store.runs_out().values()]
    else:
        settings = services.settings
        found = dates_now(store, subnets.values(), settings.thresholds.limits, settings.schedule.poll, now)
        looked_at = now
    rows = [
        _row(subnets[subnet_id], likely_at=likely_at, method=method)
        for subnet_id, likely_at, method in found
        if subnet_id in subnets
    ]
    if rows:
        first = rows[0]
        left = "now" if first.likely_at is None or first.likely_at <= now else f"in {span(first.likely_at - now)}"
        sentence = f"Soonest to run out: {first.label}, {left}; {plural(len(rows), 'subnet')} in all."
    elif looked_at is None:
        sentence = "Nothing has been forecast yet."
    else:
        sentence = "No subnet runs out within weeks by any forecast."
    return _List(
        by="runout",
        rows=rows,
        columns=("Subnet", "Free", "Left", "By"),
        cells=lambda row: (
            row.label,
            count(row.free_ips),
            "0 s" if row.likely_at is None or row.likely_at <= now else span(row.likely_at - now),
            _METHODS.get(row.method or "", ""),
        ),
        sentence=sentence,
        tone=Tone.WARNING if rows else Tone.UNKNOWN if looked_at is None else Tone.GOOD,
        empty="`eksip serve` looks ahead once an hour, and needs a week of history for the weeks ahead."
        if looked_at is None
        else "The fleet was looked at whole; what never moves or grows names no date.",
        looked_at=looked_at,
    )


def _movers(inventory: Inventory, services: Services, now: datetime) -> _List:
    """The subnets whose free addresses changed most in a day, by addresses."""
    store = services.history()
    subnets = {subnet.subnet_id: subnet for subnet in inventory.subnets if subnet.cidr is not None}
    before: Mapping[str, int] = {} if store is None else store.free_at(subnets, now - timedelta(hours=25))
    latest: Mapping[str, int] = {} if store is None else store.free_at(subnets, now - timedelta(hours=1))
    rows = [
        _row(subnets[subnet_id], change_ips=latest[subnet_id] - free)
        for subnet_id, free in before.items()
        if latest.get(subnet_id, free) != free
    ]
    rows.sort(key=lambda row: (-abs(row.change_ips or 0), row.label))
    if rows:
        sentence = f"Moved most in 24 h: {rows[0].label}, {_signed(rows[0].change_ips)} free addresses."
    else:
        sentence = "No subnet moved in 24 h." if before else "No history of a day is stored yet."
    return _List(
        by="movers",
        rows=rows,
        columns=("Subnet", "Free", "24 h"),
        cells=lambda row: (row.label, count(row.free_ips), _signed(row.change_ips)),
        sentence=sentence,
        tone=Tone.NEUTRAL if before else Tone.UNKNOWN,
        empty="Every subnet has as much free as a day ago."
        if before
        else "eksip keeps what it reads while it serves; ask again tomorrow.",
    )


def _warm(inventory: Inventory, services: Services, now: datetime) -> _List:
    """The clusters whose nodes hold most addresses that no pod uses, where CNI Metrics Helper publishes it."""
    clusters = {cluster_key(cluster): cluster for cluster in inventory.clusters}
    warm = services.reader().warm_ips(clusters.values())
    rows = [
        TopRow(
            label=clusters[key].name,
            subnet_id=None,
            account_id=clusters[key].account_id,
            region=clusters[key].region,
            free_ips=None,
            usable_ips=None,
            likely_at=None,
            method=None,
            change_ips=None,
            warm_ips=warm_ips,
        )
        for key, warm_ips in sorted(warm.items(), key=lambda item: (-item[1], item[0]))
        if key in clusters
    ]
    unknown = len(clusters) - len(rows)
    tail = f"; of {plural(unknown, 'cluster')} it is not known" if unknown else ""
    return _List(
        by="warm",
        rows=rows,
        columns=("Cluster", "Warm"),
        cells=lambda row: (row.label, count(row.warm_ips)),
        sentence=f"Most warm addresses: {rows[0].label}, {count(rows[0].warm_ips)}{tail}."
        if rows
        else "No cluster's warm addresses are known.",
        tone=Tone.NEUTRAL if rows else Tone.UNKNOWN,
        empty="They show where CNI Metrics Helper publishes to CloudWatch; `explain cni-metrics-helper`.",
    )


def _row(
    subnet: Subnet, *, likely_at: datetime | None = None, method: str | None = None, change_ips: int | None = None
) -> TopRow:
    return TopRow.model_validate(
        {
            "label": subnet.label,
            "subnet_id": subnet.subnet_id,
            "account_id": subnet.account_id,
            "region": subnet.region,
            "free_ips": subnet.available_ips,
            "usable_ips": None if subnet.cidr is None else usable_ips(subnet.cidr),
            "likely_at": likely_at,
            "method": method,
            "change_ips": change_ips,
            "warm_ips": None,
        }
    )


def _buttons(made: _List) -> tuple[Button, ...]:
    others = [Button(label=f"Top {by}", command=f"top {by}") for by in ("runout", "movers", "warm") if by != made.by]
    first = made.rows[0] if made.rows else None
    if first is None or first.subnet_id is None:
        return tuple(others)
    return (Button(label="Forecast first", command=f"forecast subnet:{first.subnet_id}"), *others)


def _signed(change: int | None) -> str:
    return "?" if change is None else f"{change:+,}".replace("-", "\u2212")
