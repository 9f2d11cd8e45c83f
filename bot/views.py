"""Pieces of answers with two callers or more: numbers with their unit, ages, state marks, footers."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from bot.capacity.subnets import SubnetState
from bot.inventory import BlindSpot, Inventory
from bot.message import BlindSpotNote, Context, Coverage, Failure, Inline, Line, Message, Mono, Tone, When
from bot.wording import span

TONES = {
    SubnetState.OK: Tone.GOOD,
    SubnetState.LOW: Tone.WARNING,
    SubnetState.CRITICAL: Tone.BAD,
    SubnetState.EXHAUSTED: Tone.BAD,
    SubnetState.UNKNOWN: Tone.UNKNOWN,
}
"""The tone of each subnet state."""


def count(number: int | None) -> str:
    """A number with thousands separators; "?" when it is not known."""
    return "?" if number is None else f"{number:,}"


def share(part: int | None, whole: int) -> str:
    """Percent with enough digits to tell 0 from almost 0: "5%", "0.4%", "<0.1%", "?" when not known."""
    if part is None or whole <= 0:
        return "?"
    pct = 100 * part / whole
    if pct >= 1 or pct == 0:
        return f"{pct:.0f}%"
    return f"{pct:.1f}%" if pct >= 0.1 else "<0.1%"


def free_of(free: int | None, usable: int) -> str:
    """A free figure with its base: "203 of 4,091 (5%)"."""
    if free is None:
        return f"not known of {count(usable)}"
    return f"{count(free)} of {count(usable)} ({share(free, usable)})"


def plural(number: int, word: str, many: str = "") -> str:
    """ "1 subnet", "3 subnets"."""
    return f"{number:,} {word if number == 1 else many or word + 's'}"


def age(moment: datetime, now: datetime) -> str:
    """How long ago, in the two largest units: "40 s", "12 min", "3 h 5 min", "2 d 4 h"."""
    return span(max(now - moment, timedelta(0)))


def coverage(inventory: Inventory, extra: Iterable[BlindSpot] = ()) -> Coverage:
    """How much of the fleet an answer rests on, with every blind spot it depends on."""
    spots = dict.fromkeys((*inventory.all_blind_spots, *extra))
    return Coverage(
        read=sum(region.subnets_complete for region in inventory.regions),
        expected=inventory.expected_regions,
        blind_spots=tuple(
            BlindSpotNote(account_id=s.account_id, region=s.region, api=s.api, reason=s.reason) for s in spots
        ),
    )


def coverage_words(inventory: Inventory, now: datetime) -> str:
    """How much was read and how old the oldest of it is: "1,953 of 2,000 account-regions; oldest 38 min"."""
    read = sum(region.subnets_complete for region in inventory.regions)
    oldest = inventory.as_of
    aged = "" if oldest is None else f"; oldest {age(oldest, now)}"
    return f"{read:,} of {plural(inventory.expected_regions, 'account-region')}{aged}"


def footer(command: str, as_of: datetime | None, now: datetime, *notes: str) -> Context:
    """The small print: when it was read and how old that is, notes, and the command to ask again."""
    first: list[Inline] = []
    if as_of is not None:
        first += ["Read ", When(as_of), f" ({age(as_of, now)} ago) · "]
    first += [Mono(f"eksip {command}")]
    lines: list[Line] = [tuple(first)]
    lines += [(note,) for note in notes if note]
    return Context(lines=tuple(lines))


def blind_words(found: Coverage | None) -> str:
    """One sentence on what could not be read, "" when everything was."""
    if found is None or found.complete:
        return ""
    accounts = sorted({f"{spot.account_id} {spot.region}".strip() for spot in found.blind_spots})
    named = ", ".join(accounts[:3]) + (f" and {len(accounts) - 3} more" if len(accounts) > 3 else "")
    missing = found.expected - found.read
    if missing > 0:
        return f"Not read: {missing} of {plural(found.expected, 'account-region')} ({named}). See `accounts`."
    return f"Read in part: {named}. See `accounts`."


def failed(command: str, failure: Failure, tone: Tone = Tone.UNKNOWN) -> Message:
    """A message that says why there is no answer."""
    return Message(text=failure.message, tone=tone, verdict=(failure.message,), command=command, failure=failure)
