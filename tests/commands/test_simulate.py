"""`simulate TYPE pods=P …`: the figures, the pictures, words in any order, and help for what cannot be used."""

import json
from collections.abc import Mapping

import pytest

from bot.answers.capacity import SimulateAnswer
from bot.asking.command import Asked, Request
from bot.asking.grammar import parse
from bot.commands.simulate import EMPTY, USED, WARM, answer
from bot.commands.verbs import COMMANDS
from bot.config import load
from bot.errors import QueryError, UserError
from bot.message import Bullets, Button, Code, Context, Controls, Message, Tone
from bot.services import Services
from bot.wiring.parts import Parts

SERVICES: Services = Parts(load({}, {})).services


def simulate(text: str) -> Message:
    """The answer to `simulate TEXT`, read by the real grammar."""
    asked = parse(f"simulate {text}", COMMANDS)
    return answer(asked, Request(text=f"simulate {text}"), SERVICES)


def refused(text: str) -> UserError:
    with pytest.raises(UserError) as caught:
        simulate(text)
    return caught.value


def code(message: Message) -> Code:
    (found,) = (part for part in message.parts if isinstance(part, Code))
    return found


def small_print(message: Message) -> str:
    lines = [line for part in message.parts if isinstance(part, Context) for line in part.lines]
    return "\n".join("".join(getattr(piece, "text", str(piece)) for piece in line) for line in lines)


def test_the_json_form_is_exactly_the_documented_one() -> None:
    assert simulate("m5.large pods=16 mode=prefix custom-networking").answer == {
        "enis": 2,
        "per_eni": [0, 2],
        "addresses": 32,
        "prefixes": 2,
        "assigned": 16,
        "pods_without_address": 0,
        "unused": 16,
        "node_subnet_addresses": 1,
        "pod_subnet_addresses": 33,
        "frozen": False,
        "notes": [],
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("t3.medium pods=0", {"per_eni": [5], "node_subnet_addresses": 6}, id="a new node"),
        pytest.param("m5.xlarge pods=56 max-pods=58", {"per_eni": [14] * 4, "prefixes": None}, id="full"),
        pytest.param("p5.48xlarge pods=7", {"per_eni": [49, 49], "unused": 91}, id="many network cards"),
        pytest.param("c5.4xlarge pods=9 warm-ip=2 min-ip=10", {"per_eni": [11], "unused": 2}, id="IP targets"),
        pytest.param(
            "m5.large pods=14 mode=prefix warm-ip=5 min-ip=20",
            {"prefixes": 2, "addresses": 32},
            id="prefixes, IP targets",
        ),
        pytest.param("m5.large pods=30 min-ip=20", {"frozen": True, "pods_without_address": 10}, id="frozen"),
        pytest.param("m5.large pods=20 max-eni=2", {"enis": 2, "pods_without_address": 2}, id="MAX_ENI"),
        pytest.param("c5.4xlarge pods=232 pod-eni", {"addresses": 203, "node_subnet_addresses": 211}, id="trunk"),
        pytest.param("m5.large pods=1 warm-prefix=0", {"addresses": 18}, id="the prefix target in secondary mode"),
        pytest.param("m5.large", {"assigned": 27, "addresses": 27}, id="without pods: a full node"),
    ],
)
def test_figures(text: str, expected: Mapping[str, object]) -> None:
    found = simulate(text).answer

    assert {key: found[key] for key in expected} == expected
    assert SimulateAnswer.model_validate(found).model_dump() == found


@pytest.mark.parametrize(
    "text",
    [
        "m5.large pods=16 mode=prefix custom-networking",
        "custom-networking mode=prefix pods=16 m5.large",
        "--custom-networking m5.large --pods 16 --mode=prefix",
        "--custom-networking pods=16 m5.large mode=prefix",
        "M5.LARGE PODS=16 MODE=Prefix Custom-Networking",
        "16 prefix m5.large custom-networking=true",
        "m5.large pods=16 —mode=prefix —custom-networking",
    ],
)
def test_words_come_in_any_order_and_shape(text: str) -> None:
    assert simulate(text).answer == simulate("m5.large pods=16 mode=prefix custom-networking").answer


def test_a_flag_can_be_switched_off() -> None:
    assert simulate("m5.large pods=16 custom-networking=false").answer == simulate("m5.large pods=16").answer


@pytest.mark.parametrize(
    ("text", "sentence", "tone"),
    [
        pytest.param(
            "m5.large pods=16",
            "m5.large with 16 pods: 3 ENIs, 30 subnet addresses, 11 unused.",
            Tone.NEUTRAL,
            id="enough",
        ),
        pytest.param(
            "m5.large pods=40",
            "m5.large with 40 pods: 3 ENIs, 30 subnet addresses, 0 unused, 13 pods without an address.",
            Tone.BAD,
            id="too many pods",
        ),
        pytest.param(
            "m5.large pods=1 min-ip=5",
            "m5.large with 1 pod: 1 ENI, 6 subnet addresses, 4 unused (frozen pool).",
            Tone.WARNING,
            id="frozen",
        ),
    ],
)
def test_the_sentence_stands_alone(text: str, sentence: str, tone: Tone) -> None:
    found = simulate(text)

    assert (found.text, found.tone) == (sentence, tone)


def test_the_picture_shows_used_warm_and_empty_slots_of_each_eni() -> None:
    lines = code(simulate("m5.large pods=12 warm-ip=2")).text.splitlines()

    assert lines[0] == f"primary   {USED * 9}      9 of 9"
    assert lines[1] == f"ENI 2     {USED * 3}{WARM * 2}{EMPTY * 4}      5 of 9"


def test_enis_that_look_alike_share_a_line() -> None:
    lines = code(simulate("m5.metal")).text.splitlines()

    assert lines[0].startswith("primary ")
    assert lines[1].startswith("ENI 2-15 ")
    assert lines[2] == ""


@pytest.mark.parametrize(
    "text", ["m5.large pods=16", "m5.metal", "t2.micro pods=0", "m5.large pods=50000", "p4d.24xlarge"]
)
def test_the_pictures_fit_a_phone_and_slack(text: str) -> None:
    lines = code(simulate(text)).text.splitlines()

    assert max(len(line) for line in lines) <= 32
    assert sum(len(line) + 1 for line in lines) < 900


def test_the_chart_rises_with_the_pods_and_marks_the_asked_ones() -> None:
    text = code(simulate("m5.large pods=9")).text.split("\n\n")[1]
    rows, mark = text.splitlines()[:7], text.splitlines()[7]
    columns = [sum(row[3:].ljust(20)[column] in (USED, WARM) for row in rows) for column in range(20)]

    assert columns == sorted(columns)
    assert (columns[0], columns[-1]) == (2, 7)
    assert rows[0].startswith("30 ")
    assert mark.strip() == "^ 9"
    assert all(row[3] != USED for row in rows), "a node without pods uses nothing"


def test_the_notes_are_shown_and_in_the_json() -> None:
    found = simulate("m5.large pods=16 min-ip=5 pod-eni")
    (bullets,) = (part for part in found.parts if isinstance(part, Bullets))

    assert [line[0] for line in bullets.items] == found.answer["notes"]
    assert len(bullets.items) == 2


def test_the_small_print_names_what_acts_and_the_command() -> None:
    assert "max-pods 29 · WARM_ENI_TARGET=1\n" in small_print(simulate("m5.large pods=3"))
    prefixes = small_print(simulate("m5.large pods=3 mode=prefix warm-ip=4"))
    assert "ENABLE_PREFIX_DELEGATION=true WARM_IP_TARGET=4 MINIMUM_IP_TARGET=0\n" in prefixes
    assert "eksip simulate m5.large pods=3 mode=prefix warm-ip=4" in prefixes
    assert "pods= not given: a full node" in small_print(simulate("m5.large"))


@pytest.mark.parametrize(
    "text",
    [
        "m5.large pods=16",
        "m5.large pods=3 mode=prefix warm-ip=4 min-ip=2 custom-networking pod-eni max-eni=2 max-pods=20",
        "t2.micro pods=1 warm-eni=0",
        "m5.large pods=3 mode=secondary warm-prefix=0",
    ],
)
def test_the_buttons_are_commands_that_work(text: str) -> None:
    (controls,) = (part for part in simulate(text).parts if isinstance(part, Controls))
    commands = [item.command for item in controls.items if isinstance(item, Button)]

    assert len(commands) == len(set(commands)) <= 4
    for command in commands:
        asked = parse(command, COMMANDS)
        (verb,) = (known for known in COMMANDS if known.verb == asked.verb)
        assert verb.run(asked, Request(text=command), SERVICES).ok


def test_the_command_in_the_answer_gives_the_same_answer() -> None:
    found = simulate("m5.large 9 prefix warm-prefix=2 pod-eni max-eni=0 max-pods=77")

    assert simulate(found.command.removeprefix("simulate ")).answer == found.answer


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("", "I read no word as the type", id="nothing"),
        pytest.param("pods=3", "I read no word as the type", id="no type"),
        pytest.param("m5.large c5.large pods=3", "I read `m5.large`, `c5.large` as the type", id="two types"),
        pytest.param("m5 pods=3", "`m5` is not an instance type", id="a family"),
        pytest.param("m5.large;reboot pods=3", "`m5.large;reboot` is not an instance type", id="shell punctuation"),
        pytest.param("m5.large pods=-3", "`pods=-3` is below 0", id="negative pods"),
        pytest.param("m5.large pods=three", "`pods=three` is not a whole number", id="a word"),
        pytest.param("m5.large pods=1.5", "`pods=1.5` is not a whole number", id="a fraction"),
        pytest.param("m5.large pods=", "`pods=` is not a whole number", id="no number"),
        pytest.param(f"m5.large pods={'9' * 400}", "is more than 1,000,000", id="400 digits"),
        pytest.param("m5.large 3 pods=4", "the pods are there twice", id="pods twice"),
        pytest.param("m5.large mode=fast", "`mode=fast` is not a mode", id="a mode that is none"),
        pytest.param("m5.large pod-eni=maybe", "`pod-eni=maybe` is neither true nor false", id="a flag that is none"),
        pytest.param("m5.large prefix mode=secondary", "You named both modes", id="both modes"),
        pytest.param("m5.large max-pods=0", "`max-pods=0` is below 1", id="no pods allowed"),
        pytest.param("m5.large warm-ip=-1", "`warm-ip=-1` is below 0", id="a negative target"),
        pytest.param("m5.large mode=prefix warm-prefix=0", "does not start in prefix mode", id="no target"),
        pytest.param("m5.large warm-enis=3", "Did you mean `warm-eni`", id="an option that is none"),
    ],
)
def test_what_cannot_be_used_is_quoted_with_a_command_that_works(text: str, said: str) -> None:
    error = refused(text)

    assert len(error.message) < 330
    assert said in error.message
    assert simulate(error.suggestions[0].removeprefix("simulate ")).ok


def test_a_type_outside_the_snapshot_is_a_query_error_that_says_so() -> None:
    with pytest.raises(QueryError, match=r"`m5\.huge` is not in my offline table") as caught:
        simulate("m5.huge pods=3")

    assert caught.value.api == "ec2:DescribeInstanceTypes"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("m5.large windows pods=5", {"per_eni": [8], "prefixes": None}, id="default targets"),
        pytest.param("m5.large windows pods=11 prefix warm-ip=5", {"prefixes": 1, "unused": 5}, id="prefixes, warm IP"),
        pytest.param("--windows m5.large prefix min-ip=20 pods=0", {"prefixes": 2, "unused": 32}, id="minimum alone"),
        pytest.param("m5.large windows", {"assigned": 9, "pods_without_address": 0}, id="full: what one ENI holds"),
        pytest.param("m5.large windows prefix", {"assigned": 110}, id="full: kubelet's 110"),
    ],
)
def test_windows_nodes_have_their_own_pool(text: str, expected: Mapping[str, object]) -> None:
    found = simulate(text)

    assert {key: found.answer[key] for key in expected} == expected
    assert simulate(found.command.removeprefix("simulate ")).answer == found.answer


def test_an_ipv6_node_takes_one_ipv4_address() -> None:
    found = simulate("m5.large ipv6 warm-eni=3")

    assert found.text == "m5.large with 108 pods: 1 ENI, 1 subnet address (IPv4) and a /80 prefix."
    assert (found.answer["node_subnet_addresses"], found.answer["pods_without_address"]) == (1, 0)
    assert simulate(found.command.removeprefix("simulate ")).answer == found.answer


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("m5.large windows pod-eni", "knows no `pod-eni`", id="branch ENIs"),
        pytest.param("m5.large windows warm-eni=2", "knows no `warm-eni`", id="warm ENIs"),
        pytest.param("m5.large windows ipv6", "knows no `ipv6`", id="Windows with IPv6"),
        pytest.param("t2.micro ipv6", "IPv6 needs prefixes", id="IPv6 without Nitro"),
        pytest.param("m5.large ipv6 custom-networking", "does not work with custom networking", id="IPv6, ENIConfig"),
    ],
)
def test_what_windows_and_ipv6_nodes_do_not_have_is_said(text: str, said: str) -> None:
    error = refused(text)

    assert said in error.message
    assert simulate(error.suggestions[0].removeprefix("simulate ")).ok


def test_the_example_works_and_the_json_is_plain() -> None:
    (example,) = [command.example for command in COMMANDS if command.verb == "simulate"]
    found = simulate(example.removeprefix("simulate "))

    assert json.loads(json.dumps(found.answer)) == found.answer


def test_without_the_grammar_the_options_are_read_alike() -> None:
    asked = Asked(verb="simulate", words=("m5.large",), options={"pods": "16", "pod-eni": "yes"})

    assert answer(asked, Request(text="simulate"), SERVICES).answer == simulate("m5.large pods=16 pod-eni").answer
