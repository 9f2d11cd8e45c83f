"""A real app with the real dispatcher over a small inventory that was read already, connected to a local workspace."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from builders import cluster, contents, inventory, region_facts, subnet, vpc

from bot.asking.command import Request
from bot.capacity.occupancy import occupancies
from bot.config import load
from bot.demo.workspace import Workspace
from bot.inventory import Inventory
from bot.message import Message
from bot.slack.app import SlackApp, build_app
from bot.slack.boards import Boards
from bot.slack.socket import SocketRunner
from bot.wiring import Parts


def wall_clock() -> datetime:
    """Now: Slack's signatures and timestamps are checked against it."""
    return datetime.now(UTC)  # noqa: TID251 (tests of real servers need the real time)


def estate(at: datetime, free: int = 203) -> Inventory:
    """Two clusters, "prod-eu" with a subnet that is low and "dev-eu" of another account, read at `at`."""
    prod = region_facts(
        subnet("subnet-0aaaaaaaaaaaaaaa1", "10.0.0.0/20", name="private-1a", available_ips=free, observed_at=at),
        subnet("subnet-0aaaaaaaaaaaaaaa2", "10.0.16.0/20", name="private-1b", available_ips=3120, observed_at=at),
        clusters=(cluster("prod-eu", ("subnet-0aaaaaaaaaaaaaaa1", "subnet-0aaaaaaaaaaaaaaa2")),),
        vpcs=(vpc("vpc-0a", "main", "10.0.0.0/16"),),
        observed_at=at,
    )
    secret = subnet(
        "subnet-0bbbbbbbbbbbbbbb1",
        "10.9.0.0/24",
        name="secret-1a",
        available_ips=200,
        account_id="444455556666",
        vpc_id="vpc-0b",
        observed_at=at,
    )
    dev = region_facts(
        secret,
        clusters=(cluster("dev-eu", ("subnet-0bbbbbbbbbbbbbbb1",), account_id="444455556666"),),
        account_id="444455556666",
        observed_at=at,
    )
    return inventory(prod, dev)


def put_read(parts: Parts, known: Inventory) -> None:
    """Make the parts know what a poll left: this inventory, and that nothing is reserved in any of its subnets."""
    read = contents(subnet_ids=tuple(s.subnet_id for s in known.subnets))
    found = replace(read, observed_at=known.as_of or read.observed_at)
    parts.store.save_occupancies(occupancies(known.subnets, found).values())
    parts.facts.feed()
    parts.facts.put(known)


@dataclass(kw_only=True)
class EstateBot:
    """A workspace, the app in it, and its parts; `made` answers texts before the dispatcher is asked."""

    slack: Workspace
    app: SlackApp
    parts: Parts
    boards: Boards
    requests: list[Request]
    made: dict[str, Callable[[Request], Message]] = field(default_factory=dict)

    def posts(self, channel: str = "ops") -> list[dict[str, Any]]:
        """The bot's messages in a channel."""
        return [message for message in self.slack.messages(channel) if message.get("bot_id")]

    def posted(self, words: str, channel: str = "ops") -> dict[str, Any]:
        """The bot's last message in the channel that holds the words, once it is there."""
        return dict(self.slack.wait_for(lambda: [m for m in self.posts(channel) if words in str(m)], timeout=20)[-1])

    def whispered(self, words: str, channel: str = "ops", user: str = "ana") -> dict[str, Any]:
        """The last message for this person alone that holds the words, once it is there."""
        found = self.slack.wait_for(
            lambda: [m for m in self.slack.ephemerals(channel, user) if words in str(m)], timeout=20
        )
        return dict(found[-1])

    def calls(self, method: str) -> list[Any]:
        """The calls of a Web API method so far."""
        return [call for call in self.slack.calls if call.method == method]


def press(message: Mapping[str, Any], label: str) -> str:
    """The action id of the button with this label."""
    for block in message["blocks"]:
        for element in block.get("elements", ()):
            if isinstance(element.get("text"), dict) and element["text"].get("text") == label:
                return str(element["action_id"])
    raise LookupError(f"no button {label!r} in {message}")


@contextmanager
def estate_bot(
    folder: Path, access: Mapping[str, Any] | None = None, age: timedelta = timedelta(), **workspace: Any
) -> Iterator[EstateBot]:
    """The bot over Socket Mode, its facts `age` old."""
    with Workspace(ack_seconds=30, **workspace) as slack:
        environ = {
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_APP_TOKEN": slack.app_token,
            "DATABASE_URL": f"sqlite:///{folder}/eksip.db",
        }
        facts = {
            "slack": {"api_url": slack.api_url},
            "access": dict(access or {}),
            "aws": {"accounts": [{"account_id": "111122223333", "regions": ["eu-west-1"]}]},
        }
        parts = Parts(load(environ, facts), now=wall_clock)
        parts.facts.feed()
        put_read(parts, estate(wall_clock() - age))
        requests: list[Request] = []
        made: dict[str, Callable[[Request], Message]] = {}
        lock = threading.Lock()

        def answer(request: Request) -> Message:
            with lock:
                requests.append(request)
            own = made.get(request.text.partition(" ")[0])
            return parts.answer(request) if own is None else own(request)

        store = parts.store
        app = build_app(parts.settings, answer, store.first_time, wall_clock, services=parts.services)
        runner = SocketRunner(
            app.bolt, app_token=slack.app_token, api_url=slack.api_url, sockets=parts.settings.slack.sockets
        )
        runner.start()
        try:
            assert runner.wait_connected(timedelta(seconds=30))
            boards = Boards(app.client, parts.services, wall_clock)
            yield EstateBot(slack=slack, app=app, parts=parts, boards=boards, requests=requests, made=made)
        finally:
            runner.stop()
            app.close()
            parts.close()
