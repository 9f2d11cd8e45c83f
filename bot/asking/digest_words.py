"""The words after `digest`: show it now, send it on these days at this time, stop, or say when the next one is."""

import re
from dataclasses import dataclass
from datetime import time
from enum import Enum

from bot.alerts.digest_times import EVERY_DAY, WEEKDAYS
from bot.asking.command import Asked
from bot.errors import UserError, nearest


class DigestDeed(Enum):
    """What is asked of the digest."""

    SHOW = "show"
    SET = "set"
    STOP = "stop"
    WHEN = "when"


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestWords:
    """The words read: what is asked, days (0 is Monday) and clock time of a new digest, the words of a scope."""

    deed: DigestDeed
    days: frozenset[int] = frozenset()
    clock: time = time(9)
    scope: str = ""


_STOP = frozenset({"off", "stop", "none", "cancel"})
_WHEN = frozenset({"list", "when", "next", "schedule"})
_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAYS: dict[str, frozenset[int]] = {
    **{word: frozenset({day}) for day, name in enumerate(_NAMES) for word in (name, f"{name}s", name[:3])},
    "tues": frozenset({1}),
    "thurs": frozenset({3}),
    "weekly": frozenset({0}),
    "daily": EVERY_DAY,
    "weekdays": WEEKDAYS,
}
_FILLING = frozenset({"at", "on", "every", "each", "@"})
_CLOCK = re.compile(r"^(\d{1,2})(?:[:.](\d{2}))?\s*(am|pm|h)?$", re.IGNORECASE)
_CLEARLY = re.compile(r"^\d{1,2}(?:[:.]\d{2}|\s*(?:am|pm))\w{0,2}$", re.IGNORECASE)
"""What nobody means as the name of a subnet: "9:00", "9am"."""


def digest_changes(asked: Asked) -> bool:
    """Whether the words set or stop a digest."""
    first = _first(asked.words)
    return (len(asked.words) == 1 and first in _STOP) or _begins_times(asked.words)


def digest_words(words: tuple[str, ...]) -> DigestWords:
    """What the words ask.

    Raises: UserError when they name a day without a time, or a time there is not.
    Example: `digest_words(("mon", "9:00", "prod-eu"))` sets one on Mondays.
    """
    first = _first(words)
    if len(words) == 1 and first in _STOP:
        return DigestWords(deed=DigestDeed.STOP)
    if len(words) == 1 and first in _WHEN:
        return DigestWords(deed=DigestDeed.WHEN)
    if not _begins_times(words):
        return DigestWords(deed=DigestDeed.SHOW, scope=" ".join(words))
    left = [word for place, word in enumerate(words) if place > 2 or word.lower() not in _FILLING]
    days = EVERY_DAY
    if left and not _is_clock(left[0]):
        days = _days(left[0], left[1:])
        left = left[1:]
    if not left or not _CLOCK.match(left[0]):
        day = next((word for word, known in _DAYS.items() if known == days), "daily")
        raise UserError(f"Say the time of day as well, for example `digest {day[:3] if day in _NAMES else day} 9:00`.")
    clock, used = _clock(left)
    return DigestWords(deed=DigestDeed.SET, days=days, clock=clock, scope=" ".join(left[used:]))


def _first(words: tuple[str, ...]) -> str:
    return words[0].lower().strip(",") if words else ""


def _begins_times(words: tuple[str, ...]) -> bool:
    """Whether the words begin a time: a day, a clock time, or anything followed by a clock time."""
    told = [word.lower().strip(",") for word in words if word.lower() not in _FILLING]
    return bool(told) and (told[0] in _DAYS or any(_is_clock(word) for word in told[:2]))


def _is_clock(word: str) -> bool:
    return bool(_CLEARLY.match(word))


def _days(word: str, rest: list[str]) -> frozenset[int]:
    known = _DAYS.get(word.lower().strip(","))
    if known is not None:
        return known
    close = nearest(word, _DAYS, limit=1)
    hint = f"Did you mean `digest {' '.join([close[0], *rest])[:80]}`?" if close else "For example `digest mon 9:00`."
    raise UserError(
        f"`{word[:30]}` is no day; a digest comes `daily`, on `weekdays` or on a day such as `mon`. {hint}",
        [" ".join(["digest", close[0], *rest])[:150]] if close else [],
    )


def _clock(words: list[str]) -> tuple[time, int]:
    """The clock time at the start, and how many words it took."""
    found = _CLOCK.match(words[0])
    assert found is not None
    hour, minute, half = int(found[1]), int(found[2] or 0), (found[3] or "").lower()
    used = 1
    if not half and len(words) > 1 and words[1].lower() in ("am", "pm"):
        half, used = words[1].lower(), 2
    if half in ("am", "pm"):
        hour = hour % 12 + (12 if half == "pm" else 0) if 1 <= hour <= 12 else 24
    if hour > 23 or minute > 59:
        raise UserError(
            f"`{' '.join(words[:used])[:20]}` is no time of day. For example `digest mon 9:00`, `digest daily 5pm`.",
            ["digest mon 9:00", "digest daily 5pm"],
        )
    return time(hour, minute), used
