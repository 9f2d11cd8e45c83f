"""The controls under a card: at most four, each runs a command that could be typed as well."""

from collections.abc import Sequence

from bot.alerts.acks import Ack
from bot.alerts.alert import Alert, AlertStatus
from bot.alerts.rules import rule_named
from bot.alerts.silences import Silence
from bot.alerts.subject import SubjectKind
from bot.message import Button, Controls, Menu

OPTION_CHARACTERS = 150
"""Longest command of a menu's option.

Source: https://docs.slack.dev/reference/block-kit/composition-objects/option-object (value: 150 characters).
"""

SILENCE_CHOICES = (
    ("30 min", "30m"),
    ("2 hours", "2h"),
    ("until tomorrow 09:00", "tomorrow 09:00"),
    ("until resolved", "resolved"),
)


def controls(alerts: Sequence[Alert], ack: Ack | None, silence: Silence | None) -> Controls:
    """Acknowledge, open, silence and more for the alerts of one card; once all are resolved only what tells more."""
    lead = alerts[0]
    details = ("Details", f"alerts {lead.alert_id}")
    if all(alert.status is AlertStatus.RESOLVED for alert in alerts):
        return Controls(items=(Button(label=details[0], command=details[1]),))
    ids = " ".join(str(alert.alert_id) for alert in alerts if alert.status is not AlertStatus.RESOLVED)
    taken = (
        Button(label="Acknowledge", command=f"ack {ids}", primary=True)
        if ack is None
        else Button(label="Unacknowledge", command=f"unack {ids}")
    )
    return Controls(
        items=(
            taken,
            Button(label="Open", command=open_command(lead)),
            _unsilence(silence) if silence is not None else _silence(ids, lead),
            Menu(label="More…", options=_more(lead, details)),
        )
    )


def open_command(alert: Alert) -> str:
    """The command that shows what the alert is about."""
    match alert.scope_kind:
        case SubjectKind.SUBNET:
            return f"subnet {alert.scope_id}"
        case SubjectKind.CLUSTER | SubjectKind.NODEGROUP:
            return f"status cluster:{'/'.join(alert.scope_id.split('/')[:3])}"
        case SubjectKind.REGION:
            return f"status region:{alert.region}"
        case SubjectKind.AZ | SubjectKind.VPC | SubjectKind.ACCOUNT:
            return f"status {alert.scope_key}"


def _silence(ids: str, lead: Alert) -> Menu:
    """The choices; of more alerts than an option's value can name, only the first is silenced by its number."""
    longest = max(len(words) for _, words in SILENCE_CHOICES)
    named = ids if len(f"silence {ids} ") + longest <= OPTION_CHARACTERS else str(lead.alert_id)
    return Menu(
        label="Silence…",
        options=(
            *((label, f"silence {named} {words}") for label, words in SILENCE_CHOICES),
            ("Other time, reason…", f"silence {named}"),  # without an end it opens the form
        ),
    )


def _unsilence(silence: Silence) -> Button:
    return Button(label="End silence", command=f"unsilence {silence.silence_id}")


def _more(lead: Alert, details: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    rule = rule_named(lead.rule)
    return (
        details,
        *((("Explain", f"explain {rule.topic}"),) if rule is not None else ()),
        *((("Who holds them?", f"who {lead.scope_key}"),) if lead.scope_kind is SubjectKind.SUBNET else ()),
        ("Why told like this?", f"alerts why {lead.alert_id}"),
    )
