"""What people do in modals and on the Home tab: type, choose, press, submit, close; and what the app's answer does.

Source: https://docs.slack.dev/surfaces/modals (response_action errors, update, push and clear; notify_on_close).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from bot.demo.workspace.chat import Desk, direct_channel
from bot.demo.workspace.content import MethodError
from bot.demo.workspace.entries import entered, input_errors
from bot.demo.workspace.events import Delivery, Kind
from bot.demo.workspace.identity import Bot
from bot.demo.workspace.payloads import action_of, find_control
from bot.demo.workspace.people import slack_error
from bot.demo.workspace.records import Json, User
from bot.demo.workspace.state import State
from bot.demo.workspace.subscriptions import Subscriptions
from bot.demo.workspace.suggestions import Suggestions
from bot.demo.workspace.surfaces import View
from bot.demo.workspace.viewpayloads import (
    closed_payload,
    home_opened_event,
    submission_payload,
    view_action_payload,
    view_place,
    view_wire,
)
from bot.demo.workspace.views import (
    accepted_view,
    close_views,
    home,
    issue_trigger,
    modals,
    push_view,
    replace_view,
)

_TROUBLE = "We had some trouble connecting. Try again?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """How submitting a modal went: errors by block id, and Slack's error when the app did not answer properly."""

    errors: Mapping[str, str] = field(default_factory=dict)
    error: str | None = None
    shown: str | None = None

    @property
    def ok(self) -> bool:
        """Whether the app took what was submitted."""
        return self.error is None and not self.errors


class Modals:
    """Turns what people do in views into deliveries to the bot; runs on the server's loop."""

    def __init__(
        self, *, state: State, bot: Bot, delivery: Delivery, subscriptions: Subscriptions, suggestions: Suggestions
    ) -> None:
        self._state = state
        self._bot = bot
        self._delivery = delivery
        self._subscriptions = subscriptions
        self._suggestions = suggestions

    def top(self, user: str, view_id: str | None = None) -> View:
        """The user's top modal, or the view named, be it the Home tab. Raises: LookupError when it is not open."""
        who = self._state.user(user)
        stack = modals(self._state, who.user_id)
        if view_id is None and stack:
            return stack[-1]
        tab = home(self._state, who.user_id)
        for view in (*stack, tab):
            if view is not None and view.view_id == view_id:
                return view
        raise LookupError(f"{who.name} has no {'modal' if view_id is None else view_id} open.")

    def enter(self, values: Mapping[str, object], *, user: str, view_id: str | None = None) -> View:
        """Fill inputs by action id; nothing is sent. Raises: LookupError for an input or option that is not there."""
        view = self.top(user, view_id)
        who = self._state.user(user)
        held = {block: dict(entries) for block, entries in view.values.items()}
        for name, wanted in values.items():
            block_id, _, action_id = name.rpartition("/")
            block, control, _ = find_control([(view.blocks, None)], action_id, block_id)
            offered = self._suggestions.offered(who, view.view_id, block, control)
            entry = entered(control, wanted, offered)
            held.setdefault(str(block["block_id"]), {})[str(control["action_id"])] = entry
        view = replace(view, values=held)
        self._state.views[view.view_id] = view
        return view

    async def act(
        self,
        action_id: str,
        *,
        user: str,
        value: str | None = None,
        option: object = None,
        view_id: str | None = None,
        block_id: str | None = None,
    ) -> str | None:
        """Use a control of a modal or the Home tab: None when the bot acknowledged, else Slack's error.

        Raises: LookupError when there is no such control or option.
        """
        who, view = self._state.user(user), self.top(user, view_id)
        block, control, _ = find_control([(view.blocks, None)], action_id, block_id)
        action = action_of(
            block,
            control,
            value=value,
            option=option,
            action_ts=self._state.next_ts(),
            offered=self._suggestions.offered(who, view.view_id, block, control),
        )
        if action_id in view.values.get(str(block["block_id"]), {}):
            wanted = option if option is not None else value
            view = self.enter({f"{block['block_id']}/{action_id}": wanted}, user=user, view_id=view.view_id)
        trigger_id = issue_trigger(self._state, who.user_id, view.view_id)
        payload = view_action_payload(self._bot, who, view, action, trigger_id)
        outcome = await self._delivery.ask(Kind.ACTION, payload, lambda _: None)
        return slack_error(outcome.reason)

    async def suggest(
        self, action_id: str, typed: str, *, user: str, view_id: str | None = None, block_id: str | None = None
    ) -> Json:
        """Type in an external select of a view: what the app offers.

        Raises: LookupError when there is no such control; ConnectionError when the app offers nothing.
        """
        view = self.top(user, view_id)
        block, control, _ = find_control([(view.blocks, None)], action_id, block_id)
        place = view_place(self._bot, view)
        return await self._suggestions.ask(self._state.user(user), block, control, typed, place)

    async def submit(self, *, user: str, view_id: str | None = None) -> Submission:
        """Submit the top modal; what is missing or malformed is said without asking the app."""
        who, view = self._state.user(user), self.top(user, view_id)
        errors = input_errors(view.blocks, view.values)
        if errors:
            return Submission(errors=errors)
        payload = submission_payload(self._bot, who, view, issue_trigger(self._state, who.user_id, view.view_id))
        outcome = await self._delivery.ask(Kind.ACTION, payload, lambda _: None)
        error = slack_error(outcome.reason)
        if error is not None:
            return Submission(error=error, shown=_TROUBLE)
        try:
            return self._carry_out(who, view, outcome.body)
        except MethodError as exc:
            return Submission(error=exc.error, shown=_TROUBLE)

    async def close(self, *, user: str, all_of_them: bool = False) -> str | None:
        """Close the top modal, or all of them, telling the app where it asked for it: None, or Slack's error.

        Raises: LookupError when none is open.
        """
        who, top = self._state.user(user), self.top(user)
        error = None
        whole = all_of_them or bool(top.body.get("clear_on_close"))
        for view in close_views(self._state, who.user_id, all_of_them=whole):
            if view.body.get("notify_on_close"):
                payload = closed_payload(self._bot, who, view, is_cleared=whole)
                outcome = await self._delivery.ask(Kind.ACTION, payload, lambda _: None)
                error = error or slack_error(outcome.reason)
        return error

    def open_home(self, *, user: str, tab: str) -> None:
        """Open the app's `home` or `messages` tab, of which the app is told if it asked for it."""
        who = self._state.user(user)
        channel = direct_channel(Desk(state=self._state, bot=self._bot), who.user_id)
        view = home(self._state, who.user_id)
        shown = None if view is None else view_wire(self._bot, view)
        self._subscriptions.tell(home_opened_event(who, channel, tab, self._state.next_ts(), shown), channel)

    def _carry_out(self, who: User, view: View, answer: Mapping[str, Any]) -> Submission:
        """What the app's answer to a submission does. Raises: MethodError when Slack refuses it."""
        action = answer.get("response_action")
        if view.view_id not in self._state.views:
            return Submission()
        if action is None:
            close_views(self._state, who.user_id, all_of_them=False)
        elif action == "clear":
            close_views(self._state, who.user_id, all_of_them=True)
        elif action == "errors":
            return Submission(errors=_errors(view, answer.get("errors")))
        elif action == "update":
            replace_view(self._state, view, accepted_view(self._state, answer.get("view"), "modal"))
        elif action == "push":
            push_view(self._state, who.user_id, accepted_view(self._state, answer.get("view"), "modal"))
        else:
            raise MethodError("invalid_arguments", (f"[ERROR] no response_action {action!r}",))
        return Submission()


def _errors(view: View, errors: object) -> dict[str, str]:
    """The app's words for its inputs. Raises: MethodError for a block that is no input of this view."""
    inputs = {block["block_id"] for block in view.blocks if block.get("type") == "input"}
    if not isinstance(errors, Mapping) or not errors or not set(errors) <= inputs:
        raise MethodError("invalid_arguments", ("[ERROR] errors must name input blocks of the view",))
    return {str(block_id): str(words) for block_id, words in errors.items()}
