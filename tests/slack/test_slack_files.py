"""Pictures of answers: uploaded behind the answer to where it is read, and words where they cannot be."""

import logging
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from estate_bot import EstateBot, estate_bot, press
from slack_sdk import WebClient

from bot.asking.command import Request
from bot.demo.workspace import Workspace, problems
from bot.message import Button, Controls, History, Message, Strong, Visibility
from bot.slack.pictures import NO_EXTRA, NO_SCOPE, PER_MINUTE, TOO_MANY, Pictures
from bot.slack.replies import Shown

pytestmark = [
    pytest.mark.timeout(180),
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
CHART = History(
    title="private-1a, 24 h",
    unit="free",
    points=tuple((AT + timedelta(hours=hour), 300.0 - 10 * hour) for hour in range(6)),
    alt="Free addresses of private-1a fell from 300 to 250 in 6 hours.",
)
PNG = b"\x89PNG\r\n\x1a\n"


def trend(request: Request) -> Message:
    """An answer with a picture, for all where the words end with share."""
    shared = request.text.endswith("share")
    return Message(
        text="private-1a fell from 300 to 250.",
        verdict=(Strong("private-1a"), " fell ▇▆▅"),
        parts=(Controls(items=(Button(label="Status", command="status"),)),),
        command="trend private-1a",
        visibility=Visibility.IN_CHANNEL if shared else Visibility.EPHEMERAL,
        charts=(CHART,),
    )


@pytest.fixture
def bot(tmp_path: Path) -> Iterator[EstateBot]:
    with estate_bot(tmp_path) as running:
        running.made["trend"] = trend
        yield running


def pictures_in(bot: EstateBot, channel: str) -> list[dict[str, Any]]:
    """The messages with files in a channel, once there is one."""
    return list(bot.slack.wait_for(lambda: [m for m in bot.slack.messages(channel) if m.get("files")], timeout=60))


def test_the_picture_of_a_mention_follows_its_answer_in_the_thread(bot: EstateBot) -> None:
    ts = bot.slack.say("@eksip trend private-1a")
    (message,) = pictures_in(bot, "ops")
    assert message["thread_ts"] == ts
    (file,) = message["files"]
    assert bot.slack.file(file["id"]).startswith(PNG)
    assert file["alt_txt"] == CHART.alt
    answer = bot.posted("▇")
    assert float(answer["ts"]) < float(message["ts"])


def test_the_picture_of_a_direct_question_comes_in_the_direct_messages(bot: EstateBot) -> None:
    bot.slack.say("trend private-1a", channel="dm:ana")
    (message,) = pictures_in(bot, "dm:ana")
    assert "thread_ts" not in message


def test_the_picture_of_a_shared_answer_goes_to_the_channel(bot: EstateBot) -> None:
    bot.slack.slash("trend private-1a share")
    (message,) = pictures_in(bot, "ops")
    assert message["files"][0]["alt_txt"] == CHART.alt


def test_a_private_answer_has_a_button_that_sends_its_picture_as_a_direct_message(bot: EstateBot) -> None:
    bot.slack.slash("trend private-1a")
    answer = bot.whispered("▇")
    assert problems(answer) == []
    assert not bot.calls("files.getUploadURLExternal")
    bot.slack.click(channel="ops", ts=answer["ts"], action_id=press(answer, "Graph"))
    (message,) = pictures_in(bot, "dm:ana")
    assert message["files"][0]["alt_txt"] == CHART.alt
    bot.whispered("as a direct message")
    assert not [m for m in bot.slack.messages("ops") if m.get("files")]


def test_without_the_scope_the_answer_stays_and_one_line_says_why(
    bot: EstateBot, caplog: pytest.LogCaptureFixture
) -> None:
    bot.slack.faults.error("files.getUploadURLExternal", "missing_scope", times=5)
    with caplog.at_level(logging.WARNING, "bot.slack.pictures"):
        bot.slack.say("@eksip trend private-1a")
        bot.posted(NO_SCOPE)
        bot.slack.say("@eksip trend again")
        second = bot.slack.wait_for(
            lambda: [m for m in bot.posts() if "fell" in m["text"] and NO_SCOPE in str(m["blocks"])]
        )
    assert problems(second[-1]) == []
    assert [record.getMessage() for record in caplog.records].count("pictures cannot be shown") == 1
    assert len(bot.calls("files.getUploadURLExternal")) == 1


def test_a_picture_slack_does_not_take_is_said(bot: EstateBot) -> None:
    bot.slack.faults.server_error("files.upload", times=9)
    bot.slack.say("@eksip trend private-1a")
    bot.posted("No picture: Slack did not take it")


def test_a_slow_picture_holds_up_no_answer(tmp_path: Path) -> None:
    """Drawing has a thread of its own: another question is answered while a picture is drawn."""
    drawing, go = threading.Event(), threading.Event()

    def draw(_: object) -> bytes:
        drawing.set()
        go.wait(30)
        return PNG

    with Workspace() as slack:
        pictures = Pictures(WebClient(token=slack.bot_token, base_url=slack.api_url, retry_handlers=[]), draw)
        message = trend(Request(text="trend"))
        pictures.follow(message, Shown(channel=slack.channel("ops")), pytest.fail)
        assert drawing.wait(30)
        assert not [m for m in slack.messages("ops") if m.get("files")]
        go.set()
        slack.wait_for(lambda: [m for m in slack.messages("ops") if m.get("files")])
        pictures.close()


def test_a_channel_gets_a_few_pictures_a_minute() -> None:
    """Beyond that one line says so, and a minute later there is room again."""
    clock, said = [0.0], list[str]()
    with Workspace() as slack:
        client = WebClient(token=slack.bot_token, base_url=slack.api_url, retry_handlers=[])
        pictures = Pictures(client, lambda _: PNG, ticks=lambda: clock[0])
        shown = Shown(channel=slack.channel("ops"))
        for _ in range(PER_MINUTE + 1):
            pictures.follow(trend(Request(text="trend")), shown, said.append)
        assert said == [TOO_MANY]
        clock[0] = 61.0
        pictures.follow(trend(Request(text="trend")), shown, said.append)
        slack.wait_for(lambda: len([m for m in slack.messages("ops") if m.get("files")]) == PER_MINUTE + 1)
        assert said == [TOO_MANY]
        pictures.close()


def test_without_the_extra_the_answer_says_so() -> None:
    """Whoever draws without matplotlib learns it once, and later answers say it themselves."""

    def draw(_: object) -> bytes:
        raise ModuleNotFoundError("No module named 'matplotlib'")

    said = list[str]()
    with Workspace() as slack:
        pictures = Pictures(WebClient(token=slack.bot_token, base_url=slack.api_url), draw)
        pictures.follow(trend(Request(text="trend")), Shown(channel=slack.channel("ops")), said.append)
        slack.wait_for(lambda: said)
        assert said == [NO_EXTRA]
        told = pictures.told(trend(Request(text="trend")), private=True)
        assert NO_EXTRA in str(told.parts[-1])
        pictures.close()


def test_an_answer_without_pictures_is_left_alone() -> None:
    with Workspace() as slack:
        pictures = Pictures(WebClient(token=slack.bot_token, base_url=slack.api_url), lambda _: PNG)
        plain = replace(trend(Request(text="trend")), charts=())
        assert pictures.told(plain, private=True) is plain
        pictures.close()
