"""Alerts as the store's tests save them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.alerts import Alert, AlertStatus, Severity, Step, SubjectKind, Transition, Unit
from bot.alerts.notify import Said, Told
from bot.store import Log, Notice, Store, Verdicts

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
PENDING = Alert(
    rule="low_ips",
    scope_key="subnet:subnet-1",
    scope_kind=SubjectKind.SUBNET,
    label="private-1a",
    clusters=("prod-eu", "jobs"),
    account_id="111122223333",
    region="eu-west-1",
    az="eu-west-1a",
    severity=Severity.CRITICAL,
    unit=Unit.IPS,
    value=203,
    shown_value=203,
    threshold=410,
    capacity=4091,
    worst_value=198,
    active_at=NOW,
    observed_at=NOW,
    held=timedelta(minutes=2, seconds=30),
)
FIRING = replace(PENDING, fired_at=NOW, revision=1)
OPENED = Step(alert=FIRING, transition=Transition.OPENED)
CHANNELS = {"subnet:subnet-1": ("C1", "C2")}


def save_steps(
    store: Store,
    steps: Iterable[Step],
    channels: Mapping[str, Iterable[str]],
    now: datetime,
    *,
    fence: int | None = None,
) -> tuple[Step, ...]:
    """Save steps as a poll does that tells these channels (by scope key) of everything a channel hears of.

    A channel that has the card is kept up to date; one that is named while an alert fires gets the card.
    """

    def decide(saved: tuple[Step, ...], log: Log) -> Verdicts:
        return Verdicts(notices=tuple(notice for step in saved for notice in _notices(step, channels, log, now)))

    return store.save_steps(steps, decide, now, fence=fence)


def _notices(step: Step, channels: Mapping[str, Iterable[str]], log: Log, now: datetime) -> Iterator[Notice]:
    alert, change = step.alert, step.transition
    if alert is None or alert.alert_id is None or alert.status is AlertStatus.PENDING:
        return
    key = f"{alert.rule}/{alert.alert_id}"
    having = {channel for channel, group_key in log if group_key == key}
    told = change is not None and change.is_told
    ended = alert.status is AlertStatus.RESOLVED
    wanted = () if ended else tuple(channels.get(alert.scope_key, ()))
    for channel in sorted(having | set(wanted) if told else set(wanted) - having):
        entry = Told(alert_id=alert.alert_id, severity=alert.severity, time_left=alert.time_left)
        shown = f"{alert.alert_id}:{alert.revision}"
        said = Said(posted_at=now, heard_at=now, firing=() if ended else (entry,), shown=shown)
        yield Notice(
            channel=channel,
            group_key=key,
            alert_id=alert.alert_id,
            kind=change if change is not None and told else Transition.OPENED,
            said=said,
            why="test",
            heard=(alert.alert_id,),
        )
