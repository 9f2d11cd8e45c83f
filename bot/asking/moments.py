"""Moments and ends as people type them among other words: "tomorrow 22:00", "2026-11-24 22:00", "2h", "resolved"."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from bot.alerts.silences import LONGEST, silence_end
from bot.errors import UserError

FARTHEST = timedelta(days=60)
"""How far ahead a maintenance window may begin: two months of change calendar."""

_LENGTH = re.compile(r"^(?=.)(?:\d{1,3}d)?(?:\d{1,4}h)?(?:\d{1,5}m(?:in)?)?$")
_CLOCK = re.compile(r"^(?:[01]?\d|2[0-3]):[0-5]\d$")
_DAY = re.compile(r"^(\d{4}-\d{2}-\d{2})(?:T(\d{1,2}:\d{2}))?$")
_LEADING = frozenset({"until", "for", "to", "till", "from", "at"})


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """When something ends, and the words after it that are left."""

    at: datetime
    until_resolved: bool
    rest: tuple[str, ...]


def begins(word: str) -> bool:
    """Whether the word begins a moment or a length, so that the words before it are something else."""
    told = word.lower().strip(",")
    return told in _LEADING | {"now", "tomorrow", "today", "resolved"} or _looks(told)


def end(words: Sequence[str], now: datetime, zone: tzinfo) -> End:
    """The end that the first words name, for a silence that begins now.

    Raises: UserError when they name none, or one too far ahead.
    """
    left = _without_leading(words)
    if left and left[0].lower() == "tomorrow" and len(left) > 1 and _CLOCK.match(left[1]):
        used = 2
    elif left and _DAY.match(left[0].upper()):
        at, rest = moment(left, now, zone)
        if not now < at <= now + LONGEST:
            raise UserError(f"A silence ends within {LONGEST.days} days from now, for example `2h`.")
        return End(at=at, until_resolved=False, rest=rest)
    else:
        used = 1
    if not left:
        raise UserError(
            "Say until when, since nothing is silenced without an end: `30m`, `2h`, `tomorrow 09:00`, `until resolved`."
        )
    at, until_resolved = silence_end(" ".join(left[:used]), now, zone)
    return End(at=at, until_resolved=until_resolved, rest=tuple(left[used:]))


def moment(words: Sequence[str], now: datetime, zone: tzinfo) -> tuple[datetime, tuple[str, ...]]:
    """The moment that the first words name, "now" or a clock time of today, tomorrow or a day; and the words left.

    A clock time without a day is the next one.
    Raises: UserError when they name none.
    """
    left = _without_leading(words)
    first = left[0].lower() if left else ""
    if first == "now":
        return now, tuple(left[1:])
    local = now.astimezone(zone)
    named = _DAY.match(first.upper())
    if named or first in ("today", "tomorrow"):
        day = _day(named[1]) if named else local.date() + timedelta(days=first == "tomorrow")
        clock = named[2] if named else None
        rest = left[1:]
        if clock is None and rest and _CLOCK.match(rest[0]):
            clock, rest = rest[0], rest[1:]
        if clock is None:
            raise UserError(f"Say the time of day as well, for example `{first} 22:00`.")
        return datetime.combine(day, _time(clock), tzinfo=zone).astimezone(now.tzinfo), tuple(rest)
    if _CLOCK.match(first):
        day = local.date() + timedelta(days=local.time() >= _time(first))
        return datetime.combine(day, _time(first), tzinfo=zone).astimezone(now.tzinfo), tuple(left[1:])
    raise UserError(
        f"I cannot read `{' '.join(left)[:30]}` as a time; some that work: `22:00`, `tomorrow 22:00`, "
        f"`{local:%Y-%m-%d} 22:00`, `now`."
    )


def window(words: Sequence[str], now: datetime, zone: tzinfo) -> tuple[datetime, datetime, tuple[str, ...]]:
    """Start and end of a maintenance window, and the words left: "22:00 2h", "tomorrow 22:00 to 02:00 reason".

    Raises: UserError when they name no window, or one that is over, too long or too far ahead.
    """
    starts_at, left = moment(words, now, zone)
    left = tuple(_without_leading(left))
    if not left:
        raise UserError("Say until when as well: a length such as `2h`, or a time such as `02:00`.")
    if _LENGTH.match(left[0].lower()):
        length, _ = silence_end(left[0], now, zone)
        ends_at, rest = starts_at + (length - now), left[1:]
    else:
        ends_at, rest = moment(left, starts_at, zone)
    if ends_at <= max(starts_at, now):
        raise UserError("That window is over before it begins; the end comes after the start, for example `22:00 2h`.")
    if ends_at - starts_at > LONGEST:
        raise UserError(f"A maintenance window lasts {LONGEST.days} days at most.")
    if starts_at > now + FARTHEST:
        raise UserError(f"A maintenance window begins within {FARTHEST.days} days.")
    return starts_at, ends_at, rest


def _looks(told: str) -> bool:
    return bool(_LENGTH.match(told) or _CLOCK.match(told) or _DAY.match(told.upper()))


def _without_leading(words: Sequence[str]) -> list[str]:
    left = list(words)
    while left and left[0].lower() in _LEADING:
        left.pop(0)
    return left


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UserError(f"`{text}` is no day of the calendar.") from None


def _time(text: str) -> time:
    hours, _, minutes = text.partition(":")
    return time(int(hours), int(minutes))
