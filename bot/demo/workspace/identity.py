"""Who the bot is in this workspace, and the secrets both sides share; all obviously of no use elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, field

BOT_SCOPES = (
    "app_mentions:read",
    "assistant:write",
    "channels:history",
    "channels:read",
    "chat:write",
    "commands",
    "files:read",
    "files:write",
    "groups:history",
    "im:history",
    "im:write",
    "reactions:write",
    "usergroups:read",
    "users:read",
)
"""The scopes the local installation grants, as `auth.test` reports them in `X-OAuth-Scopes`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlashCommand:
    """One slash command registered for the app, as the page offers it."""

    command: str
    description: str
    usage_hint: str


BOT_EVENTS = frozenset(
    {
        "app_home_opened",
        "app_mention",
        "app_uninstalled",
        "member_joined_channel",
        "message.im",
        "tokens_revoked",
    }
)
"""The events the local app is subscribed to unless told otherwise; others happen without the bot hearing of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortcut:
    """One message shortcut of the app, as the menu of a message offers it."""

    name: str
    callback_id: str
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bot:
    """The installed app: its ids, its tokens, the secret that signs requests to it, and what its manifest offers."""

    name: str
    user_id: str
    bot_id: str
    app_id: str
    team_id: str
    team_name: str
    team_domain: str
    commands: tuple[SlashCommand, ...]
    shortcuts: tuple[Shortcut, ...]
    events: frozenset[str]
    enterprise_id: str | None
    is_org_wide: bool
    bot_token: str = field(repr=False)
    app_token: str = field(repr=False)
    signing_secret: str = field(repr=False)

    @property
    def enterprise(self) -> dict[str, str] | None:
        """The Enterprise organisation the team belongs to, as interactions name it; None outside of one."""
        return None if self.enterprise_id is None else {"id": self.enterprise_id, "name": "Example Org"}
