"""The views.* methods: opening, changing and pushing modals, publishing Home tabs; and the trigger ids that allow it.

Source for every argument and error: https://docs.slack.dev/reference/methods/views.open, …/views.push, …/views.update
and …/views.publish.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from bot.demo.workspace.blockkit import refusal
from bot.demo.workspace.chat import Desk, Params, required
from bot.demo.workspace.content import MethodError, missing_files, settle_blocks
from bot.demo.workspace.entries import first_values
from bot.demo.workspace.records import Json
from bot.demo.workspace.state import State
from bot.demo.workspace.surfaces import Trigger, View
from bot.demo.workspace.viewkit import is_too_large

STACK_HIGH = 3
"""Source: https://docs.slack.dev/reference/methods/views.push (push_limit_reached: 3 views)."""
TRIGGERS_KEPT = 2_000
_TRIGGER = re.compile(r"\d+\.\d+\.[0-9a-f]+")


def issue_trigger(state: State, user_id: str, view_id: str | None = None) -> str:
    """A trigger id for what this user just did, in a modal when `view_id` names it."""
    trigger_id = f"1.2.{secrets.token_hex(16)}"
    if len(state.triggers) >= TRIGGERS_KEPT:
        # Those long expired are forgotten: an id nobody knows is answered as expired all the same.
        for old in list(state.triggers)[: TRIGGERS_KEPT // 2]:
            del state.triggers[old]
    state.triggers[trigger_id] = Trigger(trigger_id=trigger_id, user_id=user_id, issued_at=state.now(), view_id=view_id)
    return trigger_id


def accepted_view(state: State, value: object, kind: str) -> Json:
    """A view as Slack stores it, ids filled in. Raises: MethodError where Slack refuses it."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError as exc:
            raise MethodError("invalid_arguments", ("[ERROR] view is not JSON [json-pointer:/view]",)) from exc
    if not isinstance(value, dict):
        raise MethodError("invalid_arguments", ("[ERROR] missing required field: view",))
    if value.get("type") != kind:
        raise MethodError("invalid_arguments", (f"[ERROR] must be {kind} [json-pointer:/view/type]",))
    if is_too_large(value):
        raise MethodError("view_too_large")
    refused = refusal(value, kind)
    missing = () if refused is not None else tuple(missing_files(value["blocks"], state))
    messages = missing if refused is None else refused.messages
    if messages:
        placed = tuple(message.replace("[json-pointer:", "[json-pointer:/view") for message in messages)
        raise MethodError("invalid_arguments", placed)
    return {**value, "blocks": list(settle_blocks(tuple(value["blocks"]), state))}


def push_view(state: State, user_id: str, body: Json) -> View:
    """Put a modal on top of this user's. Raises: MethodError `push_limit_reached` or `duplicate_external_id`."""
    stack = state.modals.get(user_id, ())
    if len(stack) >= STACK_HIGH:
        raise MethodError("push_limit_reached")
    view = _new(state, user_id, body, stack)
    state.modals[user_id] = (*stack, view.view_id)
    show_modals(state, user_id)
    return view


def replace_view(state: State, view: View, body: Json) -> View:
    """Give an open view another body; what was entered under ids that stay is kept."""
    _refuse_external_id(state, body, but=view.view_id)
    changed = replace(view, body=body, revision=_revision(state), values=first_values(body["blocks"], view.values))
    keep_view(state, changed)
    return changed


def keep_view(state: State, view: View) -> None:
    """Store a new version of a view and show it."""
    state.views[view.view_id] = view
    if view.body["type"] == "home":
        state.show({view.user_id}, {"type": "home", "view": page_view(view)})
    else:
        show_modals(state, view.user_id)


def close_views(state: State, user_id: str, *, all_of_them: bool) -> tuple[View, ...]:
    """Take the top modal, or all, away from this user: those closed, the top one first."""
    stack = state.modals.get(user_id, ())
    count = len(stack) if all_of_them else min(1, len(stack))
    closed = tuple(state.views.pop(view_id) for view_id in reversed(stack[len(stack) - count :]))
    state.modals[user_id] = stack[: len(stack) - count]
    show_modals(state, user_id)
    return closed


def modals(state: State, user_id: str) -> list[View]:
    """This user's open modals, the top one last."""
    with state.changed:
        return [state.views[view_id] for view_id in state.modals.get(user_id, ())]


def home(state: State, user_id: str) -> View | None:
    """This user's Home tab, or None where the app published none."""
    with state.changed:
        return state.views.get(state.homes.get(user_id, ""))


def page_view(view: View) -> Json:
    """A view as the page draws it."""
    return view.wire("", "", "")


def show_modals(state: State, user_id: str) -> None:
    """Show this user's pages which modals are open now."""
    state.show({user_id}, {"type": "modals", "views": [page_view(view) for view in modals(state, user_id)]})


def _open(desk: Desk, params: Params) -> Json:
    body = accepted_view(desk.state, params.get("view"), "modal")
    _refuse_external_id(desk.state, body)
    trigger = _exchange(desk.state, params)
    close_views(desk.state, trigger.user_id, all_of_them=True)
    return {"view": _wire(desk, push_view(desk.state, trigger.user_id, body))}


def _push(desk: Desk, params: Params) -> Json:
    body = accepted_view(desk.state, params.get("view"), "modal")
    trigger = _exchange(desk.state, params)
    if trigger.view_id is None or trigger.view_id not in desk.state.views:
        raise MethodError("not_found")
    return {"view": _wire(desk, push_view(desk.state, trigger.user_id, body))}


def _update(desk: Desk, params: Params) -> Json:
    view_id, external_id = params.get("view_id"), params.get("external_id")
    if not view_id and not external_id:
        raise MethodError("invalid_arguments", ("[ERROR] missing required field: view_id or external_id",))
    found = [
        view
        for view in desk.state.views.values()
        if view.view_id == view_id or (not view_id and view.external_id == external_id)
    ]
    if not found:
        raise MethodError("not_found")
    body = accepted_view(desk.state, params.get("view"), str(found[0].body["type"]))
    _refuse_conflict(found[0], params)
    return {"view": _wire(desk, replace_view(desk.state, found[0], body))}


def _publish(desk: Desk, params: Params) -> Json:
    user_id = required(params, "user_id")
    if user_id not in desk.state.users:
        raise MethodError("user_not_found")
    body = accepted_view(desk.state, params.get("view"), "home")
    known = home(desk.state, user_id)
    if known is not None:
        _refuse_conflict(known, params)
        return {"view": _wire(desk, replace_view(desk.state, known, body))}
    view = _new(desk.state, user_id, body, ())
    desk.state.homes[user_id] = view.view_id
    keep_view(desk.state, view)
    return {"view": _wire(desk, view)}


METHODS: Mapping[str, Callable[[Desk, Params], Json]] = MappingProxyType(
    {"views.open": _open, "views.publish": _publish, "views.push": _push, "views.update": _update}
)
"""The view methods of the Web API."""


def _exchange(state: State, params: Params) -> Trigger:
    """The trigger a call names, used up by it.

    Source: https://docs.slack.dev/interactivity/handling-user-interaction (3 seconds, one use).
    """
    trigger_id = required(params, "trigger_id")
    trigger = state.triggers.get(trigger_id)
    if trigger is None:
        raise MethodError("expired_trigger_id" if _TRIGGER.fullmatch(trigger_id) else "invalid_trigger_id")
    if trigger.is_used:
        raise MethodError("exchanged_trigger_id")
    if state.now() - trigger.issued_at >= state.trigger_lifetime:
        raise MethodError("expired_trigger_id")
    state.triggers[trigger_id] = replace(trigger, is_used=True)
    return trigger


def _new(state: State, user_id: str, body: Json, stack: tuple[str, ...]) -> View:
    _refuse_external_id(state, body)
    view_id = state.next_id("V")
    view = View(
        view_id=view_id,
        user_id=user_id,
        body=body,
        revision=_revision(state),
        root_view_id=stack[0] if stack else view_id,
        previous_view_id=stack[-1] if stack else None,
        values=first_values(body["blocks"], {}),
    )
    state.views[view_id] = view
    return view


def _refuse_external_id(state: State, body: Json, but: str | None = None) -> None:
    external_id = body.get("external_id")
    taken = {view.external_id for view in state.views.values() if view.view_id != but}
    if external_id and external_id in taken:
        raise MethodError("duplicate_external_id")


def _refuse_conflict(view: View, params: Params) -> None:
    if params.get("hash") and params["hash"] != view.revision:
        raise MethodError("hash_conflict")


def _revision(state: State) -> str:
    return f"{int(state.now().timestamp())}.{secrets.token_hex(4)}"


def _wire(desk: Desk, view: View) -> Json:
    return view.wire(desk.bot.team_id, desk.bot.app_id, desk.bot.bot_id)
