"""`trend`, `forecast` and `top` on the demo estate with its two weeks of past, and where nothing is stored yet."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from browsing import chromium
from pydantic import SecretStr
from slack_sdk import WebClient

from bot.answers.envelope import document
from bot.answers.registry import ANSWERS
from bot.asking.command import Request, Surface
from bot.charts.png import png
from bot.console.render import plain
from bot.demo.workspace import Workspace, problems
from bot.message import FREE_LAYER, History, Message, Mosaic, Paint, Stack, Table, Trade
from bot.slack.pictures import Pictures
from bot.slack.render import render
from bot.slack.replies import Shown
from bot.store.forecasts import LoggedForecast, Outcome
from bot.wiring import Parts
from bot.wiring.parts import DemoEstate, demo_estate, utc_now

EXPECTED = ("trend private-1a", "trend private-1a 7d", "trend private-1c 30d")
EVERY = ("trend private-1a", "trend cluster:prod-eu 7d", "forecast cluster:prod-eu", "forecast private-1a", "top")


@pytest.fixture(scope="module")
def estate() -> Iterator[DemoEstate]:
    with demo_estate() as found:
        yield found


@pytest.fixture(scope="module")
def parts(estate: DemoEstate) -> Iterator[Parts]:
    found = Parts(estate.settings, past=estate.give_past)
    yield found
    found.close()


@pytest.fixture(scope="module")
def without_past(estate: DemoEstate, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    address = SecretStr(f"sqlite:///{tmp_path_factory.mktemp('empty')}/none.db")
    found = Parts(estate.settings.model_copy(update={"database_url": address}))
    yield found
    found.close()


def ask(parts: Parts, text: str) -> Message:
    return parts.answer(Request(text=text, surface=Surface.ASK, channel_id="C0123456789"))


def answer(parts: Parts, text: str) -> dict[str, Any]:
    """The command's own JSON fields, validated against its model."""
    message = ask(parts, text)
    assert message.failure is None, message.text
    found = dict(message.answer)
    ANSWERS[message.command.partition(" ")[0]].model_validate(found)
    return found


@pytest.mark.parametrize("text", [*EVERY, "top movers", "top warm", "trend all 30d", "forecast all"])
def test_an_answer_fits_slack_and_a_lock_screen(parts: Parts, text: str) -> None:
    message = ask(parts, text)
    assert message.failure is None
    assert problems(render(message)) == []
    assert len(message.text) <= 150
    assert document(message)["ok"] is True


def test_a_trend_of_one_subnet_has_its_lowest_highest_and_points(parts: Parts) -> None:
    (row,) = answer(parts, "trend private-1a 7d")["subnets"]
    values = [point["free_ips"] for point in row["points"]]
    assert min(values) == row["lowest_ips"] < row["free_ips"] == values[-1] < row["highest_ips"] == max(values)
    assert row["change_ips"] == values[-1] - values[0] < 0
    assert row["known_pct"] > 95
    times = [datetime.fromisoformat(point["at"]) for point in row["points"]]
    assert times == sorted(times)
    assert times[-1] - times[0] > timedelta(days=6, hours=22)


def test_a_day_of_trend_is_told_by_its_samples(parts: Parts) -> None:
    (row,) = answer(parts, "trend private-1a")["subnets"]
    assert len(row["points"]) > 48


def test_the_past_longer_than_what_is_stored_is_known_in_part(parts: Parts) -> None:
    (row,) = answer(parts, "trend private-1a 30d")["subnets"]
    assert 40 < row["known_pct"] < 60


def test_a_trend_of_several_subnets_puts_the_largest_loss_first_and_draws_it(parts: Parts) -> None:
    message = ask(parts, "trend cluster:prod-eu 7d")
    changes = [row["change_ips"] for row in answer(parts, "trend cluster:prod-eu 7d")["subnets"]]
    assert changes == sorted(changes)
    (table,) = [part for part in message.parts if isinstance(part, Table)]
    (chart,) = message.charts
    assert isinstance(chart, History)
    assert table.rows[0][0] in chart.title
    assert chart.threshold == 205


def test_what_is_expected_is_drawn_of_a_day_by_its_pattern_and_beyond_down_to_the_floor(parts: Parts) -> None:
    day, week, lasting = (ask(parts, text).charts[0] for text in EXPECTED)
    assert isinstance(day, History)
    assert isinstance(week, History)
    assert isinstance(lasting, History)
    assert len(day.expected) == 24
    assert week.as_of is not None
    assert week.expected[0].at - week.as_of < timedelta(minutes=10)
    assert (week.expected[0].likely, week.expected[-1].likely) == (week.points[-1][1], 8)
    for chart in (day, week):
        assert all(area.low <= area.likely <= area.high for area in chart.expected)
    assert lasting.expected == (), "two weeks are no place to see a day in"


def test_a_forecast_draws_what_it_is_about_over_the_time_it_looks(parts: Parts) -> None:
    message = ask(parts, "forecast cluster:prod-eu")
    (chart,) = message.charts
    assert isinstance(chart, History)
    subject = message.text.partition(":")[0]
    assert chart.title.startswith(f"{subject}: runs out in about ")
    assert chart.expected[-1].likely == 8
    values = [value for _, value in chart.points if value is not None]
    assert chart.points[-1][0] - chart.points[0][0] > timedelta(days=6, hours=20)
    assert f"{values[-1]:,.0f} of " in chart.alt


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        pytest.param("subnet private-1a", Mosaic, id="the blocks of a subnet"),
        pytest.param("who cluster:prod-eu", Stack, id="the holders of a cluster"),
        pytest.param("tune cluster:prod-eu", Trade, id="the settings of a cluster"),
    ],
)
def test_a_picture_says_what_the_answer_says(parts: Parts, text: str, kind: type[Mosaic | Stack | Trade]) -> None:
    found = answer(parts, text)
    (chart,) = ask(parts, text).charts
    assert isinstance(chart, kind)
    assert chart.as_of is not None
    match chart:
        case Mosaic():
            broken, full = (
                chart.cells.count(Paint.BROKEN),
                chart.cells.count(Paint.FULL) + chart.cells.count(Paint.PREFIX),
            )
            assert (broken, full) == (found["fragmented_blocks"], found["full_blocks"])
            assert len(chart.cells) == found["candidate_blocks"] + 2
        case Stack():
            assert chart.layers[-1] == FREE_LAYER
            assert sum(bar.sizes[-1] for bar in chart.bars) == found["free_ips"]
            assert sum(bar.total for bar in chart.bars) == found["usable_ips"]
        case Trade():
            (now,) = [dot for dot in chart.dots if dot.current]
            (best,) = [dot for dot in chart.dots if dot.chosen]
            assert now.across - best.across == found["saved_ips"]
            assert round(best.up, 1) == found["ec2_calls_per_hour"]["recommended"]


@pytest.mark.browser
@pytest.mark.timeout(120)
def test_the_page_shows_the_pictures_of_a_trend_and_of_a_subnet(parts: Parts) -> None:
    """From the command through the drawing and the upload to an image that the browser decodes."""
    said: list[str] = []
    with Workspace() as slack, chromium() as browser:
        client = WebClient(token=slack.bot_token, base_url=slack.api_url)
        pictures = Pictures(client, png)
        page = browser.new_page(viewport={"width": 390, "height": 844})
        page.goto(f"{slack.page_url}?user={slack.user('ana')}#ops")
        for text in ("trend private-1a", "subnet private-1a"):
            message = ask(parts, text)
            pictures.follow(message, Shown(channel=slack.channel("ops")), said.append)
            image = page.get_by_alt_text(message.charts[0].alt)
            image.wait_for(timeout=60_000)
            image.scroll_into_view_if_needed()
            page.wait_for_function("image => image.complete && image.naturalWidth === 1000", arg=image.element_handle())
        pictures.close()
    assert said == []


@pytest.mark.parametrize("window", ["12h", "2d", "7w"])
def test_another_length_of_time_is_refused_with_what_there_is(parts: Parts, window: str) -> None:
    message = ask(parts, f"trend private-1a {window}")
    assert message.failure is not None
    assert "24h, 7d or 30d" in message.text
    assert message.failure.suggestions[0] == "trend private-1a 24h"


def test_a_growing_subnet_runs_out_on_a_day_and_the_range_holds_it(parts: Parts) -> None:
    (row,) = answer(parts, "forecast private-1a")["subnets"]
    assert (row["verdict"], row["method"], row["unit"]) == ("runs out", "theil_sen", "addresses")
    (told,) = [method for method in row["methods"] if method["method"] == "theil_sen"]
    assert told["earliest_at"] <= told["likely_at"] == row["likely_at"] <= told["latest_at"]
    days = (datetime.fromisoformat(row["likely_at"]) - utc_now()) / timedelta(days=1)
    assert 2 < days < 9


def test_a_cluster_shows_its_zones_and_what_is_committed(parts: Parts) -> None:
    found = answer(parts, "forecast cluster:prod-eu")
    assert [row["label"] for row in found["pools"]] == ["zone eu-west-1a"]
    assert len(found["pools"][0]["subnet_ids"]) == 2
    assert [demand["demand"].split()[0] for demand in found["ahead"]] == ["all", "the", "one"]
    assert all(demand["fits"] is False and demand["short_ips"] > 0 for demand in found["ahead"])


def test_a_subnet_that_rests_at_its_floor_does_not_hide_one_with_a_date(parts: Parts) -> None:
    message = ask(parts, "forecast cluster:prod-eu")
    assert message.text.startswith("private-1a: runs out in about")
    assert "1 at the floor already" in message.text


def test_the_record_of_a_method_is_told_beside_its_word(parts: Parts) -> None:
    made_at = utc_now() - timedelta(days=3)
    row = LoggedForecast(
        subnet_id="subnet-elsewhere",
        method="burn_rate",
        made_at=made_at,
        due_at=made_at + timedelta(days=1),
        likely_at=made_at + timedelta(hours=1),
        free_ips=40,
        floor_ips=8,
        inputs_hash="",
        outcome=Outcome.HIT,
    )
    assert "No forecast has been judged here yet." in plain(ask(parts, "forecast private-1c"))
    parts.store.log_forecasts([row])
    assert "Right here in 30 days: burn rate 1 of 1." in plain(ask(parts, "forecast private-1c"))
    assert answer(parts, "forecast private-1c")["record"] == [{"method": "burn_rate", "judged": 1, "hits": 1}]


def test_top_is_soonest_first_and_the_same_from_the_stored_look(parts: Parts) -> None:
    before = answer(parts, "top")["rows"]
    assert [row["label"] for row in before] == ["private-1a", "private-1b", "cgnat-1a"]
    # Nothing has looked at the fleet yet, and the digest names the same dates all the same.
    digest = {row["label"]: row["likely_at"] for row in answer(parts, "digest")["report"]["rows"]}
    assert all(digest[row["label"]] is not None for row in before)
    parts.look_ahead().look(parts.facts.inventory())
    after = answer(parts, "top runout")["rows"]
    assert [row["label"] for row in after] == [row["label"] for row in before]
    (row,) = answer(parts, "status private-1a")["subnets"]
    assert row["depletes_at"] == after[0]["likely_at"]
    assert "left" in ask(parts, "status private-1a").text
    assert answer(parts, "subnet private-1a")["depletes_at"] == after[0]["likely_at"]


def test_movers_come_by_how_much_they_moved(parts: Parts) -> None:
    changes = [abs(row["change_ips"]) for row in answer(parts, "top movers")["rows"]]
    assert changes == sorted(changes, reverse=True)
    assert changes[0] > 20


def test_warm_addresses_are_told_where_they_are_known_and_that_others_are_not(parts: Parts) -> None:
    message = ask(parts, "top warm")
    assert [row["label"] for row in answer(parts, "top warm")["rows"]] == ["prod-eu", "data-eu"]
    assert "not known" in message.text


def test_an_unknown_list_is_refused_with_the_lists_there_are(parts: Parts) -> None:
    message = ask(parts, "top mover")
    assert message.failure is not None
    assert message.failure.suggestions == ("top runout", "top movers", "top warm")
    assert "`top movers`" in message.text


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("trend private-1a", "no history", id="trend"),
        pytest.param("forecast private-1a", "no history", id="forecast"),
        pytest.param("top", "Nothing has been forecast yet", id="runout"),
        pytest.param("top movers", "No history", id="movers"),
    ],
)
def test_without_history_that_is_the_answer(without_past: Parts, text: str, says: str) -> None:
    message = ask(without_past, text)
    assert message.failure is None
    assert says in message.text
    assert problems(render(message)) == []
    answer(without_past, text)


@pytest.mark.parametrize(
    ("question", "command"),
    [
        ("when do we run out in prod-eu?", "forecast prod-eu"),
        ("when will private-1a be full?", "forecast private-1a"),
        ("show me the trend of private-1a", "trend private-1a"),
    ],
)
def test_a_plain_question_is_read_as_its_command(parts: Parts, question: str, command: str) -> None:
    assert ask(parts, question).command == command


def test_the_terminal_draws_the_past(parts: Parts) -> None:
    shown = plain(ask(parts, "trend private-1a"))
    assert "private-1a: free addresses, 24h" in shown
    assert any(bar in shown for bar in "▁▂▃▄▅▆▇")
