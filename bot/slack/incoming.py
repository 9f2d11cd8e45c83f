"""What Slack sends, as a Request: commands, mentions, direct messages and clicks, and the key that tells them apart."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from bot.asking.command import Request, Surface
from bot.slack.shapes import Body, address, first, part, ts, word

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
    is_org_wide: bool = False
    scopes: frozenset[str] = frozenset()

    def outside(self, team_id: str, enterprise_id: str = "") -> bool:
        """Whether a person of this team is from another organisation; a team that is not known is ours."""
        if not team_id or team_id in (self.team_id, self.enterprise_id):
            return False
        return not self.enterprise_id or enterprise_id != self.enterprise_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """One question with the way back: where to answer, and the key under which it is answered once.

    `key` is "" when Slack gave nothing to tell a repetition by; `ts` names the message that asked, if one did;
    `is_edited` says that its author changed it since.
    """

    request: Request
    key: str
    response_url: str = ""
    ts: str = ""
    is_edited: bool = False

    @property
    def in_direct_messages(self) -> bool:
        """Whether it was asked where only this person and the bot read."""
        return self.request.channel_id.startswith("D")


def from_command(body: Body, identity: Identity) -> Incoming:
    """A slash command. Its trigger id is new each time somebody types, and the same when a delivery is repeated.

    Source: https://docs.slack.dev/interactivity/implementing-slash-commands.
    """
    team_id = word(body, "team_id")
    return Incoming(
        request=Request(
            text=unescaped(word(body, "text")),
            surface=Surface.SLASH,
            user_id=word(body, "user_id"),
            channel_id=word(body, "channel_id"),
            channel_name=word(body, "channel_name"),
            team_id=team_id,
            thread_ts=ts(body, "thread_ts") or None,
            is_external=identity.outside(team_id, word(body, "enterprise_id")),
            user_name=word(body, "user_name"),
        ),
        key=_key("command", word(body, "trigger_id")),
        response_url=address(body, "response_url"),
    )


def from_event(body: Body, identity: Identity) -> Incoming | None:
    """A mention or a direct message by a person; None for bots, notices and everything else.

    A direct message that mentions the bot is one `message` event; a mention in a channel is one `app_mention`, and one
    more each time its message is edited, also where the edit brought the mention: so its key is the message. The
    answer to a mention goes into its thread, the answer to a direct message where it was asked.
    Source: https://docs.slack.dev/reference/events/app_mention and …/message.im; for edits
    https://github.com/slackapi/bolt-js/issues/960.
    """
    event = part(body, "event")
    direct = event.get("type") == "message"
    channel_id = word(event, "channel")
    unwanted = event.get("bot_id") or event.get("hidden")
    if unwanted or word(event, "subtype") not in _ASKING_SUBTYPES or word(event, "user") in ("", identity.bot_user_id):
        return None
    if direct != channel_id.startswith("D") or (direct and event.get("channel_type", "im") != "im"):
        return None
    team_id = word(event, "user_team") or word(event, "source_team") or word(event, "team")
    among_us = body.get("is_ext_shared_channel") is False and bool(identity.enterprise_id)
    enterprise_id = word(event, "enterprise") or (enterprise_of(body) if among_us else "")
    # a shared channel whose event does not say where the person is from: rather refuse one of us than answer others
    unknown = not team_id and bool(body.get("is_ext_shared_channel"))
    asked_ts = ts(event, "ts")
    thread_ts = ts(event, "thread_ts") or ("" if direct else asked_ts)
    by_message = _key("mention", f"{channel_id}:{asked_ts}") if asked_ts and not direct else ""
    return Incoming(
        request=Request(
            text=unescaped(_without_mention(word(event, "text"), identity.bot_user_id)),
            surface=Surface.DM if direct else Surface.MENTION,
            user_id=word(event, "user"),
            channel_id=channel_id,
            team_id=team_id or word(body, "team_id"),
            thread_ts=thread_ts or None,
            is_external=unknown or identity.outside(team_id, enterprise_id),
        ),
        key=by_message or _key("event", word(body, "event_id")),
        ts=asked_ts,
        is_edited=bool(event.get("edited")),
    )


def from_edit(body: Body, identity: Identity) -> Incoming | None:
    """A direct message as its author changed it; None where the words are the same, and for everybody's notices.

    Source: https://docs.slack.dev/reference/events/message/message_changed (links that unfold are one, without edited).
    """
    event = part(body, "event")
    message = part(event, "message")
    before = word(part(event, "previous_message"), "text")
    if word(event, "subtype") != "message_changed" or not message.get("edited") or word(message, "text") == before:
        return None
    asked = {**message, "type": "message", "channel": event.get("channel"), "channel_type": event.get("channel_type")}
    return from_event({**body, "event": asked}, identity)


def enterprise_of(body: Body) -> str:
    """The organisation through which an event is delivered: everybody's in a channel that is not shared with others.

    With one installation for the whole organisation the team of the envelope is any of its teams.
    Source: https://docs.slack.dev/apis/events-api (context_enterprise_id, authorizations) and
    https://docs.slack.dev/enterprise/developing-for-enterprise-orgs.
    """
    granted = first(body, "authorizations")
    return word(body, "enterprise_id") or word(body, "context_enterprise_id") or word(granted, "enterprise_id")


def from_action(body: Body, identity: Identity) -> Incoming | None:
    """A click or a choice whose value is command text; None when it carries none."""
    action = first(body, "actions")
    text = word(action, "value") or word(part(action, "selected_option"), "value")
    if not text:
        return None
    user, container = part(body, "user"), part(body, "container")
    team_id = word(user, "team_id")
    return Incoming(
        request=Request(
            text=text,
            surface=Surface.BUTTON,
            user_id=word(user, "id"),
            channel_id=word(part(body, "channel"), "id") or word(container, "channel_id"),
            channel_name=word(part(body, "channel"), "name"),
            team_id=team_id,
            thread_ts=ts(container, "thread_ts") or None,
            is_external=identity.outside(team_id, word(part(body, "enterprise"), "id")),
            user_name=word(user, "name"),
        ),
        key=_key("action", word(body, "trigger_id")),
        response_url=address(body, "response_url"),
    )


def from_shortcut(body: Body, identity: Identity, verb: str) -> Incoming:
    """A message shortcut: the verb with the message's words, to be answered in the thread of that message.

    What monitors post stands in attachments and blocks as often as in the text; all of it is read.
    Source: https://docs.slack.dev/interactivity/implementing-shortcuts (message shortcuts).
    """
    user, message, channel = part(body, "user"), part(body, "message"), part(body, "channel")
    team_id, asked_ts = word(user, "team_id"), ts(message, "ts") or ts(body, "message_ts")
    words = " ".join(dict.fromkeys(_words(message)))
    return Incoming(
        request=Request(
            text=f"{verb} {unescaped(words)}"[:PASTED].strip(),
            surface=Surface.MENTION,
            user_id=word(user, "id"),
            user_name=word(user, "name"),
            channel_id=word(channel, "id"),
            channel_name=word(channel, "name"),
            team_id=team_id,
            thread_ts=ts(message, "thread_ts") or asked_ts or None,
            is_external=identity.outside(team_id, word(part(body, "enterprise"), "id")),
        ),
        key=_key("shortcut", word(body, "trigger_id")),
        response_url=address(body, "response_url"),
        ts=asked_ts,
    )


def from_person(body: Body, identity: Identity, text: str, **place: str) -> Incoming:
    """A command given through a form, a Home tab or a menu; `place` is channel_id, channel_name, thread_ts."""
    user = part(body, "user")
    team_id = word(user, "team_id") or word(part(body, "team"), "id")
    return Incoming(
        request=Request(
            text=text,
            surface=Surface.BUTTON,
            user_id=word(user, "id"),
            user_name=word(user, "name"),
            channel_id=place.get("channel_id", ""),
            channel_name=place.get("channel_name", ""),
            team_id=team_id,
            thread_ts=place.get("thread_ts") or None,
            is_external=identity.outside(team_id, word(part(body, "enterprise"), "id")),
        ),
        key=_key("view", word(body, "trigger_id")),
        response_url=place.get("response_url", ""),
    )


def _words(value: object) -> list[str]:
    """Every `text` and `fallback` string of a message, of its attachments and of its blocks."""
    if isinstance(value, Mapping):
        own = [
            v for k, v in value.items() if k in ("text", "fallback", "pretext", "title") and isinstance(v, str) and v
        ]
        return own + [found for item in value.values() if isinstance(item, Mapping | list) for found in _words(item)]
    if isinstance(value, list):
        return [found for item in value for found in _words(item)]
    return []


def with_person(
    incoming: Incoming,
    *,
    is_guest: bool,
    is_external: bool,
    is_ours: bool = False,
    name: str = "",
    zone: str = "",
    groups: frozenset[str] = frozenset(),
) -> Incoming:
    """The same question with what is known about the person who asked; who `is_ours` is no stranger by their team."""
    request = incoming.request
    known = replace(
        request,
        is_guest=is_guest,
        is_external=is_external or (request.is_external and not is_ours),
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
