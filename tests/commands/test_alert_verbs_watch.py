"""`watch` and its company: the test message in a local Slack, what narrows a watch, and what broken channels show."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from builders import LIMITS, cluster, inventory, region_facts, subnet
from stored_alerts import FIRING

from bot.alerts import Severity
from bot.asking.command import Request, Surface
from bot.commands import dispatch
from bot.config import load
from bot.demo.workspace import Workspace
from bot.facts import Facts
from bot.message import Message
from bot.monitor.audience import NOT_LOW_ENOUGH, OTHER_SEVERITY, Audience, listeners
from bot.services import Services
from bot.slack.delivery import Delivery
from bot.slack.incoming import Identity
from bot.slack.people import People
from bot.slack.sending import write_client
from bot.store import Store, open_store


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 (the sender and the local Slack run on the real clock)


def never() -> Any:
    raise AssertionError("these verbs need no AWS")


FOUND = inventory(
    region_facts(subnet("subnet-1", name="private-1a"), clusters=(cluster("prod-eu", ("subnet-1",)),)),
)


@dataclass
class Desk:
    """A workspace, the store, and the sender between them."""

    store: Store
    workspace: Workspace

    def ask(self, text: str, channel: str = "ops", surface: Surface = Surface.SLASH) -> Message:
        """The answer to Ana in a channel."""
        facts = Facts(reader=never, stored=lambda: None, now=_now, poll=timedelta(days=9999))
        facts.put(FOUND)
        services = Services(
            settings=load({}, {}),
            now=_now,
            facts=lambda: facts,
            reader=never,
            store=lambda: self.store,
            stored=lambda: self.store,
            history=lambda: self.store,
            knowledge=never,
        )
        channel_id = self.workspace.channel(channel)
        request = Request(text=text, surface=surface, user_id="U0ANAANA0", user_name="Ana", channel_id=channel_id)
        return dispatch(request, services)

    def texts(self, channel: str = "ops") -> list[str]:
        """What the bot posted in a channel."""
        return [message["text"] for message in self.workspace.messages(channel) if message.get("bot_id")]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    store = open_store(f"sqlite:///{tmp_path}/eksip.db")
    stop = threading.Event()
    with Workspace() as workspace:
        workspace.add_channel("platform")
        sender = Delivery(
            store=store,
            client=write_client(workspace.bot_token, workspace.api_url),
            card=lambda _item: None,
            now=_now,
            owner="test",
        )
        thread = threading.Thread(target=sender.run, args=(stop,), daemon=True)
        thread.start()
        yield Desk(store=store, workspace=workspace)
        stop.set()
        thread.join(timeout=30)
    store.close()


@pytest.mark.timeout(60)
def test_watch_posts_a_test_message_first_and_says_that_it_is_there(desk: Desk) -> None:
    message = desk.ask("watch cluster:prod-eu below=10% severity=critical quiet=22:00-07:00@Europe/Berlin")

    assert message.failure is None, message.text
    assert "A test message is there." in str(message.parts)
    assert desk.texts() == ["Test: alerts of prod-eu will be posted here (asked for by Ana)."]
    (watch,) = desk.store.watches()
    assert (watch.severities, watch.below_pct, watch.below_ips) == ((Severity.CRITICAL,), 10, None)
    assert watch.quiet is not None
    assert (watch.quiet.zone, watch.quiet.starts, watch.quiet.ends) == (ZoneInfo("Europe/Berlin"), time(22), time(7))
    shown = str(desk.ask("watching").parts)
    assert "critical only, below 10%, quiet 22:00-07:00@Europe/Berlin" in shown


@pytest.mark.timeout(60)
def test_a_channel_that_slack_refuses_is_not_watched_and_the_answer_says_what_to_do(desk: Desk) -> None:
    desk.workspace.remove("platform")

    message = desk.ask("watch prod-eu", "platform")

    assert message.failure is not None
    assert "not_in_channel" in message.text
    assert "`/invite @eksip`" in message.text
    assert desk.store.watches() == ()
    assert desk.store.broken_channels() == ()

    desk.workspace.invite("platform")
    assert desk.ask("watch prod-eu", "platform").failure is None
    assert len(desk.texts("platform")) == 1


@pytest.mark.timeout(60)
def test_another_channel_is_named_by_the_id_that_slack_puts_in(desk: Desk) -> None:
    there = desk.workspace.channel("platform")
    assert desk.ask(f"watch prod-eu <#{there}|platform>").failure is None
    assert [watch.channel for watch in desk.store.watches()] == [there]
    assert desk.ask("watch prod-eu #platform").failure is not None
    assert len(desk.texts("platform")) == 1


def test_a_broken_channel_shows_since_when_and_why(desk: Desk) -> None:
    desk.ask("watch prod-eu")  # waits until its test message is sent, which would mend the channel
    at = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
    desk.store.break_channel(desk.workspace.channel("ops"), "is_archived", at, {})

    found = desk.ask("watching")

    assert "Slack refuses its messages (is_archived)" in found.text
    rows: Any = found.answer["watches"]
    assert [(row["broken_since"], row["broken_reason"]) for row in rows] == [("2026-11-23T09:30:00Z", "is_archived")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("watch prod-eu below=lots", "no threshold", id="below"),
        pytest.param("watch prod-eu below=0%", "no threshold", id="below nothing"),
        pytest.param("watch prod-eu severity=bad", "no severity", id="severity"),
        pytest.param("watch prod-eu quiet=night", "no hours", id="quiet"),
        pytest.param("watch prod-eu quiet=22:00-07:00@Mars/Base", "no time zone", id="zone"),
        pytest.param("watch", "Say what to watch", id="nothing"),
        pytest.param("unwatch prod-eu", "does not watch", id="not watched"),
    ],
)
def test_what_cannot_be_read_is_said_and_nothing_is_posted(desk: Desk, text: str, said: str) -> None:
    found = desk.ask(text)
    assert found.failure is not None
    assert said in found.text
    assert desk.store.watches() == ()
    assert desk.texts() == []


def test_thresholds_and_severities_of_a_watch_decide_what_its_channel_hears(desk: Desk) -> None:
    desk.ask("watch prod-eu below=20ips severity=critical", surface=Surface.ASK)
    every = listeners(desk.store.watches(), (), FOUND)
    audience = Audience(every, FOUND, {found.subnet_id: found for found in FOUND.subnets}, limits=LIMITS)
    ops = desk.workspace.channel("ops")
    low = replace(FIRING, worst_value=12, capacity=251)

    heard = [
        dict(audience.channels(alert)).get(ops)
        for alert in (low, replace(low, worst_value=25), replace(low, severity=Severity.WARNING))
    ]

    assert heard == ["", NOT_LOW_ENOUGH, OTHER_SEVERITY]


@pytest.mark.timeout(60)
def test_people_are_known_by_name_zone_and_user_group_and_an_unreadable_group_has_no_members(desk: Desk) -> None:
    ana = desk.workspace.user("ana")
    group = desk.workspace.add_usergroup("oncall", ["ana"])
    client = write_client(desk.workspace.bot_token, desk.workspace.api_url)
    identity = Identity(team_id=desk.workspace.team_id, bot_user_id=desk.workspace.bot_user_id)

    found = People(client, identity, [group, "S0UNKNOWN0"]).person(ana)
    other = People(client, identity, [group]).person(desk.workspace.user("ben"))

    assert found.groups == {group}
    assert found.name
    assert other.groups == frozenset()


def test_a_watch_says_when_its_channel_hears_of_a_subnet(desk: Desk) -> None:
    earlier = desk.ask("watch prod-eu below=20%", surface=Surface.ASK)
    assert "A subnet is told of below 20%, instead of under 10% free or fewer than 8 addresses" in str(earlier.parts)
    other = desk.ask("watch all", surface=Surface.ASK)
    assert "A subnet is low under 10% free" in str(other.parts)
