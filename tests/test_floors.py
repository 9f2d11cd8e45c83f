"""The house rules that import-linter cannot see: each library has one owner, modules stay small and well named."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

OWNERS = {
    "boto3": ("bot.aws", "bot.demo"),
    "botocore": ("bot.aws", "bot.demo"),
    "cachetools": ("bot.asking", "bot.aws", "bot.slack"),
    "slack_bolt": ("bot.slack", "bot.demo"),
    "slack_sdk": ("bot.slack", "bot.demo"),
    "sqlalchemy": ("bot.store",),
    "alembic": ("bot.store",),
    "psycopg": ("bot.store",),
    "apscheduler": ("bot.scheduler",),
    "pydantic_settings": ("bot.config",),
    "prometheus_client": ("bot.metrics",),
    "waitress": ("bot.slack",),
    "aiohttp": ("bot.demo",),
    "moto": ("bot.demo",),
    "matplotlib": ("bot.charts",),
    "kubernetes": ("bot.kubernetes",),
    "typer": ("bot.__main__",),
    "rich": ("bot.console",),
    "prompt_toolkit": ("bot.console",),
    "rapidfuzz": ("bot.errors",),
    "bm25s": ("knowledge",),
    "Stemmer": ("knowledge",),
    "numpy": ("knowledge", "bot.capacity.forecast", "bot.store.compaction", "bot.store.rollups"),
}
"""The packages that may import each library, TYPE_CHECKING imports included."""

MOST_LINES = 350
DRAWERS = {"utils", "util", "helpers", "helper", "common", "misc", "shared", "tools"}


def modules(*packages: str) -> Iterator[tuple[str, Path]]:
    """Every module of the packages with its dotted name."""
    for package in packages:
        for path in sorted((ROOT / package).rglob("*.py")):
            dotted = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            yield dotted.removesuffix(".__init__"), path


def imported(source: str) -> set[str]:
    """The top-level packages a source imports anywhere, inside functions and conditions too."""
    found = set()
    for part in ast.walk(ast.parse(source)):
        if isinstance(part, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in part.names}
        elif isinstance(part, ast.ImportFrom) and part.level == 0 and part.module:
            found.add(part.module.partition(".")[0])
    return found


PRODUCT = tuple(modules("bot", "knowledge"))


def owned_by(dotted: str, owners: tuple[str, ...]) -> bool:
    return any(dotted == owner or dotted.startswith(f"{owner}.") for owner in owners)


def test_every_library_is_imported_by_its_owners_only() -> None:
    strays = [
        f"{dotted} imports {library}, which belongs to {' and '.join(OWNERS[library])}"
        for dotted, path in PRODUCT
        for library in sorted(imported(path.read_text(encoding="utf-8")) & OWNERS.keys())
        if not owned_by(dotted, OWNERS[library])
    ]

    assert strays == []


def test_every_library_in_the_table_is_still_used_by_an_owner() -> None:
    used = {
        library
        for dotted, path in PRODUCT
        for library in imported(path.read_text(encoding="utf-8")) & OWNERS.keys()
        if owned_by(dotted, OWNERS[library])
    }

    # SQLAlchemy loads the driver by its name in the address; of boto3 only the types and botocore beneath it are used.
    assert OWNERS.keys() - used <= {"psycopg", "boto3"}


@pytest.mark.parametrize(
    ("source", "packages"),
    [
        pytest.param("import boto3.session", {"boto3"}, id="plain"),
        pytest.param("from slack_sdk.web import WebClient", {"slack_sdk"}, id="from"),
        pytest.param("def f():\n    import moto, os", {"moto", "os"}, id="inside a function"),
        pytest.param("if TYPE_CHECKING:\n    from rich.text import Text", {"rich"}, id="for types only"),
        pytest.param("from . import boto3", set(), id="relative"),
    ],
)
def test_imports_are_found_wherever_they_stand(source: str, packages: set[str]) -> None:
    assert imported(source) == packages


def test_no_module_is_longer_than_350_lines() -> None:
    everything = [*PRODUCT, *modules("deploy", "docs")]
    long = {
        dotted: count
        for dotted, path in everything
        if (count := len(path.read_text("utf-8").splitlines())) > MOST_LINES
    }

    assert long == {}


def test_no_module_or_package_is_a_drawer() -> None:
    assert [dotted for dotted, _ in PRODUCT if DRAWERS & set(dotted.split("."))] == []


def test_every_module_says_what_it_is_about() -> None:
    mute = [
        dotted
        for dotted, path in PRODUCT
        if (source := path.read_text(encoding="utf-8")).strip() and not ast.get_docstring(ast.parse(source))
    ]

    assert mute == []
