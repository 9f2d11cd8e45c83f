"""`explain TEXT`: the shipped topics as answers, and a plain no where there is none."""

import pytest

from bot.asking.command import Asked, Request, Surface
from bot.commands.explain import answer
from bot.config import load
from bot.errors import UserError
from bot.message import Button, Controls, Message, Sources
from bot.wiring.parts import Parts

SERVICES = Parts(load({}, {})).services


def explain(text: str, surface: Surface = Surface.ASK) -> Message:
    asked = Asked(verb="explain", words=tuple(text.split()))
    return answer(asked, Request(text=text, surface=surface), SERVICES)


def buttons(message: Message) -> list[str]:
    controls = [part for part in message.parts if isinstance(part, Controls)]
    return [item.command for part in controls for item in part.items if isinstance(item, Button)]


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        pytest.param("prefix delegation", "prefix-delegation", id="concept"),
        pytest.param("WARM_IP_TARGET", "warm-ip-target", id="setting"),
        pytest.param("failed to assign an IP address to container", "address-exhaustion", id="pasted error"),
        pytest.param("how are max pods worked out", "max-pods", id="question"),
    ],
)
def test_words_find_their_topic(text: str, topic: str) -> None:
    found = explain(text)

    assert found.answer["matched"] is True
    assert found.answer["topic"] == topic
    assert found.text.endswith(".")


def test_an_answer_carries_sources_with_review_dates_and_related_topics_to_press() -> None:
    found = explain("prefix delegation")

    sources = found.answer["sources"]
    assert isinstance(sources, list)
    assert sources
    assert all(source["url"].startswith("https://") and len(source["reviewed"]) == 10 for source in sources)
    assert any(isinstance(part, Sources) for part in found.parts)
    assert buttons(found)[-1] == "explain prefix-delegation analogy"


LOG = " ".join(["failed to assign an IP address to container"] * 9)


@pytest.mark.parametrize(
    ("text", "again", "shareable"),
    [
        pytest.param("prefix delegation", "explain prefix delegation", True, id="a question"),
        pytest.param(LOG, "explain address-exhaustion", True, id="a pasted log: its topic"),
        pytest.param("zebra " * 60, "explain", False, id="a long one without a topic"),
    ],
)
def test_the_command_in_the_footer_is_short_and_asks_the_same(text: str, again: str, shareable: bool) -> None:
    found = explain(text)

    assert (found.command, found.shareable) == (again, shareable)


@pytest.mark.parametrize(
    ("surface", "limit"),
    [
        pytest.param(Surface.MENTION, 1500, id="a channel reads little"),
        pytest.param(Surface.BUTTON, 1500, id="nor does who pressed a button"),
        pytest.param(Surface.ASK, 2000, id="a terminal has room"),
    ],
)
def test_the_text_of_an_answer_fits_where_it_is_shown(surface: Surface, limit: int) -> None:
    for text in ("prefix delegation", "ipv6 with custom networking and windows", "address exhaustion analogy"):
        assert limit - 400 < len(str(explain(text, surface).answer["text"])) <= limit


def test_an_answer_drawn_from_several_topics_names_a_source_and_a_button_of_each() -> None:
    found = explain("can an ipv6 cluster use ENIConfigs, windows pools and our WARM_IP_TARGET tuning?")

    assert found.answer["topic"] == "ipv6-clusters"
    assert "explain warm-ip-target" in buttons(found)
    shown = next(part for part in found.parts if isinstance(part, Sources))
    assert any("ipv6" in link.url for link in shown.links)
    assert any("eni-and-ip-target" in link.url for link in shown.links)


def test_the_analogy_is_shown_when_asked_for_and_its_button_goes() -> None:
    plain, with_analogy = explain("prefix delegation"), explain("prefix delegation analogy")

    assert with_analogy.answer["topic"] == plain.answer["topic"]
    assert with_analogy.answer["text"] != plain.answer["text"]
    assert not any(command.endswith("analogy") for command in buttons(with_analogy))


def test_what_no_topic_answers_is_declined_and_that_is_an_answer() -> None:
    found = explain("sourdough bread recipe")

    assert found.ok
    assert (found.answer["matched"], found.answer["topic"], found.answer["score"]) == (False, None, None)
    assert found.text == found.answer["text"]
    assert all(explain(command.removeprefix("explain ")).answer["matched"] for command in buttons(found))


def test_every_button_of_an_answer_leads_to_a_topic() -> None:
    for command in buttons(explain("custom networking")):
        assert explain(command.removeprefix("explain ")).answer["matched"], command


def test_no_words_is_a_user_error_with_things_to_ask() -> None:
    with pytest.raises(UserError, match="Say what to explain") as caught:
        explain("")

    assert all(explain(command.removeprefix("explain ")).answer["matched"] for command in caught.value.suggestions)
