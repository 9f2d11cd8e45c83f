"""Base: the topics as one knowledge base that answers a question, or says that it does not know.

Names first, then error patterns in what was pasted, then BM25 over all text. A question that speaks more of another
field than of this one is declined: a confident wrong topic costs more than "I don't know".
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import TYPE_CHECKING

from knowledge.blocks import EXCERPT_LIMIT, combined, excerpt
from knowledge.field import other_fields
from knowledge.loading import topics as read_topics
from knowledge.passages import Shelf, with_passages
from knowledge.sections import Asked, asked, compares, wants_analogy, without_analogy
from knowledge.symptoms import Symptom, symptoms
from knowledge.topic import Section, Topic
from knowledge.words import cleaned, key

if TYPE_CHECKING:
    from knowledge.index import Index, Question, Ranked

_OF_FIELD = 1.6
"""How strongly a question speaks of this field (see `field`) and how well a topic fits, together: from here on the
topic answers. A word of ours in a question of another field seldom makes one topic fit."""

_FITS = 0.65
"""Weight of the logarithm of the best topic's rank in that sum; 0.4 to 0.9 part held-out questions as well."""

_ANOTHER_FIELD_PASTED = -3.0
"""Up to here a pasted error is another platform's, though its words are in one of our patterns."""

_NEARLY_AS_GOOD = 0.8
"""Share of the best topic's rank from which the next one's best section is shown beside it: topics are neighbours."""

_KNOWN_QUESTION = 0.7
"""Likeness (0-1) to one of its questions from which a topic is known to answer, or to compare, what was asked."""

_SHELVES = 3
"""Topics whose passages may be in one answer: the best one and two more, since the right one is mostly among them."""

_OTHERS = 5
"""The answer and its runners-up, together."""

_NEAR_COVERAGE = 0.03
"""Coverage (0-1) from which a topic is worth offering when the question was declined."""


class Reason(Enum):
    """Why a topic matches: its name was given, one of its error patterns was pasted, or its text fits."""

    TITLE = "title"
    SYMPTOM = "symptom"
    TEXT = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A topic that fits a text, how well (0-1), its sections best first, and the section to show.

    In an answer that is the best one followed by what else there is room for; where another topic fits nearly as well,
    `beside` is that topic. `likeness` (0-1) tells how near the question is to one the topic is known to answer, `rank`
    how well it fits next to others and to other questions (0 for a name).
    """

    topic: Topic
    section: Section
    sections: tuple[Section, ...]
    score: float
    reason: Reason
    likeness: float = 0.0
    rank: float = 0.0
    beside: Topic | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The best match for a question, the runners-up, and the text to show: summary, best section, further passages.

    `drawn_from` are the other topics of which the text shows a part; `wants_analogy`: the analogy was asked for.
    """

    match: Match
    text: str
    others: tuple[Match, ...] = ()
    drawn_from: tuple[Topic, ...] = ()
    wants_analogy: bool = False


class KnowledgeBase:
    """Every topic, searchable; the index is built at the first question that needs it."""

    def __init__(self, topics: Sequence[Topic], others: Sequence[str] = ()) -> None:
        self.topics = tuple(topics)
        self._others = tuple(others)
        self._by_id = {topic.topic_id: topic for topic in self.topics}
        self._by_name = {key(name): topic for topic in reversed(self.topics) for name in topic.names}

    def topic(self, topic_id: str) -> Topic | None:
        """The topic with this id, or None."""
        return self._by_id.get(topic_id)

    def answer(self, text: str, limit: int = EXCERPT_LIMIT) -> Answer | None:
        """The best topic and section for a question or a pasted error, or None when none fits well enough.

        The text to show has at most `limit` characters.
        """
        analogy = wants_analogy(text)
        if (called := self._called(text)) is not None:
            return _in_order(called, (), limit, with_analogy=analogy)
        question = self._question(text)
        found = self._found(question)
        if not found or not _is_answer(found[0], question):
            return None
        if found[0].reason is Reason.TITLE:
            return _in_order(found[0], found[1:_OTHERS], limit, with_analogy=analogy)
        best, *others = found[:_OTHERS]
        shown, drawn_from = with_passages(
            best.topic, best.sections[0], _shelves(found), self._index.weights(question), limit, with_analogy=analogy
        )
        return Answer(
            match=replace(best, section=shown),
            text=excerpt(best.topic, shown, limit, with_analogy=analogy),
            others=tuple(others),
            drawn_from=drawn_from,
            wants_analogy=analogy,
        )

    def search(self, text: str, limit: int = 5) -> tuple[Match, ...]:
        """Up to `limit` topics that fit the text, best first: by name, by error pattern, then by text."""
        return self._found(self._question(text))[:limit]

    def _called(self, text: str) -> Match | None:
        """The topic whose name is all that was asked: it needs no index, which takes half a second to build."""
        plain = without_analogy(cleaned(text))
        named = self._by_name.get(key(plain))
        if named is None or asked(plain) not in (Asked.ANY, Asked.WHAT):
            return None
        return _match(named, named.sections, 1.0, Reason.TITLE)

    def _question(self, text: str) -> "Question":
        plain = without_analogy(cleaned(text))
        return self._index.question(plain, asked(plain))

    def _found(self, question: "Question") -> tuple[Match, ...]:
        named = self._by_name.get(key(question.text)) or self._by_name.get(question.terms)
        ranked = self._index.ranked(question)
        found: dict[str, Match] = {}
        if named is not None:
            bare = question.kind in (Asked.ANY, Asked.WHAT)
            sections = named.sections if bare else self._index.best_sections(named, question)
            found[named.topic_id] = _match(named, sections, 1.0, Reason.TITLE)
        for match in self._by_symptom(symptoms(question.text, self.topics), ranked, question):
            found.setdefault(match.topic.topic_id, match)
        for entry in ranked:
            by_text = _match(entry.topic, entry.sections, round(entry.coverage, 3), Reason.TEXT)
            found.setdefault(entry.topic.topic_id, replace(by_text, likeness=entry.likeness, rank=entry.rank))
        order = tuple(found.values())
        if len(order) < 2 or named is not None:
            return order
        if order[0].reason is Reason.TEXT and compares(question.text):
            return _compared(order, ranked)
        ranks = {entry.topic.topic_id: entry.rank for entry in ranked}
        first, second = (ranks.get(match.topic.topic_id, 0.0) for match in order[:2])
        if order[0].reason is not order[1].reason or second < _NEARLY_AS_GOOD * first:
            return order
        return (replace(order[0], beside=order[1].topic), *order[1:])

    def nearest(self, text: str, limit: int = 3) -> tuple[Topic, ...]:
        """The topics to offer when a question was declined, nearest first; may be empty."""
        return tuple(match.topic for match in self.search(text, limit) if match.score >= _NEAR_COVERAGE)

    @cached_property
    def _index(self) -> "Index":
        # numpy and bm25s cost 0.1 s to import: commands that only list topics do without.
        from knowledge.index import Index

        return Index(self.topics, self._others)

    def _by_symptom(self, seen: tuple[Symptom, ...], ranked: "tuple[Ranked, ...]", question: "Question") -> list[Match]:
        """Symptom matches, the topic that fits the whole paste best first: a log names the cause beside the effect."""
        ranks = {entry.topic.topic_id: entry.rank for entry in ranked}
        ordered = sorted(
            seen,
            key=lambda symptom: (
                -ranks.get(symptom.topic.topic_id, 0.0) * len(symptom.found),
                symptom.topic.topic_id,
            ),
        )
        pasted = replace(question, kind=Asked.WRONG)
        return [
            _match(symptom.topic, self._index.best_sections(symptom.topic, pasted), 0.9, Reason.SYMPTOM)
            for symptom in ordered
        ]


def load(directory: Traversable | None = None) -> KnowledgeBase:
    """The knowledge base of a directory of topic files; by default the topics shipped with the package.

    Raises: TopicError with all problems of all files.
    """
    return KnowledgeBase(read_topics(directory or files("knowledge") / "topics"), other_fields())


def _match(topic: Topic, sections: tuple[Section, ...], score: float, reason: Reason) -> Match:
    return Match(topic=topic, section=sections[0], sections=sections, score=score, reason=reason)


def _compared(order: tuple[Match, ...], ranked: "tuple[Ranked, ...]") -> tuple[Match, ...]:
    """The matches with the two topics that a comparison names first, unless one section already compares them."""
    names = [entry.topic for entry in ranked if entry.is_named][:2]
    if len(names) < 2 or ranked[0].likeness >= _KNOWN_QUESTION:
        return order
    heading = set(key(order[0].section.heading))
    if all(any(heading >= set(key(name)) for name in topic.names) for topic in names):
        return order
    by_id = {match.topic.topic_id: match for match in order}
    first, second = (by_id[topic.topic_id] for topic in names)
    rest = tuple(match for match in order if match.topic not in names)
    return (replace(first, beside=second.topic), second, *rest)


def _in_order(match: Match, others: tuple[Match, ...], limit: int, *, with_analogy: bool) -> Answer:
    """The answer to a topic's name: its sections in their order, as far as there is room."""
    shown = combined(match.topic, match.sections, limit, with_analogy=with_analogy)
    return Answer(
        match=replace(match, section=shown),
        text=excerpt(match.topic, shown, limit, with_analogy=with_analogy),
        others=others,
        wants_analogy=with_analogy,
    )


def _shelves(found: Sequence[Match]) -> list[Shelf]:
    """Where the passages of an answer are taken from: the best topic and the next ones."""
    best = found[0]
    return [
        Shelf(topic=match.topic, sections=match.sections, is_equal=match.topic in (best.topic, best.beside))
        for match in found[:_SHELVES]
    ]


def _is_answer(best: Match, question: "Question") -> bool:
    """Whether the best match answers the question: its name, its error, a known question, or this field's words."""
    match best.reason:
        case Reason.TITLE:
            return True
        case Reason.SYMPTOM:
            return question.of_field > _ANOTHER_FIELD_PASTED
        case Reason.TEXT:
            of_field = question.of_field + _FITS * math.log1p(best.rank)
            return best.likeness >= _KNOWN_QUESTION or of_field >= _OF_FIELD
