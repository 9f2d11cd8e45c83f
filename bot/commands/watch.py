"""`watch SCOPE`, `unwatch [SCOPE]`, `watching`: which scopes this channel is told about."""

from bot.answers.alerting import WatchAnswer, WatchRow
from bot.answers.model import fields
from bot.asking.command import Asked, Request
from bot.errors import UserError
from bot.message import Bullets, Button, Context, Controls, Message, Mono, Strong, Tone, Visibility
from bot.scope import Scope, resolve, subnets_in
from bot.services import Services
from bot.views import plural


def watch_answer(asked: Asked, request: Request, services: Services) -> Message:
    """Start telling this channel about the scope."""
    channel = _channel(request)
    if not asked.words:
        raise UserError("Say what to watch, for example `watch prod-eu` or `watch all`.", ["watching"])
    inventory = services.facts().inventory()
    scope = resolve(asked.target, inventory, verb="watch")
    new = services.store().add_watch(channel, str(scope), scope.words, request.user_id, services.now())
    subnets = plural(len(subnets_in(scope, inventory)), "subnet")
    already = "" if new else " It was watched already."
    limits = services.settings.thresholds
    return Message(
        text=f"This channel is now told when a subnet of {scope.words} runs low ({subnets}).{already}",
        tone=Tone.GOOD,
        verdict=("Watching ", Strong(scope.words), f" here: {subnets}.{already}"),
        parts=(
            Context(
                lines=(
                    (
                        f"Low means under {limits.low_pct:g}% free or fewer than {limits.floor_ips} addresses, "
                        "for the hold time. Stop with ",
                        Mono(f"eksip unwatch {scope}"),
                    ),
                )
            ),
        ),
        visibility=Visibility.IN_CHANNEL,
        answer=_json(channel, services),
    )


def unwatch_answer(asked: Asked, request: Request, services: Services) -> Message:
    """Stop telling this channel about the scope."""
    channel = _channel(request)
    store = services.stored()
    mine = [] if store is None else list(store.watches(channel))
    if not asked.words:
        options = [f"unwatch {watch.scope}" for watch in mine[:5]]
        raise UserError("Say what to stop watching, for example `unwatch prod-eu`.", options or ["watching"])
    wanted = asked.target.lower()
    chosen = [watch for watch in mine if wanted in (watch.scope.lower(), watch.label.lower())]
    if not chosen and mine:
        scope = _resolved(asked.target, services)
        chosen = [watch for watch in mine if scope is not None and watch.scope == str(scope)]
    if not chosen or store is None:
        known = ", ".join(f"`{watch.label}`" for watch in mine) or "nothing"
        raise UserError(
            f"This channel does not watch `{asked.target[:60]}`; by command it watches {known}. "
            "Watches of eksip.toml are removed there.",
            [f"unwatch {watch.scope}" for watch in mine[:5]] or ["watching"],
        )
    for watch in chosen:
        store.remove_watch(channel, watch.scope)
    names = ", ".join(watch.label for watch in chosen)
    return Message(
        text=f"This channel is no longer told about {names}.",
        tone=Tone.NEUTRAL,
        verdict=("No longer watching ", Strong(names), " here."),
        visibility=Visibility.IN_CHANNEL,
        answer=_json(channel, services),
    )


def watching_answer(asked: Asked, request: Request, services: Services) -> Message:
    """What this channel is told about."""
    channel = _channel(request)
    answer = _json(channel, services)
    rows = WatchAnswer.model_validate(answer).watches
    items = tuple(
        (Strong(row.scope), " (eksip.toml)" if row.source == "configuration" else " (by command)") for row in rows
    )
    return Message(
        text=f"This channel watches {plural(len(rows), 'scope')}." if rows else "This channel watches nothing.",
        verdict=("This channel watches ", Strong(plural(len(rows), "scope") if rows else "nothing")),
        parts=(
            *((Bullets(items=items),) if items else ()),
            Controls(items=(Button(label="Status", command="status"), Button(label="Alerts", command="alerts"))),
        ),
        answer=answer,
    )


def _channel(request: Request) -> str:
    if not request.channel_id:
        raise UserError(
            "A watch needs a channel: run it in Slack, or name one: `eksip ask --channel C0123456789 watch prod-eu`."
        )
    return request.channel_id


def _resolved(words: str, services: Services) -> Scope | None:
    known = services.facts().known()
    if known is None:
        return None
    try:
        return resolve(words, known, verb="unwatch")
    except UserError:
        return None


def _json(channel: str, services: Services) -> dict[str, object]:
    store = services.stored()
    rows = [
        WatchRow(channel=watch.channel, scope=watch.scope, source="configuration")
        for watch in services.settings.watches
        if watch.channel == channel
    ]
    if store is not None:
        rows += [WatchRow(channel=channel, scope=w.scope, source="command") for w in store.watches(channel)]
    return fields(WatchAnswer(watches=rows))
