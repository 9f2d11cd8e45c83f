"""Symptoms: which topics' error patterns a pasted text matches.

Patterns run on what people paste, so no pattern sees more than a window of it: a slow pattern stays quick on
10,000 characters without spaces or line breaks.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from knowledge.topic import Topic
from knowledge.words import cleaned

WINDOW = 400
"""Characters a pattern sees at once; a kubelet or EC2 error with its code is about half as long."""

_STEP = WINDOW // 2
"""Windows overlap by half, so that no error of up to 200 characters is cut in two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Symptom:
    """A topic one of whose patterns matches, and the words that matched."""

    topic: Topic
    found: tuple[str, ...]


def symptoms(text: str, topics: Iterable[Topic]) -> tuple[Symptom, ...]:
    """The topics whose patterns match a line of the text or, if none does, the text with its lines joined."""
    lines = [" ".join(line.split()) for line in cleaned(text).splitlines()]
    known = tuple(topics)
    by_line = _matching([window for line in lines for window in _windows(line)], known)
    if by_line or len(lines) < 2:
        return by_line
    return _matching(list(_windows(" ".join(lines))), known)


def literal_symptoms(topic: Topic) -> tuple[str, ...]:
    """The words of the error patterns, their regular expression marks taken out."""
    return tuple(re.sub(r"\\[a-zA-Z]|[\\^$.|?*+()\[\]{}]", " ", pattern.pattern) for pattern in topic.symptoms)


def _matching(windows: list[str], topics: tuple[Topic, ...]) -> tuple[Symptom, ...]:
    found: list[Symptom] = []
    for topic in topics:
        matched = [
            next((match.group() for window in windows if (match := pattern.search(window))), None)
            for pattern in topic.symptoms
        ]
        if any(matched):
            found.append(Symptom(topic=topic, found=tuple(words for words in matched if words)))
    return tuple(found)


def _windows(line: str) -> Iterator[str]:
    if line:
        yield line[:WINDOW]
    for start in range(_STEP, max(len(line) - _STEP, 0), _STEP):
        yield line[start : start + WINDOW]
