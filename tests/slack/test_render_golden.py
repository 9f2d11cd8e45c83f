"""What the renderer makes of each kind of answer, word for word: read the golden files in review like code.

`python tests/slack/test_render_golden.py` writes them anew.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.alerts import Alert, Severity, SubjectKind, Unit, card
from bot.demo.workspace import problems
from bot.message import (
    BlindSpotNote,
    Bullets,
    Button,
    Code,
    Context,
    Controls,
    Coverage,
    Failure,
    Fields,
    Link,
    Menu,
    Message,
    Mono,
    Sources,
    Strong,
    Table,
    Text,
    Tone,
    Visibility,
    When,
)
from bot.slack.render import Payload, render

GOLDEN = Path(__file__).parent.parent / "golden"
NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
CONSOLE = "https://eu-west-1.console.aws.amazon.com/vpcconsole/home?region=eu-west-1#SubnetDetails:subnetId=subnet-0a1"

STATUS = Message(
    text="prod-eu: 2 of 6 subnets low. Worst: private-1a, 203 of 4,091 IPs free (5%).",
    tone=Tone.BAD,
    verdict=(Strong("prod-eu"), " · 2 of 6 subnets low"),
    parts=(
        Text(lines=((Strong("private-1a"), " has ", Strong("203"), " free of 4,091 (5%)"),)),
        Table(
            columns=("subnet", "free", "of", "left"),
            rows=(
                ("private-1a", "203", "4091", "3 h"),
                ("private-1b", "611", "4091", "2 d"),
                ("private-1c", "3120", "4091", ">30 d"),
            ),
            right=frozenset({1, 2, 3}),
            more="+3 more ok",
        ),
        Controls(items=(Button(label="Why?", command="why private-1a"), Button(label="Plan", command="plan prod-eu"))),
    ),
    command="status prod-eu",
    as_of=NOW,
    coverage=Coverage(
        read=3,
        expected=4,
        blind_spots=(BlindSpotNote(account_id="444455556666", region="eu-west-1", api="sts", reason="AccessDenied"),),
    ),
)
SUBNET = Message(
    text="private-1a (subnet-0a1): 203 of 4,091 IPs free (5%), 6 free /28 blocks.",
    tone=Tone.BAD,
    verdict=(Link("private-1a", CONSOLE), " · eu-west-1a"),
    parts=(
        Text(lines=((Mono("subnet-0a1"), " 10.0.16.0/20"),)),
        Fields(
            pairs=(
                ("Free", (Strong("203"), " of 4,091 (5%)")),
                ("Free /28 blocks", ("6",)),
                ("Not known", ()),
            )
        ),
        Bullets(items=(("52 nodes",), ("load balancers & NAT",)), title="Who holds them", more="+2 more"),
        Code(text="aws ec2 describe-subnets --subnet-ids subnet-0a1 > subnet.json", title="Read it yourself"),
        Sources(links=(Link("AWS: VPC CNI", "https://docs.aws.amazon.com/eks/?a=1&b=2"),)),
        Context(lines=(("Read ", When(NOW), " (2 min ago) · ", Mono("eksip subnet private-1a")), ("One note.",))),
        Controls(
            items=(
                Button(label="Console", command="subnet private-1a", url=CONSOLE),
                Menu(label="Explain…", options=(("Warm IPs", "explain warm ip"), ("Prefixes", "explain prefix"))),
            )
        ),
    ),
    command="subnet private-1a",
    as_of=NOW,
    coverage=Coverage(read=4, expected=4),
)
FAILURE = Message(
    text="There is no verb “statsu”. Did you mean status?",
    tone=Tone.UNKNOWN,
    verdict=("There is no verb “statsu”. Did you mean status?",),
    command="statsu",
    failure=Failure(
        kind="user",
        message="There is no verb “statsu”. Did you mean `status`?",
        suggestions=("status", "subnet", "simulate", "size", "share", "silence"),
        reference="7f3a",
    ),
)
_ALERT = Alert(
    alert_id=4821,
    rule="low_ips",
    scope_key="subnet:subnet-0a1",
    scope_kind=SubjectKind.SUBNET,
    label="private-1a",
    clusters=("prod-eu",),
    account_id="111122223333",
    region="eu-west-1",
    az="eu-west-1a",
    severity=Severity.CRITICAL,
    unit=Unit.IPS,
    value=203,
    shown_value=203,
    threshold=410,
    capacity=4091,
    worst_value=198,
    active_at=NOW - timedelta(minutes=25),
    observed_at=NOW,
    fired_at=NOW - timedelta(minutes=20),
    revision=1,
)
_RESOLVED = replace(_ALERT, value=1240, resolved_at=NOW, resolution="recovered", revision=2, worst_value=41, flaps=1)
CASES: tuple[tuple[str, Callable[[], Payload]], ...] = (
    ("status", lambda: render(STATUS, share=True)),
    ("subnet", lambda: render(SUBNET)),
    ("alert_firing", lambda: render(card(_ALERT, NOW))),
    ("alert_resolved", lambda: render(card(_RESOLVED, NOW))),
    ("failure", lambda: render(FAILURE, share=True)),
)


@pytest.mark.parametrize(("name", "made"), [pytest.param(*case, id=case[0]) for case in CASES])
def test_the_payload_is_the_golden_file(name: str, made: Callable[[], Payload]) -> None:
    """Each kind of answer looks as reviewed, and Slack takes it."""
    payload = made()
    assert json.loads(_path(name).read_text(encoding="utf-8")) == payload
    assert problems(payload) == []


def test_an_answer_everybody_sees_has_no_share_button() -> None:
    """Sharing is offered once, where it would do something."""
    values = str(render(replace(STATUS, visibility=Visibility.IN_CHANNEL), share=True))
    assert "share" not in values
    assert "status prod-eu share" in str(render(STATUS, share=True))


def test_small_print_that_the_answer_has_is_not_repeated() -> None:
    """An answer with its own age and command gets no second line of them."""
    assert str(render(SUBNET)).count("eksip subnet private-1a") == 1
    assert str(render(SUBNET)).count("Read <!date") == 1


def test_a_wide_table_becomes_lines_that_keep_every_cell() -> None:
    """A table wider than a phone is shown as one line a row, with the column names."""
    table = Table(
        columns=("interface", "holder", "addresses", "subnet"),
        rows=(("eni-0a1b2c3d4e5f60718", "node i-0a1b2c3d4e5f60718", "15", "private-1a"),),
    )
    text = render(Message(text="Holders.", parts=(table,)))["blocks"][1]["text"]["text"]
    assert text == "• eni-0a1b2c3d4e5f60718 · holder: node i-0a1b2c3d4e5f60718 · addresses: 15 · subnet: private-1a"


def test_cut_rows_are_counted() -> None:
    """A table with too many rows says how many are not shown."""
    table = Table(columns=("n",), rows=tuple((str(number),) for number in range(40)), more="all ok")
    text = render(Message(text="Rows.", parts=(table,)))["blocks"][1]["text"]["text"]
    assert text.endswith("24\n+15 more\nall ok```")


def test_parts_that_do_not_fit_are_counted() -> None:
    """What a message has no room for is said, and its buttons stay."""
    part = Text(lines=(("x" * 2900,),))
    blocks = render(
        Message(text="Long.", parts=(*(part for _ in range(9)), Controls(items=(Button(label="Go", command="go"),))))
    )["blocks"]
    assert "left out" in blocks[-2]["elements"][0]["text"]
    assert blocks[-1]["type"] == "actions"


def test_a_choice_too_long_for_a_menu_is_said() -> None:
    """An option whose command exceeds 150 characters falls out with a note."""
    menu = Menu(label="More", options=(("Short", "status"), ("Long", "explain " + "x" * 150)))
    blocks = render(Message(text="Menu.", parts=(Controls(items=(menu,)),)))["blocks"]
    assert [option["value"] for option in blocks[-1]["elements"][0]["options"]] == ["status"]
    assert "1 of 2 choices" in blocks[-2]["elements"][0]["text"]


def _path(name: str) -> Path:
    return GOLDEN / f"slack_{name}.json"


if __name__ == "__main__":
    for case_name, make in CASES:
        _path(case_name).write_text(json.dumps(make(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
