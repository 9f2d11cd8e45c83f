"""Everyday words bring the field's words, so that topics are found by people who do not know their names."""

import pytest

from knowledge.vocabulary import implied


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("the box", "node", id="everyday word"),
        pytest.param("THE BOXES", "node", id="plural and case"),
        pytest.param("big uploads stall on the way", "mtu", id="what is seen of a subject"),
        pytest.param("nslookup fails", "dns", id="tool for its subject"),
        pytest.param("orphaned cards", "leaked", id="another word for leaked"),
        pytest.param("Calico", "cilium", id="a product for its kind"),
    ],
)
def test_a_text_brings_the_words_of_the_field(text: str, expected: str) -> None:
    assert expected in implied(text).split()


@pytest.mark.parametrize(
    "text", [pytest.param("boxer", id="part of a word"), pytest.param("", id="nothing"), pytest.param("?!", id="marks")]
)
def test_a_text_without_such_words_brings_none(text: str) -> None:
    assert implied(text) == ""


def test_every_entry_is_read_with_its_words_and_alternatives() -> None:
    """Entries on several lines keep their last alternative."""
    assert "node" in implied("on those instances").split()
    assert "roll" in implied("without outage").split()
    assert "leaked" in implied("terraform destroy").split()
