"""The forgiving grammar: words as people and phones type them -> a verb, its words and options."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.asking.command import Asked, Command
from bot.asking.questions import asks_here, command_for
from bot.errors import UserError, nearest

MAX_CHARACTERS = 8_000
"""Longest text read as a command; pasted logs beyond it are cut by the verbs that take them."""

_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "\u00a0": " ", "\u200b": "", "\ufeff": ""})
_HYPHENS = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2212", "-"))
_AUTO_LINK = re.compile(r"<(?:https?://|mailto:)([^|>]+)(?:\|([^>]+))?>")
_REFERENCE = re.compile(r"<([#@!])([^|>]+)(?:\|([^>]*))?>")
_LEADING = re.compile(r"^(?:\s*(?:<@[A-Z0-9]+(?:\|[^>]*)?>|/eksip\b|@eksip\b|!+\s*(?=\w))[:,]?\s*)+", re.IGNORECASE)
_DASHES = re.compile(r"(?<!\S)[—–]+(?=[A-Za-z])")
_INNER_DASH = re.compile(r"(?<=\w)–(?=\w)")
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))
_OPTION = re.compile(r"^(?:--)?([A-Za-z][A-Za-z0-9_-]*)=(.*)$", re.DOTALL)
_FLAG = re.compile(r"^--([A-Za-z][A-Za-z0-9_-]*)$")
_TARGET = re.compile(
    r"^(?:subnet-[0-9a-f]+|vpc-[0-9a-f]+|\d{12}|\d{1,3}(?:\.\d{1,3}){3}(?:/\d{1,2})?|[a-z]{2}(?:-[a-z]+)+-\d[a-z]?"
    r"|[a-z]{3,4}\d-az\d)$",
    re.IGNORECASE,
)
_INSTANCE_TYPE = re.compile(r"^[a-z][a-z0-9-]*\.(?:\d*(?:nano|micro|small|medium|large|xlarge)|metal(?:-\w+)?)$", re.I)
_NAME = re.compile(r"^[\w.-]{2,100}$")
_END = "?. \t"
_COMPARISON = re.compile(r"\b(?:vs\.?|versus|compared (?:to|with)|difference between)(?:\s|$)", re.IGNORECASE)
_CONCEPT = re.compile(
    r"^(?:prefix (?:mode|delegation|list)|subnet (?:discovery|fragmentation|sizing|cidr reservations?))\b",
    re.IGNORECASE,
)
"""Concepts whose first word is a verb too: they are explained."""
_QUESTION = frozenset({"what", "why", "how", "can", "is", "are", "does", "do", "when", "which", "should", "difference"})
_ERROR = re.compile(
    r"insufficient|failed to|error|exceeded|cannot|no available|timed? ?out|unauthorized", re.IGNORECASE
)


def normalise(text: str) -> str:
    """The text with what phones and Slack add taken out: smart quotes, long dashes, auto-links, mentions, backticks."""
    plain = unicodedata.normalize("NFKC", text.translate(_QUOTES)).translate(_QUOTES).translate(_HYPHENS)
    plain = _LEADING.sub("", plain)
    plain = _AUTO_LINK.sub(lambda found: found.group(2) or found.group(1), plain)
    plain = _REFERENCE.sub(lambda found: found.group(2), plain)
    for entity, character in _ENTITIES:
        plain = plain.replace(entity, character)
    plain = _LEADING.sub("", plain)
    plain = _INNER_DASH.sub("-", _DASHES.sub("--", plain))
    plain = "".join(character if character.isprintable() else " " for character in plain)
    return plain.replace("`", " ").strip()


def parse(text: str, commands: Sequence[Command], names: Callable[[], Iterable[str]] = tuple) -> Asked:
    """The command that the text means; `names` gives the scope names already known, and is asked only when needed.

    Raises: UserError when the verb is unknown or an option is; suggestions are whole commands.
    Example: `parse("statsu prod-eu", COMMANDS)` is status with the words ("prod-eu",) and a note.
    """
    plain = normalise(text[: MAX_CHARACTERS + 1])
    if len(text) > MAX_CHARACTERS:
        raise UserError(
            f"That is {len(text):,} characters; I read at most {MAX_CHARACTERS:,}. "
            "Send the line with the error, for example `explain InsufficientCidrBlocks`."
        )
    words = plain.rstrip(_END).split()
    if not any(_unquoted(word) for word in words):
        return Asked(verb="status")
    share = words[-1].lower() == "share" or words[-1] == "!"
    words = words[:-1] if share else words
    words[-1:] = [words[-1].rstrip("!")] if words and words[-1].strip("!") else []
    reading = _verb(words, commands, names, plain)
    options, rest = _options(reading.rest, reading.command)
    return Asked(
        verb=reading.command.verb,
        words=tuple(rest),
        options=options,
        share=share,
        read_as=reading.note,
        guessed=reading.guessed,
    )


def by_word(commands: Sequence[Command]) -> dict[str, Command]:
    """Every verb and alias with its command."""
    return {word: command for command in commands for word in (command.verb, *command.aliases)}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    command: Command
    rest: list[str]
    note: str = ""
    guessed: bool = False


def _verb(words: list[str], commands: Sequence[Command], names: Callable[[], Iterable[str]], plain: str) -> _Reading:
    known = by_word(commands)
    verbs = {command.verb: command for command in commands}
    if not words:
        return _Reading(command=verbs["status"], rest=[])
    first = _unquoted(words[0]).lower()
    asked = command_for(plain, verbs, names) if len(words) > 2 else None
    if _COMPARISON.search(plain) or _CONCEPT.match(plain):
        return _Reading(
            command=verbs["explain"], rest=words[1:] if first in known and known[first].verb == "explain" else words
        )
    if asked is not None and (first not in known or first in {"who", "why"}):
        verb, *rest = asked.split()
        # A diagnosis reads every word for clues.
        rest = words if verb == "why" and first != "why" else rest
        return _Reading(command=verbs[verb], rest=rest, note=f"Read as {asked}.")
    if first == "why" and first in known and not asks_here(plain, names):
        return _Reading(command=verbs["explain"], rest=words)
    if first in known:
        return _Reading(command=known[first], rest=words[1:])
    if re.fullmatch(r"\+\d{1,6}", first):
        return _Reading(command=verbs["plan"], rest=words, note=f"Read as plan {' '.join(words)[:60]}.")
    starting = {known[word].verb: known[word] for word in known if len(first) >= 2 and word.startswith(first)}
    if len(starting) == 1:
        command = next(iter(starting.values()))
        if not command.writes:
            return _Reading(command=command, rest=words[1:])
    # A single word with a hyphen is a name (error-budget-prod), not an error.
    name = len(words) == 1 and "-" in first
    if (_ERROR.search(plain) and not name) or (first in _QUESTION and len(words) > 1) or plain.endswith("?"):
        return _Reading(command=verbs["explain"], rest=words)
    if len(words) == 1:
        if first == "all" or ":" in first or _TARGET.match(first):
            return _Reading(
                command=verbs["subnet" if first.startswith(("subnet-", "subnet:")) else "status"], rest=words
            )
        if _INSTANCE_TYPE.match(first):
            return _Reading(command=verbs["maxpods"], rest=words, note="Read as maxpods.")
        if any(name.lower() == first for name in names()):
            return _Reading(command=verbs["status"], rest=words)
    return _guess(words, known)


def _guess(words: list[str], known: Mapping[str, Command]) -> _Reading:
    first, rest = _unquoted(words[0]), words[1:]
    close = nearest(first, known) if len(first) <= 40 else ()
    begun = [word for word in known if len(first) >= 2 and word.startswith(first.lower())]
    commands = list(dict.fromkeys(known[word].verb for word in (*close, *begun)))
    if len(commands) == 1 and not known[commands[0]].writes:
        return _Reading(command=known[commands[0]], rest=rest, note=f"Read as {commands[0]}.")
    if not commands and not rest and _NAME.match(first):
        # It may be the name of a cluster or a subnet that was not read yet: status looks it up.
        return _Reading(command=known["status"], rest=words, guessed=True)
    suggestions = [" ".join([verb, *rest])[:150] for verb in commands[:3]]
    if not commands and len(rest) >= 1:
        suggestions = [" ".join(["explain", *words])[:150], "help"]
    shown = first if len(first) <= 60 else first[:57] + "…"
    hint = f" Did you mean {' or '.join(f'`{verb}`' for verb in commands)}?" if commands else ""
    raise UserError(
        f"I know no command, cluster or subnet `{shown}`.{hint} Try `status`, `maxpods m5.large` or `help`.",
        suggestions or ["status", "help"],
    )


def _options(words: list[str], command: Command) -> tuple[dict[str, str], list[str]]:
    options: dict[str, str] = {}
    rest: list[str] = []
    free_text = command.verb in {"explain", "why"}
    index = 0
    while index < len(words):
        word = words[index]
        found, flag = _OPTION.match(word), _FLAG.match(word)
        index += 1
        if free_text or not (found or flag):
            rest.append(word if free_text else _unquoted(word))
            continue
        if flag and flag.group(1).lower() in command.flags:
            rest.append(flag.group(1).lower())
            continue
        if found:
            key, value = found.group(1), found.group(2)
        else:
            assert flag is not None
            key = flag.group(1)
            value = words[index] if index < len(words) and not words[index].startswith("--") else "true"
            index += value != "true"
        key = key.lower()
        if key not in command.options:
            close = nearest(key, command.options, limit=1, ratio=60)
            example = f"Did you mean `{close[0]}`?" if close else f"For example `{command.example}`."
            raise UserError(f"`{command.verb}` takes no `{key[:40]}`. {example}", [command.example])
        options[key] = _unquoted(value)
    return options, [word for word in rest if word]


def _unquoted(word: str) -> str:
    return word.strip("\"'")
