"""The programs as an operator runs them: demo, serve, a second serve, Ctrl-C, missing secrets, AWS out of reach."""

import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from running import free_port

from bot.demo.workspace import Workspace

pytestmark = [pytest.mark.story, pytest.mark.timeout(120)]

# A process of ours gets a clean environment: nobody's AWS profile, no tokens of the machine that runs the tests.
CLEAN = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}  # noqa: TID251


def eksip(*arguments: str, cwd: Path, environ: Mapping[str, str] | None = None) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "bot", *arguments],
        cwd=cwd,
        env={**CLEAN, "AWS_EC2_METADATA_DISABLED": "true", "PYTHONUNBUFFERED": "1", **(environ or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@contextmanager
def ending(process: "subprocess.Popen[str]") -> Iterator["subprocess.Popen[str]"]:
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def finished(process: "subprocess.Popen[str]", seconds: float = 60) -> tuple[int, str]:
    with ending(process):
        output, _ = process.communicate(timeout=seconds)
        return process.returncode, output


def page(port: int, path: str) -> tuple[int, str]:
    """Status and body; 0 while nobody listens."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=2) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as exc:
        return exc.code, exc.read().decode()
    except OSError:
        return 0, ""


def wait_ready(port: int, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while page(port, "/readyz")[0] != 200:
        assert time.monotonic() < deadline, page(port, "/readyz")
        time.sleep(0.2)


def environment(slack: Workspace, database: Path, port: int) -> dict[str, str]:
    return {
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "EKSIP_SLACK__API_URL": slack.api_url,
        "DATABASE_URL": f"sqlite:///{database}",
        "PORT": str(port),
        "EKSIP_AWS__REGIONS": '["eu-west-1"]',
    }


def test_the_demo_fires_and_resolves_an_alert_and_stops_cleanly(tmp_path: Path) -> None:
    with ending(eksip("demo", "--headless", "--port", "0", cwd=tmp_path)) as process:
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line)
            if re.search(r"alert resolved: #\d+ payments-1a", line):
                break
        process.send_signal(signal.SIGTERM)
        rest, _ = process.communicate(timeout=60)
    output = "".join(said) + rest
    assert process.returncode == 0, output
    assert re.search(r"alert firing: #\d+ payments-1a", output)
    assert "Traceback" not in output
    assert list(tmp_path.iterdir()) == []


def test_the_demo_stops_by_itself_after_the_seconds_it_was_given(tmp_path: Path) -> None:
    status, output = finished(eksip("demo", "--headless", "--seconds", "1", "--port", "0", cwd=tmp_path))
    assert status == 0, output


def test_serve_without_aws_credentials_stays_up_says_why_and_stops_cleanly(tmp_path: Path) -> None:
    """Slack still gets answers; /healthz, /readyz and /metrics answer; SIGTERM ends it with status 0 within 10 s."""
    port = free_port()
    with (
        Workspace(ack_seconds=30) as slack,
        ending(eksip("serve", cwd=tmp_path, environ=environment(slack, tmp_path / "e.db", port))) as process,
    ):
        wait_ready(port)
        assert page(port, "/healthz") == (200, "ok\n")
        assert "eksip_outbox_depth" in page(port, "/metrics")[1]
        slack.slash("maxpods m5.large", user="ana", channel="ops")
        slack.wait_for(lambda: [m for m in slack.ephemerals("ops", "ana") if "29 pods" in m["text"]], timeout=90)
        slack.slash("status", user="ana", channel="ops")
        slack.wait_for(
            lambda: [m for m in slack.ephemerals("ops", "ana") if "No AWS credentials" in m["text"]], timeout=90
        )
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=60)
        assert process.returncode == 0, output
    assert "Traceback" not in output
    assert slack.bot_token not in output


def test_a_second_serve_on_the_same_file_refuses_and_names_the_reason(tmp_path: Path) -> None:
    port = free_port()
    with Workspace(ack_seconds=30) as slack:
        environ = environment(slack, tmp_path / "e.db", port)
        with ending(eksip("serve", cwd=tmp_path, environ=environ)) as first:
            wait_ready(port)
            status, output = finished(eksip("serve", cwd=tmp_path, environ={**environ, "PORT": "0"}))
            assert status == 1
            assert "Another eksip serves" in output
            assert "Traceback" not in output
            first.send_signal(signal.SIGINT)
            assert first.wait(timeout=15) == 0
        with ending(eksip("serve", cwd=tmp_path, environ=environ)):
            wait_ready(port)


def test_a_dropped_socket_is_opened_again(tmp_path: Path) -> None:
    port = free_port()
    with (
        Workspace(ack_seconds=30) as slack,
        ending(eksip("serve", cwd=tmp_path, environ=environment(slack, tmp_path / "e.db", port))),
    ):
        wait_ready(port)
        slack.faults.drop_sockets()
        slack.wait_for(lambda: slack.socket_count > 0, timeout=30)
        slack.slash("help", user="ana", channel="ops")
        slack.wait_for(lambda: slack.ephemerals("ops", "ana"), timeout=20)


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        pytest.param({}, "SLACK_BOT_TOKEN is not set", id="no token"),
        pytest.param(
            {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_SIGNING_SECRET": " "},
            "SLACK_SIGNING_SECRET is empty",
            id="empty signing secret",
        ),
        pytest.param({"EKSIP_TRESHOLDS__HOLD": "5m"}, "EKSIP_THRESHOLDS__HOLD", id="misspelt variable"),
        pytest.param({"EKSIP_CONFIG": "nowhere.toml"}, "nowhere.toml", id="missing file"),
        pytest.param({"PORT": "eighty"}, "PORT", id="port that is no number"),
        pytest.param(
            {"DATABASE_URL": "mysql://x", "SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1"},
            "mysql",
            id="database of another kind",
        ),
    ],
)
def test_serve_refuses_what_it_cannot_use_in_one_clear_line(
    tmp_path: Path, environ: Mapping[str, str], says: str
) -> None:
    status, output = finished(eksip("serve", cwd=tmp_path, environ=environ))
    assert status == 1
    assert says in output
    assert "Traceback" not in output


def test_serve_says_that_slack_refused_the_token(tmp_path: Path) -> None:
    with Workspace(ack_seconds=30) as slack:
        environ = {**environment(slack, tmp_path / "e.db", 0), "SLACK_BOT_TOKEN": "xoxb-wrong"}
        status, output = finished(eksip("serve", cwd=tmp_path, environ=environ))
    assert status == 1
    assert "invalid_auth" in output
    assert "Traceback" not in output
    assert "xoxb-wrong" not in output


def test_check_tells_what_is_missing(tmp_path: Path) -> None:
    status, output = finished(eksip("check", cwd=tmp_path))
    assert status == 1
    assert "SLACK_BOT_TOKEN" in output
    assert "No AWS credentials" in output
    assert "Traceback" not in output


def test_a_page_port_that_is_taken_is_said(tmp_path: Path) -> None:
    with Workspace(ack_seconds=30) as other:
        taken = other.page_url.rstrip("/").rpartition(":")[2]
        status, output = finished(eksip("demo", "--seconds", "5", "--port", taken, cwd=tmp_path))
    assert status == 1
    assert taken in output
    assert "Traceback" not in output
