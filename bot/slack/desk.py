"""Desk: what every listener works with, and the two questions that each of them asks before it shows anything."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from slack_sdk import WebClient

from bot.asking.access import refusal
from bot.asking.command import Request
from bot.asking.seen import seen
from bot.commands import COMMANDS, dispatch
from bot.message import Message
from bot.services import Services
from bot.slack.answering import Answering
from bot.slack.incoming import Identity, Incoming
from bot.slack.pictures import Pictures
from bot.slack.renewal import Renewal
from bot.slack.replies import PrivateReply, Reply, ThreadReply
from bot.slack.workers import Workers

_VERBS = {command.verb: command for command in COMMANDS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The parts that listeners share. Without `services` there are answers alone: no Home, no forms, no defaults."""

    client: WebClient
    identity: Identity
    workers: Workers
    answering: Answering
    pictures: Pictures
    renewal: Renewal | None
    services: Services | None
    visible_waits: tuple[float, ...]
    private_waits: tuple[float, ...]

    def private(self, incoming: Incoming) -> PrivateReply:
        """A reply to the person alone, unless the answer is for everybody."""
        return PrivateReply(self.client, incoming, self.private_waits)

    def in_thread(self, incoming: Incoming, *, channel: str = "", otherwise: Reply | None = None) -> ThreadReply:
        """A reply that everybody in the conversation sees."""
        return ThreadReply(self.client, incoming, self.visible_waits, channel=channel, otherwise=otherwise)

    def take(self, incoming: Incoming, reply: Reply) -> None:
        """Answer the question once; say that the bot is busy when there is no room."""
        if not self.answering.is_repeated(incoming) and not self.answering.take(incoming, reply):
            self.answering.refuse(reply)

    def refused(self, request: Request, verb: str, services: Services) -> str:
        """Why this known person may not use the verb there, "" when they may."""
        return refusal(request, _VERBS[verb], services.settings.access) or ""

    def seen(self, request: Request, services: Services) -> Services:
        """The services with everything hidden that this person may not see there."""
        return seen(request, services)


def unhurried(services: Services) -> Callable[[Request], Message]:
    """The dispatcher for what the bot does by itself: it is not counted against anybody's questions in a minute."""
    free = replace(services, allowance=None)
    return lambda request: dispatch(request, free)
