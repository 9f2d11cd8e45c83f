"""Settings: every section of eksip.toml, each setting with its default and one sentence of help."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.capacity.subnets import Limits
from bot.inventory import Account

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_DURATION = re.compile(r"(\d+)\s*([smhdw])", re.ASCII)


def duration(text: str) -> timedelta:
    """The length of time written as `90s`, `10m`, `2h`, `1d12h`.

    Raises: ValueError with one valid example.
    """
    compact = text.strip().lower().replace(" ", "")
    parts = _DURATION.findall(compact)
    if not parts or "".join(f"{number}{unit}" for number, unit in parts) != compact or len(compact) > 20:
        raise ValueError(f"{text!r} is not a length of time; write for example 10m, 2h or 1d12h")
    return timedelta(seconds=sum(int(number) * _UNITS[unit] for number, unit in parts))


def _duration_or_seconds(value: object) -> object:
    if isinstance(value, str):
        return duration(value)
    return timedelta(seconds=value) if isinstance(value, int | float) and not isinstance(value, bool) else value


Duration = Annotated[timedelta, BeforeValidator(_duration_or_seconds)]
_AccountId = Annotated[str, Field(pattern=r"^\d{12}$")]
_RoleArn = Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:iam::\d{12}:role/.+$")]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SlackSettings(_Section):
    """[slack]: how the bot reaches Slack. The tokens come from the environment only."""

    api_url: str = Field("https://slack.com/api/", description="Base address of the Slack Web API.")
    command: str = Field("/eksip", pattern=r"^/[a-z0-9_-]{1,31}$", description="The slash command of the manifest.")
    workers: int = Field(8, ge=1, le=64, description="Commands worked on at the same time; more wait in line.")
    sockets: int = Field(2, ge=1, le=10, description="Socket Mode connections held at once (Slack allows 10).")


class AccountSettings(_Section):
    """[[aws.accounts]]: one account to read, and the role (or chain of roles) to assume for it."""

    account_id: _AccountId = Field(description="The twelve digits of the account.")
    name: str = Field("", max_length=64, description="How people call it; the account id where left out.")
    role_arn: _RoleArn | list[_RoleArn] | None = Field(
        None, description="Role to assume; a list is a chain, assumed in order; left out for the caller's own account."
    )
    external_id: SecretStr | None = Field(None, description="ExternalId that the role's trust policy asks for.")
    regions: list[str] | None = Field(None, description="Regions of this account, in place of aws.regions.")


class AwsSettings(_Section):
    """[aws]: which accounts and regions are read."""

    regions: list[str] = Field([], description="Regions to read; [] means every region enabled in each account.")
    accounts: list[AccountSettings] = Field([], description="Accounts to read; without any, the caller's own.")
    workers: int = Field(8, ge=1, le=64, description="Accounts and regions read at the same time.")


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

    poll: Duration = Field(timedelta(minutes=5), description="Time between two reads of every subnet.")
    slow: Duration = Field(timedelta(minutes=15), description="Time between two reads of clusters and node groups.")


class WatchSettings(_Section):
    """[[watches]]: a channel that is told about a scope, as `/eksip watch` sets up from Slack."""

    channel: str = Field(pattern=r"^[CGD][A-Z0-9]{6,}$", description="Channel id, from the channel's details in Slack.")
    scope: str = Field("all", description="What to watch: all, cluster:NAME, subnet:NAME, account:NAME, …")


class AccessSettings(_Section):
    """[access]: who may do more than read. Reads are allowed to every full member of the workspace."""

    writers: list[str] = Field(
        [], description="User ids that may watch and unwatch; [] means every full member of the workspace."
    )
    channels: list[str] = Field([], description="Channel ids the bot answers in; [] means everywhere it is asked.")


class Settings(BaseSettings):
    """Everything eksip can be told. Facts live in eksip.toml, secrets in the environment."""

    model_config = SettingsConfigDict(extra="forbid", frozen=True, env_prefix="EKSIP_", env_nested_delimiter="__")

    slack: SlackSettings = SlackSettings()
    aws: AwsSettings = AwsSettings()
    thresholds: ThresholdSettings = ThresholdSettings()
    schedule: ScheduleSettings = ScheduleSettings()
    watches: list[WatchSettings] = Field([], description="Channels told about scopes, besides `/eksip watch`.")
    access: AccessSettings = AccessSettings()
    log_level: str = Field("INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="Least level that is logged.")

    slack_bot_token: SecretStr = Field(
        SecretStr(""), validation_alias="SLACK_BOT_TOKEN", description="The bot token, xoxb-…."
    )
    slack_app_token: SecretStr = Field(
        SecretStr(""), validation_alias="SLACK_APP_TOKEN", description="The app token for Socket Mode, xapp-…."
    )
    slack_signing_secret: SecretStr = Field(
        SecretStr(""), validation_alias="SLACK_SIGNING_SECRET", description="The signing secret, for HTTP mode."
    )
    database_url: SecretStr = Field(
        SecretStr("sqlite:///eksip.db"), validation_alias="DATABASE_URL", description="A SQLite file or PostgreSQL."
    )
    port: int = Field(
        3000, ge=0, le=65535, validation_alias="PORT", description="Where /healthz, /readyz and /metrics listen."
    )

    @property
    def database_exists(self) -> bool:
        """Whether there is a database to read: a server, or a SQLite file that has been made."""
        scheme, _, path = self.database_url.get_secret_value().partition(":///")
        return not scheme.startswith("sqlite") or Path(path).exists()

    @property
    def accounts(self) -> tuple[Account, ...]:
        """The configured accounts as facts; empty means the caller's own account."""
        return tuple(_account(entry, self.aws.regions) for entry in self.aws.accounts)


def _account(entry: AccountSettings, regions: list[str]) -> Account:
    roles = [entry.role_arn] if isinstance(entry.role_arn, str) else (entry.role_arn or [])
    return Account(
        account_id=entry.account_id,
        name=entry.name or entry.account_id,
        role_arns=tuple(roles),
        external_id=entry.external_id.get_secret_value() if entry.external_id else None,
        regions=tuple(regions if entry.regions is None else entry.regions),
    )
