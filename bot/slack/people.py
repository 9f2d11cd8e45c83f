"""Who asked: guests of the workspace and people from other organisations, as far as Slack lets the bot see."""

import logging
from dataclasses import dataclass
from threading import Condition
from typing import Any

from cachetools import TTLCache, cachedmethod
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.slack.incoming import Identity
from bot.slack.sending import SEND_ERRORS, failure_of

log = logging.getLogger(__name__)

PEOPLE_KEPT = 4_096
KEPT_SECONDS = 3_600.0
"""How long a look-up is believed: people seldom become guests, and users.info is limited to 100 calls a minute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What eksip knows about somebody: enough to decide whether they may ask."""

    is_guest: bool
    is_external: bool


class _UnknownError(Exception):
    """Slack did not say who this is, and may the next time."""


class People:
    """Looks people up, each once an hour.

    Without the optional scope `users:read` nobody can be told to be a guest, and everybody counts as a full member:
    whoever grants no such scope has chosen not to check. With the scope granted, a person Slack fails to describe
    counts as a guest, so a failure refuses rather than reveals.
    """

    def __init__(self, client: WebClient, identity: Identity) -> None:
        self._client = client
        self._identity = identity
        self._cache: TTLCache[Any, Person] = TTLCache(PEOPLE_KEPT, KEPT_SECONDS)
        self._condition = Condition()

    def person(self, user_id: str) -> Person:
        """What is known about this user; never raises."""
        try:
            return self._looked_up(user_id)
        except _UnknownError as exc:
            log.warning("a person could not be looked up", extra={"user_id": user_id, "reason": str(exc)})
            return Person(is_guest=True, is_external=False)

    @cachedmethod(lambda self: self._cache, condition=lambda self: self._condition)
    def _looked_up(self, user_id: str) -> Person:
        """The person users.info describes. Raises: _UnknownError, which is not remembered."""
        try:
            user = self._client.users_info(user=user_id).get("user") or {}
        except SEND_ERRORS as exc:
            reason = failure_of(exc).reason
            if reason == "missing_scope":
                log.info("users:read is not granted: guests cannot be told from members")
                return Person(is_guest=False, is_external=False)
            if isinstance(exc, SlackApiError) and reason in ("user_not_found", "user_not_visible"):
                return Person(is_guest=False, is_external=True)
            raise _UnknownError(reason) from exc
        enterprise = user.get("enterprise_user") or {}
        return Person(
            is_guest=bool(user.get("is_restricted") or user.get("is_ultra_restricted")),
            is_external=self._identity.outside(
                str(user.get("team_id") or ""), str(enterprise.get("enterprise_id") or "")
            ),
        )
