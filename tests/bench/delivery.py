"""The outbox in `make bench`: 5,000 queued alerts drained in order within Slack's limits, on a clock of its own.

The clock moves only when nothing may be sent, so the drain takes as long as the limits make it take and no longer.
"""

import time
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event

from delivering import Clock, Desk
from stored_alerts import FIRING, save_steps

from bot.alerts import Severity, Step, Transition
from bot.demo.workspace import Workspace
from bot.demo.workspace.ratelimits import RateLimits
from bot.slack.pace import CHANNEL_RATE, WORKSPACE_RATE
from bot.slack.sending import write_client
from bot.store import open_store

from .table import row

MESSAGES = 5_000
CHANNELS = 50
CALLS = 200
TICK = timedelta(seconds=2.5)
"""How far the clock moves when nothing may be sent: the time in which the workspace's bucket gains ten tokens."""

_START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drain:
    """What a drain took: seconds of work, and seconds of the limits' own time."""

    worked_seconds: float
    lasted_seconds: float


def measure() -> None:
    """Print the rows; raises AssertionError when a message is lost, doubled, out of order or too fast."""
    unlimited = RateLimits(posts_per_second=1e9, post_burst=10**9, minimum_burst=10**9)
    clock = Clock(at=_START)
    with TemporaryDirectory() as folder, Workspace(now=clock, rate_limits=unlimited) as slack:
        store = open_store(f"sqlite:///{Path(folder) / 'bench.db'}")
        names = [f"team-{number}" for number in range(CHANNELS)]
        ids = [slack.add_channel(name) for name in names]
        _queue(Desk(store=store, workspace=slack, clock=clock), ids)
        desk = Desk(store=store, workspace=slack, clock=clock)
        bare = _bare_call_seconds(slack)
        drain = _drain(desk)
        _check(desk, names)
        store.close()
    least = (MESSAGES - WORKSPACE_RATE.burst) / WORKSPACE_RATE.per_second
    row(f"{MESSAGES:,} queued alerts drained, {CHANNELS} channels", drain.lasted_seconds, "the workspace limit", least)
    row("one queued alert: claim, post, record", drain.worked_seconds / MESSAGES, "chat.postMessage alone", bare)


def _queue(desk: Desk, channels: list[str]) -> None:
    """Half the alerts critical and half warnings, turn by turn, round the channels."""
    severities = (Severity.WARNING, Severity.CRITICAL)
    steps = [
        Step(
            alert=replace(FIRING, scope_key=f"subnet:{n}", label=f"s{n:04}", severity=severities[n // CHANNELS % 2]),
            transition=Transition.OPENED,
        )
        for n in range(MESSAGES)
    ]
    destinations = {f"subnet:{n}": (channels[n % CHANNELS],) for n in range(MESSAGES)}
    save_steps(desk.store, steps, destinations, desk.clock())


def _bare_call_seconds(slack: Workspace) -> float:
    client = write_client(slack.bot_token, slack.api_url)
    channel = slack.channel("ops")
    started = time.perf_counter()
    for number in range(CALLS):
        client.chat_postMessage(channel=channel, text=f"message {number}")
    return (time.perf_counter() - started) / CALLS


def _drain(desk: Desk) -> Drain:
    stop = Event()
    began = desk.clock()
    started = time.perf_counter()
    while True:
        if desk.delivery.step(stop) == 0:
            if desk.depth() == 0:
                break
            desk.clock.at += TICK
    return Drain(worked_seconds=time.perf_counter() - started, lasted_seconds=(desk.clock() - began).total_seconds())


def _check(desk: Desk, names: list[str]) -> None:
    """Every alert once; criticals before warnings and each in the order they came; no channel faster than its limit."""
    for place, name in enumerate(names):
        cards = desk.cards(name)
        labels = [card["text"].split(" in ")[1].split(" ")[0] for card in cards]
        numbers = range(place, MESSAGES, CHANNELS)
        critical = [f"s{n:04}" for n in numbers if n // CHANNELS % 2]
        warnings = [f"s{n:04}" for n in numbers if not n // CHANNELS % 2]
        assert labels == critical + warnings, name
        a_second = Counter(card["ts"].partition(".")[0] for card in cards)
        assert max(a_second.values()) <= CHANNEL_RATE.burst + CHANNEL_RATE.per_second, name
