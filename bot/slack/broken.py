"""What people are told when a channel can no longer be posted to: once, by direct message, and what to do."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from bot.message import Context, Line, Link, Message, Mono, Strong, Text, Tone
from bot.slack.posting import is_person

if TYPE_CHECKING:
    from bot.store import Watch

_WHY = {
    "channel_not_found": "It was deleted, or made private without me in it.",
    "not_in_channel": "I am not a member of it.",
    "is_archived": "It is archived.",
    "is_inactive": "It is archived.",
}
_OTHERWISE = "The workspace does not let me post there."
_INVITE = "/invite @eksip"
_MENDS: Mapping[str, tuple[str, ...]] = {
    "is_archived": ("Unarchive it, or use ", " in another channel."),
    "is_inactive": ("Unarchive it, or use ", " in another channel."),
}


def announcements(channel: str, reason: str, watches: Iterable["Watch"], fallback: str) -> Mapping[str, Message]:
    """What to say to whom when `channel` broke: each owner of its watches once, and the fallback channel."""
    owned: dict[str, list[str]] = {}
    for watch in watches:
        if is_person(watch.created_by):
            owned.setdefault(watch.created_by, []).append(watch.label)
    told = {owner: _message(channel, reason, labels, fallback) for owner, labels in owned.items()}
    if fallback and fallback != channel:
        told[fallback] = _message(channel, reason, (), fallback)
    return told


def _message(channel: str, reason: str, labels: Iterable[str], fallback: str) -> Message:
    watched = ", ".join(sorted(set(labels)))
    subject = f"your alerts on {watched}" if watched else "alerts"
    elsewhere: tuple[Line, ...] = ()
    if fallback and fallback != channel:
        elsewhere = (("Until then they go to the fallback channel ", _link(fallback), "."),)
    return Message(
        text=f"I cannot post {subject} in channel {channel}: {reason}.",
        tone=Tone.WARNING,
        verdict=("I cannot post ", Strong(subject), " in ", _link(channel)),
        parts=(
            Text(lines=((_WHY.get(reason, _OTHERWISE),), _mend(reason), *elsewhere)),
            Context(lines=(("Slack answered ", Mono(reason), ". I say this once; a post that arrives mends it."),)),
        ),
    )


def _mend(reason: str) -> Line:
    if reason in _MENDS:
        before, after = _MENDS[reason]
        return (before, Mono("/eksip watch"), after)
    return ("Invite me there with ", Mono(_INVITE), ", or use ", Mono("/eksip watch"), " in another channel.")


def _link(channel: str) -> Link:
    """The channel's id, which opens it: its name cannot be asked for where the bot has no access.

    Source: https://docs.slack.dev/interactivity/deep-linking (app_redirect with a channel id).
    """
    return Link(channel, f"https://slack.com/app_redirect?channel={channel}")
