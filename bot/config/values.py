"""The kinds of values settings have: lengths of time, ids, regions, addresses, each checked with one valid example."""

import re
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, SecretStr

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
DURATION = re.compile(r"(\d+)\s*([smhdw])", re.ASCII)


LONGEST = timedelta(days=366)
"""Longest length of time a setting may hold: more is a slip, and far more would overflow the calendar."""


def duration(text: str) -> timedelta:
    """The length of time written as `90s`, `10m`, `2h`, `1d12h`.

    Raises: ValueError with one valid example.
    """
    compact = text.strip().lower().replace(" ", "")
    parts = DURATION.findall(compact)
    if not parts or "".join(f"{number}{unit}" for number, unit in parts) != compact or len(compact) > 20:
        raise ValueError(f"{text[:40]!r} is not a length of time; write for example 10m, 2h or 1d12h")
    return _bounded(sum(int(number) * UNITS[unit] for number, unit in parts))


def _bounded(seconds: float) -> timedelta:
    if not 0 <= seconds <= LONGEST.total_seconds():
        raise ValueError(f"a length of time lies between 0s and {LONGEST.days}d; write for example 10m, 2h or 1d12h")
    return timedelta(seconds=seconds)


def _duration_or_seconds(value: object) -> object:
    if isinstance(value, str):
        return duration(value)
    if isinstance(value, bool):
        raise ValueError("a length of time is text such as 10m, 2h or 1d12h, or a number of seconds")
    return _bounded(value) if isinstance(value, int | float) else value


def _at_least_a_second(length: timedelta) -> timedelta:
    if length < timedelta(seconds=1):
        raise ValueError("must be at least 1s, for example 5m")
    return length


def _matching(pattern: str, expected: str) -> AfterValidator:
    """A check that text has the pattern; the problem says what is expected, with one valid example."""
    accepted = re.compile(pattern, re.ASCII)

    def check(value: str) -> str:
        if not accepted.fullmatch(value):
            raise ValueError(f"expected {expected}")
        return value

    return AfterValidator(check)


def _secret_address(value: SecretStr) -> SecretStr:
    """The value when it is an address; the problem never repeats it."""
    if not re.fullmatch(r"https?://[^\s/]+(/\S*)?", value.get_secret_value(), re.ASCII):
        raise ValueError('expected an http or https address, for example "https://example.com/hook"')
    return value


def _quoted(expected: str) -> BeforeValidator:
    """A check that the value was written as text: TOML would drop the leading zeros of a number."""

    def check(value: object) -> object:
        if isinstance(value, int | float):
            raise ValueError(f"expected {expected} in quotes")
        return value

    return BeforeValidator(check)


def one_or_many(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


_TWELVE_DIGITS = 'the twelve digits of an account, for example "111122223333"'

Duration = Annotated[timedelta, BeforeValidator(_duration_or_seconds)]
Interval = Annotated[Duration, AfterValidator(_at_least_a_second)]
AccountId = Annotated[str, _matching(r"\d{12}", _TWELVE_DIGITS), _quoted(_TWELVE_DIGITS)]
RoleArn = Annotated[
    str,
    _matching(
        r"arn:aws[a-z-]*:iam::\d{12}:role/.+",
        'the ARN of a role, for example "arn:aws:iam::111122223333:role/eksip-reader"',
    ),
]
RoleName = Annotated[
    str, _matching(r"([\w+=,.@/-]{1,512})?", 'the name of a role with its path, for example "eksip-reader"')
]
Region = Annotated[str, _matching(r"[a-z]{2,5}(-[a-z]+)+-\d{1,2}", 'the code of a region, for example "eu-west-1"')]
Address = Annotated[
    str, _matching(r"https?://[^\s/]+(/\S*)?", 'an http or https address, for example "https://slack.com/api/"')
]
SecretAddress = Annotated[SecretStr, AfterValidator(_secret_address)]
SlashCommand = Annotated[
    str, _matching(r"/[a-z0-9_-]{1,31}", 'a slash and up to 31 lower-case characters, for example "/eksip"')
]
ChannelId = Annotated[
    str,
    _matching(r"[CGD][A-Z0-9]{6,}", 'the id of a channel (its details in Slack show it), for example "C0123456789"'),
]
UserId = Annotated[
    str,
    _matching(r"[UW][A-Z0-9]{6,}", 'the id of a person (their profile in Slack shows it), for example "U0123456789"'),
]
GroupId = Annotated[
    str,
    _matching(r"S[A-Z0-9]{6,}", 'the id of a user group (its page in Slack shows it), for example "S0123456789"'),
]
SeenIn = Annotated[
    str, _matching(r"\*|[CGD][A-Z0-9]{6,}", 'the id of a channel, for example "C0123456789", or "*" for all others')
]
LogLevel = Annotated[
    str, BeforeValidator(_upper), _matching("DEBUG|INFO|WARNING|ERROR", "one of DEBUG, INFO, WARNING, ERROR")
]
