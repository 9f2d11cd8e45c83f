"""Proposed alarms as text to run or apply: commands of the AWS CLI, a CloudFormation template, Terraform."""

import json
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from bot.alerts.alarm_set import ABOVE, ProposedAlarm


def cli(alarms: Sequence[ProposedAlarm], region: str, topic: str) -> str:
    """One `aws cloudwatch put-metric-alarm` for each alarm.

    Source: https://docs.aws.amazon.com/cli/latest/reference/cloudwatch/put-metric-alarm.html
    """
    return "\n\n".join(_command(alarm, region, topic) for alarm in alarms)


def cloudformation(alarms: Sequence[ProposedAlarm], region: str, topic: str) -> str:  # noqa: ARG001 (a stack has one)
    """A template with one AWS::CloudWatch::Alarm for each alarm.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudwatch-alarm.html
    """
    lines = ['AWSTemplateFormatVersion: "2010-09-09"', "Resources:"]
    for alarm in alarms:
        name, value = alarm.dimension
        lines += [
            f"  {_logical_id(alarm.name)}:",
            "    Type: AWS::CloudWatch::Alarm",
            "    Properties:",
            f"      AlarmName: {json.dumps(alarm.name)}",
            f"      AlarmDescription: {json.dumps(alarm.why)}",
            f"      Namespace: {json.dumps(alarm.namespace)}",
            f"      MetricName: {alarm.metric}",
            "      Dimensions:",
            f"        - Name: {json.dumps(name)}",
            f"          Value: {json.dumps(value)}",
            f"      Statistic: {alarm.statistic}",
            f"      Period: {alarm.period_seconds}",
            f"      EvaluationPeriods: {alarm.periods}",
            f"      DatapointsToAlarm: {alarm.datapoints}",
            f"      ComparisonOperator: {ABOVE}",
            f"      Threshold: {alarm.threshold:.0f}",
            f"      TreatMissingData: {alarm.missing.value}",
            *(
                [f"      AlarmActions: [{json.dumps(topic)}]", f"      OKActions: [{json.dumps(topic)}]"]
                if topic
                else []
            ),
        ]
    return "\n".join(lines)


def terraform(alarms: Sequence[ProposedAlarm], region: str, topic: str) -> str:  # noqa: ARG001 (the provider has one)
    """One aws_cloudwatch_metric_alarm for each alarm.

    Source: https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/cloudwatch_metric_alarm
    """
    return "\n\n".join(_resource(alarm, topic) for alarm in alarms)


Form = Callable[[Sequence[ProposedAlarm], str, str], str]

FORMS: Mapping[str, Form] = MappingProxyType({"cli": cli, "cloudformation": cloudformation, "terraform": terraform})
"""The forms by the word that people type after `as=`; each takes the alarms, the region and the topic to tell."""


def _command(alarm: ProposedAlarm, region: str, topic: str) -> str:
    name, value = alarm.dimension
    options = [
        f"--region {region} --alarm-name {shlex.quote(alarm.name)}",
        f"--alarm-description {shlex.quote(alarm.why)}",
        f"--namespace {shlex.quote(alarm.namespace)} --metric-name {alarm.metric}",
        f"--dimensions {shlex.quote(f'Name={name},Value={value}')}",
        f"--statistic {alarm.statistic} --period {alarm.period_seconds}",
        f"--evaluation-periods {alarm.periods} --datapoints-to-alarm {alarm.datapoints}",
        f"--comparison-operator {ABOVE}",
        f"--threshold {alarm.threshold:.0f} --treat-missing-data {alarm.missing.value}",
    ]
    if topic:
        options.append(f"--alarm-actions {shlex.quote(topic)} --ok-actions {shlex.quote(topic)}")
    return " \\\n  ".join(["aws cloudwatch put-metric-alarm", *options])


def _resource(alarm: ProposedAlarm, topic: str) -> str:
    name, value = alarm.dimension
    pairs = [
        ("alarm_name", json.dumps(alarm.name)),
        ("alarm_description", json.dumps(alarm.why).replace("%{", "%%{").replace("${", "$${")),
        ("namespace", json.dumps(alarm.namespace)),
        ("metric_name", json.dumps(alarm.metric)),
        ("statistic", json.dumps(alarm.statistic)),
        ("period", str(alarm.period_seconds)),
        ("evaluation_periods", str(alarm.periods)),
        ("datapoints_to_alarm", str(alarm.datapoints)),
        ("comparison_operator", json.dumps(ABOVE)),
        ("threshold", f"{alarm.threshold:.0f}"),
        ("treat_missing_data", json.dumps(alarm.missing.value)),
        *((("alarm_actions", f"[{json.dumps(topic)}]"), ("ok_actions", f"[{json.dumps(topic)}]")) if topic else ()),
    ]
    width = max(len(key) for key, _ in pairs)
    lines = [f"  {key:<{width}} = {text}" for key, text in pairs]
    lines += ["  dimensions = {", f"    {json.dumps(name)} = {json.dumps(value)}", "  }"]
    label = re.sub(r"[^a-zA-Z0-9_]", "_", alarm.name)
    return "\n".join([f'resource "aws_cloudwatch_metric_alarm" "{label}" {{', *lines, "}"])


def _logical_id(name: str) -> str:
    """A name of a template's resource: letters and digits only; each part begins with a capital."""
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[^A-Za-z0-9]+", name))
