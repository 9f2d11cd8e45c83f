"""What Slack sends an app from modals, Home tabs and menus: submissions, closings, option requests, shortcuts.

Source: https://docs.slack.dev/reference/interaction-payloads (one page for each type).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.demo.workspace.identity import Bot, Shortcut
from bot.demo.workspace.payloads import interaction, message_container
from bot.demo.workspace.records import Channel, ChannelKind, Json, Message, User
from bot.demo.workspace.surfaces import View


def view_wire(bot: Bot, view: View) -> Json:
    """A view as the app sees it."""
    return view.wire(bot.team_id, bot.app_id, bot.bot_id)


def submission_payload(bot: Bot, user: User, view: View, trigger_id: str) -> Json:
    """A submitted modal, with all that was entered."""
    return {
        "type": "view_submission",
        **interaction(bot, user),
        "trigger_id": trigger_id,
        "view": view_wire(bot, view),
        "response_urls": [],
    }


def closed_payload(bot: Bot, user: User, view: View, *, is_cleared: bool) -> Json:
    """A modal closed without submitting; `is_cleared` when the whole stack went."""
    return {
        "type": "view_closed",
        **interaction(bot, user),
        "view": view_wire(bot, view),
        "is_cleared": is_cleared,
    }


def view_action_payload(bot: Bot, user: User, view: View, action: Mapping[str, Any], trigger_id: str) -> Json:
    """A control used in a modal or on a Home tab; it has no channel and no response_url."""
    return {
        "type": "block_actions",
        **interaction(bot, user),
        "container": {"type": "view", "view_id": view.view_id},
        "trigger_id": trigger_id,
        "view": view_wire(bot, view),
        "actions": [dict(action)],
    }


def suggestion_payload(bot: Bot, user: User, block: Json, control: Json, typed: str, place: Json) -> Json:
    """A request for the options of an external select; `place` names the view or the message."""
    return {
        "type": "block_suggestion",
        **interaction(bot, user),
        "action_id": control["action_id"],
        "block_id": block.get("block_id", ""),
        "value": typed,
        **place,
    }


def view_place(bot: Bot, view: View) -> Json:
    """Where an option request comes from: a view."""
    return {"container": {"type": "view", "view_id": view.view_id}, "view": view_wire(bot, view)}


def message_place(bot: Bot, channel: Channel, message: Message, attachment_id: int | None) -> Json:
    """Where an option request comes from: a message; an ephemeral is named by its container alone."""
    place: Json = {
        "container": message_container(message, attachment_id),
        "channel": {"id": channel.channel_id, "name": channel.command_name},
    }
    if message.only_to is None:
        place["message"] = message.wire(bot.team_id)
    return place


def shortcut_payload(
    bot: Bot,
    user: User,
    channel: Channel,
    message: Message,
    shortcut: Shortcut,
    *,
    trigger_id: str,
    response_url: str,
    action_ts: str,
) -> Json:
    """A message shortcut, with the message it was used on."""
    return {
        "type": "message_action",
        **interaction(bot, user),
        "action_ts": action_ts,
        "callback_id": shortcut.callback_id,
        "trigger_id": trigger_id,
        "response_url": response_url,
        "channel": {"id": channel.channel_id, "name": channel.command_name},
        "message_ts": message.ts,
        "message": message.wire(bot.team_id),
    }


def home_opened_event(user: User, channel: Channel, tab: str, event_ts: str, view: Json | None) -> Json:
    """A person opened the app's Home or Messages tab.

    Source: https://docs.slack.dev/reference/events/app_home_opened.
    """
    event: Json = {
        "type": "app_home_opened",
        "user": user.user_id,
        "channel": channel.channel_id,
        "tab": tab,
        "event_ts": event_ts,
    }
    if tab == "home" and view is not None:
        event["view"] = view
    return event


def joined_event(user_id: str, channel: Channel, team_id: str, inviter_id: str | None, event_ts: str) -> Json:
    """Somebody, often the bot itself, joined a channel.

    Source: https://docs.slack.dev/reference/events/member_joined_channel.
    """
    event: Json = {
        "type": "member_joined_channel",
        "user": user_id,
        "channel": channel.channel_id,
        "channel_type": "G" if channel.kind is ChannelKind.PRIVATE else "C",
        "team": team_id,
        "event_ts": event_ts,
    }
    if inviter_id is not None:
        event["inviter"] = inviter_id
    return event
