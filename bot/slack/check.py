"""What `eksip check` tries of Slack: the token, its scopes, and every channel that is to be told."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

from bot.slack.sending import SEND_ERRORS, failure_of

SCOPES = ("commands", "chat:write", "app_mentions:read", "im:history", "assistant:write")
"""Scopes the bot cannot work without. Source: the manifests in deploy/ (each scope is used by a method or an event)."""

OPTIONAL_SCOPES = (
    "channels:history",
    "channels:read",
    "files:write",
    "groups:history",
    "groups:read",
    "im:write",
    "users:read",
    "usergroups:read",
)
"""Scopes that make it better: lost posts found again, graphs, names of channels, guests told from members."""


class Found(Enum):
    """What a trial found; `NOT_TRIED` when the app may not look."""

    WORKS = "works"
    MISSING = "missing"
    NOT_TRIED = "not tried"


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackCheck:
    """One trial: what was tried, what it found, whether the bot needs it, and what to do."""

    tried: str
    found: Found
    needed: bool = True
    advice: str = ""


def check_slack(client: WebClient, channels: Iterable[str]) -> Iterator[SlackCheck]:
    """The token, the scopes it has, and whether the bot is in each channel."""
    try:
        answer = client.auth_test()
    except SEND_ERRORS as exc:
        reason = failure_of(exc).reason
        advice = f"Slack answered `{reason}`: check SLACK_BOT_TOKEN (xoxb-…) and that Slack can be reached."
        yield SlackCheck(tried="bot token (auth.test)", found=Found.MISSING, advice=advice)
        return
    yield SlackCheck(tried=f"bot token: {answer['user']} in {answer['team']}", found=Found.WORKS)
    granted = {scope.strip() for scope in _header(answer, "x-oauth-scopes").split(",") if scope.strip()}
    for scope in (*SCOPES, *OPTIONAL_SCOPES):
        has = scope in granted
        advice = "" if has else f"Add `{scope}` to the app (deploy/slack-manifest.yaml) and reinstall it."
        found = Found.WORKS if has else Found.MISSING
        yield SlackCheck(tried=f"scope {scope}", found=found, needed=scope in SCOPES, advice=advice)
    for channel in dict.fromkeys(channels):
        yield _channel(client, channel)


def _header(answer: SlackResponse, name: str) -> str:
    """A header of the answer, whatever the case of its name."""
    return next((str(value) for key, value in answer.headers.items() if key.lower() == name), "")


def _channel(client: WebClient, channel: str) -> SlackCheck:
    """Whether the bot is in the channel.

    Source: https://docs.slack.dev/reference/methods/conversations.info (`is_member`, `is_archived`; needs
    channels:read, or groups:read for a private channel).
    """
    tried = f"channel {channel}"
    try:
        found = client.conversations_info(channel=channel)["channel"]
    except SlackApiError as exc:
        error = str(exc.response.get("error", ""))
        if error == "missing_scope":
            advice = "Add the scope channels:read to let me look; `/eksip watch` in the channel tries it too."
            return SlackCheck(tried=tried, found=Found.NOT_TRIED, needed=False, advice=advice)
        advice = f"Slack answered `{error}`: correct the channel id, or invite the bot there (/invite @eksip)."
        return SlackCheck(tried=tried, found=Found.MISSING, advice=advice)
    except SEND_ERRORS as exc:
        return SlackCheck(tried=tried, found=Found.MISSING, advice=failure_of(exc).reason)
    if found.get("is_archived"):
        return SlackCheck(tried=tried, found=Found.MISSING, advice="The channel is archived: name another one.")
    if not found.get("is_member"):
        return SlackCheck(tried=tried, found=Found.MISSING, advice="Invite the bot there: /invite @eksip.")
    return SlackCheck(tried=tried, found=Found.WORKS)
