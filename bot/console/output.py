"""The output forms of `ask`: colour for people, plain text, JSON."""

import json
import sys

from rich.console import Console

from bot.console.render import plain, show
from bot.message import Message

_LINE_BREAKS = {ord(character): f"\\u{ord(character):04x}" for character in "\x85\u2028\u2029"}
"""Characters JSON allows in strings and some readers take for the end of a line."""


def terminal() -> Console:
    """The terminal of this process; markup, emoji codes and numbers in names stay what they are."""
    return Console(highlight=False, emoji=False, markup=False)


def print_rich(message: Message) -> None:
    """Print the message for a person at a terminal, in colour where the terminal has it."""
    show(message, terminal())


def print_plain(message: Message) -> None:
    """Print the message as plain text."""
    print(plain(message))


def print_json(value: object, *, one_line: bool) -> None:
    """Print JSON, indented unless it has to be one line; each line goes out at once."""
    print(json.dumps(value, ensure_ascii=False, indent=None if one_line else 2).translate(_LINE_BREAKS))
    sys.stdout.flush()
