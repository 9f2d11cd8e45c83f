"""The linter tells an author what to mend; the shipped topics have nothing to mend."""

import re
from datetime import date

import pytest

from knowledge import KnowledgeBase, Section, Source, Topic, load
from knowledge.lint import overdue, problems

REVIEWED = date(2026, 11, 23)


def topic(topic_id: str, **changes: object) -> Topic:
    given: dict[str, object] = {
        "topic_id": topic_id,
        "title": topic_id.title(),
        "aliases": (f"{topic_id} alias",),
        "questions": ("what is it",),
        "summary": "A summary.",
        "analogy": "Seats in a hall.",
        "reviewed": REVIEWED,
        "related": ("other",) if topic_id != "other" else ("warm",),
        "sources": (Source(title="Guide", url="https://docs.aws.amazon.com/", says="so"),),
        "sections": (Section(heading="What it is", text="A thing."),),
    }
    return Topic(**{**given, **changes})  # type: ignore[arg-type]


def lint(*topics: Topic) -> tuple[str, ...]:
    return problems(KnowledgeBase(topics))


def test_sound_topics_have_no_problems() -> None:
    assert lint(topic("warm"), topic("other")) == ()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        pytest.param(
            {"sections": (Section(heading="How", text="word " * 400),)}, "'How'", id="section too long to show"
        ),
        pytest.param({"related": ("warm",)}, "related to itself", id="related to itself"),
        pytest.param({"symptoms": (re.compile("no free slot"),)}, "claimed by other", id="symptom of two topics"),
        pytest.param(
            {"symptoms": (re.compile(r"no free slot\."),)}, "claimed by other", id="escaped symptom of two topics"
        ),
    ],
)
def test_each_problem_is_named_with_its_topic(changes: dict[str, object], says: str) -> None:
    found = lint(topic("warm", **changes), topic("other", symptoms=(re.compile(r"no free \w+"),)))
    assert len(found) == 1
    assert found[0].startswith("warm: ")
    assert says in found[0]


def test_a_topic_without_neighbours_is_told() -> None:
    assert lint(topic("alone", related=())) == ("alone: nothing is related to it: name its neighbours",)


def test_a_topic_is_overdue_after_a_year_and_the_oldest_comes_first() -> None:
    base = KnowledgeBase(
        [topic("warm", reviewed=date(2025, 1, 1)), topic("other"), topic("old", reviewed=date(2024, 1, 1))]
    )
    assert overdue(base, date(2026, 1, 1)) == ("old: last reviewed 2024-01-01",)
    assert [line.partition(":")[0] for line in overdue(base, date(2026, 2, 1))] == ["old", "warm"]
    assert overdue(base, REVIEWED) == ("old: last reviewed 2024-01-01", "warm: last reviewed 2025-01-01")


def test_the_shipped_topics_have_nothing_to_mend() -> None:
    assert problems(load()) == ()
