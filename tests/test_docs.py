"""The documentation says what the code does: commands, options, settings, metrics, links, defaults, examples."""

import importlib
import re
import shlex
import shutil
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from bot import metrics
from bot.__main__ import app
from bot.asking.command import Request
from bot.commands import COMMANDS
from bot.config import OUTSIDE_NAMES, ThresholdSettings, keys, load
from bot.wiring import Parts

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
BY_NAME = [pytest.param(page, id=page.name) for page in PAGES]
NEEDS_NO_AWS = ("maxpods", "simulate", "size", "cidr 10.", "explain", "version", "help")

_FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)
_INLINE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_PLACEHOLDER = re.compile(r"[…|\[\]]|\b[A-Z]{2,}\b(?!_)")


def codes(page: Path) -> Iterator[str]:
    """The code of a page: fenced lines, then inline spans."""
    text = page.read_text()
    for _, block in _FENCE.findall(text):
        yield from block.splitlines()
    yield from _INLINE.findall(_FENCE.sub("", text))


def command_lines(page: Path) -> Iterator[list[str]]:
    """The words after `eksip` of every command line in a page."""
    for code in codes(page):
        for part in re.split(r"\||&&|;", code):
            words = part.partition(" #")[0].strip().removeprefix("docker run --rm ").removeprefix(".venv/bin/")
            if words.startswith("eksip "):
                yield shlex.split(words)[1:]


def wrong_with(words: list[str]) -> str | None:
    """What is wrong with the words after `eksip`, None when nothing is."""
    command: Any = get_command(app)
    rest = list(words)
    while hasattr(command, "commands"):
        if not rest or rest[0] not in command.commands:
            return f"eksip {shlex.join(words)}: there is no such command"
        command = command.commands[rest.pop(0)]
    options = {option for parameter in command.params for option in parameter.opts}
    unknown = [word for word in rest if word.startswith("--") and word not in options]
    return f"eksip {shlex.join(words)}: no option {unknown}" if unknown else None


def asked(page: Path) -> Iterator[str]:
    """The commands for eksip that a page shows, without placeholders such as TEXT or SCOPE."""
    for words in command_lines(page):
        text = [word for word in words[1:] if not word.startswith("-")]
        if words[0] == "ask" and text and not _PLACEHOLDER.search(" ".join(text)):
            yield " ".join(text)
    for code in codes(page):
        if code.startswith("/eksip ") and not _PLACEHOLDER.search(code):
            yield code.removeprefix("/eksip ")


def request(text: str) -> Request:
    """A request from a channel that the generated examples do not come from."""
    return Request(text=text, channel_id="C0987654321", user_id="U0123456789")


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives the headings of a page."""
    headings = _HEADING.findall(_FENCE.sub("", page.read_text()))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.fixture(scope="module")
def generate() -> Iterator[Any]:
    """The generator, imported as `python docs/generate.py` finds it."""
    sys.path.insert(0, str(ROOT / "docs"))
    try:
        yield importlib.import_module("generate")
    finally:
        sys.path.remove(str(ROOT / "docs"))


@pytest.fixture(scope="module")
def parts(generate: Any) -> Iterator[Parts]:
    """The bot over the demo estate, two alerts firing."""
    with generate.demo_parts() as found:
        yield found


@pytest.fixture(scope="module")
def regions(generate: Any) -> dict[str, str]:
    """What the generator writes, from an estate of its own: the examples elsewhere silence alerts and set defaults."""
    with generate.demo_parts() as untouched:
        found: dict[str, str] = generate.regions(untouched)
        return found


def test_generated_pages_are_what_the_code_says(
    generate: Any, regions: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """`python docs/generate.py --check` finds nothing out of date."""
    assert generate.check(ROOT, regions) == 0, capsys.readouterr().out


def test_a_page_that_is_out_of_date_is_shown_as_a_difference(
    generate: Any, regions: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A field that the page no longer describes makes the check fail and name it; writing repairs the page."""
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    shutil.copytree(ROOT / "deploy", tmp_path / "deploy")
    page = tmp_path / "docs/json.md"
    page.write_text("\n".join(line for line in page.read_text().splitlines() if "`max_enis`" not in line) + "\n")
    assert generate.check(tmp_path, regions) == 1
    assert "+| `max_enis` | integer |" in capsys.readouterr().out
    generate.write(tmp_path, regions)
    assert page.read_text() == (ROOT / "docs/json.md").read_text()


@pytest.mark.parametrize("page", BY_NAME)
def test_command_lines_name_real_commands_and_options(page: Path) -> None:
    """Every `eksip …` line uses a subcommand and options that exist."""
    assert [problem for words in command_lines(page) if (problem := wrong_with(words))] == []


@pytest.mark.parametrize(
    "text", sorted({text for page in PAGES for text in asked(page) if text.startswith(NEEDS_NO_AWS)})
)
def test_examples_that_need_no_aws_are_answered_without_it(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`eksip ask …` exits with 0 in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("EKSIP_CONFIG", raising=False)
    assert CliRunner().invoke(app, ["ask", "--plain", *text.split()]).exit_code == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("page", BY_NAME)
def test_examples_are_answered_by_the_demo(page: Path, generate: Any, parts: Parts) -> None:
    """Every `/eksip …` and `eksip ask …` of the pages works on the demo estate, except the one shown to fail."""
    texts = [text for text in asked(page) if text != generate.FAILS]
    failures = {}
    # a watch or a silence that an example ends must exist; which page began it does not matter
    for text in sorted(texts, key=lambda text: text.startswith("unwatch")):
        if text.startswith("unwatch"):
            parts.answer(request(text.removeprefix("un")))
        if text.startswith("unsilence"):
            parts.answer(request("silence all 1h"))
            text = f"unsilence {max(silence.silence_id or 0 for silence in parts.store.silences(parts.now()))}"
        message = parts.answer(request(text))
        if message.failure is not None:
            failures[text] = message.failure.message
    assert failures == {}


@pytest.mark.parametrize("page", BY_NAME)
def test_links_between_pages_resolve(page: Path) -> None:
    """Every relative link leads to a file, and its anchor to a heading there."""
    broken = []
    for link in _LINK.findall(_FENCE.sub("", page.read_text())):
        if "://" in link:
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("page", BY_NAME)
def test_make_targets_exist(page: Path) -> None:
    """Every `make X` is a target of the Makefile."""
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {name for code in codes(page) for name in re.findall(r"(?:^|&&|;)\s*make ([a-z]+)\b", code)}
    assert named <= targets


@pytest.mark.parametrize("page", BY_NAME)
def test_settings_and_variables_exist(page: Path) -> None:
    """Every `[section] key`, every EKSIP_… and every SLACK_… that is named can be set."""
    known = {key.replace("[]", "") for key in keys()}
    named = {f"{section}.{key}" for code in codes(page) for section, key in re.findall(r"\[([a-z.]+)\] (\w+)", code)}
    assert named <= known
    variables = {"EKSIP_" + key.upper().replace(".", "__") for key in known} | set(OUTSIDE_NAMES)
    allowed = variables | {"EKSIP_CONFIG", "EKSIP_SECTION__FIELD"}
    assert set(re.findall(r"\b(?:EKSIP|SLACK)_[A-Z_]*[A-Z]\b", page.read_text())) <= allowed


@pytest.mark.parametrize("page", BY_NAME)
def test_metrics_exist(page: Path) -> None:
    """Every eksip_… metric that is named is exposed."""
    exposed = set(re.findall(r"^# TYPE (\w+) ", metrics.exposition().decode(), re.MULTILINE))
    assert set(re.findall(r"\beksip_\w+", page.read_text())) <= exposed


@pytest.mark.parametrize("page", BY_NAME)
def test_paths_exist(page: Path) -> None:
    """Every path of the repository that is named exists."""
    named = {
        found for code in codes(page) for found in re.findall(r"\b(?:bot|knowledge|tests|docs|deploy)/[\w./-]*", code)
    }
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("page", BY_NAME)
def test_configuration_examples_load(page: Path) -> None:
    """Every TOML block is a configuration that eksip accepts."""
    for language, block in _FENCE.findall(page.read_text()):
        if language == "toml":
            load({}, tomllib.loads(block))


def test_defaults_named_in_the_alerts_page_are_the_defaults() -> None:
    """The table of thresholds shows every threshold with its own default."""
    rows = re.findall(r"^\| `\[(\w+)\] (\w+)` \| (\S+) \|", (ROOT / "docs/alerts.md").read_text(), re.MULTILINE)
    assert {key for _, key, _ in rows} == set(ThresholdSettings.model_fields)
    assert load({}, {"thresholds": {key: value for _, key, value in rows}}).thresholds == ThresholdSettings()


def test_the_readme_lists_every_command() -> None:
    """The table of the README names each verb once."""
    rows = re.findall(r"^\| (`.+?) \|", (ROOT / "README.md").read_text(), re.MULTILINE)
    named = [code.split()[0] for row in rows for code in _INLINE.findall(row)]
    assert sorted(named) == sorted(command.verb for command in COMMANDS)


def test_the_architecture_page_names_every_module_of_the_capacity_engine() -> None:
    """Its table of the engine has each module of bot/capacity once."""
    text = (ROOT / "docs/architecture.md").read_text()
    table = text.partition("## The capacity engine")[2].partition("\n## ")[0]
    modules = sorted(path.name for path in (ROOT / "bot/capacity").glob("*.py") if path.name != "__init__.py")
    assert sorted(re.findall(r"`(\w+\.py)`", table)) == modules
