"""Likeness: how near a question is to what each topic is known to be asked about.

Each known question stands for itself: ten of a topic's questions that each share a word with what was asked say less
than one that shares most of its words.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from knowledge.topic import Topic
from knowledge.words import stems

Scores = npt.NDArray[np.float64]

_SECOND_SHARE = 0.3
"""Share of the second nearest that is added: two near ones are less of a coincidence than one."""

_EXTRA = 0.5
"""How much what only the question has lessens the overlap; what only the known one has counts whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Likenesses:
    """For each topic, in their order, how near the question is to the nearest of its questions and situations.

    `same` (0-1) is the overlap of the words of both, by rarity; in `near` (0-1.3) words of the question alone take
    less away, and the second nearest adds a share.
    """

    same: Scores
    near: Scores


class KnownQuestions:
    """The questions and situations of a set of topics, by the terms they hold."""

    def __init__(self, topics: Sequence[Topic], weight: Callable[[str], float]) -> None:
        self._weight = weight
        self._topics = len(topics)
        owners: list[int] = []
        wholes: list[float] = []
        holders: dict[str, list[int]] = {}
        for row, topic in enumerate(topics):
            for text in (*topic.questions, *topic.situations):
                terms = frozenset(stems(text))
                for term in terms:
                    holders.setdefault(term, []).append(len(owners))
                owners.append(row)
                wholes.append(sum(weight(term) for term in terms))
        self._wholes = np.array(wholes)
        self._holders = {term: np.array(units) for term, units in holders.items()}
        self._starts = np.searchsorted(np.array(owners), np.arange(self._topics))

    def likenesses(self, asked: Mapping[str, float]) -> Likenesses:
        """How near the asked terms, each with its weight, are to each topic."""
        shared = np.zeros(len(self._wholes))
        for term, weight in asked.items():
            if (units := self._holders.get(term)) is not None:
                shared[units] += weight
        whole = sum(asked.values())
        same = shared / np.maximum(whole + self._wholes - shared, 1e-9)
        near = shared / np.maximum(shared + _EXTRA * (whole - shared) + (self._wholes - shared), 1e-9)
        return Likenesses(same=self._by_topic(same, 0.0), near=self._by_topic(near, _SECOND_SHARE))

    def _by_topic(self, scores: Scores, second_share: float) -> Scores:
        found = np.zeros(self._topics)
        ends = [*self._starts[1:], len(scores)]
        for row, (start, end) in enumerate(zip(self._starts, ends, strict=True)):
            best = np.sort(scores[start:end])[::-1]
            found[row] = best[:1].sum() + second_share * best[1:2].sum()
        return found
