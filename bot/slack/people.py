"""Who asked: their name and time zone, whether they are guests or from elsewhere, and which user groups they are in.

All as far as Slack lets the bot see.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from threading import Condition
from typing import Any

from cachetools import TTLCache, cachedmethod
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.slack.incoming import Identity
from bot.slack.sending import SEND_ERRORS, failure_of

log = logging.getLogger(__name__)

PEOPLE_KEPT = 4_096
GROUPS_KEPT = 256
GROUP_SECONDS = 300.0
"""How long the members of a user group are believed: who left a group should not write for long.

Source: https://docs.slack.dev/reference/methods/usergroups.users.list (tier 2: about 20 calls a minute).
"""
KEPT_SECONDS = 3_600.0
"""How long a look-up is believed: people seldom become guests, and users.info is limited to 100 calls a minute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What eksip knows about somebody: enough to decide whether they may ask, and to name them without a ping.

    `groups` are those of the user groups asked about that they are in, `zone` the name of their time zone. Who
    `is_ours` was said by Slack to be of our own organisation, whatever team of it they are in.
    """

    is_guest: bool
    is_external: bool
    is_ours: bool = False
    name: str = ""
    zone: str = ""
    groups: frozenset[str] = frozenset()


class _UnknownError(Exception):
    """Slack did not say who this is, and may the next time."""


class People:
    """Looks people up, each once an hour.

    Without the optional scope `users:read` nobody can be told to be a guest, and everybody counts as a full member:
    whoever grants no such scope has chosen not to check. With the scope granted, a person Slack fails to describe
    counts as a guest, so a failure refuses rather than reveals. A user group that cannot be read (usergroups:read is
    optional too) has no members.
    """

    def __init__(self, client: WebClient, identity: Identity, groups: Sequence[str] = ()) -> None:
        self._client = client
        self._identity = identity
        self._groups = tuple(groups)
        self._members: TTLCache[Any, frozenset[str]] = TTLCache(GROUPS_KEPT, GROUP_SECONDS)
        self._members_condition = Condition()
        self._cache: TTLCache[Any, Person] = TTLCache(PEOPLE_KEPT, KEPT_SECONDS)
        self._condition = Condition()

    def person(self, user_id: str, team_id: str = "") -> Person:
        """What is known about this user, who asks in this team; never raises."""
        try:
            found = self._looked_up(user_id)
        except _UnknownError as exc:
            log.warning("a person could not be looked up", extra={"user_id": user_id, "reason": str(exc)})
            return Person(is_guest=True, is_external=False)
        return replace(found, groups=self._groups_of(user_id, team_id)) if self._groups else found

    def _groups_of(self, user_id: str, team_id: str) -> frozenset[str]:
        """The groups whose member this user is, of those that can be read."""
        team = team_id if self._identity.is_org_wide else ""
        found = set()
        for group in self._groups:
            try:
                if user_id in self._listed(group, team):
                    found.add(group)
            except _UnknownError as exc:
                log.warning("a user group could not be read", extra={"group": group, "reason": str(exc)})
        return frozenset(found)

    @cachedmethod(lambda self: self._members, condition=lambda self: self._members_condition)
    def _listed(self, group: str, team: str) -> frozenset[str]:
        """The members of a user group; `team` is where to look with a token for the whole organisation.

        Source: https://docs.slack.dev/reference/methods/usergroups.users.list (team_id, required with an org token).
        Raises: _UnknownError, which is not remembered.
        """
        try:
            found = self._client.usergroups_users_list(usergroup=group, team_id=team or None)
            return frozenset(found.get("users") or ())
        except SEND_ERRORS as exc:
            raise _UnknownError(failure_of(exc).reason) from exc

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
        profile = user.get("profile") or {}
        names = (profile.get("display_name"), profile.get("real_name"), user.get("real_name"), user.get("name"))
        enterprise_id = str(enterprise.get("enterprise_id") or "")
        is_external = self._identity.outside(str(user.get("team_id") or ""), enterprise_id)
        return Person(
            is_guest=bool(user.get("is_restricted") or user.get("is_ultra_restricted")),
            is_external=is_external,
            is_ours=not is_external and enterprise_id != "" and enterprise_id == self._identity.enterprise_id,
            name=next((str(name) for name in names if name), ""),
            zone=str(user.get("tz") or ""),
        )
