"""`digest`: a period in one message now, or on days and at a time of this channel's choice."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.alerts.digest_times import DigestTimes
from bot.answers.digest import DigestAnswer
from bot.answers.model import fields
from bot.asking.command import Asked, Request
from bot.asking.defaults import channel_defaults
from bot.asking.digest_words import DigestDeed, DigestWords, digest_words
from bot.asking.zones import zone_named
from bot.commands.digest_message import message, schedule_json
from bot.commands.digest_report import WEEK, report
from bot.errors import UserError
from bot.message import Button, Context, Controls, Message, Mono, Part, Strong, Tone, Visibility, When
from bot.scope import resolve
from bot.services import Services
from bot.store.digests import DigestSchedule


def answer(asked: Asked, request: Request, services: Services) -> Message:
    """The digest now, or what becomes of the channel's schedule."""
    words = digest_words(asked.words)
    if words.deed is DigestDeed.SHOW:
        if asked.options:
            raise UserError("`tz=` goes with a time, for example `digest mon 9:00 tz=Europe/Berlin`.")
        return _shown(words.scope, request, services)
    channel = _channel(request)
    if words.deed is DigestDeed.SET:
        return _set(words, asked, channel, request, services)
    if words.deed is DigestDeed.STOP:
        return _stopped(channel, services)
    return _when(channel, services)


def scheduled(schedule: DigestSchedule, due_at: datetime, services: Services) -> Message:
    """The digest that a channel is sent; `services` show what the channel may see.

    Raises: UserError when its scope is known no more, QueryError when nothing can be read.
    """
    now = services.now()
    scope = resolve(schedule.scope, services.facts().inventory(), verb="digest")
    found = report(scope, services, now, covers=schedule.times.covers, schedule=schedule, due_at=due_at)
    # The one after this, which is being sent for the day it was due.
    sent = replace(schedule, last_sent_for=schedule.times.last(now)[0])
    return replace(message(found, sent), command=f"digest {schedule.scope}", visibility=Visibility.IN_CHANNEL)


def _shown(words: str, request: Request, services: Services) -> Message:
    now = services.now()
    scope = resolve(words, services.facts().inventory(), verb="digest")
    schedule = _schedule(request.channel_id, services)
    covers = WEEK if schedule is None else schedule.times.covers
    return replace(
        message(report(scope, services, now, covers=covers, schedule=schedule), schedule),
        command=f"digest {words}".strip(),
    )


def _set(words: DigestWords, asked: Asked, channel: str, request: Request, services: Services) -> Message:
    defaults, now = channel_defaults(request, services), services.now()
    command = f"digest {asked.target}"
    here = defaults.zone if defaults is not None else ""
    given = asked.options.get("tz", "")
    zone = zone_named(given, command) if given else here or _valid(request.zone) or "UTC"
    target = words.scope or (defaults.scope if defaults is not None else "")
    scope = resolve(target, services.facts().inventory(), verb="digest")
    schedule = services.store().set_digest(
        DigestSchedule(
            channel=channel,
            scope=str(scope),
            label=scope.words,
            times=DigestTimes(days=words.days, clock=words.clock, zone=zone),
            created_by=request.user_id,
            changed_at=now,
        )
    )
    why = "" if given else " (this channel's)" if here else " (yours)" if zone == request.zone else ""
    told = f"The digest of {scope.words} comes {schedule.times.words}"
    return Message(
        text=f"{told}{why}.",
        tone=Tone.GOOD,
        verdict=("The digest of ", Strong(scope.words), " comes ", Strong(schedule.times.words), f"{why}."),
        parts=_next(schedule, now),
        visibility=Visibility.IN_CHANNEL,
        answer=_json(schedule, now),
    )


def _stopped(channel: str, services: Services) -> Message:
    store = services.stored()
    if store is None or not store.end_digest(channel, services.now()):
        raise UserError("This channel gets no digest. `digest mon 9:00` sets one.", ["digest mon 9:00"])
    return Message(
        text="This channel gets no digest any more.",
        tone=Tone.NEUTRAL,
        verdict=("This channel gets no digest any more.",),
        visibility=Visibility.IN_CHANNEL,
        answer=_json(None, services.now()),
    )


def _when(channel: str, services: Services) -> Message:
    schedule, now = _schedule(channel, services), services.now()
    if schedule is None:
        return Message(
            text="This channel gets no digest.",
            verdict=("This channel gets no digest. ", Mono("eksip digest mon 9:00"), " sets one."),
            answer=_json(None, now),
        )
    last = "none was sent yet" if schedule.last_sent_for is None else f"the last was for {schedule.last_sent_for:%b %d}"
    return Message(
        text=f"The digest of {schedule.label} comes {schedule.times.words}; {last}.",
        verdict=("The digest of ", Strong(schedule.label), " comes ", Strong(schedule.times.words), f"; {last}."),
        parts=_next(schedule, now),
        answer=_json(schedule, now),
    )


def _next(schedule: DigestSchedule, now: datetime) -> tuple[Part, ...]:
    return (
        Context(
            lines=(
                ("Next: ", When(schedule.next_at(now), "date_time")),
                ("Change it with ", Mono("eksip digest daily 8:30 tz=Europe/Berlin"), ", end it with off"),
            )
        ),
        Controls(
            items=(
                Button(label="Show it now", command=f"digest {schedule.scope}"),
                Button(label="Stop", command="digest off"),
            )
        ),
    )


def _schedule(channel: str, services: Services) -> DigestSchedule | None:
    store = services.stored()
    return None if store is None or not channel else store.digest_schedule(channel)


def _channel(request: Request) -> str:
    if not request.channel_id:
        raise UserError(
            "A digest is sent to a channel: run it in Slack, or name one: "
            "`eksip ask --channel C0123456789 digest mon 9:00`."
        )
    return request.channel_id


def _valid(zone: str) -> str:
    """The person's zone as Slack gives it, "" where this machine knows none of that name."""
    try:
        return str(ZoneInfo(zone)) if zone else ""
    except (KeyError, ValueError, OSError):
        return ""


def _json(schedule: DigestSchedule | None, now: datetime) -> dict[str, object]:
    return fields(DigestAnswer(report=None, schedule=None if schedule is None else schedule_json(schedule, now)))
