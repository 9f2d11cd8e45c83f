"""What a message says: reading it from a request, refusing what Slack refuses, filling in the ids Slack fills in."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.demo.workspace.blockkit import TEXT_HIGH, refusal
from bot.demo.workspace.elements import FOOTERS, INPUTS, INTERACTIVE
from bot.demo.workspace.records import Json
from bot.demo.workspace.state import State
from bot.demo.workspace.surfaces import StoredFile

METADATA_BYTES_HIGH = 8_000
"""Reported by users as the size from which chat.postMessage answers metadata_too_large; not published."""

_CONTROLS = INTERACTIVE | INPUTS | FOOTERS
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
    blocks = json_list(params.get("blocks"), "invalid_blocks_format")
    markdown = params.get("markdown_text")
    if markdown:
        if text or blocks:
            raise MethodError("markdown_text_conflict")
        text, blocks = str(markdown), ({"type": "markdown", "text": str(markdown)},)
    return Content(
        text=None if text is None else str(text),
        blocks=blocks,
        attachments=json_list(params.get("attachments"), "invalid_attachments"),
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
    for blocks, error in _block_lists(content):
        if missing := missing_files(blocks, state):
            raise MethodError(error, tuple(missing))
    return Content(
        text=None if content.text is None else content.text[:TEXT_HIGH],
        blocks=None if content.blocks is None else settle_blocks(content.blocks, state),
        attachments=None if content.attachments is None else _settle_attachments(content.attachments, state),
        metadata=content.metadata,
    )


def controls(blocks: tuple[Json, ...] | list[Json]) -> Iterator[tuple[Json, Json]]:
    """Every (block, control) of these blocks, in reading order."""
    for block in blocks:
        parts = [block.get("accessory"), block.get("element")]
        for name in ("elements", "actions"):
            parts += block.get(name) or ()
        for part in parts:
            if isinstance(part, dict) and part.get("type") in _CONTROLS:
                yield block, part
            elif isinstance(part, dict) and part.get("type") == "card":
                yield from ((block, button) for button in part.get("actions") or ())
        yield from controls(block.get("blocks") or ())


def missing_files(blocks: tuple[Json, ...] | list[Json], state: State, at: str = "/blocks") -> list[str]:
    """Slack's words for every `slack_file` of these blocks that names no uploaded image.

    Source: https://github.com/slackapi/python-slack-sdk/issues/1543 ("invalid slack file" while it is not there yet).
    """
    found = []
    for index, block in enumerate(blocks):
        here = f"{at}/{index}"
        places = [(here, block), (f"{here}/accessory", block.get("accessory"))]
        places += [(f"{here}/elements/{number}", part) for number, part in enumerate(block.get("elements") or ())]
        for pointer, part in places:
            reference = part.get("slack_file") if isinstance(part, dict) else None
            if reference is None:
                continue
            stored = next((one for one in state.files.values() if _names(reference, one, state)), None)
            if stored is None or not (stored.is_complete and stored.is_image):
                found.append(f"[ERROR] invalid slack file [json-pointer:{pointer}/slack_file]")
        found += missing_files(block.get("blocks") or [], state, f"{here}/blocks")
    return found


def _names(reference: object, stored: StoredFile, state: State) -> bool:
    if not isinstance(reference, Mapping):
        return False
    if reference.get("id"):
        return bool(reference["id"] == stored.file_id)
    return bool(reference.get("url") == stored.wire(state.base_url, frozenset())["url_private"])


def _block_lists(content: Content) -> Iterator[tuple[tuple[Json, ...], str]]:
    yield content.blocks or (), "invalid_blocks"
    for attachment in content.attachments or ():
        yield tuple(attachment.get("blocks") or ()), "invalid_attachments"


def json_list(value: object, error: str) -> tuple[Json, ...] | None:
    """The list of objects an argument holds, given as JSON or as text; None when it is absent.

    Raises: MethodError with `error` when it is something else.
    """
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


def settle_blocks(blocks: tuple[Json, ...], state: State) -> tuple[Json, ...]:
    """The blocks with the ids Slack gives to blocks and controls that came without one."""
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
            attachment["blocks"] = list(settle_blocks(tuple(attachment["blocks"]), state))
    return settled
