"""What a channel may see: every verb is asked in a restricted channel, and none may name anything outside it."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from stored_alerts import FIRING, save_steps

from bot.alerts import Alert, Step, SubjectKind, Transition
from bot.answers.envelope import document
from bot.asking.command import Request, Surface
from bot.asking.seen import seen
from bot.commands import COMMANDS
from bot.config import load
from bot.inventory import Inventory
from bot.message import Message
from bot.monitor import Cards
from bot.monitor.audience import NOT_ALLOWED, Audience, Listener
from bot.scope import EVERYTHING
from bot.slack.render import render
from bot.wiring import Parts
from bot.wiring.parts import demo_estate

DATA, PROD, OPS, OTHER = "C0DATATEAM", "C0PRODTEAM", "C0OPSTEAM0", "C0OTHER000"
ANA, BEN = "U0ANAANA0", "U0BENBEN0"
ACCESS: dict[str, Any] = {
    "channels_may": [
        {"channel": DATA, "scopes": ["account:data"]},
        {"channel": PROD, "scopes": ["cluster:prod-us"]},
        {"channel": OPS, "scopes": ["all"]},
    ],
    "people_may": [{"users": [ANA], "scopes": ["cluster:stage-eu"]}],
}

# Words that stand in the fixed texts of usage lines and examples, whatever the estate is.
IN_EXAMPLES = frozenset(
    {
        "prod-eu",
        "prod-us",
        "private-1a",
        "private-1b",
        "prod",
        "stage",
        "data",
        "edge",
        "lab",
        "10.0.0.0/16",
        "100.64.0.0/16",
    }
)


@pytest.fixture(scope="module")
def parts() -> Iterator[Parts]:
    with demo_estate(facts={"access": ACCESS}) as estate:
        found = Parts(estate.settings)
        _fire(found)
        yield found
        found.close()


def _fire(parts: Parts) -> None:
    """An alert on a subnet of every cluster, on every cluster and on every VPC."""
    known = parts.facts.inventory()
    alerts = []
    for cluster in known.clusters:
        own = sorted(cluster.all_subnet_ids)[0]
        place: dict[str, Any] = {
            "account_id": cluster.account_id,
            "region": cluster.region,
            "clusters": (cluster.name,),
        }
        label = next(subnet.label for subnet in known.subnets if subnet.subnet_id == own)
        alerts.append(replace(FIRING, scope_key=f"subnet:{own}", label=label, **place))
        key = f"cluster:{cluster.account_id}/{cluster.region}/{cluster.name}"
        alerts.append(
            replace(
                FIRING,
                scope_kind=SubjectKind.CLUSTER,
                scope_key=key,
                label=cluster.name,
                rule="cluster_health",
                **place,
            )
        )
    steps = [Step(alert=alert, transition=Transition.OPENED) for alert in alerts]
    save_steps(parts.store, steps, {alert.scope_key: (OPS,) for alert in alerts}, parts.now())


def _names(inventory: Inventory) -> set[str]:
    """Every name and id of an inventory that tells something of it."""
    found = {account.account_id for account in inventory.accounts} | {account.name for account in inventory.accounts}
    found |= {cluster.name for cluster in inventory.clusters}
    found |= {name for vpc in inventory.vpcs for name in (vpc.vpc_id, vpc.name, *map(str, vpc.cidrs))}
    found |= {name for subnet in inventory.subnets for name in (subnet.subnet_id, subnet.name, str(subnet.cidr))}
    return {name for name in found if name}


def _foreign(parts: Parts, channel: str, user: str = "") -> set[str]:
    """The names that may not be seen there."""
    here = seen(Request(text="", surface=Surface.SLASH, channel_id=channel, user_id=user), parts.services)
    hidden = _names(parts.facts.inventory()) - _names(here.facts().inventory())
    visible_vpcs = {subnet.vpc_id for subnet in here.facts().inventory().subnets}
    own_vpcs = {vpc for vpc in parts.facts.inventory().vpcs if vpc.vpc_id in visible_vpcs}
    own = {name for vpc in own_vpcs for name in (vpc.vpc_id, vpc.name, *map(str, vpc.cidrs))}
    return hidden - own - IN_EXAMPLES


def _ask(parts: Parts, text: str, channel: str, user: str = BEN) -> Message:
    """The answer in a channel; a terminal that asks as one, so that `watch` does not wait for Slack."""
    return parts.answer(Request(text=text, surface=Surface.ASK, channel_id=channel, user_id=user))


def _said(message: Message) -> str:
    return json.dumps(document(message), ensure_ascii=False) + json.dumps(render(message), ensure_ascii=False)


def _words(verb: str, example: str) -> tuple[str, ...]:
    """What is asked of a verb: its example, everything, a name of this channel, names that are not for it, a slip."""
    targets = (
        "",
        "all",
        "cluster:data-eu",
        "prod-us",
        "stage-eu",
        "stage-pods-1a",
        "cgnat-1a",
        "edge",
        "stage-e",
        "222233334444",
    )
    tails = {"silence": " 2h", "maintenance": " now 2h", "plan": " nodes=3"}
    alerts = ("1001", "1002", "1003", "1004", "1005", "why 1001", "why 1005")
    numbers = alerts if verb in ("alerts", "ack", "unack", "silence", "unsilence") else ()
    return (example, *(f"{verb} {word}{tails.get(verb, '')}".strip() for word in (*targets, *numbers)))


@pytest.mark.timeout(120)
@pytest.mark.parametrize("channel", [pytest.param(DATA, id="an account"), pytest.param(PROD, id="a cluster")])
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.verb)
def test_no_verb_names_what_a_channel_may_not_see(parts: Parts, command: Any, channel: str) -> None:
    foreign = _foreign(parts, channel)
    assert len(foreign) > 20
    for text in _words(command.verb, command.example):
        said = _said(_ask(parts, text, channel)).replace(json.dumps(text)[1:-1], "")
        asked_for = set(text.split()) | {word.partition(":")[2] for word in text.split()}
        leaked = sorted(name for name in foreign - asked_for if name in said)
        assert not leaked, f"{text!r} named {leaked}: {said[:600]}"


def test_a_channel_without_an_entry_sees_nothing_and_one_for_all_sees_everything(parts: Parts) -> None:
    assert _ask(parts, "status", OTHER).failure is not None
    assert _ask(parts, "alerts", OTHER).answer["alerts"] == []
    assert _ask(parts, "status", OPS).answer == parts.answer(Request(text="status", surface=Surface.ASK)).answer


def test_in_direct_messages_the_person_decides(parts: Parts) -> None:
    found: Any = _ask(parts, "status", "D0ANAANA00", ANA).answer
    assert {subnet["clusters"][0] for subnet in found["subnets"]} == {"stage-eu"}
    assert _ask(parts, "status", "D0BENBEN00", BEN).failure is not None


def test_an_alert_of_another_scope_is_no_alert_and_nothing_can_be_done_to_it(parts: Parts) -> None:
    mine: Any = _ask(parts, "alerts", DATA).answer
    everyone: Any = _ask(parts, "alerts", OPS).answer
    numbers = {row["alert_id"] for row in mine["alerts"]}
    other = next(row for row in everyone["alerts"] if row["alert_id"] not in numbers)["alert_id"]

    for verb in ("alerts", "alerts why", "ack", "unack", "silence"):
        found = _ask(parts, f"{verb} {other}{' 2h' if verb == 'silence' else ''}", DATA)
        assert found.failure is not None, found.text
        assert f"I know no alert `{other}`" in found.text
    assert other not in parts.store.acks()
    assert numbers
    assert len(numbers) < len(everyone["alerts"])


def test_a_restricted_channel_cannot_silence_what_it_sees_only_a_part_of(parts: Parts) -> None:
    for text in ("silence all 2h", "silence region:us-east-1 2h", "maintenance all now 2h"):
        found = _ask(parts, text, PROD)
        assert found.failure is not None
        assert "Only a part" in found.text
    assert _ask(parts, "silence prod-us 30m", PROD).failure is None


def test_a_watch_of_everything_tells_a_channel_only_of_what_it_may_see(parts: Parts) -> None:
    known = parts.facts.inventory()
    every = [Listener(channel=channel, scope=EVERYTHING) for channel in (DATA, PROD, OPS, OTHER)]
    audience = Audience(
        every,
        known,
        {s.subnet_id: s for s in known.subnets},
        parts.settings.access,
        limits=parts.settings.thresholds.limits,
    )
    alerts = parts.store.open_alerts()

    told: dict[str, set[str]] = {}
    for alert in alerts:
        for channel, refusal in audience.channels(alert):
            if not refusal:
                told.setdefault(channel, set()).update(alert.clusters)
            else:
                assert refusal == NOT_ALLOWED
    assert told == {DATA: {"data-eu", "edge"}, PROD: {"prod-us"}, OPS: {c.name for c in known.clusters}}


def test_a_shared_subnets_card_names_the_channels_own_clusters_only(parts: Parts) -> None:
    known = parts.facts.inventory()
    (own,) = (cluster for cluster in known.clusters if cluster.name == "prod-us")
    shared: Alert = replace(FIRING, scope_key=f"subnet:{min(own.all_subnet_ids)}", clusters=("data-eu", "prod-us"))
    audience = Audience([], known, {}, parts.settings.access, limits=parts.settings.thresholds.limits)
    seen_there, seen_by_ops = audience.shown(PROD, shared), audience.shown(OPS, shared)
    assert seen_there is not None
    assert seen_there.clusters == ("prod-us",)
    assert seen_by_ops == shared
    assert audience.shown(OTHER, shared) is None
    cards = Cards(parts.store, load({}, {"access": ACCESS}), parts.now, parts.facts.known)
    assert [alert.clusters for alert in cards._as_seen(PROD, [shared])] == [("prod-us",)]
