"""A built wheel works outside the checkout: commands, topics, migrations, the page and the instance types are in it."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).resolve().parent.parent
CODE = ("bot", "knowledge")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, built from a copy so that nothing is left behind in it."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in (*CODE, "pyproject.toml", "README.md", "LICENSE"):
        _copy(ROOT / name, source / name)
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(source), cwd=source)
    (found,) = out.glob("eksip-*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel installed, without its dependencies."""
    target = tmp_path_factory.mktemp("installed")
    run(
        *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
        *("--no-deps", "--no-index", "--no-compile", "--target", str(target), str(wheel)),
        cwd=target,
    )
    return target


def run(*words: str, cwd: Path, environment: Mapping[str, str] | None = None) -> str:
    """The standard output of a program that must succeed, with nothing of this process's own environment."""
    bare = {"PATH": os.defpath, "HOME": str(cwd), **(environment or {})}
    done = subprocess.run(words, cwd=cwd, env=bare, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_file_of_the_packages_is_in_the_wheel(wheel: Path) -> None:
    """No module, topic, page file or table is left out, and nothing else is shipped."""
    with ZipFile(wheel) as archive:
        shipped = {name for name in archive.namelist() if ".dist-info/" not in name}
    wanted = {
        str(path.relative_to(ROOT))
        for folder in CODE
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert wanted - shipped == set()
    assert shipped - wanted == set()


def test_the_wheel_carries_the_licence_and_the_command(wheel: Path) -> None:
    """The licence text and the console script are in its metadata."""
    with ZipFile(wheel) as archive:
        names = {name.partition(".dist-info/")[2]: name for name in archive.namelist()}
        assert "licenses/LICENSE" in names
        assert "eksip = bot.__main__:main" in archive.read(names["entry_points.txt"]).decode()


def test_questions_that_need_no_aws_are_answered_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    """`ask --json maxpods` and `explain` find the instance types and the topics."""
    path = {"PYTHONPATH": str(installed)}
    ask = (sys.executable, "-m", "bot", "ask", "--json")
    maxpods = json.loads(run(*ask, "maxpods", "m5.large", cwd=tmp_path, environment=path))
    assert maxpods["answer"]["max_pods"]["secondary"] == 29
    explain = json.loads(run(*ask, "explain", "prefix", "delegation", cwd=tmp_path, environment=path))
    assert explain["answer"]["topic"] == "prefix-delegation"


def test_migrations_run_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    """`db upgrade` makes a fresh SQLite file, and the code that does it is the wheel's."""
    path = {"PYTHONPATH": str(installed), "DATABASE_URL": f"sqlite:///{tmp_path}/fresh.db"}
    where = run(sys.executable, "-c", "import bot; print(bot.__file__)", cwd=tmp_path, environment=path)
    assert Path(where.strip()).is_relative_to(installed)
    assert "revision" in run(sys.executable, "-m", "bot", "db", "upgrade", cwd=tmp_path, environment=path)
    assert (tmp_path / "fresh.db").stat().st_size > 0


def test_the_demo_workspace_serves_its_page_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    """The page and every file it loads come out of the installed package."""
    script = (
        "import re, urllib.request\n"
        "from bot.demo.workspace import Workspace\n"
        "with Workspace() as workspace:\n"
        "    page = urllib.request.urlopen(workspace.page_url).read().decode()\n"
        '    for name in re.findall(r\'"(/page/[^"]+)"\', page):\n'
        "        print(name, urllib.request.urlopen(workspace.page_url.rstrip('/') + name).status)\n"
    )
    out = run(sys.executable, "-c", script, cwd=tmp_path, environment={"PYTHONPATH": str(installed)})
    assert "/page/app.js 200" in out.splitlines()
    assert all(line.endswith(" 200") for line in out.splitlines())


def _copy(source: Path, target: Path) -> None:
    if source.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source.read_bytes())
        return
    for path in source.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            _copy(path, target / path.relative_to(source))
