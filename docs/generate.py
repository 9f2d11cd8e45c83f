"""Writes what the code already knows into docs/json.md, commands.md, capacity.md and deploy/eksip.example.toml.

`python docs/generate.py` writes; with `--check` it writes nothing, prints what differs, and exits with 1 if anything
does; with `charts` it draws the pictures docs/chart-*.png. The Markdown files are written by hand around regions marked
`<!-- generated:NAME -->`.
"""

import difflib
import json
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from example_file import example_file, models_in
from pictures import charts, pictures
from pydantic import BaseModel

from bot import logs
from bot.answers.envelope import Envelope, document
from bot.answers.registry import ANSWERS
from bot.asking.command import Command, Request
from bot.commands import COMMANDS
from bot.config import aws_environment, load
from bot.console.backtest import backtest
from bot.console.sweep import sweep
from bot.demo.past import give_past
from bot.demo.world import DEFAULT_NOW, World
from bot.monitor import Monitor
from bot.wiring import Parts

ROOT = Path(__file__).resolve().parent.parent
MARKDOWN = ("docs/json.md", "docs/commands.md", "docs/capacity.md")
EXAMPLE_FILE = "deploy/eksip.example.toml"

ASKED = {
    "status": "status cluster:prod-eu",
    "subnet": "subnet private-1a",
    "who": "who cluster:prod-eu",
    "maxpods": "maxpods m5.large",
    "simulate": "simulate m5.large pods=20 mode=prefix",
    "plan": "plan +40 c6i.2xlarge cluster:prod-eu",
    "tune": "tune cluster:prod-eu",
    "prefix": "prefix cluster:prod-eu",
    "upgrade": "upgrade prod-eu",
    "cidr": "cidr 10.0.0.0/16 100.64.0.0/16",
    "size": "size nodes=100 type=m5.xlarge pods=30 zones=3",
    "trend": "trend private-1a 7d",
    "forecast": "forecast cluster:prod-eu",
    "top": "top runout",
    "digest": "digest all",
    "why": "why cluster:prod-us",
    "explain": "explain prefix delegation",
    "accounts": "accounts",
    "alerts": "alerts",
    "ack": "ack 1001",
    "unack": "unack 1001",
    "silence": "silence 1001 2h deploying",
    "unsilence": "unsilence 1",
    "maintenance": "maintenance cluster:prod-eu tomorrow 22:00 2h node rollover",
    "cwalarms": "cwalarms cluster:prod-eu",
    "watch": "watch cluster:prod-eu",
    "watching": "watching",
    "unwatch": "unwatch cluster:prod-eu",
    "board": "board cluster:prod-eu 2h",
    "defaults": "defaults cluster=prod-eu tz=Europe/Berlin",
    "overview": "overview",
    "version": "version",
    "help": "help maxpods",
}
"""The command behind each example answer, asked of the demo estate in this order."""

FAILS = "status prod-eus"
"""A command whose answer shows the failure form of the envelope."""

_REGION = re.compile(r"(<!-- generated:(\w+) -->\n).*?(<!-- /generated -->)", re.DOTALL)
_MEASURED = re.compile(r"\d+\.\d s with \d+ AWS calls")
_AWS_ID = re.compile(r"\b([a-z]+)-[0-9a-f]{17}\b")
_TEXT_CHARACTERS = 200

Documents = Mapping[str, Mapping[str, object]]


# The files


def main(arguments: list[str]) -> int:
    """Write the files, or with `--check` compare them; with `charts` draw docs/chart-*.png; the exit status."""
    with demo_parts() as parts:
        if "charts" in arguments:
            return draw(ROOT / "docs", parts)
        found = regions(parts)
    return check(ROOT, found) if "--check" in arguments else write(ROOT, found)


def write(root: Path, regions: Mapping[str, str]) -> int:
    """Write those of the files below `root` that are out of date; 0."""
    for path, wanted in files(root, regions).items():
        if not path.exists() or path.read_text(encoding="utf-8") != wanted:
            path.write_text(wanted, encoding="utf-8")
            print(f"wrote {path.relative_to(root)}")
    return 0


def draw(folder: Path, parts: Parts) -> int:
    """Draw the pictures of the documents; 0. They are not compared: another matplotlib draws other letters."""
    for name, content in charts(lambda text: parts.answer(_request(text))).items():
        (folder / name).write_bytes(content)
        print(f"drew {name}, {len(content):,} bytes")
    return 0


def check(root: Path, regions: Mapping[str, str]) -> int:
    """Print how the files below `root` differ from what the code says: 1 when one does, else 0."""
    stale = False
    for path, wanted in files(root, regions).items():
        found = path.read_text(encoding="utf-8") if path.exists() else ""
        if found != wanted:
            stale = True
            name = str(path.relative_to(root))
            before, after = found.splitlines(), wanted.splitlines()
            print(*difflib.unified_diff(before, after, name, f"{name} (from the code)", lineterm=""), sep="\n")
    if stale:
        print("Out of date: run `python docs/generate.py` and read the difference.")
    return int(stale)


def regions(parts: Parts) -> dict[str, str]:
    """What is generated into Markdown, by the name of its region."""
    shown = documents(parts)
    return {
        "commands": commands(),
        "envelope": envelope(shown),
        "answers": answers(shown),
        "objects": objects(),
        **pictures(lambda text: parts.answer(_request(text))),
    }


def files(root: Path, regions: Mapping[str, str]) -> dict[Path, str]:
    """The full text that each file should have, by its path.

    Raises: ValueError when a Markdown file marks a region that nothing generates.
    """
    texts = {root / name: _filled((root / name).read_text(encoding="utf-8"), regions, name) for name in MARKDOWN}
    return {**texts, root / EXAMPLE_FILE: example_file()}


def _filled(text: str, regions: Mapping[str, str], name: str) -> str:
    def region(found: re.Match[str]) -> str:
        if found[2] not in regions:
            raise ValueError(f"{name} marks a region `{found[2]}`; generated are {', '.join(regions)}.")
        return f"{found[1]}\n{regions[found[2]]}\n\n{found[3]}"

    return _REGION.sub(region, text)


# docs/commands.md


def commands() -> str:
    """Every verb: how it is called, what it answers, its short forms, an example."""
    return "\n\n".join(f"### {command.verb}\n\n{_called(command)}" for command in COMMANDS)


def _called(command: Command) -> str:
    facts = [command.summary if command.summary.endswith("…") else f"{command.summary}."]
    if command.writes:
        facts.append("Changes what eksip stores: it must be written out, and `[access] writers` applies.")
    if command.aliases:
        facts.append(f"Also: {', '.join(f'`{alias}`' for alias in command.aliases)}.")
    facts.append(f"For example `/eksip {command.example}`. [JSON](json.md#{command.verb})")
    return f"`/eksip {command.usage}`\n\n{' '.join(facts)}"


# docs/json.md


def envelope(shown: Documents) -> str:
    """The envelope's fields, and one failure."""
    return f"{_table(Envelope)}\n\n{_example(FAILS, shown)}"


def answers(shown: Documents) -> str:
    """The fields of every command's answer with one example each."""
    sections = []
    for verb, model in ANSWERS.items():
        words = (model.__doc__ or "").strip()
        sections.append(f"### {verb}\n\n{words}\n\n{_table(model)}\n\n{_example(ASKED.get(verb, verb), shown)}")
    return "\n\n".join(sections)


def objects() -> str:
    """The fields of every object that an answer or the envelope holds."""
    found: dict[str, type[BaseModel]] = {}
    tops: list[type[BaseModel]] = [Envelope, *ANSWERS.values()]
    for top in tops:
        found |= _held(top)
    sections = [
        f"### {name}\n\n{(model.__doc__ or '').strip()}\n\n{_table(model)}"
        for name, model in found.items()
        if model not in tops
    ]
    return "\n\n".join(sections)


def _held(model: type[BaseModel]) -> dict[str, type[BaseModel]]:
    """Every model that the fields of the model hold, however deep, by its name."""
    found: dict[str, type[BaseModel]] = {}
    for field in model.model_fields.values():
        for inner in models_in(field.annotation):
            found |= {inner.__name__: inner, **_held(inner)}
    return found


def _table(model: type[BaseModel]) -> str:
    rows = ["| Field | Type | Meaning |", "|---|---|---|"]
    for name, field in model.model_fields.items():
        if not field.description:
            raise ValueError(f"{model.__name__}.{name} has no description.")
        rows.append(f"| `{name}` | {type_words(field.annotation)} | {field.description.replace('|', chr(92) + '|')} |")
    return "\n".join(rows)


def type_words(annotation: Any) -> str:
    """The JSON type of an annotation in words.

    Example: `type_words(int | None)` is "integer or null".
    """
    if get_origin(annotation) is Annotated:
        return type_words(get_args(annotation)[0])
    if get_origin(annotation) in (UnionType, Union):
        inner = [type_words(part) for part in get_args(annotation) if part is not NoneType]
        return " or ".join([*inner, "null"] if NoneType in get_args(annotation) else inner)
    if get_origin(annotation) is Literal:
        return ", ".join(f"`{value}`" for value in get_args(annotation))
    if get_origin(annotation) is list:
        return f"list of {type_words(get_args(annotation)[0])}"
    if get_origin(annotation) is dict:
        return "object"
    if issubclass(annotation, BaseModel):
        return f"[{annotation.__name__}](#{annotation.__name__.lower()})"
    return {str: "string", int: "integer", float: "number", bool: "boolean", datetime: "time", date: "day"}[annotation]


def _example(text: str, shown: Documents) -> str:
    called = {"sweep": "eksip sweep --json --interfaces", "backtest": "eksip backtest --json --days 7"}.get(
        text, f"eksip ask --json {text}"
    )
    answer = json.dumps(_shortened(shown[text]), indent=2, ensure_ascii=False)
    return f"`{called}`:\n\n```json\n{answer}\n```"


def _shortened(value: Any) -> Any:
    """The value with every list cut to its first entry, every long text cut, and one plain id of each kind."""
    if isinstance(value, dict):
        return {key: _shortened(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_shortened(inner) for inner in value[:1]]
    if isinstance(value, str):
        plain = _AWS_ID.sub(r"\1-0123456789abcdef0", value)
        return plain if len(plain) <= _TEXT_CHARACTERS else plain[: _TEXT_CHARACTERS - 1] + "…"
    return value


@contextmanager
def demo_parts() -> Iterator[Parts]:
    """The parts of a bot over the demo estate at a fixed moment, after two polls that make its low subnets fire."""
    moments = [DEFAULT_NOW - timedelta(minutes=6)]
    with TemporaryDirectory() as folder, World(now=DEFAULT_NOW) as world, aws_environment(world.credentials()):
        settings = load({"DATABASE_URL": f"sqlite:///{folder}/example.db"}, world.config())
        parts = Parts(
            settings, now=lambda: moments[-1], past=lambda store: give_past(store, world.spaces(), moments[-1])
        )
        monitor = Monitor(parts.reader, parts.store, settings, parts.now)
        monitor.poll()
        moments.append(DEFAULT_NOW)
        monitor.poll()
        parts.look_ahead().look(parts.facts.inventory())
        try:
            yield parts
        finally:
            parts.close()


def documents(parts: Parts) -> Documents:
    """The JSON document of every example command, by command."""
    found = {}
    for text in (*ASKED.values(), FAILS):
        found[text] = document(parts.answer(_request(text)))
    limits = parts.settings.thresholds.limits
    found["backtest"] = document(backtest(parts.history(), limits, parts.now(), days=7))
    found["sweep"] = _settled(document(sweep(parts.services, interfaces=True, progress=False)))
    return found


def _request(text: str) -> Request:
    return Request(text=text, channel_id="C0123456789", user_id="U0123456789")


def _settled(swept: Mapping[str, Any]) -> dict[str, object]:
    """The sweep with fixed seconds and calls: the real ones depend on the machine and on what was read just before."""
    text = _MEASURED.sub("0.6 s with 84 AWS calls", swept["text"])
    return {**swept, "text": text, "answer": {**swept["answer"], "seconds": 0.6, "aws_calls": 84}}


if __name__ == "__main__":
    logs.configure("ERROR")
    sys.exit(main(sys.argv[1:]))
