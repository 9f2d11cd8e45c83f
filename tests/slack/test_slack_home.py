"""Before anybody asks: the Home tab, the welcome in a new channel, and what is said when the app is taken away."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from estate_bot import EstateBot, estate, estate_bot, press, put_read, wall_clock
from stored_alerts import FIRING, save_steps

from bot.alerts import Step, Transition
from bot.demo.workspace import problems
from bot.slack.renewal import Renewal

pytestmark = [
    pytest.mark.timeout(180),
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture
def bot(tmp_path: Path) -> Iterator[EstateBot]:
    with estate_bot(tmp_path) as running:
        yield running


def home_of(bot: EstateBot, user: str = "ana", holding: str = "") -> dict[str, Any]:
    """The person's Home tab, once it is there and holds the words."""

    def found() -> dict[str, Any]:
        view = bot.slack.home(user)
        return view if view is not None and holding in str(view) else {}

    return dict(bot.slack.wait_for(found, timeout=60))


def test_home_shows_clusters_worst_first_alerts_and_watches(bot: EstateBot) -> None:
    store, now = bot.parts.store, wall_clock()
    save_steps(store, [Step(alert=FIRING, transition=Transition.OPENED)], {}, now)
    store.add_watch("C0000000001", "all", "everything", "U1", now)
    store.add_watch("C0000000002", "cluster:111122223333/eu-west-1/prod-eu", "prod-eu", "U1", now)
    store.break_channel("C0000000002", "is_archived", now, {})
    bot.slack.open_home()
    view = home_of(bot)
    shown = str(view["blocks"])
    assert shown.index("prod-eu") < shown.index("dev-eu")
    assert "private-1a 203 of 4,091 (5%) free" in shown
    assert "1001" in shown or "low_ips" in shown or FIRING.label in shown
    assert shown.index("broken, Slack says is_archived") < shown.index("healthy")
    assert "Read" in shown
    assert problems({"type": "home", "blocks": view["blocks"]}, "home") == []
    assert len(view["blocks"]) <= 100


def test_a_press_in_home_is_answered_in_direct_messages(bot: EstateBot) -> None:
    bot.slack.open_home()
    view = home_of(bot)
    bot.slack.press(press(view, "Help"), on_home=True)
    assert "EKS IP capacity" in bot.posted("EKS IP capacity", "dm:ana")["text"]


def test_home_shows_only_what_the_person_may_see(tmp_path: Path) -> None:
    with estate_bot(tmp_path, {"people_may": [{"users": ["U0000000"], "scopes": ["all"]}]}) as bot:
        bot.slack.open_home()
        shown = str(home_of(bot)["blocks"])
        assert "prod-eu" not in shown
        assert "secret-1a" not in shown


@pytest.mark.parametrize(
    ("kind", "words"),
    [pytest.param("guest", "guests", id="guest"), pytest.param("external", "organisations", id="external")],
)
def test_home_refuses_guests_and_people_from_elsewhere(bot: EstateBot, kind: str, words: str) -> None:
    bot.slack.add_user("eve", guest=kind == "guest", external=kind == "external")
    bot.slack.open_home("eve")
    view = home_of(bot, "eve")
    assert words in str(view["blocks"])
    assert "prod-eu" not in str(view["blocks"])


def test_old_figures_are_shown_at_once_and_replaced_by_newer_ones(tmp_path: Path) -> None:
    with estate_bot(tmp_path, age=timedelta(minutes=10)) as bot:
        bot.slack.open_home()
        home_of(bot, holding="203 of 4,091")
        put_read(bot.parts, estate(wall_clock(), free=77))
        home_of(bot, holding="77 of 4,091")


def test_a_view_slack_refuses_is_shown_as_text(bot: EstateBot) -> None:
    bot.slack.faults.error("views.publish", "invalid_arguments", times=1)
    bot.slack.open_home()
    assert len(home_of(bot)["blocks"]) == 1


def test_slack_that_is_away_for_a_moment_gets_the_view_again(bot: EstateBot) -> None:
    bot.slack.faults.server_error("views.publish", times=1)
    bot.slack.open_home()
    assert "prod-eu" in str(home_of(bot)["blocks"])


def test_an_invitation_is_answered_with_two_lines_once_for_each_channel(bot: EstateBot) -> None:
    bot.slack.add_channel("new-team")
    for _ in range(2):
        bot.slack.remove("new-team")
        bot.slack.invite("new-team")
    welcome = bot.posted("IP addresses", "new-team")
    assert [press(welcome, "Watch"), press(welcome, "Help")] == ["form.0", "run.1"]
    assert problems(welcome) == []
    bot.slack.say("@eksip help", channel="new-team")
    bot.posted("EKS IP capacity", "new-team")
    assert len([m for m in bot.posts("new-team") if "I tell how many" in m["text"]]) == 1


def test_somebody_elses_arrival_is_no_occasion(bot: EstateBot) -> None:
    bot.slack.add_user("kim")
    bot.slack.invite("ops", user="kim")
    bot.slack.say("@eksip help")
    bot.posted("EKS IP capacity")
    assert not [m for m in bot.posts() if "I tell how many" in m["text"]]


def test_an_app_that_was_removed_is_not_ready_until_it_is_installed_again(bot: EstateBot) -> None:
    clock = [0.0]
    installation = bot.app.installation
    installation._ticks = lambda: clock[0]
    assert installation.why_not() == ""
    bot.slack.uninstall()
    bot.slack.wait_for(lambda: installation.why_not())
    clock[0] += 31
    assert "removed" in installation.why_not() or "revoked" in installation.why_not()
    bot.slack.reinstall()
    clock[0] += 31
    assert installation.why_not() == ""


def test_newer_figures_are_not_waited_for_without_end() -> None:
    """After its time a renewal is given up, and a place is free for another."""
    now = [wall_clock()]
    renewal = Renewal(lambda: None, lambda: now[0], look_seconds=0.01)
    from bot.message import Message

    message = Message(text="x", as_of=now[0] - timedelta(minutes=5))
    assert renewal.is_old(message)
    renewal.once(message, lambda: pytest.fail("there is nothing newer"))
    now[0] += timedelta(minutes=6)
    renewal.close()


def test_the_agent_view_offers_at_most_four_prompts_that_are_commands(bot: EstateBot) -> None:
    bot.slack.open_home(tab="messages")
    prompts = bot.slack.wait_for(lambda: bot.slack.prompts())
    assert 1 <= len(prompts) <= 4
    bot.slack.press_prompt(next(p["title"] for p in prompts if p["message"] == "alerts"))
    assert "alert" in bot.posted("alert", "dm:ana")["text"]
