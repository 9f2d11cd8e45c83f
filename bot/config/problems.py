"""Problems of the configuration in words: what was read, what is expected, and the nearest key that exists."""

from collections.abc import Collection, Mapping
from typing import Any

from bot.config.settings import OUTSIDE_NAMES, keys
from bot.errors import nearest

PREFIX = "EKSIP_"
_KEY_RATIO = 60
"""Least similarity (0-100) at which a key is offered for an unknown one; keys are long, so half-right ones help."""

_WORDS = {
    "missing": "is needed and not there",
    "string_type": "expected text in quotes",
    "int_type": "expected a whole number",
    "int_parsing": "expected a whole number",
    "int_from_float": "expected a whole number",
    "float_type": "expected a number",
    "float_parsing": "expected a number",
    "finite_number": "expected a number",
    "time_delta_type": "expected a length of time, for example 10m, 2h or 1d12h",
    "list_type": "expected a list in square brackets",
    "greater_than_equal": "must be at least {ge:g}",
    "less_than_equal": "must be at most {le:g}",
    "string_too_long": "may have at most {max_length} characters",
}
"""What pydantic's kinds of problem mean to the person who wrote the value."""

_TABLES = frozenset({"model_type", "model_attributes_type", "dict_type"})
_SECRET = ("token", "secret", "external_id", "database_url")


def unknown_variables(environ: Mapping[str, str], also: Collection[str]) -> tuple[str, ...]:
    """The EKSIP_… variables that no setting reads, in name order; `also` names ones that are read elsewhere."""
    known = _variables() | set(also)
    sections = {name.rpartition("__")[0] for name in known if "__" in name}
    return tuple(
        name for name in sorted(environ) if name.upper().startswith(PREFIX) and name.upper() not in known | sections
    )


def unknown_variable(name: str) -> str:
    """The problem with a variable that no setting reads, and the nearest that one does."""
    # Compared without the prefix, which would make any two of them look alike.
    known = {known.removeprefix(PREFIX): known for known in (*_variables(), *OUTSIDE_NAMES)}
    close = nearest(name.upper().removeprefix(PREFIX), known, limit=1, ratio=_KEY_RATIO)
    hint = f"; the nearest is {known[close[0]]}" if close else f"; one that is: {min(_variables())}"
    return f"{name} is not a setting{hint}."


def problem(error: Any, environ: Mapping[str, str]) -> str:
    """One problem that pydantic found, as a sentence that names the key or the variable and never shows a secret."""
    location = [str(step) for step in error["loc"]]
    dotted = ".".join(location)
    variable = PREFIX + "__".join(location).upper()
    from_variable = variable in environ
    origin = variable if from_variable else location[0] if location[0] in OUTSIDE_NAMES else f"`{dotted}`"
    if error["type"] == "extra_forbidden":
        return f"{origin} is not a setting{_nearest_key(location)}."
    return f"{origin}: {_words(error, from_variable)}{_shown(error, dotted)}."


def _variables() -> set[str]:
    plain = {PREFIX + key.upper().replace(".", "__") for key in keys() if "[]" not in key}
    return plain | {PREFIX + key.partition("[]")[0].upper().replace(".", "__") for key in keys() if "[]" in key}


def _nearest_key(location: list[str]) -> str:
    plain = ".".join(step for step in location if not step.isdigit())
    known = {key.replace("[]", ""): f"`{key}`" for key in keys()}
    known |= {key.partition(".")[0]: f"`{key.partition('.')[0]}`" for key in keys() if "." in key and "[" not in key}
    known |= {name.lower(): f"the environment variable {name}" for name in OUTSIDE_NAMES}
    close = nearest(plain, known, limit=1, ratio=_KEY_RATIO)
    return f"; the nearest is {known[close[0]]}" if close else ""


def _words(error: Any, from_variable: bool) -> str:
    kind = error["type"]
    if kind == "value_error":
        return str(error["msg"]).removeprefix("Value error, ")
    if from_variable and (kind in _TABLES or kind == "list_type"):
        return 'lists and tables in the environment are JSON, for example ["eu-west-1"] or {"low_pct": 10}'
    if kind in _TABLES:
        return "expected a table of settings"
    words = _WORDS.get(kind)
    return str(error["msg"]) if words is None else words.format(**error.get("ctx", {}))


def _shown(error: Any, dotted: str) -> str:
    """What was read, unless it is or may hold a secret."""
    value = error["input"]
    if error["type"] == "missing" or not isinstance(value, str | int | float):
        return ""
    if any(word in dotted.lower() for word in _SECRET) or any(word in str(value).lower() for word in _SECRET):
        return ""
    return f" (read {str(value)[:60]!r})"
