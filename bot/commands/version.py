"""`version`: which eksip answers."""

from importlib.metadata import version

from bot.answers.guide import VersionAnswer
from bot.answers.model import fields
from bot.asking.command import Asked, Request
from bot.message import Button, Controls, Message, Strong
from bot.services import Services


def answer(asked: Asked, request: Request, services: Services) -> Message:
    """The release of the bot that answers, as its package names it."""
    running = version("eksip")
    return Message(
        text=f"eksip {running}",
        verdict=("This is ", Strong(f"eksip {running}")),
        parts=(Controls(items=(Button(label="What can be asked", command="help"),)),),
        answer=fields(VersionAnswer(eksip=running)),
    )
