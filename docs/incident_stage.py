"""The stage of docs/incident.md: the demo estate, a local Slack and the whole bot between them, on one clock.

Nothing runs by itself: `minutes` moves the clock, lets the monitor read and judge, and sends what is due. So a script
gives the same messages every time, however slow the machine is.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from tempfile import TemporaryDirectory
from typing import Any

from bot.config import aws_environment, load
from bot.demo.past import give_past
from bot.demo.squeeze import Squeeze, Step
from bot.demo.workspace import Workspace
from bot.demo.world import DEFAULT_NOW, World
from bot.monitor import Cards, Monitor
from bot.slack.app import SlackApp, build_app
from bot.slack.boards import Boards
from bot.slack.delivery import Delivery
from bot.slack.socket import SocketRunner
from bot.wiring import Parts

MINUTE = timedelta(minutes=1)
ALERTS = "platform-alerts"
SUBNET = "payments-1a"
PATIENCE_SECONDS = 60.0
"""How long an answer is waited for before the run is given up: no more than a guard against waiting for ever."""

_NEVER = threading.Event()

SlackMessage = dict[str, Any]


@dataclass
class Clock:
    """The one clock of AWS, Slack and the bot."""

    at: datetime = DEFAULT_NOW

    def __call__(self) -> datetime:
        """The moment it shows, aware UTC."""
        return self.at

    def seconds(self) -> float:
        """The same as seconds that never run backwards."""
        return self.at.timestamp()


@dataclass(kw_only=True)
class Stage:
    """Everything a script plays on; see `stage`."""

    world: World
    slack: Workspace
    parts: Parts
    app: SlackApp
    monitor: Monitor
    delivery: Delivery
    boards: Boards
    clock: Clock

    def squeeze(self, subnet: str, free_pct: float | None) -> None:
        """Bring a subnet to this share of free addresses, as a growing node group would; None gives all back."""
        Squeeze(self.world, subnet).apply(Step(at_seconds=0, free_pct=free_pct))

    def minutes(self, count: int = 1) -> None:
        """Let minutes pass: each is read, judged, told to the channels, and shown on the boards."""
        for _ in range(count):
            self.clock.at += MINUTE
            self.monitor.poll()
            self.send()
            self.boards.step()

    def send(self) -> None:
        """Tell the channels now what changed, as the bot does every few seconds."""
        self.monitor.tell()
        while self.delivery.step(_NEVER):
            pass

    def posted(self, words: str, channel: str, thread_ts: str | None = None) -> SlackMessage:
        """The bot's last message in the channel (of that thread) with these words in it, once it is there."""

        def found() -> list[SlackMessage]:
            return [
                message
                for message in self.slack.messages(channel)
                if message.get("bot_id") and words in str(message) and thread_ts in (None, message.get("thread_ts"))
            ]

        return dict(self.slack.wait_for(found, timeout=PATIENCE_SECONDS)[-1])

    def whispered(self, words: str, channel: str, user: str) -> SlackMessage:
        """The last message that only this person sees in the channel with these words in it, once it is there."""
        found = self.slack.wait_for(
            lambda: [each for each in self.slack.ephemerals(channel, user) if words in str(each)],
            timeout=PATIENCE_SECONDS,
        )
        return dict(found[-1])

    def press(self, message: Mapping[str, Any], label: str, *, channel: str, user: str, option: str = "") -> None:
        """Press the button or open the menu with this label under a message, and choose `option` of it."""
        control = controls_of(blocks_of(message))[label]
        self.slack.click(
            channel=channel,
            ts=str(message["ts"]),
            action_id=str(control["action_id"]),
            user=user,
            option=option or None,
        )


def blocks_of(message: Mapping[str, Any]) -> list[SlackMessage]:
    """The blocks of a message, those of its coloured frame included, in reading order."""
    return [block for frame in (message, *message.get("attachments", ())) for block in frame.get("blocks", ())]


def controls_of(blocks: Iterable[Mapping[str, Any]]) -> dict[str, SlackMessage]:
    """The buttons and menus of blocks by their label."""
    found = [each for block in blocks if block["type"] == "actions" for each in block["elements"]]
    return {str((each.get("placeholder") or each["text"])["text"]): each for each in found}


def one_account(world: World) -> dict[str, Any]:
    """The `[aws]` configuration that reads the account prod in eu-west-1 alone: a run takes seconds."""
    config: dict[str, Any] = world.config()
    (prod,) = (account for account in config["aws"]["accounts"] if account["name"] == "prod")
    return {"aws": {"regions": ["eu-west-1"], "accounts": [prod]}}


@contextmanager
def stage(
    read: Callable[[World], dict[str, Any]] = one_account,
    more: Callable[[Workspace], dict[str, Any]] = lambda _: {},
) -> Iterator[Stage]:
    """The bot over Socket Mode in a local Slack at the demo estate's moment, everything read once.

    #platform-alerts watches the subnet of the incident. `read` says what is read, `more` gives further sections of the
    configuration.
    """
    clock = Clock()
    with ExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory(prefix="eksip-incident-"))
        world = stack.enter_context(World(now=clock.at))
        stack.enter_context(aws_environment(world.credentials()))
        slack = stack.enter_context(
            Workspace(now=clock, ack_seconds=PATIENCE_SECONDS, trigger_seconds=PATIENCE_SECONDS)
        )
        settings = load(
            {
                "SLACK_BOT_TOKEN": slack.bot_token,
                "SLACK_APP_TOKEN": slack.app_token,
                "DATABASE_URL": f"sqlite:///{folder}/incident.db",
            },
            {
                **read(world),
                "thresholds": {"hold": "2m", "recover": "3m"},
                # Thousands of pods take a slow machine longer than an answer waits for them.
                "kubernetes": {"timeout": "9s", "most_pods": 1_000},
                "slack": {"api_url": slack.api_url},
                "watches": [{"channel": slack.channel(ALERTS), "scope": f"subnet:{SUBNET}"}],
                **more(slack),
            },
        )
        parts = Parts(
            settings, now=clock, past=lambda store: give_past(store, world.spaces(), clock.at), timer=clock.seconds
        )
        stack.callback(parts.close)
        parts.facts.feed()
        store = parts.store
        # Without the words that work goes on: how soon an answer comes is no part of the script.
        app = build_app(
            settings, parts.answer, store.first_time, clock, services=parts.services, visible_waits=(), private_waits=()
        )
        stack.callback(app.close)
        monitor = Monitor(parts.reader, store, settings, clock, on_inventory=parts.facts.put)
        delivery = Delivery(
            store=store,
            client=app.client,
            card=Cards(store, settings, clock, parts.facts.known).message,
            now=clock,
            owner="incident",
            ticks=clock.seconds,
            jitter=lambda: 0.0,
        )
        boards = Boards(app.client, parts.services, clock)
        sockets = SocketRunner(
            app.bolt, app_token=slack.app_token, api_url=slack.api_url, sockets=settings.slack.sockets
        )
        sockets.start()
        stack.callback(sockets.stop)
        sockets.wait_connected(timedelta(seconds=PATIENCE_SECONDS))
        monitor.poll()
        yield Stage(
            world=world,
            slack=slack,
            parts=parts,
            app=app,
            monitor=monitor,
            delivery=delivery,
            boards=boards,
            clock=clock,
        )
