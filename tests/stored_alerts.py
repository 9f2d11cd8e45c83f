"""Alerts as the store's tests save them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.alerts import Alert, Severity, Step, Transition

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
PENDING = Alert(
    rule="low_ips",
    scope_key="subnet:subnet-1",
    subnet_id="subnet-1",
    label="private-1a",
    clusters=("prod-eu", "jobs"),
    account_id="111122223333",
    region="eu-west-1",
    az="eu-west-1a",
    severity=Severity.CRITICAL,
    value_ips=203,
    shown_ips=203,
    threshold_ips=410,
    usable_ips=4091,
    lowest_ips=198,
    active_at=NOW,
    observed_at=NOW,
    held=timedelta(minutes=2, seconds=30),
)
FIRING = replace(PENDING, fired_at=NOW, revision=1)
OPENED = Step(alert=FIRING, transition=Transition.OPENED)
CHANNELS = {"subnet:subnet-1": ("C1", "C2")}
