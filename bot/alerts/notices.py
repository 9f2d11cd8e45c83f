"""Notices: the card of an alert in each of its states, as a neutral Message."""

from datetime import datetime, timedelta

from bot.alerts.lifecycle import Alert, AlertStatus
from bot.alerts.rules import RULES, Rule, Severity
from bot.message import (
    Button,
    Context,
    Controls,
    Fields,
    Inline,
    Line,
    Link,
    Message,
    Mono,
    Strong,
    Struck,
    Text,
    Tone,
    When,
)
from bot.wording import console_url, span

LABEL_CHARACTERS = 40
"""Longest name in the sentence of a card: a Name tag may have 256 characters, a lock screen shows 150."""

SENTENCE_CHARACTERS = 150
"""Longest sentence that stands alone on a lock screen (CHAT 5.2)."""

STALE_AFTER = timedelta(minutes=15)
"""Figures older than this are shown with their age in words: three polls of the default five minutes."""


def card(alert: Alert, now: datetime) -> Message:
    """The card of an alert as it stands: sentence, verdict, figures, and buttons that run commands."""
    return Message(
        text=_sentence(alert),
        tone=_tone(alert),
        verdict=_verdict(alert),
        parts=(
            Text(lines=(_figures(alert),)),
            Fields(pairs=_fields(alert)),
            Context(lines=(_small_print(alert, now),)),
            Controls(items=_buttons(alert)),
        ),
        as_of=alert.observed_at,
        card=True,
        revision=revision_key(alert),
    )


def outage_card(alert: Alert) -> Message:
    """The card of an alert that was resolved before its first message could be sent: one message in place of two."""
    began, ended = alert.fired_at or alert.active_at, alert.resolved_at or alert.observed_at
    subject = f"[RESOLVED] {_rule(alert).title} in {_name(alert)}"
    story = f": fired and cleared while Slack was unreachable ({_clock(began, ended)} UTC)."
    where = f" ({_where(alert)})"
    return Message(
        text=subject + (where if len(subject + where + story) <= SENTENCE_CHARACTERS else "") + story,
        tone=Tone.RESOLVED,
        verdict=_verdict(alert),
        parts=(
            Text(
                lines=(
                    (
                        "Fired and cleared while Slack was unreachable (",
                        When(began),
                        " to ",
                        When(ended),
                        ")",
                    ),
                    _figures(alert),
                )
            ),
            Fields(pairs=_fields(alert)),
            Context(lines=(_small_print(alert, ended),)),
            Controls(items=_buttons(alert)),
        ),
        as_of=alert.observed_at,
        card=True,
        revision=revision_key(alert),
    )


def revision_key(alert: Alert) -> str:
    """The key of this version of the card, for block ids: "alert:4821:2"."""
    return f"alert:{alert.alert_id}:{alert.revision}"


def _sentence(alert: Alert) -> str:
    subject = f"{_rule(alert).title} in {_name(alert)} ({_where(alert)})"
    free = f"{alert.value_ips:,} of {alert.usable_ips:,} free"
    match alert.status:
        case AlertStatus.RESOLVED:
            return f"[RESOLVED] {subject}: {free} after {span(_lasted(alert))}."
        case AlertStatus.RECOVERING:
            return f"[RECOVERING] {subject}: {free}, {_share(alert)}."
        case AlertStatus.PENDING | AlertStatus.FIRING:
            return f"[{alert.status.value.upper()}] {subject}: {free}, {_share(alert)}."


def _tone(alert: Alert) -> Tone:
    if alert.status is AlertStatus.RESOLVED:
        return Tone.RESOLVED
    if alert.status is AlertStatus.RECOVERING or alert.severity is Severity.WARNING:
        return Tone.WARNING
    return Tone.BAD


def _verdict(alert: Alert) -> Line:
    subnet: tuple[Inline, ...] = (
        Link(alert.label, console_url(alert.region, alert.subnet_id)),
        f" · {_where(alert)}",
    )
    match alert.status:
        case AlertStatus.RESOLVED:
            return (Struck("Firing"), " ", Strong("Resolved"), " · ", *subnet)
        case AlertStatus.RECOVERING:
            return (Strong("Recovering"), f" · {_rule(alert).title} · ", *subnet)
        case AlertStatus.PENDING | AlertStatus.FIRING:
            word = "Critical: " if alert.severity is Severity.CRITICAL else ""
            again = f" · again, {_ordinal(alert.reopened + 1)} time" if alert.reopened else ""
            return (Strong(f"{word}{_rule(alert).title}"), " · ", *subnet, *((again,) if again else ()))


def _figures(alert: Alert) -> Line:
    figures = f" free of {alert.usable_ips:,} ({_share(alert)}"
    limit = ")" if alert.status is AlertStatus.RESOLVED else f", alert below {alert.threshold_ips:,})"
    return (Strong(f"{alert.value_ips:,}"), figures + limit)


def _fields(alert: Alert) -> tuple[tuple[str, Line], ...]:
    lowest: tuple[str, Line] = ("Lowest", (f"{alert.lowest_ips:,} free",))
    if alert.status is AlertStatus.RESOLVED:
        pairs = [("Lasted", (span(_lasted(alert)),)), lowest]
    else:
        pairs = [("Since", (When(alert.active_at),)), lowest]
    if alert.flaps:
        pairs.append(("Fell back", (f"{alert.flaps} {'time' if alert.flaps == 1 else 'times'}",)))
    return tuple(pairs)


def _small_print(alert: Alert, now: datetime) -> Line:
    number = f"#eksip {alert.alert_id}"
    if alert.status is AlertStatus.RESOLVED:
        return (number, " · ended ", When(alert.resolved_at or alert.observed_at))
    line: tuple[Inline, ...] = (number, " · rule ", Mono(alert.rule), " · read ", When(alert.observed_at))
    age = now - alert.observed_at
    return (*line, f", {span(age)} ago") if age > STALE_AFTER else line


def _buttons(alert: Alert) -> tuple[Button, ...]:
    details = Button(label="Details", command=f"alerts {alert.alert_id}")
    if alert.status is AlertStatus.RESOLVED:
        return (details,)
    return (
        Button(label="Open", command=f"subnet {alert.subnet_id}", primary=True),
        Button(label="Who holds them?", command=f"who {alert.scope_key}"),
        Button(label="Explain", command="explain address exhaustion"),
        details,
    )


def _rule(alert: Alert) -> Rule:
    return next(rule for rule in RULES if rule.name == alert.rule)


def _name(alert: Alert) -> str:
    label = alert.label
    return label if len(label) <= LABEL_CHARACTERS else label[: LABEL_CHARACTERS - 1] + "…"


def _where(alert: Alert) -> str:
    """The cluster that uses the subnet, or where it lies when none is known to."""
    if not alert.clusters:
        return f"{alert.account_id} {alert.region}"
    first = alert.clusters[0]
    short = first if len(first) <= LABEL_CHARACTERS else first[: LABEL_CHARACTERS - 1] + "…"
    return short if len(alert.clusters) == 1 else f"{short} +{len(alert.clusters) - 1}"


def _lasted(alert: Alert) -> timedelta:
    return (alert.resolved_at or alert.observed_at) - alert.active_at


def _share(alert: Alert) -> str:
    """Percent free of usable: whole, one decimal below 1 % so that almost none is not shown as none."""
    if alert.usable_ips <= 0:
        return "0%"
    pct = 100 * alert.value_ips / alert.usable_ips
    return f"{pct:.0f}%" if pct >= 1 or pct == 0 else f"{max(pct, 0.1):.1f}%"


def _clock(began: datetime, ended: datetime) -> str:
    pattern = "%H:%M" if began.date() == ended.date() else "%b %d %H:%M"
    return f"{began.strftime(pattern)}–{ended.strftime(pattern)}"


def _ordinal(number: int) -> str:
    suffix = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"
