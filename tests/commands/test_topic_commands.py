"""Every command a topic suggests is one the bot understands."""

import pytest

from bot.asking.grammar import parse
from bot.commands import COMMANDS
from knowledge import Topic, load

TOPICS = load().topics


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.topic_id)
def test_the_commands_of_a_topic_are_read_as_they_are_written(topic: Topic) -> None:
    for command in topic.commands:
        asked = parse(command, COMMANDS)
        assert (asked.verb, asked.read_as, asked.guessed) == (command.split()[0], "", False), command
