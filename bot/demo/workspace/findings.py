"""What the Block Kit checker found, and the checks of length, number and presence that every part shares."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One fault at one place of a payload; `code` is Slack's error, or None where only our own rules object."""

    pointer: str
    message: str
    code: str | None

    def __str__(self) -> str:
        return f"{self.pointer or '/'}: {self.message}"


class Findings:
    """Collects the faults of one payload for one surface (`message`, `modal` or `home`)."""

    def __init__(self, surface: str) -> None:
        self.surface = surface
        self.found: list[Finding] = []
        self.block_ids: set[str] = set()

    def slack(self, at: str, message: str, code: str = "invalid_blocks") -> None:
        """Note a fault Slack refuses. Blocks of an attachment are refused as `invalid_attachments`.

        Source: https://github.com/slackapi/node-slack-sdk/pull/832 (the code and the wording of the messages).
        """
        if code == "invalid_blocks" and at.startswith("/attachments"):
            code = "invalid_attachments"
        self.found.append(Finding(pointer=at, message=message, code=code))

    def ours(self, at: str, message: str) -> None:
        """Note a fault Slack accepts and a reader or a later edit suffers from."""
        self.found.append(Finding(pointer=at, message=message, code=None))

    def length(self, value: object, at: str, high: int, *, low: int = 1) -> bool:
        """Whether `value` is a string of `low` to `high` Unicode characters."""
        if not isinstance(value, str):
            self.slack(at, "must be a string")
        elif len(value) < low:
            self.slack(at, f"must be more than {low - 1} characters")
        elif len(value) > high:
            self.slack(at, f"must be less than {high + 1} characters")
        else:
            return True
        return False

    def optional_length(self, part: Mapping[str, Any], name: str, at: str, high: int, *, low: int = 1) -> None:
        """Check the length of a field that may be absent."""
        if part.get(name) is not None:
            self.length(part[name], f"{at}/{name}", high, low=low)

    def items(self, value: object, at: str, high: int, *, low: int = 1) -> list[Any]:
        """The list at this place if it is one, after its number of items is checked; else nothing."""
        if not isinstance(value, list | tuple):
            self.slack(at, "must be an array")
            return []
        if len(value) < low:
            self.slack(at, f"no fewer than {low} items allowed")
        if len(value) > high:
            self.slack(at, f"no more than {high} items allowed")
        return list(value)

    def required(self, part: Mapping[str, Any], at: str, *names: str) -> bool:
        """Whether every named field is there."""
        missing = [name for name in names if part.get(name) is None]
        for name in missing:
            self.slack(at, f"missing required field: {name}")
        return not missing

    def one_of(self, value: object, at: str, allowed: Collection[object]) -> bool:
        """Whether the value is one of the allowed ones."""
        if value in allowed:
            return True
        self.slack(at, f"must be a valid enum value: {', '.join(str(item) for item in sorted(allowed, key=str))}")
        return False

    def part(self, value: object, at: str) -> Mapping[str, Any] | None:
        """The JSON object at this place, or None after noting that there is none."""
        if isinstance(value, Mapping):
            return value
        self.slack(at, "must be an object")
        return None
