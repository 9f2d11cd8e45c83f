"""Passages: the paragraphs and list items of other sections that say most of what was asked, beside the best section.

A question of two subjects is seldom answered by one section: what fills an answer's room is chosen piece by piece.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from knowledge.blocks import EXCERPT_LIMIT, excerpt, pieces
from knowledge.topic import Section, Topic
from knowledge.words import stems

_NEXT_TOPIC = 0.8
"""Share of its worth that a passage of a topic ranked lower keeps: what it says may be about something else."""

_TO_THE_POINT = 0.1
"""Share of the question's words, by weight, that a passage of such a topic must have: one chance word is none."""

_NEXT_SECTION = 0.05
"""Share of its worth that a passage loses for every section of its topic that answers better than its own."""

_HEADING_SAYS = 0.7
"""How far a word of the question counts that is in a passage's heading and not in the passage itself."""

_SAID_ALREADY = 0.6
"""How far a word of the question counts that the answer has said before."""

_ANY = 0.1
"""Worth of a passage without a word of the question, next to one that has all of them."""

_LENGTH_POWER, _LENGTH_START = 0.6, 60
"""The worth is divided by (characters + start) to this power: short passages leave room for others, though a short
one is not twice as good as one of double length. All six were chosen on two sets of questions nobody had written
topics for; neighbouring values do within one question in a hundred as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """The sections of a topic, best first, and whether the topic is ranked as high as the one that answers."""

    topic: Topic
    sections: tuple[Section, ...]
    is_equal: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Passage:
    topic: Topic
    section: int
    place: int
    heading: str
    text: str
    share: float
    own: frozenset[str]
    above: frozenset[str]

    @property
    def spot(self) -> tuple[str, int]:
        return (self.topic.topic_id, self.section)


def with_passages(
    topic: Topic,
    first: Section,
    shelves: Sequence[Shelf],
    weights: Mapping[str, float],
    limit: int = EXCERPT_LIMIT,
    *,
    with_analogy: bool = False,
) -> tuple[Section, tuple[Topic, ...]]:
    """The first section followed by the passages that say most of the question, and the other topics they are from.

    Passages stand under their section's heading, in the order of their text; with the summary all stay within `limit`
    characters, those of the topic itself first. `weights` are those of the question's stems.
    """
    room = limit - len(excerpt(topic, first, 10 * limit, with_analogy=with_analogy))
    said = set(stems(f"{topic.summary} {first.heading} {first.text}"))
    left = [
        passage
        for shelf in shelves
        for passage in _passages(shelf, topic, first)
        if shelf.topic is topic or shelf.is_equal or _said_share(passage, weights) >= _TO_THE_POINT
    ]
    taken: dict[tuple[str, int], list[_Passage]] = {}
    while left:
        best = max(left, key=lambda passage: _worth(passage, weights, said))
        left.remove(best)
        needed = len(best.text) + (0 if best.spot in taken else len(_opening(best)))
        if needed <= room:
            taken.setdefault(best.spot, []).append(best)
            said |= best.own
            room -= needed
        else:
            left = [passage for passage in left if len(passage.text) <= room]
    text = first.text
    for group in sorted(taken.values(), key=lambda group: group[0].topic is not topic):
        text += _opening(group[0]) + "".join(one.text for one in sorted(group, key=lambda one: one.place))
    others = dict.fromkeys(group[0].topic for group in taken.values())
    return replace(first, text=text), tuple(other for other in others if other is not topic)


def _passages(shelf: Shelf, answering: Topic, first: Section) -> Iterator[_Passage]:
    share = 1.0 if shelf.is_equal or shelf.topic is answering else _NEXT_TOPIC
    for number, section in enumerate(shelf.sections):
        if section is first:
            continue
        heading = section.heading if shelf.topic is answering else f"{shelf.topic.title}: {section.heading}"
        above = frozenset(stems(heading))
        for place, text in enumerate(_whole(pieces(section.text))):
            yield _Passage(
                topic=shelf.topic,
                section=number,
                place=place,
                heading=heading,
                text=text,
                share=share * (1 - _NEXT_SECTION * number),
                own=frozenset(stems(text)),
                above=above,
            )


def _whole(texts: Iterable[str]) -> Iterator[str]:
    """The pieces, each one that ends in a colon together with what it announces."""
    announced = ""
    for text in texts:
        announced += text
        if not announced.endswith(":"):
            yield announced
            announced = ""
    if announced:
        yield announced


def _opening(passage: _Passage) -> str:
    return f"\n\n**{passage.heading}**"


def _said_share(passage: _Passage, weights: Mapping[str, float]) -> float:
    """The share (0-1) of the question's words, by weight, that a passage has."""
    said = sum(weight for term, weight in weights.items() if term in passage.own)
    return said / (sum(weights.values()) or 1.0)


def _worth(passage: _Passage, weights: Mapping[str, float], said: set[str]) -> float:
    """What a passage adds to an answer, by the words of the question it has and its length."""
    worth = 0.0
    for term, weight in weights.items():
        new = weight * (_SAID_ALREADY if term in said else 1.0)
        if term in passage.own:
            worth += new
        elif term in passage.above:
            worth += _HEADING_SAYS * new
    length: float = (_LENGTH_START + len(passage.text)) ** _LENGTH_POWER
    return passage.share * (worth / (sum(weights.values()) or 1.0) + _ANY) / length
