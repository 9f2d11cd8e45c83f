"""Messages in a terminal: every part is shown, and nothing in them can drive the terminal."""

import json
from datetime import UTC, datetime

import pytest
from rich.console import Console

from bot.console.output import print_json
from bot.console.render import MARKS, plain, show
from bot.message import (
    Bullets,
    Button,
    Channel,
    Code,
    Context,
    Controls,
    Failure,
    Fields,
    Link,
    Menu,
    Message,
    Mono,
    Part,
    Sources,
    Strong,
    Struck,
    Table,
    Text,
    Tone,
    When,
)

MOMENT = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


def lines(*parts: Part) -> list[str]:
    """The lines below the verdict."""
    return plain(Message(text="Verdict.", parts=parts)).splitlines()[1:]


@pytest.mark.parametrize(
    ("part", "shown"),
    [
        pytest.param(
            Text(lines=(("Free: ", Strong("12"), " of ", Mono("subnet-0a")), ("was ", Struck("low")))),
            ["  Free: 12 of subnet-0a", "  was low"],
            id="text",
        ),
        pytest.param(Text(lines=(("in ", Channel("C0LOCAL0001")),)), ["  in C0LOCAL0001"], id="channel"),
        pytest.param(
            Text(lines=(("at ", When(MOMENT), ", ", When(MOMENT, style="date_time")),)),
            ["  at 09:30 UTC, 2026-11-23 09:30 UTC"],
            id="moments",
        ),
        pytest.param(
            Bullets(items=(("one",), ("two",)), title="Next", more="+3 more"),
            ["  Next", "  • one", "  • two", "  +3 more"],
            id="bullets",
        ),
        pytest.param(Bullets(items=(("one",), ("two",)), numbered=True), ["  1. one", "  2. two"], id="numbered"),
        pytest.param(
            Fields(pairs=(("Zone", ("euw1-az1",)), ("Free addresses", ("12",)))),
            ["  Zone            euw1-az1", "  Free addresses  12"],
            id="fields",
        ),
        pytest.param(
            Table(columns=("Subnet", "Free"), rows=(("a", "1,203"), ("bcd", "7")), right=frozenset({1}), more="+1 ok"),
            ["  Subnet   Free", "  a       1,203", "  bcd         7", "  +1 ok"],
            id="table, numbers to the right",
        ),
        pytest.param(
            Code(text="aws ec2 describe-subnets\naws sts get-caller-identity", title="Run"),
            ["  Run", "aws ec2 describe-subnets", "aws sts get-caller-identity"],
            id="code",
        ),
        pytest.param(Context(lines=(("Read 12 min ago",),)), ["  Read 12 min ago"], id="small print"),
        pytest.param(
            Sources(links=(Link("EKS guide", "https://docs.aws.amazon.com/eks/"),)),
            ["  EKS guide: https://docs.aws.amazon.com/eks/"],
            id="sources",
        ),
        pytest.param(
            Controls(
                items=(
                    Button(label="Who", command="who prod"),
                    Button(label="Open", command="", url="https://example.com/"),
                    Menu(label="Scope", options=(("a", "status a"), ("b", "status b"))),
                )
            ),
            ["  Next: who prod, https://example.com/, status a, status b"],
            id="controls as commands to type",
        ),
        pytest.param(Controls(items=()), [], id="no controls"),
    ],
)
def test_every_part_has_its_lines(part: Part, shown: list[str]) -> None:
    assert lines(part) == shown


@pytest.mark.parametrize("coloured", [True, False], ids=["terminal", "plain"])
def test_a_command_wider_than_the_terminal_can_be_pasted(coloured: bool) -> None:
    """Neither broken nor indented: a shell would take the rest for a second command, and `EOF` ends no document."""
    wide = f"aws ec2 create-subnet --tag-specifications '{'x' * 120}'\nkubectl apply -f - <<EOF\nkind: ENIConfig\nEOF"
    console = Console(force_terminal=coloured, color_system=None, width=80)
    with console.capture() as captured:
        show(Message(text="text", parts=(Code(text=wide),)), console)

    assert captured.get().splitlines()[1:] == wide.splitlines()


def test_the_command_that_was_asked_is_not_offered_as_the_next() -> None:
    again = Controls(items=(Button(label="Change numbers", command="plan"), Button(label="Sums", command="plan sums")))

    assert plain(Message(text="text", parts=(again,), command="plan")).splitlines()[1:] == ["  Next: plan sums"]


@pytest.mark.parametrize("tone", list(Tone), ids=lambda tone: tone.value)
def test_every_tone_has_a_mark_before_the_verdict(tone: Tone) -> None:
    shown = plain(Message(text="text", verdict=(Strong("12"), " free"), tone=tone))

    assert shown == f"{MARKS[tone][0]} 12 free"


def test_without_a_verdict_the_text_is_shown() -> None:
    assert plain(Message(text="12 free.")) == "› 12 free."


def test_a_failure_shows_commands_to_try_instead() -> None:
    failure = Failure(kind="user", message="No.", suggestions=("status prod", "help"))

    assert plain(Message(text="No.", failure=failure)).splitlines()[1] == (
        "  Try: eksip ask status prod, eksip ask help"
    )


HOSTILE = "private\x1b]0;owned\x07\x1b[31m\r\n\x9b2J"


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(Message(text=HOSTILE), id="text"),
        pytest.param(Message(text="", verdict=(Strong(HOSTILE), Mono(HOSTILE), Struck(HOSTILE))), id="verdict"),
        pytest.param(Message(text="", parts=(Table(columns=("Name",), rows=((HOSTILE,),)),)), id="table"),
        pytest.param(Message(text="", parts=(Code(text=HOSTILE),)), id="code"),
        pytest.param(Message(text="", parts=(Fields(pairs=(("Name", (HOSTILE,)),)),)), id="fields"),
        pytest.param(Message(text="", parts=(Sources(links=(Link(HOSTILE, HOSTILE),)),)), id="sources"),
        pytest.param(
            Message(text="", parts=(Controls(items=(Button(label="x", command=f"status {HOSTILE}"),)),)), id="button"
        ),
        pytest.param(
            Message(text="", failure=Failure(kind="user", message="", suggestions=(f"status {HOSTILE}",))),
            id="suggestion",
        ),
    ],
)
def test_names_cannot_drive_the_terminal(message: Message) -> None:
    shown = plain(message)

    assert "private" in shown
    assert all(character.isprintable() for line in shown.split("\n") for character in line)


def test_markup_in_names_is_plain_text() -> None:
    assert plain(Message(text="[bold]not bold[/bold] :warning:")) == "› [bold]not bold[/bold] :warning:"


def test_a_long_table_cell_is_folded_and_not_cut() -> None:
    name = "subnet-" + "0123456789" * 12

    shown = plain(Message(text="x", parts=(Table(columns=("Subnet", "Free"), rows=((name, "7"),)),)), width=60)

    assert name in "".join(line.strip().split(" ")[0] for line in shown.splitlines())
    assert all(len(line) <= 60 for line in shown.splitlines())


def test_colour_is_used_only_where_the_terminal_has_it() -> None:
    message = Message(text="x", verdict=(Strong("12"),), tone=Tone.BAD)
    coloured = Console(force_terminal=True, color_system="standard", width=80)
    with coloured.capture() as captured:
        show(message, coloured)

    assert "\x1b[31m" in captured.get()
    assert "\x1b" not in plain(message)


def test_one_line_of_json_is_one_line_for_every_reader(capsys: pytest.CaptureFixture[str]) -> None:
    value = {"text": "a\nb\x85c\u2028d\u2029e – ü"}

    print_json(value, one_line=True)

    printed = capsys.readouterr().out
    assert len(printed.splitlines()) == 1
    assert "– ü" in printed
    assert json.loads(printed) == value


def test_json_for_people_is_indented(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"version": 1}, one_line=False)

    assert capsys.readouterr().out == '{\n  "version": 1\n}\n'
