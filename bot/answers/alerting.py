"""The JSON form of alerts and of who is told of them."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from bot.answers.model import AnswerModel


class AlertRow(AnswerModel):
    """One alert."""

    alert_id: int = Field(description="Number people type.")
    rule: str = Field(description="Rule id.")
    scope: str = Field(description="What it is about, for example subnet:subnet-….")
    label: str = Field(description="Name of the subject.")
    severity: Literal["warning", "critical"] = Field(description="Severity.")
    status: Literal["pending", "firing", "recovering", "resolved"] = Field(description="Life-cycle state.")
    active_at: datetime = Field(description="First sample that breached.")
    fired_at: datetime | None = Field(description="When it fired.")
    resolved_at: datetime | None = Field(description="When it was resolved.")
    acked_by: str | None = Field(description="Who acknowledged it; null: nobody.")
    silenced_until: datetime | None = Field(description="End of a silence; null: not silenced.")
    value: float = Field(description="The rule's figure at the last sample.")
    unit: str = Field(description="What value and threshold count, for example IPs.")
    threshold: float = Field(description="Where the breach begins.")
    observed_at: datetime = Field(description="Time of the last sample.")


class SilenceRow(AnswerModel):
    """One silence or maintenance window."""

    silence_id: int = Field(description="Number people type after `unsilence`.")
    alert_ids: list[int] = Field(description="The alerts it covers; empty: those of its scope.")
    scope: str | None = Field(description="The scope it covers; null: its alerts.")
    rules: list[str] = Field(description="Only alerts of these rules; empty: of all.")
    severities: list[str] = Field(description="Only alerts of these severities; empty: of both.")
    made_by: str = Field(description="Who made it, in plain words.")
    reason: str = Field(description="Why, in their words; may be empty.")
    starts_at: datetime = Field(description="When it begins.")
    ends_at: datetime = Field(description="When it ends at the latest.")
    until_resolved: bool = Field(description="Whether it ends earlier, once its alerts are resolved.")
    lifted_at: datetime | None = Field(description="When somebody ended it early.")


class AlertEventRow(AnswerModel):
    """One thing that happened to an alert, or that was or was not said about it."""

    at: datetime = Field(description="When.")
    kind: Literal["transition", "told", "not told", "acked", "unacked", "silenced", "unsilenced"] = Field(
        description="What kind of thing it is."
    )
    channel: str = Field(description="The channel told or not told; empty: it is about the alert itself.")
    what: str = Field(description="What happened, or why something was or was not told.")
    detail: str = Field(description="Who, or which silence or alert it is due to; may be empty.")


class AlertsAnswer(AnswerModel):
    """`alerts`."""

    alerts: list[AlertRow] = Field(description="Open alerts first, then recent ones.")
    silences: list[SilenceRow] = Field(description="Silences and maintenance windows that are not over.")
    events: list[AlertEventRow] = Field(description="What happened to the alert, oldest first; only of `alerts why`.")


class AckAnswer(AnswerModel):
    """`ack`, `unack`."""

    alerts: list[AlertRow] = Field(description="The alerts named, as they stand after the command.")


class SilenceAnswer(AnswerModel):
    """`silence`, `unsilence`, `maintenance`."""

    silence: SilenceRow = Field(description="The silence as it stands after the command.")
    alerts: list[AlertRow] = Field(description="The open alerts it covers.")


class WatchRow(AnswerModel):
    """One channel told about a scope."""

    channel: str = Field(description="Channel id.")
    scope: str = Field(description="The scope.")
    source: Literal["configuration", "command"] = Field(description="Where the watch comes from.")
    severities: list[str] = Field([], description="Severities the channel wants; empty: all.")
    below_ips: int | None = Field(None, description="Only subnets with fewer free addresses; null: as the rule.")
    below_pct: float | None = Field(None, description="Only subnets with a smaller percentage free; null: as the rule.")
    quiet: str = Field("", description="Quiet hours with their time zone; empty: none.")
    broken_since: datetime | None = Field(None, description="Since when Slack refuses the channel; null: healthy.")
    broken_reason: str = Field("", description="Why, in Slack's word.")


class WatchAnswer(AnswerModel):
    """`watch`, `unwatch`, `watching`."""

    watches: list[WatchRow] = Field(description="Watches of the channel after the command.")


class AlarmRow(AnswerModel):
    """One CloudWatch alarm of the proposed set, with the one that exists already, if any."""

    name: str = Field(description="Name of the proposed alarm.")
    namespace: str = Field(description="Namespace of its metric.")
    metric: str = Field(description="Its metric.")
    dimensions: dict[str, str] = Field(description="The metric's dimensions.")
    statistic: Literal["Average", "Maximum"] = Field(description="How data points are taken together.")
    period_seconds: int = Field(description="Length of a data point, seconds.")
    comparison: str = Field(description="CloudWatch's word for the comparison.")
    threshold: float = Field(description="Where it goes off.")
    why: str = Field(description="How the threshold follows from this estate.")
    published: bool = Field(description="Whether the metric has data now: without any the alarm would say nothing.")
    existing: str | None = Field(description="Name of an alarm that watches the same metric; null: none.")
    existing_threshold: float | None = Field(description="Its threshold.")
    existing_state: str | None = Field(description="Its state: OK, ALARM or INSUFFICIENT_DATA.")


class CwAlarmsAnswer(AnswerModel):
    """`cwalarms`."""

    account_id: str = Field(description="The account.")
    region: str = Field(description="The region.")
    alarms: list[AlarmRow] = Field(description="The proposed alarms.")
    form: Literal["cli", "cloudformation", "terraform"] = Field(description="The form of `source`.")
    source: str = Field(description="Commands or a template that make those that do not exist yet.")
