"""`help [VERB]`: what can be asked, with examples that run."""

from collections.abc import Sequence

from bot.answers.guide import CommandJson, HelpAnswer
from bot.answers.model import fields
from bot.asking.command import Asked, Command, Request
from bot.errors import UserError, nearest
from bot.message import Bullets, Button, Controls, Inline, Message, Mono, Strong, Text
from bot.services import Services


def help_command(others: Sequence[Command]) -> Command:
    """The help verb over all the other commands."""

    def answer(asked: Asked, request: Request, services: Services) -> Message:
        words = {word: command for command in (*others, this) for word in (command.verb, *command.aliases)}
        if not asked.words:
            return _all((*others, this))
        word = asked.words[0].lower()
        if word not in words:
            close = nearest(word, words)
            hint = f" Did you mean `help {words[close[0]].verb}`?" if close else ""
            raise UserError(
                f"There is no command `{word[:40]}`.{hint} `help` lists them all.",
                [f"help {words[name].verb}" for name in close] or ["help"],
            )
        return _one(words[word])

    this = Command(
        verb="help",
        aliases=("h", "commands"),
        usage="help [VERB]",
        summary="What can be asked, with examples",
        example="help status",
        run=answer,
    )
    return this


def _all(commands: Sequence[Command]) -> Message:
    items = tuple((Mono(command.verb), f" {command.summary}") for command in commands)
    return Message(
        text="I answer questions about EKS IP capacity: status, subnet, who, maxpods, explain and more.",
        verdict=("Ask me about ", Strong("EKS IP capacity")),
        parts=(
            Bullets(items=items),
            Text(lines=(("How each is called: ", Mono("help VERB")),)),
            Text(lines=(("Scopes: all, account:, region:, vpc:, cluster:, subnet:, az: (or just a name).",),)),
            Controls(
                items=tuple(Button(label=_label(c.example), command=c.example) for c in commands if not c.writes)[:4]
            ),
        ),
        answer=fields(HelpAnswer(commands=[_json(command) for command in commands])),
    )


def _one(command: Command) -> Message:
    aliases: list[Inline] = [" · also "] if command.aliases else []
    for alias in command.aliases:
        aliases += [Mono(alias), " "]
    return Message(
        text=f"{command.verb}: {command.summary}. For example: {command.example}",
        verdict=(Mono(command.usage), *aliases),
        parts=(
            Text(lines=((f"{command.summary}.",), ("For example ", Mono(command.example)))),
            *(() if command.writes else (_try(command),)),
        ),
        answer=fields(HelpAnswer(commands=[_json(command)])),
    )


def _try(command: Command) -> Controls:
    return Controls(items=(Button(label=_label(command.example), command=command.example),))


def _label(text: str) -> str:
    return text if len(text) <= 24 else text[:23] + "…"


def _json(command: Command) -> CommandJson:
    return CommandJson(
        verb=command.verb,
        aliases=list(command.aliases),
        usage=command.usage,
        summary=command.summary,
        example=command.example,
    )
