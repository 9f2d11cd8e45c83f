"""Index: BM25 over topics and over their sections, and how much of a question each topic covers.

A topic is scored twice: as a whole (names and questions weigh more than prose) and by its best section (heading
over text). Importing bm25s takes 0.1 s of processor time, most of it numpy; building the index of 70 topics 0.2 s.
Source: BM25 with weighted fields as repeated terms, Robertson, Zaragoza, Taylor, "Simple BM25 extension to
multiple weighted fields", CIKM 2004 (https://doi.org/10.1145/1031171.1031181).
"""

import logging
import math
from collections import Counter
from collections.abc import Container, Sequence
from dataclasses import dataclass, replace

import bm25s
import numpy as np
import numpy.typing as npt

from knowledge.affinity import Affinity, features
from knowledge.field import Field
from knowledge.likeness import KnownQuestions, Likenesses
from knowledge.ordering import best_first
from knowledge.sections import Asked
from knowledge.spelling import Spelling
from knowledge.symptoms import literal_symptoms
from knowledge.topic import Section, Topic
from knowledge.vocabulary import VARIANTS, implied
from knowledge.words import INSTANCE_TYPE, key, stems, without_noise

# bm25s gives its own logger the level DEBUG at import and would tell of every index.
logging.getLogger("bm25s").setLevel(logging.WARNING)

Scores = npt.NDArray[np.float64]

_NAME_WEIGHT, _QUESTION_WEIGHT, _HEADING_WEIGHT, _SYMPTOM_WEIGHT, _SITUATION_WEIGHT, _TEXT_WEIGHT = 5, 2, 2, 2, 1, 1
_SECTION_HEADING_WEIGHT = 2
_SECTION_SHARE = 0.5
"""What a topic's best section adds to its own score: enough to decide between neighbours, not to overturn a name."""

_PROSE_COVERS = 0.6
"""How far a word found only in a topic's prose counts as covered: prose names many things it is not about."""

_NAMED = 0.5
"""Added to coverage, and as a share to the rank, when the question contains a topic's name of two words or more."""

_OTHER_VARIANT = 0.6
"""Share of its rank that a topic about Windows, Fargate or IPv6 keeps when the question does not name it."""

_NAMED_SHORTLY = 0.4
"""The same for a name of one word that few topics share, such as fargate or mtu."""

_FEW_TOPICS = 0.25
"""Share of the topics that may mention a word which is still a name by itself."""

_LIKE_A_QUESTION = 4.0
"""Share of the rank added when the question is one the topic is known to answer, less for a lesser overlap."""

_NEAR = 1.0
"""The same for what is near a question or situation though it says more; 3 and 8 do no better on held-out ones."""

_AFFINITY = 0.15
"""Power to which the rank is raised by how much the words are a topic's own; 0.1 to 0.25 do alike on held-out ones."""

_UNKNOWN_WEIGHT = 0.8
"""Weight of a word no topic has, next to the rarest known one: people wrap a question in ordinary words."""

_ORDINARY_WEIGHT = 0.55
"""Weight in ranking of a word that is in no topic's name: among a few dozen topics "ten" is rare by chance."""

_IMPLIED_WEIGHT = 0.5
"""Weight of a word that the vocabulary adds to a question, next to one that was typed."""

_IMPLIED_COVERS = 0.3
"""How far a word that the vocabulary adds counts as covered: it was not typed."""

_MAX_TERMS = 80
"""Distinct terms of a question that are scored; a paste has more, its rarest known terms carry it."""

_A_NAME = 5
"""Terms a misspelt name has at most, compounds included; longer texts are questions."""

_SHOWN = 10
"""Topics whose sections are put in order: an answer shows two, and offers the next ones by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """A topic with its sections for a question, best first.

    `rank` orders answers to one question; `coverage` (0-1) compares between questions: the share of the question's
    words, weighed by rarity, that the topic is about; `likeness` (0-1) how near the question is to one the topic is
    known to answer; `is_named`: the question contains a name of it of two words or more.
    """

    topic: Topic
    sections: tuple[Section, ...]
    rank: float
    coverage: float
    likeness: float
    is_named: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question made ready for the index.

    `words` are its stems in order between spaces, `terms` the distinct ones with compounds, misspelt words of the field
    put right in both; `added` the known stems that the vocabulary
    adds; `of_field` how strongly it speaks of this field (see `field`).
    """

    text: str
    kind: Asked
    words: str
    terms: tuple[str, ...]
    added: tuple[str, ...]
    of_field: float


class Index:
    """The searchable form of a fixed set of topics; building it takes the time, asking it is milliseconds."""

    def __init__(self, topics: Sequence[Topic], others: Sequence[str]) -> None:
        self._topics = tuple(topics)
        self._field = Field(self._topics, others)
        self._subjects = [_subject_stems(topic) for topic in self._topics]
        self._anchors = frozenset(stem for topic in self._topics for name in topic.names for stem in stems(name))
        self._phrases = [_phrases(topic) for topic in self._topics]
        whole = [_topic_terms(topic) for topic in self._topics]
        self._known = [frozenset(terms) for terms in whole]
        in_topics = Counter(term for known in self._known for term in known)
        self._rarity = {term: self._idf(count) for term, count in in_topics.items()}
        self._unknown_rarity = self._idf(0)
        few = _FEW_TOPICS * len(self._topics)
        self._short_names = [
            _short_names(topic, {t for t, n in in_topics.items() if n <= few}) for topic in self._topics
        ]
        self._affinity = Affinity(self._topics)
        self._asked_before = KnownQuestions(self._topics, self._weight)
        self._variants = [VARIANTS.intersection(key(topic.topic_id)) for topic in self._topics]
        self._spelling = Spelling(self._topics, self._field.stems | self._rarity.keys())
        self._own_words = [[frozenset(_section_terms(section)) for section in topic.sections] for topic in self._topics]
        self._sections = [(row, section) for row, topic in enumerate(self._topics) for section in topic.sections]
        self._by_topic = _bm25(whole)
        self._by_section = _bm25([_section_terms(section) for _, section in self._sections])

    def question(self, text: str, kind: Asked, *, is_name: bool = False) -> Question:
        """A cleaned text as a question: its terms, what they imply, and how strongly it speaks of this field."""
        plain = without_noise(text)
        corrected = self._spelling.corrected(plain)
        if corrected != plain and not is_name and self._field.speaks(corrected) <= 0:
            # Nothing else speaks of this field: what looks misspelt ("lunch" for launch) is another word.
            corrected = plain
        found = tuple(dict.fromkeys(stems(corrected)))
        # A joined compound that no topic writes is its parts said twice.
        terms = tuple(term for term in found if term in self._rarity or not _is_joined(term, found))
        if len(terms) > _MAX_TERMS:
            known = sorted((term for term in terms if term in self._rarity), key=self._rarity.__getitem__, reverse=True)
            terms = tuple((known + [term for term in terms if term not in self._rarity])[:_MAX_TERMS])
        added = tuple(
            term for term in dict.fromkeys(stems(implied(corrected))) if term in self._rarity and term not in terms
        )
        words = f" {' '.join(key(corrected))} "
        named = any(name in words for names in self._phrases for name in names)
        if not (named or is_name) and len(terms) <= _A_NAME and (meant := self._spelling.name_meant(words)):
            return self.question(meant, kind, is_name=True)
        return Question(
            text=text,
            kind=kind,
            words=words,
            terms=terms,
            added=added,
            of_field=self._field.speaks(corrected),
        )

    def ranked(self, question: Question) -> tuple[Ranked, ...]:
        """Every topic that shares a term with the question, best first."""
        topic_scores = self._scores(self._by_topic, question, len(self._topics))
        section_scores = self._scores(self._by_section, question, len(self._sections))
        by_row = self._sections_by_row(section_scores)
        likenesses = self._likenesses(question)
        affinities = self._affinities(question)
        found: list[Ranked] = []
        for row, topic in enumerate(self._topics):
            if topic_scores[row] <= 0:
                continue
            scored = by_row[row]
            rank = float(topic_scores[row]) + _SECTION_SHARE * max(score for _, score in scored)
            coverage = self._coverage(row, question)
            likeness = float(likenesses.same[row])
            rank *= 0.5 + coverage + _LIKE_A_QUESTION * likeness**2 + _NEAR * float(likenesses.near[row])
            rank *= affinities[row]
            if self._variants[row] and not any(f" {word} " in question.words for word in self._variants[row]):
                rank *= _OTHER_VARIANT
            if named := self._named(row, question.words):
                rank *= 1 + named
                coverage = min(1.0, coverage + named)
            found.append(
                Ranked(
                    topic=topic,
                    sections=topic.sections,
                    rank=rank,
                    coverage=coverage,
                    likeness=likeness,
                    is_named=named == _NAMED,
                )
            )
        found.sort(key=lambda ranked: (-ranked.rank, ranked.topic.topic_id))
        # Ordering sections takes most of the time: only topics that may be shown have theirs ordered.
        rows = {topic.topic_id: row for row, topic in enumerate(self._topics)}
        for place, one in enumerate(found[:_SHOWN]):
            row = rows[one.topic.topic_id]
            found[place] = replace(one, sections=self._best_first(row, by_row[row], question))
        return tuple(found)

    def best_sections(self, topic: Topic, question: Question) -> tuple[Section, ...]:
        """The sections of one topic, those that answer the question best first."""
        scores = self._scores(self._by_section, question, len(self._sections))
        row = self._topics.index(topic)
        return self._best_first(row, self._sections_by_row(scores)[row], question)

    def weights(self, question: Question) -> dict[str, float]:
        """What each known stem of a question weighs, by rarity; those that the vocabulary adds less."""
        added = {term: _IMPLIED_WEIGHT * self._rarity[term] for term in question.added}
        return added | {term: self._rarity[term] for term in question.terms if term in self._rarity}

    def _scores(self, retriever: bm25s.BM25, question: Question, documents: int) -> Scores:
        known = [term for term in question.terms if term in self._rarity]
        named = [term for term in known if term in self._anchors]
        other = [term for term in known if term not in self._anchors]
        return (
            _scores(retriever, named, documents)
            + _ORDINARY_WEIGHT * _scores(retriever, other, documents)
            + _IMPLIED_WEIGHT * _scores(retriever, list(question.added), documents)
        )

    def _sections_by_row(self, scores: Scores) -> list[list[tuple[Section, float]]]:
        rows: list[list[tuple[Section, float]]] = [[] for _ in self._topics]
        for (row, section), score in zip(self._sections, scores, strict=True):
            rows[row].append((section, float(score)))
        return rows

    def _best_first(self, row: int, scored: list[tuple[Section, float]], question: Question) -> tuple[Section, ...]:
        typed = {term: self._rarity[term] for term in question.terms if term in self._rarity}
        return best_first(scored, self._own_words[row], typed, question.kind)

    def _named(self, row: int, words: str) -> float:
        """What a topic gains by a name of its own in the question, a name of two words more than a single one."""
        if any(name in words for name in self._phrases[row]):
            return _NAMED
        return _NAMED_SHORTLY if any(name in words for name in self._short_names[row]) else 0.0

    def _coverage(self, row: int, question: Question) -> float:
        """The share (0-1) of the terms, by rarity, that a topic covers."""
        subject = prose = asked = 0.0
        for term in question.terms:
            if term == INSTANCE_TYPE:
                continue
            rarity = self._rarity.get(term, _UNKNOWN_WEIGHT * self._unknown_rarity)
            asked += rarity
            if term in self._subjects[row]:
                subject += rarity
            elif term in self._known[row]:
                prose += rarity
        for term in question.added:
            if term in self._subjects[row]:
                subject += _IMPLIED_COVERS * self._rarity[term]
        return min(1.0, (subject + _PROSE_COVERS * prose) / asked) if asked else 0.0

    def _likenesses(self, question: Question) -> Likenesses:
        """How near the question is to what each topic is known to be asked about."""
        asked = {term: _IMPLIED_WEIGHT * self._weight(term) for term in question.added}
        return self._asked_before.likenesses(asked | {term: self._weight(term) for term in question.terms})

    def _affinities(self, question: Question) -> list[float]:
        """What each topic's rank is multiplied by for how much the question's words are said of it."""
        asked = dict.fromkeys(question.added, _IMPLIED_WEIGHT)
        asked |= dict.fromkeys((*question.terms, *features(question.words.split())), 1.0)
        found: list[float] = np.exp(_AFFINITY * self._affinity.scores(asked)).tolist()
        return found

    def _weight(self, term: str) -> float:
        return self._rarity.get(term, _UNKNOWN_WEIGHT * self._unknown_rarity)

    def _idf(self, topics_with_term: int) -> float:
        return math.log(1 + (len(self._topics) + 0.5) / (topics_with_term + 0.5))


def _is_joined(term: str, found: Sequence[str]) -> bool:
    return any(term.startswith(part) and part != term for part in found)


def _bm25(documents: list[list[str]]) -> bm25s.BM25:
    retriever = bm25s.BM25(method="lucene", k1=1.4, b=0.6, backend="numpy")
    retriever.index(documents, show_progress=False)
    return retriever


def _scores(retriever: bm25s.BM25, terms: list[str], documents: int) -> Scores:
    if not terms:
        return np.zeros(documents)
    return np.asarray(retriever.get_scores(terms), dtype=np.float64)


def _topic_terms(topic: Topic) -> list[str]:
    weighted = (
        (_NAME_WEIGHT, topic.names),
        (_QUESTION_WEIGHT, topic.questions),
        (_HEADING_WEIGHT, tuple(section.heading for section in topic.sections)),
        (_SYMPTOM_WEIGHT, literal_symptoms(topic)),
        (_SITUATION_WEIGHT, topic.situations),
        (_TEXT_WEIGHT, (topic.summary, *(section.text for section in topic.sections))),
        (_TEXT_WEIGHT, tuple(f"{item.claim} {item.fact}" for item in topic.corrections)),
    )
    return [term for weight, texts in weighted for text in texts for term in stems(text) * weight]


def _section_terms(section: Section) -> list[str]:
    return stems(section.heading) * _SECTION_HEADING_WEIGHT + stems(section.text)


def _subject_stems(topic: Topic) -> frozenset[str]:
    """What a topic is about, as opposed to what its prose mentions."""
    headings = tuple(section.heading for section in topic.sections)
    texts = (*topic.names, *topic.questions, *headings, *literal_symptoms(topic))
    return frozenset(term for text in texts for term in stems(text))


def _phrases(topic: Topic) -> tuple[str, ...]:
    """The names of two words and more, as stems between spaces; a single word says too little by itself."""
    names = {key(name) for name in topic.names}
    return tuple(f" {' '.join(name)} " for name in sorted(names) if len(name) > 1)


def _short_names(topic: Topic, rare: Container[str]) -> tuple[str, ...]:
    """The names of one word that few topics mention, as stems between spaces."""
    names = {key(name) for name in topic.names}
    return tuple(f" {name[0]} " for name in sorted(names) if len(name) == 1 and name[0] in rare)
