"""The verbs that read AWS, on the demo estate: figures, JSON, coverage, and what people get for unusable words."""

from collections.abc import Iterator
from typing import Any

import pytest

from bot.answers.envelope import document
from bot.answers.registry import ANSWERS
from bot.asking.command import Request, Surface
from bot.demo.workspace import problems
from bot.demo.world import World
from bot.message import Message, Visibility
from bot.slack.render import render
from bot.wiring import Parts
from bot.wiring.parts import demo_estate

CHANNEL = "C0123456789"


@pytest.fixture(scope="module")
def estate() -> Iterator[tuple[World, Parts]]:
    with demo_estate() as found:
        parts = Parts(found.settings)
        yield found.world, parts
        parts.close()


@pytest.fixture
def parts(estate: tuple[World, Parts]) -> Parts:
    return estate[1]


def ask(parts: Parts, text: str, **given: Any) -> Message:
    return parts.answer(Request(text=text, surface=Surface.ASK, **given))


def answer(parts: Parts, text: str, **given: Any) -> dict[str, Any]:
    """The command's own JSON fields, validated against its model."""
    message = ask(parts, text, **given)
    assert message.failure is None, message.text
    found = dict(message.answer)
    ANSWERS[message.command.partition(" ")[0]].model_validate(found)
    return found


def row(parts: Parts, name: str) -> dict[str, Any]:
    (found,) = [subnet for subnet in answer(parts, "status all")["subnets"] if subnet["name"] == name]
    return dict(found)


def test_status_lists_every_subnet_worst_first(parts: Parts) -> None:
    subnets = answer(parts, "status")["subnets"]
    states = [subnet["state"] for subnet in subnets]
    assert len(subnets) == 26
    assert states == sorted(states, key=["exhausted", "critical", "low", "unknown", "ok"].index)
    assert {subnet["name"] for subnet in subnets[:2]} == {"eks-control-1b", "private-1a"}


def test_a_scope_narrows_the_answer_and_what_it_rests_on(parts: Parts) -> None:
    """The blind account is missing from an answer about everything, not from one about a cluster elsewhere."""
    everything, cluster = ask(parts, "status all"), ask(parts, "status cluster:prod-eu")
    assert everything.coverage is not None
    assert cluster.coverage is not None
    assert not everything.coverage.complete
    assert "444455556666" in {spot.account_id for spot in everything.coverage.blind_spots}
    assert cluster.coverage.complete


def test_a_subnet_reserved_for_prefixes_is_not_called_low(parts: Parts) -> None:
    """EC2 counts 25 free addresses in stage-pods-1a; 847 more are kept for prefixes."""
    found = row(parts, "stage-pods-1a")
    assert (found["available_ips"], found["reserved_free_ips"], found["state"]) == (25, 847, "ok")


def test_free_addresses_without_a_free_block_are_said(parts: Parts) -> None:
    found = row(parts, "pods-use1a")
    assert found["free_blocks"] == 0
    assert found["free_ips"] > 3_000
    assert "without a free /28" in str(ask(parts, "status cluster:prod-us").verdict)


def test_the_subnet_answer_adds_up(parts: Parts) -> None:
    """Free, held and reserved addresses make the usable ones; blocks make the candidates."""
    found = answer(parts, "subnet stage-pods-1a")
    held = sum(h["addresses"] + 16 * h["prefixes"] for h in found["holders"])
    assert found["unattributed_ips"] == 0
    assert held + found["free_ips"] == found["usable_ips"]
    blocks = found["free_blocks"] + found["fragmented_blocks"] + found["full_blocks"]
    assert blocks == found["candidate_blocks"] == 1024 // 16 - 2
    assert {r["reservation_type"] for r in found["reservations"]} == {"prefix"}


def test_addresses_nobody_visible_holds_are_named_and_not_hidden(estate: tuple[World, Parts]) -> None:
    world, _ = estate
    space = world.allocator("payments-1a")
    taken = [space.take_single() for _ in range(3)]
    fresh = Parts(estate[1].settings)
    try:
        assert answer(fresh, "subnet payments-1a")["unattributed_ips"] == 3
        assert "interfaces that were not read" in str(ask(fresh, "subnet payments-1a").parts)
    finally:
        for address in taken:
            space.release([address])
        fresh.close()


def test_who_tells_kinds_owners_and_the_warm_share_where_it_is_known(parts: Parts) -> None:
    found = answer(parts, "who cluster:prod-eu")
    kinds = {holder["kind"] for holder in found["holders"]}
    assert {"node", "load_balancer", "lambda", "endpoint", "efs", "rds", "control_plane"} <= kinds
    assert "unknown" not in kinds
    assert found["warm_addresses"] > 0
    assert answer(parts, "who cluster:prod-us")["warm_addresses"] is None


def test_branch_and_trunk_interfaces_are_told_apart_from_nodes(parts: Parts) -> None:
    kinds = {holder["kind"] for holder in answer(parts, "who vpc:data-eu-vpc")["holders"]}
    assert {"trunk", "branch", "node"} <= kinds


def test_cluster_health_and_warm_addresses_come_with_the_cluster(parts: Parts) -> None:
    (cluster,) = answer(parts, "status cluster:prod-eu")["clusters"]
    assert [issue["code"] for issue in cluster["health"]] == ["InsufficientFreeAddresses"]
    assert cluster["warm_ips"] > 0
    assert cluster["prefix_mode"] is False


def test_accounts_lists_the_blind_one_with_its_reason(parts: Parts) -> None:
    message = ask(parts, "accounts")
    rows = message.answer["accounts"]
    assert isinstance(rows, list)
    blind = [r for r in rows if not r["complete"]]
    assert [r["account_id"] for r in blind] == ["444455556666"]
    assert "AssumeRole" in str(message.parts)


def test_watches_are_added_listed_and_removed(parts: Parts) -> None:
    message = ask(parts, "watch cluster:prod-eu", channel_id=CHANNEL, user_id="U1")
    assert message.visibility is Visibility.IN_CHANNEL
    assert [w["source"] for w in answer(parts, "watching", channel_id=CHANNEL)["watches"]] == ["command"]
    assert "already" in ask(parts, "watch prod-eu", channel_id=CHANNEL).text
    assert answer(parts, "unwatch prod-eu", channel_id=CHANNEL)["watches"] == []


@pytest.mark.parametrize(
    ("text", "kind", "says"),
    [
        pytest.param("frobnicate the pods", "user", "frobnicate", id="unknown verb"),
        pytest.param("status frobnicate", "user", "frobnicate", id="unknown scope"),
        pytest.param("subnet private-1b", "user", "names 2 things", id="ambiguous name"),
        pytest.param("subnet cluster:prod-eu", "user", "7 subnets", id="a cluster where a subnet belongs"),
        pytest.param("status clutser:prod-eu", "user", "cluster:prod-eu", id="misspelt kind of scope"),
        pytest.param("status vpc:prod-eu", "user", "cluster", id="wrong kind of scope"),
        pytest.param("maxpods", "user", "maxpods m5.large", id="no instance type"),
        pytest.param("maxpods x9.large", "query", "not in my offline table", id="type that is not in the table"),
        pytest.param("wach prod-eu", "user", "watch", id="write verb misspelt is not guessed"),
        pytest.param("watch prod-eu", "user", "needs a channel", id="watch outside a channel"),
        pytest.param("alerts 99999", "user", "99999", id="alert that does not exist"),
        pytest.param("status \x00\x1b[31m\x07", "user", "I know no", id="control characters"),
        pytest.param("status " + "x" * 10_000, "user", "10,007 characters", id="ten thousand characters"),
        pytest.param("status colour=red", "user", "colour", id="unknown option"),
    ],
)
def test_unusable_words_get_a_clear_answer(parts: Parts, text: str, kind: str, says: str) -> None:
    """The answer quotes what was read, stays short, is never a traceback, and Slack would take it."""
    message = ask(parts, text)
    assert message.failure is not None
    assert message.failure.kind == kind
    assert says in message.text
    assert len(message.text) < 600
    assert message.failure.reference is None
    assert problems(render(message)) == []
    assert document(message)["ok"] is False


@pytest.mark.parametrize(
    "text",
    [
        "status", "status prod-eu", "status account:stage", "status lab-vpc", "status vpc:lab", "subnet private-1a",
        "subnet edge-1a", "who prod-eu", "who all", "accounts", "alerts", "version", "help", "help status", "watching",
        "explain prefix delegation", "explain warm ip analogy", "maxpods m5.large",
        "plan +40 m5.xlarge prod-eu", "plan +40 m5.xlarge prod-eu sums", "plan prod-eu", "plan +3 m5.large data-eu",
        "upgrade prod-eu", "prefix prod-us", "prefix stage-eu", "tune data-eu", "tune prod-eu", "cidr prod-eu-vpc",
        "simulate m5.large pods=20", "simulate m5.large pods=20 mode=prefix warm-prefix=1",
        "size nodes=60 type=m5.large pods=20 zones=3", "cidr 10.0.0.0/16 100.64.0.0/16 terraform",
    ],
)  # fmt: skip
def test_every_answer_is_one_that_slack_takes(parts: Parts, text: str) -> None:
    message = ask(parts, text, channel_id=CHANNEL)
    payload = render(message, share=True)
    assert problems(payload) == []
    assert 0 < len(payload["text"]) <= 3_900


def test_names_that_would_break_a_message_are_shown_as_text(parts: Parts) -> None:
    """Subnets of the lab are called `<!channel>` and have `&<>` in their name."""
    payload = render(ask(parts, "status vpc:lab"))
    shown = str(payload)
    assert "&lt;!channel&gt;" in shown
    assert "<!channel>" not in shown


def test_ambiguous_names_offer_commands_that_work(parts: Parts) -> None:
    failure = ask(parts, "subnet private-1b").failure
    assert failure is not None
    for suggestion in failure.suggestions:
        assert ask(parts, suggestion).failure is None
