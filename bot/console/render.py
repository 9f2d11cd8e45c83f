"""Message -> text for a terminal: Rich with colour and tables, or plain lines for pipes and logs."""

from collections.abc import Iterator

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text as RichText

from bot.charts.text import text_chart
from bot.message import (
    Bullets,
    Button,
    Channel,
    Code,
    Context,
    Controls,
    Fields,
    Inline,
    Line,
    Link,
    Menu,
    Message,
    Mono,
    Part,
    Sources,
    Strong,
    Struck,
    Table,
    Text,
    Tone,
    When,
)

MARKS = {
    Tone.GOOD: ("●", "green"),
    Tone.WARNING: ("●", "yellow"),
    Tone.BAD: ("●", "red"),
    Tone.NEUTRAL: ("›", "cyan"),
    Tone.UNKNOWN: ("?", "magenta"),
    Tone.MUTED: ("○", "bright_black"),
    Tone.RESOLVED: ("✓", "green"),
}
"""The mark and colour of each tone; the words always say the same."""


def show(message: Message, console: Console) -> None:
    """Print the message to a Rich console; lines of code may be wider than it."""
    console.print(renderable(message), crop=False)


def renderable(message: Message) -> RenderableType:
    """The message as one Rich renderable."""
    mark, colour = MARKS[message.tone]
    head = RichText(f"{mark} ", style=colour)
    head.append_text(_line(message.verdict or (message.text,)))
    body: list[RenderableType] = [head]
    for part in message.parts:
        body += (
            _code(part)
            if isinstance(part, Code)
            else [Padding(item, (0, 0, 0, 2)) for item in _part(part, message.command)]
        )
    for chart in message.charts:
        body.append(Padding(RichText(_clean(chart.title), style="bold"), (0, 0, 0, 2)))
        body += [Padding(RichText(_clean(line)), (0, 0, 0, 2)) for line in text_chart(chart).splitlines()]
        body.append(Padding(RichText(_clean(chart.alt), style="bright_black"), (0, 0, 0, 2)))
    if message.failure is not None and message.failure.suggestions:
        tries = ", ".join(f"eksip ask {_clean(command)}" for command in message.failure.suggestions)
        body.append(Padding(RichText(f"Try: {tries}", style="bright_black"), (0, 0, 0, 2)))
    return Group(*body)


def plain(message: Message, width: int = 100) -> str:
    """The message as plain text: no colour, no control characters."""
    console = Console(width=width, no_color=True, color_system=None, force_terminal=False, highlight=False, emoji=False)
    with console.capture() as captured:
        show(message, console)
    return "\n".join(line.rstrip() for line in captured.get().splitlines())


def _part(part: Part, asked: str) -> Iterator[RenderableType]:
    """The lines of the part; of its commands not the one that was asked, which is a form's button in Slack."""
    match part:
        case Text():
            yield from (_line(line) for line in part.lines)
        case Context():
            for line in part.lines:
                small = _line(line)
                small.stylize_before("bright_black")
                yield small
        case Bullets():
            if part.title:
                yield RichText(part.title, style="bold")
            for number, item in enumerate(part.items, start=1):
                yield RichText(f"{number}. " if part.numbered else "• ").append_text(_line(item))
            if part.more:
                yield RichText(part.more, style="bright_black")
        case Fields():
            grid = RichTable.grid(padding=(0, 2))
            for label, line in part.pairs:
                grid.add_row(RichText(label, style="bright_black"), _line(line))
            yield grid
        case Table():
            yield _table(part)
            if part.more:
                yield RichText(part.more, style="bright_black")
        case Sources():
            yield from (
                RichText(f"{_clean(link.label)}: {_clean(link.url)}", style="bright_black") for link in part.links
            )
        case Controls():
            tries = ", ".join(tried for item in part.items if (tried := _control(item)) != asked)
            if tries:
                yield RichText(f"Next: {tries}", style="bright_black")


def _code(part: Code) -> Iterator[RenderableType]:
    """The lines as they are, neither indented nor broken: what is copied into a shell runs, a here-document too."""
    if part.title:
        yield Padding(RichText(part.title, style="bold"), (0, 0, 0, 2))
    for line in part.text.splitlines():
        yield RichText(_clean(line), style="cyan", no_wrap=True, overflow="ignore")


def _table(part: Table) -> RichTable:
    table = RichTable(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for index, column in enumerate(part.columns):
        table.add_column(column, justify="right" if index in part.right else "left", overflow="fold")
    for row in part.rows:
        table.add_row(*(RichText(_clean(cell)) for cell in row))
    return table


def _control(item: Button | Menu) -> str:
    if isinstance(item, Button):
        return _clean(item.url or item.command)
    return _clean(", ".join(command for _, command in item.options))


def _line(line: Line) -> RichText:
    text = RichText()
    for part in line:
        text.append(*_inline(part))
    return text


def _inline(part: Inline) -> tuple[str, str]:
    match part:
        case str():
            return _clean(part), ""
        case Strong():
            return _clean(part.text), "bold"
        case Mono():
            return _clean(part.text), "cyan"
        case Channel():
            return _clean(part.channel_id), "cyan"
        case Struck():
            return _clean(part.text), "strike"
        case Link():
            return _clean(part.label), "bold"
        case When():
            return part.moment.strftime("%H:%M UTC" if part.style == "time" else "%Y-%m-%d %H:%M UTC"), ""


def _clean(text: str) -> str:
    """The text without control characters, which could drive the terminal."""
    return "".join(character if character.isprintable() else " " for character in text)
