"""Notify: whether a channel hears of a card now, decided by comparing with what it was last told.

The order is fixed: quality, quiet hours, silence, inhibition, ack and repeat, comparison. Asked when a message is
queued and again when it is sent, with the same facts but the time, so that a silence made in between counts.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from bot.alerts.acks import Ack, ack_holds
from bot.alerts.alert import Alert, AlertStatus
from bot.alerts.grouping import GROUP_WAIT, Group, inhibitor, waits_for_parent
from bot.alerts.lifecycle import REOPEN_WITHIN
from bot.alerts.quiet import MuteWindow, muted_until
from bot.alerts.readings import Severity, TimeLeft
from bot.alerts.silences import Silence, silence_of
from bot.alerts.subject import SubjectKind

REPEAT = timedelta(hours=4)
"""A card that fires on is told again after this.

Source: https://prometheus.io/docs/alerting/latest/configuration/ (repeat_interval: 4 h by default).
"""

OLD_CARD = timedelta(hours=4)
"""An end is also told in the thread when the card was posted longer ago than this: nobody sees the edit (CHAT 5.3)."""


class Action(Enum):
    """What is done to a card in a channel: only a post and a reply are heard."""

    POST = "post"
    REPLY = "reply"
    EDIT = "edit"
    NOTHING = "nothing"


class Why(Enum):
    """The reason of a decision, as it is recorded and shown by `alerts why ID`."""

    FIRST = "first message"
    NEW_IN_GROUP = "another alert on the card"
    REFIRED = "fires again"
    ESCALATED = "got worse"
    REPEATED = "fires on, repeat interval over"
    ALL_RESOLVED = "all resolved"
    CLEARED_UNSEEN = "fired and cleared before it could be told"
    CHANGED = "the card changed"
    STALE = "its data is stale"
    QUIET_HOURS = "quiet hours of the channel"
    SILENCED = "silenced"
    INHIBITED = "another alert explains it"
    AWAITS_PARENT = "waits for an alert that may explain it"
    GROUP_WAIT = "waits for others on the same card"
    ACKED = "acked"
    TOLD = "told already"
    NEVER_TOLD = "over before it was told"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """How bad a firing alert was when the channel last heard of it."""

    alert_id: int
    severity: Severity
    time_left: TimeLeft


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a channel was last told of a card: the entry of the notification log.

    `firing` are the alerts it heard fire and not yet end. `heard_at` is the last post or reply, `posted_at` the card's
    own post, `shown` the version of the card it sees (`version`), `ended_at` when it heard that nothing fires any more.
    """

    posted_at: datetime
    heard_at: datetime
    firing: tuple[Told, ...]
    shown: str
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What a decision rests on besides the card: the overlays, the other alerts, and the channel's quiet hours.

    `open_alerts` are all that are not resolved. `stale_after` is how old a figure may be to be told as news: three
    polls. `queued` says that the message has passed this gate before and waits to be sent.
    """

    channel: str
    now: datetime
    poll: timedelta
    stale_after: timedelta
    repeat: timedelta = REPEAT
    acks: tuple[Ack, ...] = ()
    silences: tuple[Silence, ...] = ()
    quiet: tuple[MuteWindow, ...] = ()
    open_alerts: tuple[Alert, ...] = ()
    queued: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What to do and why; `detail` names the silence or the alert it is due to, `look_again_at` when that ends.

    `said` is the log entry to keep once Slack has taken the message; None leaves it as it is.
    """

    action: Action
    why: Why
    detail: str = ""
    look_again_at: datetime | None = None
    said: Said | None = None


def version(group: Group, around: Around) -> str:
    """The version of the card that people would see now: alerts, their revisions, acks and silences."""
    parts = []
    for alert in sorted(group.alerts, key=lambda alert: alert.alert_id or 0):
        ack = _ack(alert, around)
        silence = silence_of(alert, around.silences, around.now)
        marks = f"{'a' if ack else ''}{f's{silence.silence_id}' if silence else ''}"
        parts.append(f"{alert.alert_id}:{alert.revision}{marks}")
    return " ".join(parts)


def decide(group: Group, said: Said | None, around: Around) -> Decision:
    """Whether the channel hears of the card now, and why or why not."""
    if group.is_resolved:
        return _at_the_end(group, said, around)
    held = [(alert, _held_back(alert, said, around)) for alert in group.firing]
    loud = [alert for alert, decision in held if decision is None]
    if not loud:
        # The last alert's reason is as good as the first's; the one that ends soonest decides when to look again.
        decisions = [decision for _, decision in held if decision is not None]
        first = min(
            decisions, key=lambda decision: decision.look_again_at or datetime.max.replace(tzinfo=around.now.tzinfo)
        )
        # What fires anew gets a card of its own when it is told: the one that ended stays as it is.
        return _shown_only(group, None if is_over(said, around.now) else said, around, first)
    if said is None or is_over(said, around.now):
        return _first(group, loud, around)
    return _compared(group, loud, said, around)


def is_over(said: Said | None, now: datetime) -> bool:
    """Whether the card's end was told so long ago that what fires next is another story."""
    return said is not None and said.ended_at is not None and now - said.ended_at > REOPEN_WITHIN


def _held_back(alert: Alert, said: Said | None, around: Around) -> Decision | None:
    """Why nobody hears of this alert now, in the fixed order; None when somebody may."""
    known = said is not None and any(told.alert_id == alert.alert_id for told in said.firing)
    if not known and around.now - alert.observed_at > around.stale_after:
        return Decision(action=Action.NOTHING, why=Why.STALE, detail=f"last seen {alert.observed_at:%H:%M} UTC")
    quiet = muted_until(around.quiet, around.channel, alert.severity, around.now)
    if quiet is not None:
        return Decision(action=Action.NOTHING, why=Why.QUIET_HOURS, look_again_at=quiet)
    silence = silence_of(alert, around.silences, around.now)
    if silence is not None:
        by = silence.name or silence.created_by
        detail = f"silence {silence.silence_id} by {by}"
        return Decision(action=Action.NOTHING, why=Why.SILENCED, detail=detail, look_again_at=silence.over_at)
    parent = inhibitor(alert, around.open_alerts)
    if parent is not None:
        return Decision(action=Action.NOTHING, why=Why.INHIBITED, detail=f"alert {parent.alert_id} ({parent.rule})")
    if not known and waits_for_parent(alert, around.open_alerts, around.now, around.poll):
        end = (alert.fired_at or alert.observed_at) + around.poll
        return Decision(action=Action.NOTHING, why=Why.AWAITS_PARENT, look_again_at=end)
    return None


def _first(group: Group, loud: list[Alert], around: Around) -> Decision:
    """The first message of a card, once those that belong on it had time to come; a critical one at once."""
    fired = min(alert.fired_at or alert.observed_at for alert in loud)
    waits = all(a.scope_kind is SubjectKind.SUBNET and a.severity is Severity.WARNING for a in loud)
    if waits and not around.queued and around.now < fired + GROUP_WAIT:
        return Decision(action=Action.NOTHING, why=Why.GROUP_WAIT, look_again_at=fired + GROUP_WAIT)
    return _heard(Action.POST, Why.FIRST, group, loud, None, around)


def _compared(group: Group, loud: list[Alert], said: Said, around: Around) -> Decision:
    """What is new since the channel was last told; worse comes before an ack, the rest after it."""
    before = {told.alert_id: told for told in said.firing}
    new = [alert for alert in loud if alert.alert_id not in before]
    if new and not before:
        flapping = all(alert.is_flapping for alert in new)
        return _heard(Action.EDIT if flapping else Action.REPLY, Why.REFIRED, group, loud, said, around)
    if new:
        return _heard(Action.REPLY, Why.NEW_IN_GROUP, group, loud, said, around)
    if any(_is_worse(alert, before[alert.alert_id or 0]) for alert in loud):
        return _heard(Action.REPLY, Why.ESCALATED, group, loud, said, around)
    unacked = [alert for alert in loud if _ack(alert, around) is None]
    if not unacked:
        decision = Decision(action=Action.NOTHING, why=Why.ACKED)
        return _shown_only(group, said, around, decision)
    next_at = said.heard_at + around.repeat
    if around.now >= next_at and any(alert.status is AlertStatus.FIRING for alert in unacked):
        return _heard(Action.REPLY, Why.REPEATED, group, loud, said, around)
    return _shown_only(group, said, around, Decision(action=Action.NOTHING, why=Why.TOLD, look_again_at=next_at))


def _at_the_end(group: Group, said: Said | None, around: Around) -> Decision:
    """A card on which nothing fires: its end is told whatever is quiet or silenced, if its beginning was."""
    if said is None:
        if around.queued:
            return _heard(Action.POST, Why.CLEARED_UNSEEN, group, [], None, around)
        return Decision(action=Action.NOTHING, why=Why.NEVER_TOLD)
    if not said.firing:
        return _shown_only(group, said, around, Decision(action=Action.NOTHING, why=Why.TOLD))
    action = Action.REPLY if around.now - said.posted_at > OLD_CARD else Action.EDIT
    return _heard(action, Why.ALL_RESOLVED, group, [], said, around)


def _shown_only(group: Group, said: Said | None, around: Around, otherwise: Decision) -> Decision:
    """An edit that nobody hears when the card on the screen is not the present one, else the decision given.

    What happened meanwhile to the alerts that are held back is not told by it: they stay news.
    """
    if said is None or said.shown == version(group, around):
        return otherwise
    firing = {alert.alert_id for alert in group.firing}
    kept = tuple(told for told in said.firing if told.alert_id in firing)
    seen = Said(
        posted_at=said.posted_at,
        heard_at=said.heard_at,
        firing=kept,
        shown=version(group, around),
        ended_at=said.ended_at,
    )
    why = Why.CHANGED if otherwise.why is Why.TOLD else otherwise.why
    return Decision(
        action=Action.EDIT, why=why, detail=otherwise.detail, look_again_at=otherwise.look_again_at, said=seen
    )


def _heard(
    action: Action, why: Why, group: Group, loud: Iterable[Alert], said: Said | None, around: Around
) -> Decision:
    """A decision that tells of these alerts, with the log entry it leads to."""
    told = {told.alert_id: told for told in (() if said is None else said.firing)}
    firing = {alert.alert_id for alert in group.firing}
    kept = {alert_id: entry for alert_id, entry in told.items() if alert_id in firing}
    for alert in loud:
        if alert.alert_id is not None:
            kept[alert.alert_id] = Told(alert_id=alert.alert_id, severity=alert.severity, time_left=alert.time_left)
    silent = action is Action.EDIT and said is not None
    entry = Said(
        posted_at=around.now if said is None else said.posted_at,
        heard_at=said.heard_at if silent and said is not None else around.now,
        firing=tuple(kept.values()),
        shown=version(group, around),
        ended_at=around.now if group.is_resolved else None,
    )
    return Decision(
        action=action, why=why, said=entry, look_again_at=None if not kept else entry.heard_at + around.repeat
    )


def _is_worse(alert: Alert, told: Told) -> bool:
    return alert.severity.rank > told.severity.rank or alert.time_left.is_sooner_than(told.time_left)


def _ack(alert: Alert, around: Around) -> Ack | None:
    return next((ack for ack in around.acks if ack_holds(ack, alert, around.now)), None)
