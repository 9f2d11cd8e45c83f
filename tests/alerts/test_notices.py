"""What the card of an alert says in each state."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.alerts import Alert, Severity, SubjectKind, Unit, card, outage_card
from bot.alerts.acks import ack
from bot.alerts.group_notices import group_card, repeat_note, silence_ended, silence_reminder
from bot.alerts.grouping import Group, worst_first
from bot.alerts.notices import Overlay, overlay_of
from bot.alerts.rules import RULES
from bot.alerts.silences import Silence
from bot.demo.workspace.blockkit import problems
from bot.message import (
    Bullets,
    Button,
    Context,
    Controls,
    Fields,
    Link,
    Menu,
    Message,
    Mono,
    Strong,
    Struck,
    Text,
    Tone,
    When,
)
from bot.scope import Scope, ScopeKind
from bot.slack.render import render
from bot.wording import console_url

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
SUBNET_ID = "subnet-0a1b2c3d4e5f60718"
FIRING = Alert(
    alert_id=4821,
    rule="low_ips",
    scope_key=f"subnet:{SUBNET_ID}",
    scope_kind=SubjectKind.SUBNET,
    label="private-1a",
    clusters=("prod-eu",),
    account_id="111122223333",
    region="eu-west-1",
    az_id="euw1-az1",
    az="eu-west-1a",
    vpc_id="vpc-1",
    severity=Severity.CRITICAL,
    unit=Unit.IPS,
    value=203,
    shown_value=203,
    threshold=410,
    capacity=4091,
    worst_value=198,
    active_at=datetime(2026, 11, 23, 9, 5, tzinfo=UTC),
    fired_at=datetime(2026, 11, 23, 9, 10, tzinfo=UTC),
    observed_at=NOW,
    revision=2,
)
WARNING = replace(FIRING, severity=Severity.WARNING)
RECOVERING = replace(FIRING, value=1240, recovering_at=NOW)
RESOLVED = replace(
    FIRING,
    value=1240,
    worst_value=41,
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
            case Bullets(items=items, more=more):
                lines += [("• ", *item) for item in items] + ([(more,)] if more else [])
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


def _menus(message: Message) -> dict[str, list[tuple[str, str]]]:
    return {
        item.label: list(item.options)
        for part in message.parts
        if isinstance(part, Controls)
        for item in part.items
        if isinstance(item, Menu)
    }


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
            replace(FIRING, value=3),
            "[FIRING] Low IPs in private-1a (prod-eu): 3 of 4,091 free, 0.1%.",
            Tone.BAD,
            id="almost nothing is not nothing",
        ),
        pytest.param(
            replace(FIRING, value=0),
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
    assert _commands(message) == [("Acknowledge", "ack 4821"), ("Open", f"subnet {SUBNET_ID}")]
    assert _menus(message) == {
        "Silence…": [
            ("30 min", "silence 4821 30m"),
            ("2 hours", "silence 4821 2h"),
            ("until tomorrow 09:00", "silence 4821 tomorrow 09:00"),
            ("until resolved", "silence 4821 resolved"),
            ("Other time, reason…", "silence 4821"),
        ],
        "More…": [
            ("Details", "alerts 4821"),
            ("Explain", "explain address-exhaustion"),
            ("Who holds them?", f"who subnet:{SUBNET_ID}"),
            ("Why told like this?", "alerts why 4821"),
        ],
    }
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
    assert "last seen 09:30, 40 min ago" in _words(card(FIRING, NOW + timedelta(minutes=40)))


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
    long = replace(alert, label="p" * 256, clusters=("c" * 100, "d"), capacity=65531, value=12345, worst_value=11111)
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


ACK = ack(WARNING, 4821, acked_by="U1", name="Ana", now=datetime(2026, 11, 23, 9, 12, tzinfo=UTC))
SILENCE = Silence(
    silence_id=7,
    alert_ids=(4821,),
    created_by="U2",
    name="Ben",
    reason="deploying",
    created_at=NOW,
    starts_at=NOW,
    ends_at=datetime(2026, 11, 23, 11, 0, tzinfo=UTC),
)


def test_an_acked_card_says_who_and_when_and_offers_the_way_back() -> None:
    """Acked: yellow, the name as plain words so that nobody is pinged, and a button to give it back."""
    message = card(FIRING, NOW, Overlay(ack=ACK))
    assert message.tone is Tone.WARNING
    assert _words(message).startswith("~Firing~ Acked · Critical: Low IPs · private-1a")
    assert "Acked by Ana, 09:12" in _words(message)
    assert "<@" not in str(render(message))
    assert _commands(message)[0] == ("Unacknowledge", "unack 4821")


def test_a_silenced_card_says_until_when_by_whom_and_why() -> None:
    """Silenced: grey, with the end, the person and the reason, and a button that ends it."""
    message = card(FIRING, NOW, Overlay(ack=ACK, silence=SILENCE))
    assert message.tone is Tone.MUTED
    assert _words(message).startswith("~Firing~ Silenced · ")
    assert "Silenced until 11:00 by Ben: deploying" in _words(message)
    assert ("End silence", "unsilence 7") in _commands(message)
    assert "Silence…" not in _menus(message)


def test_a_resolved_alert_shows_no_ack_and_no_silence() -> None:
    """The end of an alert is shown as such, whatever was silenced."""
    assert overlay_of(RESOLVED, [ACK], [SILENCE], NOW) == Overlay()
    assert overlay_of(WARNING, [], [SILENCE], NOW) == Overlay(silence=SILENCE)


@pytest.mark.parametrize(
    ("resolution", "word", "sentence"),
    [
        pytest.param(
            "deleted",
            "Deleted",
            "[RESOLVED] Low IPs in private-1a (prod-eu): deleted after 2 h 11 min.",
            id="deleted",
        ),
        pytest.param(
            "rule removed",
            "Rule removed",
            "[RESOLVED] Low IPs in private-1a (prod-eu): the rule was removed after 2 h 11 min.",
            id="rule removed",
        ),
    ],
)
def test_what_ended_without_getting_better_is_grey(resolution: str, word: str, sentence: str) -> None:
    """A deleted subnet and a removed rule are no success: no green, no check mark."""
    message = card(replace(RESOLVED, resolution=resolution), NOW)
    assert (message.text, message.tone) == (sentence, Tone.MUTED)
    assert _words(message).startswith(f"~Firing~ {word} · private-1a")


def test_the_time_left_is_told_with_the_figure() -> None:
    """A forecast stands in the sentence and after the figure, and is left out once resolved."""
    soon = replace(FIRING, left=timedelta(hours=3))
    assert card(soon, NOW).text.endswith("203 of 4,091 free, 5%, about 3 h left.")
    assert "(5%, alert below 410) · about 3 h left" in _words(card(soon, NOW))
    assert "left" not in _words(card(replace(RESOLVED, left=timedelta(hours=3)), NOW))


def test_a_flapping_alert_says_that_it_must_stay_good_for_longer() -> None:
    """Three falls back within the hour double the recovery, and the card says so."""
    times = tuple(NOW - timedelta(minutes=minutes) for minutes in (50, 30, 10))
    words = _words(card(replace(FIRING, flaps=3, flapped_at=times), NOW))
    assert "Fell back: 3 times, it must stay good twice as long" in words


def _of(rule: str, unit: Unit, value: float, **changes: object) -> Alert:
    plain = replace(FIRING, rule=rule, unit=unit, value=value, worst_value=value, capacity=None, threshold=3)
    return replace(plain, **changes)  # type: ignore[arg-type]


CLUSTER = {"scope_kind": SubjectKind.CLUSTER, "scope_key": "cluster:111122223333/eu-west-1/prod-eu", "label": "prod-eu"}
NODEGROUP = {
    "scope_kind": SubjectKind.NODEGROUP,
    "scope_key": "nodegroup:111122223333/eu-west-1/prod-eu/web",
    "label": "web",
}
REGION = {
    "scope_kind": SubjectKind.REGION,
    "scope_key": "region:111122223333/eu-west-1",
    "label": "shop eu-west-1",
    "clusters": (),
}
VPC = {"scope_kind": SubjectKind.VPC, "scope_key": "vpc:vpc-1", "label": "main", "clusters": ()}
OF_EACH_RULE = {
    "low_ips": (FIRING, "203 free of 4,091 (5%, alert below 410)", f"subnet {SUBNET_ID}"),
    "no_free_blocks": (
        _of("no_free_blocks", Unit.BLOCKS, 4, capacity=254, threshold=13),
        "4 free /28 blocks of 254 (2%, alert below 13)",
        f"subnet {SUBNET_ID}",
    ),
    "burn_rate": (
        _of("burn_rate", Unit.MINUTES, 45, threshold=180, left=timedelta(minutes=45)),
        "45 min left (alert below 3 h)",
        f"subnet {SUBNET_ID}",
    ),
    "load_balancer_floor": (
        _of("load_balancer_floor", Unit.IPS, 6, capacity=4091, threshold=8),
        "6 free of 4,091 (0.1%, alert below 8)",
        f"subnet {SUBNET_ID}",
    ),
    "nodes_do_not_fit": (
        _of("nodes_do_not_fit", Unit.NODES, 1, **NODEGROUP),
        "1 more node fits (alert below 3)",
        "status cluster:111122223333/eu-west-1/prod-eu",
    ),
    "control_plane_subnets": (
        _of("control_plane_subnets", Unit.IPS, 4, **CLUSTER, threshold=5),
        "4 free (alert below 5)",
        "status cluster:111122223333/eu-west-1/prod-eu",
    ),
    "cluster_health": (
        _of("cluster_health", Unit.ISSUES, 1, **CLUSTER, threshold=1),
        "1 issue",
        "status cluster:111122223333/eu-west-1/prod-eu",
    ),
    "nodegroup_health": (
        _of("nodegroup_health", Unit.ISSUES, 2, **NODEGROUP, threshold=1),
        "2 issues",
        "status cluster:111122223333/eu-west-1/prod-eu",
    ),
    "cni_ip_saturation": (
        _of("cni_ip_saturation", Unit.PERCENT, 87.5, **CLUSTER, threshold=85.0),
        "87.5% in use (alert from 85%)",
        "status cluster:111122223333/eu-west-1/prod-eu",
    ),
    "cni_errors": (
        _of("cni_errors", Unit.ERRORS, 14, **CLUSTER, threshold=10),
        "14 errors (alert from 10)",
        "status cluster:111122223333/eu-west-1/prod-eu",
    ),
    "eni_quota": (
        _of("eni_quota", Unit.ENIS, 4100, **REGION, capacity=5000, threshold=4000),
        "4,100 of 5,000 ENIs (82%, alert from 4,000)",
        "status region:eu-west-1",
    ),
    "vpc_cidr_quota": (
        _of("vpc_cidr_quota", Unit.CIDRS, 5, **VPC, capacity=5, threshold=5),
        "5 of 5 CIDRs (100%, alert from 5)",
        "status vpc:vpc-1",
    ),
    "vpc_nau": (
        _of("vpc_nau", Unit.NAU, 51000, **VPC, capacity=64000, threshold=48000),
        "51,000 of 64,000 NAU units (80%, alert from 48,000)",
        "status vpc:vpc-1",
    ),
    "blind": (
        _of("blind", Unit.POLLS, 3, **REGION, detail="AccessDenied: sts:AssumeRole is not allowed."),
        "3 failed polls (alert from 3)",
        "status region:eu-west-1",
    ),
}


def test_each_rule_has_its_case_below() -> None:
    """The table of cards knows every rule there is."""
    assert set(OF_EACH_RULE) == {rule.name for rule in RULES}


@pytest.mark.parametrize("rule", OF_EACH_RULE)
def test_the_card_of_each_rule_has_its_unit_base_limit_and_way_in(rule: str) -> None:
    """Figures carry their unit, base and limit; Open shows the subject; the detail sentence follows."""
    alert, figures, command = OF_EACH_RULE[rule]
    message = card(replace(alert, detail="Why it matters."), NOW)
    assert f"\n{figures}" in _words(message)
    assert "Why it matters." in _words(message)
    assert ("Open", command) in _commands(message)


def _within_the_phone(message: Message) -> None:
    """CHAT 5.2: sentence, controls, characters; and what Slack itself allows."""
    assert len(message.text) <= 150
    items = [item for part in message.parts if isinstance(part, Controls) for item in part.items]
    assert len(items) <= 4
    assert all(len(item.label) <= 15 for item in items)
    assert sum(isinstance(item, Button) and item.primary for item in items) <= 1
    payload = render(message)
    assert problems(payload) == []
    blocks = payload["blocks"] + [block for part in payload.get("attachments", ()) for block in part["blocks"]]
    assert len(blocks) <= 5
    for menu in _menus(message).values():
        assert all(len(command) <= 150 for _, command in menu)


LONG = {"label": "p" * 256, "clusters": ("c" * 100, "d"), "detail": "d" * 200, "flaps": 12, "reopened": 4}
LONG_OVERLAY = Overlay(
    ack=replace(ACK, name="n" * 200), silence=replace(SILENCE, name="n" * 200, reason="r" * 500), hidden=70
)
STATES = {
    "firing": {},
    "recovering": {"recovering_at": NOW},
    "resolved": {"resolved_at": NOW + timedelta(days=100), "resolution": "recovered"},
    "deleted": {"resolved_at": NOW + timedelta(days=100), "resolution": "deleted"},
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("rule", OF_EACH_RULE)
def test_every_card_of_every_rule_fits_a_phone(rule: str, state: str) -> None:
    """In each state, with the longest names and every overlay, a card keeps the limits of CHAT 5.2 and of Slack."""
    alert = replace(OF_EACH_RULE[rule][0], **STATES[state])  # type: ignore[arg-type]
    _within_the_phone(card(alert, NOW))
    long = replace(alert, **LONG, left=timedelta(days=9))  # type: ignore[arg-type]
    _within_the_phone(card(long, NOW + timedelta(days=101), LONG_OVERLAY))
    _within_the_phone(card(long, NOW, Overlay(ack=LONG_OVERLAY.ack)))
    _within_the_phone(group_card(Group(group_key="k", alerts=(long,) * 40), NOW + timedelta(days=101)))
    if alert.resolved_at is not None:
        _within_the_phone(outage_card(long))


def _group(count: int, **changes: object) -> Group:
    alerts = [
        replace(
            FIRING,
            alert_id=4821 + n,
            scope_key=f"subnet:subnet-{n}",
            label=f"private-{n}",
            value=203 + 10 * n,
            **changes,  # type: ignore[arg-type]
        )
        for n in range(count)
    ]
    return Group(group_key="k", alerts=tuple(sorted(alerts, key=worst_first)))


def test_subnets_that_go_together_share_one_card() -> None:
    """Eight subnets of one cluster and AZ: the worst five with their figures, and how many more."""
    message = group_card(_group(8), NOW)
    assert message.text == ("[FIRING] Low IPs in 8 subnets (prod-eu, eu-west-1a); worst private-0: 203 free.")
    assert _words(message).splitlines() == [
        "Critical: Low IPs · 8 subnets · prod-eu · eu-west-1a",
        "• private-0: 203 free of 4,091 (5%, alert below 410)",
        "• private-1: 213 free of 4,091 (5%, alert below 410)",
        "• private-2: 223 free of 4,091 (5%, alert below 410)",
        "• private-3: 233 free of 4,091 (6%, alert below 410)",
        "• private-4: 243 free of 4,091 (6%, alert below 410)",
        "+3 more, 3 firing",
        "#eksip 4821, 4822, 4823, 4824, 4825, 4826, 4827, 4828 · since 09:05 · read 09:30",
    ]
    assert _commands(message)[0] == ("Acknowledge", "ack 4821 4822 4823 4824 4825 4826 4827 4828")
    assert _menus(message)["Silence…"][1] == ("2 hours", "silence 4821 4822 4823 4824 4825 4826 4827 4828 2h")


def test_a_group_of_one_is_the_card_of_that_alert() -> None:
    """One alert needs no list."""
    group = _group(1)
    assert group_card(group, NOW) == card(group.lead, NOW)


def test_two_rules_of_one_subnet_are_named_on_the_card() -> None:
    """A row whose rule is not the headline's says which it is."""
    blocks = replace(OF_EACH_RULE["no_free_blocks"][0], alert_id=4822, severity=Severity.WARNING)
    words = _words(group_card(Group(group_key="k", alerts=(FIRING, blocks)), NOW))
    assert "Critical: Low IPs · 2 problems of private-1a" in words
    assert "• private-1a · Few /28 blocks: 4 free /28 blocks of 254" in words


@pytest.mark.parametrize(
    ("others", "sentence"),
    [
        pytest.param(
            ("no_free_blocks", "burn_rate"),
            "[FIRING] 3 problems of private-1a (prod-eu, eu-west-1a): 203 free of 4,091, Few /28 blocks, "
            "IPs run out soon.",
            id="what is free, and the other rules",
        ),
        pytest.param(
            (),
            "[FIRING] 2 problems of private-1a (prod-eu, eu-west-1a): 203 free of 4,091.",
            id="the other is over",
        ),
    ],
)
def test_the_problems_of_one_subnet_are_told_in_a_sentence(others: tuple[str, ...], sentence: str) -> None:
    """The worst figure and what else fires there; the name stands there once."""
    warned = (
        replace(OF_EACH_RULE[rule][0], alert_id=4822 + n, severity=Severity.WARNING) for n, rule in enumerate(others)
    )
    over = () if others else (replace(RESOLVED, alert_id=4822, rule="burn_rate", scope_key=FIRING.scope_key),)
    assert group_card(Group(group_key="k", alerts=(FIRING, *warned, *over)), NOW).text == sentence


@pytest.mark.parametrize(
    ("count", "news", "small"),
    [
        pytest.param(1, (4821,), "Another alert on the card", id="the card's only alert"),
        pytest.param(2, (4822,), "Another alert on the card: 4822 Low IPs in private-1", id="the new one of two"),
        pytest.param(
            8,
            tuple(range(4822, 4828)),
            "Another alert on the card: 4822 Low IPs in private-1, 4823 Low IPs in private-2, 4824 Low IPs in private-3"
            " and 3 more",
            id="six of eight",
        ),
        pytest.param(2, (), "Another alert on the card", id="nothing new"),
    ],
)
def test_the_reply_under_a_card_names_the_alerts_it_is_due_to(count: int, news: tuple[int, ...], small: str) -> None:
    """A card about several is heard again because of some of them: those are named in the small print."""
    note = repeat_note(_group(count), "another alert on the card", news)
    assert _words(note).splitlines()[-1] == small


def test_a_group_in_which_some_are_over_shows_both() -> None:
    """What is resolved is listed last; the card stays red while one fires, and only that one can be acked."""
    over = replace(RESOLVED, alert_id=4822, scope_key="subnet:subnet-2", label="private-1b")
    message = group_card(Group(group_key="k", alerts=(FIRING, over)), NOW)
    assert "• private-1b: resolved after 2 h 11 min" in _words(message)
    assert message.tone is Tone.BAD
    assert _commands(message)[0] == ("Acknowledge", "ack 4821")


def test_a_group_that_is_over_is_green_and_says_how_long() -> None:
    """All resolved: one sentence, one button."""
    both = tuple(replace(RESOLVED, alert_id=4821 + n, scope_key=f"subnet:subnet-{n}") for n in range(2))
    message = group_card(Group(group_key="k", alerts=both), NOW)
    assert message.text == "[RESOLVED] 2 subnets (prod-eu, eu-west-1a): all clear after 2 h 11 min."
    assert message.tone is Tone.RESOLVED
    assert _commands(message) == [("Details", "alerts 4821")]


def test_a_group_is_acked_only_when_each_of_its_alerts_is() -> None:
    """One ack of two leaves the card red; both make it yellow."""
    group = _group(2)
    one = {4821: Overlay(ack=ACK)}
    assert group_card(group, NOW, one).tone is Tone.BAD
    both = one | {4822: Overlay(ack=replace(ACK, alert_id=4822))}
    assert group_card(group, NOW, both).tone is Tone.WARNING


def test_a_silence_of_very_many_alerts_fits_an_option() -> None:
    """Where the numbers of all alerts do not fit an option, the first alert's number is offered."""
    message = group_card(_group(60), NOW)
    assert _menus(message)["Silence…"][0] == ("30 min", "silence 4821 30m")
    _within_the_phone(message)


def test_hidden_children_are_counted_on_the_parent() -> None:
    """A blind card says how many alerts are not told because of it."""
    blind = OF_EACH_RULE["blind"][0]
    assert "+7 alerts below it not told while this fires" in _words(card(blind, NOW, Overlay(hidden=7)))


def test_a_silence_that_ends_soon_is_announced_with_what_would_be_heard() -> None:
    """The reminder names the silence, its end, what fires, and offers two more hours."""
    message = silence_reminder(SILENCE, [FIRING], NOW + timedelta(minutes=75))
    assert message.text == "Silence 7 ends in 15 min. Firing: 4821 private-1a."
    assert _commands(message) == [("2 more hours", "silence 4821 2h"), ("End it now", "unsilence 7")]
    _within_the_phone(message)
    scope = Scope(kind=ScopeKind.CLUSTER, value="111122223333/eu-west-1/prod-eu")
    wide = silence_reminder(replace(SILENCE, alert_ids=(), scope=scope), [RESOLVED], NOW)
    assert wide.text.endswith("Nothing it covers fires now.")
    assert _commands(wide)[0] == ("2 more hours", "silence cluster:111122223333/eu-west-1/prod-eu 2h")


def test_a_silence_that_is_over_names_what_fires_on() -> None:
    """One message at the end, with a way to each of the first alerts."""
    message = silence_ended(SILENCE, [replace(FIRING, alert_id=4821 + n, label="p" * 200) for n in range(9)])
    assert message.text.startswith("Silence 7 is over. Firing: 4821 ppp")
    assert [command for _, command in _commands(message)] == ["alerts 4821", "alerts 4822", "alerts 4823"]
    _within_the_phone(message)
