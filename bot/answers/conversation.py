"""The JSON form of what is about the conversation: overview, channel defaults, live boards."""

from datetime import datetime

from pydantic import Field

from bot.answers.alerting import AlertRow, WatchRow
from bot.answers.model import AnswerModel


class DefaultsAnswer(AnswerModel):
    """`defaults`."""

    channel: str = Field(description="Channel id.")
    scope: str | None = Field(description="Target that is meant where none is named; null: none.")
    tz: str | None = Field(description="Time zone's name; null: none.")
    visibility: str | None = Field(description="private or channel; null: as each verb has it.")
    mode: str | None = Field(description="normal or incident; null: by the channel's name.")


class BoardRow(AnswerModel):
    """One live board."""

    board_id: int = Field(description="Number of the board.")
    scope: str = Field(description="What it shows.")
    ends_at: datetime = Field(description="When it ends by itself.")


class BoardAnswer(AnswerModel):
    """`board`."""

    boards: list[BoardRow] = Field(description="Boards that run in the channel after the command.")


class OverviewCluster(AnswerModel):
    """One cluster with its worst subnet."""

    name: str = Field(description="Name of the cluster.")
    account_id: str = Field(description="Its account.")
    region: str = Field(description="Its region.")
    subnets: int = Field(description="Subnets it uses that are known.")
    worst_subnet_id: str | None = Field(description="The subnet with the least room; null: none is known.")
    worst_free_ips: int | None = Field(description="Addresses free in it; null: not known.")
    worst_state: str | None = Field(description="Its state: ok, low, critical, exhausted or unknown.")


class OverviewAnswer(AnswerModel):
    """`overview`."""

    clusters: list[OverviewCluster] = Field(description="Clusters, the one with the worst subnet first.")
    alerts: list[AlertRow] = Field(description="Open alerts.")
    watches: list[WatchRow] = Field(description="Watches that may be seen.")
    broken_channels: list[str] = Field(description="Channels of those watches that Slack refuses.")
