"""Notices: the card of an alert in each of its states, as a neutral Message."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.alerts.acks import Ack, ack_holds
from bot.alerts.alert import ACCOUNT_LEFT, DELETED, NOT_READ, NOTHING_BETTER, RULE_REMOVED, Alert, AlertStatus
from bot.alerts.controls import controls
from bot.alerts.figures import amount, figures, is_worse_higher, of_capacity, share, title
from bot.alerts.readings import Severity, Unit
from bot.alerts.silences import Silence, silence_of
from bot.alerts.subject import SubjectKind
from bot.message import Context, Fields, Inline, Line, Link, Message, Mono, Strong, Struck, Text, Tone, When
from bot.wording import console_url, span, time_left

LABEL_CHARACTERS = 40
"""Longest name in the sentence of a card: a Name tag may have 256 characters, a lock screen shows 150."""

SENTENCE_CHARACTERS = 150
"""Longest sentence that stands alone on a lock screen (CHAT 5.2)."""

STALE_AFTER = timedelta(minutes=15)
"""Figures older than this are shown with their age in words: three polls of the default five minutes."""

OVERLAY_NAME = 30
"""Longest name of a person on a card."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlay:
    """What people did about an alert, kept apart from its state; `hidden` are alerts below it that are not told."""

    ack: Ack | None = None
    silence: Silence | None = None
    hidden: int = 0


NO_OVERLAY = Overlay()


@dataclass(frozen=True, slots=True, kw_only=True)
class _End:
    """The words for an end that is no recovery: on the card, in its sentence, and below it."""

    word: str
    sentence: str
    reason: str


_ENDS = {
    DELETED: _End(word="Deleted", sentence="deleted", reason="It exists no more."),
    RULE_REMOVED: _End(
        word="Rule removed", sentence="the rule was removed", reason="Its rule is not evaluated any more."
    ),
    ACCOUNT_LEFT: _End(
        word="Account left",
        sentence="its account left the organization",
        reason="Its account left the organization, or is closed or suspended: nothing reads it any more.",
    ),
    NOT_READ: _End(
        word="No longer read",
        sentence="no longer read",
        reason="Its account or region is not configured any more: nothing reads it.",
    ),
}


def overlay_of(
    alert: Alert, acks: Iterable[Ack], silences: Iterable[Silence], now: datetime, *, hidden: int = 0
) -> Overlay:
    """What holds of the acks and silences for the alert now; nothing does once it is resolved."""
    if alert.status is AlertStatus.RESOLVED:
        return NO_OVERLAY
    held = [given for given in acks if ack_holds(given, alert, now)]
    newest = max(held, key=lambda given: given.acked_at, default=None)
    return Overlay(ack=newest, silence=silence_of(alert, silences, now), hidden=hidden)


def card(alert: Alert, now: datetime, overlay: Overlay = NO_OVERLAY) -> Message:
    """The card of an alert as it stands: sentence, verdict, figures, and buttons that run commands."""
    return Message(
        text=sentence(alert),
        tone=tone(alert, overlay),
        verdict=_verdict(alert, overlay),
        parts=(
            Text(lines=_body(alert)),
            Fields(pairs=_fields(alert)),
            Context(lines=(*overlay_lines(overlay), _small_print(alert, now))),
            controls([alert], overlay.ack, overlay.silence),
        ),
        as_of=alert.observed_at,
        card=True,
        revision=revision_key(alert),
    )


def outage_card(alert: Alert) -> Message:
    """The card of an alert that was resolved before its first message could be sent: one message in place of two."""
    began, ended = alert.fired_at or alert.active_at, alert.resolved_at or alert.observed_at
    story = f": fired and cleared while Slack was unreachable ({_clock(began, ended)} UTC)."
    told: Line = ("Fired and cleared while Slack was unreachable (", When(began), " to ", When(ended), ")")
    return Message(
        text=_fitting(alert, story),
        tone=Tone.RESOLVED,
        verdict=_verdict(alert, NO_OVERLAY),
        parts=(
            Text(lines=(told, *_body(alert))),
            Fields(pairs=_fields(alert)),
            Context(lines=(_small_print(alert, ended),)),
            controls([alert], None, None),
        ),
        as_of=alert.observed_at,
        card=True,
        revision=revision_key(alert),
    )


def revision_key(alert: Alert) -> str:
    """The key of this version of the card, for block ids: "alert:4821:2"."""
    return f"alert:{alert.alert_id}:{alert.revision}"


def sentence(alert: Alert) -> str:
    """One sentence that stands alone on a lock screen: state, rule, subject, figure, time left."""
    if alert.status is AlertStatus.RESOLVED:
        return _fitting(alert, f": {_ending(alert)}.")
    left = "" if alert.left is None or alert.unit is Unit.MINUTES else f", {time_left(alert.left)}"
    return _fitting(alert, f": {of_capacity(alert)}{left}.")


def _fitting(alert: Alert, rest: str) -> str:
    """State, rule, subject and place before the rest; for a lock screen the place goes first, then the name's end."""
    start, place = f"[{alert.status.value.upper()}] {title(alert)} in ", f" ({where(alert)})"
    whole = start + short(alert.label) + place + rest
    if len(whole) <= SENTENCE_CHARACTERS:
        return whole
    room = SENTENCE_CHARACTERS - len(start + rest)
    return start + short(alert.label, min(max(room, LABEL_CHARACTERS // 4), LABEL_CHARACTERS)) + rest


def _ending(alert: Alert) -> str:
    after = f"after {span(lasted(alert))}"
    if alert.resolution in NOTHING_BETTER:
        return f"{_ENDS[alert.resolution].sentence} {after}"
    figure = of_capacity(alert)
    # The share is left out: what matters at the end is that it is over, and for how long it was not.
    return f"{figure.removesuffix(f', {share(alert)}')} {after}"


def tone(alert: Alert, overlay: Overlay = NO_OVERLAY) -> Tone:
    """The colour of the card is the state: red or yellow, yellow once acked, grey while silenced, green at the end.

    What ended by deletion is grey: nothing got better.
    """
    if alert.status is AlertStatus.RESOLVED:
        return Tone.MUTED if alert.resolution in NOTHING_BETTER else Tone.RESOLVED
    if overlay.silence is not None:
        return Tone.MUTED
    if overlay.ack is not None or alert.status is AlertStatus.RECOVERING or alert.severity is Severity.WARNING:
        return Tone.WARNING
    return Tone.BAD


def _verdict(alert: Alert, overlay: Overlay) -> Line:
    subject: tuple[Inline, ...] = (*name(alert), f" · {where(alert)}")
    if alert.status is AlertStatus.RESOLVED:
        word = _ENDS[alert.resolution].word if alert.resolution in NOTHING_BETTER else "Resolved"
        return (Struck("Firing"), " ", Strong(word), " · ", *subject)
    if alert.status is AlertStatus.RECOVERING:
        return (Strong("Recovering"), f" · {title(alert)} · ", *subject)
    return (*state(overlay), Strong(headline(alert)), " · ", *subject, *_again(alert))


def state(overlay: Overlay) -> Line:
    """The words before the headline of an alert that somebody took or silenced."""
    if overlay.silence is not None:
        return (Struck("Firing"), " ", Strong("Silenced"), " · ")
    if overlay.ack is not None:
        return (Struck("Firing"), " ", Strong("Acked"), " · ")
    return ()


def headline(alert: Alert) -> str:
    """The rule's title, with the word for its severity."""
    return f"{'Critical: ' if alert.severity is Severity.CRITICAL else ''}{title(alert)}"


def _again(alert: Alert) -> Line:
    return (f" · again, {_ordinal(alert.reopened + 1)} time",) if alert.reopened else ()


def name(alert: Alert) -> Line:
    """The subject's name, a link to its page in the console where it has one."""
    if alert.scope_kind is SubjectKind.SUBNET:
        return (Link(alert.label, console_url(alert.region, alert.scope_id)),)
    return (Strong(alert.label),)


def _body(alert: Alert) -> tuple[Line, ...]:
    if alert.resolution in NOTHING_BETTER:
        return ((_ENDS[alert.resolution].reason,),)
    over = alert.status is AlertStatus.RESOLVED
    detail: tuple[Line, ...] = ((alert.detail,),) if alert.detail and not over else ()
    return (figures(alert, with_limit=not over, with_forecast=not over), *detail)


def _fields(alert: Alert) -> tuple[tuple[str, Line], ...]:
    worst: tuple[str, Line] = ("Highest" if is_worse_higher(alert) else "Lowest", (amount(alert, alert.worst_value),))
    if alert.status is AlertStatus.RESOLVED:
        pairs: list[tuple[str, Line]] = [("Lasted", (span(lasted(alert)),)), worst]
    else:
        pairs = [("Since", (When(alert.active_at),)), worst]
    if alert.flaps:
        flapping = ", it must stay good twice as long" if alert.is_flapping else ""
        pairs.append(("Fell back", (f"{alert.flaps} {'time' if alert.flaps == 1 else 'times'}{flapping}",)))
    return tuple(pairs)


def overlay_lines(overlay: Overlay) -> tuple[Line, ...]:
    """Who took or silenced it, as plain names: nobody is pinged for a click; and what it hides."""
    lines: list[Line] = []
    if overlay.ack is not None:
        lines.append((f"Acked by {short(overlay.ack.name, OVERLAY_NAME)}, ", When(overlay.ack.acked_at)))
    if overlay.silence is not None:
        silence = overlay.silence
        by = short(silence.name or silence.created_by, OVERLAY_NAME)
        why = f": {short(silence.reason, 2 * LABEL_CHARACTERS)}" if silence.reason else ""
        style = "time" if silence.ends_at - silence.starts_at < timedelta(hours=12) else "date_time"
        end: Line = ("until resolved",) if silence.until_resolved else ("until ", When(silence.ends_at, style))
        lines.append(("Silenced ", *end, f" by {by}{why}"))
    if overlay.hidden:
        word = "alert" if overlay.hidden == 1 else "alerts"
        lines.append((f"+{overlay.hidden} {word} below it not told while this fires",))
    return tuple(lines)


def _small_print(alert: Alert, now: datetime) -> Line:
    number = f"#eksip {alert.alert_id}"
    if alert.status is AlertStatus.RESOLVED:
        return (number, " · ended ", When(alert.resolved_at or alert.observed_at))
    line: tuple[Inline, ...] = (number, " · rule ", Mono(alert.rule), " · ")
    age = now - alert.observed_at
    if age <= STALE_AFTER:
        return (*line, "read ", When(alert.observed_at))
    return (*line, "last seen ", When(alert.observed_at), f", {span(age)} ago")


def short(text: str, characters: int = LABEL_CHARACTERS) -> str:
    """The text, cut with an ellipsis."""
    return text if len(text) <= characters else text[: characters - 1] + "…"


def where(alert: Alert) -> str:
    """The cluster that uses the subject, or where it lies when none is known to."""
    if not alert.clusters or alert.scope_kind is SubjectKind.CLUSTER:
        return f"{alert.account_id} {alert.region}".strip()
    first = short(alert.clusters[0])
    return first if len(alert.clusters) == 1 else f"{first} +{len(alert.clusters) - 1}"


def lasted(alert: Alert) -> timedelta:
    """From the first breach to the end, or to the last sample; nothing where the clock was set back in between."""
    return max((alert.resolved_at or alert.observed_at) - alert.active_at, timedelta(0))


def _clock(began: datetime, ended: datetime) -> str:
    pattern = "%H:%M" if began.date() == ended.date() else "%b %d %H:%M"
    return f"{began.strftime(pattern)}–{ended.strftime(pattern)}"


def _ordinal(number: int) -> str:
    suffix = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"
