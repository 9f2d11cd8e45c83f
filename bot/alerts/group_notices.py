"""Group notices: one card for the subnets of a cluster and AZ that go together, and what is said about silences."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from bot.alerts.alert import NOTHING_BETTER, Alert, AlertStatus
from bot.alerts.controls import controls
from bot.alerts.figures import FREE_UNITS, amount, based, figures, problem, title
from bot.alerts.grouping import Group
from bot.alerts.notices import (
    NO_OVERLAY,
    SENTENCE_CHARACTERS,
    STALE_AFTER,
    Overlay,
    card,
    headline,
    lasted,
    name,
    overlay_lines,
    sentence,
    short,
    state,
    tone,
    where,
)
from bot.alerts.silences import Silence
from bot.message import Bullets, Button, Context, Controls, Inline, Line, Message, Strong, Struck, Text, Tone, When
from bot.wording import span

SHOWN = 5
"""Alerts listed on a card, worst first; the rest is counted (CHAT 5.4)."""

NUMBERS = 8
"""Alert numbers in the small print."""

NAMED = 3
"""Alerts named in a line."""


def group_card(group: Group, now: datetime, overlays: Mapping[int, Overlay] | None = None) -> Message:
    """The card of a group: that of its one alert, or a list of the five worst and how bad the rest is."""
    known = overlays or {}
    if len(group.alerts) == 1:
        return card(group.lead, now, known.get(group.lead.alert_id or 0, NO_OVERLAY))
    together = _together(group, known)
    return Message(
        text=_sentence(group),
        tone=_tone(group, together),
        verdict=_verdict(group, together),
        parts=(
            Bullets(items=tuple(_row(alert, group) for alert in group.alerts[:SHOWN]), more=_more(group)),
            Context(lines=(*overlay_lines(together), _small_print(group, now))),
            controls(group.alerts, together.ack, together.silence),
        ),
        as_of=max(alert.observed_at for alert in group.alerts),
        card=True,
        revision=group_revision(group),
    )


def group_revision(group: Group) -> str:
    """The key of this version of a group's card, for block ids: it changes with any of its alerts."""
    first = min(alert.alert_id or 0 for alert in group.alerts)
    changes = sum(alert.revision for alert in group.alerts)
    return f"group:{first}:{len(group.alerts)}:{changes}"


def _together(group: Group, overlays: Mapping[int, Overlay]) -> Overlay:
    """What holds for the card as a whole: acked or silenced only when every alert that fires is."""
    each = [overlays.get(alert.alert_id or 0, NO_OVERLAY) for alert in group.firing]
    acks = [overlay.ack for overlay in each if overlay.ack is not None]
    silences = [overlay.silence for overlay in each if overlay.silence is not None]
    return Overlay(
        ack=max(acks, key=lambda ack: ack.acked_at) if each and len(acks) == len(each) else None,
        silence=min(silences, key=lambda silence: silence.over_at) if each and len(silences) == len(each) else None,
        hidden=sum(overlay.hidden for overlay in each),
    )


def _subjects(group: Group) -> int:
    return len({alert.scope_key for alert in group.alerts})


def _what(group: Group) -> str:
    """What goes together: "3 subnets", or "2 problems of private-1a" where it is one subnet."""
    count = _subjects(group)
    return f"{count} subnets" if count > 1 else f"{len(group.alerts)} problems of {short(group.lead.label)}"


def _sentence(group: Group) -> str:
    lead = group.lead
    place = f"{where(lead)}, {lead.az or lead.az_id}"
    if group.is_resolved:
        longest = span(max(lasted(alert) for alert in group.alerts))
        return f"[RESOLVED] {_what(group)} ({place}): all clear after {longest}."
    state_word = f"[{lead.status.value.upper()}]"
    if _subjects(group) == 1:
        told = f"{state_word} {_what(group)} ({place}): {_problems(group)}."
    else:
        worst = f"worst {short(lead.label, 24)}: {amount(lead, lead.value)}"
        told = f"{state_word} {title(lead)} in {_what(group)} ({place}); {worst}."
    return told if len(told) <= SENTENCE_CHARACTERS else sentence(lead)


def _problems(group: Group) -> str:
    """What is wrong with the one subject: the worst figure, and the titles of the other rules that fire.

    What is free needs no title beside it.
    """
    lead = group.lead
    first = based(lead) if lead.unit in FREE_UNITS else problem(lead)
    rest = dict.fromkeys(title(alert) for alert in group.firing if alert.rule != lead.rule)
    return ", ".join((first, *rest))


def _tone(group: Group, together: Overlay) -> Tone:
    if not group.is_resolved:
        return tone(group.lead, together)
    ended = {alert.resolution for alert in group.alerts}
    return Tone.MUTED if ended <= NOTHING_BETTER else Tone.RESOLVED


def _verdict(group: Group, together: Overlay) -> Line:
    place = f" · {where(group.lead)} · {group.lead.az or group.lead.az_id}"
    if group.is_resolved:
        return (Struck("Firing"), " ", Strong("Resolved"), f" · {_what(group)}{place}")
    word = "Recovering" if group.lead.status is AlertStatus.RECOVERING else headline(group.lead)
    return (*state(together), Strong(word), f" · {_what(group)}{place}")


def _row(alert: Alert, group: Group) -> Line:
    """One alert: its subject, its figure, and what differs from the card's headline."""
    line: list[Inline] = [*name(alert)]
    if alert.rule != group.lead.rule:
        line.append(f" · {title(alert)}")
    if alert.status is AlertStatus.RESOLVED:
        word = alert.resolution if alert.resolution in NOTHING_BETTER else "resolved"
        return (*line, f": {word} after {span(lasted(alert))}")
    again = " · recovering" if alert.status is AlertStatus.RECOVERING else ""
    return (*line, ": ", *figures(alert), again) if again else (*line, ": ", *figures(alert))


def _more(group: Group) -> str:
    rest = group.alerts[SHOWN:]
    if not rest:
        return ""
    firing = sum(alert.status is not AlertStatus.RESOLVED for alert in rest)
    return f"+{len(rest)} more, {firing} firing" if firing else f"+{len(rest)} more, all resolved"


def _small_print(group: Group, now: datetime) -> Line:
    ids = [str(alert.alert_id) for alert in sorted(group.alerts, key=lambda alert: alert.alert_id or 0)]
    more = f" +{len(ids) - NUMBERS}" if len(ids) > NUMBERS else ""
    numbers = f"#eksip {', '.join(ids[:NUMBERS])}{more}"
    if group.is_resolved:
        return (numbers, " · ended ", When(max(alert.resolved_at or alert.observed_at for alert in group.alerts)))
    oldest = min(alert.observed_at for alert in group.firing)
    if now - oldest > STALE_AFTER:
        return (numbers, " · last seen ", When(oldest), f", {span(now - oldest)} ago")
    since = min(alert.active_at for alert in group.firing)
    return (numbers, " · since ", When(since), " · read ", When(oldest))


def repeat_note(group: Group, why: str, news: Collection[int] = ()) -> Message:
    """The line under a card that is heard: what fires, and why it is told now; `news` numbers the alerts it is due to.

    They are named where the card is about others too.
    """
    text = sentence(group.lead) if len(group.alerts) == 1 else _sentence(group)
    due_to = [alert for alert in group.alerts if alert.alert_id in news] if len(group.alerts) > 1 else []
    named = ", ".join(f"{alert.alert_id} {title(alert)} in {short(alert.label, 24)}" for alert in due_to[:NAMED])
    more = f" and {len(due_to) - NAMED} more" if len(due_to) > NAMED else ""
    why = f"{why[:1].upper()}{why[1:]}{f': {named}{more}' if named else ''}"
    return Message(text=text, tone=tone(group.lead), verdict=(text,), parts=(Context(lines=((why,),)),))


def silence_reminder(silence: Silence, alerts: Sequence[Alert], now: datetime) -> Message:
    """What is said before a silence ends: when, who made it, and what would be heard then."""
    left = span(silence.ends_at - now)
    firing = [alert for alert in alerts if alert.status is not AlertStatus.RESOLVED]
    heard = _named(firing) if firing else "Nothing it covers fires now."
    text = f"Silence {silence.silence_id} ends in {left}. {heard}"
    return Message(
        text=text[:SENTENCE_CHARACTERS],
        tone=Tone.MUTED,
        verdict=(Strong(f"Silence {silence.silence_id} ends in {left}"),),
        parts=(
            Text(lines=((heard,),)),
            Context(lines=(_made(silence),)),
            Controls(
                items=(
                    Button(label="2 more hours", command=f"silence {_target(silence)} 2h"),
                    Button(label="End it now", command=f"unsilence {silence.silence_id}"),
                )
            ),
        ),
    )


def silence_ended(silence: Silence, firing: Sequence[Alert]) -> Message:
    """What is said once when a silence is over and something it covered fires on."""
    heard = _named(firing)
    return Message(
        text=f"Silence {silence.silence_id} is over. {heard}"[:SENTENCE_CHARACTERS],
        tone=Tone.BAD,
        verdict=(Strong(f"Silence {silence.silence_id} is over"), f" · {len(firing)} still firing"),
        parts=(
            Text(lines=((heard,),)),
            Context(lines=(_made(silence),)),
            Controls(
                items=tuple(Button(label=f"Alert {a.alert_id}", command=f"alerts {a.alert_id}") for a in firing[:3])
            ),
        ),
    )


def _named(alerts: Sequence[Alert]) -> str:
    shown = ", ".join(f"{alert.alert_id} {short(alert.label, 24)}" for alert in alerts[:3])
    more = f" and {len(alerts) - 3} more" if len(alerts) > 3 else ""
    return f"Firing: {shown}{more}."


def _made(silence: Silence) -> Line:
    by = short(silence.name or silence.created_by)
    why = f": {short(silence.reason, 80)}" if silence.reason else ""
    return (
        (f"Made by {by}, ", When(silence.created_at, "date_time"), why)
        if why
        else (
            f"Made by {by}, ",
            When(silence.created_at, "date_time"),
        )
    )


def _target(silence: Silence) -> str:
    """What a silence covers, as the silence command takes it."""
    return " ".join(map(str, silence.alert_ids)) if silence.scope is None else str(silence.scope)
