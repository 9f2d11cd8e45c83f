"""Configuration: what can be set (settings) and how it is read (loading)."""

from bot.config.loading import CONFIG_VARIABLE, DEFAULT_FILE, aws_environment, load, slack_mode
from bot.config.sections import (
    AccessSettings,
    AwsSettings,
    KubernetesSettings,
    ScheduleSettings,
    SlackSettings,
    ThresholdSettings,
    WatchSettings,
)
from bot.config.settings import OUTSIDE_NAMES, Settings, keys
from bot.config.values import duration

__all__ = [
    "CONFIG_VARIABLE",
    "DEFAULT_FILE",
    "OUTSIDE_NAMES",
    "AccessSettings",
    "AwsSettings",
    "KubernetesSettings",
    "ScheduleSettings",
    "Settings",
    "SlackSettings",
    "ThresholdSettings",
    "WatchSettings",
    "aws_environment",
    "duration",
    "keys",
    "load",
    "slack_mode",
]
