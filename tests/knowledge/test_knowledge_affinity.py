"""Words that are a topic's own point to it, however often another topic's long text repeats them."""

from datetime import date

import pytest

from knowledge import Section, Source, Topic
from knowledge.affinity import Affinity, features
from knowledge.words import stems


def topic(topic_id: str, *questions: str, text: str = "Nothing of note.") -> Topic:
    return Topic(
        topic_id=topic_id,
        title=topic_id,
        aliases=(),
        questions=questions,
        summary="In short.",
        analogy="Seats.",
        reviewed=date(2026, 11, 23),
        sources=(Source(title="Guide", url="https://example.com", says="So."),),
        sections=(Section(heading="Part", text=text),),
    )


TOPICS = (
    topic("cooldown", "how long is a freed address kept", "when does an address come back"),
    topic("leaks", "which interfaces were left behind", "who deletes what is left"),
    topic("sizing", "how large is a subnet", text="An address is kept by each load balancer. " * 20),
)


@pytest.mark.parametrize(
    ("asked", "best"),
    [
        pytest.param("freed address", 0, id="words of its questions"),
        pytest.param("left interfaces", 1, id="words of another's questions"),
        pytest.param("load balancer address", 2, id="words only its text has"),
        pytest.param("address kept", 0, id="a question says more than a long text"),
        pytest.param("come back", 0, id="neighbours"),
    ],
)
def test_words_point_to_the_topic_that_is_asked_about_with_them(asked: str, best: int) -> None:
    scores = Affinity(TOPICS).scores(dict.fromkeys(features(stems(asked)), 1.0))
    assert int(scores.argmax()) == best


def test_words_nobody_uses_point_nowhere() -> None:
    assert not Affinity(TOPICS).scores({"zebra": 1.0}).any()
    assert not Affinity(TOPICS).scores({}).any()


def test_a_word_of_less_weight_points_less() -> None:
    affinity = Affinity(TOPICS)
    assert 0 < affinity.scores({"kept": 0.5})[0] < affinity.scores({"kept": 1.0})[0]
