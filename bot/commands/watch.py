"""`watch SCOPE`: tell a channel of the alerts of a scope, once a test message has shown that Slack takes it there."""

import re
import time
from datetime import UTC, timedelta
from datetime import time as clock_time
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.alerts.quiet import MuteWindow
from bot.alerts.readings import Severity
from bot.answers.alerting import WatchAnswer
from bot.answers.model import fields
from bot.asking.alert_words import time_zone, told_to
from bot.asking.command import Asked, Request, Surface
from bot.asking.form_words import form_offer
from bot.asking.sight import seen_scopes, sight
from bot.asking.watches import channel_of, narrowed, threshold_words, watch_rows
from bot.errors import UserError
from bot.inventory import Inventory
from bot.message import Channel, Context, Line, Message, Mono, Strong, Tone
from bot.scope import Scope, resolve, subnets_in
from bot.services import Services
from bot.views import plural

if TYPE_CHECKING:
    from bot.answers.alerting import WatchRow
    from bot.config.sections import ThresholdSettings
    from bot.store import Store

TEST_POST = timedelta(seconds=6)
"""How long the answer waits for Slack's word on the test message: the outbox is looked at twice a second."""

_LOOK_SECONDS = 0.1
_LOCAL = frozenset({Surface.ASK, Surface.CONSOLE})
_CHANNEL = re.compile(r"^#?([CGD][A-Z0-9]{6,})$")
_QUIET = re.compile(r"^([01]?\d|2[0-3]):([0-5]\d)-([01]?\d|2[0-3]):([0-5]\d)(?:@(.+))?$")
_BELOW = re.compile(r"^(\d{1,3}(?:\.\d+)?)\s*%$|^(\d{1,7})\s*(?:ips?|addresses)?$", re.IGNORECASE)

_REFUSED = {
    "not_in_channel": "I am not a member of it. Invite me there with `/invite @eksip`, then ask again.",
    "channel_not_found": "I cannot see it. If it is private, invite me there with `/invite @eksip`, then ask again.",
    "is_archived": "It is archived.",
}


def answer(asked: Asked, request: Request, services: Services) -> Message:
    """Start telling a channel about the scope; nothing is kept where Slack refuses the test message."""
    words, channel = _words_and_channel(asked, request)
    if not words:
        offered = [*form_offer("watch", request), "watching"]
        raise UserError("Say what to watch, for example `watch prod-eu` or `watch all`.", offered)
    inventory = services.facts().inventory()
    scope = resolve(" ".join(words), inventory, verb="watch")
    _check_sight(scope, channel, request, inventory, services)
    severities, below_ips, below_pct = _severities(asked), _below_ips(asked), _below_pct(asked)
    quiet = _quiet(asked, channel, request)
    store = services.store()
    posted = _test_post(scope, channel, request, services, store)
    new = store.add_watch(
        channel,
        str(scope),
        scope.words,
        request.user_id,
        services.now(),
        severities=severities,
        below_ips=below_ips,
        below_pct=below_pct,
        quiet=quiet,
    )
    rows = watch_rows(channel, services)
    mine = [row for row in rows if (row.source, row.scope) == ("command", str(scope))]
    how = narrowed(mine[0]) if mine else ""
    elsewhere = channel != request.channel_id
    where: Line = (" in ", Channel(channel)) if elsewhere else (" here",)
    already = "" if new else " It was watched already."
    subnets = plural(len(subnets_in(scope, inventory)), "subnet")
    limits = services.settings.thresholds
    return Message(
        text=f"Alerts of {scope.words} ({subnets}) are now told {f'in {channel}' if elsewhere else 'here'}.{already}",
        tone=Tone.GOOD,
        verdict=(
            "Watching ",
            Strong(scope.words),
            *where,
            f": {subnets}.{f' Told: {how}.' if how else ''}{already}",
        ),
        parts=(
            Context(
                lines=(
                    (posted,),
                    (
                        f"{_when_told(mine, limits)}, for the hold time. Stop with ",
                        Mono(f"eksip unwatch {scope}"),
                    ),
                )
            ),
        ),
        visibility=told_to(request),
        answer=fields(WatchAnswer(watches=rows)),
    )


def _when_told(mine: "list[WatchRow]", limits: "ThresholdSettings") -> str:
    """When the channel hears of a subnet: by its own threshold, else by the configured ones."""
    configured = f"{limits.low_pct:g}% free or fewer than {limits.floor_ips} addresses"
    own = threshold_words(mine[0]) if mine else ""
    return f"A subnet is told of {own}, instead of under {configured}" if own else f"A subnet is low under {configured}"


def _words_and_channel(asked: Asked, request: Request) -> tuple[tuple[str, ...], str]:
    """The words of the scope, and the channel: the last word where that is one, else where it is asked."""
    if len(asked.words) > 1:
        last = asked.words[-1]
        named = _CHANNEL.match(last)
        if named:
            return asked.words[:-1], named[1]
        if last.startswith("#"):
            raise UserError(
                f"I know channels by their ids only: choose `{last[:40]}` from the list Slack shows while you "
                "type it, or ask in the channel itself."
            )
    return asked.words, channel_of(request)


def _check_sight(scope: Scope, channel: str, request: Request, inventory: Inventory, services: Services) -> None:
    """Raises: UserError when the channel that is to be told may see nothing of the scope."""
    words = seen_scopes(services.settings.access, channel, request.user_id)
    if words is not None and not subnets_in(scope, sight(words, inventory).inventory):
        raise UserError(f"Nothing of {scope.words} may be seen there ([access] channels_may in eksip.toml).")


def _test_post(scope: Scope, channel: str, request: Request, services: Services, store: "Store") -> str:
    """Post the test message and tell what came of it in a sentence.

    Raises: UserError when Slack refuses the channel.
    """
    now = services.now()
    key = f"watch:{channel}:{scope}:{now.isoformat()}"
    text = f"Test: alerts of {scope.words} will be posted here (asked for by {request.who})."
    message = Message(
        text=text,
        verdict=(Strong("Test"), f": alerts of {scope.words} will be posted here, asked for by {request.who}."),
        parts=(Context(lines=((Mono(f"eksip unwatch {scope}"), " stops them."),)),),
    )
    store.queue_message(key, channel, message, now)
    if request.surface in _LOCAL:
        return "A test message is posted as soon as the bot runs."
    from bot.store.tables import OutboxState

    deadline = time.monotonic() + TEST_POST.total_seconds()
    while time.monotonic() < deadline:
        state, reason = store.message_outcome(key) or (OutboxState.NEW, "")
        if state is OutboxState.SENT:
            return "A test message is there."
        if state is OutboxState.DEAD:
            if not watch_rows(channel, services):
                store.forget_broken(channel)
            why = _REFUSED.get(reason, "The workspace does not let me post there.")
            raise UserError(f"I cannot post in {channel} ({reason}). {why} Nothing is watched yet.", ["watching"])
        time.sleep(_LOOK_SECONDS)
    return "A test message is on its way; Slack takes its time."


def _severities(asked: Asked) -> tuple[Severity, ...]:
    word = asked.options.get("severity", "").lower()
    if word not in ("", *(severity.value for severity in Severity)):
        raise UserError(f"`{word[:20]}` is no severity; one that works: `severity=critical`.")
    return (Severity.CRITICAL,) if word == Severity.CRITICAL.value else ()


def _below(asked: Asked) -> re.Match[str] | None:
    typed = asked.options.get("below", "")
    found = _BELOW.match(typed)
    if typed and (found is None or (found[1] and not 0 < float(found[1]) <= 100) or found[2] == "0"):
        raise UserError(f"`below={typed[:20]}` is no threshold; some that work: `below=10%`, `below=20ips`.")
    return found


def _below_pct(asked: Asked) -> float | None:
    found = _below(asked)
    return float(found[1]) if found and found[1] else None


def _below_ips(asked: Asked) -> int | None:
    found = _below(asked)
    return int(found[2]) if found and found[2] else None


def _quiet(asked: Asked, channel: str, request: Request) -> MuteWindow | None:
    typed = asked.options.get("quiet", "")
    if not typed:
        return None
    found = _QUIET.match(typed)
    if found is None:
        raise UserError(f"`quiet={typed[:30]}` are no hours; some that work: `quiet=22:00-07:00@Europe/Berlin`.")
    zone = str(time_zone(request)) if found[5] is None else found[5]
    try:
        named = ZoneInfo("UTC" if zone == str(UTC) else zone)
    except (ZoneInfoNotFoundError, ValueError) as exc:
        raise UserError(f"`{zone[:40]}` is no time zone; one that works: `Europe/Berlin`.") from exc
    return MuteWindow(
        channel=channel,
        zone=named,
        starts=clock_time(int(found[1]), int(found[2])),
        ends=clock_time(int(found[3]), int(found[4])),
    )
