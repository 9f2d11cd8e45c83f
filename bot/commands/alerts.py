"""`alerts`: what is open now and what ended lately, one alert in full, or why somebody did or did not hear of it."""

from collections.abc import Iterable, Sequence
from itertools import groupby

from bot.alerts.alert import Alert, AlertStatus
from bot.alerts.figures import problem
from bot.alerts.grouping import worst_first
from bot.alerts.notices import NO_OVERLAY, Overlay, card, overlay_of
from bot.alerts.silences import Silence, in_scope
from bot.answers.alerting import AlertEventRow, AlertsAnswer
from bot.answers.model import fields
from bot.answers.rows import alert_row, silence_row
from bot.asking.alert_words import is_alert_number, named_alerts
from bot.asking.command import Asked, Request
from bot.message import (
    Bullets,
    Button,
    Channel,
    Context,
    Controls,
    Inline,
    Line,
    Message,
    Mono,
    Part,
    Strong,
    Text,
    Tone,
    When,
)
from bot.scope import EVERYTHING, Scope, resolve, subnets_in
from bot.services import Services
from bot.views import plural

RECENT = 10
"""Alerts shown after the open ones."""

EVENTS = 12
"""Events shown of one channel, the newest: what counts is why nothing was heard last night."""


def answer(asked: Asked, request: Request, services: Services) -> Message:
    """The open alerts of a scope, worst first, then those that ended lately; with a number, that alert's card."""
    if asked.words and asked.words[0].lower() == "why":
        return _why(asked.words[1:], services)
    if asked.words and is_alert_number(asked.words[0]):
        return _one(asked.words[:1], services)
    scope = EVERYTHING if not asked.words else resolve(asked.target, services.facts().inventory(), verb="alerts")
    return _list(scope, services)


def _list(scope: Scope, services: Services) -> Message:
    store = services.stored()
    about = _about(scope, services)
    still_open = sorted((alert for alert in services.open_alerts() if about(alert)), key=worst_first)
    recent = store.recent_alerts(RECENT * 10) if store is not None else ()
    ended = [alert for alert in recent if alert.status is AlertStatus.RESOLVED and about(alert)][:RECENT]
    firing = [alert for alert in still_open if alert.status is not AlertStatus.PENDING]
    rows = [*still_open, *ended]
    overlays = _overlays(rows, services)
    silences = () if store is None else store.silences(services.now())
    where = "" if scope == EVERYTHING else f" in {scope.words}"
    text = f"{plural(len(still_open), 'open alert')}{where}, {len(firing)} firing."
    more = f"+{len(rows) - RECENT} more" if len(rows) > RECENT else ""
    return Message(
        text=text if still_open else f"No open alert{where}.",
        tone=Tone.BAD if firing else Tone.WARNING if still_open else Tone.GOOD,
        verdict=(Strong(plural(len(still_open), "open alert") if still_open else "No open alert"), where or "."),
        parts=(
            *_bullets("", tuple(_line(alert, overlays[alert.alert_id or 0]) for alert in rows[:RECENT]), more),
            *_bullets("Silenced", tuple(_silence_line(silence, services) for silence in silences[:5]), ""),
            Context(
                lines=((Mono(f"eksip alerts{where and f' {scope}'}"), " · one in full: ", Mono("eksip alerts ID")),)
            ),
            Controls(
                items=tuple(
                    Button(label=f"{alert.alert_id} {alert.label}"[:24], command=f"alerts {alert.alert_id}")
                    for alert in rows[:3]
                )
            ),
        ),
        answer=_json(rows, overlays, silences),
    )


def _one(words: Sequence[str], services: Services) -> Message:
    (alert,) = named_alerts(words, services, verb="alerts")
    overlays = _overlays([alert], services)
    shown = card(alert, services.now(), overlays[alert.alert_id or 0])
    return Message(
        text=shown.text,
        tone=shown.tone,
        verdict=shown.verdict,
        parts=shown.parts,
        answer=_json([alert], overlays, ()),
    )


def _why(words: Sequence[str], services: Services) -> Message:
    """What was told of an alert, where, and what was not and why, by channel."""
    (alert,) = named_alerts(words[:1], services, verb="alerts why")
    number = alert.alert_id or 0
    store = services.stored()
    events = () if store is None else store.why_not_heard(number)
    rows = [
        AlertEventRow(
            at=event.at,
            kind=event.kind.value,
            channel=event.channel,
            what=event.transition.value if event.transition is not None else event.reason,
            detail=event.detail,
        )
        for event in events
    ]
    own = [row for row in rows if not row.channel]
    by_channel = sorted((row for row in rows if row.channel), key=lambda row: row.channel)
    channels = [(channel, list(found)) for channel, found in groupby(by_channel, key=lambda row: row.channel)]
    told = [channel for channel, found in channels if any(row.kind == "told" for row in found)]
    heard = f"{plural(len(told), 'channel')} heard of it" if told else "no channel heard of it"
    silent = len(channels) - len(told)
    not_heard = f", {plural(silent, 'channel')} did not" if silent else ""
    overlays = _overlays([alert], services)
    return Message(
        text=f"Alert {number} ({alert.label}, {alert.status.value}): {heard}{not_heard}.",
        tone=Tone.NEUTRAL,
        verdict=(Strong(f"{alert.label} {alert.status.value}"), f": {heard}{not_heard}"),
        parts=(
            *_bullets("The alert", tuple(_event_line(row) for row in own[-EVENTS:]), _earlier(own)),
            *(part for channel, found in channels[:RECENT] for part in _heard_in(channel, found)),
            Context(lines=((Mono(f"eksip alerts why {number}"), " · who is told: ", Mono("eksip watching")),)),
        ),
        answer=_json([alert], overlays, (), rows),
    )


def _heard_in(channel: str, rows: Sequence[AlertEventRow]) -> tuple[Part, ...]:
    """What one channel was told and what not, under its name."""
    events = tuple(_event_line(row) for row in rows[-EVENTS:])
    return (Text(lines=((Strong("Channel"), " ", Channel(channel)),)), *_bullets("", events, _earlier(rows)))


def _about(scope: Scope, services: Services) -> "_About":
    inventory = None if scope == EVERYTHING else services.facts().known()
    held = frozenset() if inventory is None else frozenset(s.subnet_id for s in subnets_in(scope, inventory))
    return _About(scope, held)


class _About:
    """Whether an alert is about a scope, subnets that another account shares with it included."""

    def __init__(self, scope: Scope, subnet_ids: frozenset[str]) -> None:
        self._scope = scope
        self._subnet_ids = subnet_ids

    def __call__(self, alert: Alert) -> bool:
        return alert.subnet_id in self._subnet_ids or in_scope(self._scope, alert)


def _overlays(alerts: Iterable[Alert], services: Services) -> dict[int, Overlay]:
    """What people did about each alert, by its number."""
    store, now = services.stored(), services.now()
    if store is None:
        return {alert.alert_id or 0: NO_OVERLAY for alert in alerts}
    acks, silences = tuple(store.acks().values()), store.silences(now)
    return {alert.alert_id or 0: overlay_of(alert, acks, silences, now) for alert in alerts}


def _json(
    alerts: Iterable[Alert],
    overlays: dict[int, Overlay],
    silences: Iterable[Silence],
    events: list[AlertEventRow] | None = None,
) -> dict[str, object]:
    return fields(
        AlertsAnswer(
            alerts=[alert_row(alert, overlays[alert.alert_id or 0]) for alert in alerts],
            silences=[silence_row(silence) for silence in silences],
            events=events or [],
        )
    )


def _bullets(title: str, items: tuple[Line, ...], more: str) -> tuple[Bullets, ...]:
    return (Bullets(title=title, items=items, more=more),) if items else ()


def _earlier(rows: Sequence[AlertEventRow]) -> str:
    return f"+{len(rows) - EVENTS} earlier" if len(rows) > EVENTS else ""


def _event_line(row: AlertEventRow) -> Line:
    kind = "" if row.kind == "transition" else f"{row.kind}: "
    detail = f" ({row.detail})" if row.detail else ""
    # An ack has no reason but who gave it.
    words = f"{kind}{row.what}{detail}" if row.what else f"{row.kind} by {row.detail}" if row.detail else row.kind
    return (When(row.at), f" {words}")


def _silence_line(silence: Silence, services: Services) -> Line:
    what = silence.scope.words if silence.scope is not None else ", ".join(map(str, silence.alert_ids[:5]))
    first: list[Inline] = (
        ["from ", When(silence.starts_at, "date_time"), " "] if silence.starts_at > services.now() else []
    )
    reason = f" · {silence.reason}" if silence.reason else ""
    by = silence.name or silence.created_by
    return (
        Mono(str(silence.silence_id)),
        f" {what} ",
        *first,
        "until ",
        When(silence.ends_at, "date_time"),
        f", {by}{reason}",
    )


def _line(alert: Alert, overlay: Overlay) -> Line:
    line: list[Inline] = [
        Mono(str(alert.alert_id)),
        " ",
        Strong(f"{alert.label} {alert.status.value}"),
        f" ({alert.severity.value}): {problem(alert)}",
    ]
    moment = alert.resolved_at or alert.fired_at or alert.active_at
    line += [", ", "ended " if alert.resolved_at else "since ", When(moment)]
    if overlay.ack is not None:
        line.append(f" · acked by {overlay.ack.name or overlay.ack.acked_by}")
    if overlay.silence is not None:
        line.append(" · silenced")
    return tuple(line)
