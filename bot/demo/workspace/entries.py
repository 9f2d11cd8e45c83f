"""What a control holds: its value before anybody touches it, after somebody does, and what is wrong with it.

Source: https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload (`state.values`) and
https://docs.slack.dev/reference/block-kit/block-elements (one page for each element).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlsplit

from bot.demo.workspace.content import controls
from bot.demo.workspace.records import Json
from bot.demo.workspace.surfaces import Values

TEXT_INPUTS = frozenset({"plain_text_input", "email_text_input", "number_input", "url_text_input"})
_NO_VALUE = frozenset({"button", "workflow_button", "overflow", "feedback_buttons", "icon_button", "file_input"})
_PICKED = {
    "datepicker": "date",
    "timepicker": "time",
    "datetimepicker": "date_time",
    "users_select": "user",
    "conversations_select": "conversation",
    "channels_select": "channel",
}


def first_values(blocks: Iterable[Json], kept: Values) -> dict[str, dict[str, Json]]:
    """What the controls of these blocks hold: what was entered before under the same ids, else their initial values."""
    values: dict[str, dict[str, Json]] = {}
    for block, control in controls(list(blocks)):
        if control["type"] in _NO_VALUE:
            continue
        block_id, action_id = str(block.get("block_id") or ""), str(control.get("action_id") or "")
        before = kept.get(block_id, {}).get(action_id)
        same = before is not None and before["type"] == control["type"]
        entry = before if same and before is not None else _initial(control)
        values.setdefault(block_id, {})[action_id] = dict(entry)
    return values


def entered(control: Json, wanted: object, offered: Iterable[Json] = ()) -> Json:
    """What a control holds once somebody entered `wanted`: a text, an option's value or text, or a list of them.

    Raises: LookupError when an option is not among those of the control or those `offered` by the app.
    """
    kind = str(control["type"])
    if kind in TEXT_INPUTS:
        return {"type": kind, "value": None if wanted in (None, "") else str(wanted)}
    if kind in _PICKED:
        return {"type": kind, f"selected_{_PICKED[kind]}": wanted if wanted != "" else None}
    if kind.startswith("multi_") and not kind.endswith(("static_select", "external_select")):
        return {"type": kind, f"selected_{kind.removeprefix('multi_').removesuffix('_select')}": _listed(wanted)}
    options = [*options_of(control), *offered]
    if kind == "checkboxes" or kind.startswith("multi_"):
        return {"type": kind, "selected_options": [_option(control, options, one) for one in _listed(wanted)]}
    return {"type": kind, "selected_option": None if wanted in (None, "") else _option(control, options, wanted)}


def options_of(control: Mapping[str, Any]) -> list[Json]:
    """Every option of a control, those in groups too."""
    options: list[Json] = list(control.get("options") or ())
    for group in control.get("option_groups") or ():
        options += group.get("options") or ()
    return options


def input_errors(blocks: Iterable[Json], values: Values) -> dict[str, str]:
    """What Slack itself objects to before it submits a modal, by block id."""
    errors = {}
    for block in blocks:
        if block.get("type") != "input":
            continue
        block_id, control = str(block["block_id"]), block["element"]
        entry = values.get(block_id, {}).get(str(control.get("action_id")), {})
        held = [value for name, value in entry.items() if name != "type" and value not in (None, [], "")]
        if not held:
            if not block.get("optional") and control["type"] not in _NO_VALUE:
                errors[block_id] = "Please complete this required field."
        elif words := _objection(control, held[0]):
            errors[block_id] = words
    return errors


def _initial(control: Json) -> Json:
    kind = str(control["type"])
    if kind in TEXT_INPUTS:
        return {"type": kind, "value": control.get("initial_value")}
    if kind in _PICKED:
        name = _PICKED[kind]
        return {"type": kind, f"selected_{name}": control.get(f"initial_{name}")}
    if kind.startswith("multi_") and not kind.endswith(("static_select", "external_select")):
        name = kind.removeprefix("multi_").removesuffix("_select")
        return {"type": kind, f"selected_{name}": list(control.get(f"initial_{name}") or ())}
    if kind == "checkboxes" or kind.startswith("multi_"):
        return {"type": kind, "selected_options": list(control.get("initial_options") or ())}
    return {"type": kind, "selected_option": control.get("initial_option")}


def _listed(wanted: object) -> list[object]:
    if isinstance(wanted, list | tuple):
        return list(wanted)
    return [] if wanted in (None, "") else [wanted]


def _option(control: Json, options: list[Json], wanted: object) -> Json:
    for option in options:
        if wanted in (option["value"], option["text"]["text"]):
            return option
    known = ", ".join(str(option["value"]) for option in options)
    raise LookupError(f"No option {wanted!r} in {control.get('action_id')}: {known or 'there is none'}.")


def _objection(control: Json, value: object) -> str | None:
    kind = control["type"]
    if kind == "plain_text_input":
        low, high = int(control.get("min_length") or 0), int(control.get("max_length") or 3000)
        if len(str(value)) < low:
            return f"Must be at least {low} characters."
        return f"Must be at most {high} characters." if len(str(value)) > high else None
    if kind == "number_input":
        return _number_objection(control, str(value))
    if kind == "email_text_input" and "@" not in str(value):
        return "This is not an email address."
    if kind == "url_text_input" and urlsplit(str(value)).scheme not in ("http", "https"):
        return "This is not a web address."
    return None


def _number_objection(control: Json, value: str) -> str | None:
    try:
        number = Decimal(value)
    except InvalidOperation:
        return "This is not a number."
    if not number.is_finite():
        return "This is not a number."
    if not control.get("is_decimal_allowed") and number != number.to_integral_value():
        return "Must be a whole number."
    low, high = control.get("min_value"), control.get("max_value")
    if low is not None and number < Decimal(str(low)):
        return f"Must be at least {low}."
    return f"Must be at most {high}." if high is not None and number > Decimal(str(high)) else None
