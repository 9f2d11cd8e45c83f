"""When Slack fails or has moved on: every answer is given where it can be, or the log says why it was not."""

import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from estate_bot import EstateBot, estate_bot, press

from bot.asking.command import Request
from bot.message import Message
from bot.slack.listening import CHANGED
from bot.slack.replies import STRAYED

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


@pytest.mark.parametrize("placeholder", [False, True], ids=["before anything was said", "after the placeholder"])
def test_a_question_that_was_deleted_is_answered_in_the_channel_and_says_so(bot: EstateBot, placeholder: bool) -> None:
    """Slack posts a reply to nothing into the channel without a word; the answer has the word."""
    go = threading.Event()
    bot.made["hold"] = lambda request: answered(request) if go.wait(40) else Message(text="Too late.")
    asked = bot.slack.say("@eksip hold this")
    bot.slack.wait_for(lambda: bot.requests)
    if placeholder:
        bot.slack.delete(channel="ops", ts=bot.posted("Working on")["ts"])
    bot.slack.delete(channel="ops", ts=asked)
    go.set()
    message = bot.posted(STRAYED)
    assert "Answer to hold this" in message["text"]
    assert "thread_ts" not in message


def test_an_edited_question_is_offered_again_and_answered_when_its_author_says_so(bot: EstateBot) -> None:
    ts = bot.slack.say("ping first", channel="dm:ana")
    bot.posted("Answer to ping first", "dm:ana")
    bot.slack.edit("ping second", channel="dm:ana", ts=ts)
    offer = bot.posted(CHANGED, "dm:ana")
    assert [request.text for request in bot.requests] == ["ping first"]
    bot.slack.click(channel="dm:ana", ts=offer["ts"], action_id=press(offer, "Ask it again"))
    bot.posted("Answer to ping second", "dm:ana")


def test_an_edited_mention_is_offered_to_its_author_alone_and_one_edited_in_is_answered(bot: EstateBot) -> None:
    """Slack sends each edit of a mention as one more mention; a message is answered once, whatever it is edited to."""
    ts = bot.slack.say("@eksip ping one")
    bot.posted("Answer to ping one")
    bot.slack.edit("@eksip ping two", channel="ops", ts=ts)
    offer = bot.whispered(CHANGED)
    assert offer["thread_ts"] == ts
    forgot = bot.slack.say("ping late")
    bot.slack.edit("@eksip ping late", channel="ops", ts=forgot)
    assert bot.posted("Answer to ping late")["thread_ts"] == forgot
    assert [request.text for request in bot.requests] == ["ping one", "ping late"]


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


def test_one_installation_serves_every_team_of_an_organisation(tmp_path: Path) -> None:
    """People of its other teams ask everywhere and are answered there; what each may see holds for their own ids."""
    access = {"people_may": [{"users": ["W0LOCAL9001"], "scopes": ["cluster:dev-eu"]}]}
    with estate_bot(tmp_path, access, enterprise_id="E0LOCAL0001", org_wide=True) as bot:
        bot.made["ping"] = answered
        wes = bot.slack.add_user("wes", team_id="T0OTHER0001", user_id="W0LOCAL9001")
        bot.slack.add_user("eve", external=True)
        bot.slack.slash("ping slash", user="wes")
        bot.whispered("Answer to ping slash", user="wes")
        asked = bot.slack.say("@eksip ping mention", user="wes")
        assert bot.posted("Answer to ping mention")["thread_ts"] == asked
        bot.slack.say("overview", user="wes", channel="dm:wes")
        shown = str(bot.posted("dev-eu", "dm:wes")["blocks"])
        bot.slack.open_home("wes")
        shown += str(bot.slack.wait_for(lambda: bot.slack.home("wes") or {}, timeout=60)["blocks"])
        assert "prod-eu" not in shown
        bot.slack.say("@eksip status", user="eve")
        bot.posted("organisations")
        told = {request.text: request for request in bot.requests}
        assert {r.team_id for text, r in told.items() if text != "status"} == {"T0OTHER0001"}
        assert (told["ping mention"].user_id, told["ping mention"].is_external) == (wes, False)
        assert told["status"].is_external


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
