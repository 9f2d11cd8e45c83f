"""The text of deploy/eksip.example.toml: every setting with its default and its sentence, from bot.config."""

import json
import textwrap
from collections.abc import Mapping
from datetime import timedelta
from typing import get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from bot.config import CONFIG_VARIABLE, DEFAULT_FILE, Settings

EXAMPLE_VALUES: Mapping[str, object] = {
    "aws.regions": ["eu-west-1", "us-east-1"],
    "aws.accounts[].account_id": "111122223333",
    "aws.accounts[].name": "prod",
    "aws.accounts[].role_arn": "arn:aws:iam::111122223333:role/eksip-reader",
    "aws.accounts[].external_id": "a-long-random-word",
    "aws.accounts[].regions": ["eu-west-1"],
    "aws.organization.role_name": "eksip-reader",
    "aws.organization.external_id": "a-long-random-word",
    "aws.organization.list_role_arn": "arn:aws:iam::111122223333:role/eksip-reader",
    "slack.fallback_channel": "C0123456789",
    "notify.webhook_url": "https://example.com/alertmanager-hook",
    "notify.heartbeat_url": "https://example.com/ping/eksip",
    "access.channels_may[].channel": "C0123456789",
    "access.channels_may[].scopes": ["cluster:prod-eu", "account:stage"],
    "access.people_may[].users": ["U0123456789"],
    "access.people_may[].scopes": ["account:stage"],
    "watches[].channel": "C0123456789",
    "watches[].scope": "cluster:prod-eu",
}
"""Values that say more than the default, for settings whose default is empty."""

_LINE = 110


def example_file() -> str:
    """The commented example configuration: every setting, its default, its sentence."""
    lines = [
        *_comment(
            f"eksip configuration. Copy it to {DEFAULT_FILE} (or name it in {CONFIG_VARIABLE}) and take the # off the "
            "lines you change: each shows the default, or an example where the default is empty."
        ),
        "#",
        *_comment("From the environment only:"),
    ]
    settings = Settings.model_fields
    for field in settings.values():
        if field.validation_alias is not None:
            lines += _comment(f"  {field.validation_alias}: {field.description}", indent="    ")
    lines += [
        *_comment("and every variable boto3 knows (AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL, …)."),
        "#",
        *_comment("EKSIP_SECTION__FIELD overrides a setting here, for example EKSIP_THRESHOLDS__LOW_PCT=15."),
    ]
    own = {name: field for name, field in settings.items() if field.validation_alias is None}
    for name, field in own.items():
        if not models_in(field.annotation):
            lines += ["", *_setting(name, name, field)]
    for name, field in own.items():
        for model in models_in(field.annotation):
            lines += _section(name, model, is_list=get_origin(field.annotation) is list)
    return "\n".join(lines) + "\n"


def _section(path: str, model: type[BaseModel], *, is_list: bool = False) -> list[str]:
    header = f"#[[{path}]]" if is_list else f"[{path}]"
    words = (model.__doc__ or "").strip().partition(": ")[2]
    lines = ["", "", *_comment(words[:1].upper() + words[1:]), header]
    dotted = f"{path}[]" if is_list else path
    inner: list[str] = []
    for name, field in model.model_fields.items():
        nested = models_in(field.annotation)
        if nested:
            inner += _section(f"{path}.{name}", nested[0], is_list=get_origin(field.annotation) is list)
        else:
            lines += ["" if not is_list else "#", *_setting(name, f"{dotted}.{name}", field)]
    return lines + inner


def _setting(name: str, dotted: str, field: FieldInfo) -> list[str]:
    if not field.description:
        raise ValueError(f"{dotted} has no description.")
    value = EXAMPLE_VALUES.get(dotted, field.default)
    return [*_comment(field.description), f"#{name} = {_toml(value)}"]


def _toml(value: object) -> str:
    if isinstance(value, timedelta):
        return f'"{_duration(value)}"'
    if isinstance(value, str | list | bool):
        return json.dumps(value)
    if isinstance(value, int | float):
        return f"{value:g}"
    raise TypeError(f"{value!r} needs an example value in docs/generate.py.")


def _duration(length: timedelta) -> str:
    seconds = int(length.total_seconds())
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def _comment(text: str, indent: str = "") -> list[str]:
    lead = "# " + text[: len(text) - len(text.lstrip())]
    return textwrap.wrap(text.strip(), _LINE, initial_indent=lead, subsequent_indent=f"# {indent}")


def models_in(annotation: object) -> list[type[BaseModel]]:
    """The models that an annotation holds."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for argument in get_args(annotation) for model in models_in(argument)]
