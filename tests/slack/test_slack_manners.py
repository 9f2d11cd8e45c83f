"""When Slack fails or has moved on: every answer is given where it can be, or the log says why it was not."""

import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from estate_bot import EstateBot, estate_bot

from bot.asking.command import Request
from bot.message import Message

pytestmark = [
    pytest.mark.timeout(180),
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]


def answered(request: Request) -> Message:
    """An answer that repeats what was asked."""
    return Message(text=f"Answer to {request.text}.", command=request.text)


@pytest.fixture
def bot(tmp_path: Path) -> Iterator[EstateBot]:
    with estate_bot(tmp_path) as running:
        running.made["ping"] = answered
        yield running


def test_an_answer_is_given_although_slack_stumbles_once(bot: EstateBot) -> None:
    """HTTP 503 says that nothing was taken: the post is made again, once."""
    bot.slack.faults.server_error("chat.postMessage", status=503, times=1)
    bot.slack.say("@eksip ping one")
    bot.posted("Answer to ping one")
    assert len(bot.posts()) == 1


def test_a_rate_limit_is_waited_for(bot: EstateBot) -> None:
    bot.slack.faults.rate_limit("chat.postMessage", retry_after=1, times=1)
    bot.slack.say("@eksip ping limit")
    bot.posted("Answer to ping limit")
    assert len(bot.posts()) == 1


@pytest.mark.parametrize(
    "error",
    [
        pytest.param("channel_not_found", id="made private"),
        pytest.param("not_in_channel", id="removed from the channel"),
        pytest.param("is_archived", id="archived"),
        pytest.param("account_inactive", id="uninstalled"),
        pytest.param("token_revoked", id="token revoked"),
        pytest.param("cannot_reply_to_message", id="thread gone"),
    ],
)
def test_an_answer_that_cannot_be_posted_is_logged_with_the_reason(
    bot: EstateBot, error: str, caplog: pytest.LogCaptureFixture
) -> None:
    bot.slack.faults.error("chat.postMessage", error, times=9)
    with caplog.at_level(logging.WARNING, "bot.slack"):
        bot.slack.say("@eksip ping lost")
        bot.slack.wait_for(
            lambda: [r for r in caplog.records if getattr(r, "reason", "") == error and "shown" in r.getMessage()],
            timeout=60,
        )
    bot.slack.faults.reset()
    bot.slack.say("@eksip ping after")
    bot.posted("Answer to ping after")


def test_a_private_answer_whose_response_url_is_gone_comes_by_another_way(bot: EstateBot) -> None:
    bot.slack.faults.error("response_url", "expired_url", times=3)
    bot.slack.slash("ping url")
    bot.whispered("Answer to ping url")


def test_a_placeholder_that_was_deleted_is_no_loss(bot: EstateBot) -> None:
    """The answer to a question whose placeholder somebody deleted is posted anew."""
    go = threading.Event()

    def hold(request: Request) -> Message:
        go.wait(40)
        return answered(request)

    bot.made["hold"] = hold
    bot.slack.say("@eksip hold this")
    placeholder = bot.posted("Working on")
    bot.slack.delete(channel="ops", ts=placeholder["ts"])
    go.set()
    assert bot.posted("Answer to hold this")["ts"] != placeholder["ts"]


def test_a_thread_whose_first_message_was_deleted_still_gets_its_answer(bot: EstateBot) -> None:
    parent = bot.slack.say("An incident.")
    bot.slack.delete(channel="ops", ts=parent)
    bot.slack.say("@eksip ping orphan", thread_ts=parent)
    bot.posted("Answer to ping orphan")


def test_an_edited_question_is_not_asked_again(bot: EstateBot) -> None:
    ts = bot.slack.say("ping first", channel="dm:ana")
    bot.posted("Answer to ping first", "dm:ana")
    bot.slack.edit("ping second", channel="dm:ana", ts=ts)
    bot.slack.say("ping third", channel="dm:ana")
    bot.posted("Answer to ping third", "dm:ana")
    assert [request.text for request in bot.requests] == ["ping first", "ping third"]


def test_the_app_is_told_from_others_in_an_enterprise_grid(tmp_path: Path) -> None:
    """Commands, mentions, presses and the Home tab of a team in a grid are those of our own people."""
    with estate_bot(tmp_path, enterprise_id="E0LOCAL0001") as bot:
        bot.made["ping"] = answered
        assert bot.app.identity.enterprise_id == "E0LOCAL0001"
        bot.slack.slash("ping grid")
        bot.whispered("Answer to ping grid")
        bot.slack.say("@eksip ping mention")
        bot.posted("Answer to ping mention")
        bot.slack.open_home()
        home = bot.slack.wait_for(lambda: bot.slack.home() or {}, timeout=60)
        assert "prod-eu" in str(home["blocks"])


def test_a_removed_app_keeps_quiet_and_answers_again_after_it_is_installed(bot: EstateBot) -> None:
    bot.slack.uninstall("token_revoked")
    bot.slack.wait_for(lambda: bot.app.installation.why_not(), timeout=60)
    bot.slack.reinstall()
    bot.slack.say("@eksip ping back")
    bot.posted("Answer to ping back")


def test_slack_that_is_degraded_all_over_gets_the_answer_once_it_is_back(bot: EstateBot) -> None:
    bot.slack.faults.server_error("*", status=503, times=2)
    bot.slack.say("@eksip ping degraded")
    bot.posted("Answer to ping degraded")


def test_who_cannot_be_looked_up_is_refused_and_not_shown_anything(bot: EstateBot) -> None:
    bot.slack.faults.server_error("users.info", status=503, times=1)
    bot.slack.say("@eksip overview")
    assert "prod-eu" not in str(bot.posted("guests")["blocks"])
    bot.slack.say("@eksip overview")
    bot.posted("prod-eu")


@pytest.mark.parametrize("error", ["channel_not_found", "not_in_channel", "is_archived"])
def test_a_mention_whose_channel_is_gone_is_answered_in_direct_messages(bot: EstateBot, error: str) -> None:
    bot.slack.faults.error("chat.postMessage", error, times=1)
    bot.slack.say("@eksip ping moved")
    message = bot.posted("Answer to ping moved", "dm:ana")
    assert "Only you see this" in str(message["blocks"])
