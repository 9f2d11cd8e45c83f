"""Checks of the wider blocks: tables, charts, cards, plans and videos."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from bot.demo.workspace.elements import check_element, check_optional_text, check_text
from bot.demo.workspace.findings import Findings
from bot.demo.workspace.richtext import check_rich_text

Block = Mapping[str, Any]

_CELLS = frozenset({"raw_text", "raw_number", "rich_text"})


def text_characters(value: object) -> int:
    """The characters of all `text` strings inside a JSON value, the measure Slack's ceilings are given in."""
    if isinstance(value, Mapping):
        own = value.get("text")
        inner = sum(text_characters(item) for name, item in value.items() if name != "text" or item is not own)
        return inner + (len(own) if isinstance(own, str) else text_characters(own))
    if isinstance(value, list | tuple):
        return sum(text_characters(item) for item in value)
    return 0


def _cell(findings: Findings, value: object, at: str, allowed: frozenset[str]) -> None:
    cell = findings.part(value, at)
    if cell is None or not findings.one_of(cell.get("type"), f"{at}/type", allowed):
        return
    if cell["type"] == "raw_text":
        findings.length(cell.get("text"), f"{at}/text", 10_000)
    elif cell["type"] == "raw_number":
        if not isinstance(cell.get("value"), int | float):
            findings.slack(f"{at}/value", "must be a number")
    else:
        check_rich_text(findings, cell, at)


def _table(findings: Findings, block: Block, at: str) -> None:
    """1-100 rows of 1-20 cells and 10,000 characters in all.

    Source: https://docs.slack.dev/reference/block-kit/blocks/table-block.
    """
    for row, cells in enumerate(findings.items(block.get("rows"), f"{at}/rows", 100)):
        for column, cell in enumerate(findings.items(cells, f"{at}/rows/{row}", 20)):
            _cell(findings, cell, f"{at}/rows/{row}/{column}", _CELLS)
    if block.get("column_settings") is not None:
        findings.items(block["column_settings"], f"{at}/column_settings", 20, low=0)
    if text_characters(block.get("rows")) > 10_000:
        findings.slack(f"{at}/rows", "must be less than 10001 characters in all cells")


def _data_table(findings: Findings, block: Block, at: str) -> None:
    """A header and 1-200 rows of equal width, at most 20 columns and 20,000 characters.

    Source: https://docs.slack.dev/reference/block-kit/blocks/data-table-block.
    """
    findings.required(block, at, "caption")
    rows = findings.items(block.get("rows"), f"{at}/rows", 201, low=2)
    widths = set()
    for row, cells in enumerate(rows):
        found = findings.items(cells, f"{at}/rows/{row}", 20)
        widths.add(len(found))
        for column, cell in enumerate(found):
            _cell(findings, cell, f"{at}/rows/{row}/{column}", _CELLS - ({"rich_text"} if row == 0 else set()))
    if len(widths) > 1:
        findings.slack(f"{at}/rows", "all rows must have the same number of cells")
    if block.get("page_size") is not None:
        findings.one_of(block["page_size"], f"{at}/page_size", set(range(1, 101)))
    if text_characters(rows) > 20_000:
        findings.slack(f"{at}/rows", "must be less than 20001 characters in all cells")


def _chart(findings: Findings, block: Block, at: str) -> None:
    """Title 50, 1-12 segments or series of 1-20 points, labels 20, every series with one point for each category.

    Source: https://docs.slack.dev/reference/block-kit/blocks/data-visualization-block.
    """
    if findings.required(block, at, "title"):
        findings.length(block["title"], f"{at}/title", 50)
    chart = findings.part(block.get("chart"), f"{at}/chart")
    if chart is None or not findings.one_of(chart.get("type"), f"{at}/chart/type", {"pie", "bar", "area", "line"}):
        return
    if chart["type"] == "pie":
        for index, segment in enumerate(findings.items(chart.get("segments"), f"{at}/chart/segments", 12)):
            here = f"{at}/chart/segments/{index}"
            part = findings.part(segment, here)
            if part is not None:
                findings.length(part.get("label"), f"{here}/label", 20)
        return
    axis = findings.part(chart.get("axis_config", {}), f"{at}/chart/axis_config") or {}
    categories = findings.items(axis.get("categories"), f"{at}/chart/axis_config/categories", 20)
    for name in ("x_label", "y_label"):
        findings.optional_length(axis, name, f"{at}/chart/axis_config", 50)
    for index, series in enumerate(findings.items(chart.get("series"), f"{at}/chart/series", 12)):
        here = f"{at}/chart/series/{index}"
        part = findings.part(series, here)
        if part is None:
            continue
        findings.length(part.get("name"), f"{here}/name", 20)
        points = findings.items(part.get("data"), f"{here}/data", 20)
        labels = [point.get("label") for point in points if isinstance(point, Mapping)]
        if sorted(map(str, labels)) != sorted(map(str, categories)):
            findings.slack(f"{here}/data", "must have one point for each category")


def _card(findings: Findings, block: Block, at: str) -> None:
    for name, high in (("title", 150), ("subtitle", 150), ("body", 200), ("subtext", 200)):
        check_optional_text(findings, block, name, at, high, allowed=frozenset({"plain_text", "mrkdwn"}))
    if block.get("actions") is not None:
        for index, button in enumerate(findings.items(block["actions"], f"{at}/actions", 3)):
            check_element(findings, button, f"{at}/actions/{index}", frozenset({"button"}))


def _carousel(findings: Findings, block: Block, at: str) -> None:
    for index, card in enumerate(findings.items(block.get("elements"), f"{at}/elements", 10)):
        here = f"{at}/elements/{index}"
        part = findings.part(card, here)
        if part is not None and findings.one_of(part.get("type"), f"{here}/type", {"card"}):
            _card(findings, part, here)


def _plan(findings: Findings, block: Block, at: str) -> None:
    findings.required(block, at, "title")
    if block.get("tasks") is not None:
        findings.items(block["tasks"], f"{at}/tasks", 50, low=0)


def _task_card(findings: Findings, block: Block, at: str) -> None:
    findings.required(block, at, "task_id", "title")
    if block.get("status") == "pending":
        findings.slack(f"{at}/status", "a task card outside a plan cannot be pending")


def _video(findings: Findings, block: Block, at: str) -> None:
    if findings.required(block, at, "alt_text", "title", "thumbnail_url", "video_url"):
        check_text(findings, block["title"], f"{at}/title", 200, allowed=frozenset({"plain_text"}))
    findings.optional_length(block, "author_name", at, 50)


RICH_CHECKS: Mapping[str, Callable[[Findings, Block, str], None]] = MappingProxyType(
    {
        "table": _table,
        "data_table": _data_table,
        "data_visualization": _chart,
        "card": _card,
        "carousel": _carousel,
        "plan": _plan,
        "task_card": _task_card,
        "video": _video,
    }
)
"""The wider blocks and how each is checked."""
