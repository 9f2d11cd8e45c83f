"""`subnet X` tells what breaks up the blocks, and what to drain first, where that matters."""

from collections.abc import Iterator
from typing import Any

import pytest

from bot.answers.registry import ANSWERS
from bot.asking.command import Request, Surface
from bot.console.render import plain
from bot.message import Bullets, Message
from bot.slack.render import render
from bot.wiring import Parts
from bot.wiring.parts import demo_estate

TITLE = "What breaks up the blocks"


@pytest.fixture(scope="module")
def parts() -> Iterator[Parts]:
    with demo_estate() as found:
        bot = Parts(found.settings)
        yield bot
        bot.close()


def ask(parts: Parts, text: str) -> Message:
    message = parts.answer(Request(text=text, surface=Surface.ASK))
    assert message.failure is None, message.text
    ANSWERS[message.command.partition(" ")[0]].model_validate(dict(message.answer))
    return message


def answer(parts: Parts, text: str) -> dict[str, Any]:
    return dict(ask(parts, text).answer)


def breaking(message: Message) -> list[str]:
    """The lines of the part, as plain words; none without the part."""
    found = [part for part in message.parts if isinstance(part, Bullets) and part.title == TITLE]
    return [
        "".join(span if isinstance(span, str) else getattr(span, "text", "") for span in line)
        for part in found
        for line in part.items
    ]


def test_nodes_still_on_single_addresses_are_named_as_what_breaks_the_blocks(parts: Parts) -> None:
    """prod-us is in prefix mode; its nodes older than the change keep single addresses and leave no free /28."""
    message = ask(parts, "subnet pods-use1a")
    lines = breaking(message)

    assert lines[0].startswith("218 blocks nodes prod-us/legacy (16 ENIs): drain and replace")
    drained = next(line for line in lines if line.startswith("Drain first: i-"))
    assert "whole again" in drained
    assert "create-subnet-cidr-reservation" in drained
    assert render(message)
    assert "pods-use1a · no free /28 · 3,335 of 4,091" in plain(message).splitlines()[0]


def test_the_interfaces_that_break_blocks_alone_come_in_the_json_most_first(parts: Parts) -> None:
    found = answer(parts, "subnet pods-use1a")
    nodes = [item["blocks"] for item in found["fragmenters"] if item["kind"] == "node"]

    assert nodes == sorted(nodes, reverse=True)
    assert nodes[0] > 1
    assert sum(item["blocks"] for item in found["fragmenters"]) <= found["fragmented_blocks"] + found["full_blocks"]
    assert {item["owner"] for item in found["fragmenters"]} == {"prod-us/legacy", "prod-us/apps"}


def test_services_come_after_nodes_in_the_json(parts: Parts) -> None:
    kinds = [item["kind"] for item in answer(parts, "subnet pods-use1b")["fragmenters"]]

    assert "lambda" in kinds
    assert "node" in kinds
    assert kinds.index("lambda") > max(index for index, kind in enumerate(kinds) if kind == "node")


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("pods-use1b", id="213 blocks are free for nodes in prefix mode, a few are broken"),
        pytest.param("edge-1a", id="single addresses, no prefix mode, blocks are free"),
        pytest.param("eks-control-1b", id="a /28 has no block at all"),
    ],
)
def test_nothing_is_said_where_broken_blocks_trouble_nobody(parts: Parts, name: str) -> None:
    assert breaking(ask(parts, f"subnet {name}")) == []


def test_where_many_nodes_share_the_blocks_no_drain_is_advised(parts: Parts) -> None:
    lines = breaking(ask(parts, "subnet subnet:" + _id(parts, "private-1a", "prod-eu")))

    assert not [line for line in lines if line.startswith("Drain first")]
    assert lines[-1].startswith("Draining a few nodes frees too little")


def _id(parts: Parts, name: str, cluster: str) -> str:
    rows = answer(parts, f"status cluster:{cluster}")["subnets"]
    (found,) = [str(row["subnet_id"]) for row in rows if row["name"] == name]
    return found
