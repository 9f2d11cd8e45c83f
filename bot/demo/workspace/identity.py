"""Who the bot is in this workspace, and the secrets both sides share; all obviously of no use elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, field

BOT_SCOPES = (
    "app_mentions:read",
    "channels:history",
    "channels:read",
    "chat:write",
    "commands",
    "groups:history",
    "im:history",
    "users:read",
)
"""The scopes the local installation grants, as `auth.test` reports them in `X-OAuth-Scopes`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlashCommand:
    """One slash command registered for the app, as the page offers it."""

    command: str
    description: str
    usage_hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bot:
    """The installed app: its ids, its tokens, the secret that signs requests to it, and its commands."""

    name: str
    user_id: str
    bot_id: str
    app_id: str
    team_id: str
    team_name: str
    team_domain: str
    commands: tuple[SlashCommand, ...]
    bot_token: str = field(repr=False)
    app_token: str = field(repr=False)
    signing_secret: str = field(repr=False)
