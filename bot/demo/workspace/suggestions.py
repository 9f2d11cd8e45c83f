"""Option requests: what an app answers while somebody types in an external select.

Source: https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element#external_select (the app has
3 seconds; min_query_length is 3 unless the element says otherwise; at most 100 options).
"""

from __future__ import annotations

from typing import Any

from bot.demo.workspace.elements import check_options
from bot.demo.workspace.entries import options_of
from bot.demo.workspace.events import Delivery, Kind
from bot.demo.workspace.findings import Findings
from bot.demo.workspace.identity import Bot
from bot.demo.workspace.records import Json, User
from bot.demo.workspace.viewpayloads import suggestion_payload

MIN_QUERY_LENGTH = 3


class Suggestions:
    """Asks the app for options, and remembers what it offered to whom; runs on the server's loop."""

    def __init__(self, *, bot: Bot, delivery: Delivery) -> None:
        self._bot = bot
        self._delivery = delivery
        self._offered: dict[tuple[str, ...], dict[str, Json]] = {}

    async def ask(self, user: User, block: Json, control: Json, typed: str, place: Json) -> Json:
        """`{"options": […]}` or `{"option_groups": […]}` for what was typed; too short a query asks nobody.

        Raises: ConnectionError when the app does not answer in time, or with what Slack does not take.
        """
        if len(typed) < int(control.get("min_query_length", MIN_QUERY_LENGTH)):
            return {"options": []}
        payload = suggestion_payload(self._bot, user, block, control, typed, place)
        outcome = await self._delivery.ask(Kind.ACTION, payload, lambda _: None)
        if outcome.reason:
            raise ConnectionError(f"The app did not offer options: {outcome.reason}.")
        answer = dict(outcome.body)
        _check(answer)
        container = place["container"]
        key = _key(user, str(container.get("view_id") or container["message_ts"]), block, control)
        known = self._offered.setdefault(key, {})
        known.update({str(option["value"]): option for option in options_of(answer)})
        return answer

    def offered(self, user: User, where: str, block: Json, control: Json) -> list[Json]:
        """Every option the app has offered this user for this control of the view or message `where` names."""
        return list(self._offered.get(_key(user, where, block, control), {}).values())


def _key(user: User, where: str, block: Json, control: Json) -> tuple[str, ...]:
    return user.user_id, where, str(block.get("block_id", "")), str(control["action_id"])


def _check(answer: dict[str, Any]) -> None:
    findings = Findings("modal")
    groups = answer.get("option_groups")
    if groups is None and not isinstance(answer.get("options"), list):
        raise ConnectionError("The app did not offer options: its answer has none.")
    for group in [answer] if groups is None else groups:
        if group.get("options"):
            check_options(findings, group, "", high=100)
    refused = [str(finding) for finding in findings.found if finding.code is not None]
    if refused:
        raise ConnectionError(f"The app's options are refused: {'; '.join(refused)}")
