"""At the start Slack says who the bot is: until it does everything else goes on, and a refused token ends it."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from bot.config import load
from bot.demo.workspace import Workspace
from bot.errors import QueryError
from bot.slack.app import SlackAwayError, identify
from bot.slack.sending import write_client
from bot.wiring import Parts
from bot.wiring.serving import serving


@pytest.fixture
def parts(tmp_path: Path) -> Callable[..., Parts]:
    """The parts of a bot in a workspace, which reads no AWS."""

    def made(slack: Workspace, **environ: str) -> Parts:
        given = {
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_APP_TOKEN": slack.app_token,
            "DATABASE_URL": f"sqlite:///{tmp_path}/eksip.db",
            "PORT": "0",
            **environ,
        }
        return Parts(load(given, {"slack": {"api_url": slack.api_url}}))

    return made


def ready(port: int) -> tuple[int, str]:
    """What /readyz says."""
    try:
        with urlopen(f"http://127.0.0.1:{port}/readyz", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as exc:
        return exc.code, exc.read().decode()


@pytest.mark.parametrize(
    ("trouble", "seconds"),
    [
        pytest.param(lambda faults: faults.rate_limit("auth.test", retry_after=7), 7, id="busy"),
        pytest.param(lambda faults: faults.server_error("auth.test"), 0, id="down"),
        pytest.param(lambda faults: faults.lose_reply("auth.test"), 0, id="reply lost"),
        pytest.param(lambda faults: faults.error("auth.test", "fatal_error"), 0, id="broken"),
        pytest.param(lambda faults: faults.error("auth.test", "service_unavailable"), 0, id="unavailable"),
        pytest.param(lambda faults: faults.error("auth.test", "team_added_to_org"), 0, id="migrating"),
    ],
)
def test_a_bad_moment_of_slack_passes(trouble: Callable[[Any], None], seconds: int) -> None:
    with Workspace() as slack:
        trouble(slack.faults)
        client = write_client(slack.bot_token, slack.api_url)
        with pytest.raises(SlackAwayError) as away:
            identify(client)
        assert away.value.retry_after == timedelta(seconds=seconds)
        assert identify(client).bot_user_id == slack.bot_user_id


@pytest.mark.timeout(60)
def test_while_slack_is_away_at_the_start_the_bot_runs_and_says_that_it_is_not_ready(
    parts: Callable[..., Parts], caplog: pytest.LogCaptureFixture
) -> None:
    """It is asked again until it answers: then the sockets open and the bot is ready, without a restart."""
    with Workspace() as slack:
        slack.faults.server_error("auth.test", times=2)
        made = parts(slack)
        with serving(made, host="127.0.0.1") as port:
            status, reasons = ready(port)
            assert (status, "Slack cannot be reached: HTTP 503." in reasons) == (503, True)
            slack.wait_for(lambda: slack.socket_count > 0, timeout=30)
            slack.wait_for(lambda: ready(port)[0] == 200, timeout=30)
        made.close()
    warned = [record for record in caplog.records if record.getMessage().startswith("Slack did not say who we are")]
    assert [record.__dict__["reason"] for record in warned] == ["Slack cannot be reached: HTTP 503."] * 2


@pytest.mark.timeout(60)
def test_in_http_mode_slack_is_put_off_until_it_said_who_the_bot_is(parts: Callable[..., Parts]) -> None:
    with Workspace() as slack:
        slack.faults.server_error("auth.test", times=1)
        made = parts(slack, SLACK_APP_TOKEN="", SLACK_SIGNING_SECRET="secret")
        with serving(made, http=True, host="127.0.0.1") as port:
            seen = set()

            def asked() -> bool:
                try:
                    urlopen(f"http://127.0.0.1:{port}/slack/events", data=json.dumps({}).encode(), timeout=10)
                except HTTPError as exc:
                    seen.add(exc.code)
                return 401 in seen

            slack.wait_for(asked, timeout=30)
        made.close()
    assert seen == {503, 401}


@pytest.mark.timeout(60)
def test_a_token_that_is_refused_once_slack_is_back_ends_the_process(parts: Callable[..., Parts]) -> None:
    refused: list[QueryError] = []
    told = Event()

    def end(exc: QueryError) -> None:
        refused.append(exc)
        told.set()

    with Workspace() as slack:
        slack.faults.server_error("auth.test", times=1)
        slack.faults.error("auth.test", "token_revoked", times=1)
        made = parts(slack)
        with serving(made, host="127.0.0.1", on_refused=end):
            assert told.wait(30)
        made.close()
    assert [exc.message for exc in refused] == ["Slack refused the bot token: token_revoked."]


def test_a_refused_token_ends_the_start_at_once() -> None:
    with Workspace() as slack, pytest.raises(QueryError, match="invalid_auth") as refused:
        identify(write_client("xoxb-wrong", slack.api_url))
    assert not isinstance(refused.value, SlackAwayError)
