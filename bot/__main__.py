"""The command line: argv only, everything else is wired elsewhere."""

import signal
import sys
import threading
from enum import IntEnum
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from bot.errors import ConfigError, EksipError, QueryError

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


db = typer.Typer(help="The database: migrations and backup.", no_args_is_help=True)
app.add_typer(db, name="db")


class Exit(IntEnum):
    """Exit statuses of `ask`: the worst of a batch counts."""

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


def _print_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        print(f"eksip {version('eksip')}")
        raise typer.Exit


@app.callback()
def _commands(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """The IP capacity assistant for Amazon EKS."""


@app.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": True})
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
    from bot import logs
    from bot.asking.command import Request, Surface
    from bot.wiring import answering

    logs.configure("ERROR")
    if schema:
        from bot.answers.envelope import schema as answer_schema
        from bot.console.output import print_json

        print_json(answer_schema(), one_line=False)
        return
    words = text or []
    batch = words == ["-"]
    show = _printer(json=json, slack=slack, plain=plain, one_line=batch)
    worst = Exit.ANSWERED
    with answering(demo=demo, documents=json or slack) as answer:
        for line in _lines(sys.stdin) if batch else [" ".join(words)]:
            message = answer(Request(text=line, surface=Surface.ASK, channel_id=channel, user_id=user))
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
        from bot.answers.envelope import document

        return lambda message: output.print_json(document(message), one_line=one_line)
    if slack:
        from bot.slack.render import render

        return lambda message: output.print_json(render(message), one_line=one_line)
    return output.print_plain if plain else output.print_rich


@app.command()
def demo(
    headless: Annotated[bool, typer.Option("--headless", help="Without the page: only the terminal.")] = False,
    seconds: Annotated[float | None, typer.Option(min=1, help="Stop by itself after this many seconds.")] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the page; 0 takes a free one.")] = 8080,
) -> None:
    """The whole product on an embedded AWS estate and a local Slack: no account, no token."""
    from bot import logs
    from bot.console.output import print_rich
    from bot.wiring.demonstration import demonstrate

    logs.configure("ERROR")
    demonstrate(
        page=not headless,
        seconds=seconds,
        port=port,
        show=print_rich,
        say=_say,
        stop=_stopped_by_signals(),
    )


@app.command()
def serve(
    http: Annotated[bool, typer.Option("--http", help="HTTP (Events API) even when SLACK_APP_TOKEN is set.")] = False,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port, in place of PORT (3000).")] = None,
) -> None:
    """The bot: Slack, scheduler, alerts, /healthz, /readyz and /metrics."""
    from bot import logs
    from bot.config import load
    from bot.wiring import Parts
    from bot.wiring.serving import serving

    settings = load()
    if port is not None:
        settings = settings.model_copy(update={"port": port})
    logs.configure(settings.log_level)
    stop = _stopped_by_signals()
    parts = Parts(settings)
    refused: list[QueryError] = []

    def end(exc: QueryError) -> None:
        refused.append(exc)
        stop.set()

    try:
        with serving(parts, http=http, on_refused=end):
            stop.wait()
    finally:
        parts.close()
    if refused:
        raise refused[0]


@app.command()
def console(
    demo: Annotated[bool, typer.Option("--demo", help="Ask the built-in demo estate, no AWS needed.")] = False,
) -> None:
    """The same commands as a chat in the terminal, with history and completion."""
    from bot import logs
    from bot.commands import COMMANDS
    from bot.console.repl import chat, history_file
    from bot.wiring import asking

    logs.configure("ERROR")
    with asking(demo=demo) as parts:
        chat(parts.answer, COMMANDS, lambda: parts.facts.names(), history_file())


@app.command()
def sweep(
    json: Annotated[bool, typer.Option("--json", help="Print the JSON document.")] = False,
    interfaces: Annotated[bool, typer.Option("--interfaces", help="Read every interface too.")] = False,
    demo: Annotated[bool, typer.Option("--demo", help="Read the built-in demo estate, no AWS needed.")] = False,
) -> None:
    """Read every account and region once: totals, seconds, calls, coverage, blind spots."""
    from bot import logs
    from bot.console.sweep import sweep as read_all
    from bot.wiring import asking

    logs.configure("ERROR")
    with asking(demo=demo) as parts:
        message = read_all(parts.services, interfaces=interfaces, progress=sys.stderr.isatty())
        _printer(json=json, slack=False, plain=not sys.stdout.isatty(), one_line=False)(message)
    raise typer.Exit(_status(message))


@app.command()
def backtest(
    days: Annotated[int, typer.Option(min=1, max=90, help="How far back to judge.")] = 30,
    json: Annotated[bool, typer.Option("--json", help="Print the JSON document.")] = False,
    demo: Annotated[bool, typer.Option("--demo", help="Replay the built-in demo estate's past.")] = False,
) -> None:
    """Replay the forecast methods over the stored history, against two baselines: hits, leads, false episodes."""
    from bot import logs
    from bot.console.backtest import backtest as replayed
    from bot.wiring import asking

    logs.configure("ERROR")
    with asking(demo=demo) as parts:
        progress = (lambda line: print(line, file=sys.stderr)) if sys.stderr.isatty() else (lambda _: None)
        limits = parts.settings.thresholds.limits
        message = replayed(parts.history(), limits, parts.now(), days=days, progress=progress)
        _printer(json=json, slack=False, plain=not sys.stdout.isatty(), one_line=False)(message)


@app.command()
def check(
    demo: Annotated[bool, typer.Option("--demo", help="Check the built-in demo estate, no AWS needed.")] = False,
) -> None:
    """Try everything configured: database, Slack, each account's role and each AWS action."""
    from bot import logs
    from bot.console.check import print_checks
    from bot.wiring import asking
    from bot.wiring.checking import checks

    logs.configure("ERROR")
    with asking(demo=demo) as parts:
        works = print_checks(checks(parts))
    raise typer.Exit(Exit.ANSWERED if works else Exit.FAILED)


@db.command("upgrade")
def db_upgrade() -> None:
    """Bring the database to the tables of this version."""
    from bot.config import load
    from bot.store import upgrade

    print(f"The database is at revision {upgrade(load().database_url.get_secret_value())}.")


@db.command("backup")
def db_backup(file: Annotated[Path, typer.Argument(help="The file to write.")]) -> None:
    """Write a consistent copy of the SQLite database while it is in use."""
    from bot.config import load
    from bot.store import open_store

    store = open_store(load().database_url.get_secret_value())
    try:
        store.backup(file)
    finally:
        store.close()
    print(f"Copied the database to {file}.")


@db.command("audit")
def db_audit(
    days: Annotated[int, typer.Option(min=1, max=400, help="How far back.")] = 7,
) -> None:
    """Who changed something, or was refused: one line each, newest first."""
    from datetime import timedelta

    from bot.config import load
    from bot.store import open_store
    from bot.wiring.parts import utc_now

    store = open_store(load().database_url.get_secret_value())
    try:
        for entry in store.audit_since(utc_now() - timedelta(days=days)):
            place = entry.channel or "-"
            print(f"{entry.at:%Y-%m-%d %H:%M:%SZ}  {entry.who}  {place}  {entry.outcome}  {entry.text!r}")
    finally:
        store.close()


def _say(line: str) -> None:
    """Print a line in one write: several threads speak."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _stopped_by_signals() -> threading.Event:
    """An event that SIGINT and SIGTERM set, so that the process ends by its own steps."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop


if __name__ == "__main__":
    main()
