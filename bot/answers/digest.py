"""The JSON form of a digest: what it says, and when a channel gets one."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from bot.answers.model import AnswerModel


class DigestRow(AnswerModel):
    """One subnet that is low, or that runs out by its newest forecast."""

    subnet_id: str = Field(description="Subnet id.")
    label: str = Field(description="Its name, its id without one.")
    account_id: str = Field(description="Account.")
    region: str = Field(description="Region.")
    free_ips: int | None = Field(description="Free addresses; null: not known.")
    usable_ips: int = Field(description="Usable addresses.")
    free_pct: float | None = Field(description="Free addresses in percent of the usable ones; null: not known.")
    change_ips: int | None = Field(description="Change of the free addresses in the period; null: not known.")
    change_points: float | None = Field(description="The same in percentage points.")
    likely_at: datetime | None = Field(description="When it likely runs out; null: no forecast names a date.")


class DigestAlerts(AnswerModel):
    """The alerts of the period: those that fired in it, or before and were not over."""

    count: int = Field(description="Alerts.")
    still_open: int = Field(description="Those that are open now.")
    silenced: int = Field(description="Those that somebody silenced.")
    longest_seconds: float | None = Field(description="How long the longest lasted so far; null without any.")
    longest_alert_id: int | None = Field(description="Its number.")


class DigestChance(AnswerModel):
    """How the daily chances of one method did in 30 days; the methods are scored over the same days of subnets."""

    method: Literal["forecast", "free_below_10_pct", "predict_linear_6h"] = Field(description="Who said them.")
    judged: int = Field(description="Days of subnets of which it is known what happened.")
    ran_out: int = Field(description="Those that ended at the floor.")
    found: int = Field(description="Of these, those with a chance of a half or more.")
    wrong: int = Field(description="Days with a chance of a half or more that did not.")
    brier: float = Field(description="Brier score, the mean squared error of the chances: 0 is best, 0.25 a coin's.")


class DigestForecasts(AnswerModel):
    """How the forecasts of the last 30 days did, by episodes: forecasts about one subnet in a row are one."""

    judged: int = Field(description="Episodes after which it is known what happened.")
    hits: int = Field(description="Those after which the subnet ran out.")
    false: int = Field(description="Those after which it did not.")
    median_lead_seconds: float | None = Field(description="The lead that half of the hits had; null without hits.")
    enough: bool = Field(description="Whether that is enough to say how often forecasts are right.")
    averted: int = Field(description="Episodes after which somebody acted and it did not run out; not judged.")
    chances: list[DigestChance] = Field(
        description="The chance to run out within a day, said once a day of each subnet: ours, then both baselines."
    )


class DigestMissed(AnswerModel):
    """What the bot itself missed in the period."""

    down_seconds: float | None = Field(description="Time in which no process served; null: never recorded.")
    unswept_seconds: float | None = Field(
        description="Time in which the fleet was not read whole; null: never recorded."
    )
    digests: int = Field(description="Digests of this channel that were not sent.")
    channels_broken: list[str] = Field(
        description="Channels that Slack refuses; where sight is limited, this one alone."
    )
    messages_given_up: int = Field(
        description="Messages of the period that could not be sent; alert cards of its last two days."
    )


class DigestFeedback(AnswerModel):
    """How often people said that the answers of one verb helped, and how often that they did not."""

    verb: str = Field(description="The verb that was asked.")
    helped: int = Field(description="Presses of *Helped*.")
    missed: int = Field(description="Presses of *Did not help*.")


class DigestReport(AnswerModel):
    """The digest itself."""

    scope: str = Field(description="What it is about.")
    began_at: datetime = Field(description="Start of the period.")
    ended_at: datetime = Field(description="Its end.")
    week: int = Field(description="ISO week in the digest's time zone.")
    due_at: datetime | None = Field(
        description="When it was due, of one sent later than that; null: in time, or asked."
    )
    subnets: int = Field(description="Subnets.")
    clusters: int = Field(description="Clusters.")
    under_10_pct: int = Field(description="Subnets with less than 10% free.")
    under_20_pct: int = Field(description="Subnets with 10% free or more, and less than 20%.")
    ok: int = Field(description="Subnets with 20% free or more.")
    unknown: int = Field(description="Subnets of which that is not known.")
    rows: list[DigestRow] = Field(description="Those that are low or run out, worst first.")
    left_out: int = Field(description="More of them.")
    alerts: DigestAlerts = Field(description="Alerts.")
    forecasts: DigestForecasts = Field(description="The record of forecasts.")
    feedback: list[DigestFeedback] = Field(description="What people said of answers in the period, by verb.")
    missed: DigestMissed = Field(description="What the bot itself missed.")


class DigestScheduleJson(AnswerModel):
    """When a channel gets its digest."""

    channel: str = Field(description="Channel id.")
    scope: str = Field(description="What it is about.")
    days: list[int] = Field(description="Days of the week, 0 is Monday.")
    time: str = Field(description="Time on the wall clock, HH:MM.")
    tz: str = Field(description="Time zone's name.")
    next_at: datetime = Field(description="When the next one is due.")
    last_sent_for: str | None = Field(description="Local day of the last one, YYYY-MM-DD; null: none was sent.")


class DigestAnswer(AnswerModel):
    """`digest`: shown, set, stopped, or when it comes."""

    report: DigestReport | None = Field(
        description="The digest; null where it was set, stopped or asked when it comes."
    )
    schedule: DigestScheduleJson | None = Field(description="When the channel gets it; null: it gets none.")
