"""The sections of eksip.toml: each setting with its default and one sentence of help."""

from datetime import timedelta
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator

from bot.capacity.subnets import Limits
from bot.config.values import (
    AccountId,
    Address,
    ChannelId,
    Duration,
    Interval,
    Region,
    RoleArn,
    SlashCommand,
    UserId,
    one_or_many,
)


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SlackSettings(_Section):
    """[slack]: how the bot reaches Slack. The tokens come from the environment only."""

    api_url: Address = Field("https://slack.com/api/", description="Base address of the Slack Web API.")
    command: SlashCommand = Field("/eksip", description="The slash command of the manifest.")
    workers: int = Field(8, ge=1, le=64, description="Commands worked on at the same time; more wait in line.")
    sockets: int = Field(2, ge=1, le=10, description="Socket Mode connections held at once (Slack allows 10).")


class AccountSettings(_Section):
    """[[aws.accounts]]: one account to read, and the role (or chain of roles) to assume for it."""

    account_id: AccountId = Field(description="The twelve digits of the account.")
    name: str = Field("", max_length=64, description="How people call it; the account id where left out.")
    role_arn: Annotated[list[RoleArn], BeforeValidator(one_or_many)] = Field(
        [], description="Role to assume; a list is a chain, assumed in order; left out for the caller's own account."
    )
    external_id: SecretStr | None = Field(None, description="ExternalId that the role's trust policy asks for.")
    regions: list[Region] | None = Field(None, description="Regions of this account, in place of aws.regions.")


class AwsSettings(_Section):
    """[aws]: which accounts and regions are read."""

    regions: list[Region] = Field([], description="Regions to read; [] means every region enabled in each account.")
    accounts: list[AccountSettings] = Field([], description="Accounts to read; without any, the caller's own.")
    workers: int = Field(8, ge=1, le=64, description="Accounts and regions read at the same time.")

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        named = [account.account_id for account in self.accounts]
        twice = sorted({account_id for account_id in named if named.count(account_id) > 1})
        if twice:
            raise ValueError(f"each account may be named once (`accounts` names {', '.join(twice)} twice)")
        return self


class ThresholdSettings(_Section):
    """[thresholds]: when a subnet counts as low, and for how long before somebody is told."""

    floor_ips: int = Field(
        8,
        ge=0,
        description="Fewer free addresses than this is critical whatever the size "
        "(load balancers need 8); capped at half of a small subnet's usable addresses.",
    )
    low_pct: float = Field(10, ge=0, le=100, description="Free below this percentage of usable addresses is low.")
    critical_pct: float = Field(5, ge=0, le=100, description="Free below this percentage is critical.")
    clear_pct: float = Field(
        12, ge=0, le=100, description="Free must be back above this percentage before recovery starts."
    )
    hold: Duration = Field(timedelta(minutes=5), description="How long a subnet must stay low before the alert fires.")
    recover: Duration = Field(
        timedelta(minutes=10), description="How long it must stay above clear_pct before the alert is resolved."
    )

    @model_validator(mode="after")
    def _rising(self) -> Self:
        if not self.critical_pct <= self.low_pct <= self.clear_pct:
            raise ValueError(
                f"must rise from critical_pct to low_pct to clear_pct, for example 5, 10, 12 "
                f"(read {self.critical_pct:g}, {self.low_pct:g}, {self.clear_pct:g})"
            )
        return self

    @property
    def limits(self) -> Limits:
        """The thresholds as the capacity engine takes them."""
        return Limits(
            floor_ips=self.floor_ips,
            low_pct=self.low_pct,
            critical_pct=self.critical_pct,
            clear_pct=self.clear_pct,
        )


class ScheduleSettings(_Section):
    """[schedule]: how often AWS is read."""

    poll: Interval = Field(timedelta(minutes=5), description="Time between two reads of every subnet.")
    slow: Interval = Field(timedelta(minutes=15), description="Time between two reads of clusters and node groups.")


class WatchSettings(_Section):
    """[[watches]]: a channel that is told about a scope, as `/eksip watch` sets up from Slack."""

    channel: ChannelId = Field(description="Channel id, from the channel's details in Slack.")
    scope: str = Field("all", description="What to watch: all, cluster:NAME, subnet:NAME, account:NAME, …")


class AccessSettings(_Section):
    """[access]: who may do more than read. Reads are allowed to every full member of the workspace."""

    writers: list[UserId] = Field(
        [], description="User ids that may watch and unwatch; [] means every full member of the workspace."
    )
    channels: list[ChannelId] = Field(
        [], description="Channel ids the bot answers in; [] means everywhere it is asked."
    )
