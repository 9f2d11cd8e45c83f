"""The command line: argv only, everything else is wired elsewhere."""

import sys
from enum import IntEnum
from io import TextIOWrapper
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from bot.errors import ConfigError, EksipError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bot.message import Message

app = typer.Typer(
    name="eksip",
    help="The IP capacity assistant for Amazon EKS.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class Exit(IntEnum):
    """Exit statuses of `ask` (INTERFACES): the worst of a batch counts."""

    ANSWERED = 0
    FAILED = 1
    USER = 2
    PARTIAL = 3


def main() -> None:
    """Run the command line; a known failure is one clear line, never a traceback."""
    try:
        app()
    except ConfigError as exc:
        for problem in exc.problems:
            print(f"eksip: {problem}", file=sys.stderr)
        raise SystemExit(Exit.FAILED) from None
    except EksipError as exc:
        print(f"eksip: {exc}", file=sys.stderr)
        raise SystemExit(Exit.FAILED) from None
    except BrokenPipeError:
        # The reader of a pipe (head, less) has left: nothing is wrong with us.
        sys.stderr.close()
        raise SystemExit(Exit.ANSWERED) from None


@app.callback()
def _commands() -> None:
    """The IP capacity assistant for Amazon EKS."""


@app.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
def ask(
    text: Annotated[
        list[str] | None, typer.Argument(help="The command, as after /eksip; `-` reads one a line.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the JSON document.")] = False,
    slack: Annotated[bool, typer.Option("--slack", help="Print the Slack payload.")] = False,
    plain: Annotated[bool, typer.Option("--plain", help="Print plain text.")] = False,
    demo: Annotated[bool, typer.Option("--demo", help="Ask the built-in demo estate, no AWS needed.")] = False,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of every answer.")] = False,
    channel: Annotated[str, typer.Option(help="Channel id to ask as.")] = "",
    user: Annotated[str, typer.Option(help="User id to ask as.")] = "",
) -> None:
    """One command, exactly what /eksip TEXT answers."""
    from bot.command import Request, Surface
    from bot.wiring import asking

    if schema:
        from bot.console.output import print_json
        from bot.envelope import schema as answer_schema

        print_json(answer_schema(), one_line=False)
        return
    words = text or []
    batch = words == ["-"]
    show = _printer(json=json, slack=slack, plain=plain, one_line=batch)
    worst = Exit.ANSWERED
    with asking(demo=demo) as parts:
        for line in _lines(sys.stdin) if batch else [" ".join(words)]:
            message = parts.answer(Request(text=line, surface=Surface.ASK, channel_id=channel, user_id=user))
            show(message)
            worst = max(worst, _status(message), key=_BADNESS.index)
    raise typer.Exit(worst)


_BADNESS = (Exit.ANSWERED, Exit.PARTIAL, Exit.USER, Exit.FAILED)
"""Exit statuses, the worst last."""


def _status(message: "Message") -> Exit:
    if message.failure is not None:
        return Exit.USER if message.failure.kind == "user" else Exit.FAILED
    return Exit.ANSWERED if message.coverage is None or message.coverage.complete else Exit.PARTIAL


def _lines(stream: "TextIO") -> "Iterator[str]":
    """The lines of a batch; bytes that are no UTF-8 are replaced, so that each line still gets its answer."""
    stream.reconfigure(errors="replace") if isinstance(stream, TextIOWrapper) else None
    return (line.rstrip("\r\n") for line in stream)


def _printer(*, json: bool, slack: bool, plain: bool, one_line: bool) -> "Callable[[Message], None]":
    from bot.console import output

    if json:
        from bot.envelope import document

        return lambda message: output.print_json(document(message), one_line=one_line)
    if slack:
        from bot.slack.render import render

        return lambda message: output.print_json(render(message), one_line=one_line)
    return output.print_plain if plain else output.print_rich


if __name__ == "__main__":
    main()
