"""`watching`: what this channel is told about, how it is narrowed, and whether Slack takes what is posted."""

from bot.answers.alerting import WatchAnswer, WatchRow
from bot.answers.model import fields
from bot.asking.command import Asked, Request
from bot.asking.watches import channel_of, narrowed, watch_rows
from bot.message import Bullets, Button, Controls, Inline, Line, Message, Mono, Strong, Text, Tone, When
from bot.services import Services
from bot.views import plural


def answer(asked: Asked, request: Request, services: Services) -> Message:
    """The watches of this channel, healthy or broken."""
    rows = watch_rows(channel_of(request), services)
    broken = next((row for row in rows if row.broken_since is not None), None)
    watched = f"This channel watches {plural(len(rows), 'scope')}" if rows else "This channel watches nothing"
    text = f"{watched}, but Slack refuses its messages ({broken.broken_reason})." if broken else f"{watched}."
    return Message(
        text=text,
        tone=Tone.WARNING if broken else Tone.NEUTRAL,
        verdict=("This channel watches ", Strong(plural(len(rows), "scope") if rows else "nothing"), _health(rows)),
        parts=(
            *((Bullets(items=tuple(_line(row) for row in rows)),) if rows else ()),
            *((Text(lines=(_broken_line(broken),)),) if broken else ()),
            Controls(items=(Button(label="Status", command="status"), Button(label="Alerts", command="alerts"))),
        ),
        answer=fields(WatchAnswer(watches=rows)),
        shareable=False,
    )


def _health(rows: list[WatchRow]) -> str:
    if not rows:
        return ""
    return " · broken" if any(row.broken_since is not None for row in rows) else " · healthy"


def _line(row: WatchRow) -> Line:
    how = narrowed(row)
    return (
        Strong(row.scope),
        " (eksip.toml)" if row.source == "configuration" else " (by command)",
        f": {how}" if how else "",
    )


def _broken_line(row: WatchRow) -> Line:
    line: list[Inline] = ["Slack refuses messages here"]
    if row.broken_since is not None:
        line += [" since ", When(row.broken_since, "date_time")]
    return (*line, f" ({row.broken_reason}). Invite me with ", Mono("/invite @eksip"), "; what arrives next mends it.")
