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


class AlertsAnswer(AnswerModel):
    """`alerts`."""

    alerts: list[AlertRow] = Field(description="Open alerts first, then recent ones.")


class WatchRow(AnswerModel):
    """One channel told about a scope."""

    channel: str = Field(description="Channel id.")
    scope: str = Field(description="The scope.")
    source: Literal["configuration", "command"] = Field(description="Where the watch comes from.")


class WatchAnswer(AnswerModel):
    """`watch`, `unwatch`, `watching`."""

    watches: list[WatchRow] = Field(description="Watches of the channel after the command.")
