"""A Message as JSON text and back, so that a message can wait in the database.

Every part is written with the name of its type; `answer`, the form for scripts, is left out: nothing that is posted
shows it.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import datetime
from enum import Enum
from typing import Any

from bot import message as parts
from bot.message import Message

_TYPE = "is"
_VALUE = "value"
_DATACLASSES: Mapping[str, Callable[..., Any]] = {
    kind.__name__: kind
    for kind in (
        Message,
        parts.Strong,
        parts.Mono,
        parts.Link,
        parts.When,
        parts.Struck,
        parts.Channel,
        parts.Text,
        parts.Bullets,
        parts.Fields,
        parts.Table,
        parts.Code,
        parts.Context,
        parts.Sources,
        parts.Button,
        parts.Menu,
        parts.Controls,
        parts.BlindSpotNote,
        parts.Coverage,
        parts.Failure,
    )
}
_ENUMS = {kind.__name__: kind for kind in (parts.Tone, parts.Visibility, parts.Press)}


def dumped(message: Message) -> str:
    """The message as JSON text. Raises: TypeError for a part that has no JSON form."""
    return json.dumps(_plain(replace(message, answer={})), ensure_ascii=False, separators=(",", ":"))


def loaded(text: str) -> Message:
    """The message of a JSON text. Raises: ValueError when another version of eksip wrote what this one cannot read."""
    try:
        found = json.loads(text, object_hook=_typed)
        message = _tuples(found)
    except (KeyError, TypeError, AttributeError) as exc:
        raise ValueError(f"a stored message cannot be read: {exc}") from exc
    if not isinstance(message, Message):
        raise ValueError("a stored message is no Message")
    return message


def _plain(value: object) -> object:
    if isinstance(value, Enum):
        return {_TYPE: type(value).__name__, _VALUE: value.value}
    if isinstance(value, datetime):
        return {_TYPE: "datetime", _VALUE: value.isoformat()}
    if isinstance(value, frozenset):
        return {_TYPE: "frozenset", _VALUE: sorted(value)}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if is_dataclass(value) and type(value).__name__ in _DATACLASSES:
        named = {field.name: getattr(value, field.name) for field in fields(value) if field.name != "answer"}
        return {_TYPE: type(value).__name__} | {name: _plain(item) for name, item in named.items()}
    if value is None or isinstance(value, str | int | float):
        return value
    raise TypeError(f"{type(value).__name__} has no JSON form in a stored message")


def _typed(found: dict[str, Any]) -> object:
    kind = found.pop(_TYPE)
    if kind == "datetime":
        return datetime.fromisoformat(found[_VALUE])
    if kind == "frozenset":
        return frozenset(found[_VALUE])
    if kind in _ENUMS:
        return _ENUMS[kind](found[_VALUE])
    return _DATACLASSES[kind](**{name: _tuples(value) for name, value in found.items()})


def _tuples(value: object) -> object:
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value
