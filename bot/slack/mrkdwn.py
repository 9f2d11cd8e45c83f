"""Slack's mrkdwn: the one escape, and the marks of a Line within a limit.

Every string from AWS or a person goes through `esc`, so a subnet named `<!channel>` calls nobody. Backticks that do not
close would swallow what follows them, a date for one, so they become apostrophes.
"""

import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime

from bot.message import Channel, Inline, Line, Link, Mono, Strong, Struck, When

ELLIPSIS = "…"
URL_CHARACTERS = 2_000
"""Longest address that is linked; a longer one would eat the section it stands in.

Source: https://docs.slack.dev/reference/block-kit/blocks/section-block (3,000 characters of text in all).
"""

_CODE_SPAN = re.compile(r"`[^`\n]+`")
_URL = re.compile(r"https?://[^\s/]", re.IGNORECASE)
_CHANNEL = re.compile(r"[CG][A-Z0-9]{2,}")
_DATE_TOKENS = {"time": "{time}", "date_time": "{date_short_pretty} {time}"}
_DATE_FALLBACKS = {"time": "%H:%M UTC", "date_time": "%b %d %H:%M UTC"}


def esc(text: str) -> str:
    """The text with Slack's three control characters escaped; also inside code.

    Source: https://docs.slack.dev/messaging/formatting-message-text ("Escaping text": exactly &, < and >).
    Example: `esc("a<b & c")` is `"a&lt;b &amp; c"`.
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def clean(text: str) -> str:
    """The text without control, surrogate and bidirectional-override characters; tabs become blanks, newlines stay."""
    return "".join(
        character
        for character in text.replace("\r\n", "\n").replace("\t", " ").replace("\u2028", "\n").replace("\u2029", "\n")
        if character == "\n" or _shown(character)
    )


def one_line(text: str) -> str:
    """The cleaned text with every run of blanks and newlines as one blank."""
    return " ".join(clean(text).split())


def cut(text: str, limit: int) -> str:
    """The text in at most `limit` characters; a cut one ends in an ellipsis."""
    return text if len(text) <= limit else text[: max(limit - 1, 0)].rstrip() + ELLIPSIS[:limit]


def prose(text: str) -> str:
    """Escaped text for a paragraph: closed `code spans` stay, other backticks become apostrophes."""
    found, end = [], 0
    for span in _CODE_SPAN.finditer(text):
        found += [text[end : span.start()].replace("`", "'"), span[0]]
        end = span.end()
    return esc("".join([*found, text[end:].replace("`", "'")]))


def prose_within(text: str, limit: int) -> str:
    """The text as `prose` in at most `limit` characters: cut before it is escaped, so nothing is cut in half."""
    room = limit
    while True:
        shown = prose(cut(text, room))
        if len(shown) <= limit:
            return shown
        room -= max((len(shown) - limit) // 5, 1)  # an escape is at most five characters for one


def mono(text: str) -> str:
    """The text in a fixed-width face, or nothing for nothing."""
    inner = one_line(text).replace("`", "'")
    return f"`{esc(inner)}`" if inner else ""


def inline(line: Line, limit: int, *, newlines: bool = False) -> str:
    """The line as mrkdwn in at most `limit` characters; a mark that does not fit whole is left out.

    `newlines` keeps the newlines of plain strings; without it they become blanks.
    """
    shown = ""
    for mark in line:
        piece = _mrkdwn(mark, newlines=newlines)
        if shown[-1:] == piece[:1] and piece[:1] in ("*", "~", "`"):
            piece = f" {piece}"  # two marks side by side would read as one: `*a**b*`
        if len(shown) + len(piece) <= limit:
            shown += piece
            continue
        room = limit - len(shown)
        if isinstance(mark, str):
            return shown + prose_within(clean(mark) if newlines else _flat(mark), room)
        return shown + ELLIPSIS[:room]
    return shown


def plain(line: Line) -> str:
    """The line as bare words, for the sentence a locked phone shows."""
    return one_line("".join(_words(mark) for mark in line))


def date(moment: datetime, style: str) -> str:
    """The moment in the reader's own time zone, with its UTC reading as fallback.

    Source: https://docs.slack.dev/messaging/formatting-message-text (date formatting, its tokens).
    """
    at = moment.astimezone(UTC)
    fallback = at.strftime(_DATE_FALLBACKS.get(style, _DATE_FALLBACKS["time"]))
    if at.timestamp() < 0:
        return fallback
    return f"<!date^{int(at.timestamp())}^{_DATE_TOKENS.get(style, _DATE_TOKENS['time'])}|{fallback}>"


def link(label: str, url: str) -> str:
    """The label as a link to an http or https address; only the label when the address is none of these."""
    words = esc(one_line(label).replace("|", "¦").replace("`", "'"))
    target = web_address(url)
    if not target:
        return words
    return f"<{esc(target)}|{words}>" if words else f"<{esc(target)}>"


def web_address(url: str) -> str:
    """The address with the characters that end a Slack link percent-encoded, or nothing when it is not http(s)."""
    target = clean(url).strip()
    if not _URL.match(target) or len(target) > URL_CHARACTERS:
        return ""
    scheme, _, rest = target.partition("://")
    for character in "|<>`":
        rest = rest.replace(character, f"%{ord(character):02X}")
    return f"{scheme.lower()}://" + "".join(_encoded_blanks(rest))


def channel(channel_id: str) -> str:
    """The channel by its name, a link to it; an id that is none of a channel or group as code.

    Source: https://docs.slack.dev/messaging/formatting-message-text ("Linking to Slack channels").
    """
    return f"<#{channel_id}>" if _CHANNEL.fullmatch(channel_id) else mono(channel_id)


def _encoded_blanks(text: str) -> Iterator[str]:
    for character in text:
        if character.isspace():
            yield from (f"%{byte:02X}" for byte in character.encode())
        else:
            yield character


def _mrkdwn(mark: Inline, *, newlines: bool) -> str:
    match mark:
        case str():
            return prose(clean(mark) if newlines else _flat(mark))
        case Strong():
            return _marked(mark.text, "*")
        case Struck():
            return _marked(mark.text, "~")
        case Mono():
            return mono(mark.text)
        case Link():
            return link(mark.label, mark.url)
        case When():
            return date(mark.moment, mark.style)
        case Channel():
            return channel(mark.channel_id)


def _flat(text: str) -> str:
    """One line that keeps its outer blanks: they separate it from the marks beside it."""
    return re.sub(r"\s+", " ", clean(text))


def _marked(text: str, sign: str) -> str:
    inner = prose(one_line(text))
    # the sign inside the words, or a code span at their edge, would end the mark early
    return inner if not inner or sign in inner or "`" in inner else f"{sign}{inner}{sign}"


def _words(mark: Inline) -> str:
    match mark:
        case str():
            return mark
        case Link():
            return mark.label
        case When():
            return mark.moment.astimezone(UTC).strftime(_DATE_FALLBACKS.get(mark.style, _DATE_FALLBACKS["time"]))
        case Channel():
            return mark.channel_id
        case Strong() | Struck() | Mono():
            return mark.text


def _shown(character: str) -> bool:
    category = unicodedata.category(character)
    return category not in ("Cc", "Cs") and not ("\u202a" <= character <= "\u202e" or "\u2066" <= character <= "\u2069")
