"""The whole bot for the story tests: the demo's AWS, the local Slack, and everything `serve` starts between them."""

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from bot.demo.workspace import Workspace
from bot.demo.world import World
from bot.wiring import Parts
from bot.wiring.parts import demo_estate
from bot.wiring.serving import serving

SUBNET = "payments-1a"
CHANNEL = "platform-alerts"
PATIENT_ACK_SECONDS = 30.0
"""Tests ask whether an acknowledgement waits for the answer; how soon it comes, the bench measures."""
QUICK = {
    "thresholds": {"hold": "1s", "recover": "1s"},
    "schedule": {"poll": "1s", "slow": "60s"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A bot at work, with both of its outsides in hand."""

    world: World
    slack: Workspace
    parts: Parts
    port: int

    def squeeze(self) -> None:
        """Take nearly every address of the watched subnet."""
        self.world.take(SUBNET, 125)

    def cards(self, label: str = SUBNET) -> list[dict[str, Any]]:
        """The messages in the alert channel that speak of the subnet."""
        return [message for message in self.slack.messages(CHANNEL) if label in message["text"]]


def free_port() -> int:
    """A port of the loopback interface that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def settings_for(slack: Workspace, mode: str, port: int) -> tuple[dict[str, str], dict[str, Any]]:
    """The environment and the facts of a bot in this workspace that watches one subnet."""
    environ = {"SLACK_BOT_TOKEN": slack.bot_token, "PORT": str(port)}
    if mode == "socket":
        environ["SLACK_APP_TOKEN"] = slack.app_token
    else:
        environ["SLACK_SIGNING_SECRET"] = slack.signing_secret
    watches = [{"channel": slack.channel(CHANNEL), "scope": f"subnet:{SUBNET}"}]
    return environ, {**QUICK, "slack": {"api_url": slack.api_url}, "watches": watches}


@contextmanager
def running(mode: str = "socket", extra: Mapping[str, Any] | None = None) -> Iterator[Running]:
    """The bot in `mode` ("socket" or "http"), ready to be asked."""
    port = free_port()
    events_url = f"http://127.0.0.1:{port}/slack/events" if mode == "http" else None
    with Workspace(events_url=events_url, ack_seconds=PATIENT_ACK_SECONDS) as slack:
        environ, facts = settings_for(slack, mode, port)
        with demo_estate(environ, {**facts, **(extra or {})}) as estate:
            parts = Parts(estate.settings)
            try:
                with serving(parts, host="127.0.0.1"):
                    if mode == "socket":
                        slack.wait_for(lambda: slack.socket_count > 0)
                    yield Running(world=estate.world, slack=slack, parts=parts, port=port)
            finally:
                parts.close()
