"""`cwalarms`: the proposed set on the demo estate, what exists beside it, and the three forms of the source."""

import json
import shlex
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from builders import NOW

from bot.alerts.alarm_forms import FORMS
from bot.alerts.alarm_set import cluster_alarms, matched, vpc_alarms
from bot.alerts.thresholds import Thresholds
from bot.answers.registry import ANSWERS
from bot.asking.command import Request, Surface
from bot.capacity.subnets import Limits
from bot.inventory.evidence import CloudWatchAlarm, CniFigures
from bot.message import Message
from bot.wiring import Parts
from bot.wiring.parts import demo_estate

LIMITS = Thresholds(subnets=Limits(floor_ips=8, low_pct=10, critical_pct=5, clear_pct=12))
FIGURES = CniFigures(
    cluster="prod-eu", observed_at=NOW, window=timedelta(minutes=15), assigned_ips=900, max_ips=1000, max_enis=64
)


@pytest.fixture(scope="module")
def parts() -> Iterator[Parts]:
    with demo_estate() as estate:
        found = Parts(estate.settings)
        yield found
        found.close()


def ask(parts: Parts, text: str) -> Message:
    return parts.answer(Request(text=text, surface=Surface.ASK))


def answer(parts: Parts, text: str) -> dict[str, Any]:
    message = ask(parts, text)
    assert message.failure is None, message.text
    ANSWERS["cwalarms"].model_validate(dict(message.answer))
    return dict(message.answer)


def test_thresholds_follow_from_what_the_nodes_can_hold_and_the_settings() -> None:
    thresholds = {alarm.metric: alarm.threshold for alarm in cluster_alarms("prod-eu", FIGURES, LIMITS)}
    assert thresholds == {"assignIPAddresses": 850, "eniAllocated": 60, "ipamdErr": 1, "ec2ApiErrCount": 1}


def test_without_figures_only_errors_are_proposed_and_as_without_data() -> None:
    found = cluster_alarms("prod-eu", None, LIMITS)
    assert {(alarm.metric, alarm.published) for alarm in found} == {("ipamdErr", False), ("ec2ApiErrCount", False)}


def test_address_usage_is_watched_at_a_share_of_the_applied_quota() -> None:
    own, peered = vpc_alarms("vpc-1", None, (64_000, 128_000), LIMITS)
    assert (own.threshold, peered.threshold, own.period_seconds, own.published) == (48_000, 96_000, 86_400, False)
    assert vpc_alarms("vpc-1", None, (None, None), LIMITS) == ()


def test_an_alarm_on_the_same_series_counts_whatever_its_name() -> None:
    proposed = cluster_alarms("prod-eu", FIGURES, LIMITS)[0]
    there = CloudWatchAlarm(
        name="ours-of-old",
        namespace="Kubernetes",
        metric="assignIPAddresses",
        dimensions=(("CLUSTER_ID", "prod-eu"),),
        statistic="Average",
        comparison="GreaterThanThreshold",
        threshold=18_000,
        period_seconds=300,
        state="OK",
        state_since=NOW,
        actions_enabled=True,
    )
    other = replace(there, name="another-cluster", dimensions=(("CLUSTER_ID", "data-eu"),))
    assert matched(proposed, [other, there]) == there
    assert matched(proposed, [other]) is None


def test_the_demo_cluster_shows_its_existing_alarm_and_proposes_the_rest(parts: Parts) -> None:
    found = answer(parts, "cwalarms prod-eu")
    by_metric = {row["metric"]: row for row in found["alarms"]}
    assert by_metric["assignIPAddresses"]["existing"] == "prod-eu-pod-ips"
    assert by_metric["assignIPAddresses"]["existing_state"] == "OK"
    assert by_metric["ipamdErr"]["existing"] is None
    assert "assignIPAddresses" not in found["source"]
    assert "ipamdErr" in found["source"]


def test_the_commands_are_words_a_shell_reads_back(parts: Parts) -> None:
    topic = "arn:aws:sns:eu-west-1:333344445555:ops"
    source = answer(parts, f"cwalarms data-eu topic={topic}")["source"]
    commands = [shlex.split(command) for command in source.replace("\\\n", "").split("\n\n")]
    assert [words[:3] for words in commands] == [["aws", "cloudwatch", "put-metric-alarm"]] * 4
    for words in commands:
        options = dict(zip(words[3::2], words[4::2], strict=True))
        assert options["--dimensions"] == "Name=CLUSTER_ID,Value=data-eu"
        assert options["--alarm-actions"] == topic
        assert options["--region"] == "eu-west-1"


@pytest.mark.parametrize("form", FORMS)
def test_each_form_names_every_alarm_that_is_missing_and_its_threshold(form: str) -> None:
    alarms = (*cluster_alarms("prod-eu", FIGURES, LIMITS), *vpc_alarms("vpc-1", None, (64_000, None), LIMITS))
    source = FORMS[form](alarms, "eu-west-1", "")
    for alarm in alarms:
        assert alarm.name in source
        assert alarm.metric in source
        assert f"{alarm.threshold:.0f}" in source
    assert "alarm-actions" not in source.lower()


def test_the_template_is_yaml_that_says_the_same() -> None:
    yaml = pytest.importorskip("yaml")
    alarms = cluster_alarms("prod-eu", FIGURES, LIMITS)
    read = yaml.safe_load(FORMS["cloudformation"](alarms, "eu-west-1", "arn:aws:sns:eu-west-1:333344445555:ops"))
    first = read["Resources"]["EksipProdEuPodsNearNodeLimit"]["Properties"]
    assert (first["Threshold"], first["MetricName"], first["DatapointsToAlarm"]) == (850, "assignIPAddresses", 10)
    assert first["Dimensions"] == [{"Name": "CLUSTER_ID", "Value": "prod-eu"}]
    assert len(read["Resources"]) == len(alarms)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("cwalarms all", "Alarms live in one account and region", id="several places"),
        pytest.param("cwalarms prod-eu as=terrafrom", "Did you mean `as=terraform`", id="a slip in the form"),
        pytest.param("cwalarms prod-eu topic=ops", "no SNS topic", id="a topic without its ARN"),
        pytest.param("cwalarms prod-eux", "Did you mean", id="unknown scope"),
    ],
)
def test_what_cannot_be_proposed_is_said_with_a_way_out(parts: Parts, text: str, said: str) -> None:
    message = ask(parts, text)
    assert message.failure is not None
    assert said in message.text


def test_a_metric_without_data_is_named_with_what_switches_it_on(parts: Parts) -> None:
    message = ask(parts, "cwalarms stage-eu")
    assert message.answer["source"] == ""
    shown = json.dumps([str(part) for part in message.parts])
    assert "explain cni metrics helper" in shown
    assert "--enable-network-address-usage-metrics" in shown
