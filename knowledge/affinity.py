"""Affinity: how much more often the words of a question are said of each topic than of all topics together.

Where BM25 asks how much of a topic's text a word is, affinity asks in how many of its questions and sections it is.
Source: multinomial naive Bayes, smoothed towards all topics together, Manning, Raghavan, Schütze, "Introduction to
Information Retrieval", chapters 12.2.2 and 13.2 (https://nlp.stanford.edu/IR-book/).
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from knowledge.blocks import pieces
from knowledge.topic import Topic
from knowledge.words import stems

Scores = npt.NDArray[np.float64]

_HEADING_WEIGHT, _TEXT_WEIGHT = 0.5, 0.15
"""Weight of a heading and of a paragraph or list item next to a question: people do not ask as texts are written."""

_SMOOTHING = 0.5
"""Texts as common as the average of all topics that every topic is given: one shared word is not a subject."""


class Affinity:
    """What the words and pairs of neighbouring words of a set of topics say about each of them."""

    def __init__(self, topics: Sequence[Topic]) -> None:
        self._texts = np.zeros(len(topics))
        self._said: dict[str, dict[int, float]] = {}
        for row, topic in enumerate(topics):
            for weight, features in _weighted(topic):
                self._texts[row] += weight
                for feature in features:
                    said = self._said.setdefault(feature, {})
                    said[row] = said.get(row, 0.0) + weight
        self._all_texts = float(self._texts.sum())

    def scores(self, asked: Mapping[str, float]) -> Scores:
        """For each topic the mean logarithm by which the features asked, each with its weight, point to it.

        The sum grows with what a text repeats in other words: it is divided by the square root of their number.
        """
        found = np.zeros(len(self._texts))
        known = 0
        for feature, weight in asked.items():
            if (said := self._said.get(feature)) is None:
                continue
            known += 1
            share = sum(said.values()) / self._all_texts
            often = np.full(len(self._texts), _SMOOTHING)
            rows = list(said)
            often[rows] += np.array([said[row] for row in rows]) / share
            found += weight * np.log(often / (self._texts + _SMOOTHING))
        return found / math.sqrt(max(known, 1))


def features(terms: Sequence[str]) -> set[str]:
    """Stems in order as what affinity counts: each of them and each pair of neighbours."""
    return {*terms, *(f"{first} {second}" for first, second in pairwise(terms))}


def _weighted(topic: Topic) -> Iterator[tuple[float, set[str]]]:
    """What a topic is called and asked, its headings and passages, each with its weight and its features."""
    for asked in (*topic.names, *topic.questions, *topic.situations):
        yield 1.0, features(stems(asked))
    for section in topic.sections:
        yield _HEADING_WEIGHT, features(stems(section.heading))
        for piece in pieces(section.text):
            yield _TEXT_WEIGHT, set(stems(piece))
    yield _HEADING_WEIGHT, set(stems(topic.summary))
