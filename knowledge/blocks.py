"""Blocks: a section's Markdown as paragraphs, lists and code, its inline marks, and the excerpt an answer shows."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from knowledge.topic import Section, Topic

EXCERPT_LIMIT = 1500
"""Characters of summary and section together: what a chat shows without a fold on a phone."""


class Mark(Enum):
    """What an inline run is."""

    PLAIN = "plain"
    BOLD = "bold"
    CODE = "code"
    LINK = "link"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A run of inline text with one mark; `url` is set for a link only."""

    mark: Mark
    text: str
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """Lines of prose that belong together, joined by spaces."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListBlock:
    """The items of one `- ` list."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeBlock:
    """A fenced block, line breaks kept, and the language its fence names."""

    text: str
    language: str = ""


Block = Paragraph | ListBlock | CodeBlock

_INLINE = re.compile(
    r"`(?P<code>[^`\n]+)`"
    r"|\*\*(?P<bold>[^*\n]+)\*\*"
    r"|(?<![\w*])\*(?P<emphasis>[^*\s](?:[^*\n]*[^*\s])?)\*(?![\w*])"
    r"|\[(?P<label>[^\]\n]+)\]\((?P<url>https://[^)\s]+)\)"
)


def blocks(markdown: str) -> tuple[Block, ...]:
    """The paragraphs, lists and code blocks of a section's text, in order."""
    return tuple(_blocks(markdown))


def spans(text: str) -> tuple[Span, ...]:
    """The inline runs of a paragraph, a list item or a summary (where *one* star is bold as well)."""
    found: list[Span] = []
    end = 0
    for match in _INLINE.finditer(text):
        if match.start() > end:
            found.append(Span(mark=Mark.PLAIN, text=text[end : match.start()]))
        if match["code"]:
            found.append(Span(mark=Mark.CODE, text=match["code"]))
        elif match["label"]:
            found.append(Span(mark=Mark.LINK, text=match["label"], url=match["url"]))
        else:
            found.append(Span(mark=Mark.BOLD, text=match["bold"] or match["emphasis"]))
        end = match.end()
    if end < len(text):
        found.append(Span(mark=Mark.PLAIN, text=text[end:]))
    return tuple(found)


def pieces(markdown: str) -> Iterator[str]:
    """What an excerpt may end after, each with the line breaks that go before it."""
    for block in _blocks(markdown):
        match block:
            case Paragraph(text=text):
                yield f"\n\n{text}"
            case CodeBlock(text=text, language=language):
                yield f"\n\n```{language}\n{text}\n```"
            case ListBlock(items=items):
                for number, item in enumerate(items):
                    yield f"\n- {item}" if number else f"\n\n- {item}"


def excerpt(topic: Topic, section: Section, limit: int = EXCERPT_LIMIT, *, with_analogy: bool = False) -> str:
    """Summary, the analogy if wanted, and the section as Markdown of at most `limit` characters.

    The section ends at a paragraph, a list item or a code block, and a last line says what was cut.
    """
    lead = [_strong_marks(topic.summary)]
    if with_analogy:
        lead.append(_strong_marks(topic.analogy))
    head = "\n\n".join(lead)
    if len(head) > limit:
        return _shortened(head, limit)
    opening = f"{head}\n\n**{section.heading}**"
    parts = list(pieces(section.text))
    whole = opening + "".join(parts)
    if len(whole) <= limit:
        return whole
    for kept in range(len(parts) - 1, 0, -1):
        cut = opening + "".join(parts[:kept]) + f"\n\n… {_cut_note(section, len(parts) - kept)}"
        if len(cut) <= limit:
            return cut
    note = f"\n\n… {_cut_note(section, len(parts))}"
    room = limit - len(opening) - len(note)
    if room >= _WORTH_STARTING:
        first = parts[0]
        if not first.lstrip().startswith("```"):
            return f"{opening}{_shortened(first, room)}{note}"
    note = f"\n\n… cut: the section “{section.heading}”."
    return head + note if len(head) + len(note) <= limit else head


def combined(
    topic: Topic, sections: Sequence[Section], limit: int = EXCERPT_LIMIT, *, with_analogy: bool = False
) -> Section:
    """The first section, followed by what fits of the next ones under their own headings, in that order.

    Summary and sections together stay within `limit` characters; only the last one may be shortened, after a list
    item or at a sentence.
    """
    first, *rest = sections
    text = first.text
    for section in rest:
        room = limit - len(
            excerpt(topic, Section(heading=first.heading, text=text), 10 * limit, with_analogy=with_analogy)
        )
        opening = f"\n\n**{section.heading}**"
        room -= len(opening)
        parts = list(pieces(section.text))
        if sum(map(len, parts)) <= room:
            text += opening + "".join(parts)
            continue
        if start := _start(parts, room):
            text += opening + start
        break
    return Section(heading=first.heading, text=text)


def _start(parts: Sequence[str], room: int) -> str:
    """What fits of a section's pieces in their order, the next one shortened; empty when that says nothing."""
    kept = ""
    for piece in parts:
        if len(kept) + len(piece) <= room:
            kept += piece
            continue
        left = room - len(kept)
        shortened = "" if "```" in piece or left < _WORTH_STARTING else _shortened(piece, left)
        kept += shortened if len(shortened) >= _WORTH_STARTING else ""
        break
    return kept if len(kept) >= _WORTH_STARTING else ""


_WORTH_STARTING = 120
"""Characters; less of a paragraph than this says nothing."""


def _cut_note(section: Section, left_out: int) -> str:
    paragraphs = "1 paragraph or list item" if left_out == 1 else f"{left_out} paragraphs or list items"
    return f"cut: {paragraphs} of “{section.heading}”."


def _blocks(markdown: str) -> Iterator[Block]:
    lines = iter(markdown.split("\n"))
    prose: list[str] = []
    items: list[str] = []

    def pending() -> Iterator[Block]:
        if prose:
            yield Paragraph(text=" ".join(prose))
        if items:
            yield ListBlock(items=tuple(items))
        prose.clear()
        items.clear()

    for line in lines:
        if line.startswith("```"):
            yield from pending()
            code: list[str] = []
            for inner in lines:
                if inner.startswith("```"):
                    break
                code.append(inner)
            yield CodeBlock(text="\n".join(code), language=line[3:].strip())
        elif line.startswith("- "):
            if prose:
                yield from pending()
            items.append(line[2:].strip())
        elif not line.strip():
            yield from pending()
        elif items and line.startswith(" "):
            items[-1] += f" {line.strip()}"
        else:
            if items:
                yield from pending()
            prose.append(line.strip())
    yield from pending()


def _strong_marks(text: str) -> str:
    """The text with every bold run between two stars, as in section texts."""
    written = {Mark.PLAIN: "{}", Mark.BOLD: "**{}**", Mark.CODE: "`{}`"}
    return "".join(
        f"[{span.text}]({span.url})" if span.mark is Mark.LINK else written[span.mark].format(span.text)
        for span in spans(text)
    )


def _shortened(text: str, limit: int) -> str:
    """The start of a text up to the end of a sentence or, failing that, of a word, never inside a mark."""
    if len(text) <= limit:
        return text
    allowed = text[: max(limit - 2, 0)]
    open_at = next((m.start() for m in _INLINE.finditer(text) if m.start() < len(allowed) < m.end()), None)
    allowed = allowed[:open_at]
    sentence = max(allowed.rfind(". "), allowed.rfind("; "), allowed.rfind(": "))
    if sentence >= len(allowed) // 2:
        return f"{allowed[: sentence + 1]} …"
    return f"{allowed[: allowed.rfind(' ')] if ' ' in allowed else allowed} …"
