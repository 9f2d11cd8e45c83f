"""`defaults [cluster=…] [tz=…] [visibility=…] [mode=…]`: how this channel wants to be answered."""

from dataclasses import replace

from bot.answers.conversation import DefaultsAnswer
from bot.answers.model import fields
from bot.asking.command import Asked, Request
from bot.asking.zones import zone_named
from bot.errors import UserError
from bot.message import Context, Fields, Line, Message, Mono, Tone, Visibility
from bot.scope import EVERYTHING, resolve
from bot.services import Services
from bot.store import ChannelDefaults

VISIBILITIES = ("private", "channel")
MODES = ("normal", "incident")
_NONE = frozenset({"", "none", "off", "-"})


def answer(asked: Asked, request: Request, services: Services) -> Message:
    """Show what the channel said, after changing what is given; `key=none` takes a setting back."""
    if not request.channel_id:
        raise UserError("Defaults belong to a channel: run it in Slack, or name one with `eksip ask --channel`.")
    if asked.words:
        raise UserError(
            f"`defaults` takes settings, not `{asked.target[:40]}`. For example `defaults cluster=prod-eu`.",
            ["defaults"],
        )
    stored = services.stored()
    known = ChannelDefaults() if stored is None else stored.channel_defaults(request.channel_id)
    changed = _changed(known, asked, services)
    if changed != known:
        services.store().set_channel_defaults(request.channel_id, changed, request.user_id, services.now())
    seen = services.sight is None or services.sight().may_name_text(changed.scope)
    pairs = (
        ("Target", _told_target(changed, seen)),
        ("Time zone", (changed.zone or "none: that of the person who asks, UTC where Slack does not say",)),
        ("Answers", (_WHO[changed.visibility],)),
        ("Mode", (_MODE[changed.mode],)),
    )
    verdict = "This channel's defaults are changed." if changed != known else "This channel's defaults:"
    return Message(
        text=verdict,
        tone=Tone.GOOD if changed != known else Tone.NEUTRAL,
        verdict=(verdict,),
        parts=(
            Fields(pairs=pairs),
            Context(
                lines=(("Change with ", Mono("eksip defaults cluster=prod-eu mode=incident"), ", back with =none"),)
            ),
        ),
        visibility=Visibility.IN_CHANNEL if changed != known else Visibility.EPHEMERAL,
        shareable=False,
        answer=fields(
            DefaultsAnswer(
                channel=request.channel_id,
                scope=(changed.scope if seen else None) or None,
                tz=changed.zone or None,
                visibility=changed.visibility or None,
                mode=changed.mode or None,
            )
        ),
    )


_WHO = {"": "as each verb has it", "private": "for the person who asks alone", "channel": "for everybody here"}
_MODE = {
    "": "normal; incident where the channel's name begins with inc-",
    "normal": "normal",
    "incident": "incident: answers for everybody, known figures first",
}


def _told_target(defaults: ChannelDefaults, seen: bool) -> Line:
    """The target in words; one that may not be seen here any more is not named."""
    if not defaults.scope:
        return ("none: everything is meant",)
    return (Mono(defaults.scope), f" ({defaults.label})") if seen else ("one that may not be seen here any more",)


def _changed(known: ChannelDefaults, asked: Asked, services: Services) -> ChannelDefaults:
    changed = known
    for key, value in asked.options.items():
        gone = value.lower() in _NONE
        if key in ("cluster", "scope"):
            changed = replace(changed, scope="", label="") if gone else _target(changed, key, value, services)
        elif key == "tz":
            changed = replace(changed, zone="" if gone else zone_named(value, "defaults"))
        elif key == "visibility":
            changed = replace(changed, visibility="" if gone else _one_of(key, value, VISIBILITIES))
        else:
            changed = replace(changed, mode="" if gone else _one_of(key, value, MODES))
    return changed


def _target(known: ChannelDefaults, key: str, value: str, services: Services) -> ChannelDefaults:
    words = value if ":" in value or key == "scope" else f"cluster:{value}"
    scope = resolve(words, services.facts().inventory(), verb="status")
    return replace(known, scope="" if scope == EVERYTHING else str(scope), label=scope.words)


def _one_of(key: str, value: str, known: tuple[str, ...]) -> str:
    if value.lower() not in known:
        raise UserError(
            f"`{key}` is {' or '.join(f'`{word}`' for word in known)}, not `{value[:40]}`.",
            [f"defaults {key}={word}" for word in known],
        )
    return value.lower()
