"""Two senders on one database, as two replicas are: every card and message in Slack exactly once."""

import threading
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from stored_alerts import FIRING, save_steps

from bot.alerts import Step, Transition, card
from bot.demo.workspace import Workspace
from bot.message import Message
from bot.slack.delivery import Delivery
from bot.slack.pace import Pace, Rate
from bot.slack.sending import write_client
from bot.store import OutboxItem, open_store

CHANNELS = ("ops", "platform-alerts", "inc-42")
FAST = Rate(per_second=1000, burst=1000)


def now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 (both senders and Slack run on the clock of the machine)


@pytest.mark.timeout(110)
def test_two_senders_never_post_a_card_twice(address: str) -> None:
    """While replies are lost and calls limited, two replicas empty one outbox without a double and without a loss."""
    setup = open_store(address)
    with Workspace() as slack:
        ids = tuple(slack.channel(name) for name in CHANNELS)
        fired = [
            Step(
                alert=replace(FIRING, scope_key=f"subnet:{n}", label=f"s{n}", fired_at=now()),
                transition=Transition.OPENED,
            )
            for n in range(12)
        ]
        save_steps(setup, fired, {f"subnet:{n}": ids for n in range(12)}, now())
        for n in range(12):
            setup.queue_message(f"m{n}", ids[n % 3], Message(text=f"m{n}"), now())
        slack.faults.lose_reply("chat.postMessage", times=3)
        slack.faults.rate_limit("chat.postMessage", times=2, retry_after=1)
        stop = threading.Event()
        stores = [open_store(address) for _ in range(2)]

        def sender(number: int) -> Delivery:
            store = stores[number]

            def message(item: OutboxItem) -> Message | None:
                alert = store.alert(item.alert_id)
                return None if alert is None else card(alert, now())

            return Delivery(
                store=store,
                client=write_client(slack.bot_token, slack.api_url),
                card=message,
                now=now,
                owner=f"replica-{number}",
                pace=Pace(lambda: now().timestamp(), channel=FAST, workspace=FAST, edits=FAST),
            )

        threads = [threading.Thread(target=sender(number).run, args=(stop,)) for number in range(2)]
        for thread in threads:
            thread.start()
        slack.wait_for(lambda: setup.outbox_depth(now())[0] == 0, timeout=90)
        stop.set()
        for thread in threads:
            thread.join()
        for name in CHANNELS:
            assert _marks(slack.messages(name)) == _expected(name)
    for store in (setup, *stores):
        store.close()


def _marks(messages: list[dict[str, Any]]) -> list[str]:
    payloads = [message["metadata"]["event_payload"] for message in messages]
    return sorted(str(payload.get("alert_id") or payload.get("key")) for payload in payloads)


def _expected(channel: str) -> list[str]:
    place = CHANNELS.index(channel)
    return sorted([*(str(1001 + n) for n in range(12)), *(f"m{n}" for n in range(12) if n % 3 == place)])
