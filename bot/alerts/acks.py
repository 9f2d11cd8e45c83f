"""Acks: somebody has the problem in hand, so that it is not repeated. An ack is no state of the alert."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.alerts.alert import Alert
from bot.alerts.readings import Severity, TimeLeft

ACK_LASTS = timedelta(hours=8)
"""A working day: who acked in the morning has gone home, and the problem needs a new owner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ack:
    """Who took an alert when, and how bad it was then; `acked_by` is a user id, `name` what is shown.

    Nobody is pinged for an ack: the name is shown as plain words.
    """

    alert_id: int
    acked_by: str
    name: str
    acked_at: datetime
    expires_at: datetime
    severity: Severity
    time_left: TimeLeft

    def __post_init__(self) -> None:
        if self.expires_at <= self.acked_at:
            raise ValueError(f"the ack of alert {self.alert_id} ends before it begins")


def ack(alert: Alert, alert_id: int, *, acked_by: str, name: str, now: datetime) -> Ack:
    """The ack of an alert as it stands now."""
    return Ack(
        alert_id=alert_id,
        acked_by=acked_by,
        name=name,
        acked_at=now,
        expires_at=now + ACK_LASTS,
        severity=alert.severity,
        time_left=alert.time_left,
    )


def ack_holds(given: Ack, alert: Alert, now: datetime) -> bool:
    """Whether the ack still speaks for the alert: not expired, not worse than then, and not fired anew since."""
    return (
        given.alert_id == alert.alert_id
        and now < given.expires_at
        and alert.severity.rank <= given.severity.rank
        and not alert.time_left.is_sooner_than(given.time_left)
        and (alert.fired_at is None or alert.fired_at <= given.acked_at)
    )
