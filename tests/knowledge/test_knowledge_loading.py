"""Topic files are read into topics, or refused with every problem named."""

from datetime import date
from pathlib import Path

import pytest

from knowledge.loading import MAX_SUMMARY, topics
from knowledge.topic import TopicError

FRONT = """title = "Seat rows"
aliases = ["row mode", "ENABLE_ROWS"]
questions = ["how many seats are in a row"]
symptoms = ['NoFreeRow']
summary = "A row holds `16` seats."
analogy = "Rows in a hall."
commands = ["subnet private-1a"]
reviewed = 2026-11-23
[[sources]]
title = "Seating guide"
url = "https://example.com/rows"
says = "A row is 16 seats."
[[corrections]]
claim = "Rows are free."
fact = "A row is paid for whole."
"""
BODY = "## What it is\nA row of 16 seats.\n\n## How to book\n- ask the desk\n- wait\n"


def write(directory: Path, front: str = FRONT, body: str = BODY, name: str = "rows.md") -> None:
    (directory / name).write_text(f"+++\n{front}+++\n{body}", encoding="utf-8")


def problems(directory: Path) -> tuple[str, ...]:
    with pytest.raises(TopicError) as raised:
        topics(directory)
    return raised.value.problems


def test_a_valid_file_becomes_a_topic_with_all_its_parts(tmp_path: Path) -> None:
    write(tmp_path)
    (topic,) = topics(tmp_path)
    assert topic.topic_id == "rows"
    assert topic.names == ("rows", "Seat rows", "row mode", "ENABLE_ROWS")
    assert topic.reviewed == date(2026, 11, 23)
    assert topic.symptoms[0].search("error: NOFREEROW")
    assert topic.sources[0].url == "https://example.com/rows"
    assert topic.corrections[0].fact == "A row is paid for whole."
    assert [section.heading for section in topic.sections] == ["What it is", "How to book"]
    assert topic.sections[1].text == "- ask the desk\n- wait"


def test_a_heading_inside_a_code_block_is_code(tmp_path: Path) -> None:
    """`#` lines of a shell snippet do not start a section."""
    write(tmp_path, body="## Steps\n```sh\n## not a heading\n# a comment\n```\n")
    (topic,) = topics(tmp_path)
    assert topic.sections[0].text == "```sh\n## not a heading\n# a comment\n```"


def test_windows_line_ends_read_like_unix_ones(tmp_path: Path) -> None:
    (tmp_path / "rows.md").write_bytes(f"+++\n{FRONT}+++\n{BODY}".replace("\n", "\r\n").encode())
    assert topics(tmp_path)[0].sections[0].text == "A row of 16 seats."


def without(key: str) -> str:
    """The valid front matter without its first line that sets `key`."""
    lines = FRONT.splitlines(keepends=True)
    del lines[next(number for number, line in enumerate(lines) if line.startswith(f"{key} ="))]
    return "".join(lines)


@pytest.mark.parametrize(
    ("front", "body", "expected"),
    [
        pytest.param(without("analogy"), BODY, "rows.md: `analogy` is missing", id="no analogy"),
        pytest.param(without("reviewed"), BODY, "rows.md: `reviewed` is missing", id="no review date"),
        pytest.param(without("summary"), BODY, "rows.md: `summary` is missing", id="no summary"),
        pytest.param(
            FRONT.replace("reviewed = 2026-11-23", 'reviewed = "2026-11-23"'),
            BODY,
            "rows.md: `reviewed` must be a date such as 2026-11-23, without quotes",
            id="review date in quotes",
        ),
        pytest.param(
            FRONT.replace("reviewed = 2026-11-23", "reviewed = 2026-11-23T10:00:00Z"),
            BODY,
            "rows.md: `reviewed` must be a date such as 2026-11-23, without quotes",
            id="review date with a time",
        ),
        pytest.param(
            'simptoms = ["x"]\n' + FRONT,
            BODY,
            "rows.md: unknown key `simptoms`, did you mean `symptoms`?",
            id="unknown key with a near one",
        ),
        pytest.param("zzz = 1\n" + FRONT, BODY, "rows.md: unknown key `zzz`", id="unknown key with no near one"),
        pytest.param(
            FRONT.replace("says = ", "say = "),
            BODY,
            "rows.md: unknown key `say` in sources 1, did you mean `says`?",
            id="unknown key in a source",
        ),
        pytest.param(
            FRONT.replace("A row holds", "A row holds " + "x" * MAX_SUMMARY),
            BODY,
            "rows.md: `summary` has 624 characters, at most 600 are allowed",
            id="summary too long",
        ),
        pytest.param(
            FRONT.replace("NoFreeRow", "NoFree(Row"),
            BODY,
            "rows.md: symptom 'NoFree(Row' is not a regular expression: "
            "missing ), unterminated subpattern at position 6",
            id="broken pattern",
        ),
        pytest.param(
            FRONT.replace("NoFreeRow", "(row)?"),
            BODY,
            "rows.md: symptom '(row)?' matches an empty text",
            id="pattern that matches everything",
        ),
        pytest.param(
            FRONT.replace("NoFreeRow", "(a+)+b"),
            BODY,
            "rows.md: symptom '(a+)+b' repeats without bound inside a repeat or too often: use .{0,80} instead of .*",
            id="exponential pattern",
        ),
        pytest.param(
            FRONT.replace("NoFreeRow", "a.*b.*c.*d"),
            BODY,
            "rows.md: symptom 'a.*b.*c.*d' repeats without bound inside a repeat or too often: "
            "use .{0,80} instead of .*",
            id="cubic pattern",
        ),
        pytest.param(
            FRONT.replace("https://", "http://"),
            BODY,
            "rows.md: `url` in sources 1 must be an https:// address, not 'http://example.com/rows'",
            id="source without https",
        ),
        pytest.param(
            FRONT[: FRONT.index("[[sources]]")] + "sources = []\n",
            BODY,
            "rows.md: `sources` is empty: every topic names at least one source",
            id="no sources",
        ),
        pytest.param(
            FRONT[: FRONT.index("[[sources]]")] + 'sources = ["https://example.com"]\n',
            BODY,
            "rows.md: `sources` must be written as [[sources]] tables",
            id="sources not tables",
        ),
        pytest.param(
            FRONT.replace('title = "Seat rows"', "title = 3"),
            BODY,
            "rows.md: `title` must be a text that is not empty",
            id="title not text",
        ),
        pytest.param(
            FRONT.replace('["row mode", "ENABLE_ROWS"]', '"row mode"'),
            BODY,
            "rows.md: `aliases` must be a list of texts, none empty",
            id="aliases not a list",
        ),
        pytest.param(
            FRONT.replace('"ENABLE_ROWS"', '"Row Mode"'),
            BODY,
            "rows.md: alias 'row mode' appears twice",
            id="alias twice in one topic",
        ),
        pytest.param(
            'related = ["row"]\n' + FRONT,
            BODY,
            "rows.md: related topic 'row' does not exist, did you mean 'rows'?",
            id="related topic missing",
        ),
        pytest.param('related = ["rows"]\n' + FRONT, BODY, "rows.md: is related to itself", id="related to itself"),
        pytest.param(FRONT, "Just text.\n", "rows.md: the body has no `## ` heading", id="no heading"),
        pytest.param(
            FRONT, "Text.\n" + BODY, "rows.md: there is text before the first `## ` heading", id="text before heading"
        ),
        pytest.param(FRONT, BODY + "## Empty\n", "rows.md: section 'Empty' is empty", id="empty section"),
        pytest.param(
            FRONT, BODY + "## What it is\nAgain.\n", "rows.md: heading 'What it is' appears twice", id="heading twice"
        ),
        pytest.param(
            FRONT,
            BODY + "### Deep\n",
            "rows.md: only level-2 headings with a text are allowed: '### Deep'",
            id="deep heading",
        ),
        pytest.param(FRONT, BODY + "```\nx\n", "rows.md: a ``` code block is not closed", id="open code block"),
        pytest.param(
            FRONT,
            BODY + "| a | b |\n",
            "rows.md: only paragraphs, `- ` lists and code blocks are allowed: '| a | b |'",
            id="table",
        ),
        pytest.param(
            FRONT,
            BODY + "1. first\n",
            "rows.md: only paragraphs, `- ` lists and code blocks are allowed: '1. first'",
            id="numbered list",
        ),
    ],
)
def test_each_kind_of_problem_is_named_with_its_file(tmp_path: Path, front: str, body: str, expected: str) -> None:
    write(tmp_path, front, body)
    assert expected in problems(tmp_path)


def test_a_file_without_front_matter_is_refused(tmp_path: Path) -> None:
    (tmp_path / "rows.md").write_text("## What it is\nx\n")
    assert problems(tmp_path) == ("rows.md: must begin with TOML front matter between two +++ lines",)


def test_broken_toml_and_broken_utf8_are_refused(tmp_path: Path) -> None:
    write(tmp_path, front="title = \n", name="toml.md")
    (tmp_path / "bytes.md").write_bytes(b"+++\n\xff\n")
    found = problems(tmp_path)
    assert found[0] == "bytes.md: is not UTF-8 text (byte 4)"
    assert found[1].startswith("toml.md: front matter is not valid TOML: ")


def test_all_problems_of_all_files_come_at_once(tmp_path: Path) -> None:
    write(tmp_path, without("title"), "no heading", name="a.md")
    write(tmp_path, without("analogy"), name="b.md")
    assert problems(tmp_path) == (
        "a.md: `title` is missing",
        "a.md: there is text before the first `## ` heading",
        "a.md: the body has no `## ` heading",
        "b.md: `analogy` is missing",
    )


def test_a_name_belongs_to_one_topic_whatever_its_spelling(tmp_path: Path) -> None:
    """Two topics may not both answer to "row mode" and "Row_Mode"."""
    write(tmp_path, name="a.md")
    write(tmp_path, FRONT.replace("Seat rows", "Other").replace('"row mode", "ENABLE_ROWS"', '"Row_Mode"'), name="b.md")
    assert problems(tmp_path) == ("b.md: the name 'row mode' already belongs to a.md",)


def test_a_file_name_is_a_topic_id(tmp_path: Path) -> None:
    write(tmp_path, name="Seat_Rows.md")
    assert problems(tmp_path) == ("Seat_Rows.md: the file name must be lower-case words joined by hyphens",)


def test_an_empty_directory_is_a_problem(tmp_path: Path) -> None:
    assert problems(tmp_path) == ("no topic files (*.md) found",)
