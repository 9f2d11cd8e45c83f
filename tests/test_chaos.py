"""Alert episodes while the bot is killed and everything around it breaks: each is told once, none is lost."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest
from chaos.plan import Break, Database, Episode, Kill, Plan, Target, Trouble, plan
from chaos.site import Report, site
from chaos.verdict import Verdict, verdict

LIMIT_SECONDS = 400.0
"""How long a run may take: many times what it takes on an idle machine."""


SMALL = plan(6, "small", episodes=27, kills=5, troubles=12, seconds=12.0, lives=(0.5, 3.0), lingers=6.0)
"""27 episodes, five SIGKILLs, and faults of Slack, AWS, the database and the clock, by one seed."""

TAKEOVER = Plan(
    name="takeover",
    database=Database.POSTGRESQL,
    replicas=2,
    reads_history=True,
    fleet=plan(1, "takeover", episodes=6, kills=0, troubles=0, seconds=1.0).fleet,
    episodes=tuple(
        Episode(region="eu-west-1", number=number, falls_at=float(number), leaves_ips=2, lingers=6.0)
        for number in range(6)
    ),
    troubles=(
        Trouble(at=0.0, what=Break.SLACK_LOSES, method="chat.postMessage", amount=2, lasts=0.0),
        Trouble(at=10.0, what=Break.DATABASE_AWAY, method="", amount=1, lasts=2.0),
    ),
    kills=(Kill(target=Target.LEADER, after=5.0, pause=10 * LIMIT_SECONDS),),
)
"""The leader is killed in the middle of alerts and never comes back; PostgreSQL restarts under the other."""


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Report]:
    """What came of both plans, which run side by side; fails when one lost something, said it twice, or is not over."""
    folder, both = tmp_path_factory.mktemp("chaos"), (SMALL, TAKEOVER)
    with ExitStack() as stack:
        # One after the other: Alembic's context is one for the whole process.
        sites = [stack.enter_context(site(one, folder)) for one in both]
        pool = stack.enter_context(ThreadPoolExecutor(len(sites)))
        found = list(pool.map(lambda one: one.run(LIMIT_SECONDS), sites))
    for report in found:
        logs = {file.name: file.read_text()[-4_000:] for file in (folder / report.plan.name).glob("*.log")}
        assert report.timed_out == "", logs
        assert report.verdict == Verdict(lost=(), unresolved=(), doubled=(), split=()), logs
    return {report.plan.name: report for report in found}


@pytest.mark.story
@pytest.mark.timeout(480)
def test_episodes_are_told_once_each_while_the_bot_is_killed_and_everything_around_it_breaks(
    reports: Mapping[str, Report],
) -> None:
    report = reports["small"]
    assert (len(report.plan.episodes), report.kills, sum(report.troubles.values())) == (27, 5, 12)


@pytest.mark.story
@pytest.mark.timeout(480)
def test_the_other_replica_ends_what_a_killed_leader_began_and_posts_nothing_twice(
    reports: Mapping[str, Report],
) -> None:
    report = reports["takeover"]
    assert (report.kills, report.other_ends) == (1, 0)


def test_a_seed_gives_the_same_plan_each_time_and_another_seed_another() -> None:
    first, again, other = (plan(seed, "one", episodes=40, kills=5, troubles=30, seconds=60.0) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def _card(alert_id: int, text: str, **more: Any) -> dict[str, Any]:
    payload = {"event_type": "eksip_alert", "event_payload": {"alert_id": str(alert_id)}}
    return {"bot_id": "B1", "text": text, "metadata": payload, **more}


OVER = "[RESOLVED] Low IPs in subnet-a"


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        pytest.param(
            [_card(7, "[RESOLVED] 6 subnets", blocks=[{"text": "+1 more, all resolved"}])],
            Verdict(lost=(), unresolved=(), doubled=(), split=()),
            id="counted on a card with many",
        ),
        pytest.param(
            [_card(7, "[RESOLVED] 5 subnets"), _card(8, "[RESOLVED] 6 subnets", blocks=[{"text": "+1 more"}])],
            Verdict(lost=("subnet-a",), unresolved=(), doubled=(), split=()),
            id="on a card that does not count it",
        ),
        pytest.param([_card(1, OVER)], Verdict(lost=(), unresolved=(), doubled=(), split=()), id="once and over"),
        pytest.param([], Verdict(lost=("subnet-a",), unresolved=(), doubled=(), split=()), id="lost"),
        pytest.param(
            [{"text": OVER}], Verdict(lost=("subnet-a",), unresolved=(), doubled=(), split=()), id="a person's words"
        ),
        pytest.param(
            [_card(1, "[FIRING] Low IPs in subnet-a")],
            Verdict(lost=(), unresolved=("subnet-a",), doubled=(), split=()),
            id="never over",
        ),
        pytest.param(
            [_card(1, OVER), _card(1, OVER)],
            Verdict(lost=(), unresolved=(), doubled=('eksip_alert:{"alert_id": "1"}',), split=()),
            id="one card twice",
        ),
        pytest.param(
            [_card(1, OVER), _card(2, OVER)],
            Verdict(lost=(), unresolved=(), doubled=(), split=("subnet-a",)),
            id="two cards of one subnet",
        ),
        pytest.param(
            [_card(1, "[RESOLVED] 2 subnets", blocks=[{"text": "subnet-a"}])],
            Verdict(lost=(), unresolved=(), doubled=(), split=()),
            id="on a card with others",
        ),
    ],
)
def test_the_verdict_sees_what_is_lost_what_never_ends_and_what_is_there_twice(
    messages: list[dict[str, Any]], expected: Verdict
) -> None:
    assert verdict(messages, ["subnet-a"], {"7": ["subnet-a"]}) == expected
