"""The shipped topics answer questions written before and apart from them; an edit that breaks an answer is seen.

`tests/scoring.py` judges; run by itself it prints every miss with its cause.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest
from scoring import (
    OUT_OF_SCOPE,
    QUESTIONS,
    Miss,
    Question,
    Result,
    by_category,
    chance_pct,
    read_questions,
    report,
    results,
    right_pct,
)

from knowledge import KnowledgeBase, Topic, load
from knowledge.field import other_fields

FLOORS_PCT = {
    "log": 96.0,
    "symptom": 93.0,
    "concept": 93.0,
    "comparison": 93.0,
    "how-to": 94.0,
    "can-i": 93.0,
    "number": 90.0,
    "terse": 95.0,
    OUT_OF_SCOPE: 98.0,
}
"""Share (0-100) of each category that must be right: one or two questions under what the topics reach."""

IN_FIELD_FLOOR_PCT = 97.0
"""Share (0-100) of all questions of the field that must be answered with their facts."""

DECLINED_CEILING_PCT = 2.0
"""Share (0-100) of questions of the field, topic shipped, that may be declined."""

FRESH = ("questions_fresh_a.jsonl", "questions_fresh_b.jsonl", "questions_fresh_c.jsonl", "questions_fresh_d.jsonl")
"""Questions by somebody who had not read the topics; scored before anybody who wrote topics had read them."""

FRESH_FLOOR_PCT = 94.0
"""Share (0-100) of each fresh set's questions of the field, and of the others, that must be right."""

AROUND_FLOOR_PCT = 90.0
"""The same for the questions with words around them that ask nothing."""

CHANCE_CEILING_PCT = 10.0
"""Share (0-100) of answers that may meet the facts of an unrelated question; above it the facts are too broad."""

RUN = 5
"""Words in a row that no question shares with a topic, lest topics be written to the questions."""

UPSTREAM_MESSAGES = QUESTIONS.with_name("upstream_messages.txt")
"""What the CNI, EC2, EKS and Kubernetes print, one message a line: questions paste them and topics quote them."""


@pytest.fixture(scope="module")
def questions() -> tuple[Question, ...]:
    return read_questions(QUESTIONS)


@pytest.fixture(scope="module")
def knowledge() -> KnowledgeBase:
    return load()


@pytest.fixture(scope="module")
def scored(questions: tuple[Question, ...], knowledge: KnowledgeBase) -> tuple[Result, ...]:
    return results(questions, knowledge)


@pytest.mark.parametrize("category", FLOORS_PCT)
def test_each_kind_of_question_is_answered_as_well_as_before(scored: tuple[Result, ...], category: str) -> None:
    group = by_category(scored)[category]
    assert right_pct(group) >= FLOORS_PCT[category], f"\n{report(group)}"


def test_questions_of_the_field_are_answered_with_their_facts(scored: tuple[Result, ...]) -> None:
    field = [one for one in scored if one.question.in_field]
    assert right_pct(field) >= IN_FIELD_FLOOR_PCT, f"\n{report(scored)}"


def test_questions_of_the_field_are_seldom_declined(scored: tuple[Result, ...]) -> None:
    field = [one for one in scored if one.question.in_field]
    declined = [one.question.question_id for one in field if one.miss is Miss.DECLINED]
    assert 100 * len(declined) / len(field) <= DECLINED_CEILING_PCT, declined


@pytest.mark.parametrize("name", FRESH)
def test_fresh_questions_are_answered_or_declined_as_well_as_before(knowledge: KnowledgeBase, name: str) -> None:
    found = results(read_questions(QUESTIONS.with_name(name)), knowledge)
    for in_field in (True, False):
        group = [one for one in found if one.question.in_field is in_field]
        assert right_pct(group) >= FRESH_FLOOR_PCT, f"\n{report(found)}"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("hey team, ", " - any idea?? thx", id="chatter around it"),
        pytest.param("sorry to bother, ", " please help, thanks in advance!", id="politeness around it"),
        pytest.param("Nov 23 11:02:44 ip-10-88-3-2 kubelet[4121]: ", "", id="start of a syslog line"),
        pytest.param("2026-11-23T11:02:44.881Z stdout F ", "", id="start of a container log line"),
    ],
)
def test_what_stands_around_a_question_hardly_changes_its_answer(
    knowledge: KnowledgeBase, before: str, after: str
) -> None:
    questions = read_questions(QUESTIONS.with_name(FRESH[-1]))
    found = results([replace(one, text=before + one.text + after) for one in questions], knowledge)
    for in_field in (True, False):
        group = [one for one in found if one.question.in_field is in_field]
        assert right_pct(group) >= AROUND_FLOOR_PCT, f"\n{report(group)}"


def test_an_answer_seldom_meets_the_facts_of_another_question(scored: tuple[Result, ...]) -> None:
    assert chance_pct(scored) <= CHANCE_CEILING_PCT


def test_the_set_is_large_and_covers_pastes_and_other_fields(questions: tuple[Question, ...]) -> None:
    """At least 500 questions, 60 pasted logs and 250 of other fields, in no category without a floor."""
    per_category = {category: sum(q.category == category for q in questions) for category in FLOORS_PCT}
    assert sum(per_category.values()) == len(questions) >= 500
    assert per_category["log"] >= 60
    assert per_category[OUT_OF_SCOPE] >= 250


def test_every_question_is_asked_once_and_asks_for_at_least_half_of_its_facts(questions: tuple[Question, ...]) -> None:
    assert len({q.question_id for q in questions}) == len({q.text for q in questions}) == len(questions)
    for question in questions:
        facts = len(question.must_mention)
        assert (facts >= 2) is question.in_field, question.question_id
        assert facts <= 2 * question.threshold <= 2 * facts, question.question_id


@pytest.mark.parametrize("name", [QUESTIONS.name, *FRESH])
def test_no_question_shares_a_run_of_words_with_a_topic(knowledge: KnowledgeBase, name: str) -> None:
    """Topics and questions are written apart: only messages quoted from upstream may be in both."""
    messages = [" ".join(_words(line)) for line in UPSTREAM_MESSAGES.read_text(encoding="utf-8").splitlines()]
    written = {
        run: topic.topic_id for topic in knowledge.topics for text in _texts(topic) for run in _runs(_words(text))
    }
    shared = [
        f"{question.question_id} and {written[run]}: {' '.join(run)}"
        for question in read_questions(QUESTIONS.with_name(name))
        for stretch in _own_words(question, messages)
        for run in _runs(stretch)
        if run in written
    ]
    assert not shared, "\n" + "\n".join(shared)


@pytest.mark.parametrize("name", [QUESTIONS.name, *FRESH])
def test_no_question_shares_a_run_of_words_with_the_questions_of_other_fields(name: str) -> None:
    known = {run for line in other_fields() for run in _runs(_words(line))}
    shared = [
        f"{question.question_id}: {' '.join(run)}"
        for question in read_questions(QUESTIONS.with_name(name))
        for run in _runs(_words(question.text))
        if run in known
    ]
    assert not shared, "\n" + "\n".join(shared)


def _texts(topic: Topic) -> Iterator[str]:
    """Everything a topic says or is found by."""
    yield from (*topic.names, *topic.questions, *topic.situations, topic.summary, topic.analogy)
    yield from (pattern.pattern for pattern in topic.symptoms)
    yield from (source.says for source in topic.sources)
    for section in topic.sections:
        yield from (section.heading, section.text)
    for correction in topic.corrections:
        yield from (correction.claim, correction.fact)


def _own_words(question: Question, messages: Sequence[str]) -> Iterator[list[str]]:
    """The stretches of a question between the messages of upstream it pastes."""
    plain = " ".join(_words(question.text))
    for message in messages:
        plain = plain.replace(message, "\n")
    return (stretch.split() for stretch in plain.split("\n"))


def _runs(words: Sequence[str]) -> Iterator[tuple[str, ...]]:
    return (tuple(words[start : start + RUN]) for start in range(len(words) - RUN + 1))


def _words(text: str) -> list[str]:
    """Lower-case words; a compound such as WARM_IP_TARGET, 10.0.0.0/16 or data_store.go is one."""
    return [word.strip("./-_") for word in re.findall(r"[\w./-]*\w[\w./-]*", text.lower())]
