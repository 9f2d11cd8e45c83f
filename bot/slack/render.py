"""Message to Slack payload: the verdict first, within every limit of Block Kit for any message whatever.

Rules and limits: https://docs.slack.dev/reference/block-kit/blocks and docs.slack.dev/reference/methods/chat.update.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from bot.asking.form_words import FORM_VERBS
from bot.message import Button, Context, Controls, Line, Message, Mono, Part, Press, Text, Tone, Visibility, When
from bot.slack.blocks import SECTION_TEXT, Block, actions, content, context, section, text_of
from bot.slack.controls import elements, feedback_block
from bot.slack.mrkdwn import clean, cut, date, inline, mono, one_line, plain, prose, prose_within
from bot.views import blind_words

Payload = dict[str, Any]

EMOJI = {
    Tone.GOOD: ":large_green_circle:",
    Tone.WARNING: ":large_yellow_circle:",
    Tone.BAD: ":red_circle:",
    Tone.NEUTRAL: "",
    Tone.UNKNOWN: ":grey_question:",
    Tone.MUTED: ":no_bell:",
    Tone.RESOLVED: ":white_check_mark:",
}
"""The one emoji before the verdict. The word that says the same stands in the verdict itself."""

COLOURS = {
    Tone.GOOD: "#2eb886",
    Tone.RESOLVED: "#2eb886",
    Tone.WARNING: "#daa038",
    Tone.BAD: "#a30200",
    Tone.NEUTRAL: "#dddddd",
    Tone.UNKNOWN: "#dddddd",
    Tone.MUTED: "#dddddd",
}
"""The frame of a card: the colour is the state."""

TEXT = 3_900
"""Characters of the fallback text: chat.update refuses more than 4,000, and every card is updated some day.

Source: https://docs.slack.dev/reference/methods/chat.update (msg_too_long).
"""
BLOCKS = 50
"""Source: https://docs.slack.dev/reference/block-kit/blocks (50 blocks in a message)."""
TEXT_BUDGET = 11_500
"""Characters of text in all blocks; Slack refuses about 13,200 (msg_blocks_too_long, seen by several projects)."""
BLOCK_ID = 255
"""Source: https://docs.slack.dev/reference/block-kit/blocks (block_id: 255 characters, new on every update)."""
SUGGESTIONS = 5
COMMAND = 300
"""Characters of the command repeated in the footer, and of a defect's reference."""


def render(message: Message, *, share: bool = False, again: bool = False, feedback: str = "") -> Payload:
    """The payload of chat.postMessage, chat.update and response_url; `share` offers a button that posts it for all.

    The button is left out where there is nothing to repeat in the channel: failures, receipts, and answers already
    visible.
    `again` offers one that asks once more, under answers whose figures age. `feedback` names the answer in the buttons
    that ask whether it helped; without it there are none.
    """
    blocks = _blocks(message, share=share, again=again)
    if feedback and message.ok:
        blocks = [*blocks, feedback_block(feedback)][:BLOCKS]
    for index, block in enumerate(blocks):
        if message.revision:
            block["block_id"] = f"{cut(one_line(message.revision), BLOCK_ID - 10)}:{index}"
    text = fallback(message)
    payload: Payload = {"text": text, "unfurl_links": False, "unfurl_media": False}
    if message.card and len(blocks) > 1:
        # With blocks at the top Slack keeps `text` for notifications; above an attachment alone it would show it too.
        frame = {"color": COLOURS[message.tone], "fallback": text, "blocks": blocks[1:]}
        return payload | {"blocks": blocks[:1], "attachments": [frame]}
    return payload | {"blocks": blocks}


def fallback(message: Message) -> str:
    """The sentence a locked phone and a screen reader get."""
    sentence = one_line(message.text) or plain(message.verdict) or "No answer."
    return prose_within(sentence, TEXT)


def text_only(payload: Payload) -> Payload:
    """The same message as bare text, for when Slack refuses its blocks."""
    kept = {name: value for name, value in payload.items() if name not in ("blocks", "attachments")}
    return kept | {"blocks": [], "attachments": []}


def note(text: str) -> Payload:
    """A payload of one plain sentence, for placeholders."""
    return {"text": prose_within(one_line(text), TEXT), "unfurl_links": False, "unfurl_media": False}


def _blocks(message: Message, *, share: bool, again: bool) -> list[Block]:
    """Verdict, parts, small print, controls; what does not fit is left out of the parts, and said."""
    rows = [part for part in message.parts if isinstance(part, Controls)]
    rows += _suggested(message, rows)
    rows = _with_last(rows, _last_buttons(message, share=share, again=again))
    groups, notes = elements(rows)
    head, rest = _head(message)
    tail = [
        *context([*_small_print(message), *map(prose, notes)]),
        *(block for group in groups for block in actions(group)),
    ]
    return [*_within(head, [content(part) for part in rest if not isinstance(part, Controls)], tail), *tail]


def _head(message: Message) -> tuple[Block, Sequence[Part]]:
    """The first section: emoji and verdict, and a paragraph that follows at once."""
    spoken = (message.failure.message,) if message.failure is not None else message.verdict or (message.text,)
    verdict = inline(spoken, SECTION_TEXT // 2, newlines=True).strip() or fallback(message)[: SECTION_TEXT // 2]
    first = f"{EMOJI[message.tone]} {verdict}".strip()
    parts = message.parts
    if parts and isinstance(parts[0], Text):
        paragraph = text_of(parts[0].lines, SECTION_TEXT // 2 - 50)
        if paragraph.strip():
            first = f"{first}\n{paragraph}"
        parts = parts[1:]
    return section(first), parts


def _within(head: Block, groups: Iterable[list[Block]], tail: list[Block]) -> list[Block]:
    """The head and as many parts as the limits of the whole message leave room for."""
    shown = [head]
    room = TEXT_BUDGET - characters([head, *tail])
    places = BLOCKS - 2 - len(tail)  # the head, and a line that says what was left out
    left_out = 0
    for group in groups:
        size = characters(group)
        if left_out or size > room or len(group) > places:
            left_out += bool(group)
            continue
        shown += group
        room -= size
        places -= len(group)
    if left_out:
        words = "1 part" if left_out == 1 else f"{left_out} parts"
        shown += context([f"{words} of this answer left out: too long for one message."])
    return shown


def characters(value: object) -> int:
    """The characters of every `text` string inside blocks, which is what Slack's ceiling counts."""
    if isinstance(value, dict):
        return sum(len(v) if k == "text" and isinstance(v, str) else characters(v) for k, v in value.items())
    if isinstance(value, list):
        return sum(characters(item) for item in value)
    return 0


def _suggested(message: Message, rows: Sequence[Controls]) -> list[Controls]:
    """Buttons that run the commands a failure suggests, unless the message offers them itself."""
    if message.failure is None:
        return []
    offered = {item.command for row in rows for item in row.items if isinstance(item, Button)}
    wanted = [command for command in message.failure.suggestions if command.strip() and command not in offered]
    return [Controls(items=tuple(map(_suggestion, wanted[:SUGGESTIONS])))]


def _suggestion(command: str) -> Button:
    if command in FORM_VERBS:
        return Button(label="Fill in a form", command=command, press=Press.FORM)
    return Button(label=command, command=command)


def _last_buttons(message: Message, *, share: bool, again: bool) -> list[Button]:
    """Repeat and Share, where each makes sense."""
    if not message.ok or not message.command or message.card:
        return []
    found = [Button(label="Repeat", command=message.command)] if again and message.as_of is not None else []
    if share and message.shareable and message.visibility is Visibility.EPHEMERAL:
        found.append(Button(label="Share here", command=f"{message.command} share"))
    return found


def _with_last(rows: list[Controls], buttons: list[Button]) -> list[Controls]:
    if not buttons or not rows:
        return [*rows, Controls(items=tuple(buttons))] if buttons else rows
    return [*rows[:-1], Controls(items=(*rows[-1].items, *buttons))]


def _small_print(message: Message) -> list[str]:
    """Age, command, blind spots and reference, each only where the message's own small print lacks it."""
    if message.card:
        return []
    own = [line for part in message.parts if isinstance(part, Context) for line in part.lines]
    first = []
    if message.as_of is not None and not _tells(own, message.as_of):
        first.append(f"Read {date(message.as_of, 'time')}")
    if message.command and message.failure is None and not _repeats(own, message.command):
        first.append(mono(cut(f"eksip {one_line(message.command)}", COMMAND)))
    found = [" · ".join(first)]
    blind = blind_words(message.coverage)
    if blind and not any(blind in plain(line) for line in own):
        found.append(inline((blind,), SECTION_TEXT // 2))
    if message.failure is not None and message.failure.reference:
        found.append(f"Reference {mono(cut(message.failure.reference, COMMAND))}")
    return [line for line in found if line]


def _tells(lines: Iterable[Line], moment: object) -> bool:
    return any(isinstance(mark, When) and mark.moment == moment for line in lines for mark in line)


def _repeats(lines: Iterable[Line], command: str) -> bool:
    return any(isinstance(mark, Mono) and mark.text.endswith(command) for line in lines for mark in line)


def as_json(payload: Payload) -> str:
    """The payload as one line of JSON, for the log."""
    return clean(json.dumps(payload, ensure_ascii=False))
