"""dispatch: one way in for every surface, which never raises and never shows a defect."""

import logging
from dataclasses import replace

import pytest

from bot.asking.command import Request, Surface
from bot.commands import COMMANDS, dispatch
from bot.config import load
from bot.message import Context, Message, Visibility
from bot.services import Services
from bot.wiring.parts import Parts

SERVICES = Parts(load({"DATABASE_URL": "sqlite:////nonexistent/eksip.db"}, {})).services


def asked(text: str, surface: Surface = Surface.ASK, services: Services = SERVICES) -> Message:
    return dispatch(Request(text=text, surface=surface), services)


@pytest.mark.parametrize("surface", list(Surface), ids=lambda surface: surface.value)
def test_every_surface_gets_the_same_answer(surface: Surface) -> None:
    assert asked("maxpods m5.large", surface).answer == asked("maxpods m5.large").answer


def test_the_command_of_an_answer_is_its_verb_and_words() -> None:
    assert asked("/eksip mp M5.large?").command == "maxpods M5.large"


def test_an_answer_is_for_the_asker_unless_it_is_shared() -> None:
    assert asked("maxpods m5.large").visibility is Visibility.EPHEMERAL
    assert asked("maxpods m5.large share").visibility is Visibility.IN_CHANNEL
    assert asked("maxpods m5.large !").visibility is Visibility.IN_CHANNEL


def test_how_a_slip_was_read_is_said_first() -> None:
    assert asked("maxpds m5.large").parts[0] == Context(lines=(("Read as maxpods.",),))


@pytest.mark.parametrize(
    ("text", "kind", "verb"),
    [
        pytest.param("frobnicate the subnet", "user", "help", id="unknown verb"),
        pytest.param("maxpods", "user", "maxpods", id="missing word"),
        pytest.param("maxpods m5.large size=3", "user", "maxpods", id="unknown option"),
        pytest.param("maxpods m99.large", "query", "maxpods", id="what the bot cannot know"),
        pytest.param("x" * 10_000, "user", "help", id="10,000 characters"),
    ],
)
def test_what_goes_wrong_is_in_the_failure(text: str, kind: str, verb: str) -> None:
    found = asked(text)

    assert found.failure is not None
    assert (found.failure.kind, found.command) == (kind, verb)
    assert found.failure.reference is None


def test_a_refusal_comes_before_any_work() -> None:
    def untouched() -> Parts:
        raise AssertionError("the knowledge base was opened")

    guarded = replace(SERVICES, knowledge=untouched)  # type: ignore[arg-type]
    found = dispatch(Request(text="explain prefix delegation", surface=Surface.SLASH, is_guest=True), guarded)

    assert found.failure is not None
    assert "not guests" in found.failure.message


def test_a_defect_is_logged_under_a_reference_and_its_text_is_never_shown(caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> Parts:
        raise ZeroDivisionError("the inner workings")

    with caplog.at_level(logging.ERROR):
        found = asked("explain prefix delegation", services=replace(SERVICES, knowledge=broken))  # type: ignore[arg-type]

    assert found.failure is not None
    assert found.failure.kind == "defect"
    assert found.failure.reference is not None
    assert found.failure.reference in found.text
    assert "inner workings" not in found.text
    (record,) = caplog.records
    assert record.__dict__["reference"] == found.failure.reference
    assert record.exc_info is not None


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("\x00\x1b[2J", id="control characters"),
        pytest.param("<!channel> & <script>", id="markup"),
        pytest.param("help \ud800", id="half a surrogate pair"),
        pytest.param("%s %d {0}", id="format strings"),
        pytest.param("explain " + "a " * 3_000, id="a long question"),
    ],
)
def test_odd_text_is_answered_or_refused_but_never_a_defect(text: str) -> None:
    found = asked(text, Surface.SLASH)

    assert found.failure is None or found.failure.kind in {"user", "query"}


def test_verbs_are_unique_and_each_has_an_example_and_usage_of_its_own() -> None:
    assert len({command.verb for command in COMMANDS}) == len(COMMANDS)
    for command in COMMANDS:
        assert command.usage.startswith(command.verb)
        assert command.example.startswith(command.verb)
        assert command.summary
