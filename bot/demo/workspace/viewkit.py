"""Checks of a view around its blocks: title, buttons, metadata; and Slack's answer to a view it does not take."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bot.demo.workspace.elements import PLAIN, check_text
from bot.demo.workspace.findings import Findings

TITLE_HIGH = 24
METADATA_HIGH = 3_000
ID_HIGH = 255
VIEW_BYTES_HIGH = 250_000
"""Source: https://docs.slack.dev/reference/methods/views.open (view_too_large: over 250 kB)."""


def check_view(findings: Findings, view: Mapping[str, Any]) -> None:
    """Check what a view has besides blocks.

    Source: https://docs.slack.dev/reference/views/modal-views (title, submit and close 24, private_metadata 3,000,
    callback_id and external_id 255 characters; submit required with an input block).
    """
    if view["type"] == "modal":
        if findings.required(view, "", "title"):
            check_text(findings, view["title"], "/title", TITLE_HIGH, allowed=PLAIN)
        for name in ("submit", "close"):
            if view.get(name) is not None:
                check_text(findings, view[name], f"/{name}", TITLE_HIGH, allowed=PLAIN)
        blocks = view.get("blocks")
        inputs = any(isinstance(block, Mapping) and block.get("type") == "input" for block in blocks or ())
        if inputs and view.get("submit") is None:
            findings.slack("", "`submit` is required when an `input` block is within the `blocks` array")
    if view.get("blocks") is None:
        findings.required(view, "", "blocks")
    findings.optional_length(view, "private_metadata", "", METADATA_HIGH, low=0)
    for name in ("callback_id", "external_id"):
        findings.optional_length(view, name, "", ID_HIGH, low=0)


def is_too_large(view: Mapping[str, Any]) -> bool:
    """Whether the view's JSON is over Slack's 250 kB."""
    return len(json.dumps(view).encode()) > VIEW_BYTES_HIGH
