"""The conversations.*, users.*, usergroups.*, bots.* and auth methods of the Web API.

Source for every argument and error: https://docs.slack.dev/reference/methods (one page for each method).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from bot.demo.workspace.chat import (
    Desk,
    Params,
    direct_channel,
    is_true,
    required,
    visible_channel,
)
from bot.demo.workspace.content import MethodError
from bot.demo.workspace.records import Channel, ChannelKind, Json, Message, User

_TYPES = MappingProxyType(
    {
        ChannelKind.PUBLIC: "public_channel",
        ChannelKind.PRIVATE: "private_channel",
        ChannelKind.DM: "im",
    }
)


def _api_test(_desk: Desk, params: Params) -> Json:
    if params.get("error"):
        raise MethodError(str(params["error"]))
    return {"args": dict(params)}


def _auth_test(desk: Desk, _params: Params) -> Json:
    return {
        "url": f"https://{desk.bot.team_domain}.slack.com/",
        "team": desk.bot.team_name,
        "user": desk.bot.name,
        "team_id": desk.bot.team_id,
        "user_id": desk.bot.user_id,
        "bot_id": desk.bot.bot_id,
        "is_enterprise_install": desk.bot.is_org_wide,
        **({} if desk.bot.enterprise_id is None else {"enterprise_id": desk.bot.enterprise_id}),
    }


def _list(desk: Desk, params: Params) -> Json:
    wanted = {name.strip() for name in str(params.get("types") or "public_channel").split(",")}
    if unknown := wanted - {*_TYPES.values(), "mpim"}:
        raise MethodError("invalid_types", (f"[ERROR] unknown type: {', '.join(sorted(unknown))}",))
    found = [
        channel
        for channel in desk.state.channels.values()
        if _TYPES[channel.kind] in wanted
        and (channel.kind is not ChannelKind.PRIVATE or desk.bot.user_id in channel.members)
        and not (is_true(params.get("exclude_archived")) and channel.is_archived)
    ]
    page, metadata = _page(found, params)
    return {"channels": [channel.wire(desk.bot.user_id) for channel in page], "response_metadata": metadata}


def _info(desk: Desk, params: Params) -> Json:
    return {"channel": visible_channel(desk, required(params, "channel")).wire(desk.bot.user_id)}


def _members(desk: Desk, params: Params) -> Json:
    channel = visible_channel(desk, required(params, "channel"))
    page, metadata = _page(sorted(channel.members), params)
    return {"members": list(page), "response_metadata": metadata}


def _join(desk: Desk, params: Params) -> Json:
    channel = visible_channel(desk, required(params, "channel"))
    if channel.kind is not ChannelKind.PUBLIC:
        raise MethodError("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise MethodError("is_archived")
    joined = desk.state.join(channel.channel_id, desk.bot.user_id)
    return {"channel": joined.wire(desk.bot.user_id)}


def _open(desk: Desk, params: Params) -> Json:
    users = [name for name in str(params.get("users") or "").split(",") if name]
    if not users:
        raise MethodError("users_list_not_supplied")
    if any(user not in desk.state.users for user in users):
        raise MethodError("user_not_found")
    if len(users) > 1:
        raise MethodError("method_not_supported_for_channel_type")
    if desk.state.users[users[0]].is_bot:
        raise MethodError("cannot_dm_bot")
    return {"channel": {"id": direct_channel(desk, users[0]).channel_id}}


def _history(desk: Desk, params: Params) -> Json:
    channel = _readable(desk, params)
    found = [
        message
        for message in reversed(desk.state.messages(channel.channel_id))
        if (message.thread_ts is None or message.reply_broadcast) and _within(message, params)
    ]
    page, metadata = _page(found, params)
    return {
        "messages": [_wire(desk, message, params) for message in page],
        "has_more": bool(metadata["next_cursor"]),
        "response_metadata": metadata,
    }


def _replies(desk: Desk, params: Params) -> Json:
    channel = _readable(desk, params)
    found = desk.state.find(channel.channel_id, required(params, "ts"))
    if found is None:
        raise MethodError("thread_not_found")
    root = found.thread_ts or found.ts
    thread = [
        message
        for message in desk.state.messages(channel.channel_id)
        if message.ts == root or (message.thread_ts == root and _within(message, params))
    ]
    page, metadata = _page(thread, params)
    return {
        "messages": [_wire(desk, message, params) for message in page],
        "has_more": bool(metadata["next_cursor"]),
        "response_metadata": metadata,
    }


def _user_info(desk: Desk, params: Params) -> Json:
    return {"user": _user(desk, required(params, "user")).wire()}


def _user_list(desk: Desk, params: Params) -> Json:
    page, metadata = _page(list(desk.state.users.values()), params)
    return {"members": [user.wire() for user in page], "cache_ts": 0, "response_metadata": metadata}


def _usergroup_list(desk: Desk, params: Params) -> Json:
    groups: list[Json] = []
    for group in desk.state.usergroups.values():
        wire: Json = {"id": group.usergroup_id, "handle": group.handle, "name": group.handle, "is_usergroup": True}
        if is_true(params.get("include_users")):
            wire["users"] = list(group.user_ids)
        groups.append({**wire, "team_id": desk.bot.team_id, "user_count": len(group.user_ids), "date_delete": 0})
    return {"usergroups": groups}


def _usergroup_users(desk: Desk, params: Params) -> Json:
    group = desk.state.usergroups.get(required(params, "usergroup"))
    if group is None:
        raise MethodError("no_such_subteam")
    return {"users": list(group.user_ids)}


def _bot_info(desk: Desk, params: Params) -> Json:
    bot_id = required(params, "bot")
    for user in desk.state.users.values():
        if user.bot_id == bot_id:
            bot = {"id": bot_id, "name": user.name, "user_id": user.user_id, "deleted": False, "icons": {}}
            return {"bot": {**bot, "app_id": desk.bot.app_id} if bot_id == desk.bot.bot_id else bot}
    raise MethodError("bot_not_found")


def _user(desk: Desk, user_id: str) -> User:
    if user_id not in desk.state.users:
        raise MethodError("user_not_found")
    return desk.state.users[user_id]


def _readable(desk: Desk, params: Params) -> Channel:
    channel = visible_channel(desk, required(params, "channel"))
    if desk.bot.user_id not in channel.members:
        raise MethodError("not_in_channel")
    return channel


def _within(message: Message, params: Params) -> bool:
    oldest, latest = str(params.get("oldest") or "0"), str(params.get("latest") or "")
    at, inclusive = _ts(message.ts), is_true(params.get("inclusive"))
    if at < _ts(oldest) or (latest and at > _ts(latest)):
        return False
    return inclusive or (at != _ts(oldest) and not (latest and at == _ts(latest)))


def _ts(value: str) -> tuple[int, int]:
    seconds, _, micros = value.partition(".")
    try:
        return int(seconds), int(micros.ljust(6, "0") or 0)
    except ValueError as exc:
        raise MethodError("invalid_arguments", (f"[ERROR] not a timestamp: {value}",)) from exc


def _wire(desk: Desk, message: Message, params: Params) -> Json:
    wire = message.wire(desk.bot.team_id, desk.state.reply_count(message))
    if not is_true(params.get("include_all_metadata")):
        wire.pop("metadata", None)
    return wire


def _page(items: Sequence[Any], params: Params) -> tuple[Sequence[Any], Json]:
    """One page and the cursor of the next; cursors are positions, opaque to the caller."""
    limit = int(params.get("limit") or 100)
    if not 1 <= limit <= 1000:
        raise MethodError("invalid_limit")
    cursor = str(params.get("cursor") or "")
    if cursor and not cursor.removeprefix("next:").isdigit():
        raise MethodError("invalid_cursor")
    start = int(cursor.removeprefix("next:")) if cursor else 0
    more = start + limit < len(items)
    return items[start : start + limit], {"next_cursor": f"next:{start + limit}" if more else ""}


METHODS: Mapping[str, Callable[[Desk, Params], Json]] = MappingProxyType(
    {
        "api.test": _api_test,
        "auth.test": _auth_test,
        "bots.info": _bot_info,
        "conversations.history": _history,
        "conversations.info": _info,
        "conversations.join": _join,
        "conversations.list": _list,
        "conversations.members": _members,
        "conversations.open": _open,
        "conversations.replies": _replies,
        "usergroups.list": _usergroup_list,
        "usergroups.users.list": _usergroup_users,
        "users.info": _user_info,
        "users.list": _user_list,
    }
)
"""The methods about conversations and people."""
