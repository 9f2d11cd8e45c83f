"""What Slack sends, as a Request: commands, mentions, direct messages and clicks, and the key that tells them apart."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.asking.command import Request, Surface

Body = Mapping[str, Any]

PASTED = 7_900
"""Characters of a message that a shortcut hands on: the grammar reads 8,000 at most."""

_LIKE_A_MENTION = re.compile(r"<@(?P<user>[UW][A-Z0-9]+)(?:\|[^>]*)?>")

_ASKING_SUBTYPES = frozenset({"", "file_share", "thread_broadcast"})
"""Messages a person wrote, with a screenshot or from a thread too; every other subtype is an edit or a notice.

Source: https://docs.slack.dev/reference/events/message (subtypes).
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who the bot is in Slack: what auth.test said at start."""

    team_id: str
    bot_user_id: str
    bot_id: str = ""
    enterprise_id: str = ""
    scopes: frozenset[str] = frozenset()

    def outside(self, team_id: str, enterprise_id: str = "") -> bool:
        """Whether a person of this team is from another organisation; a team that is not known is ours."""
        if not team_id or team_id == self.team_id:
            return False
        return not self.enterprise_id or enterprise_id != self.enterprise_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """One question with the way back: where to answer, and the key under which it is answered once.

    `key` is "" when Slack gave nothing to tell a repetition by; `ts` names the message that asked, if one did.
    """

    request: Request
    key: str
    response_url: str = ""
    ts: str = ""

    @property
    def in_direct_messages(self) -> bool:
        """Whether it was asked where only this person and the bot read."""
        return self.request.channel_id.startswith("D")


def from_command(body: Body, identity: Identity) -> Incoming:
    """A slash command. Its trigger id is new each time somebody types, and the same when a delivery is repeated.

    Source: https://docs.slack.dev/interactivity/implementing-slash-commands.
    """
    team_id = _word(body, "team_id")
    return Incoming(
        request=Request(
            text=unescaped(_word(body, "text")),
            surface=Surface.SLASH,
            user_id=_word(body, "user_id"),
            channel_id=_word(body, "channel_id"),
            channel_name=_word(body, "channel_name"),
            team_id=team_id,
            thread_ts=_word(body, "thread_ts") or None,
            is_external=identity.outside(team_id, _word(body, "enterprise_id")),
            user_name=_word(body, "user_name"),
        ),
        key=_key("command", _word(body, "trigger_id")),
        response_url=_word(body, "response_url"),
    )


def from_event(body: Body, identity: Identity) -> Incoming | None:
    """A mention or a direct message by a person; None for bots, edits and everything else.

    A direct message that mentions the bot is one `message` event; a mention in a channel is one `app_mention`. The
    answer to a mention goes into its thread, the answer to a direct message where it was asked.
    Source: https://docs.slack.dev/reference/events/app_mention and …/message.im.
    """
    event = body.get("event") or {}
    direct = event.get("type") == "message"
    channel_id = _word(event, "channel")
    unwanted = event.get("bot_id") or event.get("edited") or event.get("hidden")
    if (
        unwanted
        or _word(event, "subtype") not in _ASKING_SUBTYPES
        or not event.get("user")
        or event["user"] == identity.bot_user_id
    ):
        return None
    if direct != channel_id.startswith("D") or (direct and event.get("channel_type", "im") != "im"):
        return None
    team_id = _word(event, "user_team") or _word(event, "source_team") or _word(event, "team")
    # a shared channel whose event does not say where the person is from: rather refuse one of us than answer others
    unknown = not team_id and bool(body.get("is_ext_shared_channel"))
    thread_ts = _word(event, "thread_ts") or ("" if direct else _word(event, "ts"))
    return Incoming(
        request=Request(
            text=unescaped(_without_mention(_word(event, "text"), identity.bot_user_id)),
            surface=Surface.DM if direct else Surface.MENTION,
            user_id=_word(event, "user"),
            channel_id=channel_id,
            team_id=team_id or _word(body, "team_id"),
            thread_ts=thread_ts or None,
            is_external=unknown or identity.outside(team_id, _word(event, "enterprise")),
        ),
        key=_key("event", _word(body, "event_id")),
        ts=_word(event, "ts"),
    )


def from_action(body: Body, identity: Identity) -> Incoming | None:
    """A click or a choice whose value is command text; None when it carries none."""
    actions = body.get("actions") or [{}]
    action: Body = actions[0]
    text = _word(action, "value") or _word(action.get("selected_option") or {}, "value")
    if not text:
        return None
    user, container = body.get("user") or {}, body.get("container") or {}
    team_id = _word(user, "team_id")
    enterprise = body.get("enterprise") or {}
    return Incoming(
        request=Request(
            text=text,
            surface=Surface.BUTTON,
            user_id=_word(user, "id"),
            channel_id=_word(body.get("channel") or {}, "id") or _word(container, "channel_id"),
            channel_name=_word(body.get("channel") or {}, "name"),
            team_id=team_id,
            thread_ts=_word(container, "thread_ts") or None,
            is_external=identity.outside(team_id, _word(enterprise, "id")),
            user_name=_word(user, "name"),
        ),
        key=_key("action", _word(body, "trigger_id")),
        response_url=_word(body, "response_url"),
    )


def from_shortcut(body: Body, identity: Identity, verb: str) -> Incoming:
    """A message shortcut: the verb with the message's words, to be answered in the thread of that message.

    What monitors post stands in attachments and blocks as often as in the text; all of it is read.
    Source: https://docs.slack.dev/interactivity/implementing-shortcuts (message shortcuts).
    """
    user, message, channel = body.get("user") or {}, body.get("message") or {}, body.get("channel") or {}
    team_id, ts = _word(user, "team_id"), _word(message, "ts") or _word(body, "message_ts")
    words = " ".join(dict.fromkeys(_words(message)))
    return Incoming(
        request=Request(
            text=f"{verb} {unescaped(words)}"[:PASTED].strip(),
            surface=Surface.MENTION,
            user_id=_word(user, "id"),
            user_name=_word(user, "name"),
            channel_id=_word(channel, "id"),
            channel_name=_word(channel, "name"),
            team_id=team_id,
            thread_ts=_word(message, "thread_ts") or ts or None,
            is_external=identity.outside(team_id, _word(body.get("enterprise") or {}, "id")),
        ),
        key=_key("shortcut", _word(body, "trigger_id")),
        response_url=_word(body, "response_url"),
        ts=ts,
    )


def from_person(body: Body, identity: Identity, text: str, **place: str) -> Incoming:
    """A command given through a form, a Home tab or a menu; `place` is channel_id, channel_name, thread_ts."""
    user = body.get("user") or {}
    team_id = _word(user, "team_id") or _word(body.get("team") or {}, "id")
    return Incoming(
        request=Request(
            text=text,
            surface=Surface.BUTTON,
            user_id=_word(user, "id"),
            user_name=_word(user, "name"),
            channel_id=place.get("channel_id", ""),
            channel_name=place.get("channel_name", ""),
            team_id=team_id,
            thread_ts=place.get("thread_ts") or None,
            is_external=identity.outside(team_id, _word(body.get("enterprise") or {}, "id")),
        ),
        key=_key("view", _word(body, "trigger_id")),
        response_url=place.get("response_url", ""),
    )


def _words(value: object) -> list[str]:
    """Every `text` and `fallback` string of a message, of its attachments and of its blocks."""
    if isinstance(value, Mapping):
        own = [
            v for k, v in value.items() if k in ("text", "fallback", "pretext", "title") and isinstance(v, str) and v
        ]
        return own + [word for item in value.values() if isinstance(item, Mapping | list) for word in _words(item)]
    if isinstance(value, list):
        return [word for item in value for word in _words(item)]
    return []


def with_person(
    incoming: Incoming,
    *,
    is_guest: bool,
    is_external: bool,
    name: str = "",
    zone: str = "",
    groups: frozenset[str] = frozenset(),
) -> Incoming:
    """The same question with what is known about the person who asked."""
    request = incoming.request
    known = replace(
        request,
        is_guest=is_guest,
        is_external=request.is_external or is_external,
        user_name=name or request.user_name,
        user_groups=groups,
        zone=zone,
    )
    return replace(incoming, request=known)


def unescaped(text: str) -> str:
    """The text as it was typed: Slack escapes three characters on the way in.

    Source: https://docs.slack.dev/messaging/formatting-message-text ("Retrieving messages").
    """
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _without_mention(text: str, bot_user_id: str) -> str:
    """The text without the bot's own mention, wherever it stands."""
    return _LIKE_A_MENTION.sub(lambda found: " " if found["user"] == bot_user_id else found[0], text).strip()


def _key(kind: str, name: str) -> str:
    return f"{kind}:{name}" if name else ""


def _word(body: Body, name: str) -> str:
    value = body.get(name)
    return value if isinstance(value, str) else ""
