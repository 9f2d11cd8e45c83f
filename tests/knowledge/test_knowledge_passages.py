"""What an answer shows beside its best section: the passages that say most of the question, in few characters."""

import re
from datetime import date

import pytest

from knowledge import EXCERPT_LIMIT, Section, Source, Topic, excerpt
from knowledge.passages import Shelf, with_passages
from knowledge.words import stems

LONG = "The daemon keeps a reserve on every node and tops it up in rounds, whatever the size of the node may be. "


def topic(topic_id: str, **texts: str) -> Topic:
    return Topic(
        topic_id=topic_id,
        title=topic_id.title(),
        aliases=(),
        questions=("what",),
        summary="Summary.",
        analogy="Seats.",
        reviewed=date(2026, 11, 23),
        sources=(Source(title="Guide", url="https://example.com", says="So."),),
        sections=tuple(Section(heading=name.replace("_", " "), text=text) for name, text in texts.items()),
    )


def weights(question: str) -> dict[str, float]:
    return dict.fromkeys(stems(question), 1.0)


def shown(question: str, first: Topic, *others: Topic, limit: int = EXCERPT_LIMIT) -> tuple[str, tuple[Topic, ...]]:
    shelves = [Shelf(topic=one, sections=one.sections) for one in (first, *others)]
    section, drawn_from = with_passages(first, first.sections[0], shelves, weights(question), limit)
    assert len(excerpt(first, section, 10 * limit)) <= limit
    return section.text, drawn_from


SUBNETS = topic("subnets", What="Ranges.", Costs="Nothing.\n- gateways cost by the hour\n- peering is free in a zone")
WINDOWS = topic("windows", What="One interface.", Limits="No peering of pods.\n- no custom networking")


def test_the_passages_that_say_most_of_the_question_come_under_their_heading() -> None:
    text, drawn_from = shown("hourly gateways cost", SUBNETS, WINDOWS, limit=70)
    assert text == "Ranges.\n\n**Costs**\n\n- gateways cost by the hour"
    assert drawn_from == ()


def test_a_passage_of_another_topic_names_the_topic() -> None:
    text, drawn_from = shown("custom networking on windows", SUBNETS, WINDOWS, limit=80)
    assert text == "Ranges.\n\n**Windows: Limits**\n\n- no custom networking"
    assert drawn_from == (WINDOWS,)


def test_passages_of_one_section_keep_their_order() -> None:
    text, _ = shown("peering free in a zone, gateways by the hour", SUBNETS)
    assert text.index("gateways cost") < text.index("peering is free")


def test_what_has_been_said_counts_less_than_what_is_new() -> None:
    said = topic("said", What="gateways", One="Two gateways here.", Two="Two peerings here.")
    text, _ = shown("gateways peerings", said, limit=70)
    assert text.endswith("**Two**\n\nTwo peerings here.")


def test_what_ends_in_a_colon_stands_with_what_it_announces() -> None:
    listed = topic("listed", What="A.", Steps="Check the gateways in this order:\n- " + LONG + "\n- the routes")
    text, _ = shown("gateways", listed, limit=300)
    assert f"in this order:\n\n- {LONG.strip()}" in text
    text, _ = shown("gateways", listed, limit=150)
    assert "in this order" not in text


@pytest.mark.parametrize("limit", [60, 200, 640, 900, 1500, 2000])
def test_no_mark_is_split_and_all_fits(limit: int) -> None:
    marked = topic("marked", What="A.", Text="\n".join(f"- `code {n}` and **bold {n}** " + LONG for n in range(30)))
    text, _ = shown("code 7 reserve", marked, limit=limit)
    assert text.count("`") % 2 == text.count("**") % 2 == 0
    assert limit < 300 or re.search(r"`code 7`", text)


def test_without_a_word_of_the_question_the_next_sections_follow() -> None:
    text, _ = shown("zebra", SUBNETS)
    assert text.startswith("Ranges.\n\n**Costs**")


def test_another_topic_is_left_out_when_it_has_no_word_of_the_question() -> None:
    assert "**Windows: Limits**" in shown("peering", SUBNETS, WINDOWS)[0]
    text, drawn_from = shown("gateways", SUBNETS, WINDOWS)
    assert "Windows" not in text
    assert drawn_from == ()
