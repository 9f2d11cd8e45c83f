"""Index: BM25 over topics and over their sections, and how much of a question each topic covers.

A topic is scored twice: as a whole (names and questions weigh more than prose) and by its best section (heading
over text). Importing bm25s takes 0.1 s of processor time, most of it numpy; building the index of 36 topics as much.
Source: BM25 with weighted fields as repeated terms, Robertson, Zaragoza, Taylor, "Simple BM25 extension to
multiple weighted fields", CIKM 2004 (https://doi.org/10.1145/1031171.1031181).
"""

import logging
import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import bm25s
import numpy as np
import numpy.typing as npt

from knowledge.sections import Asked, heading_fits
from knowledge.topic import Section, Topic
from knowledge.words import ELSEWHERE, INSTANCE_TYPE, STOP_WORDS, key, nearest_word, stem, stems, words

# bm25s gives its own logger the level DEBUG at import and would tell of every index.
logging.getLogger("bm25s").setLevel(logging.WARNING)

Scores = npt.NDArray[np.float64]

_NAME_WEIGHT, _QUESTION_WEIGHT, _HEADING_WEIGHT, _SYMPTOM_WEIGHT, _TEXT_WEIGHT = 5, 3, 2, 2, 1
_SECTION_HEADING_WEIGHT = 3
_SECTION_SHARE = 0.3
"""What a topic's best section adds to its own score: enough to decide between neighbours, not to overturn a name."""

_PROSE_COVERS = 0.6
"""How far a word found only in a topic's prose counts as covered: prose names many things it is not about."""

_SUBJECT_SHARE = 0.2
"""Share of a question that must be what the topic is about, one of its words being in the name of some topic."""

_OFF_SUBJECT = 0.25
"""Coverage is cut to this share otherwise: "taint a node" is not answered by a topic that mentions taints once."""

_NAMED = 0.25
"""Added to coverage, and as a share to the rank, when the question contains a topic's name of two words or more."""

_LIKE_A_QUESTION = 2.5
"""Share of the rank added when the question is one the topic is known to answer, less for a lesser overlap."""

_UNKNOWN_WEIGHT = 0.8
"""Weight of a word no topic has, next to the rarest known one: people wrap a question in ordinary words."""

_ELSEWHERE_WEIGHT = 2.0
"""Weight of a word that names another field: it says more than any ordinary word that the question is not ours."""

_ORDINARY_WEIGHT = 0.4
"""Weight in ranking of a word that is in no topic's name: among a few dozen topics "ten" is rare by chance."""

_MAX_TERMS = 80
"""Distinct terms of a question that are scored; a paste has more, its rarest known terms carry it."""

_MAX_CORRECTED = 12
"""Misspelt words looked up per question: a look-up reads the whole vocabulary."""

_HEADING_FIT = 0.6
"""Share of the best section score added to a section whose heading fits the kind of question (how, when, limits)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """A topic with its best section for a question.

    `rank` orders answers to one question; `coverage` (0-1) compares between questions: the share of the question's
    words, weighed by rarity, that the topic is about.
    """

    topic: Topic
    section: Section
    rank: float
    coverage: float


class Index:
    """The searchable form of a fixed set of topics; building it takes the time, asking it is milliseconds."""

    def __init__(self, topics: Sequence[Topic]) -> None:
        self._topics = tuple(topics)
        self._subjects = [_subject_stems(topic) for topic in self._topics]
        self._questions = [[frozenset(stems(question)) for question in topic.questions] for topic in self._topics]
        self._anchors = frozenset(stem for topic in self._topics for name in topic.names for stem in stems(name))
        self._phrases = [_phrases(topic) for topic in self._topics]
        whole = [_topic_terms(topic) for topic in self._topics]
        self._known = [frozenset(terms) for terms in whole]
        in_topics = Counter(term for known in self._known for term in known)
        self._rarity = {term: self._idf(count) for term, count in in_topics.items()}
        self._unknown_rarity = self._idf(0)
        self._spellings = _spellings(self._topics)
        self._joined = _joined_pairs(self._topics)
        self._sections = [(row, section) for row, topic in enumerate(self._topics) for section in topic.sections]
        self._by_topic = _bm25(whole)
        self._by_section = _bm25([_section_terms(section) for _, section in self._sections])

    def terms(self, text: str) -> tuple[str, ...]:
        """The distinct stems of a question, misspelt words of the field put right, rarest kept when there are many."""
        found: dict[str, None] = {}
        corrected = 0
        pieces = list(words(text))
        for word in dict.fromkeys(pieces):
            if word in STOP_WORDS:
                continue
            stemmed = stem(word)
            if word in self._joined:
                found |= dict.fromkeys(self._joined[word])
            elif stemmed in self._rarity:
                found[stemmed] = None
            elif corrected < _MAX_CORRECTED:
                corrected += 1
                meant = nearest_word(word, self._spellings)
                found[stem(meant) if meant else stemmed] = None
            else:
                found[stemmed] = None
        compounds = [term for term in stems(text) if term in self._rarity or term in ELSEWHERE]
        found |= dict.fromkeys(compounds)
        if len(found) <= _MAX_TERMS:
            return tuple(found)
        known = sorted((term for term in found if term in self._rarity), key=self._rarity.__getitem__, reverse=True)
        unknown = [term for term in found if term not in self._rarity]
        return tuple((known + unknown)[:_MAX_TERMS])

    def ranked(self, text: str, asked: Asked) -> tuple[Ranked, ...]:
        """Every topic that shares a term with the text, best first."""
        terms = self.terms(text)
        known = [term for term in terms if term in self._rarity]
        if not known:
            return ()
        question = f" {' '.join(key(text))} "
        named = [term for term in known if term in self._anchors]
        other = [term for term in known if term not in self._anchors]
        topic_scores, section_scores = (
            _scores(retriever, named, documents) + _ORDINARY_WEIGHT * _scores(retriever, other, documents)
            for retriever, documents in ((self._by_topic, len(self._topics)), (self._by_section, len(self._sections)))
        )
        best = self._best_sections(section_scores, asked)
        found: list[Ranked] = []
        for row, topic in enumerate(self._topics):
            section, section_score = best[row]
            rank = float(topic_scores[row]) + _SECTION_SHARE * section_score
            if topic_scores[row] > 0:
                coverage, on_subject = self._coverage(row, terms)
                rank *= 0.5 + coverage + _LIKE_A_QUESTION * self._likeness(row, terms) ** 2
                if self._names_it(row, question):
                    rank *= 1 + _NAMED
                    coverage = min(1.0, coverage + _NAMED)
                elif not on_subject:
                    coverage *= _OFF_SUBJECT
                found.append(Ranked(topic=topic, section=section, rank=rank, coverage=coverage))
        return tuple(sorted(found, key=lambda ranked: (-ranked.rank, ranked.topic.topic_id)))

    def best_section(self, topic: Topic, text: str, asked: Asked) -> Section:
        """The section of one topic that answers the text best."""
        known = [term for term in self.terms(text) if term in self._rarity]
        scores = _scores(self._by_section, known, len(self._sections))
        return self._best_sections(scores, asked)[self._topics.index(topic)][0]

    def _best_sections(self, scores: Scores, asked: Asked) -> list[tuple[Section, float]]:
        """Per topic, the section chosen for the question and the highest plain score of its sections."""
        rows: list[list[tuple[Section, float]]] = [[] for _ in self._topics]
        for (row, section), score in zip(self._sections, scores, strict=True):
            rows[row].append((section, float(score)))
        found: list[tuple[Section, float]] = []
        for scored in rows:
            top = max(score for _, score in scored)
            fit = _HEADING_FIT * top or 1.0
            chosen = max(scored, key=lambda entry: entry[1] + fit * heading_fits(entry[0].heading, asked))
            found.append((chosen[0], top))
        return found

    def _coverage(self, row: int, terms: Iterable[str]) -> tuple[float, bool]:
        """The share (0-1) of the terms, by rarity, that a topic covers, and whether enough of them are its subject."""
        subject = prose = asked = 0.0
        anchored = False
        for term in terms:
            if term == INSTANCE_TYPE:
                continue
            elsewhere = term in ELSEWHERE
            rarity = (
                self._unknown_rarity if elsewhere else self._rarity.get(term, _UNKNOWN_WEIGHT * self._unknown_rarity)
            )
            asked += _ELSEWHERE_WEIGHT * rarity if elsewhere else rarity
            if term in self._subjects[row]:
                subject += rarity
                anchored |= term in self._anchors
            elif term in self._known[row] and not elsewhere:
                prose += rarity
        if not asked:
            return 0.0, False
        return (subject + _PROSE_COVERS * prose) / asked, anchored and subject >= _SUBJECT_SHARE * asked

    def _likeness(self, row: int, terms: Sequence[str]) -> float:
        """Overlap (0-1) of the question's terms with the nearest of the questions the topic is known to answer."""
        asked = frozenset(terms)
        return max((len(asked & known) / len(asked | known) for known in self._questions[row]), default=0.0)

    def _names_it(self, row: int, question: str) -> bool:
        return any(name in question for name in self._phrases[row])

    def _idf(self, topics_with_term: int) -> float:
        return math.log(1 + (len(self._topics) + 0.5) / (topics_with_term + 0.5))


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
        (_SYMPTOM_WEIGHT, _literal_symptoms(topic)),
        (_TEXT_WEIGHT, (topic.summary, *(section.text for section in topic.sections))),
        (_TEXT_WEIGHT, tuple(f"{item.claim} {item.fact}" for item in topic.corrections)),
    )
    return [term for weight, texts in weighted for term in stems("\n".join(texts)) * weight]


def _section_terms(section: Section) -> list[str]:
    return stems(section.heading) * _SECTION_HEADING_WEIGHT + stems(section.text)


def _subject_stems(topic: Topic) -> frozenset[str]:
    """What a topic is about, as opposed to what its prose mentions."""
    headings = tuple(section.heading for section in topic.sections)
    return frozenset(stems("\n".join((*topic.names, *topic.questions, *headings, *_literal_symptoms(topic)))))


def _phrases(topic: Topic) -> tuple[str, ...]:
    """The names of two words and more, as stems between spaces; a single word says too little by itself."""
    names = {key(name) for name in topic.names}
    return tuple(f" {' '.join(name)} " for name in sorted(names) if len(name) > 1)


def _literal_symptoms(topic: Topic) -> tuple[str, ...]:
    """The words of the error patterns, their regular expression marks taken out."""
    return tuple(re.sub(r"\\[a-zA-Z]|[\\^$.|?*+()\[\]{}]", " ", pattern.pattern) for pattern in topic.symptoms)


def _spellings(topics: Iterable[Topic]) -> frozenset[str]:
    """The words a misspelt one may be put right to: those of names, questions, headings, of 5 letters and more."""
    texts = (
        "\n".join((*topic.names, *topic.questions, *(section.heading for section in topic.sections)))
        for topic in topics
    )
    return frozenset(
        word for text in texts for word in words(text) if len(word) >= 5 and word.isalpha() and word not in STOP_WORDS
    )


def _joined_pairs(topics: Iterable[Topic]) -> dict[str, tuple[str, ...]]:
    """Neighbouring words of names written as one ("warmip"), with the stems of the two."""
    found: dict[str, tuple[str, ...]] = {}
    for topic in topics:
        for name in topic.names:
            parts = list(words(name))
            for first, second in pairwise(parts):
                if first not in STOP_WORDS and second not in STOP_WORDS:
                    found[first + second] = (stem(first), stem(second))
    return found
