"""Spelling: misspelt words of the field put right before a question is read."""

import re
from collections.abc import Container, Iterable
from functools import lru_cache
from itertools import pairwise

from knowledge.topic import Topic
from knowledge.words import STOP_WORDS, key, nearest_word, stem, words

_MAX_CORRECTED = 12
"""Misspelt words looked up per question: a look-up reads all words with the same first letter."""

_SAME_NAME = 0.8
"""Share of letter pairs (Dice, 0-1) from which a short text is a misspelt name: a slip in a dozen letters.

Source: Dice coefficient of letter pairs (https://en.wikipedia.org/wiki/Dice-Sørensen_coefficient).
"""

_WORD = re.compile(r"(?<![\w.:/-])[A-Za-z]{5,24}(?![\w/:]|[.-]\w)")
"""Words by themselves: parts of settings, paths, error codes and hashes are left as they are."""


class Spelling:
    """The words of a set of topics, as far as a misspelt word may be put right to one."""

    def __init__(self, topics: Iterable[Topic], known_stems: Container[str]) -> None:
        known = tuple(topics)
        self._known_stems = known_stems
        self._joined = _joined_pairs(known)
        self._by_letter: dict[str, list[str]] = {}
        for word in sorted(_spellings(known)):
            self._by_letter.setdefault(word[0], []).append(word)
        self._exact = frozenset(" ".join(key(name)) for topic in known for name in topic.names)
        self._names = [(_pairs(key(name)), name) for topic in known for name in topic.names if len(key(name)) > 1]
        self._nearest = lru_cache(maxsize=4_000)(self._nearest_of_letter)

    def corrected(self, text: str) -> str:
        """The text with misspelt words of the field put right and words run together ("warmip") parted."""
        left = _MAX_CORRECTED

        def put_right(match: re.Match[str]) -> str:
            nonlocal left
            word = match.group().lower()
            if word in self._joined and word not in self._exact:
                return self._joined[word]
            if word in STOP_WORDS or stem(word) in self._known_stems or left == 0:
                return match.group()
            left -= 1
            return self._nearest(word) or match.group()

        return _WORD.sub(put_right, text)

    def name_meant(self, stems: str) -> str | None:
        """The topic name that a short text misspells, by the pairs of letters they share, or None."""
        if stems.strip() in self._exact:
            return None
        asked = _pairs(tuple(stems.split()))
        likeness = {name: 2 * len(asked & pairs) / (len(asked) + len(pairs)) for pairs, name in self._names}
        best = max(likeness, key=likeness.__getitem__, default=None)
        return best if best is not None and _SAME_NAME <= likeness[best] < 1 else None

    def _nearest_of_letter(self, word: str) -> str | None:
        return nearest_word(word, self._by_letter.get(word[0], ()))


def _pairs(stems: tuple[str, ...]) -> frozenset[str]:
    """Neighbouring letters of the words, run together."""
    text = "".join(stems)
    return frozenset(text[at : at + 2] for at in range(len(text) - 1))


def _spellings(topics: Iterable[Topic]) -> frozenset[str]:
    """The words of names, questions and headings, of 5 letters and more."""
    texts = (
        "\n".join((*topic.names, *topic.questions, *(section.heading for section in topic.sections)))
        for topic in topics
    )
    return frozenset(
        word for text in texts for word in words(text) if len(word) >= 5 and word.isalpha() and word not in STOP_WORDS
    )


def _joined_pairs(topics: Iterable[Topic]) -> dict[str, str]:
    """Neighbouring words of names written as one ("warmip"), and the two."""
    return {
        first + second: f"{first} {second}"
        for topic in topics
        for name in topic.names
        for first, second in pairwise(words(name))
        if first not in STOP_WORDS and second not in STOP_WORDS
    }
