"""`silence`, `unsilence`, `maintenance`: what is kept quiet, until when, by whom and why. Nothing without an end."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from bot.alerts.alert import Alert, AlertStatus
from bot.alerts.notices import overlay_of
from bot.alerts.readings import Severity
from bot.alerts.rules import RULES
from bot.alerts.silences import Silence, covers
from bot.answers.alerting import SilenceAnswer
from bot.answers.model import fields
from bot.answers.rows import alert_row, silence_row
from bot.asking.alert_words import is_alert_number, named_alerts, named_scope, time_zone, told_to
from bot.asking.command import Asked, Request
from bot.asking.form_words import form_offer
from bot.asking.moments import begins, end, window
from bot.errors import UserError, nearest
from bot.message import Bullets, Button, Context, Controls, Inline, Line, Message, Mono, Strong, Tone, When
from bot.services import Services
from bot.views import plural

LONGEST_REASON = 200
"""Characters of a reason that are kept: it stands in the small print of a card."""

SHOWN = 5
_CLOCK = "%b %d %H:%M %Z"


def silence_answer(asked: Asked, request: Request, services: Services) -> Message:
    """Keep alerts or a scope quiet from now until an end."""
    now = services.now()
    if not asked.words:
        raise UserError(
            "Say what to keep quiet and until when, for example `silence 1001 2h deploying` or `silence prod-eu 30m`.",
            [*form_offer("silence", request), "alerts"],
        )
    numbers, words = _numbers(asked.words)
    named: tuple[Alert, ...] = ()
    if numbers:
        named = named_alerts(numbers, services, verb="silence")
        over = [alert for alert in named if alert.status is AlertStatus.RESOLVED]
        if len(over) == len(named):
            raise UserError(
                f"There is nothing to silence: {plural(len(over), 'alert')} named, over already.", ["alerts"]
            )
        named = tuple(alert for alert in named if alert not in over)
        scope = None
    else:
        what, words = _scope_words(words)
        scope = named_scope(what, services, verb="silence")
    ends = end(words, now, time_zone(request))
    if ends.until_resolved and scope is not None:
        raise UserError(
            f"Only alerts are silenced until they are resolved; name them, or give an end: `silence {scope} 2h`.",
            [f"silence {scope} 2h"],
        )
    silence = Silence(
        alert_ids=tuple(alert.alert_id for alert in named if alert.alert_id is not None),
        scope=scope,
        rules=_rules(asked),
        severities=_severities(asked),
        created_by=request.user_id or request.who,
        name=request.who,
        reason=" ".join(ends.rest)[:LONGEST_REASON],
        created_at=now,
        starts_at=now,
        ends_at=ends.at,
        until_resolved=ends.until_resolved,
    )
    return _kept(silence, request, services)


def maintenance_answer(asked: Asked, request: Request, services: Services) -> Message:
    """Keep a scope quiet for planned work, from a moment to another."""
    now = services.now()
    what, words = _scope_words(asked.words)
    if not what or not words:
        raise UserError(
            "Say where, from when and until when, for example `maintenance prod-eu tomorrow 22:00 2h node rollover`."
        )
    scope = named_scope(what, services, verb="maintenance")
    starts_at, ends_at, rest = window(words, now, time_zone(request))
    silence = Silence(
        scope=scope,
        rules=_rules(asked),
        severities=_severities(asked),
        created_by=request.user_id or request.who,
        name=request.who,
        reason=" ".join(rest)[:LONGEST_REASON],
        created_at=now,
        starts_at=starts_at,
        ends_at=ends_at,
    )
    return _kept(silence, request, services)


def unsilence_answer(asked: Asked, request: Request, services: Services) -> Message:
    """End a silence or a maintenance window before its time."""
    now, store = services.now(), services.stored()
    known = () if store is None else store.silences(now)
    word = asked.target.strip("#, ")
    silence = store.silence(int(word)) if store is not None and is_alert_number(word) else None
    if silence is None or store is None or silence.silence_id is None:
        raise UserError(
            f"I know no silence `{word[:20]}`."
            + (f" One that works: `unsilence {known[0].silence_id}`." if known else ""),
            [f"unsilence {each.silence_id}" for each in known[:3]] or ["alerts"],
        )
    covered = _covered(silence, services)
    ids = [alert.alert_id for alert in covered if alert.alert_id is not None]
    by = request.user_id or request.who
    if not store.lift_silence(silence.silence_id, by, now, alert_ids=ids, name=request.who):
        raise UserError(f"Silence {silence.silence_id} is over already.", ["alerts"])
    lifted = store.silence(silence.silence_id) or silence
    fires = f" {plural(len(covered), 'alert')} of it may be heard again." if covered else ""
    return Message(
        text=f"Silence {silence.silence_id} ended by {request.who}.{fires}",
        tone=Tone.NEUTRAL,
        verdict=(Strong(f"Silence {silence.silence_id} ended"), f" by {request.who}.{fires}"),
        parts=_list(covered),
        visibility=told_to(request),
        answer=_json(lifted, covered, services),
    )


def _kept(wanted: Silence, request: Request, services: Services) -> Message:
    """Keep the silence; what is quiet now, and how to end that."""
    covered = _covered(wanted, services)
    planned = wanted.starts_at > wanted.created_at
    # A window that has yet to begin is no event of the alerts that are open today.
    touched = () if planned else tuple(alert.alert_id for alert in covered if alert.alert_id is not None)
    silence = services.store().add_silence(wanted, touched)
    what = silence.scope.words if silence.scope is not None else _labels(covered)
    until: list[Inline] = ["until resolved, at the latest "] if silence.until_resolved else ["until "]
    from_: list[Inline] = ["from ", _when(silence.starts_at, services.now()), " "] if planned else []
    reason = f": {silence.reason}" if silence.reason else ""
    zone = time_zone(request)
    last = "until it is resolved" if silence.until_resolved else f"until {silence.ends_at.astimezone(zone):{_CLOCK}}"
    first = f"from {silence.starts_at.astimezone(zone):{_CLOCK}} " if planned else ""
    return Message(
        text=f"{what} is {'to be ' if planned else ''}silenced {first}{last} by {request.who}{reason}.",
        tone=Tone.NEUTRAL,
        verdict=(
            Strong(f"{'Maintenance of' if planned else 'Silenced:'} {what}"),
            " ",
            *from_,
            *until,
            _when(silence.ends_at, services.now()),
            f", by {request.who}{reason}",
        ),
        parts=(
            *_list(covered),
            Context(
                lines=(
                    (
                        f"Covers {plural(len(covered), 'open alert')} now; an end is told all the same. ",
                        Mono(f"eksip unsilence {silence.silence_id}"),
                        " ends it.",
                    ),
                )
            ),
            Controls(items=(Button(label="End silence", command=f"unsilence {silence.silence_id}"),)),
        ),
        visibility=told_to(request),
        answer=_json(silence, covered, services),
    )


def _numbers(words: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The alert numbers that the words begin with, and the words after them."""
    count = next((at for at, word in enumerate(words) if not all(map(is_alert_number, word.split(",")))), len(words))
    return tuple(words[:count]), tuple(words[count:])


def _scope_words(words: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The words of the scope, at least one, and those from the first moment or length on."""
    at = next((place for place, word in enumerate(words) if place and begins(word)), len(words))
    return tuple(words[:at]), tuple(words[at:])


def _rules(asked: Asked) -> tuple[str, ...]:
    names = tuple(word for word in asked.options.get("rule", "").split(",") if word)
    known = [rule.name for rule in RULES]
    for name in names:
        if name not in known:
            close = nearest(name, known, limit=1)
            hint = f"Did you mean `{close[0]}`?" if close else f"The rules are {', '.join(known)}."
            raise UserError(
                f"`{name[:40]}` is no rule. {hint}", [f"{asked.verb} {asked.target} rule={close[0]}"] if close else []
            )
    return names


def _severities(asked: Asked) -> tuple[Severity, ...]:
    word = asked.options.get("severity", "").lower()
    found = tuple(severity for severity in Severity if severity.value == word)
    if word and not found:
        raise UserError(f"`{word[:20]}` is no severity; one of {', '.join(severity.value for severity in Severity)}.")
    return found


def _covered(silence: Silence, services: Services) -> tuple[Alert, ...]:
    return tuple(alert for alert in services.open_alerts() if covers(silence, alert))


def _labels(alerts: Sequence[Alert]) -> str:
    if len(alerts) == 1:
        return f"{alerts[0].label} (alert {alerts[0].alert_id})"
    return plural(len(alerts), "alert")


def _list(alerts: Sequence[Alert]) -> tuple[Bullets, ...]:
    items: tuple[Line, ...] = tuple(
        (Mono(str(alert.alert_id)), " ", Strong(alert.label), f" {alert.status.value} ({alert.severity.value})")
        for alert in alerts[:SHOWN]
    )
    more = f"+{len(alerts) - SHOWN} more" if len(alerts) > SHOWN else ""
    return (Bullets(items=items, more=more),) if len(alerts) > 1 else ()


def _when(moment: datetime, now: datetime) -> When:
    """The moment by its clock time, with the day where that is another."""
    return When(moment, "time" if moment.date() == now.date() else "date_time")


def _json(silence: Silence, covered: Iterable[Alert], services: Services) -> dict[str, object]:
    now, store = services.now(), services.store()
    silences = store.silences(now)
    acks = tuple(store.acks().values())
    rows = [alert_row(alert, overlay_of(alert, acks, silences, now)) for alert in covered]
    return fields(SilenceAnswer(silence=silence_row(silence), alerts=rows))
