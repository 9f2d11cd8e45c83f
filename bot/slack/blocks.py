"""Message parts as Block Kit blocks, each within the limits of its own kind."""

from collections.abc import Iterable, Sequence
from typing import Any

from bot.message import Bullets, Code, Context, Fields, Line, Sources, Table, Text
from bot.slack.mrkdwn import clean, cut, esc, inline, link, one_line
from bot.slack.tables import table_text

Block = dict[str, Any]

SECTION_TEXT = 3_000
FIELD_TEXT = 2_000
FIELDS = 10
"""Source: https://docs.slack.dev/reference/block-kit/blocks/section-block (text 3,000; 10 fields of 2,000)."""
CONTEXT_TEXT = 3_000
CONTEXT_ELEMENTS = 10
"""Source: https://docs.slack.dev/reference/block-kit/blocks/context-block (10 elements; text objects of 3,000)."""
LABEL = 150
"""Characters of a field's label or a list's title: more is a paragraph."""
_FENCE = "```"

Content = Text | Bullets | Fields | Table | Code | Context | Sources


def section(text: str) -> Block:
    """A section of mrkdwn that is known to be within 3,000 characters."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def context(lines: Iterable[str]) -> list[Block]:
    """A context block of these lines, at most ten; nothing without lines."""
    shown = [line for line in lines if line.strip()]
    if len(shown) > CONTEXT_ELEMENTS:
        shown = [*shown[: CONTEXT_ELEMENTS - 1], f"+{len(shown) - CONTEXT_ELEMENTS + 1} more notes"]
    if not shown:
        return []
    return [{"type": "context", "elements": [{"type": "mrkdwn", "text": line} for line in shown]}]


def actions(elements: list[Block]) -> list[Block]:
    """An actions block of these elements; nothing without any."""
    return [{"type": "actions", "elements": elements}] if elements else []


def content(part: Content) -> list[Block]:
    """The blocks of one part; none when there is nothing to show."""
    match part:
        case Text():
            return _sections(text_of(part.lines))
        case Bullets():
            return _sections(_bullets(part))
        case Fields():
            return _fields(part)
        case Table():
            return _sections(table_text(part, SECTION_TEXT))
        case Code():
            return _code(part)
        case Context():
            return context(inline(line, CONTEXT_TEXT, newlines=True).strip() for line in part.lines)
        case Sources():
            return _sources(part)


def text_of(lines: Sequence[Line], limit: int = SECTION_TEXT) -> str:
    """The lines of a paragraph in at most `limit` characters; lines that were cut are counted."""
    return _joined([inline(line, limit, newlines=True).rstrip() for line in lines], limit, "lines")


def _bullets(part: Bullets) -> str:
    items = [
        f"{f'{number}.' if part.numbered else '•'} {inline(item, SECTION_TEXT // 2, newlines=True).strip()}"
        for number, item in enumerate(part.items, start=1)
    ]
    head = [f"*{_label(part.title)}*"] if _label(part.title) else []
    tail = [inline((part.more,), LABEL)] if part.more.strip() else []
    room = SECTION_TEXT - sum(len(line) + 1 for line in [*head, *tail])
    body = _joined(items, room, "items")
    return "\n".join(line for line in [*head, body, *tail] if line)


def _joined(lines: list[str], limit: int, what: str) -> str:
    """As many of the lines as fit, the rest counted: "+12 more lines"."""
    if len(whole := "\n".join(lines)) <= limit:
        return whole
    for shown in range(len(lines) - 1, 0, -1):
        text = "\n".join([*lines[:shown], f"+{len(lines) - shown} more {what}"])
        if len(text) <= limit:
            return text
    return f"+{len(lines)} {what}: too long to show here"


def _fields(part: Fields) -> list[Block]:
    texts = []
    for label, value in part.pairs:
        head = f"*{_label(label)}*\n" if _label(label) else ""
        shown = inline(value, FIELD_TEXT - len(head), newlines=True).strip()
        texts.append(f"{head}{shown}" if shown else f"{head}–")
    return [
        {"type": "section", "fields": [{"type": "mrkdwn", "text": text} for text in texts[at : at + FIELDS]]}
        for at in range(0, len(texts), FIELDS)
    ]


def _code(part: Code) -> list[Block]:
    head = f"*{_label(part.title)}*\n" if _label(part.title) else ""
    lines = [esc(line) for line in clean(part.text).replace(_FENCE, "'''").strip("\n").split("\n")]
    # a backtick beside the fence would lengthen it
    edge = "\n" if "`" in part.text else ""
    room = SECTION_TEXT - len(head) - 2 * len(_FENCE + edge)
    body = _joined(lines, room, "lines")
    return [section(f"{head}{_FENCE}{edge}{body}{edge}{_FENCE}")] if body.strip() else []


def _sources(part: Sources) -> list[Block]:
    links = [shown for source in part.links if (shown := link(cut(one_line(source.label), LABEL), source.url))]
    # one more context element each would stand in a row of its own on a phone
    text, left_out = "Sources: ", 0
    for shown in links:
        piece = shown if text == "Sources: " else f" · {shown}"
        if left_out or len(text) + len(piece) > CONTEXT_TEXT - len(" · +999 more"):
            left_out += 1
        else:
            text += piece
    return context([f"{text} · +{left_out} more" if left_out else text]) if links else []


def _sections(text: str) -> list[Block]:
    return [section(text)] if text.strip() else []


def _label(text: str) -> str:
    return esc(cut(one_line(text).replace("*", "").replace("`", "'").strip(), LABEL))
