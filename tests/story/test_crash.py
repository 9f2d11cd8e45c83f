"""Killed between saving an alert and telling Slack of it, the bot still tells it, and once."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from running import CHANNEL, SUBNET, settings_for
from sqlalchemy import create_engine, text

from bot.demo.workspace import Workspace

pytestmark = [pytest.mark.story, pytest.mark.timeout(120)]

CHILD = Path(__file__).with_name("bot_process.py")


@contextmanager
def bot_process(slack: Workspace, database: Path) -> Iterator[subprocess.Popen[str]]:
    environ, facts = settings_for(slack, "socket", 0)
    environ["DATABASE_URL"] = f"sqlite:///{database}"
    process = subprocess.Popen([sys.executable, str(CHILD)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdin is not None
        process.stdin.write(json.dumps({"environ": environ, "facts": facts, "subnet": SUBNET}) + "\n")
        process.stdin.flush()
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "serving"
        yield process
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


def outbox(database: Path, state: str) -> int:
    """How many rows of the outbox are in this state."""
    engine = create_engine(f"sqlite:///{database}")
    try:
        with engine.connect() as connection:
            found = connection.execute(text("SELECT count(*) FROM outbox WHERE state = :state"), {"state": state})
            return int(found.scalar_one())
    finally:
        engine.dispose()


def wait_until(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that in time"
        time.sleep(0.1)


def cards(slack: Workspace) -> list[str]:
    return [message["text"] for message in slack.messages(CHANNEL) if SUBNET in message["text"]]


def test_an_alert_saved_before_a_kill_reaches_slack_once_after_the_restart(tmp_path: Path) -> None:
    database = tmp_path / "eksip.db"
    with Workspace() as slack:
        slack.faults.server_error("chat.postMessage", times=1_000)
        with bot_process(slack, database) as process:
            wait_until(lambda: outbox(database, "new") > 0)
            process.send_signal(signal.SIGKILL)
            process.wait()
        assert cards(slack) == []
        slack.faults.reset()
        with bot_process(slack, database):
            slack.wait_for(lambda: cards(slack), timeout=60)
            wait_until(lambda: outbox(database, "new") == 0)
        assert len(cards(slack)) == 1


def test_a_post_whose_reply_the_killed_process_never_saw_is_not_posted_again(tmp_path: Path) -> None:
    database = tmp_path / "eksip.db"
    with Workspace() as slack:
        slack.faults.slow("chat.postMessage", 60)
        with bot_process(slack, database) as process:
            wait_until(lambda: any(call.method == "chat.postMessage" for call in slack.calls) or bool(cards(slack)))
            process.send_signal(signal.SIGKILL)
            process.wait()
        slack.faults.reset()
        before = len(cards(slack))
        with bot_process(slack, database):
            slack.wait_for(lambda: cards(slack), timeout=90)
            wait_until(lambda: outbox(database, "new") == 0, seconds=90)
        assert before in (0, 1)
        assert len(cards(slack)) == 1
