"""Column types that keep units and enums whole in both databases."""

import json
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

from sqlalchemy import DateTime, Dialect, Float, String, Text
from sqlalchemy.types import TypeDecorator

from bot.scope import Scope, ScopeKind


class Moment(TypeDecorator[datetime]):
    """An aware time in UTC; SQLite keeps no zone, so it is written and read as UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The time in UTC, without its zone where the database has none."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone; the store keeps aware times only")
        in_utc = value.astimezone(UTC)
        return in_utc.replace(tzinfo=None) if dialect.name == "sqlite" else in_utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The time, aware and in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


class Length(TypeDecorator[timedelta]):
    """A length of time, kept as seconds."""

    impl = Float
    cache_ok = True

    def process_bind_param(self, value: timedelta | None, dialect: Dialect) -> float | None:  # noqa: ARG002
        """The length in seconds."""
        return None if value is None else value.total_seconds()

    def process_result_value(self, value: float | None, dialect: Dialect) -> timedelta | None:  # noqa: ARG002
        """The length of that many seconds."""
        return None if value is None else timedelta(seconds=value)


class Words(TypeDecorator[tuple[str, ...]]):
    """A few words in order, kept as a JSON list."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: tuple[str, ...] | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """The words as a JSON list."""
        return None if value is None else json.dumps(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> tuple[str, ...] | None:  # noqa: ARG002
        """The words of a JSON list."""
        return None if value is None else tuple(json.loads(value))


class Word(TypeDecorator[Enum]):
    """A member of an Enum, kept as its value."""

    impl = String
    cache_ok = True

    def __init__(self, members: type[Enum]) -> None:
        super().__init__()
        self.members = members

    def process_bind_param(self, value: Enum | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """The member's value."""
        return None if value is None else str(value.value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Enum | None:  # noqa: ARG002
        """The member that has this value."""
        return None if value is None else self.members(value)


class AlertIds(TypeDecorator[frozenset[int]]):
    """A set of alert ids, kept as a sorted JSON list."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: frozenset[int] | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """The ids as a JSON list."""
        return None if value is None else json.dumps(sorted(value))

    def process_result_value(self, value: Any, dialect: Dialect) -> frozenset[int] | None:  # noqa: ARG002
        """The ids of a JSON list."""
        return None if value is None else frozenset(json.loads(value))


class Moments(TypeDecorator[tuple[datetime, ...]]):
    """A few aware times in order, kept as a JSON list of ISO times in UTC."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: tuple[datetime, ...] | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """The times as a JSON list."""
        return None if value is None else json.dumps([moment.astimezone(UTC).isoformat() for moment in value])

    def process_result_value(self, value: Any, dialect: Dialect) -> tuple[datetime, ...] | None:  # noqa: ARG002
        """The times of a JSON list."""
        return None if value is None else tuple(datetime.fromisoformat(text) for text in json.loads(value))


class ScopeWords(TypeDecorator[Scope]):
    """A scope, kept as a JSON list of its kind, its value and its label."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Scope | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """The scope as a JSON list."""
        return None if value is None else json.dumps([value.kind.value, value.value, value.label])

    def process_result_value(self, value: Any, dialect: Dialect) -> Scope | None:  # noqa: ARG002
        """The scope of a JSON list."""
        if value is None:
            return None
        kind, identifier, label = json.loads(value)
        return Scope(kind=ScopeKind(kind), value=identifier, label=label)
