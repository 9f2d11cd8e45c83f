"""The names of channels, which tell an incident; a mention brings only the id."""

import logging
from threading import Condition
from typing import Any

from cachetools import TTLCache, cachedmethod
from slack_sdk import WebClient

from bot.slack.sending import SEND_ERRORS, failure_of

log = logging.getLogger(__name__)

CHANNELS_KEPT = 2_048
KEPT_SECONDS = 3_600.0
"""How long a name is believed: conversations.info is limited to 50 calls a minute.

Source: https://docs.slack.dev/reference/methods/conversations.info (tier 3; channels:read, groups:read).
"""


class Channels:
    """Looks names up, each once an hour; without the scopes every name is "", and incidents are told by `defaults`."""

    def __init__(self, client: WebClient, *, may_look: bool = True) -> None:
        self._client = client
        self._may_look = may_look
        self._cache: TTLCache[Any, str] = TTLCache(CHANNELS_KEPT, KEPT_SECONDS)
        self._condition = Condition()

    def name(self, channel_id: str) -> str:
        """The channel's name, "" where it is not known; never raises."""
        if not self._may_look or not channel_id.startswith(("C", "G")):
            return ""
        return self._looked_up(channel_id)

    @cachedmethod(lambda self: self._cache, condition=lambda self: self._condition)
    def _looked_up(self, channel_id: str) -> str:
        try:
            found = self._client.conversations_info(channel=channel_id).get("channel") or {}
        except SEND_ERRORS as exc:
            log.info("a channel's name is not known", extra={"channel": channel_id, "reason": failure_of(exc).reason})
            return ""
        return str(found.get("name") or "")
