"""Access: whether a request may run a command. One pure function; the answer is a sentence when it may not."""

from bot.asking.command import Command, Request, Surface
from bot.config import AccessSettings

_LOCAL = frozenset({Surface.ASK, Surface.CONSOLE})


def refusal(request: Request, command: Command, access: AccessSettings) -> str | None:
    """Why this person may not run this command here, or None when they may.

    People of other organisations (Slack Connect) and guests are refused whatever they ask, since the answers name the
    company's networks. A terminal is trusted: who can run it has the same credentials anyway.
    """
    if request.surface in _LOCAL:
        return None
    if request.is_external:
        return "I answer only members of this workspace, not people from other organisations in a shared channel."
    if request.is_guest:
        return "I answer only full members of this workspace, not guests. Ask a member to share the answer here."
    if access.channels and request.channel_id not in access.channels:
        return "I am not set up to answer in this channel ([access] channels in eksip.toml)."
    if command.writes and access.limits_writing and not _may_write(request, access):
        return f"`{command.verb}` is limited to some people and channels ([access] writers in eksip.toml)."
    return None


def _may_write(request: Request, access: AccessSettings) -> bool:
    """Whether one of the three lists names the person, a user group of theirs, or the channel."""
    return (
        request.user_id in access.writers
        or request.channel_id in access.writer_channels
        or not request.user_groups.isdisjoint(access.writer_groups)
    )
