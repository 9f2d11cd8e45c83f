"""`unwatch SCOPE`: stop telling this channel about the scope."""

from bot.answers.alerting import WatchAnswer
from bot.answers.model import fields
from bot.asking.alert_words import told_to
from bot.asking.command import Asked, Request
from bot.asking.watches import channel_of, watch_rows
from bot.errors import UserError
from bot.message import Message, Strong, Tone
from bot.scope import Scope, resolve
from bot.services import Services


def answer(asked: Asked, request: Request, services: Services) -> Message:
    """Forget the channel's watches of the scope, also of one that is not there any more."""
    channel = channel_of(request)
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
        visibility=told_to(request),
        answer=fields(WatchAnswer(watches=watch_rows(channel, services))),
    )


def _resolved(words: str, services: Services) -> Scope | None:
    known = services.facts().known()
    if known is None:
        return None
    try:
        return resolve(words, known, verb="unwatch")
    except UserError:
        return None
