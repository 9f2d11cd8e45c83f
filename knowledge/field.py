"""Field: how strongly a text speaks of this field rather than of another, by its words and their neighbours.

What is asked here is known from the topics; what is asked elsewhere from `other_fields.txt`. A word weighs the
logarithm of how much more often it is said here than there.
Source: naive Bayes with smoothed counts of which words a text has, Manning, Raghavan, Schütze, "Introduction to
Information Retrieval", chapter 13 (https://nlp.stanford.edu/IR-book/).
"""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib.resources import files
from itertools import pairwise

from knowledge.symptoms import literal_symptoms
from knowledge.topic import Topic
from knowledge.words import stems

_PROSE_WEIGHT = 0.15
"""Weight of a section of a topic's text next to a question: texts are written otherwise than questions."""

_SMOOTHING = 0.1
"""Added to both counts of a word: one said once on one side and never on the other weighs 2.4."""


class Field:
    """What the words of a set of topics weigh against those of other fields."""

    def __init__(self, topics: Sequence[Topic], others: Sequence[str]) -> None:
        asked = [text for topic in topics for text in _known_texts(topic)]
        told = [section.text for topic in topics for section in topic.sections]
        self._asked = Counter(feature for text in asked for feature in _features(text))
        self._told = Counter(term for text in told for term in set(stems(text)))
        self._elsewhere = Counter(feature for text in others for feature in _features(text))
        self._share = len(others) / max(len(asked) + _PROSE_WEIGHT * len(told), 1)

    @property
    def stems(self) -> frozenset[str]:
        """The stems that are said here or in other fields: none of them is a misspelling."""
        return frozenset(self._asked.keys() | self._told.keys() | self._elsewhere.keys())

    def speaks(self, text: str) -> float:
        """How strongly a text speaks of this field: 0 says nothing (gibberish), below 0 it speaks of another one.

        The sum of the weights grows with what a text repeats in other words: it is divided by the square root of
        their number.
        """
        features = _features(text)
        total = sum(self._weight(feature) for feature in features)
        return total / math.sqrt(max(len(features), 1))

    def _weight(self, feature: str) -> float:
        here = self._share * (self._asked[feature] + _PROSE_WEIGHT * self._told[feature])
        return math.log((here + _SMOOTHING) / (self._elsewhere[feature] + _SMOOTHING))


def other_fields() -> tuple[str, ...]:
    """Questions of other fields, shipped with the package."""
    lines = (files("knowledge") / "other_fields.txt").read_text(encoding="utf-8").splitlines()
    return tuple(line for line in lines if line and not line.startswith("#"))


def _known_texts(topic: Topic) -> Iterator[str]:
    """What people call a topic, ask about it, see and paste of it."""
    yield from (*topic.names, *topic.questions, *topic.situations, *literal_symptoms(topic))
    yield from (section.heading for section in topic.sections)


def _features(text: str) -> set[str]:
    """The stems of a text and its neighbouring pairs; a count by itself (30, 500) is of no field."""
    terms = [term for term in stems(text) if not (term.isdigit() and len(term) < 5)]
    return {*terms, *(f"{first} {second}" for first, second in pairwise(terms))}
