"""The offline checker of Slack payloads: every limit Slack refuses on, and the rules of ours a reader profits from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.demo.workspace.blocks import check_block
from bot.demo.workspace.findings import Finding, Findings
from bot.demo.workspace.mrkdwn import check_mrkdwn
from bot.demo.workspace.richblocks import text_characters
from bot.demo.workspace.viewkit import check_view

MESSAGE_BLOCKS_HIGH = 50
VIEW_BLOCKS_HIGH = 100
TEXT_UPDATE_HIGH = 4_000
"""Source: https://docs.slack.dev/reference/methods/chat.update (msg_too_long over 4,000 characters)."""
TEXT_HIGH = 40_000
"""Source: https://docs.slack.dev/changelog/2018-truncating-really-long-messages (longer text is cut)."""
BLOCKS_TEXT_BUDGET = 12_000
BLOCKS_TEXT_HIGH = 13_200
"""Source: measured by others, e.g. metabase/metabase#79908: msg_blocks_too_long from 13,202 characters on."""
ATTACHMENTS_HIGH = 100
"""Source: https://docs.slack.dev/reference/methods/chat.postMessage (too_many_attachments)."""

_TS = re.compile(r"\d{10}\.\d{6}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Slack's answer to a payload it does not take: the error, and the messages of its response_metadata."""

    error: str
    messages: tuple[str, ...]


def problems(payload: Mapping[str, Any], surface: str = "message") -> list[str]:
    """Every fault of a payload as "pointer: what is wrong", in reading order; empty when it may be sent.

    `surface` is `message`, `modal` or `home`; of a whole view (one with a `type`) its title and ids are checked too.
    Example: problems({"text": "", "blocks": []}) == ["/text: missing: …"]
    """
    return [str(finding) for finding in _findings(payload, surface).found]


def refusal(payload: Mapping[str, Any], surface: str = "message") -> Refusal | None:
    """How Slack itself would refuse this payload, or None where it takes it."""
    refused = [finding for finding in _findings(payload, surface).found if finding.code is not None]
    if not refused:
        return None
    order = ("too_many_attachments", "invalid_blocks", "invalid_attachments", "msg_blocks_too_long")
    error = min((finding.code or "" for finding in refused), key=order.index)
    return Refusal(error=error, messages=tuple(_slack_words(item) for item in refused if item.code == error))


def _slack_words(finding: Finding) -> str:
    return f"[ERROR] {finding.message} [json-pointer:{finding.pointer}]"


def _findings(payload: Mapping[str, Any], surface: str) -> Findings:
    findings = Findings(surface)
    if surface == "message":
        _check_fallback(findings, payload)
    elif payload.get("type") == surface:
        check_view(findings, payload)
    for name in ("ts", "thread_ts"):
        value = payload.get(name)
        if value is not None and not (isinstance(value, str) and _TS.fullmatch(value)):
            findings.ours(f"/{name}", f"must be the string Slack gave, not {value!r}: a float loses its last digits")
    high = MESSAGE_BLOCKS_HIGH if surface == "message" else VIEW_BLOCKS_HIGH
    blocks = payload.get("blocks") or ()
    for index, block in enumerate(findings.items(blocks, "/blocks", high, low=0)):
        check_block(findings, block, f"/blocks/{index}")
    attachments = findings.items(payload.get("attachments") or (), "/attachments", 10**6, low=0)
    if len(attachments) > ATTACHMENTS_HIGH:
        findings.slack("/attachments", f"no more than {ATTACHMENTS_HIGH} items allowed", "too_many_attachments")
    for index, value in enumerate(attachments):
        _check_attachment(findings, value, f"/attachments/{index}")
    if surface == "message":
        _check_whole(findings, blocks, attachments)
    return findings


def _check_fallback(findings: Findings, payload: Mapping[str, Any]) -> None:
    text = payload.get("text")
    if text is None or (isinstance(text, str) and not text.strip()):
        findings.ours("/text", "missing: a locked phone and a screen reader show only this")
        return
    if not isinstance(text, str):
        findings.ours("/text", f"must be a string, not {type(text).__name__}")
        return
    if len(text) > TEXT_UPDATE_HIGH:
        findings.ours("/text", f"{len(text)} characters: over {TEXT_UPDATE_HIGH} the message cannot be updated")
    if payload.get("mrkdwn") is not False:
        check_mrkdwn(findings, text, "/text")


def _check_attachment(findings: Findings, value: object, at: str) -> None:
    attachment = findings.part(value, at)
    if attachment is None:
        return
    for index, block in enumerate(findings.items(attachment.get("blocks") or (), f"{at}/blocks", 50, low=0)):
        check_block(findings, block, f"{at}/blocks/{index}")
    findings.optional_length(attachment, "footer", at, 300, low=0)
    color = attachment.get("color")
    if color is not None and not re.fullmatch(r"#?[0-9a-fA-F]{6}|good|warning|danger", str(color)):
        findings.ours(f"{at}/color", f"{color!r} is no colour: write #rrggbb")
    for name in ("text", "pretext", "fallback"):
        if isinstance(attachment.get(name), str):
            check_mrkdwn(findings, attachment[name], f"{at}/{name}")


def _check_whole(findings: Findings, blocks: object, attachments: list[Any]) -> None:
    everything = [*_list(blocks)]
    for attachment in attachments:
        if isinstance(attachment, Mapping):
            everything += _list(attachment.get("blocks"))
    tables = sum(_kind(block) == "table" for block in everything)
    if tables > 1:
        findings.slack("/attachments", "only_one_table_allowed", "invalid_attachments")
    charts = sum(_kind(block) == "data_visualization" for block in everything)
    if charts > 2:
        findings.slack("/blocks", f"{charts} data_visualization blocks, no more than 2 allowed")
    markdown = sum(text_characters(block) for block in everything if _kind(block) == "markdown")
    if markdown > 12_000:
        findings.slack("/blocks", f"{markdown} characters in markdown blocks, no more than 12000 allowed")
    characters = text_characters(everything)
    if characters > BLOCKS_TEXT_HIGH:
        findings.slack(
            "/blocks", f"{characters} characters, no more than {BLOCKS_TEXT_HIGH} allowed", "msg_blocks_too_long"
        )
    elif characters >= BLOCKS_TEXT_BUDGET:
        findings.ours("/blocks", f"{characters} characters of text: keep under {BLOCKS_TEXT_BUDGET}")


def _list(value: object) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []


def _kind(block: object) -> object:
    return block.get("type") if isinstance(block, Mapping) else None
