"""How channels are answered: defaults, incidents, feedback; and that no surface shows what is not for its reader."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from estate_bot import EstateBot, estate, estate_bot, press, put_read, wall_clock

from bot import metrics
from bot.asking.command import Request
from bot.demo.workspace import problems
from bot.message import Message, Visibility
from bot.store import ChannelDefaults

pytestmark = [
    pytest.mark.timeout(180),
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture
def bot(tmp_path: Path) -> Iterator[EstateBot]:
    with estate_bot(tmp_path) as running:
        yield running


def set_defaults(bot: EstateBot, words: str, channel: str = "ops") -> None:
    """Set the channel's defaults and wait for the word that they are set."""
    before = len([m for m in bot.slack.messages(channel) if "defaults are changed" in m["text"]])
    bot.slack.slash(f"defaults {words}", channel=channel)
    bot.slack.wait_for(
        lambda: len([m for m in bot.slack.messages(channel) if "defaults are changed" in m["text"]]) > before,
        timeout=60,
    )


def test_defaults_are_kept_shown_and_taken_back(bot: EstateBot) -> None:
    set_defaults(bot, "cluster=prod-eu tz=europe/berlin visibility=channel mode=normal")
    kept = bot.parts.store.channel_defaults(bot.slack.channel("ops"))
    assert (kept.scope, kept.label) == ("cluster:111122223333/eu-west-1/prod-eu", "prod-eu")
    assert (kept.zone, kept.visibility, kept.mode) == ("Europe/Berlin", "channel", "normal")
    set_defaults(bot, "cluster=none visibility=none")
    kept = bot.parts.store.channel_defaults(bot.slack.channel("ops"))
    assert (kept.scope, kept.visibility, kept.zone) == ("", "", "Europe/Berlin")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param("tz=europe/berln", "Europe/Berlin", id="time zone"),
        pytest.param("visibility=public", "private", id="visibility"),
        pytest.param("mode=panic", "incident", id="mode"),
        pytest.param("cluster=prod-xx", "prod-eu", id="cluster"),
        pytest.param("prod-eu", "settings", id="bare word"),
        pytest.param("colour=red", "no `colour`", id="key"),
    ],
)
def test_a_default_that_cannot_be_is_explained(bot: EstateBot, words: str, said: str) -> None:
    bot.slack.slash(f"defaults {words}")
    bot.whispered(said)


def test_a_missing_target_is_the_channels_own(bot: EstateBot) -> None:
    set_defaults(bot, "cluster=dev-eu")
    bot.slack.slash("board 2h")
    board = bot.slack.wait_for(lambda: bot.parts.store.boards(), timeout=60)[0]
    assert board.label == "dev-eu"
    bot.slack.slash("board prod-eu 2h")
    bot.slack.wait_for(lambda: {b.label for b in bot.parts.store.boards()} == {"dev-eu", "prod-eu"}, timeout=60)


def test_another_channel_keeps_its_own_ways(bot: EstateBot) -> None:
    set_defaults(bot, "visibility=channel")
    bot.slack.slash("overview", channel="platform-alerts")
    bot.whispered("on addresses", "platform-alerts")
    bot.slack.slash("overview")
    bot.posted("on addresses")


def test_a_channel_may_want_every_answer_private(bot: EstateBot) -> None:
    set_defaults(bot, "visibility=private")
    bot.slack.slash("overview")
    bot.whispered("on addresses")
    bot.slack.slash("overview share")
    bot.posted("on addresses")


@pytest.mark.parametrize(
    ("channel", "words"),
    [pytest.param("inc-4821", "", id="by its name"), pytest.param("ops", "mode=incident", id="by its defaults")],
)
def test_in_an_incident_answers_are_visible_at_once_and_replaced_once_by_newer_figures(
    tmp_path: Path, channel: str, words: str
) -> None:
    with estate_bot(tmp_path, age=timedelta(minutes=10)) as bot:
        if channel != "ops":
            bot.slack.add_channel(channel)
        if words:
            set_defaults(bot, words)
        bot.slack.slash("overview", channel=channel)
        first = bot.posted("203 of 4,091", channel)
        assert "newer ones will replace" in str(first["blocks"])
        put_read(bot.parts, estate(wall_clock(), free=77))
        second = bot.posted("77 of 4,091", channel)
        assert second["ts"] == first["ts"]
        assert "newer ones will replace" not in str(second["blocks"])
        put_read(bot.parts, estate(wall_clock() + timedelta(seconds=1), free=55))
        assert len(bot.calls("chat.update")) == 1


def test_an_incident_where_the_bot_is_no_member_is_answered_all_the_same(tmp_path: Path) -> None:
    with estate_bot(tmp_path) as bot:
        bot.slack.add_channel("inc-1")
        bot.slack.faults.error("chat.postMessage", "not_in_channel", times=9)
        bot.slack.slash("overview", channel="inc-1")
        found = bot.slack.wait_for(
            lambda: [m for m in bot.slack.messages("inc-1") if "203 of 4,091" in str(m)], timeout=60
        )
        assert len(found) == 1


def explained(request: Request) -> Message:
    """An explanation for everybody."""
    return Message(
        text="Warm addresses.",
        verdict=("Warm addresses.",),
        command="explain warm ip",
        visibility=Visibility.IN_CHANNEL if request.text.endswith("share") else Visibility.EPHEMERAL,
    )


def counted(verb: str, helped: str) -> float:
    """Presses counted so far."""
    return float(metrics.feedback_total.labels(verb=verb, helped=helped)._value.get())


def test_an_explanation_asks_whether_it_helped_and_keeps_the_answer(bot: EstateBot) -> None:
    bot.made["explain"] = explained
    before = counted("explain", "no")
    bot.slack.say("@eksip explain warm ip")
    message = bot.posted("Warm addresses")
    assert problems(message) == []
    bot.slack.click(channel="ops", ts=message["ts"], action_id="feedback", value="Did not help")
    bot.whispered("Thank you")
    bot.slack.click(channel="ops", ts=message["ts"], action_id="feedback", value="Did not help")
    (row,) = bot.slack.wait_for(lambda: bot.parts.store.feedback(wall_clock() - timedelta(hours=1)), timeout=60)
    assert (row.verb, row.helped, row.missed) == ("explain", 0, 1)
    assert counted("explain", "no") == before + 1


def test_another_mind_replaces_the_first(bot: EstateBot) -> None:
    bot.made["explain"] = explained
    bot.slack.say("@eksip explain warm ip")
    message = bot.posted("Warm addresses")
    since = wall_clock() - timedelta(hours=1)
    for label in ("Helped", "Did not help"):
        bot.slack.click(channel="ops", ts=message["ts"], action_id="feedback", value=label)

        def stored(words: object = WORDS[label]) -> list[object]:
            return [row for row in bot.parts.store.feedback(since) if (row.helped, row.missed) == words]

        bot.slack.wait_for(
            stored,
            timeout=60,
        )


WORDS = {"Helped": (1, 0), "Did not help": (0, 1)}


def test_an_incident_is_not_asked_whether_it_helped(bot: EstateBot) -> None:
    bot.made["explain"] = explained
    set_defaults(bot, "mode=incident")
    bot.slack.say("@eksip explain warm ip")
    assert "context_actions" not in str(bot.posted("Warm addresses")["blocks"])


def test_figures_are_not_asked_whether_they_helped(bot: EstateBot) -> None:
    bot.slack.say("@eksip overview")
    assert "context_actions" not in str(bot.posted("203 of 4,091")["blocks"])


def test_a_guests_feedback_is_not_kept(bot: EstateBot) -> None:
    bot.made["explain"] = explained
    bot.slack.say("@eksip explain warm ip")
    message = bot.posted("Warm addresses")
    bot.slack.add_user("eve", guest=True)
    bot.slack.click(channel="ops", ts=message["ts"], action_id="feedback", value="Helped", user="eve")
    bot.slack.say("@eksip overview")
    bot.posted("203 of 4,091")
    assert bot.parts.store.feedback(wall_clock() - timedelta(hours=1)) == ()


LIMITED = {"channels_may": [{"channel": "*", "scopes": ["cluster:dev-eu"]}]}


@pytest.mark.parametrize(
    "words",
    [
        pytest.param("overview", id="overview"),
        pytest.param("board prod-eu 2h", id="board"),
        pytest.param("board subnet-0aaaaaaaaaaaaaaa1", id="board of a subnet"),
        pytest.param("defaults cluster=prod-e", id="defaults"),
        pytest.param("watch prod", id="watch"),
    ],
)
def test_no_verb_tells_a_channel_of_what_it_may_not_see(tmp_path: Path, words: str) -> None:
    with estate_bot(tmp_path, LIMITED) as bot:
        bot.slack.slash(words)
        found = bot.slack.wait_for(
            lambda: [m for m in (*bot.slack.ephemerals("ops", "ana"), *bot.posts()) if m["text"]], timeout=60
        )
        shown = str(found).replace("prod-eu 2h", "").replace("subnet-0aaaaaaaaaaaaaaa1", "")
        assert not [name for name in ("private-1a", "private-1b", "111122223333") if name in shown]
        assert "prod-eu" not in shown or words.startswith("board prod-eu")
        assert bot.parts.store.boards() == ()


def test_an_answer_is_repeated_with_newer_figures_and_a_pressed_one_can_be_shared(bot: EstateBot) -> None:
    """Repeat asks again, wherever the answer stands; what one person got by a press, Share shows to the channel."""
    bot.slack.say("@eksip overview")
    first = bot.posted("203 of 4,091")
    put_read(bot.parts, estate(wall_clock(), free=77))
    bot.slack.click(channel="ops", ts=first["ts"], action_id=press(first, "Repeat"))
    second = bot.whispered("77 of 4,091")
    assert press(second, "Repeat")
    bot.slack.click(channel="ops", ts=second["ts"], action_id=press(second, "Share here"))
    shared = bot.posted("77 of 4,091")
    assert shared["ts"] != second["ts"]
    assert "Share here" not in str(shared["blocks"])


def test_defaults_are_shown_to_everybody_and_changed_by_writers(tmp_path: Path) -> None:
    with estate_bot(tmp_path, {"writers": ["U0SOMEBODY"]}) as bot:
        bot.slack.slash("defaults")
        bot.whispered("This channel's defaults")
        bot.slack.slash("defaults mode=incident")
        bot.whispered("limited to some people")
        assert bot.parts.store.channel_defaults(bot.slack.channel("ops")).mode == ""


def test_a_default_that_changes_something_must_be_written_out(bot: EstateBot) -> None:
    bot.slack.slash("defau mode=incident")
    bot.whispered("Did you mean `defaults mode=incident`")
    assert bot.parts.store.channel_defaults(bot.slack.channel("ops")).mode == ""


def test_clock_times_typed_in_a_channel_and_told_to_it_are_in_its_zone(bot: EstateBot) -> None:
    set_defaults(bot, "tz=Asia/Tokyo")
    bot.slack.slash("silence prod-eu tomorrow 09:00")
    told = bot.posted("is silenced until")
    assert "09:00 JST" in told["text"]
    (silence,) = bot.parts.store.silences(wall_clock())
    assert silence.ends_at.strftime("%H:%M") == "00:00"


def test_a_channels_target_that_it_may_not_see_any_more_is_named_nowhere(tmp_path: Path) -> None:
    with estate_bot(tmp_path, LIMITED) as bot:
        kept = ChannelDefaults(scope="cluster:111122223333/eu-west-1/prod-eu", label="prod-eu")
        bot.parts.store.set_channel_defaults(bot.slack.channel("ops"), kept, "U1", wall_clock())
        for words, said in (("defaults", "may not be seen here any more"), ("status", "All accounts")):
            bot.slack.slash(words)
            shown = str(bot.whispered(said))
            assert not [name for name in (kept.scope, "(prod-eu)", "this channel's prod-eu") if name in shown]
