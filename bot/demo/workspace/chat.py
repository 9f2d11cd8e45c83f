"""The chat.* methods of the Web API: post, change and delete messages, with Slack's errors in Slack's order.

Source for every error: https://docs.slack.dev/reference/methods (one page for each method); the order was measured on
slack.com in October 2026 by the authors of backlot.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from bot.demo.workspace.blockkit import TEXT_UPDATE_HIGH
from bot.demo.workspace.content import MethodError, accept_content, read_content
from bot.demo.workspace.identity import Bot
from bot.demo.workspace.records import Channel, ChannelKind, Json, Message
from bot.demo.workspace.state import State

Params = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What a Web API method works on: the workspace's memory and the app that calls."""

    state: State
    bot: Bot


def required(params: Params, name: str) -> str:
    """The argument as text. Raises: MethodError `invalid_arguments` when the call lacks it."""
    value = params.get(name)
    if value is None:
        raise MethodError("invalid_arguments", (f"[ERROR] missing required field: {name}",))
    return str(value)


def visible_channel(desk: Desk, name_or_id: str, *, by_name: bool = False) -> Channel:
    """The conversation the bot may know of; a private one it is not in does not exist for it.

    Raises: MethodError `channel_not_found`.
    """
    try:
        channel = desk.state.channel(name_or_id)
    except KeyError:
        raise MethodError("channel_not_found") from None
    if channel.channel_id != name_or_id and not (by_name and channel.kind is not ChannelKind.DM):
        raise MethodError("channel_not_found")
    if channel.kind is ChannelKind.PRIVATE and desk.bot.user_id not in channel.members:
        raise MethodError("channel_not_found")
    return channel


def writable_channel(desk: Desk, target: str, *, by_name: bool = True) -> Channel:
    """The conversation the bot may post in.

    Raises: MethodError `channel_not_found`, `is_archived` or `not_in_channel`.
    """
    channel = visible_channel(desk, target, by_name=by_name)
    if channel.is_archived:
        raise MethodError("is_archived")
    if desk.bot.user_id not in channel.members:
        raise MethodError("not_in_channel")
    return channel


def direct_channel(desk: Desk, user_id: str) -> Channel:
    """The direct conversation of the bot with this user, opened when there is none."""
    for channel in desk.state.channels.values():
        if channel.dm_user_id == user_id:
            return channel
    user = desk.state.users[user_id]
    members = frozenset({user_id, desk.bot.user_id})
    return desk.state.add_channel(f"dm:{user.name}", kind=ChannelKind.DM, members=members, dm_user_id=user_id)


def post_message(desk: Desk, params: Params) -> Json:
    """chat.postMessage: the stored message; to a channel id, a channel name or a user id."""
    target = required(params, "channel")
    content = read_content(params)
    channel = direct_channel(desk, target) if target in desk.state.users else writable_channel(desk, target)
    content = accept_content(content, desk.state)
    message = desk.state.post(
        Message(
            ts=desk.state.next_ts(),
            channel_id=channel.channel_id,
            user_id=desk.bot.user_id,
            bot_id=desk.bot.bot_id,
            app_id=desk.bot.app_id,
            text=content.text or "",
            blocks=content.blocks or (),
            attachments=content.attachments or (),
            metadata=content.metadata,
            thread_ts=_thread(params),
            reply_broadcast=bool(_thread(params)) and is_true(params.get("reply_broadcast")),
        )
    )
    desk.state.clear_status(channel.channel_id, message.thread_ts)
    return {
        "channel": channel.channel_id,
        "ts": message.ts,
        "message": message.wire(desk.bot.team_id),
    }


def post_ephemeral(desk: Desk, params: Params) -> Json:
    """chat.postEphemeral: the timestamp of a message only `user` sees."""
    target, user_id = required(params, "channel"), required(params, "user")
    content = read_content(params)
    channel = writable_channel(desk, target)
    if user_id not in desk.state.users or user_id not in channel.members:
        raise MethodError("user_not_in_channel")
    content = accept_content(content, desk.state)
    message = desk.state.post(
        Message(
            ts=desk.state.next_ts(),
            channel_id=channel.channel_id,
            user_id=desk.bot.user_id,
            bot_id=desk.bot.bot_id,
            app_id=desk.bot.app_id,
            text=content.text or "",
            blocks=content.blocks or (),
            attachments=content.attachments or (),
            thread_ts=_thread(params),
            only_to=user_id,
        )
    )
    return {"message_ts": message.ts}


def update(desk: Desk, params: Params) -> Json:
    """chat.update: the changed message.

    Source: https://docs.slack.dev/reference/methods/chat.update: `blocks` left out are removed when `text` is given and
    kept when it is not; `attachments` left out are kept; no "edited" mark when blocks are given.
    """
    target, ts = required(params, "channel"), required(params, "ts")
    content = read_content(params)
    channel = visible_channel(desk, target)
    message = desk.state.find(channel.channel_id, ts)
    if message is None:
        raise MethodError("message_not_found")
    if message.user_id != desk.bot.user_id:
        raise MethodError("cant_update_message")
    if channel.is_archived:
        raise MethodError("is_inactive")
    if content.text is not None and len(content.text) > TEXT_UPDATE_HIGH:
        raise MethodError("msg_too_long")
    if content.is_empty and not (content.attachments == () or content.blocks == ()):
        raise MethodError("no_text")
    content = accept_content(replace(content, text=content.text or message.text), desk.state)
    kept_blocks = message.blocks if params.get("text") is None else ()
    changed = replace(
        message,
        text=content.text or "",
        blocks=kept_blocks if content.blocks is None else content.blocks,
        attachments=message.attachments if content.attachments is None else content.attachments,
        metadata=message.metadata if content.metadata is None else content.metadata,
        edited_ts=message.edited_ts if content.blocks else desk.state.next_ts(),
    )
    desk.state.change(changed)
    return {
        "channel": channel.channel_id,
        "ts": ts,
        "text": changed.text,
        "message": changed.wire(desk.bot.team_id),
    }


def delete(desk: Desk, params: Params) -> Json:
    """chat.delete: the timestamp of the message that is gone."""
    target, ts = required(params, "channel"), required(params, "ts")
    channel = visible_channel(desk, target)
    message = desk.state.find(channel.channel_id, ts)
    if message is None:
        raise MethodError("message_not_found")
    if message.user_id != desk.bot.user_id:
        raise MethodError("cant_delete_message")
    desk.state.delete(message)
    return {"channel": channel.channel_id, "ts": ts}


def get_permalink(desk: Desk, params: Params) -> Json:
    """chat.getPermalink: the address of a message on slack.com's scheme; it leads nowhere."""
    channel = visible_channel(desk, required(params, "channel"))
    ts = required(params, "message_ts")
    message = desk.state.find(channel.channel_id, ts)
    if message is None:
        raise MethodError("message_not_found")
    link = f"https://{desk.bot.team_domain}.slack.com/archives/{channel.channel_id}/p{ts.replace('.', '')}"
    if message.thread_ts:
        link += f"?thread_ts={message.thread_ts}&cid={channel.channel_id}"
    return {"channel": channel.channel_id, "permalink": link}


def is_true(value: object) -> bool:
    """Whether an argument says yes, in JSON or in a form."""
    return value is True or str(value).lower() in ("true", "1")


def _thread(params: Params) -> str | None:
    thread_ts = params.get("thread_ts")
    return str(thread_ts) if thread_ts else None


METHODS: Mapping[str, Callable[[Desk, Params], Json]] = MappingProxyType(
    {
        "chat.delete": delete,
        "chat.getPermalink": get_permalink,
        "chat.postEphemeral": post_ephemeral,
        "chat.postMessage": post_message,
        "chat.update": update,
    }
)
"""The methods that post and change messages."""
