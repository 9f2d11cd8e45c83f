"""Forms for plan, silence and watch: what each asks, what it starts with, and the command that its answers make."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from bot.asking.alert_words import is_alert_number
from bot.asking.command import Asked
from bot.asking.questions import INSTANCE_TYPE
from bot.slack.blocks import Block, section
from bot.slack.mrkdwn import cut, esc, one_line
from bot.slack.scope_options import option
from bot.slack.shapes import part, word

SCOPE, TARGET = "scope", "target"
"""The action ids of the two selects with search."""

MOST_NODES, MOST_PODS = 100_000, 1_000
"""More of either is a slip: far above any cluster, and above what any node's max-pods allows."""

METADATA = 3_000
"""Source: https://docs.slack.dev/reference/views/modal-views (private_metadata: 3,000 characters)."""

_TYPE = re.compile(INSTANCE_TYPE, re.IGNORECASE)
_BELOW = re.compile(r"\d{1,6}(?:%|ips)?")
_COUNT = re.compile(r"\+?(\d{1,6})")
_SILENCES = (
    ("30 minutes", "30m"),
    ("2 hours", "2h"),
    ("8 hours", "8h"),
    ("1 day", "1d"),
    ("7 days", "7d"),
    ("until it is resolved", "until resolved"),
)

Values = Mapping[str, str]


class InputError(Exception):
    """What is wrong with the answers: a sentence for each input, by its block id."""

    def __init__(self, problems: dict[str, str]) -> None:
        super().__init__(", ".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One form: its title, the words of its button, its inputs for a command, and the command of its answers.

    `rest` is what the command held beyond the inputs; it is carried through.
    """

    verb: str
    title: str
    submit: str
    blocks: Callable[[Asked, str], list[Block]]
    command: Callable[[Values, str], str]
    rest: Callable[[Asked], str] = lambda _: ""


def loading(form: Form) -> dict[str, Any]:
    """The view that stands there at once, before anything is looked up."""
    return _view(form, [section("One moment…")], "", submit=False)


def filled(form: Form, asked: Asked, channel: str, metadata: str) -> dict[str, Any]:
    """The view with its inputs, filled from the command."""
    return _view(form, form.blocks(asked, channel), metadata, submit=True)


def refused(form: Form, words: str) -> dict[str, Any]:
    """The view that says why there is no form."""
    return _view(form, [section(esc(cut(one_line(words), 2_000)))], "", submit=False)


def values(state: Mapping[str, Any]) -> dict[str, str]:
    """What was typed and chosen, by block id; "" where nothing was."""
    found = {}
    inputs = part(state, "values")
    for block_id in inputs:
        actions = part(inputs, block_id)
        given = part(actions, next(iter(actions), ""))
        chosen = word(part(given, "selected_option"), "value") or word(given, "selected_conversation")
        found[block_id] = one_line(chosen or word(given, "value")).strip()
    return found


def _view(form: Form, blocks: list[Block], metadata: str, *, submit: bool) -> dict[str, Any]:
    view: dict[str, Any] = {
        "type": "modal",
        "callback_id": f"form.{form.verb}",
        "title": _plain(form.title),
        "close": _plain("Cancel"),
        "private_metadata": metadata,
        "blocks": blocks,
    }
    return view | {"submit": _plain(form.submit)} if submit else view


def _plan_blocks(asked: Asked, channel: str) -> list[Block]:  # noqa: ARG001 (every form is given its channel)
    count = next((m.group(1) for word in asked.words if (m := _COUNT.fullmatch(word))), asked.options.get("nodes", ""))
    kind = next((word for word in asked.words if _TYPE.fullmatch(word)), "")
    return [
        _number("nodes", "How many more nodes", count, MOST_NODES, hint="Empty: how many fit."),
        _text("type", "Instance type", kind, hint="For example m5.xlarge. Empty: as the cluster has them."),
        _search(SCOPE, "Where", _plan_scope(asked)),
        _number("pods", "Pods on each node", asked.options.get("pods", ""), MOST_PODS),
    ]


def _plan_command(given: Values, rest: str) -> str:
    problems = {}
    if given.get("type") and not _TYPE.fullmatch(given["type"]):
        problems["type"] = f"“{given['type'][:40]}” is no instance type. For example m5.xlarge."
    problems |= _whole(given, "nodes", MOST_NODES) | _whole(given, "pods", MOST_PODS)
    if problems:
        raise InputError(problems)
    words = ["plan", f"+{given['nodes']}" if given.get("nodes") else "", given.get("type", ""), given.get(SCOPE, "")]
    words += [f"pods={given['pods']}" if given.get("pods") else "", rest]
    return " ".join(word for word in words if word)


def _plan_rest(asked: Asked) -> str:
    flags = [word for word in asked.words if word.lower() in ("with-growth", "custom-networking", "pod-eni", "prefix")]
    own = ("pods", "nodes", "cluster")
    return " ".join([*flags, *(f"{key}={value}" for key, value in asked.options.items() if key not in own)])


def _plan_scope(asked: Asked) -> str:
    taken = {"with-growth", "custom-networking", "pod-eni", "prefix", "sums"}
    words = [
        word
        for word in asked.words
        if word.lower() not in taken and not _COUNT.fullmatch(word) and not _TYPE.fullmatch(word)
    ]
    return " ".join(words) or asked.options.get("cluster", "")


def _silence_blocks(asked: Asked, channel: str) -> list[Block]:  # noqa: ARG001 (every form is given its channel)
    return [
        _search(TARGET, "What", _silence_target(asked), optional=False),
        _select("for", "How long", _SILENCES, "2h"),
        _text("reason", "Why", "", hint="Shown on the card."),
    ]


def _silence_target(asked: Asked) -> str:
    """The alerts that were named, else the first word: a scope."""
    numbers = list(takewhile(is_alert_number, asked.words))
    return " ".join(numbers or asked.words[:1])


def _silence_command(given: Values, rest: str) -> str:  # noqa: ARG001 (a silence carries nothing through)
    problems = {}
    if not given.get(TARGET):
        problems[TARGET] = "Choose an alert or a scope."
    if given.get("for") not in {value for _, value in _SILENCES}:
        problems["for"] = "Choose how long."
    elif given["for"] == "until resolved" and not all(map(is_alert_number, given.get(TARGET, "").split())):
        problems["for"] = "Only an alert can be silenced until it is resolved."
    if problems:
        raise InputError(problems)
    return " ".join(word for word in ("silence", given[TARGET], given["for"], given.get("reason", "")) if word)


def _watch_blocks(asked: Asked, channel: str) -> list[Block]:
    return [
        _search(SCOPE, "What to watch", asked.target, optional=False),
        _channel("channel", "Which channel is told", channel),
        _text(
            "below", "Only below", asked.options.get("below", ""), hint="For example 10% or 50. Empty: as configured."
        ),
    ]


def _watch_command(given: Values, rest: str) -> str:
    problems = {}
    if not given.get(SCOPE):
        problems[SCOPE] = "Choose what to watch."
    if not given.get("channel"):
        problems["channel"] = "Choose a channel."
    if given.get("below") and not _BELOW.fullmatch(given["below"]):
        problems["below"] = "A number of addresses or a percentage, for example 50 or 10%."
    if problems:
        raise InputError(problems)
    limit = given.get("below", "")
    below = f"below={limit}{'ips' if limit.isdigit() else ''}" if limit else ""
    return " ".join(word for word in ("watch", given[SCOPE], below, rest) if word)


FORMS: Mapping[str, Form] = {
    form.verb: form
    for form in (
        Form(
            verb="plan",
            title="Will more nodes fit?",
            submit="Plan",
            blocks=_plan_blocks,
            command=_plan_command,
            rest=_plan_rest,
        ),
        Form(
            verb="silence",
            title="Silence alerts",
            submit="Silence",
            blocks=_silence_blocks,
            command=_silence_command,
        ),
        Form(verb="watch", title="Watch addresses", submit="Watch", blocks=_watch_blocks, command=_watch_command),
    )
}
"""The forms, by the verb whose command they make."""


def _whole(given: Values, name: str, most: int) -> dict[str, str]:
    text = given.get(name, "")
    return {name: f"A whole number from 1 to {most:,}."} if text and not _is_whole(text, most) else {}


def _is_whole(text: str, most: int) -> bool:
    """Whether the text is a whole number from 1 to `most`; one with more digits is none."""
    return text.isascii() and text.isdigit() and len(text) <= len(str(most)) and 1 <= int(text) <= most


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text}


def _input(name: str, label: str, element: Block, *, optional: bool = True, hint: str = "") -> Block:
    block = {
        "type": "input",
        "block_id": name,
        "label": _plain(label),
        "optional": optional,
        "element": element | {"action_id": name},
    }
    return block | {"hint": _plain(hint)} if hint else block


def _text(name: str, label: str, initial: str, *, hint: str = "") -> Block:
    element: Block = {"type": "plain_text_input", "max_length": 200}
    return _input(name, label, element | ({"initial_value": cut(initial, 200)} if initial else {}), hint=hint)


def _number(name: str, label: str, initial: str, most: int, *, hint: str = "") -> Block:
    """An input of a whole number from 1 to `most`; a first value that is none is left out: Slack refuses the form."""
    element: Block = {"type": "number_input", "is_decimal_allowed": False, "min_value": "1", "max_value": str(most)}
    first = {"initial_value": str(int(initial))} if _is_whole(initial, most) else {}
    return _input(name, label, element | first, hint=hint)


def _select(name: str, label: str, choices: tuple[tuple[str, str], ...], initial: str) -> Block:
    options = [option(words, value) for words, value in choices]
    first = next((found for found in options if found["value"] == initial), options[0])
    element = {"type": "static_select", "options": options, "initial_option": first}
    return _input(name, label, element, optional=False)


def _search(name: str, label: str, initial: str, *, optional: bool = True) -> Block:
    element: Block = {"type": "external_select", "min_query_length": 0, "placeholder": _plain("Type a name")}
    if initial and len(initial) <= 150:
        element["initial_option"] = option(initial, initial)
    return _input(name, label, element, optional=optional)


def _channel(name: str, label: str, channel: str) -> Block:
    element: Block = {
        "type": "conversations_select",
        "filter": {"include": ["public", "private"], "exclude_bot_users": True},
    }
    here = {"initial_conversation": channel} if channel else {}
    return _input(name, label, element | here, optional=False)
