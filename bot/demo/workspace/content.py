"""What a message says: reading it from a request, refusing what Slack refuses, filling in the ids Slack fills in."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.demo.workspace.blockkit import TEXT_HIGH, refusal
from bot.demo.workspace.elements import INTERACTIVE
from bot.demo.workspace.records import Json
from bot.demo.workspace.state import State

METADATA_BYTES_HIGH = 8_000
"""Reported by users as the size from which chat.postMessage answers metadata_too_large; not published."""

_SHOWN = ("text", "fallback", "pretext", "title", "fields", "image_url", "author_name", "blocks")


class MethodError(Exception):
    """A refusal in Slack's words: `error` and, where Slack adds them, the messages of `response_metadata`."""

    def __init__(self, error: str, messages: tuple[str, ...] = ()) -> None:
        super().__init__(error)
        self.error = error
        self.messages = messages


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """The parts of a message; None where the request did not name the part."""

    text: str | None
    blocks: tuple[Json, ...] | None
    attachments: tuple[Json, ...] | None
    metadata: Json | None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show; an attachment of colour and footer alone shows nothing."""
        visible = any(any(part.get(name) for name in _SHOWN) for part in self.attachments or ())
        return not self.text and not self.blocks and not visible


def read_content(params: Mapping[str, Any]) -> Content:
    """The content of a request, form-encoded or JSON.

    Raises: MethodError for parts that are not the JSON they should be.
    """
    text = params.get("text")
    blocks = _json_list(params.get("blocks"), "invalid_blocks_format")
    markdown = params.get("markdown_text")
    if markdown:
        if text or blocks:
            raise MethodError("markdown_text_conflict")
        text, blocks = str(markdown), ({"type": "markdown", "text": str(markdown)},)
    return Content(
        text=None if text is None else str(text),
        blocks=blocks,
        attachments=_json_list(params.get("attachments"), "invalid_attachments"),
        metadata=_read_metadata(params.get("metadata")),
    )


def accept_content(content: Content, state: State) -> Content:
    """The content as Slack stores it: refused where Slack refuses, text cut at 40,000, ids filled in.

    Raises: MethodError with `no_text`, `invalid_blocks` and the like.
    """
    if content.is_empty:
        raise MethodError("no_text")
    refused = refusal({"blocks": content.blocks, "attachments": content.attachments})
    if refused is not None:
        raise MethodError(refused.error, refused.messages)
    return Content(
        text=None if content.text is None else content.text[:TEXT_HIGH],
        blocks=None if content.blocks is None else _settle_blocks(content.blocks, state),
        attachments=None if content.attachments is None else _settle_attachments(content.attachments, state),
        metadata=content.metadata,
    )


def controls(blocks: tuple[Json, ...] | list[Json]) -> Iterator[tuple[Json, Json]]:
    """Every (block, control) of these blocks, in reading order."""
    for block in blocks:
        candidates = [block.get("accessory"), block.get("element"), *(block.get("elements") or ())]
        for control in candidates:
            if isinstance(control, dict) and control.get("type") in INTERACTIVE:
                yield block, control
        yield from controls(block.get("blocks") or ())


def _json_list(value: object, error: str) -> tuple[Json, ...] | None:
    if value is None or value == "":
        return None
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError as exc:
            raise MethodError(error) from exc
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise MethodError(error)
    return tuple(value)


def _read_metadata(value: object) -> Json | None:
    if value is None or value == "":
        return None
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError as exc:
            raise MethodError("invalid_metadata_format") from exc
    if not isinstance(value, dict) or not isinstance(value.get("event_type"), str):
        raise MethodError("invalid_metadata_format")
    if not isinstance(value.get("event_payload"), dict):
        raise MethodError("invalid_metadata_format")
    if len(json.dumps(value).encode()) > METADATA_BYTES_HIGH:
        raise MethodError("metadata_too_large")
    return value


def _settle_blocks(blocks: tuple[Json, ...], state: State) -> tuple[Json, ...]:
    settled = copy.deepcopy(blocks)
    for block in settled:
        if block.get("type") != "markdown":
            block.setdefault("block_id", state.next_block_id())
    for _, control in controls(settled):
        control.setdefault("action_id", state.next_block_id())
    return settled


def _settle_attachments(attachments: tuple[Json, ...], state: State) -> tuple[Json, ...]:
    settled = copy.deepcopy(attachments)
    for number, attachment in enumerate(settled, start=1):
        attachment["id"] = number
        attachment.setdefault("fallback", attachment.get("text") or "[no preview available]")
        if attachment.get("blocks"):
            attachment["blocks"] = list(_settle_blocks(tuple(attachment["blocks"]), state))
    return settled
