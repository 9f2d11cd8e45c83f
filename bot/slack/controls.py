"""Buttons and menus as Block Kit elements: each carries the command text that a click runs."""

import re
from collections.abc import Sequence
from itertools import count
from typing import Any

from bot.message import Button, Controls, Menu, Press
from bot.slack.mrkdwn import cut, one_line, web_address

RUN = Press.RUN.value
OPEN = "open"
RUN_ACTION = re.compile(rf"^{RUN}\.\d+$")
FORM_ACTION = re.compile(rf"^{Press.FORM.value}\.\d+$")
GRAPH_ACTION = re.compile(rf"^{Press.GRAPH.value}\.\d+$")
"""The action ids of controls by what a press does; those of links are `open.N` and are only acknowledged."""
OPEN_ACTION = re.compile(rf"^{OPEN}\.\d+$")

FEEDBACK_ACTION = "feedback"
HELPED, MISSED = "helped", "missed"
FEEDBACK_VALUE = 300
"""Characters of a feedback button's value: enough to tell which question it was about."""

BUTTON_TEXT = 75
BUTTON_VALUE = 2_000
BUTTON_URL = 3_000
"""Source: https://docs.slack.dev/reference/block-kit/block-elements/button-element (75, 2,000, 3,000)."""
OPTION_TEXT = 75
OPTION_VALUE = 150
OPTIONS = 100
PLACEHOLDER = 150
"""Source: https://docs.slack.dev/reference/block-kit/composition-objects/option-object (75, 150) and
https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element (100 options, placeholder 150)."""
ACTIONS_ELEMENTS = 25
"""Source: https://docs.slack.dev/reference/block-kit/blocks/actions-block (25 elements)."""
CONTROLS = 50
"""Controls of one message at most: more is no choice but a puzzle."""

Element = dict[str, Any]


def elements(rows: Sequence[Controls]) -> tuple[list[list[Element]], list[str]]:
    """One list of elements a row of controls, and what had to be left out, as sentences."""
    numbers = count()
    notes: list[str] = []
    found: list[list[Element]] = []
    left = CONTROLS
    primary = True
    for row in rows:
        shown: list[Element] = []
        for item in row.items:
            if left == 0:
                notes.append("More buttons were left out.")
                return [*found, shown], notes
            element = (
                _menu(item, next(numbers), notes) if isinstance(item, Menu) else _button(item, next(numbers), notes)
            )
            if element is None:
                continue
            if element.get("style") and not primary:
                del element["style"]
            primary = primary and "style" not in element
            shown.append(element)
            left -= 1
        found += [shown[at : at + ACTIONS_ELEMENTS] for at in range(0, len(shown), ACTIONS_ELEMENTS)]
    return found, notes


def feedback_block(named: str) -> Element:
    """The block that asks whether an answer helped; `named` comes back with the press.

    Source: https://docs.slack.dev/reference/block-kit/block-elements/feedback-buttons-element (text 75, value 2,000;
    in context_actions blocks of messages alone).
    """
    halves = {}
    for half, word, label in (("positive_button", HELPED, "Helped"), ("negative_button", MISSED, "Did not help")):
        text = {"type": "plain_text", "text": label}
        halves[half] = {"text": text, "value": cut(f"{word} {one_line(named)}", FEEDBACK_VALUE)}
    return {
        "type": "context_actions",
        "elements": [{"type": "feedback_buttons", "action_id": FEEDBACK_ACTION, **halves}],
    }


def _button(button: Button, number: int, notes: list[str]) -> Element | None:
    command, url = one_line(button.command), web_address(button.url or "")
    label = cut(one_line(button.label) or command or url, BUTTON_TEXT)
    if len(command) > BUTTON_VALUE:
        notes.append(f"The command of “{cut(label, 30)}” is too long for a button: type it.")
        command = ""
    if not label or not (command or url):
        return None
    element: Element = {
        "type": "button",
        "action_id": f"{OPEN if url else button.press.value}.{number}",
        "text": {"type": "plain_text", "text": label, "emoji": True},
    }
    if command:
        element["value"] = command
    if url:
        element["url"] = url
    if button.primary:
        element["style"] = "primary"
    return element


def _menu(menu: Menu, number: int, notes: list[str]) -> Element | None:
    options: list[Element] = []
    values: set[str] = set()
    too_long = 0
    for label, command in menu.options:
        value = one_line(command)
        text = cut(one_line(label) or value, OPTION_TEXT)
        if len(value) > OPTION_VALUE:
            too_long += 1
        elif value and value not in values:
            values.add(value)
            options.append({"text": {"type": "plain_text", "text": text, "emoji": True}, "value": value})
    if too_long:
        notes.append(f"{too_long} of {len(menu.options)} choices are too long for a menu: type them.")
    if len(options) > OPTIONS:
        notes.append(f"+{len(options) - OPTIONS} more choices: type them.")
    if not options:
        return None
    placeholder = cut(one_line(menu.label), PLACEHOLDER) or "Choose…"
    return {
        "type": "static_select",
        "action_id": f"{RUN}.{number}",
        "placeholder": {"type": "plain_text", "text": placeholder, "emoji": True},
        "options": options[:OPTIONS],
    }
