"""Live boards: posted once, edited in place, closed with a summary, and ended when their message or channel is gone."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from estate_bot import estate, press, put_read
from running import running
from stored_alerts import FIRING, save_steps

from bot.alerts import Severity, Step, Transition, Unit
from bot.asking.command import Request, Surface
from bot.commands import dispatch
from bot.commands.board import MOST, MOST_HERE
from bot.config import load
from bot.demo.workspace import Workspace, problems
from bot.message import Message
from bot.slack.boards import Boards
from bot.slack.sending import write_client
from bot.store import Board
from bot.wiring import Parts

pytestmark = pytest.mark.timeout(180)

MINUTE = timedelta(minutes=1)
START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@dataclass(kw_only=True)
class BoardDesk:
    """A store with facts, a workspace, and the runner between them, on one clock."""

    slack: Workspace
    parts: Parts
    at: datetime = START
    free: int = 203

    def __post_init__(self) -> None:
        self.runner = self.process()
        self.read(203)

    def now(self) -> datetime:
        """The one clock."""
        return self.at

    def process(self) -> Boards:
        """A runner as a newly started process has it."""
        client = write_client(self.slack.bot_token, self.slack.api_url)
        return Boards(client, self.parts.services, lambda: self.at)

    def read(self, free: int) -> None:
        """AWS was read: so many addresses are free in the first subnet."""
        put_read(self.parts, estate(self.at, free=free))

    def ask(self, text: str, channel: str = "ops") -> Message:
        """The answer to a command in a channel."""
        request = Request(
            text=text, surface=Surface.SLASH, user_id=self.slack.user("ana"), channel_id=self.slack.channel(channel)
        )
        return dispatch(request, self.parts.services)

    def step(self, ahead: timedelta = timedelta(), free: int | None = None) -> int:
        """One round of the runner after this time, and after this was read."""
        self.at += ahead
        if free is not None:
            self.read(free)
        return self.runner.step()

    def posts(self, channel: str = "ops") -> list[dict[str, Any]]:
        """The bot's messages."""
        return [message for message in self.slack.messages(channel) if message.get("bot_id")]

    def running(self) -> tuple[Board, ...]:
        """The boards that run."""
        return self.parts.store.boards()

    def calls(self, method: str) -> int:
        """How many calls of a method Slack got."""
        return sum(call.method == method for call in self.slack.calls)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[BoardDesk]:
    with Workspace() as slack:
        moment = [START]
        parts = Parts(
            load({"DATABASE_URL": f"sqlite:///{tmp_path}/eksip.db"}, {}), now=lambda: made.at if made else moment[0]
        )
        parts.facts.feed()
        made: BoardDesk | None = None
        made = BoardDesk(slack=slack, parts=parts)
        yield made
        parts.close()


def test_a_board_is_posted_once_and_edited_every_minute(desk: BoardDesk) -> None:
    answer = desk.ask("board prod-eu 2h")
    assert answer.ok, answer.text
    desk.step()
    (message,) = desk.posts()
    assert problems(message) == []
    assert "3,323 of 8,182" in str(message["blocks"])
    assert "Since" not in str(message["blocks"])
    assert str(message["blocks"]).count("`eksip ") == 1
    assert desk.step(timedelta(seconds=30), free=150) == 0
    assert desk.step(timedelta(seconds=31)) == 1
    (edited,) = desk.posts()
    assert edited["ts"] == message["ts"]
    assert "3,270 of 8,182" in str(edited["blocks"])
    assert "−53" in str(edited["blocks"])
    assert (desk.calls("chat.postMessage"), desk.calls("chat.update")) == (1, 1)


def test_a_board_shows_the_pace_once_it_ran_for_a_while(desk: BoardDesk) -> None:
    desk.ask("board prod-eu 2h")
    desk.step()
    desk.step(30 * MINUTE, free=103)
    assert "−200 an hour" in str(desk.posts()[0]["blocks"])


def test_a_board_lists_alerts_with_their_rule_the_worst_first(desk: BoardDesk) -> None:
    desk.ask("board prod-eu 2h")
    mine = replace(FIRING, scope_key="subnet:subnet-0aaaaaaaaaaaaaaa1")
    alerts = (
        replace(mine, severity=Severity.WARNING, rule="no_free_blocks", unit=Unit.BLOCKS, value=2, capacity=254),
        replace(mine, rule="nodes_do_not_fit", unit=Unit.NODES, value=2, capacity=None),
        mine,
    )
    save_steps(desk.parts.store, [Step(alert=each, transition=Transition.OPENED) for each in alerts], {}, desk.at)
    desk.step()
    shown = str(desk.posts()[0]["blocks"])
    lines = [
        "`1003` private-1a firing: Low IPs, 203 of 4,091 free, 5%",
        "`1002` private-1a firing: Few more nodes fit, 2",
        "`1001` private-1a firing: Few /28 blocks, 2 of 254 /28 blocks free",
    ]
    places = [shown.find(line) for line in lines]
    assert -1 not in places, shown
    assert places == sorted(places)


def test_a_board_closes_with_a_summary(desk: BoardDesk) -> None:
    desk.ask("board prod-eu 10m")
    desk.step()
    (saved,) = save_steps(
        desk.parts.store,
        [
            Step(
                alert=replace(FIRING, scope_key="subnet:subnet-0aaaaaaaaaaaaaaa1", active_at=desk.at),
                transition=Transition.OPENED,
            )
        ],
        {},
        desk.at,
    )
    assert saved.alert is not None
    desk.step(3 * MINUTE, free=41)
    assert str(saved.alert.alert_id) in str(desk.posts()[0]["blocks"])
    desk.step(3 * MINUTE, free=900)
    desk.step(5 * MINUTE)
    (message,) = desk.posts()
    shown = str(message["blocks"])
    assert "Board ended" in shown
    assert "began with 3,323" in shown
    assert "3,161" in shown
    assert str(saved.alert.alert_id) in shown
    assert problems(message) == []
    assert press(message, "Again, 2 h")
    assert desk.running() == ()
    assert desk.step(10 * MINUTE) == 0


def test_a_board_survives_a_restart(desk: BoardDesk) -> None:
    desk.ask("board prod-eu 2h")
    desk.step()
    desk.runner = desk.process()
    desk.step(2 * MINUTE, free=120)
    (message,) = desk.posts()
    assert "3,240" in str(message["blocks"])


def test_two_processes_edit_a_board_once(desk: BoardDesk) -> None:
    desk.ask("board prod-eu 2h")
    other = desk.process()
    assert desk.step() + other.step() == 1
    assert len(desk.posts()) == 1


def test_a_board_asked_for_again_runs_longer_and_is_not_posted_again(desk: BoardDesk) -> None:
    desk.ask("board prod-eu 1h")
    desk.step()
    desk.ask("board prod-eu 4h")
    desk.step(2 * MINUTE)
    assert len(desk.posts()) == 1
    assert desk.running()[0].ends_at == START + timedelta(hours=4)


def test_board_stop_ends_the_channels_boards_with_their_summaries(desk: BoardDesk) -> None:
    desk.ask("board prod-eu 2h")
    desk.ask("board dev-eu 2h", "platform-alerts")
    desk.step()
    answer = desk.ask("board stop")
    assert "1 board" in answer.text
    desk.step(timedelta(seconds=1))
    assert "Board ended" in str(desk.posts()[0]["blocks"])
    assert [board.label for board in desk.running()] == ["dev-eu"]
    assert "No board" in desk.ask("board stop").text


def test_a_deleted_board_stays_deleted(desk: BoardDesk) -> None:
    desk.ask("board prod-eu 2h")
    desk.step()
    desk.slack.delete(channel="ops", ts=desk.posts()[0]["ts"])
    desk.step(2 * MINUTE)
    assert desk.posts() == []
    assert desk.running() == ()


@pytest.mark.parametrize(
    "error",
    [
        pytest.param("is_archived", id="archived"),
        pytest.param("channel_not_found", id="made private"),
        pytest.param("cant_update_message", id="no longer its own"),
    ],
)
def test_a_board_whose_channel_is_gone_ends(desk: BoardDesk, error: str) -> None:
    desk.ask("board prod-eu 2h")
    desk.step()
    desk.slack.faults.error("chat.update", error, times=9)
    desk.step(2 * MINUTE)
    assert desk.running() == ()
    assert desk.calls("chat.update") == 1


def test_a_board_that_cannot_be_posted_ends_and_is_not_tried_for_ever(desk: BoardDesk) -> None:
    desk.slack.faults.error("chat.postMessage", "not_in_channel", times=9)
    desk.ask("board prod-eu 2h")
    desk.step()
    desk.step(5 * MINUTE)
    assert desk.calls("chat.postMessage") == 1
    assert desk.running() == ()


def test_slack_that_asks_to_wait_is_obeyed(desk: BoardDesk) -> None:
    desk.ask("board prod-eu 2h")
    desk.step()
    desk.slack.faults.rate_limit("chat.update", retry_after=240, times=1)
    desk.step(2 * MINUTE)
    assert desk.step(3 * MINUTE) == 0
    assert desk.step(2 * MINUTE, free=99) == 1
    assert "3,219" in str(desk.posts()[0]["blocks"])


def test_slack_that_is_away_costs_a_board_nothing_but_time(desk: BoardDesk) -> None:
    desk.ask("board prod-eu 2h")
    desk.step()
    desk.slack.faults.server_error("chat.update", times=2)
    desk.step(2 * MINUTE)
    desk.step(2 * MINUTE)
    desk.step(2 * MINUTE, free=99)
    assert "3,219" in str(desk.posts()[0]["blocks"])


def test_a_board_whose_first_reply_was_lost_is_found_again_and_not_posted_twice(desk: BoardDesk) -> None:
    """Slack took the post, the connection broke: the channel's history tells, by the board's mark."""
    desk.at = datetime.now(UTC) - MINUTE  # noqa: TID251 (the workspace stamps its messages by the real clock)
    desk.read(203)
    desk.slack.faults.lose_reply("chat.postMessage")
    desk.ask("board prod-eu 2h")
    desk.step()
    assert [desk.running()[0].posted_ts, len(desk.posts())] == ["", 1]
    desk.step(2 * MINUTE, free=150)
    (message,) = desk.posts()
    assert desk.running()[0].posted_ts == message["ts"]
    assert "3,270 of 8,182" in str(message["blocks"])


def test_a_board_is_posted_late_where_slack_was_away_at_first(desk: BoardDesk) -> None:
    desk.slack.faults.server_error("chat.postMessage", times=1)
    desk.ask("board prod-eu 2h")
    desk.step()
    assert desk.posts() == []
    desk.step(2 * MINUTE)
    assert len(desk.posts()) == 1


def test_a_scope_that_is_no_longer_known_ends_the_board_with_the_reason(desk: BoardDesk) -> None:
    desk.ask("board dev-eu 2h")
    desk.step()
    known = estate(desk.at)
    desk.parts.facts.put(replace(known, regions=known.regions[:1]))
    desk.step(2 * MINUTE)
    assert "ended early" in str(desk.posts()[0]["blocks"])
    assert desk.running() == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("board prod-eu 1m", "5 min to", id="too short"),
        pytest.param("board prod-eu 48h", "to 1 d", id="too long"),
        pytest.param("board prod-xx", "prod-eu", id="unknown scope"),
    ],
)
def test_a_board_that_cannot_be_is_explained(desk: BoardDesk, text: str, said: str) -> None:
    answer = desk.ask(text)
    assert not answer.ok
    assert said in answer.text + " ".join(answer.failure.suggestions if answer.failure else ())
    assert desk.running() == ()


def test_a_channel_and_the_workspace_have_room_for_so_many_boards(desk: BoardDesk) -> None:
    scopes = ("prod-eu", "dev-eu", "private-1a", "private-1b")
    answers = [desk.ask(f"board {scope} 20h") for scope in scopes]
    assert [answer.ok for answer in answers] == [True] * MOST_HERE + [False]
    for number in range(MOST):
        name = f"room-{number}"
        desk.slack.add_channel(name)
        desk.at += timedelta(seconds=10)
        desk.ask("board prod-eu 20h", name)
    assert len(desk.running()) == MOST


def test_boards_are_listed(desk: BoardDesk) -> None:
    assert "No board" in desk.ask("board").text
    desk.ask("board prod-eu")
    assert "1 board" in desk.ask("board").text


def test_a_board_shows_only_what_its_channel_may_see(tmp_path: Path) -> None:
    """A channel that was limited after its board began loses the board, not the secret."""
    with Workspace() as slack:
        environ = {"DATABASE_URL": f"sqlite:///{tmp_path}/eksip.db"}
        may = {"access": {"channels_may": [{"channel": "*", "scopes": ["cluster:dev-eu"]}]}}
        parts = Parts(load(environ, may), now=lambda: START)
        parts.facts.feed()
        desk = BoardDesk(slack=slack, parts=parts)
        parts.store.open_board(
            channel=slack.channel("ops"),
            scope="cluster:111122223333/eu-west-1/prod-eu",
            label="prod-eu",
            created_by="U1",
            now=START,
            ends_at=START + timedelta(hours=1),
        )
        desk.step()
        assert desk.posts() == []
        assert desk.running() == ()
        parts.close()


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_the_served_bot_posts_a_board_that_was_asked_for() -> None:
    """The runner is started with everything else of `serve`."""
    with running() as bot:
        bot.slack.slash("board prod-eu 2h")
        found = bot.slack.wait_for(
            lambda: [m for m in bot.slack.messages("ops") if m["text"].startswith("Live board")], timeout=50
        )
        assert problems(found[0]) == []
