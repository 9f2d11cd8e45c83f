"""Settings: every section of eksip.toml, each setting with its default and one sentence of help."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.capacity.subnets import Limits
from bot.inventory import Account

OUTSIDE_NAMES = ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET", "DATABASE_URL", "PORT")
"""Variables read under their common names, without the EKSIP_ prefix."""

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_DURATION = re.compile(r"(\d+)\s*([smhdw])", re.ASCII)


LONGEST = timedelta(days=366)
"""Longest length of time a setting may hold: more is a slip, and far more would overflow the calendar."""


def duration(text: str) -> timedelta:
    """The length of time written as `90s`, `10m`, `2h`, `1d12h`.

    Raises: ValueError with one valid example.
    """
    compact = text.strip().lower().replace(" ", "")
    parts = _DURATION.findall(compact)
    if not parts or "".join(f"{number}{unit}" for number, unit in parts) != compact or len(compact) > 20:
        raise ValueError(f"{text[:40]!r} is not a length of time; write for example 10m, 2h or 1d12h")
    return _bounded(sum(int(number) * _UNITS[unit] for number, unit in parts))


def _bounded(seconds: float) -> timedelta:
    if not 0 <= seconds <= LONGEST.total_seconds():
        raise ValueError(f"a length of time lies between 0s and {LONGEST.days}d; write for example 10m, 2h or 1d12h")
    return timedelta(seconds=seconds)


def _duration_or_seconds(value: object) -> object:
    if isinstance(value, str):
        return duration(value)
    if isinstance(value, bool):
        raise ValueError("a length of time is text such as 10m, 2h or 1d12h, or a number of seconds")
    return _bounded(value) if isinstance(value, int | float) else value


def _at_least_a_second(length: timedelta) -> timedelta:
    if length < timedelta(seconds=1):
        raise ValueError("must be at least 1s, for example 5m")
    return length


def _matching(pattern: str, expected: str) -> AfterValidator:
    """A check that text has the pattern; the problem says what is expected, with one valid example."""
    accepted = re.compile(pattern, re.ASCII)

    def check(value: str) -> str:
        if not accepted.fullmatch(value):
            raise ValueError(f"expected {expected}")
        return value

    return AfterValidator(check)


def _quoted(expected: str) -> BeforeValidator:
    """A check that the value was written as text: TOML would drop the leading zeros of a number."""

    def check(value: object) -> object:
        if isinstance(value, int | float):
            raise ValueError(f"expected {expected} in quotes")
        return value

    return BeforeValidator(check)


def _one_or_many(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


_TWELVE_DIGITS = 'the twelve digits of an account, for example "111122223333"'

Duration = Annotated[timedelta, BeforeValidator(_duration_or_seconds)]
_Interval = Annotated[Duration, AfterValidator(_at_least_a_second)]
_AccountId = Annotated[str, _matching(r"\d{12}", _TWELVE_DIGITS), _quoted(_TWELVE_DIGITS)]
_RoleArn = Annotated[
    str,
    _matching(
        r"arn:aws[a-z-]*:iam::\d{12}:role/.+",
        'the ARN of a role, for example "arn:aws:iam::111122223333:role/eksip-reader"',
    ),
]
_Region = Annotated[str, _matching(r"[a-z]{2,5}(-[a-z]+)+-\d{1,2}", 'the code of a region, for example "eu-west-1"')]
_Address = Annotated[
    str, _matching(r"https?://[^\s/]+(/\S*)?", 'an http or https address, for example "https://slack.com/api/"')
]
_SlashCommand = Annotated[
    str, _matching(r"/[a-z0-9_-]{1,31}", 'a slash and up to 31 lower-case characters, for example "/eksip"')
]
_ChannelId = Annotated[
    str,
    _matching(r"[CGD][A-Z0-9]{6,}", 'the id of a channel (its details in Slack show it), for example "C0123456789"'),
]
_UserId = Annotated[
    str,
    _matching(r"[UW][A-Z0-9]{6,}", 'the id of a person (their profile in Slack shows it), for example "U0123456789"'),
]
_LogLevel = Annotated[
    str, BeforeValidator(_upper), _matching("DEBUG|INFO|WARNING|ERROR", "one of DEBUG, INFO, WARNING, ERROR")
]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SlackSettings(_Section):
    """[slack]: how the bot reaches Slack. The tokens come from the environment only."""

    api_url: _Address = Field("https://slack.com/api/", description="Base address of the Slack Web API.")
    command: _SlashCommand = Field("/eksip", description="The slash command of the manifest.")
    workers: int = Field(8, ge=1, le=64, description="Commands worked on at the same time; more wait in line.")
    sockets: int = Field(2, ge=1, le=10, description="Socket Mode connections held at once (Slack allows 10).")


class AccountSettings(_Section):
    """[[aws.accounts]]: one account to read, and the role (or chain of roles) to assume for it."""

    account_id: _AccountId = Field(description="The twelve digits of the account.")
    name: str = Field("", max_length=64, description="How people call it; the account id where left out.")
    role_arn: Annotated[list[_RoleArn], BeforeValidator(_one_or_many)] = Field(
        [], description="Role to assume; a list is a chain, assumed in order; left out for the caller's own account."
    )
    external_id: SecretStr | None = Field(None, description="ExternalId that the role's trust policy asks for.")
    regions: list[_Region] | None = Field(None, description="Regions of this account, in place of aws.regions.")


class AwsSettings(_Section):
    """[aws]: which accounts and regions are read."""

    regions: list[_Region] = Field([], description="Regions to read; [] means every region enabled in each account.")
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

    poll: _Interval = Field(timedelta(minutes=5), description="Time between two reads of every subnet.")
    slow: _Interval = Field(timedelta(minutes=15), description="Time between two reads of clusters and node groups.")


class WatchSettings(_Section):
    """[[watches]]: a channel that is told about a scope, as `/eksip watch` sets up from Slack."""

    channel: _ChannelId = Field(description="Channel id, from the channel's details in Slack.")
    scope: str = Field("all", description="What to watch: all, cluster:NAME, subnet:NAME, account:NAME, …")


class AccessSettings(_Section):
    """[access]: who may do more than read. Reads are allowed to every full member of the workspace."""

    writers: list[_UserId] = Field(
        [], description="User ids that may watch and unwatch; [] means every full member of the workspace."
    )
    channels: list[_ChannelId] = Field(
        [], description="Channel ids the bot answers in; [] means everywhere it is asked."
    )


class Settings(BaseSettings):
    """Everything eksip can be told. Facts live in eksip.toml, secrets in the environment."""

    model_config = SettingsConfigDict(extra="forbid", frozen=True, env_prefix="EKSIP_", env_nested_delimiter="__")

    slack: SlackSettings = SlackSettings()
    aws: AwsSettings = AwsSettings()
    thresholds: ThresholdSettings = ThresholdSettings()
    schedule: ScheduleSettings = ScheduleSettings()
    watches: list[WatchSettings] = Field([], description="Channels told about scopes, besides `/eksip watch`.")
    access: AccessSettings = AccessSettings()
    log_level: _LogLevel = Field("INFO", description="Least level that is logged.")

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
    return Account(
        account_id=entry.account_id,
        name=entry.name or entry.account_id,
        role_arns=tuple(entry.role_arn),
        external_id=entry.external_id.get_secret_value() if entry.external_id else None,
        regions=tuple(regions if entry.regions is None else entry.regions),
    )


def keys() -> tuple[str, ...]:
    """Every key that eksip.toml may hold, dotted; entries of lists of tables carry `[]`."""
    return tuple(_keys(Settings, ""))


def _keys(model: type[BaseModel], path: str) -> list[str]:
    found = []
    for name, field in model.model_fields.items():
        if field.validation_alias is not None:
            continue
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            found += _keys(inner, f"{path}{name}.")
            continue
        arguments = getattr(inner, "__args__", ())
        if arguments and isinstance(arguments[0], type) and issubclass(arguments[0], BaseModel):
            found += _keys(arguments[0], f"{path}{name}[].")
            continue
        found.append(f"{path}{name}")
    return found
