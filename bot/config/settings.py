"""Settings: every section of eksip.toml and the secrets of the environment, in one object."""

from pathlib import Path

from pydantic import BaseModel, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.config.sections import (
    AccessSettings,
    AccountSettings,
    AlertSettings,
    AwsSettings,
    KubernetesSettings,
    MetricsSettings,
    NotifySettings,
    ScheduleSettings,
    SlackSettings,
    ThresholdSettings,
    WatchSettings,
)
from bot.config.values import LogLevel
from bot.inventory import Account

OUTSIDE_NAMES = ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET", "DATABASE_URL", "PORT")
"""Variables read under their common names, without the EKSIP_ prefix."""


class Settings(BaseSettings):
    """Everything eksip can be told. Facts live in eksip.toml, secrets in the environment."""

    model_config = SettingsConfigDict(extra="forbid", frozen=True, env_prefix="EKSIP_", env_nested_delimiter="__")

    slack: SlackSettings = SlackSettings()
    aws: AwsSettings = AwsSettings()
    thresholds: ThresholdSettings = ThresholdSettings()
    alerts: AlertSettings = AlertSettings()
    schedule: ScheduleSettings = ScheduleSettings()
    metrics: MetricsSettings = MetricsSettings()
    kubernetes: KubernetesSettings = KubernetesSettings()
    notify: NotifySettings = NotifySettings()
    watches: list[WatchSettings] = Field([], description="Channels told about scopes, besides `/eksip watch`.")
    access: AccessSettings = AccessSettings()
    log_level: LogLevel = Field("INFO", description="Least level that is logged.")

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
