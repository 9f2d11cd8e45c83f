"""`why` on the demo estate: what each cluster shows, what a paste selects, and what a refusal leaves open."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.answers.diagnosis import WhyAnswer
from bot.asking.command import Request, Surface
from bot.capacity.diagnosis.findings import ClusterPods
from bot.commands.why_pods import waiting_part
from bot.config import AccessSettings, KubernetesSettings
from bot.demo.workspace import problems
from bot.demo.world import World
from bot.inventory.kubernetes import WaitingPod
from bot.message import Bullets, Controls, Message
from bot.slack.render import render
from bot.wiring import Parts
from bot.wiring.parts import demo_estate

STAGE = "222233334444"
NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
NO_IP = (
    'Warning FailedCreatePodSandBox kubelet Failed to create pod sandbox: plugin type="aws-cni" name="aws-cni" failed '
    "(add): add cmd: failed to assign an IP address to container"
)


@pytest.fixture(scope="module")
def estate() -> Iterator[tuple[World, Any]]:
    with demo_estate() as found:
        yield found.world, found.settings


@pytest.fixture
def bot(estate: tuple[World, Any]) -> Iterator[tuple[World, Parts]]:
    """A bot that has read nothing yet, and the switches of its AWS; both as before when the test ends."""
    world, settings = estate
    parts = Parts(settings)
    yield world, parts
    world.faults.reset()
    world.give_back("payments-1a")
    parts.close()


@pytest.fixture(scope="module")
def calm(estate: tuple[World, Any]) -> Iterator[Parts]:
    """A bot for tests that change nothing, so that what was read once serves all of them."""
    parts = Parts(estate[1])
    yield parts
    parts.close()


def ask(parts: Parts, text: str) -> Message:
    message = parts.answer(Request(text=text))
    assert message.failure is None, message.text
    assert message.command.startswith("why"), message.command
    WhyAnswer.model_validate(message.answer)
    assert problems(render(message)) == []
    return message


def verdict(message: Message) -> tuple[str, str, str]:
    found: dict[str, str] = message.answer["verdict"]  # type: ignore[assignment]
    return found["cause"], found["confidence"], found["subject"]


def pods(message: Message) -> list[dict[str, object]]:
    found: list[dict[str, object]] = message.answer["waiting_pods"]  # type: ignore[assignment]
    return found


def said(message: Message, part: str) -> str:
    return str(message.answer[part])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("why prod-us", ("no_free_block", "high", "pods-use1a"), id="fragmented-subnet-of-prefix-nodes"),
        pytest.param(
            "why cluster:prod-eu", ("control_plane_subnets", "high", "eks-control-1b"), id="eks-reports-its-subnets"
        ),
        pytest.param("why stage-eu", ("not_ip_problem", "medium", "stage-eu"), id="reserved-subnet-is-not-full"),
        pytest.param("why data-eu", ("not_ip_problem", "medium", "data-eu"), id="custom-networking-at-work"),
        pytest.param("why edge", ("not_ip_problem", "medium", "edge"), id="ipv6-with-fargate"),
        pytest.param("why payments-1a", ("not_ip_problem", "medium", "payments-1a"), id="subnet-with-room"),
        pytest.param("diagnose prod-us", ("no_free_block", "high", "pods-use1a"), id="by-its-alias"),
    ],
)
def test_each_cluster_shows_what_is_the_matter_with_it(calm: Parts, text: str, expected: tuple[str, ...]) -> None:
    assert verdict(ask(calm, text)) == expected


def test_a_squeezed_subnet_is_the_cause_with_its_numbers_and_a_way_out(bot: tuple[World, Parts]) -> None:
    world, parts = bot
    world.take("payments-1a", 125)
    message = ask(parts, f"why prod-eu {NO_IP}\nin payments-1a")
    assert verdict(message) == ("subnet_exhausted", "high", "payments-1a")
    assert message.text.startswith("prod-eu: payments-1a is out of addresses")
    assert "of 251" in message.text
    assert "ago)" in said(message, "evidence")
    assert "kubectl" in said(message, "actions")
    assert "plan cluster:prod-eu" in said(message, "lasting")
    waits = next(part for part in message.parts if isinstance(part, Bullets) and part.title == "Waiting in prod-eu")
    assert len(waits.items) == 1
    assert "".join(str(getattr(each, "text", each)) for each in waits.items[0]).startswith(
        f"{len(pods(message))} pods of payments/checkout wait, oldest "
    )
    lasting = next(part for part in message.parts if isinstance(part, Bullets) and part.title == "Lasting fix")
    assert len(lasting.items) == 3
    waiting = pods(message)
    assert {(pod["cluster"], pod["workload"]) for pod in waiting} == {("prod-eu", "checkout")}
    assert all("failed to assign an IP address" in str(pod["message"]) for pod in waiting)
    assert ask(parts, "why data-eu").answer["waiting_pods"] == []


def test_a_notification_names_its_subject_once_and_leaves_out_what_is_of_other_clusters(
    bot: tuple[World, Parts],
) -> None:
    world, parts = bot
    world.take("payments-1a", 125)
    assert ask(parts, "why payments-1a").text.startswith("payments-1a is out of addresses")
    everywhere = ask(parts, "why")
    assert "data-eu: the ConfigMap" in said(everywhere, "remarks")
    assert "data-eu: the ConfigMap" not in str(everywhere.parts)
    assert "Most addresses" not in str(everywhere.parts)
    assert everywhere.answer["workloads"]
    assert "CNI Metrics Helper publishes nothing for stage-eu, prod-us, edge" in said(everywhere, "not_checked")
    assert "us-east-1" not in said(everywhere, "actions")


def test_pods_that_wait_are_told_by_workload_and_a_few_of_them() -> None:
    def waiting(workload: str, minutes: int, message: str = "", node: str = "ip-1") -> WaitingPod:
        return WaitingPod(
            namespace="shop",
            name=f"{workload}-{minutes}",
            workload=workload,
            since=NOW - timedelta(minutes=minutes),
            node=node,
            message=message,
        )

    every = (
        *(waiting("cart", each, NO_IP) for each in (2, 9, 4)),
        *(waiting("cart", each, "0/3 nodes are available: too many pods", node="") for each in (3, 6)),
        waiting("api", 5),
        *(waiting(f"job{each}", 1) for each in range(4)),
    )
    part = waiting_part(ClusterPods(cluster="prod-eu", observed_at=NOW, waiting=every, waiting_pods=30), NOW)
    assert ["".join(str(getattr(word, "text", word)) for word in item) for item in part.items] == [
        "3 pods of shop/cart wait, oldest 9 min: failed to assign an IP address to container",
        "2 pods of shop/cart wait without a node, oldest 6 min: Too many pods",
        "1 pod of shop/api waits, 5 min",
    ]
    assert part.more == "+24 more pods"


def test_who_may_not_see_a_cluster_sees_none_of_its_pods(bot: tuple[World, Parts]) -> None:
    world, parts = bot
    world.take("payments-1a", 125)
    access = AccessSettings.model_validate({"channels_may": [{"channel": "C0STAGE00", "scopes": ["cluster:stage-eu"]}]})
    limited = Parts(parts.settings.model_copy(update={"access": access}))
    for text in ("why", "why stage-eu", "why payments-1a", "why cluster:prod-eu", f"why {NO_IP}"):
        request = Request(text=text, surface=Surface.SLASH, channel_id="C0STAGE00", user_id="U0000001")
        answer = limited.answer(request)
        assert "checkout" not in str(answer), text
        assert "prod-eu" not in str(answer.answer), text
    assert limited.answer(replace(request, text="why stage-eu")).failure is None
    limited.close()
    assert pods(ask(parts, "why"))


def test_settings_that_drifted_and_who_holds_the_addresses_are_told(calm: Parts) -> None:
    message = ask(calm, "why data-eu")
    assert "warm-ip-target=5, which Linux nodes ignore" in said(message, "remarks")
    assert {"workload": "executor", "ips": 80}.items() <= message.answer["workloads"][0].items()  # type: ignore[index]
    assert "Most addresses in data-eu: spark/executor 80" in str(message.parts)
    assert said(message, "not_checked") == "[]"


def test_without_the_clusters_own_api_the_answer_stands_and_says_what_it_could_not_see(
    estate: tuple[World, Any],
) -> None:
    parts = Parts(estate[1].model_copy(update={"kubernetes": KubernetesSettings(enabled="never")}))
    message = ask(parts, "why prod-us")
    assert verdict(message) == ("no_free_block", "high", "pods-use1a")
    assert "pods, their events, ENIConfigs and the live DaemonSet: switched off" in said(message, "not_checked")
    assert (message.answer["waiting_pods"], message.answer["workloads"]) == ([], [])
    parts.close()


def test_words_after_in_name_a_node_group(bot: tuple[World, Parts]) -> None:
    """The squeezed subnet is the payments group's: asked about another group, it is not the verdict's subject."""
    world, parts = bot
    world.take("payments-1a", 125)
    assert verdict(ask(parts, "why prod-eu pods pending in payments"))[2] == "payments-1a"
    assert "payments-1a" not in verdict(ask(parts, "why prod-eu pods pending in general"))[2]


def test_a_plain_question_about_pods_that_wait_is_a_diagnosis(calm: Parts) -> None:
    assert verdict(ask(calm, "why are pods pending in prod-us?"))[0] == "no_free_block"
    assert verdict(ask(calm, "pods are stuck in ContainerCreating on prod-us"))[0] == "no_free_block"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("why does prefix delegation need Nitro", id="how-things-work"),
        pytest.param("why do pods hang in ContainerCreating", id="no-place-named"),
        pytest.param("why would a node hoard addresses it has no pods for", id="warm-pools"),
    ],
)
def test_a_question_how_things_work_is_explained(calm: Parts, text: str) -> None:
    message = calm.answer(Request(text=text))
    assert message.failure is None
    assert message.command.startswith("explain")


@pytest.mark.parametrize(
    ("paste", "subnet"),
    [
        pytest.param("{node} NotReady", "pods-use1a", id="node-name"),
        pytest.param("node {instance}: failed to assign an IP address to container", "pods-use1a", id="instance-id"),
        pytest.param("InsufficientCidrBlocks in {subnet}", "pods-use1a", id="subnet-id"),
        pytest.param("InsufficientCidrBlocks 10.20.0.0/20", "pods-use1a", id="block"),
        pytest.param("InsufficientCidrBlocks {eni}", "pods-use1a", id="interface-id"),
    ],
)
def test_what_is_pasted_selects_the_subnet_without_a_scope(
    estate: tuple[World, Any], calm: Parts, paste: str, subnet: str
) -> None:
    world, _ = estate
    subnet_id = world.subnet_id(subnet)
    inventory = calm.services.facts().inventory()
    contents = calm.services.reader().contents([s for s in inventory.subnets if s.subnet_id == subnet_id])
    node = min((n for n in contents.nodes if n.nodegroup == "legacy"), key=lambda n: n.instance_id)
    eni = next(e for e in contents.enis if e.instance_id == node.instance_id and e.device_index == 1)
    text = paste.format(node=node.private_dns_name, instance=node.instance_id, subnet=subnet_id, eni=eni.eni_id)
    assert verdict(ask(calm, f"why {text}"))[2] == subnet


def test_an_instance_that_is_nowhere_leaves_the_answer_open(calm: Parts) -> None:
    message = ask(calm, "why stage-eu i-0123456789abcdef0 has no IP")
    assert verdict(message)[0] == "unknown"
    assert "i-0123456789abcdef0 is not in the subnets I read" in said(message, "not_checked")


def test_a_leaked_interface_is_proven_and_a_warm_one_is_not_accused(calm: Parts) -> None:
    message = ask(calm, "why private-1a")
    assert "leaked_enis" in said(message, "other_causes")


def test_a_launch_that_failed_for_addresses_is_evidence(bot: tuple[World, Parts]) -> None:
    world, parts = bot
    subnet_id = world.subnet_id("private-1c")
    words = f"There are not enough free addresses in subnet '{subnet_id}' to satisfy the requested number of instances."
    now = parts.services.now()
    world.fail_launches("stage-eu", "stage", "Your quota allows for 0 more running instance(s).", now)
    world.fail_launches("prod-eu", "general", words, now - timedelta(minutes=5))
    message = ask(parts, f"why {subnet_id}")
    assert verdict(message)[:2] == ("subnet_exhausted", "medium")
    assert "a launch of eks-general-prod-eu failed" in said(message, "evidence")
    other = ask(parts, "why stage-eu nodes cannot start")
    assert verdict(other)[0] == "not_ip_problem"
    assert "Your quota allows for 0 more" in said(other, "evidence")


def test_the_tag_that_shuts_the_nodes_subnet_is_found(bot: tuple[World, Parts]) -> None:
    world, parts = bot
    world.tag_subnet("payments-1a", {"kubernetes.io/role/cni": "0"})
    try:
        message = ask(parts, "why payments-1a no valid subnets available for ENI creation")
    finally:
        world.tag_subnet("payments-1a", {"kubernetes.io/role/cni": "1"})
    assert verdict(message) == ("subnet_discovery_tags", "high", "payments-1a")
    assert "aws ec2 delete-tags" in said(message, "actions")


def test_what_aws_refuses_is_named_and_the_rest_is_answered(bot: tuple[World, Parts]) -> None:
    world, parts = bot
    world.faults.deny("autoscaling:DescribeScalingActivities", STAGE)
    world.faults.deny("cloudwatch:GetMetricData", STAGE)
    message = ask(parts, "why stage-eu")
    assert verdict(message)[0] == "not_ip_problem"
    assert "autoscaling:DescribeScalingActivities is not allowed" in said(message, "not_checked")
    assert "cloudwatch:GetMetricData is not allowed" in said(message, "not_checked")
    world.faults.deny("ec2:DescribeSubnets", STAGE)
    message = ask(parts, "why stage-eu no valid subnets available for ENI creation")
    assert verdict(message)[0] == "unknown"
    assert "ec2:DescribeSubnets is not allowed" in said(message, "not_checked")


def test_without_the_interfaces_nothing_is_ruled_out(bot: tuple[World, Parts]) -> None:
    world, parts = bot
    world.faults.deny("ec2:DescribeNetworkInterfaces", STAGE)
    message = ask(parts, "why stage-eu")
    assert verdict(message)[0] == "unknown"
    assert "nodes and interfaces in" in said(message, "not_checked")
    assert message.coverage is not None
    assert not message.coverage.complete


def test_the_answer_says_that_it_changes_nothing_and_what_was_not_checked(calm: Parts) -> None:
    words = str(ask(calm, "why prod-us").parts)
    assert "Not checked:" in words
    assert "Read-only: I change nothing." in words
    assert "CNI Metrics Helper publishes nothing for prod-us" in words


def test_the_buttons_open_the_evidence_and_a_fix(calm: Parts) -> None:
    (controls,) = [part for part in ask(calm, "why prod-us").parts if isinstance(part, Controls)]
    commands = [item.command for item in controls.items if hasattr(item, "command")]
    assert commands[0].startswith("subnet subnet-")
    assert commands[1] == "prefix cluster:prod-us"
    for command in commands:
        assert calm.answer(Request(text=command)).failure is None


@pytest.mark.parametrize(
    ("text", "suggested"),
    [
        pytest.param("why prod-ue", "why prod-eu", id="slip"),
        pytest.param("why cluster:nowhere pods pending", "", id="typed-scope-that-is-none"),
    ],
)
def test_a_scope_that_names_nothing_is_asked_back(calm: Parts, text: str, suggested: str) -> None:
    failure = calm.answer(Request(text=text)).failure
    assert failure is not None
    assert failure.kind == "user"
    assert suggested in " ".join(failure.suggestions)
