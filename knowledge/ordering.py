"""Ordering: the sections of one topic for a question, those that answer it best first."""

from collections.abc import Mapping, Sequence

from knowledge.sections import Asked, heading_fits
from knowledge.topic import Section

_TELLS_APART = 0.4
"""Share of the best section score added to the section with most of the words that few sections of its topic have."""

_HEADING_FIT = 0.5
"""Share of the best section score added to a section whose heading fits the kind of question (how, when, limits)."""


def best_first(
    scored: Sequence[tuple[Section, float]],
    words: Sequence[frozenset[str]],
    weights: Mapping[str, float],
    kind: Asked,
) -> tuple[Section, ...]:
    """The sections by score, raised by what tells them apart within the topic and by a heading that fits the question.

    `words` are the stems of each section in the same order, `weights` those of the question's terms. The words of a
    topic's subject are in all of its sections: which one answers is in the other words.
    """
    spread = {term: 1 - sum(term in own for own in words) / len(words) for term in weights}
    apart = [sum(weights[term] * spread[term] for term in own & weights.keys()) for own in words]
    best = max(score for _, score in scored) or 1.0
    most = max(apart) or 1.0

    def rank(row: int) -> float:
        section, score = scored[row]
        return score + best * (_TELLS_APART * apart[row] / most + _HEADING_FIT * heading_fits(section.heading, kind))

    return tuple(scored[row][0] for row in sorted(range(len(scored)), key=rank, reverse=True))
