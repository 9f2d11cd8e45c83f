"""A question is near a topic when it shares most words with one known question or situation of it."""

from datetime import date

import pytest

from knowledge import Section, Source, Topic, load
from knowledge.likeness import KnownQuestions
from knowledge.words import stems

MIN_SITUATIONS = 10
"""Situations of each shipped topic: fewer leave most ways to describe it out."""


def topic(topic_id: str, *, questions: tuple[str, ...], situations: tuple[str, ...] = ()) -> Topic:
    return Topic(
        topic_id=topic_id,
        title=topic_id,
        aliases=(),
        questions=questions,
        situations=situations,
        summary="A summary.",
        analogy="Seats in a hall.",
        reviewed=date(2026, 11, 23),
        sources=(Source(title="Guide", url="https://docs.aws.amazon.com/", says="so"),),
        sections=(Section(heading="What it is", text="A thing."),),
    )


KNOWN = KnownQuestions(
    (
        topic("doors", questions=("open the green door", "paint the green fence", "wash the green car")),
        topic("bells", questions=("ring the bell",), situations=("green lamp blinks twice",)),
    ),
    lambda term: 1.0,
)


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        pytest.param("open green door", 0, id="a question"),
        pytest.param("green lamp blinks twice", 1, id="a situation, though another topic says green three times"),
        pytest.param("tonight a green lamp blinks beside old windows", 1, id="a situation among other words"),
    ],
)
def test_the_nearest_single_one_decides(text: str, nearest: int) -> None:
    found = KNOWN.likenesses(dict.fromkeys(stems(text), 1.0))
    assert found.near.argmax() == found.same.argmax() == nearest


def test_the_same_words_are_wholly_alike_and_none_are_not_at_all() -> None:
    assert KNOWN.likenesses(dict.fromkeys(stems("ring the bell"), 1.0)).same.tolist() == [0.0, 1.0]
    assert KNOWN.likenesses({"elsewhere": 1.0}).near.tolist() == [0.0, 0.0]
    assert KNOWN.likenesses({}).near.tolist() == [0.0, 0.0]


def test_every_shipped_topic_knows_situations_and_no_two_claim_the_same() -> None:
    said = [text for shipped in load().topics for text in shipped.situations]
    assert len(set(said)) == len(said)
    assert all(len(shipped.situations) >= MIN_SITUATIONS for shipped in load().topics)
