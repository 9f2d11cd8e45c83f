"""Alerts: what makes one (rules), how it lives (lifecycle), and what it says (notices). Pure: no I/O, no clock."""

from bot.alerts.lifecycle import Alert, AlertStatus, Step, Subject, Timing, Transition, advance
from bot.alerts.notices import card, outage_card
from bot.alerts.rules import LOW_IPS, RULES, Reading, Rule, Sample, Severity

__all__ = [
    "LOW_IPS",
    "RULES",
    "Alert",
    "AlertStatus",
    "Reading",
    "Rule",
    "Sample",
    "Severity",
    "Step",
    "Subject",
    "Timing",
    "Transition",
    "advance",
    "card",
    "outage_card",
]
