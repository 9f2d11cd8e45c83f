"""Misspelt words of the field are put right; settings, codes and ordinary words are left as they are."""

import pytest

from knowledge import load
from knowledge.spelling import Spelling


@pytest.fixture(scope="module")
def spelling() -> Spelling:
    return Spelling(load().topics, {"node", "kind"})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("fragmantation", "fragmentation", id="wrong letter"),
        pytest.param("prefx delegatoin?", "prefix delegation?", id="two words, mark kept"),
        pytest.param("warmip", "warm ip", id="words run together"),
        pytest.param("/var/log/prefx.log", "/var/log/prefx.log", id="path"),
        pytest.param("WARM_PREFX_TARGET", "WARM_PREFX_TARGET", id="part of a setting"),
        pytest.param("zzzzz qqqqq", "zzzzz qqqqq", id="nothing near"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_words_are_put_right_where_they_stand(spelling: Spelling, text: str, expected: str) -> None:
    assert spelling.corrected(text) == expected


def test_a_short_text_with_a_slip_is_still_the_name(spelling: Spelling) -> None:
    assert spelling.name_meant(" wam ip target ") == "warm-ip-target"
    assert spelling.name_meant(" warm ip target ") is None
    assert spelling.name_meant(" sourdough bread ") is None
