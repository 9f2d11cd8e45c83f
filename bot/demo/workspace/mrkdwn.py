"""Checks of mrkdwn text: entities that open and close, escapes, dates, and Markdown that would show literally."""

from __future__ import annotations

import re

from bot.demo.workspace.findings import Findings

DATE_TOKENS = frozenset(
    {
        "date_num",
        "date_slash",
        "date",
        "date_short",
        "date_long",
        "date_long_full",
        "date_pretty",
        "date_short_pretty",
        "date_long_pretty",
        "day_divider_pretty",
        "time",
        "time_secs",
        "ago",
    }
)
"""Source: https://docs.slack.dev/messaging/formatting-message-text (date formatting)."""

_ENTITY = re.compile(
    r"<(?:"
    r"(?:https?://|mailto:|tel:)[^\s|<>]+(?:\|[^<>]*)?"
    r"|@[UW][A-Z0-9]+(?:\|[^<>]*)?"
    r"|#[CGD][A-Z0-9]+(?:\|[^<>]*)?"
    r"|!(?:here|channel|everyone)(?:\|[^<>]*)?"
    r"|!subteam\^S[A-Z0-9]+(?:\|[^<>]*)?"
    r"|!date\^(?P<unix>\d+)\^(?P<tokens>[^|<>^]+)(?:\^https?://[^\s|<>]+)?\|[^<>]+"
    r")>"
)
_QUOTE = re.compile(r"^(?:>>>|>)", re.MULTILINE)
_CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)


def check_mrkdwn(findings: Findings, text: str, at: str) -> None:
    """Note every `&`, `<` and `>` that is neither an escape nor part of an entity, and text of another markup.

    Source: https://docs.slack.dev/messaging/formatting-message-text ("Escaping text": exactly `&`, `<`, `>`).
    """
    for entity in _ENTITY.finditer(text):
        if entity["tokens"]:
            for token in re.findall(r"\{([^}]*)\}", entity["tokens"]):
                if token not in DATE_TOKENS:
                    findings.ours(at, f"unknown date token {{{token}}}")
    for span in _CODE.finditer(text):
        if "<!date^" in span[0]:
            findings.ours(at, "a date inside backticks is not rendered")
    bare = _QUOTE.sub("", _ENTITY.sub("", text))
    for character, escape in (("<", "&lt;"), (">", "&gt;")):
        if character in bare:
            where = bare.index(character)
            findings.ours(at, f"unescaped {character} near {bare[max(0, where - 10) : where + 20]!r}: write {escape}")
    if match := re.search(r"&(?!(?:amp|lt|gt);)", bare):
        findings.ours(at, f"unescaped & near {bare[max(0, match.start() - 10) : match.start() + 20]!r}: write &amp;")
    prose = _CODE.sub("", bare)
    if re.search(r"\*\*[^*\n]+\*\*", prose):
        findings.ours(at, "**bold** of Markdown shows its stars here: mrkdwn bold is *one star*")
    if re.search(r"\[[^\]\n]+\]\(https?://", prose):
        findings.ours(at, "[text](url) of Markdown shows literally here: write <url|text>")


def check_markdown(findings: Findings, text: str, at: str) -> None:
    """Note Slack entities in a `markdown` block, where they show literally."""
    if match := re.search(r"<https?://[^\s|<>]+\|[^<>]*>", text):
        findings.ours(at, f"{match[0]!r} shows literally in a markdown block: write [text](url)")
