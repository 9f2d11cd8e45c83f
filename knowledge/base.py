"""Base: the topics as one knowledge base that answers a question, or says that it does not know.

Names first, then error patterns in what was pasted, then BM25 over all text. A question that no topic covers well
enough is declined: a confident wrong topic costs more than "I don't know".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import TYPE_CHECKING

from knowledge.loading import topics as read_topics
from knowledge.sections import Asked, asked, wants_analogy, without_analogy
from knowledge.symptoms import Symptom, symptoms
from knowledge.topic import Section, Topic
from knowledge.words import cleaned, key

if TYPE_CHECKING:
    from knowledge.index import Index, Ranked

ANSWER_COVERAGE = 0.38
"""Coverage (0-1) from which a topic found by its text is an answer.

Measured over 151 questions: 79 of other fields reach 0.37, 71 of 72 of this field are over 0.40.
"""

_NEAR_COVERAGE = 0.03
"""Coverage (0-1) from which a topic is worth offering when the question was declined."""


class Reason(Enum):
    """Why a topic matches: its name was given, one of its error patterns was pasted, or its text fits."""

    TITLE = "title"
    SYMPTOM = "symptom"
    TEXT = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A topic that fits a text, its best section, and how well (0-1)."""

    topic: Topic
    section: Section
    score: float
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The best match for a question, the runners-up, and whether the analogy was asked for."""

    match: Match
    others: tuple[Match, ...] = ()
    wants_analogy: bool = False


class KnowledgeBase:
    """Every topic, searchable; the index is built at the first question that needs it."""

    def __init__(self, topics: Sequence[Topic]) -> None:
        self.topics = tuple(topics)
        self._by_id = {topic.topic_id: topic for topic in self.topics}
        self._by_name = {key(name): topic for topic in reversed(self.topics) for name in topic.names}

    def topic(self, topic_id: str) -> Topic | None:
        """The topic with this id, or None."""
        return self._by_id.get(topic_id)

    def answer(self, text: str) -> Answer | None:
        """The best topic and section for a question or a pasted error, or None when none fits well enough."""
        found = self.search(text)
        if not found or (found[0].reason is Reason.TEXT and found[0].score < ANSWER_COVERAGE):
            return None
        return Answer(match=found[0], others=found[1:], wants_analogy=wants_analogy(text))

    def search(self, text: str, limit: int = 5) -> tuple[Match, ...]:
        """Up to `limit` topics that fit the text, best first: by name, by error pattern, then by text."""
        question = without_analogy(cleaned(text))
        kind = asked(question)
        named = self._by_name.get(key(question)) or self._by_name.get(self._index.terms(question))
        seen = symptoms(question, self.topics)
        ranked = self._index.ranked(question, kind)
        found: dict[str, Match] = {}
        if named is not None:
            bare = kind in (Asked.ANY, Asked.WHAT)
            section = named.sections[0] if bare else self._index.best_section(named, question, kind)
            found[named.topic_id] = Match(topic=named, section=section, score=1.0, reason=Reason.TITLE)
        for match in self._by_symptom(seen, ranked, question):
            found.setdefault(match.topic.topic_id, match)
        for entry in ranked:
            found.setdefault(entry.topic.topic_id, _text_match(entry))
        return tuple(found.values())[:limit]

    def nearest(self, text: str, limit: int = 3) -> tuple[Topic, ...]:
        """The topics to offer when a question was declined, nearest first; may be empty."""
        return tuple(match.topic for match in self.search(text, limit) if match.score >= _NEAR_COVERAGE)

    @cached_property
    def _index(self) -> "Index":
        # numpy and bm25s cost 0.1 s to import: commands that only list topics do without.
        from knowledge.index import Index

        return Index(self.topics)

    def _by_symptom(self, seen: tuple[Symptom, ...], ranked: "tuple[Ranked, ...]", question: str) -> list[Match]:
        """Symptom matches, the topic that fits the whole paste best first: a log names the cause beside the effect."""
        ranks = {entry.topic.topic_id: entry.rank for entry in ranked}
        kind = asked(f"error: {question}")
        ordered = sorted(seen, key=lambda symptom: (-ranks.get(symptom.topic.topic_id, 0.0), symptom.topic.topic_id))
        return [
            Match(
                topic=symptom.topic,
                section=self._index.best_section(symptom.topic, f"{question} {' '.join(symptom.found)}", kind),
                score=0.9,
                reason=Reason.SYMPTOM,
            )
            for symptom in ordered
        ]


def load(directory: Traversable | None = None) -> KnowledgeBase:
    """The knowledge base of a directory of topic files; by default the topics shipped with the package.

    Raises: TopicError with all problems of all files.
    """
    return KnowledgeBase(read_topics(directory or files("knowledge") / "topics"))


def _text_match(entry: "Ranked") -> Match:
    return Match(topic=entry.topic, section=entry.section, score=round(entry.coverage, 3), reason=Reason.TEXT)
