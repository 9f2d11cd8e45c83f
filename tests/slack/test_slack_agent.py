"""Direct messages and message shortcuts: status while working, follow-ups, other people's words as questions."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from estate_bot import EstateBot, estate_bot

from bot.asking.command import Request
from bot.message import Message, Text
from bot.slack.listening import DIAGNOSES, SHORTCUT

pytestmark = [
    pytest.mark.timeout(180),
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]

ERROR = "failed to assign an IP address to container"


@pytest.fixture
def bot(tmp_path: Path) -> Iterator[EstateBot]:
    with estate_bot(tmp_path) as running:
        running.made[DIAGNOSES] = lambda request: Message(text=f"Cause of {request.text}.", command=DIAGNOSES)
        yield running


@pytest.fixture
def held(bot: EstateBot) -> Iterator[threading.Event]:
    """What lets the answer to `hold` go."""
    go = threading.Event()

    def hold(request: Request) -> Message:
        go.wait(40)
        return Message(text="Held answer.", command=request.text)

    bot.made["hold"] = hold
    yield go
    go.set()


def test_a_direct_question_shows_a_status_until_it_is_answered(bot: EstateBot, held: threading.Event) -> None:
    ts = bot.slack.say("hold on", channel="dm:ana")
    bot.slack.wait_for(lambda: "working" in bot.slack.status("dm:ana", ts), timeout=60)
    assert bot.posts("dm:ana") == []
    held.set()
    bot.posted("Held answer", "dm:ana")
    bot.slack.wait_for(lambda: bot.slack.status("dm:ana", ts) == "", timeout=60)


def test_without_the_scope_for_a_status_a_placeholder_is_posted(bot: EstateBot, held: threading.Event) -> None:
    bot.slack.faults.error("assistant.threads.setStatus", "missing_scope", times=9)
    bot.slack.say("hold on", channel="dm:ana")
    bot.posted("Working on", "dm:ana")
    held.set()
    bot.posted("Held answer", "dm:ana")
    assert len(bot.posts("dm:ana")) == 1


def test_a_follow_up_in_a_thread_of_direct_messages_stays_there(bot: EstateBot) -> None:
    bot.made["follow"] = lambda request: Message(text="Followed.", command="follow")
    parent = bot.slack.say("help", channel="dm:ana")
    bot.posted("EKS IP capacity", "dm:ana")
    bot.slack.say("follow", channel="dm:ana", thread_ts=parent)
    assert bot.posted("Followed", "dm:ana")["thread_ts"] == parent
    bot.slack.wait_for(lambda: bot.slack.status("dm:ana", parent) == "", timeout=60)


def test_a_long_answer_in_a_thread_of_direct_messages_is_streamed(bot: EstateBot) -> None:
    """The sections come one after the other, and the last call puts the whole answer with its buttons in place."""
    sections = tuple(Text(lines=((f"Section {number} " + "words " * 150,),)) for number in range(5))
    bot.made["long"] = lambda request: Message(
        text="Long answer.", verdict=("Long answer.",), parts=sections, command="x"
    )
    parent = bot.slack.say("help", channel="dm:ana")
    bot.slack.say("long one", channel="dm:ana", thread_ts=parent)
    message = bot.posted("Section 4", "dm:ana")
    assert message["thread_ts"] == parent
    assert len(bot.calls("chat.startStream")) == 1
    assert len(bot.calls("chat.appendStream")) >= 3
    bot.slack.wait_for(lambda: len(bot.calls("chat.stopStream")) == 1, timeout=60)


def test_a_stream_slack_refuses_is_an_ordinary_message(bot: EstateBot) -> None:
    sections = tuple(Text(lines=((f"Section {number} " + "words " * 150,),)) for number in range(5))
    bot.made["long"] = lambda request: Message(
        text="Long answer.", verdict=("Long answer.",), parts=sections, command="x"
    )
    bot.slack.faults.error("chat.startStream", "missing_scope", times=9)
    parent = bot.slack.say("help", channel="dm:ana")
    bot.slack.say("long one", channel="dm:ana", thread_ts=parent)
    assert bot.posted("Section 4", "dm:ana")["thread_ts"] == parent


def test_a_message_is_diagnosed_in_its_thread(bot: EstateBot) -> None:
    ts = bot.slack.say(f"Help, {ERROR} & more")
    bot.slack.shortcut(SHORTCUT, channel="ops", ts=ts)
    answer = bot.posted("Cause of")
    assert answer["thread_ts"] == ts
    (request,) = [r for r in bot.requests if ERROR in r.text]
    assert request.text == f"{DIAGNOSES} Help, {ERROR} & more"
    assert request.user_id == bot.slack.user("ana")


def test_the_words_of_a_monitors_message_are_read_too(bot: EstateBot) -> None:
    """Alerts of other apps carry their text in blocks and attachments."""
    posted = bot.app.client.chat_postMessage(
        channel=bot.slack.channel("ops"),
        text="",
        attachments=[{"color": "#a30200", "title": "FailedCreatePodSandBox", "text": ERROR, "fallback": "x"}],
    )
    bot.slack.shortcut(SHORTCUT, channel="ops", ts=posted["ts"])
    bot.posted("Cause of")
    (request,) = [r for r in bot.requests if ERROR in r.text]
    assert "FailedCreatePodSandBox" in request.text


def test_a_long_message_is_cut_and_still_read(bot: EstateBot) -> None:
    ts = bot.slack.say(f"{ERROR} " + "x" * 12_000)
    bot.slack.shortcut(SHORTCUT, channel="ops", ts=ts)
    bot.posted("Cause of")
    assert len(bot.requests[-1].text) <= 8_000


def test_where_the_bot_is_no_member_the_diagnosis_is_private_and_says_so(bot: EstateBot) -> None:
    ts = bot.slack.say(ERROR, channel="ops")
    bot.slack.faults.error("chat.postMessage", "not_in_channel", times=3)
    bot.slack.shortcut(SHORTCUT, channel="ops", ts=ts)
    bot.whispered("/invite @eksip")


def test_a_guests_shortcut_is_refused(tmp_path: Path) -> None:
    with estate_bot(tmp_path) as bot:
        bot.slack.add_user("eve", guest=True)
        ts = bot.slack.say(ERROR)
        bot.slack.shortcut(SHORTCUT, channel="ops", ts=ts, user="eve")
        assert "guests" in bot.posted("guests")["text"]
