"""`eksip ask` as scripts meet it: exit statuses, one JSON line for each line asked, and nothing loaded in vain."""

import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bot.__main__ import app

HEAVY = (
    "boto3",
    "botocore",
    "sqlalchemy",
    "alembic",
    "slack_bolt",
    "slack_sdk",
    "moto",
    "matplotlib",
    "numpy",
    "bm25s",
)
"""Libraries that a question without AWS has no use for; together they cost more than a second."""


def ask(
    folder: Path, *words: str, stdin: bytes = b"", environ: dict[str, str] | None = None
) -> "subprocess.CompletedProcess[bytes]":
    """`eksip ask` with these words in an empty folder, without credentials, configuration or network."""
    clean = {
        "PATH": os.defpath,
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        **(environ or {}),
    }
    return subprocess.run(
        [sys.executable, "-m", "bot", "ask", *words],
        input=stdin,
        capture_output=True,
        cwd=folder,
        env=clean,
        timeout=60,
    )


def documents(result: "subprocess.CompletedProcess[bytes]") -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.decode().split("\n") if line]


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        pytest.param(("maxpods", "m5.large"), 0, "29 pods", id="answered"),
        pytest.param(("explain", "sourdough", "bread"), 0, "no topic", id="an explain that declines is answered"),
        pytest.param(("help", "maxpods"), 0, "maxpods TYPE", id="help"),
        pytest.param(("frobnicate", "the", "subnet"), 2, "I know no command", id="user error"),
        pytest.param(("maxpods", "m99.large"), 1, "offline table", id="query error"),
    ],
)
def test_the_exit_status_tells_what_became_of_the_question(
    words: tuple[str, ...], status: int, said: str, tmp_path: Path
) -> None:
    result = ask(tmp_path, *words)

    assert result.returncode == status
    assert said in result.stdout.decode()
    assert result.stderr == b""
    assert list(tmp_path.iterdir()) == [], "a question leaves no file behind"


def test_a_failure_is_a_json_document_too(tmp_path: Path) -> None:
    result = ask(tmp_path, "--json", "maxpods", "m5.larg")

    (found,) = [json.loads(result.stdout)]
    assert result.returncode == 1
    assert set(found) == {"version", "command", "ok", "error"}
    assert (found["ok"], found["command"], found["error"]["kind"]) == (False, "maxpods", "query")


BATCH = (
    b"maxpods m5.large\n"
    b"help status\r\n"
    b"\xff\xfe caf\xe9\n"
    b"frobnicate the subnet\n"
    b"explain <!channel> & \x00\x1b[31m\n"
    b"maxpods t3.small"
)


@pytest.mark.parametrize(
    ("form", "key"), [pytest.param("--json", "ok", id="json"), pytest.param("--slack", "text", id="slack")]
)
def test_every_line_of_a_batch_gets_exactly_one_line_of_json(form: str, key: str, tmp_path: Path) -> None:
    """Bytes that are no UTF-8, control characters and a last line without its end included."""
    result = ask(tmp_path, form, "-", stdin=BATCH)

    found = documents(result)
    assert len(found) == 6
    assert len(result.stdout.decode().splitlines()) == 6
    assert all(key in entry for entry in found)
    assert result.stderr == b""
    assert result.returncode == 2, "the worst of the batch"


def test_an_empty_line_is_status_and_says_what_is_missing_to_read_aws(tmp_path: Path) -> None:
    result = ask(tmp_path, "--json", "-", stdin=b"\nmaxpods m5.large\n")

    first, second = documents(result)
    assert (first["command"], first["ok"], first["error"]["kind"]) == ("status", False, "query")
    assert "credentials" in first["error"]["message"].lower()
    assert second["ok"]
    assert result.returncode == 1


def test_an_empty_batch_prints_nothing_and_is_answered(tmp_path: Path) -> None:
    result = ask(tmp_path, "--json", "-")

    assert (result.returncode, result.stdout) == (0, b"")


def test_a_wrong_configuration_is_told_line_by_line_and_fails(tmp_path: Path) -> None:
    result = ask(tmp_path, "maxpods", "m5.large", environ={"EKSIP_AWS__REGION": "x", "PORT": "http"})

    assert result.returncode == 1
    told = result.stderr.decode().splitlines()
    assert len(told) == 2
    assert "EKSIP_AWS__REGION is not a setting; the nearest is EKSIP_AWS__REGIONS." in told[0]
    assert "PORT: expected a whole number (read 'http')." in told[1]


def test_plain_text_and_a_pipe_carry_no_colour(tmp_path: Path) -> None:
    for form in ((), ("--plain",)):
        assert b"\x1b" not in ask(tmp_path, *form, "maxpods", "m5.large").stdout


def test_arguments_that_are_no_text_are_answered(tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "bot", "ask", "--json", "help", b"\xff\xfe"],
        capture_output=True,
        cwd=tmp_path,
        env={"PATH": os.defpath, "HOME": str(tmp_path), "LANG": "C.UTF-8"},
        timeout=60,
    )

    assert json.loads(result.stdout)["ok"]
    assert (result.returncode, result.stderr) == (0, b"")


def test_the_schema_is_printed_without_asking_anything(tmp_path: Path) -> None:
    result = ask(tmp_path, "--schema")

    found = json.loads(result.stdout)
    assert result.returncode == 0
    assert set(found) == {"envelope", "answers"}
    assert "max_pods" in found["answers"]["maxpods"]["properties"]


@pytest.mark.parametrize(
    ("words", "allowed"),
    [
        pytest.param(("maxpods", "m5.large"), (), id="maxpods"),
        pytest.param(("--json", "maxpods", "m5.large"), (), id="maxpods as JSON"),
        pytest.param(("--slack", "maxpods", "m5.large"), (), id="maxpods as a Slack payload"),
        pytest.param(("help",), (), id="help"),
        pytest.param(("explain", "prefix", "delegation"), ("numpy", "bm25s"), id="explain: only what searches topics"),
    ],
)
def test_a_question_without_aws_loads_no_heavy_library(
    words: tuple[str, ...], allowed: tuple[str, ...], tmp_path: Path
) -> None:
    script = (
        "import sys\n"
        "from bot.__main__ import main\n"
        f"sys.argv = ['eksip', 'ask', *{words!r}]\n"
        "try:\n"
        "    main()\n"
        "except SystemExit as left:\n"
        "    assert left.code == 0, left.code\n"
        f"print(*sorted(set({HEAVY!r}) & sys.modules.keys()), file=sys.stderr)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        cwd=tmp_path,
        env={"PATH": os.defpath, "HOME": str(tmp_path), "LANG": "C.UTF-8"},
        timeout=60,
    )

    assert result.returncode == 0, result.stderr.decode()
    assert set(result.stderr.decode().split()) <= set(allowed)


def test_the_demo_estate_answers_in_part_since_one_account_refuses(tmp_path: Path) -> None:
    result = ask(tmp_path, "--demo", "--json", "-", stdin=b"status\nsubnet nowhere\naccounts\n")

    status, subnet, accounts = documents(result)
    assert status["ok"]
    assert status["coverage"]["read"] < status["coverage"]["expected"]
    assert subnet["error"]["kind"] == "user"
    assert accounts["ok"]
    assert result.returncode == 2, "a user error outweighs an answer in part"
    assert result.stderr == b""


def test_the_version_is_that_of_the_distribution() -> None:
    found = CliRunner().invoke(app, ["--version"])

    assert (found.exit_code, found.output) == (0, f"eksip {version('eksip')}\n")
