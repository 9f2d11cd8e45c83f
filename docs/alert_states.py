"""The card of an alert in each of its states, as docs/alert-states.png shows them.

`python docs/screenshots.py alert-states` takes the picture. A pending alert has no card. The alerts are examples; their
cards are made as the bot makes them.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.alerts import Alert, Severity, SubjectKind, Unit, card
from bot.alerts.acks import ack
from bot.alerts.group_notices import group_card
from bot.alerts.grouping import Group, worst_first
from bot.alerts.notices import Overlay
from bot.alerts.readings import TimeLeft
from bot.alerts.silences import Silence
from bot.message import Message

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)

WARNING = Alert(
    alert_id=1001,
    rule="low_ips",
    scope_kind=SubjectKind.SUBNET,
    scope_key="subnet:subnet-0a1b2c3d4e5f60718",
    label="private-1a",
    clusters=("prod-eu",),
    account_id="111122223333",
    region="eu-west-1",
    az_id="euw1-az1",
    az="eu-west-1a",
    vpc_id="vpc-0a1b2c3d4e5f60718",
    severity=Severity.WARNING,
    unit=Unit.IPS,
    value=388,
    shown_value=388,
    worst_value=388,
    threshold=410,
    capacity=4091,
    active_at=NOW - 12 * _MINUTE,
    fired_at=NOW - 7 * _MINUTE,
    observed_at=NOW,
    revision=1,
)
CRITICAL = replace(
    WARNING,
    severity=Severity.CRITICAL,
    value=131,
    worst_value=131,
    left=timedelta(minutes=95),
    time_left=TimeLeft.WITHIN_TWO_HOURS,
    revision=2,
)
RECOVERING = replace(CRITICAL, value=633, left=None, recovering_at=NOW - 4 * _MINUTE, revision=3)
RESOLVED = replace(RECOVERING, value=1240, resolved_at=NOW, resolution="recovered", revision=4)
BLIND = replace(
    WARNING,
    alert_id=1007,
    rule="blind",
    scope_kind=SubjectKind.REGION,
    scope_key="region:111122223333/eu-west-1",
    label="prod eu-west-1",
    clusters=(),
    az="",
    az_id="",
    vpc_id="",
    severity=Severity.CRITICAL,
    unit=Unit.POLLS,
    value=3,
    shown_value=3,
    worst_value=3,
    threshold=3,
    capacity=None,
    detail="AWS denied ec2:DescribeSubnets to the role eksip-reader.",
)


def states() -> Iterator[tuple[str, Message]]:
    """Each state with its card at NOW, in the order of a life."""
    taken = ack(CRITICAL, 1001, acked_by="U1", name="Ana", now=NOW - 2 * _MINUTE)
    quiet = Silence(
        silence_id=7,
        alert_ids=(1001,),
        created_by="U2",
        name="Ben",
        reason="deploying",
        created_at=NOW - _MINUTE,
        starts_at=NOW - _MINUTE,
        ends_at=NOW + 90 * _MINUTE,
    )
    yield "Firing", card(WARNING, NOW)
    yield "Worse", card(CRITICAL, NOW)
    yield "Acked", card(CRITICAL, NOW, Overlay(ack=taken))
    yield "Silenced", card(CRITICAL, NOW, Overlay(silence=quiet))
    yield "Recovering", card(RECOVERING, NOW)
    yield "Resolved", card(RESOLVED, NOW)
    yield "Several subnets of a cluster and AZ", group_card(Group(group_key="example", alerts=_several()), NOW)
    yield "Cannot be read", card(BLIND, NOW, Overlay(hidden=1))
    yield "Its data is stale", card(CRITICAL, NOW + 40 * _MINUTE)
    yield "Deleted", card(replace(CRITICAL, resolved_at=NOW, resolution="deleted", revision=3), NOW)


def _several() -> tuple[Alert, ...]:
    """Seven subnets: two critical, one recovering, one over, three low."""
    changes: tuple[dict[str, object], ...] = (
        {"severity": Severity.CRITICAL, "value": 0},
        {"severity": Severity.CRITICAL, "value": 131},
        {"value": 260},
        {"value": 310},
        {"value": 355},
        {"value": 633, "recovering_at": NOW},
        {"value": 1240, "resolved_at": NOW, "resolution": "recovered"},
    )
    found = [
        replace(WARNING, alert_id=1001 + number, scope_key=f"subnet:subnet-{number}", label=f"pods-1a-{number}", **each)  # type: ignore[arg-type]
        for number, each in enumerate(changes)
    ]
    return tuple(sorted(found, key=worst_first))
