"""`board SCOPE 2h`, `board stop`: a message in the channel that keeps itself up to date until it ends."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.alerts.alert import Alert
from bot.alerts.figures import problem
from bot.alerts.grouping import worst_first
from bot.alerts.silences import in_scope
from bot.answers.conversation import BoardAnswer, BoardRow
from bot.answers.glance import glance, worst_standing
from bot.answers.model import fields
from bot.asking.command import Asked, Request
from bot.capacity.standing import Standing
from bot.capacity.subnets import SubnetState, totals
from bot.config.values import duration
from bot.errors import UserError
from bot.histories import held, histories
from bot.inventory import Inventory
from bot.message import (
    Bullets,
    Button,
    Controls,
    Line,
    Message,
    Mono,
    Part,
    Strong,
    Table,
    Text,
    Tone,
    Visibility,
    When,
)
from bot.scope import Scope, nothing_in, read_for, resolve, subnets_in
from bot.services import Services
from bot.store import Board
from bot.views import TONES, blind_words, count, coverage, footer, free_of, plural
from bot.wording import remaining, span

if TYPE_CHECKING:
    from bot.capacity.forecast.verdicts import Forecast

SHORTEST, USUAL, LONGEST = timedelta(minutes=5), timedelta(hours=2), timedelta(hours=24)
MOST_HERE, MOST = 3, 20
"""Boards in one channel, and in all: at an edit a minute each, 20 take less than half of what Slack allows.

Source: https://docs.slack.dev/apis/web-api/rate-limits (chat.update: tier 3, 50 a minute).
"""
ROWS, ALERTS = 5, 5
PACE_AFTER = timedelta(minutes=10)
"""How long a board must run before the change since its start is put in addresses an hour."""

_TIME = re.compile(r"(?:\d{1,4}[smhd]){1,4}", re.IGNORECASE)


def answer(asked: Asked, request: Request, services: Services) -> Message:
    """Start a board here, give one that runs a new end, stop those of the channel, or list them."""
    if not request.channel_id:
        raise UserError("A board needs a channel: run it in Slack.")
    if asked.target.lower() in ("stop", "end", "off"):
        return _stopped(request, services)
    lengths = [word for word in asked.words if _TIME.fullmatch(word)]
    words = " ".join(word for word in asked.words if word not in lengths)
    if not words:
        return _listed(request, services)
    length = _length(lengths)
    inventory = services.facts().inventory()
    scope = resolve(words, inventory, verb="board")
    if not subnets_in(scope, inventory):
        raise nothing_in(scope, inventory)
    store, now = services.store(), services.now()
    here = store.boards(request.channel_id)
    if str(scope) not in {board.scope for board in here}:
        if len(here) >= MOST_HERE:
            raise UserError(f"{MOST_HERE} boards run in this channel already; `board stop` ends them.", ["board stop"])
        if store.open_boards() >= MOST:
            raise UserError(f"{MOST} boards run already, which is the most that Slack's limits leave room for.")
    ends_at = now + length
    _, new = store.open_board(
        channel=request.channel_id,
        scope=str(scope),
        label=scope.words,
        created_by=request.user_id,
        now=now,
        ends_at=ends_at,
    )
    told = f"A live board of {scope.words} " + ("appears here" if new else "here runs on") + f" for {span(length)}."
    return Message(
        text=told,
        tone=Tone.GOOD,
        verdict=(told, " It ends ", When(ends_at), "."),
        parts=(Controls(items=(Button(label="Stop", command="board stop"),)),),
        answer=_json(request.channel_id, services),
    )


def board_message(board: Board, services: Services, last_edit: str = "") -> tuple[Message, int | None, frozenset[int]]:
    """The board as it stands: its message, the free addresses in its scope, and the ids of the open alerts it shows.

    `services` are those of the channel. Raises: EksipError when the scope is no longer known.
    """
    inventory = services.facts().inventory()
    scope = resolve(board.scope, inventory, verb="board")
    subnets = subnets_in(scope, inventory)
    rows = sorted(glance(subnets, services).values(), key=worst_standing)
    if not rows:
        raise nothing_in(scope, inventory)
    sums = totals((row.usable_ips, row.free_ips) for row in rows)
    alerts = _alerts_of(scope, inventory, services)
    now = services.now()
    as_of = min(subnet.observed_at for subnet in subnets)
    low = sum(row.state not in (SubnetState.OK, SubnetState.UNKNOWN) for row in rows)
    told = (
        f"{scope.words}: {count(sums.free)} of {count(sums.usable)} free, {low} of {plural(len(rows), 'subnet')} low."
    )
    covered = coverage(read_for(scope, inventory))
    command = f"board {scope.words}"
    message = Message(
        text=f"Live board. {told}",
        tone=TONES[rows[0].state],
        verdict=(Strong(f"Live board · {scope.words}"), " until ", When(board.ends_at)),
        parts=(
            Text(lines=(_free_line(sums.free, sums.usable, low, len(rows)), *_since(board, sums.free, now))),
            _table(rows[:ROWS], _forecasts(rows[:ROWS], services, now), len(rows) - ROWS, now),
            *_alert_parts(alerts),
            footer(command, as_of, now, blind_words(covered), last_edit),
            Controls(
                items=(
                    Button(label="Status", command=f"status {scope}"),
                    Button(label="Stop board", command="board stop"),
                )
            ),
        ),
        command=command,
        as_of=as_of,
        coverage=covered,
        visibility=Visibility.IN_CHANNEL,
    )
    return message, sums.free, frozenset(alert.alert_id for alert in alerts if alert.alert_id is not None)


def summary(board: Board, now: datetime, reason: str) -> Message:
    """A board's last word: how long it ran, from where to where it went, the lowest, and the alerts meanwhile."""
    told = f"The live board of {board.label} has ended after {span(max(now - board.began_at, timedelta(0)))}."
    lines: list[Line] = []
    if board.first_free is not None and board.lowest_free is not None and board.lowest_at is not None:
        lowest = (Strong(count(board.lowest_free)), " free at the lowest, ", When(board.lowest_at))
        lines.append((f"It began with {count(board.first_free)} free; ", *lowest, "."))
    ids = ", ".join(str(number) for number in sorted(board.alerts)[:ALERTS])
    rest = f" and {len(board.alerts) - ALERTS} more" if len(board.alerts) > ALERTS else ""
    lines.append((f"Alerts meanwhile: {ids}{rest}." if ids else "No alert was open meanwhile.",))
    if reason:
        lines.append((reason,))
    return Message(
        text=told,
        tone=Tone.NEUTRAL,
        verdict=(Strong(f"Board ended · {board.label}"),),
        parts=(
            Text(lines=tuple(lines)),
            Controls(
                items=(
                    Button(label="Status", command=f"status {board.scope}"),
                    Button(label="Again, 2 h", command=f"board {board.scope} 2h"),
                )
            ),
        ),
        visibility=Visibility.IN_CHANNEL,
    )


def _length(words: Sequence[str]) -> timedelta:
    length = duration(words[0].lower()) if words else USUAL
    if not SHORTEST <= length <= LONGEST:
        raise UserError(f"A board runs for {span(SHORTEST)} to {span(LONGEST)}, not {span(length)}.", ["board all 2h"])
    return length


def _stopped(request: Request, services: Services) -> Message:
    stored = services.stored()
    stopped = 0 if stored is None else stored.stop_boards(request.channel_id, services.now())
    told = f"{plural(stopped, 'board')} in this channel will end now." if stopped else "No board runs in this channel."
    return Message(text=told, verdict=(told,), answer=_json(request.channel_id, services))


def _listed(request: Request, services: Services) -> Message:
    stored = services.stored()
    running = () if stored is None else stored.boards(request.channel_id)
    told = f"{plural(len(running), 'board')} in this channel." if running else "No board runs in this channel."
    items = tuple((Strong(board.label), " until ", When(board.ends_at)) for board in running)
    return Message(
        text=told,
        verdict=(told,),
        parts=(
            *((Bullets(items=items),) if items else ()),
            Text(lines=(("Start one with ", Mono("eksip board prod-eu 2h")),)),
        ),
        answer=_json(request.channel_id, services),
    )


def _json(channel: str, services: Services) -> dict[str, object]:
    stored = services.stored()
    now = services.now()
    rows = () if stored is None else tuple(board for board in stored.boards(channel) if board.ends_at > now)
    return fields(BoardAnswer(boards=[BoardRow(board_id=b.board_id, scope=b.scope, ends_at=b.ends_at) for b in rows]))


def _alerts_of(scope: Scope, inventory: Inventory, services: Services) -> tuple[Alert, ...]:
    ids = {subnet.subnet_id for subnet in subnets_in(scope, inventory)}
    return tuple(alert for alert in services.open_alerts() if alert.subnet_id in ids or in_scope(scope, alert))


def _free_line(free: int | None, usable: int, low: int, subnets: int) -> Line:
    return (Strong(f"{free_of(free, usable)} free"), f" in {plural(subnets, 'subnet')}, {low} low")


def _since(board: Board, free: int | None, now: datetime) -> tuple[Line, ...]:
    """The change since the board began, and an hour's worth of it once it ran for a while; nothing at its start."""
    if board.first_free is None or free is None:
        return ()
    change, passed = free - board.first_free, now - board.began_at
    rate = ""
    if passed >= PACE_AFTER:
        rate = f", {round(change / (passed / timedelta(hours=1))):+,} an hour".replace("-", "−")
    return (("Since ", When(board.began_at), f": {change:+,}".replace("-", "−"), rate),)


def _forecasts(rows: Sequence[Standing], services: Services, now: datetime) -> Mapping[str, "Forecast"]:
    """What the estimators say of the subnets shown; nothing without a stored past."""
    store = services.stored()
    if store is None:
        return {}
    from bot.capacity.forecast.outlook import outlooks

    settings = services.settings
    poll = settings.schedule.poll
    past = histories(store, [row.subnet for row in rows], settings.thresholds.limits, now)
    found = outlooks(past.values(), now, poll=poll, held=held(poll))
    return {outlook.key: outlook.headline for outlook in found}


def _table(rows: Sequence[Standing], forecasts: Mapping[str, "Forecast"], rest: int, now: datetime) -> Table:
    cells = tuple(
        (row.subnet.label, count(row.free_ips), count(row.usable_ips), _left(forecasts.get(row.subnet.subnet_id), now))
        for row in rows
    )
    more = f"+{rest} more with more room" if rest > 0 else ""
    return Table(columns=("Subnet", "Free", "Of", "Left"), rows=cells, right=frozenset({1, 2, 3}), more=more)


def _left(forecast: "Forecast | None", now: datetime) -> str:
    if forecast is None or forecast.likely is None:
        return "-"
    return remaining(forecast.likely - now)


def _alert_parts(alerts: Sequence[Alert]) -> tuple[Part, ...]:
    if not alerts:
        return ()
    first = sorted(alerts, key=worst_first)[:ALERTS]
    items = tuple((Mono(str(a.alert_id)), f" {a.label} {a.status.value}: {problem(a)}") for a in first)
    more = f"+{len(alerts) - ALERTS} more" if len(alerts) > ALERTS else ""
    return (Bullets(title="Alerts", items=items, more=more),)
