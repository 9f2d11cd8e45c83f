"""Charts as text and as PNG: what is known is drawn, what is not known is left open."""

import re
import struct
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.charts import sparkline, text_chart
from bot.charts.history_png import time_ticks
from bot.charts.png import png
from bot.message import Area, Bar, Chart, Dot, History, Mosaic, Paint, Stack, Trade

DOCS = Path(__file__).parents[2] / "docs"
START = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
HISTORY = History(
    title="private-1a · free addresses",
    unit="free IPs",
    points=tuple((START + timedelta(hours=hour), None if hour == 5 else 900 - 30 * hour) for hour in range(24)),
    expected=tuple(
        Area(at=START + timedelta(hours=23 + hour), low=200 - 60 * hour, likely=210 - 40 * hour, high=210 - 20 * hour)
        for hour in range(4)
    ),
    threshold=409,
    alerts=((START + timedelta(hours=17), START + timedelta(hours=23)),),
    alt="Free addresses of private-1a fell from 900 to 210 in 24 hours.",
    as_of=START + timedelta(hours=23),
)
STACK = Stack(
    title="prod-eu",
    unit="IPs",
    layers=("pods", "free"),
    bars=(Bar(name="euw1-az1", sizes=(3800, 200)), Bar(name="euw1-az2", sizes=(1000, 1000))),
    alt="euw1-az1 has 200 free, euw1-az2 1,000.",
)
MOSAIC = Mosaic(
    title="private-1a",
    cells=(Paint.OUT, Paint.FREE, Paint.BROKEN, *[Paint.FULL] * 12, Paint.OUT),
    first="10.0.0.0",
    last="10.0.0.240",
    alt="1 of 14 blocks is free.",
)
TRADE = Trade(
    title="prod-eu",
    across="addresses held and unused",
    up="EC2 calls an hour",
    dots=(
        Dot(name="WARM_ENI 1", across=1620, up=12, current=True),
        Dot(name="WARM_IP 5", across=310, up=31, chosen=True),
    ),
    alt="WARM_IP 5 holds 310 unused addresses, WARM_ENI 1 holds 1,620.",
)
EMPTY = History(title="new", unit="free IPs", points=(), alt="No history yet.")
ONE = History(title="one", unit="free IPs", points=((START, 5.0),), alt="One reading so far.")


@pytest.mark.parametrize(
    ("values", "line"),
    [
        pytest.param([], "", id="nothing"),
        pytest.param([5], "█", id="one value"),
        pytest.param([0, 0], "▁▁", id="all nothing"),
        pytest.param([8, 4, None, 0], "█▅·▁", id="what is not known is a dot"),
        pytest.param([8.0] * 64 + [0.0] + [8.0] * 63, "█" * 16 + "▁" + "█" * 15, id="the lowest of each share shows"),
    ],
)
def test_a_sparkline_shows_the_lowest_of_each_share(values: list[float | None], line: str) -> None:
    assert sparkline(values) == line


@pytest.mark.parametrize("chart", [HISTORY, STACK, MOSAIC, EMPTY], ids=lambda chart: type(chart).__name__)
def test_text_charts_are_no_wider_than_a_phone(chart: Chart) -> None:
    assert max((len(line) for line in text_chart(chart).splitlines()), default=0) <= 32


def test_a_text_mosaic_counts_its_cells() -> None:
    assert text_chart(MOSAIC).splitlines()[1:] == [
        "░ 1 free",
        "▚ 1 broken by single addresses",
        "█ 12 full of single addresses",
        "× 2 not usable",
    ]


def test_the_chosen_settings_are_marked_in_text() -> None:
    assert text_chart(TRADE).splitlines() == [
        "addresses held and unused / EC2 calls an hour",
        "• WARM_ENI 1: 1,620 / 12",
        "→ WARM_IP 5: 310 / 31",
    ]


@pytest.mark.timeout(60)
@pytest.mark.parametrize("chart", [HISTORY, STACK, MOSAIC, TRADE, EMPTY, ONE], ids=lambda chart: chart.title)
def test_every_chart_becomes_a_png_of_one_size_that_says_what_it_shows(chart: Chart) -> None:
    file = png(chart)
    assert file.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", file[16:24]) == (1000, 700)
    assert chart.alt.split(".")[0].encode() in file
    assert b"matplotlib" not in file


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        pytest.param(5, ["10:00", "11:00", "12:00", "13:00", "14:00"], id="hours"),
        pytest.param(24, ["12:00", "18:00", "23 Nov", "06:00"], id="a day"),
        pytest.param(24 * 7, ["23 Nov", "25 Nov", "27 Nov", "29 Nov"], id="a week by every other day"),
    ],
)
def test_times_below_a_picture_are_few_and_round(hours: int, words: list[str]) -> None:
    assert [word for _, word in time_ticks(START, START + timedelta(hours=hours))] == words


def test_the_past_as_text_gives_equal_times_equal_room_and_says_its_scale() -> None:
    """A value holds until the next one is read, however many were read in an hour; a gap stays open."""
    points = (
        (START, 8.0),
        (START + timedelta(hours=8), None),
        *((START + timedelta(hours=24 + n), 4.0) for n in (0, 8)),
    )
    course, scale = text_chart(replace(HISTORY, points=points)).splitlines()
    assert course == "█" * 8 + "·" * 16 + "▅" * 8
    assert scale == "0 to 8 over 1 d 8 h"


def test_a_stack_as_text_says_what_is_free_of_each_bar() -> None:
    assert text_chart(STACK).splitlines() == ["euw1-az1   █████████    200 free", "euw1-az2   ██░░       1,000 free"]


def test_a_bar_needs_a_size_for_every_layer() -> None:
    with pytest.raises(ValueError, match="has 1 sizes for 2 layers"):
        Stack(title="t", unit="IPs", layers=("a", "b"), bars=(Bar(name="x", sizes=(1,)),), alt="a")


def test_the_documents_show_one_of_each_chart_and_stay_light() -> None:
    """Each is named in a document with words that say what it shows; together they take at most 400 KB."""
    drawn = sorted(DOCS.glob("chart-*.png"))
    pages = "".join(path.read_text(encoding="utf-8") for path in DOCS.glob("*.md"))
    shown = dict(re.findall(r"!\[([^\]]{20,})\]\((chart-\w+\.png)\)", pages))
    assert {path.name for path in drawn} == set(shown.values()) >= {"chart-trend.png", "chart-subnet.png"}
    assert sum(path.stat().st_size for path in drawn) <= 400_000
