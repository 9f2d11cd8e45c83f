"""At the start Slack says who the bot is: a bad moment of Slack's is waited out, a refused token is not."""

from collections.abc import Callable

import pytest

from bot.demo.workspace import Workspace
from bot.errors import QueryError
from bot.slack.app import IDENTIFY_WAITS, identify
from bot.slack.sending import write_client


@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param(lambda faults: faults.rate_limit("auth.test", times=2), id="busy"),
        pytest.param(lambda faults: faults.server_error("auth.test", times=3), id="down"),
        pytest.param(lambda faults: faults.lose_reply("auth.test"), id="reply lost"),
        pytest.param(lambda faults: faults.error("auth.test", "fatal_error"), id="broken"),
    ],
)
def test_a_bad_moment_of_slack_does_not_end_the_start(trouble: Callable[[object], None]) -> None:
    with Workspace() as slack:
        trouble(slack.faults)
        found = identify(write_client(slack.bot_token, slack.api_url), pause=lambda seconds: None)
        assert found.bot_user_id == slack.bot_user_id


def test_slack_that_stays_down_ends_it_after_the_last_try() -> None:
    waits: list[float] = []
    with Workspace() as slack:
        slack.faults.server_error("auth.test", times=100)
        with pytest.raises(QueryError, match="HTTP 503"):
            identify(write_client(slack.bot_token, slack.api_url), pause=waits.append)
    assert tuple(waits) == IDENTIFY_WAITS


def test_a_refused_token_ends_it_at_once() -> None:
    waits: list[float] = []
    with Workspace() as slack, pytest.raises(QueryError, match="invalid_auth"):
        identify(write_client("xoxb-wrong", slack.api_url), pause=waits.append)
    assert waits == []
