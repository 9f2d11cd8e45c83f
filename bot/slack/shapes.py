"""The shape of what Slack sends: fields read without trust in their types, and payloads that nothing can read."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

Body = Mapping[str, Any]

_TS = re.compile(r"\d{1,16}\.\d{1,9}", re.ASCII)
_PEOPLE_AND_PLACES = ("user", "team", "enterprise", "channel")
_INSIDE = ("message", "previous_message", "item", "assistant_thread", "function_data")
_ROUTING = ("type", "command", "callback_id", "action_id")


def part(body: Body, name: str) -> Body:
    """The object under this name; an empty one where there is none."""
    value = body.get(name)
    return value if isinstance(value, Mapping) else {}


def word(body: Body, name: str) -> str:
    """The string under this name; "" where there is none."""
    value = body.get(name)
    return value if isinstance(value, str) else ""


def first(body: Body, name: str) -> Body:
    """The first object of the list under this name; an empty one where there is none."""
    value = body.get(name)
    found = value[0] if isinstance(value, list) and value else None
    return found if isinstance(found, Mapping) else {}


def words(body: Body, name: str) -> list[str]:
    """The strings of the list under this name."""
    value = body.get(name)
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def ts(body: Body, name: str) -> str:
    """The message's name under this name, as Slack writes it; "" where there is none.

    Source: https://docs.slack.dev/messaging/retrieving-messages (a string of seconds and six digits, never a number).
    """
    value = word(body, name)
    return value if _TS.fullmatch(value) else ""


def address(body: Body, name: str) -> str:
    """The web address under this name; "" where there is none."""
    value = word(body, name)
    return value if value.startswith(("https://", "http://")) else ""


def malformed(body: Body) -> str:
    """The first field of a payload whose type Bolt would fail on before any listener is asked; "" when there is none.

    Bolt looks for the person, the team and the listener in fields it takes to be objects or strings. Slack sends them
    so; whatever else is signed by it, or comes through a proxy that changed it, is refused rather than tripped over.
    """
    return next(_faults(body), "")


def _faults(body: Body) -> Iterator[str]:
    kind = body.get("type")
    yield from _level(body, "")
    if kind == "event_callback":
        if not isinstance(body.get("event"), Mapping):
            yield "event"
            return
        event = part(body, "event")
        yield from _level(event, "event.")
        yield from (found for name in _INSIDE for found in _level(part(event, name), f"event.{name}."))
    yield from (found for name in _INSIDE for found in _level(part(body, name), f"{name}."))
    if kind == "block_actions" and not word(first(body, "actions"), "action_id"):
        yield "actions"
    if kind in ("view_submission", "view_closed") and not word(part(body, "view"), "callback_id"):
        yield "view"
    urls = body.get("response_urls")
    if urls is not None and not (isinstance(urls, list) and all(isinstance(each, Mapping) for each in urls)):
        yield "response_urls"


def _level(level: Body, at: str) -> Iterator[str]:
    for name in _PEOPLE_AND_PLACES:
        if not isinstance(level.get(name), str | Mapping | None):
            yield at + name
    for name in _INSIDE:
        if not isinstance(level.get(name), str | Mapping | None):
            yield at + name
    for name in _ROUTING:
        if name in level and not isinstance(level[name], str):
            yield at + name
    granted = level.get("authorizations")
    if granted is not None:
        if not (isinstance(granted, list) and all(isinstance(each, Mapping) for each in granted)):
            yield f"{at}authorizations"
        else:
            yield from (found for each in granted[:1] for found in _level(each, f"{at}authorizations."))
