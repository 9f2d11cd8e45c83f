"""`ack ID…`, `unack ID…`: who has which alerts in hand. The cards show it at once; nobody is pinged for it."""

from collections.abc import Iterable

from bot.alerts.acks import ACK_LASTS, ack, ack_holds
from bot.alerts.alert import Alert, AlertStatus
from bot.alerts.notices import overlay_of
from bot.answers.alerting import AckAnswer
from bot.answers.model import fields
from bot.answers.rows import alert_row
from bot.asking.alert_words import named_alerts, told_to
from bot.asking.command import Asked, Request
from bot.errors import UserError
from bot.message import Bullets, Context, Line, Message, Mono, Strong, Tone
from bot.services import Services
from bot.views import plural
from bot.wording import span

_OPEN = (AlertStatus.FIRING, AlertStatus.RECOVERING)


def ack_answer(asked: Asked, request: Request, services: Services) -> Message:
    """Record that this person has the alerts in hand; those that are over stay as they are and are said."""
    named = named_alerts(asked.words, services, verb="ack")
    fires = [alert for alert in named if alert.status in _OPEN]
    if not fires:
        raise UserError(_nothing_to_ack(named), ["alerts"])
    now, store = services.now(), services.store()
    for alert in fires:
        if alert.alert_id is not None:
            store.save_ack(
                ack(alert, alert.alert_id, acked_by=request.user_id or request.who, name=request.who, now=now)
            )
    rest = [alert for alert in named if alert not in fires]
    left_out = f" {_numbers(rest)} not: {_why_not(rest)}." if rest else ""
    numbers = " ".join(str(alert.alert_id) for alert in fires)
    return Message(
        text=f"Acked by {request.who}: {_labels(fires)}.{left_out}",
        tone=Tone.NEUTRAL,
        verdict=(Strong(f"Acked by {request.who}"), f": {_labels(fires)}.{left_out}"),
        parts=(
            *_list(fires),
            Context(
                lines=(
                    (
                        f"Not repeated for {span(ACK_LASTS)}, unless it gets worse. Take it back with ",
                        Mono(f"eksip unack {numbers}"),
                    ),
                )
            ),
        ),
        visibility=told_to(request),
        answer=_json(named, services),
    )


def unack_answer(asked: Asked, request: Request, services: Services) -> Message:
    """Take back who has the alerts in hand."""
    named = named_alerts(asked.words, services, verb="unack")
    now, store = services.now(), services.store()
    given = store.acks(alert.alert_id for alert in named if alert.alert_id is not None)
    acked = [alert for alert in named if alert.alert_id in given]
    if not acked:
        raise UserError(f"Nobody has acked {_labels(named)}.", [f"ack {named[0].alert_id}", "alerts"])
    for alert in acked:
        if alert.alert_id is not None:
            store.remove_ack(alert.alert_id, request.user_id or request.who, now, name=request.who)
    held = [alert for alert in acked if ack_holds(given[alert.alert_id or 0], alert, now)]
    again = "They are repeated again while they fire." if held else "The acknowledgement had run out already."
    return Message(
        text=f"No longer acked ({request.who}): {_labels(acked)}.",
        tone=Tone.NEUTRAL,
        verdict=(Strong("No longer acked"), f" ({request.who}): {_labels(acked)}. {again}"),
        parts=_list(acked),
        visibility=told_to(request),
        answer=_json(named, services),
    )


def _nothing_to_ack(alerts: Iterable[Alert]) -> str:
    named = list(alerts)
    return f"There is nothing to ack: {_numbers(named)} {'is' if len(named) == 1 else 'are'} {_why_not(named)}."


def _why_not(alerts: Iterable[Alert]) -> str:
    words = {AlertStatus.PENDING: "not firing yet", AlertStatus.RESOLVED: "over already"}
    return " or ".join(sorted({words[alert.status] for alert in alerts if alert.status in words}))


def _numbers(alerts: Iterable[Alert]) -> str:
    return ", ".join(str(alert.alert_id) for alert in alerts)


def _labels(alerts: Iterable[Alert]) -> str:
    named = list(alerts)
    if len(named) == 1:
        return f"{named[0].label} (alert {named[0].alert_id})"
    return plural(len(named), "alert")


def _list(alerts: Iterable[Alert]) -> tuple[Bullets, ...]:
    named = list(alerts)
    items: tuple[Line, ...] = tuple(
        (Mono(str(alert.alert_id)), " ", Strong(alert.label), f" ({alert.severity.value})") for alert in named[:5]
    )
    more = f"+{len(named) - 5} more" if len(named) > 5 else ""
    return (Bullets(items=items, more=more),) if len(named) > 1 else ()


def _json(alerts: Iterable[Alert], services: Services) -> dict[str, object]:
    now, store = services.now(), services.store()
    named = tuple(alerts)
    acks = tuple(store.acks(alert.alert_id for alert in named if alert.alert_id is not None).values())
    silences = store.silences(now)
    return fields(AckAnswer(alerts=[alert_row(alert, overlay_of(alert, acks, silences, now)) for alert in named]))
