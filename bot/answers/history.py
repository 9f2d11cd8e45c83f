"""The JSON form of the past and of what is ahead: `trend`, `forecast`, `top`, and the backtest of the methods."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from bot.answers.model import AnswerModel

Verdict = Literal[
    "out", "runs out", "not within the horizon", "no trend", "growing free", "not enough history", "stale"
]
Method = Literal["burn_rate", "holt_winters", "theil_sen"]


class TrendPoint(AnswerModel):
    """What was free at one time."""

    at: datetime = Field(description="When; of an hour, its start.")
    free_ips: int | None = Field(description="Free addresses, of an hour the lowest; null: not known from here on.")


class TrendRow(AnswerModel):
    """The past of one subnet."""

    subnet_id: str = Field(description="Subnet id.")
    name: str = Field(description="Name tag, empty without one.")
    usable_ips: int = Field(description="Addresses that can be given out.")
    free_ips: int | None = Field(description="Free addresses at the newest sample; null when not known.")
    lowest_ips: int | None = Field(description="The fewest free addresses in the time; null without history.")
    lowest_at: datetime | None = Field(description="When that was.")
    highest_ips: int | None = Field(description="The most free addresses (of hourly lows beyond 24 hours).")
    highest_at: datetime | None = Field(description="When that was.")
    change_ips: int | None = Field(description="Free addresses now less those at the start; null without history.")
    known_pct: float = Field(description="Share of the time that is known (0-100).")
    points: list[TrendPoint] = Field(description="The values over time, oldest first; only where one subnet is asked.")


class TrendAnswer(AnswerModel):
    """`trend SCOPE [24h|7d|30d]`."""

    window: Literal["24h", "7d", "30d"] = Field(description="The time looked back on.")
    began_at: datetime = Field(description="Its start.")
    subnets: list[TrendRow] = Field(description="Subnets of the scope, the largest loss first.")
    left_out: int = Field(description="Subnets of the scope that are not listed.")


class MethodJson(AnswerModel):
    """What one method says."""

    method: Method = Field(description="How it is worked out.")
    verdict: Verdict = Field(description="What it says.")
    reason: str = Field(description="Why, in a sentence.")
    earliest_at: datetime | None = Field(description="The earliest moment at the floor, where one is named.")
    likely_at: datetime | None = Field(description="The likely moment; null unless the verdict is `runs out`.")
    latest_at: datetime | None = Field(description="The latest moment; null: perhaps never.")
    per_hour: float | None = Field(description="Change of the free amount an hour.")
    inputs: int = Field(description="Values that were used.")


class ForecastRow(AnswerModel):
    """The forecast of one subnet, or of the subnets of a cluster in one zone taken together."""

    subject: Literal["subnet", "pool"] = Field(description="What it is about.")
    label: str = Field(description="Its name.")
    subnet_ids: list[str] = Field(description="The subnet, or those of the pool.")
    unit: Literal["addresses", "/28 blocks"] = Field(description="What is counted.")
    free: int | None = Field(description="The free amount now; null when not known.")
    total: int = Field(description="The amount there is at all.")
    floor: int = Field(description="At this amount or below it has run out.")
    verdict: Verdict = Field(description="The nearest method's verdict that names a date, else the widest's.")
    method: Method = Field(description="The method of this verdict.")
    likely_at: datetime | None = Field(description="When it likely runs out; null where no date is named.")
    methods: list[MethodJson] = Field(description="What every method says.")


class RecordJson(AnswerModel):
    """How often a method was right here in the last 30 days."""

    method: Method = Field(description="The method.")
    judged: int = Field(description="Episodes of forecasts that could be judged.")
    hits: int = Field(description="Those after which the subnet ran out in time.")


class DemandJson(AnswerModel):
    """One demand that is committed already."""

    demand: str = Field(description="What may come.")
    subject: str = Field(description="The node group or zone it is about; empty for all.")
    fits: bool | None = Field(description="Whether it fits what is free now; null when not known.")
    nodes: int = Field(description="Nodes that come.")
    needed_ips: int | None = Field(description="Addresses that they take; null when not known.")
    short_ips: int | None = Field(description="Addresses that are missing; null when not known.")


class ForecastAnswer(AnswerModel):
    """`forecast SCOPE`."""

    pools: list[ForecastRow] = Field(description="Zones of the cluster, soonest first; empty for another scope.")
    subnets: list[ForecastRow] = Field(description="Subnets of the scope, soonest first.")
    left_out: int = Field(description="Subnets of the scope that were not forecast: those with the most free.")
    ahead: list[DemandJson] = Field(description="Committed demand of the cluster; empty for another scope.")
    record: list[RecordJson] = Field(description="The methods' record here.")


class TopRow(AnswerModel):
    """One place of a list."""

    label: str = Field(description="Name of the subnet or the cluster.")
    subnet_id: str | None = Field(description="Subnet id; null for a cluster.")
    account_id: str = Field(description="Account.")
    region: str = Field(description="Region.")
    free_ips: int | None = Field(description="Free addresses now; null for a cluster or when not known.")
    usable_ips: int | None = Field(description="Usable addresses; null for a cluster.")
    likely_at: datetime | None = Field(description="When it likely runs out; only in `runout`.")
    method: Method | None = Field(description="The method that says so; only in `runout`.")
    change_ips: int | None = Field(description="Change of the free addresses in 24 hours; only in `movers`.")
    warm_ips: int | None = Field(description="Addresses that nodes hold for pods to come; only in `warm`.")


class TopAnswer(AnswerModel):
    """`top [runout|movers|warm]`."""

    by: Literal["runout", "movers", "warm"] = Field(description="What the list is ordered by.")
    looked_at: datetime | None = Field(description="When the forecasts of the list were made; only in `runout`.")
    rows: list[TopRow] = Field(description="The list, first place first.")
    left_out: int = Field(description="Places beyond it.")


class BacktestRow(AnswerModel):
    """How one method would have done."""

    method: str = Field(description="The method's name.")
    incidents: int = Field(description="Subnets that ran out in the time.")
    hits: int = Field(description="Those it had spoken of in its window before.")
    median_lead_seconds: float | None = Field(description="The lead that half of the hits have; null without hits.")
    false_episodes: int = Field(description="Alarms that nothing followed.")
    false_per_month: float | None = Field(description="The same for a subnet and 30 days.")
    averted: int = Field(description="Alarms after which somebody acted.")


class BacktestAnswer(AnswerModel):
    """`eksip backtest`."""

    began_at: datetime | None = Field(description="From when; null when there is too little history.")
    ended_at: datetime | None = Field(description="Until when.")
    subnets: int = Field(description="Subnets replayed.")
    left_out: int = Field(description="Subnets with history that were not replayed.")
    by_samples_from: datetime | None = Field(description="Before this only hourly lows are stored.")
    methods: list[BacktestRow] = Field(description="The methods, the two baselines first.")
