"""Checks of Block Kit's composition objects and of the elements one can click or choose from.

Source for every limit: https://docs.slack.dev/reference/block-kit/block-elements and …/composition-objects, whose
values agree with the comments of @slack/types 3.2.0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.demo.workspace.findings import Findings
from bot.demo.workspace.mrkdwn import check_mrkdwn

PLAIN = frozenset({"plain_text"})
ANY_TEXT = frozenset({"plain_text", "mrkdwn"})

SELECTS = frozenset(
    f"{multi}{kind}_select"
    for multi in ("", "multi_")
    for kind in ("static", "external", "users", "conversations", "channels")
)
PICKERS = frozenset({"datepicker", "timepicker", "datetimepicker"})
CHOICES = frozenset({"checkboxes", "radio_buttons", "overflow"})
INTERACTIVE = SELECTS | PICKERS | CHOICES | {"button", "workflow_button"}
INPUTS = frozenset(
    {"plain_text_input", "email_text_input", "number_input", "url_text_input", "rich_text_input", "file_input"}
)
FOOTERS = frozenset({"feedback_buttons", "icon_button"})
"""What stands in a context_actions block, and nowhere else."""

_OPTIONS_HIGH = {"overflow": 5, "checkboxes": 10, "radio_buttons": 10}


def check_text(
    findings: Findings, value: object, at: str, high: int = 3000, *, allowed: frozenset[str] = ANY_TEXT
) -> None:
    """Check a text object: its type, 1 to `high` characters, and its escapes when it is mrkdwn."""
    text = findings.part(value, at)
    if text is None or not findings.one_of(text.get("type"), f"{at}/type", allowed):
        return
    if not findings.length(text.get("text"), f"{at}/text", high):
        return
    if not text["text"].strip():
        findings.ours(f"{at}/text", "only blanks: nothing is shown")
    if text["type"] == "mrkdwn":
        if "emoji" in text:
            findings.slack(f"{at}/emoji", "only allowed in plain_text")
        check_mrkdwn(findings, text["text"], f"{at}/text")
    elif "verbatim" in text:
        findings.slack(f"{at}/verbatim", "only allowed in mrkdwn")


def check_optional_text(
    findings: Findings,
    part: Mapping[str, Any],
    name: str,
    at: str,
    high: int,
    *,
    allowed: frozenset[str] = PLAIN,
) -> None:
    """Check a text object that may be absent."""
    if part.get(name) is not None:
        check_text(findings, part[name], f"{at}/{name}", high, allowed=allowed)


def check_image(findings: Findings, image: Mapping[str, Any], at: str) -> None:
    """Check an image, as a block or as an element: a URL or a Slack file, and words for those who cannot see it."""
    if findings.required(image, at, "alt_text"):
        findings.length(image["alt_text"], f"{at}/alt_text", 2000)
    findings.optional_length(image, "image_url", at, 3000)
    if ("image_url" in image) == ("slack_file" in image):
        findings.slack(at, "exactly one of image_url and slack_file is required")


def check_element(findings: Findings, value: object, at: str, allowed: frozenset[str]) -> None:
    """Check one element and that it may stand where it does."""
    element = findings.part(value, at)
    if element is None:
        return
    kind = element.get("type")
    if kind not in allowed:
        findings.slack(f"{at}/type", f"unsupported type: {kind}")
        return
    if kind == "image":
        check_image(findings, element, at)
        return
    findings.optional_length(element, "action_id", at, 255)
    if kind in INTERACTIVE | FOOTERS and not element.get("action_id"):
        findings.ours(at, "no action_id: the app cannot tell this control from others")
    if element.get("confirm") is not None:
        _check_confirm(findings, element["confirm"], f"{at}/confirm")
    if kind in ("button", "workflow_button"):
        _check_button(findings, element, at)
    elif kind in CHOICES:
        check_options(findings, element, at, high=_OPTIONS_HIGH[str(kind)])
    elif kind in SELECTS:
        _check_select(findings, element, at)
    elif kind == "plain_text_input":
        for name in ("min_length", "max_length"):
            if element.get(name) is not None and not 0 <= int(element[name]) <= 3000:
                findings.slack(f"{at}/{name}", "must be between 0 and 3000")
    elif kind == "number_input":
        findings.required(element, at, "is_decimal_allowed")
        for name in ("min_value", "max_value", "initial_value"):
            if element.get(name) is not None and not isinstance(element[name], str):
                findings.slack(f"{at}/{name}", "must be a string")
    elif kind == "feedback_buttons":
        if findings.required(element, at, "positive_button", "negative_button"):
            _check_press(findings, element["positive_button"], f"{at}/positive_button")
            _check_press(findings, element["negative_button"], f"{at}/negative_button")
    elif kind == "icon_button":
        _check_button(findings, element, at)
    check_optional_text(findings, element, "placeholder", at, 150)


def check_unique_action_ids(findings: Findings, elements: list[Any], at: str) -> None:
    """Note an `action_id` used twice in one block.

    Source: https://docs.slack.dev/reference/block-kit/block-elements/button-element (action_id: unique in its block).
    """
    seen: set[str] = set()
    for index, element in enumerate(elements):
        action_id = element.get("action_id") if isinstance(element, Mapping) else None
        if action_id is not None and action_id in seen:
            findings.slack(f"{at}/{index}/action_id", f"`action_id` {action_id} already exists")
        seen.add(str(action_id))


def _check_press(findings: Findings, value: object, at: str) -> None:
    """One half of feedback_buttons: a text of 75 and a value of 2,000 characters.

    Source: https://docs.slack.dev/reference/block-kit/block-elements/feedback-buttons-element.
    """
    button = findings.part(value, at)
    if button is not None and findings.required(button, at, "value"):
        _check_button(findings, button, at)


def _check_button(findings: Findings, button: Mapping[str, Any], at: str) -> None:
    if findings.required(button, at, "text"):
        check_text(findings, button["text"], f"{at}/text", 75, allowed=PLAIN)
    findings.optional_length(button, "value", at, 2000)
    findings.optional_length(button, "url", at, 3000)
    findings.optional_length(button, "accessibility_label", at, 75)
    if button.get("style") is not None:
        findings.one_of(button["style"], f"{at}/style", {"primary", "danger"})


def _check_confirm(findings: Findings, value: object, at: str) -> None:
    confirm = findings.part(value, at)
    if confirm is None or not findings.required(confirm, at, "title", "text", "confirm", "deny"):
        return
    check_text(findings, confirm["title"], f"{at}/title", 100, allowed=PLAIN)
    check_text(findings, confirm["text"], f"{at}/text", 300)
    check_text(findings, confirm["confirm"], f"{at}/confirm", 30, allowed=PLAIN)
    check_text(findings, confirm["deny"], f"{at}/deny", 30, allowed=PLAIN)


def check_options(findings: Findings, element: Mapping[str, Any], at: str, high: int) -> list[Any]:
    """Check the options of a menu or a group; the options, those with faults too."""
    texts = ANY_TEXT if element.get("type") in ("checkboxes", "radio_buttons") else PLAIN
    options = findings.items(element.get("options"), f"{at}/options", high)
    values: list[object] = []
    for index, value in enumerate(options):
        here = f"{at}/options/{index}"
        option = findings.part(value, here)
        if option is None or not findings.required(option, here, "text", "value"):
            continue
        check_text(findings, option["text"], f"{here}/text", 75, allowed=texts)
        findings.length(option["value"], f"{here}/value", 150)
        check_optional_text(findings, option, "description", here, 75, allowed=texts)
        if option.get("url") is not None:
            if element.get("type") != "overflow":
                findings.slack(f"{here}/url", "only allowed in overflow menus")
            findings.length(option["url"], f"{here}/url", 3000)
        if option["value"] in values:
            findings.ours(f"{here}/value", f"value {option['value']!r} is in the list twice")
        values.append(option["value"])
    return options


def _check_select(findings: Findings, element: Mapping[str, Any], at: str) -> None:
    kind = str(element["type"])
    if kind.endswith("external_select") and element.get("min_query_length") is not None:
        findings.one_of(element["min_query_length"], f"{at}/min_query_length", set(range(101)))
    if not kind.endswith("static_select"):
        return
    if ("options" in element) == ("option_groups" in element):
        findings.slack(at, "exactly one of options and option_groups is required")
        return
    options: list[Any] = []
    if "options" in element:
        options = check_options(findings, element, at, high=100)
    else:
        for index, value in enumerate(findings.items(element["option_groups"], f"{at}/option_groups", 100)):
            here = f"{at}/option_groups/{index}"
            group = findings.part(value, here)
            if group is not None and findings.required(group, here, "label", "options"):
                check_text(findings, group["label"], f"{here}/label", 75, allowed=PLAIN)
                options += check_options(findings, group, here, high=100)
    initial = element.get("initial_option")
    if initial is not None and initial not in options:
        findings.slack(f"{at}/initial_option", "must be one of the options")
