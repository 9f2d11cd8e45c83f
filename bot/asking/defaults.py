"""Channel defaults applied: the target a channel means, who sees its answers, and whether it is in an incident."""

import logging
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.asking.command import Asked, Command, Request, Surface
from bot.message import Message, Visibility
from bot.services import Services

if TYPE_CHECKING:
    from bot.store import ChannelDefaults

log = logging.getLogger(__name__)

INCIDENT_NAME = re.compile(r"^inc(?:ident)?[-_]", re.IGNORECASE)
"""How channels of incidents are called: inc-4821, incident-payments."""

TAKES_SCOPE = frozenset(
    {"status", "who", "plan", "tune", "prefix", "upgrade", "trend", "forecast", "top", "board", "why", "digest"}
)
"""Verbs that mean the channel's own target where none is named."""

_COUNT = re.compile(r"\+?\d{1,6}")
_INSTANCE_TYPE = re.compile(r"[a-z][a-z0-9-]*\.(?:\d*(?:nano|micro|small|medium|large|xlarge)|metal(?:-\w+)?)", re.I)
_TIME = re.compile(r"(?:\d+[smhdw])+|stop", re.IGNORECASE)


def defaults_change(asked: Asked) -> bool:
    """Whether `defaults` is to change what the channel said: without a setting it only shows it."""
    return bool(asked.options)


def channel_defaults(request: Request, services: Services) -> "ChannelDefaults | None":
    """What the channel said about its answers; None where it is no channel of Slack or the store does not answer.

    A target that may not be seen there any more is none: its name would stand in every answer.
    """
    if not request.channel_id:
        return None
    try:
        store = services.stored()
        found = None if store is None else store.channel_defaults(request.channel_id)
        if found is None or not found.scope or services.sight is None or services.sight().may_name_text(found.scope):
            return found
        return replace(found, scope="", label="")
    except Exception:  # an answer without the channel's wishes is better than none
        log.warning("the channel's defaults cannot be read", exc_info=True)
        return None


def is_incident(request: Request, defaults: "ChannelDefaults | None") -> bool:
    """Whether the channel is in an incident: it said so, or its name does and it did not say otherwise."""
    if defaults is not None and defaults.mode:
        return defaults.mode == "incident"
    return bool(INCIDENT_NAME.match(request.channel_name))


def in_zone(request: Request, defaults: "ChannelDefaults | None") -> Request:
    """The request with the channel's time zone in place of the person's, where the channel has one: clock times that
    people type there, and those it is told in plain words, are the channel's.
    """
    return request if defaults is None or not defaults.zone else replace(request, zone=defaults.zone)


def with_target(asked: Asked, command: Command, defaults: "ChannelDefaults | None") -> Asked:
    """The command with the channel's own target, where it takes one and none was named."""
    if defaults is None or not defaults.scope or command.verb not in TAKES_SCOPE:
        return asked
    known = {*command.flags, "sums"}
    named = [
        word
        for word in asked.words
        if word.lower() not in known
        and not _COUNT.fullmatch(word)
        and not _INSTANCE_TYPE.fullmatch(word)
        and not _TIME.fullmatch(word)
    ]
    if named or "cluster" in asked.options or asked.words[:1] == ("stop",):
        return asked
    note = f"Read with this channel's {defaults.label}."
    return replace(asked, words=(*asked.words, defaults.scope), read_as=f"{asked.read_as} {note}".strip())


def as_seen(message: Message, command: Command, request: Request, defaults: "ChannelDefaults | None") -> Message:
    """The answer for those the channel wants it to be for; what changes something is always for everybody."""
    if request.surface not in (Surface.SLASH, Surface.BUTTON) or not message.ok or command.writes:
        return message
    if is_incident(request, defaults) or (defaults is not None and defaults.visibility == "channel"):
        return replace(message, visibility=Visibility.IN_CHANNEL)
    if defaults is not None and defaults.visibility == "private":
        return replace(message, visibility=Visibility.EPHEMERAL)
    return message
