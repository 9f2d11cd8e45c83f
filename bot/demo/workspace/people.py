"""What people do in the workspace: type commands, post, click; each becomes what Slack would send the bot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.demo.workspace.content import MethodError
from bot.demo.workspace.events import Delivery, Kind
from bot.demo.workspace.identity import Bot
from bot.demo.workspace.payloads import (
    action_of,
    action_payload,
    changed_event,
    deleted_event,
    find_control,
    incoming_text,
    message_event,
    places_of,
    slash_payload,
)
from bot.demo.workspace.records import Change, ChangeKind, ChannelKind, Json, Message, SlashResult
from bot.demo.workspace.responseurls import ResponseUrls
from bot.demo.workspace.state import State
from bot.demo.workspace.subscriptions import Subscriptions
from bot.demo.workspace.suggestions import Suggestions
from bot.demo.workspace.viewpayloads import message_place, shortcut_payload
from bot.demo.workspace.views import issue_trigger


class People:
    """Turns what people do into deliveries to the bot; runs on the server's loop."""

    def __init__(
        self,
        *,
        state: State,
        bot: Bot,
        delivery: Delivery,
        response_urls: ResponseUrls,
        subscriptions: Subscriptions,
        suggestions: Suggestions,
    ) -> None:
        self._state = state
        self._bot = bot
        self._delivery = delivery
        self._response_urls = response_urls
        self._subscriptions = subscriptions
        self._suggestions = suggestions

    async def slash(self, text: str, *, user: str, channel: str, command: str) -> SlashResult:
        """Deliver a typed command; the ack's text, if any, is shown to the user or in the channel."""
        who, where = self._state.user(user), self._state.channel(channel)
        if command not in (known.command for known in self._bot.commands):
            return SlashResult(error="invalid_command", shown=f"{command} is not a valid command.")
        refused: list[MethodError] = []

        def show(body: Mapping[str, Any]) -> None:
            if not any(body.get(name) for name in ("text", "blocks", "attachments")):
                return
            try:
                self._response_urls.answer(where.channel_id, who.user_id, body)
            except MethodError as exc:
                refused.append(exc)

        payload = slash_payload(
            self._bot,
            who,
            where,
            command=command,
            text=incoming_text(self._state, text.strip(), labels=True),
            response_url=self._response_urls.issue(
                self._state.base_url, channel_id=where.channel_id, user_id=who.user_id, origin=None
            ),
            trigger_id=issue_trigger(self._state, who.user_id),
        )
        outcome = await self._delivery.ask(Kind.COMMAND, payload, show)
        error = slack_error(outcome.reason)
        if refused:
            error = refused[0].error
        shown = None if error is None else f'{command} failed with the error "{error}"'
        return SlashResult(body=outcome.body, seconds=outcome.seconds, error=error, shown=shown)

    def say(self, text: str, *, user: str, channel: str, thread_ts: str | None) -> Message:
        """Post what a person wrote, and tell the bot if it is mentioned or addressed directly."""
        who, where = self._state.user(user), self._state.channel(channel)
        message = self._state.post(
            Message(
                ts=self._state.next_ts(),
                channel_id=where.channel_id,
                user_id=who.user_id,
                bot_id=who.bot_id,
                text=incoming_text(self._state, text, labels=False),
                thread_ts=thread_ts,
            )
        )
        kind = None
        if where.kind is ChannelKind.DM:
            kind = "message"
        elif f"<@{self._bot.user_id}>" in message.text and self._bot.user_id in where.members:
            kind = "app_mention"
        if kind is not None:
            self._subscriptions.tell(message_event(message, who, kind=kind), where)
        return message

    def edit(self, text: str, *, channel: str, ts: str) -> None:
        """Change the words of a message its author wrote; the bot hears of it in direct conversations and by mentions.

        Source: https://github.com/slackapi/bolt-js/issues/960 (an edited mention is one more app_mention, with edited).
        Raises: LookupError when it is not there.
        """
        message = self._seen(channel, ts, self._bot.user_id)
        changed = replace(message, text=incoming_text(self._state, text, labels=False), edited_ts=self._state.next_ts())
        self._state.change(changed)
        self._tell_direct(changed_event(changed, message, self._bot.team_id, self._state.next_ts()), message)
        where, who = self._state.channels[message.channel_id], self._state.users.get(message.user_id)
        mentions = f"<@{self._bot.user_id}>" in changed.text and self._bot.user_id in where.members
        if mentions and who is not None and not message.bot_id and where.kind is not ChannelKind.DM:
            edited = {"user": who.user_id, "ts": changed.edited_ts}
            self._subscriptions.tell({**message_event(changed, who, kind="app_mention"), "edited": edited}, where)

    def delete(self, *, channel: str, ts: str) -> None:
        """Delete a message; the bot hears of it in a direct conversation only.

        Raises: LookupError when it is not there.
        """
        message = self._seen(channel, ts, self._bot.user_id)
        self._state.delete(message)
        self._tell_direct(deleted_event(message, self._bot.team_id, self._state.next_ts()), message)

    async def click(
        self,
        *,
        channel: str,
        ts: str,
        action_id: str,
        user: str,
        value: str | None,
        option: object,
        block_id: str | None = None,
    ) -> str | None:
        """Use a control of a message this user sees: None when the bot acknowledged, else Slack's error.

        Raises: LookupError when there is no such message, control or option.
        """
        who, where = self._state.user(user), self._state.channel(channel)
        message = self._seen(channel, ts, user)
        block, control, attachment_id = find_control(places_of(message), action_id, block_id)
        action = action_of(
            block,
            control,
            value=value,
            option=option,
            action_ts=self._state.next_ts(),
            offered=self._suggestions.offered(who, message.ts, block, control),
        )
        payload = action_payload(
            self._bot,
            who,
            where,
            message,
            action,
            attachment_id=attachment_id,
            response_url=self._response_urls.issue(
                self._state.base_url, channel_id=where.channel_id, user_id=who.user_id, origin=message
            ),
            trigger_id=issue_trigger(self._state, who.user_id),
        )
        outcome = await self._delivery.ask(Kind.ACTION, payload, lambda _: None)
        return slack_error(outcome.reason)

    async def suggest(
        self, *, channel: str, ts: str, action_id: str, typed: str, user: str, block_id: str | None = None
    ) -> Json:
        """Type in an external select of a message: what the app offers.

        Raises: LookupError when there is no such message or control; ConnectionError when the app offers nothing.
        """
        message = self._seen(channel, ts, user)
        block, control, attachment_id = find_control(places_of(message), action_id, block_id)
        place = message_place(self._bot, self._state.channel(channel), message, attachment_id)
        return await self._suggestions.ask(self._state.user(user), block, control, typed, place)

    async def shortcut(self, callback_id: str, *, channel: str, ts: str, user: str) -> str | None:
        """Use a message shortcut: None when the bot acknowledged, else Slack's error.

        Raises: LookupError when there is no such message or shortcut.
        """
        who, where = self._state.user(user), self._state.channel(channel)
        message = self._seen(channel, ts, user)
        chosen = next((one for one in self._bot.shortcuts if one.callback_id == callback_id), None)
        if chosen is None:
            raise LookupError(
                f"No shortcut {callback_id!r}: {', '.join(one.callback_id for one in self._bot.shortcuts)}."
            )
        payload = shortcut_payload(
            self._bot,
            who,
            where,
            message,
            chosen,
            trigger_id=issue_trigger(self._state, who.user_id),
            response_url=self._response_urls.issue(
                self._state.base_url, channel_id=where.channel_id, user_id=who.user_id, origin=None
            ),
            action_ts=self._state.next_ts(),
        )
        outcome = await self._delivery.ask(Kind.ACTION, payload, lambda _: None)
        return slack_error(outcome.reason)

    def echo(self, change: Change) -> None:
        """Tell the bot of its own posts and edits in a direct conversation, as Slack does for `message.im`."""
        message = change.message
        where = self._state.channels[message.channel_id]
        if where.kind is not ChannelKind.DM or message.user_id != self._bot.user_id or message.only_to:
            return
        if change.kind is ChangeKind.POSTED:
            event = message_event(message, self._state.users[message.user_id], kind="message")
        elif change.kind is ChangeKind.CHANGED and change.previous is not None:
            if replace(message, reactions=()) == replace(change.previous, reactions=()):
                return  # An emoji under a message is no edit of it.
            event = changed_event(message, change.previous, self._bot.team_id, self._state.next_ts())
        else:
            return
        self._subscriptions.tell(event, where, may_duplicate=False)

    def _tell_direct(self, event: Json, message: Message) -> None:
        where = self._state.channels[message.channel_id]
        # An edit of the bot's own message is echoed already, whoever made it.
        if where.kind is ChannelKind.DM and not (event["subtype"] == "message_changed" and message.bot_id):
            self._subscriptions.tell(event, where, may_duplicate=False)

    def _seen(self, channel: str, ts: str, user: str) -> Message:
        who, where = self._state.user(user), self._state.channel(channel)
        message = self._state.find(where.channel_id, ts, who.user_id)
        if message is None:
            raise LookupError(f"No message {ts} in {where.name} that {who.name} can see.")
        return message


def slack_error(reason: str) -> str | None:
    """What Slack calls a delivery that failed: too late is `operation_timeout`, everything else `dispatch_failed`."""
    if not reason:
        return None
    return "operation_timeout" if reason in ("timeout", "http_timeout") else "dispatch_failed"
