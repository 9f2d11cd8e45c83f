"""Killed between saving an alert and telling Slack of it, and again while it tells, the bot tells it, and once."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from chaos.databases import Ledger
from chaos.plan import SINGLE
from chaos.replica import Replica
from chaos.site import CHANNEL, FACTS, FREE_IPS
from endpoint.plan import AccountPlan, Fleet, RegionPlan, account_id
from endpoint.server import Endpoint

from bot.demo.workspace import Workspace
from bot.store import upgrade

pytestmark = [pytest.mark.story, pytest.mark.timeout(240)]

FLEET = Fleet(
    accounts=(
        AccountPlan(
            account_id=account_id(0),
            name="shop",
            regions=(RegionPlan(region=SINGLE, subnets=3, interfaces=0, clusters=1),),
        ),
    ),
    offered=(SINGLE,),
)


@dataclass
class Scene:
    """A bot in a process of its own between an AWS with one empty subnet, a local Slack and a SQLite file."""

    slack: Workspace
    bot: Replica
    ledger: Ledger
    subnet_id: str

    def waiting(self) -> int:
        """How many versions of cards wait to be sent."""
        rows = self.ledger.rows("SELECT count(*) FROM outbox WHERE state = 'new'")
        return -1 if rows is None else int(rows[0][0])

    def cards(self) -> list[str]:
        """What the channel shows of the subnet."""
        messages = self.slack.messages(CHANNEL)
        return [message["text"] for message in messages if self.subnet_id in json.dumps(message)]

    def until(self, condition: Callable[[], bool], seconds: float = 120) -> None:
        """Keep the bot running until the condition holds."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "it did not come to that in time"
            self.bot.tend()
            time.sleep(0.05)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """The subnet is empty before the bot is started for the first time."""
    address = f"sqlite:///{tmp_path}/eksip.db"
    upgrade(address)
    (tmp_path / "clock").write_text("0")
    with Endpoint(FLEET) as endpoint, Workspace(ack_seconds=30) as slack:
        subnet_id = endpoint.subnet_ids(FLEET.management_id, SINGLE)[0]
        endpoint.take(subnet_id, FREE_IPS)
        given = {
            "environ": {
                "SLACK_BOT_TOKEN": slack.bot_token,
                "SLACK_APP_TOKEN": slack.app_token,
                "DATABASE_URL": address,
                "PORT": "0",
            },
            "facts": {
                **FACTS,
                "slack": {"api_url": slack.api_url},
                "aws": {"regions": [SINGLE], "calls_per_second": 20},
                "watches": [{"channel": slack.channel(CHANNEL), "scope": f"subnet:{subnet_id}"}],
            },
            "aws": endpoint.environment,
            "clock": str(tmp_path / "clock"),
        }
        made = Scene(
            slack=slack,
            bot=Replica(given, tmp_path / "bot.log"),
            ledger=Ledger(address),
            subnet_id=subnet_id,
        )
        yield made
        made.bot.close()
        made.ledger.close()


def test_an_alert_survives_a_kill_before_it_is_told_and_another_while_it_is_told(scene: Scene) -> None:
    """Slack refuses until the first kill; it accepts a post whose reply the second process never sees."""
    scene.slack.faults.server_error("chat.postMessage", times=1_000)
    scene.until(lambda: scene.waiting() > 0)
    scene.bot.kill()
    assert scene.cards() == []

    scene.slack.faults.reset()
    scene.slack.faults.slow("chat.postMessage", 60)
    scene.until(lambda: len(scene.cards()) > 0)
    scene.bot.kill()

    scene.slack.faults.reset()
    scene.until(lambda: scene.waiting() == 0)
    assert len(scene.cards()) == 1
    assert scene.bot.kills == 2
