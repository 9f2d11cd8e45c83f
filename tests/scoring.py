"""Scoring: how many of a file of questions the knowledge base answers with the facts asked for, or rightly declines.

`PYTHONPATH=. python tests/scoring.py [FILE [CHARACTERS]]` prints the score by category and every miss with its cause,
for answers of that length (a terminal shows 2,000); without it 1,500, what a chat shows.
"""

import json
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from knowledge import EXCERPT_LIMIT, Answer, KnowledgeBase, load

QUESTIONS = Path(__file__).parent / "knowledge" / "questions.jsonl"

OUT_OF_SCOPE = "out-of-scope"
"""The category whose questions are right when they are declined."""

_OPENING = 400
"""Characters of an answer in which a refusal would stand; later "cannot" is a fact of the field."""

_DECLINING = re.compile(
    r"\b(?:i|we) (?:do not|don't|cannot|can't|could not|have no|only)\b|\bcan only (?:answer|explain|help)\b"
    r"|\bno (?:matching |such )?(?:topic|answer|match)\b|\bout(?:side)? (?:of )?(?:my|our|the) (?:scope|field)"
    r"|\brephrase\b",
    re.IGNORECASE,
)
_MARKUP = re.compile(r"[*`\u200b\u00ad]")
_TYPOGRAPHY = str.maketrans({"’": "'", "‑": "-", "–": "-", "—": "-"})


class Miss(Enum):
    """Why a question is not answered well; the value is what the report says."""

    DECLINED = "declined, though of the field"
    ANSWERED = "answered, though of another field"
    NO_TOPIC = "its topic is missing"
    WRONG_TOPIC = "another topic was found"
    LACKS_FACTS = "right topic, facts not shown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question, the topics that may answer it, and the facts of which `threshold` must be shown.

    Each group of `must_mention` is one fact: regular expressions of which one must be found, case ignored.
    """

    question_id: str
    text: str
    category: str
    primary: str
    accept: tuple[str, ...]
    must_mention: tuple[tuple[re.Pattern[str], ...], ...]
    threshold: int

    @property
    def in_field(self) -> bool:
        """Whether the knowledge base should answer."""
        return self.category != OUT_OF_SCOPE


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a question got: the text shown (None: declined), its topic, the facts met, and the miss if it is one."""

    question: Question
    shown: str | None
    topic_id: str | None
    facts: tuple[bool, ...]
    miss: Miss | None


def read_questions(path: Path) -> tuple[Question, ...]:
    """The questions of a JSON lines file, in its order."""
    return tuple(_question(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip())


def shown_text(answer: Answer) -> str:
    """The text a person reads for an answer: the topic's title, summary, best section and what goes with it."""
    return f"{answer.match.topic.title}\n{answer.text}"


def facts_met(question: Question, shown: str) -> tuple[bool, ...]:
    """For each fact of a question, whether a text states it; words of the question itself do not count."""
    text = re.sub(re.escape(_plain(question.text)), " ", _plain(shown), flags=re.IGNORECASE)
    return tuple(any(pattern.search(text) for pattern in group) for group in question.must_mention)


def result(question: Question, base: KnowledgeBase, limit: int = EXCERPT_LIMIT) -> Result:
    """How the knowledge base does on one question in at most `limit` characters."""
    answer = base.answer(question.text, limit)
    shown = None if answer is None else shown_text(answer)
    topic_id = None if answer is None else answer.match.topic.topic_id
    facts = facts_met(question, shown or "")
    return Result(
        question=question,
        shown=shown,
        topic_id=topic_id,
        facts=facts,
        miss=_miss(question, base, shown=shown, topic_id=topic_id, met=sum(facts)),
    )


def results(questions: Iterable[Question], base: KnowledgeBase, limit: int = EXCERPT_LIMIT) -> tuple[Result, ...]:
    """How the knowledge base does on every question, in their order."""
    return tuple(result(question, base, limit) for question in questions)


def right_pct(found: Sequence[Result]) -> float:
    """Share of questions (0-100) answered with their facts, or declined where they are of another field."""
    return 100 * sum(one.miss is None for one in found) / len(found)


def by_category(found: Iterable[Result]) -> dict[str, tuple[Result, ...]]:
    """The results of each category, in the order in which the categories first appear."""
    grouped: dict[str, list[Result]] = {}
    for one in found:
        grouped.setdefault(one.question.category, []).append(one)
    return {category: tuple(group) for category, group in grouped.items()}


def chance_pct(found: Sequence[Result]) -> float:
    """Share (0-100) of answers that also meet the facts of a question about something else.

    High when the facts asked for are so broad that any text of the field states them. Every fifth answer is tried.
    """
    field = [one for one in found if one.question.in_field and one.shown is not None]
    met = [
        sum(facts_met(other.question, one.shown or "")) >= other.question.threshold
        for one in field[::5]
        for other in field
        if not _topics(one.question) & _topics(other.question)
    ]
    return 100 * sum(met) / len(met)


def report(found: Sequence[Result]) -> str:
    """The score by category and every miss, as text."""
    lines = [_line(category, group) for category, group in by_category(found).items()]
    field = [one for one in found if one.question.in_field]
    if field:
        declined = sum(one.miss is Miss.DECLINED for one in field)
        lines.append(f"{_line('of the field', field)}, {declined} of them declined though their topic is there")
    lines += [
        f"{one.question.question_id:<14} {one.miss.value}: {one.question.primary} -> {one.topic_id}, "
        f"{sum(one.facts)} facts of the {one.question.threshold} needed{_lacking(one)}"
        for one in found
        if one.miss is not None
    ]
    return "\n".join(lines)


def _line(name: str, group: Sequence[Result]) -> str:
    right = sum(one.miss is None for one in group)
    return f"{name:<14} {right:>4} of {len(group):>3}  {right_pct(group):5.1f} %"


def _miss(question: Question, base: KnowledgeBase, *, shown: str | None, topic_id: str | None, met: int) -> Miss | None:
    declined = shown is None or _DECLINING.search(_plain(shown)[:_OPENING]) is not None
    if not question.in_field:
        return None if declined else Miss.ANSWERED
    if not declined and met >= question.threshold:
        return None
    if base.topic(question.primary) is None:
        return Miss.NO_TOPIC
    if declined:
        return Miss.DECLINED
    return Miss.LACKS_FACTS if topic_id in _topics(question) else Miss.WRONG_TOPIC


def _lacking(one: Result) -> str:
    groups = [group[0].pattern for group, met in zip(one.question.must_mention, one.facts, strict=True) if not met]
    return "".join(f"\n{'':<17}lacks {pattern}" for pattern in groups)


def _topics(question: Question) -> set[str]:
    return {question.primary, *question.accept}


def _question(line: str) -> Question:
    record = json.loads(line)
    return Question(
        question_id=record["id"],
        text=record["text"],
        category=record["category"],
        primary=record["primary"],
        accept=tuple(record["accept"]),
        must_mention=tuple(
            tuple(re.compile(pattern, re.IGNORECASE) for pattern in group) for group in record["must_mention"]
        ),
        threshold=record["threshold"],
    )


def _plain(text: str) -> str:
    """The text without markup, with one form of every dash and quote, and single spaces."""
    return " ".join(_MARKUP.sub("", text).translate(_TYPOGRAPHY).split())


if __name__ == "__main__":
    asked = read_questions(Path(sys.argv[1]) if len(sys.argv) > 1 else QUESTIONS)
    characters = int(sys.argv[2]) if len(sys.argv) > 2 else EXCERPT_LIMIT
    print(report(results(asked, load(), characters)))
