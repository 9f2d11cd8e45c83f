"""Section Markdown becomes blocks and spans, and an excerpt that fits a chat."""

import re
from datetime import date

import pytest

from knowledge import (
    EXCERPT_LIMIT,
    Block,
    CodeBlock,
    ListBlock,
    Mark,
    Paragraph,
    Section,
    Source,
    Span,
    Topic,
    blocks,
    excerpt,
    spans,
)
from knowledge.blocks import combined

SOURCE = Source(title="Guide", url="https://example.com", says="It says so.")


def topic(summary: str, section_text: str, analogy: str = "Like *rows* of seats.") -> Topic:
    return Topic(
        topic_id="rows",
        title="Rows",
        aliases=(),
        questions=(),
        summary=summary,
        analogy=analogy,
        reviewed=date(2026, 11, 23),
        sources=(SOURCE,),
        sections=(Section(heading="How to book", text=section_text),),
    )


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        pytest.param("One\ntwo.\n\nThree.", (Paragraph(text="One two."), Paragraph(text="Three.")), id="paragraphs"),
        pytest.param("Do:\n- a\n- b", (Paragraph(text="Do:"), ListBlock(items=("a", "b"))), id="list after text"),
        pytest.param("- a\nText.", (ListBlock(items=("a",)), Paragraph(text="Text.")), id="text after list"),
        pytest.param("- a\n  goes on\n- b", (ListBlock(items=("a goes on", "b")),), id="item over two lines"),
        pytest.param(
            "Run:\n```sh\nls\n\n- x\n```\nDone.",
            (Paragraph(text="Run:"), CodeBlock(text="ls\n\n- x", language="sh"), Paragraph(text="Done.")),
            id="code keeps its lines",
        ),
        pytest.param("", (), id="nothing"),
    ],
)
def test_blocks_keep_the_order_and_kind_of_the_text(markdown: str, expected: tuple[Block, ...]) -> None:
    assert blocks(markdown) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("plain", ((Mark.PLAIN, "plain", ""),), id="plain"),
        pytest.param(
            "a `b*c*` d",
            ((Mark.PLAIN, "a ", ""), (Mark.CODE, "b*c*", ""), (Mark.PLAIN, " d", "")),
            id="code",
        ),
        pytest.param(
            "**x** and *y*",
            ((Mark.BOLD, "x", ""), (Mark.PLAIN, " and ", ""), (Mark.BOLD, "y", "")),
            id="bold",
        ),
        pytest.param("3 * 4 * 5", ((Mark.PLAIN, "3 * 4 * 5", ""),), id="multiplication is not bold"),
        pytest.param(
            "see [the guide](https://example.com/a)",
            ((Mark.PLAIN, "see ", ""), (Mark.LINK, "the guide", "https://example.com/a")),
            id="link",
        ),
        pytest.param("[x](javascript:alert)", ((Mark.PLAIN, "[x](javascript:alert)", ""),), id="only https links"),
    ],
)
def test_spans_carry_their_marks(text: str, expected: tuple[tuple[Mark, str, str], ...]) -> None:
    assert spans(text) == tuple(Span(mark=mark, text=run, url=url) for mark, run, url in expected)


def test_a_short_excerpt_is_whole_and_says_nothing_of_cuts() -> None:
    shown = topic("*16* seats in a `row`.", "Ask.\n- one\n- two")
    assert excerpt(shown, shown.sections[0]) == "**16** seats in a `row`.\n\n**How to book**\n\nAsk.\n\n- one\n- two"


def test_a_long_list_is_cut_between_items_and_the_cut_is_counted() -> None:
    items = [f"item {number} " + "x" * 90 for number in range(30)]
    shown = topic("Summary.", "\n".join(f"- {item}" for item in items))
    text = excerpt(shown, shown.sections[0])
    assert len(text) <= EXCERPT_LIMIT
    kept = [line.removeprefix("- ") for line in text.splitlines() if line.startswith("- ")]
    assert kept == items[: len(kept)]
    assert text.endswith(f"… cut: {30 - len(kept)} paragraphs or list items of “How to book”.")
    assert len(text) > EXCERPT_LIMIT - 200


def test_a_code_block_is_shown_whole_or_not_at_all() -> None:
    shown = topic("Summary.", "First.\n```\n" + "line\n" * 400 + "```")
    text = excerpt(shown, shown.sections[0])
    assert "```" not in text
    assert text.endswith("First.\n\n… cut: 1 paragraph or list item of “How to book”.")


def test_one_huge_paragraph_is_cut_at_a_sentence() -> None:
    shown = topic("Summary.", "A sentence of some length stands here. " * 100)
    text = excerpt(shown, shown.sections[0])
    assert len(text) <= EXCERPT_LIMIT
    assert re.search(r"here\. …\n\n… cut: 1 paragraph or list item of “How to book”\.$", text)


@pytest.mark.parametrize("limit", [60, 200, 640, 700, 900, 1500])
def test_no_excerpt_exceeds_its_limit_or_splits_a_mark(limit: int) -> None:
    shown = topic("s" * 20 + " `code` " * 60, "`a b` **c d** [e f](https://example.com/long). " * 60)
    text = excerpt(shown, shown.sections[0], limit, with_analogy=True)
    assert 0 < len(text) <= limit
    assert text.count("`") % 2 == 0
    assert text.count("**") % 2 == 0
    assert text.count("[") == text.count("](")


def test_the_analogy_is_shown_when_asked_for() -> None:
    shown = topic("Summary.", "Ask.")
    assert "Like **rows** of seats." in excerpt(shown, shown.sections[0], with_analogy=True)
    assert "rows" not in excerpt(shown, shown.sections[0])


def sections(*texts: str) -> tuple[Section, ...]:
    return tuple(Section(heading=f"Part {number}", text=text) for number, text in enumerate(texts, start=1))


def test_sections_follow_each_other_while_there_is_room() -> None:
    shown = topic("Summary.", "Ask.")
    whole = combined(shown, sections("First.", "Second.", "Third."))
    assert whole.heading == "Part 1"
    assert whole.text == "First.\n\n**Part 2**\n\nSecond.\n\n**Part 3**\n\nThird."


@pytest.mark.parametrize("length", [300, 500, 640, 700, 1300, 2000])
def test_the_last_section_shown_is_cut_at_a_sentence_and_all_fits(length: int) -> None:
    shown = topic("Summary " * 40, "Ask.")
    sentences = "A sentence of a certain length. " * (length // 32)
    whole = combined(shown, sections(sentences.strip(), sentences.strip(), sentences.strip()))
    text = excerpt(shown, whole)
    assert len(text) <= EXCERPT_LIMIT
    assert text.count("**") % 2 == 0
    assert re.search(r"length\.( …)?$|cut: .*\.$", text)


def test_a_section_that_opens_with_code_is_not_cut() -> None:
    shown = topic("Summary.", "Ask.")
    whole = combined(shown, sections("First.", "```\n" + "line\n" * 400 + "```"))
    assert whole.text == "First."


def test_a_list_that_follows_is_shown_as_far_as_its_items_fit() -> None:
    shown = topic("Summary.", "Ask.")
    items = [f"item {number} " + "x" * 90 for number in range(30)]
    whole = combined(shown, sections("First.", "Intro.\n" + "\n".join(f"- {item}" for item in items)))
    kept = [line.removeprefix("- ") for line in whole.text.splitlines() if line.startswith("- ")]
    assert 10 < len(kept) < 30
    assert kept == items[: len(kept)]
    assert len(excerpt(shown, whole)) <= EXCERPT_LIMIT
