"""`alerts [ID]`: what is open now and what ended lately, or one alert in full."""

from bot.alerts.alert import Alert, AlertStatus
from bot.alerts.figures import of_capacity
from bot.alerts.notices import card
from bot.answers.alerting import AlertsAnswer
from bot.answers.model import fields
from bot.answers.rows import alert_row
from bot.asking.command import Asked, Request
from bot.errors import UserError
from bot.message import Bullets, Button, Context, Controls, Inline, Line, Message, Mono, Strong, Tone, When
from bot.services import Services
from bot.views import plural

RECENT = 10
"""Alerts shown after the open ones."""


def answer(asked: Asked, request: Request, services: Services) -> Message:
    """The open alerts, worst first, then those that ended lately; with a number, that alert's card."""
    store = services.stored()
    if asked.words:
        return _one(asked.words[0].lstrip("#"), services)
    recent = store.recent_alerts(RECENT) if store is not None else ()
    still_open = services.open_alerts()
    ended = [alert for alert in recent if alert.status is AlertStatus.RESOLVED]
    firing = [alert for alert in still_open if alert.status is not AlertStatus.PENDING]
    rows = [*still_open, *ended]
    text = f"{plural(len(still_open), 'open alert')}, {len(firing)} firing."
    items = tuple(_line(alert) for alert in rows[:RECENT])
    more = f"+{len(rows) - RECENT} more" if len(rows) > RECENT else ""
    return Message(
        text=text if still_open else "No open alert.",
        tone=Tone.BAD if firing else Tone.WARNING if still_open else Tone.GOOD,
        verdict=(Strong(plural(len(still_open), "open alert")) if still_open else "No open alert",),
        parts=(
            *((Bullets(items=items, more=more),) if items else ()),
            Context(lines=((Mono("eksip alerts"), " · one in full: ", Mono("eksip alerts ID")),)),
            Controls(
                items=tuple(
                    Button(label=f"{alert.alert_id} {alert.label}"[:24], command=f"alerts {alert.alert_id}")
                    for alert in rows[:3]
                )
            ),
        ),
        answer=fields(AlertsAnswer(alerts=[alert_row(alert) for alert in rows])),
    )


def _one(word: str, services: Services) -> Message:
    store = services.stored()
    alert = (
        store.alert(int(word)) if store is not None and word.isascii() and word.isdigit() and len(word) < 10 else None
    )
    if alert is None:
        known = [str(found.alert_id) for found in services.open_alerts()[:3]]
        example = f"`alerts {known[0]}`" if known else "`alerts`"
        raise UserError(
            f"I know no alert `{word[:20]}`; one that works: {example}.",
            [f"alerts {number}" for number in known] or ["alerts"],
        )
    shown = card(alert, services.now())
    return Message(
        text=shown.text,
        tone=shown.tone,
        verdict=shown.verdict,
        parts=shown.parts,
        answer=fields(AlertsAnswer(alerts=[alert_row(alert)])),
    )


def _line(alert: Alert) -> Line:
    line: list[Inline] = [
        Mono(str(alert.alert_id)),
        " ",
        Strong(f"{alert.label} {alert.status.value}"),
        f" ({alert.severity.value}): {of_capacity(alert)}",
    ]
    moment = alert.resolved_at or alert.fired_at or alert.active_at
    return (*line, ", ", "ended " if alert.resolved_at else "since ", When(moment))
