"""Events on their way to the app: only those it subscribed to, in the envelope of the Events API."""

from __future__ import annotations

from bot.demo.workspace.events import Delivery
from bot.demo.workspace.identity import Bot
from bot.demo.workspace.payloads import event_payload
from bot.demo.workspace.records import Channel, Json
from bot.demo.workspace.state import State


class Subscriptions:
    """Tells the app of events; runs on the server's loop."""

    def __init__(self, *, state: State, bot: Bot, delivery: Delivery) -> None:
        self._state = state
        self._bot = bot
        self._delivery = delivery

    def tell(self, event: Json, channel: Channel | None = None, *, may_duplicate: bool = True) -> None:
        """Deliver an event with Slack's retries, if the app asked for its type (`message.im` for direct messages)."""
        kind = "message.im" if event["type"] == "message" else str(event["type"])
        if kind not in self._bot.events:
            return
        event_time = int(str(event.get("event_ts") or self._state.next_ts()).split(".")[0])
        payload = event_payload(self._bot, self._state, channel, event, event_time)
        self._delivery.tell(payload, may_duplicate=may_duplicate)
