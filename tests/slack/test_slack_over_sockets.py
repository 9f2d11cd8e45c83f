"""The real Bolt app over real Socket Mode against the local workspace: asked, answered, once, in the right place."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from small_bot import Answers, Seen, SmallBot, now, over_sockets, settings_for

from bot.asking.command import Request, Surface
from bot.demo.workspace import Workspace, problems
from bot.errors import QueryError
from bot.slack.app import build_app

# slack_sdk leaves the socket of a connection that was cut to the garbage collector
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(scope="module")
def running() -> Iterator[SmallBot]:
    """One connected bot for the tests that only talk to it."""
    with over_sockets() as (bot, _):
        yield bot


def ephemeral(bot: SmallBot, words: str, channel: str = "ops") -> dict[str, Any]:
    """The private message to ana whose text holds these words, once it is there."""
    found = bot.workspace.wait_for(
        lambda: [seen for seen in bot.workspace.ephemerals(channel, "ana") if words in seen["text"]]
    )
    return dict(found[-1])


def posted(bot: SmallBot, words: str, channel: str = "ops") -> dict[str, Any]:
    """The bot's message in the channel whose text holds these words, once it is there."""
    found = bot.workspace.wait_for(
        lambda: [m for m in bot.workspace.messages(channel) if m.get("bot_id") and words in m["text"]]
    )
    return dict(found[-1])


def asked(bot: SmallBot, text: str) -> Request:
    """The request with this text, once the bot was asked."""
    return bot.workspace.wait_for(lambda: [request for request in bot.answers.requests if request.text == text])[-1]


def test_a_command_is_acknowledged_at_once_and_answered_privately(running: SmallBot) -> None:
    """A slash command is acknowledged without a word, and its answer goes to the person alone, with a share button."""
    result = running.workspace.slash("status prod-eu")
    assert result.ok
    assert not result.body
    answer = ephemeral(running, "Answer to status prod-eu")
    assert problems(answer) == []
    labels = [
        e["text"]["text"] for b in answer["blocks"] if b["type"] == "actions" for e in b["elements"] if "text" in e
    ]
    assert labels == ["Why?", "Docs", "Share here"]
    request = running.answers.requests[-1]
    assert (request.surface, request.user_id) == (Surface.SLASH, running.workspace.user("ana"))
    assert request.channel_id == running.workspace.channel("ops")
    assert request.team_id == running.workspace.team_id


def test_a_quick_answer_comes_without_a_placeholder(running: SmallBot) -> None:
    """What is answered at once is one message."""
    running.workspace.slash("quickly")
    ephemeral(running, "Answer to quickly")
    assert not [m for m in running.workspace.ephemerals("ops", "ana") if "quickly`…" in m["text"]]


def test_share_here_posts_the_answer_in_the_channel(running: SmallBot) -> None:
    """The share button repeats the command for everybody."""
    running.workspace.slash("status stage")
    answer = ephemeral(running, "Answer to status stage")
    share = next(e for b in answer["blocks"] for e in b.get("elements", ()) if e.get("value") == "status stage share")
    running.workspace.click(channel="ops", ts=answer["ts"], action_id=share["action_id"])
    assert "thread_ts" not in posted(running, "Answer to status stage share")


def test_a_button_runs_its_command_as_if_typed(running: SmallBot) -> None:
    """A click asks the command text of the button and answers the person who clicked."""
    running.workspace.slash("before why")
    answer = ephemeral(running, "Answer to before why")
    running.workspace.click(channel="ops", ts=answer["ts"], action_id="run.0")
    ephemeral(running, "Answer to why")
    assert running.answers.requests[-1].surface is Surface.BUTTON


def test_a_menu_runs_the_chosen_command(running: SmallBot) -> None:
    """Choosing an option asks its command text; the message with the menu stays."""
    running.workspace.slash("before menu")
    answer = ephemeral(running, "Answer to before menu")
    running.workspace.click(channel="ops", ts=answer["ts"], action_id="run.2", option="Three")
    ephemeral(running, "Answer to three")
    assert ephemeral(running, "Answer to before menu")["ts"] == answer["ts"]


def test_a_link_button_is_only_acknowledged(running: SmallBot) -> None:
    """A button that opens a page asks nothing."""
    running.workspace.slash("before link")
    answer = ephemeral(running, "Answer to before link")
    before = len(running.answers.requests)
    running.workspace.click(channel="ops", ts=answer["ts"], action_id="open.1")
    assert len(running.answers.requests) == before


def test_a_mention_is_answered_in_its_thread(running: SmallBot) -> None:
    """A mention in a channel is answered in the thread under it, for everybody."""
    ts = running.workspace.say("@eksip status mention")
    answer = posted(running, "Answer to status mention")
    assert answer["thread_ts"] == ts
    assert running.answers.requests[-1].surface is Surface.MENTION


def test_a_mention_inside_a_thread_stays_there(running: SmallBot) -> None:
    """A mention in a thread is answered in the same thread."""
    parent = running.workspace.say("An incident.")
    running.workspace.say("please @eksip status thread", thread_ts=parent)
    assert posted(running, "status thread")["thread_ts"] == parent
    assert running.answers.requests[-1].text == "please   status thread"


def test_a_slow_mention_gets_one_placeholder_that_becomes_the_answer(running: SmallBot) -> None:
    """A slow answer replaces its placeholder, whose words change while it takes long."""
    running.workspace.say("@eksip slow 1.2")
    first = posted(running, "Working on `slow 1.2`…")
    still = posted(running, "Still working on `slow 1.2`")
    answer = posted(running, "Answer to slow 1.2")
    assert first["ts"] == still["ts"] == answer["ts"]
    assert len([m for m in running.workspace.messages("ops") if "slow 1.2" in m["text"] and m.get("bot_id")]) == 1


def test_a_slow_command_says_once_that_it_works(running: SmallBot) -> None:
    """A slow private answer is announced once, since a response URL cannot take words back."""
    running.workspace.slash("slow 0.8")
    ephemeral(running, "Answer to slow 0.8")
    assert [m["text"] for m in running.workspace.ephemerals("ops", "ana") if "slow 0.8" in m["text"]] == [
        "Working on `slow 0.8`…",
        "Answer to slow 0.8.",
    ]


def test_a_direct_message_is_answered_where_it_was_asked(running: SmallBot) -> None:
    """A direct message needs no mention, is answered once, and the bot does not answer itself."""
    running.workspace.say("status dm", channel="dm:ana")
    answer = posted(running, "Answer to status dm", channel="dm:ana")
    assert "thread_ts" not in answer
    time.sleep(0.2)
    assert running.answers.texts().count("status dm") == 1
    assert running.answers.requests[-1].surface is Surface.DM


def test_other_bots_are_not_answered(running: SmallBot) -> None:
    """A mention by a bot is ignored, so two bots cannot talk for ever."""
    running.workspace.add_user("robot", bot=True)
    running.workspace.say("@eksip from robot", user="robot")
    running.workspace.say("@eksip after robot")
    posted(running, "Answer to after robot")
    assert "from robot" not in running.answers.texts()


def test_text_arrives_as_it_was_typed(running: SmallBot) -> None:
    """Slack's escapes of &, < and > are undone before anybody reads the command."""
    running.workspace.slash("explain a<b & c>d")
    ephemeral(running, "explain a&lt;b")
    assert running.answers.requests[-1].text == "explain a<b & c>d"


@pytest.mark.parametrize(
    ("name", "guest", "external"),
    [
        pytest.param("gus", True, False, id="a guest"),
        pytest.param("otto", False, True, id="somebody from another organisation"),
        pytest.param("ana", False, False, id="a full member"),
    ],
)
def test_guests_and_outsiders_are_told_apart(running: SmallBot, name: str, guest: bool, external: bool) -> None:
    """The request says whether the person is a guest or from outside, for commands and mentions alike."""
    if name != "ana":
        running.workspace.add_user(name, guest=guest, external=external)
    running.workspace.slash(f"who-is {name}", user=name)
    running.workspace.say(f"@eksip mention-by {name}", user=name)
    for text in (f"who-is {name}", f"mention-by {name}"):
        request = asked(running, text)
        assert (request.is_guest, request.is_external) == (guest, external)


def test_without_the_scope_nobody_counts_as_a_guest() -> None:
    """Where users:read is not granted, everybody is taken for a full member."""
    with over_sockets() as (bot, _):
        bot.workspace.faults.error("users.info", "missing_scope", times=9)
        bot.workspace.slash("scope")
        ephemeral(bot, "Answer to scope")
        assert not bot.answers.requests[-1].is_guest


def test_a_person_slack_does_not_describe_counts_as_a_guest() -> None:
    """Where the look-up fails, the bot refuses rather than reveals, and asks again the next time."""
    with over_sockets() as (bot, _):
        bot.workspace.faults.server_error("users.info", times=1)
        for text in ("first", "second"):
            bot.workspace.slash(text)
            ephemeral(bot, f"Answer to {text}")
        assert [request.is_guest for request in bot.answers.requests] == [True, False]


def test_a_repeated_delivery_is_answered_once(running: SmallBot) -> None:
    """An event, a command and a click that arrive twice are answered once each."""
    running.workspace.faults.duplicate_next(1)
    running.workspace.say("@eksip twice event")
    posted(running, "Answer to twice event")
    running.workspace.faults.duplicate_next(1)
    running.workspace.slash("twice command")
    answer = ephemeral(running, "Answer to twice command")
    running.workspace.faults.duplicate_next(1)
    running.workspace.click(channel="ops", ts=answer["ts"], action_id="run.2", option="two")
    ephemeral(running, "Answer to two")
    time.sleep(0.3)
    texts = running.answers.texts()
    assert [texts.count(text) for text in ("twice event", "twice command", "two")] == [1, 1, 1]


def test_what_another_replica_took_is_not_answered_again(running: SmallBot) -> None:
    """The store's memory counts: a key another replica wrote is left alone."""

    class Taken(set[str]):
        def __contains__(self, key: object) -> bool:
            return True

    known = running.seen.keys
    running.seen.keys = Taken()
    try:
        running.workspace.slash("taken elsewhere")
        running.seen.keys = known
        running.workspace.slash("not taken")
        ephemeral(running, "Answer to not taken")
    finally:
        running.seen.keys = known
    assert "taken elsewhere" not in running.answers.texts()


def test_a_store_that_is_away_loses_no_question(running: SmallBot) -> None:
    """Deliveries that cannot be told apart are answered all the same."""
    running.seen.broken = True
    try:
        running.workspace.slash("without store")
        ephemeral(running, "Answer to without store")
    finally:
        running.seen.broken = False


def test_a_failure_offers_what_would_work(running: SmallBot) -> None:
    """A user error is private, shows its text, and has a button for each suggestion."""
    running.workspace.slash("wrong")
    answer = ephemeral(running, "I do not know “wrong”.")
    assert [e["value"] for b in answer["blocks"] if b["type"] == "actions" for e in b["elements"]] == ["status", "help"]


def test_a_defect_is_answered_with_a_reference_and_no_traceback(running: SmallBot) -> None:
    """A command that breaks tells the person so, with the reference of the log line."""
    running.workspace.slash("defect")
    answer = ephemeral(running, "Something went wrong on my side.")
    assert "Reference `" in str(answer["blocks"])
    assert "RuntimeError" not in str(answer)


def test_refused_blocks_are_sent_as_text(running: SmallBot) -> None:
    """When Slack refuses the blocks of an answer, its sentence arrives alone."""
    running.workspace.faults.error("chat.postMessage", "invalid_blocks")
    running.workspace.say("@eksip refused blocks")
    assert not posted(running, "Answer to refused blocks").get("blocks")


def test_a_rate_limited_answer_arrives_after_the_wait(running: SmallBot) -> None:
    """A 429 delays an answer and does not lose it."""
    running.workspace.faults.rate_limit("chat.postMessage", retry_after=1)
    running.workspace.say("@eksip limited")
    posted(running, "Answer to limited")


def test_nine_slow_commands_are_all_acknowledged_in_time() -> None:
    """With every worker busy, each further command is still acknowledged and answered in the end."""
    with over_sockets() as (bot, _):
        results: list[Any] = []
        typed = [
            threading.Thread(target=lambda n=n: results.append(bot.workspace.slash(f"hold {n}"))) for n in range(12)
        ]
        for thread in typed:
            thread.start()
        for thread in typed:
            thread.join()
        assert all(result.ok for result in results)
        assert len(results) == 12
        bot.answers.release.set()
        for number in range(12):
            ephemeral(bot, f"Answer to hold {number}.")


def test_a_full_line_is_said() -> None:
    """When the workers and the line before them are full, the acknowledgement says so at once."""
    with over_sockets(workers=1) as (bot, _):
        results = [bot.workspace.slash(f"hold {number}") for number in range(11)]
        assert "busy" in results[-1].body["text"]
        assert bot.workspace.slash("status").ok


def test_a_cut_connection_is_opened_again() -> None:
    """After every socket is cut, the bot is connected again and answers."""
    with over_sockets() as (bot, runner):
        bot.workspace.faults.drop_sockets()
        bot.workspace.wait_for(lambda: runner.connected() == 2 and bot.workspace.socket_count == 2, timeout=60)
        bot.workspace.slash("after the cut")
        ephemeral(bot, "Answer to after the cut")


def test_stopping_ends_every_connection() -> None:
    """The runner closes its connections and leaves none open."""
    with over_sockets() as (bot, runner):
        runner.stop()
        bot.workspace.wait_for(lambda: bot.workspace.socket_count == 0)
        assert runner.connected() == 0


def test_a_refused_token_is_said_at_start() -> None:
    """A wrong bot token stops the start with one sentence."""
    with Workspace() as workspace:
        settings = settings_for(workspace)
        with Workspace(bot_token="xoxb-another") as other:
            changed = settings.model_copy(
                update={"slack": settings.slack.model_copy(update={"api_url": other.api_url})}
            )
            with pytest.raises(QueryError, match="invalid_auth"):
                build_app(changed, Answers(), Seen(), now)
