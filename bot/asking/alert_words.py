"""The alerts and the scope that the words of a command name, and who sees the answer of one that changes something."""

from collections.abc import Iterable, Sequence
from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.alerts.alert import Alert
from bot.asking.command import Request, Surface
from bot.errors import UserError
from bot.message import Visibility
from bot.scope import Scope, resolve
from bot.services import Services

MOST_ALERTS = 50
"""Alerts one command may name: a card holds fewer, and a longer list is a slip."""

_LONGEST_NUMBER = 9


def is_alert_number(word: str) -> bool:
    """Whether the word is the number of an alert: "4821", "#4821", "4821,"."""
    bare = word.strip("#,")
    return bare.isascii() and bare.isdigit() and len(bare) <= _LONGEST_NUMBER


def named_alerts(words: Iterable[str], services: Services, *, verb: str) -> tuple[Alert, ...]:
    """The alerts with these numbers, in the order they were typed.

    Raises: UserError when there is none of a number, or too many are named.
    """
    numbers = tuple(dict.fromkeys(word for typed in words for word in typed.replace(",", " ").split()))
    if not numbers:
        raise UserError(
            f"Say which alert: `{verb}` and its number, for example `{_example(verb, services)}`.", ["alerts"]
        )
    if len(numbers) > MOST_ALERTS:
        raise UserError(f"`{verb}` takes {MOST_ALERTS} alerts at most, and these are {len(numbers)}.", ["alerts"])
    store = services.stored()
    found = []
    for word in numbers:
        known = store.alert(int(word.strip("#"))) if store is not None and is_alert_number(word) else None
        if known is None:
            numbers_here = [alert.alert_id for alert in services.open_alerts()[:3]]
            raise UserError(
                f"I know no alert `{word[:20]}`; one that works: `{_example(verb, services)}`.",
                [f"{verb} {number}" for number in numbers_here] or ["alerts"],
            )
        found.append(known)
    return tuple(found)


def named_scope(words: Sequence[str], services: Services, *, verb: str) -> Scope:
    """The scope that the words name, all of which may be seen here: what is done to it must touch nothing else.

    Raises: UserError when they name none, or one of which only a part may be seen here.
    """
    scope = resolve(" ".join(words), services.facts().inventory(), verb=verb)
    if services.sight is not None and not services.sight().holds(scope):
        mine = services.sight().scopes
        example = f" For example `{verb} {mine[0]}`." if mine else ""
        raise UserError(
            f"Only a part of {scope.words} may be seen here; `{verb}` takes what may be seen whole.{example}",
            [f"{verb} {each}" for each in mine[:5]],
        )
    return scope


def time_zone(request: Request) -> tzinfo:
    """The time zone of the person who asked, as Slack knows it; UTC where it does not."""
    try:
        return ZoneInfo(request.zone) if request.zone else UTC
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def told_to(request: Request) -> Visibility:
    """Who reads what was changed: the channel when it was typed; after a click the card itself tells everybody."""
    return Visibility.EPHEMERAL if request.surface is Surface.BUTTON else Visibility.IN_CHANNEL


def _example(verb: str, services: Services) -> str:
    """A command of this verb that works, or the one that lists what is open."""
    known = services.open_alerts()[:1]
    return f"{verb} {known[0].alert_id}" if known else "alerts"
