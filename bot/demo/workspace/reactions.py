"""The reactions.* methods: an emoji under a message, by the bot.

Source for every argument and error: https://docs.slack.dev/reference/methods/reactions.add and …/reactions.remove.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from bot.demo.workspace.chat import Desk, Params, required, visible_channel
from bot.demo.workspace.content import MethodError
from bot.demo.workspace.records import Json, Message, Reaction

_EMOJI = re.compile(r"[a-z0-9_+'-]+(?:::skin-tone-[2-6])?")


def with_reaction(message: Message, name: str, user_id: str) -> Message | None:
    """The message with this user's emoji under it; None when it is there already."""
    found = {one.name: one.user_ids for one in message.reactions}
    if user_id in found.get(name, ()):
        return None
    found[name] = (*found.get(name, ()), user_id)
    return replace(message, reactions=tuple(Reaction(name=key, user_ids=ids) for key, ids in found.items()))


def _add(desk: Desk, params: Params) -> Json:
    message, name = _reacted(desk, params)
    changed = with_reaction(message, name, desk.bot.user_id)
    if changed is None:
        raise MethodError("already_reacted")
    desk.state.change(changed)
    return {}


def _remove(desk: Desk, params: Params) -> Json:
    message, name = _reacted(desk, params)
    left = {one.name: one.user_ids for one in message.reactions}
    if desk.bot.user_id not in left.get(name, ()):
        raise MethodError("no_reaction")
    left[name] = tuple(user_id for user_id in left[name] if user_id != desk.bot.user_id)
    kept = tuple(Reaction(name=key, user_ids=ids) for key, ids in left.items() if ids)
    desk.state.change(replace(message, reactions=kept))
    return {}


def _reacted(desk: Desk, params: Params) -> tuple[Message, str]:
    if not params.get("channel") or not params.get("timestamp"):
        raise MethodError("no_item_specified")
    channel = visible_channel(desk, str(params["channel"]))
    name = required(params, "name").strip(":")
    if not _EMOJI.fullmatch(name):
        raise MethodError("invalid_name")
    message = desk.state.find(channel.channel_id, str(params["timestamp"]))
    if message is None:
        raise MethodError("message_not_found")
    if channel.is_archived:
        raise MethodError("is_archived")
    return message, name


METHODS: Mapping[str, Callable[[Desk, Params], Json]] = MappingProxyType(
    {"reactions.add": _add, "reactions.remove": _remove}
)
"""The reaction methods of the Web API."""
