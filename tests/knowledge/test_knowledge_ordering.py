"""The section that answers a question stands first, told apart by words the others lack."""

import pytest

from knowledge.ordering import best_first
from knowledge.sections import Asked
from knowledge.topic import Section

HEADINGS = ("What it is", "How to set it up", "Limits")
SECTIONS = tuple(Section(heading=heading, text="-") for heading in HEADINGS)
WORDS = (frozenset({"warm", "pool"}), frozenset({"warm", "kubectl"}), frozenset({"warm", "quota"}))


def order(scores: tuple[float, ...], weights: dict[str, float], kind: Asked = Asked.ANY) -> tuple[str, ...]:
    scored = tuple(zip(SECTIONS, scores, strict=True))
    return tuple(section.heading for section in best_first(scored, WORDS, weights, kind))


@pytest.mark.parametrize(
    ("scores", "weights", "kind", "first"),
    [
        pytest.param((3.0, 2.0, 1.0), {}, Asked.ANY, "What it is", id="the score alone"),
        pytest.param((3.0, 2.9, 2.8), {"quota": 1.0}, Asked.ANY, "Limits", id="a word only one section has"),
        pytest.param((3.0, 2.9, 2.8), {"warm": 9.0}, Asked.ANY, "What it is", id="a word all sections have"),
        pytest.param((3.0, 2.9, 2.8), {}, Asked.HOW, "How to set it up", id="a heading that fits the question"),
        pytest.param((9.0, 0.0, 0.0), {"quota": 1.0}, Asked.ANY, "What it is", id="a far better score stays first"),
        pytest.param((0.0, 0.0, 0.0), {}, Asked.LIMITS, "Limits", id="nothing but the kind of question"),
    ],
)
def test_the_section_that_answers_stands_first(
    scores: tuple[float, ...], weights: dict[str, float], kind: Asked, first: str
) -> None:
    assert order(scores, weights, kind)[0] == first
    assert sorted(order(scores, weights, kind)) == sorted(HEADINGS)
