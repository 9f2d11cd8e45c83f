"""What Slack sends an app: slash commands, events and block actions, with the fields an app may rely on.

Source: https://docs.slack.dev/interactivity/implementing-slash-commands,
https://docs.slack.dev/apis/events-api, https://docs.slack.dev/reference/interaction-payloads/block_actions-payload.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bot.demo.workspace.content import controls
from bot.demo.workspace.entries import entered, first_values
from bot.demo.workspace.identity import Bot
from bot.demo.workspace.records import Channel, Json, Message, User
from bot.demo.workspace.state import State

_LINK = re.compile(
    r"(?P<url>https?://[^\s<>|]+)"
    r"|(?<![\w@.#/-])(?P<host>(?:[a-z0-9-]+\.)+(?:com|net|org|io|dev|app|eu|de))(?![\w-]|\.\w)",
    re.IGNORECASE,
)
_MENTION = re.compile(r"(?<![\w@])@([\w.-]*\w)")
_CHANNEL = re.compile(r"(?<![\w#&])#([\w-]+)")


def incoming_text(state: State, typed: str, *, labels: bool) -> str:
    """Typed text as Slack hands it to an app: escaped, with links, users and channels as entities.

    Source: https://docs.slack.dev/interactivity/implementing-slash-commands (should_escape gives `<@U…|name>` and
    `<#C…|name>`; events name users without a label).
    """
    text = typed.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = _LINK.sub(lambda match: f"<{match['url']}>" if match["url"] else _host(match["host"]), text)

    def user(match: re.Match[str]) -> str:
        try:
            found = state.user(match[1])
        except KeyError:
            return match[0]
        return f"<@{found.user_id}|{found.name}>" if labels else f"<@{found.user_id}>"

    def channel(match: re.Match[str]) -> str:
        try:
            found = state.channel(match[1])
        except KeyError:
            return match[0]
        return f"<#{found.channel_id}|{found.name}>"

    return _CHANNEL.sub(channel, _MENTION.sub(user, text))


def slash_payload(
    bot: Bot, user: User, channel: Channel, *, command: str, text: str, response_url: str, trigger_id: str
) -> Json:
    """The fields of a slash command, the same as a form and as a Socket Mode payload."""
    payload: Json = {
        "token": "local",
        "team_id": user.team_id,
        "team_domain": bot.team_domain,
        "channel_id": channel.channel_id,
        "channel_name": channel.command_name,
        "user_id": user.user_id,
        "user_name": user.name,
        "command": command,
        "text": text,
        "api_app_id": bot.app_id,
        "is_enterprise_install": "true" if bot.is_org_wide else "false",
        "response_url": response_url,
        "trigger_id": trigger_id,
    }
    if bot.enterprise is not None:
        payload |= {"enterprise_id": bot.enterprise["id"], "enterprise_name": bot.enterprise["name"]}
    return payload


def event_payload(bot: Bot, state: State, channel: Channel | None, event: Mapping[str, Any], event_time: int) -> Json:
    """An event in the envelope of the Events API; `channel` is where it happened, if anywhere."""
    members = frozenset() if channel is None else channel.members
    outsiders = any(state.users[member].is_external for member in members if member in state.users)
    team_id = _team_of(bot, state, event)
    payload: Json = {
        "token": "local",
        "team_id": team_id,
        "context_team_id": team_id,
        "api_app_id": bot.app_id,
        "event": dict(event),
        "type": "event_callback",
        "event_id": f"Ev{uuid.uuid4().hex[:10].upper()}",
        "event_time": event_time,
        "authorizations": [
            {
                "enterprise_id": bot.enterprise_id,
                "team_id": team_id,
                "user_id": bot.user_id,
                "is_bot": True,
                "is_enterprise_install": bot.is_org_wide,
            }
        ],
        "is_ext_shared_channel": outsiders,
        "event_context": f"4-{uuid.uuid4().hex}",
    }
    if bot.enterprise_id is not None:
        payload |= {"enterprise_id": bot.enterprise_id, "context_enterprise_id": bot.enterprise_id}
    return payload


def _team_of(bot: Bot, state: State, event: Mapping[str, Any]) -> str:
    """The team through which an event is delivered: with an installation for the whole organisation, the person's."""
    user = state.users.get(str(event.get("user")))
    return user.team_id if bot.is_org_wide and user is not None and not user.is_external else bot.team_id


def message_event(message: Message, user: User, *, kind: str) -> Json:
    """A posted message as an `app_mention` or as a `message` of a direct conversation."""
    event: Json = {
        "type": kind,
        "user": message.user_id,
        "text": message.text,
        "ts": message.ts,
        "event_ts": message.ts,
        "channel": message.channel_id,
        "team": user.team_id,
    }
    if message.bot_id:
        event["bot_id"] = message.bot_id
    if message.thread_ts:
        event["thread_ts"] = message.thread_ts
    if message.files:
        event["subtype"] = "file_share"
        event["files"] = list(message.files)
    if kind == "message":
        event["channel_type"] = "im"
    return event


def changed_event(message: Message, previous: Message, team_id: str, event_ts: str) -> Json:
    """An edit in a direct conversation, as the app that made it sees it too."""
    return {
        "type": "message",
        "subtype": "message_changed",
        "hidden": True,
        "message": message.wire(team_id),
        "previous_message": previous.wire(team_id),
        "channel": message.channel_id,
        "channel_type": "im",
        "ts": event_ts,
        "event_ts": event_ts,
    }


def interaction(bot: Bot, user: User) -> Json:
    """What every interaction says of who, which app and where."""
    return {
        "user": {
            "id": user.user_id,
            "username": user.name,
            "name": user.name,
            "team_id": user.team_id,
        },
        "api_app_id": bot.app_id,
        "token": "local",
        "team": None if bot.is_org_wide else {"id": bot.team_id, "domain": bot.team_domain},
        "enterprise": bot.enterprise,
        "is_enterprise_install": bot.is_org_wide,
    }


def message_container(message: Message, attachment_id: int | None) -> Json:
    """Where in a message something was used."""
    container: Json = {
        "type": "message" if attachment_id is None else "message_attachment",
        "message_ts": message.ts,
        "channel_id": message.channel_id,
        "is_ephemeral": message.only_to is not None,
    }
    if attachment_id is not None:
        container["attachment_id"] = attachment_id
        container["is_app_unfurl"] = False
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    return container


def deleted_event(message: Message, team_id: str, event_ts: str) -> Json:
    """A message deleted in a direct conversation."""
    return {
        "type": "message",
        "subtype": "message_deleted",
        "hidden": True,
        "deleted_ts": message.ts,
        "previous_message": message.wire(team_id),
        "channel": message.channel_id,
        "channel_type": "im",
        "ts": event_ts,
        "event_ts": event_ts,
    }


def action_payload(
    bot: Bot,
    user: User,
    channel: Channel,
    message: Message,
    action: Mapping[str, Any],
    *,
    attachment_id: int | None,
    response_url: str,
    trigger_id: str,
) -> Json:
    """A click or a choice; an ephemeral is named by its container alone, never repeated as a message."""
    payload: Json = {
        "type": "block_actions",
        **interaction(bot, user),
        "container": message_container(message, attachment_id),
        "trigger_id": trigger_id,
        "channel": {"id": channel.channel_id, "name": channel.command_name},
        "state": {"values": _chosen(message, action)},
        "response_url": response_url,
        "actions": [dict(action)],
    }
    if message.only_to is None:
        payload["message"] = message.wire(bot.team_id)
    return payload


def action_of(
    block: Json,
    control: Json,
    *,
    value: str | None,
    option: object,
    action_ts: str,
    offered: Iterable[Json] = (),
) -> Json:
    """What using a control sends: a button's value, the chosen option, date or text; `offered` are options of the app.

    Raises: LookupError when `option` names none of the menu's options, `value` neither of the feedback buttons.
    """
    kind = str(control["type"])
    action: Json = {
        "type": kind,
        "action_id": control["action_id"],
        "block_id": block.get("block_id", ""),
        "action_ts": action_ts,
    }
    if kind == "feedback_buttons":
        halves = [control["positive_button"], control["negative_button"]]
        pressed = next((half for half in halves if (value or option) in (half["value"], half["text"]["text"])), None)
        if pressed is None:
            known = ", ".join(str(half["value"]) for half in halves)
            raise LookupError(f"No button {value or option!r} in {control['action_id']}: {known}.")
        return {**action, "text": pressed["text"], "value": pressed["value"]}
    if kind in ("button", "workflow_button", "icon_button"):
        action["text"] = control["text"]
        for name in ("value", "style", "url", "icon"):
            if control.get(name) is not None:
                action[name] = control[name]
        if value is not None:
            action["value"] = value
        return action
    if control.get("placeholder") is not None:
        action["placeholder"] = control["placeholder"]
    return {**action, **entered(control, option if option is not None else value, offered)}


Places = Sequence[tuple[Sequence[Json], int | None]]


def places_of(message: Message) -> Places:
    """The lists of blocks in a message, each with the number of its attachment."""
    return [(message.blocks, None)] + [(part.get("blocks") or (), int(part["id"])) for part in message.attachments]


def find_control(places: Places, action_id: str, block_id: str | None) -> tuple[Json, Json, int | None]:
    """The block, the control and the attachment number of an action.

    Raises: LookupError naming the controls there are.
    """
    seen = []
    for blocks, attachment_id in places:
        for block, control in controls(list(blocks)):
            if control["action_id"] == action_id and block_id in (None, "", block.get("block_id")):
                return block, control, attachment_id
            seen.append(str(control["action_id"]))
    raise LookupError(f"No control {action_id!r} here: {', '.join(seen) or 'there is none'}.")


def _chosen(message: Message, action: Mapping[str, Any]) -> Json:
    blocks = [*message.blocks]
    for part in message.attachments:
        blocks += part.get("blocks") or ()
    values: Json = first_values(blocks, {})
    entry = values.get(action["block_id"], {}).get(action["action_id"])
    if entry is not None:
        entry.update({name: chosen for name, chosen in action.items() if name in entry})
    return values


def _host(host: str) -> str:
    return f"<http://{host}|{host}>"
