"""What the card of an alert says in each state."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.alerts import Alert, Severity, card, outage_card
from bot.message import Button, Context, Controls, Fields, Link, Message, Mono, Strong, Struck, Text, Tone, When
from bot.wording import console_url

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
SUBNET_ID = "subnet-0a1b2c3d4e5f60718"
FIRING = Alert(
    alert_id=4821,
    rule="low_ips",
    scope_key=f"subnet:{SUBNET_ID}",
    subnet_id=SUBNET_ID,
    label="private-1a",
    clusters=("prod-eu",),
    account_id="111122223333",
    region="eu-west-1",
    az="eu-west-1a",
    severity=Severity.CRITICAL,
    value_ips=203,
    shown_ips=203,
    threshold_ips=410,
    usable_ips=4091,
    lowest_ips=198,
    active_at=datetime(2026, 11, 23, 9, 5, tzinfo=UTC),
    fired_at=datetime(2026, 11, 23, 9, 10, tzinfo=UTC),
    observed_at=NOW,
    revision=2,
)
WARNING = replace(FIRING, severity=Severity.WARNING)
RECOVERING = replace(FIRING, value_ips=1240, recovering_at=NOW)
RESOLVED = replace(
    FIRING,
    value_ips=1240,
    lowest_ips=41,
    observed_at=datetime(2026, 11, 23, 11, 16, tzinfo=UTC),
    resolved_at=datetime(2026, 11, 23, 11, 16, tzinfo=UTC),
    resolution="recovered",
)


def _words(message: Message) -> str:
    """Everything visible on a card, as plain words."""
    lines = [message.verdict]
    for part in message.parts:
        match part:
            case Text(lines=found) | Context(lines=found):
                lines += found
            case Fields(pairs=pairs):
                lines += [(f"{label}: ", *value) for label, value in pairs]
            case _:
                pass
    return "\n".join("".join(_plain(piece) for piece in line) for line in lines)


def _plain(piece: object) -> str:
    match piece:
        case str():
            return piece
        case Strong(text=text) | Mono(text=text):
            return text
        case Struck(text=text):
            return f"~{text}~"
        case Link(label=label):
            return label
        case When(moment=moment):
            return moment.strftime("%H:%M")
    raise AssertionError(piece)


def _commands(message: Message) -> list[tuple[str, str]]:
    return [
        (item.label, item.command)
        for part in message.parts
        if isinstance(part, Controls)
        for item in part.items
        if isinstance(item, Button)
    ]


@pytest.mark.parametrize(
    ("alert", "sentence", "tone"),
    [
        pytest.param(
            FIRING, "[FIRING] Low IPs in private-1a (prod-eu): 203 of 4,091 free, 5%.", Tone.BAD, id="critical"
        ),
        pytest.param(
            WARNING, "[FIRING] Low IPs in private-1a (prod-eu): 203 of 4,091 free, 5%.", Tone.WARNING, id="warning"
        ),
        pytest.param(
            replace(FIRING, value_ips=3),
            "[FIRING] Low IPs in private-1a (prod-eu): 3 of 4,091 free, 0.1%.",
            Tone.BAD,
            id="almost nothing is not nothing",
        ),
        pytest.param(
            replace(FIRING, value_ips=0),
            "[FIRING] Low IPs in private-1a (prod-eu): 0 of 4,091 free, 0%.",
            Tone.BAD,
            id="nothing left",
        ),
        pytest.param(
            RECOVERING,
            "[RECOVERING] Low IPs in private-1a (prod-eu): 1,240 of 4,091 free, 30%.",
            Tone.WARNING,
            id="recovering",
        ),
        pytest.param(
            RESOLVED,
            "[RESOLVED] Low IPs in private-1a (prod-eu): 1,240 of 4,091 free after 2 h 11 min.",
            Tone.RESOLVED,
            id="resolved",
        ),
        pytest.param(
            replace(FIRING, clusters=()),
            "[FIRING] Low IPs in private-1a (111122223333 eu-west-1): 203 of 4,091 free, 5%.",
            Tone.BAD,
            id="no cluster names the subnet",
        ),
        pytest.param(
            replace(FIRING, clusters=("prod-eu", "jobs", "ci")),
            "[FIRING] Low IPs in private-1a (prod-eu +2): 203 of 4,091 free, 5%.",
            Tone.BAD,
            id="three clusters share it",
        ),
    ],
)
def test_the_sentence_stands_alone_and_the_colour_is_the_state(alert: Alert, sentence: str, tone: Tone) -> None:
    """State, subject, number and base in one sentence."""
    message = card(alert, NOW)
    assert (message.text, message.tone) == (sentence, tone)
    assert message.card


def test_a_firing_card_gives_figures_times_and_commands() -> None:
    """A firing card: the figure with base and limit, since when, the lowest, its number and its age."""
    message = card(FIRING, NOW)
    assert _words(message) == (
        "Critical: Low IPs · private-1a · prod-eu\n"
        "203 free of 4,091 (5%, alert below 410)\n"
        "Since: 09:05\n"
        "Lowest: 198 free\n"
        "#eksip 4821 · rule low_ips · read 09:30"
    )
    assert _commands(message) == [
        ("Open", f"subnet {SUBNET_ID}"),
        ("Who holds them?", f"who subnet:{SUBNET_ID}"),
        ("Explain", "explain address exhaustion"),
        ("Details", "alerts 4821"),
    ]
    assert message.revision == "alert:4821:2"


def test_a_resolved_card_is_short() -> None:
    """A resolved card: how long it lasted, the lowest figure, one button."""
    message = card(RESOLVED, NOW)
    assert _words(message) == (
        "~Firing~ Resolved · private-1a · prod-eu\n"
        "1,240 free of 4,091 (30%)\n"
        "Lasted: 2 h 11 min\n"
        "Lowest: 41 free\n"
        "#eksip 4821 · ended 11:16"
    )
    assert _commands(message) == [("Details", "alerts 4821")]


def test_old_figures_say_how_old_they_are() -> None:
    """A figure older than three polls carries its age in words."""
    assert "read 09:30, 40 min ago" in _words(card(FIRING, NOW + timedelta(minutes=40)))


def test_an_alert_that_opened_again_counts_and_flaps_are_shown() -> None:
    """The card says that this is the third time, and how often recovery failed."""
    words = _words(card(replace(FIRING, reopened=2, flaps=1), NOW))
    assert "again, 3rd time" in words
    assert "Fell back: 1 time" in words


def test_an_alert_that_nobody_saw_is_one_message() -> None:
    """Fired and cleared while Slack was unreachable: one card that says so, with both times."""
    message = outage_card(replace(RESOLVED, fired_at=datetime(2026, 11, 23, 9, 10, tzinfo=UTC)))
    assert message.text == (
        "[RESOLVED] Low IPs in private-1a (prod-eu): fired and cleared while Slack was unreachable (09:10–11:16 UTC)."
    )
    assert "Fired and cleared while Slack was unreachable (09:10 to 11:16)" in _words(message)
    assert message.tone is Tone.RESOLVED


@pytest.mark.parametrize("alert", [FIRING, RECOVERING, RESOLVED], ids=["firing", "recovering", "resolved"])
def test_the_longest_names_still_fit_a_lock_screen(alert: Alert) -> None:
    """With Name tags of 256 characters the sentence stays within 150."""
    long = replace(
        alert, label="p" * 256, clusters=("c" * 100, "d"), usable_ips=65531, value_ips=12345, lowest_ips=11111
    )
    days = replace(long, active_at=NOW - timedelta(days=100), fired_at=NOW - timedelta(days=100))
    for message in (card(days, NOW), outage_card(days)):
        assert len(message.text) <= 150
        assert all(len(label) <= 15 for label, _ in _commands(message))


@pytest.mark.parametrize(
    ("region", "start"),
    [
        pytest.param("eu-west-1", "https://eu-west-1.console.aws.amazon.com/vpcconsole/", id="standard"),
        pytest.param("cn-north-1", "https://cn-north-1.console.amazonaws.cn/vpcconsole/", id="China"),
        pytest.param("us-gov-west-1", "https://us-gov-west-1.console.amazonaws-us-gov.com/vpcconsole/", id="GovCloud"),
    ],
)
def test_the_console_link_knows_the_partition(region: str, start: str) -> None:
    """Each AWS partition has its own console domain."""
    url = console_url(region, SUBNET_ID)
    assert url.startswith(start)
    assert url.endswith(f"#SubnetDetails:subnetId={SUBNET_ID}")
