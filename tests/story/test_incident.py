"""The incident of docs/incident.md, played once by the script that writes the page."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"

pytestmark = [pytest.mark.story, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def incident() -> Iterator[Any]:
    """The script, imported as `python docs/incident.py` finds it."""
    sys.path.insert(0, str(DOCS))
    try:
        yield importlib.import_module("incident")
    finally:
        sys.path.remove(str(DOCS))


@pytest.fixture(scope="module")
def played(incident: Any) -> dict[str, str]:
    """What was said, by scene."""
    found: dict[str, str] = incident.scenes()
    return found


def test_the_page_shows_what_the_bot_says(incident: Any, played: dict[str, str]) -> None:
    """Another word of the bot in any scene makes this fail: run `python docs/incident.py` and read the difference."""
    page = incident.PAGE.read_text(encoding="utf-8")
    assert incident.filled(page, played) == page


def test_the_verdict_names_the_subnet_and_the_pods_that_wait(played: dict[str, str]) -> None:
    verdict = played["verdict"].rpartition("eksip in #inc-42, in the thread")[2]
    assert "payments-1a" in verdict.splitlines()[1]
    assert "failed to assign an IP address" in verdict
    assert "kubectl" in verdict


def test_one_card_is_edited_from_firing_to_resolved(played: dict[str, str]) -> None:
    """The channel gets one card; acknowledging, silencing and the end change it where it stands."""
    whole = "\n".join(played.values())
    alone = [line for line in whole.splitlines() if line.endswith("eksip in #platform-alerts")]
    edits = [line for line in whole.splitlines() if line.endswith("eksip edits its message in #platform-alerts")]
    assert len(edits) >= 3
    assert len(alone) == 2, "the card, and the answer to `silence`"
    assert "Resolved" in played["recovery"]


def test_the_plan_that_does_not_fit_is_asked_again_in_a_form(played: dict[str, str]) -> None:
    first, _, second = played["plan"].partition("ana presses [Plan]")
    assert "do not fit in payments-1a" in first
    assert "fit in prod-eu" in second


def test_the_board_counts_from_the_squeeze_to_the_end(played: dict[str, str]) -> None:
    assert "Live board · prod-eu" in played["quiet"]
    assert "Board ended · prod-eu" in played["afterwards"]
