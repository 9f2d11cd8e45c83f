"""What stands in a local Slack as text: what is new and what was edited since the last look, for docs/incident.md."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from textwrap import wrap
from typing import Any

from incident_stage import SlackMessage, Stage, blocks_of, controls_of

WIDTH = 92
"""Columns of the transcript: what GitHub shows of a code block without a scroll bar."""

PEOPLE = ("ana", "ben", "chris")
CHANNELS = ("ops", "platform-alerts", "inc-42")

_GLYPHS = {
    "red_circle": "🔴",
    "large_yellow_circle": "🟡",
    "large_green_circle": "🟢",
    "white_check_mark": "✅",
    "grey_question": "❔",
    "no_bell": "🔕",
}
_EMOJI = re.compile(r":([a-z_]+):")
_DATE = re.compile(r"<!date\^\d+\^[^|>]*\|([^>]*)>")
_LINK = re.compile(r"<(?:https?://[^|>]+)\|([^>]*)>")
_ID = re.compile(r"<([@#])(\w+)>")
_MARK = re.compile(r"(?<![\w*~])([*~])(?=\S)([^*~\n]+?)(?<=\S)\1(?![\w*~])")


class Transcript:
    """Looks at the workspace again and again, and writes down what people see now that they did not see before."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._seen: dict[tuple[str, str, str], str] = {}
        self.lines: list[str] = []
        self.look()
        self.lines.clear()

    def look(self) -> None:
        """Write down every message that is new, oldest first, then every one whose words changed."""
        edited: list[tuple[str, str, SlackMessage, str]] = []
        for channel, only, message in sorted(self._shown(), key=lambda each: str(each[2]["ts"])):
            key = (channel, only, str(message["ts"]))
            text = shown(message, self._named)
            if key not in self._seen:
                self._write(channel, only, message, text, is_edit=False)
            elif self._seen[key] != text:
                edited.append((channel, only, message, text))
            self._seen[key] = text
        for channel, only, message, text in edited:
            self._write(channel, only, message, text, is_edit=True)

    def note(self, text: str) -> None:
        """Write down a deed that leaves no message by itself, such as a press."""
        self.lines += [f"{_clock(self._stage.clock())}  {text}", ""]

    def form(self, user: str) -> None:
        """Write down the form on this person's screen with what stands in its inputs."""
        view = self._stage.slack.modal(user)
        if view is None:
            raise LookupError(f"no form is open for {user}")
        self.note(f"eksip, in a form that only {user} sees")
        self.lines.pop()
        self.lines += [f"  {line}" for line in _form(view)] + [""]

    def _shown(self) -> Iterator[tuple[str, str, SlackMessage]]:
        slack = self._stage.slack
        for channel in CHANNELS:
            yield from ((channel, "", message) for message in slack.messages(channel))
            for person in PEOPLE:
                yield from ((channel, person, message) for message in slack.ephemerals(channel, person))

    def _write(self, channel: str, only: str, message: SlackMessage, text: str, *, is_edit: bool) -> None:
        where = f"#{channel}"
        if message.get("thread_ts", message["ts"]) != message["ts"]:
            where += ", in the thread" + (" and in the channel" if message.get("subtype") == "thread_broadcast" else "")
        verb = " edits its message" if is_edit else ""
        who = f"{self._named(str(message['user']))}{verb} in {where}"
        at = self._stage.clock() if is_edit else datetime.fromtimestamp(float(message["ts"]), UTC)
        self.lines.append(f"{_clock(at)}  {who}{f' (only {only} sees it)' if only else ''}")
        self.lines += [f"  {line}" if line else "" for line in text.splitlines()] + [""]

    def _named(self, some_id: str) -> str:
        """The name of a person or a channel."""
        slack = self._stage.slack
        names = {slack.user(name): name for name in (*PEOPLE, "eksip")}
        names |= {slack.channel(name): name for name in CHANNELS}
        return names.get(some_id, some_id)


def shown(message: Mapping[str, Any], named: Any) -> str:
    """What a person reads of a message: its blocks, or its text where it has none."""
    blocks = blocks_of(message)
    if not blocks:
        return "\n".join(_wrapped(_plain(str(message["text"]), named)))
    lines: list[str] = []
    for block in blocks:
        lines += _block(block, named)
    return "\n".join(lines).rstrip()


def _block(block: Mapping[str, Any], named: Any) -> list[str]:
    match block["type"]:
        case "section" if "fields" in block:
            pairs = [_plain(str(each["text"]), named).partition("\n") for each in block["fields"]]
            return [f"{label}: {value}" for label, _, value in pairs]
        case "section":
            return _wrapped(_plain(str(block["text"]["text"]), named))
        case "context":
            return [line for each in block["elements"] for line in _wrapped(_plain(str(each["text"]), named))]
        case "actions":
            controls = controls_of([block])
            return [" ".join(f"[{label}{' ▾' if 'options' in each else ''}]" for label, each in controls.items())]
        case "context_actions":
            halves = block["elements"][0]
            return [" ".join(f"[{halves[half]['text']['text']}]" for half in ("positive_button", "negative_button"))]
    raise ValueError(f"a block of the type {block['type']!r} has no text form here")


def _plain(text: str, named: Any) -> str:
    """mrkdwn without its marks but those of code: dates in UTC, links by their label, emoji as characters."""
    told = _LINK.sub(r"\1", _DATE.sub(r"\1", text))
    told = _ID.sub(lambda found: f"{found[1]}{named(found[2])}", told)
    told = _EMOJI.sub(lambda found: _GLYPHS.get(found[1], found[0]), told)
    told = _MARK.sub(r"\2", _MARK.sub(r"\2", told))
    return told.replace("```", "").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _wrapped(text: str) -> list[str]:
    """The lines of a text, each in at most WIDTH columns; a table's lines are short and stay as they are."""
    found: list[str] = []
    for line in text.strip("\n").splitlines():
        indent = "  " if line[:1] in "•123456789" and line[1:2] in " ." else ""
        lines = [line] if len(line) <= WIDTH else wrap(line, WIDTH, subsequent_indent=indent, break_on_hyphens=False)
        found += lines or [""]
    return found


def _form(view: Mapping[str, Any]) -> list[str]:
    values = {name: next(iter(given.values())) for name, given in view["state"]["values"].items()}
    lines = [view["title"]["text"]]
    for block in view["blocks"]:
        given = values[block["block_id"]]
        chosen = given.get("selected_option") or {}
        value = chosen.get("text", {}).get("text") or given.get("value") or "(empty)"
        lines.append(f"{block['label']['text']}: {value}")
    return [*lines, f"[{view['close']['text']}] [{view['submit']['text']}]"]


def _clock(at: datetime) -> str:
    return at.strftime("%H:%M")
