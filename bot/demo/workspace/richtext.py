"""Checks of `rich_text` blocks: lists, quotes, preformatted text and the runs in them."""

from __future__ import annotations

from bot.demo.workspace.findings import Findings

_RUNS = frozenset({"text", "link", "user", "usergroup", "channel", "broadcast", "emoji", "date", "color", "team"})
_PREFORMATTED_RUNS = frozenset({"text", "link"})
_PARTS = frozenset({"rich_text_section", "rich_text_list", "rich_text_preformatted", "rich_text_quote"})


def check_rich_text(findings: Findings, value: object, at: str) -> None:
    """Check a rich text block or table cell: its parts, list depth 0 to 8, and no empty run.

    Source: https://docs.slack.dev/reference/block-kit/blocks/rich-text-block (element types, indent, border).
    """
    block = findings.part(value, at)
    if block is None:
        return
    for index, item in enumerate(findings.items(block.get("elements"), f"{at}/elements", 1000)):
        _check_part(findings, item, f"{at}/elements/{index}")


def _check_part(findings: Findings, value: object, at: str) -> None:
    part = findings.part(value, at)
    if part is None or not findings.one_of(part.get("type"), f"{at}/type", _PARTS):
        return
    kind = part["type"]
    if part.get("border") is not None:
        findings.one_of(part["border"], f"{at}/border", {0, 1})
    if kind == "rich_text_list":
        findings.one_of(part.get("style"), f"{at}/style", {"bullet", "ordered"})
        findings.one_of(part.get("indent", 0), f"{at}/indent", set(range(9)))
        for index, item in enumerate(findings.items(part.get("elements"), f"{at}/elements", 1000)):
            here = f"{at}/elements/{index}"
            section = findings.part(item, here)
            if section is not None and findings.one_of(section.get("type"), f"{here}/type", {"rich_text_section"}):
                _check_part(findings, section, here)
        return
    allowed = _PREFORMATTED_RUNS if kind == "rich_text_preformatted" else _RUNS
    for index, item in enumerate(findings.items(part.get("elements"), f"{at}/elements", 1000)):
        here = f"{at}/elements/{index}"
        run = findings.part(item, here)
        if run is None or not findings.one_of(run.get("type"), f"{here}/type", allowed):
            continue
        if run["type"] == "text":
            findings.length(run.get("text"), f"{here}/text", 40_000)
        elif run["type"] == "link":
            findings.length(run.get("url"), f"{here}/url", 3000)
