"""Every Web API method the workspace answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from bot.demo.workspace import agent, chat, conversations, files, reactions, streams, views
from bot.demo.workspace.chat import Desk, Params
from bot.demo.workspace.records import Json

METHODS: Mapping[str, Callable[[Desk, Params], Json]] = MappingProxyType(
    {
        **agent.METHODS,
        **chat.METHODS,
        **conversations.METHODS,
        **files.METHODS,
        **reactions.METHODS,
        **streams.METHODS,
        **views.METHODS,
    }
)
"""Every method the bot token may call; apps.connections.open, which takes the app token, is the server's own."""
