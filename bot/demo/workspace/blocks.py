"""Checks of the Block Kit blocks an operations message is made of.

Source for every limit: https://docs.slack.dev/reference/block-kit/blocks (one page for each block), whose values agree
with the comments of @slack/types 3.2.0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from bot.demo.workspace.elements import (
    ANY_TEXT,
    INPUTS,
    INTERACTIVE,
    PLAIN,
    check_element,
    check_image,
    check_optional_text,
    check_text,
    check_unique_action_ids,
)
from bot.demo.workspace.findings import Findings
from bot.demo.workspace.mrkdwn import check_markdown
from bot.demo.workspace.richblocks import RICH_CHECKS
from bot.demo.workspace.richtext import check_rich_text

Block = Mapping[str, Any]
Check = Callable[[Findings, Block, str], None]

MESSAGE_BLOCKS = frozenset(
    {
        "section",
        "header",
        "context",
        "context_actions",
        "actions",
        "divider",
        "image",
        "input",
        "rich_text",
        "markdown",
        "table",
        "data_table",
        "data_visualization",
        "card",
        "carousel",
        "container",
        "plan",
        "task_card",
        "video",
    }
)
MODAL_BLOCKS = frozenset(
    {
        "actions",
        "alert",
        "context",
        "divider",
        "header",
        "image",
        "input",
        "rich_text",
        "section",
        "video",
        "card",
    }
)
HOME_BLOCKS = frozenset(
    {
        "actions",
        "context",
        "divider",
        "header",
        "image",
        "input",
        "rich_text",
        "section",
        "video",
        "card",
        "carousel",
    }
)
_SURFACES = MappingProxyType({"message": MESSAGE_BLOCKS, "modal": MODAL_BLOCKS, "home": HOME_BLOCKS})
"""Which block may stand where. Source: https://docs.slack.dev/reference/block-kit/blocks ("Available in surfaces")."""


def check_block(findings: Findings, value: object, at: str) -> None:
    """Check one block, its id, and that its surface shows it."""
    block = findings.part(value, at)
    if block is None:
        return
    kind = block.get("type")
    if not isinstance(kind, str) or kind not in CHECKS:
        findings.slack(f"{at}/type", f"unsupported type: {kind}")
        return
    if kind not in _SURFACES[findings.surface]:
        findings.slack(f"{at}/type", f"unsupported type: {kind} in a {findings.surface}")
        return
    findings.optional_length(block, "block_id", at, 255)
    block_id = block.get("block_id")
    if block_id is not None:
        if block_id in findings.block_ids:
            findings.slack(f"{at}/block_id", f"`block_id` {block_id} already exists")
        findings.block_ids.add(str(block_id))
    CHECKS[kind](findings, block, at)


def _section(findings: Findings, block: Block, at: str) -> None:
    if block.get("text") is None and block.get("fields") is None:
        findings.slack(at, "missing required field: text or fields")
    check_optional_text(findings, block, "text", at, 3000, allowed=ANY_TEXT)
    if block.get("fields") is not None:
        for index, field in enumerate(findings.items(block["fields"], f"{at}/fields", 10)):
            check_text(findings, field, f"{at}/fields/{index}", 2000)
    if block.get("accessory") is not None:
        check_element(findings, block["accessory"], f"{at}/accessory", INTERACTIVE | {"image"})


def _header(findings: Findings, block: Block, at: str) -> None:
    if findings.required(block, at, "text"):
        check_text(findings, block["text"], f"{at}/text", 150, allowed=PLAIN)
    if block.get("level") is not None:
        findings.one_of(block["level"], f"{at}/level", {1, 2, 3, 4})


def _context(findings: Findings, block: Block, at: str) -> None:
    for index, element in enumerate(findings.items(block.get("elements"), f"{at}/elements", 10)):
        here = f"{at}/elements/{index}"
        part = findings.part(element, here)
        if part is None:
            continue
        if part.get("type") == "image":
            check_image(findings, part, here)
        else:
            check_text(findings, part, here)


def _actions(findings: Findings, block: Block, at: str) -> None:
    elements = findings.items(block.get("elements"), f"{at}/elements", 25)
    for index, element in enumerate(elements):
        check_element(findings, element, f"{at}/elements/{index}", INTERACTIVE)
    check_unique_action_ids(findings, elements, f"{at}/elements")


def _context_actions(findings: Findings, block: Block, at: str) -> None:
    elements = findings.items(block.get("elements"), f"{at}/elements", 5)
    for index, element in enumerate(elements):
        here = f"{at}/elements/{index}"
        check_element(findings, element, here, frozenset({"feedback_buttons", "icon_button"}))
        if isinstance(element, Mapping) and element.get("type") == "icon_button":
            findings.one_of(element.get("icon"), f"{here}/icon", {"trash"})
    check_unique_action_ids(findings, elements, f"{at}/elements")


def _divider(_findings: Findings, _block: Block, _at: str) -> None:
    """A divider has nothing to check."""


def _image(findings: Findings, block: Block, at: str) -> None:
    check_image(findings, block, at)
    check_optional_text(findings, block, "title", at, 2000)


def _input(findings: Findings, block: Block, at: str) -> None:
    if findings.surface == "message":
        findings.ours(at, "an input in a message sends nothing by itself: ask in a modal")
    if findings.required(block, at, "label", "element"):
        check_text(findings, block["label"], f"{at}/label", 2000, allowed=PLAIN)
        check_element(findings, block["element"], f"{at}/element", INTERACTIVE | INPUTS)
    check_optional_text(findings, block, "hint", at, 2000)


def _markdown(findings: Findings, block: Block, at: str) -> None:
    if findings.length(block.get("text"), f"{at}/text", 12_000):
        check_markdown(findings, block["text"], f"{at}/text")
    if block.get("block_id") is not None:
        findings.ours(f"{at}/block_id", "a markdown block does not keep its block_id")


def _alert(findings: Findings, block: Block, at: str) -> None:
    if findings.required(block, at, "text"):
        check_text(findings, block["text"], f"{at}/text", 200)
    if block.get("level") is not None:
        findings.one_of(block["level"], f"{at}/level", {"default", "info", "warning", "error", "success"})


def _container(findings: Findings, block: Block, at: str) -> None:
    if findings.required(block, at, "title"):
        check_text(findings, block["title"], f"{at}/title", 150)
    for index, child in enumerate(findings.items(block.get("blocks"), f"{at}/blocks", 10)):
        here = f"{at}/blocks/{index}"
        if isinstance(child, Mapping) and child.get("type") in ("container", "markdown", "data_visualization"):
            findings.slack(f"{here}/type", f"unsupported type: {child['type']} in a container")
        else:
            check_block(findings, child, here)
    if block.get("default_collapsed") is not None and not block.get("is_collapsible"):
        findings.slack(f"{at}/default_collapsed", "requires is_collapsible")


CHECKS: Mapping[str, Check] = MappingProxyType(
    {
        "section": _section,
        "header": _header,
        "context": _context,
        "actions": _actions,
        "context_actions": _context_actions,
        "divider": _divider,
        "image": _image,
        "input": _input,
        "rich_text": check_rich_text,
        "markdown": _markdown,
        "alert": _alert,
        "container": _container,
        **RICH_CHECKS,
    }
)
"""Every block this checker knows, and how it is checked."""
