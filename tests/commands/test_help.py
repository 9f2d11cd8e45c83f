"""`help [VERB]`: every verb, with examples that run."""

import pytest

from bot.answers.registry import ANSWERS
from bot.asking.command import Asked, Command, Request
from bot.commands import COMMANDS
from bot.config import load
from bot.console.render import plain
from bot.errors import UserError
from bot.message import Button, Controls, Message
from bot.wiring.parts import Parts

SERVICES = Parts(load({}, {})).services
(HELP,) = (command for command in COMMANDS if command.verb == "help")


def helped(*words: str) -> Message:
    return HELP.run(Asked(verb="help", words=words), Request(text="help"), SERVICES)


def controls(message: Message) -> list[Controls]:
    return [part for part in message.parts if isinstance(part, Controls)]


def test_help_lists_every_verb_itself_included() -> None:
    commands = helped().answer["commands"]

    assert isinstance(commands, list)
    assert [entry["verb"] for entry in commands] == [command.verb for command in COMMANDS]
    for command in COMMANDS:
        assert command.summary in plain(helped(), width=200)
        assert command.summary in plain(helped(), width=200)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.verb)
def test_help_on_a_verb_or_an_alias_shows_usage_aliases_and_an_example(command: Command) -> None:
    for word in (command.verb, command.verb.upper(), *command.aliases):
        shown = plain(helped(word))
        assert command.usage in shown
        assert command.example in shown
        assert all(alias in shown for alias in command.aliases)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.verb)
def test_no_button_of_help_writes_and_no_row_of_buttons_is_empty(command: Command) -> None:
    rows = controls(helped(command.verb))

    assert len(rows) == (0 if command.writes else 1)
    assert all(isinstance(item, Button) and item.command == command.example for row in rows for item in row.items)


def test_a_slip_is_offered() -> None:
    with pytest.raises(UserError, match=r"There is no command `statsu`\. Did you mean `help status`") as caught:
        helped("statsu")

    assert caught.value.suggestions == ("help status",)


def test_an_unknown_verb_leads_back_to_the_list() -> None:
    with pytest.raises(UserError, match="`help` lists them all") as caught:
        helped("x" * 5_000)

    assert caught.value.suggestions == ("help",)
    assert len(caught.value.message) < 200


def test_every_verb_documents_its_answer() -> None:
    assert {command.verb for command in COMMANDS} <= set(ANSWERS)
